//! Schemas: what an object of a name may hold. Knows nothing of storage.

mod builder;
mod check;
mod error;
mod problem;
mod redeclare;
mod registry;
mod slot;

#[cfg(feature = "definitions")]
pub(crate) use builder::check_name;
pub(crate) use builder::is_name;
pub use builder::{Schema, SchemaBuilder};
pub(crate) use check::{Checker, World};
pub use error::{BadKind, Difference, SchemaError};
pub(crate) use problem::Quoted;
pub use problem::{Problem, ProblemKind};
pub(crate) use redeclare::{Redeclared, Source};
pub use registry::RegisteredSchema;
pub(crate) use registry::{Registry, RegistryLimits};
pub use slot::Slot;
