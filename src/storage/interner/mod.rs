//! Interned values: texts and lists that a store keeps once and refers to by handles.

mod list_pool;
mod pool;
mod text_pool;
mod used;

use std::collections::HashSet;

use crate::list::ListCell;
use crate::storage::interner::list_pool::ListCells;
use crate::storage::interner::pool::Pool;
use crate::storage::{Cell, CellVec, CellVecVisitor};
use crate::text::Text;

pub(crate) use list_pool::{ElementShape, ListPool, hash_list};
pub(crate) use text_pool::TextPool;

/// All texts and lists of a store. Snapshots share both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) texts: TextPool,
    pub(crate) lists: ListPool,
    /// The number of times that a marking began, after which values may have been released.
    pub(crate) markings: u64,
}

/// The next numbers of texts and lists at one moment, for [`Interner::forget_since`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interned {
    texts: usize,
    lists: usize,
}

impl Interner {
    /// Returns the same texts and lists, in **O(1)** time. The first search in them takes **O(n)** time.
    pub(crate) fn share(&self) -> Self {
        let (texts, lists) = (self.texts.pool.share(), self.lists.pool.share());
        self.with_pools(texts, lists)
    }

    /// Returns the same texts and lists with their indexes: a search marks the values that are in use in both.
    pub(crate) fn share_marked(&self) -> Self {
        let (texts, lists) = (self.texts.pool.share_marked(), self.lists.pool.share_marked());
        self.with_pools(texts, lists)
    }

    fn with_pools(&self, texts: Pool<String>, lists: Pool<ListCells>) -> Self {
        let (texts, lists) = (TextPool { pool: texts }, ListPool { pool: lists });
        Self { texts, lists, markings: self.markings }
    }

    /// Takes over the indexes of an interner with the same texts and lists, whose next search takes **O(n)** time.
    pub(crate) fn take_indexes_of(&mut self, other: &mut Self) {
        self.texts.pool.take_index_of(&mut other.texts.pool);
        self.lists.pool.take_index_of(&mut other.lists.pool);
    }

    /// Returns the bytes that all texts and all lists take with another one of this many bytes.
    pub(crate) const fn bytes_with(&self, bytes: usize) -> (usize, usize) {
        (self.texts.pool.bytes_with(bytes), self.lists.pool.bytes_with(bytes))
    }

    /// Returns the text's handle, or `None` if the texts would take more than `limit` bytes.
    #[inline]
    pub(crate) fn text(&mut self, text: &str, limit: usize) -> Option<Text> {
        self.texts.intern(text, limit)
    }

    /// Returns the list's handle, or `None` if the lists would take more than `limit` bytes.
    #[inline]
    pub(crate) fn list<C: Cell>(
        &mut self,
        shape: ElementShape,
        cells: &[C],
        limit: usize,
    ) -> Option<ListCell> {
        let list = self.lists.intern(&self.texts, shape, cells, limit)?;
        self.mark_texts_of(list);
        Some(list)
    }

    /// Returns the handle of a list of these cells, or `None` if the lists would take more than `limit` bytes.
    pub(crate) fn list_of(
        &mut self,
        shape: ElementShape,
        cells: &CellVec,
        limit: usize,
    ) -> Option<ListCell> {
        cells.visit(Intern { shape, interner: self, limit })
    }

    /// Returns the handle of a known list.
    pub(crate) fn find_list<C: Cell>(&self, shape: ElementShape, cells: &[C]) -> Option<ListCell> {
        let list = self.lists.find(shape, cells)?;
        self.mark_texts_of(list);
        Some(list)
    }

    pub(crate) fn now(&self) -> Interned {
        let (texts, lists) = (self.texts.pool.next_number(), self.lists.pool.next_number());
        Interned { texts, lists }
    }

    /// Forgets texts and lists that came later. No value may refer to them.
    pub(crate) fn forget_since(&mut self, then: Interned) {
        self.lists.pool.truncate(then.lists);
        self.texts.pool.truncate(then.texts);
    }

    /// Begins a collection: notes from now on which texts and lists are found, added or [marked](Self::mark_text).
    pub(crate) fn begin_marking(&mut self) {
        self.markings += 1;
        self.texts.pool.begin_marking();
        self.lists.pool.begin_marking();
    }

    #[inline]
    pub(crate) fn mark_text(&self, text: Text) {
        if let Some(used) = self.texts.pool.used() {
            used.set(text.number());
        }
    }

    /// Marks a list and the texts in it.
    #[inline]
    pub(crate) fn mark_list(&self, list: ListCell) {
        if self.lists.pool.used().is_some_and(|used| used.set(list.number())) {
            self.mark_texts_of(list);
        }
    }

    fn mark_texts_of(&self, list: ListCell) {
        if self.texts.pool.used().is_some() {
            self.lists.texts_in(list).iter().for_each(|text| self.mark_text(*text));
        }
    }

    /// Releases the values of one chunk that are not marked. Returns `false` after the last chunk.
    pub(crate) fn sweep(&mut self, chunk: usize) -> bool {
        self.texts.pool.sweep(chunk) | self.lists.pool.sweep(chunk)
    }

    /// Ends a collection.
    pub(crate) fn end_marking(&mut self) {
        self.texts.pool.end_marking();
        self.lists.pool.end_marking();
    }

    /// Returns the heap bytes of texts and of lists that are not in `seen` yet, and adds them to it.
    pub(crate) fn count_new(&self, seen: &mut HashSet<usize>) -> (usize, usize) {
        (self.texts.pool.count_new(seen), self.lists.pool.count_new(seen))
    }
}

struct Intern<'a> {
    shape: ElementShape,
    interner: &'a mut Interner,
    limit: usize,
}

impl CellVecVisitor for Intern<'_> {
    type Output = Option<ListCell>;

    fn visit<C: Cell>(self, cells: &[C]) -> Option<ListCell> {
        self.interner.list(self.shape, cells, self.limit)
    }
}
