//! Saved records that are damaged, or belong to another store.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use slotted::{ObjectId, Store};
use slotted_definitions::saved::{ResumeError, SavedObjects};
use slotted_definitions::{Definitions, Objects};

use super::{FILE, Outcome, id, load, new_game, refused};

/// A schema of a save with the slots of `unit`.
fn unit(records: Json) -> Json {
    json!({"schemas": [{
        "name": "unit", "slots": ["health", "tags", "target"],
        "defaults": [{"Int": 100}, {"List": 0}, "Unset"], "records": records
    }]})
}

fn record(name: &str, object: Option<ObjectId>, given: Json, values: Json) -> Json {
    json!({"name": name, "object": object, "given": given, "values": values})
}

struct Scene {
    store: Store,
    objects: Objects,
    definitions: Definitions,
}

impl Scene {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let (store, objects) = new_game()?;
        Ok(Self { store, objects, definitions: load(FILE)? })
    }

    fn error(&mut self, saved: Json) -> Result<ResumeError, Box<dyn std::error::Error>> {
        let saved: SavedObjects = serde_json::from_value(saved)?;
        Ok(refused(&self.definitions, &saved, &mut self.store))
    }
}

#[test]
fn saved_records_that_do_not_fit_are_refused() -> Outcome {
    let mut scene = Scene::new()?;
    let wall = Some(id(&scene.objects, "unit", "wall"));
    let grunt = Some(id(&scene.objects, "orc", "grunt"));
    let never = ObjectId::from_bits(wall.ok_or("it is there")?.to_bits() + 7);
    let unknown_schema = ObjectId::from_bits(u64::MAX);
    let none = || json!([]);
    let plain = |name: &str, object| record(name, object, none(), none());
    let of_wall = |given: Json, values: Json| unit(json!([record("wall", wall, given, values)]));
    let schema = |change: &str, to: Json| {
        let mut saved = unit(none());
        saved["schemas"][0][change] = to;
        saved
    };
    let twice = || {
        let mut saved = unit(none());
        let first = saved["schemas"][0].clone();
        saved["schemas"].as_array_mut().expect("a list").push(first);
        saved
    };
    let damaged = "the values of saved record 'unit/wall' are damaged";
    let slots = "the saved slots of schema 'unit' are damaged";
    for (saved, message) in [
        (twice(), "the saved records list schema 'unit' twice"),
        (schema("slots", json!(["health", "health", "target"])), slots),
        (schema("slots", json!(["health"])), slots),
        (schema("defaults", json!(["Unset", "Unset", {"List": 1}])), slots),
        (schema("defaults", json!(["Unset"])), slots),
        (unit(json!([plain("", None)])), "saved record 'unit/' has an invalid name"),
        (
            unit(json!([plain("a\u{1b}[2J", None)])),
            "saved record 'unit/a\\u{1b}[2J' has an invalid name",
        ),
        (
            unit(json!([plain("wall", wall), plain("wall", None)])),
            "saved record 'unit/wall' is listed twice",
        ),
        (
            unit(json!([plain("wall", wall), plain("hut", wall)])),
            "saved records 'unit/wall' and 'unit/hut' have the same object 0:0:1",
        ),
        (
            unit(json!([plain("wall", grunt)])),
            "saved record 'unit/wall' has object 1:0:1, which is none of its schema in this store; \
             load the store and its records from the same save",
        ),
        (
            unit(json!([plain("wall", never)])),
            "saved record 'unit/wall' has object 0:7:1, which is none of its schema in this store; \
             load the store and its records from the same save",
        ),
        (
            unit(json!([plain("wall", unknown_schema)])),
            "saved record 'unit/wall' has object 65535:4294967295:65535, which is none of its schema \
             in this store; load the store and its records from the same save",
        ),
        (of_wall(json!([3]), json!(["Unset"])), damaged),
        (of_wall(json!([u32::MAX]), json!(["Unset"])), damaged),
        (of_wall(json!([0, 0]), json!([{"Int": 1}, {"Int": 1}])), damaged),
        (of_wall(json!([1, 0]), json!([{"Int": 1}, {"Int": 1}])), damaged),
        (of_wall(json!([0]), none()), damaged),
        (of_wall(none(), json!([{"Int": 1}])), damaged),
        (of_wall(json!([1]), json!([{"List": u32::MAX}])), damaged),
        (of_wall(json!([2]), json!([{"Record": {"schema": "orc", "name": "nobody"}}])), damaged),
    ] {
        let error = scene.error(saved)?;
        assert_eq!(error.to_string(), message);
    }
    Ok(())
}

