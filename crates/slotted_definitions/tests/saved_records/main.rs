//! Look-ups by name and hot reload after a save is loaded.
#![cfg(all(feature = "json", feature = "toml"))]

mod hostile;
mod model;

use std::error::Error;

use slotted::{Delta, Kind, LimitError, Limits, ObjectId, Schema, Store, Value, record};
use slotted_definitions::reload::ReloadError;
use slotted_definitions::saved::{ResumeError, SavedObjects};
use slotted_definitions::{Definitions, Loader, Objects};

type Outcome = Result<(), Box<dyn Error>>;

const FILE: &str = r#"
[schemas.unit.slots]
health = { kind = "u8", default = 100 }
tags = { kind = "list(text)", default = [] }
target = { kind = "object", optional = true }
[schemas.orc]
extends = "unit"
slots.rage = { kind = "f32", default = 0.1 }

[records.unit.wall]
[records.orc.grunt]
target = "thrall"
tags = ["loud", "green"]
[records.orc.thrall]
inherits = "grunt"
health = 250
[records.orc.chief]
abstract = true
"#;

fn load(file: &str) -> Result<Definitions, Box<dyn Error>> {
    Ok(Loader::new().text("units.toml", file).load(&Store::new())?)
}

fn new_game() -> Result<(Store, Objects), Box<dyn Error>> {
    let mut store = Store::new();
    let objects = load(FILE)?.spawn(&mut store)?;
    Ok((store, objects))
}

fn id(objects: &Objects, schema: &str, name: &str) -> ObjectId {
    objects.id(schema, name).expect("the record has an object")
}

/// Returns the records after writing and reading each format.
fn carried(objects: &Objects) -> Result<[SavedObjects; 2], Box<dyn Error>> {
    let saved = objects.to_saved();
    let json = serde_json::from_str(&serde_json::to_string(&saved)?)?;
    let postcard = postcard::from_bytes(&postcard::to_allocvec(&saved)?)?;
    Ok([json, postcard])
}

/// Returns a store with the ids of the save: of a loaded file, or with the schemas registered first.
fn loaded(store: &mut Store, next: &Definitions) -> Result<[Store; 2], Box<dyn Error>> {
    let snapshot = store.snapshot();
    let mut registered = Store::new();
    if next.register(&mut registered).is_err()
        || registered.replace_with(&Delta::full(&snapshot)).is_err()
    {
        registered = snapshot.to_store();
    }
    Ok([snapshot.to_store(), registered])
}

#[test]
fn names_and_hot_reload_go_on_after_a_load() -> Outcome {
    let (mut store, before) = new_game()?;
    let definitions = load(FILE)?;
    for saved in carried(&before)? {
        assert_eq!(saved, before.to_saved());
        for mut store in loaded(&mut store, &definitions)? {
            let hash = store.state_hash();
            let (mut objects, changes) = definitions.resume(&saved, &mut store)?;
            assert!(changes.is_empty(), "{changes}");
            assert_eq!(store.state_hash(), hash);
            assert_eq!(objects.ids().collect::<Vec<_>>(), before.ids().collect::<Vec<_>>());
            let grunt = id(&objects, "unit", "grunt");
            assert_eq!(grunt, id(&before, "orc", "grunt"));
            assert_eq!(objects.name(grunt).as_deref(), Some("grunt"));
            assert_eq!(objects.record(grunt).and_then(|record| record.name()), Some("grunt"));
            assert_eq!(objects.to_saved(), saved, "a save after the load is equal");

            let next = load(&FILE.replace("health = 250", "health = 240"))?;
            let plan = objects.plan_reload(&store, &next)?;
            assert_eq!(plan.to_string(), "record 'orc/thrall': 'health' changes from 250 to 240");
            objects.apply_reload(&mut store, &plan)?;
            assert_eq!(store.get_value(id(&objects, "orc", "thrall"), "health")?, 240.into());
        }
    }
    Ok(())
}

