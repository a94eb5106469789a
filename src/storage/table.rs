//! The columns of one schema and their rows.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::epoch::Epoch;
use crate::storage::block::Stamps;
use crate::storage::{
    BLOCK_ROWS, Column, ColumnSnapshot, RowLimits, Rows, RowsSnapshot, Span, offsets,
};

/// The rows that a batch makes room for at once, however many objects its iterator promises.
const ROWS_AHEAD: usize = 128 * BLOCK_ROWS;

/// The columns of one schema and their rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Rows,
    pub(crate) hashes: BlockHashes,
    /// A column tracks its changes.
    pub(crate) is_tracked: bool,
    /// The last snapshot. Upgrades as long as a snapshot of the store has it.
    last: Weak<TableSnapshot>,
    /// The snapshot of a table that never had rows, so that many such tables cost nothing.
    unused: Option<Arc<TableSnapshot>>,
}

/// Hashes of a table's blocks. Only blocks that change are hashed again.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockHashes {
    /// The hashes cover everything that was written before this epoch.
    pub(crate) at: Epoch,
    /// For each block: the hash of all its rows, of the living ones, and of each column's values.
    pub(crate) blocks: Vec<Vec<u64>>,
    /// One for each column, once a block was hashed.
    pub(crate) seeds: Vec<SlotSeed>,
}

/// The parts of hashes that all values of a column share.
#[derive(Clone, Debug)]
pub(crate) struct SlotSeed {
    pub(crate) seed: u64,
    /// The hash of each variant's name if the values are of an enum, or lists of one. Empty otherwise.
    pub(crate) variants: Box<[u64]>,
    /// A hash of all variants, in their order.
    pub(crate) of_variants: u64,
}

/// A table as a snapshot has it.
#[derive(Clone, Debug)]
pub(crate) struct TableSnapshot {
    pub(crate) columns: Vec<ColumnSnapshot>,
    pub(crate) rows: Arc<RowsSnapshot>,
    rows_changed: Stamps,
}

/// A clone is changed on its own, so it has no snapshot yet.
impl Clone for Table {
    fn clone(&self) -> Self {
        let Self { columns, rows, hashes, .. } = self;
        Self { hashes: hashes.clone(), ..Self::of(columns.clone(), rows.clone()) }
    }
}

/// Marks the rows of a span in all columns that track their changes.
#[cold]
#[inline(never)]
pub(crate) fn mark_span(columns: &mut [Column], span: Span<'_>) {
    let marks = columns.iter_mut().filter_map(|column| column.marks.as_mut());
    marks.for_each(|marks| marks.mark_span(span));
}

impl TableSnapshot {
    /// Returns `true` if both share everything.
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
            && Arc::ptr_eq(&self.rows_changed, &other.rows_changed)
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(column, other)| column.is_same(other))
    }

    /// Returns the last epoch in which a value was written, or a row was spawned or despawned.
    pub(crate) fn last_written(&self) -> Epoch {
        let columns = self.columns.iter().map(ColumnSnapshot::last_written);
        let rows = self.rows_changed.iter().copied();
        columns.chain(rows).max().unwrap_or_default()
    }

    /// Returns the bytes of the blocks that are not in `seen` yet, and adds them to it.
    pub(crate) fn count_new_blocks(&self, seen: &mut HashSet<usize>) -> usize {
        let columns: usize = self.columns.iter().map(|column| column.count_new_blocks(seen)).sum();
        columns + self.rows.count_new_blocks(seen)
    }
}

impl Table {
    /// Adds the blocks that are shared with snapshots to `seen`.
    pub(crate) fn list_shared_blocks(&self, seen: &mut HashSet<usize>) {
        self.columns.iter().for_each(|column| column.list_shared_blocks(seen));
    }

    pub(crate) fn new(columns: Vec<Column>, limits: RowLimits) -> Self {
        Self::of(columns, Rows::new(limits))
    }

    fn of(columns: Vec<Column>, rows: Rows) -> Self {
        let is_tracked = columns.iter().any(|column| column.marks.is_some());
        let (hashes, last, unused) = Default::default();
        Self { columns, rows, hashes, is_tracked, last, unused }
    }

    /// Replaces the columns by others with the same rows.
    pub(crate) fn replace_columns(&mut self, columns: Vec<Column>) {
        (self.columns, self.hashes) = (columns, BlockHashes::default());
        (self.last, self.unused) = (Weak::new(), None);
        self.update_tracked();
    }

    /// Ends an epoch: the next write to a block belongs to the next one. Returns `true` if anything was
    /// written in this one.
    pub(crate) fn end_epoch(&mut self, epoch: Epoch) -> bool {
        if self.is_unused() {
            return false;
        }
        self.unused = None;
        let columns = self.columns.iter_mut().map(|column| column.end_epoch(epoch));
        let is_written = columns.fold(false, |any, is_written| any | is_written);
        self.rows.end_epoch(epoch) | is_written
    }

