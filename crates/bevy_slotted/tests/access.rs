//! Systems that run in parallel, systems that are ordered, and systems that are rejected.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{MultiThreadedExecutor, Schedule};
use bevy_ecs::system::{IntoSystem, RunSystemOnce, SystemAccess, SystemState};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::memory::BLOCK_ROWS;
use bevy_slotted::slotted::{Kind, Schema, Store, Value, exactly, record};
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

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
    id: ObjectId,
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

/// Another slot: the name is the same, the kind is not.
#[derive(View)]
struct Repairing<'a> {
    health: &'a mut i8,
}

#[derive(View)]
struct Ids {
    id: ObjectId,
}

fn world() -> World {
    let mut world = World::new();
    world.insert_store(Store::new());
    world.store_mut().register::<Unit>().expect("valid schema");
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

/// The systems that access slots.
const SLOTTED: &[&str] = &[
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

const WRITING: &[&str] =
    &["moving", "braking", "healing", "maybe_healing", "repairing", "changing"];

/// The systems that conflict with all of them.
const WITH_ALL: &[&str] = &["changing", "deferred_world", "exclusive", "all_entities"];

/// The other pairs of systems that conflict.
const CONFLICTS: &[(&str, &[&str])] = &[
    ("moving", &["moving", "braking", "whole"]),
    ("braking", &["braking", "watching", "watching_only", "whole"]),
    ("healing", &["healing", "maybe_healing", "whole"]),
    ("maybe_healing", &["maybe_healing", "whole"]),
    ("repairing", &["repairing", "whole"]),
    ("by_world", WRITING),
    ("all_entities_to_read", WRITING),
];

/// Checks each pair of systems.
#[test]
fn systems_run_in_parallel_unless_one_writes_a_slot_that_the_other_accesses() {
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
    let is_conflict = |a: &str, b: &str| {
        let listed = |a: &str, b: &str| {
            CONFLICTS.iter().any(|(name, others)| *name == a && others.contains(&b))
                || WITH_ALL.contains(&a) && SLOTTED.contains(&b)
        };
        listed(a, b) || listed(b, a)
    };
    for (a, access) in &systems {
        for (b, other) in &systems {
            if SLOTTED.contains(a) || SLOTTED.contains(b) {
                assert_eq!(!access.is_compatible(other), is_conflict(a, b), "{a} and {b}");
            }
        }
    }
}

/// Returns the panic message of initialising a system.
fn refusal<M>(system: impl IntoSystem<(), (), M>) -> String {
    let mut world = world();
    let refused = catch_unwind(AssertUnwindSafe(|| access(&mut world, system)));
    let panic = refused.expect_err("the system is rejected");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn conflicting_parameters_of_one_system_panic_at_initialisation() {
    fn write_and_write(_: Slots<Moving>, _: Slots<Moving>) {}
    fn read_and_write(_: Slots<Moving>, _: Slots<Braking>) {}
    fn write_and_read(_: Slots<Braking>, _: SlotsRef<Watching>) {}
    fn write_and_maybe(_: Slots<Healing>, _: Slots<MaybeHealing>) {}
    fn write_and_whole(_: Slots<Healing>, _: StoreRef) {}
    fn whole_and_write(_: StoreRef, _: Slots<Healing>) {}
    fn change_and_read(_: StoreMut, _: SlotsRef<Ids>) {}
    fn read_and_change(_: SlotsRef<Ids>, _: StoreMut) {}
    fn change_and_whole(_: StoreMut, _: StoreRef) {}
    fn change_and_change(_: StoreMut, _: StoreMut) {}
    fn world_and_write(_: &World, _: Slots<Healing>) {}
    fn write_and_world(_: Slots<Healing>, _: &World) {}
    fn deferred_and_read(_: bevy_ecs::world::DeferredWorld, _: SlotsRef<Ids>) {}

    let said = [
        (
            refusal(write_and_write),
            "it writes slot 'position' (f32), which the earlier parameter also accesses",
        ),
        (
            refusal(read_and_write),
            "it writes slot 'velocity' (f32), which the earlier parameter also accesses",
        ),
        (
            refusal(write_and_read),
            "it reads slot 'velocity' (f32), which the earlier parameter writes",
        ),
        (
            refusal(write_and_maybe),
            "it writes slot 'health' (u32), which the earlier parameter also accesses",
        ),
        (refusal(write_and_whole), "`StoreRef` in system"),
        (
            refusal(whole_and_write),
            "it writes slot 'health' (u32), which the earlier parameter also accesses",
        ),
        (refusal(change_and_read), "the earlier parameter has write access to the whole store"),
        (refusal(read_and_change), "`StoreMut` in system"),
        (refusal(change_and_whole), "`StoreRef` in system"),
        (refusal(change_and_change), "`StoreMut` in system"),
        (
            refusal(world_and_write),
            "it writes slot 'health' (u32), which the earlier parameter also accesses",
        ),
        (refusal(write_and_world), "&World"),
        (refusal(deferred_and_read), "the earlier parameter has write access to the whole store"),
    ];
    for (said, expected) in said {
        assert!(said.contains(expected), "{said}");
    }
    let said = refusal(write_and_write);
    assert!(said.starts_with("`Slots<Moving>` in system `"), "{said}");
    assert!(
        said.ends_with("replace the whole store with a `SlotsRef`, or put both into a `ParamSet`"),
        "{said}"
    );
}

#[test]
fn parameters_without_conflicts_work_in_one_system() -> Outcome {
    fn several(
        mut moving: Slots<Moving>,
        watching: SlotsRef<Watching>,
        mut healing: Slots<Healing>,
        ids: SlotsRef<Ids>,
    ) -> usize {
        moving.for_each(|unit| *unit.position += *unit.velocity);
        healing.for_each(|unit| *unit.health += 1);
        watching.iter().filter(|unit| *unit.velocity == 2.0).count() + ids.view().count()
    }
    fn one_after_the_other(mut both: ParamSet<(Slots<Moving>, StoreRef, StoreMut)>) -> usize {
        both.p0().for_each(|unit| *unit.position = 0.0);
        let before = both.p1().len();
        both.p2().spawn(Unit { position: 0.0, velocity: 0.0, health: 0 }).expect("room");
        both.p1().len() - before
    }
    fn two_readers(a: StoreRef, b: StoreRef, c: SlotsRef<Watching>) -> usize {
        a.len() + b.len() + c.view().count()
    }
    let mut world = world();
    let units = (0..3).map(|number| Unit { position: 1.0, velocity: number as f32, health: 7 });
    let ids: Vec<_> = world.store_mut().spawn_batch(units)?.collect();
    assert_eq!(world.run_system_once(several).expect("it runs"), 1 + 3);
    assert_eq!(world.store().get_value(ids[2], "position")?, 3.0_f32.into());
    assert_eq!(world.store().get_value(ids[0], "health")?, 8_u32.into());
    assert_eq!(world.run_system_once(one_after_the_other).expect("it runs"), 1);
    assert_eq!(world.run_system_once(two_readers).expect("it runs"), 12);
    Ok(())
}

/// A later system accesses a slot first after another system that reads the whole store.
#[test]
fn reads_of_the_whole_store_conflict_with_slots_accessed_first_by_later_systems() {
    #[derive(View)]
    struct Early<'a> {
        position: &'a mut f32,
    }
    #[derive(View)]
    struct Late<'a> {
        armour: &'a mut u8,
    }
    #[derive(View)]
    struct Later<'a> {
        shield: &'a mut u8,
        armour: &'a u8,
    }
    #[derive(View)]
    struct ReadsLate<'a> {
        armour: &'a u8,
    }
    fn early(_: Slots<Early>) {}
    fn late(_: Slots<Late>) {}
    fn later(_: Slots<Later>) {}
    fn both(_: Slots<Late>, _: Slots<Early>) {}
    fn two_late(_: Slots<Late>, _: Slots<LatestOnly>) {}
    fn shielded(_: Slots<LatestOnly>) {}
    #[derive(View)]
    struct LatestOnly<'a> {
        shield: &'a mut u8,
    }
    fn reads_late(_: SlotsRef<ReadsLate>) {}

    let mut world = world();
    let world = &mut world;
    let early = access(world, early);
    let whole_before = access(world, whole);
    let late = access(world, late);
    let later = access(world, later);
    let whole_after = access(world, whole);
    for whole in [&whole_before, &whole_after] {
        assert!(!whole.is_compatible(&early));
        assert!(!whole.is_compatible(&late));
        assert!(!whole.is_compatible(&later));
        assert!(whole.is_compatible(&access(world, reads_late)));
    }
    assert!(whole_before.is_compatible(&whole_after), "both only read");
    assert!(early.is_compatible(&late));
    assert!(!late.is_compatible(&later), "one reads what the other writes");
    let two_late = access(world, two_late);
    assert!(
        !two_late.is_compatible(&whole_before),
        "different late slots do not conflict in one system"
    );
    assert!(late.is_compatible(&access(world, shielded)), "nor in two systems");
    assert!(!access(world, both).is_compatible(&whole_before));
}

