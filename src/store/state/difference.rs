//! The differences between two states of a store, row by row.

use std::sync::Arc;

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::schema::{RegisteredSchema, Registry, Slot};
use crate::simd::add_bits_at_least;
use crate::storage::{
    BLOCK_ROWS, BlocksSnapshot, Cell, ColumnSnapshot, RowBlock, RowsSnapshot, SnapshotPairVisitor,
    TableSnapshot, Written, ones,
};
use crate::store::state::{StateMismatch, StoreState};

/// The differences between two states of one store.
pub(crate) struct Differences<'a> {
    pub(crate) registry: &'a Registry,
    /// One for each schema that differs.
    pub(crate) tables: Vec<TableDifference>,
}

/// The differences between two states of one table.
pub(crate) struct TableDifference {
    pub(crate) schema: SchemaId,
    /// The number of used rows, before and after.
    pub(crate) used: [usize; 2],
    /// Rows with different generations, in ascending order.
    pub(crate) rows: Vec<RowDifference>,
    /// For each slot, the rows of objects that live in both states and have different values. Empty for slots
    /// that are not wanted.
    pub(crate) values: Vec<Vec<u32>>,
}

/// A row with different generations.
#[derive(Clone, Copy)]
pub(crate) struct RowDifference {
    pub(crate) row: u32,
    /// `None` if the row was never used.
    pub(crate) before: Option<u16>,
    pub(crate) after: Option<u16>,
}

/// Returns the generation if an object lives in the row.
pub(crate) fn living(generation: Option<u16>) -> Option<u16> {
    generation.filter(|generation| generation & 1 == 1)
}

impl<'a> Differences<'a> {
    /// Compares all blocks that the states do not share, in slots that track their changes only the marked rows.
    pub(crate) fn between(
        before: &'a StoreState,
        after: &'a StoreState,
    ) -> Result<Self, StateMismatch> {
        Self::of_slots(before, after, |_, _| true)
    }

    /// Compares the rows and the wanted slots, except for blocks that the states share.
    pub(crate) fn of_slots(
        before: &'a StoreState,
        after: &'a StoreState,
        mut is_wanted: impl FnMut(&RegisteredSchema, &Slot) -> bool,
    ) -> Result<Self, StateMismatch> {
        before.fits(&after.identity, &after.registry)?;
        // One of them may have schemas that were registered later.
        let larger = if before.registry.len() > after.registry.len() { before } else { after };
        let since = before.epoch.min(after.epoch);
        let later = usize::from(before.epoch < after.epoch);
        let table = |state: &StoreState, schema: SchemaId| {
            state.table(schema).cloned().unwrap_or_else(|| larger.empty_table(schema))
        };
        let tables = larger.registry.iter().filter_map(|schema| {
            let (before, after) = (table(before, schema.id()), table(after, schema.id()));
            if Arc::ptr_eq(&before, &after) {
                return None;
            }
            let wanted = schema.slots().iter().map(|slot| is_wanted(schema, slot));
            TableDifference::find(schema.id(), [&before, &after], (later, since), wanted)
        });
        Ok(Self { tables: tables.collect(), registry: &larger.registry })
    }
}

impl TableDifference {
    fn find(
        schema: SchemaId,
        [before, after]: [&TableSnapshot; 2],
        (later, since): (usize, Epoch),
        wanted: impl Iterator<Item = bool>,
    ) -> Option<Self> {
        let rows = if Arc::ptr_eq(&before.rows, &after.rows) {
            Vec::new()
        } else {
            row_differences(&before.rows, &after.rows)
        };
        let survivors = Survivors { before: &before.rows, after: &after.rows, later, since };
        let columns = before.columns.iter().zip(&after.columns).zip(wanted);
        let values =
            columns.map(
                |((before, after), is_wanted)| {
                    if is_wanted { survivors.changed(before, after) } else { Vec::new() }
                },
            );
        let values: Vec<_> = values.collect();
        let differs = !rows.is_empty() || values.iter().any(|rows| !rows.is_empty());
        let used = [before.rows.used, after.rows.used];
        differs.then_some(Self { schema, used, rows, values })
    }
}

fn row_differences(before: &RowsSnapshot, after: &RowsSnapshot) -> Vec<RowDifference> {
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
    before: &'a RowsSnapshot,
    after: &'a RowsSnapshot,
    /// 1 if the table after is the later one, else 0.
    later: usize,
    /// The epoch that began with the earlier one.
    since: Epoch,
}

impl Survivors<'_> {
    /// Returns the rows whose values differ or are set in only one of the tables.
    fn changed(&self, before: &ColumnSnapshot, after: &ColumnSnapshot) -> Vec<u32> {
        let compare = Compare { survivors: self, later: [before, after][self.later] };
        let mut rows = before.cells.visit_both(&after.cells, compare).unwrap_or_default();
        if let (Some(before), Some(after)) = (&before.set, &after.set) {
            let set = compare.visit(before, after);
            if !set.is_empty() {
                rows.extend(set);
                rows.sort_unstable();
                rows.dedup();
            }
        }
        rows
    }

    /// Returns the rows of a word in which the same object lives in both tables.
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

/// So many written rows of 64 are compared one by one, so that the values of others are not read.
const FEW_ROWS: u32 = 8;

#[derive(Clone, Copy)]
struct Compare<'a> {
    survivors: &'a Survivors<'a>,
    later: &'a ColumnSnapshot,
}

impl SnapshotPairVisitor for Compare<'_> {
    type Output = Vec<u32>;

    fn visit<C: Cell>(self, before: &BlocksSnapshot<C>, after: &BlocksSnapshot<C>) -> Vec<u32> {
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
        let mut written = [0; BLOCK_ROWS / 64];
        match self.later.written_since(number, self.survivors.since) {
            Written::Nothing => return,
            Written::All => written.fill(u64::MAX),
            Written::Rows { marks, first } => add_bits_at_least(&mut written, marks, first),
        }
        let words = before.chunks(64 * width).zip(after.chunks(64 * width));
        for ((word, (before, after)), written) in words.enumerate().zip(written) {
            let different = if written.count_ones() <= FEW_ROWS {
                let is_same = |row: &usize| {
                    let cells = row * width..(row + 1) * width;
                    let (before, after) = (before.get(cells.clone()), after.get(cells));
                    before.zip(after).is_none_or(|(before, after)| C::same(before, after))
                };
                ones(written).filter(|row| !is_same(row)).fold(0, |bits, row| bits | 1 << row)
            } else if before.len() == after.len() && C::same(before, after) {
                0
            } else {
                let values = before.chunks_exact(width).zip(after.chunks_exact(width));
                // No branch per value: the CPU could not predict it.
                values.enumerate().fold(0, |bits, (bit, (before, after))| {
                    let is_same =
                        before.iter().zip(after).all(|(before, after)| before.is_same(after));
                    bits | u64::from(!is_same) << bit
                })
            };
            if different == 0 {
                continue;
            }
            let survivors = self.survivors.in_word(number, word);
            let first = number * BLOCK_ROWS + word * 64;
            rows.extend(ones(different & survivors).map(|bit| (first + bit) as u32));
        }
    }
}
