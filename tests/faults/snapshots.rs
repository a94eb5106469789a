//! Faults 8, 34 and 35: restoring snapshots.

use std::sync::mpsc::{self, Receiver};

use slotted::error::DespawnBatchError;
use slotted::glam::Vec3;
use slotted::{
    Kind, ObjectId, Schema, Slotted, Snapshot, SnapshotError, SnapshotRing, SpawnError, Store,
    View, memory::BLOCK_ROWS, record,
};

use crate::handles::refused_by_every_call;
use crate::{MANY, Outcome, UNIT, Unit, dead, dump, many_units, store, store_of, unit_with};

#[derive(View)]
struct Health<'a> {
    #[allow(dead_code)]
    health: &'a f32,
}

#[test]
fn fault_08_an_id_from_a_future_that_was_rolled_back_is_refused_by_every_call() -> Outcome {
    let mut store = store();
    store.spawn_batch([UNIT; 3])?;
    let before = store.snapshot();
    let future: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    store.restore(&before)?;
    // The calls also spawn a unit, which gets the first of these ids.
    for id in [future[1], future[BLOCK_ROWS], future[MANY - 1]] {
        refused_by_every_call(&mut store, id)?;
        store.restore(&before)?;
    }
    Ok(())
}

#[test]
fn fault_08_an_id_of_a_row_that_was_reused_in_the_future_is_refused() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch([UNIT; 3])?.collect();
    let before = store.snapshot();
    store.despawn(ids[1])?;
    let future = store.spawn(unit_with(7.0))?;
    assert_eq!(future.row(), ids[1].row());
    store.restore(&before)?;
    refused_by_every_call(&mut store, future)?;
    assert_eq!(store.get_object::<Unit>(ids[1])?, UNIT);
    Ok(())
}

#[test]
fn fault_08_an_id_of_a_schema_that_was_registered_in_the_future_is_refused() -> Outcome {
    let mut store = store();
    let before = store.snapshot();
    store.register_schema(Schema::builder("ship").extends("unit").build()?)?;
    let ship = || record! { position: Vec3::ZERO, name: "late" };
    let future: Vec<ObjectId> = store.spawn_records("ship", [ship(), ship()])?.collect();
    store.restore(&before)?;
    refused_by_every_call(&mut store, future[1])?;
    assert_eq!(store.len_of("ship"), Ok(0));
    assert_eq!(store.spawn_record("ship", ship())?, future[0], "the schema still has its name");
    Ok(())
}

/// Numbers that let a reader detect torn writes.
#[derive(Slotted, Clone, Copy)]
struct Stamp {
    frame: u32,
    product: u64,
    shield: Option<u32>,
}

#[derive(View)]
struct StampMut<'a> {
    id: ObjectId,
    frame: &'a mut u32,
    product: &'a mut u64,
    shield: slotted::view::OptionMut<'a, u32>,
}

#[derive(View)]
struct StampRef<'a> {
    id: ObjectId,
    frame: &'a u32,
    product: &'a u64,
    shield: Option<&'a u32>,
}

fn product(frame: u32, id: ObjectId) -> u64 {
    u64::from(frame + 1) * (id.to_bits() | 1)
}

/// Even frames set the shields, odd frames unset them.
fn shield(frame: u32) -> Option<u32> {
    frame.is_multiple_of(2).then_some(frame)
}

/// Writes a frame to all objects. Each frame despawns another tenth of them and spawns replacements.
fn write_frame(store: &mut Store, frame: u32) -> Outcome {
    let dead: Vec<ObjectId> = store.ids().skip(frame as usize % 10).step_by(10).collect();
    store.despawn_batch(&dead)?;
    let newborn = Stamp { frame: u32::MAX, product: 0, shield: None };
    store.spawn_batch(vec![newborn; dead.len()])?;
    let single = store.ids().last().ok_or("the store is empty")?;
    let frames = store.key::<u32>("stamp", "frame")?;
    store.view::<StampMut>()?.for_each(|mut stamp| {
        *stamp.frame = frame;
        *stamp.product = product(frame, stamp.id);
        stamp.shield.set(shield(frame));
    });
    // Write the same value by key too.
    store.set(single, frames, u32::MAX)?;
    store.set(single, frames, frame)?;
    Ok(())
}

