//! The differences between two snapshots, as lists of objects.

use std::sync::Arc;

use crate::id::ObjectId;
use crate::schema::{RegisteredSchema, Slot};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::store::{Differences, Store, living};

/// The differences between two snapshots, made by [`changes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    spawned: Vec<ObjectId>,
    despawned: Vec<ObjectId>,
    slots: Vec<SlotChanges>,
}

/// The objects of one schema with a different value of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChanges {
    schema: Arc<str>,
    slot: Arc<str>,
    ids: Vec<ObjectId>,
}

/// Compares two snapshots of one store and returns the differences.
///
/// Values are compared bit by bit: a write of an equal value is no change, and -0.0 differs from 0.0. Read both
/// values from the snapshots, with [`Store::get_value`] or by key. Computes in **O(n)** time for n rows of
/// blocks that the snapshots do not share. Of a slot that [tracks its changes](Store::track_changes), it reads two bytes
/// for each of these rows, and only the values that were written.
///
/// # Errors
/// Returns an error if the snapshots are of different stores, or one of them is from before a
/// [migration](Store::migrate).
///
/// # Example
/// ```
/// use slotted::{Slotted, Store, snapshot::changes};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32, armour: u8 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let ids: Vec<_> = store.spawn_batch([Unit { health: 1.0, armour: 0 }; 3])?.collect();
/// let before = store.snapshot();
/// store.set_value(ids[0], "health", 0.5)?;
/// store.set_value(ids[1], "health", 1.0)?; // as it was
/// store.despawn(ids[2])?;
///
/// let changes = changes(&before, &store.snapshot())?;
/// assert_eq!(changes.despawned(), [ids[2]]);
/// let [health] = changes.slots() else { panic!("one slot") };
/// assert_eq!((health.schema(), health.slot(), health.ids()), ("unit", "health", &ids[..1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn changes(before: &Snapshot, after: &Snapshot) -> Result<Changes, SnapshotError> {
    changes_of(before, after, |_, _| true)
}

/// Compares two snapshots like [`changes`], but skips all slots for which `is_wanted` returns `false`.
///
/// Spawned and despawned objects are listed for all schemas.
///
/// # Errors
/// Returns an error if the snapshots are of different stores, or one of them is from before a
/// [migration](Store::migrate).
///
/// # Example
/// ```
/// # use slotted::{Slotted, Store, snapshot::changes_of};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32, armour: u8 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// let unit = store.spawn(Unit { health: 1.0, armour: 0 })?;
/// let before = store.snapshot();
/// store.set_value(unit, "health", 0.5)?;
/// store.set_value(unit, "armour", 3)?;
///
/// let changes = changes_of(&before, &store.snapshot(), |_, slot| slot.name() == "armour")?;
/// let [armour] = changes.slots() else { panic!("one slot") };
/// assert_eq!((armour.slot(), armour.ids()), ("armour", &[unit][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn changes_of(
    before: &Snapshot,
    after: &Snapshot,
    is_wanted: impl FnMut(&RegisteredSchema, &Slot) -> bool,
) -> Result<Changes, SnapshotError> {
    let differences = Differences::of_slots(before.state(), after.state(), is_wanted)?;
    let mut changes = Changes::default();
    for table in &differences.tables {
        let id = |row, generation| ObjectId::new(table.schema, row, generation);
        for row in &table.rows {
            changes.despawned.extend(living(row.before).map(|generation| id(row.row, generation)));
            changes.spawned.extend(living(row.after).map(|generation| id(row.row, generation)));
        }
        let schema = differences.registry.get(table.schema);
        let (Some(schema), Some(now)) = (schema, after.state().table(table.schema)) else {
            continue;
        };
        for (slot, rows) in schema.slots().iter().zip(&table.values) {
            if rows.is_empty() {
                continue;
            }
            let ids = rows.iter().map(|row| id(*row, now.rows.generation(*row)));
            changes.slots.push(SlotChanges {
                schema: Arc::clone(schema.shared_name()),
                slot: Arc::clone(slot.shared_name()),
                ids: ids.collect(),
            });
        }
    }
    Ok(changes)
}

impl Store {
    /// Compares the store with an earlier snapshot, as [`changes`] does, and begins a new
    /// [epoch](Self::advance_epoch).
    ///
    /// # Errors
    /// Returns an error if the snapshot is of another store or from before a [migration](Self::migrate).
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let before = store.snapshot();
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// assert_eq!(store.changes_since(&before)?.spawned(), [unit]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes_since(&mut self, snapshot: &Snapshot) -> Result<Changes, SnapshotError> {
        changes(snapshot, &self.snapshot())
    }
}

impl Changes {
    /// Returns `true` if nothing differs.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let before = store.snapshot();
    /// assert!(store.changes_since(&before)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spawned.is_empty() && self.despawned.is_empty() && self.slots.is_empty()
    }

    /// Returns the objects that live only in the later snapshot, ordered by schema and row.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let before = store.snapshot();
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// assert_eq!(store.changes_since(&before)?.spawned(), [unit]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn spawned(&self) -> &[ObjectId] {
        &self.spawned
    }

    /// Returns the objects that live only in the earlier snapshot, ordered by schema and row.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let before = store.snapshot();
    /// store.despawn(unit)?;
    /// assert_eq!(store.changes_since(&before)?.despawned(), [unit]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn despawned(&self) -> &[ObjectId] {
        &self.despawned
    }

    /// Returns the slots with different values, of objects that live in both snapshots.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let before = store.snapshot();
    /// store.set_value(unit, "health", 5.0)?;
    /// let changes = store.changes_since(&before)?;
    /// assert_eq!(changes.slots()[0].slot(), "health");
    /// assert_eq!(changes.slots()[0].ids(), [unit]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slots(&self) -> &[SlotChanges] {
        &self.slots
    }
}

impl SlotChanges {
    /// Returns the schema's name.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns the slot's name.
    #[must_use]
    pub fn slot(&self) -> &str {
        &self.slot
    }

    /// Returns the objects with a different value, ordered by row.
    #[must_use]
    pub fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    /// Returns the number of objects with a different value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns `true` if no object has a different value, which never happens in [`Changes`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
