//! New stores, and the registration and look-up of schemas.

use std::any::TypeId;
use std::sync::Arc;

use crate::error::AccessError;
use crate::id::SchemaId;
use crate::schema::{
    ProblemKind, RegisteredSchema, RegistryLimits, Schema, SchemaError, SchemaSelector, Slot,
};
use crate::storage::Table;
use crate::store::{Limits, Slotted, Store, StoreIdentity, empty_table};
use crate::value::Value;

impl Store {
    /// Returns a store without schemas.
    ///
    /// ```
    /// let store = slotted::Store::new();
    /// assert_eq!(store.schemas().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a store with these limits.
    ///
    /// ```
    /// let mut limits = slotted::Limits::default();
    /// limits.schemas = 10;
    /// assert_eq!(slotted::Store::with_limits(limits).limits().schemas, 10);
    /// ```
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits: limits.possible(), ..Self::default() }
    }

    /// Registers the schema of a Rust type.
    ///
    /// Its base is registered with it. Registering a type again does nothing.
    ///
    /// # Errors
    /// Returns an error if the schema is invalid, or another schema has its name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// let id = store.register::<Tile>()?;
    /// assert_eq!(store.register::<Tile>()?, id);
    /// assert_eq!(store.schema("tile").map(|schema| schema.id()), Some(id));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn register<T: Slotted>(&mut self) -> Result<SchemaId, SchemaError> {
        if let Some(id) = self.registry.of_type(TypeId::of::<T>()) {
            return Ok(id);
        }
        T::register_base(self)?;
        let id = self.register_schema(T::schema()?)?;
        Arc::make_mut(&mut self.registry).set_type::<T>(id);
        Ok(id)
    }

    /// Registers a schema that was built at run time.
    ///
    /// Registering an equal schema again does nothing.
    ///
    /// # Errors
    /// Returns an error if its base is not registered, or another schema has its name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("health", Kind::F32);
    /// let id = store.register_schema(unit.clone().build()?)?;
    /// assert_eq!(store.register_schema(unit.build()?)?, id);
    ///
    /// let other = Schema::builder("unit").slot("health", Kind::F64);
    /// assert!(store.register_schema(other.build()?).is_err());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn register_schema(&mut self, schema: Schema) -> Result<SchemaId, SchemaError> {
        let limits =
            RegistryLimits { schemas: self.limits.schemas, slots: self.limits.slots_per_schema };
        let id = Arc::make_mut(&mut self.registry).register(schema, limits)?;
        if id.index() == self.tables.len() {
            self.tables.push(self.empty_table(id));
            // References to objects of the new schema hash by its name from now on.
            self.hash_sums = None;
            self.registered = self.epoch;
        }
        assert_eq!(self.tables.len(), self.registry.len(), "each schema has a table");
        Ok(id)
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
    ) -> Result<impl Iterator<Item = &RegisteredSchema>, AccessError> {
        let schemas = self.select(schema.into())?;
        Ok(schemas.iter().filter_map(|schema| self.registry.get(*schema)))
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

    /// Checks a value for a slot: its kind, its constraints, and that a reference names a living object
    /// of the required schema.
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

    /// Returns the limits of the store.
    ///
    /// [`with_limits`](Self::with_limits) has an example.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the store's identity. Keep it with ids, which are valid only in their own store.
    ///
    /// Moves, migrations and restored snapshots keep the identity. A clone has another one, and so has
    /// the store through which a snapshot is read.
    ///
    /// # Example
    /// ```
    /// use slotted::Store;
    /// let mut store = Store::new();
    /// let identity = store.identity();
    /// let before = store.snapshot();
    /// store.restore(&before)?;
    /// assert_eq!(store.identity(), identity);
    /// assert_ne!(store.clone().identity(), identity);
    /// # Ok::<(), slotted::SnapshotError>(())
    /// ```
    #[must_use]
    pub fn identity(&self) -> StoreIdentity {
        StoreIdentity(self.identity.same().0)
    }

    /// Returns an empty table for the schema.
    pub(super) fn empty_table(&self, schema: SchemaId) -> Table {
        empty_table(&self.registry, &self.limits, schema)
    }
}