/// Checks all values of a snapshot of this frame.
fn assert_unchanged(snapshot: &Snapshot, frame: u32) {
    let mut seen = 0;
    for stamp in snapshot.view_ref::<StampRef>().expect("the kinds are right").iter() {
        let found = (*stamp.frame, *stamp.product, stamp.shield.copied());
        assert_eq!(found, (frame, product(frame, stamp.id), shield(frame)), "{}", stamp.id);
        seen += 1;
    }
    assert_eq!((seen, snapshot.len()), (MANY, MANY), "all objects of frame {frame}");
}

/// Checks each snapshot on arrival, and again after several later ones.
fn read_frames(frames: &Receiver<(u32, Snapshot)>) -> usize {
    let (mut held, mut read) = (Vec::new(), 0);
    while let Ok((frame, snapshot)) = frames.recv() {
        assert_unchanged(&snapshot, frame);
        held.push((frame, snapshot));
        if held.len() == 5 {
            held.iter().for_each(|(frame, snapshot)| assert_unchanged(snapshot, *frame));
            held.drain(..3);
        }
        read += 1;
    }
    held.iter().for_each(|(frame, snapshot)| assert_unchanged(snapshot, *frame));
    read
}

#[test]
fn fault_34_readers_on_other_threads_see_unchanged_values_while_the_store_is_written() -> Outcome {
    const FRAMES: u32 = 24;
    const READERS: usize = 3;
    let mut store = Store::new();
    store.register::<Stamp>()?;
    store.spawn_batch(vec![Stamp { frame: 0, product: 0, shield: None }; MANY])?;
    std::thread::scope(|scope| -> Outcome {
        let (readers, threads): (Vec<_>, Vec<_>) = (0..READERS)
            .map(|_| {
                let (sender, frames) = mpsc::channel();
                (sender, scope.spawn(move || read_frames(&frames)))
            })
            .unzip();
        for frame in 0..FRAMES {
            write_frame(&mut store, frame)?;
            let snapshot = store.snapshot();
            for reader in &readers {
                reader.send((frame, snapshot.clone()))?;
            }
            if frame % 5 == 4 {
                // The readers still hold the snapshots of the frames undone here.
                write_frame(&mut store, frame + 1000)?;
                store.restore(&snapshot)?;
            }
            store.reuse_memory_of(snapshot);
        }
        drop(readers);
        for thread in threads {
            assert_eq!(thread.join().expect("the reader found no torn values"), FRAMES as usize);
        }
        Ok(())
    })
}

/// A change of a store, which returns the ids it handed out.
type Change = fn(&mut Store) -> Result<Vec<ObjectId>, Box<dyn std::error::Error>>;

fn spawn_two_blocks(store: &mut Store) -> Result<Vec<ObjectId>, Box<dyn std::error::Error>> {
    Ok(store.spawn_batch(many_units())?.collect())
}

