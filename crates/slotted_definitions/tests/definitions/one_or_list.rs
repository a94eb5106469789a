//! Slots whose files may leave out the brackets around the only element of a list.

use slotted::{Store, Value};
use slotted_definitions::Format;
use slotted_definitions::write::schemas_to_text;

use crate::support::{Outcome, load};

const SCHEMAS: &str = r#"
[schemas.unit.slots]
flags = { kind = "list(text)", one_or_list = true }
attacks = { kind = "list", one_or_list = true, slots = { name = "text", power = "u8" } }
"#;

#[test]
fn a_list_of_one_element_is_written_as_it_came() -> Outcome {
    let records = r#"{"records": {"unit": {
        "plain": {"flags": "WILD", "attacks": {"name": "bite", "power": 7}},
        "listed": {"flags": ["WILD"], "attacks": [{"name": "bite", "power": 7}]},
        "child": {"inherits": "listed"},
        "wild": {"flags": [], "attacks": {"name": "kick", "power": 3}}
    }}, "patches": {"records": {"unit": {"plain": {"attacks": [{"name": "claw", "power": 2}]}}}}}"#;
    for format in [Format::Toml, Format::Ron, Format::Json, Format::Yaml] {
        let mut store = Store::new();
        let objects = load(&[("s.toml", SCHEMAS), ("r.json", records)])?.spawn(&mut store)?;
        let written = objects.to_files(&store, format)?;
        let (path, text) = &written[0];
        let files = [("s.toml", SCHEMAS), (path, text)];
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        assert_eq!(objects.to_files(&store, format)?, written);
        let listed = objects.id("unit", "listed").ok_or("is there")?;
        store.set_value(listed, "flags", Value::from(["TAME"]))?;
        let json = objects.to_files(&store, Format::Json)?.remove(0).1;
        let json: serde_json::Value = serde_json::from_str(&json)?;
        let unit = |name: &str, slot: &str| json["records"]["unit"][name][slot].clone();
        let one = serde_json::json!({"name": "bite", "power": 7});
        assert_eq!(unit("plain", "flags"), "WILD", "{json}");
        assert_eq!(unit("listed", "flags"), serde_json::json!(["TAME"]), "{json}");
        assert_eq!(unit("child", "flags"), serde_json::json!(["WILD"]), "{json}");
        assert_eq!(unit("listed", "attacks"), serde_json::json!([one]), "{json}");
        assert_eq!(unit("wild", "attacks"), serde_json::json!({"name": "kick", "power": 3}));
        assert_eq!(unit("plain", "attacks"), serde_json::json!([{"name": "claw", "power": 2}]));
    }
    Ok(())
}

/// Lists in nested records, in elements, in variants, and in one another.
const NESTED: &str = r#"
[schemas.trait.slots]
name = "text"
tags = { kind = "list(text)", one_or_list = true, default = [] }

[schemas.unit.slots]
body.slots.flags = { kind = "list(text)", one_or_list = true }
body.slots.height = { kind = "f32", default = 1.0 }
body.slots.arms = { kind = "list", one_or_list = true, slots = { name = "text", marks = { kind = "list(u8)", one_or_list = true } } }
drops = { kind = "list", one_or_list = true, slots = { item = "text", flags = { kind = "list(text)", one_or_list = true, optional = true } } }
effect.variants = { hit = { types = { kind = "list(text)", one_or_list = true }, power = "u8" }, rest = {} }
cost.tag = "type"
cost.variants.gold.parts = { kind = "list", one_or_list = true, slots = { coin = "text", sides = { kind = "list(u8)", one_or_list = true } } }
own = "trait"
more = { kind = "list(text | trait)", one_or_list = true }
named = { kind = "map(list(u8))", default = {} }
spots = { kind = "list(vec2)", one_or_list = true }
"#;

/// The same data with brackets and without.
const NESTED_RECORDS: [&str; 2] = [
    r#"{"records": {"unit": {"a": {
        "body": {"flags": "WILD", "height": 2.0, "arms": {"name": "left", "marks": 3}},
        "drops": {"item": "bone", "flags": "BIG"},
        "effect": {"hit": {"types": "cut", "power": 3}},
        "cost": {"type": "gold", "parts": {"coin": "penny", "sides": 2}},
        "own": {"name": "brave", "tags": "good"},
        "more": {"name": "old", "tags": "bad"},
        "spots": [[1.0, 2.0]]
    }}}}"#,
    r#"{"records": {"unit": {"a": {
        "body": {"flags": ["WILD"], "height": 2.0, "arms": [{"name": "left", "marks": [3]}]},
        "drops": [{"item": "bone", "flags": ["BIG"]}],
        "effect": {"hit": {"types": ["cut"], "power": 3}},
        "cost": {"type": "gold", "parts": [{"coin": "penny", "sides": [2]}]},
        "own": {"name": "brave", "tags": ["good"]},
        "more": [{"name": "old", "tags": ["bad"]}],
        "spots": [[1.0, 2.0]]
    }}}}"#,
];

const FORMATS: [Format; 4] = [Format::Toml, Format::Ron, Format::Json, Format::Yaml];

