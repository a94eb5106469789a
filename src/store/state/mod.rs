//! Everything of a store that a snapshot preserves: taking it, going back to it, and making a store of it.

mod difference;
mod hash;
mod seed;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::schema::{RegisteredSchema, Registry};
use crate::shared_vec::SharedVec;
use crate::storage::{Column, Interned, Interner, Rows, Table, TableSnapshot};
use crate::store::release::Registration;
use crate::store::view::{SharedMatches, ViewCache};
use crate::store::{Identity, Limits, Store, StoreIdentity, empty_table};

pub(crate) use difference::{Differences, TableDifference, living};
pub(crate) use hash::HashSums;

/// Everything of a store that a snapshot preserves. The blocks are shared with the store.
pub(crate) struct StoreState {
    identity: Identity,
    registry: Arc<Registry>,
    views: Arc<SharedMatches>,
    interner: Interner,
    limits: Limits,
    /// The epoch that began when the state was taken.
    epoch: Epoch,
    /// One for each schema.
    tables: SharedVec<TableSnapshot>,
    /// The sums of the state hash, once they are known.
    hash_sums: OnceLock<HashSums>,
    /// `None` if no snapshot has the state.
    registration: Option<Registration>,
}

/// The reason why a state does not fit a store or another state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StateMismatch {
    /// They are of different stores.
    Store,
    /// The schemas have migrated in between.
    Schemas,
}

impl Store {
    /// Takes the state as it is now and begins a new epoch.
    pub(crate) fn state(&mut self) -> StoreState {
        let tables = self.snapshot_tables();
        StoreState {
            identity: self.identity.same(),
            registry: Arc::clone(&self.registry),
            views: Arc::clone(self.views.shared()),
            interner: self.interner.share(),
            limits: self.limits,
            epoch: self.epoch,
            tables,
            hash_sums: self.hash_sums.map_or_else(OnceLock::new, OnceLock::from),
            registration: None,
        }
    }

    /// Takes the state for a snapshot. Texts and lists stay known as long as it lives.
    pub(crate) fn state_for_snapshot(&mut self) -> Arc<StoreState> {
        let registration = Some(Registration::new(&self.handles));
        let state = Arc::new(StoreState { registration, ..self.state() });
        state.registration.iter().for_each(|registration| registration.register(&state));
        state
    }

    /// Begins a new epoch and takes snapshots of all tables. Those that did not change are shared with the last state.
    pub(super) fn snapshot_tables(&mut self) -> SharedVec<TableSnapshot> {
        let mut tables = self.last_tables.upgrade();
        // The last state has the snapshots of tables that rest.
        self.tables.wake_from(tables.len());
        self.end_epoch(|number, table| {
            let snapshot = table.snapshot();
            if tables.get(number).is_none_or(|last| !Arc::ptr_eq(last, &snapshot)) {
                tables.set(number, Some(snapshot));
            }
        });
        tables.truncate(self.tables.len());
        self.last_tables = tables.downgrade();
        tables
    }

    /// Goes back to a state of this store. Schemas that were registered since stay, without objects.
    pub(crate) fn set_state(&mut self, state: &StoreState) -> Result<(), StateMismatch> {
        state.fits(&self.identity, &self.registry)?;
        for (number, snapshot) in state.tables.iter() {
            if self.tables.get(number).is_some_and(|table| !table.is_still(snapshot)) {
                self.tables[number].restore(snapshot, state.epoch, self.epoch);
            }
        }
        for schema in state.tables.len()..self.tables.len() {
            self.replace_table(SchemaId(schema as u16));
        }
        self.hash_sums = state.hash_sums.get().copied();
        Ok(())
    }

    /// Keeps the memory of a state's blocks for the next copies, unless a snapshot still shares them.
    pub(crate) fn reuse_memory_of_state(&mut self, state: StoreState) {
        if state.fits(&self.identity, &self.registry).is_ok() {
            state.tables.into_unshared(|number, snapshot| {
                if let Some(table) = self.tables.get_mut(number) {
                    table.reuse_memory_of(snapshot);
                }
            });
        }
    }

