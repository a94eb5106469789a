//! Recordings of a game: time and bytes of a frame, next to the bytes that changed in it.
//!
//! `cargo bench -p slotted_benches --bench recording -- --rounds 9 --markdown table.md`

mod options;

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, Cursor};
use std::time::{Duration, Instant};

use bench_support::forms::{Form, sample, table};
use clap::Parser;
use glam::Vec3;
use options::TableOptions;
use slotted::{Delta, ObjectId, SlotKey, Slotted, Snapshot, Store};
use slotted_arrow::Compression;
use slotted_arrow::recording::{Playback, Recorder, RecorderOptions};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Parser)]
#[command(about = "Measures recordings of a game")]
struct Options {
    #[command(flatten)]
    tables: TableOptions,
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

/// The objects that move in each frame.
#[derive(Clone, Copy)]
struct Moving {
    name: &'static str,
    /// One object of this many moves.
    one_of: usize,
    /// The moving objects lie next to one another.
    is_stretch: bool,
}

const MOVING: [Moving; 4] = [
    Moving { name: "1% in a stretch", one_of: 100, is_stretch: true },
    Moving { name: "1% scattered", one_of: 100, is_stretch: false },
    Moving { name: "10% scattered", one_of: 10, is_stretch: false },
    Moving { name: "100%", one_of: 1, is_stretch: true },
];

/// A game in which some units move.
struct Game {
    store: Store,
    moving: Vec<ObjectId>,
    position: SlotKey<Vec3>,
    last: Snapshot,
    frame: u64,
}

impl Game {
    fn new(objects: usize, moving: Moving) -> Result<Self, Box<dyn Error>> {
        let mut store = Store::new();
        store.register::<Unit>()?;
        let units = (0..objects).map(|number| Unit {
            position: Vec3::splat(number as f32),
            velocity: Vec3::X,
            health: 1.0,
            kind: number as u16,
            team: 0,
            alive: true,
            seed: number as u32,
        });
        let ids: Vec<ObjectId> = store.spawn_batch(units)?.collect();
        let moving = match moving.is_stretch {
            true => ids[..objects / moving.one_of].to_vec(),
            false => ids.into_iter().step_by(moving.one_of).collect(),
        };
        let position = store.key("unit", "position")?;
        store.state_hash();
        let last = store.snapshot();
        Ok(Self { store, moving, position, last, frame: 0 })
    }

    /// Tracks the changes of positions.
    fn tracked(mut self) -> Result<Self, Box<dyn Error>> {
        self.store.track_changes("unit", "position")?;
        Ok(self)
    }

    /// Plays a frame. Returns the snapshots before and after it.
    fn play(&mut self) -> Result<(Snapshot, Snapshot), Box<dyn Error>> {
        self.frame += 1;
        for id in &self.moving {
            let position = Vec3::new(id.row() as f32, self.frame as f32, 0.5);
            self.store.set(*id, self.position, position)?;
        }
        let after = self.store.snapshot();
        Ok((std::mem::replace(&mut self.last, after.clone()), after))
    }

    fn changed_bytes(&self) -> usize {
        self.moving.len() * size_of::<Vec3>()
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    black_box(work()?);
    Ok(start.elapsed())
}

/// Takes the changes of a frame in one direction, or in both.
fn delta(game: &mut Game, is_both: bool) -> Result<Duration, Box<dyn Error>> {
    let (before, after) = game.play()?;
    timed(|| {
        let bytes = postcard::to_allocvec(&Delta::between(&before, &after)?)?;
        let back = match is_both {
            true => postcard::to_allocvec(&Delta::between(&after, &before)?)?,
            false => Vec::new(),
        };
        Ok((bytes, back))
    })
}

/// A game with its recorder.
struct Recording {
    game: Game,
    recorder: Recorder<io::Sink>,
}

impl Recording {
    fn new(
        objects: usize,
        moving: Moving,
        options: RecorderOptions,
    ) -> Result<Self, Box<dyn Error>> {
        Self::of(Game::new(objects, moving)?, options)
    }

    fn of(mut game: Game, options: RecorderOptions) -> Result<Self, Box<dyn Error>> {
        let mut recorder = options.start(io::sink())?;
        recorder.frame(0, &game.play()?.1)?;
        Ok(Self { game, recorder })
    }

    fn frame(&mut self) -> Result<Duration, Box<dyn Error>> {
        let (_, after) = self.game.play()?;
        let frame = self.game.frame;
        let time = timed(|| Ok(self.recorder.frame(frame, &after)?))?;
        drop(after);
        if let Some(snapshot) = self.recorder.take_released() {
            self.game.store.reuse_memory_of(snapshot);
        }
        Ok(time)
    }

