//! The store, the only module that joins schemas and storage.

// rustdoc lists the methods of `Store` in the order of these modules: the most used ones come first.
// Blank lines keep rustfmt from sorting them.
mod registration;

mod spawn;

mod view;

mod keys;

mod records;

mod access;
mod any;
mod column_parts;
mod columns;
pub(crate) mod commands;
mod compact;
mod despawn;
#[cfg(feature = "serde")]
mod dump;
mod dynamic;
mod elements;
mod fill;
mod ids;
mod limits;
mod migrate;
mod nested_field;
mod parts;
mod plan;
mod references;
mod release;
mod report;
mod reserve;
mod schemas;
mod slot_union;
mod slotted;
mod split;
mod state;
mod table_list;
mod tracking;
mod transaction;

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::error::{Despawned, LimitError, UnknownSchema};
use crate::id::{ObjectId, SchemaId};
use crate::list::List;
use crate::schema::{Checker, RegisteredSchema, Registry, SchemaSelector};
use crate::shared_vec::WeakSharedVec;
use crate::side_table::Living;
use crate::slot_value::{ListElement, ValueCheck, element_shape};
use crate::storage::{Interner, Table, TableSnapshot};
use crate::text::Text;

pub use column_parts::{ColumnBlock, ColumnRun};
pub use columns::{SlotColumn, SlotColumnMut};
pub use compact::MovedIds;
#[cfg(feature = "serde")]
pub use dump::Dump;
pub(crate) use dynamic::element_shape as shape_of_elements;
pub use elements::{
    Element, Elements, ListMaker, Lists, MakeLists, NotInElements, Part, PartElements, PartKeys,
    PartList, Records, VisitLists,
};
pub use fill::{FillError, TableFill};
pub use ids::ObjectIds;
pub use keys::SlotKey;
pub use limits::Limits;
pub use migrate::{
    Migration, MigrationError, MigrationRejection, MigrationStep, Overwrites, SchemaMigration,
};
pub use nested_field::{NestedField, Whole};
pub use plan::Spawned;
pub use report::{MemoryReport, SchemaMemory, SlotMemory};
pub use reserve::{ColumnCells, RefusedValues, ReservedIds, WriteColumnsError};
pub use slot_union::{SlotUnion, VariantSchema, declare_union, declare_variant};
pub use slotted::{
    Batch, BatchCheck, KeyReader, ObjectCheck, ObjectField, ObjectReader, ObjectWriter, ReadKeys,
    Slotted, within_variants,
};
pub use split::{SplitError, SplitStore, SplitUse, SplitUser};
pub(crate) use state::{
    Differences, HashSums, StateMismatch, StoreState, TableDifference, UncheckedTable, living,
};
pub(crate) use view::view_support;

/// Lends a store's columns to views by an engine's own rules, such as those of its scheduler.
///
/// [`StoreParts`](lend::StoreParts) locates the columns. [`ViewColumns`](lend::ViewColumns) lists the
/// columns that a view reads or writes, and makes a view of those lent to it.
pub mod lend {
    pub use super::parts::StoreParts;
    pub use super::view::lend::{Lent, ViewColumns, ViewSlot, Wanted};
    pub use crate::storage::{Column, Rows};
}
pub use view::{
    GetDisjointError, IdRun, MaybeIter, MaybeIterMut, MaybeRun, MaybeRunMut, Mut, MutIter, MutRun,
    OptionIterMut, OptionMut, OptionRunMut, RunIter, SharedView, View, ViewBatch, ViewError,
    ViewField, ViewIter, ViewMut, ViewMutById, ViewRef, ViewRefById, ViewReport, ViewRuns,
};

/// A store of objects with fixed slots, in packed columns.
///
/// # Example
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
#[derive(Clone, Default)]
pub struct Store {
    identity: Identity,
    epoch: Epoch,
    /// Shared with snapshots, as texts and lists are.
    registry: Arc<Registry>,
    /// One for each schema of the registry.
    tables: table_list::TableList,
    /// The tables of the last snapshot or transaction.
    last_tables: WeakSharedVec<TableSnapshot>,
    interner: Interner,
    handles: release::Handles,
    limits: Limits,
    /// The sums of the state hash, unless an epoch has ended since in which something was written.
    hash_sums: Option<HashSums>,
    /// The epoch in which the last schema was registered: hashes of blocks from before are outdated.
    registered: Epoch,
    views: view::ViewCache,
    /// The Rust type of the last [`spawn`](Self::spawn), and its schema, which never becomes another one.
    last_spawned: Option<(TypeId, SchemaId)>,
    /// A slot tracks its changes.
    is_tracked: bool,
    /// The positions of the slots' values in a record. Scratch memory.
    positions: Vec<Option<usize>>,
}

