//! The memory use of a store.

use std::collections::HashSet;
use std::fmt;

use crate::storage::BLOCK_ROWS;
use crate::store::Store;

/// The heap memory of a store by use, in bytes.
///
/// ```
/// # use slotted::{Slotted, Store};
/// #[derive(Slotted, Clone, Copy)]
/// struct Tile { height: f32, wet: bool }
/// let mut store = Store::new();
/// store.register::<Tile>()?;
/// store.spawn_batch([Tile { height: 0.0, wet: false }; 100_000])?;
/// let report = store.memory_report();
/// assert_eq!(report.schemas[0].slots[0].living, 400_000);
/// assert!(report.total() < 8 * 100_000);
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryReport {
    /// One entry for each schema.
    pub schemas: Vec<SchemaMemory>,
    /// The texts and their index.
    pub texts: usize,
    /// The lists and their index.
    pub lists: usize,
}

/// The memory of the objects of one schema, in bytes. [`MemoryReport`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaMemory {
    /// The schema's name.
    pub schema: String,
    /// The number of living objects.
    pub objects: usize,
    /// One entry for each slot.
    pub slots: Vec<SlotMemory>,
    /// Generations, occupancy and free rows.
    pub rows: usize,
}

/// The memory of the values of one slot, in bytes. [`MemoryReport`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotMemory {
    /// The slot's name.
    pub slot: String,
    /// The values of living objects.
    pub living: usize,
    /// All allocated memory: living, dead and future values, and the list of blocks.
    pub reserved: usize,
}

impl SlotMemory {
    /// Returns the memory beyond the values of living objects.
    #[must_use]
    pub const fn overhead(&self) -> usize {
        self.reserved - self.living
    }
}

impl SchemaMemory {
    /// Returns all memory of the schema's objects.
    #[must_use]
    pub fn total(&self) -> usize {
        self.rows + self.slots.iter().map(|slot| slot.reserved).sum::<usize>()
    }
}

impl MemoryReport {
    /// Returns all memory of objects, texts and lists.
    #[must_use]
    pub fn total(&self) -> usize {
        self.texts + self.lists + self.schemas.iter().map(SchemaMemory::total).sum::<usize>()
    }
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for schema in &self.schemas {
            let (name, objects, total) = (&schema.schema, schema.objects, schema.total());
            write!(f, "{name}: {objects} objects, {total} bytes")?;
            match objects {
                0 => writeln!(f)?,
                _ => writeln!(f, ", {:.1} each", total as f64 / objects as f64)?,
            }
            for slot in &schema.slots {
                let (living, overhead) = (slot.living, slot.overhead());
                writeln!(f, "  {}: {living} living, {overhead} overhead", slot.slot)?;
            }
            writeln!(f, "  rows: {} overhead", schema.rows)?;
        }
        let Self { texts, lists, .. } = self;
        write!(f, "texts: {texts} bytes; lists: {lists} bytes; total: {} bytes", self.total())
    }
}

impl Store {
    /// Returns the heap memory of the store's objects by schema and slot, and that of texts and lists.
    ///
    /// Computes in **O(blocks)** time, for blocks of [`BLOCK_ROWS`] rows. [`MemoryReport`] has an example.
    #[must_use]
    pub fn memory_report(&self) -> MemoryReport {
        let schemas = self.registry.iter().zip(&self.tables).map(|(schema, table)| {
            let objects = table.rows.count() as usize;
            let slots =
                schema.slots().iter().zip(&table.columns).map(|(slot, column)| SlotMemory {
                    slot: slot.name().to_owned(),
                    living: objects * column.row_bytes(),
                    reserved: column.heap_bytes(),
                });
            let (schema, rows) = (schema.name().to_owned(), table.rows.heap_bytes());
            SchemaMemory { schema, objects, slots: slots.collect(), rows }
        });
        let (texts, lists) = self.interner.count_new(&mut HashSet::new());
        MemoryReport { schemas: schemas.collect(), texts, lists }
    }
}

const _: () = assert!(BLOCK_ROWS.is_power_of_two(), "a row's block and offset are bits of it");
