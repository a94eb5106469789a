//! A real game's data files as a pack: the proposed schema and the original file load together, and survive
//! writing and reading.
#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;
use std::path::PathBuf;

use slotted::{Record, Store};
use slotted_definitions::diagnostic::Severity;
use slotted_definitions::infer::SameData;
use slotted_definitions::infer::{Inference, InferenceOptions};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, Loader, Objects, Undeclared};

type Outcome = Result<(), Box<dyn Error>>;

/// Returns the text of a file, or `None` if the data is missing.
fn text(file: &str) -> Result<Option<String>, Box<dyn Error>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SLOTTED_DATA").map_or_else(beside, PathBuf::from);
    let path = data.join("minecraft-1.20").join(file);
    if !path.exists() {
        println!("skipped: {file} is not there");
        return Ok(None);
    }
    Ok(Some(std::fs::read_to_string(path)?))
}

fn records(objects: &Objects, store: &Store) -> Result<Vec<Record>, Box<dyn Error>> {
    objects.ids().map(|id| Ok(objects.to_record(store, id)?)).collect()
}

fn assert_same(found: &[Record], expected: &[Record]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.is_same_data(expected), "{expected:?}\nis read as\n{found:?}");
    }
}

/// Loads the file with its proposed schema; `aside` lists the attributes without a slot.
fn round_trip(schema: &str, json: &str, aside: &[&str]) -> Outcome {
    let expected: Vec<Record> = serde_json::from_str(json)?;
    let mut options = InferenceOptions::default();
    options.any = false;
    let mut inference = Inference::new(options);
    expected.iter().for_each(|object| inference.observe(object));
    let proposal = inference.finish(schema)?;
    let file = schemas_to_text([(proposal.schema(), &SchemaDocs::default())], Format::Toml)?;
    let manifest = format!("objects = {{ \"data.json\" = \"{schema}\" }}");
    let pack = [("pack.toml", &*manifest), ("schema.toml", &file), ("data.json", json)];
    let refused = Loader::new().pack_of_texts("game", pack).load(&Store::new());
    assert_eq!(
        refused.is_err(),
        !aside.is_empty(),
        "what is no slot is refused unless told otherwise"
    );

    let loader = Loader::new().pack_of_texts("game", pack).undeclared(Undeclared::Quarantine);
    let mut store = Store::new();
    let definitions = loader.load(&store)?;
    let warnings = definitions.warnings().diagnostics();
    assert!(warnings.iter().all(|warning| warning.severity() == Severity::Warning));
    for name in aside {
        let quoted = format!("no slot '{name}'");
        assert!(warnings.iter().any(|warning| warning.message().contains(&quoted)), "{name}");
    }
    assert_eq!(warnings.len(), aside.len(), "{}", definitions.warnings());
    let objects = definitions.spawn(&mut store)?;
    // A written record has the parts of nested records under the names of their slots.
    let declared = store.schema(schema).ok_or("no schema")?;
    let expected: Vec<Record> =
        expected.iter().map(|record| declared.spread(record).into_owned()).collect();
    assert_same(&records(&objects, &store)?, &expected);

    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let mut files = objects.to_files(&store, format)?;
        files.push(("schema.toml".to_owned(), file.clone()));
        let loader = Loader::new().pack_of_texts("saved", files).undeclared(Undeclared::Quarantine);
        let mut again = Store::new();
        let objects = loader.load(&again)?.spawn(&mut again)?;
        assert_same(&records(&objects, &again)?, &expected);
        assert_eq!(again.state_hash(), store.state_hash(), "{format}");
    }
    Ok(())
}

#[test]
fn blocks_survive() -> Outcome {
    let Some(json) = text("blocks.json")? else { return Ok(()) };
    round_trip("block", &json, &[])
}

#[test]
fn entities_survive() -> Outcome {
    let Some(json) = text("entities.json")? else { return Ok(()) };
    round_trip("entity", &json, &[])
}

#[test]
fn foods_survive() -> Outcome {
    let Some(json) = text("foods.json")? else { return Ok(()) };
    round_trip("food", &json, &[])
}

#[test]
fn items_survive() -> Outcome {
    let Some(json) = text("items.json")? else { return Ok(()) };
    round_trip("item", &json, &[])
}

/// Tests data of this repository.
#[test]
fn loose_objects_survive() -> Outcome {
    let json = r#"[
        {"id": 0, "name": "moss", "drops": [], "light": 0.25, "tags": {"soft": true}, "note": null},
        {"id": 1, "name": "ore", "drops": [7, 12], "light": 3, "tool": "pick"},
        {"id": 300, "name": "\u00e9bony \"dark\"", "drops": [12], "light": 7.2000003}
    ]"#;
    round_trip("tile", json, &["note"])
}
