//! What differs between two snapshots, as objects.

use std::sync::Arc;

use crate::id::ObjectId;
use crate::schema::{RegisteredSchema, Slot};
use crate::snapshot::difference::{differences_of, living};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::store::Store;

/// What differs between two snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    spawned: Vec<ObjectId>,
    despawned: Vec<ObjectId>,
    slots: Vec<SlotChanges>,
}

/// The objects of one schema that have another value of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChanges {
    schema: Arc<str>,
    slot: Arc<str>,
    ids: Vec<ObjectId>,
}

/// What has become different between two snapshots of one store.
///
/// Values are compared, bit for bit: writing an equal value is no change, and -0.0 is another value
/// than 0.0. Both values can be read from the snapshots, by [`Store::get_value`] or by key. Costs a look at each block that the snapshots do not share, and nothing for the others.
///
/// # Errors
/// If the snapshots are of different stores, or one of them is from before an [migration](Store::migrate).
///
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

/// Like [`changes`], with the wanted slots only: others are not looked at and cost nothing.
///
/// Which objects were spawned and despawned is told of all schemas.
///
/// # Errors
/// If the snapshots are of different stores, or one of them is from before an [migration](Store::migrate).
///
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
    let differences = differences_of(before, after, is_wanted)?;
    let mut changes = Changes::default();
    for table in &differences.tables {
        let id = |row, generation| ObjectId::new(table.schema, row, generation);
        for row in &table.rows {
            changes.despawned.extend(living(row.before).map(|generation| id(row.row, generation)));
            changes.spawned.extend(living(row.after).map(|generation| id(row.row, generation)));
        }
        let Some(schema) = differences.registry.get(table.schema) else { continue };
        for (slot, rows) in schema.slots().iter().zip(&table.values) {
            if rows.is_empty() {
                continue;
            }
            let blocks = &after.world().tables[table.schema.index()].rows;
            let ids = rows.iter().map(|row| id(*row, blocks.generation(*row)));
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
    /// What has become different since the snapshot: see [`changes`]. Begins a new
    /// [epoch](Self::advance_epoch).
    ///
    /// # Errors
    /// If the snapshot is of another store or from before an [migration](Self::migrate).
    pub fn changes_since(&mut self, snapshot: &Snapshot) -> Result<Changes, SnapshotError> {
        changes(snapshot, &self.snapshot())
    }
}

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spawned.is_empty() && self.despawned.is_empty() && self.slots.is_empty()
    }

    /// The objects that live in the later snapshot only, by schema and row.
    #[must_use]
    pub fn spawned(&self) -> &[ObjectId] {
        &self.spawned
    }

    /// The objects that live in the earlier snapshot only, by schema and row.
    #[must_use]
    pub fn despawned(&self) -> &[ObjectId] {
        &self.despawned
    }

    /// The slots of which objects that live in both snapshots have different values.
    #[must_use]
    pub fn slots(&self) -> &[SlotChanges] {
        &self.slots
    }
}

impl SlotChanges {
    /// The schema's name.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The slot's name.
    #[must_use]
    pub fn slot(&self) -> &str {
        &self.slot
    }

    /// The objects that have another value, by row.
    #[must_use]
    pub fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    /// How many objects have another value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none: never so in [`Changes`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
