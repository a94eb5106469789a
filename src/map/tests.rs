//! Tests of the whole `MapStore`.

use super::*;
use crate::record;

type Spawned = Result<ObjectId, SpawnError>;

fn spawn(store: &mut impl ByName, record: Record) -> ObjectId {
    store.spawn_record("unit", record).unwrap()
}

/// Every call that takes an id and can fail.
fn refused_everywhere(store: &mut MapStore, id: ObjectId) {
    let (despawned, gone) = (Despawned { id }, AccessError::Despawned { id });
    let key = store.key("health");
    let length = store.len();
    assert!(!store.contains(id));
    assert_eq!(store.get(id, key), None);
    assert_eq!(store.get_mut(id, key), None);
    assert_eq!(store.set(id, key, 1), Err(gone.clone()));
    assert_eq!(store.set(id, AttributeKey(u32::MAX), 1), Err(gone.clone()));
    assert_eq!(store.get_value(id, "health"), Err(gone.clone()));
    assert_eq!(store.get_value(id, "unknown"), Err(gone.clone()));
    for value in [1.into(), Value::Unset] {
        assert_eq!(store.set_value(id, "health", value.clone()), Err(gone.clone()));
        assert_eq!(store.set_value(id, "unknown", value), Err(gone.clone()));
    }
    assert_eq!(store.get_record(id), Err(despawned));
    assert_eq!(store.schema_name(id), Err(despawned));
    assert_eq!(store.despawn(id), Err(despawned));
    assert!(store.ids().all(|living| living != id));
    assert_eq!(store.len(), length);
}

#[test]
fn any_attribute_is_accepted_at_any_time() {
    let mut store = MapStore::new();
    let ada = store.spawn_record("person", record! { name: "Ada", age: 41 }).unwrap();
    store.set_value(ada, "height", 170.into()).unwrap();
    store.set_value(ada, "age", "unknown".into()).unwrap();
    assert_eq!(store.get_value(ada, "height"), Ok(170.into()));
    assert_eq!(store.get_value(ada, "age"), Ok("unknown".into()));
}

#[test]
fn unset_removes_an_attribute() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { a: 1, b: Value::Unset, c: 3 });
    assert_eq!(store.get_record(id), Ok(record! { a: 1, c: 3 }));
    store.set_value(id, "a", Value::Unset).unwrap();
    store.set_value(id, "never there", Value::Unset).unwrap();
    assert_eq!(store.get_record(id), Ok(record! { c: 3 }));
    let c = store.key("c");
    *store.get_mut(id, c).unwrap() = Value::Unset;
    assert_eq!(store.get(id, c), None);
    assert_eq!(store.get_record(id), Ok(record! {}));
    assert!(store.get_value(id, "c").is_err());
    store.set(id, c, 4).unwrap();
    assert_eq!(store.get_record(id), Ok(record! { c: 4 }));
}

#[test]
fn an_absent_attribute_is_an_error_with_a_suggestion() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { health: 1 });
    spawn(&mut store, record! { wealth: 1 });
    let unit = "unit".into();
    let error = |name: &str, near: Option<&str>| {
        Err(AccessError::undeclared(&unit, name, near.map(Into::into).into()))
    };
    assert_eq!(store.get_value(id, "helth"), error("helth", Some("health")));
    assert_eq!(store.get_value(id, "mass"), error("mass", None));
}

#[test]
fn equal_attributes_in_another_order_are_found() {
    let mut store = MapStore::new();
    let ids = [record! { a: 1, b: 2 }, record! { b: 2, a: 1 }, record! { b: 2 }]
        .map(|record| spawn(&mut store, record));
    store.set_value(ids[2], "a", 1.into()).unwrap();
    for id in ids {
        assert_eq!(store.get_value(id, "a"), Ok(1.into()));
        assert_eq!(store.get_value(id, "b"), Ok(2.into()));
    }
}

#[test]
fn keys_and_names_reach_the_same_values() {
    let mut store = MapStore::new();
    let (a, b) = (store.key("a"), store.key("b"));
    let id = spawn(&mut store, record! { a: 1 });
    assert_eq!(store.get(id, b), None);
    store.set(id, b, 2).unwrap();
    *store.get_mut(id, a).unwrap() = 3.into();
    assert_eq!(store.get_record(id), Ok(record! { a: 3, b: 2 }));
    store.set(id, a, Value::Unset).unwrap();
    assert_eq!(store.get_record(id), Ok(record! { b: 2 }));
    assert_eq!(store.key("a"), a);
}

#[test]
fn a_key_of_another_store_is_refused() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { a: 1 });
    let foreign = AttributeKey(u32::MAX);
    assert_eq!(store.get(id, foreign), None);
    assert_eq!(store.get_mut(id, foreign), None);
    assert!(matches!(store.set(id, foreign, 1), Err(AccessError::Rejected(_))));
    assert!(store.iter().all(|object| object.get(foreign).is_none()));
    assert!(store.iter_mut().all(|mut object| object.get_mut(foreign).is_none()));
    assert_eq!(store.get_record(id), Ok(record! { a: 1 }));
}