    /// Returns `true` if the table had no rows at the last snapshot and since.
    pub(crate) fn is_unused(&self) -> bool {
        self.unused_snapshot().is_some()
    }

    fn unused_snapshot(&self) -> Option<&Arc<TableSnapshot>> {
        self.unused.as_ref().filter(|_| self.rows.used() == 0 && !self.is_tracked)
    }

    /// Takes a snapshot of the table, whose epoch must have ended. Returns the last one if nothing has changed.
    pub(crate) fn snapshot(&mut self) -> Arc<TableSnapshot> {
        if let Some(unused) = self.unused_snapshot() {
            return Arc::clone(unused);
        }
        let columns = self.columns.iter_mut().map(Column::snapshot).collect();
        let (rows, rows_changed) = (self.rows.snapshot(), self.rows.changed());
        let snapshot = TableSnapshot { columns, rows, rows_changed };
        match self.last.upgrade() {
            Some(last) if last.is_same(&snapshot) => last,
            _ => {
                let snapshot = Arc::new(snapshot);
                self.last = Arc::downgrade(&snapshot);
                let is_empty = snapshot.columns.iter().all(ColumnSnapshot::is_empty);
                let is_unused = self.rows.used() == 0 && is_empty && !self.is_tracked;
                self.unused = is_unused.then(|| Arc::clone(&snapshot));
                snapshot
            }
        }
    }

    /// Returns `true` if the table had no rows in this snapshot, its last one, and since.
    pub(crate) fn is_still(&self, snapshot: &Arc<TableSnapshot>) -> bool {
        self.unused_snapshot().is_some_and(|unused| Arc::ptr_eq(unused, snapshot))
    }

    /// Goes back to a snapshot, after which the epoch `since` began. Blocks that differ count as written in this epoch.
    pub(crate) fn restore(&mut self, snapshot: &Arc<TableSnapshot>, since: Epoch, epoch: Epoch) {
        let columns = self.columns.iter_mut().zip(&snapshot.columns);
        columns.for_each(|(column, snapshot)| column.restore(snapshot, since, epoch));
        if self.is_tracked {
            self.mark_revived(&snapshot.rows, since);
        }
        self.rows.restore(&snapshot.rows, epoch);
    }

    /// Marks the rows whose objects come back with a snapshot.
    fn mark_revived(&mut self, snapshot: &RowsSnapshot, since: Epoch) {
        for (number, block) in snapshot.blocks.iter().enumerate() {
            if number < self.rows.blocks() && !self.rows.is_changed_since(number, since) {
                continue;
            }
            for offset in offsets(&block.occupied) {
                let row = (number * BLOCK_ROWS + offset) as u32;
                if !self.rows.is_alive(row, block.generations[offset]) {
                    self.mark_row(row);
                }
            }
        }
    }

    /// Marks a row of all columns that track their changes.
    #[cold]
    #[inline(never)]
    pub(crate) fn mark_row(&mut self, row: u32) {
        self.columns.iter_mut().for_each(|column| column.mark(row));
    }

    /// Keeps the memory of blocks that only this snapshot had, for the next copies.
    pub(crate) fn reuse_memory_of(&mut self, snapshot: TableSnapshot) {
        let columns = self.columns.iter_mut().zip(snapshot.columns);
        columns.for_each(|(column, snapshot)| column.reuse_memory_of(snapshot));
    }

    /// Returns a table of its own that shares the snapshot's blocks.
    pub(crate) fn from_snapshot(snapshot: &TableSnapshot, limits: RowLimits) -> Self {
        let columns = snapshot.columns.iter().map(Column::from_snapshot).collect();
        let rows = Rows::from_snapshot(&snapshot.rows, &snapshot.rows_changed, limits);
        Self::of(columns, rows)
    }

    /// Notes whether a column tracks its changes.
    pub(crate) fn update_tracked(&mut self) {
        self.is_tracked = self.columns.iter().any(|column| column.marks.is_some());
    }

    /// Makes room for this many more living rows, so that spawning them does not allocate.
    pub(crate) fn try_reserve(
        &mut self,
        additional: usize,
    ) -> Result<(), std::collections::TryReserveError> {
        // Free rows between living ones are used first, but their blocks may have been released.
        let new = additional.saturating_sub(self.rows.hole_count());
        let rows = self.rows.used() + new;
        // An allocator may promise more small blocks than it has. One request for all of them at
        // once fails before any block is allocated.
        let row_bytes: usize = self.columns.iter().map(Column::row_bytes).sum();
        Vec::<u8>::new().try_reserve_exact(new.saturating_mul(row_bytes))?;
        self.rows.try_reserve(rows)?;
        self.columns.iter_mut().try_for_each(|column| column.try_reserve(0..rows))
    }

