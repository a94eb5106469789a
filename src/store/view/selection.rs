//! The rows that a narrowed view visits: those changed since an epoch, and those with a slot set or unset.

use crate::epoch::Epoch;
use crate::simd::{add_bits_at_least, vectorize};
use crate::storage::{BLOCK_WORDS, Column, Marks, Rows, Written, block_of_words};
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
        let changes = Changes::new(tables, found, since);
        let has_words = !flags.is_empty() || changes.are_tracked();
        let blocks = rows.blocks();
        let mut counts = vec![0; blocks];
        let mut words = Vec::with_capacity(if has_words { blocks * BLOCK_WORDS } else { 0 });
        for (block, count) in counts.iter_mut().enumerate() {
            let changed =
                if rows.living_in(block) == 0 { Changed::Nothing } else { changes.in_block(block) };
            if !has_words {
                *count = if changed == Changed::All { rows.living_in(block) as u16 } else { 0 };
                continue;
            }
            let (first, occupied) = (words.len(), rows.occupied_in(block));
            words.resize(first + occupied.len(), 0);
            if changed == Changed::Nothing {
                continue;
            }
            let words = &mut words[first..];
            if changed == Changed::Some {
                changes.add_rows(block, words);
                words.iter_mut().zip(occupied).for_each(|(word, occupied)| *word &= occupied);
            } else {
                words.copy_from_slice(occupied);
            }
            for (column, is_set) in &flags {
                let set = column.set.as_ref().and_then(|set| set.blocks().get(block));
                let flags = set.map_or(&[][..], |block| block.cells());
                vectorize(
                    #[inline(always)]
                    || retain(words, flags, *is_set),
                );
            }
            *count = words.iter().map(|word| word.count_ones() as u16).sum();
        }
        Self { counts, words }
    }

    /// Returns `true` if a row of a table with tests is visited.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

/// The changes of one table that a view sees.
struct Changes<'t> {
    rows: &'t Rows,
    since: Epoch,
    /// The columns of the view's slots that track their changes, and the others.
    tracked: Vec<&'t Marks>,
    untracked: Vec<&'t Column>,
}

/// The changed rows of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changed {
    Nothing,
    /// Some rows, of tracked slots.
    Some,
    All,
}

impl<'t> Changes<'t> {
    fn new(tables: &'t Tables<'_>, found: &TableMatch, since: Epoch) -> Self {
        let (mut tracked, mut untracked) = (Vec::new(), Vec::new());
        if since != Epoch::START {
            let tested = found.tests.iter().map(|test| tables.tested(found, test));
            for column in tables.columns(found).chain(tested) {
                match &column.marks {
                    Some(marks) => tracked.push(&**marks),
                    None => untracked.push(column),
                }
            }
        }
        Self { rows: tables.rows(found), since, tracked, untracked }
    }

    /// Returns `true` if some slots track their changes.
    fn are_tracked(&self) -> bool {
        !self.tracked.is_empty()
    }

    fn in_block(&self, block: usize) -> Changed {
        if self.since == Epoch::START {
            return Changed::All;
        }
        // A spawn writes to tracked slots too. A view without them sees spawned objects by their block.
        let has_others = !self.untracked.is_empty() || self.tracked.is_empty();
        if has_others && self.rows.is_changed_since(block, self.since) {
            return Changed::All;
        }
        if self.untracked.iter().any(|column| column.is_written_since(block, self.since)) {
            return Changed::All;
        }
        let written = self.tracked.iter().map(|marks| marks.written_since(block, self.since));
        written.fold(Changed::Nothing, |changed, written| match (changed, written) {
            (Changed::All, _) | (_, Written::All) => Changed::All,
            (changed, Written::Nothing) => changed,
            (_, Written::Rows { .. }) => Changed::Some,
        })
    }

    /// Adds the changed rows of a block as bits.
    fn add_rows(&self, block: usize, words: &mut [u64]) {
        for marks in &self.tracked {
            if let Written::Rows { marks, first } = marks.written_since(block, self.since) {
                add_bits_at_least(words, marks, first);
            }
        }
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

    /// Marks the visited rows.
    pub(super) fn mark(self, marks: &mut Marks) {
        for block in (0..self.rows.blocks()).filter(|block| self.count_in(*block) > 0) {
            match self.selection {
                Some(TableSelection { words, .. }) if !words.is_empty() => {
                    marks.mark_words(block, block_of_words(words, block));
                }
                _ => marks.mark_block(block),
            }
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