/// Shows the number of objects of each schema, for the first schemas.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        let counts = self.registry.iter().zip(&self.tables);
        let counts = counts.map(|(schema, table)| (schema.name(), table.rows.count()));
        let shown: Vec<_> = counts.take(SHOWN).collect();
        f.debug_struct("Store")
            .field("objects", &self.len())
            .field("schemas", &self.registry.len())
            .field(
                "objects_of",
                &fmt::from_fn(|f| f.debug_map().entries(shown.iter().copied()).finish()),
            )
            .finish_non_exhaustive()
    }
}

/// Returns an empty table for a schema of the registry.
fn empty_table(registry: &Registry, limits: &Limits, schema: SchemaId) -> Table {
    Table::new(registry.get(schema).map_or_else(Vec::new, dynamic::columns), limits.of_rows())
}

#[inline]
fn find_schema<'r>(
    registry: &'r Arc<Registry>,
    name: &str,
) -> Result<&'r RegisteredSchema, UnknownSchema> {
    match registry.find(name) {
        Some(schema) => Ok(schema),
        None => Err(unknown_schema(registry, name)),
    }
}

#[cold]
fn unknown_schema(registry: &Arc<Registry>, name: &str) -> UnknownSchema {
    UnknownSchema { schema: name.into(), suggestion: registry.suggest(name) }
}

/// The identity of a store: a snapshot restores only its own store.
#[derive(Debug, Default)]
struct Identity(Arc<()>);

impl Identity {
    fn same(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A clone of a store is a different store.
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

/// The identity of a store, from [`Store::identity`].
///
/// It never equals the identity of another store, even after its own is dropped.
#[derive(Clone, Debug)]
pub struct StoreIdentity(Arc<()>);

impl PartialEq for StoreIdentity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for StoreIdentity {}

impl Store {
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

    /// Returns the handle of a text, and stores the text if it is new.
    ///
    /// Equal texts share one handle. Texts without objects stay until [`release_memory`](Self::release_memory).
    ///
    /// Computes in **O(bytes)** time.
    ///
    /// # Errors
    /// Returns an error if the texts would exceed [`Limits::text_bytes`].
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let ada = store.intern_text("Ada")?;
    /// assert_eq!(store.intern_text("Ada")?, ada);
    /// assert_eq!(store.find_text("Ada"), Some(ada));
    /// assert_eq!(store.resolve(ada), Some("Ada"));
    /// assert_eq!(store.find_text("Bob"), None);
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn intern_text(&mut self, text: &str) -> Result<Text, LimitError> {
        let limit = self.limits.text_bytes;
        self.interner.text(text, limit).ok_or(LimitError::Text { limit })
    }

    /// Returns the handle of a stored text.
    ///
    /// [`intern_text`](Self::intern_text) has an example.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<Text> {
        self.interner.texts.find(text)
    }

    /// Returns the text of a handle. A handle of another store gives `None` or another text.
    ///
    /// Computes in **O(1)** time. [`intern_text`](Self::intern_text) has an example.
    #[must_use]
    pub fn resolve(&self, text: Text) -> Option<&str> {
        self.interner.texts.resolve(text)
    }

    /// Returns the handle of a list, and stores a copy of the list if it is new.
    ///
    /// Equal lists share one handle. Lists without objects stay until [`release_memory`](Self::release_memory). Writing the list to a slot
    /// checks its elements against the slot's constraints.
    ///
    /// Computes in **O(elements)** time, 1 to 2 ns for each number.
    ///
    /// # Errors
    /// Returns an error if the lists would exceed [`Limits::list_bytes`].
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let (a, b) = (store.intern_list(&[22_u16, 7])?, store.intern_list(&[22_u16, 7])?);
    /// assert_eq!(a, b);
    /// assert_eq!(store.find_list(&[22_u16, 7]), Some(a));
    /// assert_eq!(store.resolve_list(a), Some(&[22, 7][..]));
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    pub fn intern_list<T: ListElement>(&mut self, elements: &[T]) -> Result<List<T>, LimitError> {
        let limit = self.limits.list_bytes;
        let list = self.interner.list(element_shape::<T>(), T::as_cells(elements), limit);
        list.map(List::new).ok_or(LimitError::List { limit })
    }

    /// Returns the handle of a stored list.
    ///
    /// [`intern_list`](Self::intern_list) has an example.
    #[must_use]
    pub fn find_list<T: ListElement>(&self, elements: &[T]) -> Option<List<T>> {
        self.interner.find_list(element_shape::<T>(), T::as_cells(elements)).map(List::new)
    }

    /// Returns the elements of a list. A handle of another store gives `None` or another list.
    ///
    /// Computes in **O(1)** time; lists of enums in **O(elements)**. [`intern_list`](Self::intern_list) has
    /// an example.
    #[must_use]
    #[inline]
    pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
        self.interner.lists.resolve(element_shape::<T>(), list.cell()).map(T::from_cells)
    }

