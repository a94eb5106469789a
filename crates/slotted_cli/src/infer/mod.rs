//! `slotted infer`: proposes schemas for data files and folders of them, and prints them as a definition file.

mod files;
mod manifest;
mod objects;
mod summary;

use std::collections::BTreeSet;
use std::sync::Arc;

use slotted_definitions::Format;
use slotted_definitions::infer::{
    InferenceOptions, Naming, ProposalNote, ProposedAttribute, Survey, SurveyedGroup,
};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};

use crate::arguments::{Infer, ReportFormat};
use crate::check::count;
use crate::failure::{Failure, Outcome};
use crate::infer::files::DataFile;
use crate::infer::manifest::Entries;
use crate::infer::objects::{Form, Object, Unreadable, quoted};
use crate::infer::summary::Summary;
use crate::output::Output;
use crate::progress::Progress;

/// The numbers of files.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    files: usize,
    unreadable: usize,
    definitions: usize,
}

pub(crate) fn run(infer: &Infer, output: &mut Output) -> Result<Outcome, Failure> {
    if infer.manifest && !matches!(&*infer.paths, [path] if path.is_dir()) {
        let help = "name the folder that becomes a pack";
        return Err(Failure::new("--manifest needs one folder").help(help));
    }
    let mut files = files::find(&infer.paths)?;
    let progress = Progress::new();
    let mut survey = Survey::new(InferenceOptions::default());
    let (mut counts, mut entries) = (Counts::default(), Entries::default());
    let mut readable = Vec::new();
    for file in files.drain(..) {
        progress.show(|| format!("reading {}", file.path.display()));
        let before = survey.objects();
        let read = read(infer, &file, |group, key, object| survey.observe(group, key, object));
        match read {
            Ok(Some(Read { form, schema, variants })) => {
                survey.add_variants(variants);
                if survey.objects() == before {
                    output.message(&format!("note: '{}' has no objects", file.path.display()));
                }
                entries.add(&file, form, &schema);
                readable.push(file);
                counts.files += 1;
            }
            Ok(None) => {
                let path = file.path.display();
                output.message(&format!("note: '{path}' has definitions and was skipped"));
                counts.definitions += 1;
            }
            Err(Unreadable::Missing(error)) if file.inner.is_none() => {
                return Err(Failure::unreadable(&file.path, &error));
            }
            Err(unreadable) => {
                output.message(&problem(&file, unreadable));
                counts.unreadable += 1;
            }
        }
    }
    let unnamed = |error: slotted::SchemaError| {
        Failure::new(error.to_string()).help("choose another name with --schema-name")
    };
    let mut measure = survey.measure().map_err(unnamed)?;
    for file in &readable {
        progress.show(|| format!("measuring {}", file.path.display()));
        let again = read(infer, file, |group, key, object| measure.observe(group, key, object));
        if let Err(unreadable) = again {
            output.message(&problem(file, unreadable));
            counts.unreadable += 1;
        }
    }
    progress.finish();
    let groups = measure.finish().map_err(unnamed)?;
    if groups.is_empty() {
        return nothing_found(infer, counts);
    }
    if infer.summary {
        let summary = Summary::new(&groups, counts);
        output.result(&match infer.format {
            ReportFormat::Text => summary.text(),
            ReportFormat::Json => serde_json::to_string_pretty(&summary)
                .map_err(|error| Failure::new(error.to_string()))?,
        })?;
    } else if infer.manifest {
        output.result(&entries.text(&groups, infer.by.as_deref()))?;
    } else {
        print(infer, &groups, output)?;
    }
    Ok(if counts.unreadable == 0 { Outcome::Clean } else { Outcome::Problems })
}

/// Returns the result of a run that has found no objects. The problems of unreadable files were shown.
fn nothing_found(infer: &Infer, counts: Counts) -> Result<Outcome, Failure> {
    if counts.unreadable > 0 {
        return Ok(Outcome::Problems);
    }
    let paths: Vec<_> = infer.paths.iter().map(|path| format!("'{}'", path.display())).collect();
    let failure = Failure::new(format!("no objects found in {}", paths.join(", ")));
    Err(match counts.definitions {
        0 => failure
            .help("a data file has a list of objects, a map of objects by name, or one object"),
        _ => failure.help("name a definition file itself to read it as data"),
    })
}

/// A file whose objects were read.
struct Read {
    form: Form,
    schema: String,
    /// The names of variants that RON tells from others.
    variants: BTreeSet<Arc<str>>,
}

