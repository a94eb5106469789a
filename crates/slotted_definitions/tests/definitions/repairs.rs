//! Packs that narrow or delete what another pack declares, and repair the records that this breaks.

use slotted::{Store, Value};
use slotted_definitions::{Definitions, Loader, Report, Undeclared};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const CORE: &str = r#"{
    "schemas": { "unit": { "slots": {
        "hp": { "kind": "u8", "default": 9 },
        "job": { "variants": ["smith", "thief"], "default": "smith" },
        "sizes": { "kind": "list(u8)", "default": [] },
        "pals": { "kind": "list(object)", "references": "unit", "default": [] },
        "roles": { "kind": "map(object)", "references": "unit", "default": {} },
        "drops": { "kind": "map(text)", "default": {} },
        "notes": { "kind": "any", "optional": true }
    } } },
    "records": { "unit": {
        "ada": { "hp": 200, "job": "thief", "sizes": [1, 90], "pals": ["bob", "cid"],
                 "roles": { "boss": "bob", "friend": "cid" }, "drops": { "fur": "brown", "tail": "long" } },
        "eva": { "inherits": "ada" },
        "bob": {}, "cid": {}
    } }
}"#;

/// Loads the pack's text in each format that can say it, with the core before it.
fn with(json: &str, policy: Undeclared) -> [Result<Definitions, Report>; 3] {
    ["m.json", "m.yaml", "m.ron"].map(|file| {
        let loader = Loader::new().pack_of_texts("core", [("c.json", CORE)]);
        let manifest = r#"{"name": "mod", "requires": ["core"]}"#;
        let files = [("pack.json", manifest), (file, json)];
        loader.pack_of_texts("mod", files).undeclared(policy).load(&Store::new())
    })
}

fn value(definitions: &Definitions, record: &str, slot: &str) -> Value {
    let record = definitions.record("unit", record).expect("the record is there");
    record.get(slot).expect("the slot is declared")
}

fn problems(report: &Report) -> Vec<&str> {
    report.diagnostics().iter().map(|diagnostic| diagnostic.message()).collect()
}

#[test]
fn a_value_that_a_patch_overwrites_need_not_fit_the_patched_schema() -> Outcome {
    for (slots, own, slot, expected) in [
        (r#""hp": { "range": [0, 100] }"#, r#""hp": 100"#, "hp", Value::from(100)),
        (r#""hp": { "kind": "text", "default": "" }"#, r#""hp": "high""#, "hp", "high".into()),
        (
            r#""job": { "variants": { "remove": ["thief"] } }"#,
            r#""job": "smith""#,
            "job",
            "smith".into(),
        ),
        (r#""sizes": { "range": [0, 9] }"#, r#""sizes": [1, 9]"#, "sizes", [1, 9].into()),
    ] {
        let patch = |own: &str| {
            format!(
                r#"{{"patches": {{"schemas": {{"unit": {{"slots": {{{slots}}}}}}},
                    "records": {{"unit": {{"ada": {{{own}}}}}}}}}}}"#
            )
        };
        for definitions in with(&patch(own), Undeclared::Refuse) {
            let definitions = definitions?;
            assert_eq!(value(&definitions, "ada", slot), expected, "{slots}");
            assert_eq!(value(&definitions, "eva", slot), expected, "{slots}");
        }
        // Without the other value, and with a change of the old one, it is a problem.
        for report in with(&patch(""), Undeclared::Refuse) {
            assert_eq!(problems(&report.expect_err(slots)).len(), 1, "{slots}");
        }
    }
    let change = r#"{"patches": {"schemas": {"unit": {"slots": {"hp": {"range": [0, 100]}}}},
        "records": {"unit": {"ada": {"hp": {"plus": -150}}}}}}"#;
    assert!(with(change, Undeclared::Refuse).iter().all(Result::is_err));
    Ok(())
}

#[test]
fn a_deleted_record_may_have_values_that_the_patched_schema_refuses() -> Outcome {
    let patch = r#"{"patches": {"schemas": {"unit": {"slots": {"hp": {"range": [0, 100]}}}},
        "delete": {"unit": ["ada", "eva"]}}}"#;
    for definitions in with(patch, Undeclared::Refuse) {
        assert_eq!(definitions?.records().len(), 2);
    }
    Ok(())
}

