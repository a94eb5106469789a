//! The objects of a view, to read or to change.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::epoch::Epoch;
use crate::id::ObjectId;
use crate::pool::ThreadPool;
#[cfg(feature = "rayon")]
use crate::pool::Rayon;
use crate::simd::vectorize;
use crate::store::view::View;
use crate::store::view::cache::{TableMatch, match_of};
use crate::store::view::tables::Tables;
use crate::store::view::walk::{
    Block, ViewRuns, Visited, changed, count, for_each_block, item_of, unshare,
};

/// A [`View`] of a store's objects, to read and change.
#[must_use = "a view does nothing by itself"]
pub struct ViewMut<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` if the view visits all blocks.
    visited: Option<Visited>,
    view: PhantomData<fn() -> V>,
}

/// A [`View`] of a store's objects, to read.
#[must_use = "a view does nothing by itself"]
pub struct ViewRef<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` if the view visits all blocks.
    visited: Option<Visited>,
    view: PhantomData<fn() -> V>,
}

macro_rules! iteration {
    ($name:ident) => {
        impl<V> fmt::Debug for $name<'_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let schemas = self.matches.len();
                f.debug_struct(stringify!($name)).field("schemas", &schemas).finish_non_exhaustive()
            }
        }

        impl<'s, V> $name<'s, V> {
            #[inline]
            pub(super) const fn new(tables: Tables<'s>, matches: Cow<'s, [TableMatch]>) -> Self {
                Self { tables, matches, visited: None, view: PhantomData }
            }
        }

        impl<'s, V: View> $name<'s, V> {
            /// Narrows the view to blocks that may have changed since the epoch.
            ///
            /// A block has changed if a value of the view's slots was written, or an object was spawned or
            /// despawned. Visits all [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) rows of such a block, so unchanged
            /// objects can be among them. Each visit of a mutable field counts as a write. The epoch
            /// must come from this store; the default epoch selects all blocks.
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
                self.visited = Some(changed(&self.tables, &self.matches, epoch));
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
                let Self { tables, matches, visited, .. } = self;
                vectorize(
                    #[inline(always)]
                    || {
                        for_each_block::<V>(
                            tables.walk(),
                            &matches,
                            visited.as_ref(),
                            #[inline(always)]
                            |block| {
                                block.for_each(
                                    #[inline(always)]
                                    |item| visit(item),
                                );
                            },
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
                let Self { tables, matches, visited, .. } = self;
                vectorize(
                    #[inline(always)]
                    || {
                        for_each_block::<V>(
                            tables.walk(),
                            &matches,
                            visited.as_ref(),
                            #[inline(always)]
                            |block| {
                                block.for_each_run(
                                    #[inline(always)]
                                    |run| visit(run),
                                );
                            },
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
            pub fn runs(self) -> ViewRuns<'s, V> {
                ViewRuns::new(self.tables, self.matches, self.visited)
            }

            /// Iterates over the objects.
            ///
            /// [`for_each`](Self::for_each) is faster for loops that can use the vector units.
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
            /// let weak = store.view_ref::<Healths>()?.iter().filter(|unit| *unit.health < 10.0);
            /// assert_eq!(weak.count(), 1);
            /// assert_eq!(store.view_ref::<Healths>()?.count(), 2);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn iter(self) -> impl Iterator<Item = V::Item<'s>> {
                self.runs().flat_map(V::items)
            }

            /// Returns the number of objects.
            ///
            /// Computes in **O(schemas)** time, in **O(blocks)** after
            /// [`changed_since`](Self::changed_since). [`iter`](Self::iter) has an example.
            #[must_use]
            pub fn count(&self) -> usize {
                count(&self.tables, &self.matches, self.visited.as_ref())
            }

            /// Calls the closure with each object, on all of rayon's threads.
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
            /// store.view::<Healing>()?.par_for_each(|unit| *unit.health += 5.0);
            /// store.view::<Healing>()?.par_for_each_run(|run| run.health.fill(1.0));
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 1.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[cfg(feature = "rayon")]
            pub fn par_for_each(self, visit: impl for<'x> Fn(V::Item<'x>) + Sync)
            where
                V::Run<'s>: Send,
            {
                self.par_for_each_on(
                    &Rayon,
                    #[inline(always)]
                    |item| visit(item),
                );
            }

            /// Calls the closure with each run of adjacent objects, on all of rayon's threads.
            ///
            /// [`par_for_each`](Self::par_for_each) has an example.
            #[cfg(feature = "rayon")]
            pub fn par_for_each_run(self, visit: impl Fn(V::Run<'s>) + Sync)
            where
                V::Run<'s>: Send,
            {
                self.par_for_each_run_on(
                    &Rayon,
                    #[inline(always)]
                    |run| visit(run),
                );
            }

            /// Calls the closure with each object, on all of a pool's threads.
            ///
            /// Each thread takes blocks of [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) rows.
            /// [`ThreadPool`] has an example.
            pub fn par_for_each_on(
                self,
                pool: &impl ThreadPool,
                visit: impl for<'x> Fn(V::Item<'x>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                self.par_for_each_block(
                    pool,
                    #[inline(always)]
                    |block| {
                        block.for_each(
                            #[inline(always)]
                            |item| visit(item),
                        );
                    },
                );
            }

            /// Calls the closure with each run of adjacent objects, on all of a pool's threads.
            ///
            /// [`ThreadPool`] has an example.
            pub fn par_for_each_run_on(
                self,
                pool: &impl ThreadPool,
                visit: impl Fn(V::Run<'s>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                self.par_for_each_block(
                    pool,
                    #[inline(always)]
                    |block| {
                        block.for_each_run(
                            #[inline(always)]
                            |run| visit(run),
                        );
                    },
                );
            }

            fn par_for_each_block(
                mut self,
                pool: &impl ThreadPool,
                visit: impl Fn(Block<'s, V>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                unshare(&mut self.tables, &self.matches, self.visited.as_ref(), pool);
                let mut blocks = Vec::new();
                for_each_block::<V>(
                    self.tables.walk(),
                    &self.matches,
                    self.visited.as_ref(),
                    |block| {
                        blocks.push(block);
                    },
                );
                pool.map(blocks, |block| {
                    vectorize(
                        #[inline(always)]
                        || visit(block),
                    );
                });
            }

            /// Returns one object, or `None` if it is not alive or its schema does not match the view.
            ///
            /// Ignores [`changed_since`](Self::changed_since). A [column](crate::Store::column) is faster for many
            /// objects of one schema.
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
            /// let mut view = store.view_ref::<Healths>()?;
            /// assert_eq!(view.get(unit).map(|unit| *unit.health), Some(80.0));
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
                let found = match_of(&self.matches, id.schema())?;
                self.tables.with_match(found, |columns| {
                    let rows = columns.rows();
                    let is_alive = rows.is_alive(id.row(), id.generation());
                    is_alive.then(|| item_of::<V>(V::blocks(columns), rows, id)).flatten()
                })
            }
        }
    };
}
iteration!(ViewMut);
iteration!(ViewRef);
