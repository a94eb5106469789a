//! Faults 20 to 25: memory.

use slotted::bytemuck::{Pod, Zeroable};
use slotted::glam::Vec3;
use slotted::{
    Kind, LimitError, ObjectId, Schema, SchemaError, Slotted, SpawnError, Store, View,
    memory::BLOCK_ROWS, record,
};

use crate::{MANY, Outcome, UNIT, Unit, dump, many_units, refusal, store, store_of, unit_with};

#[test]
fn fault_20_reserving_more_than_the_limit_is_an_error() -> Outcome {
    let mut store = store();
    store.spawn_batch([UNIT; 10])?;
    let before = dump(&store);
    let full = LimitError::Rows { schema: "unit".into(), limit: u32::MAX };
    for rows in [usize::MAX, usize::MAX / 2, u32::MAX as usize, u32::MAX as usize - 9] {
        assert_eq!(store.try_reserve("unit", rows), Err(full.clone().into()));
    }
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_20_a_reserved_batch_needs_no_more_memory() -> Outcome {
    let mut store = store();
    store.try_reserve("unit", MANY)?;
    assert!(store.is_empty());
    let reserved = store.memory_report().schemas[0].slots.clone();
    store.spawn_batch(many_units())?;
    let used = store.memory_report().schemas[0].slots.clone();
    let bytes = |slots: &[slotted::memory::SlotMemory]| -> Vec<usize> {
        slots.iter().map(|slot| slot.reserved).collect()
    };
    assert_eq!(bytes(&reserved), bytes(&used));
    Ok(())
}

/// A full table takes 16 PiB, more than 64-bit machines can address.
#[cfg(target_pointer_width = "64")]
#[test]
fn fault_21_try_reserve_returns_an_error_if_allocation_fails() -> Outcome {
    let slots = (0..1024).map(|slot| format!("s{slot}"));
    let huge = slots.fold(Schema::builder("huge"), |schema, slot| {
        schema
            .slot(slot, Kind::Array(slotted::schema::NumberKind::F64, 512))
            .default(vec![0.0; 512])
    });
    let mut store = store();
    store.register_schema(huge.build()?)?;
    store.spawn(UNIT)?;
    let before = dump(&store);
    let rows = u32::MAX as usize;
    let none = SpawnError::Limit(LimitError::Memory { schema: "huge".into(), rows });
    assert_eq!(store.try_reserve("huge", rows), Err(none));
    assert_eq!(dump(&store), before);
    store.try_reserve("huge", 1)?;
    store.spawn_record("huge", record! {})?;
    Ok(())
}

#[test]
fn fault_21_a_refused_reservation_keeps_no_memory() -> Outcome {
    let mut store = store();
    let array = Kind::Array(slotted::schema::NumberKind::F64, 512);
    let huge = (0..1024).fold(Schema::builder("huge"), |schema, slot| {
        schema.slot(format!("s{slot}"), array.clone()).default(vec![0.0; 512])
    });
    store.register_schema(huge.build()?)?;
    let before = store.memory_report().total();
    assert!(store.try_reserve("huge", u32::MAX as usize).is_err());
    assert_eq!(store.memory_report().total(), before);
    Ok(())
}

#[derive(Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Nothing {}

#[derive(Zeroable, Clone, Copy)]
#[repr(C, align(16))]
struct Aligned {
    words: [u64; 2],
}

#[test]
fn fault_22_a_zero_size_value_is_refused_at_run_time_too() {
    let schema = Schema::builder("odd").slot("nothing", Kind::pod::<Nothing>());
    assert!(matches!(schema.clone().build(), Err(SchemaError::KindError { .. })));
    assert_eq!(
        refusal(schema.build()),
        "slot 'nothing' of schema 'odd' cannot be stored: a user type has 1 to 4096 bytes, not 0"
    );
    let empty =
        Schema::builder("odd").slot("none", Kind::Array(slotted::schema::NumberKind::U8, 0));
    assert!(matches!(empty.build(), Err(SchemaError::KindError { .. })));
    let empty = Schema::builder("odd").slot("none", Kind::enumeration::<&str>([]));
    assert!(matches!(empty.build(), Err(SchemaError::KindError { .. })));
}

#[test]
fn fault_23_values_aligned_to_sixteen_bytes_are_stored_aligned() -> Outcome {
    #[derive(slotted::SlotValue, Pod, Zeroable, Clone, Copy, Debug, PartialEq)]
    #[repr(C, align(16))]
    struct Wide {
        words: [u64; 2],
    }
    #[derive(Slotted, Clone, Copy)]
    struct Holder {
        small: u8,
        wide: Wide,
    }
    #[derive(View)]
    struct Wides<'a> {
        wide: &'a Wide,
    }
    assert_eq!(align_of::<Aligned>(), align_of::<Wide>());
    let mut store = Store::new();
    store.register::<Holder>()?;
    let holder = |number| Holder { small: 1, wide: Wide { words: [number, !number] } };
    store.spawn_batch((0..MANY as u64).map(holder))?;
    for (number, found) in store.view::<Wides>()?.iter().enumerate() {
        let number = number as u64;
        assert_eq!(*found.wide, Wide { words: [number, !number] });
        assert_eq!(std::ptr::from_ref(found.wide).addr() % 16, 0);
    }
    Ok(())
}

