//! Reserved ids and transactions: all changes, or none that anybody can see.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use slotted::{Kind, Schema, SnapshotError, SpawnError, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::U8).default(50).range(0..=100);
    let unit = unit.slot("name", Kind::Text).default("");
    store.register_schema(
        unit.slot("friend", Kind::Object).references("unit").optional().build()?,
    )?;
    store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    Ok(store)
}

#[test]
fn reserved_objects_refer_to_one_another_across_schemas_and_holes() -> Outcome {
    let mut store = store()?;
    let gone = store.spawn_record("unit", record! {})?;
    store.spawn_record("unit", record! {})?;
    store.despawn(gone)?;
    let mut reserved = store.reserve_ids(["unit", "tile", "unit"])?;
    let ids = reserved.ids().to_vec();
    assert_eq!((ids[0].row(), ids[0].generation()), (gone.row(), 3), "the lowest free row");
    reserved.write_record(0, &record! { friend: ids[2] })?;
    reserved.write_record(1, &record! { height: 1.5 })?;
    reserved.write_record(2, &record! { friend: ids[0], name: "Ada" })?;
    assert!(!reserved.store().contains(ids[0]));
    assert_eq!(reserved.spawn()?, ids);
    assert_eq!(store.get_value(ids[0], "friend")?, ids[2].into());
    assert_eq!(store.get_value(ids[2], "name")?, "Ada".into());
    assert_eq!((store.len_of("unit")?, store.len_of("tile")?), (3, 1));
    Ok(())
}

#[test]
fn a_refused_write_names_all_problems_and_inserts_nothing() -> Outcome {
    let mut store = store()?;
    let stray = store.spawn_record("tile", record! { height: 0.0 })?;
    let (before, next) = (store.state_hash(), store.clone().spawn_record("unit", record! {})?);
    let mut reserved = store.reserve_ids(["unit", "tile"])?;
    let own = reserved.ids()[0];
    let error = reserved.write_record(0, &record! { health: 101, friend: stray }).unwrap_err();
    let SpawnError::Rejected(rejection) = &error else { panic!("{error}") };
    assert!(rejection.problems().iter().all(|problem| problem.record == Some(0)));
    assert_eq!(rejection.problems().len(), 2, "{error}");
    for bad in [record! { mana: 1 }, record! { health: 1, health: 2 }, record! { health: "full" }] {
        assert!(reserved.write_record(0, &bad).is_err(), "{bad:?}");
    }
    reserved.write_record(0, &record! { name: "never seen", friend: own })?;
    let error = reserved.spawn().unwrap_err();
    assert!(error.to_string().contains("needs a value for slot 'height'"), "{error}");
    assert_eq!((store.state_hash(), store.len()), (before, 1));
    assert_eq!(store.find_text("never seen"), None);
    assert_eq!(store.spawn_record("unit", record! {})?, next, "no row was used");
    Ok(())
}

#[test]
fn an_object_is_never_half_of_two_writes() -> Outcome {
    let mut store = store()?;
    let mut reserved = store.reserve_ids(["unit"])?;
    reserved.write_record(0, &record! { health: 1, name: "first" })?;
    assert!(reserved.write_record(0, &record! { health: 2, name: 7 }).is_err());
    let ids = reserved.spawn()?;
    assert_eq!(store.get_record(ids[0])?, record! { health: 50, name: "" });
    Ok(())
}

#[test]
fn ids_are_reserved_for_all_schemas_or_none() -> Outcome {
    let mut store = store()?;
    assert!(matches!(store.reserve_ids(["unit", "orc"]), Err(SpawnError::UnknownSchema { .. })));
    let ids = store.reserve_ids(["unit"])?.ids().to_vec();
    assert!(!store.contains(ids[0]), "dropped without `spawn`");
    assert_eq!(store.spawn_record("unit", record! {})?, ids[0]);
    Ok(())
}

#[test]
fn a_failed_transaction_leaves_the_store_as_it_was() -> Outcome {
    let mut store = store()?;
    let unit = store.spawn_record("unit", record! { name: "Ada" })?;
    let before = store.state_hash();
    let changes = |store: &mut Store| -> Result<(), Box<dyn Error>> {
        store.set_value(unit, "health", 1)?;
        store.spawn_record("unit", record! { name: "new" })?;
        store.register_schema(Schema::builder("orc").slot("rage", Kind::F32).build()?)?;
        let next = Schema::builder("unit").slot("hp", Kind::U16).renamed_from("health");
        let plan = store.plan_migration([next.build()?])?;
        store.migrate(&plan)?;
        store.despawn(unit)?;
        Err("changed my mind".into())
    };
    assert_eq!(store.transaction(changes).unwrap_err().to_string(), "changed my mind");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|store| -> Result<(), Box<dyn Error>> {
            changes(store).unwrap_err();
            panic!("halfway")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((store.state_hash(), store.len()), (before, 1));
    assert!(store.schema("orc").is_none() && store.find_text("new").is_none());
    assert_eq!(store.get_value(unit, "health")?, 50.into());
    Ok(())
}

#[test]
fn snapshots_cross_a_transaction_but_do_not_leave_one() -> Outcome {
    let mut store = store()?;
    let unit = store.spawn_record("unit", record! {})?;
    let (identity, before) = (store.identity(), store.snapshot());
    let mut inside = None;
    let failed = store.transaction(|store| -> Result<(), Box<dyn Error>> {
        store.set_value(unit, "name", "a text that the store forgets")?;
        inside = Some(store.snapshot());
        Err("no".into())
    });
    assert!(failed.is_err());
    // Its texts have handles that this store gives to others.
    store.set_value(unit, "name", "another text")?;
    let inside = inside.ok_or("taken")?;
    assert_eq!(store.restore(&inside), Err(SnapshotError::OtherStore));
    assert_eq!(inside.get_value(unit, "name")?, "a text that the store forgets".into());

    store.transaction(|store| store.set_value(unit, "health", 7))?;
    assert_eq!(store.get_value(unit, "health")?, 7.into());
    assert_eq!(store.identity(), identity);
    store.restore(&before)?;
    assert_eq!(store.get_value(unit, "health")?, 50.into());
    Ok(())
}

/// A migration can make a schema extend one that was registered after it.
#[test]
fn schemas_without_objects_keep_bases_that_came_later() -> Outcome {
    let mut store = Store::new();
    let base = || Schema::builder("base").slot("health", Kind::U8).default(1);
    store.register_schema(Schema::builder("unit").slot("age", Kind::U8).build()?)?;
    let next = Schema::builder("unit").extends("base").slot("age", Kind::U8);
    let plan = store.plan_migration([next.build()?, base().build()?])?;
    store.migrate(&plan)?;
    let mut trial = store.without_objects();
    let unit = trial.spawn_record("unit", record! { age: 7 })?;
    assert_eq!(trial.get_value(unit, "health")?, 1.into());
    assert_eq!((store.len(), trial.len_of("base")?), (0, 1));
    Ok(())
}
