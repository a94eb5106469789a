//! Faults 1 to 7: ids.

use std::collections::HashSet;

use slotted::{
    AccessError, ByName, Kind, LimitError, Limits, ObjectId, Schema, SlotKey, Store, Value,
    error::{DespawnBatchError, ForeignKey},
    exactly, record,
    schema::ProblemKind,
};

use crate::{
    MANY, Outcome, UNIT, Unit, dead, dump, many_units, refusal, store, store_of, unit_with,
};

/// Checks that every call with an id rejects the id of a dead object.
pub(crate) fn refused_by_every_call(store: &mut Store, id: ObjectId) -> Outcome {
    let before = dump(store);
    let health = store.key::<f32>("unit", "health")?;
    assert!(!store.contains(id));

    assert_eq!(store.get(id, health), None);
    assert_eq!(store.column(health)?.get(id), None);
    assert_eq!(store.column_mut(health)?.get(id), None);
    assert_eq!(store.column_mut(health)?.get_mut(id), None);
    assert!(!store.column_mut(health)?.set(id, 1.0));

    assert_eq!(store.set(id, health, 1.0), Err(dead(id)));
    assert_eq!(store.get_value(id, "health"), Err(dead(id)));
    assert_eq!(store.set_value(id, "health", 1.0), Err(dead(id)));
    assert_eq!(store.get_record(id), Err(dead(id)));
    assert_eq!(store.schema_name(id), Err(dead(id)));
    assert_eq!(store.get_object::<Unit>(id), Err(dead(id)));
    assert_eq!(store.set_object(id, UNIT), Err(dead(id)));
    assert_eq!(store.despawn(id), Err(dead(id)));

    let living = store.spawn(UNIT)?;
    assert_eq!(store.despawn_batch(&[living, id]), Err(dead(id)));
    refused_as_reference(store, living, id)?;
    store.despawn(living)?;

    assert_eq!(dump(store).objects, before.objects);
    Ok(())
}

fn refused_as_reference(store: &mut Store, living: ObjectId, id: ObjectId) -> Outcome {
    let target = store.key::<Option<ObjectId>>("unit", "target")?;
    let aiming = Unit { target: Some(id), ..UNIT };
    let error = dead_reference(id);
    assert_eq!(refusal(store.spawn(aiming)), error);
    assert_eq!(refusal(store.set_object(living, aiming)), error);
    assert_eq!(refusal(store.set(living, target, Some(id))), error);
    assert_eq!(refusal(store.set_value(living, "target", id)), error);
    let in_batch = format!("record 1: {error}");
    assert_eq!(refusal(store.spawn_batch([UNIT, aiming])), in_batch);
    let owned = || record! { height: 0.0, owner: id };
    assert_eq!(
        refusal(store.spawn_record("tile", owned())),
        format!("slot 'owner' of 'tile' refers to object {id}, which is not alive")
    );
    assert!(store.spawn_records("tile", [record! { height: 0.0 }, owned()]).is_err());
    Ok(())
}

fn dead_reference(id: ObjectId) -> String {
    format!("slot 'target' of 'unit' refers to object {id}, which is not alive")
}

#[test]
fn fault_01_a_stale_id_is_refused_by_every_call() -> Outcome {
    let mut store = store();
    let old = store.spawn(UNIT)?;
    store.despawn(old)?;
    refused_by_every_call(&mut store, old)
}

#[test]
fn fault_01_a_stale_id_is_refused_after_its_row_is_reused() -> Outcome {
    let mut store = store();
    let old = store.spawn(UNIT)?;
    store.despawn(old)?;
    let new = store.spawn(unit_with(5.0))?;
    assert_eq!(old.row(), new.row());
    refused_by_every_call(&mut store, old)?;
    assert_eq!(store.get_object::<Unit>(new)?, unit_with(5.0));
    Ok(())
}

#[test]
fn fault_01_a_stale_id_is_refused_after_clear_and_release() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    store.clear();
    store.release_memory();
    refused_by_every_call(&mut store, ids[0])?;
    refused_by_every_call(&mut store, ids[MANY - 1])?;
    store.spawn_batch([UNIT; 10])?;
    refused_by_every_call(&mut store, ids[0])?;
    refused_by_every_call(&mut store, ids[MANY - 1])
}

