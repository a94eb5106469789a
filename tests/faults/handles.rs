//! Faults 1 to 7: ids.

use std::collections::HashSet;

use slotted::{
    AccessError, ByName, Commands, Delta, Kind, LimitError, Limits, ObjectId, Schema, SlotKey,
    Store, Value,
    error::{DespawnBatchError, ForeignKey},
    exactly, record,
    schema::ProblemKind,
};

use crate::{
    MANY, Outcome, UNIT, Unit, dead, dump, many_units, refusal, store, store_of, unit_with,
};

/// Checks that every call with an id rejects one that was never given out.
pub(crate) fn refused_by_every_call(store: &mut Store, id: ObjectId) -> Outcome {
    refused_as_object(store, id)?;
    let living = store.spawn(UNIT)?;
    let error = format!("refers to object {id}, which has never existed");
    refused_by_living(store, living, id, &error)?;
    refused_by_new(store, id, &error)?;
    store.despawn(living)?;
    Ok(())
}

/// Checks that every call with an id rejects the id of a dead object. Only new objects may refer to it.
fn dead_to_every_call(store: &mut Store, id: ObjectId) -> Outcome {
    refused_as_object(store, id)?;
    let living = store.spawn(UNIT)?;
    refused_by_living(store, living, id, &format!("refers to object {id}, which is not alive"))?;
    let copies: Vec<_> = store.spawn_batch([UNIT, Unit { target: Some(id), ..UNIT }])?.collect();
    assert_eq!(store.get_object::<Unit>(copies[1])?.target, Some(id));
    let owned = store.spawn_record("tile", record! { height: 0.0, owner: id })?;
    store.despawn_batch(&[living, copies[0], copies[1], owned])?;
    Ok(())
}

fn refused_as_object(store: &mut Store, id: ObjectId) -> Outcome {
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
    store.despawn(living)?;

    assert_eq!(dump(store).objects, before.objects);
    Ok(())
}

fn refused_by_living(store: &mut Store, living: ObjectId, id: ObjectId, error: &str) -> Outcome {
    let target = store.key::<Option<ObjectId>>("unit", "target")?;
    let error = format!("slot 'target' of 'unit' {error}");
    assert_eq!(refusal(store.set_object(living, Unit { target: Some(id), ..UNIT })), error);
    assert_eq!(refusal(store.set(living, target, Some(id))), error);
    assert_eq!(refusal(store.set_value(living, "target", id)), error);
    let set: [&dyn Fn(&mut Commands); 3] = [
        &|commands| commands.set_object(living, Unit { target: Some(id), ..UNIT }),
        &|commands| commands.set(living, target, Some(id)),
        &|commands| commands.set_value(living, "target", id),
    ];
    for set in set {
        let mut commands = store.commands();
        set(&mut commands);
        assert_eq!(refusal(commands.apply(store)), format!("set of {living}: {error}"));
    }
    Ok(())
}

fn refused_by_new(store: &mut Store, id: ObjectId, error: &str) -> Outcome {
    let aiming = Unit { target: Some(id), ..UNIT };
    let of_unit = format!("slot 'target' of 'unit' {error}");
    assert_eq!(refusal(store.spawn(aiming)), of_unit);
    assert_eq!(refusal(store.spawn_batch([UNIT, aiming])), format!("record 1: {of_unit}"));
    let owned = || record! { height: 0.0, owner: id };
    let of_tile = format!("slot 'owner' of 'tile' {error}");
    assert_eq!(refusal(store.spawn_record("tile", owned())), of_tile);
    assert!(store.spawn_records("tile", [record! { height: 0.0 }, owned()]).is_err());
    let mut reserved = store.reserve_ids(["tile"])?;
    assert_eq!(refusal(reserved.write_record(0, &owned())), format!("record 0: {of_tile}"));
    drop(reserved);
    let mut commands = store.commands();
    commands.spawn_record("tile", owned())?;
    assert!(refusal(commands.apply(store)).ends_with(&of_tile));
    let mut commands = store.commands();
    // An id from a future that was rolled back may be given out again, and then refers to the new object itself.
    if commands.spawn(aiming)? != id {
        assert!(refusal(commands.apply(store)).ends_with(&of_unit));
    }
    Ok(())
}