#[test]
fn iteration_visits_each_living_object_once() {
    let mut store = MapStore::new();
    let key = store.key("n");
    let ids: Vec<_> = (0..10).map(|n| spawn(&mut store, record! { n: n })).collect();
    ids.iter().step_by(3).for_each(|id| store.despawn(*id).unwrap());
    for mut object in store.iter_mut() {
        let Some(Value::Int(n)) = object.get_mut(key) else { panic!("all have it") };
        *n += 100;
        assert!(object.get(key).is_some());
    }
    let mut seen: Vec<_> =
        store.iter().map(|object| (object.id(), object.get(key).unwrap().clone())).collect();
    seen.sort_by_key(|(id, _)| *id);
    let living = ids.iter().enumerate().filter(|(n, _)| n % 3 != 0);
    let expected: Vec<_> = living.map(|(n, id)| (*id, (n as i64 + 100).into())).collect();
    assert_eq!(seen, expected);
    assert_eq!(store.ids().count(), store.len());
}

#[test]
fn ids_and_objects_come_in_the_order_of_rows() {
    let mut store = MapStore::new();
    let ids: Vec<_> = (0..5).map(|_| spawn(&mut store, record! {})).collect();
    store.despawn(ids[1]).unwrap();
    assert!(store.ids().map(ObjectId::row).eq([0, 2, 3, 4]));
    assert!(store.iter().map(|object| object.id()).eq(store.ids()));
}

#[test]
fn clear_leaves_ids_stale_and_keys_valid() {
    let mut store = MapStore::new();
    let key = store.key("health");
    let ids: Vec<_> = (0..3).map(|health| spawn(&mut store, record! { health })).collect();
    store.despawn(ids[1]).unwrap();
    store.clear();
    assert!(store.is_empty() && store.iter().next().is_none());
    let new: Vec<_> = (0..3).map(|health| spawn(&mut store, record! { health })).collect();
    assert!(new.iter().all(|id| store.get(*id, key).is_some()));
    ids.into_iter().for_each(|id| refused_everywhere(&mut store, id));
}

#[test]
fn a_name_is_remembered_as_the_schema() {
    let mut store = MapStore::new();
    let orc = store.spawn_record("orc", record! {}).unwrap();
    let elf = store.spawn_record("elf", record! {}).unwrap();
    let another = store.spawn_record("orc", record! {}).unwrap();
    assert_eq!((orc.schema().index(), elf.schema().index(), another.schema().index()), (0, 1, 0));
    assert_eq!(store.schema_name(elf), Ok("elf"));
}

#[test]
fn objects_without_and_with_many_attributes() {
    let mut store = MapStore::new();
    let none = spawn(&mut store, record! {});
    let name = |number: i64| format!("attribute {number:03}");
    let many: Record = (0..500).map(|number| (name(number), number)).collect();
    let spawned = spawn(&mut store, many.clone());
    let grown = spawn(&mut store, record! {});
    for number in 0..500 {
        store.set_value(grown, &name(number), number.into()).unwrap();
    }
    assert_eq!(store.get_record(spawned), Ok(many.clone()));
    assert_eq!(store.get_record(grown), Ok(many));
    for number in (0..500).rev() {
        store.set_value(grown, &name(number), Value::Unset).unwrap();
    }
    assert_eq!(store.get_record(grown), Ok(record! {}));
    assert_eq!(store.get_record(none), Ok(record! {}));
}

#[test]
fn fault_01_a_stale_id_is_refused_by_every_call() {
    let mut store = MapStore::new();
    let old = spawn(&mut store, record! { health: 1 });
    store.despawn(old).unwrap();
    refused_everywhere(&mut store, old);
    let new = spawn(&mut store, record! { health: 2 });
    refused_everywhere(&mut store, old);
    assert_eq!(store.get_record(new), Ok(record! { health: 2 }));
}

#[test]
fn fault_02_a_used_up_generation_retires_the_row() {
    let mut store = MapStore::new();
    let first = spawn(&mut store, record! {});
    let mut last = first;
    while last.generation() < u16::MAX {
        store.despawn(last).unwrap();
        last = spawn(&mut store, record! {});
        assert_eq!(last.row(), first.row());
    }
    store.despawn(last).unwrap();
    let next = spawn(&mut store, record! {});
    assert_eq!((next.row(), next.generation()), (1, 1));
    refused_everywhere(&mut store, first);
    refused_everywhere(&mut store, last);
    store.clear();
    assert_eq!(spawn(&mut store, record! {}).row(), 1, "the row stays retired");
}

#[test]
fn fault_04_forged_ids_are_refused() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { health: 1 });
    store.spawn_record("orc", record! { health: 2 }).unwrap();
    let (row, generation) = (id.row(), id.generation());
    let mut forged = vec![
        ObjectId::new(SchemaId(0), u32::MAX, generation),
        ObjectId::new(SchemaId(1), row, generation),
        ObjectId::new(SchemaId(u16::MAX), row, generation),
        ObjectId::new(SchemaId(0), row, u16::MAX),
    ];
    forged.extend(ObjectId::from_bits(u64::MAX));
    forged.into_iter().for_each(|id| refused_everywhere(&mut store, id));
    assert_eq!(store.get_record(id), Ok(record! { health: 1 }));
}

