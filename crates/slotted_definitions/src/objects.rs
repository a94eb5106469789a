//! The objects that definitions become.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::loaded::{Definitions, RecordView};
use crate::records::RecordDefinition;
use slotted::schema::SchemaSelector;
use slotted::{LimitError, ObjectId, ReservedIds, SchemaError, SpawnError, Store, Value};

/// The objects that definitions have become, and which is which.
#[derive(Clone, Debug)]
pub struct Objects {
    pub(super) definitions: Definitions,
    /// For each record its object, if it is not abstract.
    pub(super) ids: Vec<Option<ObjectId>>,
    pub(super) records: HashMap<ObjectId, u32>,
}

/// Why definitions did not become objects. The store has no new objects then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnDefinitionsError {
    /// The store has other schemas than the one that the files were read for.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl Definitions {
    /// Registers the schemas and makes an object of each record that is not abstract, all or none.
    ///
    /// Costs about what [`Store::spawn_records`] costs. Calling it twice makes each object twice.
    ///
    /// # Errors
    /// If the store has other schemas than the one that the files were read for, or a limit is
    /// reached.
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
            write(&mut reserved, number, record, &ids).map_err(limit)?;
        }
        reserved.spawn().map_err(limit)?;
        Ok(Objects::new(self.clone(), ids))
    }
}

/// The limit that is reached: all else was checked when the files were read.
pub(super) fn limit(error: SpawnError) -> LimitError {
    match error {
        SpawnError::Limit(limit) => limit,
        other => unreachable!("the values were checked against the same schemas: {other}"),
    }
}

/// Writes a record's values, with ids of objects in the place of records.
pub(super) fn write(
    reserved: &mut ReservedIds<'_>,
    number: usize,
    record: &RecordDefinition,
    ids: &[Option<ObjectId>],
) -> Result<(), SpawnError> {
    let mut values = record.values.iter().peekable();
    reserved.write(number, |slot, _| {
        let given = &values.next_if(|given| usize::from(given.slot) == slot)?.value;
        Some(if is_reference(given) {
            Cow::Owned(with_ids(given, ids))
        } else {
            Cow::Borrowed(given)
        })
    })
}

fn is_reference(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::List(list) => list.iter().any(|one| matches!(one, Value::Object(_))),
        _ => false,
    }
}

/// The value with ids of objects in the place of those of records.
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
        Self { definitions, ids, records }
    }

    /// How many objects there were when they were made.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The objects' ids, in the order of their records.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.ids.iter().filter_map(|id| *id)
    }

    /// Returns the object made from the record that [`Definitions::record`] finds for this schema and name.
    #[must_use]
    pub fn id<'n>(&self, schema: impl Into<SchemaSelector<'n>>, name: &str) -> Option<ObjectId> {
        let number = self.definitions.number(schema.into(), name)?;
        self.ids.get(number as usize).copied().flatten()
    }

    /// The record that has become an object.
    #[must_use]
    pub fn record(&self, id: ObjectId) -> Option<RecordView<'_>> {
        self.definitions.numbered(*self.records.get(&id)?)
    }

    /// The definitions that the objects come from.
    #[must_use]
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }
}
