//! Keys of slots: names that were looked up once.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{AccessError, ForeignKey, NotRegistered, TypeMismatch};
use crate::id::{ObjectId, SchemaId};
use crate::schema::SchemaSelector;
use crate::slot_value::{SlotField, SlotValue, ValueCheck};
use crate::storage::{CellColumn, KindTag, Table};
use crate::store::records::undeclared;
use crate::store::slotted::{KeyReader, overwrite_field, read_field};
use crate::store::{Slotted, Store};

/// A slot whose name and type were checked, for access without a look-up by name.
///
/// [`Store::key`] returns the key of a named slot, [`Store::keys`] those of a Rust type's fields. A key serves objects
/// of its schema and of those that [extend it](Store#schemas-that-extend-others); a key made with
/// [`exactly`](crate::exactly) serves its schema alone. It is valid until [`Store::migrate`] moves, renames or changes
/// the slot. Afterwards it serves no object; make a new one.
///
/// A store refuses a key of another store, unless it has the same slot at the same place: with the same name and
/// kind, declared by a schema of the same name. Such a key works as the store's own, for example in a clone and in a
/// store that registered the same schemas in the same order.
pub struct SlotKey<F> {
    pub(super) schema: SchemaId,
    pub(super) slot: u16,
    pub(super) tag: KindTag,
    pub(super) is_exact: bool,
    field: PhantomData<fn() -> F>,
}

