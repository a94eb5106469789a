//! Saves for [`slotted`] that any data tool can open.

#![forbid(unsafe_code)]

mod batches;
mod bits;
mod columns;
mod fields;
pub mod import;
mod keys;
#[cfg(feature = "parquet")]
pub mod parquet;

pub use batches::{SchemaBatches, record_batches};
