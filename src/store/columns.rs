//! Columns: the values of one slot, for many single reads and writes.

use std::borrow::Cow;
use std::iter;

use crate::epoch::Epoch;
use crate::error::ForeignKey;
use crate::id::{ObjectId, SchemaId};
use crate::schema::Registry;
use crate::simd::vectorize;
use crate::slot_value::{SlotField, SlotValue};
use crate::storage::{
    BLOCK_ROWS, Block, BlocksMut, CellColumn, Column, Marks, Rows, Table, row_of,
};
use crate::store::{ColumnBlock, ColumnRun, SlotKey, Store};

type Cells<F> = <<F as SlotField>::Value as SlotValue>::Cell;

impl Store {
    /// Returns a column for many reads: the fastest access to single values.
    ///
    /// The column contains all objects that the key serves: those of its schema and of all schemas that
    /// [extend it](Self#schemas-that-extend-others). A key made with [`exactly`](crate::exactly) serves one schema.
    ///
    /// # Errors
    /// Returns an error if the key belongs to [another store](SlotKey) or a migration invalidated it.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Tile { height: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Tile>()?;
    /// # let ids: Vec<ObjectId> = store.spawn_batch([Tile { height: 2.0 }; 10])?.collect();
    /// let heights = store.column(store.key::<f32>("tile", "height")?)?;
    /// let single: f32 = ids.iter().filter_map(|id| heights.get(*id)).sum();
    /// let whole: f32 = heights.runs().flatten().sum();
    /// assert_eq!((single, whole), (20.0, 20.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column<F: SlotField>(&self, key: SlotKey<F>) -> Result<SlotColumn<'_, F>, ForeignKey> {
        let column = |schema: SchemaId| {
            let table = self.tables.get(schema.index())?;
            Some((&table.rows, table.columns.get(usize::from(key.slot))?))
        };
        SlotColumn::of_family(key, &served(key, &self.registry), column)
    }

    /// Returns a column for many reads and writes.
    ///
    /// Writes skip constraint checks, as in views; [`validate`](Self::validate) checks all objects on demand.
    ///
    /// Values from before the writes come from a [snapshot's](crate::Snapshot) column. The first write to each block
    /// after the snapshot copies the block.
    ///
    /// # Errors
    /// Returns an error if the key belongs to [another store](SlotKey) or a migration invalidated it.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Tile { height: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Tile>()?;
    /// # let ids: Vec<ObjectId> = store.spawn_batch([Tile { height: 2.0 }; 10])?.collect();
    /// let mut heights = store.column_mut(store.key::<f32>("tile", "height")?)?;
    /// assert!(heights.set(ids[0], 5.0));
    /// *heights.get_mut(ids[1]).unwrap() += 1.0;
    /// heights.for_each_run(|run| run.iter_mut().for_each(|height| *height *= 2.0));
    /// assert_eq!((heights.get(ids[0]), heights.get(ids[1])), (Some(10.0), Some(6.0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column_mut<F: SlotField>(
        &mut self,
        key: SlotKey<F>,
    ) -> Result<SlotColumnMut<'_, F>, ForeignKey> {
        let (mut tables, mut passed) = (self.tables.for_values().iter_mut(), 0);
        let column = |schema: SchemaId| {
            let Table { rows, columns, .. } = tables.nth(schema.index() - passed)?;
            passed = schema.index() + 1;
            Some((&*rows, columns.get_mut(usize::from(key.slot))?))
        };
        SlotColumnMut::of_family(key, &served(key, &self.registry), column)
    }
}

/// The columns of the schemas that extend a column's own schema.
#[derive(Clone, Debug)]
struct Others<C> {
    /// The number of the first schema in `columns`.
    lowest: u16,
    /// Indexed by schema, with gaps, so that a look-up is one index. Empty if no schema extends the own one.
    columns: Vec<Option<C>>,
}

impl<C> Others<C> {
    const NONE: Self = Self { lowest: 0, columns: Vec::new() };

    #[inline(always)]
    fn position(&self, id: ObjectId) -> usize {
        id.schema().index().wrapping_sub(usize::from(self.lowest))
    }

    /// Returns the number of columns that come before a schema.
    fn before(&self, schema: SchemaId) -> usize {
        schema.index().saturating_sub(usize::from(self.lowest)).min(self.columns.len())
    }
}

/// Returns the schemas whose objects the key serves, in the order of registration.
pub(super) fn served<F>(key: SlotKey<F>, registry: &Registry) -> Cow<'_, [SchemaId]> {
    let schema = registry.get(key.schema);
    schema.map_or(Cow::Borrowed(&[]), |schema| registry.selected(schema, key.is_exact))
}

