//! Commands: changes that are recorded while views are in use, and made later.

mod apply;
mod error;
mod parallel;
mod reserved_rows;
mod sets;
mod spawns;

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::{Despawned, LimitError, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::record::Record;
use crate::schema::Registry;
use crate::slot_value::SlotField;
use crate::store::{Limits, SlotKey, Slotted, Store, StoreIdentity};
use crate::value::Value;
pub use error::{CommandKind, CommandProblem, CommandsError};
pub use parallel::ParallelCommands;
use reserved_rows::ReservedRows;
use sets::{ByKey, ByName, Set, SetQueue, Whole};
use spawns::{Objects, SpawnQueue};

/// Spawns, changes and despawns that are recorded now and applied later.
///
/// [`Store::commands`] creates them. They borrow nothing, so a loop over a view can record what it may not do at
/// once. [`apply`](Self::apply) makes all changes or none, in a fixed order: spawns, changes of values, despawns.
///
/// The id of a new object is known when its spawn is recorded. Other objects can refer to it at once, and so can
/// the object [itself](Self::spawn_with).
///
/// ```
/// use slotted::{ObjectId, Slotted, Store, View};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32, grave: Option<ObjectId> }
/// #[derive(Slotted, Clone, Copy)]
/// struct Grave { of: ObjectId }
/// #[derive(View)]
/// struct Units<'a> { id: ObjectId, health: &'a mut f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.register::<Grave>()?;
/// store.spawn_batch((1..=3).map(|n| Unit { health: 10.0 * n as f32, grave: None }))?;
///
/// let mut commands = store.commands();
/// for unit in store.view::<Units>()?.iter() {
///     *unit.health -= 15.0;
///     if *unit.health <= 0.0 {
///         commands.spawn(Grave { of: unit.id })?;
///         commands.despawn(unit.id);
///     }
/// }
/// commands.apply(&mut store)?;
/// assert_eq!((store.len_of("unit")?, store.len_of("grave")?), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// New objects get the lowest free rows, as with [`Store::spawn`]. Objects that are spawned in another way before
/// the commands are applied would get the same rows: `apply` refuses the commands then. Record all spawns of a frame in
/// the same `Commands`. [`ParallelCommands`] record on several threads.
#[doc(alias = "CommandBuffer")]
#[must_use = "commands do nothing until they are applied"]
pub struct Commands {
    store: StoreIdentity,
    registry: Arc<Registry>,
    limits: Limits,
    /// One for each schema.
    reserved: Vec<ReservedRows>,
    /// One queue for each Rust type that is spawned.
    spawns: Vec<Box<dyn SpawnQueue>>,
    spawned_types: Vec<(TypeId, SchemaId)>,
    records: Vec<(ObjectId, Record)>,
    /// Living objects, and the ids of their copies.
    copies: Vec<(ObjectId, ObjectId)>,
    /// One queue for each type of change.
    sets: Vec<Box<dyn SetQueue>>,
    set_types: Vec<TypeId>,
    /// The changes in the order of recording: queue, and number in the queue.
    set_order: Vec<(u32, u32)>,
    despawns: Vec<ObjectId>,
    /// Despawns that skip dead objects.
    try_despawns: Vec<ObjectId>,
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.spawns.iter().map(|spawns| spawns.len()).sum::<usize>();
        f.debug_struct("Commands")
            .field("spawns", &(objects + self.records.len() + self.copies.len()))
            .field("sets", &self.set_order.len())
            .field("despawns", &(self.despawns.len() + self.try_despawns.len()))
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Returns an empty list of commands, to be recorded while views are in use.
    ///
    /// Computes in **O(schemas + n)** time for n groups of 64 adjacent rows in which objects were despawned and no others
    /// spawned since: about 0.2 ms if all of a million rows are free, or a few of each group. [`Commands`] has an
    /// example.
    pub fn commands(&self) -> Commands {
        let tables = self.tables.iter().zip(0..);
        let rows = tables.map(|(table, schema)| ReservedRows::new(SchemaId(schema), &table.rows));
        Commands {
            store: self.identity(),
            registry: Arc::clone(&self.registry),
            limits: self.limits,
            reserved: rows.collect(),
            spawns: Vec::new(),
            spawned_types: Vec::new(),
            records: Vec::new(),
            copies: Vec::new(),
            sets: Vec::new(),
            set_types: Vec::new(),
            set_order: Vec::new(),
            despawns: Vec::new(),
            try_despawns: Vec::new(),
        }
    }
}

const QUEUE: &str = "a queue is found by its type";

impl Commands {
    /// Records the spawn of an object and returns its id.
    ///
    /// The values are checked when the commands are applied. Computes in **O(1)** time. [`Commands`] has an example.
    ///
    /// # Errors
    /// Returns an error if the type's schema is not registered, or no row is left.
    #[inline]
    pub fn spawn<T: Slotted>(&mut self, object: T) -> Result<ObjectId, SpawnError> {
        let queue = self.object_queue::<T>()?;
        let schema = self.spawned_types[queue].1;
        let id = self.reserve_written_row(schema)?;
        let position = self.reserved[schema.index()].ids().len() - 1;
        self.objects::<T>(queue).push(position, object);
        Ok(id)
    }

    /// Records the spawn of an object that knows its own id.
    ///
    /// # Errors
    /// Returns an error if the type's schema is not registered, or no row is left.
    ///
    /// # Example
    /// ```
    /// use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { leader: ObjectId }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    ///
    /// let mut commands = store.commands();
    /// let leader = commands.spawn_with(|own| Unit { leader: own })?;
    /// commands.spawn(Unit { leader })?;
    /// commands.apply(&mut store)?;
    /// assert!(store.objects::<Unit>()?.all(|(_, unit)| unit.leader == leader));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn spawn_with<T: Slotted>(
        &mut self,
        object: impl FnOnce(ObjectId) -> T,
    ) -> Result<ObjectId, SpawnError> {
        let queue = self.object_queue::<T>()?;
        let schema = self.spawned_types[queue].1;
        let id = self.reserve_row(schema)?;
        // The closure may panic. The id has no object then.
        let object = object(id);
        let position = self.begin_write(id, schema)?;
        self.objects::<T>(queue).push(position, object);
        Ok(id)
    }

    /// Records the spawn of an object from named values and returns its id.
    ///
    /// # Errors
    /// Returns an error if the schema is not registered, or no row is left.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("person").slot("age", Kind::U8).build()?)?;
    /// let mut commands = store.commands();
    /// let ada = commands.spawn_record("person", record! { age: 41 })?;
    /// commands.set_value(ada, "age", 42);
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_value(ada, "age")?, 42.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        let schema = self.find_schema(schema)?;
        let id = self.reserve_written_row(schema)?;
        self.records.push((id, record));
        Ok(id)
    }

    /// Records the spawn of a copy of a living object and returns its id.
    ///
    /// The copy gets the values that the object has before any other command is applied.
    ///
    /// # Errors
    /// Returns an error if no row is left, or if the id is of a schema that the store does not have. An object that
    /// is dead when the commands are applied is a problem then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut commands = store.commands();
    /// let copy = commands.duplicate(unit)?;
    /// commands.set_value(unit, "health", 1.0);
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_object::<Unit>(copy)?.health, 80.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn duplicate(&mut self, id: ObjectId) -> Result<ObjectId, SpawnError> {
        if id.schema().index() >= self.reserved.len() {
            return Err(Despawned { id }.into());
        }
        let copy = self.reserve_written_row(id.schema())?;
        self.copies.push((id, copy));
        Ok(copy)
    }

    /// Reserves an id for an object of a Rust type's schema, whose values [`write`](Self::write) gives later.
    ///
    /// The id of an object without values is dead once the commands are applied.
    ///
    /// # Errors
    /// Returns an error if the type's schema is not registered, or no row is left.
    ///
    /// # Example
    /// ```
    /// use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { rival: ObjectId }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    ///
    /// let mut commands = store.commands();
    /// let (grom, zog) = (commands.reserve::<Unit>()?, commands.reserve::<Unit>()?);
    /// commands.write(grom, Unit { rival: zog })?;
    /// commands.write(zog, Unit { rival: grom })?;
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_object::<Unit>(zog)?.rival, grom);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve<T: Slotted>(&mut self) -> Result<ObjectId, SpawnError> {
        let schema = self.schema_of_type::<T>()?;
        self.reserve_row(schema)
    }

    /// Reserves an id for an object of the named schema, whose values [`write_record`](Self::write_record) gives
    /// later.
    ///
    /// # Errors
    /// Returns an error if the schema is not registered, or no row is left.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("orc").slot("rival", Kind::Object).build()?)?;
    /// let mut commands = store.commands();
    /// let orc = commands.reserve_of("orc")?;
    /// commands.write_record(orc, record! { rival: orc })?;
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_value(orc, "rival")?, orc.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve_of(&mut self, schema: &str) -> Result<ObjectId, SpawnError> {
        let schema = self.find_schema(schema)?;
        self.reserve_row(schema)
    }

    /// Gives a reserved id its object. [`reserve`](Self::reserve) has an example.
    ///
    /// # Errors
    /// Returns an error if the id is not reserved for the type's schema, or has its object already.
    pub fn write<T: Slotted>(&mut self, id: ObjectId, object: T) -> Result<(), SpawnError> {
        let queue = self.object_queue::<T>()?;
        let position = self.begin_write(id, self.spawned_types[queue].1)?;
        self.objects::<T>(queue).push(position, object);
        Ok(())
    }

    /// Gives a reserved id its object, from named values. [`reserve_of`](Self::reserve_of) has an example.
    ///
    /// # Errors
    /// Returns an error if the id is not reserved, or has its object already.
    pub fn write_record(&mut self, id: ObjectId, record: Record) -> Result<(), SpawnError> {
        self.begin_write(id, id.schema())?;
        self.records.push((id, record));
        Ok(())
    }

    /// Records a change of one value. The object may be one that is spawned by these commands.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # let unit = store.spawn(Unit { health: 80.0 })?;
    /// let health = store.key::<f32>("unit", "health")?;
    /// let mut commands = store.commands();
    /// commands.set(unit, health, 5.0);
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get(unit, health), Some(5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn set<F: SlotField>(&mut self, id: ObjectId, key: SlotKey<F>, value: F) {
        self.push_set(ByKey { id, key, value });
    }

    /// Records a change of one value by name. [`Value::Unset`] unsets an optional slot.
    ///
    /// [`spawn_record`](Self::spawn_record) has an example.
    pub fn set_value(
        &mut self,
        id: ObjectId,
        slot: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    ) {
        self.push_set(ByName { id, slot: slot.into(), value: value.into() });
    }

    /// Records a change of all slots of the type's schema, as [`Store::set_object`].
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut commands = store.commands();
    /// commands.set_object(unit, Unit { health: 5.0 });
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_object::<Unit>(unit)?.health, 5.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_object<T: Slotted>(&mut self, id: ObjectId, object: T) {
        self.push_set(Whole { id, object });
    }

    /// Records the despawn of an object. Recording it twice is no error: two bullets may kill one unit.
    ///
    /// An object that is dead when the commands are applied is a problem.
    /// [`try_despawn`](Self::try_despawn) skips it. [`Commands`] has an example.
    #[inline]
    pub fn despawn(&mut self, id: ObjectId) {
        self.despawns.push(id);
    }

    /// Records the despawn of an object, unless it is dead by then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # let unit = store.spawn(Unit { health: 80.0 })?;
    /// let mut commands = store.commands();
    /// commands.try_despawn(unit);
    /// store.despawn(unit)?;
    /// commands.apply(&mut store)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_despawn(&mut self, id: ObjectId) {
        self.try_despawns.push(id);
    }

    /// Returns `true` if nothing was recorded or reserved.
    ///
    /// ```
    /// let store = slotted::Store::new();
    /// assert!(store.commands().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set_order.is_empty()
            && self.despawns.is_empty()
            && self.try_despawns.is_empty()
            && self.reserved.iter().all(ReservedRows::is_empty)
    }

    #[inline]
    fn reserve_row(&mut self, schema: SchemaId) -> Result<ObjectId, SpawnError> {
        self.reserved[schema.index()].take_unwritten().ok_or_else(|| self.no_rows(schema))
    }

    /// Reserves the row of an object that a command writes.
    #[inline]
    fn reserve_written_row(&mut self, schema: SchemaId) -> Result<ObjectId, SpawnError> {
        self.reserved[schema.index()].take().ok_or_else(|| self.no_rows(schema))
    }

    #[cold]
    fn no_rows(&self, schema: SchemaId) -> SpawnError {
        let limit = self.limits.rows_per_schema;
        LimitError::Rows { schema: self.schema_name(schema), limit }.into()
    }

    /// Returns the position of the id among the reserved ones.
    fn begin_write(&mut self, id: ObjectId, schema: SchemaId) -> Result<usize, SpawnError> {
        let rows = self.reserved.get_mut(id.schema().index()).filter(|_| id.schema() == schema);
        rows.and_then(|rows| rows.begin_write(id))
            .ok_or_else(|| SpawnError::NotReserved { id, schema: self.schema_name(schema) })
    }

    fn schema_name(&self, schema: SchemaId) -> Arc<str> {
        let schema = self.registry.get(schema);
        schema.map_or_else(|| "".into(), |schema| Arc::clone(schema.shared_name()))
    }

    fn schema_of_type<T: Slotted>(&self) -> Result<SchemaId, SpawnError> {
        let schema = self.registry.of_type(TypeId::of::<T>());
        schema.ok_or_else(|| SpawnError::NotRegistered { type_name: type_name::<T>() })
    }

    fn find_schema(&self, name: &str) -> Result<SchemaId, SpawnError> {
        let schema = self.registry.find(name).map(|schema| schema.id());
        schema.ok_or_else(|| SpawnError::UnknownSchema {
            schema: name.into(),
            suggestion: self.registry.suggest(name),
        })
    }

    /// Returns the number of the queue for objects of this type.
    #[inline]
    fn object_queue<T: Slotted>(&mut self) -> Result<usize, SpawnError> {
        let own = TypeId::of::<T>();
        if let Some(queue) = self.spawned_types.iter().position(|(of, _)| *of == own) {
            return Ok(queue);
        }
        let schema = self.schema_of_type::<T>()?;
        self.spawned_types.push((own, schema));
        self.spawns.push(Box::new(Objects::<T> { schema, runs: Vec::new(), objects: Vec::new() }));
        Ok(self.spawns.len() - 1)
    }

    #[inline]
    fn objects<T: Slotted>(&mut self, queue: usize) -> &mut Objects<T> {
        self.spawns[queue].as_any_mut().downcast_mut().expect(QUEUE)
    }

    #[inline]
    fn push_set<S: Set>(&mut self, set: S) {
        let own = TypeId::of::<S>();
        let known = self.set_types.iter().position(|of| *of == own);
        let queue = known.unwrap_or_else(|| {
            self.set_types.push(own);
            self.sets.push(Box::new(Vec::<S>::new()));
            self.sets.len() - 1
        });
        let sets: &mut Vec<S> = self.sets[queue].as_any_mut().downcast_mut().expect(QUEUE);
        self.set_order.push((queue as u32, sets.len() as u32));
        sets.push(set);
    }
}
