//! Counts the instructions of the hot loops under valgrind: the same figures on every run, also on a busy machine.
//!
//! ```text
//! cargo install gungraun-runner --version 0.20.0      # and valgrind, from the system's packages
//! cargo bench -p slotted_benches --bench instructions
//! cargo bench -p slotted_benches --bench instructions -- '*::get::*' --baseline=before
//! ```
//!
//! `gungraun` runs each workload once under callgrind and prints the instructions of its 10,000 operations, without those
//! of the preparation. It compares them with the run before, or with a baseline. Without valgrind or `gungraun-runner` the
//! bench prints a message and succeeds. As a test it runs all workloads without them, in a small size.
//!
//! To add a workload, write its function and name it in `workloads!` at the end of this file.

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::process::Command;

use glam::Vec3;
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{
    Kind, ObjectId, Record, Schema, SlotKey, SlotValue, Slotted, Snapshot, Store, View, record,
};

/// Operations in a test.
const TEST_OPERATIONS: usize = 100;
/// The schemas of [`fragmented`], and the objects of each.
const FRAGMENTS: (usize, usize) = (26, 20);
/// The schemas of [`many_schemas`] without objects.
const SCHEMAS: usize = 5_000;
const DT: f32 = 1.0 / 64.0;
const TEAM: u8 = 3;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    health: f32,
    kind: u16,
    team: u8,
    alive: bool,
    seed: u32,
}

/// [`Unit`] with ranges on three slots.
#[derive(Slotted, Clone, Copy)]
struct Ranged {
    position: Vec3,
    velocity: Vec3,
    #[slot(range = 0.0..=500.0)]
    health: f32,
    #[slot(range = ..1000)]
    kind: u16,
    #[slot(range = 0..=7)]
    team: u8,
    alive: bool,
    seed: u32,
}

impl From<&Unit> for Ranged {
    fn from(unit: &Unit) -> Self {
        let Unit { position, velocity, health, kind, team, alive, seed } = *unit;
        Self { position, velocity, health, kind, team, alive, seed }
    }
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

#[derive(Slotted, Clone, Copy)]
struct Worker {
    job: Job,
}

#[derive(View)]
struct Jobs<'a> {
    job: &'a Job,
}

#[derive(View)]
struct ChangingJobs<'a> {
    job: &'a mut Job,
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
struct Healths<'a> {
    health: &'a f32,
}

#[derive(View)]
struct Fighting<'a> {
    health: &'a f32,
    team: &'a u8,
    alive: &'a bool,
}

#[derive(View)]
#[view(lenient)]
struct Shared<'a> {
    shared: &'a mut f32,
}

fn unit(number: usize) -> Unit {
    Unit {
        position: Vec3::splat(number as f32),
        velocity: Vec3::ONE,
        health: (number % 250) as f32,
        kind: (number % 1000) as u16,
        team: (number % 8) as u8,
        alive: number.is_multiple_of(2),
        seed: number as u32,
    }
}

fn unit_record(number: usize) -> Record {
    let unit = unit(number);
    record! {
        position: unit.position,
        velocity: unit.velocity,
        health: unit.health,
        kind: unit.kind,
        team: unit.team,
        alive: unit.alive,
        seed: unit.seed,
    }
}

type Outcome = Result<(), Box<dyn Error>>;

/// Everything that a workload starts with. Making it is not counted.
struct World {
    store: Store,
    health: SlotKey<f32>,
    ids: Vec<ObjectId>,
    units: Vec<Unit>,
    records: Vec<Record>,
    snapshots: Vec<Snapshot>,
    operations: usize,
}

/// Returns a store whose only schema has no objects, and the values of objects.
fn empty(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    drop(store.view::<Moving>()?);
    Ok(World {
        health: store.key("unit", "health")?,
        store,
        ids: Vec::new(),
        units: (0..operations).map(unit).collect(),
        records: (0..operations).map(unit_record).collect(),
        snapshots: Vec::with_capacity(1),
        operations,
    })
}

