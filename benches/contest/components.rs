//! The slots of a unit as component types, for storages whose columns are types.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;
use glam::{Mat4, Vec3};
use shipyard::track::Untracked;

use super::Unit;

/// Defines one-field component types that can be read as slices of the wrapped type.
macro_rules! components {
    ($($name:ident: $inner:ty,)*) => {
        $(
            #[derive(Clone, Copy, Component, flecs_ecs::prelude::Component, TransparentWrapper)]
            #[repr(transparent)]
            pub(crate) struct $name(pub(crate) $inner);

            impl shipyard::Component for $name {
                type Tracking = Untracked;
            }
        )*
    };
}

components! {
    Position: Vec3,
    Velocity: Vec3,
    Health: f32,
    UnitKind: u16,
    Team: u8,
    Alive: bool,
    UnitSeed: u32,
    Shared: f32,
    Transform: Mat4,
}

/// A marker component that makes each fragmented type distinct.
#[derive(Clone, Copy, Component, flecs_ecs::prelude::Component)]
pub(crate) struct Letter<const TYPE: usize>(pub(crate) f32);

impl<const TYPE: usize> shipyard::Component for Letter<TYPE> {
    type Tracking = Untracked;
}

pub(crate) type UnitBundle = (Position, Velocity, Health, UnitKind, Team, Alive, UnitSeed);

#[inline]
pub(crate) fn bundle(unit: &Unit) -> UnitBundle {
    (
        Position(unit.position),
        Velocity(unit.velocity),
        Health(unit.health),
        UnitKind(unit.kind),
        Team(unit.team),
        Alive(unit.alive),
        UnitSeed(unit.seed),
    )
}

pub(crate) type UnitReferences<'a> =
    (&'a Position, &'a Velocity, &'a Health, &'a UnitKind, &'a Team, &'a Alive, &'a UnitSeed);

pub(crate) fn unit(slots: UnitReferences<'_>) -> Unit {
    let (position, velocity, health, kind, team, alive, seed) = slots;
    Unit {
        position: position.0,
        velocity: velocity.0,
        health: health.0,
        kind: kind.0,
        team: team.0,
        alive: alive.0,
        seed: seed.0,
    }
}

/// Calls `$spawn::<TYPE>(world, units)` for each of the fragmented types.
macro_rules! spawn_fragments {
    ($spawn:ident, $world:expr, $input:expr) => {
        spawn_fragments!($spawn, $world, $input, 0 1 2 3 4 5 6 7 8 9 10 11 12
            13 14 15 16 17 18 19 20 21 22 23 24 25)
    };
    ($spawn:ident, $world:expr, $input:expr, $($number:literal)*) => {
        $(
            let first = $number * $crate::contest::input::FRAGMENT_OBJECTS;
            let units = &$input.units[first..][..$crate::contest::input::FRAGMENT_OBJECTS];
            $spawn::<$number>($world, units);
        )*
    };
}
pub(crate) use spawn_fragments;
