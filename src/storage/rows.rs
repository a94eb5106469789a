//! The rows of a table: generations, occupancy, free rows.

use std::ops::Range;

use crate::storage::blocks::BLOCK_ROWS;
use crate::storage::row_set::RowSet;
use crate::storage::rows_snapshot::RowSharing;

/// Words of 64 rows in a block.
pub(crate) const BLOCK_WORDS: usize = BLOCK_ROWS / 64;

/// Rows of one block to write values to, in ascending order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<'a> {
    /// Consecutive rows.
    Run { block: usize, first: u16, count: u16 },
    /// Rows with gaps in between.
    Scattered { block: usize, offsets: &'a [u16] },
}

impl<'a> Span<'a> {
    /// Returns the span of these rows of a block, at least one, in ascending order.
    #[inline]
    pub(crate) fn of_offsets(block: usize, offsets: &'a [u16]) -> Self {
        let (first, count) = (offsets[0], offsets.len() as u16);
        if offsets.last() == Some(&(first + (count - 1))) {
            return Self::Run { block, first, count };
        }
        Self::Scattered { block, offsets }
    }

    #[inline(always)]
    pub(crate) fn block(self) -> usize {
        match self {
            Self::Run { block, .. } | Self::Scattered { block, .. } => block,
        }
    }

    /// Returns the number of rows.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Run { count, .. } => usize::from(count),
            Self::Scattered { offsets, .. } => offsets.len(),
        }
    }

    /// Returns the offset after the last row.
    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        match self {
            Self::Run { first, count, .. } => usize::from(first) + usize::from(count),
            Self::Scattered { offsets, .. } => {
                offsets.last().map_or(0, |last| usize::from(*last) + 1)
            }
        }
    }
}

/// The limits of a table's rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowLimits {
    /// The largest number of rows.
    pub(crate) rows: u32,
    /// The last generation of a row, an odd number.
    pub(crate) last_generation: u16,
}

/// The rows of a table, and which of them are alive.
///
/// An object keeps its row until it is despawned. The row's generation is odd while an object lives there and even
/// while the row is free. Generations never wrap: a row is retired after its last one. The lowest free row is
/// taken first, so that living rows cluster at the front.
#[derive(Clone, Debug)]
pub struct Rows {
    /// One for each used row.
    pub(super) generations: Vec<u16>,
    /// One bit for each used row.
    pub(super) occupied: Vec<u64>,
    pub(super) blocks: Vec<BlockRows>,
    /// Free rows that were used before.
    pub(super) holes: RowSet,
    pub(super) count: u32,
    pub(super) retired: u32,
    pub(super) limits: RowLimits,
    /// `None` until the first epoch ends.
    pub(super) sharing: Option<Box<RowSharing>>,
}

/// A summary of the rows of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockRows {
    /// The number of living rows.
    pub(super) living: u16,
    /// A row was spawned or despawned in this epoch.
    pub(super) is_touched: bool,
}

impl BlockRows {
    #[inline(always)]
    fn add(&mut self, living: u16) {
        self.living += living;
        self.is_touched = true;
    }

    #[inline(always)]
    fn remove_one(&mut self) {
        self.living -= 1;
        self.is_touched = true;
    }
}

/// The even generation of a retired row. Free rows that were used before have at least 2.
pub(super) const RETIRED: u16 = 0;

impl Rows {
    pub(crate) fn new(limits: RowLimits) -> Self {
        assert!(limits.last_generation & 1 == 1, "a living row's generation is odd");
        Self {
            generations: Vec::new(),
            occupied: Vec::new(),
            blocks: Vec::new(),
            holes: RowSet::default(),
            count: 0,
            retired: 0,
            limits,
            sharing: None,
        }
    }

    /// Returns the number of living rows.
    #[inline(always)]
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Returns the number of used rows: all rows up to the highest one that was ever alive.
    #[inline(always)]
    pub(crate) fn used(&self) -> usize {
        self.generations.len()
    }

    /// Returns `true` if all used rows are alive.
    #[inline(always)]
    pub(crate) fn is_dense(&self) -> bool {
        self.count as usize == self.generations.len()
    }

