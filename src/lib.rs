//! An entity store for millions of objects of fixed structure.
//!
//! Python's `__slots__` trades an object's free-form dictionary for a fixed set of attributes: less
//! memory, faster access, and an error for a name that was not declared. slotted gives games and
//! simulations that trade at the scale of millions. Its goals, in this order:
//!
//! 1. **Right**: no unsafe code, no stale handle that resolves, no half-done insertion.
//! 2. **Fast**: iteration at the speed of a loop over arrays, with the CPU's vector units in a default
//!    build.
//! 3. **Small**: little more than the values themselves.
//! 4. **Data-driven**: what Rust code can do with a schema, a data file or a mod can do too, and errors
//!    say what to change.
//!
//! It is no full ECS: objects do not gain or lose slots while they live, and there is no scheduler.
//!
//! # Map of the crate
//!
//! | you want | look at |
//! |---|---|
//! | to hold objects | [`Store`] |
//! | a schema from a Rust struct | [`Slotted`] |
//! | a schema at run time | [`Schema::builder`], [`Kind`] |
//! | objects from data | [`Record`], [`record!`], [`Value`] |
//! | work on all objects that have some slots | [`View`] |
//! | single values, by key | [`Store::key`], [`Store::get`], [`Store::set`], [`Store::column`] |
//! | single values, by name | [`Store::get_value`], [`Store::set_value`] |
//! | enums and types of your own in slots | [`SlotValue`] |
//! | texts and lists in slots | [`Text`], [`List`] |
//! | other schemas for living objects: hot reload | [`Store::plan_migration`], [`Store::migrate`] |
//! | the past: rollback, what has changed | [`Snapshot`], [`SnapshotRing`] |
//! | schemas and records from data files | `definitions`, with a feature for each format |
//! | attributes without a schema | [`MapStore`], [`ByName`] |
//! | a schema for objects that have none | [`Inference`], [`AttributeStore::into_store`] |
//! | the vector units in a loop of your own | [`vectorize`] |
//!
//! # Example
//!
//! ```
//! use slotted::{Slotted, Store, View, glam::Vec3, record};
//!
//! #[derive(Slotted, Clone, Copy)]
//! struct Unit {
//!     position: Vec3,
//!     velocity: Vec3,
//!     #[slot(default = 100.0, range = 0.0..=500.0)]
//!     health: f32,
//! }
//!
//! #[derive(View)]
//! struct Moving<'a> {
//!     position: &'a mut Vec3,
//!     velocity: &'a Vec3,
//! }
//!
//! let mut store = Store::new();
//! store.register::<Unit>()?;
//! let unit = store.spawn(Unit { position: Vec3::ZERO, velocity: Vec3::X, health: 80.0 })?;
//! store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * 0.5);
//! assert_eq!(store.get_value(unit, "position")?, Vec3::new(0.5, 0.0, 0.0).into());
//!
//! let error = store.set_value(unit, "height", 170).unwrap_err();
//! assert_eq!(error.to_string(), "'unit' object has no slot 'height'");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `serde`: records and values from anything that serde can deserialize to a map; [`Delta`] and
//!   [`ObjectId`] can be serialized and deserialized.
//! * `rayon`: views on all of rayon's threads.
//! * `mint`: [`Value`]s from the types of the crate mint, and glam's own conversions: for engines with another
//!   math library or another glam. `record! { position: mint::Vector3::from([1.0, 2.0, 3.0]) }` works as it is;
//!   typed slots take `vector.into()`.
//! * `json`, `toml`, `ron`: schemas and records from definition files of that format.

#![forbid(unsafe_code)]
// The derive macros name the crate from outside.
extern crate self as slotted;

mod by_name;
mod epoch;
pub mod error;
mod id;
mod kind;
mod list;
pub mod map;
mod number;
mod pool;
mod record;
pub mod schema;
#[cfg(feature = "serde")]
mod serde_impls;
mod simd;
pub mod slot_value;
pub mod snapshot;
mod storage;
mod store;
mod suggest;
mod text;
mod value;
mod vectors;

pub use by_name::ByName;
pub use bytemuck;
pub use epoch::Epoch;
pub use error::{AccessError, LimitError, SpawnError};
pub use glam;
pub use id::{ObjectId, SchemaId};
pub use kind::Kind;
pub use list::List;
pub use map::MapStore;
pub use pool::ThreadPool;
pub use record::Record;
pub use schema::{Schema, SchemaError};
pub use simd::vectorize;
pub use slot_value::SlotValue;
#[cfg(feature = "derive")]
pub use slotted_derive::{SlotValue, Slotted, View};
pub use snapshot::{Delta, DeltaError, Snapshot, SnapshotError, SnapshotRing};
pub use store::lend;
pub use store::{
    Limits, Migration, MigrationError, ReservedIds, SlotKey, Slotted, Spawned, Store,
    StoreIdentity, View, ViewError,
};
pub use text::Text;
pub use value::Value;

/// How much memory a store takes, and the size of its blocks.
pub mod memory {
    pub use crate::storage::BLOCK_ROWS;
    pub use crate::store::{MemoryReport, SchemaMemory, SlotMemory};
}

/// Other schemas for living objects: the plan of a migration, its steps and what stands against it.
pub mod migration {
    pub use crate::store::{
        Migration, MigrationError, MigrationRejection, MigrationStep, Overwrites, SchemaMigration,
    };
}

/// Views and their parts: iteration over objects and runs, optional slots, columns, views at the same time.
pub mod view {
    pub use crate::store::{
        IdRun, MaybeIterMut, MaybeRun, MaybeRunMut, OptionIterMut, OptionMut, OptionRunMut,
        SharedView, SlotColumn, SlotColumnMut, SplitError, SplitStore, View, ViewError, ViewField,
        ViewMut, ViewRef, ViewRuns,
    };
}

/// What the derive macros use; not part of the API.
#[doc(hidden)]
pub mod derive_support {
    pub use crate::slot_value::derive_support::{Align, CellOfAlign, PodCell, pod_width};
    pub use crate::slot_value::{ListElement, SlotField};
    pub use crate::store::view_support::{Request, SharedField, TableColumns};
    pub use crate::store::{Batch, ObjectCheck, ObjectReader, ObjectWriter};
    pub use crate::store::{SharedView, ViewField};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
