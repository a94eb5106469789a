//! The last snapshots, by frame.

use std::collections::{HashSet, VecDeque};

use crate::snapshot::{Snapshot, SnapshotError};
use crate::store::Store;

/// The snapshots of the last frames, to go back to any of them.
///
/// Frames from before the store's schemas [migrated](Store::migrate) can be read, but not gone back to:
/// [`clear`](Self::clear) gives their memory back.
///
/// ```
/// use slotted::{Slotted, SnapshotRing, Store};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// let mut ring = SnapshotRing::new(8);
/// for frame in 0..20 {
///     ring.save(frame, &mut store);
///     store.spawn(Unit { health: 1.0 })?;
/// }
/// assert!(ring.get(11).is_none(), "only the last eight are kept");
/// ring.restore(15, &mut store)?;
/// assert_eq!(store.len(), 15);
/// assert_eq!(ring.newest(), Some(15), "later frames are forgotten");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SnapshotRing {
    /// In ascending order of frames.
    frames: VecDeque<(u64, Snapshot)>,
    capacity: usize,
}

impl SnapshotRing {
    /// A ring for this many frames; at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { frames: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// How many frames the ring keeps.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many frames it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Keeps the store as it is now, as this frame. Forgets this frame and all later ones, if there are
    /// any, and the oldest one where there is no more room.
    pub fn save(&mut self, frame: u64, store: &mut Store) {
        self.forget_from(self.frames.partition_point(|(kept, _)| *kept < frame), store);
        while self.frames.len() >= self.capacity
            && let Some((_, oldest)) = self.frames.pop_front()
        {
            store.recycle(oldest);
        }
        self.frames.push_back((frame, store.snapshot()));
    }

    /// The store as it was at this frame.
    #[must_use]
    pub fn get(&self, frame: u64) -> Option<&Snapshot> {
        self.position(frame).map(|position| &self.frames[position].1)
    }

    /// Makes the store as it was at this frame and forgets all later frames.
    ///
    /// # Errors
    /// If the ring does not have the frame, or it is of another store or from before an
    /// [migration](Store::migrate); nothing is changed then.
    pub fn restore(&mut self, frame: u64, store: &mut Store) -> Result<(), SnapshotError> {
        let position = self.position(frame).ok_or(SnapshotError::NoFrame { frame })?;
        store.restore(&self.frames[position].1)?;
        self.forget_from(position + 1, store);
        Ok(())
    }

    fn position(&self, frame: u64) -> Option<usize> {
        self.frames.binary_search_by_key(&frame, |(frame, _)| *frame).ok()
    }

    /// The frames and their snapshots, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Snapshot)> {
        self.frames.iter().map(|(frame, snapshot)| (*frame, snapshot))
    }

    /// The oldest frame.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.frames.front().map(|(frame, _)| *frame)
    }

    /// The newest frame.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.frames.back().map(|(frame, _)| *frame)
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// Heap memory that the snapshots take besides what `store` has itself; what several of them share
    /// counts once. Texts and schemas do not count, nor what was arranged for reading a snapshot.
    ///
    /// Costs a look at each block of each snapshot.
    #[must_use]
    pub fn heap_bytes(&self, store: &Store) -> usize {
        let mut seen = HashSet::new();
        store.tables.iter().for_each(|table| table.count_shared(&mut seen));
        let snapshots = self.frames.iter().map(|(_, snapshot)| snapshot.world());
        snapshots.flat_map(|world| &world.tables).map(|table| table.count_shared(&mut seen)).sum()
    }

    fn forget_from(&mut self, position: usize, store: &mut Store) {
        self.frames.drain(position..).for_each(|(_, snapshot)| store.recycle(snapshot));
    }
}
