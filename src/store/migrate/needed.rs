//! Slots that an optional record gains and needs: objects that have the record get the default.

use crate::schema::{RegisteredSchema, SIGNS, Slot, Source};
use crate::storage::Column;

/// The old slots of the record that needs a new slot.
pub(super) struct NeededIn(Vec<usize>);

impl NeededIn {
    /// Returns `None` if no record outside of lists and unions needs the slot.
    pub(super) fn new(after: &RegisteredSchema, slot: &Slot, sources: &[Source]) -> Option<Self> {
        let record = slot.needed_in().filter(|record| !record.contains(SIGNS))?;
        let is_part = |slot: &Slot| {
            slot.name().strip_prefix(record).is_some_and(|rest| rest.starts_with('.'))
        };
        let parts = after.slots().iter().zip(sources).filter(|(slot, _)| is_part(slot));
        Some(Self(parts.filter_map(|(_, source)| source.position()).collect()))
    }

    /// Returns whether an object has a part of the record.
    pub(super) fn is_given(&self, columns: &[Column], row: u32) -> bool {
        self.0.iter().any(|slot| {
            let set = &columns[*slot].set;
            set.as_ref().is_none_or(|set| set.row(row) == Some(&[true]))
        })
    }
}
