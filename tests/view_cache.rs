//! Views of stores with many schemas: names are looked up once, through a store, a shared store and a snapshot.

use std::error::Error;
use std::time::{Duration, Instant};

use slotted::view::ViewError;
use slotted::{Kind, Schema, Store, View, record};

type Outcome = Result<(), Box<dyn Error>>;

const SCHEMAS: usize = 5_000;

#[derive(View)]
struct Healths<'a> {
    health: &'a f32,
}

#[derive(View)]
struct Wealths<'a> {
    wealth: &'a f32,
}

#[derive(View)]
struct Misspelt<'a> {
    healht: &'a f32,
}

/// Returns a store in which every second schema has health.
fn store() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    for number in 0..SCHEMAS {
        let schema = Schema::builder(format!("schema {number}")).slot("size", Kind::U8).default(0);
        let schema = match number % 2 {
            0 => schema.slot("health", Kind::F32).default(1.0),
            _ => schema.slot("wealth", Kind::F64).default(1.0),
        };
        store.register_schema(schema.build()?)?;
    }
    store.spawn_record("schema 8", record! {})?;
    Ok(store)
}

/// Checks that many calls take less time than looking the names up anew would.
fn assert_found(what: &str, mut call: impl FnMut()) {
    call();
    let start = Instant::now();
    (0..1_000).for_each(|_| call());
    assert!(start.elapsed() < Duration::from_millis(200), "{what}: {:?}", start.elapsed());
}

#[test]
fn a_shared_store_looks_the_names_of_a_view_up_once() -> Outcome {
    let mut store = store()?;
    let snapshot = store.snapshot();
    for (what, shared) in [("store", &store), ("snapshot", &*snapshot)] {
        assert_found(what, || assert!(shared.view_ref::<Healths>().is_ok()));
        let is_refused = |shared: &Store| {
            matches!(shared.view_ref::<Misspelt>(), Err(ViewError::Undeclared { .. }))
        };
        assert_found(what, || assert!(is_refused(shared)));
        let is_of_another_type = |shared: &Store| {
            matches!(shared.view_ref::<Wealths>(), Err(ViewError::WrongType { .. }))
        };
        assert_found(what, || assert!(is_of_another_type(shared)));
        assert_found(what, || assert!(shared.view_ref_of::<Healths>("schema 8").is_ok()));
        assert_eq!(shared.view_ref::<Healths>()?.count(), 1);
    }
    Ok(())
}

#[test]
fn many_snapshots_of_one_store_share_what_one_of_them_looked_up() -> Outcome {
    let mut store = store()?;
    assert_eq!(store.snapshot().view_ref::<Healths>()?.count(), 1);
    // A snapshot's first read makes tables, so that only the last of these numbers grows with the look-ups.
    let snapshots: Vec<_> = (0..20).map(|_| store.snapshot()).collect();
    snapshots.iter().for_each(|snapshot| assert_eq!(snapshot.len(), 1));
    let mut snapshots = snapshots.iter().cycle();
    assert_found("snapshots", || {
        assert!(snapshots.next().is_some_and(|one| one.view_ref::<Healths>().is_ok()));
    });
    Ok(())
}

#[test]
fn a_new_schema_is_seen_by_the_store_and_not_by_its_snapshots() -> Outcome {
    let mut store = store()?;
    let before = store.snapshot();
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    assert_eq!(before.view_ref::<Healths>()?.count(), 1);
    store.register_schema(Schema::builder("orc").slot("health", Kind::F32).build()?)?;
    let orc = store.spawn_record("orc", record! { health: 2.0 })?;
    let after = store.snapshot();
    for _ in 0..2 {
        assert_eq!(store.view_ref::<Healths>()?.count(), 2);
        assert_eq!(after.view_ref::<Healths>()?.count(), 2);
        assert_eq!(before.view_ref::<Healths>()?.count(), 1);
        assert_eq!(store.view::<Healths>()?.count(), 2);
    }
    assert!(before.view_ref::<Healths>()?.get(orc).is_none());
    assert!(after.view_ref::<Healths>()?.get(orc).is_some());

    // A migration gives one slot another name: stores before and after it read their own columns.
    let renamed = Schema::builder("orc").slot("vigour", Kind::F32).renamed_from("health");
    let plan = store.plan_migration([renamed.build()?])?;
    store.migrate(&plan)?;
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    assert_eq!(after.view_ref::<Healths>()?.count(), 2);

    // So do a transaction that fails and one that does not.
    let elf = || Schema::builder("elf").slot("health", Kind::F32).default(1.0).build();
    let failed = store.transaction(|store| -> Result<(), Box<dyn Error>> {
        store.register_schema(elf()?)?;
        store.spawn_record("elf", record! {})?;
        assert_eq!(store.view_ref::<Healths>()?.count(), 2);
        Err("enough".into())
    });
    assert!(failed.is_err());
    assert_eq!(store.view_ref::<Healths>()?.count(), 1);
    store.transaction(|store| -> Result<(), Box<dyn Error>> {
        store.register_schema(elf()?)?;
        store.spawn_record("elf", record! {})?;
        Ok(())
    })?;
    assert_eq!(store.view_ref::<Healths>()?.count(), 2);
    Ok(())
}

#[test]
fn threads_that_read_a_snapshot_find_the_same_objects() -> Outcome {
    let mut store = store()?;
    let snapshot = store.snapshot();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let snapshot = &snapshot;
            scope.spawn(move || {
                for _ in 0..10 {
                    match number % 2 {
                        0 => assert_eq!(snapshot.view_ref::<Healths>().unwrap().count(), 1),
                        _ => assert!(snapshot.view_ref::<Wealths>().is_err()),
                    }
                }
            });
        }
    });
    Ok(())
}
