//! Blocks that a column owns or shares with snapshots.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::epoch::Epoch;
use crate::pool::ThreadPool;

/// The cells of up to [`BLOCK_ROWS`](crate::storage::BLOCK_ROWS) rows of one column.
///
/// A write to an owned block costs one branch more than a write to a `Vec`, and no atomic operation. The
/// first write to a shared block makes it owned. It copies the cells only if a snapshot still has them.
#[derive(Clone, Debug)]
pub enum Block<C> {
    Owned(Vec<C>),
    Shared(Arc<Vec<C>>),
}

/// The blocks of a column in a snapshot.
pub(crate) type BlocksSnapshot<C> = Arc<BlockList<C>>;

#[derive(Debug)]
pub(crate) struct BlockList<C> {
    pub(crate) blocks: Vec<Arc<Vec<C>>>,
    pub(crate) width: usize,
}

/// Returns the bytes of the blocks that are not in `seen` yet, and adds them to it.
pub(super) fn snapshot_bytes<C>(blocks: &BlocksSnapshot<C>, seen: &mut HashSet<usize>) -> usize {
    let new = blocks.blocks.iter().filter(|block| seen.insert(Arc::as_ptr(block).addr()));
    let bytes: usize = new.map(|block| block.capacity() * size_of::<C>()).sum();
    let list = if seen.insert(Arc::as_ptr(blocks).addr()) { blocks.blocks.capacity() } else { 0 };
    bytes + list * size_of::<Arc<Vec<C>>>()
}

/// The epoch of the last write to each block, up to the end of the last epoch. Shared with snapshots.
pub(crate) type Stamps = Arc<Vec<Epoch>>;

/// Bookkeeping of a column whose blocks were shared at least once.
#[derive(Debug)]
pub(super) struct Sharing<C> {
    pub(super) written: Stamps,
    /// The list of blocks in the last snapshot, unless a block was written to since.
    pub(super) snapshot: Weak<BlockList<C>>,
    /// Memory of blocks that are no longer used, for the next copies. The lock lets blocks be borrowed apart from one
    /// another; it is held only to take or return a spare.
    spares: Mutex<Vec<Vec<C>>>,
}

impl<C> Default for Sharing<C> {
    fn default() -> Self {
        Self::new(Stamps::default())
    }
}

/// A clone has no spare blocks: they stay with the original.
impl<C> Clone for Sharing<C> {
    fn clone(&self) -> Self {
        Self { snapshot: Weak::clone(&self.snapshot), ..Self::new(Arc::clone(&self.written)) }
    }
}

impl<C> Sharing<C> {
    pub(super) const fn new(written: Stamps) -> Self {
        Self { written, snapshot: Weak::new(), spares: Mutex::new(Vec::new()) }
    }

    fn spares(&self) -> MutexGuard<'_, Vec<Vec<C>>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Copy> Sharing<C> {
    /// Keeps the memory of a block for a later copy. Keeps at most one spare for each block of the column.
    pub(super) fn keep(&self, mut cells: Vec<C>) {
        let mut spares = self.spares();
        if cells.capacity() > 0 && spares.len() < self.written.len() {
            cells.clear();
            spares.push(cells);
        }
    }

    /// Returns a spare of suitable size for a copy of these cells.
    fn spare(&self, cells: &Vec<C>) -> Option<Vec<C>> {
        // A much larger spare would waste its room in this copy and in each copy of that.
        let room = cells.capacity()..=cells.capacity().saturating_mul(2);
        let mut spares = self.spares();
        let fitting = spares.iter().rposition(|spare| room.contains(&spare.capacity()));
        fitting.map(|position| spares.swap_remove(position))
    }

    /// Makes blocks owned, on all threads of the pool.
    pub(super) fn unshare<'b>(
        &self,
        blocks: impl Iterator<Item = &'b mut Block<C>>,
        pool: &impl ThreadPool,
    ) where
        C: Send + Sync + 'static,
    {
        let with_spare = blocks.filter_map(|block| {
            let Block::Shared(cells) = &*block else { return None };
            let spare = self.spare(cells);
            Some((block, spare))
        });
        let blocks: Vec<_> = with_spare.collect();
        if !blocks.is_empty() {
            let left = pool.map(blocks, |(block, spare)| block.unshare_to(spare));
            self.spares().extend(left.into_iter().flatten());
        }
    }

    /// Forgets all blocks after the first `blocks`, and drops the spares.
    pub(super) fn shrink(&mut self, blocks: usize) {
        *self.spares() = Vec::new();
        self.snapshot = Weak::new();
        Arc::make_mut(&mut self.written).truncate(blocks);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let spares = self.spares();
        let cells: usize = spares.iter().map(Vec::capacity).sum();
        cells * size_of::<C>()
            + spares.capacity() * size_of::<Vec<C>>()
            + self.written.capacity() * size_of::<Epoch>()
    }
}

