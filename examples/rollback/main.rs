//! Rollback netcode: each frame rolls back some frames, applies the inputs that arrived late, and
//! simulates up to the present again.
//!
//! ```text
//! cargo run --release -p rollback -- --objects 100000 --frames 300 --delay 8
//! ```
//!
//! One machine predicts the other players' inputs and is often wrong. A second one plays the server: it
//! simulates each frame once, with all real inputs. As soon as all inputs of a frame are known, both
//! must have the same hash. Otherwise the program exits with status 1; `--break FRAME` causes that.

mod game;
mod inputs;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use slotted::{ObjectId, Record, SnapshotRing, Store};

use inputs::{Inputs, PLAYERS};

#[derive(Parser)]
#[command(about = "Simulates a rollback game of several players and compares hashes")]
struct Options {
    /// Number of units alive at a time
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    objects: u32,
    /// Number of frames to simulate
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    frames: u64,
    /// Delay of the other players' inputs, in frames
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1000))]
    delay: u64,
    /// Seed of the random data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write a wrong value in the final simulation of this frame, so that the hashes differ
    #[arg(long, value_name = "FRAME")]
    r#break: Option<u64>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let (objects, frames, delay) = (options.objects, options.frames, options.delay);
    println!(
        "{objects} units of {PLAYERS} players, {frames} frames, each with {delay} simulated again"
    );
    let mut session = Session::new(&options)?;
    let progress = progress_bar(frames);
    let desync = session.play(&progress)?;
    progress.finish_and_clear();
    session.print();
    match desync {
        None => Ok(ExitCode::SUCCESS),
        Some(frame) => {
            eprintln!("desync: the hashes differ from the end of frame {frame} on");
            session.print_difference(frame);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The predicting machine, the server, and the measurements.
struct Session<'o> {
    options: &'o Options,
    inputs: Inputs,
    store: Store,
    ring: SnapshotRing,
    /// The server's store at the start of the first frame with unknown inputs.
    server: Store,
    frame_times: Vec<Duration>,
    hash_times: Vec<Duration>,
    mispredicted: u64,
    equal: u64,
    most_ring_bytes: usize,
}

impl<'o> Session<'o> {
    fn new(options: &'o Options) -> Result<Self, Box<dyn Error>> {
        let store = game::new_world(options.objects, options.seed)?;
        Ok(Self {
            options,
            inputs: Inputs::new(options.frames, options.seed),
            server: store.clone(),
            store,
            // Roll back to this frame, and simulate the frames after it.
            ring: SnapshotRing::new(options.delay as usize + 1),
            frame_times: Vec::new(),
            hash_times: Vec::new(),
            mispredicted: 0,
            equal: 0,
            most_ring_bytes: 0,
        })
    }

    /// Returns the first frame after which the hashes differ.
    fn play(&mut self, progress: &ProgressBar) -> Result<Option<u64>, Box<dyn Error>> {
        for now in 0..self.options.frames {
            let start = Instant::now();
            let confirmed = now.checked_sub(self.options.delay);
            let hash = match confirmed {
                Some(frame) => Some(self.go_back_and_confirm(frame)?),
                None => None,
            };
            let (first, known) = confirmed.map_or((now, None), |frame| (frame + 1, Some(frame)));
            for frame in first..=now {
                self.ring.save(frame, &mut self.store);
                game::simulate(&mut self.store, frame, &self.inputs.predicted(frame, known))?;
            }
            self.frame_times.push(start.elapsed());
            if now % 16 == 0 {
                self.most_ring_bytes = self.most_ring_bytes.max(self.ring.heap_bytes(&self.store));
            }
            progress.inc(1);
            if let (Some(frame), Some(hash)) = (confirmed, hash) {
                if hash != self.confirm_on_server(frame)? {
                    return Ok(Some(frame));
                }
                self.equal += 1;
            }
        }
        Ok(None)
    }

    /// Rolls back to the start of a frame whose inputs have all arrived, and simulates it for the last
    /// time. Returns the hash of the result.
    fn go_back_and_confirm(&mut self, frame: u64) -> Result<u64, Box<dyn Error>> {
        self.ring.restore(frame, &mut self.store)?;
        let inputs = self.inputs.of(frame);
        let predicted = self.inputs.predicted(frame, frame.checked_sub(self.options.delay));
        self.mispredicted += u64::from(predicted != inputs);
        game::simulate(&mut self.store, frame, &inputs)?;
        if self.options.r#break == Some(frame) {
            game::write_wrong_value(&mut self.store)?;
        }
        let start = Instant::now();
        let hash = self.store.state_hash();
        self.hash_times.push(start.elapsed());
        Ok(hash)
    }

    fn confirm_on_server(&mut self, frame: u64) -> Result<u64, Box<dyn Error>> {
        game::simulate(&mut self.server, frame, &self.inputs.of(frame))?;
        Ok(self.server.state_hash())
    }

    fn print(&mut self) {
        const MEBIBYTE: f64 = 1024.0 * 1024.0;
        print_times("frame time", &mut self.frame_times);
        print_times("of it hash", &mut self.hash_times);
        let store = self.store.memory_report().total() as f64 / MEBIBYTE;
        let ring = self.most_ring_bytes as f64 / MEBIBYTE;
        println!(
            "memory       {store:.1} MiB in the store, {ring:.1} MiB more in the ring at most"
        );
        let confirmed = self.hash_times.len();
        println!(
            "predictions  {} of {confirmed} frames were first simulated wrong",
            self.mispredicted
        );
        let hash = self.server.state_hash();
        println!("hashes       {} of {confirmed} compared were equal; {hash:016x}", self.equal);
        println!("population   {} alive", self.store.len());
    }

    /// Prints the differences at the end of a frame.
    fn print_difference(&self, frame: u64) {
        let Some(here) = self.ring.get(frame + 1) else { return };
        let there = &self.server;
        let is_other = |id: &ObjectId| here.get_record(*id).ok() != there.get_record(*id).ok();
        let others: Vec<ObjectId> = here.ids().filter(is_other).collect();
        let Some(first) = others.first().copied() else { return };
        eprintln!("{} units differ from the server's; the first one is {first}:", others.len());
        for (slot, value) in here.get_record(first).iter().flat_map(Record::iter) {
            let found = there.get_value(first, slot).ok();
            if found.as_ref() != Some(value) {
                eprintln!("  {slot} is {value:?} here and {found:?} there");
            }
        }
    }
}

/// Drawn on stderr, and only on a terminal.
fn progress_bar(frames: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(frames).with_style(style.expect("the template is valid"))
}

fn print_times(title: &str, times: &mut [Duration]) {
    if times.is_empty() {
        return;
    }
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    let [median, high, highest] =
        [50, 99, 100].map(|percent| percentile(percent).as_secs_f64() * 1e3);
    println!("{title}   p50 {median:.2} ms, p99 {high:.2} ms, max {highest:.2} ms");
}
