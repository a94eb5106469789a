//! Bytes of any origin as a delta: the store becomes the promised world, or stays bit for bit as it is.
#![no_main]

mod spells;

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use slotted::{
    Delta, Kind, Limits, List, ObjectId, Record, Schema, Store, Text,
    glam::{Quat, Vec3},
    record,
    schema::NumberKind,
};

static BASE: LazyLock<Store> = LazyLock::new(base);
static BEFORE: LazyLock<Whole> = LazyLock::new(|| whole(&BASE));
/// A delta that a store has made, as bytes.
static REAL: LazyLock<Vec<u8>> = LazyLock::new(real);

fn base() -> Store {
    let mut limits = Limits::default();
    limits.rows_per_schema = 20_000;
    limits.generations_per_row = 3;
    limits.text_bytes = 10_000;
    limits.list_bytes = 10_000;
    let mut store = Store::with_limits(limits);
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .slot("name", Kind::Text)
        .slot("target", Kind::Object)
        .optional()
        .slot("job", Kind::enumeration(["farmer", "smith"]))
        .slot("awake", Kind::Bool)
        .slot("path", Kind::Array(NumberKind::U16, 3))
        .optional()
        .slot("drops", Kind::list(Kind::U16))
        .default([22, 7])
        .slot("crafts", Kind::list(Kind::enumeration(["mining", "smithing"])))
        .optional()
        .slot("spots", Kind::list(Kind::Vec3))
        .optional()
        .slot("turns", Kind::list(Kind::Quat))
        .optional()
        .slot("routes", Kind::list(Kind::Array(NumberKind::U16, 3)))
        .default(vec![vec![1_u16, 2, 3]])
        .slot("stamps", Kind::list(Kind::Array(NumberKind::U8, 5)))
        .optional()
        .slot("tags", Kind::list(Kind::Text))
        .optional()
        .slot("allies", Kind::list(Kind::Object))
        .optional();
    for schema in [unit, Schema::builder("marker"), spells::schema()] {
        store.register_schema(schema.build().expect("it is right")).expect("it is new");
    }
    let unit = |number: u32| {
        record! { health: number as f32, name: "ada", job: "smith", awake: number % 2 == 0 }
    };
    let ids: Vec<ObjectId> =
        store.spawn_records("unit", (0..9).map(unit)).expect("they are right").collect();
    store.set_value(ids[2], "target", ids[7]).expect("it lives");
    store.set_value(ids[3], "path", [1_u16, 2, 3]).expect("it lives");
    store.set_value(ids[4], "tags", ["metal"]).expect("it lives");
    store.set_value(ids[4], "spots", [Vec3::ZERO, Vec3::X]).expect("it lives");
    store.set_value(ids[6], "stamps", [[1_u8, 2, 3, 4, 5]]).expect("it lives");
    store.despawn_batch(&[ids[1], ids[5]]).expect("they live");
    store.spawn_record("marker", record! {}).expect("it is right");
    store.spawn_records("spell", (0..5).map(spells::record)).expect("they are right");
    store
}

fn real() -> Vec<u8> {
    let mut store = BASE.clone();
    let before = store.snapshot();
    let ids: Vec<ObjectId> = store.ids_of("unit").expect("a schema").collect();
    store.despawn(ids[0]).expect("it lives");
    let newborn = record! { health: 9, name: "eve", job: "farmer", awake: true, target: ids[1] };
    store.spawn_records("unit", (0..4).map(|_| newborn.clone())).expect("they are right");
    store.set_value(ids[3], "path", [4_u16, 5, 6]).expect("it lives");
    store.set_value(ids[4], "name", "bob").expect("it lives");
    store.set_value(ids[4], "tags", ["bob", "metal"]).expect("it lives");
    store.set_value(ids[4], "allies", [ids[1], ids[3]]).expect("it lives");
    store.set_value(ids[3], "drops", [1, 2, 3]).expect("it lives");
    store.set_value(ids[3], "crafts", ["smithing"]).expect("it lives");
    store.set_value(ids[3], "spots", [Vec3::ONE, Vec3::NAN, Vec3::Y]).expect("it lives");
    store.set_value(ids[3], "turns", [Quat::IDENTITY]).expect("it lives");
    store.set_value(ids[4], "routes", [[4_u16, 5, 6], [7, 8, 9]]).expect("it lives");
    store.set_value(ids[4], "stamps", [[9_u8; 5]; 2]).expect("it lives");
    let spells: Vec<ObjectId> = store.ids_of("spell").expect("a schema").collect();
    for (slot, value) in spells::record(7) {
        store.set_value(spells[0], &slot, value).expect("it lives");
    }
    store.spawn_record("spell", spells::record(8)).expect("it is right");
    store.despawn(spells[3]).expect("it lives");
    store.clear_of("marker").expect("a schema");
    let delta = Delta::between(&before, &store.snapshot()).expect("both are of this store");
    let mut reached = BASE.clone();
    reached.apply(&delta).expect("it is for this world");
    assert_eq!(reached.state_hash(), store.state_hash());
    postcard::to_allocvec(&delta).expect("it can be written")
}

/// Everything that callers see of a store, the ids that it hands out next, and the handles of its next text and lists.
type Whole =
    (Vec<(ObjectId, Record)>, Vec<ObjectId>, Option<Text>, Option<List<u64>>, Option<List<Vec3>>);

fn whole(store: &Store) -> Whole {
    let record = |id| (id, store.get_record(id).expect("it lives"));
    let mut future = store.clone();
    let unit = || record! { health: 1, name: "", job: "farmer", awake: true };
    let next = (0..6).filter_map(|_| future.spawn_record("unit", unit()).ok()).collect();
    let (text, list) = (future.intern_text("an unused text"), future.intern_list(&[u64::MAX; 3]));
    let vectors = future.intern_list(&[Vec3::MAX; 3]);
    (store.ids().map(record).collect(), next, text.ok(), list.ok(), vectors.ok())
}

/// The real delta with some bytes changed, each as told by three bytes; or else the bytes as they are, but
/// for the hash of the base, which no fuzzer can guess: 0 means the right one.
fn delta_bytes(input: &[u8]) -> Option<Vec<u8>> {
    let (mode, input) = input.split_first()?;
    if mode % 2 == 0 {
        let (base, rest) = postcard::take_from_bytes::<u64>(input).ok()?;
        let base = if base == 0 { BASE.clone().state_hash() } else { base };
        return postcard::to_extend(&base, Vec::new()).ok().map(|start| [&start, rest].concat());
    }
    let mut bytes = REAL.clone();
    for edit in input.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % bytes.len();
        bytes[at] ^= edit[2];
    }
    Some(bytes)
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(bytes) = delta_bytes(input) else { return Corpus::Reject };
    let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) else { return Corpus::Keep };
    let mut store = BASE.clone();
    match store.apply(&delta) {
        Ok(()) => assert_eq!(store.state_hash(), delta.result_hash()),
        Err(_) => assert_eq!(whole(&store), *BEFORE),
    }
    assert_eq!(store.snapshot().to_store().state_hash(), store.state_hash());
    Corpus::Keep
});
