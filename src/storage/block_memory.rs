//! New blocks that a file is read into.

use crate::storage::{BLOCK_ROWS, Cell, CellVec, Cells};

/// The memory of a new block of a slot in which any bytes are values, so that a file can be read into it.
///
/// [`TableFill::memory`](crate::raw::TableFill::memory) returns it, and
/// [`TableFill::block`](crate::raw::TableFill::block) takes it.
#[derive(Debug)]
pub struct BlockMemory {
    cells: CellVec,
    /// The cells of a row.
    width: usize,
}

impl BlockMemory {
    /// Returns the bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.cells.cell().bytes() * self.width
    }

    /// Returns zeroed memory for the rows of a block, if any bytes are values of the column.
    pub(crate) fn new(column: &Cells, rows: usize) -> Option<Self> {
        let width = column.width();
        let cells = CellVec::zeroed(column.cell(), rows.min(BLOCK_ROWS) * width)?;
        Some(Self { cells, width })
    }

    /// Returns the zeroed memory of another block of the same slot, of [`BLOCK_ROWS`] rows at most.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # let mut store = Store::new();
    /// # let tile = store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// let table = store.fill_table(tile)?;
    /// let block = table.memory(0, 8192).ok_or("heights cannot take any bytes")?;
    /// assert_eq!(block.for_rows(10).bytes().len(), 40);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_rows(&self, rows: usize) -> Self {
        let cells = CellVec::zeroed(self.cells.cell(), rows.min(BLOCK_ROWS) * self.width);
        let cells = cells.expect("its own cells were made so");
        Self { cells, width: self.width }
    }

    /// Returns the memory.
    ///
    /// [`TableFill::memory`](crate::raw::TableFill::memory) has an example.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.cells.as_bytes()
    }

    /// Returns the memory for writing.
    ///
    /// [`TableFill::memory`](crate::raw::TableFill::memory) has an example.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.cells.as_bytes_mut().unwrap_or_default()
    }

    /// Returns the cells, if they are of this type.
    pub(crate) fn into_cells<C: Cell>(mut self) -> Option<Vec<C>> {
        (self.cells.cell() == C::TYPE).then(|| std::mem::take(C::vec_mut(&mut self.cells)))
    }
}
