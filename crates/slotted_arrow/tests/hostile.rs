//! Hostile saves whose checksums are right: an error or a valid store, little memory, no panic.

mod common;

use std::path::Path;

use bench_support::allocator::{CountingAllocator, peak_bytes};
use bench_support::cases;
use common::Folder;
use common::parts::Parts;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::Value as Json;
use slotted::Store;
use slotted_arrow::{Compression, LoadError, LoadOptions, SaveOptions};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Looks at every object of a store that was loaded.
fn check(store: &Store) {
    let ids: Vec<_> = store.ids().collect();
    ids.iter().for_each(|id| assert!(store.get_record(*id).is_ok()));
    let _ = store.validate();
}

/// Loads a save in one of its forms to a new store, and into one with schemas. Returns the hashes of the stores.
fn load_form(
    options: &LoadOptions,
    read: impl Fn(&LoadOptions) -> Result<Store, LoadError>,
    read_into: impl Fn(&LoadOptions, &mut Store) -> Result<(), LoadError>,
) -> [Option<u64>; 2] {
    let loaded = read(&options.clone().opaque_types()).ok().map(|mut store| {
        check(&store);
        store.state_hash()
    });
    let mut target = common::store();
    let before = target.state_hash();
    let is_loaded = read_into(options, &mut target).is_ok();
    check(&target);
    let hash = target.state_hash();
    assert!(is_loaded || hash == before, "a load that failed has changed the store");
    [loaded, is_loaded.then_some(hash)]
}

fn load_stream(options: &LoadOptions, bytes: &[u8]) -> [Option<u64>; 2] {
    let read = |options: &LoadOptions| options.read(bytes).map(|(store, _)| store);
    let read_into =
        |options: &LoadOptions, store: &mut Store| options.read_into(store, bytes).map(|_| ());
    load_form(options, read, read_into)
}

fn load_folder(options: &LoadOptions, folder: &Path) -> [Option<u64>; 2] {
    let read = |options: &LoadOptions| options.load(folder).map(|(store, _)| store);
    let read_into =
        |options: &LoadOptions, store: &mut Store| options.load_into(store, folder).map(|_| ());
    load_form(options, read, read_into)
}

