//! Differences between the objects of two saves.
//!
//! The saves are two stores, so their snapshots share no memory and number texts on their own. Objects are matched by schema,
//! row and generation. Blocks of plain values are compared as memory first, which skips most of them; all other values are
//! compared by name.

use std::collections::HashMap;

use slotted::memory::BLOCK_ROWS;
use slotted::raw::RawTable;
use slotted::{Kind, ObjectId, Snapshot, Value};

/// The differences between the objects of one schema.
#[derive(Debug, Default)]
pub(crate) struct ObjectChanges {
    pub(crate) spawned: usize,
    pub(crate) despawned: usize,
    /// The first ones of each.
    pub(crate) first_spawned: Vec<ObjectId>,
    pub(crate) first_despawned: Vec<ObjectId>,
    /// The number of objects that changed, for each slot that both saves have.
    pub(crate) slots: Vec<(String, usize)>,
    /// The first changes.
    pub(crate) first: Vec<Change>,
}

/// A value that changed.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: ObjectId,
    pub(crate) slot: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// Two snapshots.
pub(crate) struct Comparison<'s> {
    before: &'s Snapshot,
    after: &'s Snapshot,
    /// The number that each schema of the earlier save has in the later one.
    numbers: HashMap<usize, usize>,
    has_same_numbers: bool,
    /// The most ids and changes to list.
    most: usize,
}

