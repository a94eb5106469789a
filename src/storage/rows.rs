//! Which rows of a table are alive: generations, occupancy, free rows.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::storage::block_set::BlockSet;
use crate::storage::blocks::BLOCK_ROWS;

/// One bit for each row of a block.
pub(crate) type Bits = [u64; BLOCK_ROWS / 64];

pub(crate) const NO_ROWS: Bits = [0; BLOCK_ROWS / 64];

/// Rows of one block that take values, in ascending order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<'a> {
    /// Rows that follow one another.
    Run { block: usize, first: u16, count: u16 },
    /// Rows with others in between.
    Scattered { block: usize, offsets: &'a [u16] },
}

impl Span<'_> {
    #[inline(always)]
    pub(crate) fn block(self) -> usize {
        match self {
            Self::Run { block, .. } | Self::Scattered { block, .. } => block,
        }
    }

    /// One past the last row's offset.
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

/// How far the rows of a table go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowLimits {
    /// Rows of the table.
    pub(crate) rows: u32,
    /// The last generation of a row; odd.
    pub(crate) last_generation: u16,
}

/// Which rows are alive.
///
/// An object keeps its row for life. A row's generation is odd while an object lives there and even
/// while it is free; it never wraps: a row whose generations are used up is retired. The lowest
/// free row is taken first, so that the living cluster at the front.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// One for each row that was ever used.
    generations: Vec<u16>,
    occupied: Vec<Bits>,
    living: Vec<u16>,
    /// Blocks that have a free row.
    free: BlockSet,
    /// Rows that are neither alive nor free, by block; most tables have none.
    retired: BTreeMap<usize, Box<Bits>>,
    count: u32,
    limits: RowLimits,
}

/// The even generation of a retired row: no free row has it, because a used row's is at least 2.
const RETIRED: u16 = 0;

impl Rows {
    pub(crate) fn new(limits: RowLimits) -> Self {
        assert!(limits.last_generation & 1 == 1, "a living row's generation is odd");
        Self {
            generations: Vec::new(),
            occupied: Vec::new(),
            living: Vec::new(),
            free: BlockSet::default(),
            retired: BTreeMap::new(),
            count: 0,
            limits,
        }
    }

    /// How many rows are alive.
    #[inline(always)]
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// How many rows were ever used.
    #[inline(always)]
    pub(crate) fn used(&self) -> usize {
        self.generations.len()
    }

    /// The generation of each row that was ever used.
    #[inline(always)]
    pub(crate) fn generations(&self) -> &[u16] {
        &self.generations
    }

    /// Whether an object of this generation, which is odd as every id's is, lives in the row.
    #[inline(always)]
    pub(crate) fn is_alive(&self, row: u32, generation: u16) -> bool {
        self.generations.get(row as usize) == Some(&generation)
    }

    /// How many rows can still be taken, if memory allows.
    pub(crate) fn room(&self) -> usize {
        let retired: usize = self.retired.values().map(|bits| count_ones(bits)).sum();
        (self.limits.rows - self.count) as usize - retired
    }

    /// The lowest block at or after `from` that has a free row, and which rows are free there.
    pub(crate) fn free_block(&self, from: usize) -> Option<(usize, Bits)> {
        let block = self.free.next(from).unwrap_or_else(|| from.max(self.occupied.len()));
        let bits = self.free_bits(block);
        (bits != NO_ROWS).then_some((block, bits))
    }

    fn free_bits(&self, block: usize) -> Bits {
        let occupied = self.occupied.get(block).unwrap_or(&NO_ROWS);
        let mut bits = std::array::from_fn(|word| !occupied[word]);
        if !self.retired.is_empty()
            && let Some(retired) = self.retired.get(&block)
        {
            bits.iter_mut().zip(&**retired).for_each(|(free, retired)| *free &= !retired);
        }
        let valid = self.rows_in(block);
        if valid < BLOCK_ROWS {
            for (word, free) in bits.iter_mut().enumerate() {
                let bits = valid.saturating_sub(word * 64).min(64);
                *free &= if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            }
        }
        bits
    }