    /// Returns the generation of each used row.
    #[inline(always)]
    pub(crate) fn generations(&self) -> &[u16] {
        &self.generations
    }

    /// Returns `true` if an object with this generation lives in the row. The generation must be odd, as in every id.
    #[inline(always)]
    pub(crate) fn is_alive(&self, row: u32, generation: u16) -> bool {
        self.generations.get(row as usize) == Some(&generation)
    }

    /// Returns `true` if an object with this generation lives in the row or has lived there. The generation must be
    /// odd, as in every id.
    pub(crate) fn has_lived(&self, row: u32, generation: u16) -> bool {
        match self.generations.get(row as usize) {
            None => false,
            Some(&RETIRED) => generation <= self.limits.last_generation,
            Some(current) => generation <= *current,
        }
    }

    /// Returns the number of rows that can still be taken.
    pub(crate) fn room(&self) -> usize {
        (self.limits.rows - self.count - self.retired) as usize
    }

    /// Returns the number of free rows that were used before. Retired rows are not free.
    pub(crate) fn hole_count(&self) -> usize {
        self.used() - (self.count + self.retired) as usize
    }

    /// Returns the rows that were never used.
    pub(crate) fn fresh(&self) -> Range<u32> {
        self.generations.len() as u32..self.limits.rows
    }

    /// Returns the lowest word of 64 rows with holes at or after `from`, and the holes as bits.
    pub(crate) fn holes(&self, from: usize) -> Option<(usize, u64)> {
        self.holes.next_word(from)
    }

    /// Returns the lowest free row.
    #[inline(always)]
    pub(crate) fn lowest_free(&self) -> Option<u32> {
        if !self.is_dense()
            && let Some((word, bits)) = self.holes.next_word(0)
        {
            return Some(word as u32 * 64 + bits.trailing_zeros());
        }
        let fresh = self.fresh();
        (!fresh.is_empty()).then_some(fresh.start)
    }

    /// Occupies a hole, or the first unused row, and returns its new generation.
    #[inline]
    pub(crate) fn occupy(&mut self, row: u32) -> u16 {
        let index = row as usize;
        self.count += 1;
        if index == self.generations.len() {
            self.reserve_generations(1);
            self.generations.push(1);
            if index.is_multiple_of(64) {
                self.push_word(index);
            }
            self.occupied[index / 64] |= 1 << (index % 64);
            self.blocks[index / BLOCK_ROWS].add(1);
            return 1;
        }
        self.occupied[index / 64] |= 1 << (index % 64);
        self.blocks[index / BLOCK_ROWS].add(1);
        self.holes.remove(index / 64, 1 << (index % 64));
        let generation = &mut self.generations[index];
        debug_assert!(*generation & 1 == 0 && *generation != RETIRED, "the row is free");
        *generation += 1;
        *generation
    }

    #[cold]
    fn push_word(&mut self, row: usize) {
        self.occupied.push(0);
        if row.is_multiple_of(BLOCK_ROWS) {
            self.blocks.push(BlockRows::default());
        }
    }

    /// Occupies holes of a word.
    pub(crate) fn occupy_holes(&mut self, word: usize, bits: u64) {
        self.holes.remove(word, bits);
        self.occupied[word] |= bits;
        self.blocks[word / BLOCK_WORDS].add(bits.count_ones() as u16);
        self.count += bits.count_ones();
        for bit in ones(bits) {
            let generation = &mut self.generations[word * 64 + bit];
            debug_assert!(*generation & 1 == 0 && *generation != RETIRED, "the row is free");
            *generation += 1;
        }
    }

    /// Occupies the next unused rows.
    pub(crate) fn occupy_fresh(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let (first, end) = (self.used(), self.used() + count);
        self.reserve_generations(count);
        self.generations.resize(end, 1);
        self.occupied.resize(end.div_ceil(64), 0);
        set_bits(&mut self.occupied, first..end);
        self.blocks.resize(end.div_ceil(BLOCK_ROWS), BlockRows::default());
        for (block, rows) in self.blocks.iter_mut().enumerate().skip(first / BLOCK_ROWS) {
            let start = first.max(block * BLOCK_ROWS);
            rows.add(end.min((block + 1) * BLOCK_ROWS).saturating_sub(start) as u16);
        }
        self.count += count as u32;
    }

