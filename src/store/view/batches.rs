//! Batches of a view's objects, which threads of the caller's choice visit.

use std::fmt;
use std::iter::FusedIterator;
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::{thread, vec};

use crate::store::view::View;

/// The number of batches for each thread. More than one lets idle threads take over work.
const BATCHES_PER_THREAD: usize = 4;

/// Returns the number of objects in a batch that gives each thread about four batches.
pub(super) fn default_size(objects: usize, threads: usize) -> NonZeroUsize {
    let size = objects.div_ceil(threads.max(1) * BATCHES_PER_THREAD);
    NonZeroUsize::new(size).unwrap_or(NonZeroUsize::MIN)
}

/// Returns the number of threads that the CPU runs at once. Cached, because the system call is slow.
pub(super) fn available_threads() -> usize {
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, NonZeroUsize::get));
    *THREADS
}

/// An iterator over some objects of a view, in the order of schemas and rows.
///
/// Returned by [`ViewMut::batches`](crate::view::ViewMut::batches), which has an example, and
/// [`ViewRef::batches`](crate::view::ViewRef::batches).
pub struct ViewBatch<'t, V: View> {
    items: V::Items<'t>,
    later: vec::IntoIter<V::Run<'t>>,
    /// The number of objects in the later runs.
    count: usize,
}

impl<'t, V: View> Iterator for ViewBatch<'t, V> {
    type Item = V::Item<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<V::Item<'t>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(V::finish(item));
            }
            self.items = V::items(self.later.next()?);
            self.count -= self.items.size_hint().0;
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.items.size_hint().0 + self.count;
        (left, Some(left))
    }

    #[inline(always)]
    fn fold<B, F: FnMut(B, V::Item<'t>) -> B>(self, init: B, mut visit: F) -> B {
        let mut folded = init;
        for item in self.items {
            folded = visit(folded, V::finish(item));
        }
        for run in self.later {
            for item in V::items(run) {
                folded = visit(folded, V::finish(item));
            }
        }
        folded
    }
}

impl<V: View> ExactSizeIterator for ViewBatch<'_, V> {}
impl<V: View> FusedIterator for ViewBatch<'_, V> {}

impl<V: View> fmt::Debug for ViewBatch<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewBatch").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Fills batches with runs.
pub(super) struct Batches<'t, V: View> {
    size: usize,
    full: Vec<ViewBatch<'t, V>>,
    /// The runs of the next batch, and the number of their objects.
    runs: Vec<V::Run<'t>>,
    count: usize,
}

impl<'t, V: View> Batches<'t, V> {
    pub(super) const fn new(size: NonZeroUsize) -> Self {
        Self { size: size.get(), full: Vec::new(), runs: Vec::new(), count: 0 }
    }

    pub(super) fn add(&mut self, mut run: V::Run<'t>, mut objects: usize) {
        while objects > 0 {
            let taken = objects.min(self.size - self.count);
            self.runs.push(V::split(&mut run, 0, taken));
            self.count += taken;
            objects -= taken;
            if self.count == self.size {
                self.end_batch();
            }
        }
    }

    fn end_batch(&mut self) {
        let later = std::mem::take(&mut self.runs).into_iter();
        let count = std::mem::take(&mut self.count);
        self.full.push(ViewBatch { items: V::items(V::empty()), later, count });
    }

    pub(super) fn finish(mut self) -> Vec<ViewBatch<'t, V>> {
        if self.count > 0 {
            self.end_batch();
        }
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_gets_four_batches() {
        for (objects, threads, size) in
            [(0, 0, 1), (1, 8, 1), (1000, 0, 250), (1000, 1, 250), (1000, 2, 125), (1001, 2, 126)]
        {
            assert_eq!(default_size(objects, threads).get(), size, "{objects} on {threads}");
        }
    }
}
