//! Bytes of any origin as a recording, played forwards, backwards and by seeks: errors, or valid stores.

use std::io::Cursor;
use std::sync::LazyLock;

use slotted::{Kind, Limits, ObjectId, Schema, SchemaError, Store, Value, record};
use slotted_arrow::recording::{Playback, PlaybackOptions, RecorderOptions};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};
use xxhash_rust::xxh3::xxh3_128;

/// The forms of input.
pub(crate) const FORMS: u8 = 7;
/// The bit of the first byte that asks for right lengths and checksums. Without it checksums do not matter.
pub(crate) const SEALED: u8 = 1 << 7;

const HEADER: usize = 64;
const TRAILER: usize = 16;
/// Each step may load a keyframe.
const MOST_STEPS: usize = 40;

/// The outcome of a playback.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Played {
    /// The frames that were found; none if the recording was refused.
    pub(crate) frames: usize,
    /// The steps in both directions that led to a frame.
    pub(crate) steps: usize,
    /// The steps and seeks that failed.
    pub(crate) errors: usize,
}

/// The records of real recordings, their indexes included: one without compression, and one with.
static REAL: LazyLock<[Vec<Vec<u8>>; 2]> =
    LazyLock::new(|| [None, Some(Compression::Lz4)].map(|compression| records(&real(compression))));

/// Records a game with a schema that comes later, a migration, and keyframes in the middle.
fn real(compression: Option<Compression>) -> Vec<u8> {
    let mut store = Store::new();
    let drop = Schema::builder("drop").slot("item", Kind::Text).slot("count", Kind::U8).optional();
    let unit = |health: Kind| -> Result<Schema, SchemaError> {
        let unit = Schema::builder("unit").slot("health", health).slot("name", Kind::Text);
        let unit = unit.optional().slot("job", Kind::enumeration(["farmer", "smith"]));
        let unit = unit.slot("allies", Kind::list(Kind::Object)).slot("note", Kind::Any).optional();
        unit.nested_list("drops", &drop.clone().build()?).build()
    };
    store.register_schema(unit(Kind::U8).expect("it is right")).expect("it is new");
    let options = RecorderOptions::new().keyframe_every(3).compression(compression);
    let mut recorder = options.start(Vec::new()).expect("a vector takes all bytes");
    let mut ids: Vec<ObjectId> = Vec::new();
    for frame in 0..8_u8 {
        match frame {
            2 => {
                let orc = Schema::builder("orc").extends("unit").build().expect("it is right");
                store.register_schema(orc).expect("it is new");
            }
            5 => {
                let schemas = [unit(Kind::U16).expect("it is right")];
                let plan = store.plan_migration(schemas).expect("it is possible");
                store.migrate(&plan).expect("it was planned");
            }
            6 => store.despawn(ids[1]).map(std::mem::drop).expect("it lives"),
            _ => {}
        }
        let bone: Value =
            [("item", Value::from("bone")), ("count", frame.into())].into_iter().collect();
        let unit = record! {
            health: frame, name: format!("unit {frame}"), job: "smith", allies: ids.clone(),
            note: [1, 2], drops: [bone]
        };
        ids.push(
            store.spawn_record(if frame > 2 { "orc" } else { "unit" }, unit).expect("it is right"),
        );
        recorder.note("input", &[frame; 3]).expect("it is short");
        recorder.frame(u64::from(frame) * 10, &store.snapshot()).expect("a vector takes all bytes");
    }
    recorder.finish().expect("a vector takes all bytes").0
}

/// Returns the file header.
fn beginning() -> Vec<u8> {
    let mut header = b"SLOTREC1\x01\0\0\0\0\0\0\0".to_vec();
    let checksum = xxh3_128(&header);
    header.extend_from_slice(&checksum.to_le_bytes());
    header
}

/// Returns the records of a recording, the index included.
fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[beginning().len()..file.len() - TRAILER];
    let mut records = Vec::new();
    while let Some(header) = rest.first_chunk::<HEADER>() {
        let content = u64::from_le_bytes(header[32..40].try_into().expect("8 bytes")) as usize;
        let (record, after) = rest.split_at(HEADER + notes_of(header) + content);
        records.push(record.to_vec());
        rest = after;
    }
    records
}

fn notes_of(header: &[u8]) -> usize {
    u32::from_le_bytes(header[4..8].try_into().expect("4 bytes")) as usize
}

/// Returns records as a file whose last one is the index.
fn join(records: &[Vec<u8>]) -> Vec<u8> {
    let (mut file, mut index) = (beginning(), 0);
    for record in records {
        index = file.len() as u64;
        file.extend_from_slice(record);
    }
    file.extend_from_slice(&index.to_le_bytes());
    file.extend_from_slice(b"SLOTEND1");
    file
}

