//! Commands from several threads.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::SpawnError;
use crate::store::commands::Commands;

/// Records commands on several threads, in an order that does not depend on the threads.
///
/// Each thread hands over closures with an order number, for example the bits of the visited object's id.
/// [`record`](Self::record) calls them on one thread, in ascending order of these numbers. So ids of new objects are
/// the same on every run, and closures know them.
///
/// ```
/// use slotted::{ObjectId, Slotted, Store, View};
/// use slotted::commands::ParallelCommands;
/// # use slotted::ThreadPool;
/// # struct Serial;
/// # impl ThreadPool for Serial {
/// #     fn threads(&self) -> usize { 1 }
/// #     fn map<T: Send, R: Send>(&self, work: Vec<T>, run: impl Fn(T) -> R + Sync) -> Vec<R> { work.into_iter().map(run).collect() }
/// # }
/// # let pool = Serial;
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
/// #[derive(Slotted, Clone, Copy)]
/// struct Grave { of: ObjectId }
/// #[derive(View)]
/// struct Units<'a> { id: ObjectId, health: &'a f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.register::<Grave>()?;
/// store.spawn_batch((0..100).map(|n| Unit { health: n as f32 }))?;
///
/// let mut commands = store.commands();
/// let parallel = ParallelCommands::new();
/// store.view_ref::<Units>()?.par_for_each_on(&pool, |unit| {
///     if *unit.health < 10.0 {
///         let id = unit.id;
///         parallel.at(id, move |commands| {
///             commands.spawn(Grave { of: id })?;
///             commands.despawn(id);
///             Ok(())
///         });
///     }
/// });
/// parallel.record(&mut commands)?;
/// commands.apply(&mut store)?;
/// assert_eq!((store.len_of("unit")?, store.len_of("grave")?), (90, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParallelCommands<'e> {
    shards: [Shard<'e>; SHARDS],
}

/// Enough that threads seldom wait for one another.
const SHARDS: usize = 32;

type Recorded<'e> = Box<dyn FnOnce(&mut Commands) -> Result<(), SpawnError> + Send + 'e>;

/// Aligned so that threads do not share cache lines.
#[repr(align(128))]
#[derive(Default)]
struct Shard<'e>(Mutex<Vec<(u64, Recorded<'e>)>>);

thread_local! {
    /// A thread always uses the same shard, so that its closures stay in order.
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

impl Default for ParallelCommands<'_> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Shard::default()) }
    }
}

impl fmt::Debug for ParallelCommands<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelCommands").finish_non_exhaustive()
    }
}

impl<'e> ParallelCommands<'e> {
    /// Creates an empty recorder.
    ///
    /// [`ParallelCommands`] has an example.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the closure for [`record`](Self::record).
    ///
    /// Closures with the same order number run in the order in which their thread handed them over. Use a number on
    /// one thread only; otherwise the order of its closures differs between runs. The ids of the visited objects meet
    /// this; they sort by schema, generation and row. [`ParallelCommands`] has an example.
    pub fn at(
        &self,
        order: impl Into<u64>,
        commands: impl FnOnce(&mut Commands) -> Result<(), SpawnError> + Send + 'e,
    ) {
        let shard = SHARD.with(|shard| &self.shards[*shard]);
        // A thread that panicked while it pushed leaves a whole vector.
        let mut shard = shard.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        shard.push((order.into(), Box::new(commands)));
    }

    /// Calls all closures, in ascending order of their order numbers.
    ///
    /// Computes in **O(n log n)** time for n closures. [`ParallelCommands`] has an example.
    ///
    /// # Errors
    /// Returns the first error of a closure. Discard the commands then: the later closures were not called.
    pub fn record(self, commands: &mut Commands) -> Result<(), SpawnError> {
        let shards = self.shards.into_iter().map(|shard| shard.0.into_inner());
        let shards = shards.map(|shard| shard.unwrap_or_else(|poisoned| poisoned.into_inner()));
        let mut recorded: Vec<_> = shards.flatten().collect();
        recorded.sort_by_key(|(order, _)| *order);
        recorded.into_iter().try_for_each(|(_, record)| record(commands))
    }
}