#[derive(Resource)]
struct Handshake {
    hello: Mutex<(Sender<()>, Receiver<()>)>,
}

fn handshakes() -> (Handshake, Handshake) {
    let ((to_second, from_first), (to_first, from_second)) = (channel(), channel());
    (
        Handshake { hello: Mutex::new((to_second, from_second)) },
        Handshake { hello: Mutex::new((to_first, from_first)) },
    )
}

impl Handshake {
    /// Returns `true` if the other system runs at this moment.
    fn meets(&self) -> bool {
        let hello = self.hello.lock().expect("no panic");
        hello.0.send(()).is_ok() && hello.1.recv_timeout(Duration::from_secs(20)).is_ok()
    }
}

fn on_two_threads() -> Schedule {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(4).build());
    let mut schedule = Schedule::default();
    schedule.set_executor(MultiThreadedExecutor::new());
    schedule
}

#[test]
fn writers_of_different_slots_run_in_parallel() -> Outcome {
    let mut world = world();
    let unit = Unit { position: 1.0, velocity: 2.0, health: 0 };
    world.store_mut().spawn_batch(vec![unit; 3 * BLOCK_ROWS])?;
    let (first, second) = handshakes();
    let met = Arc::new(Mutex::new(Vec::new()));
    let (by_first, by_second) = (Arc::clone(&met), Arc::clone(&met));
    let mut schedule = on_two_threads();
    schedule.add_systems((
        move |mut units: Slots<Moving>| {
            let met = first.meets();
            units.for_each(|unit| *unit.position += *unit.velocity);
            by_first.lock().expect("no panic").push(met);
        },
        move |mut units: Slots<Healing>, watched: SlotsRef<Watching>| {
            let met = second.meets() && watched.iter().all(|unit| *unit.velocity == 2.0);
            units.par_for_each(|unit| *unit.health += 1);
            by_second.lock().expect("no panic").push(met);
        },
    ));
    schedule.run(&mut world);
    assert_eq!(*met.lock().expect("no panic"), [true, true]);
    world.store_mut().view::<Moving>()?.for_each(|unit| assert_eq!(*unit.position, 3.0));
    world.store_mut().view::<Healing>()?.for_each(|unit| assert_eq!(*unit.health, 1));
    Ok(())
}