/// Returns a store with one object for each operation, and with views that were used before.
fn filled(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut world = empty(operations)?;
    world.ids = world.store.spawn_batch(world.units.iter().copied())?.collect();
    drop(world.store.view_ref::<Healths>()?);
    drop(world.store.view_ref::<Fighting>()?);
    Ok(world)
}

/// Returns a store with a second schema, whose slots have ranges.
fn ranged(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut world = empty(operations)?;
    world.store.register::<Ranged>()?;
    Ok(world)
}

/// Returns a store with one object for each operation, whose only slot is an enum.
fn workers(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut world = empty(operations)?;
    world.store.register::<Worker>()?;
    let job = |number: usize| if number.is_multiple_of(2) { Job::Farmer } else { Job::Guard };
    let workers = (0..operations).map(|number| Worker { job: job(number) });
    world.ids = world.store.spawn_batch(workers)?.collect();
    drop(world.store.view_ref::<Jobs>()?);
    Ok(world)
}

/// Returns a store with many schemas, the first of which has one object for each operation.
fn many_schemas(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut world = filled(operations)?;
    for number in 0..SCHEMAS {
        let schema = Schema::builder(format!("schema {number}")).slot("shared", Kind::F32);
        world.store.register_schema(schema.build()?)?;
    }
    world.snapshots.push(world.store.snapshot());
    Ok(world)
}

/// Returns a store with few objects of each of many schemas.
fn fragments(operations: usize) -> Result<World, Box<dyn Error>> {
    let mut world = empty(operations)?;
    let (schemas, objects) = FRAGMENTS;
    for number in 0..schemas {
        let name = format!("fragment {number}");
        let schema = Schema::builder(name.as_str()).slot("shared", Kind::F32);
        world.store.register_schema(schema.build()?)?;
        let records = (0..objects).map(|object| record! { shared: object as f32 });
        world.store.spawn_records(&name, records)?.for_each(drop);
    }
    drop(world.store.view::<Shared>()?);
    Ok(world)
}

/// `Store::spawn` of a struct.
fn spawn(world: &mut World) -> Outcome {
    for unit in &world.units {
        black_box(world.store.spawn(*unit)?);
    }
    Ok(())
}

/// `Store::spawn_batch` of structs, one batch.
fn spawn_batch(world: &mut World) -> Outcome {
    black_box(world.store.spawn_batch(world.units.iter().copied())?);
    Ok(())
}

/// `Store::spawn` of a struct with ranges on three slots.
fn spawn_ranges(world: &mut World) -> Outcome {
    for unit in &world.units {
        black_box(world.store.spawn(Ranged::from(unit))?);
    }
    Ok(())
}

/// `Store::spawn_batch` of the same structs, one batch.
fn spawn_batch_ranges(world: &mut World) -> Outcome {
    black_box(world.store.spawn_batch(world.units.iter().map(Ranged::from))?);
    Ok(())
}

/// `Store::spawn_record` of seven values.
fn spawn_record(world: &mut World) -> Outcome {
    for record in world.records.drain(..) {
        black_box(world.store.spawn_record("unit", record)?);
    }
    Ok(())
}

/// `Store::get` by key.
fn get(world: &mut World) -> Outcome {
    for &id in &world.ids {
        black_box(world.store.get(id, world.health));
    }
    Ok(())
}

/// `Store::set` by key.
fn set(world: &mut World) -> Outcome {
    for (number, &id) in world.ids.iter().enumerate() {
        world.store.set(id, world.health, number as f32)?;
    }
    Ok(())
}

/// `Store::get_value` by name.
fn get_by_name(world: &mut World) -> Outcome {
    for &id in &world.ids {
        black_box(world.store.get_value(id, "health")?);
    }
    Ok(())
}

/// `Store::set_value` by name.
fn set_by_name(world: &mut World) -> Outcome {
    for (number, &id) in world.ids.iter().enumerate() {
        world.store.set_value(id, "health", number as f32)?;
    }
    Ok(())
}

/// `Store::key` by name, and `Store::get` by this key.
fn key_by_name(world: &mut World) -> Outcome {
    for &id in &world.ids {
        black_box(world.store.get(id, world.store.key::<f32>("unit", "health")?));
    }
    Ok(())
}