    /// Makes room for more generations. Grows by an eighth, because doubling could waste two bytes per object.
    #[inline(always)]
    fn reserve_generations(&mut self, additional: usize) {
        let (len, capacity) = (self.generations.len(), self.generations.capacity());
        if capacity - len < additional {
            self.generations.reserve_exact((len / 8).max(64).max(additional));
        }
    }

    /// Frees a living row.
    #[inline]
    pub(crate) fn vacate(&mut self, row: u32) {
        let index = row as usize;
        let generation = &mut self.generations[index];
        debug_assert!(*generation & 1 == 1, "the row is alive");
        let retires = *generation >= self.limits.last_generation;
        *generation = if retires { RETIRED } else { *generation + 1 };
        self.occupied[index / 64] &= !(1 << (index % 64));
        self.blocks[index / BLOCK_ROWS].remove_one();
        self.count -= 1;
        if retires {
            self.retired += 1;
        } else {
            self.holes.insert(index);
        }
    }

    /// Undoes [`vacate`](Self::vacate) for a row that had this generation.
    #[cold]
    pub(crate) fn revive(&mut self, row: u32, generation: u16) {
        let index = row as usize;
        if self.generations[index] == RETIRED {
            self.retired -= 1;
        } else {
            self.holes.remove(index / 64, 1 << (index % 64));
        }
        self.generations[index] = generation;
        self.occupied[index / 64] |= 1 << (index % 64);
        self.blocks[index / BLOCK_ROWS].add(1);
        self.count += 1;
    }

    /// Sets the generation of a used row or of the first unused one, and with it whether the row is alive, free
    /// or retired. Returns `false` if the generation is beyond the last one.
    pub(crate) fn set(&mut self, row: u32, generation: u16) -> bool {
        let (index, bit) = (row as usize, 1_u64 << (row % 64));
        // The next object of a free row would have the following, odd generation.
        if generation != RETIRED && generation | 1 > self.limits.last_generation {
            return false;
        }
        if index == self.generations.len() {
            self.occupy(row);
        }
        match self.generations[index] {
            RETIRED => self.retired -= 1,
            old if old & 1 == 0 => self.holes.remove(index / 64, bit),
            _ => {
                self.count -= 1;
                self.blocks[index / BLOCK_ROWS].living -= 1;
                self.occupied[index / 64] &= !bit;
            }
        }
        self.generations[index] = generation;
        self.blocks[index / BLOCK_ROWS].is_touched = true;
        match generation {
            RETIRED => self.retired += 1,
            new if new & 1 == 0 => self.holes.insert(index),
            _ => {
                self.count += 1;
                self.blocks[index / BLOCK_ROWS].living += 1;
                self.occupied[index / 64] |= bit;
            }
        }
        true
    }

    /// Makes all rows from this one on unused.
    pub(crate) fn truncate(&mut self, used: usize) {
        for row in used..self.generations.len() {
            self.set(row as u32, RETIRED);
            self.retired -= 1;
        }
        self.generations.truncate(used);
        self.occupied.truncate(used.div_ceil(64));
        self.blocks.truncate(used.div_ceil(BLOCK_ROWS));
        if let Some(sharing) = &mut self.sharing {
            sharing.truncate(self.blocks.len());
        }
    }

    /// Frees all rows.
    pub(crate) fn clear(&mut self) {
        for word in 0..self.occupied.len() {
            for bit in ones(self.occupied[word]) {
                self.vacate((word * 64 + bit) as u32);
            }
        }
    }

    /// Returns the number of blocks with used rows.
    #[inline(always)]
    pub(crate) fn blocks(&self) -> usize {
        self.generations.len().div_ceil(BLOCK_ROWS)
    }

    /// Returns the number of living rows of the block.
    #[inline(always)]
    pub(crate) fn living_in(&self, block: usize) -> usize {
        self.blocks.get(block).map_or(0, |rows| usize::from(rows.living))
    }