/// Loads bytes whose checksums do not matter.
fn load(bytes: &[u8]) {
    let options = LoadOptions::new().ignore_checksums();
    for options in [options.clone(), options.salvage()] {
        load_stream(&options, bytes);
    }
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

/// Changes some bytes as a hostile writer could.
fn change(bytes: &mut [u8], random: &mut impl Rng) {
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => {
                let number = number(random, bytes.len()).to_le_bytes();
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
}

/// Changes a part of a manifest: a number, a text, or the order or number of parts.
fn change_json(json: &mut Json, random: &mut impl Rng) {
    match json {
        Json::Array(parts) if !parts.is_empty() => {
            let (at, other) =
                (random.random_range(0..parts.len()), random.random_range(0..parts.len()));
            match random.random_range(0..12) {
                0 => parts.swap(at, other),
                1 => parts.push(parts[at].clone()),
                2 => _ = parts.remove(at),
                _ => change_json(&mut parts[at], random),
            }
        }
        Json::Object(parts) if !parts.is_empty() => {
            let at = random.random_range(0..parts.len());
            let key = parts.keys().nth(at).expect("a key").clone();
            match random.random_range(0..12) {
                0 => _ = parts.remove(&key),
                _ => change_json(&mut parts[&key], random),
            }
        }
        Json::Number(_) => *json = number(random, 300).into(),
        Json::Bool(truth) => *json = (!*truth).into(),
        Json::String(text) => {
            let texts = ["", "thing", "tile", "u8", "text", "../save", "\u{202e}"];
            *text = texts[random.random_range(0..texts.len())].to_owned();
        }
        _ => *json = Json::Null,
    }
}

#[test]
fn fault_41_hostile_streams_with_checksums_that_do_not_matter() {
    let random = &mut StdRng::seed_from_u64(41);
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let original = stream(&mut common::world(12, 3), compression);
        let baseline = peak_bytes(|| load(&original));
        for _ in 0..cases(25) {
            let mut bytes = original.clone();
            change(&mut bytes, random);
            let peak = peak_bytes(|| load(&bytes));
            let most = 2 * baseline + 16 * bytes.len() + (1 << 20);
            assert!(peak <= most, "{peak} bytes for a file of {}", bytes.len());
        }
    }
}

#[test]
fn fault_41_hostile_folders_and_streams_with_right_checksums() -> std::io::Result<()> {
    let (random, folder) = (&mut StdRng::seed_from_u64(40), Folder::new("hostile"));
    let mut loaded = 0;
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let original = Parts::of(&stream(&mut common::world(12, 3), compression));
        let options = LoadOptions::new();
        original.write(&folder.0)?;
        let whole = load_folder(&options, &folder.0);
        assert!(whole.iter().all(Option::is_some), "the checksums are right");
        let baseline = peak_bytes(|| _ = load_folder(&options, &folder.0));
        for case in 0..cases(25) {
            let mut parts = original.clone();
            if case % 3 == 0 {
                change_json(&mut parts.content, random);
            } else {
                let table = random.random_range(0..parts.tables());
                change(&mut parts.files[table].1, random);
                parts.seal();
            }
            let stream = parts.to_stream();
            parts.write(&folder.0)?;
            let most = 2 * baseline + 16 * stream.len() + (1 << 20);
            for options in [options.clone(), options.clone().salvage()] {
                let mut hashes = [[None; 2]; 2];
                let peak = peak_bytes(|| hashes[0] = load_folder(&options, &folder.0));
                assert!(peak <= most, "{peak} bytes for a folder of {}", stream.len());
                let peak = peak_bytes(|| hashes[1] = load_stream(&options, &stream));
                assert!(peak <= most, "{peak} bytes for a stream of {}", stream.len());
                // A manifest may name files in another order, which only a folder allows.
                assert!(case % 3 == 0 || hashes[0] == hashes[1], "both forms have one outcome");
                loaded += usize::from(hashes[0][1].is_some());
            }
        }
    }
    assert!(loaded > 0, "right checksums let the loads get further");
    Ok(())
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

#[test]
fn fault_41_a_block_of_a_wide_kind_expands_up_to_the_limit()
-> Result<(), Box<dyn std::error::Error>> {
    use slotted::{Kind, Schema, Value, record};
    let mut store = Store::new();
    let wide = Kind::opaque_pod("game::Wide", 4096, 1);
    store.register_schema(Schema::builder("item").slot("wide", wide).build()?)?;
    let zeros = record! { wide: Value::Bytes([0; 4096].into()) };
    store.spawn_records("item", vec![zeros; 8192])?;
    let mut into = Store::new();
    into.register_schema(Schema::builder("item").build()?)?;
    let before = into.state_hash();
    for compression in [Compression::Lz4, Compression::Zstd] {
        let (stream, folder) = (stream(&mut store, Some(compression)), Folder::new("wide"));
        assert!(stream.len() < 1 << 18, "{} bytes stand for 32 MiB", stream.len());
        Parts::of(&stream).write(&folder.0)?;
        let strict = LoadOptions::new().opaque_types().expansion(1 << 24);
        let errors = || {
            [
                strict.read(&stream[..]).map(|_| ()),
                strict.load(&folder.0).map(|_| ()),
                strict.read_into(&mut into.clone(), &stream[..]).map(|_| ()),
            ]
        };
        let mut messages = Vec::new();
        let peak = peak_bytes(|| messages.extend(errors().map(|error| error.unwrap_err())));
        assert!(peak < 1 << 20, "{peak} bytes for a save of {}", stream.len());
        for message in messages {
            let wanted = "bytes or more; the limit is 16777216, raise 'expansion' of the options";
            assert!(message.to_string().ends_with(wanted), "{message}");
        }
        let mut lost = 0;
        let peak = peak_bytes(|| {
            let (_, report) = strict.clone().salvage().load(&folder.0).expect("it is salvaged");
            lost = report.damaged()[0].lost_rows;
        });
        assert!(lost == 8192 && peak < 1 << 20, "{peak} bytes");
        let (mut whole, _) = strict.expansion(1 << 25).read(&stream[..])?;
        assert_eq!(whole.state_hash(), store.state_hash(), "the limit is the expansion");
    }
    assert_eq!(into.state_hash(), before);
    Ok(())
}

#[test]
fn fault_41_attachments_that_share_a_file_share_its_memory()
-> Result<(), Box<dyn std::error::Error>> {
    let (folder, bytes) = (Folder::new("shared"), vec![7_u8; 1 << 20]);
    // Names whose letters are all replaced in names of files.
    let names: Vec<String> = ('а'..='я').map(String::from).collect();
    let attach = |options: SaveOptions, name| options.attach(name, bytes.clone());
    let options = names.iter().fold(SaveOptions::new(), attach);
    options.save(&Store::new().snapshot(), &folder.0)?;
    let mut loaded = None;
    let peak = peak_bytes(|| loaded = LoadOptions::new().load(&folder.0).ok());
    let (_, report) = loaded.ok_or("the save is right")?;
    assert!(names.iter().all(|name| report.attachment(name) == Some(&bytes)));
    assert!(peak < 4 << 20, "{peak} bytes for one file of 1 MiB");
    // Entries that contradict each other about a file are refused.
    let mut stream = Vec::new();
    options.write(&Store::new().snapshot(), &mut stream)?;
    let mut parts = Parts::of(&stream);
    parts.content["attachments"][1]["checksum"] = "0".repeat(32).into();
    parts.write(&folder.0)?;
    let error = LoadOptions::new().load(&folder.0).unwrap_err().to_string();
    assert!(error.contains("is listed twice"), "{error}");
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
    assert!(message.contains("slots of all schemas; a save has at most 4194304"), "{message}");
}

#[test]
fn fault_41_schemas_that_extend_each_other() {
    let mut parts = Parts::of(&small_stream());
    let mut other = parts.content["schemas"][0].clone();
    (parts.content["schemas"][0]["extends"], other["extends"]) = ("rock".into(), "tile".into());
    other["name"] = "rock".into();
    parts.content["schemas"].as_array_mut().expect("schemas").push(other);
    refused(&parts.to_stream(), 1 << 20);
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

/// Each end says that the copy of the manifest begins where a text of megabytes does.
#[test]
fn a_salvage_looks_at_few_copies_of_a_manifest() {
    let mut stream = b"SLOTTED1".to_vec();
    stream.extend(16_u64.to_le_bytes());
    stream.extend([b'{'; 16]);
    let start = stream.len();
    stream.extend(b"{\"format\":\"");
    stream.resize(start + (4 << 20), b'a');
    for _ in 0..20_000 {
        stream.extend(((stream.len() - start) as u64).to_le_bytes());
        stream.extend(b"SLOTTED1");
    }
    // The copy must end before the files, which leaves room for as many bytes.
    stream.splice(16..16, std::iter::repeat_n(b' ', 5 << 20));
    let salvaged = LoadOptions::new().salvage().read(&stream[..]);
    assert!(matches!(salvaged, Err(LoadError::Damaged { .. })), "{salvaged:?}");
}
