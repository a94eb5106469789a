//! The objects of a view, to read or to change.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::id::ObjectId;
use crate::schema::Registry;
use crate::simd::vectorize;
use crate::store::view::View;
use crate::store::view::cache::TableMatch;
use crate::store::view::iter::ViewIter;
use crate::store::view::selection::Selection;
use crate::store::view::tables::Tables;
use crate::store::view::walk::{Block, ViewRuns, count, for_each_block};

/// A [`View`] of a store's objects, to read and change.
#[must_use = "a view does nothing by itself"]
pub struct ViewMut<'s, V> {
    pub(super) tables: Tables<'s>,
    pub(super) matches: Cow<'s, [TableMatch]>,
    pub(super) registry: &'s Arc<Registry>,
    /// Only objects that may have changed since this epoch are visited. The default epoch selects all objects.
    pub(super) since: Epoch,
    /// The largest number of adjacent rows that a thread takes at once. `None` suits the number of objects and threads.
    pub(super) batch_size: Option<NonZeroUsize>,
    view: PhantomData<fn() -> V>,
}

/// A [`View`] of a store's objects, to read.
#[must_use = "a view does nothing by itself"]
pub struct ViewRef<'s, V> {
    pub(super) tables: Tables<'s>,
    pub(super) matches: Cow<'s, [TableMatch]>,
    pub(super) registry: &'s Arc<Registry>,
    /// Only objects that may have changed since this epoch are visited. The default epoch selects all objects.
    pub(super) since: Epoch,
    /// The largest number of adjacent rows that a thread takes at once. `None` suits the number of objects and threads.
    pub(super) batch_size: Option<NonZeroUsize>,
    view: PhantomData<fn() -> V>,
}

fn has_tests(matches: &[TableMatch]) -> bool {
    matches.iter().any(|found| !found.tests.is_empty())
}

macro_rules! iteration {
    ($name:ident) => {
        impl<'s, V> $name<'s, V> {
            #[inline]
            pub(super) const fn new(
                tables: Tables<'s>,
                matches: Cow<'s, [TableMatch]>,
                registry: &'s Arc<Registry>,
            ) -> Self {
                let (since, batch_size) = (Epoch::START, None);
                Self { tables, matches, registry, since, batch_size, view: PhantomData }
            }
        }

        impl<V> fmt::Debug for $name<'_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let schemas = self.matches.len();
                f.debug_struct(stringify!($name)).field("schemas", &schemas).finish_non_exhaustive()
            }
        }

        impl<'s, V: View> $name<'s, V> {
            /// Narrows the view to objects that may have changed since the epoch.
            ///
            /// An object has changed if it was spawned or a value of the view's slots was written. Slots that
            /// [track their changes](crate::Store::track_changes) know their objects exactly. Of other slots the view
            /// visits all [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) rows of a block in which a value was written, or an
            /// object was spawned or despawned, so unchanged objects can be among them. One slot that does not
            /// track its changes is enough for that. A view without slots sees spawned objects by their blocks.
            ///
            /// Each visit of a mutable field counts as a write, except for [`Mut`](crate::view::Mut) and
            /// [`OptionMut`](crate::view::OptionMut). The epoch must come from this store; the default epoch selects
            /// all objects.
            ///
            /// Computes in **O(blocks)** time, plus a few microseconds for each block with changes of tracked slots.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// let epoch = store.advance_epoch();
            /// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 0);
            /// store.set_value(unit, "health", 90.0)?;
            /// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 1);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn changed_since(mut self, epoch: Epoch) -> Self {
                self.since = epoch;
                self
            }

            /// Calls the closure with each object, in [vectorised](crate::vectorize) code.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// #[derive(View)]
            /// struct Healing<'a> { health: &'a mut f32 }
            ///
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// store.view::<Healing>()?.for_each(|unit| *unit.health += 5.0);
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[inline(always)]
            pub fn for_each(self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
                self.for_each_block(
                    #[inline(always)]
                    |block| {
                        block.for_each(
                            #[inline(always)]
                            |item| visit(item),
                        );
                    },
                );
            }

            /// Calls the closure with each run of adjacent objects, in [vectorised](crate::vectorize) code.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healing<'a> { health: &'a mut f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// store.view::<Healing>()?.for_each_run(|run| {
            ///     for health in run.health {
            ///         *health += 5.0;
            ///     }
            /// });
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[inline(always)]
            pub fn for_each_run(self, mut visit: impl FnMut(V::Run<'s>)) {
                self.for_each_block(
                    #[inline(always)]
                    |block| {
                        block.for_each_run(
                            #[inline(always)]
                            |run, _| visit(run),
                        );
                    },
                );
            }

            /// Returns the runs of adjacent objects.
            ///
            /// [`for_each_run`](Self::for_each_run) is faster for loops that can use the vector units.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// store.spawn_batch([Unit { health: 80.0 }; 2])?;
            /// for run in store.view_ref::<Healths>()?.runs() {
            ///     assert_eq!(run.health, [80.0, 80.0]);
            /// }
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn runs(mut self) -> ViewRuns<'s, V> {
                let selection = self.begin();
                ViewRuns::new(self.tables, self.matches, selection)
            }

            /// Returns the number of objects.
            ///
            /// Computes in **O(schemas)** time; in **O(blocks)** after [`changed_since`](Self::changed_since), and in
            /// **O(objects)** for views that test whether slots are set. [`ViewRef::iter`] has an example.
            #[must_use]
            pub fn count(&self) -> usize {
                self.count_of(self.selection().as_ref())
            }

            #[inline(always)]
            fn for_each_block(mut self, visit: impl for<'m> FnMut(Block<'s, 'm, V>)) {
                let selection = self.begin();
                let Self { tables, matches, .. } = self;
                vectorize(
                    #[inline(always)]
                    || {
                        let tables = &mut tables.walk();
                        for_each_block::<V>(tables, &matches, 0, selection.as_ref(), visit);
                    },
                );
            }

            /// Returns the rows to visit as [`selection`](Self::selection) does, and marks them.
            #[inline]
            pub(super) fn begin(&mut self) -> Option<Selection> {
                let selection = self.selection();
                self.tables.mark_visits(&self.matches, selection.as_ref());
                selection
            }

            /// Returns the rows to visit, or `None` if the view visits all living ones.
            #[inline]
            fn selection(&self) -> Option<Selection> {
                let is_narrowed = self.since != Epoch::START || self.has_tests();
                is_narrowed.then(|| Selection::new(&self.tables, &self.matches, self.since))
            }

            pub(super) fn count_of(&self, selection: Option<&Selection>) -> usize {
                count(&self.tables, &self.matches, selection)
            }

            /// Returns `true` if a match has [tests](TableMatch::tests).
            #[inline]
            fn has_tests(&self) -> bool {
                // Filter methods replace the matches.
                V::HAS_TESTS || matches!(&self.matches, Cow::Owned(own) if has_tests(own))
            }
        }

        impl<'s, V: View> IntoIterator for $name<'s, V> {
            type Item = V::Item<'s>;
            type IntoIter = ViewIter<'s, V>;

            fn into_iter(mut self) -> ViewIter<'s, V> {
                let selection = self.begin();
                let count = self.count_of(selection.as_ref());
                ViewIter::new(ViewRuns::new(self.tables, self.matches, selection), count)
            }
        }
    };
}
iteration!(ViewMut);
iteration!(ViewRef);

