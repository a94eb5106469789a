//! What differs between two snapshots, row by row.

use std::sync::Arc;

use crate::id::SchemaId;
use crate::schema::{RegisteredSchema, Registry, Slot};
use crate::snapshot::{Snapshot, SnapshotError, World};
use crate::storage::{
    BLOCK_ROWS, Cell, FrozenBlocks, FrozenColumn, FrozenPairVisitor, FrozenRows, FrozenTable,
    RowBlock, ones,
};

/// What differs between two snapshots of one store.
pub(super) struct Differences<'a> {
    pub(super) registry: &'a Registry,
    /// One for each schema that differs.
    pub(super) tables: Vec<TableDifference>,
}

/// What differs between two tables of one schema.
pub(super) struct TableDifference {
    pub(super) schema: SchemaId,
    /// How many rows were ever used, in the later table.
    pub(super) used: usize,
    /// Rows whose generations differ, in ascending order.
    pub(super) rows: Vec<RowDifference>,
    /// For each slot the rows of objects that live in both tables and have different values; none where
    /// the slot is not wanted.
    pub(super) values: Vec<Vec<u32>>,
}

/// A row that is not what it was.
#[derive(Clone, Copy)]
pub(super) struct RowDifference {
    pub(super) row: u32,
    /// `None` for a row that was never used.
    pub(super) before: Option<u16>,
    pub(super) after: Option<u16>,
}

/// The generation, if an object lives there.
pub(super) fn living(generation: Option<u16>) -> Option<u16> {
    generation.filter(|generation| generation & 1 == 1)
}

/// Compares what the snapshots do not share.
pub(super) fn differences<'a>(
    before: &'a Snapshot,
    after: &'a Snapshot,
) -> Result<Differences<'a>, SnapshotError> {
    differences_of(before, after, |_, _| true)
}

/// Compares which objects live, and the wanted slots, as far as the snapshots do not share them.
pub(super) fn differences_of<'a>(
    before: &'a Snapshot,
    after: &'a Snapshot,
    mut is_wanted: impl FnMut(&RegisteredSchema, &Slot) -> bool,
) -> Result<Differences<'a>, SnapshotError> {
    let (before, after) = (before.world(), after.world());
    if before.identity != after.identity {
        return Err(SnapshotError::OtherStore);
    }
    if !before.registry.stores_as(&after.registry) {
        return Err(SnapshotError::OtherSchemas);
    }
    // One of them may know schemas that were registered later.
    let larger = if before.registry.len() > after.registry.len() { before } else { after };
    let table = |world: &World, schema: usize| match world.tables.get(schema) {
        Some(table) => table.clone(),
        None => larger.empty_table(SchemaId(schema as u16)),
    };
    let tables = (0..larger.tables.len()).filter_map(|schema| {
        let (before, after) = (table(before, schema), table(after, schema));
        let schema = larger.registry.get(SchemaId(schema as u16))?;
        let wanted = schema.slots().iter().map(|slot| is_wanted(schema, slot));
        TableDifference::find(schema.id(), &before, &after, wanted)
    });
    Ok(Differences { tables: tables.collect(), registry: &larger.registry })
}

impl TableDifference {
    fn find(
        schema: SchemaId,
        before: &FrozenTable,
        after: &FrozenTable,
        wanted: impl Iterator<Item = bool>,
    ) -> Option<Self> {
        let rows = if Arc::ptr_eq(&before.rows, &after.rows) {
            Vec::new()
        } else {
            row_differences(&before.rows, &after.rows)
        };
        let survivors = Survivors { before: &before.rows, after: &after.rows };
        let columns = before.columns.iter().zip(&after.columns).zip(wanted);
        let values =
            columns.map(
                |((before, after), is_wanted)| {
                    if is_wanted { survivors.changed(before, after) } else { Vec::new() }
                },
            );
        let values: Vec<_> = values.collect();
        let differs = !rows.is_empty() || values.iter().any(|rows| !rows.is_empty());
        differs.then_some(Self { schema, used: after.rows.used, rows, values })
    }
}

