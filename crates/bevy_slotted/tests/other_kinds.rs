//! Fault 47: schemas that a view skips because a slot is of another kind.

use std::sync::Mutex;

use std::error::Error;

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::Schedule;
use bevy_ecs::system::{IntoSystem, RunSystemOnce};
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::view::OptionMut;
use bevy_slotted::slotted::{Kind, Schema, Store, record};
use log::{LevelFilter, Log, Metadata, Record};

type Outcome = Result<(), Box<dyn Error>>;

/// The logged warnings of all tests, which run in parallel.
struct Logged(Mutex<Vec<String>>);

static LOGGED: Logged = Logged(Mutex::new(Vec::new()));

impl Log for Logged {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.target().starts_with("bevy_slotted")
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            let text = format!("{}: {}", record.level(), record.args());
            self.0.lock().expect("no panic").push(text);
        }
    }

    fn flush(&self) {}
}

/// Returns the warnings about a view, which no other test may use.
fn warnings_of(view: &str) -> Vec<String> {
    let parameters = [format!("`Slots<{view}>`"), format!("`SlotsRef<{view}>`")];
    let logged = LOGGED.0.lock().expect("no panic");
    let is_of_view = |text: &&String| parameters.iter().any(|name| text.contains(name));
    logged.iter().filter(is_of_view).cloned().collect()
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    rage: Option<f32>,
}

/// A world with units, and with objects of mods: one of each schema.
fn world() -> World {
    // Each test sets the same logger; all but the first call fail.
    let _ = log::set_logger(&LOGGED);
    log::set_max_level(LevelFilter::Warn);
    let mut store = Store::new();
    store.register::<Unit>().expect("valid schema");
    store.spawn(Unit { health: 1.0, rage: Some(0.5) }).expect("it has room");
    let mut world = World::new();
    world.insert_store(store);
    world
}

fn add(world: &mut World, schema: bevy_slotted::slotted::schema::SchemaBuilder) {
    let schema = schema.build().expect("valid schema");
    let name = schema.name().to_owned();
    world.store_mut().register_schema(schema).expect("no other has its name");
    let object = record! { health: 7, rage: 1 };
    world.store_mut().spawn_record(&name, object).expect("a good record");
}

/// The health is a number of another kind.
fn add_robot(world: &mut World) {
    add(world, Schema::builder("robot").slot("health", Kind::U16).slot("rage", Kind::U8));
}

/// The health may be unset, the rage may not.
fn add_golem(world: &mut World) {
    let golem = Schema::builder("golem").slot("health", Kind::F32).optional();
    add(world, golem.slot("rage", Kind::F32));
}

fn run<T: 'static, M>(world: &mut World, system: impl IntoSystem<(), T, M>) -> T {
    world.run_system_once(system).expect("the system runs")
}

#[test]
fn fault_47_a_skipped_schema_is_warned_of_once_and_the_rest_is_visited() -> Outcome {
    #[derive(View)]
    struct Healing<'a> {
        health: &'a mut f32,
    }
    fn heal(mut units: Slots<Healing>) {
        units.for_each(|unit| *unit.health += 1.0);
    }
    let mut world = world();
    let mut schedule = Schedule::default();
    schedule.add_systems(heal);
    schedule.run(&mut world);
    assert_eq!(warnings_of("Healing"), [""; 0], "no schema has another kind yet");

    add_robot(&mut world);
    schedule.run(&mut world);
    schedule.run(&mut world);
    let warnings = warnings_of("Healing");
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.starts_with("WARN: `Slots<Healing>` in system `"), "{warning}");
    assert!(
        warning.ends_with(
            "` skips the objects of 'robot': slot 'health' of 'robot' is u16, not f32; rename the \
             slot, or mark the view `#[view(lenient)]` if it may skip them"
        ),
        "{warning}"
    );

    // A schema that comes later is told for itself.
    add_golem(&mut world);
    schedule.run(&mut world);
    schedule.run(&mut world);
    let warnings = warnings_of("Healing");
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings[1].contains("slot 'health' of 'golem' is optional f32, not f32"),
        "{}",
        warnings[1]
    );
    let unit = world.store().ids_of("unit")?.next().ok_or("it is alive")?;
    assert_eq!(world.store().get_object::<Unit>(unit)?.health, 6.0);
    Ok(())
}

