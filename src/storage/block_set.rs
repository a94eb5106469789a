//! A set of block numbers that finds its next member in a few steps.

/// Each bit of a level says whether a word of the level below has any bit set.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockSet {
    levels: Vec<Vec<u64>>,
}

impl BlockSet {
    pub(super) fn insert(&mut self, block: usize) {
        let mut bit = block;
        let mut level = 0;
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
                if level > 0 {
                    self.summarise(level);
                }
            }
            let words = &mut self.levels[level];
            if words.len() <= bit / 64 {
                words.resize(bit / 64 + 1, 0);
            }
            words[bit / 64] |= 1 << (bit % 64);
            bit /= 64;
            level += 1;
            if bit == 0 && level >= self.levels.len() {
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

    pub(super) fn remove(&mut self, block: usize) {
        let mut bit = block;
        for words in &mut self.levels {
            let Some(word) = words.get_mut(bit / 64) else { return };
            *word &= !(1 << (bit % 64));
            if *word != 0 {
                return;
            }
            bit /= 64;
        }
    }

    /// The lowest member that is at least `from`.
    #[inline]
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let mut bit = from;
        let mut level = 0;
        // Up until a word has a member at or after the bit, then down to the lowest one.
        loop {
            let words = self.levels.get(level)?;
            let word = words.get(bit / 64)? & (u64::MAX << (bit % 64));
            if word != 0 {
                bit = bit / 64 * 64 + word.trailing_zeros() as usize;
                break;
            }
            bit = bit / 64 + 1;
            level += 1;
        }
        while level > 0 {
            level -= 1;
            bit = bit * 64 + self.levels[level][bit].trailing_zeros() as usize;
        }
        Some(bit)
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

    proptest! {
        #[test]
        fn agrees_with_a_tree_set(
            steps in prop::collection::vec((any::<bool>(), 0_usize..300_000), 1..200),
        ) {
            let mut set = BlockSet::default();
            let mut expected = BTreeSet::new();
            for (insert, block) in steps {
                if insert {
                    set.insert(block);
                    expected.insert(block);
                } else {
                    set.remove(block);
                    expected.remove(&block);
                }
                for from in [0, block.saturating_sub(1), block, block + 1, block / 2] {
                    prop_assert_eq!(set.next(from), expected.range(from..).next().copied());
                }
            }
        }
    }
}