fn row_differences(before: &FrozenRows, after: &FrozenRows) -> Vec<RowDifference> {
    let mut differences = Vec::new();
    for number in 0..before.blocks.len().max(after.blocks.len()) {
        let (before, after) = (before.blocks.get(number), after.blocks.get(number));
        if let (Some(before), Some(after)) = (before, after)
            && Arc::ptr_eq(before, after)
        {
            continue;
        }
        let generations = |block: Option<&Arc<RowBlock>>| {
            block.map_or_else(Vec::new, |block| block.generations.to_vec())
        };
        let (before, after) = (generations(before), generations(after));
        for offset in 0..before.len().max(after.len()) {
            let (before, after) = (before.get(offset).copied(), after.get(offset).copied());
            if before != after {
                let row = (number * BLOCK_ROWS + offset) as u32;
                differences.push(RowDifference { row, before, after });
            }
        }
    }
    differences
}

/// The objects that live in both tables.
struct Survivors<'a> {
    before: &'a FrozenRows,
    after: &'a FrozenRows,
}

impl Survivors<'_> {
    /// The rows whose values differ, or are set in one of them only.
    fn changed(&self, before: &FrozenColumn, after: &FrozenColumn) -> Vec<u32> {
        let values = Compare { survivors: self };
        let mut rows = before.cells.visit_both(&after.cells, values).unwrap_or_default();
        if let (Some(before), Some(after)) = (&before.set, &after.set) {
            let set = Compare { survivors: self }.visit(before, after);
            if !set.is_empty() {
                rows.extend(set);
                rows.sort_unstable();
                rows.dedup();
            }
        }
        rows
    }

    /// Which rows of a word live in both tables, as the same object.
    fn in_word(&self, block: usize, word: usize) -> u64 {
        let (Some(before), Some(after)) =
            (self.before.blocks.get(block), self.after.blocks.get(block))
        else {
            return 0;
        };
        let occupied = |rows: &RowBlock| rows.occupied.get(word).copied().unwrap_or_default();
        let both = occupied(before) & occupied(after);
        if Arc::ptr_eq(before, after) {
            return both;
        }
        let same = |bit: &usize| {
            let offset = word * 64 + bit;
            both >> bit & 1 == 1 && before.generations[offset] == after.generations[offset]
        };
        (0..64).filter(same).fold(0, |bits, bit| bits | 1 << bit)
    }
}

struct Compare<'a> {
    survivors: &'a Survivors<'a>,
}

impl FrozenPairVisitor for Compare<'_> {
    type Output = Vec<u32>;

    fn visit<C: Cell>(self, before: &FrozenBlocks<C>, after: &FrozenBlocks<C>) -> Vec<u32> {
        let mut rows = Vec::new();
        if Arc::ptr_eq(before, after) {
            return rows;
        }
        for (number, (a, b)) in before.blocks.iter().zip(&after.blocks).enumerate() {
            if !Arc::ptr_eq(a, b) {
                self.block(number, before.width, (a, b), &mut rows);
            }
        }
        rows
    }
}

impl Compare<'_> {
    fn block<C: Cell>(
        &self,
        number: usize,
        width: usize,
        (before, after): (&[C], &[C]),
        rows: &mut Vec<u32>,
    ) {
        let words = before.chunks(64 * width).zip(after.chunks(64 * width));
        for (word, (before, after)) in words.enumerate() {
            if before.len() == after.len() && C::same(before, after) {
                continue;
            }
            let survivors = self.survivors.in_word(number, word);
            let values = before.chunks_exact(width).zip(after.chunks_exact(width));
            // Without a branch for each value: whether one differs cannot be guessed.
            let different = values.enumerate().fold(0, |bits, (bit, (before, after))| {
                let is_same = before.iter().zip(after).all(|(before, after)| before.is_same(after));
                bits | u64::from(!is_same) << bit
            });
            let first = number * BLOCK_ROWS + word * 64;
            rows.extend(ones(different & survivors).map(|bit| (first + bit) as u32));
        }
    }
}