    /// Returns the bytes of one frame.
    fn bytes(&mut self) -> Result<u64, Box<dyn Error>> {
        let before = self.recorder.report().bytes;
        self.frame()?;
        Ok(self.recorder.report().bytes - before)
    }
}

/// Records some frames, and returns the file and the hash of the last world.
fn record(objects: usize, moving: Moving, frames: u32) -> Result<(Vec<u8>, u64), Box<dyn Error>> {
    let mut game = Game::new(objects, moving)?;
    let mut recorder = only_changes().start(Vec::new())?;
    recorder.frame(0, &game.play()?.1)?;
    for _ in 0..frames {
        let (_, after) = game.play()?;
        recorder.frame(game.frame, &after)?;
    }
    Ok((recorder.finish()?.0, game.store.state_hash()))
}

fn only_changes() -> RecorderOptions {
    RecorderOptions::new().keyframe_every(u64::MAX)
}

/// Writes the bytes that changed to a buffer: the least that any recording does.
fn copy(game: &mut Game) -> Result<Duration, Box<dyn Error>> {
    let (_, after) = game.play()?;
    let positions = after.column(game.position)?;
    timed(|| {
        let mut bytes = Vec::with_capacity(game.changed_bytes());
        for id in &game.moving {
            let position = positions.get(*id).ok_or("alive")?;
            bytes.extend_from_slice(slotted::bytemuck::bytes_of(&position));
        }
        Ok(bytes)
    })
}

fn measure(
    objects: usize,
    moving: Moving,
    rounds: u32,
    sizes: &mut String,
) -> Result<String, Box<dyn Error>> {
    // The first steps load the world's hash, or the way back.
    let (file, hash) = record(objects, moving, rounds + 2)?;
    let play = || Playback::open(Cursor::new(&file[..]));
    let (mut forwards, mut backwards) = (play()?, play()?);
    forwards.step_forwards()?;
    backwards.seek(u64::MAX)?;
    if backwards.snapshot().state_hash() != hash {
        return Err("the recording plays another world".into());
    }
    backwards.step_backwards()?;
    let mut copied = Game::new(objects, moving)?;
    let (mut one, mut both) = (Game::new(objects, moving)?, Game::new(objects, moving)?);
    let mut plain = Recording::new(objects, moving, only_changes())?;
    let mut tracked = Recording::of(Game::new(objects, moving)?.tracked()?, only_changes())?;
    let mut small = Recording::new(objects, moving, only_changes().compression(Compression::Lz4))?;
    let mut keyframes = Recording::new(objects, moving, RecorderOptions::new().keyframe_every(1))?;
    plain.frame()?;
    tracked.frame()?;
    small.frame()?;
    let bytes = [plain.bytes()?, small.bytes()?, keyframes.bytes()?];
    let [plain_bytes, small_bytes, keyframe_bytes] = bytes;
    let (before, after) = one.play()?;
    let delta_bytes = postcard::to_allocvec(&Delta::between(&before, &after)?)?.len();
    drop((before, after));
    let changed = copied.changed_bytes();
    writeln!(
        sizes,
        "| {} | {changed} | {plain_bytes} | {:.2}× | {small_bytes} | {delta_bytes} | {} |",
        moving.name,
        plain_bytes as f64 / changed as f64,
        keyframe_bytes - plain_bytes
    )?;
    let mut forms = vec![
        Form::timed("the changed values, copied by id", 0, || copy(&mut copied)),
        Form::timed("`Delta::between` and postcard", 0, || delta(&mut one, false)),
        Form::timed("the same in both directions", 0, || delta(&mut both, true)),
        Form::timed("`Recorder::frame`", 0, || plain.frame()),
        Form::timed("`Recorder::frame`, positions tracked", 0, || tracked.frame()),
        Form::timed("`Recorder::frame`, lz4", 0, || small.frame()),
        Form::timed("`Recorder::frame` with a keyframe", 0, || keyframes.frame()),
        Form::timed("`Playback::step_forwards`", 0, || timed(|| Ok(forwards.step_forwards()?))),
        Form::timed("`Playback::step_backwards`", 0, || timed(|| Ok(backwards.step_backwards()?))),
    ];
    sample(&mut forms, rounds)?;
    Ok(table(&format!("{}, of {objects} units, per frame", moving.name), &forms, "ms", 1e3))
}

fn main() -> Outcome {
    let Options { tables: options } = Options::parse();
    let (is_test, rounds) = (options.mode.is_test(), options.rounds());
    let objects = if is_test { 500 } else { 1_000_000 };
    let mut tables = Vec::new();
    let mut sizes = String::from(
        "| bytes of a frame | changed values | recorded | ratio | lz4 | delta in postcard | a keyframe |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for moving in MOVING {
        tables.push(measure(objects, moving, rounds, &mut sizes)?);
    }
    tables.push(sizes);
    let command = "cargo bench -p slotted_benches --bench recording";
    options.publish(&["slotted", "slotted_arrow"], command, &tables.join("\n"))
}
