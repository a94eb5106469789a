//! Records that are written at unusual levels of a file: the parsers pack maps by their level.

#![cfg(all(feature = "json", feature = "ron", feature = "yaml"))]

use slotted::{Store, Value};
use slotted_definitions::{Definitions, Loader};

fn load(path: &str, text: &str) -> Definitions {
    Loader::new().text(path, text).load(&Store::new()).unwrap_or_else(|report| panic!("{report}"))
}

/// Returns the values of a record, each with its line and column.
fn shown(definitions: &Definitions, name: &str) -> String {
    let record = definitions.record("orc", name).expect("the record exists");
    let value = |(slot, value, place)| {
        let at = definitions.location(place).expect("a place of the file");
        format!("{slot} {value} {}:{}", at.line, at.column)
    };
    record.values().map(value).collect::<Vec<_>>().join(", ")
}

#[test]
fn aliases_copy_records_to_any_level() {
    let text = "\
schemas: {orc: {slots: {hp: u8, bag: any}}}
records:
  orc:
    grunt: &grunt {hp: 7, bag: &bag {a: [1, '2']}}
    copy: *grunt
    merged: {<<: *grunt, hp: 8}
    inner: {hp: 9, bag: *grunt}
    part: {hp: 1, bag: *bag}
";
    let definitions = load("a.yaml", text);
    let bag = "{\"a\": [1, \"2\"]}";
    assert_eq!(shown(&definitions, "grunt"), format!("hp 7 4:24, bag {bag} 4:37"));
    assert_eq!(shown(&definitions, "copy"), shown(&definitions, "grunt"));
    assert_eq!(shown(&definitions, "merged"), format!("hp 8 6:30, bag {bag} 4:37"));
    assert_eq!(shown(&definitions, "part"), format!("hp 1 8:16, bag {bag} 4:37"));
    let inner = definitions.record("orc", "inner").expect("the record exists");
    let Ok(Value::Map(inner)) = inner.get("bag") else { panic!("a map") };
    assert_eq!(Value::Map(inner).to_string(), format!("{{\"hp\": 7, \"bag\": {bag}}}"));
}

#[test]
fn options_of_ron_shift_the_levels() {
    let schemas = "schemas: {\"orc\": (slots: {\"hp\": \"u8\"})}";
    let plain =
        load("a.ron", &format!("({schemas}, records: {{\"orc\": {{\"grunt\": (hp: 7)}}}})"));
    for records in [
        "Some({\"orc\": {\"grunt\": (hp: 7)}})",
        "{\"orc\": Some({\"grunt\": (hp: 7)})}",
        "{\"orc\": {\"grunt\": Some((hp: 7))}}",
        "Some(Some({\"orc\": {\"grunt\": (hp: 7)}}))",
    ] {
        for text in [
            format!("({schemas}, records: {records})"),
            format!("Some(({schemas}, records: {records}))"),
            format!("Some(Some(Some(({schemas}, records: {records}))))"),
        ] {
            let definitions = load("a.ron", &text);
            let get = |of: &Definitions| of.record("orc", "grunt").map(|record| record.get("hp"));
            assert_eq!(get(&definitions), get(&plain), "{text}");
        }
    }
}

#[test]
fn a_loose_object_with_maps_alone_has_its_places() {
    let manifest = r#"{"objects": {"grunt.json": {"schema": "orc", "name_from": "id"}}}"#;
    let schema = r#"{"schemas": {"orc": {"slots": {"bag": "any", "id": "text"}}}}"#;
    let grunt = "{\"bag\": {\"a\": {\"b\": null}},\n \"id\": \"gr\\u00fcn\"}";
    let files = [("pack.json", manifest), ("schemas.json", schema), ("grunt.json", grunt)];
    let definitions = Loader::new().pack_of_texts("core", files).load(&Store::new());
    let definitions = definitions.unwrap_or_else(|report| panic!("{report}"));
    let shown = shown(&definitions, "grün");
    assert_eq!(shown, "bag {\"a\": {\"b\": unset}} 1:9, id \"grün\" 2:8");
}

#[test]
fn patches_and_schemas_lie_at_the_level_of_records() {
    let text = r#"{
  "schemas": {"orc": {"slots": {"hp": {"kind": "u8", "default": 3}, "bag": "any"}}},
  "records": {"orc": {"grunt": {"hp": 7, "bag": 1}}},
  "patches": {
    "schemas": {"orc": {"slots": {"hp": {"default": 4}}}},
    "records": {"orc": {"grunt": {"bag": {"a": {}}}}}
  }
}"#;
    let definitions = load("a.json", text);
    assert_eq!(shown(&definitions, "grunt"), "hp 7 3:39, bag {\"a\": {}} 6:42");
}
