//! Runs the parallel loops of views on Bevy's threads.

use bevy_tasks::ComputeTaskPool;
use slotted::ThreadPool;

/// A thread pool for views that uses Bevy's [`ComputeTaskPool`].
///
/// Runs the work on the calling thread if the pool was not initialised or has a single thread.
///
/// ```
/// use bevy_slotted::ComputeTasks;
/// use bevy_slotted::slotted::ThreadPool;
///
/// assert_eq!(ComputeTasks.map(vec![1, 2, 3], |number| number * 2), [2, 4, 6]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ComputeTasks;

/// The number of tasks for each thread. More than one lets idle threads take over work.
const TASKS_PER_THREAD: usize = 4;

impl ThreadPool for ComputeTasks {
    fn threads(&self) -> usize {
        ComputeTaskPool::try_get().map_or(1, |pool| pool.thread_num().max(1))
    }

    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let threads = self.threads();
        if threads == 1 || items.len() < 2 {
            return items.into_iter().map(work).collect();
        }
        let each = items.len().div_ceil(threads * TASKS_PER_THREAD);
        let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        let work = &work;
        ComputeTaskPool::get().scope(|scope| {
            for (items, results) in items.chunks_mut(each).zip(results.chunks_mut(each)) {
                scope.spawn(async move {
                    for (item, result) in items.iter_mut().zip(results) {
                        *result = item.take().map(work);
                    }
                });
            }
        });
        results.into_iter().flatten().collect()
    }
}
