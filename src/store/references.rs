//! References whose objects have died.

use std::cell::OnceCell;

use crate::id::ObjectId;
use crate::kind::Kind;
use crate::list::ListCell;
use crate::schema::{Checker, ProblemKind, Slot, World};
use crate::slot_value::{ValueCheck, element_shape};
use crate::storage::{CellColumn, Column, Interner};
use crate::store::Store;

impl Store {
    /// Returns all [dead references](ObjectId#dead-references): the object that has the reference, its slot, and the
    /// dead object, by schema, slot and row.
    ///
    /// A list is visited element by element. References to ids that were never given out count too; only writes
    /// through views and columns can make them.
    ///
    /// Computes in **O(n)** time for n objects of schemas with references, and the elements of their lists.
    ///
    /// # Example
    /// ```
    /// use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32, target: Option<ObjectId> }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let target = store.spawn(Unit { health: 10.0, target: None })?;
    /// let hunter = store.spawn(Unit { health: 80.0, target: Some(target) })?;
    /// store.despawn(target)?;
    /// let dead = store.dead_references().map(|(id, slot, dead)| (id, slot.name(), dead));
    /// assert_eq!(dead.collect::<Vec<_>>(), [(hunter, "target", target)]);
    ///
    /// // The hunter can still change.
    /// let unit: Unit = store.get_object(hunter)?;
    /// store.set_object(hunter, Unit { health: 85.0, ..unit })?;
    /// store.set_value(hunter, "target", None::<ObjectId>)?;
    /// assert!(store.set_value(hunter, "target", target).is_err(), "the slot no longer holds it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dead_references(&self) -> impl Iterator<Item = (ObjectId, &Slot, ObjectId)> {
        self.registry.iter().zip(&self.tables).flat_map(move |(schema, table)| {
            let slots = schema.slots().iter().zip(&table.columns);
            let references = slots.filter(|(slot, _)| is_reference(slot));
            references.flat_map(move |(slot, column)| {
                self.table_ids(schema.id()).flat_map(move |id| {
                    let found = references_in(column, id.row(), &self.interner).iter();
                    let dead = found.filter(|target| !self.contains(**target));
                    dead.map(move |target| (id, slot, *target))
                })
            })
        })
    }

    /// Returns `true` if the id was given out: the object is alive, or has died.
    fn has_lived(&self, id: ObjectId) -> bool {
        let table = self.tables.get(id.schema().index());
        table.is_some_and(|table| table.rows.has_lived(id.row(), id.generation()))
    }

    /// Returns the store while values of a living object are overwritten.
    pub(super) fn overwriting(&self, id: ObjectId) -> Overwriting<'_> {
        Overwriting { store: self, id, kept: OnceCell::new() }
    }

    /// Returns all references of a living object.
    fn references_of(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        let located = self.locate(id).into_iter();
        let columns = located.flat_map(|(schema, table)| schema.slots().iter().zip(&table.columns));
        columns.filter(|(slot, _)| is_reference(slot)).flat_map(move |(_, column)| {
            references_in(column, id.row(), &self.interner).iter().copied()
        })
    }
}

pub(super) fn is_reference(slot: &Slot) -> bool {
    *slot.kind().element() == Kind::Object
}

/// Returns the references in a written row; none if it is unset or of another kind.
pub(super) fn references_in<'a>(
    column: &'a Column,
    row: u32,
    interner: &'a Interner,
) -> &'a [ObjectId] {
    if column.set.as_ref().is_some_and(|set| set.row(row) != Some(&[true])) {
        return &[];
    }
    if let Some(blocks) = ObjectId::blocks(&column.cells) {
        return blocks.row(row).unwrap_or_default();
    }
    let lists = ListCell::blocks(&column.cells).and_then(|blocks| blocks.row(row));
    let list = lists.and_then(|lists| lists.first());
    let shape = element_shape::<ObjectId>();
    list.and_then(|list| interner.lists.resolve::<ObjectId>(shape, *list)).unwrap_or_default()
}

/// The store as new objects see it.
impl World for Store {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.contains(id)
    }

    #[cold]
    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind> {
        match self.has_lived(id) {
            true => Ok(()),
            false => Err(ProblemKind::UnknownReference { found: id }),
        }
    }
}

/// A store while values of one object are overwritten: the object keeps dead references, and gets no new ones.
pub(super) struct Overwriting<'a> {
    store: &'a Store,
    id: ObjectId,
    /// All references of the object, sorted: a long list may have many dead ones.
    kept: OnceCell<Vec<ObjectId>>,
}

impl Overwriting<'_> {
    pub(super) fn checker(&self) -> Checker<'_> {
        Checker { registry: &self.store.registry, world: self }
    }

    pub(super) fn value_check(&self) -> ValueCheck<'_> {
        ValueCheck { checker: self.checker(), interner: &self.store.interner }
    }
}

impl World for Overwriting<'_> {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.store.contains(id)
    }

    #[cold]
    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind> {
        self.store.admit_dead(id)?;
        let kept = self.kept.get_or_init(|| {
            let mut kept: Vec<_> = self.store.references_of(self.id).collect();
            kept.sort_unstable();
            kept
        });
        match kept.binary_search(&id) {
            Ok(_) => Ok(()),
            Err(_) => Err(ProblemKind::DeadReference { found: id }),
        }
    }
}