/// `position += velocity * dt` by `for_each`.
fn move_closure(world: &mut World) -> Outcome {
    world.store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * DT);
    Ok(())
}

/// The same by a `for` loop.
fn move_loop(world: &mut World) -> Outcome {
    for unit in world.store.view::<Moving>()? {
        *unit.position += *unit.velocity * DT;
    }
    Ok(())
}

/// The same by `for_each_run`.
fn move_runs(world: &mut World) -> Outcome {
    world.store.view::<Moving>()?.for_each_run(
        #[inline(always)]
        |run| {
            let position: &mut [f32] = bytemuck::cast_slice_mut(run.position);
            let velocity: &[f32] = bytemuck::cast_slice(run.velocity);
            for (position, velocity) in position.iter_mut().zip(velocity) {
                *position += *velocity * DT;
            }
        },
    );
    Ok(())
}

/// The sum of `health` over those that are alive and in one team, by `for_each`.
fn conditional_sum(world: &mut World) -> Outcome {
    let mut sum = 0.0;
    world.store.view_ref::<Fighting>()?.for_each(|unit| {
        if *unit.alive && *unit.team == TEAM {
            sum += *unit.health;
        }
    });
    black_box(sum);
    Ok(())
}

/// One operation is a frame: one slot of 20 objects of each of 26 schemas changes.
fn fragmented(world: &mut World) -> Outcome {
    for _ in 0..world.operations {
        world
            .store
            .view::<Shared>()?
            .for_each(|object| *object.shared = *object.shared * 0.5 + 1.0);
    }
    Ok(())
}

/// `Store::view` and `for_each` of a store whose only schema has no objects.
fn empty_view(world: &mut World) -> Outcome {
    for _ in 0..world.operations {
        move_closure(world)?;
    }
    Ok(())
}

/// `ViewRefById::get` of one slot.
fn view_ref_by_id(world: &mut World) -> Outcome {
    let units = world.store.view_ref::<Healths>()?.by_id();
    let healths = world.ids.iter().filter_map(|&id| units.get(id));
    black_box(healths.map(|unit| *unit.health).sum::<f32>());
    Ok(())
}

/// `ViewRef::get` of an enum.
fn view_get_enum(world: &mut World) -> Outcome {
    let view = world.store.view_ref::<Jobs>()?;
    for &id in &world.ids {
        black_box(view.get(id).map(|worker| *worker.job));
    }
    Ok(())
}

/// `ViewMut::get_disjoint_mut` of the enums of two objects in one block.
fn view_disjoint_enums(world: &mut World) -> Outcome {
    let mut view = world.store.view::<ChangingJobs>()?;
    for pair in world.ids.windows(2) {
        let [first, second] = view.get_disjoint_mut([pair[0], pair[1]])?;
        std::mem::swap(first.job, second.job);
    }
    Ok(())
}

/// `ViewMut::get` of two slots, one of them mutable.
fn view_get(world: &mut World) -> Outcome {
    let mut view = world.store.view::<Moving>()?;
    for &id in &world.ids {
        if let Some(unit) = view.get(id) {
            *unit.position += *unit.velocity * DT;
        }
    }
    Ok(())
}

/// `ViewMutById::get` of the same slots.
fn view_mut_by_id(world: &mut World) -> Outcome {
    let mut units = world.store.view::<Moving>()?.by_id();
    for &id in &world.ids {
        if let Some(unit) = units.get(id) {
            *unit.position += *unit.velocity * DT;
        }
    }
    Ok(())
}

/// `Store::snapshot` when nothing was written since the last one, which is alive.
fn snapshot_idle(world: &mut World) -> Outcome {
    for _ in 0..world.operations {
        let snapshot = world.store.snapshot();
        world.snapshots.clear();
        world.snapshots.push(snapshot);
    }
    Ok(())
}

/// `snapshot_idle` of a store with many schemas, most of them without objects.
fn snapshot_many_schemas(world: &mut World) -> Outcome {
    snapshot_idle(world)
}

