//! Deferred changes to the store: their time, their order and their errors.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use bevy_ecs::error::{BevyError, FallbackErrorHandler};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::Schedule;
use bevy_slotted::NoStore;
use bevy_slotted::commands::{despawn_object, spawn_object};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::error::UnknownSchema;
use bevy_slotted::slotted::{
    AccessError, Kind, Schema, SchemaError, SpawnError, Store, Value, record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    #[slot(range = 0.0..=500.0)]
    health: f32,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Tile {
    height: f32,
}

#[derive(View)]
struct Health<'a> {
    health: &'a f32,
}

/// The counts that commands and systems have seen.
#[derive(Resource, Default)]
struct Seen(Vec<usize>);

fn world() -> World {
    let mut world = World::new();
    world.insert_store(Store::new());
    world.init_resource::<Seen>();
    world.store_mut().register::<Unit>().expect("valid schema");
    world
}

/// Collects the errors that Bevy's handler gets in one test.
macro_rules! keep_errors {
    ($world:expr) => {{
        static ERRORS: Mutex<Vec<BevyError>> = Mutex::new(Vec::new());
        $world.insert_resource(FallbackErrorHandler(|error, _| {
            ERRORS.lock().expect("no panic").push(error);
        }));
        || std::mem::take(&mut *ERRORS.lock().expect("no panic"))
    }};
}

fn see_len(world: &mut World) {
    let len = world.store().len();
    world.resource_mut::<Seen>().0.push(len);
}

fn healths(world: &mut World) -> Vec<f32> {
    let store = world.store_mut();
    store.view::<Health>().expect("it matches").iter().map(|unit| *unit.health).collect()
}

#[test]
fn commands_are_applied_in_the_order_of_all_commands() -> Outcome {
    let mut world = world();
    let old = world.store_mut().spawn(Unit { health: 1.0 })?;
    let mut commands = world.commands();
    commands.queue(see_len);
    commands.spawn_object(Unit { health: 2.0 });
    commands.queue(see_len);
    commands.spawn_objects([Unit { health: 3.0 }; 10]);
    let entity = commands.spawn_empty().id();
    commands.queue(see_len);
    commands.despawn_object(old);
    commands.queue(see_len);
    commands.spawn_record("unit", record! { health: 4.0 });
    commands.spawn_records("unit", [record! { health: 5.0 }, record! { health: 6.0 }]);
    commands.queue(see_len);
    commands.change_store(Store::clear);
    commands.queue(see_len);
    assert_eq!(world.store().len(), 1, "nothing is applied before the sync point");

    world.flush();
    assert_eq!(world.resource::<Seen>().0, [1, 2, 12, 11, 14, 0]);
    assert!(world.get_entity(entity).is_ok());
    Ok(())
}

#[test]
fn a_later_system_sees_the_changes_after_a_sync_point() {
    fn spawn(mut commands: Commands) {
        commands.spawn_objects([Unit { health: 80.0 }; 3]);
    }
    fn count(units: SlotsRef<Health>, mut seen: ResMut<Seen>) {
        seen.0.push(units.iter().count());
    }
    let mut world = world();
    let mut schedule = Schedule::default();
    schedule.add_systems((spawn, count).chain());
    schedule.run(&mut world);
    assert_eq!(world.resource::<Seen>().0, [3]);

    let mut schedule = Schedule::default();
    schedule.add_systems((spawn, count).chain_ignore_deferred());
    schedule.run(&mut world);
    assert_eq!(world.resource::<Seen>().0, [3, 3]);
    assert_eq!(world.store().len(), 6);
}

#[test]
fn errors_reach_the_handler_unchanged_and_later_commands_are_applied() -> Outcome {
    let mut world = world();
    let errors = keep_errors!(world);
    let dead = world.store_mut().spawn(Unit { health: 1.0 })?;
    world.store_mut().despawn(dead)?;
    let mut commands = world.commands();
    commands.spawn_object(Unit { health: 501.0 });
    commands.spawn_object(Tile { height: 1.0 });
    commands.spawn_record("unt", record! {});
    commands.despawn_object(dead);
    commands.set_value(dead, "health", 1.0);
    let other = Schema::builder("unit").slot("health", Kind::U8).build()?;
    commands.register_schema(other);
    commands.change_store(|store: &mut Store| store.len_of("tile").map(drop));
    commands.spawn_object(Unit { health: 7.0 });
    world.flush();

    let errors = errors();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("slot 'health' of 'unit'"), "{}", texts[0]);
    assert!(texts[1].contains("Tile' is not registered"), "{}", texts[1]);
    assert!(texts[2].contains("did you mean 'unit'?"), "{}", texts[2]);
    assert!(errors[..3].iter().all(BevyError::is::<SpawnError>));
    // The despawn of a dead object is only a warning.
    assert!(errors[3].is::<AccessError>());
    assert!(errors[4].is::<SchemaError>());
    assert!(errors[5].is::<UnknownSchema>());
    assert_eq!(errors.len(), 6);
    assert_eq!(healths(&mut world), [7.0]);
    Ok(())
}

