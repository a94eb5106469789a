//! Why a view cannot be had.

use std::sync::Arc;

use crate::error::{AccessError, slot_type};
use crate::kind::Kind;

/// Why a view cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The schema has a slot of that name, but not as the view wants it.
    #[error(
        "slot '{slot}' of '{schema}' is {}, the view wants {}",
        slot_type(expected),
        slot_type(found)
    )]
    WrongType {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The slot's kind, and whether it is optional.
        expected: (Kind, bool),
        /// The kind that the view wants, and whether as an optional.
        found: (Kind, bool),
    },
    /// There is no such schema, or it has no such slot.
    #[error(transparent)]
    Access(#[from] AccessError),
}