/// Returns the column of the key's own schema, and those of the schemas that extend it. Asks for them in ascending
/// order.
fn family_columns<C, F: SlotField>(
    key: SlotKey<F>,
    family: &[SchemaId],
    mut column: impl FnMut(SchemaId) -> Option<C>,
) -> Result<(C, Others<C>), ForeignKey> {
    let mut find = |schema: SchemaId| column(schema).ok_or_else(|| key.foreign());
    let [lowest, .., highest] = family else {
        return Ok((find(*family.first().ok_or_else(|| key.foreign())?)?, Others::NONE));
    };
    let (mut own, mut columns) = (None, Vec::new());
    columns.resize_with(highest.index() - lowest.index() + 1, || None);
    for schema in family {
        let found = Some(find(*schema)?);
        if *schema == key.schema {
            own = found;
        } else {
            columns[schema.index() - lowest.index()] = found;
        }
    }
    Ok((own.ok_or_else(|| key.foreign())?, Others { lowest: lowest.0, columns }))
}

/// An id's upper half without its generation.
const fn head(schema: SchemaId) -> u32 {
    (schema.0 as u32) << 16
}

const fn schema_of(head: u32) -> SchemaId {
    SchemaId((head >> 16) as u16)
}

/// Returns `true` if the id belongs to the schema with this head.
#[inline(always)]
const fn is_of(head: u32, id: ObjectId) -> bool {
    (id.to_bits() >> 48) as u32 == head >> 16
}

/// Returns the row of a living object of the schema.
#[inline(always)]
fn living_row(head: u32, generations: &[u16], id: ObjectId) -> Option<u32> {
    let generation = *generations.get(id.row() as usize)?;
    // Generations of ids are odd, those of free rows even.
    (head | u32::from(generation) == (id.to_bits() >> 32) as u32).then_some(id.row())
}

/// One table's values of a slot, for reading.
#[derive(Debug)]
struct TableColumn<'s, F: SlotField> {
    head: u32,
    generations: &'s [u16],
    rows: &'s Rows,
    column: &'s Column,
    blocks: &'s [Block<Cells<F>>],
    set: Option<&'s [Block<bool>]>,
}

impl<F: SlotField> Clone for TableColumn<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: SlotField> Copy for TableColumn<'_, F> {}

impl<'s, F: SlotField> TableColumn<'s, F> {
    fn new(
        key: SlotKey<F>,
        schema: SchemaId,
        (rows, column): (&'s Rows, &'s Column),
    ) -> Option<Self> {
        let blocks = <F::Value as SlotValue>::Cell::blocks(&column.cells)?;
        let set = column.set.as_ref().map(|set| set.blocks());
        let blocks = (column.tag == key.tag).then_some(blocks.blocks())?;
        let (head, generations) = (head(schema), rows.generations());
        Some(Self { head, generations, rows, column, blocks, set })
    }

    #[inline(always)]
    fn get(&self, id: ObjectId) -> Option<F> {
        get(self.head, self.generations, self.blocks, self.set, id)
    }
}

#[inline(always)]
fn get<F: SlotField>(
    head: u32,
    generations: &[u16],
    blocks: &[Block<Cells<F>>],
    set: Option<&[Block<bool>]>,
    id: ObjectId,
) -> Option<F> {
    let row = living_row(head, generations, id)?;
    let block = row as usize / BLOCK_ROWS;
    let cells = row_of(blocks.get(block)?.cells(), row, F::Value::WIDTH)?;
    let is_set = match set {
        Some(set) if F::OPTIONAL => *row_of(set.get(block)?.cells(), row, 1)?.first()?,
        _ => true,
    };
    Some(F::from_value(*F::Value::from_cells(cells).first()?, is_set))
}

/// The values of one slot, for reading, of all objects that a key serves.
///
/// Returned by [`Store::column`], which has an example.
#[derive(Debug)]
pub struct SlotColumn<'s, F: SlotField> {
    /// The table of the key's own schema.
    first: TableColumn<'s, F>,
    others: Others<TableColumn<'s, F>>,
}

impl<F: SlotField> Clone for SlotColumn<'_, F> {
    fn clone(&self) -> Self {
        Self { first: self.first, others: self.others.clone() }
    }
}

impl<'s, F: SlotField> SlotColumn<'s, F> {
    pub(super) fn of_family(
        key: SlotKey<F>,
        family: &[SchemaId],
        mut column: impl FnMut(SchemaId) -> Option<(&'s Rows, &'s Column)>,
    ) -> Result<Self, ForeignKey> {
        let column = |schema| TableColumn::new(key, schema, column(schema)?);
        let (first, others) = family_columns(key, family, column)?;
        Ok(Self { first, others })
    }

    /// Returns one value, or `None` if the object is not alive or not of the column's schemas.
    ///
    /// Computes in **O(1)** time. [`Store::column`] has an example.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, id: ObjectId) -> Option<F> {
        if self.others.columns.is_empty() || is_of(self.first.head, id) {
            return self.first.get(id);
        }
        self.others.columns.get(self.others.position(id))?.as_ref()?.get(id)
    }
}

