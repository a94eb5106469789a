//! Thread pools for parallel work.

/// A pool of threads for a view's objects: rayon's with the feature `rayon`, or an engine's own.
///
/// # Example
/// ```
/// use slotted::{Slotted, Store, ThreadPool, View};
///
/// /// Starts a thread for each item. A real pool would keep its threads.
/// struct Threads;
///
/// impl ThreadPool for Threads {
///     fn threads(&self) -> usize {
///         4
///     }
///
///     fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
///         std::thread::scope(|scope| {
///             let work = &work;
///             let threads: Vec<_> =
///                 items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
///             threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
///         })
///     }
/// }
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Ageing<'a> { health: &'a mut f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.spawn_batch([Unit { health: 1.0 }; 20_000])?;
/// store.view::<Ageing>()?.par_for_each_on(&Threads, |unit| *unit.health *= 0.5);
/// # let health = store.key::<f32>("unit", "health")?;
/// # assert!(store.column(health)?.runs().flatten().all(|health| *health == 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ThreadPool {
    /// Returns the number of threads. It decides into how many batches work is divided.
    fn threads(&self) -> usize;

    /// Calls the closure with each item, on any thread, and returns the results in any order.
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R>;
}

/// The global thread pool of rayon.
#[cfg(feature = "rayon")]
pub(crate) struct Rayon;

#[cfg(feature = "rayon")]
impl ThreadPool for Rayon {
    fn threads(&self) -> usize {
        rayon::current_num_threads()
    }

    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        items.into_par_iter().map(&work).collect()
    }
}
