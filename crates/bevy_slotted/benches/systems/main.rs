//! Compares systems over slots with systems over Bevy's components. All run in a schedule.
//!
//! `cargo bench -p bevy_slotted --bench systems -- --rounds 15 --markdown ../../target/systems.md`

mod arrays;
mod bevy;
mod slots;

use std::error::Error;
use std::path::PathBuf;

use bench_support::allocator::{CountingAllocator, added_bytes};
use bench_support::forms::{Form, sample, table};
use bench_support::machine;
use bevy_ecs::schedule::{MultiThreadedExecutor, Schedule, SingleThreadedExecutor};
use bevy_ecs::world::World;
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};
use clap::Parser;
use slotted::glam::Vec3;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[derive(Parser)]
#[command(about = "Compares systems over slots with systems over components")]
struct Options {
    /// Samples of each form
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Number of objects and of entities
    #[arg(long, default_value_t = 1_000_000)]
    objects: usize,
    /// Only tables whose name contains this: memory, movement, two systems, idle
    #[arg(long, value_name = "SUBSTR", default_value = "")]
    table: String,
    /// Write the README's tables to this file
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,
    /// Few objects, one round: only checks that all forms run and agree
    #[arg(long)]
    test: bool,
    /// Added by `cargo bench`, not by `cargo test`; without it nothing is measured
    #[arg(long, hide = true)]
    bench: bool,
}

/// The time step of a frame.
const DT: f32 = 1.0 / 64.0;

/// A unit of 36 bytes in seven slots, or components.
#[derive(Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    health: f32,
    kind: u16,
    team: u8,
    alive: bool,
    seed: u32,
}

fn units(count: usize) -> impl Iterator<Item = Unit> + Clone {
    (0..count).map(|number| {
        let part = (number % 1000) as f32;
        Unit {
            position: Vec3::new(part, -part, part * 0.5),
            velocity: Vec3::new(1.0, part * 0.01, -2.0),
            health: part,
            kind: (number % 300) as u16,
            team: (number % 8) as u8,
            alive: !number.is_multiple_of(3),
            seed: number as u32,
        }
    })
}

fn digest(value: Vec3) -> u64 {
    value
        .to_array()
        .iter()
        .fold(0, |digest, part| digest ^ u64::from(part.to_bits()).rotate_left(21))
}

/// The hand-written loop over slices, the same for both.
fn advance(values: &mut [Vec3], changes: &[Vec3]) {
    slotted::vectorize(
        #[inline(always)]
        || {
            for (value, change) in values.iter_mut().zip(changes) {
                *value += *change * DT;
            }
        },
    );
}

/// Computes enough for each value that memory bandwidth is not the limit.
fn steer(values: &mut [Vec3], changes: &[Vec3]) {
    for (value, change) in values.iter_mut().zip(changes) {
        let (along, turned) = (value.normalize_or_zero(), value.cross(*change));
        let changed = *value + (along * 3.0 + turned * 0.01).clamp_length_max(1.0) * DT;
        *value = changed.clamp_length_max(1000.0);
    }
}

/// The loop of a system over two columns.
type Loop = fn(&mut [Vec3], &[Vec3]);

/// A world and its schedule.
struct Frame {
    world: World,
    schedule: Schedule,
}

#[derive(Clone, Copy)]
enum Threads {
    One,
    Two,
}

impl Frame {
    fn new(world: World, threads: Threads, add: impl FnOnce(&mut Schedule)) -> Self {
        let mut schedule = Schedule::default();
        match threads {
            Threads::One => schedule.set_executor(SingleThreadedExecutor::new()),
            Threads::Two => schedule.set_executor(MultiThreadedExecutor::new()),
        };
        add(&mut schedule);
        Self { world, schedule }
    }

    fn run(&mut self, times: usize) -> Result<(), Box<dyn Error>> {
        (0..times).for_each(|_| self.schedule.run(&mut self.world));
        Ok(())
    }
}

