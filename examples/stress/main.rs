//! A world under load: units move, age, die and are replaced in every frame.
//!
//! ```text
//! cargo run --release -p stress -- --objects 10000000 --frames 50
//! cargo run --release -p stress -- --fill 100000000
//! ```
//!
//! With `--fill` nothing moves: small objects fill a store, and bytes and time per object are printed at each power of
//! ten from a million on. A hundred million need 3 GB.

mod fill;
mod memory;

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::glam::Vec3;
use slotted::{ObjectId, Slotted, Store, View};

#[derive(Parser)]
#[command(about = "Simulates a world of units that move, age, die and are replaced")]
struct Options {
    /// Number of units alive at a time
    #[arg(long, default_value_t = 1_000_000)]
    objects: u32,
    /// Number of frames to simulate
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
    /// Number of threads; by default one per core
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Seed of the random data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only fill a store with this many small objects, and print bytes and time per object on the way
    #[arg(
        long,
        value_name = "OBJECTS",
        value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with_all = ["objects", "frames", "threads", "seed"]
    )]
    fill: Option<u32>,
}

/// The duration of a frame in seconds.
const DT: f32 = 1.0 / 60.0;
/// Units turn back at this distance from the center, in metres.
const BORDER: f32 = 1000.0;
/// The longest life of a unit, in seconds. Of a million units about two thousand die each frame.
const LONGEST_LIFE: f32 = 16.0;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
    velocity: Vec3,
    age: f32,
    lifetime: f32,
}

impl Unit {
    fn newborn(random: &mut StdRng) -> Self {
        let mut vector = |limit: f32| {
            Vec3::from_array(std::array::from_fn(|_| random.random_range(-limit..limit)))
        };
        let (position, velocity) = (vector(BORDER), vector(20.0));
        let lifetime = random.random_range(LONGEST_LIFE / 8.0..LONGEST_LIFE);
        Self { position, velocity, age: 0.0, lifetime }
    }

    /// Creates a unit of random age, so that deaths are spread evenly from the first frame on.
    fn grown(random: &mut StdRng) -> Self {
        let unit = Self::newborn(random);
        Self { age: random.random_range(0.0..unit.lifetime), ..unit }
    }
}

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a mut Vec3,
}

#[derive(View)]
struct Ageing<'a> {
    age: &'a mut f32,
}

#[derive(View)]
struct Mortal<'a> {
    id: ObjectId,
    age: &'a f32,
    lifetime: &'a f32,
}

#[derive(View)]
struct Whole<'a> {
    position: &'a Vec3,
    velocity: &'a Vec3,
    age: &'a f32,
}

/// The world, and the generator of new units.
struct World {
    store: Store,
    random: StdRng,
    died: usize,
}

impl World {
    fn new(objects: u32, seed: u64) -> Result<Self, Box<dyn Error>> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut store = Store::new();
        store.register::<Unit>()?;
        store.spawn_batch((0..objects).map(|_| Unit::grown(&mut random)))?;
        Ok(Self { store, random, died: 0 })
    }

    fn frame(&mut self) -> Result<(), Box<dyn Error>> {
        self.store.view::<Moving>()?.par_for_each(advance);
        self.store.view::<Ageing>()?.par_for_each(|unit| *unit.age += DT);
        let dead = self.dead()?;
        self.store.despawn_batch(&dead)?;
        let births = dead.iter().map(|_| Unit::newborn(&mut self.random));
        self.store.spawn_batch(births)?;
        self.died += dead.len();
        Ok(())
    }

    /// Returns the ids of units whose life is over, in row order for any number of threads.
    fn dead(&mut self) -> Result<Vec<ObjectId>, Box<dyn Error>> {
        let dead = Mutex::new(Vec::new());
        self.store.view::<Mortal>()?.par_for_each(|unit| {
            if unit.age > unit.lifetime {
                dead.lock().unwrap_or_else(PoisonError::into_inner).push(unit.id);
            }
        });
        let mut dead = dead.into_inner().unwrap_or_else(PoisonError::into_inner);
        dead.sort_unstable_by_key(|id| id.row());
        Ok(dead)
    }

    /// Returns a checksum over every bit of every unit in id order, equal for any number of threads.
    fn checksum(&self) -> Result<u64, Box<dyn Error>> {
        let mut checksum = 0;
        for unit in self.store.view_ref::<Whole>()?.iter() {
            let vectors = [unit.position.to_array(), unit.velocity.to_array()];
            for number in vectors.as_flattened().iter().chain([unit.age]) {
                let mixed =
                    (checksum ^ u64::from(number.to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                checksum = mixed ^ (mixed >> 29);
            }
        }
        Ok(checksum)
    }
}

/// Branch-free, so that the compiler can vectorize it.
#[inline(always)]
fn advance(unit: Moving<'_>) {
    let position = *unit.position + *unit.velocity * DT;
    let outside = position.abs().cmpgt(Vec3::splat(BORDER));
    *unit.velocity = Vec3::select(outside, -*unit.velocity, *unit.velocity);
    *unit.position = position.clamp(Vec3::splat(-BORDER), Vec3::splat(BORDER));
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if let Some(objects) = options.fill {
        return fill::fill(objects);
    }
    let threads = options.threads.map_or(0, NonZeroUsize::get);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    simulate(&options, rayon::current_num_threads())
}

fn simulate(options: &Options, threads: usize) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut world = World::new(options.objects, options.seed)?;
    let (objects, frames) = (options.objects, options.frames);
    let filled = milliseconds(start.elapsed());
    println!("{objects} units, {frames} frames, {threads} threads; filled in {filled:.0} ms");

    let progress = progress_bar(frames);
    let mut times = Vec::with_capacity(frames as usize);
    for _ in 0..frames {
        let start = Instant::now();
        world.frame()?;
        times.push(start.elapsed());
        progress.inc(1);
    }
    progress.finish_and_clear();
    print_times(&mut times, objects);
    print_memory(&world);
    let (alive, died) = (world.store.len(), world.died);
    println!("population   {alive} alive, {died} died and were replaced");
    println!("checksum     {:016x}", world.checksum()?);
    Ok(())
}

/// Drawn on stderr, and only on a terminal.
fn progress_bar(frames: u32) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(frames.into()).with_style(style.expect("the template is valid"))
}

fn print_times(times: &mut [Duration], objects: u32) {
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    let [median, high, highest] = [50, 99, 100].map(|percent| milliseconds(percentile(percent)));
    println!("frame time   p50 {median:.2} ms, p99 {high:.2} ms, max {highest:.2} ms");
    let total: Duration = times.iter().sum();
    let rate = f64::from(objects) * times.len() as f64 / total.as_secs_f64();
    println!("throughput   {:.0} million objects per second", rate / 1e6);
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn print_memory(world: &World) {
    let total = world.store.memory_report().total();
    let each = total as f64 / world.store.len().max(1) as f64;
    let total = memory::mebibytes(total as u64);
    print!("memory       {total:.1} MiB in the store, {each:.1} bytes per object");
    match memory::process_peak() {
        Some(bytes) => println!("; {:.1} MiB process peak", memory::mebibytes(bytes)),
        None => println!(),
    }
}
