//! Faults 39 to 44 of recordings: a damaged or hostile file gives an error or fewer frames, never another world.
#![cfg(feature = "lz4")]

use std::collections::BTreeMap;
use std::io::Cursor;

use bench_support::allocator::{CountingAllocator, peak_bytes};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::Compression;
use slotted_arrow::recording::{
    Playback, PlaybackError, PlaybackOptions, RecordError, RecorderOptions,
};
use xxhash_rust::xxh3::xxh3_128;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[cfg(feature = "zstd")]
const SMALLEST: Compression = Compression::Zstd;
#[cfg(not(feature = "zstd"))]
const SMALLEST: Compression = Compression::Lz4;

const FILE_HEADER: usize = 32;
const HEADER: usize = 64;
const TRAILER: usize = 16;
const FRAMES: u64 = 6;

/// The state hash of each frame, and the notes.
type Frames = BTreeMap<u64, (u64, Vec<u8>)>;

/// Returns a small recording with every kind of record, the bytes up to the end of its frames, and its frames.
fn recording(
    options: &RecorderOptions,
) -> Result<(Vec<u8>, u64, Frames), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text);
    store.register_schema(unit.slot("path", Kind::list(Kind::U8)).optional().build()?)?;
    let (mut frames, mut recorder) = (Frames::new(), options.start(Vec::new())?);
    let mut ids = Vec::new();
    for frame in 0..FRAMES {
        let name = format!("unit {frame}");
        ids.push(store.spawn_record("unit", record! { health: 1.0, name: name })?);
        store.set_value(ids[0], "health", frame as f32)?;
        match frame {
            2 => {
                store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
                store.spawn_record("orc", record! { health: 9.0, name: "orc" })?;
            }
            3 => store.set_value(ids[1], "path", [1, 2, 3])?,
            4 => {
                store.despawn(ids[2])?;
            }
            _ => {}
        }
        let note = vec![frame as u8; frame as usize];
        recorder.note("input", &note)?;
        recorder.frame(frame * 10, &store.snapshot())?;
        frames.insert(frame * 10, (store.state_hash(), note));
    }
    let end = recorder.report().bytes;
    Ok((recorder.finish()?.0, end, frames))
}

fn plain() -> RecorderOptions {
    RecorderOptions::new().keyframe_every(3)
}

/// Plays all frames, forwards, backwards and by seeks. Returns the number of frames, or the first error.
fn play(file: &[u8], frames: &Frames) -> Result<usize, PlaybackError> {
    let mut playback = Playback::open(Cursor::new(file))?;
    let compare = |playback: &mut Playback<Cursor<&[u8]>>| {
        let (hash, note) = &frames[&playback.number()];
        assert_eq!(playback.snapshot().state_hash(), *hash, "frame {}", playback.number());
        assert_eq!(playback.notes().get("input"), Some(&note[..]));
    };
    compare(&mut playback);
    let mut result = Ok(playback.frames().len());
    let numbers: Vec<u64> = playback.frames().map(|frame| frame.number).collect();
    for number in numbers.iter().chain(numbers.iter().rev()) {
        match playback.seek(*number) {
            Ok(found) => {
                assert_eq!(found, *number);
                compare(&mut playback);
            }
            Err(error) => {
                // It stays at a frame, which is right.
                compare(&mut playback);
                result = result.and(Err(error));
            }
        }
    }
    result
}

/// Goes to the last frame and compares it. Returns the number of frames.
fn play_last(file: &[u8], frames: &Frames) -> Result<usize, PlaybackError> {
    let mut playback = Playback::open(Cursor::new(file))?;
    let number = playback.seek(u64::MAX)?;
    assert_eq!(playback.snapshot().state_hash(), frames[&number].0, "frame {number}");
    Ok(playback.frames().len())
}

