//! Enums over all cell types: one for columns, one for the cells of lists.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::id::ObjectId;
use crate::list::ListCell;
use crate::pool::ThreadPool;
use crate::storage::Blocks;
use crate::storage::CellBits;
use crate::storage::block::{BlocksSnapshot, Stamps, snapshot_bytes};
use crate::text::Text;

/// A cell of a column.
///
/// A slot's value is one cell, or several for an array. Enums are `u8` cells; plain-memory types are unsigned
/// integers of their alignment.
pub trait Cell:
    Copy + std::fmt::Debug + Send + Sync + 'static + private::Sealed + CellBits
{
}

pub(crate) mod private {
    use super::*;

    /// Maps each cell type to its variants of the enums below.
    pub trait Sealed: Sized {
        #[doc(hidden)]
        const FILLER: Self;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        const TYPE: CellType;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn blocks(cells: &Cells) -> Option<&Blocks<Self>>;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn blocks_mut(cells: &mut Cells) -> Option<&mut Blocks<Self>>;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn cells(blocks: Blocks<Self>) -> Cells;
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn slice(cells: &CellVec) -> &[Self];
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn vec_mut(cells: &mut CellVec) -> &mut Vec<Self>;
    }
}

macro_rules! cells {
    ($($variant:ident $type:ty = $filler:expr;)*) => {
        /// The blocks of one column. An enum, because a match is faster than the virtual call of a trait object
        /// for single rows.
        #[derive(Clone, Debug)]
        pub(crate) enum Cells { $($variant(Blocks<$type>),)* }

        /// A type of cell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum CellType { $($variant,)* }

        /// Cells of one type, one after another.
        #[derive(Clone, Debug)]
        pub(crate) enum CellVec { $($variant(Vec<$type>),)* }

        impl CellType {
            /// Returns the bytes of one cell.
            pub(super) const fn bytes(self) -> usize {
                match self { $(Self::$variant => size_of::<$type>(),)* }
            }
        }

        impl CellVec {
            pub(crate) const fn new(cell: CellType) -> Self {
                match cell { $(CellType::$variant => Self::$variant(Vec::new()),)* }
            }

            /// Returns this many cells whose memory is zero, if any bytes are cells of the type.
            pub(super) fn zeroed(cell: CellType, count: usize) -> Option<Self> {
                Some(match cell {
                    $(CellType::$variant => Self::$variant(<$type>::zeroed(count)?),)*
                })
            }

            pub(super) fn as_bytes(&self) -> &[u8] {
                match self { $(Self::$variant(cells) => <$type>::as_bytes(cells),)* }
            }

            /// Returns the memory of the cells for writing, if any bytes are cells of the type.
            pub(super) fn as_bytes_mut(&mut self) -> Option<&mut [u8]> {
                match self { $(Self::$variant(cells) => <$type>::as_bytes_mut(cells),)* }
            }

            pub(crate) fn visit<V: CellVecVisitor>(&self, visitor: V) -> V::Output {
                match self { $(Self::$variant(cells) => visitor.visit(cells),)* }
            }

            pub(crate) fn visit_mut<V: CellVecVisitorMut>(&mut self, visitor: V) -> V::Output {
                match self { $(Self::$variant(cells) => visitor.visit(cells),)* }
            }

            pub(crate) fn reserve(&mut self, additional: usize) {
                match self { $(Self::$variant(cells) => cells.reserve(additional),)* }
            }

            pub(super) fn truncate(&mut self, len: usize) {
                match self { $(Self::$variant(cells) => cells.truncate(len),)* }
            }

            pub(super) const fn cell(&self) -> CellType {
                match self { $(Self::$variant(_) => CellType::$variant,)* }
            }

            pub(super) fn shrink(&mut self) {
                match self { $(Self::$variant(cells) => cells.shrink_to_fit(),)* }
            }

            pub(super) fn heap_bytes(&self) -> usize {
                match self { $(Self::$variant(cells) => cells.capacity() * size_of::<$type>(),)* }
            }
        }

        /// The blocks of one column in a snapshot.
        #[derive(Clone, Debug)]
        pub(crate) enum CellsSnapshot { $($variant(BlocksSnapshot<$type>),)* }

        impl CellsSnapshot {
            /// Returns `true` if both share their blocks.
            pub(super) fn is_same(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$variant(blocks), Self::$variant(other)) => Arc::ptr_eq(blocks, other),)*
                    _ => false,
                }
            }

            pub(super) fn is_empty(&self) -> bool {
                match self { $(Self::$variant(blocks) => blocks.blocks.is_empty(),)* }
            }

            pub(crate) const fn texts(&self) -> Option<&BlocksSnapshot<Text>> {
                if let Self::Text(blocks) = self { Some(blocks) } else { None }
            }

            pub(crate) const fn lists(&self) -> Option<&BlocksSnapshot<ListCell>> {
                if let Self::List(blocks) = self { Some(blocks) } else { None }
            }

            pub(crate) fn visit<V: SnapshotVisitor>(&self, visitor: V) -> V::Output {
                match self { $(Self::$variant(blocks) => visitor.visit(blocks),)* }
            }

            /// Calls the visitor with two columns of the same cell type. Returns `None` if the types differ.
            pub(crate) fn visit_both<V: SnapshotPairVisitor>(
                &self,
                other: &Self,
                visitor: V,
            ) -> Option<V::Output> {
                match (self, other) {
                    $((Self::$variant(a), Self::$variant(b)) => Some(visitor.visit(a, b)),)*
                    _ => None,
                }
            }

            pub(super) fn count_new_blocks(&self, seen: &mut HashSet<usize>) -> usize {
                match self { $(Self::$variant(blocks) => snapshot_bytes(blocks, seen),)* }
            }
        }

        impl Cells {
            pub(super) const fn cell(&self) -> CellType {
                match self { $(Self::$variant(_) => CellType::$variant,)* }
            }

            pub(super) fn snapshot(&mut self) -> CellsSnapshot {
                match self { $(Self::$variant(blocks) => CellsSnapshot::$variant(blocks.snapshot()),)* }
            }

            pub(super) fn restore(&mut self, snapshot: &CellsSnapshot, epoch: Epoch) {
                match (self, snapshot) {
                    $((Self::$variant(blocks), CellsSnapshot::$variant(snapshot)) => {
                        blocks.restore(snapshot, epoch);
                    })*
                    _ => unreachable!("a column keeps its kind"),
                }
            }

            pub(super) fn reuse_memory_of(&mut self, snapshot: CellsSnapshot) {
                match (self, snapshot) {
                    $((Self::$variant(blocks), CellsSnapshot::$variant(snapshot)) => {
                        blocks.reuse_memory_of(snapshot);
                    })*
                    _ => unreachable!("a column keeps its kind"),
                }
            }

            /// Fills the first rows of a block with the first row of the pattern.
            pub(super) fn fill_block(&mut self, block: usize, rows: usize, pattern: &Self) {
                match (self, pattern) {
                    $((Self::$variant(blocks), Self::$variant(pattern)) => {
                        let cells = pattern.row(0).expect("the pattern has a row");
                        blocks.fill_block(block, rows, cells);
                    })*
                    _ => unreachable!("a pattern has the column's kind"),
                }
            }

            /// Returns new cells that share the snapshot's blocks.
            pub(super) fn from_snapshot(snapshot: &CellsSnapshot, written: &Stamps) -> Self {
                match snapshot {
                    $(CellsSnapshot::$variant(snapshot) => {
                        Self::$variant(Blocks::from_snapshot(snapshot, written))
                    })*
                }
            }
        }

        $(
            impl Cell for $type {}

            #[allow(private_interfaces)]
            impl private::Sealed for $type {
                const FILLER: Self = $filler;
                const TYPE: CellType = CellType::$variant;

                #[inline(always)]
                fn blocks(cells: &Cells) -> Option<&Blocks<Self>> {
                    if let Cells::$variant(blocks) = cells { Some(blocks) } else { None }
                }

                #[inline(always)]
                fn blocks_mut(cells: &mut Cells) -> Option<&mut Blocks<Self>> {
                    if let Cells::$variant(blocks) = cells { Some(blocks) } else { None }
                }

                fn cells(blocks: Blocks<Self>) -> Cells {
                    Cells::$variant(blocks)
                }

                #[inline(always)]
                fn slice(cells: &CellVec) -> &[Self] {
                    if let CellVec::$variant(cells) = cells { cells } else { &[] }
                }

                fn vec_mut(cells: &mut CellVec) -> &mut Vec<Self> {
                    match cells {
                        CellVec::$variant(cells) => cells,
                        _ => unreachable!("the caller knows the type of the cells"),
                    }
                }
            }
        )*

        /// Runs the body on the blocks of any cell type.
        macro_rules! with_blocks {
            ($cells:expr, $blocks:ident => $body:expr) => {
                match $cells { $(Cells::$variant($blocks) => $body,)* }
            };
        }
    };
}

