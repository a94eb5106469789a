//! Worlds with every kind of slot.
#![allow(dead_code, reason = "not every test needs everything")]

pub(crate) mod parts;

use std::ops::Range;
use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use slotted::bytemuck::{Pod, Zeroable};
use slotted::schema::{NumberKind, VectorKind};
use slotted::{Kind, ObjectId, Record, Schema, SlotValue, Store, Value};

/// A plain-memory type of the program.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable, SlotValue)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(C)]
pub(crate) struct Color {
    pub(crate) rgb: [u8; 3],
    pub(crate) alpha: u8,
}

pub(crate) fn kinds() -> Vec<Kind> {
    let jobs = Kind::enumeration(["farmer", "soldier", "mage"]);
    let mut kinds: Vec<Kind> = Kind::named().collect();
    kinds.extend([Kind::Array(NumberKind::I16, 3), Kind::pod::<Color>(), jobs]);
    let lists: Vec<Kind> = kinds.iter().cloned().map(Kind::list).collect();
    kinds.extend(lists);
    kinds
}

/// Returns the schema `thing`, with a required and an optional slot of each kind, and `tile`, which `floor` extends.
pub(crate) fn schemas() -> Vec<Schema> {
    let mut thing = Schema::builder("thing");
    for (number, kind) in kinds().into_iter().enumerate() {
        thing = thing.slot(format!("slot_{number}"), kind.clone());
        thing = thing.slot(format!("optional_{number}"), kind).optional();
    }
    let tile = Schema::builder("tile").slot("height", Kind::F32).range(-1000.0..=1000.0);
    let floor = Schema::builder("floor").extends("tile").slot("name", Kind::Text).default("floor");
    let built = [thing.build(), tile.build(), floor.build()];
    built.into_iter().map(|schema| schema.expect("valid")).collect()
}

pub(crate) fn store() -> Store {
    let mut store = Store::new();
    for schema in schemas() {
        store.register_schema(schema).expect("new");
    }
    store
}

pub(crate) fn value(kind: &Kind, ids: &[ObjectId], random: &mut impl Rng) -> Value {
    let number = |kind: NumberKind, random: &mut dyn Rng| -> Value {
        match kind.integer_range() {
            Some((min, max)) => {
                let number = random.random_range(min..=max);
                i64::try_from(number).map_or_else(|_| Value::UInt(number as u64), Value::Int)
            }
            None if kind == NumberKind::F32 => Value::F32(f32::from_bits(random.random())),
            None => Value::F64(f64::from_bits(random.random())),
        }
    };
    match kind {
        Kind::Bool => random.random::<bool>().into(),
        Kind::Number(kind) => number(*kind, random),
        Kind::Vector(vector) => vector_value(*vector, random),
        Kind::Array(kind, length) => {
            Value::List((0..*length).map(|_| number(*kind, random)).collect())
        }
        Kind::Text => format!("text {}", random.random_range(0..50)).into(),
        Kind::Any => any_value(random.random_range(0..30)),
        Kind::Object => ids[random.random_range(0..ids.len())].into(),
        Kind::Enum(kind) => (*kind.variants()[random.random_range(0..3)]).into(),
        Kind::Pod(pod) => Value::Bytes((0..pod.size()).map(|_| random.random()).collect()),
        Kind::List(list) => {
            let length = random.random_range(0..4);
            Value::List((0..length).map(|_| value(list.element(), ids, random)).collect())
        }
    }
}

/// Returns a value of whatever sort. Texts are among those that could be taken for others.
fn any_value(number: i64) -> Value {
    let nested = [("type", Value::from("heal")), ("parts", [[number, 4], [1, 2]].into())];
    match number % 6 {
        0 => number.into(),
        1 => Value::from([0.5_f32, number as f32]),
        2 => format!("{number}").into(),
        3 => nested.into_iter().collect(),
        4 => Value::List([Value::Unset, true.into(), Value::from(f64::NAN)].into()),
        _ => Value::Bytes([1, 2, number as u8].into()),
    }
}

fn vector_value(kind: VectorKind, random: &mut impl Rng) -> Value {
    let mut number = || match kind.component() {
        NumberKind::F32 => Value::F32(random.random()),
        NumberKind::F64 => Value::F64(random.random()),
        _ => Value::Int(random.random_range(0..1000)),
    };
    let numbers = (0..kind.components()).map(|_| number()).collect();
    Value::List(numbers).to_vector(kind).expect("the numbers fit")
}

/// Returns a record of `thing` with random values; each optional slot is set in half of them.
pub(crate) fn record(store: &Store, ids: &[ObjectId], random: &mut StdRng) -> Record {
    let mut record = Record::with_capacity(100);
    for slot in store.schema("thing").expect("registered").slots() {
        if !slot.is_optional() || random.random() {
            record.push(slot.name().to_owned(), value(slot.kind(), ids, random));
        }
    }
    record
}

/// Returns a world of this many things with a history: rows were despawned, used again, and are free. Tiles are dense.
pub(crate) fn world(things: usize, seed: u64) -> Store {
    let mut random = StdRng::seed_from_u64(seed);
    let mut store = store();
    for number in 0..things / 2 + 1 {
        let mut tile = Record::with_capacity(1);
        tile.push("height", number as f32);
        let schema = if number % 3 == 0 { "floor" } else { "tile" };
        store.spawn_record(schema, tile).expect("valid");
    }
    let mut ids: Vec<ObjectId> = store.ids().collect();
    for _ in 0..things {
        let record = record(&store, &ids, &mut random);
        ids.push(store.spawn_record("thing", record).expect("valid"));
        if random.random_ratio(1, 4) {
            let id = ids.swap_remove(random.random_range(0..ids.len()));
            store.despawn(id).expect("alive");
        }
    }
    store
}

/// A message in the file of a table.
pub(crate) struct TableMessage {
    pub(crate) header: Range<usize>,
    pub(crate) body: Range<usize>,
}

/// Returns the messages of a table's file behind its schema: those of the dictionaries, then those of the blocks.
pub(crate) fn messages(table: &[u8]) -> (Vec<TableMessage>, Vec<TableMessage>) {
    let end = table.len() - 10;
    let length = u32::from_le_bytes(table[end..][..4].try_into().expect("4 bytes")) as usize;
    let mut aligned = vec![0_u64; length.div_ceil(8)];
    let bytes: &mut [u8] = slotted::bytemuck::cast_slice_mut(&mut aligned);
    bytes[..length].copy_from_slice(&table[end - length..end]);
    let footer = arrow_ipc::root_as_footer(&bytes[..length]).expect("a footer");
    let message = |block: &arrow_ipc::Block| {
        let start = block.offset() as usize;
        let body = start + block.metaDataLength() as usize;
        TableMessage { header: start..body, body: body..body + block.bodyLength() as usize }
    };
    let dictionaries = footer.dictionaries().into_iter().flatten().map(message).collect();
    let blocks = footer.recordBatches().into_iter().flatten().map(message).collect();
    (dictionaries, blocks)
}

/// A folder that is removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("slotted-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
