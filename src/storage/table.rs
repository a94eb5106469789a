//! The columns of one schema and their rows.

use std::collections::HashSet;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::storage::block::Stamps;
use crate::storage::{Column, FrozenColumn, FrozenRows, RowLimits, Rows};

/// The columns of one schema and their rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Rows,
    pub(crate) hashes: BlockHashes,
}

/// Hashes of a table's blocks, kept so that blocks which do not change are not hashed again.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockHashes {
    /// What was written before this epoch is in the hashes.
    pub(crate) at: Epoch,
    /// For each block the hash of all its rows, of the living ones, and of each column's values.
    pub(crate) blocks: Vec<Vec<u64>>,
}

/// What the hashes of all blocks add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HashSums {
    /// Of all living objects and their values.
    pub(crate) objects: u64,
    /// Of all rows that were ever used and their generations: what future ids depend on.
    pub(crate) rows: u64,
}

/// A table as a snapshot has it.
#[derive(Clone, Debug)]
pub(crate) struct FrozenTable {
    pub(crate) columns: Vec<FrozenColumn>,
    pub(crate) rows: Arc<FrozenRows>,
    rows_changed: Stamps,
}

impl FrozenTable {
    /// Bytes of the blocks that are not in `seen` yet, which is given them.
    pub(crate) fn count_shared(&self, seen: &mut HashSet<usize>) -> usize {
        let columns: usize = self.columns.iter().map(|column| column.count_shared(seen)).sum();
        columns + self.rows.count_shared(seen)
    }
}

impl Table {
    /// Adds the blocks that are shared with snapshots to `seen`.
    pub(crate) fn count_shared(&self, seen: &mut HashSet<usize>) {
        self.columns.iter().for_each(|column| column.count_shared(seen));
    }

    pub(crate) fn new(columns: Vec<Column>, limits: RowLimits) -> Self {
        Self { columns, rows: Rows::new(limits), hashes: BlockHashes::default() }
    }

    /// Ends an epoch: the next write to a block is the first one of the next epoch. Tells whether
    /// anything was written in this one.
    pub(crate) fn seal(&mut self, epoch: Epoch) -> bool {
        let columns = self.columns.iter_mut().map(|column| column.seal(epoch));
        let is_written = columns.fold(false, |any, is_written| any | is_written);
        self.rows.seal(epoch) | is_written
    }

    /// The table for a snapshot; it must have been sealed.
    pub(crate) fn freeze(&mut self) -> FrozenTable {
        let columns = self.columns.iter_mut().map(Column::freeze).collect();
        FrozenTable { columns, rows: self.rows.freeze(), rows_changed: self.rows.changed() }
    }

    /// Makes the table as it was. What differs counts as written in this epoch.
    pub(crate) fn restore(&mut self, frozen: &FrozenTable, epoch: Epoch) {
        let columns = self.columns.iter_mut().zip(&frozen.columns);
        columns.for_each(|(column, frozen)| column.restore(frozen, epoch));
        self.rows.restore(&frozen.rows, epoch);
    }

    /// Keeps the memory of blocks that only this snapshot had, for the next copies.
    pub(crate) fn recycle(&mut self, frozen: FrozenTable) {
        let columns = self.columns.iter_mut().zip(frozen.columns);
        columns.for_each(|(column, frozen)| column.recycle(frozen));
    }

    /// A table of its own, of the same schema, as a snapshot has it.
    pub(crate) fn thaw(&self, frozen: &FrozenTable) -> Self {
        let columns = self.columns.iter().zip(&frozen.columns);
        let columns = columns.map(|(column, frozen)| column.thaw(frozen)).collect();
        let rows = Rows::thaw(&frozen.rows, &frozen.rows_changed, self.rows.limits());
        Self { columns, rows, hashes: BlockHashes::default() }
    }

    /// Makes room for this many more living rows, so that spawning them allocates nothing.
    pub(crate) fn try_reserve(
        &mut self,
        additional: usize,
    ) -> Result<(), std::collections::TryReserveError> {
        // Free rows between the living are used first, but their blocks may have been released.
        let holes = self.rows.used() - self.rows.count() as usize;
        let new = additional.saturating_sub(holes);
        let rows = self.rows.used() + new;
        // An allocator promises small blocks without end: asking for all of them at once shows
        // whether it has them, before any is taken.
        let row_bytes: usize = self.columns.iter().map(Column::row_bytes).sum();
        Vec::<u8>::new().try_reserve_exact(new.saturating_mul(row_bytes))?;
        self.rows.try_reserve(rows)?;
        self.columns.iter_mut().try_for_each(|column| column.try_reserve(rows))
    }

    /// Gives back the blocks in which no row is alive, and room that was reserved for growth.
    pub(crate) fn release_memory(&mut self) {
        let blocks = self.rows.blocks();
        let mut last = 0;
        for block in 0..blocks {
            if self.rows.living_in(block) == 0 {
                self.columns.iter_mut().for_each(|column| column.release(block));
            } else {
                last = block * crate::storage::BLOCK_ROWS + self.rows.used_in(block);
            }
        }
        self.columns.iter_mut().for_each(|column| column.shrink(last));
        self.rows.shrink();
    }
}