impl<'s> Comparison<'s> {
    pub(crate) fn new(before: &'s Snapshot, after: &'s Snapshot, most: usize) -> Self {
        let number = |table: RawTable<'_>| {
            let there = after.schema(table.schema().name())?;
            Some((table.schema().id().index(), there.id().index()))
        };
        let numbers: HashMap<usize, usize> = before.raw().tables().filter_map(number).collect();
        let has_same_numbers = before.raw().tables().all(|table| {
            let number = table.schema().id().index();
            numbers.get(&number) == Some(&number)
        });
        Self { before, after, numbers, has_same_numbers, most }
    }

    /// Compares the objects of a schema that both saves have.
    pub(crate) fn objects(&self, schema: &str) -> ObjectChanges {
        let mut changes = ObjectChanges::default();
        let (Some(before), Some(after)) = (table(self.before, schema), table(self.after, schema))
        else {
            return changes;
        };
        let slots: Vec<(usize, usize)> = common_slots(before, after).collect();
        let name =
            |(_, slot): &(usize, usize)| (after.schema().slots()[*slot].name().to_owned(), 0);
        changes.slots = slots.iter().map(name).collect();
        for block in 0..before.blocks().max(after.blocks()) {
            let survivors = self.survivors((before, after), block, &mut changes);
            for (position, slots) in slots.iter().enumerate() {
                if !self.is_same_memory((before, after), *slots, block) {
                    self.values(position, &survivors, &mut changes);
                }
            }
        }
        changes.slots.retain(|(_, changed)| *changed > 0);
        changes
    }

    /// Counts objects that live in one save only, and returns those that live in both.
    fn survivors(
        &self,
        (before, after): (RawTable<'_>, RawTable<'_>),
        block: usize,
        changes: &mut ObjectChanges,
    ) -> Vec<(ObjectId, ObjectId)> {
        let (old, new) = (generations(before, block), generations(after, block));
        let id = |table: RawTable<'_>, generation: u16, row: usize| {
            let schema = (table.schema().id().index() as u64) << 48;
            let row = (block * BLOCK_ROWS + row) as u64;
            ObjectId::from_bits(schema | u64::from(generation) << 32 | row)
                .filter(|_| generation & 1 == 1)
        };
        let mut survivors = Vec::new();
        for row in 0..old.len().max(new.len()) {
            let generation = |all: &[u16]| all.get(row).copied().unwrap_or(0);
            let (old, new) = (generation(old), generation(new));
            match (id(before, old, row), id(after, new, row)) {
                (Some(old_id), Some(new_id)) if old == new => survivors.push((old_id, new_id)),
                (old, new) => {
                    if let Some(id) = old {
                        changes.despawned += 1;
                        push_first(&mut changes.first_despawned, id, self.most);
                    }
                    if let Some(id) = new {
                        changes.spawned += 1;
                        push_first(&mut changes.first_spawned, id, self.most);
                    }
                }
            }
        }
        survivors
    }

    /// Returns `true` if a slot has the same memory in a block of both saves, and the memory means the same.
    fn is_same_memory(
        &self,
        (before, after): (RawTable<'_>, RawTable<'_>),
        (old, new): (usize, usize),
        block: usize,
    ) -> bool {
        let means_the_same = match after.schema().slots()[new].kind() {
            Kind::Text | Kind::Any | Kind::List(_) => false,
            Kind::Object => self.has_same_numbers,
            _ => true,
        };
        let (old_cells, new_cells) = (before.cells(old, block), after.cells(new, block));
        means_the_same
            && before.set_flags(old, block) == after.set_flags(new, block)
            && old_cells.is_some_and(|old| {
                new_cells.is_some_and(|new| {
                    let (old, new): (&[u8], &[u8]) = (old.as_ref(), new.as_ref());
                    old == new
                })
            })
    }

    /// Compares the values of a slot, object by object.
    fn values(
        &self,
        position: usize,
        survivors: &[(ObjectId, ObjectId)],
        changes: &mut ObjectChanges,
    ) {
        for (old, new) in survivors {
            let slot = &*changes.slots[position].0;
            let values = (self.before.get_value(*old, slot), self.after.get_value(*new, slot));
            let (Ok(old), Ok(value)) = values else { continue };
            if self.is_same(&old, &value) {
                continue;
            }
            if changes.first.len() < self.most {
                let slot = slot.to_owned();
                changes.first.push(Change { id: *new, slot, before: old, after: value });
            }
            changes.slots[position].1 += 1;
        }
    }

    /// Returns `true` for equal values. Floats are compared by their bits, so that a NaN equals itself.
    fn is_same(&self, before: &Value, after: &Value) -> bool {
        match (before, after) {
            (Value::F32(before), Value::F32(after)) => before.to_bits() == after.to_bits(),
            (Value::F64(before), Value::F64(after)) => before.to_bits() == after.to_bits(),
            (Value::Object(before), Value::Object(after)) => self.is_same_object(*before, *after),
            (Value::List(before), Value::List(after)) => {
                let mut pairs = before.iter().zip(after.iter());
                before.len() == after.len() && pairs.all(|(old, new)| self.is_same(old, new))
            }
            (before, after) => match (before.numbers(), after.numbers()) {
                (Some(old), Some(new)) => {
                    let mut pairs = old.iter().zip(new.iter());
                    old.len() == new.len() && pairs.all(|(old, new)| self.is_same(old, new))
                }
                _ => before == after,
            },
        }
    }

    fn is_same_object(&self, before: ObjectId, after: ObjectId) -> bool {
        let number = self.numbers.get(&before.schema().index());
        number == Some(&after.schema().index())
            && (before.row(), before.generation()) == (after.row(), after.generation())
    }
}

fn push_first(ids: &mut Vec<ObjectId>, id: ObjectId, most: usize) {
    if ids.len() < most {
        ids.push(id);
    }
}

fn generations(table: RawTable<'_>, block: usize) -> &[u16] {
    table.rows(block).map_or(&[][..], |rows| rows.generations())
}

fn table<'s>(snapshot: &'s Snapshot, schema: &str) -> Option<RawTable<'s>> {
    snapshot.raw().table(snapshot.schema(schema)?.id())
}

/// Returns the positions of the slots that both schemas have with the same kind.
fn common_slots<'s>(
    before: RawTable<'s>,
    after: RawTable<'s>,
) -> impl Iterator<Item = (usize, usize)> + use<'s> {
    let slots = after.schema().slots().iter().enumerate();
    slots.filter_map(move |(position, slot)| {
        let old = before.schema().slot_index(slot.name())?;
        (before.schema().slots()[old].kind() == slot.kind()).then_some((old, position))
    })
}