#[test]
fn fault_39_a_recording_that_is_cut_off_anywhere_plays_its_whole_frames() -> Outcome {
    for options in [plain(), plain().compression(Compression::Lz4)] {
        let (file, end, frames) = recording(&options)?;
        let playback = Playback::open(Cursor::new(&file))?;
        let mut ends = vec![FILE_HEADER as u64];
        for frame in playback.frames() {
            ends.push(ends[ends.len() - 1] + frame.bytes);
        }
        assert_eq!(ends.last(), Some(&end));
        let world = positions(&file)[4]..positions(&file)[5];
        for length in 0..file.len() {
            if length % 7 > 0 && (world.start + 100..world.end - 10).contains(&length) {
                continue;
            }
            let cut = &file[..length];
            let whole = ends[1..].iter().filter(|end| **end <= length as u64).count();
            match play_last(cut, &frames) {
                // A frame may be whole without the keyframe that follows it.
                Ok(found) => assert!(found == whole || found == whole + 1, "{length} bytes"),
                Err(PlaybackError::Empty) => assert!(whole == 0 && length >= FILE_HEADER),
                Err(error) => {
                    let is_foreign = matches!(error, PlaybackError::Foreign);
                    assert!(is_foreign && length < FILE_HEADER, "{length} bytes: {error}");
                }
            }
            if whole > 0 && length % 3 == 0 {
                let playback = Playback::open(Cursor::new(cut))?;
                let tail = playback.tail().copied().ok_or("it is not finished")?;
                assert_eq!(tail.at + tail.bytes, length as u64);
            }
        }
        for end in ends.into_iter().skip(1) {
            play(&file[..end as usize], &frames)?;
        }
    }
    Ok(())
}

/// Returns the position of each record.
fn positions(file: &[u8]) -> Vec<usize> {
    let mut positions = vec![FILE_HEADER];
    for record in records(file) {
        positions.push(positions[positions.len() - 1] + record.len());
    }
    positions
}

#[test]
fn fault_40_each_flipped_bit_is_detected() -> Outcome {
    for options in [plain(), plain().compression(SMALLEST)] {
        let (file, _, frames) = recording(&options)?;
        let positions = positions(&file);
        let last_keyframe = positions[4];
        for byte in 0..file.len() {
            let is_world = [positions[0]..positions[1], positions[4]..positions[5]]
                .iter()
                .any(|world| (world.start + HEADER..world.end).contains(&byte));
            // One checksum covers all bits alike; those of a header mean something too.
            let bits = match is_world {
                true if byte % 5 > 0 => 0..0,
                _ if (positions[1]..positions[1] + HEADER).contains(&byte) => 0..8,
                _ => byte % 8..byte % 8 + 1,
            };
            for bit in bits {
                let mut file = file.clone();
                file[byte] ^= 1 << bit;
                let Ok(mut playback) = Playback::open(Cursor::new(&file)) else { continue };
                let is_noticed = match playback.seek(u64::MAX) {
                    Err(_) => true,
                    Ok(number) => {
                        let hash = playback.snapshot().state_hash();
                        assert_eq!(hash, frames[&number].0, "bit {bit} of byte {byte}");
                        playback.tail().is_some()
                    }
                };
                // A seek begins at the last keyframe, and passes over the frames before it.
                assert!(is_noticed || byte < last_keyframe, "bit {bit} of byte {byte}");
            }
        }
        for byte in (FILE_HEADER..positions[3]).step_by(17) {
            let mut file = file.clone();
            file[byte] ^= 1;
            assert!(play(&file, &frames).is_err(), "byte {byte}");
        }
    }
    Ok(())
}

#[test]
fn fault_40_frames_behind_a_damaged_one_can_be_reached() -> Outcome {
    let (mut file, _, frames) = recording(&plain())?;
    let playback = Playback::open(Cursor::new(&file))?;
    let bytes: Vec<u64> = playback.frames().map(|frame| frame.bytes).collect();
    assert!(playback.frames().nth(3).is_some_and(|frame| frame.is_keyframe));
    let in_frame_1 = FILE_HEADER + bytes[0] as usize + HEADER + 1;
    file[in_frame_1] ^= 1;
    let mut playback = Playback::open(Cursor::new(&file))?;
    assert!(matches!(playback.seek(20), Err(PlaybackError::Damaged { .. })));
    assert_eq!(playback.number(), 0);
    assert_eq!(playback.seek(50)?, 50);
    assert_eq!(playback.snapshot().state_hash(), frames[&50].0);
    Ok(())
}

#[test]
fn fault_40_frames_of_another_recording_are_refused() -> Outcome {
    let (file, _, frames) = recording(&plain())?;
    let mut other = Store::new();
    let mut recorder = plain().start(Vec::new())?;
    other.register_schema(Schema::builder("rock").build()?)?;
    for frame in 0..FRAMES {
        recorder.frame(frame * 10, &other.snapshot())?;
    }
    let (other, _) = recorder.finish()?;
    let (records, others) = (records(&file), records(&other));
    for index in 1..records.len() - 1 {
        // Frame 3 has its changes and a keyframe, of which one is enough.
        let is_needed = !(3..=4).contains(&index);
        let mut mixed = records.clone();
        let check = |mixed: &[Vec<u8>]| match play(&join(mixed), &frames) {
            Ok(found) => assert!(found < frames.len() || !is_needed, "record {index}"),
            Err(error) => assert!(matches!(error, PlaybackError::Damaged { .. }), "{error}"),
        };
        mixed[index] = others[index].clone();
        check(&mixed);
        mixed[index] = records[index - 1].clone();
        check(&mixed);
        mixed.remove(index);
        check(&mixed);
        mixed = records.clone();
        mixed.swap(index, index + 1);
        check(&mixed);
    }
    Ok(())
}

