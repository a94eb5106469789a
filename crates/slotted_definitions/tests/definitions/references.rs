//! References in each place of nested values, and lists that must be there.

use slotted::Store;
use slotted_definitions::Format;

use crate::support::{Outcome, load, written_is_the_same};

/// Slots that hold references to units, each with a value.
const PLACES: &[(&str, &str)] = &[
    ("{ kind = 'object', references = 'unit' }", "'x'"),
    ("{ kind = 'list(object)', references = 'unit' }", "['y', 'x']"),
    ("{ kind = 'list(list(object))', references = 'unit' }", "[['y'], ['x']]"),
    ("{ kind = 'map(object)', references = 'unit' }", "{ a = 'x' }"),
    ("{ kind = 'map(object, u8)', references = 'unit' }", "{ x = 1 }"),
    ("{ kind = 'map(object, object)', references = 'unit' }", "{ x = 'y', y = 'y' }"),
    ("{ kind = 'map(object, list(object))', references = 'unit' }", "{ x = ['y'] }"),
    ("{ kind = 'map(object, pay)', references = 'unit' }", "{ x = { n = 1 } }"),
    (
        "{ kind = 'map', keys = 'object', references = 'unit', slots = { n = 'u8' } }",
        "{ x = { n = 1 } }",
    ),
    (
        "{ kind = 'list(map(object, record))', references = 'unit', slots = { n = 'u8' } }",
        "[{ x = { n = 1 } }]",
    ),
    ("{ kind = '(u8, object)', references = 'unit' }", "[1, 'x']"),
    ("{ kind = 'list((object, u8))', references = 'unit' }", "[['x', 1]]"),
    ("{ kind = 'u8 | object', references = 'unit' }", "'x'"),
    ("{ kind = 'list(u8 | object)', references = 'unit' }", "['x', 1]"),
    (
        "{ variants = { a = { w = { kind = 'object', references = 'unit' } } } }",
        "{ a = { w = 'x' } }",
    ),
    (
        "{ tag = 't', variants = { a = { w = { kind = 'list(object)', references = 'unit' } } } }",
        "{ t = 'a', w = ['x'] }",
    ),
    ("{ slots = { w = { kind = 'object', references = 'unit' } } }", "{ w = 'x' }"),
    (
        "{ kind = 'list', slots = { w = { kind = 'object', references = 'unit' } } }",
        "[{ w = 'x' }]",
    ),
];

/// Each place in which a slot can hold a reference checks its schema and names it.
#[test]
fn references_are_checked_wherever_they_stand() -> Outcome {
    for (slot, right) in PLACES {
        let file = format!(
            "[schemas.unit]\n[schemas.other]\n[schemas.pay.slots]\nn = 'u8'\n\
             [schemas.user.slots]\nslot = {slot}\n\
             [records.unit]\nx = {{}}\ny = {{}}\n[records.other.z]\n\
             [records.user.one]\nslot = {right}\n"
        );
        let mut store = Store::new();
        let loaded = load(&[("a.toml", &file)]).map_err(|report| format!("{slot}: {report}"))?;
        let objects = loaded.spawn(&mut store)?;
        for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
            let written = objects.to_files(&store, format)?;
            let schemas = &file[..file.find("[records").ok_or("no records")?];
            let again = load(&[("a.toml", schemas), (&*written[0].0, &*written[0].1)])
                .map_err(|report| format!("{slot} {format}: {report}\n{written:?}"))?;
            let mut store = Store::new();
            assert_eq!(again.spawn(&mut store)?.to_files(&store, format)?, written, "{slot}");
        }
        for (wrong, message) in
            [("z", "a record of 'other', not of 'unit'"), ("w", "which does not exist")]
        {
            let file = file.replace(
                &format!("slot = {right}"),
                &format!(
                    "slot = {}",
                    right
                        .replace("'x'", &format!("'{wrong}'"))
                        .replace("x =", &format!("{wrong} ="))
                ),
            );
            let report = crate::refused(&[("a.toml", &file)]).to_string();
            assert!(report.contains(message), "{slot}: {report}");
        }
    }
    let report = crate::refused(&[(
        "a.toml",
        "schemas.user.slots.slot = { kind = 'map', references = 'user', slots = { n = 'u8' } }",
    )]);
    assert!(report.to_string().contains("slot 'slot' cannot have 'references'"), "{report}");
    Ok(())
}

#[test]
fn a_list_of_optional_parts_can_be_required() -> Outcome {
    let slots = "slots = { a = { kind = 'u8', optional = true }, b = { kind = 'list(text)', optional = true } }";
    let file = |keys: &str, record: &str| {
        format!(
            "schemas.unit.slots.t = {{ kind = 'list', {keys} {slots} }}\nrecords.unit.x = {{ {record} }}"
        )
    };
    for record in ["t = []", "t = [{}]", "t = [{ a = 1 }, {}, { b = ['c'] }]"] {
        let file = file("", record);
        let (schema, record) = file.split_once('\n').ok_or("two lines")?;
        written_is_the_same([("s.toml", schema), ("r.toml", record)], ("unit", &["x"]), &[])?;
    }
    let report = crate::refused(&[("a.toml", &file("", ""))]).to_string();
    assert!(
        report.contains("'unit' object needs a value for slot 't' (a list of maps of a, b)"),
        "{report}"
    );
    for keys in ["optional = true,", "default = [],"] {
        load(&[("a.toml", &file(keys, ""))])?;
    }
    Ok(())
}
