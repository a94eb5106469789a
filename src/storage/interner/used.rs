//! Marks of the interned values that are in use.

use std::sync::atomic::{AtomicU64, Ordering};

/// One bit for each number that existed when the marking began. Later numbers count as marked.
///
/// The words are atomic, because a search for a value marks it through a shared borrow.
#[derive(Debug)]
pub(crate) struct UsedNumbers {
    words: Box<[AtomicU64]>,
}

impl UsedNumbers {
    pub(super) fn new(words: usize) -> Self {
        Self { words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Marks a number. Returns `true` if it was not marked before.
    #[inline]
    pub(super) fn set(&self, number: u32) -> bool {
        let bit = 1 << (number % u64::BITS);
        let word = self.words.get((number / u64::BITS) as usize);
        word.is_some_and(|word| {
            let is_new = word.load(Ordering::Relaxed) & bit == 0;
            if is_new {
                word.fetch_or(bit, Ordering::Relaxed);
            }
            is_new
        })
    }

    /// Returns the marks of 64 numbers, or `None` if they came later.
    pub(super) fn word(&self, word: usize) -> Option<u64> {
        self.words.get(word).map(|word| word.load(Ordering::Relaxed))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once_and_later_numbers_need_no_mark() {
        let used = UsedNumbers::new(2);
        assert_eq!(
            [0, 63, 64, 127, 63].map(|number| used.set(number)),
            [true, true, true, true, false]
        );
        assert!(!used.set(128));
        let first_and_last = 1 | 1 << 63;
        assert_eq!(
            [0, 1, 2].map(|word| used.word(word)),
            [Some(first_and_last), Some(first_and_last), None]
        );
        assert_eq!(used.heap_bytes(), 16);
    }
}
