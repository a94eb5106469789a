//! Plain arrays as resources of a world: the limit of the machine.

use bevy_ecs::prelude::*;
use slotted::glam::Vec3;

use crate::{Loop, Unit};

#[derive(Resource)]
struct Placed {
    position: Vec<Vec3>,
    velocity: Vec<Vec3>,
}

#[derive(Resource)]
struct Drifting {
    drift: Vec<Vec3>,
    wind: Vec<Vec3>,
}

pub(crate) fn world_of_pairs(units: impl Iterator<Item = Unit>) -> World {
    let (position, velocity): (Vec<_>, Vec<_>) =
        units.map(|unit| (unit.position, unit.velocity)).unzip();
    let mut world = World::new();
    world.insert_resource(Drifting { drift: position.clone(), wind: velocity.clone() });
    world.insert_resource(Placed { position, velocity });
    world
}

pub(crate) fn add_two(schedule: &mut Schedule, work: Loop) {
    schedule.add_systems((
        move |mut units: ResMut<Placed>| {
            let Placed { position, velocity } = &mut *units;
            work(position, velocity);
        },
        move |mut units: ResMut<Drifting>| {
            let Drifting { drift, wind } = &mut *units;
            work(drift, wind);
        },
    ));
}

/// Returns a digest of all positions, or `None` if the world has none.
pub(crate) fn digest(world: &World) -> Option<u64> {
    let positions = world.get_resource::<Placed>()?.position.iter().copied().map(crate::digest);
    positions.reduce(|sum, position| sum.wrapping_mul(31).wrapping_add(position))
}