#[test]
fn fault_24_empty_batches_change_nothing() -> Outcome {
    let mut store = store();
    let before = dump(&store);
    assert_eq!(store.spawn_batch::<Unit>([])?.count(), 0);
    assert_eq!(store.spawn_records("tile", [])?.count(), 0);
    store.despawn_batch(&[])?;
    store.try_reserve("unit", 0)?;
    store.clear();
    store.release_memory();
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_24_a_store_without_schemas_answers_every_question() -> Outcome {
    #[derive(View)]
    struct Everything {
        id: ObjectId,
    }
    let mut store = Store::new();
    assert!(store.is_empty() && store.ids().next().is_none() && store.schemas().len() == 0);
    assert_eq!(store.view::<Everything>()?.iter().map(|found| found.id).next(), None);
    assert!(store.view_of::<Everything>("unit").is_err());
    assert!(store.len_of("unit").is_err() && store.ids_of("unit").is_err());
    assert!(store.clear_of("unit").is_err() && store.try_reserve("unit", 1).is_err());
    assert_eq!(store.validate(), Ok(()));
    store.clear();
    store.release_memory();
    Ok(())
}

#[test]
fn fault_24_schemas_without_slots_hold_objects() -> Outcome {
    #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
    struct Marker;
    #[derive(View)]
    struct Everything {
        id: ObjectId,
    }
    let mut store = store();
    store.register::<Marker>()?;
    let mut ids: Vec<ObjectId> = store.spawn_batch(std::iter::repeat_n(Marker, MANY))?.collect();
    ids.push(store.spawn(Marker)?);
    ids.push(store.spawn_record("marker", record! {})?);
    assert!(store.spawn_record("marker", record! { x: 1 }).is_err());
    assert_eq!(store.get_object::<Marker>(ids[MANY - 1])?, Marker);
    assert!(store.get_record(ids[MANY + 1])?.is_empty());
    store.despawn(ids.swap_remove(7))?;
    ids.sort_unstable();
    let seen: Vec<ObjectId> = store.view::<Everything>()?.iter().map(|found| found.id).collect();
    assert_eq!(seen, ids);
    store.clear();
    store.release_memory();
    assert_eq!(store.spawn(Marker)?.row(), 0);
    Ok(())
}

#[derive(View)]
#[allow(dead_code, reason = "runs are looked at")]
struct Healthy<'a> {
    id: ObjectId,
    health: &'a mut f32,
    target: Option<&'a ObjectId>,
}