impl<'s, T: SlotValue> SlotColumn<'s, T> {
    /// Iterates over the values of all living objects, in runs of adjacent rows, by schema and row.
    ///
    /// [`ColumnRun`] has an example.
    pub fn runs(&self) -> impl Iterator<Item = ColumnRun<'s, T>> + use<'s, T> {
        self.tables().flat_map(|table| {
            table.blocks.iter().enumerate().flat_map(move |(number, block)| {
                let (values, first) = (T::from_cells(block.cells()), first_row(number));
                table.rows.runs_in(number).map(move |run| {
                    ColumnRun::new(schema_of(table.head), first + run.start as u32, &values[run])
                })
            })
        })
    }

    /// Iterates over the column's memory: blocks of adjacent rows with living and dead objects, by schema and row.
    ///
    /// Renderers upload whole blocks: a million objects lie in 123 blocks, however many have died. Leaves out blocks
    /// without a living object. [`ColumnBlock`] has an example.
    pub fn blocks(&self) -> impl Iterator<Item = ColumnBlock<'s, T>> + use<'s, T> {
        self.tables().flat_map(|table| {
            let living =
                (0..table.rows.blocks()).filter(move |number| table.rows.living_in(*number) > 0);
            living.map(move |number| table.block(number))
        })
    }

    /// Iterates over the blocks that may have changed since the epoch: a value of the column was written, or an
    /// object was spawned or despawned.
    ///
    /// A block whose last object died since then is among them. A slot that [tracks its changes](Store::track_changes)
    /// leaves out blocks that a view with a [`Mut`](crate::view::Mut) field only read. The epoch must come from this store; the default
    /// epoch selects all blocks that were ever used. [`ColumnBlock`] has an example.
    pub fn blocks_changed_since(
        &self,
        epoch: Epoch,
    ) -> impl Iterator<Item = ColumnBlock<'s, T>> + use<'s, T> {
        self.tables().flat_map(move |table| {
            let changed = (0..table.rows.blocks()).filter(move |number| {
                table.rows.is_changed_since(*number, epoch)
                    || table.column.is_changed_since(*number, epoch)
            });
            changed.map(move |number| table.block(number))
        })
    }

    /// Iterates over the tables by schema. Copied so that the iterator does not borrow the column; empty vectors for
    /// a single table.
    fn tables(&self) -> impl Iterator<Item = TableColumn<'s, T>> + use<'s, T> {
        let before = self.others.before(schema_of(self.first.head));
        let (before, after) = self.others.columns.split_at(before);
        let (before, after) = (before.to_vec(), after.to_vec());
        before.into_iter().flatten().chain([self.first]).chain(after.into_iter().flatten())
    }
}

/// Returns the first row of a block.
const fn first_row(block: usize) -> u32 {
    (block * BLOCK_ROWS) as u32
}

impl<'s, T: SlotValue> TableColumn<'s, T> {
    fn block(&self, number: usize) -> ColumnBlock<'s, T> {
        let values = self.blocks.get(number).map_or(&[][..], |block| T::from_cells(block.cells()));
        // Spawns that failed may have written to rows that were never used.
        let values = &values[..values.len().min(self.rows.used_in(number))];
        let living = self.rows.occupied_in(number);
        ColumnBlock::new(schema_of(self.head), first_row(number), values, living)
    }
}

/// One table's values of a slot, for reading and writing.
#[derive(Debug)]
struct TableColumnMut<'s, F: SlotField> {
    head: u32,
    generations: &'s [u16],
    rows: &'s Rows,
    blocks: BlocksMut<'s, Cells<F>>,
    set: Option<BlocksMut<'s, bool>>,
    marks: Option<&'s mut Marks>,
}

impl<'s, F: SlotField> TableColumnMut<'s, F> {
    fn new(
        key: SlotKey<F>,
        schema: SchemaId,
        (rows, column): (&'s Rows, &'s mut Column),
    ) -> Option<Self> {
        if column.tag != key.tag {
            return None;
        }
        let blocks = <F::Value as SlotValue>::Cell::blocks_mut(&mut column.cells)?.blocks_mut();
        let set = column.set.as_mut().map(|set| set.blocks_mut());
        let (head, generations) = (head(schema), rows.generations());
        let marks = column.marks.as_deref_mut();
        Some(Self { head, generations, rows, blocks, set, marks })
    }

    #[inline(always)]
    fn get(&self, id: ObjectId) -> Option<F> {
        let set = self.set.as_ref().map(BlocksMut::as_shared);
        get(self.head, self.generations, self.blocks.as_shared(), set, id)
    }

