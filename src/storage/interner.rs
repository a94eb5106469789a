//! Interned values: texts and lists that a store keeps once and refers to by handles.

use std::sync::Arc;

use crate::list::ListCell;
use crate::storage::{Cell, ElementShape, ListPool, TextPool};
use crate::text::Text;

/// All texts and lists of a store. Snapshots share both: a new text or list copies the whole pool while a
/// snapshot is alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) texts: Arc<TextPool>,
    pub(crate) lists: Arc<ListPool>,
}

/// The number of texts and lists at one moment, for [`Interner::forget_since`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interned {
    texts: usize,
    lists: usize,
}

impl Interner {
    /// Returns the text's handle, or `None` if the texts would take more than `limit` bytes.
    #[inline]
    pub(crate) fn text(&mut self, text: &str, limit: usize) -> Option<Text> {
        TextPool::intern_shared(&mut self.texts, text, limit)
    }

    /// Returns the list's handle, or `None` if the lists would take more than `limit` bytes.
    #[inline]
    pub(crate) fn list<C: Cell>(
        &mut self,
        shape: ElementShape,
        cells: &[C],
        limit: usize,
    ) -> Option<ListCell> {
        ListPool::intern(&mut self.lists, &self.texts, shape, cells, limit)
    }

    /// Returns the handle of a known list.
    pub(crate) fn find_list<C: Cell>(&self, shape: ElementShape, cells: &[C]) -> Option<ListCell> {
        self.lists.find(&self.texts, shape, cells)
    }

    pub(crate) fn now(&self) -> Interned {
        Interned { texts: self.texts.len(), lists: self.lists.len() }
    }

    /// Forgets texts and lists that came later. No value may refer to them.
    pub(crate) fn forget_since(&mut self, then: Interned) {
        if self.lists.len() > then.lists {
            Arc::make_mut(&mut self.lists).truncate(then.lists);
        }
        if self.texts.len() > then.texts {
            Arc::make_mut(&mut self.texts).truncate(then.texts);
        }
    }
}
