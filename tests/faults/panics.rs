//! Faults 27 to 29: user code that panics or leaks memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use slotted::{
    Kind, ObjectId, Record, Schema, Slotted, Store, Value, View, memory::BLOCK_ROWS, record,
};

use crate::{Dump, MANY, Outcome, UNIT, dump, many_units, store};

#[derive(View)]
struct Healthy<'a> {
    health: &'a mut f32,
}

fn panics(work: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err(), "the user's code panics");
}

fn full_store() -> Store {
    let mut store = store();
    store.spawn_batch(many_units()).expect("the units are right");
    store
}

fn healths(store: &Store) -> Vec<f32> {
    let health = store.key::<f32>("unit", "health").expect("there is such a slot");
    store.ids_of("unit").expect("a schema").filter_map(|id| store.get(id, health)).collect()
}

/// Checks that the store works as if nothing had failed.
fn assert_usable(mut store: Store) -> Outcome {
    let len = store.len();
    store.view::<Healthy>()?.for_each(|unit| *unit.health = 2.0);
    assert!(healths(&store).iter().all(|health| *health == 2.0));
    let ids: Vec<ObjectId> = store.spawn_batch([UNIT; 100])?.collect();
    assert_eq!(store.len(), len + 100);
    store.despawn_batch(&ids)?;
    store.clear();
    store.release_memory();
    assert!(store.is_empty());
    assert_eq!(store.spawn(UNIT)?.row(), 0);
    Ok(())
}

/// Checks that only values before the panic have changed.
fn assert_half_done(store: Store, changed: usize) -> Outcome {
    let expected: Vec<f32> =
        (0..MANY).map(|row| (row % 500) as f32 + if row < changed { 1.0 } else { 0.0 }).collect();
    assert_eq!(healths(&store), expected);
    assert_usable(store)
}

#[test]
fn fault_27_a_panic_in_for_each_leaves_the_store_usable() -> Outcome {
    let mut store = full_store();
    let mut visited = 0;
    panics(|| {
        store.view::<Healthy>().expect("a view").for_each(|unit| {
            assert!(visited < MANY - 300, "user code");
            visited += 1;
            *unit.health += 1.0;
        });
    });
    assert_half_done(store, MANY - 300)
}

#[test]
fn fault_27_a_panic_in_for_each_run_leaves_the_store_usable() -> Outcome {
    let mut store = full_store();
    let mut visited = 0;
    panics(|| {
        store.view::<Healthy>().expect("a view").for_each_run(|run| {
            assert!(visited < 2, "user code");
            visited += 1;
            run.health.iter_mut().for_each(|health| *health += 1.0);
        });
    });
    assert_half_done(store, 2 * BLOCK_ROWS)
}

#[test]
fn fault_27_a_panic_in_a_loop_over_a_view_leaves_the_store_usable() -> Outcome {
    let mut store = full_store();
    panics(|| {
        for (number, unit) in store.view::<Healthy>().expect("a view").iter().enumerate() {
            assert!(number < 5, "user code");
            *unit.health += 1.0;
        }
    });
    assert_half_done(store, 5)
}

#[cfg(feature = "rayon")]
#[test]
fn fault_27_a_panic_in_par_for_each_reaches_the_caller_and_leaves_the_store_usable() -> Outcome {
    let mut store = full_store();
    panics(|| {
        store.view::<Healthy>().expect("a view").par_for_each(|unit| {
            assert!(*unit.health < 499.0, "user code");
            *unit.health = 2.0;
        });
    });
    let kept = |row: usize, health: f32| health == 2.0 || health == (row % 500) as f32;
    assert!(healths(&store).into_iter().enumerate().all(|(row, health)| kept(row, health)));
    assert_usable(store)
}

#[cfg(feature = "rayon")]
#[test]
fn fault_27_a_panic_in_par_for_each_run_leaves_the_store_usable() -> Outcome {
    let mut store = full_store();
    panics(|| {
        let view = store.view::<Healthy>().expect("a view");
        view.par_for_each_run(|run| assert_eq!(run.health.len(), BLOCK_ROWS, "user code"));
    });
    assert_usable(store)
}

/// Creates a store with holes, so that batches get scattered rows.
fn store_with_holes() -> (Store, Dump) {
    let mut store = full_store();
    let ids: Vec<ObjectId> = store.ids().step_by(3).collect();
    store.despawn_batch(&ids).expect("all are alive");
    let before = dump(&store);
    (store, before)
}

