//! Tests the batches of parallel loops.

use std::error::Error;

use slotted::{Kind, Schema, Slotted, Store, ThreadPool, View, memory::BLOCK_ROWS, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: i64,
    velocity: i64,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut i64,
    velocity: &'a i64,
}

fn unit(velocity: i64) -> Unit {
    Unit { position: 0, velocity }
}

/// A pool with this many threads that notes how many items it gets.
struct Counting(usize, std::cell::Cell<usize>);

impl ThreadPool for Counting {
    fn threads(&self) -> usize {
        self.0
    }

    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        self.1.set(items.len());
        items.into_iter().map(work).collect()
    }
}

#[test]
fn few_objects_are_divided_among_all_threads() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn_batch((0..1000).map(unit))?;
    for (threads, batch, expected) in [
        (2, None, 8),
        (1, None, 4),
        (0, None, 4),
        (2, Some(64), 16),
        (2, Some(0), 16),
        (2, Some(500), 2),
    ] {
        let pool = Counting(threads, std::cell::Cell::new(0));
        let view = store.view::<Moving>()?;
        let view = if let Some(size) = batch { view.batch_size(size) } else { view };
        view.par_for_each_on(&pool, |unit| *unit.position += *unit.velocity);
        assert_eq!(pool.1.get(), expected, "{threads} threads, batches of {batch:?}");
    }
    Ok(())
}

#[test]
fn batches_have_no_more_objects_than_a_block_and_none_is_empty() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let count = 2 * BLOCK_ROWS as i64 + 100;
    let ids: Vec<_> = store.spawn_batch((0..count).map(unit))?.collect();
    // The first block has living objects only in its rows 0 to 63 and 129.
    let is_dead = |row: &usize| (64..BLOCK_ROWS).contains(row) && *row != 129;
    for row in (0..BLOCK_ROWS).filter(is_dead) {
        store.despawn(ids[row])?;
    }
    let few = BLOCK_ROWS / 64 + 2;
    for (batch, expected) in [
        (1, 2 + few),
        (64, 2 + few),
        (65, 2 + BLOCK_ROWS / 128 + 1),
        (BLOCK_ROWS - 64, 1 + 2 + 1),
        (BLOCK_ROWS, 3),
        (usize::MAX, 3),
    ] {
        let pool = Counting(2, std::cell::Cell::new(0));
        let visited = std::sync::Mutex::new(Vec::new());
        store.view::<Moving>()?.batch_size(batch).par_for_each_run_on(&pool, |run| {
            visited.lock().unwrap().extend(run.velocity.iter().copied());
        });
        assert_eq!(pool.1.get(), expected, "batches of {batch}");
        let all: Vec<_> = store.view::<Moving>()?.iter().map(|unit| *unit.velocity).collect();
        assert_eq!(visited.into_inner()?, all, "batches of {batch}");
    }
    Ok(())
}

#[test]
fn batches_have_their_size_and_visit_each_object_once_in_order() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let drone = Schema::builder("drone").slot("velocity", Kind::I64).slot("position", Kind::I64);
    store.register_schema(drone.build()?)?;
    let ids: Vec<_> = store.spawn_batch((1..BLOCK_ROWS as i64 + 100).map(unit))?.collect();
    for velocity in 0..50 {
        store.spawn_record("drone", record! { position: 0, velocity: -velocity - 1 })?;
    }
    for row in (0..BLOCK_ROWS).filter(|row| row % 3 == 0) {
        store.despawn(ids[row])?;
    }
    let all: Vec<_> = store.view::<Moving>()?.iter().map(|unit| *unit.velocity).collect();
    let unmoved = store.snapshot();
    for size in [1, 64, 1000, usize::MAX] {
        store.restore(&unmoved)?;
        let batches = store.view::<Moving>()?.batch_size(size).batches();
        let (last, others) = batches.split_last().expect("there are objects");
        assert!(others.iter().all(|batch| batch.len() == size), "batches of {size}");
        assert!((1..=size).contains(&last.len()), "batches of {size}");
        let mut visited = Vec::new();
        let mut visit = |unit: Moving<'_>| {
            *unit.position += *unit.velocity;
            visited.push(*unit.velocity);
        };
        for mut batch in batches {
            let len = batch.len();
            batch.next().map(&mut visit);
            assert_eq!(batch.len(), len - 1, "batches of {size}");
            // `for_each` folds, and starts in the middle of a run.
            batch.for_each(&mut visit);
        }
        assert_eq!(visited, all, "batches of {size}");
        let mut moved = store.view::<Moving>()?;
        assert!(moved.iter().all(|unit| *unit.position == *unit.velocity), "batches of {size}");
    }
    Ok(())
}

#[test]
fn a_narrowed_view_has_batches_of_what_it_visits() -> Outcome {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.track_changes("unit", "position")?;
    let ids: Vec<_> = store.spawn_batch((0..1000).map(unit))?.collect();
    let before = store.snapshot();
    let key = store.key::<i64>("unit", "position")?;
    for id in &ids[300..310] {
        store.set(*id, key, 1)?;
    }
    let changed = |store: &mut Store| -> Result<Vec<usize>, Box<dyn Error>> {
        let view = store.view::<Moving>()?.changed_since(before.epoch());
        Ok(view.batch_size(4).batches().iter().map(ExactSizeIterator::len).collect())
    };
    assert_eq!(changed(&mut store)?, [4, 4, 2]);
    let batches = store.view::<Moving>()?.where_set("position")?.batches();
    assert_eq!(batches.iter().map(ExactSizeIterator::len).sum::<usize>(), 1000);
    store.clear();
    assert!(store.view::<Moving>()?.batches().is_empty());
    Ok(())
}