#[test]
fn fault_01_validate_finds_a_dead_reference() -> Outcome {
    let mut store = store();
    let target = store.spawn(UNIT)?;
    let hunter = store.spawn(Unit { target: Some(target), ..UNIT })?;
    assert_eq!(store.validate(), Ok(()));
    store.despawn(target)?;
    store.spawn(UNIT)?;
    let found = store.validate().expect_err("the reference is dead");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, hunter);
    assert_eq!(found[0].1.kind, ProblemKind::DeadReference { found: target });
    Ok(())
}

#[test]
fn fault_02_a_row_is_retired_when_its_generations_are_used_up() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 3);
    let mut seen = HashSet::new();
    for round in 0..9 {
        let id = store.spawn(UNIT)?;
        assert_eq!(id.row(), round / 3);
        assert!(seen.insert(id), "{id} was handed out twice");
        store.despawn(id)?;
    }
    assert!(seen.iter().all(|id| !store.contains(*id)));
    Ok(())
}

#[test]
fn fault_02_a_table_of_retired_rows_takes_no_more_objects() -> Outcome {
    let limits = |limits: &mut Limits| {
        limits.generations_per_row = 1;
        limits.rows_per_schema = 4;
    };
    let mut store = store_of(limits);
    let ids: Vec<ObjectId> = store.spawn_batch([UNIT; 4])?.collect();
    store.despawn_batch(&ids)?;
    let full = LimitError::Rows { schema: "unit".into(), limit: 4 };
    assert_eq!(store.spawn(UNIT), Err(full.clone().into()));
    assert_eq!(store.spawn_batch([UNIT]).err(), Some(full.clone().into()));
    assert_eq!(store.try_reserve("unit", 1), Err(full.into()));
    assert!(store.is_empty());
    Ok(())
}

#[test]
fn fault_02_a_refused_batch_retires_no_row() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 1);
    let ids: Vec<ObjectId> = store.spawn_batch([UNIT; 3])?.collect();
    let before = dump(&store);
    let twice = [ids[0], ids[1], ids[2], ids[1]];
    assert_eq!(store.despawn_batch(&twice), Err(DespawnBatchError::Repeated { id: ids[1] }));
    assert_eq!(dump(&store), before);
    store.despawn_batch(&ids)?;
    assert_eq!(store.spawn(UNIT)?.row(), 3);
    Ok(())
}

#[test]
fn fault_02_clear_retires_rows_too() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 2);
    for first in [0, 0, MANY as u32] {
        let rows: Vec<u32> = store.spawn_batch(many_units())?.map(ObjectId::row).collect();
        assert_eq!(rows, (first..first + MANY as u32).collect::<Vec<_>>());
        store.clear();
        store.release_memory();
    }
    Ok(())
}

#[test]
fn fault_03_the_row_limit_is_an_error_of_every_way_to_spawn() -> Outcome {
    let limit = MANY as u32;
    let mut store = store_of(|limits| limits.rows_per_schema = limit);
    let full = || LimitError::Rows { schema: "unit".into(), limit };
    let before = dump(&store);
    assert_eq!(store.spawn_batch(many_units().chain([UNIT])).err(), Some(full().into()));
    assert_eq!(dump(&store), before);

    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    let before = dump(&store);
    let unit = || record! { position: [0.0; 3], name: "late" };
    assert_eq!(store.spawn(UNIT), Err(full().into()));
    assert_eq!(store.spawn_batch([UNIT]).err(), Some(full().into()));
    assert_eq!(store.spawn_record("unit", unit()), Err(full().into()));
    assert_eq!(store.spawn_records("unit", [unit()]).err(), Some(full().into()));
    assert_eq!(store.try_reserve("unit", 1), Err(full().into()));
    assert_eq!(dump(&store), before);

    store.despawn(ids[700])?;
    assert_eq!(store.spawn(UNIT)?.row(), 700);
    assert_eq!(store.spawn(UNIT), Err(full().into()));
    Ok(())
}

#[test]
fn fault_04_impossible_bits_make_no_id() {
    assert_eq!(ObjectId::from_bits(0), None);
    assert_eq!(ObjectId::from_bits(u64::from(u32::MAX)), None);
    assert_eq!(ObjectId::from_bits(2 << 32), None);
}

