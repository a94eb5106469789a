//! Values that are kept once and referred to by number.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::shared_vec::SharedVec;
use crate::storage::interner::used::UsedNumbers;

/// The numbers of a chunk, whose marks are one word.
const CHUNK: usize = 64;
/// A chunk with this many bytes takes no more values, because a new value copies the last chunk if a snapshot
/// shares it.
const CHUNK_BYTES: usize = 4096;
/// A value's share of the index and of its chunk, on average.
const SHARE: usize = 16;

/// The data of a chunk's values, one value after another.
pub(super) trait Data: Clone + Default {
    /// The part of a value's identity besides its data.
    type Form: Copy + Eq;
    /// Returns the bytes of a value.
    fn bytes(&self, form: Self::Form, place: Range<usize>) -> usize;
    /// Returns a hash of a value. Equal values have equal hashes.
    fn hash(&self, form: Self::Form, place: Range<usize>, hasher: &RandomState) -> u64;
    /// Appends a copy of another chunk's value. Returns its place.
    fn append(&mut self, other: &Self, form: Self::Form, place: Range<usize>) -> Range<usize>;
    /// Removes the last value.
    fn truncate(&mut self, form: Self::Form, place: Range<usize>);
    fn shrink(&mut self);
    fn heap_bytes(&self) -> usize;
}

/// A value that is to be added.
pub(super) struct New<F> {
    pub(super) form: F,
    pub(super) bytes: usize,
    /// A hash for comparing worlds, equal on every machine.
    pub(super) content_hash: u64,
}

#[derive(Clone, Debug)]
struct Chunk<D: Data> {
    data: D,
    /// The bytes of the values.
    bytes: usize,
    entries: Vec<Entry<D::Form>>,
}

/// The place of a released value.
#[expect(clippy::reversed_empty_ranges, reason = "no value has this place")]
const RELEASED: Range<usize> = 1..0;

/// One value of a chunk.
#[derive(Clone, Debug)]
struct Entry<F> {
    content_hash: u64,
    start: u32,
    end: u32,
    form: F,
}

/// A value, and the chunk's data in which it is.
pub(super) struct Found<'p, D: Data> {
    pub(super) data: &'p D,
    pub(super) form: D::Form,
    pub(super) place: Range<usize>,
    pub(super) content_hash: u64,
}

/// Values that are kept once, by number. A number is never used for another value.
///
/// Clones share all chunks, and the first new value after that copies one of them. The hash of the index is
/// seeded at random, because a hostile data file may choose values that collide.
pub(super) struct Pool<D: Data> {
    chunks: SharedVec<Chunk<D>>,
    /// The numbers by value. Made at the first search in a snapshot.
    index: Arc<OnceLock<HashTable<u32>>>,
    hasher: RandomState,
    /// The bytes of all values but the empty one, with their entries and share of the index.
    bytes: usize,
    /// Numbers that are in use, while a collection looks for those that are not.
    used: Option<Arc<UsedNumbers>>,
}

impl<F> Entry<F> {
    const fn new(form: F, content_hash: u64, place: Range<usize>) -> Self {
        Self { content_hash, start: place.start as u32, end: place.end as u32, form }
    }

    const fn is_released(&self) -> bool {
        self.start > self.end
    }