#[test]
fn fault_47_each_way_to_want_a_slot_is_told() -> Outcome {
    #[derive(View)]
    struct Reading<'a> {
        rage: Option<&'a f32>,
    }
    #[derive(View)]
    struct Setting<'a> {
        rage: OptionMut<'a, f32>,
    }
    #[derive(View)]
    struct IsSet<'a> {
        #[slot(set)]
        rage: &'a f32,
    }
    let mut world = world();
    add_robot(&mut world);
    add_golem(&mut world);
    let read = |units: SlotsRef<Reading>| units.iter().filter(|unit| unit.rage.is_some()).count();
    assert_eq!(run(&mut world, read), 2);
    let set = |mut units: Slots<Setting>| {
        let mut set = 0;
        for unit in &mut units {
            set += usize::from(unit.rage.get().is_some());
        }
        set
    };
    assert_eq!(run(&mut world, set), 1);
    let is_set = |units: SlotsRef<IsSet>| units.iter().filter(|unit| *unit.rage > 0.0).count();
    assert_eq!(run(&mut world, is_set), 2);

    let told = |view: &str, texts: &[&str]| {
        let warnings = warnings_of(view);
        assert_eq!(warnings.len(), texts.len(), "{warnings:?}");
        for (warning, text) in warnings.iter().zip(texts) {
            assert!(warning.contains(text), "{warning}");
        }
    };
    told("Reading", &["slot 'rage' of 'robot' is u8"]);
    told("IsSet", &["slot 'rage' of 'robot' is u8"]);
    told("Setting", &["slot 'rage' of 'robot' is u8", "slot 'rage' of 'golem' is f32"]);
    Ok(())
}

#[test]
fn fault_47_a_lenient_view_and_a_filtered_one_skip_silently() -> Outcome {
    #[derive(View)]
    #[view(lenient)]
    struct Lenient<'a> {
        health: &'a f32,
    }
    #[derive(View)]
    #[view(of = "unit")]
    struct Filtered<'a> {
        health: &'a f32,
    }
    let mut world = world();
    add_robot(&mut world);
    let lenient = run(&mut world, |units: SlotsRef<Lenient>| {
        units.iter().map(|unit| *unit.health).sum::<f32>()
    });
    assert_eq!(lenient, 1.0);
    let filtered = run(&mut world, |units: SlotsRef<Filtered>| {
        units.iter().map(|unit| *unit.health).sum::<f32>()
    });
    assert_eq!(filtered, 1.0);
    assert_eq!(warnings_of("Lenient"), [""; 0]);
    assert_eq!(warnings_of("Filtered"), [""; 0]);
    Ok(())
}

#[test]
fn fault_47_a_view_that_only_other_kinds_match_is_an_error() -> Outcome {
    #[derive(View)]
    struct Whole<'a> {
        health: &'a mut u64,
    }
    let mut world = world();
    add_robot(&mut world);
    let error =
        world.run_system_once(|mut units: Slots<Whole>| units.for_each(|unit| *unit.health = 1));
    let text = error.expect_err("no schema has the kind").to_string();
    assert!(text.contains("slot 'health' of 'unit' is f32, not u64"), "{text}");
    assert_eq!(warnings_of("Whole"), [""; 0], "the error says it");
    Ok(())
}

#[test]
fn fault_47_a_migration_to_another_kind_is_told() -> Outcome {
    #[derive(View)]
    struct Watching<'a> {
        health: &'a f32,
    }
    let mut world = world();
    let tower = Schema::builder("tower").slot("health", Kind::F32).slot("rage", Kind::F32);
    add(&mut world, tower);
    let mut schedule = Schedule::default();
    schedule.add_systems(|units: SlotsRef<Watching>| assert!(units.iter().len() > 0));
    schedule.run(&mut world);
    assert_eq!(warnings_of("Watching"), [""; 0]);
    let tower = Schema::builder("tower").slot("health", Kind::F64).slot("rage", Kind::F32);
    let plan = world.store().plan_migration([tower.build()?])?;
    world.store_mut().migrate(&plan)?;
    schedule.run(&mut world);
    schedule.run(&mut world);
    let warnings = warnings_of("Watching");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("slot 'health' of 'tower' is f64, not f32"), "{}", warnings[0]);
    Ok(())
}
