//! New stores, and the registration of schemas.

use std::any::TypeId;
use std::sync::Arc;

use crate::id::SchemaId;
use crate::schema::{Registrable, RegistryLimits, Schema, SchemaError};
use crate::storage::Table;
use crate::store::{Limits, Slotted, Store, empty_table};

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
        let schema = match self.registry.examine(schema, limits)? {
            Registrable::Known(id) => return Ok(id),
            Registrable::New(schema) => schema,
        };
        let id = schema.id();
        Arc::make_mut(&mut self.registry).add(*schema);
        self.add_table(id);
        self.views.leave_registry();
        // References to objects of the new schema hash by its name from now on.
        self.hash_sums = None;
        self.registered = self.epoch;
        assert_eq!(self.tables.len(), self.registry.len(), "each schema has a table");
        Ok(id)
    }

    /// Registers the Rust types of another store: those whose schemas have the same slots in both.
    ///
    /// A store that was read from a file has schemas, but no types; without this, the first
    /// [`register`](Self::register) of each type gives it its schema.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut game = Store::new();
    /// game.register::<Tile>()?;
    ///
    /// let mut loaded = Store::new();
    /// loaded.register_schema(game.schema("tile").unwrap().to_schema())?;
    /// assert!(loaded.spawn(Tile { height: 1.0 }).is_err());
    /// loaded.register_types_of(&game);
    /// loaded.spawn(Tile { height: 1.0 })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register_types_of(&mut self, other: &Self) {
        Arc::make_mut(&mut self.registry).take_types_of(&other.registry);
        self.last_spawned = None;
    }

    /// Returns an empty table for the schema.
    pub(super) fn empty_table(&self, schema: SchemaId) -> Table {
        empty_table(&self.registry, &self.limits, schema)
    }
}
