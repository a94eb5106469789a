//! Tests the faults of [`docs/faults.md`](../../docs/faults.md) through the public API.
//!
//! Test names contain the number of the fault. `tests/compile_fail` has the faults that the compiler
//! rejects (22, 23, 26, 30, 31, 33), and `tests/snapshot_memory.rs` has fault 36, which counts allocations.

mod aliasing;
#[cfg(feature = "serde")]
mod deltas;
mod handles;
mod hashes;
mod insertion;
mod list;
mod lists;
mod memory;
mod migration;
mod numbers;
mod other_slots;
mod panics;
mod snapshots;
mod texts;

use std::error::Error;
use std::fmt::Debug;

use slotted::glam::Vec3;
use slotted::{
    Kind, Limits, ObjectId, Record, Schema, Slotted, Store, Text, error::Despawned,
    memory::BLOCK_ROWS,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Unit {
    position: Vec3,
    #[slot(default = 100.0, range = 0.0..=500.0)]
    health: f32,
    #[slot(references = "unit")]
    target: Option<ObjectId>,
    name: Text,
}

const UNIT: Unit = Unit { position: Vec3::ONE, health: 80.0, target: None, name: Text::EMPTY };

/// The number of objects in more than two blocks.
const MANY: usize = 2 * BLOCK_ROWS + 700;

fn many_units() -> impl Iterator<Item = Unit> {
    (0..MANY).map(|number| unit_with((number % 500) as f32))
}

fn unit_with(health: f32) -> Unit {
    Unit { health, ..UNIT }
}

fn store() -> Store {
    store_of(|_| {})
}

/// Creates a store with units and with the schemas "tile" and "marker", which are declared at run time.
fn store_of(adjust: impl FnOnce(&mut Limits)) -> Store {
    let mut limits = Limits::default();
    adjust(&mut limits);
    let mut store = Store::with_limits(limits);
    store.register::<Unit>().expect("the schema is right");
    let tile = Schema::builder("tile")
        .slot("height", Kind::F64)
        .slot("wet", Kind::Bool)
        .default(false)
        .slot("ground", Kind::enumeration(["grass", "rock"]))
        .default("grass")
        .slot("owner", Kind::Object)
        .optional();
    for schema in [tile, Schema::builder("marker")] {
        let schema = schema.build().expect("the schema is right");
        store.register_schema(schema).expect("the schema is new");
    }
    store
}

/// The observable state of a store, and its next ids.
#[derive(Debug, PartialEq)]
struct Dump {
    schemas: Vec<String>,
    objects: Vec<(ObjectId, Record)>,
    next: Vec<Option<ObjectId>>,
}

fn dump(store: &Store) -> Dump {
    let schemas: Vec<String> = store.schemas().map(|schema| schema.name().to_owned()).collect();
    let objects: Vec<_> =
        store.ids().map(|id| (id, store.get_record(id).expect("the id is alive"))).collect();
    assert_eq!(objects.len(), store.len());
    let mut future = store.clone();
    let next = vec![
        future.spawn(UNIT).ok(),
        future.spawn_record("tile", slotted::record! { height: 0.0 }).ok(),
    ];
    Dump { schemas, objects, next }
}

fn dead<E: From<Despawned>>(id: ObjectId) -> E {
    Despawned { id }.into()
}

/// Returns the message of the call's error.
fn refusal<T: Debug, E: Error>(result: Result<T, E>) -> String {
    result.expect_err("the call is refused").to_string()
}
