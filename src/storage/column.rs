//! The values of one slot, set or unset.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::pool::ThreadPool;
use crate::storage::block::{BlocksSnapshot, Stamps, snapshot_bytes};
use crate::storage::{BLOCK_ROWS, Blocks, Cells, CellsSnapshot, Marks, Rows, Written};

/// Distinguishes columns with the same type of cells, for example those of two enums or two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindTag(pub(crate) u32);

/// All values of one slot. For an optional slot, also a flag for each value that is set.
#[derive(Clone, Debug)]
pub struct Column {
    pub(crate) cells: Cells,
    pub(crate) tag: KindTag,
    /// One `bool` per row if the slot is optional. The cells of an unset row hold the filler.
    pub(crate) set: Option<Blocks<bool>>,
    /// The epochs of the last writes to each row, if the column tracks its changes.
    pub(crate) marks: Option<Box<Marks>>,
}

/// A column as a snapshot has it.
#[derive(Clone, Debug)]
pub(crate) struct ColumnSnapshot {
    pub(crate) cells: CellsSnapshot,
    pub(crate) set: Option<BlocksSnapshot<bool>>,
    tag: KindTag,
    cells_written: Stamps,
    set_written: Option<Stamps>,
    marks: Option<Box<Marks>>,
}

impl ColumnSnapshot {
    /// Returns the rows of a block that were written in this epoch or later, as far as the column knows.
    pub(crate) fn written_since(&self, block: usize, epoch: Epoch) -> Written<'_> {
        self.marks.as_ref().map_or(Written::All, |marks| marks.written_since(block, epoch))
    }

    /// Returns `true` if both share their blocks and the epochs of their writes. Marks also depend on the epoch, so
    /// columns with marks differ.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.tag == other.tag
            && self.marks.is_none()
            && other.marks.is_none()
            && self.cells.is_same(&other.cells)
            && Arc::ptr_eq(&self.cells_written, &other.cells_written)
            && are_same(self.set.as_ref(), other.set.as_ref())
            && are_same(self.set_written.as_ref(), other.set_written.as_ref())
    }

    /// Returns the last epoch in which a value was written.
    pub(super) fn last_written(&self) -> Epoch {
        let set = self.set_written.iter().flat_map(|written| written.iter());
        self.cells_written.iter().chain(set).copied().max().unwrap_or_default()
    }

    /// Returns `true` if the column has no blocks.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.set.as_ref().is_none_or(|set| set.blocks.is_empty())
    }

    /// Returns the bytes of the blocks that are not in `seen` yet, and adds them to it.
    pub(super) fn count_new_blocks(&self, seen: &mut HashSet<usize>) -> usize {
        let set = self.set.as_ref().map_or(0, |set| snapshot_bytes(set, seen));
        let marks = self.marks.as_ref().map_or(0, |marks| marks.count_new_blocks(seen));
        self.cells.count_new_blocks(seen) + set + marks
    }
}

fn are_same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

impl Column {
    /// Adds the blocks that are shared with snapshots to `seen`.
    pub(super) fn list_shared_blocks(&self, seen: &mut HashSet<usize>) {
        self.cells.list_shared_blocks(seen);
        if let Some(set) = &self.set {
            set.list_shared_blocks(seen);
        }
        if let Some(marks) = &self.marks {
            marks.list_shared_blocks(seen);
        }
    }

    pub(crate) fn new(cells: Cells, tag: KindTag, optional: bool) -> Self {
        Self { cells, tag, set: optional.then(|| Blocks::new(1)), marks: None }
    }

    /// Ends an epoch. Returns `true` if anything was written in it.
    pub(super) fn end_epoch(&mut self, epoch: Epoch) -> bool {
        let is_set_written = self.set.as_mut().is_some_and(|set| set.end_epoch(epoch));
        if let Some(marks) = &mut self.marks {
            marks.end_epoch(epoch);
        }
        self.cells.end_epoch(epoch) | is_set_written
    }

    /// Returns `true` if the value of an optional slot is set in a row.
    #[inline]
    pub(crate) fn is_set(&self, row: u32) -> bool {
        self.set.as_ref().and_then(|set| set.row(row)) == Some(&[true])
    }

    /// Returns `true` if a value of the block was written in this epoch or later.
    pub(crate) fn is_written_since(&self, block: usize, epoch: Epoch) -> bool {
        self.cells.is_written_since(block, epoch)
            || self.set.as_ref().is_some_and(|set| set.is_written_since(block, epoch))
    }

    /// Returns `true` if a row of the block was written in this epoch or later, as far as the column knows.
    pub(crate) fn is_changed_since(&self, block: usize, epoch: Epoch) -> bool {
        match &self.marks {
            Some(marks) => marks.has_written_since(block, epoch),
            None => self.is_written_since(block, epoch),
        }
    }

    /// Begins to track changes. Until then each block counts as written when it last was.
    pub(crate) fn track(&mut self, rows: &Rows, epoch: Epoch, is_inherited: bool) {
        if let Some(marks) = &mut self.marks {
            marks.is_inherited |= is_inherited;
            return;
        }
        let written = (0..rows.blocks()).map(|block| {
            let set = self.set.as_ref().map(|set| set.last_written(block, epoch));
            let rows = rows.last_changed(block, epoch);
            self.cells.last_written(block, epoch).max(set.unwrap_or_default()).max(rows)
        });
        self.marks = Some(Box::new(Marks::new(written, epoch, is_inherited)));
    }