#[test]
fn the_form_of_saved_records_stays_readable() -> Outcome {
    let (_, objects) = new_game()?;
    const JSON: &str = r#"{"schemas":[
        {"name":"unit","slots":["health","tags","target"],"defaults":[{"Int":100},{"List":0},"Unset"],
         "records":[{"name":"wall","object":4294967296,"given":[],"values":[]}]},
        {"name":"orc","slots":["health","tags","target","rage"],
         "defaults":[{"Int":100},{"List":0},"Unset",{"F64":4591870180066957722}],
         "records":[
            {"name":"grunt","object":281479271677952,"given":[1,2],
             "values":[{"List":2},{"Text":"loud"},{"Text":"green"},{"Record":{"schema":"orc","name":"thrall"}}]},
            {"name":"thrall","object":281479271677953,"given":[0,1,2],
             "values":[{"Int":250},{"List":2},{"Text":"loud"},{"Text":"green"},
                       {"Record":{"schema":"orc","name":"thrall"}}]},
            {"name":"chief","object":null,"given":[],"values":[]}]}]}"#;
    const POSTCARD: &[u8] = b"\x02\x04unit\x03\x06health\x04tags\x06target\x03\x02\xc8\x01\n\x00\x00\
        \x01\x01\x04wall\x01\x80\x80\x80\x80\x10\x00\x00\
        \x03orc\x04\x06health\x04tags\x06target\x04rage\x04\x02\xc8\x01\n\x00\x00\x05\x9a\xb3\xe6\xcc\x99\xb3\xe6\xdc?\
        \x03\x01\x05grunt\x01\x80\x80\x80\x80\x90\x80@\x02\x01\x02\
        \x04\n\x02\x06\x04loud\x06\x05green\x08\x03orc\x06thrall\
        \x01\x06thrall\x01\x81\x80\x80\x80\x90\x80@\x03\x00\x01\x02\
        \x05\x02\xf4\x03\n\x02\x06\x04loud\x06\x05green\x08\x03orc\x06thrall\
        \x01\x05chief\x00\x00\x00";
    assert_eq!(serde_json::from_str::<SavedObjects>(JSON)?, objects.to_saved());
    let written = postcard::to_allocvec(&objects.to_saved())?;
    assert_eq!(written.escape_ascii().to_string(), POSTCARD.escape_ascii().to_string());
    Ok(())
}

#[test]
fn changes_of_files_are_applied_and_changes_of_the_game_stay() -> Outcome {
    let (mut store, before) = new_game()?;
    let [wall, grunt, thrall] = [("unit", "wall"), ("orc", "grunt"), ("orc", "thrall")]
        .map(|(schema, name)| id(&before, schema, name));
    store.set_value(grunt, "rage", 0.75)?;
    store.set_value(grunt, "target", Value::Unset)?;
    store.set_value(thrall, "health", 3)?;
    store.set_value(thrall, "tags", ["mine"])?;
    let file = FILE
        .replace("[records.unit.wall]", "[records.unit.tower]\ntarget = \"grunt\"")
        .replace("tags = [\"loud\", \"green\"]", "tags = [\"loud\", \"green\"]\nhealth = 120")
        .replace("health = 250", "health = 250\ntags = [\"calm\"]");
    let next = load(&file)?;
    for saved in carried(&before)? {
        for mut store in loaded(&mut store, &next)? {
            let (objects, changes) = next.resume(&saved, &mut store)?;
            assert_eq!(
                changes.to_string(),
                "record 'unit/tower' is added\n\
                 record 'orc/grunt': 'health' changes from 100 to 120\n\
                 record 'orc/thrall': 'tags' changes from [\"loud\", \"green\"] to [\"calm\"]\n\
                 record 'unit/wall' is removed"
            );
            assert!(!store.contains(wall) && objects.id("unit", "wall").is_none());
            let tower = id(&objects, "unit", "tower");
            assert_eq!(store.get_value(tower, "target")?, grunt.into());
            assert_eq!(
                store.get_record(grunt)?,
                record! { health: 120, tags: ["loud", "green"], rage: 0.75_f32 }
            );
            assert_eq!(
                store.get_record(thrall)?,
                record! { health: 3, tags: ["calm"], target: thrall, rage: 0.1_f32 }
            );
            store.validate().map_err(|problems| format!("{problems:?}"))?;
        }
    }
    Ok(())
}

