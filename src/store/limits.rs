//! The limits of a store.

use crate::storage::RowLimits;

/// The limits of a store. Exceeding a limit is an error, never a panic.
///
/// A limit above the largest possible one is reduced to that.
///
/// # Example
/// ```
/// let mut limits = slotted::Limits::default();
/// limits.rows_per_schema = 50_000;
/// let store = slotted::Store::with_limits(limits);
/// assert_eq!(store.limits().schemas, 65_535);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Schemas of the store: 65,535 at most and by default.
    pub schemas: usize,
    /// Slots of a schema, inherited ones included: at most 65,535, 4,096 by default.
    pub slots_per_schema: usize,
    /// Living objects of a schema: 2³² − 1 at most and by default.
    pub rows_per_schema: u32,
    /// Bytes of all texts, with 32 bytes for the place of each in the index: 1 GiB by default. A text has at most 4 GiB.
    pub text_bytes: usize,
    /// Bytes of all lists, with 40 bytes for the place of each in the index: 1 GiB by default. A list has at most 4 GiB.
    pub list_bytes: usize,
    /// Objects that use a row in turn before it is retired: 32,768 at most and by default.
    pub generations_per_row: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            schemas: 65_535,
            slots_per_schema: 4096,
            rows_per_schema: u32::MAX,
            text_bytes: 1 << 30,
            list_bytes: 1 << 30,
            generations_per_row: 32_768,
        }
    }
}

impl Limits {
    /// Reduces the limits to the ranges of ids, keys and handles.
    pub(super) fn possible(self) -> Self {
        let largest = usize::from(u16::MAX);
        Self {
            schemas: self.schemas.min(largest),
            slots_per_schema: self.slots_per_schema.min(largest),
            generations_per_row: self.generations_per_row.clamp(1, 32_768),
            ..self
        }
    }

    /// Returns the limits of each table's rows.
    pub(super) fn of_rows(&self) -> RowLimits {
        let last_generation = (self.generations_per_row.clamp(1, 32_768).saturating_mul(2) - 1) | 1;
        RowLimits { rows: self.rows_per_schema, last_generation }
    }
}
