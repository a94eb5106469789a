//! Slots that track their changes, written by systems.

use bevy_ecs::prelude::*;
use bevy_ecs::system::{IntoSystem, RunSystemOnce};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::{Epoch, Store, view};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    shield: Option<f32>,
}

#[derive(View)]
struct Healing<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

#[derive(View)]
struct Choosing<'a> {
    id: ObjectId,
    health: view::Mut<'a, f32>,
}

#[derive(View)]
struct Shielded<'a> {
    health: &'a mut f32,
    #[slot(set)]
    shield: view::Mut<'a, f32>,
}

#[derive(View)]
struct Healths<'a> {
    id: ObjectId,
    #[allow(dead_code, reason = "the field selects the slot")]
    health: &'a f32,
}

fn world() -> (World, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register::<Unit>().expect("valid schema");
    store.track_changes("unit", "health").expect("the slot exists");
    let units = (0..500).map(|number| {
        let shield = (number % 100 == 3).then_some(1.0);
        Unit { health: 80.0, shield }
    });
    let ids = store.spawn_batch(units).expect("it has room").collect();
    let mut world = World::new();
    world.insert_store(store);
    (world, ids)
}

fn advance(world: &mut World) -> Epoch {
    world.store_mut().advance_epoch()
}

fn run<M>(world: &mut World, system: impl IntoSystem<(), (), M>) {
    world.run_system_once(system).expect("the system runs");
}

/// Returns the objects that a reading system finds.
fn changed(world: &mut World, since: Epoch) -> Vec<ObjectId> {
    let find = move |units: SlotsRef<Healths>| -> Vec<ObjectId> {
        units.view().changed_since(since).iter().map(|unit| unit.id).collect()
    };
    world.run_system_once(find).expect("the system runs")
}

#[test]
fn a_system_with_marking_fields_marks_what_it_changes() {
    let (mut world, ids) = world();
    let (a, b, c) = (ids[3], ids[77], ids[400]);
    let epoch = advance(&mut world);
    run(&mut world, move |mut units: Slots<Choosing>| {
        units.for_each(|mut unit| {
            if unit.id == a {
                *unit.health += 1.0;
            }
        });
        for mut unit in &mut units {
            if unit.id == b {
                *unit.health += 1.0;
            }
        }
        *units.get_mut(c).expect("it is alive").health += 1.0;
        assert!(units.get_mut(ids[0]).is_some_and(|unit| *unit.health == 80.0));
    });
    assert_eq!(changed(&mut world, epoch), [a, b, c]);
}

#[test]
fn a_system_with_mutable_fields_marks_what_it_visits() {
    let (mut world, ids) = world();
    let single = ids[9];
    let epoch = advance(&mut world);
    run(&mut world, move |mut units: Slots<Healing>| {
        let unit = units.get_mut(single).expect("it is alive");
        assert_eq!(unit.id, single);
        *unit.health += 1.0;
    });
    assert_eq!(changed(&mut world, epoch), [single]);
    let epoch = advance(&mut world);
    run(&mut world, |mut units: Slots<Shielded>| {
        units.for_each(|unit| *unit.health += *unit.shield);
        units.for_each(|mut unit| *unit.shield += 1.0);
    });
    let shielded: Vec<_> = ids.iter().copied().skip(3).step_by(100).collect();
    assert_eq!(changed(&mut world, epoch), shielded);
    run(&mut world, |mut units: Slots<Healing>| units.for_each(|unit| *unit.health += 1.0));
    assert_eq!(changed(&mut world, epoch), ids);
}
