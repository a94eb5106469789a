//! A set of rows that finds its lowest member in a few steps.

/// A hierarchical bitmap: one bit per row, above it one bit for each word that is not zero, and so on up to a
/// single word.
#[derive(Clone, Debug, Default)]
pub(super) struct RowSet {
    levels: Vec<Vec<u64>>,
}

impl RowSet {
    #[inline]
    pub(super) fn insert(&mut self, row: usize) {
        if let Some(word) = self.levels.first_mut().and_then(|words| words.get_mut(row / 64))
            && *word != 0
        {
            *word |= 1 << (row % 64);
            return;
        }
        self.insert_in_empty_word(row);
    }

    fn insert_in_empty_word(&mut self, row: usize) {
        let mut bit = row;
        let mut level = 0;
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
                if level > 0 {
                    // The new bit must stay clear until the levels above it are updated.
                    self.summarise(level);
                    self.levels[level][bit / 64] &= !(1 << (bit % 64));
                }
            }
            let words = &mut self.levels[level];
            if words.len() <= bit / 64 {
                words.resize(bit / 64 + 1, 0);
            }
            let is_known = words[bit / 64] != 0;
            words[bit / 64] |= 1 << (bit % 64);
            bit /= 64;
            level += 1;
            if is_known || bit == 0 && level >= self.levels.len() {
                return;
            }
        }
    }

    /// Fills a new level from the one below.
    fn summarise(&mut self, level: usize) {
        let below = &self.levels[level - 1];
        let mut words = vec![0; below.len().div_ceil(64)];
        for (bit, word) in below.iter().enumerate() {
            words[bit / 64] |= u64::from(*word != 0) << (bit % 64);
        }
        self.levels[level] = words;
    }

    /// Removes the rows of these bits of a word.
    #[inline]
    pub(super) fn remove(&mut self, word: usize, bits: u64) {
        let (mut number, mut bits) = (word, bits);
        for words in &mut self.levels {
            let Some(word) = words.get_mut(number) else { return };
            *word &= !bits;
            if *word != 0 {
                return;
            }
            bits = 1 << (number % 64);
            number /= 64;
        }
    }

    /// Replaces the members of a word with these bits.
    pub(super) fn set_word(&mut self, word: usize, bits: u64) {
        self.remove(word, !bits);
        if bits != 0 {
            self.insert(word * 64 + bits.trailing_zeros() as usize);
            self.levels[0][word] = bits;
        }
    }

    /// Returns the lowest word with members at or after `from`, and its members as bits.
    #[inline]
    pub(super) fn next_word(&self, from: usize) -> Option<(usize, u64)> {
        let bits = *self.levels.first()?.get(from)?;
        if bits != 0 {
            return Some((from, bits));
        }
        // Up to the first word with a later bit, then down to the lowest member.
        let (mut number, mut level) = (from, 1);
        loop {
            let bit = number + 1;
            let words = self.levels.get(level)?;
            let word = words.get(bit / 64)? & (u64::MAX << (bit % 64));
            if word != 0 {
                number = bit / 64 * 64 + word.trailing_zeros() as usize;
                break;
            }
            number = bit / 64;
            level += 1;
        }
        while level > 1 {
            level -= 1;
            number = number * 64 + self.levels[level][number].trailing_zeros() as usize;
        }
        Some((number, self.levels[0][number]))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.levels.iter().map(|words| words.capacity() * size_of::<u64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_first_row_may_be_a_large_one() {
        let mut set = RowSet::default();
        set.insert(70_000);
        assert_eq!(set.next_word(0), Some((1093, 1 << 48)), "all levels are updated");
    }

    proptest! {
        #[test]
        fn agrees_with_a_tree_set(
            steps in prop::collection::vec((any::<bool>(), 0_usize..300_000), 1..200),
        ) {
            let mut set = RowSet::default();
            let mut expected = BTreeSet::new();
            for (insert, row) in steps {
                if insert && row % 7 == 0 {
                    set.set_word(row / 64, 1 << 63 | 1);
                    expected.retain(|other| other / 64 != row / 64);
                    expected.extend([row / 64 * 64, row / 64 * 64 + 63]);
                } else if insert {
                    set.insert(row);
                    expected.insert(row);
                } else {
                    set.remove(row / 64, 1 << (row % 64));
                    expected.remove(&row);
                }
                for from in [0, row.saturating_sub(64), row, row + 64, row / 2].map(|row| row / 64) {
                    let word = expected.range(from * 64..).next().map(|row| row / 64);
                    let bits = |word| expected.range(word * 64..(word + 1) * 64)
                        .fold(0, |bits, row| bits | 1_u64 << (row % 64));
                    prop_assert_eq!(set.next_word(from), word.map(|word| (word, bits(word))));
                }
            }
        }
    }

    #[test]
    fn the_bytes_of_all_levels_are_counted() {
        let mut set = RowSet::default();
        assert_eq!(set.heap_bytes(), 0);
        set.insert(64 * 64 * 64 - 1);
        assert_eq!(set.heap_bytes(), (64 * 64 + 64 + 1) * size_of::<u64>());
    }
}