/// Returns the records of a recording, the index included.
fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[FILE_HEADER..file.len() - TRAILER];
    let mut records = Vec::new();
    while let Some((header, _)) = rest.split_first_chunk::<HEADER>() {
        let bytes = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("8 bytes"));
        let notes = u32::from_le_bytes(header[4..8].try_into().expect("4 bytes"));
        let (record, after) = rest.split_at(HEADER + notes as usize + bytes(32) as usize);
        records.push(record.to_vec());
        rest = after;
    }
    records
}

fn join(records: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"SLOTREC1".to_vec();
    file.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
    let checksum = xxh3_128(&file);
    file.extend_from_slice(&checksum.to_le_bytes());
    let mut index = 0;
    for record in records {
        index = file.len() as u64;
        file.extend_from_slice(record);
    }
    file.extend_from_slice(&index.to_le_bytes());
    file.extend_from_slice(b"SLOTEND1");
    file
}

/// Gives all records the right lengths, checksums and recording.
fn seal(records: &mut [Vec<u8>], corrects_lengths: bool) {
    let mut recording = 0_u64;
    for (position, record) in records.iter_mut().enumerate() {
        let notes = u32::from_le_bytes(record[4..8].try_into().expect("4 bytes")) as usize;
        let content = (record.len() - HEADER).saturating_sub(notes) as u64;
        if corrects_lengths {
            record[32..40].copy_from_slice(&content.to_le_bytes());
            if record[1] == 0 {
                record[40..48].copy_from_slice(&content.to_le_bytes());
            }
        }
        record[24..32].copy_from_slice(&recording.to_le_bytes());
        let covered = [&record[..48], &record[HEADER..]].concat();
        let checksum = xxh3_128(&covered);
        record[48..64].copy_from_slice(&checksum.to_le_bytes());
        if position == 0 {
            recording = checksum as u64;
        }
    }
}

/// Opens a hostile file and tries everything. Nothing but errors may happen.
fn attack(file: &[u8]) -> bool {
    let options = PlaybackOptions::new().most_frame_bytes(1 << 20).ignore_checksums();
    let Ok(mut playback) = options.open(Cursor::new(file)) else { return false };
    let numbers: Vec<u64> = playback.frames().map(|frame| frame.number).take(20).collect();
    let mut is_whole = true;
    while let Ok(true) = playback.step_forwards() {}
    while let Ok(true) = playback.step_backwards() {}
    for number in numbers {
        is_whole &= playback.seek(number).is_ok();
        let _ = playback.notes().iter().count();
    }
    is_whole
}

#[test]
fn the_files_of_this_test_are_recordings() -> Outcome {
    let (file, _, frames) = recording(&plain())?;
    let mut records = records(&file);
    assert_eq!(join(&records), file);
    seal(&mut records, true);
    assert_eq!(join(&records), file);
    assert_eq!(play(&file, &frames)?, frames.len());
    Ok(())
}

