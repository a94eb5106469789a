//! Recordings play every frame as it was, forwards, backwards, and after any seeks.
#![cfg(feature = "lz4")]

mod common;

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::sync::mpsc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use slotted::{Kind, ObjectId, Record, Schema, Snapshot, Store, Value, View, record};
use slotted_arrow::Compression;
use slotted_arrow::recording::{
    Playback, PlaybackError, PlaybackOptions, RecordError, Recorder, RecorderOptions,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[cfg(feature = "zstd")]
const SMALLEST: Compression = Compression::Zstd;
#[cfg(not(feature = "zstd"))]
const SMALLEST: Compression = Compression::Lz4;

/// The recorded frames as they were.
type Recorded = Vec<(u64, Snapshot)>;

/// A game that does everything that a store can do.
struct Game {
    store: Store,
    random: StdRng,
    registered: usize,
}

impl Game {
    fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { store: common::world(20, seed), random, registered: 0 }
    }

    fn any(&mut self) -> Option<ObjectId> {
        let ids: Vec<ObjectId> = self.store.ids().collect();
        ids.choose(&mut self.random).copied()
    }

    fn spawn_thing(&mut self) -> Outcome {
        let ids: Vec<ObjectId> = self.store.ids().collect();
        if !ids.is_empty() {
            let record = common::record(&self.store, &ids, &mut self.random);
            self.store.spawn_record("thing", record)?;
        }
        Ok(())
    }

    /// Changes one slot of a thing, or unsets it.
    fn change(&mut self) -> Outcome {
        let ids: Vec<ObjectId> = self.store.ids().collect();
        let things: Vec<ObjectId> = self.store.ids_of("thing")?.collect();
        let Some(thing) = things.choose(&mut self.random).copied() else { return Ok(()) };
        let slots = self.store.schema("thing").ok_or("registered")?.slots().to_vec();
        let slot = slots.choose(&mut self.random).ok_or("a slot")?;
        let value = match slot.is_optional() && self.random.random_ratio(1, 3) {
            true => Value::Unset,
            false => common::value(slot.kind(), &ids, &mut self.random),
        };
        Ok(self.store.set_value(thing, slot.name(), value)?)
    }

    fn register(&mut self) -> Outcome {
        self.registered += 1;
        let name = format!("mod_{}", self.registered);
        let base = if self.registered == 1 { "tile" } else { "mod_1" };
        let slot = Kind::enumeration(["raw", "done"]);
        let schema = Schema::builder(&*name).extends(base).slot(format!("state_{name}"), slot);
        self.store.register_schema(schema.default("raw").build()?)?;
        self.store.spawn_record(&name, record! { height: 1.0 })?;
        Ok(())
    }

    /// Adds a slot to all tiles.
    fn migrate(&mut self) -> Outcome {
        let mut tile = Schema::builder("tile").slot("height", Kind::F32).range(-1000.0..=1000.0);
        for number in 0..=self.random.random_range(0..3) {
            tile = tile.slot(format!("extra_{number}"), Kind::U16).default(number);
        }
        let plan = self.store.plan_migration([tile.build()?])?;
        Ok(self.store.migrate(&plan).map(|_| ())?)
    }

    fn play_frame(&mut self) -> Outcome {
        for _ in 0..self.random.random_range(0..4) {
            match self.random.random_range(0..40) {
                0..12 => self.change()?,
                12..22 => self.spawn_thing()?,
                22..30 => {
                    if let Some(id) = self.any() {
                        self.store.despawn(id)?;
                    }
                }
                30..34 => {
                    let height = self.random.random_range(-10.0..10.0_f32);
                    self.store.spawn_record("tile", record! { height: height })?;
                }
                34 => self.register()?,
                35 => self.migrate()?,
                36 => drop(self.store.compact()),
                37 => {
                    let snapshot = self.store.snapshot();
                    self.spawn_thing()?;
                    self.store.restore(&snapshot)?;
                }
                38 => self.store = self.store.clone(),
                _ => {
                    if self.random.random_ratio(1, 8) {
                        self.store.clear();
                        self.store.spawn_record("tile", record! { height: 1.0 })?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn options(
    every: u64,
    compression: Option<Compression>,
    keyframes: Option<u64>,
) -> RecorderOptions {
    let options = RecorderOptions::new().every(every).compression(compression);
    match keyframes {
        Some(frames) => options.keyframe_every(frames),
        None => options,
    }
}

/// Records some frames and returns the file, and the recorded frames as they were.
fn play(
    seed: u64,
    frames: u64,
    options: &RecorderOptions,
) -> Result<(Vec<u8>, Recorded), Box<dyn std::error::Error>> {
    let mut game = Game::new(seed);
    let mut recorder = options.start(Vec::new())?;
    let mut recorded = Vec::new();
    for frame in 0..frames {
        game.play_frame()?;
        recorder.note("frame", &frame.to_le_bytes())?;
        let snapshot = game.store.snapshot();
        assert_eq!(recorder.is_due(frame), recorder.frame(frame, &snapshot)?);
        if recorder.report().frames > recorded.len() {
            recorded.push((frame, snapshot));
        }
    }
    let (file, report) = recorder.finish()?;
    assert_eq!((report.frames, report.bytes), (recorded.len(), file.len() as u64));
    Ok((file, recorded))
}

fn open(file: &[u8]) -> Result<Playback<Cursor<&[u8]>>, PlaybackError> {
    PlaybackOptions::new().types_of(&common::store()).open(Cursor::new(file))
}

fn assert_hashes(playback: &mut Playback<impl io::Read + io::Seek>, frame: &(u64, Snapshot)) {
    let (number, expected) = frame;
    assert_eq!(playback.number(), *number);
    let snapshot = playback.snapshot();
    assert_eq!(snapshot.state_hash(), expected.state_hash(), "frame {number}");
    assert_eq!(snapshot.future_ids_hash(), expected.future_ids_hash(), "frame {number}");
}

/// Compares everything, bit for bit as far as records can.
fn assert_same(playback: &mut Playback<impl io::Read + io::Seek>, frame: &(u64, Snapshot)) {
    assert_hashes(playback, frame);
    let (number, expected) = frame;
    let store = playback.store();
    assert!(store.ids().eq(expected.ids()), "frame {number}");
    for id in expected.ids() {
        let records = [store.get_record(id), expected.get_record(id)];
        // NaN differs from itself.
        let [played, expected] = records.map(|record| format!("{record:?}"));
        assert_eq!(played, expected, "frame {number}");
    }
    for (played, recorded) in store.schemas().zip(expected.schemas()) {
        assert_eq!(played.to_schema(), recorded.to_schema(), "frame {number}");
    }
}

fn check_all_ways(seed: u64, frames: u64, options: &RecorderOptions) -> Outcome {
    let (file, recorded) = play(seed, frames, options)?;
    let mut playback = open(&file)?;
    assert!(playback.tail().is_none());
    assert!(playback.frames().map(|frame| frame.number).eq(recorded.iter().map(|frame| frame.0)));
    for frame in &recorded {
        assert_same(&mut playback, frame);
        let note = playback.notes().iter().last();
        assert_eq!(note, Some(("frame", &frame.0.to_le_bytes()[..])));
        playback.step_forwards()?;
    }
    assert!(!playback.step_forwards()?);
    for frame in recorded.iter().rev() {
        assert_hashes(&mut playback, frame);
        let note = playback.notes().iter().last();
        assert_eq!(note, Some(("frame", &frame.0.to_le_bytes()[..])));
        playback.step_backwards()?;
    }
    assert!(!playback.step_backwards()?);
    let mut random = StdRng::seed_from_u64(seed);
    let mut index = 0;
    for _ in 0..60 {
        index = match random.random_range(0..4) {
            0 if index + 1 < recorded.len() => {
                playback.step_forwards()?;
                index + 1
            }
            1 if index > 0 => {
                playback.step_backwards()?;
                index - 1
            }
            _ => {
                let index = random.random_range(0..recorded.len());
                playback.seek(recorded[index].0)?;
                index
            }
        };
        assert_hashes(&mut playback, &recorded[index]);
    }
    let played: Result<Vec<_>, _> = playback.snapshots().collect();
    for ((number, snapshot), (expected_number, expected)) in played?.iter().zip(&recorded) {
        assert_eq!(number, expected_number);
        assert_eq!(snapshot.state_hash(), expected.state_hash());
    }
    Ok(())
}

#[test]
fn every_frame_comes_back_forwards_backwards_and_after_seeks() -> Outcome {
    check_all_ways(1, 200, &options(1, None, None))?;
    check_all_ways(2, 30, &options(1, None, Some(1)))?;
    check_all_ways(3, 60, &options(1, Some(Compression::Lz4), Some(7)))?;
    check_all_ways(4, 200, &options(3, Some(SMALLEST), Some(1000)))?;
    check_all_ways(5, 100, &options(2, None, Some(20)))
}

#[test]
fn fault_44_equal_runs_record_equal_bytes() -> Outcome {
    for options in [options(1, None, None), options(2, Some(Compression::Lz4), Some(10))] {
        assert_eq!(play(9, 60, &options)?.0, play(9, 60, &options)?.0);
    }
    Ok(())
}

#[test]
fn a_game_goes_on_while_another_thread_records() -> Outcome {
    let (frames, received) = mpsc::channel::<(u64, Snapshot)>();
    let recording = std::thread::spawn(move || -> Result<Vec<u8>, RecordError> {
        let mut recorder = options(1, None, Some(16)).start(Vec::new())?;
        for (frame, snapshot) in received {
            recorder.frame(frame, &snapshot)?;
        }
        recorder.finish().map(|(file, _)| file)
    });
    let mut game = Game::new(6);
    let mut recorded = Vec::new();
    for frame in 0..100 {
        game.play_frame()?;
        let snapshot = game.store.snapshot();
        recorded.push((frame, snapshot.clone()));
        frames.send((frame, snapshot))?;
    }
    drop(frames);
    let file = recording.join().map_err(|_| "the thread panicked")??;
    let mut playback = open(&file)?;
    for frame in &recorded {
        assert_same(&mut playback, frame);
        playback.step_forwards()?;
    }
    Ok(())
}

#[derive(View)]
struct Heights<'a> {
    height: &'a f32,
}

#[test]
fn views_match_a_played_store() -> Outcome {
    let (file, recorded) = play(7, 40, &options(1, None, None))?;
    let mut playback = Playback::open(Cursor::new(&file[..]));
    assert!(
        matches!(&playback, Err(PlaybackError::World { .. })),
        "its plain-memory types are unknown"
    );
    playback = open(&file);
    let mut playback = playback?;
    playback.seek(39)?;
    let sum = |store: &Store| -> Result<f32, slotted::ViewError> {
        Ok(store.view_ref::<Heights>()?.iter().map(|tile| *tile.height).sum())
    };
    assert_eq!(sum(playback.store())?.to_bits(), sum(&recorded[39].1)?.to_bits());
    Ok(())
}

#[test]
fn a_change_takes_bytes_in_proportion_to_what_changed() -> Outcome {
    let mut store = common::store();
    let ids: Vec<_> =
        store.spawn_records("tile", vec![record! { height: 1.0 }; 100_000])?.collect();
    let mut recorder = options(1, None, Some(1000)).start(Vec::new())?;
    recorder.frame(0, &store.snapshot())?;
    for (frame, count) in [(1, 0), (2, 1), (3, 1000), (4, 10_000)] {
        let before = recorder.report().bytes;
        for id in ids.iter().step_by(100_000 / count.max(1)).take(count) {
            store.set_value(*id, "height", frame as f32)?;
        }
        recorder.frame(frame, &store.snapshot())?;
        let bytes = recorder.report().bytes - before;
        // Four bytes for each value, two for its row, and the frame's own.
        assert!(bytes <= 200 + count as u64 * 6, "{count} values take {bytes} bytes");
    }
    Ok(())
}

#[test]
fn a_recording_of_tracked_slots_plays_the_same_worlds() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    let ids: Vec<_> = store.spawn_records("tile", vec![record! { height: 1.0 }; 2_000])?.collect();
    store.track_changes("tile", "height")?;
    let (mut hashes, mut pasts) = (Vec::new(), Vec::new());
    let mut recorder = options(1, None, Some(1000)).start(Vec::new())?;
    for frame in 0..80_u64 {
        for id in ids.iter().skip(frame as usize).step_by(97) {
            store.set_value(*id, "height", frame as f32)?;
        }
        if frame % 7 == 6 {
            store.restore(&pasts[frame as usize - 2])?;
        }
        let snapshot = store.snapshot();
        recorder.frame(frame, &snapshot)?;
        hashes.push(snapshot.to_store().clone().state_hash());
        pasts.push(snapshot);
    }
    let mut playback = Playback::open(Cursor::new(recorder.finish()?.0))?;
    for (frame, hash) in hashes.into_iter().enumerate() {
        playback.seek(frame as u64)?;
        assert_eq!(playback.snapshot().to_store().clone().state_hash(), hash, "{frame}");
    }
    Ok(())
}

#[test]
fn keyframes_come_when_the_changes_are_as_large_as_the_world() -> Outcome {
    let mut store = common::store();
    let ids: Vec<_> = store.spawn_records("tile", vec![record! { height: 1.0 }; 50_000])?.collect();
    let mut recorder = Recorder::new(Vec::new())?;
    for frame in 0..200 {
        for id in ids.iter().skip(frame).step_by(100) {
            store.set_value(*id, "height", frame as f32)?;
        }
        recorder.frame(frame as u64, &store.snapshot())?;
    }
    let report = recorder.report();
    assert!((3..=6).contains(&report.keyframes), "{report:?}");
    Ok(())
}

#[test]
fn frames_ascend() -> Outcome {
    let mut store = common::store();
    let mut recorder = options(10, None, None).start(Vec::new())?;
    assert!(recorder.frame(100, &store.snapshot())?);
    assert!(!recorder.frame(109, &store.snapshot())?);
    assert!(recorder.frame(115, &store.snapshot())?);
    for number in [0, 115] {
        let refused = recorder.frame(number, &store.snapshot());
        assert!(matches!(refused, Err(RecordError::Order { last: 115, .. })));
    }
    assert!(recorder.frame(u64::MAX, &store.snapshot())?);
    let (file, _) = recorder.finish()?;
    let mut playback = open(&file)?;
    assert!(matches!(playback.seek(99), Err(PlaybackError::TooEarly { first: 100, .. })));
    assert_eq!((playback.seek(114)?, playback.seek(116)?), (100, 115));
    assert_eq!(playback.seek(u64::MAX)?, u64::MAX);
    Ok(())
}

#[test]
fn an_empty_recording_says_so() -> Outcome {
    let (file, report) = Recorder::new(Vec::new())?.finish()?;
    assert_eq!((report.frames, report.bytes), (0, file.len() as u64));
    assert!(matches!(Playback::open(Cursor::new(file)), Err(PlaybackError::Empty)));
    Ok(())
}

/// A disk that becomes full, in the middle of a write.
struct SmallDisk {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(self.room - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..length]);
        match length {
            0 => Err(io::ErrorKind::StorageFull.into()),
            length => Ok(length),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn fault_43_a_full_disk_leaves_the_frames_before() -> Outcome {
    let mut store = common::store();
    let mut hashes = Vec::new();
    for frame in 0..20 {
        store.spawn_record("tile", record! { height: frame as f32 })?;
        hashes.push(store.state_hash());
    }
    let mut full = 0;
    for room in (32..8000).step_by(13) {
        let mut store = common::store();
        let mut disk = SmallDisk { bytes: Vec::new(), room };
        let mut written = 0;
        let mut recorder = options(1, None, Some(8)).start(&mut disk)?;
        for frame in 0..20 {
            store.spawn_record("tile", record! { height: frame as f32 })?;
            match recorder.frame(frame, &store.snapshot()) {
                Ok(is_recorded) => {
                    assert!(is_recorded && written == frame);
                    written += 1;
                }
                Err(RecordError::Write { frame: failed, .. }) => assert_eq!(failed, written),
                Err(error) => assert!(matches!(error, RecordError::Ended) && frame > written),
            }
        }
        let finished = recorder.finish();
        full += usize::from(finished.is_err());
        if written < 20 {
            assert!(matches!(finished, Err(RecordError::Ended)));
        }
        match open(&disk.bytes) {
            Ok(mut playback) => {
                // A frame whose change was written before its keyframe failed is whole.
                let frames = playback.frames().len() as u64;
                assert!(frames == written || frames == written + 1);
                playback.seek(u64::MAX)?;
                assert_eq!(playback.snapshot().state_hash(), hashes[frames as usize - 1]);
            }
            Err(error) => {
                assert!(matches!(error, PlaybackError::Empty) && written == 0, "{error}");
            }
        }
    }
    assert!(full > 20);
    Ok(())
}

#[test]
fn a_record_of_every_kind_fits_one_frame() -> Outcome {
    let mut store = common::world(30, 11);
    let mut recorder = Recorder::new(Vec::new())?;
    recorder.frame(0, &store.snapshot())?;
    let ids: Vec<ObjectId> = store.ids().collect();
    let records: Vec<Record> = (0..50)
        .map(|seed| common::record(&store, &ids, &mut StdRng::seed_from_u64(seed)))
        .collect();
    store.spawn_records("thing", records)?;
    let frame = (1, store.snapshot());
    recorder.frame(1, &frame.1)?;
    let (file, _) = recorder.finish()?;
    let mut playback = open(&file)?;
    playback.step_forwards()?;
    assert_same(&mut playback, &frame);
    Ok(())
}

/// A fixed game with every part of a recording: schemas, texts, lists, references, optional slots, notes.
fn scripted() -> Result<(Vec<u8>, Vec<u64>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .slot("name", Kind::Text)
        .slot("target", Kind::Object)
        .optional()
        .slot("path", Kind::list(Kind::U16))
        .slot("job", Kind::enumeration(["farmer", "soldier"]));
    store.register_schema(unit.build()?)?;
    let (mut hashes, mut recorder) = (Vec::new(), options(1, None, Some(4)).start(Vec::new())?);
    let mut ids: Vec<ObjectId> = Vec::new();
    for frame in 0..6_u16 {
        let name = format!("unit {frame}");
        let unit = record! { health: 1.5, name: name, path: [frame, 7], job: "farmer" };
        ids.push(store.spawn_record("unit", unit)?);
        store.set_value(ids[0], "health", f32::from(frame))?;
        store.set_value(ids[0], "target", ids[usize::from(frame / 2)])?;
        match frame {
            2 => store.set_value(ids[1], "job", "soldier")?,
            3 => {
                let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::U8);
                store.register_schema(orc.default(3).build()?)?;
                let orc = record! { health: 9.0, name: "orc", path: [1], job: "soldier" };
                store.spawn_record("orc", orc)?;
            }
            4 => drop(store.despawn(ids[2])?),
            5 => {
                let rock = Schema::builder("rock").slot("weight", Kind::U32).default(5).build()?;
                let plan = store.plan_migration([rock])?;
                store.migrate(&plan)?;
                store.spawn_record("rock", record! {})?;
            }
            _ => recorder.note("label", format!("frame {frame}").as_bytes())?,
        }
        recorder.frame(frame.into(), &store.snapshot())?;
        hashes.push(store.state_hash());
    }
    Ok((recorder.finish()?.0, hashes))
}

#[test]
fn a_recording_of_format_1_plays_for_ever() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1/plain.recording");
    let (bytes, hashes) = scripted()?;
    // As in `golden.rs`: for a new version only.
    if std::env::var_os("SLOTTED_GOLDEN").is_some_and(|word| word == "write") {
        fs::write(&path, bytes)?;
    }
    let mut playback = Playback::open(Cursor::new(fs::read(path)?))?;
    assert_eq!(playback.notes().get("label"), Some(&b"frame 0"[..]));
    let mut played = Vec::new();
    for frame in playback.snapshots() {
        played.push(frame?.1.state_hash());
    }
    assert_eq!(played, hashes);
    Ok(())
}