impl<C> Block<C> {
    #[inline(always)]
    pub(crate) fn cells(&self) -> &[C] {
        match self {
            Self::Owned(cells) => cells,
            Self::Shared(cells) => cells,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Owned(cells) => cells.capacity(),
            Self::Shared(cells) => cells.capacity(),
        }
    }

    pub(super) const fn is_owned(&self) -> bool {
        matches!(self, Self::Owned(_))
    }
}

impl<C: Copy> Block<C> {
    /// Returns the cells to write to.
    #[inline(always)]
    pub(super) fn cells_mut(&mut self, sharing: Option<&Sharing<C>>) -> &mut Vec<C> {
        if let Self::Shared(_) = self {
            self.unshare(sharing);
        }
        match self {
            Self::Owned(cells) => cells,
            Self::Shared(_) => unreachable!("it was unshared"),
        }
    }

    /// Makes the block owned before a write. Copies the cells to the spare if a snapshot has them; otherwise
    /// returns the spare.
    fn unshare_to(&mut self, spare: Option<Vec<C>>) -> Option<Vec<C>> {
        let Self::Shared(shared) = std::mem::replace(self, Self::Owned(Vec::new())) else {
            return spare;
        };
        let (cells, left) = match Arc::try_unwrap(shared) {
            Ok(cells) => (cells, spare),
            Err(shared) => {
                let mut copy = spare.unwrap_or_else(|| Vec::with_capacity(shared.capacity()));
                copy.extend_from_slice(&shared);
                (copy, None)
            }
        };
        *self = Self::Owned(cells);
        left
    }

    #[cold]
    #[inline(never)]
    fn unshare(&mut self, sharing: Option<&Sharing<C>>) {
        let (Self::Shared(cells), Some(sharing)) = (&*self, sharing) else {
            self.unshare_to(None);
            return;
        };
        let spare = sharing.spare(cells);
        let left = self.unshare_to(spare);
        sharing.spares().extend(left);
    }

    /// Makes the block shared, so that snapshots can have it too.
    pub(super) fn share(&mut self) -> Option<&Arc<Vec<C>>> {
        if let Self::Owned(cells) = self {
            *self = Self::Shared(Arc::new(std::mem::take(cells)));
        }
        match self {
            Self::Shared(cells) => Some(cells),
            Self::Owned(_) => None,
        }
    }
}

/// Mutable access to the blocks of a column, one after another or by number.
#[derive(Debug)]
pub struct BlocksMut<'t, C> {
    pub(super) blocks: &'t mut [Block<C>],
    pub(super) sharing: Option<&'t Sharing<C>>,
}

impl<'t, C: Copy> BlocksMut<'t, C> {
    /// Returns the cells of the next block.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<&'t mut [C]> {
        let (block, rest) = std::mem::take(&mut self.blocks).split_first_mut()?;
        self.blocks = rest;
        Some(block.cells_mut(self.sharing))
    }

    /// Takes the next block without writing to it.
    pub(crate) fn take_block(&mut self) -> Self {
        let blocks = std::mem::take(&mut self.blocks);
        let (blocks, rest) = blocks.split_at_mut(blocks.len().min(1));
        self.blocks = rest;
        Self { blocks, sharing: self.sharing }
    }

    /// Skips the next blocks.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: usize) {
        self.blocks = std::mem::take(&mut self.blocks).get_mut(count..).unwrap_or_default();
    }

    /// Returns the cells of one block.
    #[inline(always)]
    pub(crate) fn into_block(self, number: usize) -> Option<&'t mut [C]> {
        Some(self.blocks.get_mut(number)?.cells_mut(self.sharing))
    }

    /// Returns the cells of a block.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut [C]> {
        let block = self.blocks.get_mut(number)?;
        Some(block.cells_mut(self.sharing))
    }

    /// Returns the same blocks for reading.
    #[inline(always)]
    pub(crate) fn as_shared(&self) -> &[Block<C>] {
        self.blocks
    }
}
