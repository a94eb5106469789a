//! Why a view cannot be had.

use crate::debug_as_display::debug_as_display;
use crate::error::{AccessError, TypeMismatch};

/// Why a view cannot be had.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The schema has a slot of that name, but not as the view wants it.
    #[error(transparent)]
    WrongType(#[from] TypeMismatch),
    /// There is no such schema, or it has no such slot.
    #[error(transparent)]
    Access(#[from] AccessError),
}

debug_as_display!(ViewError);
