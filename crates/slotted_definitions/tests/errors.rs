//! `Debug` of every error prints its message, for programs that return it from `main`.
#![cfg(all(feature = "json", feature = "toml"))]

use std::error::Error;

use slotted::{ByName, Kind, MapStore, Schema, Store, record};
use slotted_definitions::infer::{InferenceOptions, into_store};
use slotted_definitions::write::{SchemaDocs, schemas_to_text};
use slotted_definitions::{Format, Loader};

type Outcome = Result<(), Box<dyn Error>>;

const FILE: &str = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80\n";

#[test]
fn debug_prints_the_message() -> Outcome {
    let mut other = Store::new();
    other.register_schema(Schema::builder("unit").slot("health", Kind::Bool).build()?)?;
    let definitions = Loader::new().text("units.toml", FILE).load(&Store::new())?;
    let spawn = definitions.spawn(&mut other).expect_err("the store has another schema");

    let mut store = Store::new();
    let mut objects = definitions.spawn(&mut store)?;
    let empty = Loader::new().load_again(&definitions)?;
    let plan = objects.plan_reload(&store, &empty)?;
    objects.apply_reload(&mut store, &plan)?;
    let reload = objects.apply_reload(&mut store, &plan).expect_err("the plan is outdated");

    let objects = definitions.spawn(&mut store)?;
    let grunt = objects.id("unit", "grunt").ok_or("no grunt")?;
    store.set_value(grunt, "health", f64::NAN)?;
    let write = objects.to_files(&store, Format::Json).expect_err("JSON has no NaN");
    store.despawn(grunt)?;
    let dead = objects.to_record(&store, grunt).expect_err("the object is dead");

    let opaque = Schema::builder("unit").slot("flags", Kind::pod::<[u8; 3]>()).build()?;
    let schema = schemas_to_text([(&opaque, &SchemaDocs::default())], Format::Toml);
    let schema = schema.expect_err("no file has such a kind");

    let mut map = MapStore::new();
    map.spawn_record("", record! { health: 80 })?;
    let moved = into_store(map, &InferenceOptions::default()).expect_err("the name is empty");
    let report = Loader::new().text("units.toml", "healt").load(&Store::new());
    let report = report.expect_err("the file is invalid");

    let errors: [(&dyn Error, &str); 8] = [
        (&spawn, "'unit'"),
        (&reload, "plan"),
        (&write, "JSON cannot represent the value NaN of slot 'health'"),
        (&dead, "is not alive"),
        (&schema, "slot 'flags' of 'unit'"),
        (&moved.error, "name"),
        (&*moved, "name"),
        (&report, "error[syntax]"),
    ];
    for (error, part) in errors {
        let message = error.to_string();
        assert!(message.contains(part), "{message}");
        assert_eq!(format!("{error:?}"), message);
    }
    Ok(())
}
