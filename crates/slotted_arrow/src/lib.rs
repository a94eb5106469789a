//! Saves for [`slotted`] that any data tool can open.

#![forbid(unsafe_code)]

mod batches;
mod bits;
mod columns;
mod fields;
mod keys;

pub use batches::{SchemaBatches, record_batches};
