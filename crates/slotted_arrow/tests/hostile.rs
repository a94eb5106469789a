//! Hostile saves whose checksums are right: an error or a valid store, little memory, no panic.

mod common;

use bench_support::allocator::{CountingAllocator, peak_bytes};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use slotted::Store;
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Loads bytes whose checksums do not matter.
fn load(bytes: &[u8]) {
    let options = LoadOptions::new().ignore_checksums();
    for options in [options.clone(), options.salvage()] {
        if let Ok((store, _)) = options.read(bytes) {
            let ids: Vec<_> = store.ids().collect();
            ids.iter().for_each(|id| assert!(store.get_record(*id).is_ok()));
            let _ = store.validate();
        }
        let mut target = common::store();
        let _ = options.read_into(&mut target, bytes);
    }
}

/// Returns the number of cases: more by `SLOTTED_CASES`.
fn cases() -> usize {
    std::env::var("SLOTTED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

fn stream(store: &mut Store, compression: Option<Compression>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), &mut bytes).expect("a vector accepts all bytes");
    bytes
}

/// Numbers that lengths, counts and offsets of hostile files have.
fn number(random: &mut impl Rng, length: usize) -> u64 {
    match random.random_range(0..7) {
        0 => 0,
        1 => u64::MAX,
        2 => i64::MAX as u64,
        3 => 1 << 31,
        4 => random.random_range(0..length as u64),
        5 => 1 << random.random_range(0..64),
        _ => random.random_range(0..300),
    }
}

#[test]
fn fault_41_hostile_streams_with_right_checksums() {
    let random = &mut StdRng::seed_from_u64(41);
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let original = stream(&mut common::world(12, 3), compression);
        let baseline = peak_bytes(|| load(&original));
        for _ in 0..cases() {
            let mut bytes = original.clone();
            for _ in 0..random.random_range(1..5) {
                let at = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes[at] = random.random(),
                    1 => bytes[at] ^= 1 << random.random_range(0..8),
                    2 => {
                        let number = number(random, original.len()).to_le_bytes();
                        let end = bytes.len().min(at + 8);
                        bytes[at..end].copy_from_slice(&number[..end - at]);
                    }
                    _ => {
                        let from = random.random_range(0..bytes.len());
                        let length = random.random_range(0..64).min(bytes.len() - at.max(from));
                        bytes.copy_within(from..from + length, at);
                    }
                }
            }
            let peak = peak_bytes(|| load(&bytes));
            let most = 2 * baseline + 16 * bytes.len() + (1 << 20);
            assert!(peak <= most, "{peak} bytes for a file of {}", bytes.len());
        }
    }
}

#[test]
fn fault_41_bytes_that_are_no_save_at_all() {
    let random = &mut StdRng::seed_from_u64(42);
    for length in 0..200 {
        let mut bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
        load(&bytes);
        bytes.splice(0..0, *b"SLOTTED1");
        let peak = peak_bytes(|| load(&bytes));
        assert!(peak < 1 << 20, "{peak} bytes");
    }
}

#[test]
fn fault_41_a_compressed_bomb_needs_the_memory_of_its_rows_only()
-> Result<(), Box<dyn std::error::Error>> {
    use slotted::{Kind, Schema, record};
    let mut store = Store::new();
    store.register_schema(Schema::builder("item").slot("drops", Kind::list(Kind::U8)).build()?)?;
    store.spawn_record("item", record! { drops: vec![0_u8; 1 << 22] })?;
    for compression in [Compression::Lz4, Compression::Zstd] {
        let bytes = stream(&mut store, Some(compression));
        assert!(bytes.len() < 1 << 17, "it compresses well");
        let mut limits = slotted::Limits::default();
        limits.list_bytes = 1 << 20;
        limits.text_bytes = 1 << 20;
        let mut error = None;
        let options = LoadOptions::new().limits(limits);
        let peak = peak_bytes(|| error = options.read(&bytes[..]).err());
        assert!(error.is_some() && peak < 1 << 21, "{peak} bytes: {error:?}");
    }
    Ok(())
}

/// Returns a stream with another manifest.
fn with_manifest(stream: &[u8], edit: impl FnOnce(&str) -> String) -> Vec<u8> {
    let length = u64::from_le_bytes(stream[8..16].try_into().expect("8 bytes")) as usize;
    let manifest = std::str::from_utf8(&stream[16..16 + length]).expect("JSON");
    let edited = edit(manifest);
    assert_ne!(edited, manifest, "the edit found its place");
    let parts = [&b"SLOTTED1"[..], &(edited.len() as u64).to_le_bytes(), edited.as_bytes()];
    [&parts.concat(), &stream[16 + length..]].concat()
}

