//! Slots whose names were looked up once.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{AccessError, TypeMismatch};
use crate::id::{ObjectId, SchemaId};
use crate::simd::vectorize;
use crate::slot_value::{SlotField, SlotValue};
use crate::storage::{BLOCK_ROWS, Block, BlocksMut, CellColumn, Column, KindTag, Rows, row_of};
use crate::store::Store;
use crate::store::slotted::{overwrite_field, read_field};

/// A slot whose name and type were checked: as good as a field of a struct.
///
/// [`Store::key`] makes one. It serves objects of its schema and of those that extend it, until
/// [`Store::migrate`] moves, renames or changes the slot: then it serves none, and is to be looked up again.
pub struct SlotKey<F> {
    schema: SchemaId,
    slot: u16,
    tag: KindTag,
    field: PhantomData<fn() -> F>,
}

impl<F> Clone for SlotKey<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for SlotKey<F> {}

impl<F> fmt::Debug for SlotKey<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotKey({}:{})", self.schema.index(), self.slot)
    }
}

impl Store {
    /// Looks a slot up by name, for many calls that follow.
    ///
    /// # Errors
    /// If there is no such schema or slot, or the slot's values are not of type `F`: for an
    /// optional slot, `F` is an `Option`.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, SlotKey, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let unit = store.spawn_record("unit", record! { health: 80.0 })?;
    ///
    /// let health: SlotKey<f32> = store.key("unit", "health")?;
    /// store.set(unit, health, 5.0)?;
    /// assert_eq!(store.get(unit, health), Some(5.0));
    ///
    /// let error = store.key::<u32>("unit", "health").unwrap_err();
    /// assert_eq!(error.to_string(), "slot 'health' of 'unit' is f32, not u32");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn key<F: SlotField>(&self, schema: &str, slot: &str) -> Result<SlotKey<F>, AccessError> {
        let schema = self.find_schema(schema)?;
        let Some(index) = schema.slot_index(slot) else {
            let (name, suggestion) = (schema.shared_name(), schema.suggest(slot));
            return Err(AccessError::undeclared(name, slot, suggestion));
        };
        let slot = &schema.slots()[index];
        if (slot.kind(), slot.is_optional()) != (&F::Value::kind(), F::OPTIONAL) {
            let requested = (F::Value::kind(), F::OPTIONAL);
            return Err(TypeMismatch::new(schema.shared_name(), slot, requested).into());
        }
        let tag = self.tables[schema.id().index()].columns[index].tag;
        Ok(SlotKey { schema: schema.id(), slot: index as u16, tag, field: PhantomData })
    }

    /// One value, or `None` if the object is not alive or of another schema, or the key is of another
    /// store or from before a migration.
    #[must_use]
    #[inline]
    pub fn get<F: SlotField>(&self, id: ObjectId, key: SlotKey<F>) -> Option<F> {
        let table = self.tables.get(id.schema().index())?;
        if !table.rows.is_alive(id.row(), id.generation()) || !self.serves(key.schema, id.schema())
        {
            return None;
        }
        let column = table.columns.get(usize::from(key.slot))?;
        if column.tag == key.tag { read_field(column, id.row()) } else { None }
    }

    /// Changes one value.
    ///
    /// # Errors
    /// If the object is not alive or of another schema, the slot's constraints refuse the value, or the
    /// key is of another store or from before a migration.
    #[inline]
    pub fn set<F: SlotField>(
        &mut self,
        id: ObjectId,
        key: SlotKey<F>,
        value: F,
    ) -> Result<(), AccessError> {
        let slot = usize::from(key.slot);
        let (schema, served) = (id.schema(), self.serves(key.schema, id.schema()));
        let table = self.tables.get(schema.index());
        let Some(table) = table.filter(|table| table.rows.is_alive(id.row(), id.generation()))
        else {
            return Err(AccessError::Despawned { id });
        };
        if !served {
            return Err(self.wrong_schema(id, key.schema));
        }
        if table.columns.get(slot).is_none_or(|column| column.tag != key.tag) {
            return Err(key.foreign());
        }
        if self.registry.is_constrained(schema) {
            self.check_field(schema, slot, value)?;
        }
        let column = &mut self.tables[schema.index()].columns[slot];
        overwrite_field(column, id.row(), value).expect("a living row has values");
        Ok(())
    }

    #[inline(never)]
    fn check_field<F: SlotField>(
        &self,
        schema: SchemaId,
        slot: usize,
        field: F,
    ) -> Result<(), AccessError> {
        let Some(schema) = self.registry.get(schema) else { return Ok(()) };
        let slot = &schema.slots()[slot];
        match field.into_value() {
            Some(value) if slot.is_constrained() => value
                .check(slot, self.value_check())
                .map_err(|kind| schema.problem(slot.name(), kind).into()),
            _ => Ok(()),
        }
    }

    /// Whether a key of the one schema serves objects of the other.
    #[inline(always)]
    fn serves(&self, key: SchemaId, object: SchemaId) -> bool {
        key == object || self.registry.extends(object, key)
    }

    #[cold]
    fn wrong_schema(&self, id: ObjectId, expected: SchemaId) -> AccessError {
        let (expected, found) = (self.schema_name_of(expected), self.schema_name_of(id.schema()));
        AccessError::WrongSchema { id, expected, found }
    }

    /// A column for many reads: the cheapest access to single values.
    ///
    /// It has the objects of exactly the key's schema.
    ///
    /// # Errors
    /// If the key is of another store or from before a migration.
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
    pub fn column<F: SlotField>(&self, key: SlotKey<F>) -> Result<SlotColumn<'_, F>, AccessError> {
        let table = self.tables.get(key.schema.index());
        let column = table.and_then(|table| table.columns.get(usize::from(key.slot)));
        let (Some(table), Some(column)) = (table, column) else { return Err(key.foreign()) };
        let blocks = blocks_of::<F>(column, key.tag).ok_or_else(|| key.foreign())?;
        let set = column.set.as_ref().map(|set| set.blocks());
        let (rows, generations) = (&table.rows, table.rows.generations());
        Ok(SlotColumn { head: head(key.schema), generations, rows, blocks, set })
    }

    /// A column for many reads and writes. Constraints are not checked, as in views.
    ///
    /// # Errors
    /// If the key is of another store or from before a migration.
    pub fn column_mut<F: SlotField>(
        &mut self,
        key: SlotKey<F>,
    ) -> Result<SlotColumnMut<'_, F>, AccessError> {
        let table = self.tables.get_mut(key.schema.index()).ok_or_else(|| key.foreign())?;
        let column = table.columns.get_mut(usize::from(key.slot)).ok_or_else(|| key.foreign())?;
        if column.tag != key.tag {
            return Err(key.foreign());
        }
        let blocks = <F::Value as SlotValue>::Cell::blocks_mut(&mut column.cells);
        let blocks = blocks.ok_or_else(|| key.foreign())?.blocks_mut();
        let set = column.set.as_mut().map(|set| set.blocks_mut());
        let (rows, generations) = (&table.rows, table.rows.generations());
        Ok(SlotColumnMut { head: head(key.schema), generations, rows, blocks, set })
    }
}

