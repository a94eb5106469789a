//! `into_store` moves objects with their references and loses no data.

use std::error::Error;

use slotted::{ByName, MapStore, ObjectId, Record, Value, record};
use slotted_definitions::infer::SameData;
use slotted_definitions::infer::{InferenceOptions, MoveError, MovedObjects, into_store};

type Outcome = Result<(), Box<dyn Error>>;

fn slots(moved: &MovedObjects, schema: &str) -> Vec<String> {
    let schema = moved.store.schema(schema).expect("a registered schema");
    schema.slots().iter().map(ToString::to_string).collect()
}

#[test]
fn references_are_translated() -> Outcome {
    let mut map = MapStore::new();
    // A reused row changes ids.
    let gone = map.spawn_record("orc", record! {})?;
    map.despawn(gone)?;
    let ada = map.spawn_record("orc", record! { name: "Ada" })?;
    let tower = map.spawn_record("tower", record! { owner: ada })?;
    let bob = map.spawn_record("orc", record! { name: "Bob", leader: ada, friends: [ada, ada] })?;
    // References forwards, to itself, in a cycle, dead, in lists and in maps.
    map.set_value(ada, "leader", bob.into())?;
    map.set_value(ada, "friends", [bob, ada].into())?;
    map.set_value(ada, "at", tower.into())?;
    map.set_value(bob, "at", bob.into())?;
    map.set_value(bob, "enemy", gone.into())?;
    map.set_value(bob, "orders", Value::from_iter([("guard", tower), ("kill", gone)]))?;

    let old: Vec<Record> =
        [ada, bob].into_iter().map(|id| map.get_record(id)).collect::<Result<_, _>>()?;
    let bytes = map.heap_bytes();
    let moved = into_store(map, &InferenceOptions::default()).map_err(|error| error.to_string())?;
    let (orcs, towers) = (slots(&moved, "orc"), slots(&moved, "tower"));
    assert!(orcs.contains(&"leader: object, optional, references 'orc'".into()), "{orcs:?}");
    assert!(orcs.contains(&"friends: list(object), optional, references 'orc'".into()), "{orcs:?}");
    assert!(orcs.contains(&"at: object, optional".into()), "of two schemas: {orcs:?}");
    assert_eq!(towers, ["owner: object, optional, references 'orc'"]);

    let new = |old| moved.new_id(old).ok_or("it was moved");
    let (new_ada, new_bob, new_tower) = (new(ada)?, new(bob)?, new(tower)?);
    assert_eq!((moved.new_id(gone), moved.ids.len()), (None, 3));
    let get = |id, name| moved.store.get_value(id, name);
    assert_eq!(get(new_ada, "leader")?, new_bob.into());
    assert_eq!(get(new_bob, "leader")?, new_ada.into());
    assert_eq!(get(new_ada, "friends")?, [new_bob, new_ada].into());
    assert_eq!(get(new_ada, "at")?, new_tower.into());
    assert_eq!(get(new_bob, "at")?, new_bob.into());
    assert_eq!(get(new_tower, "owner")?, new_ada.into());
    assert!(old.iter().all(|record| record.get("name").is_some()), "the old objects are intact");
    assert_eq!((get(new_ada, "name")?, get(new_bob, "name")?), ("Ada".into(), "Bob".into()));

    let dead: Vec<_> = moved
        .dead_references
        .iter()
        .map(|dead| (dead.object, &*dead.attribute, dead.found))
        .collect();
    assert_eq!(dead, [(new_bob, "enemy", gone), (new_bob, "orders.kill", gone)]);
    let orders = Value::from_iter([("guard", Value::from(new_tower))]);
    assert_eq!(get(new_bob, "orders")?, orders);
    assert_eq!((moved.report.objects, moved.report.bytes_before), (3, bytes));
    assert!(moved.report.to_string().ends_with("; 2 dead references"), "{}", moved.report);
    moved.store.validate().map_err(|problems| format!("{problems:?}"))?;
    Ok(())
}

#[test]
fn a_list_with_a_dead_reference_is_a_leftover() -> Outcome {
    let mut map = MapStore::new();
    let gone = map.spawn_record("orc", record! {})?;
    let ada = map.spawn_record("orc", record! {})?;
    let bob = map.spawn_record("orc", record! { friends: [ada, gone], bag: [[1]] })?;
    map.set_value(ada, "friends", [bob].into())?;
    map.despawn(gone)?;
    let moved = into_store(map, &InferenceOptions::default())?;
    let new: Vec<ObjectId> = [ada, bob].into_iter().filter_map(|id| moved.new_id(id)).collect();
    assert_eq!(moved.store.get_value(new[0], "friends")?, [new[1]].into());
    assert!(moved.store.get_value(new[1], "friends")?.is_unset());
    let rest = record! { friends: [Value::from(new[0]), Value::Unset] };
    assert_eq!(moved.leftovers, [(new[1], rest)]);
    assert_eq!(moved.dead_references.len(), 1);
    Ok(())
}

