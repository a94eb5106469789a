//! `slotted infer`: proposes schemas for data files and prints them as a definition file.

use std::path::Path;

use slotted::{Schema, schema::Slot};
use slotted_definitions::infer::{
    Inference, InferenceOptions, Proposal, ProposalNote, ProposedAttribute,
};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, RECORD_KEYS};

use crate::arguments::Infer;
use crate::check::count;
use crate::failure::{Failure, Outcome};
use crate::objects;
use crate::output::Output;
use crate::progress::Progress;

pub(crate) fn run(infer: &Infer, output: &mut Output) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let mut inferences: Vec<(String, Inference)> = Vec::new();
    let mut is_clean = true;
    for path in &infer.files {
        progress.show(|| format!("reading {}", path.display()));
        let name = infer.schema_name.clone().unwrap_or_else(|| schema_name(path));
        let position = inferences.iter().position(|(known, _)| *known == name);
        let position = position.unwrap_or_else(|| {
            inferences.push((name, Inference::new(InferenceOptions::default())));
            inferences.len() - 1
        });
        let read =
            objects::observe(path, infer.max_file_bytes, &mut inferences[position].1, &progress)?;
        if let Err(problem) = read {
            output.message(&problem);
            is_clean = false;
        }
    }
    progress.finish();
    if !is_clean {
        return Ok(Outcome::Problems);
    }
    let mut schemas = Vec::new();
    for (name, inference) in &inferences {
        let proposal = inference.finish(name.as_str()).map_err(|error| {
            Failure::new(error.to_string()).help("choose another name with --schema-name")
        })?;
        let (schema, left_out) = writable(&proposal)?;
        output.message(&format!("{proposal}"));
        for slot in left_out {
            output.message(&format!("  '{slot}' is left out: it is a reserved key of records"));
        }
        schemas.push((schema, docs(&proposal)));
    }
    let format = Format::from(infer.output);
    let text = schemas_to_text(schemas.iter().map(|(schema, docs)| (schema, docs)), format);
    output.result(&text.map_err(|error| Failure::new(error.to_string()))?)?;
    Ok(Outcome::Clean)
}

/// Returns the name of a file in the singular, by the common rules of English: `item` for
/// `items.json`, `entity` for `entities.json`, `class` for `classes.json`.
fn schema_name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    for (plural, singular) in
        [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")]
    {
        if let Some(start) = name.strip_suffix(plural).filter(|start| !start.is_empty()) {
            return format!("{start}{singular}");
        }
    }
    match name.strip_suffix('s') {
        Some(start) if !start.is_empty() && !start.ends_with(['s', 'u', 'i']) => start.to_owned(),
        _ => name.into_owned(),
    }
}

/// Returns the schema without reserved names, and the names of the removed slots.
fn writable(proposal: &Proposal) -> Result<(Schema, Vec<&str>), Failure> {
    let proposed = proposal.schema();
    let is_key = |slot: &&Slot| RECORD_KEYS.contains(&slot.name());
    let left_out: Vec<&str> = proposed.slots().iter().filter(is_key).map(Slot::name).collect();
    if left_out.is_empty() {
        return Ok((proposed.clone(), left_out));
    }
    let mut builder = Schema::builder(proposed.name());
    for slot in proposed.slots().iter().filter(|slot| !is_key(slot)) {
        builder = builder.slot(slot.name(), slot.kind().clone());
        if slot.is_optional() {
            builder = builder.optional();
        }
    }
    let schema = builder.build().map_err(|error| Failure::new(error.to_string()))?;
    Ok((schema, left_out))
}

/// Returns the comments for the definition file.
fn docs(proposal: &Proposal) -> SchemaDocs {
    let objects = proposal.objects();
    let mut docs = SchemaDocs::default();
    let mut comment = format!("Proposed for {}.", count(objects, "object"));
    for (attribute, reason) in proposal.unslottable() {
        comment.push_str(&format!("\nNo slot for {:?}: {reason}.", attribute.name));
    }
    docs.comment = Some(comment);
    for attribute in proposal.attributes().iter().filter(|attribute| attribute.kind.is_ok()) {
        let remarks = remarks(attribute, objects);
        if !remarks.is_empty() {
            let slot = docs.slots.entry(attribute.name.clone()).or_default();
            slot.comment = Some(remarks.join("\n"));
        }
    }
    docs
}

fn remarks(attribute: &ProposedAttribute, objects: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    for note in &attribute.notes {
        remarks.extend(match note {
            ProposalNote::Constant(value) if attribute.objects == objects => {
                Some(format!("{value} in every object: use a default, or drop the slot."))
            }
            ProposalNote::Constant(value) => {
                Some(format!("{value} in each of the {} objects that set it.", attribute.objects))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_names_are_file_names_in_the_singular() {
        let name = |path: &str| schema_name(Path::new(path));
        assert_eq!(name("data/items.json"), "item");
        assert_eq!(name("entities.json"), "entity");
        assert_eq!(name("boxes.toml"), "box");
        assert_eq!(name("classes.ron"), "class");
        assert_eq!(name("grass.json"), "grass");
        assert_eq!(name("status.json"), "status");
        assert_eq!(name("trees.backup.json"), "trees.backup");
        assert_eq!(name("s.json"), "s");
    }
}
