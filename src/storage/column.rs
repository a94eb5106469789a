//! One slot's values, and whether they are set.

use std::collections::HashSet;

use crate::epoch::Epoch;
use crate::pool::ThreadPool;
use crate::storage::block::{FrozenBlocks, Stamps, frozen_bytes};
use crate::storage::{Blocks, Cells, FrozenCells};

/// Tells columns apart whose cells are the same: those of two enums, or of two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindTag(pub(crate) u32);

/// All values of one slot, and for an optional slot which of them are set.
#[derive(Clone, Debug)]
pub struct Column {
    pub(crate) cells: Cells,
    pub(crate) tag: KindTag,
    /// One `bool` a row, where the slot is optional. An unset row's cells hold the filler.
    pub(crate) set: Option<Blocks<bool>>,
}

/// A column as a snapshot has it.
#[derive(Clone, Debug)]
pub(crate) struct FrozenColumn {
    pub(crate) cells: FrozenCells,
    pub(crate) set: Option<FrozenBlocks<bool>>,
    cells_written: Stamps,
    set_written: Stamps,
}

impl FrozenColumn {
    /// Bytes of the blocks that are not in `seen` yet, which is given them.
    pub(super) fn count_shared(&self, seen: &mut HashSet<usize>) -> usize {
        let set = self.set.as_ref().map_or(0, |set| frozen_bytes(set, seen));
        self.cells.count_shared(seen) + set
    }
}

impl Column {
    /// Adds the blocks that are shared with snapshots to `seen`.
    pub(super) fn count_shared(&self, seen: &mut HashSet<usize>) {
        self.cells.list_shared(seen);
        if let Some(set) = &self.set {
            set.list_shared(seen);
        }
    }

    pub(crate) fn new(cells: Cells, tag: KindTag, optional: bool) -> Self {
        Self { cells, tag, set: optional.then(|| Blocks::new(1)) }
    }

    /// Ends an epoch, and tells whether anything was written in it.
    pub(super) fn seal(&mut self, epoch: Epoch) -> bool {
        let is_set_written = self.set.as_mut().is_some_and(|set| set.seal(epoch));
        self.cells.seal(epoch) | is_set_written
    }

    /// Whether a value of the block was written in this epoch or later.
    pub(crate) fn is_written_since(&self, block: usize, epoch: Epoch) -> bool {
        self.cells.is_written_since(block, epoch)
            || self.set.as_ref().is_some_and(|set| set.is_written_since(block, epoch))
    }

    /// Makes blocks owned that are about to be written to, on all of the pool's threads.
    pub(crate) fn unshare(&mut self, is_written: impl Fn(usize) -> bool, pool: &impl ThreadPool) {
        if let Some(set) = &mut self.set {
            set.unshare(&is_written, pool);
        }
        self.cells.unshare(is_written, pool);
    }

    pub(super) fn freeze(&mut self) -> FrozenColumn {
        FrozenColumn {
            cells: self.cells.freeze(),
            set: self.set.as_mut().map(Blocks::freeze),
            cells_written: self.cells.written(),
            set_written: self.set.as_ref().map(Blocks::written).unwrap_or_default(),
        }
    }

    pub(super) fn restore(&mut self, frozen: &FrozenColumn, epoch: Epoch) {
        self.cells.restore(&frozen.cells, epoch);
        if let (Some(set), Some(frozen)) = (&mut self.set, &frozen.set) {
            set.restore(frozen, epoch);
        }
    }

    /// Keeps the memory of blocks that only this snapshot had, for the next copies.
    pub(super) fn recycle(&mut self, frozen: FrozenColumn) {
        self.cells.recycle(frozen.cells);
        if let (Some(set), Some(frozen)) = (&mut self.set, frozen.set) {
            set.recycle(frozen);
        }
    }

    /// A column of its own, of the same kind, as a snapshot has it.
    pub(super) fn thaw(&self, frozen: &FrozenColumn) -> Self {
        let set = frozen.set.as_ref().map(|set| Blocks::thaw(set, &frozen.set_written));
        Self { cells: Cells::thaw(&frozen.cells, &frozen.cells_written), tag: self.tag, set }
    }

    /// Counts as written in this epoch, in all blocks.
    pub(crate) fn touch(&mut self, epoch: Epoch) {
        self.cells.touch(epoch);
        if let Some(set) = &mut self.set {
            set.touch(epoch);
        }
    }

    /// Writes to the first rows of a block what the other column has in its first row.
    pub(crate) fn fill_block(&mut self, block: usize, rows: usize, pattern: &Self) {
        self.cells.fill_block(block, rows, &pattern.cells);
        if let (Some(set), Some(pattern)) = (&mut self.set, &pattern.set) {
            set.fill_block(block, rows, pattern.row(0).unwrap_or(&[false]));
        }
    }

    /// Writes to a row what stands where no value is.
    pub(crate) fn fill(&mut self, row: u32) {
        self.cells.fill(row);
        if let Some(set) = &mut self.set {
            set.put(row, &[false]);
        }
    }

    pub(super) fn try_reserve(
        &mut self,
        rows: usize,
    ) -> Result<(), std::collections::TryReserveError> {
        self.cells.try_reserve(rows)?;
        self.set.as_mut().map_or(Ok(()), |set| set.try_reserve(rows))
    }

    pub(super) fn release(&mut self, block: usize) {
        self.cells.release(block);
        if let Some(set) = &mut self.set {
            set.release(block);
        }
    }

    pub(super) fn shrink(&mut self, rows: usize) {
        self.cells.shrink(rows);
        if let Some(set) = &mut self.set {
            set.shrink(rows);
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.heap_bytes() + self.set.as_ref().map_or(0, Blocks::heap_bytes)
    }

    /// Bytes of one row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.cells.row_bytes() + usize::from(self.set.is_some())
    }
}