    const fn place(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl<D: Data> Clone for Pool<D> {
    fn clone(&self) -> Self {
        Self { index: Arc::clone(&self.index), ..self.share() }
    }
}

impl<D: Data> Default for Pool<D> {
    fn default() -> Self {
        let (chunks, index) = (SharedVec::default(), Arc::default());
        Self { chunks, index, hasher: RandomState::default(), bytes: 0, used: None }
    }
}

impl<D: Data> Pool<D> {
    /// Returns the bytes that a value takes besides its own.
    const OVERHEAD: usize = size_of::<Entry<D::Form>>() + SHARE;

    /// Adds the empty value, which every pool has, as number 0.
    pub(super) fn with_empty(mut self, hash: u64, form: D::Form, content_hash: u64) -> Self {
        let new = New { form, bytes: 0, content_hash };
        let number = self.add(hash, new, usize::MAX, |_| 0..0);
        assert_eq!(number, Some(0), "the empty value is the first");
        self.bytes = 0;
        self
    }

    pub(super) const fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Returns the same values, without the index and the marks.
    pub(super) fn share(&self) -> Self {
        let (chunks, hasher) = (self.chunks.clone(), self.hasher.clone());
        Self { chunks, index: Arc::default(), hasher, bytes: self.bytes, used: None }
    }

    /// Returns the same values, with the index and the marks.
    pub(super) fn share_marked(&self) -> Self {
        Self { index: Arc::clone(&self.index), used: self.used.clone(), ..self.share() }
    }

    /// Takes over the index of a pool with the same values, and shares its marks.
    pub(super) fn take_index_of(&mut self, other: &mut Self) {
        self.index = std::mem::take(&mut other.index);
        self.used = other.used.clone();
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<Found<'_, D>> {
        get(&self.chunks, number)
    }

    /// Returns the number of a value with this hash, for which `is_same` returns `true`.
    pub(super) fn find(&self, hash: u64, is_same: impl Fn(Found<'_, D>) -> bool) -> Option<u32> {
        let index = self.index.get_or_init(|| self.new_index());
        let number = *index.find(hash, |number| self.get(*number).is_some_and(&is_same))?;
        if let Some(used) = &self.used {
            used.set(number);
        }
        Some(number)
    }

    fn new_index(&self) -> HashTable<u32> {
        let mut index = HashTable::new();
        for (position, chunk) in self.chunks.iter() {
            for (number, entry) in (first_number(position)..).zip(&chunk.entries) {
                if !entry.is_released() {
                    let hash = chunk.data.hash(entry.form, entry.place(), &self.hasher);
                    index.insert_unique(hash, number, |number| {
                        rehash(&self.chunks, &self.hasher, *number)
                    });
                }
            }
        }
        index
    }

    /// Returns the bytes that all values take with another one of this many bytes.
    pub(super) const fn bytes_with(&self, bytes: usize) -> usize {
        self.bytes.saturating_add(bytes).saturating_add(Self::OVERHEAD)
    }

    /// Adds a value that is not in the pool. Returns `None` if the values would take more than `limit` bytes.
    pub(super) fn add(
        &mut self,
        hash: u64,
        new: New<D::Form>,
        limit: usize,
        append: impl FnOnce(&mut D) -> Range<usize>,
    ) -> Option<u32> {
        let bytes = new.bytes.checked_add(Self::OVERHEAD)?.checked_add(self.bytes)?;
        // A place is relative to a chunk with less than `CHUNK_BYTES` before it.
        if bytes > limit || new.bytes > u32::MAX as usize - CHUNK_BYTES {
            return None;
        }
        let number = self.next_number();
        let number = u32::try_from(number).ok()?;
        let position = number as usize / CHUNK;
        // First the index: making it needs all other values.
        self.index.get_or_init(|| self.new_index());
        if self.chunks.get(position).is_none() {
            let (data, entries) = (D::default(), Vec::new());
            self.chunks.set(position, Some(Arc::new(Chunk { data, bytes: 0, entries })));
        }
        let chunk = self.chunks.make_mut(position)?;
        let place = append(&mut chunk.data);
        let New { form, content_hash, .. } = new;
        chunk.entries.push(Entry::new(form, content_hash, place));
        chunk.bytes += new.bytes;
        if chunk.is_full() {
            chunk.data.shrink();
        }
        self.bytes = bytes;
        let (chunks, hasher) = (&self.chunks, &self.hasher);
        let index = Arc::make_mut(&mut self.index).get_mut().expect("it was made above");
        index.insert_unique(hash, number, |number| rehash(chunks, hasher, *number));
        if let Some(used) = &self.used {
            used.set(number);
        }
        Some(number)
    }

    /// Returns the number of the next value, for [`truncate`](Self::truncate).
    pub(super) fn next_number(&self) -> usize {
        let last = self.chunks.len().wrapping_sub(1);
        match self.chunks.get(last) {
            Some(chunk) if !chunk.is_full() => last * CHUNK + chunk.entries.len(),
            _ => self.chunks.len() * CHUNK,
        }
    }

    /// Forgets all values from this number on. No value may refer to them, and their numbers are used again.
    pub(super) fn truncate(&mut self, next: usize) {
        for position in (next / CHUNK..self.chunks.len()).rev() {
            let kept = next.saturating_sub(position * CHUNK).min(CHUNK);
            let len = self.chunks.get(position).map_or(0, |chunk| chunk.entries.len());
            for slot in (kept..len).rev() {
                self.forget(first_number(position) + slot as u32);
                let Some(chunk) = self.chunks.make_mut(position) else { continue };
                if let Some(entry) = chunk.entries.pop()
                    && !entry.is_released()
                {
                    chunk.bytes -= chunk.data.bytes(entry.form, entry.place());
                    chunk.data.truncate(entry.form, entry.place());
                }
            }
            if kept == 0 {
                self.chunks.truncate(position);
            }
        }
    }

    /// Removes a value from the index and from the count of bytes.
    fn forget(&mut self, number: u32) {
        let Some(found) = get(&self.chunks, number) else { return };
        self.bytes -= found.data.bytes(found.form, found.place.clone()) + Self::OVERHEAD;
        let hash = found.data.hash(found.form, found.place, &self.hasher);
        if self.index.get().is_some()
            && let Some(index) = Arc::make_mut(&mut self.index).get_mut()
            && let Ok(entry) = index.find_entry(hash, |other| *other == number)
        {
            entry.remove();
        }
    }

    /// Begins to note which values are in use.
    pub(super) fn begin_marking(&mut self) {
        let used = UsedNumbers::new(self.chunks.len());
        used.set(0);
        self.used = Some(Arc::new(used));
    }

    pub(super) fn used(&self) -> Option<&Arc<UsedNumbers>> {
        self.used.as_ref()
    }

    /// Ends a collection: nothing is marked any more.
    pub(super) fn end_marking(&mut self) {
        self.used = None;
        if let Some(index) = Arc::get_mut(&mut self.index).and_then(OnceLock::get_mut) {
            index.shrink_to_fit(|number| rehash(&self.chunks, &self.hasher, *number));
        }
    }

    /// Releases the values of one chunk that were not marked. Returns `false` if there is no such chunk.
    pub(super) fn sweep(&mut self, position: usize) -> bool {
        let used = match self.used.as_ref().and_then(|used| used.word(position)) {
            Some(used) => used,
            None => return position < self.chunks.len(),
        };
        let is_used = |slot: usize| used >> slot & 1 == 1;
        let Some(chunk) = self.chunks.get(position).map(Arc::clone) else { return true };
        let slots = || chunk.entries.iter().enumerate().filter(|(_, entry)| !entry.is_released());
        if slots().all(|(slot, _)| is_used(slot)) {
            return true;
        }
        slots()
            .filter(|(slot, _)| !is_used(*slot))
            .for_each(|(slot, _)| self.forget(first_number(position) + slot as u32));
        let is_left = slots().any(|(slot, _)| is_used(slot));
        self.chunks.set(position, is_left.then(|| Arc::new(chunk.with_slots(is_used))));
        true
    }

    /// Returns the heap bytes that are not in `seen` yet, and adds them to it.
    pub(super) fn count_new(&self, seen: &mut HashSet<usize>) -> usize {
        let chunks = self.chunks.count_new(seen, |chunk, _| {
            chunk.data.heap_bytes() + chunk.entries.capacity() * size_of::<Entry<D::Form>>()
        });
        let index = match self.index.get() {
            Some(index) if seen.insert(Arc::as_ptr(&self.index).addr()) => index.allocation_size(),
            _ => 0,
        };
        let used = self.used.as_ref().map_or(0, |used| used.heap_bytes());
        chunks + index + used
    }
}

impl<D: Data> Chunk<D> {
    const fn is_full(&self) -> bool {
        self.entries.len() == CHUNK || self.bytes >= CHUNK_BYTES
    }

    /// Returns the chunk without the values in other slots.
    fn with_slots(&self, is_kept: impl Fn(usize) -> bool) -> Self {
        let (mut data, mut bytes) = (D::default(), 0);
        let entries = self.entries.iter().enumerate().map(|(slot, entry)| {
            let Entry { form, content_hash, .. } = *entry;
            if entry.is_released() || !is_kept(slot) {
                return Entry::new(form, content_hash, RELEASED);
            }
            bytes += self.data.bytes(form, entry.place());
            Entry::new(form, content_hash, data.append(&self.data, form, entry.place()))
        });
        let entries = entries.collect();
        data.shrink();
        Self { data, bytes, entries }
    }
}

const fn first_number(position: usize) -> u32 {
    (position * CHUNK) as u32
}

#[inline]
fn get<D: Data>(chunks: &SharedVec<Chunk<D>>, number: u32) -> Option<Found<'_, D>> {
    let chunk = chunks.get(number as usize / CHUNK)?;
    let entry = chunk.entries.get(number as usize % CHUNK)?;
    let (data, form, content_hash) = (&chunk.data, entry.form, entry.content_hash);
    (!entry.is_released()).then(|| Found { data, form, place: entry.place(), content_hash })
}

fn rehash<D: Data>(chunks: &SharedVec<Chunk<D>>, hasher: &RandomState, number: u32) -> u64 {
    get(chunks, number).map_or(0, |found| found.data.hash(found.form, found.place, hasher))
}

#[cfg(test)]
impl<D: Data> Pool<D> {
    /// Returns the bytes that the pool counts once values of these sizes were added.
    pub(super) fn bytes_after(&self, sizes: &[usize]) -> usize {
        self.bytes + sizes.iter().map(|bytes| bytes + Self::OVERHEAD).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::TextPool;
    use crate::text::Text;

    fn words(texts: &mut TextPool, numbers: Range<usize>) -> Vec<Text> {
        let words = numbers.map(|number| format!("word {number}"));
        words.map(|word| texts.intern(&word, usize::MAX).unwrap()).collect()
    }

    fn new_bytes(texts: &TextPool, of: &TextPool) -> usize {
        let mut seen = HashSet::new();
        texts.pool.count_new(&mut seen);
        of.pool.count_new(&mut seen)
    }

    #[test]
    fn a_new_value_copies_one_chunk_of_a_shared_pool() {
        let mut texts = TextPool::default();
        words(&mut texts, 0..100_000);
        let snapshot = TextPool { pool: texts.pool.share() };
        words(&mut texts, 100_000..100_001);
        let copied =
            new_bytes(&snapshot, &texts) - texts.pool.index.get().unwrap().allocation_size();
        assert!(copied < 20_000, "{copied} bytes for one text of 100,000");
        assert_eq!(snapshot.find("word 100000"), None);
        assert_eq!(snapshot.find("word 99999"), texts.find("word 99999"));
    }

    #[test]
    fn a_value_that_is_too_long_for_the_places_of_a_chunk_is_refused() {
        let mut texts = TextPool::default();
        let bytes = u32::MAX as usize - CHUNK_BYTES + 1;
        let new = New { form: (), bytes, content_hash: 0 };
        let number = texts.pool.add(0, new, usize::MAX, |_| panic!("nothing is stored"));
        assert_eq!(number, None);
    }

    #[test]
    fn values_that_are_not_marked_are_released_and_their_numbers_stay_unused() {
        let mut texts = TextPool::default();
        let handles = words(&mut texts, 0..1000);
        let snapshot = TextPool { pool: texts.pool.share() };
        let (before, is_kept) =
            (texts.pool.bytes, |number: usize| number % 100 == 7 || number > 990);
        texts.pool.begin_marking();
        let kept = || handles.iter().enumerate().filter(|(number, _)| is_kept(*number));
        kept().for_each(|(_, text)| _ = texts.pool.used().unwrap().set(text.number()));
        assert_eq!(texts.find("word 500"), Some(handles[500]), "a search marks");
        let later = texts.intern("later", usize::MAX).unwrap();
        (0..).take_while(|chunk| texts.pool.sweep(*chunk)).for_each(drop);
        texts.pool.end_marking();
        for (number, text) in handles.iter().enumerate() {
            let word = format!("word {number}");
            let found = (is_kept(number) || number == 500).then_some(*text);
            assert_eq!(texts.find(&word), found);
            assert_eq!(texts.resolve(*text), found.map(|_| &*word));
            assert_eq!(snapshot.resolve(*text), Some(&*word));
        }
        assert_eq!((texts.resolve(later), texts.resolve(Text::EMPTY)), (Some("later"), Some("")));
        assert!(texts.pool.bytes < before / 10);
        let again = texts.intern("word 1", usize::MAX).unwrap();
        assert!(!handles.contains(&again) && again != later);
        assert_eq!(texts.find("word 1"), Some(again));
    }

    #[test]
    fn large_values_do_not_share_chunks() {
        let mut texts = TextPool::default();
        let large = "x".repeat(100_000);
        texts.intern(&large, usize::MAX);
        let next = texts.pool.next_number();
        let small = texts.intern("small", usize::MAX).unwrap();
        assert_eq!((next, small.number()), (CHUNK, CHUNK as u32));
        texts.pool.truncate(next);
        assert_eq!((texts.find("small"), texts.resolve(small)), (None, None));
        assert_eq!(texts.find(&large).and_then(|text| texts.resolve(text)), Some(&*large));
    }

    /// Adds texts of 1000 bytes, and returns the numbers of all of them.
    fn large_words(texts: &mut TextPool, names: &str) -> Vec<u32> {
        let words = names.chars().map(|name| name.to_string().repeat(1000));
        words.map(|word| texts.intern(&word, usize::MAX).unwrap().number()).collect()
    }

    /// Releases all values but those with these numbers.
    fn release_others(texts: &mut TextPool, kept: &[u32]) -> usize {
        texts.pool.begin_marking();
        kept.iter().for_each(|number| _ = texts.pool.used().unwrap().set(*number));
        let chunks = (0..).take_while(|chunk| texts.pool.sweep(*chunk)).count();
        texts.pool.end_marking();
        chunks
    }

    #[test]
    fn a_chunk_counts_its_bytes_also_after_truncation_and_release() {
        let mut texts = TextPool::default();
        assert_eq!(large_words(&mut texts, "abcdef"), [1, 2, 3, 4, 5, 64], "five fill a chunk");
        texts.pool.truncate(4);
        assert_eq!(large_words(&mut texts, "ghi"), [4, 5, 64]);
        texts.pool.truncate(64);
        assert_eq!(large_words(&mut texts, "j"), [64], "the chunk before is still full");
        texts.pool.truncate(6);
        assert_eq!(release_others(&mut texts, &[1, 2, 3]), 1);
        assert_eq!(large_words(&mut texts, "klm"), [6, 7, 64], "3000 bytes stayed");
        assert_eq!(large_words(&mut texts, "abcklm"), [1, 2, 3, 6, 7, 64]);

        let mut texts = TextPool::default();
        texts.intern(&"x".repeat(CHUNK_BYTES - 1), usize::MAX);
        assert_eq!(large_words(&mut texts, "ab"), [2, 64]);
        let mut texts = TextPool::default();
        texts.intern(&"x".repeat(CHUNK_BYTES), usize::MAX);
        assert_eq!(large_words(&mut texts, "a"), [64], "it is full with exactly so many bytes");
    }

    #[test]
    fn a_second_search_goes_on_behind_released_chunks() {
        let mut texts = TextPool::default();
        let handles = words(&mut texts, 0..200);
        assert_eq!(release_others(&mut texts, &[handles[199].number()]), 4);
        assert!(texts.pool.chunks.get(1).is_none() && texts.pool.chunks.get(2).is_none());
        assert_eq!(texts.resolve(handles[199]), Some("word 199"));
        assert_eq!(release_others(&mut texts, &[]), 4);
        assert_eq!((texts.resolve(handles[199]), texts.pool.bytes), (None, 0));
        assert_eq!(texts.resolve(Text::EMPTY), Some(""), "the empty text always stays");
        assert_eq!(texts.find("word 199"), None);
    }

    #[test]
    fn a_chunk_of_later_values_is_not_swept() {
        let mut texts = TextPool::default();
        texts.pool.begin_marking();
        let handles = words(&mut texts, 0..100);
        assert_eq!([0, 1, 2].map(|chunk| texts.pool.sweep(chunk)), [true, true, false]);
        texts.pool.end_marking();
        let resolved = handles.iter().filter(|text| texts.resolve(**text).is_some());
        assert_eq!(resolved.count(), 100);
    }

    #[test]
    fn everything_on_the_heap_is_counted_once() {
        let mut texts = TextPool::default();
        words(&mut texts, 0..6400);
        let count = |texts: &TextPool| texts.pool.count_new(&mut HashSet::new());
        let before = count(&texts);
        let index = texts.pool.index.get().unwrap().allocation_size();
        assert!(before > index + 6400 * (size_of::<Entry<()>>() + "word 100".len()));
        texts.pool.begin_marking();
        assert_eq!(count(&texts), before + 101 * size_of::<u64>(), "a word of marks per chunk");
        texts.pool.end_marking();
        assert_eq!(count(&texts), before);
        let shared = texts.pool.share_marked();
        let mut seen = HashSet::new();
        assert_eq!((texts.pool.count_new(&mut seen), shared.count_new(&mut seen)), (before, 0));
        assert_eq!(texts.pool.share().count_new(&mut HashSet::new()), before - index);
        release_others(&mut texts, &[]);
        assert!(count(&texts) < before / 20, "the index shrinks too");
    }

    #[test]
    fn a_pool_takes_over_the_index_and_the_marks() {
        let mut texts = TextPool::default();
        words(&mut texts, 0..10);
        texts.pool.begin_marking();
        let mut past = TextPool { pool: texts.pool.share() };
        assert!(past.pool.index.get().is_none() && past.pool.used().is_none());
        past.pool.take_index_of(&mut texts.pool);
        assert!(past.pool.index.get().is_some() && texts.pool.index.get().is_none());
        let text = past.find("word 3").unwrap();
        assert!(!texts.pool.used().unwrap().set(text.number()), "both have the same marks");
        assert_eq!(texts.find("word 3"), Some(text), "the index is made again");
    }
}
