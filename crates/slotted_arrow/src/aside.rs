//! Objects and values that a load kept aside, because the store has no place for them.

use std::fmt;
use std::sync::Arc;

use slotted::raw::{RawSnapshot, RawTable};
use slotted::{SchemaId, Snapshot, StoreIdentity};

/// Objects of missing schemas and values of missing slots, usually those of a mod that is not installed.
///
/// In the store, a placeholder has the number of each missing schema, so that ids keep their meaning: `kept aside 3: orc`.
///
/// A value belongs to its object: it goes when the object dies, and when [`Store::compact`](slotted::Store::compact) moves it. So
/// save with `aside` before a compaction, and load again.
///
/// [`LoadReport::aside`](crate::LoadReport::aside) returns them, and [`SaveOptions::aside`](crate::SaveOptions::aside) writes
/// them back. Clones share the memory.
#[derive(Clone, Default)]
pub struct Aside {
    content: Option<Arc<Content>>,
}

pub(crate) struct Content {
    /// The loaded world before anything was taken out of it.
    pub(crate) snapshot: Snapshot,
    pub(crate) schemas: Vec<AsideSchema>,
    pub(crate) slots: Vec<AsideSlot>,
    /// The store that was loaded: a save of another one has other objects under the same ids.
    pub(crate) store: StoreIdentity,
}

/// A schema that the program does not have. The store has a placeholder in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsideSchema {
    pub(crate) id: SchemaId,
    pub(crate) name: String,
}

/// The beginning of the names of placeholders, and of slots whose name is taken.
const PLACEHOLDER: &str = "kept aside";

/// Returns a name for what was kept aside, so that nothing else is in its way.
pub(crate) fn placeholder(number: usize, name: &str) -> String {
    // A name has at most 128 characters.
    let name: String = name.chars().take(100).collect();
    format!("{PLACEHOLDER} {number}: {name}")
}

/// Returns `true` if a schema is a placeholder.
pub(crate) fn is_placeholder(name: &str) -> bool {
    kept_name(name).is_some()
}

/// Returns the name of the schema for which a placeholder stands.
pub(crate) fn kept_name(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PLACEHOLDER)?.strip_prefix(' ')?;
    let (number, name) = rest.split_once(": ")?;
    number.parse::<u16>().is_ok().then_some(name)
}

/// A slot that its schema no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsideSlot {
    pub(crate) schema: SchemaId,
    /// The position among the schema's slots.
    pub(crate) slot: usize,
}

impl Aside {
    pub(crate) fn new(content: Content) -> Self {
        let is_empty = content.schemas.is_empty() && content.slots.is_empty();
        Self { content: (!is_empty).then(|| Arc::new(content)) }
    }

    /// Returns the identity of the store that was loaded.
    pub(crate) fn store(&self) -> Option<&StoreIdentity> {
        self.content.as_ref().map(|content| &content.store)
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
        self.tables().map(|(name, _, table)| (name, table.len()))
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

    /// Iterates over the tables of missing schemas, with the names that these have.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, RawSnapshot<'_>, RawTable<'_>)> {
        self.content.iter().flat_map(|content| {
            let raw = content.snapshot.raw();
            let schemas = content.schemas.iter();
            schemas.filter_map(move |schema| Some((&*schema.name, raw, raw.table(schema.id)?)))
        })
    }

    /// Returns the table that a schema had when something was kept aside.
    pub(crate) fn table(&self, schema: SchemaId) -> Option<(RawSnapshot<'_>, RawTable<'_>)> {
        let raw = self.content.as_ref()?.snapshot.raw();
        Some((raw, raw.table(schema)?))
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
