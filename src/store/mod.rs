//! The store: the only place where names meet storage.

mod access;
mod columns;
mod despawn;
mod dynamic;
mod keys;
mod limits;
mod migrate;
mod parts;
mod plan;
mod records;
mod report;
mod reserve;
mod slotted;
mod spawn;
mod split;
mod view;

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::error::{AccessError, LimitError};
use crate::id::{ObjectId, SchemaId};
use crate::list::List;
use crate::schema::{
    Checker, ProblemKind, RegisteredSchema, Registry, RegistryLimits, Schema, SchemaError,
    SchemaSelector, Slot, World,
};
use crate::slot_value::{ListElement, element_shape};
use crate::storage::{HashSums, Interner, RowLimits, Table};
use crate::text::Text;
use crate::value::Value;

pub use columns::{SlotColumn, SlotColumnMut};
pub(crate) use dynamic::element_shape as shape_of_elements;
pub use keys::SlotKey;
pub use limits::Limits;
pub use migrate::{
    Migration, MigrationError, MigrationRejection, MigrationStep, Overwrites, SchemaMigration,
};
pub use plan::Spawned;
pub use report::{MemoryReport, SchemaMemory, SlotMemory};
pub use reserve::ReservedIds;
pub use slotted::{Batch, ObjectCheck, ObjectReader, ObjectWriter, Slotted};
pub use split::{SplitError, SplitStore};
pub(crate) use view::view_support;

/// What an engine needs to lend a store's columns to views by rules of its own, such as its scheduler's.
///
/// [`StoreParts`](lend::StoreParts) tells where the columns are, [`ViewColumns`](lend::ViewColumns) which of
/// them a view needs and for what, and makes a view of those that were lent to it.
pub mod lend {
    pub use super::parts::StoreParts;
    pub use super::view::lend::{Lent, ViewColumns, ViewSlot, Wanted};
    pub use crate::storage::{Column, Rows};
}
pub use view::{
    IdRun, MaybeIterMut, MaybeRun, MaybeRunMut, OptionIterMut, OptionMut, OptionRunMut, SharedView,
    View, ViewError, ViewField, ViewMut, ViewRef, ViewReport, ViewRuns,
};

/// Millions of objects of fixed structure, in packed columns.
///
/// ```
/// use slotted::{Kind, Schema, Slotted, Store, glam::Vec3, record};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit {
///     position: Vec3,
///     #[slot(default = 100.0, range = 0.0..=500.0)]
///     health: f32,
/// }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = store.spawn(Unit { position: Vec3::ZERO, health: 80.0 })?;
///
/// // A schema that arrives at run time extends the one from Rust and uses the same columns.
/// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.0);
/// store.register_schema(orc.build()?)?;
/// let orc = store.spawn_record("orc", record! { position: [0.0, 1.0, 0.0] })?;
/// assert_eq!(store.get_value(orc, "health")?, 100.0_f32.into());
/// assert_eq!(store.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Schemas that extend others
///
/// A schema name, or a Rust type that stands for a schema, means that schema and all that extend it: orcs are units.
/// [`exactly`](crate::exactly) leaves out those that extend it. This holds for every method that finds objects:
///
/// ```
/// # use slotted::{Slotted, Store, Schema, Kind, exactly, record};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// # store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
/// let unit = store.spawn(Unit { health: 80.0 })?;
/// let orc = store.spawn_record("orc", record! { health: 120.0 })?;
/// assert_eq!(store.len_of("unit")?, 2);
/// assert_eq!(store.len_of(exactly("unit"))?, 1);
/// assert_eq!(store.objects::<Unit>()?.count(), 2);
/// assert_eq!(store.get_object::<Unit>(orc)?.health, 120.0);
///
/// let health = store.key::<f32>(exactly("unit"), "health")?;
/// assert_eq!((store.get(unit, health), store.get(orc, health)), (Some(80.0), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A schema's slots begin with those of its base, so one key and one Rust type fit all of them. Objects come in the
/// order in which their schemas were registered, then by row. Calls that create objects, such as
/// [`spawn_record`](Self::spawn_record) and [`try_reserve`](Self::try_reserve), mean exactly the named schema.
#[doc(alias = "world")]
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub(crate) identity: Identity,
    pub(crate) epoch: Epoch,
    /// Shared with snapshots, as texts and lists are.
    pub(crate) registry: Arc<Registry>,
    /// One for each schema of the registry.
    pub(crate) tables: Vec<Table>,
    pub(crate) interner: Interner,
    pub(crate) limits: Limits,
    /// What the state hash is made of, if nothing was written since it was computed, but for what has
    /// not been sealed.
    pub(crate) hash_sums: Option<HashSums>,
    /// When the last schema came: what was hashed before does not count.
    pub(crate) registered: Epoch,
    views: view::ViewCache,
    /// Where a record has the slots' values: kept for its memory only.
    positions: Vec<Option<usize>>,
}

