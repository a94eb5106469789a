//! Blocks that a column owns or shares with snapshots.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::epoch::Epoch;
use crate::pool::ThreadPool;

/// Some rows' cells of one column.
///
/// A block that is owned is written to as any `Vec` is: whether it is shared is one branch, without
/// an atomic operation. The first write to a shared block copies it, unless no snapshot has it any
/// more.
#[derive(Clone, Debug)]
pub enum Block<C> {
    Owned(Vec<C>),
    Shared(Arc<Vec<C>>),
}

/// The blocks of a column as a snapshot has them.
pub(crate) type FrozenBlocks<C> = Arc<FrozenList<C>>;

#[derive(Debug)]
pub(crate) struct FrozenList<C> {
    pub(crate) blocks: Vec<Arc<Vec<C>>>,
    pub(crate) width: usize,
}

/// Bytes of the blocks that are not in `seen` yet, which is given them.
pub(super) fn frozen_bytes<C>(blocks: &FrozenBlocks<C>, seen: &mut HashSet<usize>) -> usize {
    let new = blocks.blocks.iter().filter(|block| seen.insert(Arc::as_ptr(block).addr()));
    let bytes: usize = new.map(|block| block.capacity() * size_of::<C>()).sum();
    let list = if seen.insert(Arc::as_ptr(blocks).addr()) { blocks.blocks.capacity() } else { 0 };
    bytes + list * size_of::<Arc<Vec<C>>>()
}

/// When each block was written to for the last time before it was sealed; shared with snapshots.
pub(crate) type Stamps = Arc<Vec<Epoch>>;

/// What a column knows about its blocks once they have been sealed for the first time.
#[derive(Debug)]
pub(super) struct Sharing<C> {
    pub(super) written: Stamps,
    /// The list that a snapshot has, if it still is as the blocks are.
    pub(super) frozen: Weak<FrozenList<C>>,
    /// Memory of blocks that were given up, for the next copies.
    spares: Vec<Vec<C>>,
}

impl<C> Default for Sharing<C> {
    fn default() -> Self {
        Self::new(Stamps::default())
    }
}

/// A copy has no spare blocks: theirs is memory for the original's copies.
impl<C> Clone for Sharing<C> {
    fn clone(&self) -> Self {
        Self { frozen: Weak::clone(&self.frozen), ..Self::new(Arc::clone(&self.written)) }
    }
}

impl<C> Sharing<C> {
    pub(super) const fn new(written: Stamps) -> Self {
        Self { written, frozen: Weak::new(), spares: Vec::new() }
    }
}

impl<C: Copy> Sharing<C> {
    /// Keeps the memory of a block for another one; as many as the column has blocks.
    pub(super) fn keep(&mut self, mut cells: Vec<C>) {
        if cells.capacity() > 0 && self.spares.len() < self.written.len() {
            cells.clear();
            self.spares.push(cells);
        }
    }

    /// Memory of a block that was given up, for a copy of this one.
    fn spare(&mut self, cells: &Vec<C>) -> Option<Vec<C>> {
        // In a spare of a whole block some rows would keep its room, and so would each of their copies.
        let room = cells.capacity()..=cells.capacity().saturating_mul(2);
        let fitting = self.spares.iter().rposition(|spare| room.contains(&spare.capacity()));
        fitting.map(|position| self.spares.swap_remove(position))
    }

    /// Makes blocks owned on all of the pool's threads.
    pub(super) fn unshare<'b>(
        &mut self,
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
            self.spares.extend(left.into_iter().flatten());
        }
    }

    /// Forgets the blocks after the first `blocks`, and gives back what is kept for copies.
    pub(super) fn shrink(&mut self, blocks: usize) {
        self.spares = Vec::new();
        self.frozen = Weak::new();
        Arc::make_mut(&mut self.written).truncate(blocks);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let spares: usize = self.spares.iter().map(Vec::capacity).sum();
        spares * size_of::<C>()
            + self.spares.capacity() * size_of::<Vec<C>>()
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
    /// The cells to write to.
    #[inline(always)]
    pub(super) fn cells_mut(&mut self, sharing: Option<&mut Sharing<C>>) -> &mut Vec<C> {
        if let Self::Shared(_) = self {
            self.unshare(sharing);
        }
        match self {
            Self::Owned(cells) => cells,
            Self::Shared(_) => unreachable!("it was unshared"),
        }
    }

    /// Makes the block owned before it is written to; copies it to a spare one, if that is needed. Gives
    /// back a spare that was not.
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
    fn unshare(&mut self, sharing: Option<&mut Sharing<C>>) {
        let (Self::Shared(cells), Some(sharing)) = (&*self, sharing) else {
            self.unshare_to(None);
            return;
        };
        let spare = sharing.spare(cells);
        sharing.spares.extend(self.unshare_to(spare));
    }

    /// Shares the cells with snapshots from now on.
    pub(super) fn seal(&mut self) -> Option<&Arc<Vec<C>>> {
        if let Self::Owned(cells) = self {
            *self = Self::Shared(Arc::new(std::mem::take(cells)));
        }
        match self {
            Self::Shared(cells) => Some(cells),
            Self::Owned(_) => None,
        }
    }
}

/// The blocks of a column to write to, one after another or by number.
#[derive(Debug)]
pub struct BlocksMut<'t, C> {
    pub(super) blocks: &'t mut [Block<C>],
    pub(super) sharing: Option<&'t mut Sharing<C>>,
}

impl<'t, C: Copy> BlocksMut<'t, C> {
    /// The cells of the next block.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<&'t mut [C]> {
        let (block, rest) = std::mem::take(&mut self.blocks).split_first_mut()?;
        self.blocks = rest;
        Some(block.cells_mut(self.sharing.as_deref_mut()))
    }

    /// Leaves the next blocks as they are.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: usize) {
        self.blocks = std::mem::take(&mut self.blocks).get_mut(count..).unwrap_or_default();
    }

    /// The cells of a block.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut [C]> {
        let block = self.blocks.get_mut(number)?;
        Some(block.cells_mut(self.sharing.as_deref_mut()))
    }

    /// The same blocks to read.
    #[inline(always)]
    pub(crate) fn as_shared(&self) -> &[Block<C>] {
        self.blocks
    }
}
