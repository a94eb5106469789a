//! Look-up of a store's schemas.

use std::sync::Arc;

use crate::error::UnknownSchema;
use crate::id::SchemaId;
use crate::schema::{ProblemKind, RegisteredSchema, SchemaSelector, Slot};
use crate::store::Store;
use crate::store::view::ViewCache;
use crate::value::Value;

impl Store {
    /// Returns a store with the same schemas and limits, without objects, texts and lists: for trials.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let mut trial = store.without_objects();
    /// let other = Schema::builder("unit").slot("health", Kind::U8).build()?;
    /// assert!(trial.register_schema(other).is_err());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn without_objects(&self) -> Self {
        let mut store = Self::with_limits(self.limits);
        store.registry = Arc::clone(&self.registry);
        store.views = ViewCache::of_same_registry(self.views.shared());
        store.tables = self.registry.iter().map(|schema| self.empty_table(schema.id())).collect();
        store
    }

    /// Returns the schema with this name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let id = store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// assert_eq!(store.schema("unit").map(|schema| schema.id()), Some(id));
    /// assert_eq!(store.schema_by_id(id).map(|schema| schema.name()), Some("unit"));
    /// assert!(store.schema("orc").is_none());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.registry.find(name)
    }

    /// Returns the schema of this id.
    ///
    /// [`schema`](Self::schema) has an example.
    #[must_use]
    pub fn schema_by_id(&self, id: SchemaId) -> Option<&RegisteredSchema> {
        self.registry.get(id)
    }

    /// Returns the schema with this id and all schemas that it extends, nearest first.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let orc = store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// let names: Vec<&str> = store.schema_and_bases(orc).map(|schema| schema.name()).collect();
    /// assert_eq!(names, ["orc", "unit"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn schema_and_bases(&self, id: SchemaId) -> impl Iterator<Item = &RegisteredSchema> {
        self.registry.with_bases(id)
    }

    /// Returns the schema of this name and all that [extend it](Self#schemas-that-extend-others), in the order of
    /// registration.
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    ///
    /// ```
    /// use slotted::{Kind, Schema, Store, exactly};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// let names: Vec<&str> = store.schemas_of("unit")?.map(|schema| schema.name()).collect();
    /// assert_eq!(names, ["unit", "orc"]);
    /// assert_eq!(store.schemas_of(exactly("unit"))?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schemas_of<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<impl Iterator<Item = &RegisteredSchema>, UnknownSchema> {
        let schemas = self.select(schema.into())?;
        Ok(schemas.into_owned().into_iter().filter_map(|schema| self.registry.get(schema)))
    }

    /// Returns all schemas in the order of registration.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// assert_eq!(store.schemas().map(|schema| schema.name()).collect::<Vec<_>>(), ["unit"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &RegisteredSchema> {
        self.registry.iter()
    }

    /// Checks a value for a slot of a new object: its kind, its constraints, and that a reference names an object of
    /// the required schema, or a [dead one](crate::ObjectId#dead-references).
    ///
    /// # Errors
    /// Returns the first problem of the value. [`RegisteredSchema::problem`] adds the slot's name to it.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let slot = store.schema("unit").unwrap().slot("health").unwrap();
    /// assert_eq!(store.check_value(slot, &80.into()), Ok(()));
    /// assert!(store.check_value(slot, &"high".into()).is_err());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn check_value(&self, slot: &Slot, value: &Value) -> Result<(), ProblemKind> {
        self.checker().value(slot, value)
    }
}
