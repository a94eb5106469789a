//! The last snapshots, by frame.

use std::collections::{HashSet, VecDeque};

use crate::snapshot::{Snapshot, SnapshotError};
use crate::store::Store;

/// The snapshots of the last frames, to go back to any of them.
///
/// Frames from before a [migration](Store::migrate) can be read, but not restored. [`clear`](Self::clear)
/// releases their memory.
///
/// # Example
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
    /// Creates a ring for this many frames; at least one.
    ///
    /// # Example
    /// ```
    /// let ring = slotted::SnapshotRing::new(8);
    /// assert_eq!((ring.capacity(), ring.len()), (8, 0));
    /// ```
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { frames: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Returns the number of frames that the ring can keep.
    ///
    /// # Example
    /// ```
    /// assert_eq!(slotted::SnapshotRing::new(0).capacity(), 1);
    /// ```
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the number of frames in the ring.
    ///
    /// # Example
    /// ```
    /// let mut ring = slotted::SnapshotRing::new(8);
    /// ring.save(0, &mut slotted::Store::new());
    /// assert_eq!(ring.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Returns `true` if the ring has no frame.
    ///
    /// # Example
    /// ```
    /// assert!(slotted::SnapshotRing::new(8).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Takes a snapshot of the store as this frame. Forgets an older snapshot of this frame, all later frames,
    /// and the oldest frame if the ring is full.
    ///
    /// Computes in **O(blocks)** time, as [`Store::snapshot`].
    ///
    /// # Example
    /// ```
    /// let (mut ring, mut store) = (slotted::SnapshotRing::new(2), slotted::Store::new());
    /// for frame in 0..3 {
    ///     ring.save(frame, &mut store);
    /// }
    /// assert_eq!((ring.oldest(), ring.newest()), (Some(1), Some(2)));
    /// ```
    pub fn save(&mut self, frame: u64, store: &mut Store) {
        self.forget_from(self.frames.partition_point(|(kept, _)| *kept < frame), store);
        while self.frames.len() >= self.capacity
            && let Some((_, oldest)) = self.frames.pop_front()
        {
            store.reuse_memory_of(oldest);
        }
        self.frames.push_back((frame, store.snapshot()));
    }

    /// Returns the snapshot of a frame, or `None` if the ring does not have it.
    ///
    /// # Example
    /// ```
    /// let (mut ring, mut store) = (slotted::SnapshotRing::new(8), slotted::Store::new());
    /// ring.save(3, &mut store);
    /// assert!(ring.get(3).is_some_and(|snapshot| snapshot.is_empty()));
    /// assert!(ring.get(4).is_none());
    /// ```
    #[must_use]
    pub fn get(&self, frame: u64) -> Option<&Snapshot> {
        self.position(frame).map(|position| &self.frames[position].1)
    }

    /// Restores the store to this frame and forgets all later frames.
    ///
    /// Computes in **O(blocks)** time, as [`Store::restore`].
    ///
    /// # Errors
    /// Returns an error if the ring does not have the frame, or if it is of another store or from before a
    /// [migration](Store::migrate). Nothing is changed then.
    ///
    /// # Example
    /// ```
    /// use slotted::{SnapshotError, SnapshotRing, Store};
    /// let (mut ring, mut store) = (SnapshotRing::new(8), Store::new());
    /// ring.save(3, &mut store);
    /// ring.restore(3, &mut store)?;
    /// assert_eq!(ring.restore(4, &mut store), Err(SnapshotError::NoFrame { frame: 4 }));
    /// # Ok::<(), SnapshotError>(())
    /// ```
    pub fn restore(&mut self, frame: u64, store: &mut Store) -> Result<(), SnapshotError> {
        let position = self.position(frame).ok_or(SnapshotError::NoFrame { frame })?;
        store.restore(&self.frames[position].1)?;
        self.forget_from(position + 1, store);
        Ok(())
    }

    fn position(&self, frame: u64) -> Option<usize> {
        self.frames.binary_search_by_key(&frame, |(frame, _)| *frame).ok()
    }

    /// Returns an iterator over the frames and their snapshots, the oldest first.
    ///
    /// # Example
    /// ```
    /// let (mut ring, mut store) = (slotted::SnapshotRing::new(8), slotted::Store::new());
    /// ring.save(3, &mut store);
    /// ring.save(5, &mut store);
    /// assert!(ring.iter().map(|(frame, _)| frame).eq([3, 5]));
    /// ```
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Snapshot)> {
        self.frames.iter().map(|(frame, snapshot)| (*frame, snapshot))
    }

    /// Returns the oldest frame.
    ///
    /// # Example
    /// ```
    /// let mut ring = slotted::SnapshotRing::new(8);
    /// assert_eq!(ring.oldest(), None);
    /// ring.save(3, &mut slotted::Store::new());
    /// assert_eq!(ring.oldest(), Some(3));
    /// ```
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.frames.front().map(|(frame, _)| *frame)
    }

    /// Returns the newest frame.
    ///
    /// # Example
    /// ```
    /// let mut ring = slotted::SnapshotRing::new(8);
    /// assert_eq!(ring.newest(), None);
    /// ring.save(3, &mut slotted::Store::new());
    /// assert_eq!(ring.newest(), Some(3));
    /// ```
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.frames.back().map(|(frame, _)| *frame)
    }

    /// Forgets all frames and releases their memory.
    ///
    /// # Example
    /// ```
    /// let mut ring = slotted::SnapshotRing::new(8);
    /// ring.save(0, &mut slotted::Store::new());
    /// ring.clear();
    /// assert!(ring.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// Returns the heap memory of the snapshots in bytes, without the memory that they share with `store`.
    ///
    /// Memory that several snapshots share counts once. Schemas and the copies for reading snapshots do not count.
    /// Computes in **O(blocks)** time for each snapshot.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, SnapshotRing, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut ring = SnapshotRing::new(8);
    /// ring.save(0, &mut store);
    /// let shared = ring.heap_bytes(&store);
    /// store.set_value(unit, "health", 5.0)?; // copies the block
    /// assert!(ring.heap_bytes(&store) > shared);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn heap_bytes(&self, store: &Store) -> usize {
        let mut seen = HashSet::new();
        store.list_shared_memory(&mut seen);
        let snapshots = self.frames.iter().map(|(_, snapshot)| snapshot.state());
        snapshots.map(|state| state.count_new(&mut seen)).sum()
    }

    fn forget_from(&mut self, position: usize, store: &mut Store) {
        self.frames.drain(position..).for_each(|(_, snapshot)| store.reuse_memory_of(snapshot));
    }
}
