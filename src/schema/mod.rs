//! Schemas: the slots that objects have. This module does not use storage.

mod builder;
mod check;
mod constraints;
mod error;
mod names;
mod nested;
mod nested_builder;
mod problem;
mod redeclare;
mod registry;
mod selector;
mod slot;

pub use crate::kind::{EnumKind, Kind, ListKind, NumberKind, PodKind, VectorKind};
pub use crate::number::{Number, NumberRange};
pub use crate::quoted::Quoted;
pub use crate::suggest::{Suggestion, nearest_name};
pub use crate::value::NotAny;
pub use builder::{Schema, SchemaBuilder, check_name, is_name};
pub(crate) use check::{Checker, World};
pub(crate) use constraints::SlotCheck;
pub use constraints::{Constraint, Constraints};
pub(crate) use error::list_first;
pub use error::{KindError, SchemaDifference, SchemaError};
pub(crate) use names::NameSet;
pub use nested::{Elements, Found, Part, SIGNS, Shape, Tree, Union, UnionBy, is_part_name};
pub(crate) use nested_builder::VariantParts;
pub use problem::{Problem, ProblemKind};
pub(crate) use redeclare::{Redeclared, Source};
pub use registry::RegisteredSchema;
pub(crate) use registry::{Registrable, Registry, RegistryLimits};
pub use selector::{SchemaSelector, exactly};
pub use slot::Slot;
