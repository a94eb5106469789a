//! Inserting objects given as Rust values.

use std::any::{TypeId, type_name};
use std::iter::FusedIterator;

use crate::error::{LimitError, MOST_PROBLEMS, Rejection, SpawnError};
use crate::id::{EntityId, SchemaId};
use crate::schema::Problem;
use crate::storage::{BLOCK_ROWS, Bits, NO_ROWS, Rows, Span, count_ones, runs, span};
use crate::store::{Batch, ObjectCheck, ObjectWriter, Slotted, Store};

/// Objects that go through the columns together: few enough to stay in the first-level cache.
const CHUNK: usize = 128;

impl Store {
    /// Inserts one object. Its type's schema must be registered.
    ///
    /// # Errors
    /// If a value violates its slot's constraints, or no row is left; nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Person { #[slot(range = 0..=150)] age: u8 }
    /// let mut store = Store::new();
    /// store.register::<Person>()?;
    /// let ada = store.spawn(Person { age: 41 })?;
    /// assert!(store.contains(ada));
    /// assert!(store.spawn(Person { age: 200 }).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<T: Slotted>(&mut self, object: T) -> Result<EntityId, SpawnError> {
        let schema = self.schema_of::<T>()?;
        self.check_object(schema, &object)?;
        let rows = &self.tables[schema.index()].rows;
        let Some(row) = rows.lowest_free() else {
            return Err(self.no_rows(schema).into());
        };
        let table = &mut self.tables[schema.index()];
        object.write_one(&mut ObjectWriter { columns: table.columns.iter_mut(), row });
        Ok(EntityId::new(schema, row, table.rows.occupy(row)))
    }

    /// Inserts many objects, all or none.
    ///
    /// Their ids come in the order of the objects; they are made up as the iterator is used, so
    /// that a caller who does not need them pays nothing for them.
    ///
    /// # Errors
    /// If a value violates its slot's constraints (with the object's position in the batch), or the
    /// rows are used up; nothing is inserted then.
    ///
    /// # Panics
    /// Only if the iterator does; nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{EntityId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// let tiles = (0..10_000).map(|tile| Tile { height: tile as f32 });
    /// let ids: Vec<EntityId> = store.spawn_batch(tiles)?.collect();
    /// assert_eq!(ids.len(), 10_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_batch<T: Slotted>(
        &mut self,
        objects: impl IntoIterator<Item = T>,
    ) -> Result<Spawned<'_>, SpawnError> {
        let schema = self.schema_of::<T>()?;
        let constrained = self.registry.get(schema).is_some_and(|schema| schema.is_constrained());
        let mut problems = Vec::new();
        let mut objects = objects.into_iter().fuse();
        let mut plan = Plan::new();
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            let room = plan.room(&self.tables[schema.index()].rows);
            chunk.clear();
            chunk.extend(objects.by_ref().take(room.clamp(1, CHUNK)));
            if chunk.is_empty() || problems.len() > MOST_PROBLEMS {
                break;
            }
            if room == 0 {
                return Err(self.no_rows(schema).into());
            }
            if constrained {
                for (position, object) in chunk.iter().enumerate() {
                    let position = plan.count + position;
                    self.find_problems(schema, object, Some(position), &mut problems);
                }
            }
            let table = &mut self.tables[schema.index()];
            let span = plan.take(chunk.len());
            T::write(chunk.iter(), &mut Batch::new(&mut table.columns, span));
        }
        if !problems.is_empty() {
            problems.truncate(MOST_PROBLEMS);
            return Err(Rejection::new(problems).into());
        }
        Ok(self.commit(schema, plan))
    }

    /// Brings the planned rows to life.
    pub(super) fn commit(&mut self, schema: SchemaId, mut plan: Plan) -> Spawned<'_> {
        // Room may have been looked for in one more block than took objects.
        plan.blocks.pop_if(|(_, taken)| count_ones(taken) == 0);
        let rows = &mut self.tables[schema.index()].rows;
        plan.blocks.iter().for_each(|(block, bits)| rows.occupy_many(*block, bits));
        Spawned::new(rows, schema, plan)
    }

    fn schema_of<T: Slotted>(&self) -> Result<SchemaId, SpawnError> {
        let schema = self.types.get(&TypeId::of::<T>()).copied();
        schema.ok_or_else(|| SpawnError::NotRegistered { type_name: type_name::<T>() })
    }

    #[inline(always)]
    fn check_object<T: Slotted>(&self, schema: SchemaId, object: &T) -> Result<(), SpawnError> {
        if self.registry.get(schema).is_some_and(|schema| schema.is_constrained()) {
            let mut problems = Vec::new();
            self.find_problems(schema, object, None, &mut problems);
            if !problems.is_empty() {
                return Err(Rejection::new(problems).into());
            }
        }
        Ok(())
    }

    fn find_problems<T: Slotted>(
        &self,
        schema: SchemaId,
        object: &T,
        record: Option<usize>,
        problems: &mut Vec<Problem>,
    ) {
        if let Some(schema) = self.registry.get(schema) {
            let checker = self.checker();
            object.check(&mut ObjectCheck { schema, checker, record, problems, next: 0 });
        }
    }

    #[cold]
    pub(super) fn no_rows(&self, schema: SchemaId) -> LimitError {
        let limit = self.limits.rows_per_schema;
        LimitError::Rows { schema: self.schema_name_of(schema), limit }
    }

    /// Makes room for this many more objects of a schema, so that spawning them allocates
    /// nothing, or tells that there is no room.
    ///
    /// The calls that spawn abort the program if the allocator has no memory left, as all of
    /// Rust's collections do; this one does not.
    ///
    /// # Errors
    /// If no such schema is registered, its rows do not suffice, or there is no memory.
    pub fn try_reserve(&mut self, schema: &str, additional: usize) -> Result<(), SpawnError> {
        let id = self.find_schema(schema).map_err(|_| self.unknown_schema(schema))?.id();
        if additional > self.tables[id.index()].rows.room() {
            return Err(self.no_rows(id).into());
        }
        self.tables[id.index()].try_reserve(additional).map_err(|_| {
            LimitError::Memory { schema: self.schema_name_of(id), rows: additional }.into()
        })
    }

    #[cold]
    pub(super) fn unknown_schema(&self, name: &str) -> SpawnError {
        let suggestion = self.registry.suggest(name);
        SpawnError::UnknownSchema { schema: name.into(), suggestion }
    }
}

