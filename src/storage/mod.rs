//! Where values live: columns in blocks, the rows of a table, interned texts. Knows no names.

mod block;
mod blocks;
mod cell_of_align;
mod cells;
mod column;
mod frozen_rows;
mod row_set;
mod rows;
mod table;
mod text_pool;

pub(crate) use block::{Block, BlocksMut};
pub use blocks::BLOCK_ROWS;
pub(crate) use blocks::{Blocks, CellValue, row_of};
pub use cell_of_align::{Align, CellOfAlign};
pub use cells::Cell;
pub(crate) use cells::private::Sealed as CellColumn;
pub(crate) use cells::{Cells, FrozenCells};
pub(crate) use column::{Column, FrozenColumn, KindTag};
pub(crate) use frozen_rows::FrozenRows;
pub(crate) use rows::{RowLimits, Rows, Span, next_run};
pub(crate) use table::{FrozenTable, Table};
pub(crate) use text_pool::TextPool;
