//! An entity store for millions of objects of fixed structure.
//!
//! Python's `__slots__` replaces an object's free-form dictionary by a fixed set of attributes: less
//! memory, faster access, and an error for an undeclared name. slotted does the same for millions of
//! objects in games and simulations. Its goals, in this order:
//!
//! 1. **Right**: no unsafe code; stale handles never resolve; insertion is all or nothing.
//! 2. **Fast**: iteration is as fast as a loop over arrays, and uses the CPU's vector units in a
//!    default build.
//! 3. **Small**: an object takes little more memory than its values.
//! 4. **Data-driven**: data files and mods can do the same with a schema as Rust code, and errors say
//!    what to change.
//!
//! slotted is not a full ECS: living objects do not gain or lose slots, and slotted has no scheduler.
//!
//! # Map of the crate
//!
//! | you want | look at |
//! |---|---|
//! | a store for objects | [`Store`] |
//! | a schema from a Rust struct | [`Slotted`] |
//! | a schema at run time | [`Schema::builder`], [`Kind`] |
//! | objects from data | [`Record`], [`record!`], [`Value`] |
//! | all objects that have certain slots | [`View`] |
//! | changes while a view is in use | [`Commands`] |
//! | single values, by key | [`Store::key`], [`Store::get`], [`Store::set`], [`Store::column`] |
//! | single values, by name | [`Store::get_value`], [`Store::set_value`] |
//! | your own enums and types in slots | [`SlotValue`] |
//! | enums whose variants have fields | [`SlotUnion`] |
//! | texts and lists in slots | [`Text`], [`List`] |
//! | new schemas for living objects: hot reload | [`Store::plan_migration`], [`Store::migrate`] |
//! | strings, `Arc`s and an engine's handles for objects | [`SideTable`] |
//! | rollback, and the changes between two frames | [`Snapshot`], [`SnapshotRing`] |
//! | schemas and records from data files | the crate `slotted_definitions` |
//! | attributes without a schema | [`MapStore`], [`ByName`] |
//! | a schema inferred from attributes | the crate `slotted_definitions` |
//! | vector units in your own loops | [`vectorize`] |
//!
//! The [`guide`] has a chapter for each need, in the order in which you meet them.
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
//! * `derive` (default): the derive macros.
//! * `serde`: deserializes records and values from any format with maps; serializes and deserializes
//!   [`Delta`] and [`ObjectId`]; writes all objects as text for people (`Store::dump`).
//! * `rayon`: runs views on rayon's threads.
//! * `mint`: [`Value`]s from the types of the crate mint, and glam's own conversions: for engines with another
//!   math library or another glam. `record! { position: mint::Vector3::from([1.0, 2.0, 3.0]) }` works as it is;
//!   typed slots take `vector.into()`.

#![forbid(unsafe_code)]
// The derive macros name the crate by its outside path.
extern crate self as slotted;

mod any;
mod by_name;
mod debug_as_display;
mod epoch;
pub mod error;
mod id;
mod kind;
mod list;
pub mod map;
mod number;
mod pool;
mod quoted;
mod record;
pub mod schema;
#[cfg(feature = "serde")]
mod serde_impls;
mod shared_vec;
mod side_table;
mod simd;
pub mod slot_value;
mod storage;
mod store;
mod suggest;
mod text;
mod value;
mod vectors;

// Last: rustdoc lists methods of `Store` in the order of modules, and those of the module `store` come first.
pub mod snapshot;

pub use any::Any;
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
pub use schema::{Schema, SchemaError, exactly};
pub use side_table::SideTable;
pub use simd::vectorize;
pub use slot_value::SlotValue;
#[cfg(feature = "derive")]
pub use slotted_derive::{SlotUnion, SlotValue, Slotted, View};
pub use snapshot::{Delta, DeltaError, Snapshot, SnapshotError, SnapshotRing};
pub use store::commands::Commands;
pub use store::lend;
pub use store::{
    Limits, Migration, MigrationError, Records, ReservedIds, SlotKey, SlotUnion, Slotted, Spawned,
    Store, StoreIdentity, View, ViewError,
};
pub use text::Text;
pub use value::Value;

/// Commands: changes that are recorded while views are in use, and applied later.
pub mod commands {
    pub use crate::store::commands::{
        CommandKind, CommandProblem, Commands, CommandsError, ParallelCommands,
    };
}

/// A world as text for people.
#[cfg(feature = "serde")]
pub mod dump {
    pub use crate::store::Dump;
}

