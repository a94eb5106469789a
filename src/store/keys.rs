//! Keys of slots: names that were looked up once.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{AccessError, TypeMismatch};
use crate::id::{ObjectId, SchemaId};
use crate::schema::SchemaSelector;
use crate::slot_value::{SlotField, SlotValue};
use crate::storage::KindTag;
use crate::store::Store;
use crate::store::slotted::{overwrite_field, read_field};

/// A slot whose name and type were checked, for access without a look-up by name.
///
/// [`Store::key`] returns it. A key serves objects of its schema and of those that
/// [extend it](Store#schemas-that-extend-others); a key made with [`exactly`](crate::exactly) serves its schema
/// alone. It is valid until [`Store::migrate`] moves, renames or changes the slot. Afterwards it serves no object;
/// make a new one.
pub struct SlotKey<F> {
    pub(super) schema: SchemaId,
    pub(super) slot: u16,
    pub(super) tag: KindTag,
    pub(super) is_exact: bool,
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
        let schema = self.find_schema(selector.name())?;
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
        let (schema, slot, is_exact) = (schema.id(), index as u16, selector.is_exact());
        Ok(SlotKey { schema, slot, tag, is_exact, field: PhantomData })
    }

    /// Returns one value, or `None` if the object is not alive or not of the key's schema.
    ///
    /// Also returns `None` if the key belongs to another store or a migration invalidated it.
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

    /// Changes one value.
    ///
    /// Computes in **O(1)** time, **O(elements)** for a list with constraints. [`key`](Self::key) has an example.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or not of the key's schema, if the value violates the slot's
    /// constraints, if the key belongs to another store, or if a migration invalidated the key.
    #[inline]
    pub fn set<F: SlotField>(
        &mut self,
        id: ObjectId,
        key: SlotKey<F>,
        value: F,
    ) -> Result<(), AccessError> {
        let slot = usize::from(key.slot);
        let (schema, served) = (id.schema(), self.serves(&key, id.schema()));
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

    /// Returns `true` if the key serves objects of the schema.
    #[inline(always)]
    pub(super) fn serves<F>(&self, key: &SlotKey<F>, object: SchemaId) -> bool {
        key.schema == object || (!key.is_exact && self.registry.extends(object, key.schema))
    }

    #[cold]
    pub(super) fn wrong_schema(&self, id: ObjectId, expected: SchemaId) -> AccessError {
        let (expected, found) = (self.schema_name_of(expected), self.schema_name_of(id.schema()));
        AccessError::WrongSchema { id, expected, found }
    }
}

impl<F: SlotField> SlotKey<F> {
    #[cold]
    pub(super) fn foreign(&self) -> AccessError {
        AccessError::ForeignKey { kind: F::Value::kind() }
    }
}
