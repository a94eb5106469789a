//! Memory of snapshots. Dropped ones free it all (fault 36), and a registration copies little of what they share.
//! A separate program, because it counts with an allocator of its own.

use std::error::Error;

use bench_support::allocator::{CountingAllocator, added_bytes};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{
    Kind, ObjectId, Schema, Slotted, Snapshot, SnapshotRing, Store, memory::BLOCK_ROWS, record,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const SNAPSHOTS: usize = 10_000;
/// A full block, which is rarely written to, and some rows that change in every snapshot.
const OBJECTS: usize = BLOCK_ROWS + 60;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    shield: Option<u16>,
}

/// Writes some values, despawns an object and spawns one in the last block.
fn frame(store: &mut Store, rng: &mut StdRng) -> Result<(), Box<dyn Error>> {
    let health = store.key::<f32>("unit", "health")?;
    let row = rng.random_range(0..60) + BLOCK_ROWS;
    let id = store.ids().nth(row).ok_or("all are alive")?;
    store.set(id, health, rng.random())?;
    if rng.random_ratio(1, 3) {
        store.despawn(id)?;
        store.spawn(Unit { health: 0.0, shield: Some(rng.random()) })?;
    }
    if rng.random_ratio(1, 500) {
        let first = store.ids().next().ok_or("all are alive")?;
        store.set(first, health, rng.random())?;
    }
    Ok(())
}

/// Takes all snapshots and drops some in between, the rest in random order.
fn live_and_forget(
    store: &mut Store,
    rng: &mut StdRng,
    count: usize,
) -> Result<(), Box<dyn Error>> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for number in 0..count {
        frame(store, rng)?;
        let snapshot = store.snapshot();
        if number % 100 == 0 {
            assert_eq!(snapshot.len(), OBJECTS, "a snapshot stays readable");
            snapshots.push(snapshot.clone());
        }
        snapshots.push(snapshot);
        if rng.random_ratio(1, 4) {
            forget(store, &mut snapshots, rng);
        }
        if rng.random_ratio(1, 50) {
            store.restore(&snapshots[rng.random_range(0..snapshots.len())])?;
        }
    }
    assert!(snapshots.len() > count / 2, "most snapshots exist at the same time");
    while !snapshots.is_empty() {
        forget(store, &mut snapshots, rng);
    }
    Ok(())
}

fn forget(store: &mut Store, snapshots: &mut Vec<Snapshot>, rng: &mut StdRng) {
    if !snapshots.is_empty() {
        let snapshot = snapshots.swap_remove(rng.random_range(0..snapshots.len()));
        match rng.random() {
            true => drop(snapshot),
            false => store.reuse_memory_of(snapshot),
        }
    }
}

/// Frees the memory kept for copies, and shares every block with a snapshot.
fn settle(store: &mut Store) {
    store.release_memory();
    store.advance_epoch();
}

#[test]
fn fault_36_ten_thousand_snapshots_dropped_in_random_order_leave_no_memory_behind()
-> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let ids: Vec<ObjectId> =
        store.spawn_batch([Unit { health: 1.0, shield: None }; OBJECTS])?.collect();
    assert_eq!(ids.len(), OBJECTS);
    let rng = &mut StdRng::seed_from_u64(36);
    // Warm up: the store's own lists reach their final capacity.
    live_and_forget(&mut store, rng, 20)?;
    settle(&mut store);
    let reported = store.memory_report().total();

    let mut outcome = Ok(());
    let left = added_bytes(|| {
        outcome = live_and_forget(&mut store, rng, SNAPSHOTS);
        settle(&mut store);
    });
    outcome?;
    assert_eq!(left, 0, "leaked bytes");
    assert_eq!(store.memory_report().total(), reported);

    // Test the measurement: a kept snapshot must be counted.
    let (mut kept, mut outcome) = (None, Ok(()));
    let added = added_bytes(|| {
        kept = Some(store.snapshot());
        outcome = frame(&mut store, rng);
    });
    outcome?;
    assert!(kept.is_some() && added > 60 * size_of::<f32>(), "{added} bytes");
    Ok(())
}

#[test]
fn fault_36_the_copies_of_a_short_block_stay_short() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let ids: Vec<ObjectId> =
        store.spawn_batch([Unit { health: 1.0, shield: None }; OBJECTS])?.collect();
    let health = store.key::<f32>("unit", "health")?;
    let begin = store.snapshot();
    // The copy of a full block is dropped, and its memory is kept for later copies.
    store.set(ids[0], health, 2.0)?;
    store.restore(&begin)?;
    let mut snapshots = Vec::with_capacity(100);
    let mut outcome = Ok(());
    let added = added_bytes(|| {
        for number in 0..100 {
            outcome = store.set(ids[BLOCK_ROWS], health, number as f32);
            snapshots.push(store.snapshot());
        }
    });
    outcome?;
    // A block reserves a quarter of the table for growth.
    let room = BLOCK_ROWS / 4 * size_of::<f32>();
    assert!(added < 100 * (room + 1000), "{added} bytes for a hundred copies of some rows");
    Ok(())
}