#[test]
fn a_dead_object_stays_dead_and_keeps_its_name() -> Outcome {
    let (mut store, before) = new_game()?;
    let (wall, thrall) = (id(&before, "unit", "wall"), id(&before, "orc", "thrall"));
    store.despawn(thrall)?;
    store.despawn(wall)?;
    let next = FILE.replace("health = 250", "health = 200").replace("[records.unit.wall]", "");
    let next = load(&next)?;
    let (mut store, saved) = (store.snapshot().to_store(), before.to_saved());
    let living = store.len();
    let (objects, changes) = next.resume(&saved, &mut store)?;
    assert_eq!(
        changes.to_string(),
        "record 'orc/thrall': 'health' changes from 250 to 200\nrecord 'unit/wall' is removed"
    );
    assert_eq!((store.len(), id(&objects, "orc", "thrall")), (living, thrall));
    assert!(!store.contains(thrall));
    assert_eq!(objects.name(thrall).as_deref(), Some("thrall"));
    Ok(())
}

#[test]
fn a_renamed_slot_is_compared_with_its_former_name() -> Outcome {
    let (mut store, before) = new_game()?;
    let thrall = id(&before, "orc", "thrall");
    store.set_value(thrall, "health", 7)?;
    let renamed = FILE
        .replace("health = { kind = \"u8\"", "hp = { renamed_from = \"health\", kind = \"u16\"")
        .replace("health = 250", "hp = 250");
    let saved = before.to_saved();
    // The load has migrated the store already, or leaves it to us.
    for is_migrated in [false, true] {
        for (hp, expected) in [(250, 7), (300, 300)] {
            let next = load(&renamed.replace("hp = 250", &format!("hp = {hp}")))?;
            let mut store = store.snapshot().to_store();
            if is_migrated {
                let plan = store.plan_migration(next.schemas().cloned())?;
                store.migrate(&plan)?;
            }
            let (_, changes) = next.resume(&saved, &mut store)?;
            assert_eq!(changes.migration().is_empty(), is_migrated);
            assert_eq!(changes.changes().len(), usize::from(hp != 250), "{changes}");
            assert_eq!(store.get_value(thrall, "hp")?, expected.into());
        }
    }
    Ok(())
}

#[test]
fn a_changed_default_affects_only_new_objects() -> Outcome {
    let (mut store, before) = new_game()?;
    let wall = id(&before, "unit", "wall");
    let next = FILE.replace("default = 100", "default = 90");
    let (_, changes) = load(&next)?.resume(&before.to_saved(), &mut store.snapshot().to_store())?;
    assert!(changes.changes().is_empty(), "{changes}");

    // The record now gives the value that was its default.
    let next = next.replace("[records.unit.wall]", "[records.unit.wall]\nhealth = 100");
    store.set_value(wall, "health", 5)?;
    let (_, changes) = load(&next)?.resume(&before.to_saved(), &mut store)?;
    assert!(changes.changes().is_empty(), "{changes}");
    assert_eq!(store.get_value(wall, "health")?, 5.into());
    Ok(())
}

