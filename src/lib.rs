//! slotted
#![forbid(unsafe_code)]
// The derive macros name the crate from outside.
extern crate self as slotted;

mod by_name;
mod error;
mod id;
mod kind;
mod map_store;
mod number;
mod record;
mod schema;
#[cfg(feature = "serde")]
mod serde_impls;
mod simd;
mod slot_value;
mod storage;
mod store;
mod suggest;
mod text;
mod value;
pub use by_name::ByName;
pub use bytemuck;
pub use error::{AccessError, LimitError, Rejection, SpawnError, TypeMismatch};
pub use glam;
pub use id::{EntityId, SchemaId};
pub use kind::{EnumKind, Kind, NumberKind, PodKind};
pub use map_store::{
    AttributeKey, AttributeLayout, AttributeStore, MapStore, Naive, NaiveMapStore, Object,
    ObjectMut, Shaped,
};
pub use number::{Number, NumberRange};
pub use record::{Name, Record};
pub use schema::{
    BadKind, Difference, Problem, RegisteredSchema, Schema, SchemaBuilder, SchemaError, Slot, What,
};
pub use simd::vectorize;
pub use slot_value::{SlotField, SlotValue};
pub use slotted_derive::{SlotValue, Slotted, View};
pub use storage::{BLOCK_ROWS, Cell};
pub use store::{
    IdRun, Limits, MaybeIterMut, MaybeRun, MaybeRunMut, MemoryReport, OptionIterMut, OptionMut,
    OptionRunMut, SchemaMemory, SharedView, SlotColumn, SlotColumnMut, SlotKey, SlotMemory,
    Slotted, Spawned, Store, View, ViewError, ViewField, ViewMut, ViewRef, ViewRuns,
};
pub use text::Text;
pub use value::{ConversionError, Value};

/// What the derive macros use; not part of the API.
#[doc(hidden)]
pub mod derive_support {
    pub use crate::slot_value::derive_support::{Align, CellOfAlign, PodCell, pod_width};
    pub use crate::store::view_support::{Request, SharedField, TableColumns};
    pub use crate::store::{Batch, ObjectCheck, ObjectReader, ObjectWriter};
}