#[test]
fn fault_27_a_batch_whose_iterator_panics_is_absent() -> Outcome {
    for last in [0, 1, 127, 128, 1000, MANY] {
        let (mut store, before) = store_with_holes();
        panics(|| {
            let units = (0..).map(|number| {
                assert!(number < last, "user code");
                UNIT
            });
            let _ = store.spawn_batch(units);
        });
        assert_eq!(dump(&store), before);
        assert_usable(store)?;
    }
    Ok(())
}

#[test]
fn fault_27_records_whose_iterator_panics_are_absent() -> Outcome {
    for last in [0, 1, MANY] {
        let (mut store, before) = store_with_holes();
        panics(|| {
            let records = (0..).map(|number| {
                assert!(number < last, "user code");
                record! { position: [0.0; 3], name: format!("unit {number}") }
            });
            let _ = store.spawn_records("unit", records);
        });
        assert_eq!(dump(&store), before);
        assert_usable(store)?;
    }
    Ok(())
}

#[test]
fn fault_27_texts_of_a_batch_whose_iterator_panics_are_forgotten() {
    let mut store = store();
    panics(|| {
        let records = (0..).map(|number| {
            assert!(number < 3, "user code");
            record! { position: [0.0; 3], name: format!("unit {number}") }
        });
        let _ = store.spawn_records("unit", records);
    });
    assert_eq!(store.find_text("unit 0"), None);
}

#[test]
fn fault_28_a_schema_whose_default_panics_is_absent() -> Outcome {
    fn broken() -> f32 {
        panic!("user code")
    }
    #[derive(Slotted, Clone, Copy)]
    struct Broken {
        #[slot(default = broken())]
        value: f32,
    }
    let mut store = full_store();
    let before = dump(&store);
    panics(|| {
        let _ = store.register::<Broken>();
    });
    assert!(store.schema("broken").is_none());
    assert!(store.spawn(Broken { value: 1.0 }).is_err());
    assert_eq!(dump(&store), before);
    store.register_schema(Schema::builder("broken").slot("value", Kind::F32).build()?)?;
    assert_usable(store)
}

struct Bomb;

impl From<Bomb> for Value {
    fn from(_: Bomb) -> Self {
        panic!("user code")
    }
}

#[test]
fn fault_28_an_object_whose_conversion_panics_is_absent() -> Outcome {
    let mut store = full_store();
    let first = store.ids().next().expect("an object");
    let before = dump(&store);
    panics(|| {
        let _ = store.set_value(first, "health", Bomb);
    });
    panics(|| {
        let _ = store.spawn_record("unit", record! { position: [0.0; 3], name: Bomb });
    });
    panics(|| {
        let names = [Some("a"), Some("b"), None];
        let records = names.into_iter().map(|name| match name {
            Some(name) => record! { position: [0.0; 3], name },
            None => [("name", Bomb)].into_iter().collect::<Record>(),
        });
        let _ = store.spawn_records("unit", records);
    });
    assert_eq!(dump(&store), before);
    assert_usable(store)
}

#[test]
fn fault_29_leaked_views_and_iterators_do_no_harm() -> Outcome {
    let mut store = full_store();
    let health = store.key::<f32>("unit", "health")?;
    let before = dump(&store);
    std::mem::forget(store.view::<Healthy>()?);
    let mut runs = store.view::<Healthy>()?.runs();
    assert!(runs.next().is_some());
    std::mem::forget(runs);
    let mut units = store.view::<Healthy>()?.into_iter();
    assert!(units.next().is_some());
    std::mem::forget(units);
    let mut column_runs = store.column(health)?.runs();
    assert!(column_runs.next().is_some());
    std::mem::forget(column_runs);
    assert_eq!(dump(&store), before);
    assert_usable(store)
}

#[test]
fn fault_29_leaked_ids_of_a_batch_do_no_harm() -> Outcome {
    let (mut store, _) = store_with_holes();
    let len = store.len();
    std::mem::forget(store.spawn_batch(many_units())?);
    let mut spawned = store.spawn_batch(many_units())?;
    assert!(spawned.next().is_some());
    std::mem::forget(spawned);
    std::mem::forget(store.spawn_records("tile", [record! { height: 0.0 }])?);
    assert_eq!(store.len(), len + 2 * MANY + 1);
    assert_eq!(store.ids().count(), len + 2 * MANY + 1);
    assert_usable(store)
}
