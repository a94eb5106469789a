//! `for` loops over the parameters `Slots` and `SlotsRef`.

use std::error::Error;

use bevy_ecs::prelude::*;
use bevy_ecs::system::{IntoSystem, RunSystemOnce};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Kind, Schema, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    rank: u8,
}

#[derive(View)]
struct Healing<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(View)]
struct Ranked<'a> {
    id: ObjectId,
    health: &'a f32,
    rank: &'a u8,
}

/// Units with holes between them, and orcs.
fn world() -> World {
    let mut world = World::new();
    let mut store = Store::new();
    store.register::<Unit>().expect("valid schema");
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).build();
    store.register_schema(orc.expect("valid schema")).expect("valid schema");
    let units = (0..90).map(|n| Unit { health: n as f32, rank: (n % 7) as u8 });
    let ids: Vec<ObjectId> = store.spawn_batch(units).expect("it has room").collect();
    store.despawn_batch(&ids[20..40]).expect("they are alive");
    for n in 0..10 {
        let orc = record! { health: 100.0 + n as f32, rank: 9_u8, rage: 0.5 };
        store.spawn_record("orc", orc).expect("a good record");
    }
    world.insert_store(store);
    world
}

fn run<T: 'static, M>(world: &mut World, system: impl IntoSystem<(), T, M>) -> T {
    world.run_system_once(system).expect("the system runs")
}

fn healths(world: &World) -> Vec<(ObjectId, f32)> {
    let units = world.store().view_ref::<Ranked>().expect("it matches");
    units.iter().map(|unit| (unit.id, *unit.health)).collect()
}

#[test]
fn loops_visit_what_closures_visit_and_write_it() -> Outcome {
    let mut world = world();
    let before = healths(&world);
    assert_eq!(before.len(), 80);
    run(&mut world, |mut units: Slots<Healing>| {
        let mut visited = Vec::new();
        units.for_each(|unit| visited.push(unit.id));
        let mut looped = Vec::new();
        for unit in &mut units {
            *unit.health += 1.0;
            looped.push(unit.id);
        }
        assert_eq!(looped, visited);
        // The parameter is still there for a second loop.
        for unit in &mut units {
            *unit.health *= 2.0;
        }
        assert_eq!(units.iter_mut().len(), visited.len());
        for unit in units {
            *unit.health -= 0.5;
        }
    });
    let expected = before.into_iter().map(|(id, health)| (id, (health + 1.0) * 2.0 - 0.5));
    assert_eq!(healths(&world), expected.collect::<Vec<_>>());
    Ok(())
}

#[test]
fn loops_over_shared_parameters_may_be_nested() -> Outcome {
    let mut world = world();
    let expected = world.store().view_ref::<Ranked>()?.count().pow(2);
    let (by_slots, by_slots_ref) = run(&mut world, |units: Slots<Ranked>| {
        let mut pairs = 0;
        for _ in &units {
            for _ in &units {
                pairs += 1;
            }
        }
        (pairs, units.iter().len() * units.iter().len())
    });
    assert_eq!((by_slots, by_slots_ref), (expected, expected));
    let pairs = run(&mut world, |units: SlotsRef<Ranked>| {
        let mut pairs = 0;
        for _ in &units {
            for _ in &units {
                pairs += 1;
            }
        }
        (pairs, units.iter().len() * units.into_iter().len())
    });
    assert_eq!(pairs, (expected, expected));
    Ok(())
}

/// Items of a parameter that is consumed outlive it.
fn strongest<'t>(units: SlotsRef<'t, 't, Ranked>) -> Option<<Ranked<'t> as View>::Item<'t>> {
    units.into_iter().max_by_key(|unit| *unit.rank)
}

#[test]
fn a_consumed_parameter_gives_references_that_outlive_it() -> Outcome {
    let mut world = world();
    let found =
        run(&mut world, |units: SlotsRef<Ranked>| strongest(units).map(|unit| *unit.health));
    assert_eq!(found, Some(109.0));
    let mut empty = World::new();
    empty.insert_store(Store::new());
    let visited = run(&mut empty, |units: Slots<Healing>| units.into_iter().count());
    assert_eq!(visited, 0, "a store without schemas has no objects");
    Ok(())
}