/// A table for a schema of the registry.
pub(crate) fn empty_table(registry: &Registry, limits: &Limits, schema: SchemaId) -> Table {
    let columns = registry.get(schema).map_or_else(Vec::new, dynamic::columns);
    let limits =
        RowLimits { rows: limits.rows_per_schema, last_generation: limits.last_generation() };
    Table::new(columns, limits)
}

fn find_schema<'r>(
    registry: &'r Registry,
    name: &str,
) -> Result<&'r RegisteredSchema, AccessError> {
    registry.find(name).ok_or_else(|| AccessError::UnknownSchema {
        schema: name.into(),
        suggestion: registry.suggest(name),
    })
}

/// Tells stores apart, so that a snapshot goes back only to its own.
#[derive(Debug, Default)]
pub(crate) struct Identity(Arc<()>);

impl Identity {
    pub(crate) fn same(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A copy of a store is another store.
impl Clone for Identity {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Which store it is: what [`Store::identity`] gives.
///
/// It holds no more than what tells stores apart, and outlives its store without ever naming another one.
#[derive(Clone, Debug)]
pub struct StoreIdentity(Arc<()>);

impl PartialEq for StoreIdentity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for StoreIdentity {}

impl Store {
    /// A store without schemas.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store with limits of its own.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits: limits.possible(), ..Self::default() }
    }

    /// Which store this is, for whoever keeps ids: those of one store mean nothing in another one.
    ///
    /// A store stays the same where it is moved, migrates or goes back to a snapshot. A clone is another one,
    /// and so is what a snapshot is read through.
    ///
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

    /// The limits of this store.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Registers the schema of a Rust type.
    ///
    /// The base that it extends is registered with it. Registering a type again does nothing.
    ///
    /// # Errors
    /// If the schema has a mistake, or another schema has its name.
    pub fn register<T: Slotted>(&mut self) -> Result<SchemaId, SchemaError> {
        if let Some(id) = self.registry.of_type(TypeId::of::<T>()) {
            return Ok(id);
        }
        T::register_base(self)?;
        let id = self.register_schema(T::schema()?)?;
        Arc::make_mut(&mut self.registry).set_type::<T>(id);
        Ok(id)
    }

    /// Registers a schema that was made at run time.
    ///
    /// Registering an equal schema again does nothing.
    ///
    /// # Errors
    /// If its base is not registered, or another schema has its name.
    pub fn register_schema(&mut self, schema: Schema) -> Result<SchemaId, SchemaError> {
        let limits =
            RegistryLimits { schemas: self.limits.schemas, slots: self.limits.slots_per_schema };
        let id = Arc::make_mut(&mut self.registry).register(schema, limits)?;
        if id.index() == self.tables.len() {
            self.tables.push(self.empty_table(id));
            // References to the new schema's objects, wherever they come from, have another hash now.
            self.hash_sums = None;
            self.registered = self.epoch;
        }
        assert_eq!(self.tables.len(), self.registry.len(), "each schema has a table");
        Ok(id)
    }

    /// A table for the schema.
    pub(crate) fn empty_table(&self, schema: SchemaId) -> Table {
        empty_table(&self.registry, &self.limits, schema)
    }

    /// The schema of this name.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&RegisteredSchema> {
        self.registry.find(name)
    }

    /// The schema of this id.
    #[must_use]
    pub fn schema_by_id(&self, id: SchemaId) -> Option<&RegisteredSchema> {
        self.registry.get(id)
    }

    /// Returns the schema of this id and all that it extends, nearest first.
    ///
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

    /// Checks whether a slot takes a value: its kind, its constraints, and whether a reference leads to a
    /// living object of the right schema.
    ///
    /// # Errors
    /// Returns the first problem of the value. [`RegisteredSchema::problem`] names the slot with it.
    pub fn check_value(&self, slot: &Slot, value: &Value) -> Result<(), ProblemKind> {
        self.checker().value(slot, value)
    }

    /// All schemas, in the order in which they were registered.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = &RegisteredSchema> {
        self.registry.iter()
    }

    /// The handle of a text, which the store keeps from now on.
    ///
    /// # Errors
    /// If the texts would take more room than they may.
    pub fn intern_text(&mut self, text: &str) -> Result<Text, LimitError> {
        let limit = self.limits.text_bytes;
        self.interner.text(text, limit).ok_or(LimitError::Text { limit })
    }