/// The rows that a batch writes to before any of them comes to life: the lowest free ones.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) count: usize,
    /// The rows of each block that take objects.
    blocks: Vec<(usize, Bits)>,
    /// Rows of the last block that are still free.
    free: Bits,
    free_count: usize,
    /// The first word of `free` that may have a row.
    word: usize,
    offsets: Vec<u16>,
}

impl Plan {
    pub(super) const fn new() -> Self {
        Self {
            count: 0,
            blocks: Vec::new(),
            free: NO_ROWS,
            free_count: 0,
            word: 0,
            offsets: Vec::new(),
        }
    }

    /// How many rows the current block has left; goes on to the next one where there is none.
    /// Zero if the table has no more rows.
    pub(super) fn room(&mut self, rows: &Rows) -> usize {
        if self.free_count == 0 {
            let from = self.blocks.last().map_or(0, |(block, _)| block + 1);
            let Some((block, free)) = rows.free_block(from) else { return 0 };
            self.blocks.push((block, NO_ROWS));
            self.free = free;
            self.free_count = count_ones(&free);
            self.word = 0;
        }
        self.free_count
    }

    /// The lowest `count` rows of the current block that are still free.
    pub(super) fn take(&mut self, count: usize) -> Span<'_> {
        assert!(count <= self.free_count, "the block has room");
        let (block, taken) = self.blocks.last_mut().expect("there is a current block");
        let mut left = count;
        for run in runs(&self.free) {
            let run = run.start..run.end.min(run.start + left);
            left -= run.len();
            set_bits(taken, run);
            if left == 0 {
                break;
            }
        }
        let span = span(*block, self.free, count, &mut self.offsets);
        self.free.iter_mut().zip(taken).for_each(|(free, taken)| *free &= !*taken);
        self.free_count -= count;
        self.count += count;
        span
    }
}

impl Plan {
    /// The lowest row of the current block that is still free.
    pub(super) fn take_one(&mut self) -> u32 {
        let (block, taken) = self.blocks.last_mut().expect("there is a current block");
        while self.free[self.word] == 0 {
            self.word += 1;
        }
        let word = self.word;
        let bit = self.free[word].trailing_zeros() as usize;
        self.free[word] &= self.free[word] - 1;
        taken[word] |= 1 << bit;
        self.free_count -= 1;
        self.count += 1;
        (*block * BLOCK_ROWS + word * 64 + bit) as u32
    }
}

fn set_bits(bits: &mut Bits, range: std::ops::Range<usize>) {
    let mut start = range.start;
    while start < range.end {
        let word = start / 64;
        let end = range.end.min((word + 1) * 64);
        bits[word] |= (u64::MAX >> (64 - (end - start))) << (start % 64);
        start = end;
    }
}

/// The ids of a batch, in the order of its objects.
#[derive(Debug)]
pub struct Spawned<'s> {
    rows: &'s Rows,
    schema: SchemaId,
    left: usize,
    blocks: std::vec::IntoIter<(usize, Bits)>,
    /// The rest of the current block.
    words: std::array::IntoIter<u64, { BLOCK_ROWS / 64 }>,
    /// The rest of the current word, and the row of its first bit.
    word: u64,
    first: u32,
}

impl<'s> Spawned<'s> {
    fn new(rows: &'s Rows, schema: SchemaId, plan: Plan) -> Self {
        let (left, blocks) = (plan.count, plan.blocks.into_iter());
        let mut words = NO_ROWS.into_iter();
        words.by_ref().for_each(drop);
        Self { rows, schema, left, blocks, words, word: 0, first: 0 }
    }
}

impl Iterator for Spawned<'_> {
    type Item = EntityId;

    #[inline]
    fn next(&mut self) -> Option<EntityId> {
        while self.word == 0 {
            self.first = self.first.wrapping_add(64);
            self.word = match self.words.next() {
                Some(word) => word,
                None => {
                    let (block, bits) = self.blocks.next()?;
                    self.words = bits.into_iter();
                    self.first = ((block * BLOCK_ROWS) as u32).wrapping_sub(64);
                    0
                }
            };
        }
        let row = self.first + self.word.trailing_zeros();
        self.word &= self.word - 1;
        self.left -= 1;
        Some(EntityId::new(self.schema, row, self.rows.generations()[row as usize]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Spawned<'_> {}
impl FusedIterator for Spawned<'_> {}
