//! Bytes of any origin as a save, with checksums that do not matter: an error, or a valid store.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use slotted::{Kind, Limits, ObjectId, Schema, Store, record};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

/// The target's forms of input.
const FORMS: u8 = 5;

/// Saves that a store has made, as streams.
static REAL: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [None, Some(Compression::Lz4)].map(real));

fn real(compression: Option<Compression>) -> Vec<u8> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text).optional();
    let unit = unit.slot("job", Kind::enumeration(["farmer", "smith"])).slot("awake", Kind::Bool);
    store.register_schema(unit.build().expect("it is right")).expect("it is new");
    let orc = Schema::builder("orc").extends("unit").slot("allies", Kind::list(Kind::Object));
    store.register_schema(orc.build().expect("it is right")).expect("it is new");
    let unit = |number: u32| record! { health: number as f32, name: "ada", job: "smith", awake: true };
    let ids: Vec<ObjectId> =
        store.spawn_records("unit", (0..9).map(unit)).expect("they are right").collect();
    let orc = record! { health: 1, job: "farmer", awake: false, allies: [ids[0], ids[3]] };
    store.spawn_record("orc", orc).expect("it is right");
    store.despawn_batch(&ids[2..5]).expect("they live");
    let mut bytes = Vec::new();
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), &mut bytes).expect("a vector takes all bytes");
    bytes
}

/// Returns the input as a stream, as the manifest of a real stream, or as its tables; or a real stream with some bytes changed,
/// each as told by three bytes.
fn stream(input: &[u8]) -> Option<Vec<u8>> {
    let (form, input) = input.split_first()?;
    let form = form % FORMS;
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

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(bytes) = stream(input) else { return Corpus::Reject };
    let mut limits = Limits::default();
    (limits.text_bytes, limits.list_bytes) = (1 << 20, 1 << 20);
    let options = LoadOptions::new().limits(limits).opaque_types().ignore_checksums();
    for options in [options.clone(), options.salvage()] {
        let Ok((mut store, _)) = options.read(&bytes[..]) else { continue };
        for id in store.ids().collect::<Vec<_>>() {
            store.get_record(id).expect("it lives");
        }
        // A loaded world can be saved and loaded again.
        let mut again = Vec::new();
        SaveOptions::new().write(&store.snapshot(), &mut again).expect("a vector takes all bytes");
        let (mut again, _) = LoadOptions::new().opaque_types().read(&again[..]).expect("it was just written");
        assert_eq!(again.state_hash(), store.state_hash());
        assert_eq!(again.future_ids_hash(), store.future_ids_hash());
    }
    Corpus::Keep
});