type Cells<F> = <<F as SlotField>::Value as SlotValue>::Cell;

fn blocks_of<F: SlotField>(column: &Column, tag: KindTag) -> Option<&[Block<Cells<F>>]> {
    let blocks = <F::Value as SlotValue>::Cell::blocks(&column.cells)?;
    (column.tag == tag).then_some(blocks.blocks())
}

impl<F: SlotField> SlotKey<F> {
    #[cold]
    fn foreign(&self) -> AccessError {
        AccessError::ForeignKey { kind: F::Value::kind() }
    }
}

/// An id's upper half without its generation.
const fn head(schema: SchemaId) -> u32 {
    (schema.0 as u32) << 16
}

/// The row of a living object of the schema.
#[inline(always)]
fn living_row(head: u32, generations: &[u16], id: ObjectId) -> Option<u32> {
    let generation = *generations.get(id.row() as usize)?;
    // Ids have odd generations, so that one of a free row never equals an id's.
    (head | u32::from(generation) == (id.to_bits() >> 32) as u32).then_some(id.row())
}

/// One schema's values of one slot, to read.
#[derive(Debug)]
pub struct SlotColumn<'s, F: SlotField> {
    head: u32,
    generations: &'s [u16],
    rows: &'s Rows,
    blocks: &'s [Block<Cells<F>>],
    set: Option<&'s [Block<bool>]>,
}