    /// How many rows the block can have: fewer than usual where the limit cuts it.
    #[inline(always)]
    fn rows_in(&self, block: usize) -> usize {
        (self.limits.rows as usize).saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// The lowest free row.
    #[inline(always)]
    pub(crate) fn lowest_free(&self) -> Option<u32> {
        // A table without holes goes on at its end.
        if self.count as usize == self.generations.len() && self.count < self.limits.rows {
            return Some(self.count);
        }
        self.lowest_hole()
    }

    fn lowest_hole(&self) -> Option<u32> {
        let (block, bits) = self.free_block(0)?;
        let word = bits.iter().position(|word| *word != 0)?;
        let offset = word * 64 + bits[word].trailing_zeros() as usize;
        u32::try_from(block * BLOCK_ROWS + offset).ok()
    }

    /// Brings a free row to life and tells its generation. All rows below must have been used.
    #[inline]
    pub(crate) fn occupy(&mut self, row: u32) -> u16 {
        let (block, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let generation = if row as usize == self.generations.len() {
            self.push_row(block)
        } else {
            let generation = &mut self.generations[row as usize];
            debug_assert!(*generation & 1 == 0 && *generation != RETIRED, "the row is free");
            *generation += 1;
            *generation
        };
        self.occupied[block][offset / 64] |= 1 << (offset % 64);
        self.living[block] += 1;
        self.count += 1;
        if usize::from(self.living[block]) == self.rows_in(block) {
            self.free.remove(block);
        } else if !self.retired.is_empty() {
            self.update_free(block);
        }
        generation
    }

    /// Brings free rows of a block to life, lowest first.
    pub(crate) fn occupy_many(&mut self, block: usize, bits: &Bits) {
        if block == self.occupied.len() {
            self.push_block(block);
        }
        let (first, used) = (block * BLOCK_ROWS, self.used_in(block));
        for run in runs(bits) {
            let old = run.start.min(used)..run.end.min(used);
            for generation in &mut self.generations[first + old.start..first + old.end] {
                debug_assert!(*generation & 1 == 0 && *generation != RETIRED, "the row is free");
                *generation += 1;
            }
            let new = run.end.saturating_sub(used.max(run.start));
            self.reserve_generations(new);
            self.generations.resize(self.generations.len() + new, 1);
        }
        let count = count_ones(bits);
        self.occupied[block].iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
        self.living[block] += count as u16;
        self.count += count as u32;
        self.update_free(block);
    }

    /// An eighth more at a time: doubling would cost up to two bytes an object.
    #[inline(always)]
    fn reserve_generations(&mut self, additional: usize) {
        let (len, capacity) = (self.generations.len(), self.generations.capacity());
        if capacity - len < additional {
            self.generations.reserve_exact((len / 8).max(64).max(additional));
        }
    }

    #[inline(always)]
    fn push_row(&mut self, block: usize) -> u16 {
        self.reserve_generations(1);
        self.generations.push(1);
        if block == self.occupied.len() {
            self.push_block(block);
        }
        1
    }

    #[cold]
    fn push_block(&mut self, block: usize) {
        self.occupied.push(NO_ROWS);
        self.living.push(0);
        self.free.insert(block);
    }

    #[cold]
    fn update_free(&mut self, block: usize) {
        if self.free_bits(block) == NO_ROWS {
            self.free.remove(block);
        } else {
            self.free.insert(block);
        }
    }

    /// Frees a living row; the generation must be its own.
    #[inline]
    pub(crate) fn vacate(&mut self, row: u32) {
        let (block, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let generation = &mut self.generations[row as usize];
        debug_assert!(*generation & 1 == 1, "the row is alive");
        let retires = *generation >= self.limits.last_generation;
        *generation = if retires { RETIRED } else { *generation + 1 };
        self.occupied[block][offset / 64] &= !(1 << (offset % 64));
        self.living[block] -= 1;
        self.count -= 1;
        if retires {
            let bits = self.retired.entry(block).or_insert_with(|| Box::new(NO_ROWS));
            bits[offset / 64] |= 1 << (offset % 64);
            self.update_free(block);
        } else if usize::from(self.living[block]) + 1 == self.rows_in(block)
            || !self.retired.is_empty()
        {
            self.free.insert(block);
        }
    }

    /// Takes back a [`vacate`](Self::vacate) of a row that had this generation.
    #[cold]
    pub(crate) fn revive(&mut self, row: u32, generation: u16) {
        let (block, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        self.generations[row as usize] = generation;
        self.occupied[block][offset / 64] |= 1 << (offset % 64);
        self.living[block] += 1;
        self.count += 1;
        if let Some(bits) = self.retired.get_mut(&block) {
            bits[offset / 64] &= !(1 << (offset % 64));
            if **bits == NO_ROWS {
                self.retired.remove(&block);
            }
        }
        self.update_free(block);
    }

    /// Frees all rows.
    pub(crate) fn clear(&mut self) {
        for block in 0..self.occupied.len() {
            let first = (block * BLOCK_ROWS) as u32;
            let occupied = self.occupied[block];
            for run in runs(&occupied) {
                run.for_each(|offset| self.vacate(first + offset as u32));
            }
        }
    }

    /// The blocks that have used rows, as numbers.
    #[inline(always)]
    pub(crate) fn blocks(&self) -> usize {
        self.living.len()
    }

    /// How many rows of the block are alive.
    #[inline(always)]
    pub(crate) fn living_in(&self, block: usize) -> usize {
        self.living.get(block).map_or(0, |living| usize::from(*living))
    }

    /// How many rows of the block were ever used.
    #[inline(always)]
    pub(crate) fn used_in(&self, block: usize) -> usize {
        self.generations.len().saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// Which rows of the block are alive.
    #[inline(always)]
    pub(crate) fn occupied_in(&self, block: usize) -> &Bits {
        self.occupied.get(block).unwrap_or(&NO_ROWS)
    }

    /// The living rows of the block, as ranges of offsets.
    #[inline(always)]
    pub(crate) fn runs_in(&self, block: usize) -> impl Iterator<Item = Range<usize>> {
        let (used, living) = (self.used_in(block), self.living_in(block));
        let (occupied, mut at) = (self.occupied_in(block), 0);
        std::iter::from_fn(
            #[inline(always)]
            move || {
                // A full block is one run; looking for it would cost more than many a loop over it.
                let run = match living {
                    0 => return None,
                    _ if at >= used => return None,
                    _ if living == used => 0..used,
                    _ => next_run(occupied, at)?,
                };
                at = run.end;
                Some(run)
            },
        )
    }

    /// Whether the block's living rows lie in runs so short that finding them costs more than
    /// looking at each row by itself.
    #[inline]
    pub(crate) fn is_ragged(&self, block: usize) -> bool {
        const SHORT: usize = 8;
        let living = self.living_in(block);
        if living == self.used_in(block) {
            return false;
        }
        let mut last = 0;
        let starts = self.occupied_in(block).iter().map(|word| {
            let starts = word & !(word << 1 | last);
            last = word >> 63;
            starts.count_ones() as usize
        });
        living < SHORT * starts.sum::<usize>()
    }

    /// The offsets of the block's living rows.
    #[inline(always)]
    pub(crate) fn living_offsets(&self, block: usize) -> impl Iterator<Item = usize> {
        self.occupied_in(block).iter().enumerate().flat_map(
            #[inline(always)]
            |(number, word)| {
                let mut left = *word;
                std::iter::from_fn(
                    #[inline(always)]
                    move || {
                        let offset =
                            (left != 0).then(|| number * 64 + left.trailing_zeros() as usize);
                        left &= left.wrapping_sub(1);
                        offset
                    },
                )
            },
        )
    }

    pub(crate) fn try_reserve(
        &mut self,
        rows: usize,
    ) -> Result<(), std::collections::TryReserveError> {
        let blocks = rows.div_ceil(BLOCK_ROWS);
        self.generations.try_reserve_exact(rows.saturating_sub(self.generations.len()))?;
        self.occupied.try_reserve(blocks.saturating_sub(self.occupied.len()))?;
        self.living.try_reserve(blocks.saturating_sub(self.living.len()))
    }

    pub(crate) fn shrink(&mut self) {
        self.generations.shrink_to_fit();
        self.occupied.shrink_to_fit();
        self.living.shrink_to_fit();
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.generations.capacity() * size_of::<u16>()
            + self.occupied.capacity() * size_of::<Bits>()
            + self.living.capacity() * size_of::<u16>()
            + self.retired.len() * (size_of::<Bits>() + size_of::<(usize, Box<Bits>)>())
            + self.free.heap_bytes()
    }
}

/// The offsets of the bits that are set, as ranges.
pub(crate) fn runs(bits: &Bits) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = next_run(bits, at)?;
        at = run.end;
        Some(run)
    })
}

/// The first range of set bits at or after `from`.
#[inline]
pub(crate) fn next_run(bits: &Bits, from: usize) -> Option<Range<usize>> {
    let start = find(bits, from, 0)?;
    Some(start..find(bits, start, u64::MAX).unwrap_or(BLOCK_ROWS))
}

/// The first set bit at or after `from`, of the bits flipped by `flip`.
#[inline(always)]
fn find(bits: &Bits, from: usize, flip: u64) -> Option<usize> {
    let mut number = from / 64;
    let mut word = (*bits.get(number)? ^ flip) & (u64::MAX << (from % 64));
    while word == 0 {
        number += 1;
        word = *bits.get(number)? ^ flip;
    }
    Some(number * 64 + word.trailing_zeros() as usize)
}

/// The first `count` free rows of a block; `offsets` holds them where they are not adjacent.
pub(crate) fn span(block: usize, free: Bits, count: usize, offsets: &mut Vec<u16>) -> Span<'_> {
    if let Some(run) = next_run(&free, 0)
        && run.len() >= count
    {
        return Span::Run { block, first: run.start as u16, count: count as u16 };
    }
    offsets.clear();
    offsets.extend(runs(&free).flatten().take(count).map(|offset| offset as u16));
    Span::Scattered { block, offsets }
}

/// How many of the bits are set.
pub(crate) fn count_ones(bits: &Bits) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
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
    fn fault_03_the_rows_come_to_an_end_and_back() {
        let mut rows = rows(1500, u16::MAX);
        (0..1500).for_each(|row| assert_eq!(take(&mut rows), Some((row, 1))));
        assert_eq!((take(&mut rows), rows.room()), (None, 0));
        rows.vacate(1030);
        rows.vacate(1499);
        assert_eq!([take(&mut rows), take(&mut rows)], [Some((1030, 3)), Some((1499, 3))]);
        assert_eq!(take(&mut rows), None);
    }