/// Reads the objects of a file. Returns `None` for definitions in a folder.
fn read(
    infer: &Infer,
    file: &DataFile,
    mut pass: impl FnMut(&str, Option<&str>, &Object),
) -> Result<Option<Read>, Unreadable> {
    let (data, variants) = objects::read(&file.path, file.format, infer.max_file_bytes)?;
    if file.inner.is_some() && objects::are_definitions(&data) {
        return Ok(None);
    }
    let broken = |problem: String| Unreadable::Broken(objects::problem_of(&file.path, &problem));
    let form = objects::each(&data, file.format, |_, _| {}).map_err(broken)?;
    let schema = infer.schema_name.clone().unwrap_or_else(|| match form {
        Form::Many => file.schema_name(),
        Form::One => file.schema_name_of_folder(),
    });
    let stem = (form == Form::One).then(|| file.stem());
    objects::each(&data, file.format, |key, object| {
        let own = infer.by.as_deref().and_then(|by| objects::group_in(object, by));
        pass(own.unwrap_or(&schema), key.or(stem), object);
    })
    .map_err(broken)?;
    Ok(Some(Read { form, schema, variants }))
}

fn problem(file: &DataFile, unreadable: Unreadable) -> String {
    match unreadable {
        Unreadable::Missing(error) => objects::problem_of(&file.path, &error.to_string()),
        Unreadable::Broken(report) => report,
    }
}

/// Prints the schemas, and the facts about them as messages.
fn print(infer: &Infer, groups: &[SurveyedGroup], output: &mut Output) -> Result<(), Failure> {
    let mut schemas = Vec::new();
    for group in groups {
        output.message(&format!("{}", group.proposal));
        schemas.push((group.proposal.schema(), docs(group)));
    }
    let format = Format::from(infer.output);
    let schemas = schemas.iter().map(|(schema, docs)| (*schema, docs));
    let text = schemas_to_text(schemas, format);
    output.result(&text.map_err(|error| Failure::new(error.to_string()))?)
}

/// Returns the comments for the definition file.
fn docs(group: &SurveyedGroup) -> SchemaDocs {
    let proposal = &group.proposal;
    let objects = proposal.objects();
    let mut docs = proposal.docs();
    let mut comment = format!("Proposed for {}.", count(objects, "object"));
    if let Naming::Attribute(attribute) = group.naming {
        comment
            .push_str(&format!("\nRecords are named by {attribute:?}: name_from = {attribute:?}."));
    }
    if let Some(words) = words(&group.words) {
        comment.push_str(&format!("\nSome names are words of definition files: {words}."));
    }
    for (attribute, reason) in proposal.unslottable() {
        if !attribute.has_slot() {
            comment.push_str(&format!("\nNo slot for {:?}: {reason}.", attribute.name));
            comment.push_str(" --undeclared quarantine keeps such values with their records.");
        }
    }
    docs.comment = Some(comment);
    for attribute in proposal.attributes().iter().filter(|attribute| attribute.has_slot()) {
        let remarks = remarks(attribute, objects);
        if !remarks.is_empty() {
            let slot = docs.slots.entry(attribute.name.clone()).or_default();
            slot.comment = Some(remarks.join("\n"));
        }
    }
    for (map, note) in proposal.keys() {
        if let Some(remark) = names(note, "keys") {
            let slot = docs.slots.entry(format!("{map}{{}}.key").into()).or_default();
            slot.comment = Some(remark);
        }
    }
    docs
}

/// Returns a remark if some values or keys are no names of records.
fn names(note: &ProposalNote, what: &str) -> Option<String> {
    let ProposalNote::Names { schema, resolved, of, unknown } = note else { return None };
    let unknown = unknown.as_ref().map(|text| format!("; {text:?} is no name"));
    let (schema, unknown) = (quoted(schema), unknown.unwrap_or_default());
    (resolved < of).then(|| format!("{resolved} of {of} {what} are names of {schema}{unknown}."))
}

/// Returns the key of a manifest that switches the words off.
fn words(taken: &[&str]) -> Option<String> {
    let words: Vec<_> = taken.iter().map(|word| format!("{word} = false")).collect();
    (!words.is_empty()).then(|| format!("words = {{ {} }}", words.join(", ")))
}

fn remarks(attribute: &ProposedAttribute, objects: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if let (Err(reason), true) = (&attribute.kind, attribute.is_any) {
        remarks.push(format!("Kind any: {reason}."));
    }
    for note in &attribute.notes {
        remarks.extend(match note {
            ProposalNote::Constant(value) if attribute.objects == objects => {
                Some(format!("{value} in every object: use a default, or drop the slot."))
            }
            ProposalNote::Constant(value) => {
                Some(format!("{value} in each of the {} objects that set it.", attribute.objects))
            }
            note @ ProposalNote::Names { .. } => names(note, "values"),
            ProposalNote::Shared { objects: shared, .. } => {
                Some(format!("The default is the value of {shared} of {objects} objects."))
            }
            ProposalNote::Misspelt { suggestion } => {
                let own = attribute.objects;
                Some(format!("Set in {own} of {objects} objects: did you mean {suggestion:?}?"))
            }
            ProposalNote::Repeated(_) => Some("Some objects repeat this name.".to_owned()),
            _ => None,
        });
    }
    remarks
}
