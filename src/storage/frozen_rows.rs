//! The rows of a table as a snapshot has them.
//!
//! The table keeps its generations in one piece, because every access to a single value looks at one. A
//! snapshot has them block by block; blocks in which no row came to life or died since the snapshot
//! before are shared with it.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::epoch::Epoch;
use crate::storage::block::Stamps;
use crate::storage::blocks::BLOCK_ROWS;
use crate::storage::rows::{BLOCK_WORDS, BlockRows, RETIRED, RowLimits, Rows};

/// The rows of one block, as far as they were ever used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowBlock {
    pub(crate) generations: Box<[u16]>,
    pub(crate) occupied: Box<[u64]>,
    living: u16,
}

/// The rows of a table as a snapshot has them.
#[derive(Debug)]
pub(crate) struct FrozenRows {
    pub(crate) blocks: Vec<Arc<RowBlock>>,
    pub(crate) used: usize,
    pub(crate) count: u32,
    retired: u32,
}

impl FrozenRows {
    /// The generation of a row that was used.
    pub(crate) fn generation(&self, row: u32) -> u16 {
        self.blocks[row as usize / BLOCK_ROWS].generations[row as usize % BLOCK_ROWS]
    }

    /// Bytes of the blocks that are not in `seen` yet, which is given them.
    pub(super) fn count_shared(&self, seen: &mut HashSet<usize>) -> usize {
        let new = self.blocks.iter().filter(|block| seen.insert(Arc::as_ptr(block).addr()));
        let bytes =
            new.map(|block| size_of_val(&*block.generations) + size_of_val(&*block.occupied));
        bytes.sum()
    }
}

/// What a table knows about its rows once they have been sealed for the first time.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSharing {
    /// When a row of each block came to life or died for the last time before it was sealed.
    changed: Stamps,
    /// Blocks that have changed since `frozen` was made.
    is_stale: Vec<bool>,
    /// Whether blocks have gone since the rows were sealed.
    is_truncated: bool,
    /// The rows that a snapshot has.
    frozen: Weak<FrozenRows>,
}

impl RowSharing {
    /// Forgets the blocks after the first `blocks`: others that come in their place are not what a
    /// snapshot has.
    pub(super) fn truncate(&mut self, blocks: usize) {
        self.is_truncated |= blocks < self.changed.len();
        Arc::make_mut(&mut self.changed).truncate(blocks);
        self.is_stale.truncate(blocks);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.changed.capacity() * size_of::<Epoch>() + self.is_stale.capacity()
    }
}

impl Rows {
    /// Ends an epoch, and tells whether a row came to life or died in it.
    pub(super) fn seal(&mut self, epoch: Epoch) -> bool {
        let sharing = self.sharing.get_or_insert_default();
        if sharing.changed.len() != self.blocks.len() {
            Arc::make_mut(&mut sharing.changed).resize(self.blocks.len(), epoch);
        }
        sharing.is_stale.resize(self.blocks.len(), true);
        let mut any = std::mem::take(&mut sharing.is_truncated);
        for (number, rows) in self.blocks.iter_mut().enumerate() {
            if std::mem::take(&mut rows.is_touched) {
                Arc::make_mut(&mut sharing.changed)[number] = epoch;
                sharing.is_stale[number] = true;
                any = true;
            }
        }
        any
    }

    /// Whether a row of the block came to life or died in this epoch or later.
    pub(crate) fn is_changed_since(&self, block: usize, epoch: Epoch) -> bool {
        let changed = self.sharing.as_ref().and_then(|sharing| sharing.changed.get(block));
        self.blocks.get(block).is_some_and(|rows| rows.is_touched)
            || changed.is_some_and(|changed| *changed >= epoch)
    }