/// Gives all records the lengths that they have, and right checksums.
fn seal(records: &mut [Vec<u8>]) {
    let mut recording = 0_u64;
    for (position, record) in records.iter_mut().enumerate() {
        let content = (record.len() - HEADER).saturating_sub(notes_of(record)) as u64;
        record[32..40].copy_from_slice(&content.to_le_bytes());
        if record[1] == 0 {
            record[40..48].copy_from_slice(&content.to_le_bytes());
        }
        record[24..32].copy_from_slice(&recording.to_le_bytes());
        let checksum = xxh3_128(&[&record[..48], &record[HEADER..]].concat());
        record[48..HEADER].copy_from_slice(&checksum.to_le_bytes());
        if position == 0 {
            recording = checksum as u64;
        }
    }
}

/// Puts the input in the place of a record's notes and content.
fn replace(records: &mut [Vec<u8>], record: usize, input: &[u8]) {
    let record = &mut records[record];
    record.truncate(HEADER);
    record[4..8].fill(0);
    for place in [32..40, 40..48] {
        record[place].copy_from_slice(&(input.len() as u64).to_le_bytes());
    }
    record.extend_from_slice(input);
}

/// Returns the input as records, or as the content of a keyframe, of a change, or of the index of a real recording; or a real
/// recording with some bytes changed, each as told by three bytes; or its records in another order, as told by a byte each.
fn file(form: u8, input: &[u8], is_sealed: bool) -> Vec<u8> {
    let mut records = REAL[usize::from(form == 5)].clone();
    let index = records.len() - 1;
    match form {
        0 => return [&beginning(), input].concat(),
        1 | 2 => {
            // The index would have the places from before.
            records.truncate(index);
            replace(&mut records, usize::from(form - 1), input);
        }
        3 => replace(&mut records, index, input),
        6 => {
            let order = input.iter().take(MOST_STEPS);
            records =
                order.map(|byte| records[usize::from(*byte) % records.len()].clone()).collect();
            for (position, record) in (0_u64..).zip(&mut records) {
                record[8..16].copy_from_slice(&position.to_le_bytes());
                record[16..24].copy_from_slice(&(position * 10).to_le_bytes());
            }
        }
        _ => {
            for edit in input.chunks_exact(3) {
                let all: usize = records.iter().map(Vec::len).sum();
                let mut at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % all;
                for record in &mut records {
                    if let Some(byte) = record.get_mut(at) {
                        *byte ^= edit[2];
                        break;
                    }
                    at -= record.len();
                }
            }
        }
    }
    if is_sealed {
        seal(&mut records);
    }
    join(&records)
}

/// Checks that the store of a playback is valid, and can be saved and loaded again.
fn check(playback: &mut Playback<Cursor<Vec<u8>>>, saves: bool) {
    let _ = (playback.number(), playback.notes().iter().count());
    let mut store = playback.snapshot().to_store();
    for id in store.ids().collect::<Vec<_>>() {
        store.get_record(id).expect("it lives");
    }
    if saves {
        let mut save = Vec::new();
        SaveOptions::new().write(&store.snapshot(), &mut save).expect("a vector takes all bytes");
        let (mut again, _) =
            LoadOptions::new().opaque_types().read(&save[..]).expect("it was just written");
        assert_eq!(again.state_hash(), store.state_hash());
        assert_eq!(again.future_ids_hash(), store.future_ids_hash());
    }
}

/// Plays the bytes. Returns `None` if they are too few.
pub(crate) fn run(input: &[u8]) -> Option<Played> {
    let (first, rest) = input.split_first()?;
    let (form, is_sealed) = ((first & !SEALED) % FORMS, first & SEALED != 0);
    let mut limits = Limits::default();
    (limits.text_bytes, limits.list_bytes) = (1 << 20, 1 << 20);
    let options = PlaybackOptions::new().limits(limits).most_frame_bytes(1 << 20);
    let options = options.expansion(1 << 22);
    let options = if is_sealed { options } else { options.ignore_checksums() };
    let mut played = Played::default();
    let Ok(mut playback) = options.open(Cursor::new(file(form, rest, is_sealed))) else {
        return Some(played);
    };
    played.frames = playback.frames().len();
    check(&mut playback, true);
    let directions: [fn(&mut Playback<_>) -> _; 2] =
        [Playback::step_forwards, Playback::step_backwards];
    for step in directions {
        for _ in 0..MOST_STEPS {
            match step(&mut playback) {
                Ok(true) => played.steps += 1,
                Ok(false) => break,
                Err(_) => {
                    played.errors += 1;
                    check(&mut playback, true);
                    break;
                }
            }
            check(&mut playback, false);
        }
    }
    let numbers: Vec<u64> = playback.frames().map(|frame| frame.number).take(MOST_STEPS).collect();
    for number in [u64::MAX, 0].into_iter().chain(numbers.into_iter().rev()) {
        played.errors += usize::from(playback.seek(number).is_err());
        check(&mut playback, number == u64::MAX);
    }
    Some(played)
}