#[test]
fn a_ring_with_a_new_text_in_each_frame_stays_small_and_says_so() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    for number in 0..100_000 {
        store.intern_text(&format!("word {number}"))?;
        store.intern_list(&[number, number])?;
    }
    let mut ring = SnapshotRing::new(60);
    let mut outcome = Ok(());
    let added = added_bytes(|| {
        for frame in 0..60 {
            let text = store.intern_text(&format!("frame {frame}"));
            outcome = text.and(store.intern_list(&[frame])).map(|_| ());
            ring.save(frame, &mut store);
        }
    });
    outcome?;
    let told = ring.heap_bytes(&store);
    assert!(added < 1 << 20, "{added} bytes for sixty frames");
    assert!(told > added * 3 / 4 && told < added * 5 / 4, "{told} bytes told, {added} added");
    Ok(())
}

#[test]
fn snapshots_of_many_schemas_take_the_memory_of_what_was_written() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    for number in 0..5000 {
        let schema = Schema::builder(format!("schema {number}")).slot("number", Kind::U8);
        store.register_schema(schema.build()?)?;
        store.spawn_record(&format!("schema {number}"), record! { number: 1 })?;
    }
    let unit = store.spawn(Unit { health: 1.0, shield: None })?;
    let health = store.key::<f32>("unit", "health")?;
    let mut snapshots = vec![store.snapshot()];
    let mut outcome = Ok(());
    let added = added_bytes(|| {
        for number in 0..20 {
            outcome = store.set(unit, health, number as f32);
            snapshots.push(store.snapshot());
        }
    });
    outcome?;
    assert!(added < 20 * 4000, "{added} bytes for twenty writes");
    Ok(())
}

/// Registers schemas with these numbers, every 16th with the next 15 as its extensions.
fn register(store: &mut Store, numbers: std::ops::Range<u32>) -> Result<(), Box<dyn Error>> {
    for number in numbers {
        let schema = Schema::builder(format!("schema {number}")).slot("x", Kind::U8);
        let schema = match number % 16 {
            0 => schema,
            _ => Schema::builder(format!("schema {number}"))
                .extends(format!("schema {}", number / 16 * 16)),
        };
        store.register_schema(schema.build()?)?;
    }
    Ok(())
}

/// Returns the bytes that stay allocated after registering one schema while a snapshot of `count` schemas lives.
fn bytes_of_a_registration(count: u32) -> Result<usize, Box<dyn Error>> {
    let mut store = Store::new();
    register(&mut store, 0..count)?;
    let before = store.snapshot();
    let mut outcome = Ok(());
    // An extension, so that the base's list of extensions changes too.
    let added = added_bytes(|| outcome = register(&mut store, count..count + 1));
    outcome?;
    let (new, last) = (format!("schema {count}"), format!("schema {}", count - 1));
    assert!(before.schema(&new).is_none() && before.schema(&last).is_some());
    assert!(store.schema(&new).is_some() && store.schema("schema 3").is_some());
    let base = format!("schema {}", count / 16 * 16);
    let known = |store: &Store| store.schemas_of(&base).map(|schemas| schemas.count());
    assert_eq!(known(&store)?, known(&before)? + 1);
    Ok(added)
}

#[test]
fn a_registration_while_a_snapshot_lives_copies_little_of_the_registry()
-> Result<(), Box<dyn Error>> {
    let few = bytes_of_a_registration(100)?;
    for many in [1_000, 8_190] {
        let added = bytes_of_a_registration(many)?;
        assert!(added < few + 16_000, "{added} bytes beside {many} schemas; {few} beside 100");
    }
    Ok(())
}

#[test]
fn a_registration_that_changes_nothing_copies_nothing() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    register(&mut store, 0..1_000)?;
    let before = store.snapshot();
    let equal = Schema::builder("schema 16").slot("x", Kind::U8).build()?;
    let other = Schema::builder("schema 16").slot("x", Kind::U16).build()?;
    let no_base = Schema::builder("orphan").extends("nothing").build()?;
    let twice = Schema::builder("twice").extends("schema 0").slot("x", Kind::U8).build()?;
    let mut outcomes = [false; 5];
    let added = added_bytes(|| {
        outcomes = [
            store.register::<Unit>().is_ok(),
            store.register_schema(equal).is_ok(),
            store.register_schema(other).is_err(),
            store.register_schema(no_base).is_err(),
            store.register_schema(twice).is_err(),
        ];
    });
    assert_eq!(outcomes, [true; 5]);
    assert_eq!(added, 0, "bytes");
    assert_eq!(before.schemas().len(), store.schemas().len());
    Ok(())
}