#[test]
fn fault_04_forged_ids_are_refused_by_every_call() -> Outcome {
    let mut store = store();
    store.spawn_batch([UNIT; 3])?;
    let unknown_schema = 1 << 32 | 7 << 48;
    let huge_row = 1 << 32 | u64::from(u32::MAX);
    let later_generation = 3 << 32;
    let last_schema = 1 << 32 | 0xffff << 48;
    for bits in [u64::MAX, unknown_schema, huge_row, later_generation, last_schema, 1 << 32 | 3] {
        let id = ObjectId::from_bits(bits).expect("the generation is odd");
        assert_eq!(id.to_bits(), bits);
        // The id of the next row is forged too, but a call below spawns an object there.
        if bits != 1 << 32 | 3 {
            refused_by_every_call(&mut store, id)?;
        } else {
            assert_eq!(store.despawn(id), Err(dead(id)));
        }
    }
    Ok(())
}

#[test]
fn fault_05_an_id_of_another_store_never_gives_a_value_of_the_wrong_type() -> Outcome {
    let mut other = Store::new();
    let tile = slotted::Schema::builder("tile").slot("health", slotted::Kind::U32).build()?;
    other.register_schema(tile)?;
    let foreign = other.spawn_record("tile", record! { health: 7 })?;
    let foreign_key = other.key::<u32>("tile", "health")?;

    let mut store = store();
    assert_eq!(store.get_object::<Unit>(foreign), Err(dead(foreign)));
    let own = store.spawn(UNIT)?;
    assert_eq!(foreign, own, "the first id of every store is the same");
    assert_eq!(store.get(own, foreign_key), None);
    assert!(matches!(store.set(own, foreign_key, 1), Err(AccessError::ForeignKey { .. })));
    assert!(matches!(store.column(foreign_key), Err(ForeignKey { .. })));
    assert!(matches!(store.column_mut(foreign_key), Err(ForeignKey { .. })));
    assert_eq!(store.get_object::<Unit>(own)?, UNIT);
    Ok(())
}

fn refused_as_foreign(store: &mut Store, id: ObjectId, key: SlotKey<f32>) -> Outcome {
    let before = dump(store);
    let foreign = ForeignKey { kind: Kind::F32 };
    assert_eq!(store.get(id, key), None);
    assert_eq!(store.set(id, key, 1.0), Err(foreign.clone().into()));
    assert_eq!(store.column(key).err(), Some(foreign.clone()));
    assert_eq!(store.column_mut(key).err(), Some(foreign));
    assert_eq!(dump(store), before);
    Ok(())
}

#[test]
fn fault_05_a_key_of_another_store_is_refused_unless_the_slot_is_the_same() -> Outcome {
    let health = |schema: &str| Schema::builder(schema).slot("health", Kind::F32);
    let mut chests = Store::new();
    chests.register_schema(health("chest").build()?)?;
    chests.register_schema(Schema::builder("crate").extends("chest").build()?)?;

    // Both stores have a slot of this name and kind at the same position of the schema with the same number.
    let mut units = Store::new();
    units.register_schema(health("unit").build()?)?;
    units.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    let unit = units.spawn_record("unit", record! { health: 80.0 })?;
    let orc = units.spawn_record("orc", record! { health: 120.0 })?;
    for id in [unit, orc] {
        let before = units.get_record(id)?;
        let keys = [chests.key::<f32>("chest", "health")?, chests.key(exactly("chest"), "health")?];
        for key in keys.into_iter().chain([chests.key("crate", "health")?]) {
            assert_eq!(units.get(id, key), None);
            assert!(units.set(id, key, 1.0).is_err());
            assert_eq!(units.column(key).err(), Some(ForeignKey { kind: Kind::F32 }));
            assert_eq!(units.column_mut(key).err(), Some(ForeignKey { kind: Kind::F32 }));
        }
        assert_eq!(units.get_record(id)?, before);
    }

    // The slot has the same place, and comes from another schema.
    let mut other = Store::new();
    other.register_schema(Schema::builder("thing").build()?)?;
    other.register_schema(health("unit").extends("thing").build()?)?;
    let mut bases = Store::new();
    bases.register_schema(health("thing").build()?)?;
    bases.register_schema(Schema::builder("unit").extends("thing").build()?)?;
    let inherited = bases.spawn_record("unit", record! { health: 80.0 })?;
    assert_eq!(bases.get(inherited, other.key("unit", "health")?), None::<f32>);

    // The same schema at the same place: the key works.
    let mut same = Store::new();
    same.register_schema(health("unit").build()?)?;
    let key = same.key::<f32>("unit", "health")?;
    assert_eq!((units.get(unit, key), units.get(orc, key)), (Some(80.0), Some(120.0)));
    assert_eq!(units.clone().get(unit, units.key("unit", "health")?), Some(80.0_f32));
    Ok(())
}

