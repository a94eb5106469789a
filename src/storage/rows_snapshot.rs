//! The rows of a table in a snapshot.
//!
//! The table keeps its generations in one vector, because every access to a single value reads one. A
//! snapshot has them block by block. Two snapshots share a block if no row of it was spawned or despawned
//! in between.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::epoch::Epoch;
use crate::storage::block::Stamps;
use crate::storage::blocks::BLOCK_ROWS;
use crate::storage::rows::{BLOCK_WORDS, BlockRows, RETIRED, RowLimits, Rows};

/// The used rows of one block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowBlock {
    pub(crate) generations: Box<[u16]>,
    pub(crate) occupied: Box<[u64]>,
    pub(crate) living: u16,
}

impl RowBlock {
    /// Returns the rows of these generations. Returns the first row whose generation is beyond the last one.
    pub(crate) fn new(generations: &[u16], last_generation: u16) -> Result<Self, usize> {
        // The next object of a free row would have the following, odd generation.
        let is_beyond = |row: &u16| *row != RETIRED && *row | 1 > last_generation;
        // First without an early end, which would keep the loop from being vectorized.
        if generations.iter().fold(false, |any, row| any | is_beyond(row)) {
            return Err(generations.iter().position(is_beyond).unwrap_or(0));
        }
        let occupied: Box<[u64]> = generations.chunks(64).map(odd_rows).collect();
        let living = occupied.iter().map(|word| word.count_ones() as u16).sum();
        Ok(Self { generations: generations.into(), occupied, living })
    }
}

/// Returns a bit for each of up to 64 generations, 1 if it is odd.
fn odd_rows(generations: &[u16]) -> u64 {
    let (fours, rest) = generations.as_chunks::<4>();
    // The product has the lowest bits of the four numbers side by side in its highest number.
    let bits = |four: &[u16; 4]| {
        let four = four.iter().rev().fold(0, |all, one| all << 16 | u64::from(one & 1));
        four.wrapping_mul(1 << 48 | 1 << 33 | 1 << 18 | 1 << 3) >> 48 & 0b1111
    };
    let word = fours.iter().enumerate().fold(0, |word, (at, four)| word | bits(four) << (4 * at));
    let rest = rest.iter().enumerate();
    rest.fold(word, |word, (bit, one)| word | u64::from(one & 1) << (4 * fours.len() + bit))
}

/// The rows of a table in a snapshot.
#[derive(Debug)]
pub(crate) struct RowsSnapshot {
    pub(crate) blocks: Vec<Arc<RowBlock>>,
    pub(crate) used: usize,
    pub(crate) count: u32,
    retired: u32,
}

impl RowsSnapshot {
    /// Returns the generation of a used row.
    pub(crate) fn generation(&self, row: u32) -> u16 {
        self.blocks[row as usize / BLOCK_ROWS].generations[row as usize % BLOCK_ROWS]
    }

    /// Returns the bytes of the blocks that are not in `seen` yet, and adds them to it.
    pub(super) fn count_new_blocks(&self, seen: &mut HashSet<usize>) -> usize {
        let new = self.blocks.iter().filter(|block| seen.insert(Arc::as_ptr(block).addr()));
        let bytes =
            new.map(|block| size_of_val(&*block.generations) + size_of_val(&*block.occupied));
        bytes.sum()
    }
}

/// Bookkeeping of rows that were shared with a snapshot at least once.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSharing {
    /// The last epoch in which a row of each block was spawned or despawned, up to the end of the last epoch.
    changed: Stamps,
    /// Blocks that have changed since `snapshot` was taken.
    is_stale: Vec<bool>,
    /// Blocks were removed in this epoch.
    is_truncated: bool,
    /// The rows of the last snapshot.
    snapshot: Weak<RowsSnapshot>,
}

impl RowSharing {
    /// Forgets all blocks after the first `blocks`. Later blocks with the same numbers are new ones.
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
    /// Ends an epoch. Returns `true` if a row was spawned or despawned in it.
    pub(super) fn end_epoch(&mut self, epoch: Epoch) -> bool {
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

    /// Returns `true` if a row of the block was spawned or despawned in this epoch or later.
    pub(crate) fn is_changed_since(&self, block: usize, epoch: Epoch) -> bool {
        let changed = self.sharing.as_ref().and_then(|sharing| sharing.changed.get(block));
        self.blocks.get(block).is_some_and(|rows| rows.is_touched)
            || changed.is_some_and(|changed| *changed >= epoch)
    }

    /// Returns the epoch in which a row of the block was last spawned or despawned.
    pub(super) fn last_changed(&self, block: usize, epoch: Epoch) -> Epoch {
        if self.blocks.get(block).is_some_and(|rows| rows.is_touched) {
            return epoch;
        }
        let changed = self.sharing.as_ref().and_then(|sharing| sharing.changed.get(block));
        changed.copied().unwrap_or_default()
    }

    /// Takes a snapshot of the rows, whose epoch must have ended. Copies the blocks that have changed since
    /// the last snapshot, or all blocks if that was dropped.
    pub(super) fn snapshot(&mut self) -> Arc<RowsSnapshot> {
        let mut sharing: Box<RowSharing> = self.sharing.take().unwrap_or_default();
        let last = sharing.snapshot.upgrade();
        let snapshot = match &last {
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
                Arc::new(RowsSnapshot { blocks, used, count, retired })
            }
        };
        sharing.is_stale.fill(false);
        sharing.snapshot = Arc::downgrade(&snapshot);
        self.sharing = Some(sharing);
        snapshot
    }