    #[inline(always)]
    fn set(&mut self, id: ObjectId, field: F) -> bool {
        let Some(row) = living_row(self.head, self.generations, id) else { return false };
        let (block, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let value = field.into_value();
        if let Some(set) = &mut self.set
            && let Some(set) = set.get_mut(block).and_then(|set| set.get_mut(offset))
        {
            *set = value.is_some();
        }
        let start = offset * F::Value::WIDTH;
        let cells = self
            .blocks
            .get_mut(block)
            .and_then(|block| block.get_mut(start..start + F::Value::WIDTH));
        let Some(place) = cells.and_then(|cells| F::Value::from_cells_mut(cells).first_mut())
        else {
            return false;
        };
        *place = value.unwrap_or_else(F::Value::filler);
        if let Some(marks) = &mut self.marks {
            marks.mark(row);
        }
        true
    }
}

impl<T: SlotValue> TableColumnMut<'_, T> {
    #[inline(always)]
    fn get_mut(&mut self, id: ObjectId) -> Option<&mut T> {
        let row = living_row(self.head, self.generations, id)?;
        if let Some(marks) = &mut self.marks {
            marks.mark(row);
        }
        let start = row as usize % BLOCK_ROWS * T::WIDTH;
        let block = self.blocks.get_mut(row as usize / BLOCK_ROWS)?;
        T::from_cells_mut(block.get_mut(start..start + T::WIDTH)?).first_mut()
    }
}

/// The values of one slot, for reading and writing, of all objects that a key serves.
///
/// Returned by [`Store::column_mut`], which has an example.
#[derive(Debug)]
pub struct SlotColumnMut<'s, F: SlotField> {
    /// The table of the key's own schema.
    first: TableColumnMut<'s, F>,
    others: Others<TableColumnMut<'s, F>>,
}

impl<'s, F: SlotField> SlotColumnMut<'s, F> {
    pub(super) fn of_family(
        key: SlotKey<F>,
        family: &[SchemaId],
        mut column: impl FnMut(SchemaId) -> Option<(&'s Rows, &'s mut Column)>,
    ) -> Result<Self, ForeignKey> {
        let column = |schema| TableColumnMut::new(key, schema, column(schema)?);
        let (first, others) = family_columns(key, family, column)?;
        Ok(Self { first, others })
    }

    /// Returns one value, or `None` if the object is not alive or not of the column's schemas.
    ///
    /// Computes in **O(1)** time. [`Store::column_mut`] has an example.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, id: ObjectId) -> Option<F> {
        if self.others.columns.is_empty() || is_of(self.first.head, id) {
            return self.first.get(id);
        }
        self.others.columns.get(self.others.position(id))?.as_ref()?.get(id)
    }

    /// Changes one value. Returns `false` if the object is not alive or not of the column's schemas.
    ///
    /// Computes in **O(1)** time. [`Store::column_mut`] has an example.
    #[inline(always)]
    pub fn set(&mut self, id: ObjectId, field: F) -> bool {
        if self.others.columns.is_empty() || is_of(self.first.head, id) {
            return self.first.set(id, field);
        }
        let position = self.others.position(id);
        match self.others.columns.get_mut(position) {
            Some(Some(table)) => table.set(id, field),
            _ => false,
        }
    }
}

impl<T: SlotValue> SlotColumnMut<'_, T> {
    /// Returns one value to change in place, or `None` if the object is not alive or not of the column's schemas.
    ///
    /// Computes in **O(1)** time. [`Store::column_mut`] has an example.
    #[inline(always)]
    pub fn get_mut(&mut self, id: ObjectId) -> Option<&mut T> {
        if self.others.columns.is_empty() || is_of(self.first.head, id) {
            return self.first.get_mut(id);
        }
        let position = self.others.position(id);
        self.others.columns.get_mut(position)?.as_mut()?.get_mut(id)
    }

    /// Calls the closure with the values of all living objects, in runs of adjacent rows, by schema and row.
    ///
    /// The code is [vectorised](vectorize). [`Store::column_mut`] has an example.
    #[inline(always)]
    pub fn for_each_run(&mut self, mut visit: impl FnMut(&mut [T])) {
        let Self { first, others } = self;
        let before = others.before(schema_of(first.head));
        let (before, after) = others.columns.split_at_mut(before);
        vectorize(
            #[inline(always)]
            || {
                let tables = before.iter_mut().flatten().chain(iter::once(first));
                for table in tables.chain(after.iter_mut().flatten()) {
                    let TableColumnMut { rows, blocks, marks, .. } = table;
                    for number in 0..rows.blocks() {
                        if let Some(marks) = marks {
                            marks.mark_block(number);
                        }
                        let Some(block) = blocks.get_mut(number) else { break };
                        let values = T::from_cells_mut(block);
                        for run in rows.runs_in(number) {
                            visit(&mut values[run]);
                        }
                    }
                }
            },
        );
    }
}