    /// Returns the number of used rows of the block.
    #[inline(always)]
    pub(crate) fn used_in(&self, block: usize) -> usize {
        self.generations.len().saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// Returns all living rows as bits.
    #[inline(always)]
    pub(crate) fn occupied(&self) -> &[u64] {
        &self.occupied
    }

    /// Returns the living rows of the block as bits.
    #[inline(always)]
    pub(crate) fn occupied_in(&self, block: usize) -> &[u64] {
        block_of_words(&self.occupied, block)
    }

    /// Returns the living rows of the block as ranges of offsets.
    #[inline(always)]
    pub(crate) fn runs_in(&self, block: usize) -> impl Iterator<Item = Range<usize>> {
        let used = self.used_in(block);
        // A full block is one run. The search for it could take longer than the loop over it.
        let is_full = self.is_dense() || self.living_in(block) == used;
        let (occupied, mut at) = (self.occupied_in(block), 0);
        std::iter::from_fn(
            #[inline(always)]
            move || {
                let run = match is_full {
                    _ if at >= used => return None,
                    true => 0..used,
                    false => next_run(occupied, at)?,
                };
                at = run.end;
                Some(run)
            },
        )
    }

    pub(crate) fn try_reserve(
        &mut self,
        rows: usize,
    ) -> Result<(), std::collections::TryReserveError> {
        let (words, blocks) = (rows.div_ceil(64), rows.div_ceil(BLOCK_ROWS));
        self.generations.try_reserve_exact(rows.saturating_sub(self.generations.len()))?;
        self.occupied.try_reserve(words.saturating_sub(self.occupied.len()))?;
        self.blocks.try_reserve(blocks.saturating_sub(self.blocks.len()))
    }

    pub(crate) fn shrink(&mut self) {
        self.generations.shrink_to_fit();
        self.occupied.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.generations.capacity() * size_of::<u16>()
            + self.occupied.capacity() * size_of::<u64>()
            + self.blocks.capacity() * size_of::<BlockRows>()
            + self.holes.heap_bytes()
            + self.sharing.as_ref().map_or(0, |sharing| sharing.heap_bytes())
    }
}

/// Returns the bits of one block among those of all rows.
#[inline(always)]
pub(crate) fn block_of_words(words: &[u64], block: usize) -> &[u64] {
    let end = words.len().min((block + 1) * BLOCK_WORDS);
    words.get(block * BLOCK_WORDS..end).unwrap_or_default()
}

/// Returns `true` if a block's runs of rows are so short that a walk row by row is faster.
///
/// The block has `count` rows, given as bits.
#[inline]
pub(crate) fn is_ragged(words: &[u64], count: usize) -> bool {
    const SHORT: usize = 8;
    let mut last = 0;
    let starts = words.iter().map(|word| {
        let starts = word & !(word << 1 | last);
        last = word >> 63;
        starts.count_ones() as usize
    });
    count < SHORT * starts.sum::<usize>()
}

/// Returns the offset behind the last set bit.
#[inline]
pub(crate) fn end_of(words: &[u64]) -> usize {
    let last = words.iter().rposition(|word| *word != 0);
    last.map_or(0, |last| (last + 1) * 64 - words[last].leading_zeros() as usize)
}

/// Returns the offsets of a block's rows, which are given as bits.
#[inline(always)]
pub(crate) fn offsets(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(
        #[inline(always)]
        |(number, word)| ones(*word).map(move |bit| number * 64 + bit),
    )
}

/// Returns the positions of the set bits, lowest first.
#[inline(always)]
pub(crate) fn ones(word: u64) -> impl Iterator<Item = usize> {
    let mut left = word;
    std::iter::from_fn(
        #[inline(always)]
        move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            bit
        },
    )
}

/// Returns the first range of set bits at or after `from`.
#[inline]
pub(crate) fn next_run(bits: &[u64], from: usize) -> Option<Range<usize>> {
    let start = find(bits, from, 0)?;
    Some(start..find(bits, start, u64::MAX).unwrap_or(bits.len() * 64))
}

