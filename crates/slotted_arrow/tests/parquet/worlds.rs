//! Stores for tests: every kind, filled from a seed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use slotted::schema::NumberKind;
use slotted::{ByName, Kind, ObjectId, Record, Schema, Store, Value, bytemuck};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A folder that is removed at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotted_parquet_{}_{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A user's plain-memory type.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(C)]
pub(crate) struct Cell {
    pub(crate) a: u32,
    pub(crate) b: u16,
    pub(crate) c: u16,
}

/// Returns every kind that can be an element of a list.
pub(crate) fn single_kinds() -> Vec<Kind> {
    let others = [
        Kind::enumeration(["red", "green", "blue"]),
        Kind::pod::<Cell>(),
        Kind::Array(NumberKind::U16, 5),
        Kind::Array(NumberKind::F64, 3),
    ];
    Kind::named().chain(others).collect()
}

/// Returns the declaration of `unit` with a slot of each kind and a list of each, some of them optional.
pub(crate) fn unit() -> Result<Schema, Box<dyn std::error::Error>> {
    let mut unit = Schema::builder("unit");
    let kinds = single_kinds();
    let lists = kinds.iter().cloned().map(Kind::list);
    for (number, kind) in kinds.iter().cloned().chain(lists).enumerate() {
        // A reference is optional, because the first object refers to none.
        let is_optional = number % 2 == 1 || matches!(kind, Kind::Object);
        unit = unit.slot(format!("slot {number}"), kind);
        if is_optional {
            unit = unit.optional();
        }
    }
    Ok(unit.build()?)
}

/// Creates a store with `unit` and `tile`, and no objects.
pub(crate) fn empty_world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register_schema(unit()?)?;
    let tile = Schema::builder("tile").slot("owner", Kind::Object).optional().build()?;
    store.register_schema(tile)?;
    Ok(store)
}

/// Creates a store with units and tiles that refer to one another.
pub(crate) fn world(seed: u64, units: usize) -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = empty_world()?;
    let mut random = StdRng::seed_from_u64(seed);
    let slots: Vec<(String, Kind, bool)> = store
        .schema("unit")
        .ok_or("no unit")?
        .slots()
        .iter()
        .map(|slot| (slot.name().to_owned(), slot.kind().clone(), slot.is_optional()))
        .collect();
    let mut ids: Vec<ObjectId> = Vec::new();
    for _ in 0..units {
        let mut record = Record::new();
        for (name, kind, is_optional) in &slots {
            let is_set = !*is_optional || random.random_bool(0.6);
            if is_set && let Some(value) = value(kind, &ids, &mut random) {
                record.push(name.clone(), value);
            }
        }
        ids.push(store.spawn_record("unit", record)?);
        let mut tile = Record::new();
        if random.random_bool(0.5) {
            tile.push("owner", ids[random.random_range(0..ids.len())]);
        }
        store.spawn_record("tile", tile)?;
    }
    Ok(store)
}

/// Returns a value of a kind, or `None` if there is none, such as a reference without objects.
pub(crate) fn value(kind: &Kind, ids: &[ObjectId], random: &mut impl Rng) -> Option<Value> {
    Some(match kind {
        Kind::Bool => random.random_bool(0.5).into(),
        Kind::Text => format!("text {}", random.random_range(0..9)).into(),
        Kind::Any => match random.random_range(0..3) {
            0 => [("amount", random.random_range(0..9))].into_iter().collect(),
            1 => format!("{}", random.random_range(0..9)).into(),
            _ => [random.random_bool(0.5)].into(),
        },
        Kind::Object if ids.is_empty() => return None,
        Kind::Object => ids[random.random_range(0..ids.len())].into(),
        Kind::Enum(kind) => {
            let variants = kind.variants();
            Value::Text(variants[random.random_range(0..variants.len())].clone())
        }
        Kind::Pod(pod) => Value::Bytes((0..pod.size()).map(|_| random.random::<u8>()).collect()),
        Kind::List(list) => {
            let count = random.random_range(0..4);
            let elements = (0..count).map(|_| value(list.element(), ids, random));
            Value::List(elements.collect::<Option<Vec<_>>>().unwrap_or_default().into())
        }
        kind => {
            let (number, count) = kind.components()?;
            let numbers: Vec<Value> = (0..count).map(|_| self::number(number, random)).collect();
            match (kind, numbers.as_slice()) {
                (Kind::Number(_), [number]) => number.clone(),
                _ => Value::List(numbers.into()),
            }
        }
    })
}

fn number(kind: NumberKind, random: &mut impl Rng) -> Value {
    match kind {
        NumberKind::I8 => random.random::<i8>().into(),
        NumberKind::I16 => random.random::<i16>().into(),
        NumberKind::I32 => random.random::<i32>().into(),
        NumberKind::I64 => random.random::<i64>().into(),
        NumberKind::U8 => random.random::<u8>().into(),
        NumberKind::U16 => random.random::<u16>().into(),
        NumberKind::U32 => random.random::<u32>().into(),
        NumberKind::U64 => random.random::<u64>().into(),
        NumberKind::F32 => f32::from_bits(random.random()).into(),
        NumberKind::F64 => f64::from_bits(random.random()).into(),
    }
}

/// Returns the values of all objects of a schema, with each reference as the position of its object among all.
pub(crate) fn values(store: &Store, schema: &str) -> Vec<Record> {
    let ids: Vec<ObjectId> = store.ids().collect();
    let place = |id: &ObjectId| match ids.iter().position(|other| other == id) {
        Some(place) => Value::from(format!("object {place}")),
        None => Value::from("dead object"),
    };
    let placed = |value: &Value| match value {
        Value::Object(id) => place(id),
        Value::List(list) => Value::List(
            list.iter()
                .map(|value| if let Value::Object(id) = value { place(id) } else { value.clone() })
                .collect(),
        ),
        value => value.clone(),
    };
    let own = ids.iter().filter(|id| store.schema_name(**id) == Ok(schema));
    let records = own.map(|id| store.get_record(*id).unwrap_or_default());
    records
        .map(|record| record.iter().map(|(name, value)| (name.to_owned(), placed(value))).collect())
        .collect()
}
