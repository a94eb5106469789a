//! Parallel iteration over a view.

use std::num::NonZeroUsize;

#[cfg(feature = "rayon")]
use crate::pool::Rayon;
use crate::pool::ThreadPool;
use crate::simd::vectorize;
use crate::storage::BLOCK_ROWS;
use crate::store::view::batches::{Batches, ViewBatch, available_threads, default_size};
use crate::store::view::walk::{Block, for_each_block, unshare};
use crate::store::view::{View, ViewMut, ViewRef};

/// The rows of a batch are a multiple of this, because the rows of a block with holes are given as words of bits.
const STEP: usize = u64::BITS as usize;

macro_rules! parallel {
    ($name:ident) => {
        impl<'s, V: View> $name<'s, V> {
            /// Sets the number of objects that a thread of a parallel loop takes at once, for objects that need unlike
            /// amounts of work; also the number of objects in each of the [`batches`](Self::batches).
            ///
            /// Parallel loops round it up to a multiple of 64 rows, and take at most
            /// [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) at once. By default each thread gets about four batches, or
            /// more if these would be larger than that.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Wolf { plan: u32 }
            /// # #[derive(View)]
            /// # struct Planning<'a> { plan: &'a mut u32 }
            /// # fn think(plan: u32) -> u32 { plan + 1 }
            /// # struct Serial;
            /// # impl slotted::ThreadPool for Serial {
            /// #     fn threads(&self) -> usize { 1 }
            /// #     fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
            /// #         items.into_iter().map(work).collect()
            /// #     }
            /// # }
            /// # let pool = Serial;
            /// # let mut store = Store::new();
            /// # store.register::<Wolf>()?;
            /// # store.spawn_batch([Wolf { plan: 0 }; 1000])?;
            /// let wolves = store.view::<Planning>()?.batch_size(64);
            /// wolves.par_for_each_on(&pool, |wolf| *wolf.plan = think(*wolf.plan));
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn batch_size(mut self, objects: usize) -> Self {
                self.batch_size = Some(NonZeroUsize::new(objects).unwrap_or(NonZeroUsize::MIN));
                self
            }

            /// Returns the objects in batches of [`batch_size`](Self::batch_size), for threads of the caller's choice.
            ///
            /// Each batch is an iterator that can be sent to another thread, so rayon's adaptors can map, filter and
            /// add up objects. By default each thread of the CPU gets about four batches. The last batch has fewer
            /// objects than the others; no batch is empty. A loop over a batch is compiled like a `for` loop,
            /// without [`vectorize`](crate::vectorize).
            ///
            /// Computes in **O(runs + batches)** time. A mutable view copies shared blocks before it returns.
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
            /// store.spawn_batch([Unit { health: 80.0 }; 1000])?;
            /// let batches = store.view::<Healing>()?.batch_size(400).batches();
            /// assert_eq!(batches.iter().map(ExactSizeIterator::len).collect::<Vec<_>>(), [400, 400, 200]);
            ///
            /// // `batches.into_par_iter()` does this with rayon.
            /// let health: f32 = std::thread::scope(|scope| {
            ///     let sums = batches.into_iter().map(|batch| scope.spawn(|| batch.map(|unit| *unit.health).sum::<f32>()));
            ///     sums.collect::<Vec<_>>().into_iter().map(|sum| sum.join().unwrap()).sum()
            /// });
            /// assert_eq!(health, 80_000.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[doc(alias = "iter_batched")]
            pub fn batches(mut self) -> Vec<ViewBatch<'s, V>> {
                let selection = self.begin();
                let size = self.batch_size.unwrap_or_else(|| {
                    default_size(self.count_of(selection.as_ref()), available_threads())
                });
                let mut batches = Batches::new(size);
                for_each_block::<V>(
                    &mut self.tables.walk(),
                    &self.matches,
                    0,
                    selection.as_ref(),
                    |block| block.for_each_run(|run, objects| batches.add(run, objects)),
                );
                batches.finish()
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
            /// [`batch_size`](Self::batch_size) says how the work is divided. [`ThreadPool`] has an example.
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
                            |run, _| visit(run),
                        );
                    },
                );
            }

            fn par_for_each_block(
                mut self,
                pool: &impl ThreadPool,
                visit: impl for<'m> Fn(Block<'s, 'm, V>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                let selection = self.begin();
                unshare(&mut self.tables, &self.matches, selection.as_ref(), pool);
                let rows = self.batch_size.unwrap_or_else(|| {
                    default_size(self.count_of(selection.as_ref()), pool.threads())
                });
                let rows = rows.get().min(BLOCK_ROWS).next_multiple_of(STEP);
                let mut batches = Vec::new();
                for_each_block::<V>(
                    &mut self.tables.walk(),
                    &self.matches,
                    0,
                    selection.as_ref(),
                    |block| block.split_into(rows, &mut batches),
                );
                pool.map(batches, |block| {
                    vectorize(
                        #[inline(always)]
                        || visit(block),
                    );
                });
            }
        }
    };
}
parallel!(ViewMut);
parallel!(ViewRef);
