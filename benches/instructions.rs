//! Runs one workload for `valgrind`, which counts instructions: exact figures on a noisy machine.
//!
//! ```text
//! cargo bench -p slotted_benches --bench instructions --no-run    # prints the program's path
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null PROGRAM --bench get
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null PROGRAM --bench get --operations 0
//! ```
//!
//! Each run prints its operations, and `valgrind` prints `Collected`: the instructions of the whole
//! program. Instructions per operation are their difference between the two runs, divided by the
//! operations of the first run.

mod options;

use std::error::Error;
use std::hint::black_box;

use clap::{Parser, ValueEnum};
use glam::Vec3;
use options::Mode;
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{ObjectId, SlotValue, Slotted, Store, View};

/// The objects of all workloads but those that spawn, which start empty.
const OBJECTS: usize = 10_000;
const DT: f32 = 1.0 / 64.0;

#[derive(Parser)]
#[command(about = "Runs one workload, for valgrind to count its instructions")]
struct Options {
    /// Workload to run; all of them by default
    #[arg(value_enum)]
    workload: Option<Workload>,
    /// Number of operations; moves and batches round it up to whole frames and batches
    #[arg(long, default_value_t = 100_000)]
    operations: usize,
    #[command(flatten)]
    mode: Mode,
}

/// One operation of each workload handles one object.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Workload {
    /// `Store::spawn` of a struct
    Spawn,
    /// `Store::spawn_batch` of 10,000 structs at a time
    SpawnBatch,
    /// `Store::spawn` of a struct with ranges on three slots
    SpawnRanges,
    /// `Store::spawn_batch` of 10,000 structs with ranges on three slots at a time
    SpawnBatchRanges,
    /// `Store::get` by key
    Get,
    /// `Store::set` by key
    Set,
    /// `position += velocity * dt` by `for_each`
    MoveClosure,
    /// `position += velocity * dt` by `for_each_run`
    MoveRuns,
    /// `Store::get_value` by name
    ByName,
    /// `Store::key` by name and `Store::get` by this key
    KeyByName,
    /// `ViewRef::get` of an enum
    ViewGetEnum,
    /// `ViewRef::get` of one slot
    ViewRefById,
    /// `ViewMut::get` of two slots, one of them mutable
    ViewGet,
    /// `ViewMutById::get` of the same slots
    ViewMutById,
    /// `Store::view` and `for_each` of a store whose only schema has no objects
    EmptyView,
}

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
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
struct Healths<'a> {
    health: &'a f32,
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

fn ranged(number: usize) -> Ranged {
    let Unit { position, velocity, health, kind, team, alive, seed } = unit(number);
    Ranged { position, velocity, health, kind, team, alive, seed }
}

/// Spawns the objects one by one.
fn spawn<T: Slotted>(
    store: &mut Store,
    operations: usize,
    object: fn(usize) -> T,
) -> Result<usize, Box<dyn Error>> {
    store.register::<T>()?;
    for number in 0..operations {
        black_box(store.spawn(object(number))?);
    }
    Ok(operations)
}

/// Spawns the objects in batches.
fn spawn_batches<T: Slotted>(
    store: &mut Store,
    operations: usize,
    object: fn(usize) -> T,
) -> Result<usize, Box<dyn Error>> {
    store.register::<T>()?;
    let objects: Vec<T> = (0..OBJECTS).map(object).collect();
    let batches = operations.div_ceil(OBJECTS);
    for _ in 0..batches {
        black_box(store.spawn_batch(objects.iter().copied())?);
    }
    Ok(batches * OBJECTS)
}

