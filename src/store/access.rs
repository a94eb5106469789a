//! Whole objects as Rust values.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{AccessError, NotRegistered, Rejection};
use crate::id::{ObjectId, SchemaId};
use crate::schema::{RegisteredSchema, SchemaSelector};
use crate::slot_value::ValueCheck;
use crate::store::{BatchCheck, ObjectCheck, ObjectReader, ObjectWriter, Slotted, Store};

impl Store {
    /// Returns a copy of an object of the type's schema or of one that
    /// [extends it](Self#schemas-that-extend-others).
    ///
    /// Computes in **O(slots)** time.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or of another schema.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { #[slot(range = 0.0..=500.0)] health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let id = store.spawn(Unit { health: 80.0 })?;
    ///
    /// let mut unit: Unit = store.get_object(id)?;
    /// unit.health += 5.0;
    /// store.set_object(id, unit)?;
    /// assert_eq!(store.get_object::<Unit>(id)?.health, 85.0);
    ///
    /// let error = store.set_object(id, Unit { health: 501.0 }).unwrap_err();
    /// assert_eq!(error.to_string(), "slot 'health' of 'unit' expects 0.0 to 500.0, found 501.0");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_object<T: Slotted>(&self, id: ObjectId) -> Result<T, AccessError> {
        self.check_object_type::<T>(id)?;
        let (_, table) = self.locate(id)?;
        Ok(T::read(&mut ObjectReader::new(&table.columns, id.row())))
    }

    /// Returns copies of all living objects of the type's schema and of those that
    /// [extend it](Self#schemas-that-extend-others), by schema and row.
    ///
    /// [`objects_of`](Self::objects_of) narrows them to some of these schemas.
    ///
    /// # Errors
    /// Returns an error if the type's schema is not registered.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// let ids: Vec<ObjectId> = store.spawn_batch([Tile { height: 2.0 }; 10])?.collect();
    /// store.despawn(ids[4])?;
    /// assert_eq!(store.objects::<Tile>()?.map(|(_, tile)| tile.height).sum::<f32>(), 18.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn objects<T: Slotted>(
        &self,
    ) -> Result<impl Iterator<Item = (ObjectId, T)>, NotRegistered> {
        Ok(self.read_tables(self.registry.family(self.schema_of_type::<T>()?)))
    }

    /// Returns copies of all living objects of the named schema and of those that
    /// [extend it](Self#schemas-that-extend-others), by schema and row.
    ///
    /// # Errors
    /// Returns an error if the named schema or the type's is not registered, or if the named schema neither is
    /// nor extends the type's.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Slotted, Store, exactly, record};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// let orc = store.spawn_record("orc", record! { health: 120.0 })?;
    /// assert_eq!(store.objects_of::<Unit>(exactly("unit"))?.count(), 1);
    /// assert!(store.objects_of::<Unit>("orc")?.all(|(id, _)| id == orc));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn objects_of<'n, T: Slotted>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<impl Iterator<Item = (ObjectId, T)>, AccessError> {
        let selector = schema.into();
        let (schema, base) = (self.find_schema(selector.name())?, self.schema_of_type::<T>()?);
        if !self.registry.extends(schema.id(), base) {
            let (schema, base) = (Arc::clone(schema.shared_name()), self.schema_name_of(base));
            return Err(AccessError::Unrelated { schema, base });
        }
        Ok(self.read_tables(self.registry.selected(schema, selector.is_exact())))
    }

    /// Copies the objects of some tables, whose schemas are or extend the type's.
    fn read_tables<T: Slotted>(
        &self,
        schemas: Cow<'_, [SchemaId]>,
    ) -> impl Iterator<Item = (ObjectId, T)> + use<'_, T> {
        schemas.into_owned().into_iter().flat_map(|schema| {
            let columns = &self.tables[schema.index()].columns;
            let read = |id: ObjectId| T::read(&mut ObjectReader::new(columns, id.row()));
            self.table_ids(schema).map(move |id| (id, read(id)))
        })
    }

    /// Returns the schema of a Rust type.
    pub(super) fn schema_of_type<T: Slotted>(&self) -> Result<SchemaId, NotRegistered> {
        let schema = self.registry.of_type(TypeId::of::<T>());
        schema.ok_or_else(|| NotRegistered { type_name: type_name::<T>() })
    }

    /// Overwrites the slots of the type's schema in an object of that schema or of one that
    /// [extends it](Self#schemas-that-extend-others).
    ///
    /// Computes in **O(slots)** time. [`get_object`](Self::get_object) has an example.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or of another schema, or if a value violates its slot's
    /// constraints. Nothing is written then.
    pub fn set_object<T: Slotted>(&mut self, id: ObjectId, object: T) -> Result<(), AccessError> {
        self.check_object_type::<T>(id)?;
        self.check_fields(id.schema(), &object, self.overwriting(id).value_check())?;
        self.write_fields(id, &object);
        Ok(())
    }

    /// Checks the values of an object against the constraints of its slots.
    #[inline(always)]
    pub(super) fn check_fields<T: Slotted>(
        &self,
        schema: SchemaId,
        object: &T,
        context: ValueCheck<'_>,
    ) -> Result<(), Rejection> {
        let Some(schema) = self.registry.get(schema) else { return Ok(()) };
        let mut check = BatchCheck::new(schema, context);
        T::accepts(std::iter::once(object), &mut check);
        if check.are_right() { Ok(()) } else { refused(schema, object, context) }
    }
}

/// Returns the problems of an object that a slot refuses.
#[cold]
fn refused<T: Slotted>(
    schema: &RegisteredSchema,
    object: &T,
    context: ValueCheck<'_>,
) -> Result<(), Rejection> {
    let mut problems = Vec::new();
    object.check(&mut ObjectCheck::new(schema, context, None, &mut problems));
    Err(Rejection::new(problems))
}

impl Store {
    /// Overwrites the slots of a type's schema with values that were checked.
    pub(super) fn write_fields<T: Slotted>(&mut self, id: ObjectId, object: &T) {
        let table = &mut self.tables.for_values()[id.schema().index()];
        let mut writer = ObjectWriter::new(&mut table.columns, id.row());
        object.write_one(&mut writer);
        if table.is_tracked {
            let unwritten = writer.columns.len();
            let written = table.columns.len() - unwritten;
            table.columns[..written].iter_mut().for_each(|column| column.mark(id.row()));
        }
    }

    /// Checks that the object is alive, and of the type's schema or of one that extends it.
    fn check_object_type<T: Slotted>(&self, id: ObjectId) -> Result<(), AccessError> {
        self.locate(id)?;
        self.check_type::<T>(id)
    }

    /// Checks that the id is of the type's schema or of one that extends it.
    pub(super) fn check_type<T: Slotted>(&self, id: ObjectId) -> Result<(), AccessError> {
        let schema = self.registry.of_type(TypeId::of::<T>());
        if schema.is_some_and(|schema| self.registry.extends(id.schema(), schema)) {
            return Ok(());
        }
        let expected = match schema {
            Some(schema) => self.schema_name_of(schema),
            None => type_name::<T>().into(),
        };
        Err(AccessError::WrongSchema { id, expected, found: self.schema_name_of(id.schema()) })
    }
}