#[test]
fn fault_01_a_stale_id_is_refused_by_every_call() -> Outcome {
    let mut store = store();
    let old = store.spawn(UNIT)?;
    store.despawn(old)?;
    dead_to_every_call(&mut store, old)
}

#[test]
fn fault_01_a_stale_id_is_refused_after_its_row_is_reused() -> Outcome {
    let mut store = store();
    let old = store.spawn(UNIT)?;
    store.despawn(old)?;
    let new = store.spawn(unit_with(5.0))?;
    assert_eq!(old.row(), new.row());
    dead_to_every_call(&mut store, old)?;
    assert_eq!(store.get_object::<Unit>(new)?, unit_with(5.0));
    Ok(())
}

#[test]
fn fault_01_a_stale_id_is_refused_after_clear_and_release() -> Outcome {
    let mut store = store();
    let ids: Vec<ObjectId> = store.spawn_batch(many_units())?.collect();
    store.clear();
    store.release_memory();
    dead_to_every_call(&mut store, ids[0])?;
    dead_to_every_call(&mut store, ids[MANY - 1])?;
    store.spawn_batch([UNIT; 10])?;
    dead_to_every_call(&mut store, ids[0])?;
    dead_to_every_call(&mut store, ids[MANY - 1])
}

#[test]
fn fault_01_a_dead_reference_locks_no_object() -> Outcome {
    let mut store = store();
    let target = store.spawn(UNIT)?;
    let aiming = Unit { target: Some(target), ..UNIT };
    let hunter = store.spawn(aiming)?;
    assert_eq!(store.dead_references().count(), 0);
    store.despawn(target)?;
    store.spawn(UNIT)?;
    assert_eq!(store.validate(), Ok(()));
    let found = store.dead_references().map(|(id, slot, dead)| (id, slot.name(), dead));
    assert_eq!(found.collect::<Vec<_>>(), [(hunter, "target", target)]);

    // Unchanged, it passes everywhere.
    let key = store.key::<Option<ObjectId>>("unit", "target")?;
    store.set_object(hunter, Unit { health: 5.0, ..aiming })?;
    store.set(hunter, key, Some(target))?;
    store.set_value(hunter, "target", target)?;
    let mut commands = store.commands();
    commands.set(hunter, key, Some(target));
    commands.set_value(hunter, "target", target);
    commands.set_object(hunter, Unit { health: 6.0, ..aiming });
    commands.apply(&mut store)?;
    assert_eq!(store.get_object::<Unit>(hunter)?, Unit { health: 6.0, ..aiming });

    // Copies have it too.
    let record = store.get_record(hunter)?;
    let mut copies = vec![store.spawn_record("unit", record.clone())?, store.duplicate(hunter)?];
    copies.extend(store.spawn_records("unit", [record.clone()])?);
    copies.push(store.spawn(store.get_object::<Unit>(hunter)?)?);
    let mut reserved = store.reserve_ids(["unit"])?;
    reserved.write_record(0, &record)?;
    copies.extend(reserved.spawn()?);
    let mut commands = store.commands();
    copies.extend([commands.spawn_record("unit", record)?, commands.spawn(aiming)?]);
    commands.apply(&mut store)?;
    assert!(copies.iter().all(|copy| store.get(*copy, key) == Some(Some(target))));
    assert_eq!(store.dead_references().count(), 1 + copies.len());

    // A slot that was cleared does not get it back.
    store.set(hunter, key, None)?;
    let mut commands = store.commands();
    commands.set(hunter, key, Some(target));
    assert!(commands.apply(&mut store).is_err());
    let error = format!("refers to object {target}, which is not alive");
    refused_by_living(&mut store, hunter, target, &error)
}