    fn row_block(&self, number: usize) -> RowBlock {
        let first = number * BLOCK_ROWS;
        RowBlock {
            generations: self.generations[first..first + self.used_in(number)].into(),
            occupied: self.occupied_in(number).into(),
            living: self.blocks[number].living,
        }
    }

    /// Goes back to a snapshot. Blocks that differ count as changed in this epoch.
    pub(super) fn restore(&mut self, snapshot: &Arc<RowsSnapshot>, epoch: Epoch) {
        let mut sharing: Box<RowSharing> = self.sharing.take().unwrap_or_default();
        let last = sharing.snapshot.upgrade();
        let used = snapshot.used.max(self.used());
        self.generations.resize(used, RETIRED);
        self.occupied.resize(used.div_ceil(64), 0);
        self.blocks.resize(used.div_ceil(BLOCK_ROWS), BlockRows::default());
        Arc::make_mut(&mut sharing.changed).resize(self.blocks.len(), epoch);
        sharing.is_stale.resize(self.blocks.len(), true);
        for (number, old) in snapshot.blocks.iter().enumerate() {
            let as_last = last.as_ref().and_then(|last| last.blocks.get(number));
            let is_same = as_last.is_some_and(|last| Arc::ptr_eq(last, old));
            if is_same && !sharing.is_stale[number] && !self.blocks[number].is_touched {
                continue;
            }
            self.restore_block(number, old);
            Arc::make_mut(&mut sharing.changed)[number] = epoch;
        }
        for word in snapshot.used.div_ceil(64)..self.occupied.len() {
            self.holes.set_word(word, 0);
        }
        self.generations.truncate(snapshot.used);
        self.occupied.truncate(snapshot.used.div_ceil(64));
        self.blocks.truncate(snapshot.blocks.len());
        Arc::make_mut(&mut sharing.changed).truncate(snapshot.blocks.len());
        sharing.is_stale.clear();
        sharing.is_stale.resize(snapshot.blocks.len(), false);
        sharing.is_truncated = false;
        sharing.snapshot = Arc::downgrade(snapshot);
        (self.count, self.retired) = (snapshot.count, snapshot.retired);
        self.sharing = Some(sharing);
    }

    fn restore_block(&mut self, number: usize, old: &RowBlock) {
        let (first, word) = (number * BLOCK_ROWS, number * BLOCK_WORDS);
        self.generations[first..first + old.generations.len()].copy_from_slice(&old.generations);
        self.occupied[word..word + old.occupied.len()].copy_from_slice(&old.occupied);
        self.blocks[number] = BlockRows { living: old.living, is_touched: false };
        if usize::from(old.living) == old.generations.len() {
            (word..word + old.occupied.len()).for_each(|word| self.holes.set_word(word, 0));
            return;
        }
        for (word, generations) in (word..).zip(old.generations.chunks(64)) {
            let hole = |generation: u16| generation & 1 == 0 && generation != RETIRED;
            let bits = generations.iter().enumerate();
            let bits = bits.fold(0, |bits, (bit, row)| bits | u64::from(hole(*row)) << bit);
            self.holes.set_word(word, bits);
        }
    }

    /// Returns the rows of these blocks, all of them full but the last.
    pub(crate) fn from_blocks(blocks: Vec<RowBlock>, limits: RowLimits) -> Self {
        let retired_in = |block: &RowBlock| {
            block.generations.iter().filter(|generation| **generation == RETIRED).count()
        };
        let retired = blocks.iter().map(retired_in).sum::<usize>() as u32;
        let used = blocks.iter().map(|block| block.generations.len()).sum();
        let count = blocks.iter().map(|block| u32::from(block.living)).sum();
        let blocks = blocks.into_iter().map(Arc::new).collect();
        let snapshot = Arc::new(RowsSnapshot { blocks, used, count, retired });
        Self { sharing: None, ..Self::from_snapshot(&snapshot, &Stamps::default(), limits) }
    }

    /// Returns rows of their own, equal to the snapshot's.
    pub(super) fn from_snapshot(
        snapshot: &Arc<RowsSnapshot>,
        changed: &Stamps,
        limits: RowLimits,
    ) -> Self {
        let mut rows = Self::new(limits);
        if snapshot.used == 0 {
            return rows;
        }
        rows.restore(snapshot, Epoch::default());
        if let Some(sharing) = &mut rows.sharing {
            sharing.changed = Arc::clone(changed);
        }
        rows
    }

    /// Returns the last epoch in which a row of each block was spawned or despawned. The current epoch must
    /// have ended.
    pub(super) fn changed(&self) -> Stamps {
        self.sharing.as_ref().map(|sharing| Arc::clone(&sharing.changed)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_generations_are_the_bits_of_their_rows() {
        for length in 0..=64 {
            let generations: Vec<u16> =
                (0..length).map(|row: u16| row.wrapping_mul(row).wrapping_mul(77) / 5).collect();
            let bits = odd_rows(&generations);
            let expected = (0_u64..).zip(&generations);
            let expected: u64 = expected.map(|(row, one)| u64::from(one % 2) << row).sum();
            assert_eq!(bits, expected, "{generations:?}");
        }
    }
}