/// One table: forms with a name, the index of their baseline, and a frame.
struct Contest {
    title: String,
    unit: &'static str,
    /// The number of `unit`s in a second, divided by the work of one frame.
    units: f64,
    /// Runs of a frame in a sample.
    times: usize,
    frames: Vec<(&'static str, usize, Frame)>,
}

impl Contest {
    fn run(&mut self, rounds: u32) -> Result<String, Box<dyn Error>> {
        let times = self.times;
        let frames = self.frames.iter_mut();
        let mut forms: Vec<_> = frames
            .map(|(name, limit, frame)| Form::new(name, *limit, move || frame.run(times)))
            .collect();
        sample(&mut forms, rounds)?;
        Ok(table(&self.title, &forms, self.unit, self.units / times as f64))
    }
}

fn movement(objects: usize) -> Contest {
    let bevy = || bevy::world(units(objects));
    let slots = || slots::world(units(objects));
    let frames = vec![
        ("Bevy `iter_mut`", 0, Frame::new(bevy(), Threads::One, bevy::add_iter)),
        ("Bevy `contiguous_iter_mut`", 0, Frame::new(bevy(), Threads::One, bevy::add_contiguous)),
        (
            "Bevy `contiguous_iter_mut`, changes not marked",
            0,
            Frame::new(bevy(), Threads::One, bevy::add_contiguous_unmarked),
        ),
        ("`Slots::for_each`", 0, Frame::new(slots(), Threads::One, slots::add_each)),
        ("`Slots::for_each_run`", 0, Frame::new(slots(), Threads::One, slots::add_runs)),
        ("Bevy `par_iter_mut`, 2 threads", 0, Frame::new(bevy(), Threads::Two, bevy::add_par)),
        (
            "Bevy `contiguous_par_iter_mut`, 2 threads, changes not marked",
            0,
            Frame::new(bevy(), Threads::Two, bevy::add_contiguous_par_unmarked),
        ),
        ("`Slots::par_for_each`, 2 threads", 0, Frame::new(slots(), Threads::Two, slots::add_par)),
        (
            "`Slots::par_for_each_run`, 2 threads",
            0,
            Frame::new(slots(), Threads::Two, slots::add_par_runs),
        ),
    ];
    let title = format!("movement of {objects}, for each");
    Contest {
        title,
        unit: "ns",
        units: 1e9 / objects as f64,
        times: (4_000_000 / objects).max(1),
        frames,
    }
}

/// Two systems, each with one pair of columns, against the same loops over plain arrays.
fn two_systems(objects: usize, name: &str, work: Loop) -> Contest {
    let bevy = || bevy::world_of_pairs(units(objects));
    let slots = || slots::world_of_pairs(units(objects));
    let arrays = || arrays::world_of_pairs(units(objects));
    let title = format!("two systems that {name}, each with other columns of {objects}");
    let frame = |world, threads, add: fn(&mut Schedule, Loop)| {
        Frame::new(world, threads, move |schedule| add(schedule, work))
    };
    let (one, two) = (Threads::One, Threads::Two);
    let frames = vec![
        ("arrays, one after the other", 0, frame(arrays(), one, arrays::add_two)),
        ("arrays, 2 threads", 0, frame(arrays(), two, arrays::add_two)),
        ("slots, one after the other", 2, frame(slots(), one, slots::add_two)),
        ("slots, 2 threads", 2, frame(slots(), two, slots::add_two)),
        ("Bevy, one after the other", 4, frame(bevy(), one, bevy::add_two)),
        ("Bevy, 2 threads", 4, frame(bevy(), two, bevy::add_two)),
    ];
    Contest { title, unit: "ms", units: 1e3, times: 2, frames }
}

fn two_that_move(objects: usize) -> Contest {
    two_systems(objects, "move", advance)
}

fn two_that_steer(objects: usize) -> Contest {
    two_systems(objects, "steer", steer)
}

/// Systems without any work.
const IDLE_SYSTEMS: usize = 64;

fn idle(_: usize) -> Contest {
    let bevy = || bevy::world(units(0));
    let slots = || slots::world(units(0));
    let frames = vec![
        ("Bevy `Query`, not looked at", 0, Frame::new(bevy(), Threads::One, bevy::add_empty)),
        ("`Slots`, not looked at", 0, Frame::new(slots(), Threads::One, slots::add_empty)),
        ("Bevy `iter_mut`", 2, Frame::new(bevy(), Threads::One, bevy::add_idle)),
        ("`Slots::for_each`", 2, Frame::new(slots(), Threads::One, slots::add_idle)),
        ("`Slots::iter_mut`", 2, Frame::new(slots(), Threads::One, slots::add_idle_iter)),
    ];
    let title = "a system over no objects, in a frame".to_owned();
    Contest { title, unit: "ns", units: 1e9 / IDLE_SYSTEMS as f64, times: 2000, frames }
}

fn memory(objects: usize) -> String {
    let mut keep: (Option<World>, Option<World>) = (None, None);
    let empty = added_bytes(|| keep.0 = Some(bevy::world(units(0))));
    let bevy = added_bytes(|| keep.0 = Some(bevy::world(units(objects)))) + empty;
    let empty_slots = added_bytes(|| keep.1 = Some(slots::world(units(0))));
    let slots = added_bytes(|| keep.1 = Some(slots::world(units(objects)))) + empty_slots;
    let each = |bytes: usize, empty: usize| (bytes - empty) as f64 / objects as f64;
    let (bevy, slots) = (each(bevy, empty), each(slots, empty_slots));
    format!(
        "| heap memory of {objects}, for each | bytes | ratio |\n|---|---:|---:|\n\
         | Bevy components | {bevy:.1} | 1.00× |\n| slots | {slots:.1} | {:.2}× |\n",
        slots / bevy
    )
}

/// Checks that all forms of the movement gave the same result.
fn compare(contest: &mut Contest) {
    let digests = contest.frames.iter_mut().map(|(name, _, Frame { world, .. })| {
        (
            *name,
            slots::digest(world).or_else(|| bevy::digest(world)).or_else(|| arrays::digest(world)),
        )
    });
    let digests: Vec<_> = digests.collect();
    for (name, digest) in &digests {
        assert_eq!(*digest, digests[0].1, "{name} agrees with the others");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let is_test = options.test || !options.bench;
    let (objects, rounds) = if is_test { (20_000, 1) } else { (options.objects, options.rounds) };
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(2).build());
    type Make = fn(usize) -> Contest;
    let contests: [(&str, Make, usize); 5] = [
        ("movement", movement, objects),
        ("movement", movement, objects / 100),
        ("two systems", two_that_move, objects),
        ("two systems", two_that_steer, objects),
        ("idle", idle, 0),
    ];
    let is_wanted = |name: &str| name.contains(&options.table);
    let mut tables = Vec::new();
    if is_wanted("memory") {
        tables.push(memory(objects));
    }
    for (_, contest, objects) in contests.into_iter().filter(|(name, ..)| is_wanted(name)) {
        let mut contest = contest(objects);
        tables.push(contest.run(rounds)?);
        compare(&mut contest);
    }
    let tables = tables.join("\n");
    println!("{tables}");
    if let Some(path) = options.markdown {
        let bench = "cargo bench -p bevy_slotted --bench systems";
        let machine =
            machine::describe(&["bevy_slotted", "slotted", "bevy_ecs"], bench).into_iter();
        let machine: String = machine.map(|(name, what)| format!("- {name}: {what}\n")).collect();
        std::fs::write(path, format!("{machine}\n{tables}"))?;
    }
    Ok(())
}