/// Each system writes its mark and must find only its own, so that torn or lost writes are found.
#[test]
fn writers_of_one_slot_never_run_in_parallel() -> Outcome {
    let mut world = world();
    let unit = Unit { position: 0.0, velocity: 0.0, health: 0 };
    world.store_mut().spawn_batch(vec![unit; 2 * BLOCK_ROWS])?;
    let mut schedule = on_two_threads();
    for mark in 1..=8_u32 {
        schedule.add_systems(move |mut units: Slots<Healing>, ids: SlotsRef<Ids>| {
            units.for_each(|unit| *unit.health = mark);
            std::thread::sleep(Duration::from_millis(1));
            assert!(units.iter_mut().all(|unit| *unit.health == mark));
            assert_eq!(ids.view().count(), 2 * BLOCK_ROWS, "no system spawns in parallel");
        });
        schedule.add_systems(move |mut store: StoreMut| {
            let id = store.spawn(unit).expect("room");
            std::thread::sleep(Duration::from_millis(1));
            store.despawn(id).expect("alive");
        });
    }
    for _ in 0..5 {
        schedule.run(&mut world);
    }
    Ok(())
}

#[test]
fn a_view_matches_schemas_registered_later() -> Outcome {
    let mut world = world();
    let mut state = SystemState::<Slots<Moving>>::new(&mut world);
    assert_eq!(state.get_mut(&mut world)?.view().count(), 0);
    let drone = Schema::builder("drone").slot("velocity", Kind::F32).slot("position", Kind::F32);
    world.store_mut().register_schema(drone.build()?)?;
    let id = world.store_mut().spawn_record("drone", record! { position: 1.0, velocity: 2.0 })?;
    state.get_mut(&mut world)?.for_each(|drone| *drone.position += *drone.velocity);
    assert_eq!(world.store().get_value(id, "position")?, 3.0_f32.into());
    let position = state.get_mut(&mut world)?.get_mut(id).map(|drone| *drone.position);
    assert_eq!(position, Some(3.0));

    let mut units = state.get_mut(&mut world)?;
    assert_eq!(units.view_of("drone")?.count(), 1);
    units.view_of("drone")?.for_each(|drone| *drone.position += 1.0);
    assert_eq!(units.view_of("unit")?.count(), 0);
    assert_eq!(units.view_of(exactly("drone"))?.count(), 1);
    assert_eq!(units.get_mut(id).map(|drone| *drone.position), Some(4.0));
    let error = units.view_of("drome").unwrap_err().to_string();
    assert_eq!(error, "no schema 'drome' is registered; did you mean 'drone'?");
    let mut healing = SystemState::<Slots<Healing>>::new(&mut world);
    let error = healing.get_mut(&mut world)?.view_of("drone").unwrap_err().to_string();
    assert_eq!(error, "'drone' object has no slot 'health'");

    // In another store the same schema has another number and the slots have other positions.
    let mut store = Store::new();
    store.register_schema(Schema::builder("drone").slot("armour", Kind::U8).build()?)?;
    store.register::<Unit>()?;
    let unit = store.spawn(Unit { position: 5.0, velocity: 1.0, health: 1 })?;
    assert_eq!(world.insert_store(store).map(|before| before.len()), Some(1));
    let mut units = state.get_mut(&mut world)?;
    assert_eq!(units.get_mut(unit).map(|unit| *unit.position), Some(5.0));
    // A store without any schema.
    world.insert_store(Store::new());
    let mut units = state.get_mut(&mut world)?;
    assert!(units.get_mut(unit).is_none() && units.iter_mut().next().is_none());
    Ok(())
}

