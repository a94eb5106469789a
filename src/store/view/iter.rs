//! Iterators over the objects of views and runs.

use std::fmt;
use std::iter::FusedIterator;

use crate::simd::vectorize;
use crate::store::view::View;
use crate::store::view::walk::{ViewRuns, for_each_block};

/// An iterator over the objects of a view, in the order of schemas and rows.
///
/// Returned by [`ViewMut::iter`](crate::view::ViewMut::iter) and [`ViewRef::iter`](crate::view::ViewRef::iter); a
/// `for` loop over a view uses it. Methods that consume all items, such as [`for_each`](Iterator::for_each),
/// [`fold`](Iterator::fold) and [`sum`](Iterator::sum), run in [vectorised](crate::vectorize) code.
///
/// ```
/// use slotted::{Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Healing<'a> { health: &'a mut f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.spawn_batch([Unit { health: 80.0 }; 3])?;
/// for unit in store.view::<Healing>()? {
///     *unit.health += 5.0;
/// }
/// let units = store.view::<Healing>()?.into_iter();
/// assert_eq!(units.len(), 3);
/// assert_eq!(units.map(|unit| *unit.health).sum::<f32>(), 255.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ViewIter<'t, V: View> {
    /// The items of the current run. They are apart from everything else, so that a loop keeps them in registers.
    items: V::Items<'t>,
    later: Box<Later<'t, V>>,
}

/// The objects after the current run.
struct Later<'t, V: View> {
    runs: ViewRuns<'t, V>,
    /// The number of objects.
    count: usize,
}

impl<'t, V: View> ViewIter<'t, V> {
    /// Iterates over runs with this number of objects.
    #[inline]
    pub(super) fn new(runs: ViewRuns<'t, V>, count: usize) -> Self {
        Self { items: V::items(V::empty()), later: Box::new(Later { runs, count }) }
    }
}

impl<'t, V: View> Later<'t, V> {
    /// Returns the items of the next run. Never inlined: only its result may share registers with the loop.
    #[inline(never)]
    fn next(&mut self) -> Option<V::Items<'t>> {
        let items = V::items(self.runs.next()?);
        self.count -= items.size_hint().0;
        Some(items)
    }
}

impl<'t, V: View> Iterator for ViewIter<'t, V> {
    type Item = V::Item<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<V::Item<'t>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(V::finish(item));
            }
            self.items = self.later.next()?;
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.items.size_hint().0 + self.later.count;
        (left, Some(left))
    }

    fn count(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn fold<B, F: FnMut(B, V::Item<'t>) -> B>(self, init: B, mut visit: F) -> B {
        let Self { mut items, mut later } = self;
        let mut folded = Some(init);
        let mut next = |item| {
            let before = folded.take().expect("the closure returned");
            folded = Some(visit(before, V::finish(item)));
        };
        loop {
            for item in items {
                next(item);
            }
            let Some(run) = later.runs.next_in_table() else { break };
            items = V::items(run);
        }
        let ViewRuns { tables, matches, selection, next: first, .. } = &mut later.runs;
        vectorize(
            #[inline(always)]
            || {
                for_each_block::<V>(
                    tables,
                    matches,
                    *first,
                    selection.as_ref(),
                    #[inline(always)]
                    |block| {
                        block.for_each_run(
                            #[inline(always)]
                            |run, _| {
                                for item in V::items(run) {
                                    next(item);
                                }
                            },
                        );
                    },
                );
            },
        );
        folded.expect("the closure returned")
    }
}

impl<V: View> ExactSizeIterator for ViewIter<'_, V> {}
impl<V: View> FusedIterator for ViewIter<'_, V> {}

impl<V: View> fmt::Debug for ViewIter<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewIter").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// An iterator over the objects of a run.
///
/// ```
/// use slotted::{Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Healing<'a> { health: &'a mut f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = store.spawn(Unit { health: 80.0 })?;
/// for run in store.view::<Healing>()?.runs() {
///     for unit in run {
///         *unit.health += 5.0;
///     }
/// }
/// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RunIter<'t, V: View>(V::Items<'t>);

impl<'t, V: View> RunIter<'t, V> {
    #[doc(hidden)]
    #[inline(always)]
    #[must_use]
    pub fn new(run: V::Run<'t>) -> Self {
        Self(V::items(run))
    }
}

impl<'t, V: View> Iterator for RunIter<'t, V> {
    type Item = V::Item<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<V::Item<'t>> {
        self.0.next().map(V::finish)
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }

    #[inline(always)]
    fn fold<B, F: FnMut(B, V::Item<'t>) -> B>(self, init: B, mut visit: F) -> B {
        self.0.fold(
            init,
            #[inline(always)]
            |folded, item| visit(folded, V::finish(item)),
        )
    }
}

impl<V: View> ExactSizeIterator for RunIter<'_, V> {}
impl<V: View> FusedIterator for RunIter<'_, V> {}

impl<V: View> fmt::Debug for RunIter<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunIter").field("len", &self.len()).finish_non_exhaustive()
    }
}
