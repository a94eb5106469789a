//! Slots that an optional record comes to need: objects that have the record get the default.

use crate::schema::{RegisteredSchema, SIGNS, Slot, Source};
use crate::storage::Column;

/// The old slots of the record that comes to need a slot.
pub(super) struct NeededIn(Vec<usize>);

impl NeededIn {
    /// Returns `None` if no record outside of lists and unions needs the slot, or if it did before.
    pub(super) fn new(
        before: &RegisteredSchema,
        (after, to): (&RegisteredSchema, usize),
        sources: &[Source],
    ) -> Option<Self> {
        let record = after.slots()[to].needed_in().filter(|record| !record.contains(SIGNS))?;
        let old = sources[to].position().map(|from| &before.slots()[from]);
        if old.is_some_and(|old| old.needed_in().is_some()) {
            return None;
        }
        let is_part = |slot: &Slot| {
            slot.name().strip_prefix(record).is_some_and(|rest| rest.starts_with('.'))
        };
        let parts = after.slots().iter().zip(sources).filter(|(slot, _)| is_part(slot));
        Some(Self(parts.filter_map(|(_, source)| source.position()).collect()))
    }

    /// Returns whether an object has a part of the record.
    pub(super) fn is_given(&self, columns: &[Column], row: u32) -> bool {
        self.0.iter().any(|slot| is_set(&columns[*slot], row))
    }
}

/// Returns whether an object has a value in the column.
pub(super) fn is_set(column: &Column, row: u32) -> bool {
    column.set.as_ref().is_none_or(|set| set.row(row) == Some(&[true]))
}
