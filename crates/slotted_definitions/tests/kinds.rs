//! Tests every kind in definition files, written schemas, JSON Schemas and inference. The tests cover new kinds
//! of the table automatically.

#![cfg(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml"))]

use std::error::Error;

use slotted::schema::{NumberKind, VectorKind};
use slotted::{Kind, Record, Schema, Store, Value};
use slotted_definitions::infer::{Inference, InferenceOptions, SameData};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Definitions, Format, Loader};

type Outcome = Result<(), Box<dyn Error>>;

const FORMATS: [Format; 4] = [Format::Json, Format::Toml, Format::Ron, Format::Yaml];

/// Numbers that every number kind holds, as in a file.
fn numbers(kind: NumberKind, length: usize) -> Value {
    let number = |position: usize| match kind {
        NumberKind::F32 | NumberKind::F64 => Value::from(position as f64 + 0.1),
        _ => Value::from(position as i64 + 1),
    };
    (0..length).map(number).collect::<Vec<_>>().into()
}

/// Returns a value of a kind without parameters, as in a file. Returns `None` for references.
fn example(kind: &Kind) -> Option<Value> {
    match (kind, kind.components()) {
        (Kind::Bool, _) => Some(true.into()),
        (Kind::Text, _) => Some("Ada".into()),
        (Kind::Any, _) => Some(Value::List(["arm_l".into(), 4.into()].into())),
        (Kind::Number(_), _) => Some(7.into()),
        (_, Some((number, length))) => Some(numbers(number, length)),
        _ => None,
    }
}

/// Returns the schema `thing` with the slot `value`, which has a default if the kind has an example.
fn thing(kind: &Kind) -> Result<Schema, Box<dyn Error>> {
    let builder = Schema::builder("thing").slot("value", kind.clone());
    Ok(match example(kind) {
        Some(value) => builder.default(value).build()?,
        None => builder.build()?,
    })
}

fn load(path: &str, text: &str) -> Result<Definitions, Box<dyn Error>> {
    Ok(Loader::new().text(path, text).load(&Store::new())?)
}

#[test]
fn every_named_kind_survives_every_format() -> Outcome {
    for kind in Kind::named() {
        let schema = thing(&kind)?;
        for format in FORMATS {
            let docs = SchemaDocs::default();
            let text = schemas_to_text([(&schema, &docs)], format)?;
            let definitions = load(&format!("schemas.{}", format.extension()), &text)?;
            assert_eq!(definitions.schemas().collect::<Vec<_>>(), [&schema], "{text}");
        }
    }
    Ok(())
}

#[test]
fn records_of_every_kind_are_spawned_and_written() -> Outcome {
    for kind in Kind::named() {
        let Some(value) = example(&kind) else { continue };
        for format in FORMATS {
            let schemas =
                format!(r#"{{"schemas": {{"thing": {{"slots": {{"value": "{kind}"}}}}}}}}"#);
            let record = format!(r#"{{"records": {{"thing": {{"one": {{"value": {value}}}}}}}}}"#);
            let loader = Loader::new().text("schemas.json", &*schemas);
            let mut store = Store::new();
            let loaded = loader.clone().text("records.json", &*record).load(&store)?;
            let objects = loaded.spawn(&mut store)?;
            let found = store.get_value(objects.id("thing", "one").expect("a record"), "value")?;
            assert!(found.is_same_data(&value), "{kind}: {found}");
            let files = objects.to_files(&store, format)?;
            let [(path, text)] = &files[..] else { panic!("one file: {files:?}") };
            let mut again = Store::new();
            let objects = loader.text(path, &**text).load(&again)?.spawn(&mut again)?;
            let id = objects.id("thing", "one").expect("a record");
            assert_eq!(again.get_value(id, "value")?, found, "{text}");
        }
    }
    Ok(())
}

#[test]
fn json_schemas_describe_the_numbers_of_every_vector() -> Outcome {
    for kind in VectorKind::ALL {
        let text =
            format!(r#"{{"schemas": {{"thing": {{"slots": {{"value": "{}"}}}}}}}}"#, kind.name());
        let json: serde_json::Value = serde_json::from_str(&load("a.json", &text)?.json_schema())?;
        let slot = &json["$defs"]["record.0"]["properties"]["value"];
        assert_eq!(slot["type"], "array");
        assert_eq!(slot["minItems"], kind.components());
        assert_eq!(slot["maxItems"], kind.components());
        let is_integer = kind.component().integer_range().is_some();
        assert_eq!(slot["items"]["type"], if is_integer { "integer" } else { "number" });
        let names = json["$defs"]["kind"]["anyOf"][0]["enum"].as_array().expect("names");
        assert!(names.iter().any(|name| name == kind.name()), "{names:?}");
    }
    Ok(())
}

#[test]
fn wrong_values_of_every_vector_are_reported_with_help() -> Outcome {
    for kind in VectorKind::ALL {
        let text = format!(
            r#"{{"schemas": {{"thing": {{"slots": {{"value": "{}"}}}}}},
                "records": {{"thing": {{"one": {{"value": ["1", "2"]}}}}}}}}"#,
            kind.name()
        );
        let report = Loader::new().text("a.json", &*text).load(&Store::new()).unwrap_err();
        let report = report.to_string();
        assert!(report.contains("write numbers without quotes"), "{report}");
        assert!(report.contains("numbers") && report.contains(kind.name()), "{report}");
    }
    Ok(())
}

#[test]
fn vectors_are_inferred_alone_and_beside_lists() -> Outcome {
    for kind in VectorKind::ALL {
        let list = numbers(kind.component(), kind.components());
        let vector = list.to_vector(*kind).expect("the numbers fit");
        assert!(vector.is_same_data(&list) && list.is_same_data(&vector));
        for values in [vec![vector.clone()], vec![vector.clone(), list.clone()]] {
            let mut inference = Inference::new(InferenceOptions::default());
            for value in values {
                inference.observe(&Record::from_iter([("value", value)]));
            }
            let schema = inference.finish("thing")?.into_schema();
            assert_eq!(schema.slots()[0].kind(), &Kind::Vector(*kind));
        }
    }
    Ok(())
}
