//! Deferred changes to the store: their time, their order and their errors.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use bevy_ecs::error::{BevyError, FallbackErrorHandler};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{MultiThreadedExecutor, Schedule, SingleThreadedExecutor};
use bevy_slotted::NoStore;
use bevy_slotted::commands::{despawn_object, spawn_object};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::commands::{CommandKind, CommandsError, ParallelCommands};
use bevy_slotted::slotted::error::UnknownSchema;
use bevy_slotted::slotted::memory::BLOCK_ROWS;
use bevy_slotted::slotted::{
    self, AccessError, Kind, Schema, SchemaError, SpawnError, Store, Value, record,
};
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};

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

fn spawn_units(
    commands: &mut slotted::Commands,
    healths: impl IntoIterator<Item = f32>,
) -> Result<(), SpawnError> {
    healths.into_iter().try_for_each(|health| commands.spawn(Unit { health }).map(drop))
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
    commands.change_objects(|commands| spawn_units(commands, [3.0; 10]));
    let entity = commands.spawn_empty().id();
    commands.queue(see_len);
    commands.despawn_object(old);
    commands.queue(see_len);
    commands.spawn_record("unit", record! { health: 4.0 });
    commands.change_objects(|commands| spawn_units(commands, [5.0, 6.0]));
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
        commands.change_objects(|commands| spawn_units(commands, [80.0; 3]));
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
fn changes_of_one_command_are_made_together_or_not_at_all() -> Outcome {
    let mut world = world();
    let errors = keep_errors!(world);
    let ids: Vec<ObjectId> = world.store_mut().spawn_batch([Unit { health: 1.0 }; 1000])?.collect();
    let dead = world.store_mut().spawn(Unit { health: 1.0 })?;
    world.store_mut().despawn(dead)?;
    let hash = world.store_mut().state_hash();
    let unit = ids[0];
    let mut commands = world.commands();
    commands.change_objects(move |commands| -> Result<(), SpawnError> {
        let is_bad = |n: u16| n % 300 == 200;
        spawn_units(commands, (0..1000).map(|n| if is_bad(n) { -1.0 } else { 1.0 }))?;
        commands.spawn_record("unit", record! { health: 5.0, name: "none has it" })?;
        commands.set_value(unit, "helth", 10.0);
        commands.set_value(unit, "health", 20.0);
        commands.despawn(dead);
        Ok(())
    });
    commands.change_objects(move |commands| {
        commands.despawn(unit);
        commands.spawn(Tile { height: 1.0 })
    });
    world.flush();

    let all = errors();
    assert_eq!(all.len(), 2);
    let Some(CommandsError::Rejected(problems)) = all[0].downcast_ref() else {
        panic!("{}", all[0])
    };
    let of = |kind| problems.iter().filter(|problem| problem.command == kind).count();
    assert_eq!([CommandKind::Spawn, CommandKind::Set, CommandKind::Despawn].map(of), [4, 1, 1]);
    assert!(all[1].is::<SpawnError>(), "the closure's own error: {}", all[1]);
    assert_eq!(world.store().len(), 1000);
    assert_eq!(world.store_mut().state_hash(), hash);

    // Two bullets may hit one unit, and another one may have died before.
    world.commands().change_objects(move |commands| {
        ids.iter().chain([&ids[500]]).for_each(|id| commands.despawn(*id));
        commands.try_despawn(dead);
    });
    world.flush();
    assert!(errors().is_empty());
    assert!(world.store().is_empty());
    Ok(())
}

#[test]
fn new_objects_refer_to_one_another() -> Outcome {
    #[derive(Slotted, Clone, Copy)]
    struct Orc {
        leader: ObjectId,
    }
    let mut world = world();
    world.store_mut().register::<Orc>()?;
    let mut commands = world.commands();
    // The first command takes the lowest rows; the ids of the second come after them.
    for _ in 0..2 {
        commands.change_objects(|commands| -> Result<(), SpawnError> {
            let leader = commands.spawn_with(|own| Orc { leader: own })?;
            commands.spawn(Orc { leader })?;
            Ok(())
        });
    }
    world.flush();
    let orcs: Vec<(ObjectId, Orc)> = world.store().objects::<Orc>()?.collect();
    let leaders: Vec<ObjectId> = orcs.iter().map(|(_, orc)| orc.leader).collect();
    assert_eq!(leaders, [orcs[0].0, orcs[0].0, orcs[2].0, orcs[2].0]);
    Ok(())
}

#[test]
fn a_closure_that_panics_changes_nothing() {
    let mut world = world();
    world.commands().change_objects(|commands| {
        spawn_units(
            commands,
            (0..1000).map(|n| {
                assert_ne!(n, 700, "the closure's own");
                1.0
            }),
        )
    });
    let flushed = catch_unwind(AssertUnwindSafe(|| world.flush()));
    assert!(flushed.is_err());
    assert!(world.store().is_empty());
}

#[test]
fn an_object_that_is_dead_by_then_is_skipped_where_that_is_said() -> Outcome {
    let mut world = world();
    let errors = keep_errors!(world);
    let [killed, other] = [1.0, 2.0].map(|health| world.store_mut().spawn(Unit { health }));
    let (killed, other) = (killed?, other?);
    let mut commands = world.commands();
    commands.try_despawn_object(killed);
    commands.try_despawn_object(killed);
    commands.despawn_object(killed);
    world.flush();
    assert!(errors().is_empty(), "the despawn of a dead object is only a warning");
    assert!(world.store().ids().eq([other]));
    Ok(())
}

/// Units lose health, the dead leave a tile, and every third unit has a child.
mod parallel {
    use super::*;

    #[derive(View)]
    pub(super) struct Fighting<'a> {
        id: ObjectId,
        health: &'a mut f32,
    }

    fn record(
        unit: <Fighting as View>::Item<'_>,
    ) -> Option<impl FnOnce(&mut slotted::Commands) -> Result<(), SpawnError> + use<>> {
        *unit.health -= 10.0;
        let (id, health) = (unit.id, *unit.health);
        (health < 0.0 || id.row() % 3 == 0).then_some(move |commands: &mut slotted::Commands| {
            if health < 0.0 {
                commands.spawn(Tile { height: id.row() as f32 })?;
                commands.despawn(id);
                return Ok(());
            }
            let child = commands.spawn(Unit { health: id.row() as f32 % 400.0 })?;
            commands.set_value(child, "health", child.row() as f32 % 300.0);
            Ok(())
        })
    }

    pub(super) fn by_threads(mut units: Slots<Fighting>, mut commands: Commands) {
        let recorded = ParallelCommands::new();
        units.par_for_each(|unit| {
            let id = unit.id;
            if let Some(record) = record(unit) {
                recorded.at(id, record);
            }
        });
        commands.change_objects(|commands| recorded.record(commands));
    }

    pub(super) fn one_by_one(mut units: Slots<Fighting>, mut commands: Commands) {
        let recorded = ParallelCommands::new();
        for unit in &mut units {
            let id = unit.id;
            if let Some(record) = record(unit) {
                recorded.at(id, record);
            }
        }
        commands.change_objects(|commands| recorded.record(commands));
    }

    /// Another system of the same sync point, in no order with the other one.
    pub(super) fn reinforce(mut commands: Commands) {
        commands.spawn_object(Unit { health: 499.0 });
        commands.spawn_object(Tile { height: -1.0 });
    }
}

