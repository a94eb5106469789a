//! One slot's values, and whether they are set.

use crate::storage::{Blocks, Cells};

/// Tells columns of different kinds apart whose cells are the same, as those of two enums are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindTag(pub(crate) u32);

/// All values of one slot, and for an optional slot which of them are set.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) cells: Cells,
    pub(crate) tag: KindTag,
    /// One `bool` a row, where the slot is optional. An unset row's cells hold the filler.
    pub(crate) set: Option<Blocks<bool>>,
}

impl Column {
    pub(crate) fn new(cells: Cells, tag: KindTag, optional: bool) -> Self {
        Self { cells, tag, set: optional.then(|| Blocks::new(1)) }
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
