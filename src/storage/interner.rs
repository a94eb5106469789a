//! What a store holds once and refers to by handles: texts, and lists of values.

use std::sync::Arc;

use crate::list::ListCell;
use crate::storage::{Cell, ElementShape, ListPool, TextPool};
use crate::text::Text;

/// All texts and lists of a store. Snapshots share both, so that what comes new while one lives copies
/// either the texts or the lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) texts: Arc<TextPool>,
    pub(crate) lists: Arc<ListPool>,
}

/// How much was interned at one moment: what [`Interner::forget_since`] goes back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interned {
    texts: usize,
    lists: usize,
}

impl Interner {
    /// The text's handle, or `None` if the texts would take more than `limit` bytes.
    #[inline]
    pub(crate) fn text(&mut self, text: &str, limit: usize) -> Option<Text> {
        TextPool::intern_shared(&mut self.texts, text, limit)
    }

    /// The list's handle, or `None` if the lists would take more than `limit` bytes.
    #[inline]
    pub(crate) fn list<C: Cell>(
        &mut self,
        shape: ElementShape,
        cells: &[C],
        limit: usize,
    ) -> Option<ListCell> {
        ListPool::intern(&mut self.lists, &self.texts, shape, cells, limit)
    }

    /// The handle of a list that is there already.
    pub(crate) fn find_list<C: Cell>(&self, shape: ElementShape, cells: &[C]) -> Option<ListCell> {
        self.lists.find(&self.texts, shape, cells)
    }

    pub(crate) fn now(&self) -> Interned {
        Interned { texts: self.texts.len(), lists: self.lists.len() }
    }

    /// Forgets what came after that moment, which no value may refer to.
    pub(crate) fn forget_since(&mut self, then: Interned) {
        if self.lists.len() > then.lists {
            Arc::make_mut(&mut self.lists).truncate(then.lists);
        }
        if self.texts.len() > then.texts {
            Arc::make_mut(&mut self.texts).truncate(then.texts);
        }
    }
}