macro_rules! with_vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        cells! {
            Bool bool = false;
            I8 i8 = 0; I16 i16 = 0; I32 i32 = 0; I64 i64 = 0;
            U8 u8 = 0; U16 u16 = 0; U32 u32 = 0; U64 u64 = 0; U128 u128 = 0;
            F32 f32 = 0.0; F64 f64 = 0.0;
            $($name glam::$name = glam::$name::$filler;)*
            Text Text = Text::EMPTY;
            Object ObjectId = ObjectId::FILLER;
            List ListCell = ListCell::EMPTY;
        }
    };
}
crate::for_each_vector!(with_vectors);

/// A generic function of a column.
pub(crate) trait CellsVisitor {
    type Output;
    fn visit<C: Cell>(self, blocks: &Blocks<C>) -> Self::Output;
}

/// A generic function that changes a column.
pub(crate) trait CellsVisitorMut {
    type Output;
    fn visit<C: Cell>(self, blocks: &mut Blocks<C>) -> Self::Output;
}

/// A generic function of cells.
pub(crate) trait CellVecVisitor {
    type Output;
    fn visit<C: Cell>(self, cells: &[C]) -> Self::Output;
}

/// A generic function that changes cells.
pub(crate) trait CellVecVisitorMut {
    type Output;
    fn visit<C: Cell>(self, cells: &mut Vec<C>) -> Self::Output;
}