    /// Returns the number of living objects.
    ///
    /// Computes in **O(schemas)** time.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// assert!(store.is_empty());
    /// let unit = store.spawn_record("unit", record! { health: 80.0 })?;
    /// assert_eq!(store.len(), 1);
    /// assert_eq!(store.len_of("unit")?, 1);
    /// assert!(store.contains(unit));
    /// assert_eq!(store.ids().collect::<Vec<_>>(), [unit]);
    /// assert_eq!(store.ids_of("unit")?.collect::<Vec<_>>(), [unit]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.iter().map(|table| table.rows.count() as usize).sum()
    }

    /// Returns `true` if no object is alive.
    ///
    /// [`len`](Self::len) has an example.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of living objects of the schema and of those that
    /// [extend it](Self#schemas-that-extend-others).
    ///
    /// [`len`](Self::len) has an example.
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    pub fn len_of<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<usize, UnknownSchema> {
        let schemas = self.select(schema.into())?;
        let count = |schema: &SchemaId| self.tables[schema.index()].rows.count() as usize;
        Ok(schemas.iter().map(count).sum())
    }

    /// Returns `true` if the object is alive.
    ///
    /// Computes in **O(1)** time. [`len`](Self::len) has an example.
    #[must_use]
    #[inline]
    pub fn contains(&self, id: ObjectId) -> bool {
        let table = self.tables.get(id.schema().index());
        table.is_some_and(|table| table.rows.is_alive(id.row(), id.generation()))
    }

    /// Returns the ids of the living objects of the schema and of those that
    /// [extend it](Self#schemas-that-extend-others), by schema and row.
    ///
    /// [`len`](Self::len) has an example.
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    pub fn ids_of<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<impl Iterator<Item = ObjectId>, UnknownSchema> {
        let schemas = self.select(schema.into())?;
        Ok(schemas.into_owned().into_iter().flat_map(|schema| self.table_ids(schema)))
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

    /// Returns the selected schemas, in the order of registration.
    fn select(&self, selector: SchemaSelector<'_>) -> Result<Cow<'_, [SchemaId]>, UnknownSchema> {
        let schema = self.find_schema(selector.name())?;
        Ok(self.registry.selected(schema, selector.is_exact()))
    }

    fn find_schema(&self, name: &str) -> Result<&RegisteredSchema, UnknownSchema> {
        find_schema(&self.registry, name)
    }

    /// Returns the schema and the table of a living object.
    #[inline]
    fn locate(&self, id: ObjectId) -> Result<(&RegisteredSchema, &Table), Despawned> {
        if self.contains(id)
            && let Some(schema) = self.registry.get(id.schema())
        {
            return Ok((schema, &self.tables[id.schema().index()]));
        }
        Err(Despawned { id })
    }

    fn checker(&self) -> Checker<'_> {
        Checker { registry: &self.registry, world: self }
    }

    fn value_check(&self) -> ValueCheck<'_> {
        ValueCheck { checker: self.checker(), interner: &self.interner }
    }

    fn schema_name_of(&self, schema: SchemaId) -> Arc<str> {
        self.registry
            .get(schema)
            .map_or_else(|| "".into(), |schema| Arc::clone(schema.shared_name()))
    }
}

impl Living for Store {
    #[inline]
    fn is_alive(&self, id: ObjectId) -> bool {
        Self::contains(self, id)
    }
}