/// The memory use of a store, and the size of its blocks.
pub mod memory {
    pub use crate::storage::BLOCK_ROWS;
    pub use crate::store::{MemoryReport, MovedIds, SchemaMemory, SlotMemory};
}

/// Lists of [`Records`]: their elements, and the lists of their parts.
pub mod records {
    pub use crate::store::{Element, Elements, PartKeys, PartList, Records};
}

/// Tables as they lie in memory: for file formats and other engines.
pub mod raw {
    pub use crate::snapshot::{RawRows, RawSnapshot, RawTable};
    pub use crate::storage::{BlockBytes, BlockMemory};
    pub use crate::store::{ColumnCells, FillError, RefusedValues, TableFill, WriteColumnsError};
}

/// Values beside a store: what cannot be a slot.
pub mod side {
    pub use crate::side_table::{DeadObject, Living, SideTable};
}

/// Migrations of living objects to new schemas: plans, steps and conflicts.
pub mod migration {
    pub use crate::store::{
        Migration, MigrationError, MigrationRejection, MigrationStep, Overwrites, SchemaMigration,
    };
}

/// Views and their parts: iteration over objects and runs, optional slots, columns, several views at once.
pub mod view {
    pub use crate::store::{
        ColumnBlock, ColumnRun, GetDisjointError, IdRun, MaybeIter, MaybeIterMut, MaybeRun,
        MaybeRunMut, Mut, MutIter, MutRun, ObjectIds, OptionIterMut, OptionMut, OptionRunMut,
        RunIter, SharedView, SlotColumn, SlotColumnMut, SplitError, SplitStore, SplitUse,
        SplitUser, View, ViewBatch, ViewError, ViewField, ViewIter, ViewMut, ViewMutById, ViewRef,
        ViewRefById, ViewReport, ViewRuns,
    };
}

/// The items that derive macros use; not part of the API.
#[doc(hidden)]
pub mod derive_support {
    pub use crate::error::RecordsError;
    pub use crate::slot_value::derive_support::{Align, CellOfAlign, PodCell, pod_width};
    pub use crate::slot_value::{ListElement, SlotField};
    pub use crate::store::view_support::{Filter, Request, SetSlot, SharedField, TableColumns};
    pub use crate::store::{
        Batch, BatchCheck, KeyReader, NestedField, ObjectCheck, ObjectField, ObjectReader,
        ObjectWriter, ReadKeys,
    };
    pub use crate::store::{
        ListMaker, Lists, MakeLists, NotInElements, Part, PartElements, PartList, VisitLists,
    };
    pub use crate::store::{RunIter, SharedView, ViewField};
    pub use crate::store::{VariantSchema, Whole, declare_union, declare_variant, within_variants};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide: a chapter for each need, in the order in which you meet them.
#[cfg(any(doc, doctest))]
pub mod guide {
    #[doc = include_str!("../docs/guide/01_first_steps.md")]
    pub mod _01_first_steps {}
    #[doc = include_str!("../docs/guide/02_schemas.md")]
    pub mod _02_schemas {}
    #[doc = include_str!("../docs/guide/03_views.md")]
    pub mod _03_views {}
    #[doc = include_str!("../docs/guide/04_records.md")]
    pub mod _04_records {}
    #[doc = include_str!("../docs/guide/05_definition_files.md")]
    pub mod _05_definition_files {}
    #[doc = include_str!("../docs/guide/06_mods.md")]
    pub mod _06_mods {}
    #[doc = include_str!("../docs/guide/07_snapshots.md")]
    pub mod _07_snapshots {}
    #[doc = include_str!("../docs/guide/08_migration.md")]
    pub mod _08_migration {}
    #[doc = include_str!("../docs/guide/09_maps.md")]
    pub mod _09_maps {}
    #[doc = include_str!("../docs/guide/10_performance.md")]
    pub mod _10_performance {}
    #[doc = include_str!("../docs/guide/11_game_loop.md")]
    pub mod _11_game_loop {}
    #[doc = include_str!("../docs/guide/12_from_hecs_or_bevy.md")]
    pub mod _12_from_hecs_or_bevy {}
    #[doc = include_str!("../docs/guide/13_benchmarks_in_your_ci.md")]
    pub mod _13_benchmarks_in_your_ci {}
    // Their examples need `slotted_arrow`, which runs them.
    #[cfg_attr(not(doctest), doc = include_str!("../docs/guide/14_saving.md"))]
    pub mod _14_saving {}
    #[cfg_attr(not(doctest), doc = include_str!("../docs/guide/15_data_tools.md"))]
    pub mod _15_data_tools {}
}