const CHANGES: &[(&str, Change)] = &[
    ("spawn", |store| Ok(vec![store.spawn(UNIT)?, store.spawn(unit_with(3.0))?])),
    ("batch", spawn_two_blocks),
    ("records", |store| {
        let tile = |number: usize| record! { height: number as f64, ground: "rock" };
        Ok(store.spawn_records("tile", (0..50).map(tile))?.collect())
    }),
    ("despawn", |store| {
        let doomed: Vec<ObjectId> = store.ids().step_by(3).collect();
        doomed.iter().try_for_each(|id| store.despawn(*id))?;
        Ok(doomed)
    }),
    ("row reuse", |store| {
        let doomed: Vec<ObjectId> = store.ids_of("unit")?.step_by(2).collect();
        store.despawn_batch(&doomed)?;
        Ok(store.spawn_batch((0..doomed.len() + 100).map(|n| unit_with(n as f32 % 9.0)))?.collect())
    }),
    ("retired rows", |store| {
        // Each row has two generations, so two rounds exhaust all rows.
        let mut ids = Vec::new();
        for _ in 0..2 {
            store.clear_of("unit")?;
            ids.extend(store.spawn_batch([UNIT; 300])?);
        }
        Ok(ids)
    }),
    ("clear", |store| {
        store.clear();
        store.release_memory();
        Ok(store.spawn_batch([UNIT; 5])?.collect())
    }),
    ("values", |store| {
        let (health, position) =
            (store.key::<f32>("unit", "health")?, store.key::<Vec3>("unit", "position")?);
        store.column_mut(health)?.for_each_run(|run| run.fill(1.5));
        let ids: Vec<ObjectId> = store.ids_of("unit")?.collect();
        for pair in ids.windows(2).step_by(100) {
            store.set(pair[0], position, Vec3::NEG_ONE)?;
            store.set_value(pair[0], "target", pair[1])?;
            store.set_value(pair[1], "name", "renamed")?;
        }
        Ok(Vec::new())
    }),
    ("a refused batch", |store| {
        let refused = store.spawn_batch(many_units().chain([unit_with(-1.0)])).err();
        assert!(matches!(refused, Some(SpawnError::Rejected(_))));
        let ids: Vec<ObjectId> = store.ids().collect();
        if let Some(first) = ids.first() {
            let twice: Vec<ObjectId> = ids.iter().chain([first]).copied().collect();
            assert_eq!(
                store.despawn_batch(&twice),
                Err(DespawnBatchError::Repeated { id: *first })
            );
        }
        Ok(Vec::new())
    }),
    ("a new schema", |store| {
        let ship = Schema::builder("ship").extends("unit").slot("crew", slotted::Kind::U8);
        store.register_schema(ship.build()?)?;
        let ship = || record! { position: Vec3::ZERO, name: "new", crew: 3 };
        Ok(store.spawn_records("ship", (0..70).map(|_| ship()))?.collect())
    }),
];

/// Returns initial worlds: empty, few objects, many objects with holes, and retired rows.
fn beginnings() -> Result<Vec<Store>, Box<dyn std::error::Error>> {
    let limited = || store_of(|limits| limits.generations_per_row = 2);
    let mut few = limited();
    few.spawn_batch([UNIT; 5])?;
    few.spawn_record("tile", record! { height: 2.0 })?;
    let mut holed = limited();
    let ids: Vec<ObjectId> = holed.spawn_batch(many_units())?.collect();
    let dead: Vec<ObjectId> = ids.iter().skip(60).step_by(9).copied().collect();
    holed.despawn_batch(&dead)?;
    let mut retired = holed.clone();
    for _ in 0..2 {
        let reused: Vec<ObjectId> = retired.spawn_batch([UNIT; 40])?.collect();
        retired.despawn_batch(&reused)?;
    }
    Ok(vec![limited(), few, holed, retired])
}

fn assert_equal_worlds(store: &Store, expected: &Store, what: &str) {
    let (mut found, mut expected) = (dump(store), dump(expected));
    // Schemas stay registered.
    found.schemas.clear();
    expected.schemas.clear();
    assert!(found == expected, "{what}");
}

#[test]
fn fault_35_a_rollback_restores_the_world_and_its_next_ids() -> Outcome {
    for (number, beginning) in beginnings()?.into_iter().enumerate() {
        for (name, change) in CHANGES {
            let what = format!("world {number}, {name}");
            let mut store = beginning.clone();
            let snapshot = store.snapshot();
            let hash = store.state_hash();
            let ids = change(&mut store)?;
            let future = store.clone();

            store.restore(&snapshot)?;
            assert_equal_worlds(&store, &beginning, &what);
            assert_eq!(store.state_hash(), hash, "{what}");
            assert_eq!(change(&mut store)?, ids, "the same calls give the same ids: {what}");
            assert_equal_worlds(&store, &future, &what);
            assert_eq!(store.state_hash(), future.clone().state_hash(), "{what}");

            store.restore(&snapshot)?;
            store.restore(&snapshot)?;
            assert_equal_worlds(&store, &beginning, &what);
            assert_equal_worlds(&snapshot, &beginning, &what);
        }
    }
    Ok(())
}

