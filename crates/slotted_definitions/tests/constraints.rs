//! Tests constraints in definition files, written schemas and JSON Schemas.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;

use slotted::{Kind, Schema, Store};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, Loader};

type Outcome = Result<(), Box<dyn Error>>;

/// Returns a person in each format, with this declaration of the age.
fn person(format: Format, age: &str) -> (&'static str, String) {
    match format {
        Format::Json => (
            "a.json",
            format!(
                r#"{{"schemas": {{"person": {{"slots": {{"age": {{"kind": "u8", "step": 5}}}}}}}},
                    "records": {{"person": {{"ada": {{"age": {age}}}}}}}}}"#
            ),
        ),
        Format::Toml => (
            "a.toml",
            format!(
                "[schemas.person.slots]\nage = {{ kind = \"u8\", step = 5 }}\n\
                 [records.person.ada]\nage = {age}\n"
            ),
        ),
        Format::Yaml => (
            "a.yaml",
            format!(
                "schemas:\n  person:\n    slots:\n      age: {{ kind: u8, step: 5 }}\n\
                 records:\n  person:\n    ada:\n      age: {age}\n"
            ),
        ),
        _ => (
            "a.ron",
            format!(
                r#"(schemas: {{"person": (slots: {{"age": (kind: "u8", step: 5)}})}},
                    records: {{"person": {{"ada": {{"age": {age}}}}}}})"#
            ),
        ),
    }
}

#[test]
fn steps_are_checked_in_every_format() -> Outcome {
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let (path, text) = person(format, "40");
        let loaded = Loader::new().text(path, text).load(&Store::new())?;
        let expected = Schema::builder("person").slot("age", Kind::U8).step(5).build()?;
        assert_eq!(loaded.schemas().collect::<Vec<_>>(), [&expected]);
        let (path, text) = person(format, "12");
        let report = Loader::new().text(path, text).load(&Store::new()).unwrap_err().to_string();
        let message = "slot 'age' of 'person' expects multiples of 5; 12 is not one";
        assert!(report.contains(message) && report.contains("must be a multiple of 5"), "{report}");
    }
    Ok(())
}

#[test]
fn every_constraint_is_written_and_read_again() -> Outcome {
    let schema = Schema::builder("thing")
        .slot("level", Kind::U8)
        .range(0..=100)
        .step(5)
        .slot("wide", Kind::U64)
        .step(1_u64 << 62)
        .slot("size", Kind::F32)
        .range(0.0..1.0)
        .finite()
        .step(0.1)
        .slot("sizes", Kind::list(Kind::DVec3))
        .step(0.001)
        .slot("target", Kind::Object)
        .optional()
        .references("thing")
        .build()?;
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let text = schemas_to_text([(&schema, &SchemaDocs::default())], format)?;
        let path = format!("a.{}", format.extension());
        let loaded = Loader::new().text(&path, &*text).load(&Store::new())?;
        assert_eq!(loaded.schemas().collect::<Vec<_>>(), [&schema], "{text}");
    }
    Ok(())
}

#[test]
fn json_schemas_contain_steps() -> Outcome {
    let text = r#"{"schemas": {"thing": {"slots": {
        "level": {"kind": "u8", "step": 5, "range": [10, 200]},
        "sizes": {"kind": "dvec3", "step": 0.1}
    }}}}"#;
    let definitions = Loader::new().text("a.json", text).load(&Store::new())?;
    let json: serde_json::Value = serde_json::from_str(&definitions.json_schema())?;
    let slots = &json["$defs"]["record.0"]["properties"];
    assert_eq!(slots["level"]["multipleOf"], 5);
    assert_eq!((&slots["level"]["minimum"], &slots["level"]["maximum"]), (&10.into(), &200.into()));
    assert_eq!(slots["sizes"]["items"]["multipleOf"], 0.1);
    let declaration = &json["$defs"]["slot"]["anyOf"][1]["properties"]["step"];
    assert_eq!(declaration["exclusiveMinimum"], 0);
    Ok(())
}
