//! The past of a store: snapshots, what differs between them, hashes.

mod apply;
mod changes;
mod delta;
mod difference;
mod ring;
mod state_hash;
mod transaction;

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::schema::Registry;
use crate::storage::{FrozenTable, HashSums, Interner};
use crate::store::{Identity, Limits, Store, empty_table};

pub use apply::{DeltaError, DeltaPart};
pub use changes::{Changes, SlotChanges, changes, changes_of};
pub use delta::Delta;
pub use ring::SnapshotRing;

/// All objects of a store as they were at one moment.
///
/// Taking one copies nothing: the store's blocks are shared, and a block is copied when it is
/// written to for the first time afterwards. A snapshot can be cloned, sent to other threads, and
/// read there while the store goes on being written.
///
/// It reads as a [`Store`] does, through the same keys, names and shared views: [`Store::get`],
/// [`Store::get_value`], [`Store::column`], [`Store::view_ref`] and all else that takes `&self`. The
/// first access for reading arranges what is shared as a store, which copies two bytes for each row;
/// going back to a snapshot and comparing two of them do not need that.
///
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
    world: Arc<World>,
}

/// What a snapshot shares with its store.
pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) registry: Arc<Registry>,
    pub(crate) interner: Interner,
    limits: Limits,
    /// The one that began with the snapshot.
    epoch: Epoch,
    pub(crate) tables: Vec<FrozenTable>,
    /// What the state hash is made of, once it is known.
    pub(crate) hash_sums: OnceLock<HashSums>,
    /// The same as a store, once somebody has read it.
    store: OnceLock<Store>,
}

/// Why a snapshot cannot be used with a store or with another snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They are of different stores. A clone of a store is a store of its own.
    #[error("the snapshot is of another store")]
    OtherStore,
    /// The store's schemas have [migrated](Store::migrate) in between: the objects have another form now. The
    /// snapshot can still be read.
    #[error("the snapshot is from before or after its store's schemas changed")]
    OtherSchemas,
    /// A ring does not have the frame.
    #[error("the ring has no snapshot of frame {frame}")]
    NoFrame {
        /// The frame.
        frame: u64,
    },
}

impl Store {
    /// All objects as they are now.
    ///
    /// Costs a look at each block that was written to since the last snapshot and a nanosecond for
    /// each other one; two bytes are copied for each row of blocks in which objects were spawned or
    /// despawned. Begins a new [epoch](Self::advance_epoch).
    #[must_use = "a snapshot is dropped with its last clone"]
    pub fn snapshot(&mut self) -> Snapshot {
        self.advance_epoch();
        let world = World {
            identity: self.identity.same(),
            registry: Arc::clone(&self.registry),
            interner: self.interner.clone(),
            limits: self.limits,
            epoch: self.epoch,
            tables: self.tables.iter_mut().map(|table| table.freeze()).collect(),
            hash_sums: self.hash_sums.map_or_else(OnceLock::new, OnceLock::from),
            store: OnceLock::new(),
        };
        Snapshot { world: Arc::new(world) }
    }

