//! Units as Bevy entities with components.

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use slotted::glam::Vec3;

use crate::{DT, IDLE_SYSTEMS, Loop, Unit, advance};

macro_rules! components {
    ($($name:ident: $inner:ty,)*) => {
        $(
            #[derive(Clone, Copy, Component, TransparentWrapper)]
            #[repr(transparent)]
            struct $name($inner);
        )*
    };
}
components! {
    Position: Vec3,
    Velocity: Vec3,
    Health: f32,
    Kind: u16,
    Team: u8,
    Alive: bool,
    Seed: u32,
    Drift: Vec3,
    Wind: Vec3,
}

pub(crate) fn world(units: impl Iterator<Item = Unit>) -> World {
    let mut world = World::new();
    world.spawn_batch(units.map(|unit| {
        let Unit { position, velocity, health, kind, team, alive, seed } = unit;
        let moving = (Position(position), Velocity(velocity));
        (moving, Health(health), Kind(kind), Team(team), Alive(alive), Seed(seed))
    }));
    world
}

/// Two pairs of components of equal size.
pub(crate) fn world_of_pairs(units: impl Iterator<Item = Unit>) -> World {
    let mut world = World::new();
    world.spawn_batch(units.map(|unit| {
        let Unit { position, velocity, .. } = unit;
        (Position(position), Velocity(velocity), Drift(position), Wind(velocity))
    }));
    world
}

pub(crate) fn add_iter(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Query<(&mut Position, &Velocity)>| {
        for (mut position, velocity) in units.iter_mut() {
            position.0 += velocity.0 * DT;
        }
    });
}

pub(crate) fn add_contiguous(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Query<(&mut Position, &Velocity)>| {
        for (mut position, velocity) in units.contiguous_iter_mut().expect("table components") {
            let velocity = TransparentWrapper::peel_slice(velocity);
            let position: &mut [Position] = &mut position;
            advance(TransparentWrapper::peel_slice_mut(position), velocity);
        }
    });
}

pub(crate) fn add_contiguous_unmarked(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Query<(&mut Position, &Velocity)>| {
        for (position, velocity) in units.contiguous_iter_mut().expect("table components") {
            let (position, _) = ContiguousMut::split(position);
            let velocity = TransparentWrapper::peel_slice(velocity);
            advance(TransparentWrapper::peel_slice_mut(position), velocity);
        }
    });
}

pub(crate) fn add_par(schedule: &mut Schedule) {
    schedule.add_systems(|mut units: Query<(&mut Position, &Velocity)>| {
        units.par_iter_mut().for_each(|(mut position, velocity)| {
            position.0 += velocity.0 * DT;
        });
    });
}

pub(crate) fn add_contiguous_par_unmarked(schedule: &mut Schedule) {
    // A debug assertion of bevy_ecs 0.20.1 wrongly compares the length of a part with that of its table.
    if cfg!(debug_assertions) {
        return add_par(schedule);
    }
    schedule.add_systems(|mut units: Query<(&mut Position, &Velocity)>| {
        let tables = units.contiguous_par_iter_mut().expect("table components");
        tables.for_each(|(position, velocity)| {
            let (position, _) = ContiguousMut::split(position);
            let velocity = TransparentWrapper::peel_slice(velocity);
            advance(TransparentWrapper::peel_slice_mut(position), velocity);
        });
    });
}

pub(crate) fn add_two(schedule: &mut Schedule, work: Loop) {
    schedule.add_systems((
        move |mut units: Query<(&mut Position, &Velocity)>| {
            for (position, velocity) in units.contiguous_iter_mut().expect("table components") {
                let (position, _) = ContiguousMut::split(position);
                let velocity = TransparentWrapper::peel_slice(velocity);
                work(TransparentWrapper::peel_slice_mut(position), velocity);
            }
        },
        move |mut units: Query<(&mut Drift, &Wind)>| {
            for (drift, wind) in units.contiguous_iter_mut().expect("table components") {
                let (drift, _) = ContiguousMut::split(drift);
                let wind = TransparentWrapper::peel_slice(wind);
                work(TransparentWrapper::peel_slice_mut(drift), wind);
            }
        },
    ));
}

pub(crate) fn add_empty(schedule: &mut Schedule) {
    for _ in 0..IDLE_SYSTEMS {
        schedule.add_systems(|_: Query<(&mut Position, &Velocity)>| {});
    }
}

pub(crate) fn add_idle(schedule: &mut Schedule) {
    for _ in 0..IDLE_SYSTEMS {
        add_iter(schedule);
    }
}

/// Returns a digest of all positions, or `None` if the world has none.
pub(crate) fn digest(world: &mut World) -> Option<u64> {
    let mut units = world.query::<&Position>();
    let positions = units.iter(world).map(|position| crate::digest(position.0));
    positions.reduce(|sum, position| sum.wrapping_mul(31).wrapping_add(position))
}