impl<V: View> ViewMut<'_, V> {
    /// Iterates over the objects.
    ///
    /// A `for` loop over the view or `&mut view` does the same. [`for_each`](Self::for_each) is faster for loops that can
    /// use the vector units.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # #[derive(View)]
    /// # struct Healing<'a> { health: &'a mut f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.spawn_batch([Unit { health: 80.0 }, Unit { health: 5.0 }])?;
    /// let mut units = store.view::<Healing>()?;
    /// let healthiest = units.iter().map(|unit| *unit.health).fold(0.0, f32::max);
    /// for unit in units.iter().filter(|unit| *unit.health < 10.0) {
    ///     *unit.health = healthiest;
    /// }
    /// # assert!(units.iter().all(|unit| *unit.health == 80.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "iter_mut")]
    pub fn iter(&mut self) -> ViewIter<'_, V> {
        self.into_iter()
    }

    /// Calls the closure with each object and its id.
    pub(in crate::store) fn for_each_with_id(
        self,
        mut visit: impl for<'x> FnMut(ObjectId, V::Item<'x>),
    ) {
        self.for_each_block(
            #[inline(always)]
            |block| {
                block.for_each_with_id(
                    #[inline(always)]
                    |id, item| visit(id, item),
                );
            },
        );
    }
}

impl<'x, V: View> IntoIterator for &'x mut ViewMut<'_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        let selection = self.begin();
        let count = self.count_of(selection.as_ref());
        let (tables, matches) = (self.tables.reborrow(), Cow::Borrowed(&*self.matches));
        ViewIter::new(ViewRuns::new(tables, matches, selection), count)
    }
}

impl<V: View> ViewRef<'_, V> {
    /// Iterates over the objects.
    ///
    /// A `for` loop over the view or `&view` does the same. [`for_each`](Self::for_each) is faster for loops that can use
    /// the vector units.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # #[derive(View)]
    /// # struct Healths<'a> { health: &'a f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.spawn_batch([Unit { health: 80.0 }, Unit { health: 5.0 }])?;
    /// let units = store.view_ref::<Healths>()?;
    /// for unit in &units {
    ///     let healthier = units.iter().filter(|other| other.health > unit.health);
    ///     assert_eq!(healthier.count(), if *unit.health == 80.0 { 0 } else { 1 });
    /// }
    /// assert_eq!(units.count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> ViewIter<'_, V> {
        self.into_iter()
    }
}

impl<'x, V: View> IntoIterator for &'x ViewRef<'_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        let selection = self.selection();
        let count = self.count_of(selection.as_ref());
        let (tables, matches) = (self.tables.share(), Cow::Borrowed(&*self.matches));
        ViewIter::new(ViewRuns::new(tables, matches, selection), count)
    }
}

impl<'x, V: View> IntoIterator for &'x mut ViewRef<'_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        (&*self).into_iter()
    }
}