#[test]
fn references_in_unions_and_in_elements_of_lists_are_translated() -> Outcome {
    let mut map = MapStore::new();
    let gone = map.spawn_record("orc", record! {})?;
    let map_of = |parts: [(&str, Value); 2]| Value::from_iter(parts);
    let mut orcs = Vec::new();
    for at in 0..20_i64 {
        let last = orcs.last().copied().unwrap_or(gone);
        let effect = match at % 2 {
            0 => map_of([("type", "heal".into()), ("amount", at.into())]),
            _ => map_of([("type", "hit".into()), ("target", last.into())]),
        };
        let goal = if at % 3 == 0 { Value::from(last) } else { at.into() };
        let drop = map_of([("item", last.into()), ("count", at.into())]);
        orcs.push(map.spawn_record("orc", record! { effect, goal, drops: [drop] })?);
    }
    // A dead reference in a variant, in one of several sorts, and in an element of a list.
    map.set_value(orcs[5], "effect", map_of([("type", "hit".into()), ("target", gone.into())]))?;
    map.set_value(orcs[6], "goal", gone.into())?;
    map.despawn(gone)?;
    let before = map.clone();
    let moved = into_store(map, &InferenceOptions::default()).map_err(|error| error.to_string())?;
    let slots = slots(&moved, "orc");
    for slot in [
        "effect@type: enum(heal, hit)",
        "effect@hit.target: object, optional, references 'orc'",
        "effect@hit.target?: bool, optional",
        "goal|text: object, optional, references 'orc'",
        "drops[].item: list(object), optional, references 'orc'",
    ] {
        assert!(slots.contains(&slot.to_owned()), "{slot}: {slots:?}");
    }
    let new = |old: ObjectId| moved.new_id(old).ok_or("it was moved");
    for (old, last) in orcs[1..].iter().zip(&orcs) {
        let back = moved.store.get_record(new(*old)?)?;
        let back = moved.store.schema("orc").ok_or("no schema")?.gather(&back);
        let (Some(Value::Map(effect)), Some(Value::List(drops))) =
            (back.get("effect"), back.get("drops"))
        else {
            panic!("{back:?}");
        };
        match before.get_value(*old, "effect")? {
            Value::Map(parts) if parts[0].1 == "hit".into() && *old != orcs[5] => {
                assert_eq!(effect[1].1, new(*last)?.into());
            }
            Value::Map(parts) if *old != orcs[5] => assert!(effect[1].1.is_same_data(&parts[1].1)),
            _ => assert_eq!(**effect, [("type".into(), Value::from("hit"))]),
        }
        let Value::Map(drop) = &drops[0] else { panic!("{drops:?}") };
        assert_eq!(drop[0], ("item".into(), new(*last)?.into()));
    }
    let dead: Vec<_> =
        moved.dead_references.iter().map(|dead| (dead.object, &*dead.attribute)).collect();
    let expected = [(orcs[5], "effect.target"), (orcs[6], "goal"), (orcs[0], "drops.item")];
    for (old, attribute) in expected {
        assert!(dead.contains(&(new(old)?, attribute)), "{attribute}: {dead:?}");
    }
    // The list of the first one is left over.
    assert!(moved.leftovers.iter().all(|(object, _)| Ok(*object) == new(orcs[0])));
    moved.store.validate().map_err(|problems| format!("{problems:?}"))?;
    Ok(())
}

#[test]
fn nothing_is_lost() -> Outcome {
    let mut map = MapStore::new();
    for number in 0..200_i64 {
        let mut object =
            record! { number, name: format!("object {number}"), half: number as f64 / 2.0 };
        object.push("mixed", if number == 3 { Value::from("three") } else { number.into() });
        if number % 2 == 0 {
            object.push("nested", Value::from_iter([("a", number)]));
            object.push("bad\u{202e}name", number);
        }
        map.spawn_record("thing", object)?;
    }
    let before = map.clone();
    let moved = into_store(map, &InferenceOptions::default())?;
    assert_eq!(
        slots(&moved, "thing"),
        [
            "number: u16",
            "name: text",
            "half: f32",
            "mixed|: enum(number, text)",
            "nested.a: u16, optional, needed in nested",
            "mixed|number: u16, optional",
            "mixed|text: text, optional",
        ]
    );
    for (old, new) in &moved.ids {
        let mut back = moved.store.get_record(*new)?;
        let rest = moved.leftovers.iter().find(|(object, _)| object == new);
        back.extend(rest.map(|(_, rest)| rest.clone()).unwrap_or_default());
        let schema = moved.store.schema("thing").ok_or("no schema")?;
        assert!(back.is_same_data(&schema.spread(&before.get_record(*old)?)));
    }
    assert_eq!(moved.report.leftovers, 100);
    assert!(moved.report.bytes_after < moved.report.bytes_before / 2, "{}", moved.report);
    Ok(())
}

#[test]
fn a_failed_move_returns_the_map_store() -> Outcome {
    let mut map = MapStore::new();
    let ada = map.spawn_record("", record! { name: "Ada" })?;
    let error =
        into_store(map, &InferenceOptions::default()).expect_err("the schema name is empty");
    assert!(matches!(error.error, MoveError::Schema(_)));
    assert!(error.to_string().starts_with("invalid name \"\""));
    assert_eq!(error.store.get_value(ada, "name")?, "Ada".into());
    Ok(())
}