#[test]
fn values_of_every_kind_are_found_unchanged() -> Outcome {
    let schema = || {
        Schema::builder("thing")
            .slot("small", Kind::F32)
            .slot("large", Kind::F64)
            .slot("nan", Kind::F32)
            .default(f32::NAN)
            .slot("big", Kind::U64)
            .slot("place", Kind::Vec3)
            .slot("frame", Kind::Mat4)
            .default(slotted::glam::Mat4::IDENTITY)
            .slot("path", Kind::list(Kind::Vec2))
            .slot("sizes", Kind::Array(slotted::schema::NumberKind::I16, 3))
            .slot("mode", Kind::enumeration(["on", "off"]))
            .slot("friends", Kind::list(Kind::Object))
            .slot("note", Kind::Text)
            .optional()
            .build()
    };
    let mut program = Store::new();
    program.register_schema(schema()?)?;
    let file = r#"{"records": {"thing": {
        "a": {"small": 0.1, "large": 1e-320, "big": 18446744073709551615, "place": [1, 2.5, -0.0],
              "path": [[1, 2], [0.3, 0.4]], "sizes": [-1, 0, 1], "mode": "off", "friends": ["b", "a"]},
        "b": {"small": 1, "large": 2, "big": 0, "place": [0, 0, 0], "path": [], "sizes": [1, 2, 3],
              "mode": "on", "friends": [], "note": null}}}}"#;
    let load = |file: &str| Loader::new().text("things.json", file).load(&program);
    let mut store = program.without_objects();
    let objects = load(file)?.spawn(&mut store)?;
    for saved in carried(&objects)? {
        let (_, changes) = load(file)?.resume(&saved, &mut store.snapshot().to_store())?;
        assert!(changes.is_empty(), "{changes}");
        for (from, to) in [
            ("0.1,", "0.1000001,"),
            ("1e-320", "2e-320"),
            ("615,", "614,"),
            ("-0.0", "0.0"),
            ("[0.3, 0.4]", "[0.3, 0.5]"),
            ("[-1, 0, 1]", "[-1, 0, 2]"),
            ("\"off\"", "\"on\""),
            ("[\"b\", \"a\"]", "[\"a\", \"b\"]"),
            ("null", "\"\""),
        ] {
            assert!(file.contains(from), "{from}");
            let next = load(&file.replacen(from, to, 1))?;
            let (_, changes) = next.resume(&saved, &mut store.snapshot().to_store())?;
            assert_eq!(changes.changes().len(), 1, "{from} to {to}: {changes}");
        }
    }
    Ok(())
}

#[test]
fn nameless_records_match_by_order() -> Outcome {
    let load = |tiles: &str| {
        let file = format!(
            r#"{{"schemas": {{"tile": {{"slots": {{"height": "i8"}}}}}}, "records": {{"tile": [{tiles}]}}}}"#
        );
        Loader::new().text("tiles.json", file).load(&Store::new())
    };
    let mut store = Store::new();
    let objects = load(r#"{"height": 1}, {"height": 2}, {"height": 3}"#)?.spawn(&mut store)?;
    let names: Vec<_> = objects.to_saved().records().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["tile/#0", "tile/#1", "tile/#2"]);
    let next = load(r#"{"height": 1}, {"height": 5}"#)?;
    for saved in carried(&objects)? {
        let mut store = store.snapshot().to_store();
        let (resumed, changes) = next.resume(&saved, &mut store)?;
        assert_eq!(
            changes.to_string(),
            "record 'tile/#1': 'height' changes from 2 to 5\nrecord 'tile/#2' is removed"
        );
        assert!(resumed.ids().eq(objects.ids().take(2)));
    }
    Ok(())
}

#[test]
fn the_reload_of_a_load_cannot_be_applied_again() -> Outcome {
    let (mut store, before) = new_game()?;
    let next = load(&FILE.replace("health = 250", "health = 200"))?;
    let (mut objects, changes) = next.resume(&before.to_saved(), &mut store)?;
    let error = objects.apply_reload(&mut store, &changes).expect_err("it was applied");
    assert_eq!(error, ReloadError::Migration(slotted::MigrationError::Outdated));
    Ok(())
}

#[test]
fn records_of_a_missing_mod_are_kept_until_it_is_back() -> Outcome {
    let base = "schemas.unit.slots = { hp = 'u8', at = { kind = 'object', optional = true } }\n\
                records.unit.ada = { hp = 1 }\n";
    let more = "schemas.dragon.slots = { age = 'u16', eats = 'object' }\n\
                records.dragon = { smaug = { age = 300, eats = 'ada' }, egg = { abstract = true } }\n";
    let load = |files: &[&str]| load(&files.concat());
    let (mut with_mod, mut without) = (Store::new(), Store::new());
    let before = load(&[base, more])?.spawn(&mut with_mod)?;
    let smaug = id(&before, "dragon", "smaug");

    let definitions = load(&[base])?;
    let lone = definitions.spawn(&mut without)?;
    let mut saved = before.to_saved();
    saved.map_ids(|id| if id == smaug { id } else { lone.ids().next().unwrap_or(id) });
    let (mut objects, changes) = definitions.resume(&saved, &mut without)?;
    assert!(changes.is_empty(), "{changes}");
    assert_eq!(objects.len(), 1);
    // A reload meanwhile loses nothing.
    let next = load(&[&base.replace("hp = 1", "hp = 2")])?;
    let plan = objects.plan_reload(&without, &next)?;
    objects.apply_reload(&mut without, &plan)?;
    let again = objects.to_saved();
    let mine: Vec<_> = again.records().filter(|(_, id)| *id == Some(smaug)).collect();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].0.to_string(), "dragon/smaug");

    // The mod is back, and its objects too: nothing is spawned twice.
    let count = with_mod.len();
    let next = load(&[base, &more.replace("300", "301")])?;
    let (objects, changes) = next.resume(&again, &mut with_mod)?;
    assert_eq!(
        changes.to_string(),
        "record 'unit/ada': 'hp' changes from 2 to 1\n\
         record 'dragon/smaug': 'age' changes from 300 to 301"
    );
    assert_eq!((with_mod.len(), id(&objects, "dragon", "smaug")), (count, smaug));
    Ok(())
}

