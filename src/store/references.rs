//! References whose objects have died.

use crate::id::ObjectId;
use crate::kind::Kind;
use crate::list::ListCell;
use crate::schema::{Checker, ProblemKind, Slot, World};
use crate::slot_value::{ValueCheck, element_shape};
use crate::storage::{CellColumn, Column, Interner};
use crate::store::Store;

impl Store {
    /// Returns all references to dead objects: the object that has the reference, its slot, and the dead object, by
    /// schema, slot and row.
    ///
    /// A list is visited element by element. References to ids that were never given out count too; only a write
    /// through a view or column can make one.
    ///
    /// Computes in **O(references)** time.
    ///
    /// # Dead references
    /// A reference is a value: it stays when its object dies, until somebody replaces it. Its id never leads to another
    /// object. So [`validate`](Self::validate) accepts it, and so does every write that leaves it unchanged: a slot
    /// accepts a dead reference that it holds already, alone or in a list. Another slot accepts living objects only.
    /// A new object accepts any id that was given out before, so that `store.spawn_record(name,
    /// store.get_record(id)?)` makes a copy.
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
    /// // The hunter can change all the same.
    /// let unit: Unit = store.get_object(hunter)?;
    /// store.set_object(hunter, Unit { health: 85.0, ..unit })?;
    /// store.set_value(hunter, "target", None::<ObjectId>)?;
    /// assert!(store.set_value(hunter, "target", target).is_err(), "the slot no longer holds it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dead_references(&self) -> impl Iterator<Item = (ObjectId, &Slot, ObjectId)> {
        self.registry.iter().zip(&self.tables).flat_map(move |(schema, table)| {
            let slots = schema.slots().iter().zip(&table.columns);
            let references = slots.filter(|(slot, _)| *slot.kind().element() == Kind::Object);
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

    /// Returns the values of a living object, before they are overwritten.
    pub(super) fn overwritten(&self, id: ObjectId) -> Overwritten<'_> {
        Overwritten { columns: &self.tables[id.schema().index()].columns, row: id.row() }
    }
}

/// Returns the references in a written row; none if it is unset or of another kind.
fn references_in<'a>(column: &'a Column, row: u32, interner: &'a Interner) -> &'a [ObjectId] {
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

impl World for Store {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.contains(id)
    }

    #[cold]
    fn admit_dead(&self, id: ObjectId) -> Result<bool, ProblemKind> {
        match self.has_lived(id) {
            true => Ok(false),
            false => Err(ProblemKind::UnknownReference { found: id }),
        }
    }
}

/// The living objects of a store alone.
pub(super) struct LivingOnly<'a>(pub(super) &'a Store);

impl World for LivingOnly<'_> {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.0.contains(id)
    }

    #[cold]
    fn admit_dead(&self, id: ObjectId) -> Result<bool, ProblemKind> {
        Err(ProblemKind::DeadReference { found: id })
    }
}

/// A living object whose values are about to be overwritten.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub(crate) struct Overwritten<'a> {
    columns: &'a [Column],
    row: u32,
}

impl Overwritten<'_> {
    /// Checks the value that the slot at this position gets.
    pub(super) fn check<R>(
        self,
        slot: usize,
        context: ValueCheck<'_>,
        check: impl FnOnce(ValueCheck<'_>) -> R,
    ) -> R {
        let (column, ValueCheck { checker, interner }) = (&self.columns[slot], context);
        let world = OverwrittenSlot { world: checker.world, column, row: self.row, interner };
        check(ValueCheck { checker: Checker { world: &world, ..checker }, interner })
    }
}

/// The world of a slot that is about to be overwritten: it keeps dead references, and gets no new ones.
struct OverwrittenSlot<'a> {
    world: &'a dyn World,
    column: &'a Column,
    row: u32,
    interner: &'a Interner,
}

impl World for OverwrittenSlot<'_> {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.world.is_alive(id)
    }

    #[cold]
    fn admit_dead(&self, id: ObjectId) -> Result<bool, ProblemKind> {
        self.world.admit_dead(id)?;
        match references_in(self.column, self.row, self.interner).contains(&id) {
            true => Ok(true),
            false => Err(ProblemKind::DeadReference { found: id }),
        }
    }
}
