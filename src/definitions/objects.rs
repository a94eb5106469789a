//! The objects that definitions become.

use std::collections::HashMap;

use crate::definitions::loaded::{Definitions, RecordView};
use crate::definitions::records::RecordDefinition;
use crate::error::LimitError;
use crate::id::ObjectId;
use crate::schema::SchemaError;
use crate::store::{Store, Unwritten};
use crate::value::Value;

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
        let schema_ids: Vec<_> = self
            .loaded
            .registry
            .schemas()
            .map(|schema| store.schema(schema.name()).map(|schema| schema.id()))
            .collect();
        let concrete = || self.loaded.records.list.iter().filter(|record| !record.is_abstract);
        let schemas = concrete().filter_map(|record| schema_ids[record.schema.index()]);
        let reserved = store.reserve_linked(schemas)?;
        let mut new_ids = reserved.ids.iter().copied();
        let ids = self.loaded.records.list.iter().map(|record| match record.is_abstract {
            true => None,
            false => new_ids.next(),
        });
        let ids: Vec<Option<ObjectId>> = ids.collect();
        let before = store.interner.now();
        for (record, id) in self.loaded.records.list.iter().zip(&ids) {
            let Some(id) = id else { continue };
            if let Err(unwritten) = write(store, record, *id, &ids) {
                store.interner.forget_since(before);
                let limit = unwritten.limit(store.limits());
                return Err(limit.expect("the values were checked against the same schema").into());
            }
        }
        store.commit_linked(reserved);
        Ok(Objects::new(self.clone(), ids))
    }
}

/// Writes a record's values, with ids of objects in the place of records.
pub(super) fn write(
    store: &mut Store,
    record: &RecordDefinition,
    id: ObjectId,
    ids: &[Option<ObjectId>],
) -> Result<(), Unwritten> {
    let is_reference = |value: &Value| match value {
        Value::Object(_) => true,
        Value::List(list) => list.iter().any(|one| matches!(one, Value::Object(_))),
        _ => false,
    };
    let linked = record
        .values
        .iter()
        .map(|given| is_reference(&given.value).then(|| (given.slot, with_ids(&given.value, ids))));
    let linked: Vec<(u16, Value)> = linked.flatten().collect();
    let mut values = record.values.iter().peekable();
    store.write_linked(id, |slot| {
        let given = values.next_if(|given| usize::from(given.slot) == slot)?;
        let linked = linked.iter().find(|(own, _)| *own == given.slot);
        Some(linked.map_or(&given.value, |(_, value)| value))
    })
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

    /// The object that the record of this name and exactly this schema has become.
    #[must_use]
    pub fn id(&self, schema: &str, name: &str) -> Option<ObjectId> {
        let number = self.definitions.number(schema, name)?;
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
