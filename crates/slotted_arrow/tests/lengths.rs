//! Declared lengths are compared with the file before memory is reserved: a hostile save takes little memory.
//!
//! Each number of a file that says how much follows is made huge: alone, and together with all others of its message. The
//! loads ignore checksums, so they get as far as with right ones.

mod common;

use std::fs;

use bench_support::allocator::{CountingAllocator, peak_bytes};
use common::Folder;
use common::parts::Parts;
use slotted::{Kind, ObjectId, Schema, Store, Value, record};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The numbers that declare lengths.
const HUGE: [u64; 5] = [8192, 1 << 20, u32::MAX as u64, 1 << 40, i64::MAX as u64];

/// A number in a file, with its bytes.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    bytes: usize,
    /// The number is the place of a buffer in its body.
    is_offset: bool,
}

impl Place {
    const fn long(at: usize) -> Self {
        Self { at, bytes: 8, is_offset: false }
    }

    fn write(self, file: &mut [u8], number: u64) {
        file[self.at..self.at + self.bytes].copy_from_slice(&number.to_le_bytes()[..self.bytes]);
    }
}

/// Returns a stream of columns of each layout: numbers, vectors, bits, texts, variants, references and lists.
fn stream(compression: Option<Compression>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .slot("position", Kind::Vec3)
        .slot("is_hungry", Kind::Bool)
        .slot("name", Kind::Text)
        .slot("job", Kind::enumeration(["farmer", "soldier"]))
        .slot("target", Kind::Object)
        .optional()
        .slot("drops", Kind::list(Kind::U16))
        .slot("titles", Kind::list(Kind::Text));
    store.register_schema(unit.build()?)?;
    let mut last: Option<ObjectId> = None;
    for number in 0..100_u16 {
        let record = record! {
            health: f32::from(number),
            position: [1.0, 2.0, 3.0],
            is_hungry: number % 2 == 0,
            name: format!("name {}", number % 50),
            job: if number % 3 == 0 { "soldier" } else { "farmer" },
            target: last,
            drops: vec![number; usize::from(number % 4)],
            titles: vec![Value::from("sir"); usize::from(number % 3)],
        };
        last = Some(store.spawn_record("unit", record)?);
    }
    let mut bytes = Vec::new();
    SaveOptions::new().compression(compression).write(&store.snapshot(), &mut bytes)?;
    Ok(bytes)
}

/// Returns the places of lengths in the messages of the stream's only file, and of the lengths before the manifest.
fn places(stream: &[u8]) -> Result<Vec<Vec<Place>>, Box<dyn std::error::Error>> {
    let manifest = u64::from_le_bytes(stream[8..16].try_into()?) as usize;
    let mut messages = vec![vec![Place::long(8)]];
    // The first eight bytes of an Arrow file are its name.
    let mut at = 16 + manifest + 8;
    loop {
        let prefix = &stream[at..at + 8];
        if prefix[..4] != [0xff; 4] {
            return Err(format!("no message at {at}").into());
        }
        let length = u32::from_le_bytes(prefix[4..].try_into()?) as usize;
        if length == 0 {
            return Ok(messages);
        }
        let header = &stream[at + 8..at + 8 + length];
        let mut places = vec![Place { at: at + 4, bytes: 4, is_offset: false }];
        let body = at + 8 + length;
        at = body + add_message(header, at + 8, body, stream, &mut places)?;
        messages.push(places);
    }
}

/// Adds the places of lengths in a message, whose header and body begin at these places. Returns the length of the body.
fn add_message(
    header: &[u8],
    start: usize,
    body: usize,
    stream: &[u8],
    places: &mut Vec<Place>,
) -> Result<usize, Box<dyn std::error::Error>> {
    use arrow_ipc::{Message, RecordBatch};
    let message = arrow_ipc::root_as_message(header).map_err(|error| error.to_string())?;
    let mut add_field = |table: flatbuffers::Table<'_>, field| {
        let offset = usize::from(table.vtable().get(field));
        if offset > 0 {
            places.push(Place::long(start + table.loc() + offset));
        }
    };
    add_field(message._tab, Message::VT_BODYLENGTH);
    let dictionary = message.header_as_dictionary_batch().and_then(|batch| batch.data());
    let batch = message.header_as_record_batch().or(dictionary);
    let length = usize::try_from(message.bodyLength())?;
    let Some(batch) = batch else { return Ok(length) };
    add_field(batch._tab, RecordBatch::VT_LENGTH);
    let inside = |bytes: &[u8]| bytes.as_ptr().addr() - header.as_ptr().addr() + start;
    let nodes = batch.nodes().ok_or("a batch has nodes")?.bytes();
    places.extend((0..nodes.len()).step_by(8).map(|at| Place::long(inside(nodes) + at)));
    let buffers = batch.buffers().ok_or("a batch has buffers")?.bytes();
    places.extend(
        (0..buffers.len())
            .step_by(8)
            .map(|at| Place { is_offset: at % 16 == 0, ..Place::long(inside(buffers) + at) }),
    );
    for buffer in batch.buffers().into_iter().flatten() {
        let at = body + usize::try_from(buffer.offset())?;
        let bytes = usize::try_from(buffer.length())?;
        if bytes >= 8 {
            // The length of a compressed buffer stands before it, the number of a list's elements at the end of its offsets.
            places.extend([at, at + bytes - 8].map(Place::long));
        }
    }
    assert!(body + length <= stream.len());
    Ok(length)
}

