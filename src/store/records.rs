//! Accesses objects and values by name.

use std::sync::Arc;

use crate::by_name::ByName;
use crate::error::{AccessError, Despawned, MOST_PROBLEMS, Rejection, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::record::Record;
use crate::schema::{Checker, Problem, RegisteredSchema, Slot};
use crate::storage::{Column, Interned};
use crate::store::Store;
use crate::store::dynamic::{self, Pools, Unwritten};
use crate::store::plan::{Plan, Spawned};
use crate::value::Value;

impl Store {
    /// Inserts one object from named values.
    ///
    /// # Errors
    /// Returns all problems of the record, or the limit that is reached. Nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    /// store.register_schema(person.build()?)?;
    /// store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    ///
    /// let error = store.spawn_record("person", record! { name: "Bob", age: 300, height: 170 });
    /// assert_eq!(error.unwrap_err().to_string(), "2 problems:\
    ///     \n  slot 'age' of 'person' expects u8, which cannot hold 300\
    ///     \n  'person' object has no slot 'height'");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        let Some(schema) = self.registry.find(schema).map(|schema| schema.id()) else {
            return Err(self.unknown_schema(schema));
        };
        let row = self.tables[schema.index()].rows.lowest_free();
        let Some(row) = row else { return Err(self.no_rows(schema).into()) };
        let before = self.interner.now();
        match self.write_record(schema, row, &record) {
            Ok(()) => {
                let generation = self.tables[schema.index()].rows.occupy(row);
                Ok(ObjectId::new(schema, row, generation))
            }
            Err(unwritten) => {
                self.interner.forget_since(before);
                Err(self.explain(schema, &record, unwritten))
            }
        }
    }

    /// Inserts many objects from named values, all or none.
    ///
    /// Returns their ids in the order of the records. Dropping the iterator costs nothing.
    ///
    /// # Errors
    /// Returns the problems of the records with their positions in the batch, at most a hundred, or the
    /// limit that is reached. Nothing is inserted then.
    ///
    /// # Panics
    /// Panics if the iterator does. Nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, ObjectId, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("person").slot("age", Kind::U8).build()?)?;
    /// let people = [41, 23].map(|age| record! { age: age });
    /// let ids: Vec<ObjectId> = store.spawn_records("person", people)?.collect();
    /// assert_eq!(store.get_value(ids[1], "age")?, 23.into());
    ///
    /// let error = store.spawn_records("person", [41, 300].map(|age| record! { age: age }));
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "record 1: slot 'age' of 'person' expects u8, which cannot hold 300"
    /// );
    /// assert_eq!(store.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_records(
        &mut self,
        schema: &str,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Spawned<'_>, SpawnError> {
        let Some(schema) = self.registry.find(schema).map(|schema| schema.id()) else {
            return Err(self.unknown_schema(schema));
        };
        let mut interned = NewlyInterned { kept: self.interner.now(), store: self };
        let plan = interned.store.write_records(schema, records.into_iter())?;
        interned.kept = interned.store.interner.now();
        drop(interned);
        Ok(plan.commit(&mut self.tables[schema.index()].rows, schema))
    }

    /// Writes the records to free rows.
    fn write_records(
        &mut self,
        schema: SchemaId,
        records: impl Iterator<Item = Record>,
    ) -> Result<Plan, SpawnError> {
        let mut problems = Vec::new();
        let mut plan = Plan::default();
        let mut records = records.fuse();
        for number in 0.. {
            let table = &mut self.tables[schema.index()];
            table.reserve_for_batch(number, records.size_hint().0);
            let Some(record) = records.next() else { break };
            let Some(row) = plan.take_one(&table.rows) else {
                return Err(self.no_rows(schema).into());
            };
            let written = self.write_record(schema, row, &record);
            match written.map_err(|unwritten| self.explain(schema, &record, unwritten)) {
                Ok(()) => {}
                Err(SpawnError::Rejected(rejection)) => {
                    let number = Some(number);
                    let found = rejection.into_problems().into_iter();
                    problems.extend(found.map(|problem| Problem { record: number, ..problem }));
                }
                Err(error) => return Err(error),
            }
            if problems.len() >= MOST_PROBLEMS {
                break;
            }
        }
        if problems.is_empty() {
            return Ok(plan);
        }
        problems.truncate(MOST_PROBLEMS);
        Err(Rejection::new(problems).into())
    }

    /// Writes a record to a free row, and checks each value before writing it. Values of a refused
    /// record stay invisible, because the row stays free.
    fn write_record(
        &mut self,
        schema: SchemaId,
        row: u32,
        record: &Record,
    ) -> Result<(), Unwritten> {
        let mut positions = std::mem::take(&mut self.positions);
        let written = self.write_placed(schema, row, record, &mut positions);
        self.positions = positions;
        written
    }

    fn write_placed(
        &mut self,
        schema: SchemaId,
        row: u32,
        record: &Record,
        positions: &mut Vec<Option<usize>>,
    ) -> Result<(), Unwritten> {
        let schema = self.registry.get(schema).ok_or(Unwritten::Refused)?;
        let given = record;
        let record = &*schema.spread_whole(given);
        let in_order = schema.is_in_order(record);
        if !in_order && !schema.place(record, positions) || !schema.fits(given, record) {
            return Err(Unwritten::Refused);
        }
        let value = |index: usize| {
            let position = if in_order { Some(index) } else { positions[index] };
            position.map(|position| record.value(position))
        };
        if self.registry.is_constrained(schema.id()) {
            let slots = schema.slots().iter().enumerate();
            for (index, slot) in slots.filter(|(_, slot)| slot.is_confined()) {
                if let Some(value) = value(index) {
                    self.checker().value(slot, value).map_err(|_| Unwritten::Refused)?;
                }
            }
        }
        let columns = &mut self.tables[schema.id().index()].columns;
        let mut pools = Pools { interner: &mut self.interner, limits: &self.limits };
        write_values(schema, columns, row, &mut pools, |index, _| value(index))
    }

    /// Writes a record that was checked to a free row.
    pub(super) fn write_checked(&mut self, id: ObjectId, record: &Record) -> Result<(), Unwritten> {
        let schema = self.registry.get(id.schema()).expect(REGISTERED);
        let record = &*schema.spread_whole(record);
        let columns = &mut self.tables[id.schema().index()].columns;
        let mut pools = Pools { interner: &mut self.interner, limits: &self.limits };
        write_values(schema, columns, id.row(), &mut pools, |_, slot| record.get(slot.name()))
    }

    /// Returns all problems of a record that could not be written.
    #[cold]
    fn explain(&self, schema: SchemaId, record: &Record, unwritten: Unwritten) -> SpawnError {
        if let Some(limit) = unwritten.limit(&self.limits) {
            return limit.into();
        }
        let mut problems = Vec::new();
        if let Some(schema) = self.registry.get(schema) {
            self.checker().record(schema, record, &mut problems);
        }
        Rejection::new(problems).into()
    }

    /// Returns one value by name.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or has no slot of that name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("person").slot("age", Kind::U8).build()?)?;
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// assert_eq!(store.get_value(ada, "age")?, 41.into());
    /// assert!(store.get_value(ada, "height").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_value(&self, id: ObjectId, slot: &str) -> Result<Value, AccessError> {
        let (schema, table) = self.locate(id)?;
        let read = |index: usize| {
            dynamic::read(&table.columns[index], &schema.slots()[index], id.row(), &self.interner)
        };
        match schema.slot_index(slot) {
            Some(index) => Ok(read(index)),
            None if schema.is_nested(slot) => Ok(schema.nested_value(slot, read)),
            None => Err(undeclared(schema, slot)),
        }
    }

    /// Changes one value by name. [`Value::Unset`] unsets an optional slot.
    ///
    /// # Errors
    /// Returns an error if the object is not alive, has no slot of that name, or the slot does not
    /// accept the value. The value stays as it was then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    /// store.register_schema(person.build()?)?;
    /// let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    /// store.set_value(ada, "age", 42)?;
    /// let error = store.set_value(ada, "height", 170).unwrap_err();
    /// assert_eq!(error.to_string(), "'person' object has no slot 'height'");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_value(
        &mut self,
        id: ObjectId,
        slot: &str,
        value: impl Into<Value>,
    ) -> Result<(), AccessError> {
        let value = value.into();
        if self.overwrite_simple(id, slot, &value) {
            return Ok(());
        }
        self.overwrite(id, slot, &value)
    }

    /// Overwrites a number, a vector or a `bool`. Returns `false` and writes nothing if the slot has another kind or
    /// refuses the value.
    #[inline]
    fn overwrite_simple(&mut self, id: ObjectId, slot: &str, value: &Value) -> bool {
        let Some(table) = self.tables.for_values().get_mut(id.schema().index()) else {
            return false;
        };
        let schema = self.registry.get(id.schema());
        let is_alive = table.rows.is_alive(id.row(), id.generation());
        let Some(schema) = schema.filter(|_| is_alive) else { return false };
        let Some(index) = schema.slot_index(slot) else { return false };
        let (column, slot) = (&mut table.columns[index], &schema.slots()[index]);
        dynamic::overwrite_simple(column, slot, &schema.checks()[index], id.row(), value)
    }

    /// Overwrites any value, or returns the reason why it is refused.
    #[inline(never)]
    fn overwrite(&mut self, id: ObjectId, slot: &str, value: &Value) -> Result<(), AccessError> {
        self.locate(id)?;
        self.check_named(id.schema(), slot, value, self.overwriting(id).checker())?;
        let before = self.interner.now();
        // A nested record has several texts and lists, of which the last may be beyond a limit.
        let stored = match self.find_slot(id.schema(), slot) {
            Some(index) => self.write_value(id, index, value),
            None => self
                .intern_named(id.schema(), slot, value)
                .map(|()| self.write_named(id, slot, value)),
        };
        stored.map_err(|unwritten| {
            // A list beyond the limit may have added texts.
            self.interner.forget_since(before);
            unwritten.limit(&self.limits).expect("the value was checked").into()
        })
    }

    /// Checks the value of a slot or of a nested record.
    pub(super) fn check_named(
        &self,
        schema: SchemaId,
        name: &str,
        value: &Value,
        checker: Checker<'_>,
    ) -> Result<(), AccessError> {
        let schema = self.registry.get(schema).expect(REGISTERED);
        if let Some(index) = schema.slot_index(name) {
            let checked = checker.value(&schema.slots()[index], value);
            return checked.map_err(|kind| schema.problem(name, kind).into());
        }
        if !schema.is_nested(name) {
            return Err(undeclared(schema, name));
        }
        let mut problems = Vec::new();
        checker.parts(schema, name, &schema.spread_whole(&only(name, value)), &mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Rejection::new(problems).into()) }
    }

    /// Stores the texts and lists of a checked value of a slot or of a nested record.
    pub(super) fn intern_named(
        &mut self,
        schema: SchemaId,
        name: &str,
        value: &Value,
    ) -> Result<(), Unwritten> {
        self.for_each_named(schema, name, value, |store, index, value| {
            store.intern_value(schema, index, value)
        })
    }

    /// Writes a checked value of a slot or of a nested record, whose texts and lists are stored.
    pub(super) fn write_named(&mut self, id: ObjectId, name: &str, value: &Value) {
        let written = self.for_each_named(id.schema(), name, value, |store, index, value| {
            store.write_value(id, index, value)
        });
        written.expect("the value was checked, and its texts and lists are stored");
    }

    fn find_slot(&self, schema: SchemaId, name: &str) -> Option<usize> {
        self.registry.get(schema)?.slot_index(name)
    }

    /// Calls the function with the slot of this name and the value, or with each part of the nested record of this name: parts
    /// without a value have their defaults.
    fn for_each_named<E>(
        &mut self,
        schema: SchemaId,
        name: &str,
        value: &Value,
        mut call: impl FnMut(&mut Self, usize, &Value) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(index) = self.find_slot(schema, name) {
            return call(self, index, value);
        }
        let registry = Arc::clone(&self.registry);
        let Some(schema) = registry.get(schema) else { return Ok(()) };
        let given = only(name, value);
        let given = schema.spread_whole(&given);
        schema.parts(name).try_for_each(|(index, _)| {
            let slot = &schema.slots()[index];
            let value = given.get(slot.name()).or(slot.default()).unwrap_or(&Value::Unset);
            call(self, index, value)
        })
    }

    pub(super) fn intern_value(
        &mut self,
        schema: SchemaId,
        slot: usize,
        value: &Value,
    ) -> Result<(), Unwritten> {
        let slot = &self.registry.get(schema).expect(REGISTERED).slots()[slot];
        let mut pools = Pools { interner: &mut self.interner, limits: &self.limits };
        dynamic::intern_value(slot, value, &mut pools)
    }

    /// Overwrites a value of an object with one that was checked.
    pub(super) fn write_value(
        &mut self,
        id: ObjectId,
        slot: usize,
        value: &Value,
    ) -> Result<(), Unwritten> {
        let column = &mut self.tables[id.schema().index()].columns[slot];
        let slot = &self.registry.get(id.schema()).expect(REGISTERED).slots()[slot];
        let mut pools = Pools { interner: &mut self.interner, limits: &self.limits };
        dynamic::write(column, slot, id.row(), value, &mut pools)
    }

    /// Returns all set values with their names, in the order of the schema's slots.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
    /// store.register_schema(person.build()?)?;
    /// let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    /// assert_eq!(store.get_record(ada)?, record! { name: "Ada", age: 41 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_record(&self, id: ObjectId) -> Result<Record, Despawned> {
        let (schema, table) = self.locate(id)?;
        let value = |(slot, column): (&Slot, _)| {
            let value = dynamic::read(column, slot, id.row(), &self.interner);
            (!value.is_unset()).then(|| (slot.name().to_owned(), value))
        };
        Ok(schema.slots().iter().zip(&table.columns).filter_map(value).collect())
    }

    /// Checks the values of all living objects again.
    ///
    /// Writes through views and columns skip constraint checks; this call finds their mistakes.
    /// [Dead references](ObjectId#dead-references) are valid.
    ///
    /// Computes in **O(values)** time, for the values of slots with constraints.
    ///
    /// # Errors
    /// Returns the problems with the objects' ids, at most a hundred.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { #[slot(range = 0.0..=500.0)] health: f32 }
    /// #[derive(View)]
    /// struct Health<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// assert_eq!(store.validate(), Ok(()));
    /// store.view::<Health>()?.for_each(|unit| *unit.health = -1.0);
    /// let problems = store.validate().unwrap_err();
    /// assert_eq!(problems[0].0, unit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn validate(&self) -> Result<(), Vec<(ObjectId, Problem)>> {
        let mut found = Vec::new();
        for (schema, table) in self.registry.iter().zip(&self.tables) {
            let slots = schema.slots().iter().zip(&table.columns);
            for (slot, column) in slots.filter(|(slot, _)| slot.is_constrained()) {
                for id in self.table_ids(schema.id()) {
                    let foreign = dynamic::foreign_handle(column, slot, id.row(), &self.interner);
                    let checked = foreign.map_or_else(
                        || {
                            let value = dynamic::read(column, slot, id.row(), &self.interner);
                            self.checker().value(slot, &value)
                        },
                        Err,
                    );
                    if let Err(kind) = checked {
                        found.push((id, schema.problem(slot.name(), kind)));
                    }
                    if found.len() == MOST_PROBLEMS {
                        return Err(found);
                    }
                }
            }
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

const REGISTERED: &str = "ids are of registered schemas";

/// Writes the values of a row. Slots without one get their defaults.
#[inline(always)]
fn write_values<'v>(
    schema: &'v RegisteredSchema,
    columns: &mut [Column],
    row: u32,
    pools: &mut Pools<'_>,
    value: impl Fn(usize, &Slot) -> Option<&'v Value>,
) -> Result<(), Unwritten> {
    for (index, (slot, column)) in schema.slots().iter().zip(columns).enumerate() {
        let value = value(index, slot).or(slot.default()).unwrap_or(&Value::Unset);
        dynamic::write(column, slot, row, value, pools)?;
    }
    Ok(())
}

