//! Values of reserved objects by columns: for formats that have columns and not records.

use std::ops::Range;
use std::sync::Arc;

use super::values::{Judge, Target, Values};
use super::{REGISTERED, ReservedIds};
use crate::debug_as_display::debug_as_display;
use crate::error::LimitError;
use crate::id::SchemaId;
use crate::kind::Kind;
use crate::schema::{Checker, Problem, Quoted, RegisteredSchema, Slot};
use crate::storage::Column;
use crate::store::dynamic::{self, Pools};
use crate::store::fill::Known;
use crate::store::shape_of_elements;
use crate::value::Value;

/// The values of a slot for several objects, for [`ReservedIds::write_columns`].
#[derive(Clone, Copy, Debug)]
pub struct ColumnCells<'c> {
    /// The memory of the values, one after another, as [`RawTable::cells`](crate::raw::RawTable::cells) returns it.
    pub cells: &'c [u8],
    /// A bit for each object, 1 if it has a value; `None` if all have one. The memory of the others is ignored.
    pub given: Option<&'c [u64]>,
}

/// The reason why columns were not written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteColumnsError {
    /// The memory of a slot's values has the wrong length.
    #[error("slot {} has {found} bytes of values, expected {expected}", Quoted(slot))]
    Length {
        /// The slot.
        slot: Arc<str>,
        /// The bytes of the values of all objects.
        expected: usize,
        /// The bytes found.
        found: usize,
    },
    /// Slots refuse values.
    #[error(transparent)]
    Refused(#[from] RefusedValues),
    /// A limit of the store is exceeded.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

debug_as_display!(WriteColumnsError);

/// The values that [`ReservedIds::write_columns`] refused. [`ReservedIds::problem`] says why a slot refuses a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("slots refuse {} values of these columns", self.count())]
pub struct RefusedValues {
    /// For each slot, a bit for each object. Empty if the slot refuses none.
    slots: Vec<Vec<u64>>,
}

impl RefusedValues {
    /// Returns a bit for each object, 1 if the slot refuses its value. Empty if the slot refuses none.
    ///
    /// [`ReservedIds::write_columns`] has an example.
    #[must_use]
    pub fn of_slot(&self, slot: usize) -> &[u64] {
        self.slots.get(slot).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of refused values.
    ///
    /// [`ReservedIds::write_columns`] has an example.
    #[must_use]
    pub fn count(&self) -> usize {
        self.slots.iter().flatten().map(|word| word.count_ones() as usize).sum()
    }
}

impl ReservedIds<'_> {
    /// Returns the handle of a text, for [`write_columns`](Self::write_columns).
    ///
    /// # Errors
    /// Returns an error if the limit of texts is reached.
    ///
    /// [`write_columns`](Self::write_columns) has an example.
    pub fn text(&mut self, text: &str) -> Result<u32, LimitError> {
        Ok(self.store.intern_text(text)?.number())
    }

    /// Returns the handle of a list whose elements have this memory, for [`write_columns`](Self::write_columns). Returns
    /// `None` if the memory is not valid for the elements, or if the schema has no such slot of lists.
    ///
    /// # Errors
    /// Returns an error if the limit of lists is reached.
    ///
    /// # Example
    /// ```
    /// use slotted::raw::ColumnCells;
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let item = Schema::builder("item").slot("drops", Kind::list(Kind::U16)).build()?;
    /// let item = store.register_schema(item)?;
    /// let mut reserved = store.reserve_ids(["item"])?;
    /// let drops = reserved.list(item, 0, &[22, 0, 7, 0])?.ok_or("no list of u16")?.to_le_bytes();
    /// reserved.write_columns(0..1, |_, _| Some(ColumnCells { cells: &drops, given: None }))?;
    /// let ids = reserved.spawn()?;
    /// assert_eq!(store.get_value(ids[0], "drops")?, [22, 7].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn list(
        &mut self,
        schema: SchemaId,
        slot: usize,
        cells: &[u8],
    ) -> Result<Option<u32>, LimitError> {
        let store = &mut *self.store;
        let slot = store.registry.get(schema).and_then(|schema| schema.slots().get(slot));
        let Some(Kind::List(list)) = slot.map(Slot::kind) else { return Ok(None) };
        let (shape, limit) = (shape_of_elements(list.element()), store.limits.list_bytes);
        let (interner, schemas) = (&store.interner, store.registry.len());
        let mut of_values = Vec::new();
        let values = (*list.element() == Kind::Any).then_some(&mut of_values);
        let mut known = Known { interner, schemas, texts: &[], shape: None, values };
        let Some(cells) = shape.read(cells, &mut known) else { return Ok(None) };
        let list = store.interner.list_of(shape, &cells, limit);
        list.map(|list| Some(list.number())).ok_or(LimitError::List { limit })
    }

    /// Writes the values of several objects of one schema, slot by slot.
    ///
    /// Calls `values` once for each slot, in ascending order of the index. A slot for which it returns `None` gets its
    /// default in all objects. An object without a value in a column is unset in an optional slot, and has the default
    /// of another one.
    ///
    /// `numbers` count the objects from 0, in the order of the request. References may lead to reserved ids. Handles and
    /// variants are checked too.
    ///
    /// # Errors
    /// Returns the refused values, a column of the wrong length, or the limit that is exceeded. The objects can be written
    /// again.
    ///
    /// # Panics
    /// Panics if `numbers` is out of bounds, or if its objects have several schemas.
    ///
    /// # Example
    /// ```
    /// use slotted::bytemuck::cast_slice;
    /// use slotted::raw::{ColumnCells, WriteColumnsError};
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).range(0.0..=100.0);
    /// store.register_schema(unit.slot("name", Kind::Text).default("Bob").build()?)?;
    ///
    /// let mut reserved = store.reserve_ids(["unit"; 2])?;
    /// let names = [reserved.text("Ada")?, 0];
    /// let mut write = |health: &[f32; 2]| {
    ///     let health = ColumnCells { cells: cast_slice(health), given: None };
    ///     let names = ColumnCells { cells: cast_slice(&names), given: Some(&[0b01]) };
    ///     reserved.write_columns(0..2, |slot, _| Some([health, names][slot]))
    /// };
    /// let Err(WriteColumnsError::Refused(refused)) = write(&[80.0, 900.0]) else { panic!("900") };
    /// assert_eq!((refused.of_slot(0), refused.of_slot(1)), (&[0b10][..], &[][..]));
    /// assert_eq!(refused.count(), 1);
    /// write(&[80.0, 90.0])?;
    /// let ids = reserved.spawn()?;
    /// assert_eq!(store.get_value(ids[0], "name")?, "Ada".into());
    /// assert_eq!(store.get_value(ids[1], "name")?, "Bob".into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_columns<'c>(
        &mut self,
        numbers: Range<usize>,
        mut values: impl FnMut(usize, &Slot) -> Option<ColumnCells<'c>>,
    ) -> Result<(), WriteColumnsError> {
        // Until all values are accepted: earlier values may be half overwritten.
        self.is_written[numbers.clone()].fill(false);
        let Some(target) = Target::new(&self.ids[numbers.clone()]) else { return Ok(()) };
        self.make_room(target.schema, self.ids[numbers.start].row());
        let registry = Arc::clone(&self.store.registry);
        let schema = registry.get(target.schema).expect(REGISTERED);
        let mut refused = RefusedValues { slots: Vec::with_capacity(schema.slots().len()) };
        for (index, slot) in schema.slots().iter().enumerate() {
            refused.slots.push(self.write_column(&target, schema, index, values(index, slot))?);
        }
        if refused.count() > 0 {
            return Err(refused.into());
        }
        self.is_written[numbers].fill(true);
        Ok(())
    }

    /// Returns the reason why [`write`](Self::write) would refuse a value of a slot, or `None` if it would not.
    ///
    /// `number` counts the objects from 0, in the order of the request, and `slot` the slots of the object's schema.
    ///
    /// # Panics
    /// Panics if `number` or `slot` is out of bounds.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// let reserved = store.reserve_ids(["tile"])?;
    /// let problem = reserved.problem(0, 0, &"low".into()).ok_or("a text is no height")?;
    /// assert_eq!(problem.to_string(), "record 0: slot 'height' of 'tile' expects f32, found text \"low\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn problem(&self, number: usize, slot: usize, value: &Value) -> Option<Problem> {
        let registry = &self.store.registry;
        let schema = registry.get(self.ids[number].schema()).expect(REGISTERED);
        let (slot, world) = (&schema.slots()[slot], self.world());
        let kind = Checker { registry, world: &world }.value(slot, value).err()?;
        Some(Problem { record: Some(number), ..schema.problem(slot.name(), kind) })
    }

    /// Makes room for the objects of a schema from this row on.
    fn make_room(&mut self, schema: SchemaId, row: u32) {
        let rows = &self.rows[&schema].rows;
        let written = rows.partition_point(|other| *other < row);
        self.store.tables[schema.index()].reserve_for_batch(written, rows.len() - written);
    }

    /// Writes the values of one slot. Returns a bit for each object whose value the slot refuses, or nothing.
    fn write_column(
        &mut self,
        target: &Target,
        schema: &RegisteredSchema,
        index: usize,
        given: Option<ColumnCells<'_>>,
    ) -> Result<Vec<u64>, WriteColumnsError> {
        let slot = &schema.slots()[index];
        let column = &self.store.tables[target.schema.index()].columns[index];
        let expected = target.count * column.cells.row_bytes();
        if let Some(given) = given
            && given.cells.len() != expected
        {
            let (slot, found) = (Arc::clone(slot.shared_name()), given.cells.len());
            return Err(WriteColumnsError::Length { slot, expected, found });
        }
        let is_optional = column.set.is_some();
        let (count, absent) = (target.count, self.absent(schema, index, given)?);
        let values = Values { given, absent, count };
        let world = self.world();
        let checker = Checker { registry: &self.store.registry, world: &world };
        let judge = Judge { slot, checker, interner: &self.store.interner };
        let new = judge.judge(&values, schema.checks()[index]);
        let is_set = is_optional.then(|| values.are_set());
        let table = &mut self.store.tables[target.schema.index()];
        Ok(new.write(&mut table.columns[index], &target.runs, is_set.as_deref()))
    }

    /// Returns a column whose first row is the value of objects without one, or `None` if all have values or need one.
    fn absent(
        &mut self,
        schema: &RegisteredSchema,
        index: usize,
        given: Option<ColumnCells<'_>>,
    ) -> Result<Option<Column>, LimitError> {
        if given.is_some_and(|given| given.given.is_none()) {
            return Ok(None);
        }
        let slot = &schema.slots()[index];
        let default = slot.default().filter(|_| given.is_none() || !slot.is_optional());
        let (mut absent, limits) = (dynamic::column(schema, index), &self.store.limits);
        let mut pools = Pools { interner: &mut self.store.interner, limits };
        let value = default.unwrap_or(&Value::Unset);
        match dynamic::write(&mut absent, slot, 0, value, &mut pools) {
            Ok(()) => Ok(Some(absent)),
            Err(error) => error.limit(limits).map_or(Ok(None), Err),
        }
    }
}
