//! All values of one slot, in blocks of rows.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Weak};

use crate::epoch::Epoch;
use crate::pool::ThreadPool;
use crate::storage::Span;
use crate::storage::block::{Block, BlockList, BlocksMut, BlocksSnapshot, Sharing, Stamps};

/// The number of rows in a block. `ARCHITECTURE.md` explains the choice.
pub const BLOCK_ROWS: usize = 8192;

/// A value that consists of the cells of one row.
pub(crate) trait CellValue<C>: Sized {
    /// Returns the cells.
    fn cells(&self) -> &[C];
    /// Appends the values to a block.
    fn append(block: &mut Vec<C>, values: impl Iterator<Item = Self>);
    /// Overwrites cells with the values.
    fn overwrite(cells: &mut [C], values: impl Iterator<Item = Self>);
    /// Overwrites these rows of a block with the values.
    fn scatter(cells: &mut [C], rows: &[u16], values: impl Iterator<Item = Self>);
}

/// The cells of one column in blocks of [`BLOCK_ROWS`] rows, `width` cells per row.
///
/// A block holds its rows up to the highest one that was written since the block was last released.
/// Memory beyond that row is reserved, but not initialised.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<C> {
    blocks: Vec<Block<C>>,
    width: usize,
    /// `None` until the first epoch ends.
    sharing: Option<Box<Sharing<C>>>,
}

impl<C: Copy> Blocks<C> {
    pub(crate) const fn new(width: usize) -> Self {
        assert!(width > 0, "a value has cells");
        Self { blocks: Vec::new(), width, sharing: None }
    }

    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    pub(crate) fn blocks(&self) -> &[Block<C>] {
        &self.blocks
    }

