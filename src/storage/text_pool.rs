//! Interned texts: a handle of four bytes for each different string.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::storage::hash_text;
use crate::text::Text;

/// All texts of a store, one after another. Only the newest texts can be removed.
#[derive(Clone, Debug)]
pub(crate) struct TextPool {
    strings: String,
    /// The end of each text. Text 0 is the empty one.
    ends: Vec<u32>,
    /// A hash of each text, equal on every machine.
    hashes: Vec<u64>,
    numbers: HashTable<u32>,
    hasher: FixedState,
}

impl Default for TextPool {
    fn default() -> Self {
        let (strings, numbers) = (String::new(), HashTable::new());
        let mut pool = Self {
            strings,
            ends: Vec::new(),
            hashes: Vec::new(),
            numbers,
            hasher: FixedState::default(),
        };
        let empty = pool.intern("", 0);
        assert_eq!(empty, Some(Text::EMPTY), "the first text is the empty one");
        pool
    }
}

impl TextPool {
    /// Returns the text's handle. Copies the pool if the text is new and a snapshot shares the pool.
    pub(crate) fn intern_shared(pool: &mut Arc<Self>, text: &str, limit: usize) -> Option<Text> {
        pool.find(text).or_else(|| Arc::make_mut(pool).intern(text, limit))
    }

    /// Returns the text's handle, or `None` if the texts would take more than `limit` bytes.
    pub(crate) fn intern(&mut self, text: &str, limit: usize) -> Option<Text> {
        let hash = self.hasher.hash_one(text);
        if let Some(number) = self.numbers.find(hash, |number| self.get(*number) == Some(text)) {
            return Some(Text::new(*number));
        }
        let end = self.strings.len().checked_add(text.len()).filter(|end| *end <= limit)?;
        let end = u32::try_from(end).ok()?;
        let number = u32::try_from(self.ends.len()).ok()?;
        self.strings.push_str(text);
        self.ends.push(end);
        self.hashes.push(hash_text(text));
        let (strings, ends, hasher) = (&self.strings, &self.ends, &self.hasher);
        let rehash = |number: &u32| hasher.hash_one(string(strings, ends, *number).unwrap_or(""));
        self.numbers.insert_unique(hash, number, rehash);
        Some(Text::new(number))
    }

    /// Returns the handle of a known text.
    pub(crate) fn find(&self, text: &str) -> Option<Text> {
        let hash = self.hasher.hash_one(text);
        self.numbers
            .find(hash, |number| self.get(*number) == Some(text))
            .map(|number| Text::new(*number))
    }

    pub(crate) fn resolve(&self, text: Text) -> Option<&str> {
        self.get(text.number())
    }

    /// Returns a hash of the text, equal on every machine.
    pub(crate) fn hash(&self, text: Text) -> u64 {
        self.hashes.get(text.number() as usize).copied().unwrap_or_default()
    }

    fn get(&self, number: u32) -> Option<&str> {
        string(&self.strings, &self.ends, number)
    }

    /// Returns the number of texts, for [`truncate`](Self::truncate).
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Forgets all texts after the first `len`. No value may refer to them.
    pub(crate) fn truncate(&mut self, len: usize) {
        while self.ends.len() > len.max(1) {
            let number = (self.ends.len() - 1) as u32;
            let hash = self.hasher.hash_one(self.get(number).unwrap_or(""));
            if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
                entry.remove();
            }
            self.ends.pop();
            self.hashes.pop();
            self.strings.truncate(self.ends.last().map_or(0, |end| *end as usize));
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.strings.capacity()
            + self.ends.capacity() * size_of::<u32>()
            + self.hashes.capacity() * size_of::<u64>()
            + self.numbers.allocation_size()
    }
}

fn string<'a>(strings: &'a str, ends: &[u32], number: u32) -> Option<&'a str> {
    let number = number as usize;
    let end = *ends.get(number)? as usize;
    let start = if number == 0 { 0 } else { *ends.get(number - 1)? as usize };
    strings.get(start..end)
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
        assert_eq!(pool.intern("", 0), Some(Text::EMPTY));
        for (text, word) in first.iter().zip(&words) {
            assert_eq!(text.and_then(|text| pool.resolve(text)), Some(&**word));
        }
    }

    #[test]
    fn fault_15_the_limit_is_an_error_and_known_texts_still_work() {
        let mut pool = TextPool::default();
        let four = pool.intern("four", 8);
        assert_eq!(pool.intern("fives", 8), None);
        assert_eq!(pool.intern("four", 8), four);
        assert!(pool.intern("for4", 8).is_some());
    }

    #[test]
    fn truncation_forgets_the_newest() {
        let mut pool = TextPool::default();
        let kept = pool.intern("kept", usize::MAX);
        let len = pool.len();
        pool.intern("dropped", usize::MAX);
        pool.truncate(len);
        assert_eq!((pool.find("kept"), pool.find("dropped")), (kept, None));
        let next = pool.intern("next", usize::MAX).and_then(|text| pool.resolve(text));
        assert_eq!(next, Some("next"));
    }
}
