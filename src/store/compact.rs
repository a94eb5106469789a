//! Moving objects to the first rows of their tables.

use std::collections::HashMap;

use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::list::ListCell;
use crate::slot_value::element_shape;
use crate::storage::{BLOCK_ROWS, CellColumn, Column, Rows, Table, ones};
use crate::store::Store;
use crate::store::references::{is_reference, references_in};

/// The ids that [`Store::compact`] changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovedIds {
    /// The ids before and after, in the order of those before.
    moves: Vec<(ObjectId, ObjectId)>,
}

impl MovedIds {
    /// Returns the new id of an object, or the given one if it did not change.
    ///
    /// Computes in **O(log n)** time. [`Store::compact`] has an example.
    #[must_use]
    pub fn new_id(&self, before: ObjectId) -> ObjectId {
        self.find(before).unwrap_or(before)
    }

    /// Returns the ids before and after, for each object that moved.
    ///
    /// [`Store::compact`] has an example.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ObjectId, ObjectId)> {
        self.moves.iter().copied()
    }

    fn find(&self, before: ObjectId) -> Option<ObjectId> {
        let position = self.moves.binary_search_by_key(&before, |(before, _)| *before).ok()?;
        Some(self.moves[position].1)
    }
}

impl Store {
    /// Moves objects from the last rows of each table to free rows before them, so that all objects are neighbors
    /// again. **Their ids change.**
    ///
    /// A loop over objects that are left after many despawns takes up to twice the time of a loop over neighbors, and a
    /// block stays allocated as long as one object lives in it. Call this at a quiet moment, for example after a level
    /// was left, and then [`release_memory`](Self::release_memory).
    ///
    /// References in slots and lists are changed to the new ids. Ids that the program keeps elsewhere, such as the keys
    /// of a [`SideTable`](crate::SideTable) or the links of an engine's entities, must be replaced by
    /// [`MovedIds::new_id`]; the old ones are dead. Snapshots keep the old ids.
    ///
    /// Computes in **O(rows)** time, plus **O(slots)** for each object that moves.
    ///
    /// # Errors
    /// Returns an error if the changed lists of references exceed [`Limits::list_bytes`](crate::Limits::list_bytes).
    /// Nothing is moved then.
    ///
    /// # Example
    /// ```
    /// use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32, leader: Option<ObjectId> }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let lost = store.spawn(Unit { health: 1.0, leader: None })?;
    /// let leader = store.spawn(Unit { health: 80.0, leader: None })?;
    /// let soldier = store.spawn(Unit { health: 60.0, leader: Some(leader) })?;
    /// store.despawn(lost)?;
    ///
    /// let moved = store.compact()?;
    /// assert!(moved.iter().eq([(soldier, moved.new_id(soldier))]));
    /// assert_eq!(moved.new_id(soldier).row(), 0);
    /// assert!(!store.contains(soldier) && store.contains(leader));
    /// assert_eq!(store.get_object::<Unit>(moved.new_id(soldier))?.leader, Some(leader));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "defragment")]
    pub fn compact(&mut self) -> Result<MovedIds, LimitError> {
        let tables = self.tables.iter().enumerate();
        let moves = tables.flat_map(|(schema, table)| moves(SchemaId(schema as u16), &table.rows));
        let mut moved = MovedIds { moves: moves.collect() };
        moved.moves.sort_unstable();
        let lists = self.redirected_lists(&moved)?;
        for (before, after) in moved.iter() {
            let table = &mut self.tables[before.schema().index()];
            table.copy_row(before.row(), after.row());
            table.rows.vacate(before.row());
            let generation = table.rows.occupy(after.row());
            debug_assert_eq!(generation, after.generation(), "as it was planned");
        }
        if !moved.moves.is_empty() {
            for (schema, table) in self.registry.iter().zip(&mut self.tables) {
                let Table { columns, rows, .. } = table;
                let columns = schema.slots().iter().zip(columns);
                for (_, column) in columns.filter(|(slot, _)| is_reference(slot)) {
                    redirect(column, rows, &moved, &lists);
                }
            }
        }
        Ok(moved)
    }

    /// Adds the lists that refer to moved objects with their new ids. Returns the new list of each such list.
    fn redirected_lists(
        &mut self,
        moved: &MovedIds,
    ) -> Result<HashMap<ListCell, ListCell>, LimitError> {
        let (mut lists, before) = (HashMap::new(), self.interner.now());
        let (shape, limit) = (element_shape::<ObjectId>(), self.limits.list_bytes);
        if moved.moves.is_empty() {
            return Ok(lists);
        }
        for (schema, table) in self.registry.iter().zip(&self.tables) {
            let columns = schema.slots().iter().zip(&table.columns);
            for (_, column) in columns.filter(|(slot, _)| is_reference(slot)) {
                let Some(blocks) = ListCell::blocks(&column.cells) else { continue };
                for row in living(&table.rows) {
                    let old = references_in(column, row, &self.interner);
                    if old.iter().all(|id| moved.find(*id).is_none()) {
                        continue;
                    }
                    let Some([list]) = blocks.row(row) else { continue };
                    if !lists.contains_key(list) {
                        let new: Vec<_> = old.iter().map(|id| moved.new_id(*id)).collect();
                        let Some(new) = self.interner.list(shape, &new, limit) else {
                            self.interner.forget_since(before);
                            return Err(LimitError::List { limit });
                        };
                        lists.insert(*list, new);
                    }
                }
            }
        }
        Ok(lists)
    }
}

/// Returns the rows of living objects.
fn living(rows: &Rows) -> impl Iterator<Item = u32> {
    (0..rows.blocks()).flat_map(|block| {
        rows.runs_in(block).flatten().map(move |offset| (block * BLOCK_ROWS + offset) as u32)
    })
}

/// Pairs the last objects with the first free rows, as long as these come before them.
fn moves(schema: SchemaId, rows: &Rows) -> impl Iterator<Item = (ObjectId, ObjectId)> {
    let generation = |row: u32| rows.generations()[row as usize];
    let mut next = 0;
    let holes = std::iter::from_fn(move || {
        let (word, bits) = rows.holes(next)?;
        next = word + 1;
        Some(ones(bits).map(move |bit| (word * 64 + bit) as u32))
    });
    let words = rows.occupied().iter().enumerate().rev();
    let last = words.flat_map(|(word, bits)| {
        let rows: Vec<_> = ones(*bits).map(|bit| (word * 64 + bit) as u32).collect();
        rows.into_iter().rev()
    });
    holes.flatten().zip(last).take_while(|(to, from)| to < from).map(move |(to, from)| {
        let before = ObjectId::new(schema, from, generation(from));
        (before, ObjectId::new(schema, to, generation(to) + 1))
    })
}

/// Replaces the references to moved objects in one column.
fn redirect(
    column: &mut Column,
    rows: &Rows,
    moved: &MovedIds,
    lists: &HashMap<ListCell, ListCell>,
) {
    for row in living(rows) {
        if column.set.is_some() && !column.is_set(row) {
            continue;
        }
        let is_changed = if let Some(blocks) = ObjectId::blocks_mut(&mut column.cells) {
            let new = blocks.row(row).and_then(|cells| moved.find(*cells.first()?));
            new.map(|new| blocks.put(row, &[new])).is_some()
        } else if let Some(blocks) = ListCell::blocks_mut(&mut column.cells) {
            let new = blocks.row(row).and_then(|cells| lists.get(cells.first()?).copied());
            new.map(|new| blocks.put(row, &[new])).is_some()
        } else {
            false
        };
        if is_changed {
            column.mark(row);
        }
    }
}
