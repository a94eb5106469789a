//! Units as objects in slots.

use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use slotted::Store;
use slotted::glam::Vec3;

use crate::{DT, IDLE_SYSTEMS, Loop, Unit, advance};

#[derive(Slotted, Clone, Copy)]
#[slot(name = "unit")]
struct Object {
    position: Vec3,
    velocity: Vec3,
    health: f32,
    kind: u16,
    team: u8,
    alive: bool,
    seed: u32,
}

/// Two pairs of columns of equal size.
#[derive(Slotted, Clone, Copy)]
struct Pairs {
    position: Vec3,
    velocity: Vec3,
    drift: Vec3,
    wind: Vec3,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
struct Drifting<'a> {
    drift: &'a mut Vec3,
    wind: &'a Vec3,
}

#[derive(View)]
struct Placed<'a> {
    position: &'a Vec3,
}

fn world_of<T: Slotted>(objects: impl Iterator<Item = T>) -> World {
    let mut world = World::new();
    let mut store = Store::new();
    store.register::<T>().expect("valid schema");
    store.spawn_batch(objects).expect("there is room");
    world.insert_store(store);
    world
}

pub(crate) fn world(units: impl Iterator<Item = Unit>) -> World {
    world_of(units.map(|unit| {
        let Unit { position, velocity, health, kind, team, alive, seed } = unit;
        Object { position, velocity, health, kind, team, alive, seed }
    }))
}

pub(crate) fn world_of_pairs(units: impl Iterator<Item = Unit>) -> World {
    world_of(units.map(|unit| {
        let Unit { position, velocity, .. } = unit;
        Pairs { position, velocity, drift: position, wind: velocity }
    }))
}

pub(crate) fn add_each(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Slots<Moving>| {
        units.for_each(|unit| *unit.position += *unit.velocity * DT);
    });
}

pub(crate) fn add_runs(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Slots<Moving>| {
        units.for_each_run(|run| advance(run.position, run.velocity));
    });
}

pub(crate) fn add_par(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Slots<Moving>| {
        units.par_for_each(|unit| *unit.position += *unit.velocity * DT);
    });
}

pub(crate) fn add_par_runs(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Slots<Moving>| {
        units.par_for_each_run(|run| advance(run.position, run.velocity));
    });
}

pub(crate) fn add_two(schedule: &mut Schedule, work: Loop) {
    schedule.add_systems((
        move |mut units: Slots<Moving>| units.for_each_run(|run| work(run.position, run.velocity)),
        move |mut units: Slots<Drifting>| units.for_each_run(|run| work(run.drift, run.wind)),
    ));
}

pub(crate) fn add_empty(schedule: &mut Schedule) {
    for _ in 0..IDLE_SYSTEMS {
        schedule.add_systems(|_: Slots<Moving>| {});
    }
}

pub(crate) fn add_idle(schedule: &mut Schedule) {
    for _ in 0..IDLE_SYSTEMS {
        add_each(schedule);
    }
}

pub(crate) fn add_idle_iter(schedule: &mut Schedule) {
    for _ in 0..IDLE_SYSTEMS {
        schedule.add_systems(|mut units: Slots<Moving>| {
            for unit in units.iter_mut() {
                *unit.position += *unit.velocity * DT;
            }
        });
    }
}

/// Returns a digest of all positions, or `None` if the world has none.
pub(crate) fn digest(world: &mut World) -> Option<u64> {
    let units = world.get_store()?.view_ref::<Placed>().ok()?;
    let positions = units.iter().map(|unit| crate::digest(*unit.position));
    positions.reduce(|sum, position| sum.wrapping_mul(31).wrapping_add(position))
}
