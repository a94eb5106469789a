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
    /// The generations of each such word: whole words are copied faster than single holes.
    generations: Vec<[u16; 64]>,
    fresh: Range<u32>,
}

impl FreeRowsCopy {
    fn new(rows: &Rows) -> Self {
        let (mut holes, mut generations, mut from) = (Vec::new(), Vec::new(), 0);
        while let Some((word, bits)) = rows.holes(from) {
            holes.push((word, bits));
            let own = &rows.generations()[word * 64..];
            generations.push(own.first_chunk().copied().unwrap_or_else(|| {
                let mut last = [0; 64];
                last[..own.len()].copy_from_slice(own);
                last
            }));
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
    /// A bit for each id that has no object yet, in words of 64. Missing words are zero.
    unwritten: Vec<u64>,
}

impl ReservedRows {
    pub(super) fn new(schema: SchemaId, rows: &Rows) -> Self {
        let free = FreeRowsCopy::new(rows);
        Self { schema, free, plan: Plan::default(), ids: Vec::new(), unwritten: Vec::new() }
    }

    /// Reserves the lowest free row for an object. Returns `None` if the table has no more rows.
    #[inline]
    pub(super) fn take(&mut self) -> Option<ObjectId> {
        let row = self.plan.take_one(&self.free)?;
        let generation = match row < self.free.fresh.start {
            true => self.free.generations[self.plan.begun_words() - 1][row as usize % 64] + 1,
            false => 1,
        };
        let id = ObjectId::new(self.schema, row, generation);
        self.ids.push(id);
        Some(id)
    }

    /// Reserves the lowest free row for an object that a command may write later.
    pub(super) fn take_unwritten(&mut self) -> Option<ObjectId> {
        let (id, position) = (self.take()?, self.ids.len() - 1);
        self.unwritten.resize(position / 64 + 1, 0);
        self.unwritten[position / 64] |= 1 << (position % 64);
        Some(id)
    }

    /// Returns the ids in the order in which they were reserved.
    #[inline]
    pub(super) fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    fn position(&self, id: ObjectId) -> Option<usize> {
        let position = self.ids.binary_search_by_key(&id.row(), |id| id.row()).ok()?;
        (self.ids[position] == id).then_some(position)
    }

    fn is_unwritten(&self, position: usize) -> bool {
        self.unwritten.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    /// Returns `true` if a command writes the object.
    pub(super) fn is_written(&self, id: ObjectId) -> bool {
        self.position(id).is_some_and(|position| !self.is_unwritten(position))
    }

    /// Notes that a command writes the object, and returns the position of its id. Returns `None` if the id is not
    /// reserved, or its object written already.
    pub(super) fn begin_write(&mut self, id: ObjectId) -> Option<usize> {
        let position = self.position(id).filter(|position| self.is_unwritten(*position))?;
        self.unwritten[position / 64] ^= 1 << (position % 64);
        Some(position)
    }

    /// Returns a reserved id whose row was taken by another object since.
    pub(super) fn find_taken(&self, rows: &Rows) -> Option<ObjectId> {
        let holes = self.ids.partition_point(|id| id.row() < self.free.fresh.start);
        let (holes, fresh) = self.ids.split_at(holes);
        let generations = rows.generations();
        let is_free =
            |id: &&ObjectId| generations.get(id.row() as usize) == Some(&(id.generation() - 1));
        let taken = holes.iter().find(|id| !is_free(id));
        let first = fresh.first().filter(|first| first.row() != rows.fresh().start);
        taken.or(first).copied()
    }

    /// Makes the written objects alive. The ids of the others are dead from now on.
    pub(super) fn commit(&mut self, table: &mut Table) {
        let unwritten = || {
            let words = self.unwritten.iter().enumerate();
            let bits = words.flat_map(|(word, bits)| ones(*bits).map(move |bit| word * 64 + bit));
            bits.map(|position| self.ids[position].row())
        };
        // All used rows have cells.
        for row in unwritten().filter(|row| *row >= self.free.fresh.start) {
            table.columns.iter_mut().for_each(|column| column.fill(row));
        }
        std::mem::take(&mut self.plan).commit(&mut table.rows, self.schema);
        unwritten().for_each(|row| table.rows.vacate(row));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