    #[test]
    fn a_despawn_taken_back_leaves_no_trace() {
        let mut rows = rows(2000, 1);
        (0..2000).for_each(|_| assert!(take(&mut rows).is_some()));
        rows.vacate(3);
        assert_eq!(take(&mut rows), None, "the only generation is used up");
        rows.revive(3, 1);
        assert!(rows.is_alive(3, 1));
        assert_eq!((rows.count(), rows.room(), rows.living_in(0)), (2000, 0, 2000));
    }

    #[test]
    fn runs_are_the_set_bits() {
        let mut bits = NO_ROWS;
        assert_eq!(runs(&bits).count(), 0);
        for offset in [0, 1, 63, 64, 65, 1023] {
            bits[offset / 64] |= 1 << (offset % 64);
        }
        assert_eq!(runs(&bits).collect::<Vec<_>>(), [0..2, 63..66, 1023..1024]);
        assert!(runs(&[u64::MAX; BLOCK_ROWS / 64]).eq(std::iter::once(0..BLOCK_ROWS)));
    }

    #[test]
    fn spans_scatter_only_where_they_must() {
        let mut offsets = Vec::new();
        let mut bits = NO_ROWS;
        bits[0] = 0b1011;
        assert!(matches!(
            span(2, bits, 2, &mut offsets),
            Span::Run { block: 2, first: 0, count: 2 }
        ));
        let Span::Scattered { offsets, .. } = span(2, bits, 3, &mut offsets) else { panic!() };
        assert_eq!(offsets, [0, 1, 3]);
    }
}
