//! Bytes of any origin as a save, in both forms, with checksums that do not matter: an error, or a valid store.
#![no_main]

mod spells;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use slotted::{Kind, Limits, ObjectId, Schema, Store, record};
use slotted_arrow::{Compression, LoadError, LoadOptions, SaveOptions};

/// The target's forms of input.
const FORMS: u8 = 5;

/// The bit of the first byte that asks for a folder.
const FOLDER: u8 = 1 << 7;

/// Saves that a store has made, as streams.
static REAL: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [None, Some(Compression::Lz4)].map(real));

fn real(compression: Option<Compression>) -> Vec<u8> {
    let mut store = Store::new();
    let unit =
        Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text).optional();
    let unit = unit.slot("job", Kind::enumeration(["farmer", "smith"])).slot("awake", Kind::Bool);
    store.register_schema(unit.build().expect("it is right")).expect("it is new");
    let orc = Schema::builder("orc").extends("unit").slot("allies", Kind::list(Kind::Object));
    store.register_schema(orc.build().expect("it is right")).expect("it is new");
    let unit =
        |number: u32| record! { health: number as f32, name: "ada", job: "smith", awake: true };
    let ids: Vec<ObjectId> =
        store.spawn_records("unit", (0..9).map(unit)).expect("they are right").collect();
    let orc = record! { health: 1, job: "farmer", awake: false, allies: [ids[0], ids[3]] };
    store.spawn_record("orc", orc).expect("it is right");
    store.despawn_batch(&ids[2..5]).expect("they live");
    store.register_schema(spells::schema().build().expect("it is right")).expect("it is new");
    store.spawn_records("spell", (0..5).map(spells::record)).expect("they are right");
    let mut bytes = Vec::new();
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), &mut bytes).expect("a vector takes all bytes");
    bytes
}

/// Returns the input as a stream, as the manifest of a real stream, or as its tables; or a real stream with some bytes changed,
/// each as told by three bytes.
fn stream(input: &[u8]) -> Option<Vec<u8>> {
    let (form, input) = input.split_first()?;
    let form = (form & !FOLDER) % FORMS;
    let (manifest, tables) = parts(&REAL[0])?;
    let stream = |manifest: &[u8], tables: &[u8]| {
        [&b"SLOTTED1"[..], &(manifest.len() as u64).to_le_bytes(), manifest, tables].concat()
    };
    match form {
        0 => return Some([&b"SLOTTED1"[..], input].concat()),
        1 => return Some(stream(input, tables)),
        2 => return Some(stream(manifest, input)),
        _ => {}
    }
    let mut bytes = REAL[usize::from(form - 3)].clone();
    for edit in input.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % bytes.len();
        bytes[at] ^= edit[2];
    }
    Some(bytes)
}

/// Returns the manifest and the tables of a stream.
fn parts(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = stream.get(8..)?.split_first_chunk::<8>()?;
    rest.split_at_checked(u64::from_le_bytes(*length) as usize)
}

/// A folder of this process, which is removed by nobody: the next input needs it again.
static FOLDER_PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("slotted-fuzz-save-{}", std::process::id()));
    fs::create_dir_all(&path).expect("a folder for temporary files");
    path
});

/// Writes a stream as a folder: the manifest, and the bytes behind it as the files of the real save.
fn write_folder(stream: &[u8], folder: &Path) -> Option<()> {
    let (manifest, mut rest) = parts(stream)?;
    let (real, _) = parts(&REAL[0])?;
    let real: serde_json::Value = serde_json::from_slice(real).ok()?;
    for entry in
        ["tables", "attachments"].iter().filter_map(|key| real["content"][key].as_array()).flatten()
    {
        let bytes = usize::try_from(entry["bytes"].as_u64()?).ok()?.min(rest.len());
        let (file, others) = rest.split_at(bytes);
        fs::write(folder.join(entry["file"].as_str()?), file).ok()?;
        rest = others;
    }
    fs::write(folder.join("manifest.json"), manifest).ok()
}

/// Checks a store that was loaded: it can be saved and loaded again.
fn check(mut store: Store) {
    for id in store.ids().collect::<Vec<_>>() {
        store.get_record(id).expect("it lives");
    }
    let mut again = Vec::new();
    SaveOptions::new().write(&store.snapshot(), &mut again).expect("a vector takes all bytes");
    let (mut again, _) =
        LoadOptions::new().opaque_types().read(&again[..]).expect("it was just written");
    assert_eq!(again.state_hash(), store.state_hash());
    assert_eq!(again.future_ids_hash(), store.future_ids_hash());
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(bytes) = stream(input) else { return Corpus::Reject };
    let is_folder = input[0] & FOLDER != 0;
    if is_folder && write_folder(&bytes, &FOLDER_PATH).is_none() {
        return Corpus::Reject;
    }
    let mut limits = Limits::default();
    (limits.text_bytes, limits.list_bytes) = (1 << 20, 1 << 20);
    let options =
        LoadOptions::new().limits(limits).expansion(1 << 24).opaque_types().ignore_checksums();
    for options in [options.clone(), options.salvage()] {
        let loaded: Result<_, LoadError> = match is_folder {
            true => options.load(&*FOLDER_PATH),
            false => options.read(&bytes[..]),
        };
        if let Ok((store, _)) = loaded {
            check(store);
        }
    }
    Corpus::Keep
});
