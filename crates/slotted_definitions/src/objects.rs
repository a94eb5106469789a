//! Spawns the objects of definitions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::loaded::{Definitions, RecordView};
use crate::records::RecordDefinition;
use crate::references::local_id;
use crate::saved::SavedSchema;
use slotted::schema::{SchemaSelector, Slot};
use slotted::{LimitError, ObjectId, ReservedIds, SchemaError, SpawnError, Store, Value};

/// The objects of loaded records, with the mapping between both.
///
/// [`Definitions::spawn`] returns them.
#[derive(Clone, Debug)]
pub struct Objects {
    pub(super) definitions: Definitions,
    /// The object of each record; `None` for abstract records.
    pub(super) ids: Vec<Option<ObjectId>>,
    pub(super) records: HashMap<ObjectId, u32>,
    /// Saved records of schemas that are missing, until a save gets them back.
    pub(super) aside: Vec<SavedSchema>,
}

/// An error of [`Definitions::spawn`]. The store has no new objects.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnDefinitionsError {
    /// The store has different schemas of the same names.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

crate::error::debug_as_display!(SpawnDefinitionsError);

impl Definitions {
    /// Registers the schemas and spawns an object for each record that is not abstract, all or none.
    ///
    /// Costs about as much as [`Store::spawn_records`]. A second call spawns each object again.
    ///
    /// # Errors
    /// Returns an error if the store has different schemas of the same names, or reaches a limit.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert_eq!(store.get_value(objects.id("unit", "grunt").unwrap(), "health")?, 80.0_f32.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn(&self, store: &mut Store) -> Result<Objects, SpawnDefinitionsError> {
        self.register(store)?;
        let records = &self.loaded.records.list;
        let concrete = || records.iter().filter(|record| !record.is_abstract);
        let schema = |record: &RecordDefinition| self.schema_of(record).name();
        let mut reserved = store.reserve_ids(concrete().map(schema)).map_err(limit)?;
        let mut new_ids = reserved.ids().iter().copied();
        let ids: Vec<Option<ObjectId>> = records
            .iter()
            .map(|record| if record.is_abstract { None } else { new_ids.next() })
            .collect();
        for (number, record) in concrete().enumerate() {
            write(&mut reserved, number, record, |_| &ids).map_err(limit)?;
        }
        reserved.spawn().map_err(limit)?;
        Ok(Objects::new(self.clone(), ids))
    }
}

/// Returns the limit; the loader has checked everything else.
pub(super) fn limit(error: SpawnError) -> LimitError {
    match error {
        SpawnError::Limit(limit) => limit,
        other => unreachable!("the values were checked against the same schemas: {other}"),
    }
}

/// Writes the values of a record, with ids of objects instead of records. The closure returns those for a slot.
pub(super) fn write<'i>(
    reserved: &mut ReservedIds<'_>,
    number: usize,
    record: &RecordDefinition,
    ids: impl Fn(&Slot) -> &'i [Option<ObjectId>],
) -> Result<(), SpawnError> {
    let mut values = record.values.iter().peekable();
    reserved.write(number, |position, slot| {
        let given = values.next_if(|given| usize::from(given.slot) == position)?.value;
        Some(Cow::Owned(if is_reference(&given) { with_ids(&given, ids(slot)) } else { given }))
    })
}

/// Returns whether the value has references.
pub(super) fn is_reference(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::List(list) => list.iter().any(|one| matches!(one, Value::Object(_))),
        _ => false,
    }
}

/// Replaces ids of records by ids of objects.
pub(super) fn with_ids(value: &Value, ids: &[Option<ObjectId>]) -> Value {
    match value {
        Value::Object(local) => ids.get(local.row() as usize).copied().flatten().into(),
        Value::List(list) => Value::List(list.iter().map(|one| with_ids(one, ids)).collect()),
        other => other.clone(),
    }
}

impl Objects {
    pub(super) fn new(definitions: Definitions, ids: Vec<Option<ObjectId>>) -> Self {
        let numbered = ids.iter().enumerate();
        let records = numbered.filter_map(|(number, id)| Some(((*id)?, number as u32))).collect();
        Self { definitions, ids, records, aside: Vec::new() }
    }

    /// Returns the number of objects that were spawned.
    ///
    /// Objects that the game has despawned still count.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert_eq!(objects.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether no objects were spawned.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert!(!objects.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Iterates over the ids of the objects, in the order of their records.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert!(objects.ids().all(|id| store.contains(id)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.ids.iter().filter_map(|id| *id)
    }

    /// Returns the object made from the record that [`Definitions::record`] finds for this schema and name.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert!(objects.id("unit", "grunt").is_some());
    /// assert_eq!(objects.id("unit", "nobody"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id<'n>(&self, schema: impl Into<SchemaSelector<'n>>, name: &str) -> Option<ObjectId> {
        let number = self.definitions.number(schema.into(), name)?;
        self.ids.get(number as usize).copied().flatten()
    }

    /// Returns the record of an object.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let grunt = objects.id("unit", "grunt").unwrap();
    /// assert_eq!(objects.record(grunt).unwrap().name(), Some("grunt"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn record(&self, id: ObjectId) -> Option<RecordView<'_>> {
        self.definitions.numbered(*self.records.get(&id)?)
    }

    /// Returns the name by which files refer to the record of an object: `schema/name` if several records share the
    /// name.
    ///
    /// Returns `None` for objects of other origin and of records without names. The object may be dead.
    ///
    /// # Example
    /// A dump with names in place of ids:
    ///
    #[cfg_attr(all(feature = "toml", feature = "json"), doc = "```")]
    #[cfg_attr(not(all(feature = "toml", feature = "json")), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.leader = { kind = 'object', optional = true }\n\
    ///     records.unit = { grom = {}, grunt = { leader = 'grom' } }";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let dump = store.dump().with_names(|id| objects.name(id));
    /// assert_eq!(serde_json::to_string(&dump)?, r#"{"unit":{"grom":{},"grunt":{"leader":"grom"}}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self, id: ObjectId) -> Option<Arc<str>> {
        self.definitions.name_of(local_id(*self.records.get(&id)?))
    }

    /// Returns the definitions of the objects.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// assert_eq!(objects.definitions().records().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }
}