#[test]
fn fault_06_a_second_despawn_is_an_error() {
    let mut store = MapStore::new();
    let ids: Vec<_> = (0..3).map(|health| spawn(&mut store, record! { health })).collect();
    assert_eq!(store.despawn(ids[1]), Ok(()));
    assert_eq!(store.despawn(ids[1]), Err(Despawned { id: ids[1] }));
    let new = [spawn(&mut store, record! {}), spawn(&mut store, record! {})];
    assert_ne!(new[0], new[1], "the row is free once");
    assert_eq!(store.len(), 4);
}

#[test]
fn fault_09_duplicates_are_refused_and_nothing_is_inserted() {
    let mut store = MapStore::new();
    let names = |error: Spawned| match error {
        Err(SpawnError::Rejected(rejection)) => {
            let problems = rejection.problems().iter();
            let problems =
                problems.inspect(|problem| assert_eq!(problem.kind, ProblemKind::Duplicate));
            problems.map(|problem| problem.slot.to_string()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let twice = record! { a: 1, b: 2, a: 1, b: 3, a: 4 };
    assert_eq!(names(store.spawn_record("other", twice)), ["a", "b", "a"]);
    let unset = record! { a: Value::Unset, a: 1 };
    assert_eq!(names(store.spawn_record("other", unset)), ["a"]);
    let many = (0..100).map(|number| (format!("{}", number % 99), number));
    assert_eq!(names(store.spawn_record("other", many.collect())), ["0"]);
    assert!(store.is_empty() && store.ids().next().is_none());
    assert_eq!(spawn(&mut store, record! {}).schema().index(), 0, "the schema was not taken");
}

#[test]
fn fault_15_the_schemas_past_the_limit_are_refused() {
    let mut store = MapStore::new();
    for number in 0..u16::MAX {
        store.schemas.intern(&number.to_string());
    }
    assert!(store.spawn_record("65534", record! {}).is_ok());
    assert!(matches!(store.spawn_record("65535", record! {}), Err(SpawnError::Limit(_))));
    assert_eq!(store.len(), 1);
}

#[test]
fn fault_16_nan_stays_bit_exact() {
    let mut store = MapStore::new();
    let nan = f32::from_bits(0x7fa0_1234);
    let id = spawn(&mut store, record! { nan });
    let Ok(Value::F32(found)) = store.get_value(id, "nan") else { panic!("it was set") };
    assert_eq!(found.to_bits(), nan.to_bits());
}

#[test]
fn fault_17_minus_zero_is_kept() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { minus: -0.0 });
    assert_eq!(store.get_value(id, "minus"), Ok((-0.0).into()));
    assert_ne!(store.get_value(id, "minus"), Ok(0.0.into()));
    store.set_value(id, "minus", 0.0.into()).unwrap();
    assert_ne!(store.get_value(id, "minus"), Ok((-0.0).into()));
}

#[test]
fn fault_15_the_rows_past_the_limit_are_refused() {
    let mut store = MapStore::new();
    store.rows.most = 2;
    let ids = [spawn(&mut store, record! { a: 1 }), spawn(&mut store, record! { a: 2 })];
    let error = store.spawn_record("unit", record! { a: 3 }).unwrap_err();
    assert_eq!(error, LimitError::Rows { schema: "unit".into(), limit: 2 }.into());
    assert!(store.ids().eq(ids));
    store.despawn(ids[0]).unwrap();
    assert_eq!(spawn(&mut store, record! { a: 3 }).row(), 0);
}

#[test]
fn attributes_keep_the_order_of_insertion() {
    let mut store = MapStore::new();
    let id = spawn(&mut store, record! { c: 1, a: 2, b: 3 });
    store.set_value(id, "c", Value::Unset).unwrap();
    store.set_value(id, "d", 4.into()).unwrap();
    store.set_value(id, "a", 5.into()).unwrap();
    store.set_value(id, "c", 6.into()).unwrap();
    assert_eq!(store.get_record(id), Ok(record! { a: 5, b: 3, d: 4, c: 6 }));
}

/// Regression: the empty shape was mistaken for a removed one, which has no keys either.
#[test]
fn empty_records_keep_the_empty_shape_after_a_sweep() {
    let mut store = MapStore::new();
    let first = spawn(&mut store, record! { first: 1 });
    store.despawn(first).unwrap();
    for number in 0..1000 {
        let record = [(format!("{number}"), number)].into_iter().collect();
        let id = store.spawn_record("other", record).unwrap();
        store.despawn(id).unwrap();
    }
    let empty = spawn(&mut store, record! {});
    for number in 0..1000 {
        let record = [(format!("{number}"), number)].into_iter().collect();
        store.spawn_record("other", record).unwrap();
    }
    assert_eq!(store.get_record(empty), Ok(record! {}));
    store.set_value(empty, "999", 1.into()).unwrap();
    assert_eq!(store.get_record(empty), Ok(record! { "999": 1 }));
}