#[test]
fn commands_can_be_queued_with_a_custom_handler_or_silenced() {
    static OWN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut world = world();
    let errors = keep_errors!(world);
    let mut commands = world.commands();
    commands.queue_handled(spawn_object(Unit { health: -1.0 }), |error, context| {
        OWN.lock().expect("no panic").push(format!("{context}: {error}"));
    });
    commands.queue_silenced(spawn_object(Unit { health: -1.0 }));
    world.flush();
    assert!(errors().is_empty());
    let own = OWN.lock().expect("no panic");
    assert_eq!(own.len(), 1);
    assert!(own[0].contains("slot 'health'"), "{}", own[0]);
}

#[test]
fn a_batch_that_fails_half_way_changes_nothing() -> Outcome {
    let mut world = world();
    let errors = keep_errors!(world);
    let ids: Vec<ObjectId> = world.store_mut().spawn_batch([Unit { health: 1.0 }; 1000])?.collect();
    let hash = world.store_mut().state_hash();
    let mut commands = world.commands();
    let good_and_bad = |n: u16| if n == 700 { -1.0 } else { 1.0 };
    commands.spawn_objects((0..1000).map(move |n| Unit { health: good_and_bad(n) }));
    commands.spawn_records(
        "unit",
        (0..1000).map(move |n| record! { health: good_and_bad(n), name: "none has it" }),
    );
    let mut twice = ids.clone();
    twice.push(ids[500]);
    commands.despawn_objects(twice);
    commands.set_value(ids[0], "health", 1000.0);
    commands.set_value(ids[0], "helth", 10.0);
    world.flush();

    assert_eq!(errors().len(), 5);
    assert_eq!(world.store().len(), 1000);
    assert_eq!(world.store_mut().state_hash(), hash);
    world.commands().despawn_objects(ids);
    world.flush();
    assert!(errors().is_empty());
    assert!(world.store().is_empty());
    Ok(())
}

#[test]
fn an_iterator_that_panics_spawns_nothing() {
    let mut world = world();
    world.commands().spawn_objects((0..1000).map(|n| {
        assert_ne!(n, 700, "the iterator's own");
        Unit { health: 1.0 }
    }));
    let flushed = catch_unwind(AssertUnwindSafe(|| world.flush()));
    assert!(flushed.is_err());
    assert!(world.store().is_empty());
}

#[test]
fn a_single_slot_is_set_by_name() -> Outcome {
    let mut world = world();
    let unit = world.store_mut().spawn(Unit { health: 1.0 })?;
    world.commands().set_value(unit, "health", 5.0);
    world.commands().set_value(unit, format!("hea{}", "lth"), Value::from(6.0));
    world.flush();
    assert_eq!(world.store().get_value(unit, "health")?, 6.0_f32.into());
    Ok(())
}

#[test]
fn a_schema_registered_by_a_command_is_visible_to_the_next_command_and_to_running_systems() {
    fn count(units: SlotsRef<Health>, mut seen: ResMut<Seen>) {
        seen.0.push(units.iter().count());
    }
    let mut world = World::new();
    world.insert_store(Store::new());
    world.init_resource::<Seen>();
    let mut schedule = Schedule::default();
    schedule.add_systems(count);
    schedule.run(&mut world);

    let mut commands = world.commands();
    commands.register_slotted::<Unit>();
    commands.spawn_object(Unit { health: 1.0 });
    let orc = Schema::builder("orc").extends("unit").build().expect("valid schema");
    commands.register_schema(orc);
    commands.spawn_record("orc", record! { health: 2.0 });
    world.flush();
    schedule.run(&mut world);
    assert_eq!(world.resource::<Seen>().0, [0, 2]);
}

#[test]
fn each_command_reports_a_missing_store() -> Outcome {
    let mut world = world();
    let errors = keep_errors!(world);
    let id = world.store_mut().spawn(Unit { health: 1.0 })?;
    world.remove_store();
    let mut commands = world.commands();
    commands.spawn_object(Unit { health: 1.0 });
    commands.spawn_objects([Unit { health: 1.0 }]);
    commands.spawn_record("unit", record! {});
    commands.spawn_records("unit", [record! {}]);
    commands.despawn_object(id);
    commands.despawn_objects([id]);
    commands.set_value(id, "health", 1.0);
    commands.register_slotted::<Unit>();
    commands.register_schema(Schema::builder("tile").build()?);
    commands.change_store(|_: &mut Store| unreachable!());
    world.flush();

    let errors = errors();
    assert_eq!(errors.len(), 9, "the despawn of one object is only a warning");
    for error in &errors {
        assert_eq!(error.downcast_ref::<NoStore>(), Some(&NoStore));
    }
    let text = errors[0].to_string();
    assert_eq!(text.trim(), "the world has no store: add `SlottedPlugin` to the app");
    Ok(())
}

#[test]
fn the_default_handler_panics_on_an_error() -> Outcome {
    let mut world = world();
    let id = world.store_mut().spawn(Unit { health: 1.0 })?;
    world.commands().queue(despawn_object(id));
    world.commands().queue(despawn_object(id));
    let flushed = catch_unwind(AssertUnwindSafe(|| world.flush()));
    let panic = flushed.expect_err("the object is gone");
    let text = panic.downcast_ref::<String>().ok_or("it has a message")?;
    assert!(text.contains("is not alive"), "{text}");
    Ok(())
}