/// Restores snapshots forwards and backwards, in any order.
#[test]
fn fault_35_a_store_restores_any_of_its_snapshots() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 40);
    let (mut snapshots, mut worlds) = (Vec::new(), Vec::new());
    for (_, change) in CHANGES {
        change(&mut store)?;
        snapshots.push(store.snapshot());
        worlds.push((store.clone(), store.state_hash()));
    }
    for step in 0..40 {
        let at = step * 7 % CHANGES.len();
        store.restore(&snapshots[at])?;
        assert_equal_worlds(&store, &worlds[at].0, CHANGES[at].0);
        assert_eq!(store.state_hash(), worlds[at].1);
        assert_eq!(snapshots[at].state_hash(), worlds[at].1);
        // Changes to one snapshot's store must not reach another snapshot.
        CHANGES[step % CHANGES.len()].1(&mut store)?;
    }
    Ok(())
}

#[test]
fn fault_35_a_snapshot_of_another_store_is_refused() -> Outcome {
    let mut store = store();
    store.spawn_batch([UNIT; 3])?;
    let mut other = store.clone();
    let foreign = other.snapshot();
    store.spawn(UNIT)?;
    let before = dump(&store);
    assert_eq!(store.restore(&foreign), Err(SnapshotError::OtherStore));
    assert_eq!(
        slotted::snapshot::changes(&store.snapshot(), &foreign),
        Err(SnapshotError::OtherStore)
    );
    store.reuse_memory_of(foreign);
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_35_a_rolled_back_despawn_revives_the_id() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 1);
    let id = store.spawn(UNIT)?;
    let before = store.snapshot();
    store.despawn(id)?;
    assert_eq!(store.despawn(id), Err(dead(id)));
    assert_ne!(store.spawn(UNIT)?.row(), id.row(), "the row is retired");
    store.restore(&before)?;
    assert_eq!(store.get_object::<Unit>(id)?, UNIT);
    assert_eq!(store.despawn(id), Ok(()));
    Ok(())
}

/// `changed_since` on a snapshot's view found no changes, because the snapshot's columns had no change marks.
#[test]
fn fault_34_a_snapshot_reports_the_same_changes_as_its_store() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    let epoch = store.advance_epoch();
    store.set_value(ids[0], "health", 2.0)?;
    store.spawn(UNIT)?;
    let snapshot = store.snapshot();
    let living = store.view_ref::<Health>()?.changed_since(epoch).count();
    assert_eq!(snapshot.view_ref::<Health>()?.changed_since(epoch).count(), living);
    assert!(living > 0);

    store.set_value(ids[0], "health", 3.0)?;
    let since = store.view_ref::<Health>()?.changed_since(snapshot.epoch()).count();
    assert!(since > 0 && since <= BLOCK_ROWS);
    assert_eq!(snapshot.view_ref::<Health>()?.changed_since(snapshot.epoch()).count(), 0);
    Ok(())
}

#[test]
fn fault_35_a_ring_without_the_frame_says_so_and_changes_nothing() -> Outcome {
    let mut store = store();
    let mut ring = SnapshotRing::new(2);
    ring.save(u64::MAX, &mut store);
    let id = store.spawn(UNIT)?;
    assert_eq!(ring.restore(77, &mut store), Err(SnapshotError::NoFrame { frame: 77 }));
    assert!(store.contains(id));
    ring.restore(u64::MAX, &mut store)?;
    assert_eq!((store.len(), ring.newest()), (0, Some(u64::MAX)), "the frame itself is kept");
    Ok(())
}

/// The cached hash stayed after registering a schema that an unchecked reference named.
#[test]
fn fault_35_the_hash_follows_when_a_schema_is_registered() -> Outcome {
    let mut store = Store::new();
    let link = Schema::builder("link").slot("to", Kind::Object).optional();
    store.register_schema(link.build()?)?;
    let id = store.spawn_record("link", record! {})?;
    let to = store.key::<Option<ObjectId>>("link", "to")?;
    let future = ObjectId::from_bits(1 << 48 | 1 << 32).ok_or("an id")?;
    assert!(store.column_mut(to)?.set(id, Some(future)));
    store.state_hash();
    store.register_schema(Schema::builder("other").slot("size", Kind::U8).build()?)?;
    let hash = store.state_hash();
    assert_eq!(store.snapshot().to_store().state_hash(), hash);
    assert_eq!(store.clone().state_hash(), hash);
    Ok(())
}