/// Returns the file of the objects after a way through the format.
fn through(
    records: &str,
    format: Format,
) -> Result<(Store, serde_json::Value), Box<dyn std::error::Error>> {
    let files = [("s.toml", NESTED), ("r.json", records)];
    let mut store = Store::new();
    let objects = load(&files)?.spawn(&mut store)?;
    let written = objects.to_files(&store, format)?;
    let mut store = Store::new();
    let objects = load(&[("s.toml", NESTED), (&written[0].0, &written[0].1)])?.spawn(&mut store)?;
    assert_eq!(objects.to_files(&store, format)?, written);
    let json = objects.to_files(&store, Format::Json)?.remove(0).1;
    Ok((store, serde_json::from_str(&json)?))
}

#[test]
fn nested_lists_of_one_element_are_written_as_they_came() -> Outcome {
    for format in FORMATS {
        let mut values = Vec::new();
        for records in NESTED_RECORDS {
            let (store, json) = through(records, format)?;
            let expected: serde_json::Value = serde_json::from_str(records)?;
            let (own, expected) =
                (&json["records"]["unit"]["a"], &expected["records"]["unit"]["a"]);
            for (name, value) in expected.as_object().ok_or("a record")? {
                assert_eq!(own[name], *value, "{format}: {name}");
            }
            let id = store.ids().next().ok_or("an object")?;
            values.push(store.get_record(id)?);
        }
        assert_eq!(values[0], values[1]);
    }
    Ok(())
}

#[test]
fn each_element_keeps_the_brackets_of_its_own() -> Outcome {
    let records = r#"{"records": {"unit": {"a": {
        "body": {"flags": [], "arms": [{"name": "left", "marks": 3}, {"name": "right", "marks": [4]}, {"name": "hind", "marks": [5, 6]}]},
        "drops": [{"item": "pelt"}, {"item": "bone", "flags": ["BIG"]}, {"item": "horn", "flags": "BIG"}],
        "effect": "rest", "cost": {"type": "gold", "parts": []}, "own": {"name": "brave"}, "more": "old",
        "spots": []
    }}}}"#;
    for format in FORMATS {
        let (_, json) = through(records, format)?;
        let expected: serde_json::Value = serde_json::from_str(records)?;
        let (own, expected) = (&json["records"]["unit"]["a"], &expected["records"]["unit"]["a"]);
        assert_eq!(own["drops"], expected["drops"], "{format}");
        assert_eq!(own["body"]["arms"], expected["body"]["arms"], "{format}");
        assert_eq!(own["more"], expected["more"], "{format}");
    }
    Ok(())
}

#[test]
fn patches_set_and_change_nested_lists_without_brackets() -> Outcome {
    let patches = r#"{"patches": {"records": {"unit": {"a": {
        "body": {"flags": "TAME", "arms": {"add": [{"name": "right", "marks": 4}]}},
        "cost": {"parts": {"coin": "dime", "sides": 9}},
        "drops": {"add": [{"item": "pelt", "flags": "SOFT"}]}
    }}}}}"#;
    for records in NESTED_RECORDS {
        let files = [("s.toml", NESTED), ("r.json", records), ("p.json", patches)];
        let mut store = Store::new();
        load(&files)?.spawn(&mut store)?;
        let id = store.ids().next().ok_or("an object")?;
        let value = |name: &str| store.get_value(id, name).map(|value| value.to_string());
        assert_eq!(value("body.flags")?, r#"["TAME"]"#);
        assert_eq!(value("body.arms[].marks")?, "[3, 4]");
        assert_eq!(value("drops[].flags")?, r#"["BIG", "SOFT"]"#);
        assert_eq!(value("cost@gold.parts[].sides")?, "[9]");
    }
    Ok(())
}

#[test]
fn values_that_are_no_lists_cannot_lack_brackets() {
    for slot in [
        "parts = { kind = 'list', slots.name = { kind = 'text', one_or_list = true } }",
        "effect.variants.heal = { amount = { kind = 'u8', one_or_list = true } }",
        "body.slots = { height = { kind = 'f32', one_or_list = true } }",
        "named = { kind = 'map(u8)', one_or_list = true }",
    ] {
        let file = format!("[schemas.unit.slots]\n{slot}");
        let report = load(&[("s.toml", &file)]).err().map(|report| report.to_string());
        let report = report.unwrap_or_default();
        assert!(report.contains("cannot have 'one_or_list'"), "{slot}: {report}");
    }
}

#[test]
fn written_schemas_say_which_lists_may_lack_brackets() -> Outcome {
    let loaded = load(&[("s.toml", NESTED)])?;
    let docs = loaded.schema_docs("unit");
    let lists = [
        "body.arms",
        "body.arms[].marks",
        "body.flags",
        "cost@gold.parts",
        "cost@gold.parts[].sides",
        "drops",
        "drops[].flags",
        "effect@hit.types",
        "more",
        "more[]|map.tags",
        "own.tags",
        "spots",
    ];
    assert!(docs.one_or_lists.iter().map(|list| &**list).eq(lists), "{:?}", docs.one_or_lists);
    let schema = loaded.schemas().find(|schema| schema.name() == "unit").ok_or("a schema")?;
    for format in FORMATS {
        let text = schemas_to_text([(schema, &docs)], format)?;
        let file = format!("s.{}", format.extension());
        let again = load(&[(&file, &text)])?;
        assert_eq!(again.schema_docs("unit").one_or_lists, docs.one_or_lists, "{text}");
    }
    Ok(())
}