    /// The handle of a text that some value has already had.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<Text> {
        self.interner.texts.find(text)
    }

    /// The string behind a handle of this store.
    #[must_use]
    pub fn resolve(&self, text: Text) -> Option<&str> {
        self.interner.texts.resolve(text)
    }

    /// The handle of a list, which the store keeps from now on.
    ///
    /// The elements are held against a slot's constraints where the list is put into the slot.
    ///
    /// Costs a nanosecond or two for each number; a list that is new is copied.
    ///
    /// # Errors
    /// If the lists would take more room than they may.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let (a, b) = (store.list(&[22_u16, 7])?, store.list(&[22_u16, 7])?);
    /// assert_eq!(a, b);
    /// assert_eq!(store.resolve_list(a), Some(&[22, 7][..]));
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn intern_list<T: ListElement>(&mut self, elements: &[T]) -> Result<List<T>, LimitError> {
        let limit = self.limits.list_bytes;
        let list = self.interner.list(element_shape::<T>(), T::as_cells(elements), limit);
        list.map(List::new).ok_or(LimitError::List { limit })
    }

    /// The handle of a list that some value has already had.
    #[must_use]
    pub fn find_list<T: ListElement>(&self, elements: &[T]) -> Option<List<T>> {
        self.interner.find_list(element_shape::<T>(), T::as_cells(elements)).map(List::new)
    }

    /// The elements behind a handle of this store.
    ///
    /// Costs two look-ups, and for enums a look at each element.
    #[must_use]
    #[inline]
    pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
        self.interner.lists.resolve(element_shape::<T>(), list.cell()).map(T::from_cells)
    }

    /// How many objects are alive.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.iter().map(|table| table.rows.count() as usize).sum()
    }

    /// Whether no object is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of living objects of the schema and of those that
    /// [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    pub fn len_of<'n>(&self, schema: impl Into<SchemaSelector<'n>>) -> Result<usize, AccessError> {
        let tables = self.select(schema.into())?.iter().map(|id| &self.tables[id.index()]);
        Ok(tables.map(|table| table.rows.count() as usize).sum())
    }

    /// Whether the object is alive.
    #[must_use]
    #[inline]
    pub fn contains(&self, id: ObjectId) -> bool {
        let table = self.tables.get(id.schema().index());
        table.is_some_and(|table| table.rows.is_alive(id.row(), id.generation()))
    }

    /// The ids of all living objects, by schema and row.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        (0..self.tables.len()).flat_map(|schema| self.table_ids(SchemaId(schema as u16)))
    }

    /// Returns the ids of the living objects of the schema and of those that
    /// [extend it](Self#schemas-that-extend-others), by schema and row.
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    pub fn ids_of<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<impl Iterator<Item = ObjectId>, AccessError> {
        let schemas = self.select(schema.into())?;
        Ok(schemas.iter().flat_map(|schema| self.table_ids(*schema)))
    }

    fn table_ids(&self, schema: SchemaId) -> impl Iterator<Item = ObjectId> {
        let rows = &self.tables[schema.index()].rows;
        (0..rows.blocks()).flat_map(move |block| {
            rows.runs_in(block).flatten().map(move |offset| {
                let row = block * crate::storage::BLOCK_ROWS + offset;
                ObjectId::new(schema, row as u32, rows.generations()[row])
            })
        })
    }

    /// The schemas that a selector means, in the order of registration.
    fn select(&self, selector: SchemaSelector<'_>) -> Result<&[SchemaId], AccessError> {
        let schema = self.find_schema(selector.name())?;
        Ok(self.registry.selected(schema, selector.is_exact()))
    }

    fn find_schema(&self, name: &str) -> Result<&RegisteredSchema, AccessError> {
        find_schema(&self.registry, name)
    }

    /// The schema and the table of a living object.
    fn locate(&self, id: ObjectId) -> Result<(&RegisteredSchema, &Table), AccessError> {
        if self.contains(id)
            && let Some(schema) = self.registry.get(id.schema())
        {
            return Ok((schema, &self.tables[id.schema().index()]));
        }
        Err(AccessError::Despawned { id })
    }

    pub(crate) fn checker(&self) -> Checker<'_> {
        Checker { registry: &self.registry, world: self }
    }

    fn schema_name_of(&self, schema: SchemaId) -> Arc<str> {
        self.registry
            .get(schema)
            .map_or_else(|| "".into(), |schema| Arc::clone(schema.shared_name()))
    }
}

impl World for Store {
    fn is_alive(&self, id: ObjectId) -> bool {
        self.contains(id)
    }

    fn knows_text(&self, text: Text) -> bool {
        self.resolve(text).is_some()
    }

    fn lists(&self) -> Option<&dyn Any> {
        Some(&self.interner)
    }
}
