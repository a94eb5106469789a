//! The columns of one schema and their rows.

use crate::storage::{Column, RowLimits, Rows};

/// The columns of one schema and their rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Rows,
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>, limits: RowLimits) -> Self {
        Self { columns, rows: Rows::new(limits) }
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