/// Returns the `health` values that each kind of iteration visits.
fn seen(store: &mut Store) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error>> {
    let health = store.key::<f32>("unit", "health")?;
    let by_id = store.ids_of("unit")?.filter_map(|id| store.get(id, health)).collect();
    let column = store.column(health)?.runs().flatten().copied().collect();
    let mut column_mut = Vec::new();
    store.column_mut(health)?.for_each_run(|run| column_mut.extend_from_slice(run));
    let iterated = store.view::<Healthy>()?.iter().map(|unit| *unit.health).collect();
    let mut visited = Vec::new();
    store.view::<Healthy>()?.for_each(|unit| visited.push(*unit.health));
    let mut in_runs = Vec::new();
    for run in store.view::<Healthy>()?.runs() {
        assert_eq!(run.health.len(), run.id.len());
        assert_eq!(run.health.len(), run.target.len());
        in_runs.extend_from_slice(run.health);
    }
    let mut in_visited_runs = Vec::new();
    store.view::<Healthy>()?.for_each_run(|run| {
        assert!(!run.health.is_empty(), "a run is not empty");
        in_visited_runs.extend_from_slice(run.health);
    });
    Ok(vec![by_id, column, column_mut, iterated, visited, in_runs, in_visited_runs])
}

fn assert_seen(store: &mut Store, expected: &[f32]) -> Outcome {
    for values in seen(store)? {
        assert_eq!(values, expected);
    }
    Ok(())
}

#[test]
fn fault_25_only_living_rows_are_visible() -> Outcome {
    let mut store = store();
    store.try_reserve("unit", 2 * MANY)?;
    assert_seen(&mut store, &[])?;
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    let second_block = BLOCK_ROWS..2 * BLOCK_ROWS;
    let kept = |number: &usize| number % 7 == 3 && !second_block.contains(number);
    for (_, id) in ids.iter().enumerate().filter(|(number, _)| !kept(number)) {
        store.despawn(*id)?;
    }
    let expected: Vec<f32> = (0..MANY).filter(kept).map(|number| (number % 500) as f32).collect();
    assert_seen(&mut store, &expected)?;
    store.release_memory();
    assert_seen(&mut store, &expected)?;
    assert!(store.spawn_batch(many_units().chain([unit_with(-1.0)])).is_err());
    assert_seen(&mut store, &expected)?;
    store.clear();
    assert_seen(&mut store, &[])
}

#[test]
fn fault_25_a_batch_that_fills_its_last_block_shows_no_empty_run() -> Outcome {
    for rows in [0, BLOCK_ROWS, 3 * BLOCK_ROWS] {
        let mut store = store();
        store.spawn_batch(std::iter::repeat_n(unit_with(1.0), rows))?;
        assert_seen(&mut store, &vec![1.0; rows])?;
    }
    Ok(())
}

#[test]
fn fault_20_a_reserve_counts_retired_rows_as_used() -> Outcome {
    for generations in [1, 2] {
        let mut store = store_of(|limits| limits.generations_per_row = generations);
        let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
        store.despawn_batch(&ids[100..])?;
        store.try_reserve("unit", MANY)?;
        let reserved = store.memory_report().total();
        store.spawn_batch(many_units())?;
        assert_eq!(store.memory_report().total(), reserved, "nothing was allocated");
    }
    Ok(())
}

#[test]
fn fault_25_a_new_object_shows_no_value_of_the_rows_last_one() -> Outcome {
    let mut store = store();
    let target = store.spawn(UNIT)?;
    let old = store.spawn(Unit { target: Some(target), ..unit_with(3.0) })?;
    store.despawn(old)?;
    let new = store.spawn_record("unit", record! { position: Vec3::ZERO, name: "" })?;
    assert_eq!(new.row(), old.row());
    let fresh = record! { position: Vec3::ZERO, health: 100.0_f32, name: "" };
    assert_eq!(store.get_record(new)?, fresh);
    assert_eq!(store.get_object::<Unit>(new)?.target, None);
    Ok(())
}