    /// Makes room for the next objects of a batch: `written` were written, and at least `left` follow.
    ///
    /// The blocks of a column then lie next to one another, and a loop over them reads memory as it would read an
    /// array. Without this, blocks of all columns take turns: the user's own loop over a million objects takes 1.2x.
    #[inline]
    pub(crate) fn reserve_for_batch(&mut self, written: usize, left: usize) {
        if written.is_multiple_of(ROWS_AHEAD) && left >= BLOCK_ROWS {
            self.reserve_fresh(written + left.min(ROWS_AHEAD));
        }
    }

    /// Makes room for this many objects in rows that were never used, after those in free rows.
    #[cold]
    fn reserve_fresh(&mut self, objects: usize) {
        let used = self.rows.used();
        let fresh = objects.saturating_sub(self.rows.hole_count()).min(self.rows.fresh().len());
        if fresh > 0 {
            self.columns.iter_mut().for_each(|column| column.reserve(used..used + fresh));
        }
    }

    /// Copies the values of a written row to a free row.
    pub(crate) fn copy_row(&mut self, from: u32, to: u32) {
        self.columns.iter_mut().for_each(|column| column.copy_row(from, to));
    }

    /// Releases blocks without living rows, and room that was reserved for growth.
    pub(crate) fn release_memory(&mut self) {
        let blocks = self.rows.blocks();
        let mut last = 0;
        for block in 0..blocks {
            if self.rows.living_in(block) == 0 {
                self.columns.iter_mut().for_each(|column| column.release(block));
            } else {
                last = block * BLOCK_ROWS + self.rows.used_in(block);
            }
        }
        self.columns.iter_mut().for_each(|column| column.shrink(last));
        self.rows.shrink();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Cells;
    use crate::storage::column::KindTag;

    /// Returns a table of 5000 used rows, 2000 of which are dead.
    fn table(last_generation: u16) -> Table {
        let column = Column::new(Cells::new::<u32>(1), KindTag(0), true);
        let mut table = Table::new(vec![column], RowLimits { rows: u32::MAX, last_generation });
        table.rows.occupy_fresh(5000);
        (1000..3000).for_each(|row| table.rows.vacate(row));
        table
    }

    #[test]
    fn a_table_is_unused_from_a_snapshot_to_its_first_row() {
        let mut table = Table::new(Vec::new(), RowLimits { rows: 1, last_generation: 1 });
        assert!(!table.is_unused());
        table.end_epoch(Epoch::START);
        table.snapshot();
        assert!(table.is_unused());
        table.rows.occupy_fresh(1);
        assert!(!table.is_unused());
    }

    #[test]
    fn a_reservation_counts_free_rows_but_not_retired_ones() {
        for (last_generation, additional, rows) in
            [(3, 3000, 6000), (3, 2000, 5000), (3, 0, 5000), (1, 3000, 8000), (1, 0, 5000)]
        {
            let mut table = table(last_generation);
            assert_eq!(table.try_reserve(additional), Ok(()));
            assert_eq!(table.rows.generations.capacity(), rows);
            let (bytes, column) = (rows * table.columns[0].row_bytes(), &table.columns[0]);
            // The lists of blocks take some bytes too.
            assert!((bytes..bytes + 1000).contains(&column.heap_bytes()), "{additional} more");
        }
    }
    #[test]
    fn a_large_batch_makes_room_for_its_unused_rows_and_no_more() {
        for (written, left, rows) in [
            (0, BLOCK_ROWS - 1, 0),
            (0, 2 * BLOCK_ROWS, 3000 + 2 * BLOCK_ROWS),
            (0, usize::MAX, 3000 + ROWS_AHEAD),
            (1, usize::MAX, 0),
            (ROWS_AHEAD, usize::MAX, 3000 + 2 * ROWS_AHEAD),
        ] {
            let mut table = table(3);
            table.reserve_for_batch(written, left);
            let (bytes, column) = (rows * table.columns[0].row_bytes(), &table.columns[0]);
            // The lists of blocks take less than a byte for each 100 rows.
            let most = bytes + bytes / 100;
            assert!((bytes..=most).contains(&column.heap_bytes()), "{left} after {written}");
        }
        let mut full = table(3);
        full.rows.limits.rows = 6000;
        full.reserve_for_batch(0, usize::MAX);
        assert!(full.columns[0].heap_bytes() < 7000 * full.columns[0].row_bytes());
    }
}
