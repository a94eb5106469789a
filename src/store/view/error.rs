//! Why a view cannot be had.

use crate::error::{AccessError, TypeMismatch};

/// Why a view cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The schema has a slot of that name, but not as the view wants it.
    #[error(transparent)]
    WrongType(#[from] TypeMismatch),
    /// There is no such schema, or it has no such slot.
    #[error(transparent)]
    Access(#[from] AccessError),
}