#[test]
fn fault_05_the_keys_of_a_type_are_refused_by_other_stores_too() -> Outcome {
    #[derive(slotted::Slotted, Clone, Copy)]
    struct Chest {
        position: slotted::glam::Vec3,
        health: f32,
    }
    let mut other = Store::new();
    other.register::<Chest>()?;
    let keys = other.keys::<Chest>()?;
    let mut store = store();
    let unit = store.spawn(UNIT)?;
    assert_eq!(store.get(unit, keys.position), None);
    refused_as_foreign(&mut store, unit, keys.health)
}

#[test]
fn fault_05_an_object_of_another_schema_than_the_requested_type_is_refused() -> Outcome {
    let mut store = store();
    let tile = store.spawn_record("tile", record! { height: 1.0 })?;
    let health = store.key::<f32>("unit", "health")?;
    let wrong =
        AccessError::WrongSchema { id: tile, expected: "unit".into(), found: "tile".into() };
    assert_eq!(store.get_object::<Unit>(tile), Err(wrong.clone()));
    assert_eq!(store.set_object(tile, UNIT), Err(wrong.clone()));
    assert_eq!(store.set(tile, health, 1.0), Err(wrong));
    assert_eq!(store.get(tile, health), None);
    assert_eq!(store.column(health)?.get(tile), None);
    assert!(!store.column_mut(health)?.set(tile, 1.0));
    let error = refusal(store.spawn(Unit { target: Some(tile), ..UNIT }));
    assert_eq!(
        error,
        "slot 'target' of 'unit' refers to an object of 'tile', expected one of 'unit'"
    );
    Ok(())
}

#[test]
fn fault_06_the_second_despawn_is_an_error() -> Outcome {
    let mut store = store();
    let id = store.spawn(UNIT)?;
    let kept = store.spawn(UNIT)?;
    assert_eq!(store.despawn(id), Ok(()));
    assert_eq!(store.despawn(id), Err(dead(id)));
    assert_eq!(store.despawn_batch(&[id]), Err(dead(id)));
    assert_eq!(store.ids().collect::<Vec<_>>(), [kept]);
    let (a, b) = (store.spawn(UNIT)?, store.spawn(UNIT)?);
    assert_ne!(a, b, "a row freed twice would be handed out twice");
    Ok(())
}

#[test]
fn fault_07_a_batch_that_names_an_id_twice_is_refused_whole() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    store.despawn(ids[5])?;
    let before = dump(&store);
    let repeated = [ids[0], ids[MANY - 2], ids[1], ids[MANY - 2]];
    assert_eq!(
        store.despawn_batch(&repeated),
        Err(DespawnBatchError::Repeated { id: ids[MANY - 2] })
    );
    assert_eq!(
        store.despawn_batch(&[ids[0], ids[0]]),
        Err(DespawnBatchError::Repeated { id: ids[0] })
    );
    assert_eq!(store.despawn_batch(&[ids[0], ids[5], ids[0]]), Err(dead(ids[5])));
    assert_eq!(dump(&store), before);
    Ok(())
}

#[test]
fn fault_01_a_stale_id_is_reported_before_a_wrong_name() -> Outcome {
    let mut store = store();
    let id = store.spawn_record("tile", record! { height: 1.0 })?;
    store.despawn(id)?;
    for name in ["height", "no such slot"] {
        assert_eq!(store.get_value(id, name), Err(dead(id)));
        assert_eq!(store.set_value(id, name, Value::Unset), Err(dead(id)));
    }
    Ok(())
}
