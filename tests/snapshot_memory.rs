//! Fault 36: what snapshots take they give back. A program of its own, because it counts the bytes of
//! every thread.

use std::error::Error;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{BLOCK_ROWS, EntityId, Slotted, Snapshot, Store};

#[path = "../examples/compare/allocator.rs"]
mod allocator;

const SNAPSHOTS: usize = 10_000;
/// A whole block, which is hardly ever written to, and some rows that are in every snapshot.
const OBJECTS: usize = BLOCK_ROWS + 60;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    shield: Option<u16>,
}

/// Some writes, a death and a birth in the last block.
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

/// Takes all snapshots and drops some on the way, the rest in random order.
fn live_and_forget(store: &mut Store, rng: &mut StdRng) -> Result<(), Box<dyn Error>> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for number in 0..SNAPSHOTS {
        frame(store, rng)?;
        let snapshot = store.snapshot();
        if number % 100 == 0 {
            assert_eq!(snapshot.len(), OBJECTS, "a snapshot that is read keeps a store");
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
    assert!(snapshots.len() > SNAPSHOTS / 2);
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
            false => store.recycle(snapshot),
        }
    }
}

/// Gives back what is kept for the next copies, and lets no block be owned by the store alone.
fn settle(store: &mut Store) {
    store.release_memory();
    store.advance_epoch();
}

#[test]
fn fault_36_ten_thousand_snapshots_dropped_in_random_order_leave_no_memory_behind()
-> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let ids: Vec<EntityId> =
        store.spawn_batch([Unit { health: 1.0, shield: None }; OBJECTS])?.collect();
    assert_eq!(ids.len(), OBJECTS);
    let rng = &mut StdRng::seed_from_u64(36);
    // Lists get the room that they have from then on.
    frame(&mut store, rng)?;
    store.restore(&store.clone().snapshot()).expect_err("it is another store's");
    let begin = store.snapshot();
    frame(&mut store, rng)?;
    store.restore(&begin)?;
    drop(begin);
    settle(&mut store);
    let reported = store.memory_report().total();

    let mut outcome = Ok(());
    let left = allocator::added_bytes(|| {
        outcome = live_and_forget(&mut store, rng);
        settle(&mut store);
    });
    outcome?;
    assert_eq!(left, 0, "bytes are left");
    assert_eq!(store.memory_report().total(), reported);

    // The measure itself: a snapshot that is kept is seen.
    let (mut kept, mut outcome) = (None, Ok(()));
    let added = allocator::added_bytes(|| {
        kept = Some(store.snapshot());
        outcome = frame(&mut store, rng);
    });
    outcome?;
    assert!(kept.is_some() && added > 60 * size_of::<f32>(), "{added} bytes");
    Ok(())
}