fn compressions() -> Vec<Option<Compression>> {
    vec![
        None,
        #[cfg(feature = "lz4")]
        Some(Compression::Lz4),
        #[cfg(feature = "zstd")]
        Some(Compression::Zstd),
    ]
}

fn load(stream: &[u8]) {
    let options = LoadOptions::new().ignore_checksums();
    let _ = options.read(stream);
    let _ = options.clone().salvage().read(stream);
}

/// Loads the table of a stream from a folder that has everything else.
fn load_table(folder: &Folder, file: &str, table: &[u8]) {
    fs::write(folder.0.join(file), table).expect("the folder can be written to");
    let options = LoadOptions::new().ignore_checksums();
    let _ = options.load(&folder.0);
    let _ = options.clone().salvage().load(&folder.0);
}

#[test]
fn fault_41_no_memory_is_reserved_for_lengths_beyond_the_file() -> Outcome {
    for compression in compressions() {
        let original = stream(compression)?;
        let most = 2 * peak_bytes(|| load(&original)) + 4 * original.len() + (64 << 10);
        let (folder, parts) = (Folder::new("lengths"), Parts::of(&original));
        parts.write(&folder.0)?;
        let (file, table) = &parts.files[0];
        let start = 16 + u64::from_le_bytes(original[8..16].try_into()?) as usize;
        let mut cases = 0;
        let mut check = |changed: &[Place], number: u64| {
            let mut bytes = original.clone();
            changed.iter().for_each(|place| place.write(&mut bytes, number));
            let peak = peak_bytes(|| load(&bytes));
            assert!(peak <= most, "{peak} bytes, not {most}: {number} at {changed:?}");
            if changed.len() > 1 {
                let table = &bytes[start..start + table.len()];
                let peak = peak_bytes(|| load_table(&folder, file, table));
                assert!(peak <= most, "{peak} bytes, not {most}: {number} in a folder");
            }
            cases += 1;
        };
        for message in places(&original)? {
            for number in HUGE {
                message.iter().for_each(|place| check(&[*place], number));
                check(&message, number);
            }
        }
        assert!(cases > 500, "{cases} cases");
    }
    Ok(())
}

#[test]
fn fault_41_buffers_that_overlap_or_leave_their_body_are_refused() -> Outcome {
    let stream = stream(None)?;
    let (original, folder) = (Parts::of(&stream), Folder::new("overlaps"));
    let table = 16 + u64::from_le_bytes(stream[8..16].try_into()?) as usize;
    let offsets = places(&stream)?.into_iter().flatten().filter(|place| place.is_offset);
    let offsets: Vec<usize> = offsets.map(|place| place.at - table).collect();
    assert!(offsets.len() > 20, "{} buffers", offsets.len());
    for at in offsets {
        let offset = i64::from_le_bytes(original.files[0].1[at..at + 8].try_into()?);
        let wrong = [0, offset - 64, offset + (1 << 20), i64::MIN, -64];
        for wrong in wrong.into_iter().filter(|wrong| *wrong != offset) {
            let mut parts = original.clone();
            parts.files[0].1[at..at + 8].copy_from_slice(&wrong.to_le_bytes());
            parts.seal();
            parts.write(&folder.0)?;
            let results = [
                LoadOptions::new().read(&parts.to_stream()[..]),
                LoadOptions::new().load(&folder.0),
            ];
            let errors =
                results.map(|result| result.map(|_| ()).map_err(|error| error.to_string()));
            assert!(errors.iter().all(Result::is_err), "{offset} became {wrong}: {errors:?}");
        }
    }
    Ok(())
}
