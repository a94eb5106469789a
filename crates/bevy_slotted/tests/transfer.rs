//! Import and export of entities, which do nothing on errors and panics.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Kind, Schema, Store, Value, exactly, record};
use bevy_slotted::transfer::{
    despawn_entities, export_objects, export_records, import_entities, import_records,
};
use bevy_slotted::{NoStore, TransferError};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Number(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Health(f32);

#[derive(Component)]
struct Odd;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    number: u32,
    #[slot(range = 0.0..=500.0)]
    health: f32,
}

const COUNT: u32 = 20_000;

fn world() -> World {
    let mut world = World::new();
    world.insert_store(Store::new());
    world.store_mut().register::<Unit>().expect("valid");
    world
}

fn health(number: u32) -> f32 {
    (number % 500) as f32
}

/// Spawns entities of two archetypes.
fn spawn(world: &mut World) {
    world.spawn_batch((0..COUNT).step_by(2).map(|n| (Number(n), Health(health(n)))));
    world.spawn_batch((1..COUNT).step_by(2).map(|n| (Number(n), Health(health(n)), Odd)));
}

fn unit((number, health): (&Number, &Health)) -> Unit {
    Unit { number: number.0, health: health.0 }
}

#[test]
fn thousands_are_imported_and_exported_with_their_values() -> Outcome {
    let mut world = world();
    spawn(&mut world);
    let pairs = import_entities::<(&Number, &Health), (), _>(&mut world, unit)?;
    assert_eq!(pairs.len(), COUNT as usize);
    assert_eq!(world.store().len(), COUNT as usize);
    for (entity, id) in &pairs {
        let number = *world.get::<Number>(*entity).ok_or("entities stay")?;
        let unit: Unit = world.store().get_object(*id)?;
        assert_eq!(unit, Unit { number: number.0, health: health(number.0) });
    }
    assert_eq!(despawn_entities(&mut world, pairs.iter().map(|(entity, _)| *entity)), pairs.len());
    assert_eq!(world.query::<&Number>().iter(&world).count(), 0);

    let exported = export_objects(&mut world, |store, id, unit: Unit| {
        assert!(store.contains(id));
        (Number(unit.number), Health(unit.health))
    })?;
    assert_eq!(world.store().len(), COUNT as usize, "objects stay");
    let imported: Vec<ObjectId> = pairs.iter().map(|(_, id)| *id).collect();
    assert_eq!(exported.iter().map(|(id, _)| *id).collect::<Vec<_>>(), imported);
    for (id, entity) in &exported {
        let unit: Unit = world.store().get_object(*id)?;
        assert_eq!(world.get::<Number>(*entity), Some(&Number(unit.number)));
        assert_eq!(world.get::<Health>(*entity), Some(&Health(unit.health)));
    }
    world.store_mut().clear_of("unit")?;
    assert_eq!(world.query::<&Number>().iter(&world).count(), COUNT as usize);
    Ok(())
}

#[test]
fn the_filter_selects_entities_and_free_rows_are_reused_first() -> Outcome {
    let mut world = world();
    spawn(&mut world);
    let old = world.store_mut().spawn(Unit { number: 0, health: 0.0 })?;
    world.store_mut().despawn(old)?;
    let pairs = import_entities::<(&Number, &Health), With<Odd>, _>(&mut world, unit)?;
    assert_eq!(pairs.len(), COUNT as usize / 2);
    assert_eq!(pairs[0].1.row(), old.row());
    assert!(!world.store().contains(old));
    for (entity, id) in pairs {
        let unit: Unit = world.store().get_object(id)?;
        assert_eq!((unit.number % 2, world.get(entity)), (1, Some(&Number(unit.number))));
    }
    Ok(())
}

#[test]
fn a_query_without_entities_gives_no_objects() -> Outcome {
    let mut world = world();
    let none = import_entities::<&Number, (), _>(&mut world, |_| unreachable!() as Unit)?;
    assert!(none.is_empty());
    assert!(import_records::<&Number, ()>(&mut world, "unit", |_| unreachable!())?.is_empty());
    let none = export_objects(&mut world, |_, _, _: Unit| -> Health { unreachable!() })?;
    assert!(none.is_empty());
    assert!(world.store().is_empty());
    Ok(())
}

#[test]
fn resources_are_not_imported() -> Outcome {
    let mut world = world();
    let entity = world.spawn(Number(3)).id();
    let pairs = import_entities::<Entity, (), _>(&mut world, |_| Unit { number: 0, health: 0.0 })?;
    assert!(pairs.iter().any(|(found, _)| *found == entity));
    let mut resources = world.query_filtered::<Entity, With<bevy_ecs::resource::IsResource>>();
    let resources: Vec<Entity> = resources.iter(&world).collect();
    assert!(!resources.is_empty(), "the store is one");
    assert!(pairs.iter().all(|(found, _)| !resources.contains(found)));
    Ok(())
}

#[test]
fn a_closure_that_panics_transfers_nothing() -> Outcome {
    let mut world = world();
    spawn(&mut world);
    let before = world.entities().count_spawned();
    let imported = catch_unwind(AssertUnwindSafe(|| {
        import_entities::<(&Number, &Health), (), _>(&mut world, |item| {
            assert_ne!(item.0.0, COUNT - 2, "the closure's own");
            unit(item)
        })
    }));
    assert!(imported.is_err());
    assert!(world.store().is_empty());
    let imported = catch_unwind(AssertUnwindSafe(|| {
        import_records::<&Number, ()>(&mut world, "unit", |number| {
            assert_ne!(number.0, COUNT - 2, "the closure's own");
            record! { number: number.0, health: 1.0 }
        })
    }));
    assert!(imported.is_err());
    assert!(world.store().is_empty());

    world.store_mut().spawn_batch([Unit { number: 1, health: 1.0 }; 100])?;
    let mut left = 50;
    let exported = catch_unwind(AssertUnwindSafe(|| {
        export_objects(&mut world, |_, _, unit: Unit| {
            left -= 1;
            assert!(left > 0, "the closure's own");
            Health(unit.health)
        })
    }));
    assert!(exported.is_err());
    assert_eq!(world.entities().count_spawned(), before);
    assert_eq!(world.store().len(), 100);
    Ok(())
}