    /// Makes all objects as they were: values, ids, generations and free rows, so that the same calls
    /// afterwards give the same ids.
    ///
    /// Schemas that were registered since stay registered and have no objects; texts and lists stay
    /// known. Costs a look at each block, and the memory of blocks that are given up is kept for the next copies.
    ///
    /// # Errors
    /// If the snapshot is of another store or from before an [migration](Self::migrate); nothing is changed then.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let world = &snapshot.world;
        if world.identity != self.identity {
            return Err(SnapshotError::OtherStore);
        }
        if !world.registry.stores_as(&self.registry) {
            return Err(SnapshotError::OtherSchemas);
        }
        for (table, frozen) in self.tables.iter_mut().zip(&world.tables) {
            table.restore(frozen, self.epoch);
        }
        for schema in world.tables.len()..self.tables.len() {
            self.tables[schema] = self.empty_table(SchemaId(schema as u16));
        }
        self.hash_sums = world.hash_sums.get().copied();
        Ok(())
    }

    /// Drops a snapshot and keeps its memory for the next copies, as far as no other snapshot has it.
    ///
    /// [`SnapshotRing`] does this with the frames that it forgets.
    pub fn recycle(&mut self, snapshot: Snapshot) {
        if snapshot.world.identity == self.identity
            && snapshot.world.registry.stores_as(&self.registry)
            && let Some(world) = Arc::into_inner(snapshot.world)
        {
            drop(world.store);
            let tables = self.tables.iter_mut().zip(world.tables);
            tables.for_each(|(table, frozen)| table.recycle(frozen));
        }
    }

    /// The current epoch: what is written now is written in it.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Begins a new epoch and tells it: what is written from now on can be asked for later, by a
    /// view's [`changed_since`](crate::ViewMut::changed_since).
    ///
    /// Costs what a [`snapshot`](Self::snapshot) costs, but keeps nothing. Since `Epoch::default()`
    /// everything has been written, which is what a loop that uploads changes begins with.
    ///
    /// ```
    /// use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Tile { height: f32 }
    /// #[derive(View)]
    /// struct Heights<'a> { height: &'a f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Tile>()?;
    /// # let ids: Vec<_> = store.spawn_batch([Tile { height: 0.0 }; 20_000])?.collect();
    /// # let height = store.key::<f32>("tile", "height")?;
    /// let epoch = store.advance_epoch();
    /// store.set(ids[9000], height, 3.0)?;
    /// let changed = store.view_ref::<Heights>()?.changed_since(epoch);
    /// assert_eq!(changed.count(), slotted::memory::BLOCK_ROWS, "the rest of the block is visited too");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advance_epoch(&mut self) -> Epoch {
        for table in &mut self.tables {
            if table.seal(self.epoch) {
                self.hash_sums = None;
            }
        }
        self.epoch = self.epoch.next();
        self.epoch
    }
}

impl World {
    /// A store that shares its blocks with the snapshot.
    fn thaw(&self) -> Store {
        let mut store = Store::with_limits(self.limits);
        store.registry = Arc::clone(&self.registry);
        store.interner = self.interner.clone();
        store.epoch = self.epoch;
        let tables = self.tables.iter().enumerate();
        let tables = tables.map(|(id, frozen)| store.empty_table(SchemaId(id as u16)).thaw(frozen));
        store.tables = tables.collect();
        store
    }

    /// What the snapshot would have of a schema that has no objects.
    fn empty_table(&self, schema: SchemaId) -> FrozenTable {
        let mut table = empty_table(&self.registry, &self.limits, schema);
        table.seal(Epoch::default());
        table.freeze()
    }
}

impl Snapshot {
    /// A store of its own that goes on from here: for what-ifs, and for tests. Snapshots and epochs of
    /// the first store mean nothing to it.
    #[must_use]
    pub fn to_store(&self) -> Store {
        let mut store = self.world.thaw();
        store.hash_sums = self.world.hash_sums.get().copied();
        store
    }

    /// The epoch that began with the snapshot: what a later view of its store has
    /// [changed since](crate::ViewMut::changed_since) it was written after the snapshot was taken.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.world.epoch
    }

    /// The same schemas, before there were any objects.
    fn without_objects(&self) -> Self {
        let world = &self.world;
        let tables = 0..world.tables.len();
        let world = World {
            identity: world.identity.same(),
            registry: Arc::clone(&world.registry),
            interner: world.interner.clone(),
            limits: world.limits,
            epoch: Epoch::default(),
            tables: tables.map(|schema| world.empty_table(SchemaId(schema as u16))).collect(),
            hash_sums: OnceLock::new(),
            store: OnceLock::new(),
        };
        Self { world: Arc::new(world) }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }
}

impl Deref for Snapshot {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.world.store.get_or_init(|| self.world.thaw())
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects: usize = self.world.tables.iter().map(|table| table.rows.count as usize).sum();
        f.debug_struct("Snapshot").field("objects", &objects).finish_non_exhaustive()
    }
}
