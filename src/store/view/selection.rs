//! The rows that a narrowed view visits: blocks changed since an epoch, objects with a slot set or unset.

use crate::epoch::Epoch;
use crate::simd::vectorize;
use crate::storage::{BLOCK_WORDS, Rows, block_of_words};
use crate::store::view::cache::TableMatch;
use crate::store::view::tables::Tables;

/// The rows that a narrowed view visits, for each of its matches.
#[derive(Clone, Debug)]
pub(super) struct Selection(Box<[TableSelection]>);

/// The rows of one table that a narrowed view visits.
#[derive(Clone, Debug, Default)]
pub(super) struct TableSelection {
    /// The number of visited rows of each block.
    counts: Vec<u16>,
    /// The visited rows as bits. Empty if all living rows of the visited blocks are meant.
    words: Vec<u64>,
}

impl Selection {
    /// Finds the rows that the view visits now.
    pub(super) fn new(tables: &Tables<'_>, matches: &[TableMatch], since: Epoch) -> Self {
        let in_table = |found| TableSelection::new(tables, found, since);
        Self(matches.iter().map(in_table).collect())
    }

    /// Returns the number of visited objects.
    pub(super) fn count(&self) -> usize {
        self.0.iter().flat_map(|table| &table.counts).map(|count| usize::from(*count)).sum()
    }
}

impl TableSelection {
    pub(super) fn new(tables: &Tables<'_>, found: &TableMatch, since: Epoch) -> Self {
        let rows = tables.rows(found);
        let flags: Vec<_> =
            found.tests.iter().map(|test| (tables.tested(found, test), test.is_set)).collect();
        let is_changed = |block, epoch| {
            rows.is_changed_since(block, epoch)
                || flags.iter().any(|(column, _)| column.is_written_since(block, epoch))
                || tables.columns(found).any(|column| column.is_written_since(block, epoch))
        };
        let blocks = rows.blocks();
        let mut counts = vec![0; blocks];
        let mut words = Vec::with_capacity(if flags.is_empty() { 0 } else { blocks * BLOCK_WORDS });
        for (block, count) in counts.iter_mut().enumerate() {
            let is_visited =
                rows.living_in(block) > 0 && (since == Epoch::START || is_changed(block, since));
            if flags.is_empty() {
                *count = if is_visited { rows.living_in(block) as u16 } else { 0 };
                continue;
            }
            let first = words.len();
            if !is_visited {
                words.resize(first + rows.occupied_in(block).len(), 0);
                continue;
            }
            words.extend_from_slice(rows.occupied_in(block));
            for (column, is_set) in &flags {
                let set = column.set.as_ref().and_then(|set| set.blocks().get(block));
                let flags = set.map_or(&[][..], |block| block.cells());
                vectorize(
                    #[inline(always)]
                    || retain(&mut words[first..], flags, *is_set),
                );
            }
            *count = words[first..].iter().map(|word| word.count_ones() as u16).sum();
        }
        Self { counts, words }
    }

    /// Returns `true` if a row of a table with tests is visited.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

/// Clears the bits of rows whose flag differs from `is_set`. Rows without a flag were never written.
#[inline(always)]
fn retain(words: &mut [u64], flags: &[bool], is_set: bool) {
    let (whole, rest) = flags.as_chunks::<64>();
    let mut last = [false; 64];
    last[..rest.len()].copy_from_slice(rest);
    let flags = whole.iter().chain(std::iter::once(&last));
    let flip = if is_set { 0 } else { u64::MAX };
    let mut kept = 0;
    for (word, flags) in words.iter_mut().zip(flags) {
        if *word != 0 {
            *word &= bits(flags) ^ flip;
        }
        kept += 1;
    }
    words[kept..].fill(0);
}

/// Returns the flags as bits, the first one lowest.
#[inline(always)]
fn bits(flags: &[bool; 64]) -> u64 {
    /// Moves the lowest bit of each byte to the highest byte, in order.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (chunks, _) = flags.as_chunks::<8>();
    let eights: [u64; 8] = std::array::from_fn(|number| {
        u64::from_le(bytemuck::cast::<[bool; 8], u64>(chunks[number]))
    });
    if eights.iter().fold(0, |any, eight| any | eight) == 0 {
        return 0;
    }
    let gathered = eights.map(|eight| (eight.wrapping_mul(GATHER) >> 56) as u8);
    u64::from_le_bytes(gathered)
}

/// The rows of one table that a view visits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visits<'m> {
    rows: &'m Rows,
    selection: Option<&'m TableSelection>,
}

impl<'m> Visits<'m> {
    #[inline(always)]
    pub(super) fn new(rows: &'m Rows, selection: Option<&'m Selection>, position: usize) -> Self {
        Self { rows, selection: selection.map(|selection| &selection.0[position]) }
    }

    /// Returns `true` if all used rows are visited. Blocks need no look-up then.
    #[inline(always)]
    pub(super) fn is_whole(self) -> bool {
        self.selection.is_none() && self.rows.is_dense()
    }

    /// Returns the number of visited rows in a block.
    #[inline(never)]
    pub(super) fn count_in(self, block: usize) -> usize {
        match self.selection {
            Some(selection) => usize::from(selection.counts[block]),
            None => self.rows.living_in(block),
        }
    }

    /// Returns the visited rows of a block as bits.
    #[inline(always)]
    pub(super) fn words_in(self, block: usize) -> &'m [u64] {
        match self.selection {
            Some(TableSelection { words, .. }) if !words.is_empty() => block_of_words(words, block),
            _ => self.rows.occupied_in(block),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_bits_in_order() {
        let mut flags = [false; 64];
        assert_eq!(bits(&flags), 0);
        for set in [0, 1, 7, 8, 31, 62, 63] {
            flags[set] = true;
            assert_eq!(bits(&flags) >> set & 1, 1, "{set}");
        }
        assert_eq!(bits(&flags).count_ones(), 7);
        assert_eq!(bits(&[true; 64]), u64::MAX);
    }

    #[test]
    fn rows_without_a_flag_are_cleared() {
        for is_set in [true, false] {
            let mut words = [u64::MAX; 3];
            retain(&mut words, &[is_set; 65], is_set);
            assert_eq!(words[0], u64::MAX);
            assert_eq!(words[1] & 1, 1);
            assert_eq!(words[2], 0);
        }
    }
}