/// Returns a record with this value alone.
fn only(name: &str, value: &Value) -> Record {
    [(name.to_owned(), value.clone())].into_iter().collect()
}

#[cold]
pub(super) fn undeclared(schema: &RegisteredSchema, slot: &str) -> AccessError {
    AccessError::undeclared(schema.shared_name(), slot, schema.suggest(slot))
}

/// Forgets the texts and lists of records that are not inserted, even if their iterator panics.
struct NewlyInterned<'s> {
    store: &'s mut Store,
    kept: Interned,
}

impl Drop for NewlyInterned<'_> {
    fn drop(&mut self) {
        self.store.interner.forget_since(self.kept);
    }
}

impl ByName for Store {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        Self::spawn_record(self, schema, record)
    }

    fn despawn(&mut self, id: ObjectId) -> Result<(), Despawned> {
        Self::despawn(self, id)
    }

    fn contains(&self, id: ObjectId) -> bool {
        Self::contains(self, id)
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        Self::ids(self)
    }

    fn schema_name(&self, id: ObjectId) -> Result<&str, Despawned> {
        Ok(self.locate(id)?.0.name())
    }

    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError> {
        Self::get_value(self, id, name)
    }

    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError> {
        Self::set_value(self, id, name, value)
    }

    fn get_record(&self, id: ObjectId) -> Result<Record, Despawned> {
        Self::get_record(self, id)
    }
}
