//! Which systems run at the same time, which are ordered, and which are refused.

use std::error::Error;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use bevy_app::{App, Update};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::Schedule;
use bevy_ecs::system::{IntoSystem, RunSystemOnce, SystemAccess, SystemState};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Kind, Schema, SlotKey, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: f32,
    velocity: f32,
    health: u32,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut f32,
    velocity: &'a f32,
}

#[derive(View)]
struct Braking<'a> {
    velocity: &'a mut f32,
}

#[derive(View)]
struct Watching<'a> {
    id: EntityId,
    velocity: &'a f32,
}

#[derive(View)]
struct Healing<'a> {
    health: &'a mut u32,
}

#[derive(View)]
struct MaybeHealing<'a> {
    health: Option<&'a mut u32>,
}

/// The same name, but another slot.
#[derive(View)]
struct Repairing<'a> {
    health: &'a mut i8,
}

#[derive(View)]
struct Ids {
    #[expect(dead_code, reason = "only counted")]
    id: EntityId,
}

fn world() -> World {
    let mut world = World::new();
    world.insert_store(Store::new());
    world.store_mut().register::<Unit>().expect("no mistake");
    world
}

fn access<M>(world: &mut World, system: impl IntoSystem<(), (), M>) -> SystemAccess {
    IntoSystem::into_system(system).initialize(world)
}

fn moving(_: Slots<Moving>) {}
fn braking(_: Slots<Braking>) {}
fn watching(_: Slots<Watching>) {}
fn watching_only(_: SlotsRef<Watching>) {}
fn healing(_: Slots<Healing>) {}
fn maybe_healing(_: Slots<MaybeHealing>) {}
fn repairing(_: Slots<Repairing>) {}
fn counting(_: Slots<Ids>) {}
fn whole(_: StoreRef) {}
fn changing(_: StoreMut) {}
fn by_world(_: &World) {}
fn deferred_world(_: bevy_ecs::world::DeferredWorld) {}
fn exclusive(_: &mut World) {}
fn all_entities(_: Query<EntityMut>) {}
fn all_entities_to_read(_: Query<EntityRef>) {}
fn all_but_resources(_: Query<EntityMut, Without<bevy_ecs::resource::IsResource>>) {}
fn elsewhere(_: Query<&mut Name>, _: Commands) {}

/// Each pair of systems, and whether they may run at the same time.
#[test]
fn systems_run_at_the_same_time_unless_one_writes_what_another_has() {
    let mut world = world();
    let world = &mut world;
    let systems = [
        ("moving", access(world, moving)),
        ("braking", access(world, braking)),
        ("watching", access(world, watching)),
        ("watching_only", access(world, watching_only)),
        ("healing", access(world, healing)),
        ("maybe_healing", access(world, maybe_healing)),
        ("repairing", access(world, repairing)),
        ("counting", access(world, counting)),
        ("whole", access(world, whole)),
        ("changing", access(world, changing)),
        ("by_world", access(world, by_world)),
        ("deferred_world", access(world, deferred_world)),
        ("exclusive", access(world, exclusive)),
        ("all_entities", access(world, all_entities)),
        ("all_entities_to_read", access(world, all_entities_to_read)),
        ("all_but_resources", access(world, all_but_resources)),
        ("elsewhere", access(world, elsewhere)),
    ];
    // Of each system those that it must not run with, but for those that are named in both tables.
    let conflicts: &[(&str, &[&str])] = &[
        ("moving", &["moving", "braking", "whole"]),
        ("braking", &["braking", "watching", "watching_only", "whole"]),
        ("healing", &["healing", "maybe_healing", "whole"]),
        ("maybe_healing", &["maybe_healing", "whole"]),
        ("repairing", &["repairing", "whole"]),
        (
            "changing",
            &[
                "moving",
                "braking",
                "watching",
                "watching_only",
                "healing",
                "maybe_healing",
                "repairing",
                "counting",
                "whole",
                "changing",
            ],
        ),
        ("by_world", &["moving", "braking", "healing", "maybe_healing", "repairing", "changing"]),
        (
            "all_entities_to_read",
            &["moving", "braking", "healing", "maybe_healing", "repairing", "changing"],
        ),
    ];
    // Those that conflict with all that have a resource or a component.
    let with_all = ["deferred_world", "exclusive", "all_entities"];
    let slotted = [
        "moving",
        "braking",
        "watching",
        "watching_only",
        "healing",
        "maybe_healing",
        "repairing",
        "counting",
        "whole",
        "changing",
    ];
    let is_conflict = |a: &str, b: &str| {
        let listed = |a: &str, b: &str| {
            conflicts.iter().any(|(name, others)| *name == a && others.contains(&b))
                || with_all.contains(&a) && slotted.contains(&b)
        };
        listed(a, b) || listed(b, a)
    };
    for (a, access) in &systems {
        for (b, other) in &systems {
            if slotted.contains(a) || slotted.contains(b) {
                assert_eq!(!access.is_compatible(other), is_conflict(a, b), "{a} and {b}");
            }
        }
    }
}