#[test]
fn fault_41_hostile_recordings_with_right_checksums_give_errors() -> Outcome {
    let mut random = StdRng::seed_from_u64(41);
    let mut whole = 0;
    for options in [plain(), plain().compression(Compression::Lz4)] {
        let (file, _, _) = recording(&options)?;
        let original = records(&file);
        let baseline = peak_bytes(|| assert!(attack(&file)));
        for round in 0..300 {
            let mut records = original.clone();
            let record = random.random_range(0..records.len());
            let record = &mut records[record];
            // Headers, contents, or both.
            let range = match round % 3 {
                0 => 0..48,
                1 => HEADER..record.len(),
                _ => 0..record.len(),
            };
            for _ in 0..random.random_range(1..5) {
                let at = random.random_range(range.clone());
                record[at] = match random.random_range(0..3) {
                    0 => random.random(),
                    1 => record[at] ^ 1 << random.random_range(0..8),
                    _ => [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
                };
            }
            if round % 4 == 0 {
                let length = random.random_range(HEADER..=record.len());
                record.truncate(length);
            }
            seal(&mut records, round % 2 == 0);
            let file = join(&records);
            let peak = peak_bytes(|| whole += usize::from(attack(&file)));
            assert!(peak <= 2 * baseline + (4 << 20), "{peak} bytes for {} bytes", file.len());
        }
    }
    // Keyframes and indexes that nobody needs, and bytes that got their right value back.
    assert!(whole < 300, "{whole} of 600 files play as if nothing happened");
    Ok(())
}

#[test]
fn fault_41_hostile_indexes_give_errors() -> Outcome {
    let (file, end, frames) = recording(&plain())?;
    let original = records(&file);
    let index = original.len() - 1;
    let numbers = [0, 33, end - 1, end, u64::MAX - 63, u64::MAX];
    let entries = original[index].len() / 8;
    for place in HEADER / 8..entries {
        for number in numbers {
            let mut records = original.clone();
            records[index][place * 8..place * 8 + 8].copy_from_slice(&number.to_le_bytes());
            seal(&mut records, true);
            attack(&join(&records));
        }
    }
    // Without any index, the frames are found nevertheless.
    for number in [0, 31, end - 1, end + 1, u64::MAX] {
        let mut file = file.clone();
        let at = file.len() - TRAILER;
        file[at..at + 8].copy_from_slice(&number.to_le_bytes());
        assert_eq!(play(&file, &frames)?, frames.len());
    }
    Ok(())
}

#[test]
fn fault_41_a_small_file_cannot_become_a_large_frame() -> Outcome {
    let (file, _, _) = recording(&plain().compression(Compression::Lz4))?;
    let mut records = records(&file);
    let large = 100_000_000_u64;
    let change = &mut records[1];
    let notes = u32::from_le_bytes(change[4..8].try_into()?) as usize;
    change.truncate(HEADER + notes);
    change.extend_from_slice(&large.to_le_bytes());
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), large), &mut encoder)?;
    change.extend_from_slice(&encoder.finish()?);
    change[40..48].copy_from_slice(&large.to_le_bytes());
    seal(&mut records, true);
    let file = join(&records);
    let mut playback =
        PlaybackOptions::new().most_frame_bytes(large - 1).open(Cursor::new(&file))?;
    assert!(matches!(playback.seek(10), Err(PlaybackError::TooLarge { frame: 10, .. })));
    let mut playback = Playback::open(Cursor::new(&file))?;
    assert!(matches!(playback.seek(10), Err(PlaybackError::Damaged { .. })));
    Ok(())
}

#[test]
fn fault_42_a_later_format_is_named() -> Outcome {
    let (mut file, _, _) = recording(&plain())?;
    for (version, is_newer) in [(2_u32, true), (u32::MAX, true), (0, false)] {
        file[8..12].copy_from_slice(&version.to_le_bytes());
        let checksum = xxh3_128(&file[..16]);
        file[16..32].copy_from_slice(&checksum.to_le_bytes());
        let refused = Playback::open(Cursor::new(&file)).err().ok_or("refused")?;
        match refused {
            PlaybackError::Newer { found, known: 1 } => assert!(is_newer && found == version),
            PlaybackError::Damaged { at: 0, .. } => assert!(!is_newer),
            error => return Err(error.into()),
        }
    }
    for foreign in
        [&b""[..], b"ARROW1", &[0; 1000], b"SLOTTED1 is a save, and no recording of any kind"]
    {
        assert!(matches!(Playback::open(Cursor::new(foreign)), Err(PlaybackError::Foreign)));
    }
    Ok(())
}

#[test]
fn fault_43_a_write_error_is_reported_once_and_for_all() -> Outcome {
    let mut store = Store::new();
    let mut room = [0_u8; 1000];
    let mut recorder = plain().start(&mut room[..])?;
    let mut errors = Vec::new();
    for frame in 0..20 {
        store.register_schema(Schema::builder(format!("schema_{frame}")).build()?)?;
        errors.extend(recorder.frame(frame, &store.snapshot()).err());
    }
    assert!(matches!(errors[0], RecordError::Write { .. }));
    assert!(errors[1..].iter().all(|error| matches!(error, RecordError::Ended)));
    assert!(errors.len() > 1 && recorder.finish().is_err());
    Ok(())
}

#[test]
fn the_largest_number_of_a_frame_in_a_header_is_an_error() -> Outcome {
    let (bytes, ..) = recording(&RecorderOptions::new())?;
    let mut hostile = bytes[..FILE_HEADER].to_vec();
    for kind in 0..4 {
        let mut header = [0; HEADER];
        header[0] = kind;
        header[8..16].fill(255);
        hostile.extend_from_slice(&header);
        hostile.extend_from_slice(&[255; HEADER]);
        assert!(Playback::open(Cursor::new(&hostile[..])).is_err(), "{kind}");
        hostile.truncate(FILE_HEADER);
    }
    Ok(())
}