/// Runs the workload and returns the number of operations done.
fn run(workload: Workload, operations: usize) -> Result<usize, Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    match workload {
        Workload::Spawn => return spawn(&mut store, operations, unit),
        Workload::SpawnBatch => return spawn_batches(&mut store, operations, unit),
        Workload::SpawnRanges => return spawn(&mut store, operations, ranged),
        Workload::SpawnBatchRanges => return spawn_batches(&mut store, operations, ranged),
        Workload::ViewGetEnum => {
            store.register::<Worker>()?;
            let job =
                |number: usize| if number.is_multiple_of(2) { Job::Farmer } else { Job::Guard };
            let workers = (0..OBJECTS).map(|number| Worker { job: job(number) });
            let ids: Vec<ObjectId> = store.spawn_batch(workers)?.collect();
            let view = store.view_ref::<Jobs>()?;
            for id in ids.iter().copied().cycle().take(operations) {
                black_box(view.get(id).map(|worker| *worker.job));
            }
        }
        Workload::EmptyView => {
            for _ in 0..operations {
                store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * DT);
            }
        }
        _ => {
            let ids: Vec<ObjectId> = store.spawn_batch((0..OBJECTS).map(unit))?.collect();
            return work(workload, operations, &mut store, &ids);
        }
    }
    Ok(operations)
}

/// Runs a workload on objects that exist.
fn work(
    workload: Workload,
    operations: usize,
    store: &mut Store,
    ids: &[ObjectId],
) -> Result<usize, Box<dyn Error>> {
    let health = store.key::<f32>("unit", "health")?;
    let frames = operations.div_ceil(OBJECTS);
    let ids = ids.iter().copied().cycle().take(operations);
    match workload {
        Workload::Get => ids.for_each(|id| {
            black_box(store.get(id, health));
        }),
        Workload::Set => {
            for (number, id) in ids.enumerate() {
                store.set(id, health, number as f32)?;
            }
        }
        Workload::ByName => {
            for id in ids {
                black_box(store.get_value(id, "health")?);
            }
        }
        Workload::KeyByName => {
            for id in ids {
                black_box(store.get(id, store.key::<f32>("unit", "health")?));
            }
        }
        Workload::ViewRefById | Workload::ViewGet | Workload::ViewMutById => {
            look_up(workload, store, ids)?;
        }
        Workload::MoveClosure => {
            for _ in 0..frames {
                store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * DT);
            }
            return Ok(frames * OBJECTS);
        }
        Workload::MoveRuns => {
            for _ in 0..frames {
                store.view::<Moving>()?.for_each_run(
                    #[inline(always)]
                    |run| {
                        let position: &mut [f32] = bytemuck::cast_slice_mut(run.position);
                        let velocity: &[f32] = bytemuck::cast_slice(run.velocity);
                        for (position, velocity) in position.iter_mut().zip(velocity) {
                            *position += *velocity * DT;
                        }
                    },
                );
            }
            return Ok(frames * OBJECTS);
        }
        _ => unreachable!("the other workloads make their own objects"),
    }
    Ok(operations)
}

/// Runs a workload on single objects of a view.
fn look_up(
    workload: Workload,
    store: &mut Store,
    ids: impl Iterator<Item = ObjectId>,
) -> Result<(), Box<dyn Error>> {
    match workload {
        Workload::ViewRefById => {
            let units = store.view_ref::<Healths>()?.by_id();
            let healths = ids.filter_map(|id| units.get(id));
            black_box(healths.map(|unit| *unit.health).sum::<f32>());
        }
        Workload::ViewGet => {
            let mut view = store.view::<Moving>()?;
            for id in ids {
                if let Some(unit) = view.get(id) {
                    *unit.position += *unit.velocity * DT;
                }
            }
        }
        Workload::ViewMutById => {
            let mut units = store.view::<Moving>()?.by_id();
            for id in ids {
                if let Some(unit) = units.get(id) {
                    *unit.position += *unit.velocity * DT;
                }
            }
        }
        _ => unreachable!("the other workloads use no ids in views"),
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let operations =
        if options.mode.is_test() { options.operations.min(100) } else { options.operations };
    let one = options.workload.as_slice();
    for workload in if one.is_empty() { Workload::value_variants() } else { one } {
        let done = run(*workload, operations)?;
        println!("{workload:?}: {done} operations");
    }
    Ok(())
}