    /// Returns the current epoch, in which everything is written now.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let epoch = store.epoch();
    /// assert!(store.advance_epoch() > epoch);
    /// ```
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Begins a new epoch and returns it. A view's [`changed_since`](crate::view::ViewMut::changed_since) visits
    /// what is written from then on.
    ///
    /// [`track_changes`](Self::track_changes) makes this exact: object by object instead of block by block.
    ///
    /// Everything was written since `Epoch::default()`, which is where a loop that uploads changes begins.
    /// Computes in **O(blocks)** time and keeps nothing, unlike a [`snapshot`](Self::snapshot).
    ///
    /// # Example
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
        self.end_epoch(|_, _| {})
    }

    /// Begins a new epoch and visits all tables that may have changed, one pass for both: there may be many.
    fn end_epoch(&mut self, mut visit: impl FnMut(usize, &mut Table)) -> Epoch {
        self.tables.visit_awake(|number, table| {
            if table.end_epoch(self.epoch) {
                self.hash_sums = None;
            }
            visit(number, table);
        });
        self.epoch = self.epoch.next();
        self.epoch
    }

    /// Adds the memory that is shared with snapshots to `seen`: blocks, texts and lists.
    pub(crate) fn list_shared_memory(&self, seen: &mut HashSet<usize>) {
        self.tables.iter().for_each(|table| table.list_shared_blocks(seen));
        self.interner.count_new(seen);
    }

    /// Returns the texts and lists that are known now, for [`forget_since`](Self::forget_since).
    pub(crate) fn interned(&self) -> Interned {
        self.interner.now()
    }

    /// Forgets texts and lists that came later. No value may refer to them.
    pub(crate) fn forget_since(&mut self, then: Interned) {
        self.interner.forget_since(then);
    }

    /// Returns one table to write to without any check of its values.
    pub(crate) fn unchecked_table(&mut self, schema: SchemaId) -> Option<UncheckedTable<'_>> {
        let Table { columns, rows, .. } = self.tables.get_mut(schema.index())?;
        Some(UncheckedTable {
            schema: self.registry.get(schema)?,
            rows,
            columns,
            interner: &mut self.interner,
            limits: &self.limits,
        })
    }
}

/// One table to write to without any check of its values, and what its values refer to.
pub(crate) struct UncheckedTable<'s> {
    pub(crate) schema: &'s RegisteredSchema,
    pub(crate) rows: &'s mut Rows,
    pub(crate) columns: &'s mut [Column],
    pub(crate) interner: &'s mut Interner,
    pub(crate) limits: &'s Limits,
}

impl StoreState {
    /// Returns a store of its own that shares the blocks.
    pub(crate) fn to_store(&self) -> Store {
        let mut store = Store::with_limits(self.limits);
        let tables = self.tables();
        store.tables =
            tables.map(|table| Table::from_snapshot(table, self.limits.of_rows())).collect();
        store.registry = Arc::clone(&self.registry);
        store.views = ViewCache::of_same_registry(&self.views);
        store.interner = self.interner.share();
        store.epoch = self.epoch;
        store.hash_sums = self.hash_sums.get().copied();
        store.is_tracked = store.tables.iter().any(|table| table.is_tracked);
        store
    }

    /// Returns the same schemas, texts and lists without any object.
    pub(crate) fn without_objects(&self) -> Self {
        let mut tables = SharedVec::default();
        for schema in 0..self.tables.len() {
            tables.set(schema, Some(self.empty_table(SchemaId(schema as u16))));
        }
        Self {
            identity: self.identity.same(),
            registry: Arc::clone(&self.registry),
            views: Arc::clone(&self.views),
            interner: self.interner.share(),
            limits: self.limits,
            epoch: Epoch::default(),
            tables,
            hash_sums: OnceLock::new(),
            registration: None,
        }
    }

    /// Returns the table that a schema without objects has.
    pub(crate) fn empty_table(&self, schema: SchemaId) -> Arc<TableSnapshot> {
        let mut table = empty_table(&self.registry, &self.limits, schema);
        table.end_epoch(Epoch::default());
        table.snapshot()
    }

    fn fits(&self, identity: &Identity, registry: &Registry) -> Result<(), StateMismatch> {
        if self.identity != *identity {
            return Err(StateMismatch::Store);
        }
        match self.registry.stores_as(registry) {
            true => Ok(()),
            false => Err(StateMismatch::Schemas),
        }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn store_identity(&self) -> StoreIdentity {
        StoreIdentity(Arc::clone(&self.identity.0))
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) const fn interner(&self) -> &Interner {
        &self.interner
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<TableSnapshot>> {
        self.tables.iter().map(|(_, table)| table)
    }

    pub(crate) fn table(&self, schema: SchemaId) -> Option<&Arc<TableSnapshot>> {
        self.tables.get(schema.index())
    }

    /// Returns the number of living objects.
    pub(crate) fn len(&self) -> usize {
        self.tables().map(|table| table.rows.count as usize).sum()
    }

    /// Returns the bytes of blocks, texts and lists that are not in `seen` yet, and adds them to it.
    pub(crate) fn count_new(&self, seen: &mut HashSet<usize>) -> usize {
        let (texts, lists) = self.interner.count_new(seen);
        let tables = self.tables.count_new(seen, TableSnapshot::count_new_blocks);
        tables + texts + lists
    }
}