#[test]
fn a_value_of_another_kind_is_a_changed_value() -> Outcome {
    let mut scene = Scene::new()?;
    let wall = id(&scene.objects, "unit", "wall");
    scene.store.set_value(wall, "health", 7)?;
    let saved = unit(json!([record("wall", Some(wall), json!([0]), json!([{"Text": "much"}]))]));
    let saved: SavedObjects = serde_json::from_value(saved)?;
    let (_, changes) = scene.definitions.resume(&saved, &mut scene.store)?;
    let first = changes.changes()[0].to_string();
    assert_eq!(first, "record 'unit/wall': 'health' changes from \"much\" to 100");
    assert_eq!(scene.store.get_value(wall, "health")?, 100.into());
    Ok(())
}

#[test]
fn deeply_nested_values_overflow_no_stack() -> Outcome {
    let mut scene = Scene::new()?;
    let wall = Some(id(&scene.objects, "unit", "wall"));
    let nested = json!(vec![json!({"List": 1}); 200_000]);
    let error = scene.error(unit(json!([record("wall", wall, json!([1]), nested)])))?;
    assert!(matches!(error, ResumeError::DamagedRecord { .. }), "{error}");
    Ok(())
}

/// Resumes with whatever could be read: a valid store and all changes, or an error and none.
fn resume_is_whole(saved: &SavedObjects, from: &mut Store, definitions: &Definitions) {
    let mut store = from.snapshot().to_store();
    match definitions.resume(saved, &mut store) {
        Ok((objects, _)) => {
            store.validate().expect("values that were set are valid");
            assert_eq!(objects.definitions().records().len(), definitions.records().len());
            let again = objects.to_saved();
            let (_, changes) = definitions.resume(&again, &mut store).expect("they fit now");
            assert!(changes.is_empty(), "{changes}");
        }
        Err(_) => {
            assert_eq!(store.state_hash(), from.state_hash());
            assert_eq!(store.future_ids_hash(), from.future_ids_hash());
        }
    }
}

#[test]
fn announced_lengths_reserve_no_memory() -> Outcome {
    let mut scene = Scene::new()?;
    let bytes = postcard::to_allocvec(&scene.objects.to_saved())?;
    let mut refused = 0;
    for at in 0..bytes.len() {
        for huge in [
            &[0xff, 0xff, 0xff, 0xff, 0x0f][..],
            &[0xff; 9],
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
        ] {
            let mut bytes = bytes.clone();
            bytes.splice(at..=at, huge.iter().copied().chain([1]));
            match postcard::from_bytes::<SavedObjects>(&bytes) {
                Ok(saved) => resume_is_whole(&saved, &mut scene.store, &scene.definitions),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > bytes.len(), "most of the bytes announce lengths");
    Ok(())
}

/// Replaces the value of this number in JSON.
fn replace(json: &mut Json, number: &mut usize, with: &Json) {
    if *number == 0 {
        *json = with.clone();
    }
    *number = number.wrapping_sub(1);
    match json {
        Json::Array(list) => list.iter_mut().for_each(|one| replace(one, number, with)),
        Json::Object(map) => map.values_mut().for_each(|one| replace(one, number, with)),
        _ => {}
    }
}

fn small_json() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        Just(json!("Unset")),
        Just(json!([])),
        Just(json!("grunt")),
        Just(json!("unit")),
        Just(json!("orc")),
        (0_u64..8).prop_map(Json::from),
        (0_u64..4, 0_u64..2, 1_u64..4)
            .prop_map(|(row, schema, generation)| { json!(row | generation << 32 | schema << 48) }),
        any::<u64>().prop_map(Json::from),
        (0_u32..5).prop_map(|length| json!({"List": length})),
        any::<u32>().prop_map(|bits| json!({"F32": bits})),
        any::<i64>().prop_map(|number| json!({"Int": number})),
        Just(json!({"Record": {"schema": "orc", "name": "thrall"}})),
        Just(json!({"Map": ["a", "a"]})),
        Just(json!({"Vector": "vec3"})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn changed_bytes_are_resumed_as_a_whole_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut scene = Scene::new().expect("the file is valid");
        let mut bytes = postcard::to_allocvec(&scene.objects.to_saved()).expect("plain data");
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(saved) = postcard::from_bytes::<SavedObjects>(&bytes) {
            resume_is_whole(&saved, &mut scene.store, &scene.definitions);
        }
    }

    #[test]
    fn changed_json_is_resumed_as_a_whole_or_refused(
        edits in prop::collection::vec((0_usize..120, small_json()), 1..4),
    ) {
        let mut scene = Scene::new().expect("the file is valid");
        let mut json = serde_json::to_value(scene.objects.to_saved()).expect("plain data");
        for (mut number, with) in edits {
            replace(&mut json, &mut number, &with);
        }
        if let Ok(saved) = serde_json::from_value::<SavedObjects>(json) {
            resume_is_whole(&saved, &mut scene.store, &scene.definitions);
        }
    }
}