impl<F> SlotKey<F> {
    pub(super) const fn new(schema: SchemaId, slot: u16, tag: KindTag, is_exact: bool) -> Self {
        Self { schema, slot, tag, is_exact, field: PhantomData }
    }
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
    /// Looks up a slot by name and returns its key, for use in many calls.
    ///
    /// The key serves objects of the schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no such schema is registered, if it has no such slot, or if the slot's values are not
    /// of type `F`. For an optional slot, `F` is an `Option`.
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
    pub fn key<'n, F: SlotField>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: &str,
    ) -> Result<SlotKey<F>, AccessError> {
        self.find_key(schema.into(), slot)
    }

    fn find_key<F: SlotField>(
        &self,
        selector: SchemaSelector<'_>,
        slot: &str,
    ) -> Result<SlotKey<F>, AccessError> {
        let Some((schema, index)) = self.registry.find_slot(selector.name(), slot) else {
            return Err(self.unknown_slot(selector.name(), slot));
        };
        let slot = &schema.slots()[index];
        if slot.is_optional() != F::OPTIONAL || *slot.kind() != F::Value::kind() {
            let requested = (F::Value::kind(), F::OPTIONAL);
            return Err(TypeMismatch::new(schema.shared_name(), slot, requested).into());
        }
        let tag = self.tables[schema.id().index()].columns[index].tag;
        Ok(SlotKey::new(schema.id(), index as u16, tag, selector.is_exact()))
    }

    #[cold]
    fn unknown_slot(&self, schema: &str, slot: &str) -> AccessError {
        match self.find_schema(schema) {
            Ok(schema) => undeclared(schema, slot),
            Err(error) => error.into(),
        }
    }

    /// Returns the keys of a Rust type's slots: a struct with the same fields, which the derive of [`Slotted`] makes.
    ///
    /// The struct is named like the type with `Keys` at its end, and has the type's visibility. A misspelt slot does
    /// not compile. A field with `#[slot(base)]` contains the keys of the base's slots. The keys serve objects of the
    /// type's schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// Computes in **O(slots)** time. Keep the keys: they are valid as long as those of [`key`](Self::key).
    ///
    /// # Errors
    /// Returns an error if the type is not registered.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    ///
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32, shield: Option<f32> }
    ///
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Orc { #[slot(base)] unit: Unit, rage: f32 }
    ///
    /// struct Combat { unit: UnitKeys, orc: OrcKeys }
    ///
    /// let mut store = Store::new();
    /// store.register::<Orc>()?;
    /// let keys = Combat { unit: store.keys::<Unit>()?, orc: store.keys::<Orc>()? };
    /// let orc = store.spawn(Orc { unit: Unit { health: 80.0, shield: None }, rage: 0.5 })?;
    ///
    /// store.set(orc, keys.unit.shield, Some(10.0))?;
    /// assert_eq!(store.get(orc, keys.unit.health), Some(80.0));
    /// assert_eq!(store.get(orc, keys.orc.unit.shield), Some(Some(10.0)));
    /// assert_eq!(store.column(keys.orc.rage)?.get(orc), Some(0.5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys<T: Slotted>(&self) -> Result<T::Keys, NotRegistered> {
        let schema = self.schema_of_type::<T>()?;
        let (slots, columns) = (self.registry.get(schema), &self.tables[schema.index()].columns);
        let slots = slots.expect("a registered type has a schema");
        Ok(T::keys(&mut KeyReader::new(slots, columns)))
    }

    /// Returns one value, or `None` if the object is not alive or not of the key's schema.
    ///
    /// Also returns `None` if the key belongs to [another store](SlotKey) or a migration invalidated it.
    ///
    /// Computes in **O(1)** time. [`key`](Self::key) has an example.
    #[must_use]
    #[inline]
    pub fn get<F: SlotField>(&self, id: ObjectId, key: SlotKey<F>) -> Option<F> {
        let table = self.tables.get(id.schema().index())?;
        if !table.rows.is_alive(id.row(), id.generation()) || !self.serves(&key, id.schema()) {
            return None;
        }
        let column = table.columns.get(usize::from(key.slot))?;
        if column.tag == key.tag { read_field(column, id.row()) } else { None }
    }

    /// Returns one value to change in place, or `None` if the object is not alive or not of the key's schema.
    ///
    /// Also returns `None` if the key belongs to [another store](SlotKey) or a migration invalidated it. Writes skip
    /// constraint checks, as in views; [`validate`](Self::validate) checks all objects on demand.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let keys = store.keys::<Unit>()?;
    /// *store.get_mut(unit, keys.health).unwrap() += 5.0;
    /// assert_eq!(store.get(unit, keys.health), Some(85.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get_mut<T: SlotValue>(&mut self, id: ObjectId, key: SlotKey<T>) -> Option<&mut T> {
        if !self.contains(id) || !self.serves(&key, id.schema()) {
            return None;
        }
        let table = &mut self.tables.for_values()[id.schema().index()];
        let column = table.columns.get_mut(usize::from(key.slot))?;
        if column.tag != key.tag {
            return None;
        }
        column.mark(id.row());
        let cells = T::Cell::blocks_mut(&mut column.cells)?.row_of_width_mut(id.row(), T::WIDTH)?;
        T::from_cells_mut(cells).first_mut()
    }

    /// Changes one value.
    ///
    /// Computes in **O(1)** time, **O(elements)** for a list with constraints. [`key`](Self::key) has an example.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or not of the key's schema, if the value violates the slot's
    /// constraints, if the key belongs to [another store](SlotKey), or if a migration invalidated the key.
    #[inline]
    pub fn set<F: SlotField>(
        &mut self,
        id: ObjectId,
        key: SlotKey<F>,
        value: F,
    ) -> Result<(), AccessError> {
        let (schema, served) = (id.schema(), self.serves(&key, id.schema()));
        let table = self.tables.get(schema.index());
        let Some(table) = table.filter(|table| table.rows.is_alive(id.row(), id.generation()))
        else {
            return Err(AccessError::Despawned { id });
        };
        if !served || !key.is_of(table) {
            return Err(self.key_error(id, key));
        }
        if self.registry.is_constrained(schema) {
            self.check_own_field(id, key, value)?;
        }
        self.write_field(id, key, value);
        Ok(())
    }

    /// Returns the reason why the store does not accept the key for a living object.
    #[cold]
    pub(super) fn key_error<F: SlotField>(&self, id: ObjectId, key: SlotKey<F>) -> AccessError {
        match self.serves(&key, id.schema()) {
            true => key.foreign().into(),
            false => self.wrong_schema(id, key.schema),
        }
    }

    /// Never inlined, and with few arguments: values without constraints would pay for more.
    #[inline(never)]
    fn check_own_field<F: SlotField>(
        &self,
        id: ObjectId,
        key: SlotKey<F>,
        field: F,
    ) -> Result<(), AccessError> {
        self.check_field(id, key, field, self.overwriting(id).value_check())
    }

    /// Checks a value against the constraints of a key's slot.
    pub(super) fn check_field<F: SlotField>(
        &self,
        id: ObjectId,
        key: SlotKey<F>,
        field: F,
        context: ValueCheck<'_>,
    ) -> Result<(), AccessError> {
        let Some(schema) = self.registry.get(id.schema()) else { return Ok(()) };
        let slot = &schema.slots()[usize::from(key.slot)];
        match field.into_value() {
            Some(value) if slot.is_constrained() => {
                value.check(slot, context).map_err(|kind| schema.problem(slot.name(), kind).into())
            }
            _ => Ok(()),
        }
    }

    /// Overwrites a value of an object, through a key that was checked.
    #[inline(always)]
    pub(super) fn write_field<F: SlotField>(&mut self, id: ObjectId, key: SlotKey<F>, value: F) {
        let table = &mut self.tables.for_values()[id.schema().index()];
        let column = &mut table.columns[usize::from(key.slot)];
        overwrite_field(column, id.row(), value).expect("a living row has values");
    }

    /// Returns `true` if the key serves objects of the schema.
    #[inline(always)]
    pub(super) fn serves<F>(&self, key: &SlotKey<F>, object: SchemaId) -> bool {
        key.schema == object || (!key.is_exact && self.registry.extends(object, key.schema))
    }

    #[cold]
    fn wrong_schema(&self, id: ObjectId, expected: SchemaId) -> AccessError {
        let (expected, found) = (self.schema_name_of(expected), self.schema_name_of(id.schema()));
        AccessError::WrongSchema { id, expected, found }
    }
}

impl<F: SlotField> SlotKey<F> {
    /// Returns `true` if the key is of the store that has this table.
    #[inline(always)]
    pub(super) fn is_of(self, table: &Table) -> bool {
        table.columns.get(usize::from(self.slot)).is_some_and(|column| column.tag == self.tag)
    }

    #[cold]
    pub(super) fn foreign(&self) -> ForeignKey {
        ForeignKey { kind: F::Value::kind() }
    }
}
