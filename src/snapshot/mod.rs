//! The past of a store: snapshots, the differences between them, and deltas to send.

mod apply;
mod changes;
mod delta;
mod raw;
mod ring;
mod runs;
mod slots;

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::debug_as_display::debug_as_display;
use crate::epoch::Epoch;
use crate::id::ObjectId;
use crate::side_table::Living;
use crate::store::{StateMismatch, Store, StoreState};

pub use apply::{DeltaError, DeltaPart};
pub use changes::{Changes, SlotChanges, changes, changes_of};
pub use delta::Delta;
pub use raw::{RawRows, RawSnapshot, RawTable};
pub use ring::SnapshotRing;
pub use slots::SlotDifference;

/// All objects of a store as they were at one moment.
///
/// Taking a snapshot copies no values: it shares the store's blocks, and the store copies a block at the first
/// write to it afterwards. A snapshot can be cloned and sent to other threads, and read there while the store
/// is written to.
///
/// It reads like a [`Store`], through the same keys, names and shared views: [`Store::get`],
/// [`Store::get_value`], [`Store::column`], [`Store::view_ref`] and everything else that takes `&self`. The
/// first read copies two bytes per row. Restoring and comparing snapshots do not need that copy.
///
/// # Example
/// ```
/// use slotted::{Slotted, Store};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = store.spawn(Unit { health: 80.0 })?;
/// let health = store.key::<f32>("unit", "health")?;
///
/// let before = store.snapshot();
/// store.set(unit, health, 5.0)?;
/// let other = store.spawn(Unit { health: 1.0 })?;
/// assert_eq!((before.get(unit, health), before.len()), (Some(80.0), 1));
///
/// store.restore(&before)?;
/// assert_eq!(store.get(unit, health), Some(80.0));
/// assert!(!store.contains(other));
/// assert_eq!(store.spawn(Unit { health: 1.0 })?, other, "the same calls give the same ids");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    shared: Arc<Shared>,
}

struct Shared {
    state: Arc<StoreState>,
    /// The same state as a store, from the first read on.
    store: OnceLock<Box<Store>>,
}

/// The reason why a snapshot cannot be used with a store or with another snapshot.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They are of different stores. A clone of a store is a different store.
    #[error("the snapshot is of another store; use `Delta` to copy objects between stores")]
    OtherStore,
    /// The store's schemas have [migrated](Store::migrate) in between, so the objects have other slots now. The
    /// snapshot can still be read.
    #[error(
        "the snapshot is from before a migration of the store's schemas; \
         it can be read, but not restored or compared"
    )]
    OtherSchemas,
    /// The ring has no snapshot of the frame.
    #[error("the ring has no snapshot of frame {frame}")]
    NoFrame {
        /// The frame.
        frame: u64,
    },
}

debug_as_display!(SnapshotError);

impl From<StateMismatch> for SnapshotError {
    fn from(mismatch: StateMismatch) -> Self {
        match mismatch {
            StateMismatch::Store => Self::OtherStore,
            StateMismatch::Schemas => Self::OtherSchemas,
        }
    }
}

impl Store {
    /// Takes a snapshot of all objects and begins a new [epoch](Self::advance_epoch).
    ///
    /// Computes in **O(blocks)** time: about one nanosecond per block that was not written to since the last
    /// snapshot. Copies two bytes per row of blocks in which objects were spawned or despawned.
    ///
    /// [`Snapshot`] has an example.
    #[must_use = "a snapshot is dropped with its last clone"]
    pub fn snapshot(&mut self) -> Snapshot {
        Snapshot::new(self.state_for_snapshot())
    }

    /// Goes back to a snapshot: values, ids, generations and free rows become as they were, so the same calls
    /// afterwards give the same ids.
    ///
    /// Schemas that were registered since stay registered, without objects. Texts and lists stay known. The
    /// memory of replaced blocks is kept for the next copies. Computes in **O(blocks)** time.
    ///
    /// # Errors
    /// Returns an error if the snapshot is of another store or from before a [migration](Self::migrate). Nothing
    /// is changed then.
    ///
    /// [`Snapshot`] has an example.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        Ok(self.set_state(snapshot.state())?)
    }

    /// Drops a snapshot and keeps its memory for the next copies, unless another snapshot shares it.
    ///
    /// Fresh memory would cost page faults in every frame. [`SnapshotRing`] calls this for the frames that it
    /// forgets.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # let unit = store.spawn(Unit { health: 80.0 })?;
    /// let before = store.snapshot();
    /// store.set_value(unit, "health", 5.0)?; // copies the block
    /// store.reuse_memory_of(before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reuse_memory_of(&mut self, snapshot: Snapshot) {
        if let Some(Shared { state, store }) = Arc::into_inner(snapshot.shared) {
            drop(store);
            if let Some(state) = Arc::into_inner(state) {
                self.reuse_memory_of_state(state);
            }
        }
    }
}

impl Snapshot {
    fn new(state: Arc<StoreState>) -> Self {
        Self { shared: Arc::new(Shared { state, store: OnceLock::new() }) }
    }

    /// Returns a new store that continues from here, for what-if simulations and tests.
    ///
    /// The new store is unrelated to the first one: it refuses snapshots of that, and epochs mean nothing to it.
    /// Copies two bytes per row.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// let mut what_if = store.snapshot().to_store();
    /// what_if.clear();
    /// assert_eq!((store.len(), what_if.len()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_store(&self) -> Store {
        self.state().to_store()
    }

    /// Returns the epoch that began with the snapshot.
    ///
    /// A later view of the store visits the blocks, or the [tracked](Store::track_changes) objects, that were written
    /// since then with [`changed_since`](crate::view::ViewMut::changed_since).
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let snapshot = store.snapshot();
    /// assert_eq!(snapshot.epoch(), store.epoch());
    /// assert!(store.advance_epoch() > snapshot.epoch());
    /// ```
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.state().epoch()
    }

    /// Returns the [`state_hash`](Store::state_hash) of the store at that moment.
    ///
    /// Computes in **O(1)** time if the hash is known: the store computed it right before the snapshot, or the
    /// snapshot computed it before. Otherwise takes one or two nanoseconds per number in the snapshot.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let snapshot = store.snapshot();
    /// assert_eq!(snapshot.state_hash(), store.state_hash());
    /// ```
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        self.state().hash_sums().state_hash()
    }

    /// Returns the [`future_ids_hash`](Store::future_ids_hash) of the store at that moment.
    ///
    /// Computes in the time of [`state_hash`](Self::state_hash), and in **O(1)** time after it.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let snapshot = store.snapshot();
    /// assert_eq!(snapshot.future_ids_hash(), store.future_ids_hash());
    /// ```
    #[must_use]
    pub fn future_ids_hash(&self) -> u64 {
        self.state().hash_sums().future_ids_hash()
    }

    fn state(&self) -> &StoreState {
        &self.shared.state
    }
}

impl Deref for Snapshot {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.shared.store.get_or_init(|| Box::new(self.to_store()))
    }
}

impl Living for Snapshot {
    fn is_alive(&self, id: ObjectId) -> bool {
        Store::contains(self, id)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("objects", &self.state().len()).finish_non_exhaustive()
    }
}