#[test]
fn one_rejected_object_rejects_the_whole_import() -> Outcome {
    let mut world = world();
    spawn(&mut world);
    let before = world.entities().count_spawned();
    let refused = import_entities::<(&Number, &Health), (), _>(&mut world, |(number, health)| {
        let health = if number.0 == COUNT - 4 { -1.0 } else { health.0 };
        Unit { number: number.0, health }
    });
    let Err(TransferError::Spawn(error)) = refused else { panic!("{refused:?}") };
    // Even numbers come first.
    let text = error.to_string();
    assert!(text.contains(&format!("{}", COUNT / 2 - 2)) && text.contains("health"), "{text}");
    assert!(world.store().is_empty());

    let refused = import_records::<&Number, ()>(&mut world, "unit", |number| {
        let health = if number.0 == 4000 { 1e6 } else { 1.0 };
        record! { number: number.0, health }
    });
    assert!(matches!(refused, Err(TransferError::Spawn(_))), "{refused:?}");
    assert!(world.store().is_empty());
    assert_eq!(world.entities().count_spawned(), before);
    Ok(())
}

#[test]
fn run_time_schemas_are_imported_and_exported_as_records_with_texts() -> Outcome {
    let mut world = world();
    let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    world.store_mut().register_schema(person.build()?)?;
    world.spawn_batch((0..3000_u32).map(|n| (Name::new(format!("n{}", n % 7)), Number(n % 90))));
    let pairs = import_records::<(&Name, &Number), ()>(&mut world, "person", |(name, number)| {
        record! { name: name.as_str(), age: number.0 }
    })?;
    assert_eq!(pairs.len(), 3000);
    for (entity, id) in &pairs {
        let name = world.get::<Name>(*entity).ok_or("entities stay")?;
        assert_eq!(world.store().get_value(*id, "name")?, name.as_str().into());
    }
    despawn_entities(&mut world, pairs.iter().map(|(entity, _)| *entity));

    let exported = export_records(&mut world, "person", |_, _, record| {
        let Some(Value::Text(name)) = record.get("name") else { panic!("{record:?}") };
        Name::new(name.to_string())
    })?;
    assert_eq!(exported.len(), 3000);
    for (number, (_, entity)) in exported.iter().enumerate() {
        assert_eq!(world.get::<Name>(*entity), Some(&Name::new(format!("n{}", number % 7))));
    }
    Ok(())
}

#[test]
fn a_schema_is_exported_with_those_that_extend_it() -> Outcome {
    let mut world = world();
    let store = world.store_mut();
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    store.spawn_record("orc", record! { number: 1, health: 1.0 })?;
    let unit = store.spawn(Unit { number: 2, health: 2.0 })?;
    let dead = store.spawn(Unit { number: 3, health: 2.0 })?;
    store.despawn(dead)?;
    let exported = export_objects(&mut world, |_, _, unit: Unit| Number(unit.number))?;
    let numbers = exported.iter().map(|(_, entity)| world.get::<Number>(*entity).map(|n| n.0));
    assert_eq!(numbers.collect::<Vec<_>>(), [Some(2), Some(1)], "by schema and row");
    let exported = export_records(&mut world, "unit", |_, id, _| Number(id.row()))?;
    assert_eq!(exported.len(), 2);
    let exported = export_records(&mut world, exactly("unit"), |_, id, _| Number(id.row()))?;
    assert_eq!(exported.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [unit]);
    Ok(())
}

#[test]
fn despawned_entities_do_not_count() {
    let mut world = world();
    let parent = world.spawn(Number(0)).id();
    let child = world.spawn((Number(1), ChildOf(parent))).id();
    assert_eq!(despawn_entities(&mut world, [parent, child]), 1, "the child goes with its parent");
}

#[test]
fn errors_name_the_missing_store_or_schema() {
    #[derive(Slotted, Clone, Copy, Debug)]
    struct Tile {
        height: f32,
    }
    let mut world = world();
    world.spawn(Number(0));
    let text = |error: TransferError| error.to_string();
    let error = import_entities::<&Number, (), _>(&mut world, |_| Tile { height: 1.0 });
    assert!(text(error.unwrap_err()).contains("Tile' is not registered"));
    let error = export_objects(&mut world, |_, _, tile: Tile| Health(tile.height));
    assert!(text(error.unwrap_err()).contains("Tile' is not registered"));
    let error = import_records::<&Number, ()>(&mut world, "unti", |_| unreachable!());
    assert!(text(error.unwrap_err()).contains("did you mean 'unit'?"));
    let error = export_records(&mut world, "unti", |_, _, _| Number(0));
    assert!(text(error.unwrap_err()).contains("did you mean 'unit'?"));

    world.remove_store();
    let none = TransferError::NoStore(NoStore);
    let error = import_entities::<&Number, (), Unit>(&mut world, |_| unreachable!());
    assert_eq!(error, Err(none.clone()));
    assert_eq!(export_records(&mut world, "unit", |_, _, _| Number(0)), Err(none));
}
