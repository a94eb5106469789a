//! Slots without a value, in every format: `unset`, and null where the format has one.

use slotted::{Store, Value};
use slotted_definitions::Definitions;

use crate::{load, refused};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SCHEMA: (&str, &str) = (
    "schemas.toml",
    "[schemas.unit.slots]\nhealth = { kind = \"u8\", default = 9 }\n\
     boss = { kind = \"object\", references = \"unit\", optional = true }\n\
     nick = { kind = \"text\", optional = true }\n\
     [records.unit]\nking = {}\ngrunt = { boss = \"king\", nick = \"G\" }\n",
);

/// Returns what a unit has: its boss, and its nick.
fn unit(
    definitions: &Definitions,
    name: &str,
) -> Result<(bool, Value), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store)?;
    let id = objects.id("unit", name).ok_or("no such unit")?;
    Ok((!store.get_value(id, "boss")?.is_unset(), store.get_value(id, "nick")?))
}

#[test]
fn a_record_unsets_what_it_inherits() -> Outcome {
    for (file, text) in [
        ("a.toml", "[records.unit.free]\ninherits = \"grunt\"\nunset = [\"boss\"]\n"),
        (
            "a.json",
            "{ \"records\": { \"unit\": { \"free\": { \"inherits\": \"grunt\", \"unset\": [\"boss\"] } } } }",
        ),
        ("a.json", "{ records: { unit: { free: { inherits: 'grunt', boss: null } } } }"),
        (
            "a.ron",
            "(records: { \"unit\": { \"free\": (inherits: \"grunt\", unset: [\"boss\"]) } })",
        ),
        ("a.ron", "(records: { \"unit\": { \"free\": (inherits: \"grunt\", boss: None) } })"),
        (
            "a.yaml",
            "records:\n  unit:\n    free:\n      inherits: grunt\n      unset:\n      - boss\n",
        ),
        ("a.yaml", "records:\n  unit:\n    free:\n      inherits: grunt\n      boss:\n"),
    ] {
        let definitions = load(&[SCHEMA, (file, text)])?;
        assert_eq!(unit(&definitions, "free")?, (false, "G".into()), "{text}");
        assert_eq!(unit(&definitions, "grunt")?, (true, "G".into()), "{text}");
    }
    Ok(())
}

#[test]
fn a_patch_unsets_a_value() -> Outcome {
    let patch = "patches.records.unit.grunt.unset = [\"boss\", \"nick\"]\n";
    let definitions = load(&[SCHEMA, ("b.toml", patch)])?;
    assert_eq!(unit(&definitions, "grunt")?, (false, Value::Unset));
    Ok(())
}

#[test]
fn what_cannot_be_unset_is_named() {
    for (keys, message, place) in [
        (
            "unset = [\"health\"]",
            "slot 'health' of 'unit' expects u8 and may not be unset",
            ":2:10",
        ),
        ("unset = [\"bos\"]", "'unit' object has no slot 'bos'; did you mean 'boss'?", ":2:10"),
        ("unset = \"boss\"", "'unset' must be a list of slots, not text", ":2:9"),
        ("unset = [7]", "the name of a slot must be text, not an integer", ":2:10"),
        (
            "unset = [\"nick\"]\nnick = \"F\"",
            "'unit' object has two values for slot 'nick'",
            ":3:1",
        ),
        ("unset = [\"nick\", \"nick\"]", "'unit' object has two values for slot 'nick'", ":2:18"),
    ] {
        let text = format!("[records.unit.free]\n{keys}\n");
        let report = refused(&[SCHEMA, ("a.toml", &*text)]).to_string();
        assert!(report.contains(message), "{keys}: {report}");
        assert!(report.contains(&format!("mod/a.toml{place}\n")), "{keys}: {report}");
    }
}

const SPELLS: (&str, &str) = (
    "spells.toml",
    "[schemas.spell.slots.effect]\ntag = 'type'\nvariants.heal = { amount = 'u8', area = { kind = 'f32', optional = true } }\n\
     variants.rest = {}\n[records.spell.nap]\neffect = { type = 'heal', amount = 3, area = 2.0 }\n",
);

#[test]
fn a_variant_keeps_the_parts_that_it_needs() {
    for (file, text, place) in [
        ("a.toml", "[patches.records.spell.nap]\nunset = ['effect@heal.amount']\n", ":2:10"),
        (
            "a.toml",
            "[records.spell.b]\ninherits = 'nap'\nunset = ['effect@heal.amount']\n",
            ":3:10",
        ),
        (
            "a.json",
            r#"{"patches":{"records":{"spell":{"nap":{"effect@heal.amount":null}}}}}"#,
            ":1:40",
        ),
        (
            "a.yaml",
            "patches:\n  records:\n    spell:\n      nap:\n        effect@heal.amount:\n",
            ":5:9",
        ),
        (
            "a.ron",
            r#"(patches: (records: {"spell": {"nap": {"effect@heal.amount": None}}}))"#,
            ":1:41",
        ),
    ] {
        let report = refused(&[SPELLS, (file, text)]).to_string();
        let message = "'spell' object needs a value for slot 'effect@heal.amount' (u8)";
        assert!(report.contains(message), "{text}: {report}");
        assert!(report.contains(&format!("mod/{file}{place}\n")), "{text}: {report}");
    }
}

#[test]
fn a_patch_unsets_an_optional_part_of_a_variant() -> Outcome {
    let patch = "[patches.records.spell.nap]\nunset = ['effect@heal.area']\n";
    let mut store = Store::new();
    let objects = load(&[SPELLS, ("b.toml", patch)])?.spawn(&mut store)?;
    let effect = store.get_value(objects.id("spell", "nap").ok_or("no nap")?, "effect")?;
    let expected = Value::from_iter([("type", Value::from("heal")), ("amount", 3.into())]);
    assert_eq!(effect, expected);
    Ok(())
}
