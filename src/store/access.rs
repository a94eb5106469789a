//! Whole objects as Rust values.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use crate::error::{AccessError, Rejection};
use crate::id::{ObjectId, SchemaId};
use crate::store::{ObjectCheck, ObjectReader, ObjectWriter, Slotted, Store};

impl Store {
    /// A copy of the object, which is of the type's schema or of one that extends it.
    ///
    /// # Errors
    /// If the object is not alive or of another schema.
    pub fn get_object<T: Slotted>(&self, id: ObjectId) -> Result<T, AccessError> {
        self.schema_of_object::<T>(id)?;
        let (_, table) = self.locate(id)?;
        Ok(T::read(&mut ObjectReader { columns: table.columns.iter(), row: id.row() }))
    }

    /// Copies of all living objects of exactly the type's schema, by row.
    ///
    /// The schema is looked up once for all of them.
    ///
    /// # Errors
    /// If the type's schema is not registered.
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
    pub fn objects<T: Slotted>(&self) -> Result<impl Iterator<Item = (ObjectId, T)>, AccessError> {
        let schema = self.registry.of_type(TypeId::of::<T>());
        let schema = schema.ok_or(AccessError::NotRegistered { type_name: type_name::<T>() })?;
        let columns = &self.tables[schema.index()].columns;
        Ok(self
            .table_ids(schema)
            .map(|id| (id, T::read(&mut ObjectReader { columns: columns.iter(), row: id.row() }))))
    }

    /// Overwrites the slots of the type's schema in an object of that schema or of one that
    /// extends it.
    ///
    /// # Errors
    /// If the object is not alive or of another schema, or a value violates its slot's
    /// constraints; nothing is written then.
    pub fn set_object<T: Slotted>(&mut self, id: ObjectId, object: T) -> Result<(), AccessError> {
        self.schema_of_object::<T>(id)?;
        let (schema, _) = self.locate(id)?;
        let mut problems = Vec::new();
        let context = self.value_check();
        let mut check =
            ObjectCheck { schema, context, record: None, problems: &mut problems, next: 0 };
        object.check(&mut check);
        if !problems.is_empty() {
            return Err(Rejection::new(problems).into());
        }
        let columns = self.tables[id.schema().index()].columns.iter_mut();
        object.write_one(&mut ObjectWriter { columns, row: id.row() });
        Ok(())
    }

    /// The type's schema, if the object is of it or of one that extends it.
    fn schema_of_object<T: Slotted>(&self, id: ObjectId) -> Result<SchemaId, AccessError> {
        let (found, _) = self.locate(id)?;
        let schema = self.registry.of_type(TypeId::of::<T>());
        match schema.filter(|schema| self.registry.extends(id.schema(), *schema)) {
            Some(schema) => Ok(schema),
            None => Err(AccessError::WrongSchema {
                id,
                expected: match schema {
                    Some(schema) => self.schema_name_of(schema),
                    None => type_name::<T>().into(),
                },
                found: Arc::clone(found.shared_name()),
            }),
        }
    }
}