/// A generic function of a column in a snapshot.
pub(crate) trait SnapshotVisitor {
    type Output;
    fn visit<C: Cell>(self, blocks: &BlocksSnapshot<C>) -> Self::Output;
}

/// A generic function of the same column in two snapshots.
pub(crate) trait SnapshotPairVisitor {
    type Output;
    fn visit<C: Cell>(self, a: &BlocksSnapshot<C>, b: &BlocksSnapshot<C>) -> Self::Output;
}

impl Cells {
    pub(crate) fn visit<V: CellsVisitor>(&self, visitor: V) -> V::Output {
        with_blocks!(self, blocks => visitor.visit(blocks))
    }

    pub(crate) fn visit_mut<V: CellsVisitorMut>(&mut self, visitor: V) -> V::Output {
        with_blocks!(self, blocks => visitor.visit(blocks))
    }

    /// Returns an empty column with `width` cells for each row.
    pub(crate) fn new<C: Cell>(width: usize) -> Self {
        C::cells(Blocks::new(width))
    }

    pub(super) fn width(&self) -> usize {
        with_blocks!(self, blocks => blocks.width())
    }

    pub(super) fn try_reserve(
        &mut self,
        rows: Range<usize>,
    ) -> Result<(), std::collections::TryReserveError> {
        with_blocks!(self, blocks => blocks.try_reserve(rows))
    }

    pub(super) fn end_epoch(&mut self, epoch: Epoch) -> bool {
        with_blocks!(self, blocks => blocks.end_epoch(epoch))
    }

    pub(super) fn fill(&mut self, row: u32) {
        fn fill<C: Cell>(blocks: &mut Blocks<C>, row: u32) {
            let filler = vec![C::FILLER; blocks.width()];
            blocks.put(row, &filler);
        }
        with_blocks!(self, blocks => fill(blocks, row));
    }

    /// Copies the cells of a written row to another row.
    pub(super) fn copy_row(&mut self, from: u32, to: u32) {
        fn copy<C: Cell>(blocks: &mut Blocks<C>, from: u32, to: u32) {
            let cells = blocks.row(from).expect("a living row has values").to_vec();
            blocks.put(to, &cells);
        }
        with_blocks!(self, blocks => copy(blocks, from, to));
    }

    pub(super) fn list_shared_blocks(&self, seen: &mut HashSet<usize>) {
        with_blocks!(self, blocks => blocks.list_shared_blocks(seen));
    }

    pub(super) fn unshare(&mut self, is_written: impl Fn(usize) -> bool, pool: &impl ThreadPool) {
        with_blocks!(self, blocks => blocks.unshare(is_written, pool));
    }

    pub(super) fn written(&self) -> Stamps {
        with_blocks!(self, blocks => blocks.written())
    }

    pub(super) fn touch(&mut self, epoch: Epoch) {
        with_blocks!(self, blocks => blocks.touch(epoch));
    }

    pub(super) fn is_written_since(&self, block: usize, epoch: Epoch) -> bool {
        with_blocks!(self, blocks => blocks.is_written_since(block, epoch))
    }

    pub(super) fn last_written(&self, block: usize, epoch: Epoch) -> Epoch {
        with_blocks!(self, blocks => blocks.last_written(block, epoch))
    }

    pub(super) fn release(&mut self, block: usize) {
        with_blocks!(self, blocks => blocks.release(block));
    }

    pub(super) fn shrink(&mut self, rows: usize) {
        with_blocks!(self, blocks => blocks.shrink(rows));
    }

    pub(super) fn heap_bytes(&self) -> usize {
        with_blocks!(self, blocks => blocks.heap_bytes())
    }

    /// Returns the bytes of one row.
    pub(crate) fn row_bytes(&self) -> usize {
        fn bytes<C: Copy>(blocks: &Blocks<C>) -> usize {
            blocks.width() * size_of::<C>()
        }
        with_blocks!(self, blocks => bytes(blocks))
    }
}