    #[inline(always)]
    pub(crate) fn blocks_mut(&mut self) -> BlocksMut<'_, C> {
        BlocksMut { blocks: &mut self.blocks, sharing: self.sharing.as_deref() }
    }

    /// Returns the cells of a row, or `None` if the row was never written.
    #[inline(always)]
    pub(crate) fn row(&self, row: u32) -> Option<&[C]> {
        self.row_of_width(row, self.width)
    }

    /// Returns the cells of a row, for callers whose type determines the width.
    #[inline(always)]
    pub(crate) fn row_of_width(&self, row: u32, width: usize) -> Option<&[C]> {
        debug_assert_eq!(width, self.width, "a column has the width of its values");
        row_of(self.blocks.get(row as usize / BLOCK_ROWS)?.cells(), row, width)
    }

    /// Returns the cells of a row to write to, or `None` if the row was never written.
    #[inline(always)]
    pub(crate) fn row_of_width_mut(&mut self, row: u32, width: usize) -> Option<&mut [C]> {
        debug_assert_eq!(width, self.width, "a column has the width of its values");
        let start = row as usize % BLOCK_ROWS * width;
        let block = self.blocks.get_mut(row as usize / BLOCK_ROWS)?;
        block.cells_mut(self.sharing.as_deref()).get_mut(start..start + width)
    }

    /// Writes one value to each row of the span.
    #[inline]
    pub(crate) fn write<V: CellValue<C>>(
        &mut self,
        span: Span<'_>,
        values: impl Iterator<Item = V>,
    ) {
        let width = self.width;
        let block = self.block_for(span);
        match span {
            Span::Run { first, count, .. } => {
                let (start, end) = (first as usize * width, span.end() * width);
                if block.len() == start {
                    V::append(block, values);
                } else if end <= block.len() {
                    V::overwrite(&mut block[start..end], values);
                } else {
                    let starts = (start..end).step_by(width);
                    starts.zip(values).for_each(|(start, value)| put(block, start, value.cells()));
                    debug_assert_eq!(block.len(), end, "{count} values were written");
                }
            }
            Span::Scattered { offsets, .. } if span.end() * width <= block.len() => {
                V::scatter(block, offsets, values);
            }
            Span::Scattered { offsets, .. } => {
                for (offset, value) in offsets.iter().zip(values) {
                    put(block, usize::from(*offset) * width, value.cells());
                }
            }
        }
    }

    /// Writes the cells of one row.
    #[inline(always)]
    pub(crate) fn put(&mut self, row: u32, cells: &[C]) {
        let (number, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let start = offset * cells.len();
        if let Some(block) = self.blocks.get_mut(number) {
            let block = block.cells_mut(self.sharing.as_deref());
            if block.len() == start && block.capacity() - block.len() >= cells.len() {
                return push(block, cells);
            }
            if let Some(old) = block.get_mut(start..start + cells.len()) {
                return old.copy_from_slice(cells);
            }
        }
        self.put_in_new_room(number, offset, cells);
    }

    #[cold]
    #[inline(never)]
    fn put_in_new_room(&mut self, block: usize, offset: usize, cells: &[C]) {
        let block = self.block_for(Span::Run { block, first: offset as u16, count: 1 });
        put(block, offset * cells.len(), cells);
    }

    /// Writes the cells of consecutive rows of one block.
    pub(crate) fn put_rows(&mut self, row: u32, cells: &[C]) {
        let (number, first) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let (width, count) = (self.width, cells.len() / self.width);
        debug_assert!(first + count <= BLOCK_ROWS, "the rows are in one block");
        let span = Span::Run { block: number, first: first as u16, count: count as u16 };
        let (block, start) = (self.block_for(span), first * width);
        // Rows in between are dead. Their cells are never read.
        while block.len() < start {
            block.extend_from_slice(&cells[..width]);
        }
        let (old, new) = cells.split_at(cells.len().min(block.len() - start));
        block[start..start + old.len()].copy_from_slice(old);
        block.extend_from_slice(new);
    }

    /// Writes the same cells to the first rows of a block.
    pub(crate) fn fill_block(&mut self, block: usize, rows: usize, cells: &[C]) {
        let block = self.block_for(Span::Run { block, first: 0, count: rows as u16 });
        block.clear();
        (0..rows).for_each(|_| push(block, cells));
    }

    /// Puts a block behind those that the column has.
    pub(crate) fn push_block(&mut self, cells: Vec<C>) {
        self.blocks.push(Block::Owned(cells));
    }

    /// Returns the block of the span, with room for the span.
    #[inline]
    fn block_for(&mut self, span: Span<'_>) -> &mut Vec<C> {
        let number = span.block();
        if number >= self.blocks.len() {
            self.blocks.resize_with(number + 1, || Block::Owned(Vec::new()));
        }
        let block = self.blocks[number].cells_mut(self.sharing.as_deref());
        let needed = span.end() * self.width;
        if block.capacity() < needed {
            grow(block, number, needed, self.width);
        }
        block
    }

    /// Makes room for these rows and for no others. Ignores a failed allocation: the write tries again.
    pub(crate) fn reserve(&mut self, rows: Range<usize>) {
        let _ = self.try_reserve(rows);
    }

    /// Makes room for these rows, as far as memory allows.
    pub(super) fn try_reserve(
        &mut self,
        rows: Range<usize>,
    ) -> Result<(), std::collections::TryReserveError> {
        let blocks = rows.end.div_ceil(BLOCK_ROWS);
        self.blocks.try_reserve(blocks.saturating_sub(self.blocks.len()))?;
        for number in rows.start / BLOCK_ROWS..blocks {
            if number >= self.blocks.len() {
                self.blocks.resize_with(number + 1, || Block::Owned(Vec::new()));
            }
            let rows = (rows.end - number * BLOCK_ROWS).min(BLOCK_ROWS);
            let block = &mut self.blocks[number];
            if block.capacity() < rows * self.width {
                let block = block.cells_mut(self.sharing.as_deref());
                block.try_reserve_exact(rows * self.width - block.len())?;
            }
        }
        Ok(())
    }

    /// Releases the memory of a block, whose rows must be dead.
    pub(crate) fn release(&mut self, block: usize) {
        if let Some(block) = self.blocks.get_mut(block) {
            *block = Block::Owned(Vec::new());
        }
    }

    /// Releases all blocks and spare capacity after the first `rows` rows.
    pub(super) fn shrink(&mut self, rows: usize) {
        self.blocks.truncate(rows.div_ceil(BLOCK_ROWS));
        self.blocks.shrink_to_fit();
        if let [Block::Owned(only)] = &mut *self.blocks {
            only.shrink_to_fit();
        }
        if let Some(sharing) = &mut self.sharing {
            sharing.shrink(self.blocks.len());
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let cells: usize = self.blocks.iter().map(Block::capacity).sum();
        cells * size_of::<C>()
            + self.blocks.capacity() * size_of::<Block<C>>()
            + self.sharing.as_ref().map_or(0, |sharing| sharing.heap_bytes())
    }
}

/// Sharing blocks with snapshots.
impl<C: Copy> Blocks<C> {
    /// Ends an epoch by sharing all blocks. Returns `true` if any block was written to in this epoch.
    pub(super) fn end_epoch(&mut self, epoch: Epoch) -> bool {
        let sharing = self.sharing.get_or_insert_default();
        if sharing.written.len() != self.blocks.len() {
            Arc::make_mut(&mut sharing.written).resize(self.blocks.len(), epoch);
        }
        let mut any = false;
        for (number, block) in self.blocks.iter_mut().enumerate() {
            if block.is_owned() {
                block.share();
                Arc::make_mut(&mut sharing.written)[number] = epoch;
                any = true;
            }
        }
        if any {
            sharing.snapshot = Weak::new();
        }
        any
    }

    /// Marks all blocks as written in this epoch.
    pub(super) fn touch(&mut self, epoch: Epoch) {
        if let Some(sharing) = &mut self.sharing {
            Arc::make_mut(&mut sharing.written).fill(epoch);
        }
    }

    /// Returns `true` if a value of the block was written in this epoch or later.
    pub(crate) fn is_written_since(&self, block: usize, epoch: Epoch) -> bool {
        let written = self.sharing.as_ref().and_then(|sharing| sharing.written.get(block));
        self.blocks.get(block).is_some_and(Block::is_owned)
            || written.is_some_and(|written| *written >= epoch)
    }

    /// Returns the epoch in which a value of the block was last written.
    pub(super) fn last_written(&self, block: usize, epoch: Epoch) -> Epoch {
        if self.blocks.get(block).is_some_and(Block::is_owned) {
            return epoch;
        }
        let written = self.sharing.as_ref().and_then(|sharing| sharing.written.get(block));
        written.copied().unwrap_or_default()
    }

    /// Makes the blocks owned for which `is_written` returns `true`, on all threads of the pool.
    pub(super) fn unshare(&mut self, is_written: impl Fn(usize) -> bool, pool: &impl ThreadPool)
    where
        C: Send + Sync + 'static,
    {
        if let Some(sharing) = &self.sharing {
            let blocks = self.blocks.iter_mut().enumerate();
            let written = blocks.filter(|(number, _)| is_written(*number));
            sharing.unshare(written.map(|(_, block)| block), pool);
        }
    }

    /// Takes a snapshot of the blocks, whose epoch must have ended. Computes in **O(1)** time if the last
    /// snapshot has the same blocks and is still alive.
    pub(super) fn snapshot(&mut self) -> BlocksSnapshot<C> {
        let sharing = self.sharing.get_or_insert_default();
        if let Some(snapshot) = sharing.snapshot.upgrade() {
            return snapshot;
        }
        debug_assert!(
            !self.blocks.iter().any(Block::is_owned),
            "the epoch of the blocks has ended"
        );
        let blocks = self.blocks.iter_mut().filter_map(Block::share).map(Arc::clone);
        let snapshot = Arc::new(BlockList { blocks: blocks.collect(), width: self.width });
        sharing.snapshot = Arc::downgrade(&snapshot);
        snapshot
    }

    /// Goes back to a snapshot. Blocks that differ count as written in this epoch.
    pub(super) fn restore(&mut self, snapshot: &BlocksSnapshot<C>, epoch: Epoch) {
        let past = &*snapshot.blocks;
        let sharing = self.sharing.get_or_insert_default();
        for dropped in self.blocks.drain(past.len().min(self.blocks.len())..) {
            if let Block::Owned(cells) = dropped {
                sharing.keep(cells);
            }
        }
        Arc::make_mut(&mut sharing.written).resize(past.len(), epoch);
        let (common, new) = past.split_at(self.blocks.len());
        for (number, (block, past)) in self.blocks.iter_mut().zip(common).enumerate() {
            if matches!(block, Block::Shared(cells) if Arc::ptr_eq(cells, past)) {
                continue;
            }
            Arc::make_mut(&mut sharing.written)[number] = epoch;
            if let Block::Owned(cells) = std::mem::replace(block, Block::Shared(Arc::clone(past))) {
                sharing.keep(cells);
            }
        }
        self.blocks.extend(new.iter().map(|block| Block::Shared(Arc::clone(block))));
        sharing.snapshot = Arc::downgrade(snapshot);
    }

    /// Returns the epochs in which the blocks were last written to. The current epoch must have ended.
    pub(super) fn written(&self) -> Stamps {
        self.sharing.as_ref().map(|sharing| Arc::clone(&sharing.written)).unwrap_or_default()
    }

    /// Keeps the memory of blocks that only this snapshot had, for the next copies.
    pub(super) fn reuse_memory_of(&mut self, snapshot: BlocksSnapshot<C>) {
        let sharing = self.sharing.get_or_insert_default();
        let blocks = Arc::try_unwrap(snapshot).into_iter().flat_map(|snapshot| snapshot.blocks);
        let unshared = blocks.filter_map(|block| Arc::try_unwrap(block).ok());
        unshared.for_each(|cells| sharing.keep(cells));
    }

    /// Adds the blocks that are shared with snapshots to `seen`.
    pub(super) fn list_shared_blocks(&self, seen: &mut HashSet<usize>) {
        for block in &self.blocks {
            if let Block::Shared(cells) = block {
                seen.insert(Arc::as_ptr(cells).addr());
            }
        }
    }

    /// Returns blocks of their own, shared with the snapshot.
    pub(super) fn from_snapshot(snapshot: &BlocksSnapshot<C>, written: &Stamps) -> Self {
        let blocks: Vec<_> =
            snapshot.blocks.iter().map(|block| Block::Shared(Arc::clone(block))).collect();
        let sharing = || Box::new(Sharing::new(Arc::clone(written)));
        // A snapshot may have many columns without blocks.
        let sharing = (!snapshot.blocks.is_empty()).then(sharing);
        Self { blocks, width: snapshot.width, sharing }
    }
}

#[inline(always)]
pub(crate) fn row_of<C>(block: &[C], row: u32, width: usize) -> Option<&[C]> {
    let start = row as usize % BLOCK_ROWS * width;
    block.get(start..start + width)
}

/// Makes room in a block. A column grows by a quarter, and by one block at most, so that small tables stay
/// small.
#[cold]
fn grow<C>(block: &mut Vec<C>, number: usize, needed: usize, width: usize) {
    let rows = number * BLOCK_ROWS + block.len() / width;
    let room = block.len() + (rows / 4).max(8) * width;
    block.reserve_exact(room.max(needed).min(BLOCK_ROWS * width) - block.len());
}

/// Writes a row's cells into a block that has room for them.
#[inline(always)]
fn put<C: Copy>(block: &mut Vec<C>, start: usize, cells: &[C]) {
    if let Some(old) = block.get_mut(start..start + cells.len()) {
        return old.copy_from_slice(cells);
    }
    // Rows in between are dead: the block was released, or a delta skipped them. Their cells are never read.
    while block.len() < start {
        block.extend_from_slice(cells);
    }
    push(block, cells);
}

#[inline(always)]
fn push<C: Copy>(block: &mut Vec<C>, cells: &[C]) {
    match cells {
        [only] => block.push(*only),
        _ => block.extend_from_slice(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rows that each block has room for.
    fn room(blocks: &Blocks<u16>) -> Vec<usize> {
        blocks.blocks.iter().map(|block| block.capacity() / blocks.width).collect()
    }

    #[test]
    fn a_reservation_makes_room_for_its_rows_and_no_more() {
        for width in [1, 3] {
            let mut blocks = Blocks::<u16>::new(width);
            assert_eq!((blocks.try_reserve(0..0), room(&blocks)), (Ok(()), Vec::new()));
            blocks.put(4, &vec![7; width]);
            assert_eq!(blocks.blocks[0].cells().len(), 5 * width);
            let reserve = |blocks: &mut Blocks<u16>, rows| {
                assert_eq!(blocks.try_reserve(0..rows), Ok(()));
                room(blocks)
            };
            assert_eq!(reserve(&mut blocks, 100), [100]);
            assert_eq!(reserve(&mut blocks, 40), [100], "there is room already");
            assert_eq!(reserve(&mut blocks, BLOCK_ROWS), [BLOCK_ROWS]);
            assert_eq!(reserve(&mut blocks, BLOCK_ROWS + 1), [BLOCK_ROWS, 1]);
            assert_eq!(
                reserve(&mut blocks, 3 * BLOCK_ROWS - 6),
                [BLOCK_ROWS, BLOCK_ROWS, BLOCK_ROWS - 6]
            );
            blocks.release(1);
            assert_eq!(room(&blocks)[1], 0);
            assert_eq!(reserve(&mut blocks, 2 * BLOCK_ROWS)[1], BLOCK_ROWS);
            assert_eq!(blocks.row(4), Some(&*vec![7; width]), "values stay");
        }
    }

    #[test]
    fn a_block_grows_by_a_quarter_and_by_eight_rows_at_least() {
        for width in [1, 3] {
            let mut blocks = Blocks::<u16>::new(width);
            let mut rooms = Vec::new();
            for row in 0..100 {
                blocks.put(row, &vec![7; width]);
                rooms.extend(room(&blocks));
            }
            rooms.dedup();
            assert_eq!(rooms, [8, 16, 24, 32, 40, 50, 62, 77, 96, 120]);
        }
    }

    #[test]
    fn a_reservation_copies_only_shared_blocks_without_room() {
        let mut blocks = Blocks::<u16>::new(1);
        blocks.fill_block(0, 50, &[1]);
        assert_eq!(blocks.try_reserve(0..100), Ok(()));
        blocks.end_epoch(Epoch::START);
        let snapshot = blocks.snapshot();
        assert_eq!(blocks.try_reserve(0..100), Ok(()));
        assert!(!blocks.blocks[0].is_owned(), "it has room for 100 rows");
        assert_eq!(blocks.try_reserve(0..101), Ok(()));
        assert!(blocks.blocks[0].is_owned());
        assert_eq!((room(&blocks), snapshot.blocks[0].capacity()), (vec![101], 100));
    }
}