#[test]
fn the_error_for_a_world_without_a_store_says_so() {
    let mut world = World::new();
    for error in [
        world.run_system_once(moving).unwrap_err().to_string(),
        world.run_system_once(watching_only).unwrap_err().to_string(),
        world.run_system_once(whole).unwrap_err().to_string(),
        world.run_system_once(changing).unwrap_err().to_string(),
    ] {
        assert!(
            error.contains("the world has no store: add `SlottedPlugin` to the app"),
            "{error}"
        );
    }
    fn maybe(units: Option<Slots<Moving>>) -> bool {
        units.is_some()
    }
    assert!(!world.run_system_once(maybe).expect("it runs"));
    assert!(world.get_store().is_none() && world.remove_store().is_none());
}

#[test]
fn the_error_for_a_slot_of_another_kind_names_it() -> Outcome {
    let mut world = World::new();
    world.insert_store(Store::new());
    let odd = Schema::builder("odd").slot("position", Kind::F64).slot("velocity", Kind::F32);
    world.store_mut().register_schema(odd.build()?)?;
    let error = world.run_system_once(moving).unwrap_err().to_string();
    assert!(error.contains("slot 'position' of 'odd' is f64, not f32"), "{error}");
    Ok(())
}

#[derive(View)]
#[allow(dead_code, reason = "it is refused")]
struct Misspelt<'a> {
    position: &'a mut f32,
    velocty: &'a f32,
}

