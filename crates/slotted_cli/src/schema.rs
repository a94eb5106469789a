//! `slotted schema`: prints schemas as a definition file or a JSON Schema.

use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Definitions, Format, ObjectsJsonSchema};

use crate::arguments::Schema;
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::packs;

pub(crate) fn run(schema: &Schema, output: &mut Output) -> Result<Outcome, Failure> {
    let definitions = match packs::load(&schema.packs)? {
        Ok(definitions) => definitions,
        Err(report) => {
            output.report(&report);
            return Ok(Outcome::Problems);
        }
    };
    let text = match &schema.objects {
        Some(files) => of_objects(&definitions, files)?,
        None if schema.json_schema => definitions.json_schema(),
        None => readable(&definitions)?,
    };
    output.result(&text)?;
    Ok(Outcome::Clean)
}

/// Returns the JSON Schema for files of objects.
fn of_objects(definitions: &Definitions, files: &str) -> Result<String, Failure> {
    let all = definitions.json_schemas_of_objects();
    let files = files.trim_end_matches('/');
    let is_meant = |own: &&ObjectsJsonSchema| {
        *own.files == *files || format!("{}/{}", own.pack, own.files) == files
    };
    if let Some(found) = all.iter().find(is_meant) {
        return Ok(found.text.clone());
    }
    let known = all.iter().map(|own| format!("'{}/{}'", own.pack, own.files));
    let known = known.collect::<Vec<_>>().join(", ");
    Err(Failure::new(match known.is_empty() {
        true => "no manifest has 'objects'".to_owned(),
        false => format!("no manifest has '{files}' under 'objects'; there are {known}"),
    }))
}

/// Returns the schemas as a definition file, each with its place.
fn readable(definitions: &Definitions) -> Result<String, Failure> {
    let documented = definitions.schemas().map(|schema| {
        let place = definitions.schema_place(schema.name());
        let place = place.and_then(|place| definitions.location(place));
        let comment = place.map(|place| place.to_string());
        (schema, SchemaDocs { comment, ..definitions.schema_docs(schema.name()) })
    });
    let documented: Vec<_> = documented.collect();
    let schemas = documented.iter().map(|(schema, docs)| (*schema, docs));
    schemas_to_text(schemas, Format::Toml).map_err(|error| Failure::new(error.to_string()))
}