/// Loads a stream with a hostile manifest, which must be refused in little memory. Returns the message.
fn refused(stream: &[u8], most: usize) -> String {
    let options = LoadOptions::new().ignore_checksums();
    let mut error = None;
    let peak = peak_bytes(|| error = options.read(stream).err());
    assert!(peak < most, "{peak} bytes for a file of {}", stream.len());
    let peak = peak_bytes(|| drop(options.clone().salvage().read(stream)));
    assert!(peak < most, "{peak} bytes to salvage a file of {}", stream.len());
    error.expect("it is refused").to_string()
}

fn small_stream() -> Vec<u8> {
    use slotted::{Kind, Schema, record};
    let mut store = Store::new();
    let tile = Schema::builder("tile").slot("height", Kind::F32).build().expect("valid");
    store.register_schema(tile).expect("new");
    store.spawn_records("tile", vec![record! { height: 1.0 }; 20]).expect("valid");
    stream(&mut store, None)
}

#[test]
fn fault_41_a_manifest_that_claims_four_billion_rows() {
    let stream = with_manifest(&small_stream(), |manifest| {
        manifest.replace("\"rows\":20,", "\"rows\":4294967295,")
    });
    // 16 million retired rows of two bytes and some bits, and a bit for each free row.
    let message = refused(&stream, 200 << 20);
    assert!(message.contains("checksum"), "{message}");
}

#[test]
fn fault_41_a_manifest_whose_many_tables_claim_four_billion_rows_each() {
    use slotted::{Kind, Schema, record};
    let mut store = Store::new();
    for number in 0..50 {
        let tile = Schema::builder(format!("tile{number}")).slot("height", Kind::F32);
        store.register_schema(tile.build().expect("valid")).expect("new");
        let record = record! { height: 1.0 };
        store.spawn_record(&format!("tile{number}"), record).expect("valid");
    }
    let stream = with_manifest(&stream(&mut store, None), |manifest| {
        manifest.replace("\"rows\":1,", "\"rows\":4294967295,")
    });
    let mut lost = 0;
    let peak = peak_bytes(|| {
        let options = LoadOptions::new().ignore_checksums().salvage();
        let (_, report) = options.read(&stream[..]).expect("it is salvaged");
        lost = report.damaged().len();
    });
    assert_eq!(lost, 50);
    assert!(peak <= 200 << 20, "{peak} bytes");
}

#[test]
fn fault_41_a_manifest_with_nested_kinds() {
    let nested = format!("{}\"f32\"{}", "{\"list\":".repeat(100), "}".repeat(100));
    let kind = |manifest: &str| manifest.replace("\"kind\":\"f32\"", &format!("\"kind\":{nested}"));
    let message = refused(&with_manifest(&small_stream(), kind), 1 << 20);
    assert!(message.contains("definition"), "{message}");
}

#[test]
fn fault_41_a_manifest_whose_schemas_inherit_too_many_slots() {
    let slots: Vec<String> =
        (0..3000).map(|slot| format!("{{\"name\":\"s{slot}\",\"kind\":\"u8\"}}")).collect();
    let base = format!("{{\"name\":\"base\",\"slots\":[{}]}}", slots.join(","));
    let heirs =
        (0..3000).map(|heir| format!("{{\"name\":\"h{heir}\",\"extends\":\"base\",\"slots\":[]}}"));
    let schemas: Vec<String> = std::iter::once(base).chain(heirs).collect();
    let stream = with_manifest(&small_stream(), |manifest| {
        manifest.replace("\"schemas\":[", &format!("\"schemas\":[{},", schemas.join(",")))
    });
    let message = refused(&stream, 16 << 20);
    assert!(message.contains("more than 4194304 slots in all"), "{message}");
}

#[test]
fn fault_41_a_manifest_whose_schemas_extend_themselves() {
    for extends in ["tile", "nothing"] {
        let stream = with_manifest(&small_stream(), |manifest| {
            let extends = format!("\"name\":\"tile\",\"extends\":\"{extends}\"");
            manifest.replace("\"name\":\"tile\"", &extends)
        });
        refused(&stream, 1 << 20);
    }
}
