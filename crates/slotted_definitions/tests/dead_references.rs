//! Dead references in files: they have no name, so a file cannot hold them.
#![cfg(all(feature = "json", feature = "ron", feature = "yaml"))]

use std::error::Error;

use slotted::{Store, Value};
use slotted_definitions::{Format, Loader, Objects};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: &str = r#"{"schemas": {"unit": {"slots": {
    "target": {"kind": "object", "optional": true},
    "leader": {"kind": "object"},
    "allies": {"kind": "list(object)"}
}}}}"#;

fn spawn(records: &str) -> Result<(Store, Objects), Box<dyn Error>> {
    let mut store = Store::new();
    let loader = Loader::new().text("schemas.json", SCHEMAS).text("records.json", records);
    let objects = loader.load(&store)?.spawn(&mut store)?;
    Ok((store, objects))
}

const RECORDS: &str = r#"{"records": {"unit": {
    "grunt": {"target": "gone", "leader": "chief", "allies": ["gone", "chief", "gone"]},
    "chief": {"leader": "chief", "allies": []},
    "gone": {"leader": "chief", "allies": []}
}}}"#;

#[test]
fn dead_references_are_left_out_of_files() -> Outcome {
    let (mut store, objects) = spawn(RECORDS)?;
    store.despawn(objects.id("unit", "gone").ok_or("no record")?)?;
    for format in [Format::Json, Format::Ron, Format::Yaml] {
        let [(path, text)] = &objects.to_files(&store, format)?[..] else { panic!("one file") };
        let mut again = Store::new();
        let loader = Loader::new().text("schemas.json", SCHEMAS).text(path.as_str(), text.as_str());
        let objects = loader.load(&again)?.spawn(&mut again)?;
        let [grunt, chief] =
            ["grunt", "chief"].map(|name| objects.id("unit", name).expect("it is written"));
        assert_eq!(objects.id("unit", "gone"), None);
        assert_eq!(again.get_value(grunt, "target")?, Value::Unset);
        assert_eq!(again.get_value(grunt, "allies")?, [chief].into());
        assert_eq!(again.dead_references().count(), 0);
    }
    Ok(())
}

#[test]
fn a_required_dead_reference_cannot_be_written() -> Outcome {
    let (mut store, objects) = spawn(RECORDS)?;
    let [grunt, chief] =
        ["grunt", "chief"].map(|name| objects.id("unit", name).expect("it is defined"));
    store.despawn(chief)?;
    let error = objects.to_record(&store, grunt).expect_err("the leader is dead");
    let message =
        format!("slot 'leader' of object {grunt} refers to object {chief}, which is not alive");
    assert_eq!(error.to_string(), message);
    assert!(objects.to_files(&store, Format::Json).is_err());
    store.set_value(grunt, "leader", grunt)?;
    store.despawn(objects.id("unit", "gone").ok_or("no record")?)?;
    assert_eq!(objects.to_record(&store, grunt)?.get("leader"), Some(&"grunt".into()));
    Ok(())
}
