//! Rows that commands have reserved.

use std::ops::Range;

use crate::id::{ObjectId, SchemaId};
use crate::storage::{Rows, Table, ones};
use crate::store::plan::{FreeRows, Plan};

/// A copy of a table's free rows, from the moment when the commands were created.
#[derive(Debug)]
struct FreeRowsCopy {
    /// Words of 64 rows with holes, in ascending order, and the holes of each as bits.
    holes: Vec<(usize, u64)>,
    /// The generation of each hole.
    generations: Vec<u16>,
    fresh: Range<u32>,
}

impl FreeRowsCopy {
    fn new(rows: &Rows) -> Self {
        let (mut holes, mut generations, mut from) = (Vec::new(), Vec::new(), 0);
        while let Some((word, bits)) = rows.holes(from) {
            holes.push((word, bits));
            generations.extend(ones(bits).map(|bit| rows.generations()[word * 64 + bit]));
            from = word + 1;
        }
        Self { holes, generations, fresh: rows.fresh() }
    }
}

impl FreeRows for FreeRowsCopy {
    fn holes(&self, from: usize) -> Option<(usize, u64)> {
        let position = self.holes.partition_point(|(word, _)| *word < from);
        self.holes.get(position).copied()
    }

    fn fresh(&self) -> Range<u32> {
        self.fresh.clone()
    }
}

/// The rows of one table that commands have reserved: the lowest free ones, as a batch would take.
#[derive(Debug)]
pub(super) struct ReservedRows {
    schema: SchemaId,
    free: FreeRowsCopy,
    plan: Plan,
    /// In ascending order.
    ids: Vec<ObjectId>,
    /// For each id: `true` if a command writes its object.
    is_written: Vec<bool>,
}

impl ReservedRows {
    pub(super) fn new(schema: SchemaId, rows: &Rows) -> Self {
        let free = FreeRowsCopy::new(rows);
        Self { schema, free, plan: Plan::default(), ids: Vec::new(), is_written: Vec::new() }
    }

    /// Reserves the lowest free row. Returns `None` if the table has no more rows.
    #[inline]
    pub(super) fn take(&mut self) -> Option<ObjectId> {
        let row = self.plan.take_one(&self.free)?;
        // Holes are taken before fresh rows, in the order of their generations here.
        let generation = self.free.generations.get(self.ids.len()).map_or(1, |free| free + 1);
        let id = ObjectId::new(self.schema, row, generation);
        self.ids.push(id);
        self.is_written.push(false);
        Some(id)
    }

    /// Notes that a command writes the object of the id that was reserved last.
    #[inline]
    pub(super) fn begin_write_of_last(&mut self) {
        if let Some(is_written) = self.is_written.last_mut() {
            *is_written = true;
        }
    }

    fn position(&self, id: ObjectId) -> Option<usize> {
        let position = self.ids.binary_search_by_key(&id.row(), |id| id.row()).ok()?;
        (self.ids[position] == id).then_some(position)
    }

    /// Returns `true` if a command writes the object.
    pub(super) fn is_written(&self, id: ObjectId) -> bool {
        self.position(id).is_some_and(|position| self.is_written[position])
    }

    /// Notes that a command writes the object. Returns `false` if its id is not reserved, or its object written
    /// already.
    pub(super) fn begin_write(&mut self, id: ObjectId) -> bool {
        match self.position(id) {
            Some(position) => !std::mem::replace(&mut self.is_written[position], true),
            None => false,
        }
    }

    /// Returns a reserved id whose row was taken by another object since.
    pub(super) fn find_taken(&self, rows: &Rows) -> Option<ObjectId> {
        let holes = self.free.generations.len();
        let (holes, fresh) = self.ids.split_at(holes.min(self.ids.len()));
        let generations = rows.generations();
        let is_free =
            |id: &&ObjectId| generations.get(id.row() as usize) == Some(&(id.generation() - 1));
        let taken = holes.iter().find(|id| !is_free(id));
        let first = fresh.first().filter(|first| first.row() != rows.fresh().start);
        taken.or(first).copied()
    }

    /// Makes the written objects alive. The ids of the others are dead from now on.
    pub(super) fn commit(&mut self, table: &mut Table) {
        let unwritten =
            self.ids.iter().zip(&self.is_written).filter(|(_, is_written)| !**is_written);
        let unwritten = unwritten.map(|(id, _)| id.row());
        // All used rows have cells.
        for row in unwritten.clone().filter(|row| *row >= self.free.fresh.start) {
            table.columns.iter_mut().for_each(|column| column.fill(row));
        }
        std::mem::take(&mut self.plan).commit(&mut table.rows, self.schema);
        unwritten.for_each(|row| table.rows.vacate(row));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