/// Checks the error, and that nothing has changed.
fn refused(next: &Definitions, saved: &SavedObjects, store: &mut Store) -> ResumeError {
    let before = (store.state_hash(), store.future_ids_hash());
    let schemas: Vec<Schema> = store.schemas().map(|schema| schema.to_schema()).collect();
    let error = next.resume(saved, store).expect_err("the records do not fit");
    assert_eq!((store.state_hash(), store.future_ids_hash()), before, "{error}");
    assert!(store.schemas().map(|schema| schema.to_schema()).eq(schemas), "{error}");
    error
}

#[test]
fn a_schema_that_the_store_lacks_is_an_error() -> Outcome {
    let (_, before) = new_game()?;
    let error = refused(&load(FILE)?, &before.to_saved(), &mut Store::new());
    assert_eq!(
        error.to_string(),
        "the store lacks schema 'unit' of saved records; \
         register the definitions before the save is loaded"
    );
    Ok(())
}

#[test]
fn changes_that_living_objects_prevent_leave_everything_as_it_was() -> Outcome {
    let (mut store, before) = new_game()?;
    let (wall, grunt) = (id(&before, "unit", "wall"), id(&before, "orc", "grunt"));
    let saved = before.to_saved();
    store.set_value(wall, "health", 255)?;
    let narrow = FILE.replace("default = 100 }", "default = 100, range = [0, 250] }");
    let error = refused(&load(&narrow)?, &saved, &mut store);
    assert!(error.to_string().contains("expects 0 to 250, found 255"), "{error}");

    // The required slot of another record refers to a dead object.
    store.despawn(grunt)?;
    let next = format!(
        "{FILE}[schemas.squad.slots]\nleader = \"object\"\n[records.squad.s]\nleader = \"grunt\"\n"
    );
    let (objects, _) = load(&next)?.resume(&saved, &mut store.snapshot().to_store())?;
    assert!(objects.id("squad", "s").is_some(), "new objects may have dead references");

    let mut limits = Limits::default();
    limits.rows_per_schema = 2;
    let mut full = Store::with_limits(limits);
    let objects = load(FILE)?.spawn(&mut full)?;
    let next = load(&format!("{FILE}[records.orc.third]\n"))?;
    let error = refused(&next, &objects.to_saved(), &mut full);
    assert!(
        matches!(error, ResumeError::Reload(ReloadError::Limit(LimitError::Rows { .. }))),
        "{error}"
    );
    Ok(())
}
