//! Interned texts: a handle of four bytes for each different string.

use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::storage::hash_text;
use crate::storage::interner::pool::{Data, Found, New, Pool};
use crate::text::Text;

/// All texts of a store. Text 0 is the empty one.
#[derive(Clone)]
pub(crate) struct TextPool {
    pub(super) pool: Pool<String>,
}

impl Data for String {
    type Form = ();

    fn bytes(&self, (): (), place: Range<usize>) -> usize {
        place.len()
    }

    fn hash(&self, (): (), place: Range<usize>, hasher: &RandomState) -> u64 {
        hasher.hash_one(self.get(place).unwrap_or_default())
    }

    fn append(&mut self, other: &Self, (): (), place: Range<usize>) -> Range<usize> {
        push(self, other.get(place).unwrap_or_default())
    }

    fn truncate(&mut self, (): (), place: Range<usize>) {
        self.truncate(place.start);
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }

    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

fn push(all: &mut String, text: &str) -> Range<usize> {
    let start = all.len();
    all.push_str(text);
    start..all.len()
}

fn string<'p>(found: &Found<'p, String>) -> Option<&'p str> {
    found.data.get(found.place.clone())
}

impl Default for TextPool {
    fn default() -> Self {
        let pool = Pool::default();
        let hash = pool.hasher().hash_one("");
        Self { pool: pool.with_empty(hash, (), hash_text("")) }
    }
}

impl TextPool {
    /// Returns the text's handle, or `None` if the texts would take more than `limit` bytes.
    pub(crate) fn intern(&mut self, text: &str, limit: usize) -> Option<Text> {
        let hash = self.pool.hasher().hash_one(text);
        let number = self.find_hashed(text, hash).or_else(|| {
            let new = New { form: (), bytes: text.len(), content_hash: hash_text(text) };
            self.pool.add(hash, new, limit, |all| push(all, text))
        });
        number.map(Text::new)
    }

    /// Returns the handle of a known text.
    pub(crate) fn find(&self, text: &str) -> Option<Text> {
        self.find_hashed(text, self.pool.hasher().hash_one(text)).map(Text::new)
    }

    fn find_hashed(&self, text: &str, hash: u64) -> Option<u32> {
        self.pool.find(hash, |found| string(&found) == Some(text))
    }

    pub(crate) fn resolve(&self, text: Text) -> Option<&str> {
        string(&self.pool.get(text.number())?)
    }

    /// Returns a number above those of all texts.
    pub(crate) fn next_number(&self) -> u32 {
        u32::try_from(self.pool.next_number()).unwrap_or(u32::MAX)
    }

    /// Returns a hash of the text, equal on every machine.
    pub(crate) fn hash(&self, text: Text) -> u64 {
        self.pool.get(text.number()).map_or(0, |found| found.content_hash)
    }
}

impl fmt::Debug for TextPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextPool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_handles() {
        let mut pool = TextPool::default();
        let words: Vec<String> = (0..1000).map(|number| format!("word {number}")).collect();
        let first: Vec<_> = words.iter().map(|word| pool.intern(word, usize::MAX)).collect();
        let again: Vec<_> = words.iter().map(|word| pool.intern(word, usize::MAX)).collect();
        assert_eq!(first, again);
        assert_eq!(pool.intern("", 0), Some(Text::EMPTY), "known");
        for (text, word) in first.iter().zip(&words) {
            assert_eq!(text.and_then(|text| pool.resolve(text)), Some(&**word));
        }
    }

    #[test]
    fn fault_15_the_limit_is_an_error_and_known_texts_still_work() {
        let mut pool = TextPool::default();
        let limit = pool.pool.bytes_after(&[4, 4]);
        let four = pool.intern("four", limit);
        assert_eq!(pool.intern("fives", limit), None);
        assert_eq!(pool.intern("four", limit), four);
        assert!(pool.intern("for4", limit).is_some());
    }

    #[test]
    fn truncation_forgets_the_newest() {
        let mut pool = TextPool::default();
        let kept = pool.intern("kept", usize::MAX);
        let len = pool.pool.next_number();
        pool.intern("dropped", usize::MAX);
        pool.pool.truncate(len);
        assert_eq!((pool.find("kept"), pool.find("dropped")), (kept, None));
        let next = pool.intern("next", usize::MAX).and_then(|text| pool.resolve(text));
        assert_eq!(next, Some("next"));
    }
}