    /// The rows for a snapshot: they must have been sealed. Copies the blocks that have changed since the
    /// last snapshot, or all where none lives.
    pub(super) fn freeze(&mut self) -> Arc<FrozenRows> {
        let mut sharing: Box<RowSharing> = self.sharing.take().unwrap_or_default();
        let last = sharing.frozen.upgrade();
        let frozen = match &last {
            Some(last) if last.used == self.used() && !sharing.is_stale.contains(&true) => {
                Arc::clone(last)
            }
            _ => {
                let block =
                    |number: usize| match last.as_ref().and_then(|last| last.blocks.get(number)) {
                        Some(block) if !sharing.is_stale[number] => Arc::clone(block),
                        _ => Arc::new(self.row_block(number)),
                    };
                let blocks = (0..self.blocks.len()).map(block).collect();
                let (used, count, retired) = (self.used(), self.count, self.retired);
                Arc::new(FrozenRows { blocks, used, count, retired })
            }
        };
        sharing.is_stale.fill(false);
        sharing.frozen = Arc::downgrade(&frozen);
        self.sharing = Some(sharing);
        frozen
    }

    fn row_block(&self, number: usize) -> RowBlock {
        let first = number * BLOCK_ROWS;
        RowBlock {
            generations: self.generations[first..first + self.used_in(number)].into(),
            occupied: self.occupied_in(number).into(),
            living: self.blocks[number].living,
        }
    }

    /// Makes the rows as they were. What differs counts as changed in this epoch.
    pub(super) fn restore(&mut self, frozen: &Arc<FrozenRows>, epoch: Epoch) {
        let mut sharing: Box<RowSharing> = self.sharing.take().unwrap_or_default();
        let last = sharing.frozen.upgrade();
        let used = frozen.used.max(self.used());
        self.generations.resize(used, RETIRED);
        self.occupied.resize(used.div_ceil(64), 0);
        self.blocks.resize(used.div_ceil(BLOCK_ROWS), BlockRows::default());
        Arc::make_mut(&mut sharing.changed).resize(self.blocks.len(), epoch);
        sharing.is_stale.resize(self.blocks.len(), true);
        for (number, old) in frozen.blocks.iter().enumerate() {
            let as_last = last.as_ref().and_then(|last| last.blocks.get(number));
            let is_same = as_last.is_some_and(|last| Arc::ptr_eq(last, old));
            if is_same && !sharing.is_stale[number] && !self.blocks[number].is_touched {
                continue;
            }
            self.restore_block(number, old);
            Arc::make_mut(&mut sharing.changed)[number] = epoch;
        }
        for word in frozen.used.div_ceil(64)..self.occupied.len() {
            self.holes.set_word(word, 0);
        }
        self.generations.truncate(frozen.used);
        self.occupied.truncate(frozen.used.div_ceil(64));
        self.blocks.truncate(frozen.blocks.len());
        Arc::make_mut(&mut sharing.changed).truncate(frozen.blocks.len());
        sharing.is_stale.clear();
        sharing.is_stale.resize(frozen.blocks.len(), false);
        sharing.is_truncated = false;
        sharing.frozen = Arc::downgrade(frozen);
        (self.count, self.retired) = (frozen.count, frozen.retired);
        self.sharing = Some(sharing);
    }

    fn restore_block(&mut self, number: usize, old: &RowBlock) {
        let (first, word) = (number * BLOCK_ROWS, number * BLOCK_WORDS);
        self.generations[first..first + old.generations.len()].copy_from_slice(&old.generations);
        self.occupied[word..word + old.occupied.len()].copy_from_slice(&old.occupied);
        self.blocks[number] = BlockRows { living: old.living, is_touched: false };
        for (word, generations) in (word..).zip(old.generations.chunks(64)) {
            let hole = |generation: u16| generation & 1 == 0 && generation != RETIRED;
            let bits = generations.iter().enumerate();
            let bits = bits.fold(0, |bits, (bit, row)| bits | u64::from(hole(*row)) << bit);
            self.holes.set_word(word, bits);
        }
    }

    /// Rows of their own, as a snapshot has them.
    pub(super) fn thaw(frozen: &Arc<FrozenRows>, changed: &Stamps, limits: RowLimits) -> Self {
        let mut rows = Self::new(limits);
        rows.restore(frozen, Epoch::default());
        if let Some(sharing) = &mut rows.sharing {
            sharing.changed = Arc::clone(changed);
        }
        rows
    }

    /// When rows of each block came to life or died; they must have been sealed.
    pub(super) fn changed(&self) -> Stamps {
        self.sharing.as_ref().map(|sharing| Arc::clone(&sharing.changed)).unwrap_or_default()
    }

    pub(super) const fn limits(&self) -> RowLimits {
        self.limits
    }
}