#[test]
fn changes_recorded_by_threads_give_one_world() -> Outcome {
    // More threads than this machine may have cores, and more tasks than threads.
    const ROWS: usize = 3 * BLOCK_ROWS;
    let pool = || TaskPoolBuilder::new().num_threads(6).build();
    assert!(ComputeTaskPool::get_or_init(pool).thread_num() > 1);
    type Objects = (Vec<(ObjectId, Unit)>, Vec<(ObjectId, Tile)>, u64);
    let run = |mut schedule: Schedule| -> Result<Objects, Box<dyn Error>> {
        let mut world = world();
        world.store_mut().register::<Tile>()?;
        let units = (0..ROWS).map(|n| Unit { health: (n % 25) as f32 });
        world.store_mut().spawn_batch(units)?;
        for _ in 0..2 {
            schedule.run(&mut world);
        }
        let store = world.store_mut();
        let hash = store.future_ids_hash();
        Ok((store.objects::<Unit>()?.collect(), store.objects::<Tile>()?.collect(), hash))
    };
    let mut alone = Schedule::default();
    alone.set_executor(SingleThreadedExecutor::new());
    alone.add_systems((parallel::one_by_one, parallel::reinforce));
    let expected = run(alone)?;
    assert!(expected.0.len() > ROWS / 2 && expected.1.len() > ROWS / 10);
    for _ in 0..20 {
        let mut schedule = Schedule::default();
        schedule.set_executor(MultiThreadedExecutor::new());
        schedule.add_systems((parallel::by_threads, parallel::reinforce));
        assert!(run(schedule)? == expected, "the worlds differ");
    }
    Ok(())
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
    commands.spawn_record("unit", record! {});
    commands.despawn_object(id);
    commands.try_despawn_object(id);
    commands.set_value(id, "health", 1.0);
    commands.register_slotted::<Unit>();
    commands.register_schema(Schema::builder("tile").build()?);
    commands.change_objects(|_| unreachable!());
    commands.change_store(|_: &mut Store| unreachable!());
    world.flush();

    let errors = errors();
    assert_eq!(errors.len(), 8, "the despawn of one object is only a warning");
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
