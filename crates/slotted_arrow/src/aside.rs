//! Objects and values that a load kept aside, because the store has no place for them.

use std::fmt;
use std::sync::Arc;

use slotted::raw::{RawSnapshot, RawTable};
use slotted::{SchemaId, Snapshot};

/// Objects of missing schemas and values of missing slots, usually those of a mod that is not installed.
///
/// [`LoadReport::aside`](crate::LoadReport::aside) returns them, and [`SaveOptions::aside`](crate::SaveOptions::aside) writes
/// them back. Clones share the memory.
#[derive(Clone, Default)]
pub struct Aside {
    content: Option<Arc<Content>>,
}

struct Content {
    /// The loaded world before anything was taken out of it.
    snapshot: Snapshot,
    schemas: Vec<SchemaId>,
    slots: Vec<AsideSlot>,
}

/// A slot that its schema no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsideSlot {
    pub(crate) schema: SchemaId,
    /// The position among the schema's slots.
    pub(crate) slot: usize,
}

impl Aside {
    pub(crate) fn new(snapshot: Snapshot, schemas: Vec<SchemaId>, slots: Vec<AsideSlot>) -> Self {
        if schemas.is_empty() && slots.is_empty() {
            return Self::default();
        }
        Self { content: Some(Arc::new(Content { snapshot, schemas, slots })) }
    }

    /// Returns `true` if nothing was kept aside.
    ///
    /// # Example
    /// ```
    /// assert!(slotted_arrow::Aside::default().is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.content.is_none()
    }

    /// Iterates over the missing schemas, with the number of objects of each.
    ///
    /// [`SaveOptions::aside`](crate::SaveOptions::aside) has an example.
    pub fn objects(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tables().map(|(_, table)| (table.schema().name(), table.len()))
    }

    /// Iterates over the missing slots: the schema, the slot, and the number of values.
    ///
    /// [`SaveOptions::aside`](crate::SaveOptions::aside) has an example of objects.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.columns().map(|(_, table, slot)| {
            let declared = &table.schema().slots()[slot];
            (table.schema().name(), declared.name(), count_values(table, slot))
        })
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = (RawSnapshot<'_>, RawTable<'_>)> {
        self.content.iter().flat_map(|content| {
            let raw = content.snapshot.raw();
            content.schemas.iter().filter_map(move |schema| Some((raw, raw.table(*schema)?)))
        })
    }

    /// Returns the table that a schema had when something was kept aside.
    pub(crate) fn table_of(&self, schema: &str) -> Option<(RawSnapshot<'_>, RawTable<'_>)> {
        let raw = self.content.as_ref()?.snapshot.raw();
        Some((raw, raw.table_of(schema)?))
    }

    /// Iterates over the columns of missing slots.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (RawSnapshot<'_>, RawTable<'_>, usize)> {
        self.content.iter().flat_map(|content| {
            let raw = content.snapshot.raw();
            let slots = content.slots.iter();
            slots.filter_map(move |aside| Some((raw, raw.table(aside.schema)?, aside.slot)))
        })
    }
}

fn count_values(table: RawTable<'_>, slot: usize) -> usize {
    let count = |block: usize| match (table.set_flags(slot, block), table.rows(block)) {
        (Some(flags), Some(rows)) => {
            let living = |row: &usize| crate::bits::is_one(rows.living(), *row);
            (0..flags.len()).filter(living).filter(|row| flags[*row]).count()
        }
        (None, Some(rows)) => rows.living_count(),
        (_, None) => 0,
    };
    (0..table.blocks()).map(count).sum()
}

/// Counts the objects and values.
impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects: usize = self.objects().map(|(_, objects)| objects).sum();
        let values: usize = self.values().map(|(_, _, values)| values).sum();
        f.debug_struct("Aside").field("objects", &objects).field("values", &values).finish()
    }
}