#[derive(View)]
#[view(lenient)]
struct Modded<'a> {
    position: &'a f32,
    mana: &'a f32,
}

#[test]
fn a_misspelt_field_is_an_error_once_schemas_are_registered() -> Outcome {
    let mut world = World::new();
    world.insert_store(Store::new());
    fn misspelt(mut units: Slots<Misspelt>) -> bool {
        units.view().count() == 0
    }
    fn maybe(units: Option<Slots<Misspelt>>) -> bool {
        units.is_some()
    }
    fn modded(units: SlotsRef<Modded>) -> usize {
        units.view().count()
    }
    assert!(world.run_system_once(misspelt).expect("there are no schemas yet"));
    let mut kept = SystemState::<Slots<Misspelt>>::new(&mut world);
    assert_eq!(kept.get_mut(&mut world)?.view().count(), 0);

    world.store_mut().register::<Unit>()?;
    let message =
        "view 'Misspelt' wants slot 'velocty', which no schema declares; did you mean 'velocity'?";
    for _ in 0..2 {
        let error = world.run_system_once(misspelt).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        let error = kept.get_mut(&mut world).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(!world.run_system_once(maybe).expect("it runs without the view"));

    assert_eq!(world.run_system_once(modded).expect("it is lenient"), 0);
    let mage = Schema::builder("mage").extends("unit").slot("mana", Kind::F32);
    world.store_mut().register_schema(mage.build()?)?;
    let mage = record! { position: 0.0, velocity: 0.0, health: 1, mana: 2.0 };
    world.store_mut().spawn_record("mage", mage)?;
    assert_eq!(world.run_system_once(modded).expect("it is lenient"), 1);

    let fixed = Schema::builder("old").slot("velocty", Kind::F32);
    world.store_mut().register_schema(fixed.build()?)?;
    assert_eq!(kept.get_mut(&mut world)?.view().count(), 0, "a schema declares the slot");
    Ok(())
}

#[test]
fn bevys_error_handling_gets_a_misspelt_field() {
    #[derive(Resource, Default)]
    struct Ran(bool);
    let mut world = world();
    world.init_resource::<Ran>();
    let mut schedule = Schedule::default();
    schedule.add_systems(|_: Slots<Misspelt>, mut ran: ResMut<Ran>| ran.0 = true);
    let refused = catch_unwind(AssertUnwindSafe(|| schedule.run(&mut world)));
    assert!(refused.is_err(), "Bevy's handler panics unless it is told otherwise");
    world.insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
    schedule.run(&mut world);
    assert!(!world.resource::<Ran>().0);
}

/// Clearing a world removes the ids under which systems registered access, so systems initialised before the clearing
/// must not run beside later ones.
#[test]
fn systems_initialised_before_a_world_was_cleared_fail_validation() -> Outcome {
    let mut world = world();
    let mut before = SystemState::<Slots<Moving>>::new(&mut world);
    let mut whole_before = SystemState::<StoreRef>::new(&mut world);
    world.clear_resources();
    let error = before.get_mut(&mut world).unwrap_err().to_string();
    assert!(error.contains("no store"), "{error}");
    world.insert_store(Store::new());
    let cleared = "the world's resources were cleared after this system was initialised";
    let error = before.get_mut(&mut world).unwrap_err().to_string();
    assert!(error.contains(cleared), "{error}");
    let error = whole_before.get_mut(&mut world).unwrap_err().to_string();
    assert!(error.contains(cleared), "{error}");
    let mut after = SystemState::<Slots<Moving>>::new(&mut world);
    assert_eq!(after.get_mut(&mut world)?.view().count(), 0);
    Ok(())
}

/// The state has the ids from before the clearing, so access registered with them would protect nothing.
#[test]
fn building_a_system_from_a_state_older_than_the_clearing_panics() {
    let mut world = world();
    let system = SystemState::<(StoreRef,)>::new(&mut world).build_any_system(whole);
    world.clear_resources();
    world.insert_store(Store::new());
    let refused = catch_unwind(AssertUnwindSafe(|| access(&mut world, system)));
    let panic = refused.expect_err("the system is rejected");
    let said = panic.downcast_ref::<String>().expect("a string");
    assert!(
        said.contains("the world's resources were cleared after the state of system"),
        "{said}"
    );
}

#[test]
fn read_only_parameters_work_in_run_conditions() {
    fn is_any(units: SlotsRef<Ids>) -> bool {
        units.view().count() > 0
    }
    fn is_large(store: StoreRef) -> bool {
        store.len() > 1
    }
    #[derive(Resource, Default)]
    struct Runs(usize);
    let mut world = world();
    world.init_resource::<Runs>();
    let mut schedule = Schedule::default();
    schedule.add_systems((|mut runs: ResMut<Runs>| runs.0 += 1).run_if(is_any.and_then(is_large)));
    for _ in 0..3 {
        schedule.run(&mut world);
        let unit = Unit { position: 0.0, velocity: 0.0, health: 0 };
        world.store_mut().spawn(unit).expect("room");
    }
    assert_eq!(world.resource::<Runs>().0, 1, "runs with two units, not with zero or one");
}

#[derive(View)]
#[view(of = "drone", set = "cargo")]
struct Loaded {
    id: ObjectId,
}

/// Filters name schemas and slots too, which may come later.
#[test]
fn a_view_of_filters_alone_has_no_objects_before_the_first_schema() {
    let mut world = World::new();
    world.insert_store(Store::new());
    let rows =
        |units: SlotsRef<Loaded>| -> Vec<u32> { units.iter().map(|unit| unit.id.row()).collect() };
    assert_eq!(world.run_system_once(rows).expect("there are no schemas yet"), []);
    let drone = Schema::builder("drone").slot("cargo", Kind::U8).optional();
    world.store_mut().register_schema(drone.build().expect("valid schema")).expect("new schema");
    for cargo in [Value::Unset, 3.into(), 4.into()] {
        world.store_mut().spawn_record("drone", record! { cargo: cargo }).expect("valid record");
    }
    assert_eq!(world.run_system_once(rows).expect("the schema is there"), [1, 2]);
}

/// A filter method tests slots that the system declared, and no others.
#[test]
fn filter_methods_in_systems_read_declared_slots_only() -> Outcome {
    #[derive(View)]
    struct Poisons<'a> {
        health: &'a mut u32,
        poison: Option<&'a u32>,
    }
    fn undeclared(mut units: Slots<Healing>) -> String {
        assert!(units.view().of("orc").is_ok());
        assert_eq!(units.view().without("poison").map(|units| units.count()), Ok(0));
        units.view().where_set("poison").unwrap_err().to_string()
    }
    fn declared(mut units: Slots<Poisons>, ids: SlotsRef<Ids>) -> usize {
        let sound = units.view().where_unset("poison").expect("a field reads it");
        sound.for_each(|unit| *unit.health += 1);
        let mut by_id = units.view().where_set("poison").expect("a field reads it").by_id();
        let found = |id: ObjectId| by_id.get(id).map(|unit| *unit.health -= unit.poison.unwrap());
        ids.iter().map(|unit| unit.id).filter_map(found).count()
    }
    let mut world = World::new();
    world.insert_store(Store::new());
    let orc = Schema::builder("orc").slot("health", Kind::U32);
    let orc = orc.slot("poison", Kind::U32).optional().build()?;
    world.store_mut().register_schema(orc)?;
    world.run_system_once(undeclared).expect("it runs without objects");
    let poisons = [Value::from(5), Value::Unset, Value::from(7)];
    let records = poisons.map(|poison| record! { health: 80, poison: poison });
    let ids: Vec<_> = world.store_mut().spawn_records("orc", records)?.collect();
    let error = world.run_system_once(undeclared).expect("it runs");
    assert!(error.contains("view 'Healing' does not borrow slot 'poison'"), "{error}");
    assert_eq!(world.run_system_once(declared).expect("it runs"), 2);
    let healths = ids.iter().map(|id| world.store().get_value(*id, "health"));
    assert_eq!(healths.collect::<Result<Vec<_>, _>>()?, [75, 81, 73].map(Value::from));
    Ok(())
}