/// Returns the first set bit at or after `from`, after all words are XORed with `flip`.
#[inline(always)]
fn find(bits: &[u64], from: usize, flip: u64) -> Option<usize> {
    let mut number = from / 64;
    let mut word = (*bits.get(number)? ^ flip) & (u64::MAX << (from % 64));
    while word == 0 {
        number += 1;
        word = *bits.get(number)? ^ flip;
    }
    Some(number * 64 + word.trailing_zeros() as usize)
}

fn set_bits(bits: &mut [u64], range: Range<usize>) {
    let mut start = range.start;
    while start < range.end {
        let word = start / 64;
        let end = range.end.min((word + 1) * 64);
        bits[word] |= (u64::MAX >> (64 - (end - start))) << (start % 64);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: u32, last_generation: u16) -> Rows {
        Rows::new(RowLimits { rows, last_generation })
    }

    fn take(rows: &mut Rows) -> Option<(u32, u16)> {
        let row = rows.lowest_free()?;
        Some((row, rows.occupy(row)))
    }

    #[test]
    fn the_lowest_free_row_is_taken() {
        let mut rows = rows(u32::MAX, u16::MAX);
        (0..5000).for_each(|row| assert_eq!(take(&mut rows), Some((row, 1))));
        for row in [4000, 7, 1024, 1023] {
            rows.vacate(row);
        }
        let taken: Vec<_> = std::iter::repeat_with(|| take(&mut rows)).take(5).flatten().collect();
        assert_eq!(taken, [(7, 3), (1023, 3), (1024, 3), (4000, 3), (5000, 1)]);
    }

    #[test]
    fn fault_02_a_row_whose_generations_are_used_up_is_retired() {
        let mut rows = rows(u32::MAX, 5);
        assert_eq!(take(&mut rows), Some((0, 1)));
        for generation in [3, 5] {
            rows.vacate(0);
            assert_eq!(take(&mut rows), Some((0, generation)));
        }
        rows.vacate(0);
        assert_eq!(take(&mut rows), Some((1, 1)));
        assert!((1..=u16::MAX).step_by(2).all(|generation| !rows.is_alive(0, generation)));
        assert_eq!(rows.room(), u32::MAX as usize - 2);
    }

    #[test]
    fn fault_03_rows_run_out_and_are_reused() {
        let mut rows = rows(1500, u16::MAX);
        (0..1500).for_each(|row| assert_eq!(take(&mut rows), Some((row, 1))));
        assert_eq!((take(&mut rows), rows.room()), (None, 0));
        rows.vacate(1030);
        rows.vacate(1499);
        assert_eq!([take(&mut rows), take(&mut rows)], [Some((1030, 3)), Some((1499, 3))]);
        assert_eq!(take(&mut rows), None);
    }

    #[test]
    fn fault_37_a_row_refuses_a_generation_beyond_the_last() {
        let mut rows = rows(u32::MAX, 5);
        for (generation, is_possible) in [
            (1, true),
            (5, true),
            (4, true),
            (6, false),
            (7, false),
            (u16::MAX - 1, false),
            (0, true),
        ] {
            assert_eq!(rows.set(0, generation), is_possible, "{generation}");
        }
        assert_eq!((rows.lowest_free(), rows.used()), (Some(1), 1), "row 0 is retired");
    }

    #[test]
    fn an_undone_despawn_leaves_no_trace() {
        let mut rows = rows(2000, 1);
        (0..2000).for_each(|_| assert!(take(&mut rows).is_some()));
        rows.vacate(3);
        assert_eq!(take(&mut rows), None, "the only generation is used up");
        rows.revive(3, 1);
        assert!(rows.is_alive(3, 1));
        assert_eq!((rows.count(), rows.room(), rows.living_in(0)), (2000, 0, 2000));
    }

    #[test]
    fn runs_are_the_living_rows() {
        let mut rows = rows(u32::MAX, u16::MAX);
        assert_eq!(rows.runs_in(0).count(), 0);
        rows.occupy_fresh(BLOCK_ROWS + 1024);
        assert!(rows.runs_in(0).eq(std::iter::once(0..BLOCK_ROWS)));
        assert!(rows.runs_in(1).eq(std::iter::once(0..1024)));
        for (offset, dead) in [(0, 2..63), (BLOCK_ROWS, 66..1023)] {
            dead.for_each(|row| rows.vacate((offset + row) as u32));
        }
        assert!(
            rows.runs_in(0).eq([0..2, 63..BLOCK_ROWS]) && rows.runs_in(1).eq([0..66, 1023..1024])
        );
        let offsets: Vec<_> = offsets(rows.occupied_in(1)).collect();
        assert!(offsets.into_iter().eq((0..66).chain([1023])));
        assert_eq!((rows.living_in(0), rows.living_in(1)), (BLOCK_ROWS - 61, 67));
    }

    #[test]
    fn occupying_many_rows_equals_occupying_them_one_by_one() {
        let (mut many, mut single) = (rows(u32::MAX, u16::MAX), rows(u32::MAX, u16::MAX));
        for count in [1, 63, 64, 5, BLOCK_ROWS, 3 * BLOCK_ROWS - 70] {
            many.occupy_fresh(count);
            (0..count).for_each(|_| assert!(take(&mut single).is_some()));
        }
        for row in [0, 5, 63, 64, BLOCK_ROWS as u32 + 1] {
            many.vacate(row);
            single.vacate(row);
        }
        let (word, bits) = many.holes(0).expect("three holes");
        many.occupy_holes(word, bits);
        (0..3).for_each(|_| assert!(take(&mut single).is_some()));
        assert_eq!(many.lowest_free(), single.lowest_free());
        assert_eq!((many.count(), &many.blocks), (single.count(), &single.blocks));
        assert_eq!((&many.generations, &many.occupied), (&single.generations, &single.occupied));
    }

    #[test]
    fn generations_grow_by_an_eighth() {
        let mut rows = rows(u32::MAX, u16::MAX);
        for len in 0..10_000 {
            let before = rows.generations.capacity();
            assert!(take(&mut rows).is_some());
            let grown = if len == before { len + (len / 8).max(64) } else { before };
            assert_eq!(rows.generations.capacity(), grown, "with {len} rows");
        }
        let free = rows.generations.capacity() - rows.used();
        rows.occupy_fresh(free);
        assert_eq!(rows.generations.capacity(), rows.used(), "exactly the free room was taken");
        let used = rows.used();
        rows.occupy_fresh(5000);
        assert_eq!(rows.generations.capacity(), used + 5000, "more than an eighth");
    }

    #[test]
    fn a_reservation_makes_room_for_its_rows() {
        let mut rows = rows(u32::MAX, u16::MAX);
        (0..100).for_each(|_| assert!(take(&mut rows).is_some()));
        assert_eq!(rows.try_reserve(2 * BLOCK_ROWS), Ok(()));
        let reserved = rows.heap_bytes();
        assert_eq!(rows.generations.capacity(), 2 * BLOCK_ROWS);
        (100..2 * BLOCK_ROWS).for_each(|_| assert!(take(&mut rows).is_some()));
        assert_eq!(rows.heap_bytes(), reserved, "nothing was allocated");
        assert_eq!(rows.try_reserve(100), Ok(()));
        assert_eq!(rows.heap_bytes(), reserved, "there is room already");
    }

    #[test]
    fn the_bytes_of_all_parts_are_counted() {
        let mut rows = rows(u32::MAX, u16::MAX);
        assert_eq!(rows.heap_bytes(), 0);
        rows.occupy_fresh(10 * BLOCK_ROWS);
        let (generations, occupied) = (20 * BLOCK_ROWS, 10 * BLOCK_ROWS / 8);
        let dense = generations + occupied + 10 * size_of::<BlockRows>();
        assert_eq!(rows.heap_bytes(), dense);
        // A set of free rows has a bit for each row, one for each word of these bits, and so on.
        rows.vacate(10 * BLOCK_ROWS as u32 - 1);
        let holes = occupied + 20 * 8 + 8;
        assert_eq!(rows.heap_bytes(), dense + holes);
        rows.end_epoch(crate::epoch::Epoch::START);
        let sharing = 10 * (size_of::<crate::epoch::Epoch>() + 1);
        let shared = rows.heap_bytes() - dense - holes;
        assert!((sharing..2 * sharing).contains(&shared), "{shared} bytes");
    }
}