#[test]
fn fault_01_a_dead_reference_may_move_within_its_object() -> Outcome {
    let mut store = Store::new();
    let hunter = Schema::builder("hunter").slot("prey", Kind::Object).optional();
    let hunter = hunter.slot("last", Kind::Object).optional();
    store.register_schema(hunter.slot("eaten", Kind::list(Kind::Object)).build()?)?;
    let new = |store: &mut Store| store.spawn_record("hunter", record! { eaten: [0; 0] });
    let [prey, id, other] = [new(&mut store)?, new(&mut store)?, new(&mut store)?];
    store.set_value(id, "prey", prey)?;
    store.despawn(prey)?;
    store.set_value(id, "last", prey)?;
    store.set_value(id, "eaten", [other, prey])?;
    store.set_value(id, "prey", Value::Unset)?;
    store.set_value(id, "last", Value::Unset)?;
    let mut commands = store.commands();
    commands.set_value(id, "prey", prey);
    commands.apply(&mut store)?;
    for slot in ["prey", "last"] {
        let error = refusal(store.set_value(other, slot, prey));
        let expected =
            format!("slot '{slot}' of 'hunter' refers to object {prey}, which is not alive");
        assert_eq!(error, expected);
    }
    Ok(())
}

#[test]
fn fault_01_copies_of_a_world_know_its_dead_references() -> Outcome {
    let mut store = store();
    let target = store.spawn(UNIT)?;
    let aiming = Unit { target: Some(target), ..UNIT };
    let [hunter, other] = [store.spawn(aiming)?, store.spawn(UNIT)?];
    let before = store.snapshot();
    store.despawn(target)?;
    let after = store.snapshot();
    let mut applied = before.to_store();
    applied.apply(&Delta::between(&before, &after)?)?;
    let mut filled = store_of(|_| {});
    filled.apply(&Delta::full(&after))?;
    for mut world in [after.to_store(), applied, filled] {
        assert_eq!(world.validate(), Ok(()));
        let dead = world.dead_references().map(|(id, slot, dead)| (id, slot.name(), dead));
        assert_eq!(dead.collect::<Vec<_>>(), [(hunter, "target", target)]);
        world.transaction(|world| world.set_object(hunter, Unit { health: 1.0, ..aiming }))?;
        let error = format!("refers to object {target}, which is not alive");
        refused_by_living(&mut world, other, target, &error)?;
        dead_to_every_call(&mut world, target)?;
    }
    Ok(())
}

#[test]
fn fault_01_validate_finds_references_that_were_never_valid() -> Outcome {
    let mut store = store();
    let tile = store.spawn_record("tile", record! { height: 0.0 })?;
    let hunter = store.spawn(UNIT)?;
    let never = ObjectId::from_bits(7 << 32).ok_or("odd")?;
    let key = store.key::<Option<ObjectId>>("unit", "target")?;
    for (id, kind) in [
        (never, ProblemKind::UnknownReference { found: never }),
        (tile, ProblemKind::WrongReference { expected: "unit".into(), found: "tile".into() }),
    ] {
        assert!(store.column_mut(key)?.set(hunter, Some(id)));
        let found = store.validate().expect_err("a view or column can write any id");
        assert_eq!((found.len(), found[0].0, &found[0].1.kind), (1, hunter, &kind));
    }
    store.despawn(tile)?;
    assert_eq!(store.validate(), Ok(()), "the schema of a dead object does not matter");
    store.set_object(hunter, store.get_object::<Unit>(hunter)?)?;
    Ok(())
}

#[test]
fn fault_01_a_row_remembers_which_ids_were_given_out() -> Outcome {
    let mut store = store_of(|limits| limits.generations_per_row = 2);
    let id = |generation: u64| ObjectId::from_bits(generation << 32).expect("odd");
    let aiming = |generation| Unit { target: Some(id(generation)), ..UNIT };
    let accepted =
        |store: &Store| [1, 3, 5].map(|generation| store.clone().spawn(aiming(generation)).is_ok());
    assert_eq!(accepted(&store), [false; 3]);
    for expected in [[true, false, false], [true, true, false]] {
        let unit = store.spawn(UNIT)?;
        assert_eq!(accepted(&store), expected);
        store.despawn(unit)?;
        assert_eq!(accepted(&store), expected, "the last generation retires the row");
    }
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