impl<F: SlotField> Clone for SlotColumn<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: SlotField> Copy for SlotColumn<'_, F> {}

impl<'s, F: SlotField> SlotColumn<'s, F> {
    /// One value, or `None` if the object is not alive or of another schema.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, id: ObjectId) -> Option<F> {
        let row = living_row(self.head, self.generations, id)?;
        let block = row as usize / BLOCK_ROWS;
        let cells = row_of(self.blocks.get(block)?.cells(), row, F::Value::WIDTH)?;
        let is_set = match self.set {
            Some(set) if F::OPTIONAL => *row_of(set.get(block)?.cells(), row, 1)?.first()?,
            _ => true,
        };
        Some(F::from_value(*F::Value::from_cells(cells).first()?, is_set))
    }
}

impl<'s, T: SlotValue> SlotColumn<'s, T> {
    /// The values of all living objects, in runs of adjacent rows, in the order of their ids.
    pub fn runs(&self) -> impl Iterator<Item = &'s [T]> + use<'s, T> {
        let (rows, blocks) = (self.rows, self.blocks);
        blocks.iter().enumerate().flat_map(move |(number, block)| {
            let values = T::from_cells(block.cells());
            rows.runs_in(number).map(move |run| &values[run])
        })
    }
}

/// One schema's values of one slot, to read and write.
#[derive(Debug)]
pub struct SlotColumnMut<'s, F: SlotField> {
    head: u32,
    generations: &'s [u16],
    rows: &'s Rows,
    blocks: BlocksMut<'s, Cells<F>>,
    set: Option<BlocksMut<'s, bool>>,
}

impl<F: SlotField> SlotColumnMut<'_, F> {
    /// One value, or `None` if the object is not alive or of another schema.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, id: ObjectId) -> Option<F> {
        let (head, generations, rows) = (self.head, self.generations, self.rows);
        let set = self.set.as_ref().map(BlocksMut::as_shared);
        SlotColumn { head, generations, rows, blocks: self.blocks.as_shared(), set }.get(id)
    }

    /// Changes one value. Tells whether the object is alive and of this schema.
    #[inline(always)]
    pub fn set(&mut self, id: ObjectId, field: F) -> bool {
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
        true
    }
}

impl<T: SlotValue> SlotColumnMut<'_, T> {
    /// One value to change in place, or `None` if the object is not alive or of another schema.
    #[inline(always)]
    pub fn get_mut(&mut self, id: ObjectId) -> Option<&mut T> {
        let row = living_row(self.head, self.generations, id)?;
        let start = row as usize % BLOCK_ROWS * T::WIDTH;
        let block = self.blocks.get_mut(row as usize / BLOCK_ROWS)?;
        T::from_cells_mut(block.get_mut(start..start + T::WIDTH)?).first_mut()
    }

    /// Calls the closure with the values of all living objects, in runs of adjacent rows, in
    /// vectorised code: see [`vectorize`].
    #[inline(always)]
    pub fn for_each_run(&mut self, mut visit: impl FnMut(&mut [T])) {
        let Self { rows, blocks, .. } = self;
        vectorize(
            #[inline(always)]
            || {
                for number in 0..rows.blocks() {
                    let Some(block) = blocks.get_mut(number) else { break };
                    let values = T::from_cells_mut(block);
                    for run in rows.runs_in(number) {
                        visit(&mut values[run]);
                    }
                }
            },
        );
    }
}
