//! Parallel iteration over a view.

use std::num::NonZeroUsize;

#[cfg(feature = "rayon")]
use crate::pool::Rayon;
use crate::pool::ThreadPool;
use crate::simd::vectorize;
use crate::storage::BLOCK_ROWS;
use crate::store::view::walk::{Block, for_each_block, unshare};
use crate::store::view::{View, ViewMut, ViewRef};

/// The number of batches for each thread. More than one lets idle threads take over work.
const BATCHES_PER_THREAD: usize = 4;

/// The rows of a batch are a multiple of this, because the rows of a block with holes are given as words of bits.
const STEP: usize = u64::BITS as usize;

/// Returns the number of rows in a batch if each thread shall have some batches.
fn batch_rows(objects: usize, threads: usize) -> NonZeroUsize {
    let rows = objects.div_ceil(threads.max(1) * BATCHES_PER_THREAD);
    NonZeroUsize::new(rows).unwrap_or(NonZeroUsize::MIN)
}

macro_rules! parallel {
    ($name:ident) => {
        impl<'s, V: View> $name<'s, V> {
            /// Sets the number of objects that a thread of a parallel loop takes at once, for objects that need unlike
            /// amounts of work.
            ///
            /// It is rounded up to a multiple of 64 rows; a batch has at most
            /// [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS). By default each thread gets about four batches, or more
            /// if these would be larger than that.
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
                self.batch_rows = Some(NonZeroUsize::new(objects).unwrap_or(NonZeroUsize::MIN));
                self
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
                            |run| visit(run),
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
                let rows = self.batch_rows.unwrap_or_else(|| {
                    batch_rows(self.count_of(selection.as_ref()), pool.threads())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_gets_four_batches() {
        for (objects, threads, rows) in
            [(0, 0, 1), (1, 8, 1), (1000, 0, 250), (1000, 1, 250), (1000, 2, 125), (1001, 2, 126)]
        {
            assert_eq!(batch_rows(objects, threads).get(), rows, "{objects} on {threads}");
        }
    }
}
