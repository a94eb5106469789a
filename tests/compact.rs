//! Compacted stores: the same objects in neighboring rows, with other ids.

use std::error::Error;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::memory::{BLOCK_ROWS, MovedIds};
use slotted::{
    Kind, LimitError, Limits, List, ObjectId, Schema, Slotted, Store, Text, View, record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    number: u32,
    shield: Option<u8>,
    name: Text,
    leader: Option<ObjectId>,
    friends: List<ObjectId>,
}

#[derive(View)]
struct Numbers<'a> {
    number: &'a u32,
}

/// Spawns units and orcs that refer to one another, and despawns some at random.
fn world(objects: usize, seed: u64) -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut store = Store::new();
    store.register::<Unit>()?;
    store
        .register_schema(Schema::builder("orc").extends("unit").slot("rage", Kind::F32).build()?)?;
    let mut ids: Vec<ObjectId> = Vec::new();
    for number in 0..objects as u32 {
        let other = |rng: &mut StdRng| match ids.len() {
            0 => None,
            len => Some(ids[rng.random_range(0..len)]),
        };
        let (leader, friends) = (other(&mut rng), [other(&mut rng), other(&mut rng)]);
        let friends: Vec<ObjectId> = friends.into_iter().flatten().collect();
        let friends = store.intern_list(&friends)?;
        let name = store.intern_text(&format!("unit {number}"))?;
        let shield = rng.random_ratio(1, 3).then_some(number as u8);
        let unit = Unit { number, shield, name, leader, friends };
        let id = match rng.random_ratio(1, 4) {
            false => store.spawn(unit)?,
            true => {
                let id = store.spawn_record(
                    "orc",
                    record! { number, name: "", friends: [0_u64; 0], rage: 1.0 },
                )?;
                store.set_object(id, unit)?;
                id
            }
        };
        ids.push(id);
    }
    let (dead, living) = ids.into_iter().partition::<Vec<_>, _>(|_| rng.random_ratio(1, 2));
    store.despawn_batch(&dead)?;
    Ok((store, living))
}

/// Asserts that the objects are the same, apart from their ids.
fn assert_moved(before: &Store, after: &Store, ids: &[ObjectId], moved: &MovedIds) -> Outcome {
    assert_eq!(after.len(), ids.len());
    for id in ids {
        let new = moved.new_id(*id);
        assert_eq!(after.contains(*id), new == *id, "an old id is dead");
        let (old, new) = (before.get_object::<Unit>(*id)?, after.get_object::<Unit>(new)?);
        let friends = |store: &Store, unit: Unit| {
            store.resolve_list(unit.friends).map(<[ObjectId]>::to_vec).unwrap_or_default()
        };
        let expected: Vec<_> =
            friends(before, old).into_iter().map(|id| moved.new_id(id)).collect();
        assert_eq!(friends(after, new), expected);
        let leader = old.leader.map(|leader| moved.new_id(leader));
        assert_eq!(new, Unit { leader, friends: new.friends, ..old });
    }
    Ok(())
}

#[test]
fn objects_become_neighbors_and_references_follow_them() -> Outcome {
    for (objects, seed) in [(0, 1), (1, 2), (2, 3), (70, 4), (3 * BLOCK_ROWS, 5)] {
        let (mut store, ids) = world(objects, seed)?;
        let before = store.clone();
        let moved = store.compact()?;
        assert_moved(&before, &store, &ids, &moved)?;
        for schema in ["unit", "orc"] {
            let rows: Vec<u32> =
                store.ids_of(slotted::exactly(schema))?.map(ObjectId::row).collect();
            assert!(rows.into_iter().eq(0..store.len_of(slotted::exactly(schema))? as u32));
        }
        assert!(
            moved.iter().all(|(old, new)| old.row() > new.row() && old.schema() == new.schema())
        );
        assert_eq!(store.compact()?, MovedIds::default(), "nothing is left to do");
        assert_eq!(store.validate(), Ok(()));
    }
    Ok(())
}

#[test]
fn memory_comes_back_afterwards() -> Outcome {
    let (mut store, _) = world(4 * BLOCK_ROWS, 6)?;
    store.release_memory();
    let of_values = |store: &Store| -> usize {
        let schemas = store.memory_report().schemas;
        schemas.iter().flat_map(|schema| &schema.slots).map(|slot| slot.reserved).sum()
    };
    let before = of_values(&store);
    store.compact()?;
    store.release_memory();
    let after = of_values(&store);
    assert!(after < before * 3 / 4, "{before} bytes before, {after} after");
    Ok(())
}

#[test]
fn fault_15_a_full_pool_of_lists_changes_nothing() -> Outcome {
    let mut limits = Limits::default();
    limits.list_bytes = 2 * (40 + 8);
    let mut store = Store::with_limits(limits);
    store.register::<Unit>()?;
    let unit =
        |number, friends| Unit { number, shield: None, name: Text::EMPTY, leader: None, friends };
    let gone = store.spawn(unit(0, List::EMPTY))?;
    let first = store.spawn(unit(1, List::EMPTY))?;
    let last = store.spawn(unit(2, List::EMPTY))?;
    for (id, friend) in [(first, last), (last, first)] {
        let friends = store.intern_list(&[friend])?;
        store.set_object(id, unit(id.row(), friends))?;
    }
    store.despawn(gone)?;
    let before = store.state_hash();
    assert_eq!(store.compact(), Err(LimitError::List { limit: 96 }));
    assert_eq!(store.state_hash(), before);
    assert!(store.contains(first) && store.contains(last));
    Ok(())
}

#[test]
fn retired_rows_stay_unused_and_snapshots_keep_their_ids() -> Outcome {
    let mut limits = Limits::default();
    limits.generations_per_row = 1;
    let mut store = Store::with_limits(limits);
    store.register::<Unit>()?;
    let unit = |number| Unit {
        number,
        shield: None,
        name: Text::EMPTY,
        leader: None,
        friends: List::EMPTY,
    };
    let ids: Vec<_> = store.spawn_batch((0..100).map(unit))?.collect();
    store.despawn_batch(&ids[..50])?;
    assert_eq!(store.compact()?.iter().len(), 0, "all free rows are retired");

    let (mut store, ids) = world(500, 7)?;
    let snapshot = store.snapshot();
    store.track_changes("unit", "number")?;
    let epoch = store.advance_epoch();
    let moved = store.compact()?;
    let changed = store.view_ref::<Numbers>()?.changed_since(epoch).count();
    assert_eq!(changed, moved.iter().len(), "only what moved was written");
    store.restore(&snapshot)?;
    assert!(ids.iter().all(|id| store.contains(*id)));
    Ok(())
}
