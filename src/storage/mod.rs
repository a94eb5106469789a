//! The storage of values: columns in blocks, the rows of a table, interned texts and lists. Storage knows no
//! names.

mod block;
mod block_bytes;
mod block_memory;
mod blocks;
mod cell_bits;
mod cell_of_align;
mod cells;
mod column;
mod interner;
mod marks;
mod row_set;
mod rows;
mod rows_snapshot;
mod table;

pub(crate) use block::{Block, BlocksMut, BlocksSnapshot};
pub use block_bytes::BlockBytes;
pub use block_memory::BlockMemory;
pub use blocks::BLOCK_ROWS;
pub(crate) use blocks::{Blocks, CellValue, row_of};
pub(crate) use cell_bits::{CellBits, Names, Translate, hash_text, step};
pub use cell_of_align::{Align, CellOfAlign};
pub use cells::Cell;
pub(crate) use cells::private::Sealed as CellColumn;
pub(crate) use cells::{
    CellVec, CellVecVisitor, Cells, CellsSnapshot, CellsVisitor, CellsVisitorMut,
    SnapshotPairVisitor, SnapshotVisitor,
};
pub use column::Column;
pub(crate) use column::{ColumnSnapshot, KindTag};
pub(crate) use interner::{ElementShape, Interned, Interner, ListPool, TextPool, hash_list};
pub(crate) use marks::{Marks, MarksMut, RowMark, RowMarks, RowMarksIter, Written};
pub use rows::Rows;
pub(crate) use rows::{
    BLOCK_WORDS, RowLimits, Span, block_of_words, end_of, is_ragged, next_run, offsets, ones,
};
pub(crate) use rows_snapshot::{RowBlock, RowsSnapshot};
pub(crate) use table::{BlockHashes, SlotSeed, Table, TableSnapshot, mark_span};