/// `snapshot_idle` with one value written before, which copies its block.
fn snapshot_write(world: &mut World) -> Outcome {
    for operation in 0..world.operations {
        world.store.set(world.ids[0], world.health, operation as f32)?;
        let snapshot = world.store.snapshot();
        world.snapshots.clear();
        world.snapshots.push(snapshot);
    }
    Ok(())
}

/// Declares the workloads with the worlds that they start with, for tests and for gungraun.
macro_rules! workloads {
    ($($name:ident: $world:ident,)+) => {
        /// Runs every workload once, small.
        fn test() -> Outcome {
            $(
                $name(&mut $world(TEST_OPERATIONS)?)?;
                println!("{}: {TEST_OPERATIONS} operations", stringify!($name));
            )+
            Ok(())
        }

        mod counts {
            use std::error::Error;

            use gungraun::prelude::*;
            use gungraun::{Callgrind, EventKind};

            use crate::World;

            $(
                // The number is a literal, because gungraun prints the code of the argument.
                #[library_benchmark]
                #[bench::operations(args = (10_000), setup = crate::$world)]
                fn $name(world: Result<World, Box<dyn Error>>) -> World {
                    let mut world = world.expect("the world is made");
                    crate::$name(&mut world).expect("the workload runs");
                    world
                }
            )+

            library_benchmark_group!(name = hot_loops, benchmarks = [$($name),+]);

            main!(
                config = LibraryBenchmarkConfig::default()
                    .tool(Callgrind::with_args(["--cache-sim=no"]).format([EventKind::Ir])),
                library_benchmark_groups = hot_loops
            );

            pub(super) fn run() {
                main();
            }
        }
    };
}

workloads! {
    spawn: empty,
    spawn_batch: empty,
    spawn_ranges: ranged,
    spawn_batch_ranges: ranged,
    spawn_record: empty,
    get: filled,
    set: filled,
    get_by_name: filled,
    set_by_name: filled,
    key_by_name: filled,
    move_closure: filled,
    move_loop: filled,
    move_runs: filled,
    conditional_sum: filled,
    fragmented: fragments,
    empty_view: empty,
    view_ref_by_id: filled,
    view_get: filled,
    view_get_enum: workers,
    view_disjoint_enums: workers,
    view_mut_by_id: filled,
    snapshot_idle: filled,
    snapshot_write: filled,
    snapshot_many_schemas: many_schemas,
}

/// The version of `gungraun` in `Cargo.toml`. Its runner must have the same.
const RUNNER_VERSION: &str = "0.20.0";

/// Returns the missing programs, with the way to get them.
fn missing() -> Vec<String> {
    let prints = |program: &str, wanted: &str| {
        let output = Command::new(program).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(wanted))
    };
    let valgrind = env::var("GUNGRAUN_VALGRIND_BIN").unwrap_or_else(|_| "valgrind".to_owned());
    let starts = Command::new(&valgrind).arg("--version").output();
    let mut missing = Vec::new();
    if !starts.is_ok_and(|output| output.status.success()) {
        missing.push(format!(
            "no '{valgrind}' found; install valgrind with the system's package manager"
        ));
    }
    // The same choice as gungraun's.
    let runner = option_env!("GUNGRAUN_RUNNER").unwrap_or("gungraun-runner");
    if !prints(runner, RUNNER_VERSION) {
        missing.push(format!(
            "no '{runner}' of version {RUNNER_VERSION} found; run `cargo install gungraun-runner --version {RUNNER_VERSION}`"
        ));
    }
    missing
}

fn main() -> Outcome {
    // Gungraun starts this program again for each workload.
    let counted = env::args().nth(1).is_some_and(|argument| argument == "--gungraun-run");
    // Cargo passes `--bench` to measure, and `--test` or nothing to test.
    let measures = env::args().any(|argument| argument == "--bench")
        && !env::args().any(|argument| argument == "--test");
    if !counted && !measures {
        return test();
    }
    if !counted {
        let missing = missing();
        if !missing.is_empty() {
            println!("instructions are not counted: {}", missing.join("; "));
            return Ok(());
        }
    }
    counts::run();
    Ok(())
}