    /// Marks a row as written, if the column tracks its changes.
    #[inline(always)]
    pub(crate) fn mark(&mut self, row: u32) {
        if let Some(marks) = &mut self.marks {
            marks.mark(row);
        }
    }

    /// Makes the blocks owned for which `is_written` returns `true`, on all threads of the pool.
    pub(crate) fn unshare(&mut self, is_written: impl Fn(usize) -> bool, pool: &impl ThreadPool) {
        if let Some(set) = &mut self.set {
            set.unshare(&is_written, pool);
        }
        self.cells.unshare(is_written, pool);
    }

    /// Takes a snapshot of the column, whose epoch must have ended.
    pub(super) fn snapshot(&mut self) -> ColumnSnapshot {
        ColumnSnapshot {
            cells: self.cells.snapshot(),
            set: self.set.as_mut().map(Blocks::snapshot),
            tag: self.tag,
            cells_written: self.cells.written(),
            set_written: self.set.as_ref().map(Blocks::written),
            marks: self.marks.clone(),
        }
    }

    /// Goes back to a snapshot, after which the epoch `since` began. Blocks that differ count as written in this epoch.
    pub(super) fn restore(&mut self, snapshot: &ColumnSnapshot, since: Epoch, epoch: Epoch) {
        if let Some(marks) = &mut self.marks {
            marks.mark_since(since);
        }
        self.cells.restore(&snapshot.cells, epoch);
        if let (Some(set), Some(snapshot)) = (&mut self.set, &snapshot.set) {
            set.restore(snapshot, epoch);
        }
    }

    /// Keeps the memory of blocks that only this snapshot had, for the next copies.
    pub(super) fn reuse_memory_of(&mut self, snapshot: ColumnSnapshot) {
        self.cells.reuse_memory_of(snapshot.cells);
        if let (Some(set), Some(snapshot)) = (&mut self.set, snapshot.set) {
            set.reuse_memory_of(snapshot);
        }
    }

    /// Returns a column of its own that shares the snapshot's blocks.
    pub(super) fn from_snapshot(snapshot: &ColumnSnapshot) -> Self {
        let (set, written) = (snapshot.set.as_ref(), snapshot.set_written.as_ref());
        Self {
            cells: Cells::from_snapshot(&snapshot.cells, &snapshot.cells_written),
            tag: snapshot.tag,
            set: set.zip(written).map(|(set, written)| Blocks::from_snapshot(set, written)),
            marks: snapshot.marks.clone(),
        }
    }

    /// Marks all blocks as written in this epoch.
    pub(crate) fn touch(&mut self, epoch: Epoch) {
        self.cells.touch(epoch);
        if let Some(set) = &mut self.set {
            set.touch(epoch);
        }
        if let Some(marks) = &mut self.marks {
            marks.mark_all();
        }
    }

    /// Copies the first row of `pattern` to the first rows of a block.
    pub(crate) fn fill_block(&mut self, block: usize, rows: usize, pattern: &Self) {
        self.cells.fill_block(block, rows, &pattern.cells);
        if let (Some(set), Some(pattern)) = (&mut self.set, &pattern.set) {
            set.fill_block(block, rows, pattern.row(0).unwrap_or(&[false]));
        }
    }

    /// Writes the filler to a row, which is unset then if the slot is optional.
    pub(crate) fn fill(&mut self, row: u32) {
        self.mark(row);
        self.cells.fill(row);
        if let Some(set) = &mut self.set {
            set.put(row, &[false]);
        }
    }

    /// Copies the value of a written row to another row.
    pub(super) fn copy_row(&mut self, from: u32, to: u32) {
        self.mark(to);
        self.cells.copy_row(from, to);
        if let Some(set) = &mut self.set {
            let is_set = set.row(from) == Some(&[true]);
            set.put(to, &[is_set]);
        }
    }

    pub(super) fn try_reserve(
        &mut self,
        rows: Range<usize>,
    ) -> Result<(), std::collections::TryReserveError> {
        self.cells.try_reserve(rows.clone())?;
        self.set.as_mut().map_or(Ok(()), |set| set.try_reserve(rows))
    }

    /// Makes room for these rows and for no others. Ignores a failed allocation: the write tries again.
    pub(crate) fn reserve(&mut self, rows: Range<usize>) {
        let _ = self.try_reserve(rows);
    }

    pub(crate) fn release(&mut self, block: usize) {
        self.cells.release(block);
        if let Some(set) = &mut self.set {
            set.release(block);
        }
        if let Some(marks) = &mut self.marks {
            marks.release(block);
        }
    }

    pub(super) fn shrink(&mut self, rows: usize) {
        self.cells.shrink(rows);
        if let Some(set) = &mut self.set {
            set.shrink(rows);
        }
        if let Some(marks) = &mut self.marks {
            marks.shrink(rows.div_ceil(BLOCK_ROWS));
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let marks = self.marks.as_ref().map_or(0, |marks| marks.heap_bytes());
        self.cells.heap_bytes() + self.set.as_ref().map_or(0, Blocks::heap_bytes) + marks
    }

    /// Returns the bytes of one row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.cells.row_bytes() + usize::from(self.set.is_some())
    }
}