#[test]
fn references_to_a_deleted_record_are_removed_by_the_same_patch() -> Outcome {
    let patch = |own: &str| {
        format!(
            r#"{{"patches": {{"delete": {{"unit": ["bob"]}}, "records": {{"unit": {{"ada": {{{own}}}}}}}}}}}"#
        )
    };
    let whole = r#""pals": {"remove": ["bob"]}, "roles": {"remove": ["boss"]}"#;
    for policy in [Undeclared::Refuse, Undeclared::Quarantine, Undeclared::Ignore] {
        for definitions in with(&patch(whole), policy) {
            let definitions = definitions?;
            assert!(definitions.warnings().is_empty(), "{}", definitions.warnings());
            for name in ["ada", "eva"] {
                assert_eq!(value(&definitions, name, "pals"), ["cid"].into());
            }
            let mut store = Store::new();
            let objects = definitions.spawn(&mut store)?;
            let cid = Value::from(objects.id("unit", "cid").ok_or("no cid")?);
            let ada = objects.id("unit", "ada").ok_or("no ada")?;
            assert_eq!(store.get_value(ada, "pals")?, [cid.clone()].into());
            assert_eq!(store.get_value(ada, "roles")?, Value::from_iter([("friend", cid)]));
        }
    }
    for (own, slot) in [
        (r#""pals": {"remove": ["bob"]}"#, "roles{}.value"),
        (r#""roles": {"remove": ["boss"]}"#, "pals"),
    ] {
        for report in with(&patch(own), Undeclared::Refuse) {
            let report = report.expect_err("a reference stays");
            let expected =
                format!("slot '{slot}' of 'unit' refers to 'bob', which pack 'mod' deletes");
            assert_eq!(problems(&report), [expected], "{own}");
        }
    }
    Ok(())
}

#[test]
fn changes_of_maps_without_brackets_lose_no_entry() -> Outcome {
    for (own, word, found) in [
        (r#""drops": {"remove": "fur"}"#, "remove", "text"),
        (r#""drops": {"add": "fur"}"#, "add", "text"),
        (r#""roles": {"remove": "boss"}"#, "remove", "text"),
        (r#""drops": {"add": {"ear": "white"}, "remove": 5}"#, "remove", "an integer"),
    ] {
        let patch = format!(r#"{{"patches": {{"records": {{"unit": {{"ada": {{{own}}}}}}}}}}}"#);
        let heir = format!(
            r#"{{"records": {{"unit": {{"fay": {{{}: "ada", {own}}}}}}}}}"#,
            r#""inherits""#
        );
        for file in [patch, heir] {
            for report in with(&file, Undeclared::Refuse) {
                let report = report.expect_err(own);
                let expected = format!("'{word}' must be a list of elements, not {found}");
                assert_eq!(problems(&report), [expected], "{file}");
            }
        }
    }
    // A record without a value before has entries of these names; `add` adds such an entry.
    let own = r#"{"records": {"unit": {"fay": {"drops": {"remove": "fur"}}}},
        "patches": {"records": {"unit": {"ada": {"drops": {"add": {"add": "x"}}}}}}}"#;
    for definitions in with(own, Undeclared::Refuse) {
        let mut store = Store::new();
        let objects = definitions?.spawn(&mut store)?;
        let drops = |name: &str| -> Result<Value, Box<dyn std::error::Error>> {
            Ok(store.get_value(objects.id("unit", name).ok_or("no such unit")?, "drops")?)
        };
        assert_eq!(drops("fay")?, Value::from_iter([("remove", "fur")]));
        let changed = [("fur", "brown"), ("tail", "long"), ("add", "x")];
        assert_eq!(drops("ada")?, Value::from_iter(changed));
    }
    Ok(())
}

#[test]
fn a_map_of_changes_for_any_value_is_a_value_and_a_warning() -> Outcome {
    let patch = r#"{"patches": {"records": {"unit": {"ada": {"notes": {"plus": 2}}}}}}"#;
    for definitions in with(patch, Undeclared::Refuse) {
        let definitions = definitions?;
        assert_eq!(value(&definitions, "ada", "notes"), Value::from_iter([("plus", 2)]));
        let expected = "slot 'notes' of 'unit' takes any value, and no changes";
        assert_eq!(problems(definitions.warnings()), [expected]);
    }
    let own = r#"{"records": {"unit": {"fay": {"notes": {"plus": 2}}}}}"#;
    for definitions in with(own, Undeclared::Refuse) {
        assert!(definitions?.warnings().is_empty());
    }
    Ok(())
}
