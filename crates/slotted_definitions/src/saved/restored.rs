//! Checks the records of a save.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::loaded::Definitions;
use crate::references::local_id;
use crate::reload::{Origins, RecordName};
use crate::saved::value::Parts;
use crate::saved::{ResumeError, SavedObjects, SavedRecord, SavedSchema};
use slotted::schema::{ProblemKind, check_name};
use slotted::{Kind, ObjectId, Schema, Store, Value};

/// The checked records of a save.
pub(super) struct Restored<'s> {
    names: Vec<RecordName>,
    records: Vec<RestoredRecord>,
    schemas: Vec<RestoredSchema<'s>>,
    /// The number of records of each name.
    same_name: HashMap<Arc<str>, usize>,
    pub(super) ids: HashMap<RecordName, ObjectId>,
    /// Schemas that neither the store nor the definitions have.
    pub(super) aside: Vec<SavedSchema>,
}

struct RestoredSchema<'s> {
    slots: HashMap<&'s str, usize>,
    defaults: Vec<Value>,
}

struct RestoredRecord {
    schema: usize,
    is_abstract: bool,
    /// In the order of the slots.
    values: Vec<(usize, Value)>,
}

impl<'s> Restored<'s> {
    pub(super) fn new(
        saved: &'s SavedObjects,
        definitions: &Definitions,
        store: &Store,
    ) -> Result<Self, ResumeError> {
        let (present, aside) = present(saved, definitions, store)?;
        let names: Vec<RecordName> =
            present.iter().flat_map(|schema| schema.record_names()).collect();
        let numbers = numbers(&names)?;
        let ids = ids(&present, &names, store)?;
        let by_name =
            |schema: &str, name: &str| numbers.get(&(schema, name)).map(|number| local_id(*number));
        let (mut schemas, mut records) = (Vec::new(), Vec::new());
        for (schema, saved) in present.iter().enumerate() {
            let restored = restored_schema(saved, by_name);
            let restored = restored
                .ok_or_else(|| ResumeError::DamagedSchema { schema: (&*saved.name).into() })?;
            for record in &saved.records {
                let values = values(record, restored.defaults.len(), by_name);
                let values = values.ok_or_else(|| ResumeError::DamagedRecord {
                    record: names[records.len()].clone(),
                })?;
                let is_abstract = record.object.is_none();
                records.push(RestoredRecord { schema, is_abstract, values });
            }
            schemas.push(restored);
        }
        let mut same_name = HashMap::new();
        for name in names.iter().filter_map(|record| record.name.as_ref()) {
            *same_name.entry(Arc::clone(name)).or_default() += 1;
        }
        Ok(Self { names, records, schemas, same_name, ids, aside })
    }
}

/// Returns the schemas that the store has, and the others.
fn present<'s>(
    saved: &'s SavedObjects,
    definitions: &Definitions,
    store: &Store,
) -> Result<(Vec<&'s SavedSchema>, Vec<SavedSchema>), ResumeError> {
    let (mut present, mut aside) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for schema in &saved.schemas {
        let name = || (&*schema.name).into();
        if !seen.insert(&*schema.name) {
            return Err(ResumeError::DuplicateSchema { schema: name() });
        }
        if store.schema(&schema.name).is_some() {
            present.push(schema);
        } else if definitions.schema(&schema.name).is_some() {
            return Err(ResumeError::MissingSchema { schema: name() });
        } else {
            aside.push(schema.clone());
        }
    }
    Ok((present, aside))
}

/// Returns the number of each record with a name.
fn numbers(names: &[RecordName]) -> Result<HashMap<(&str, &str), u32>, ResumeError> {
    let mut numbers = HashMap::new();
    for (number, record) in names.iter().enumerate() {
        let Some(name) = &record.name else { continue };
        if check_name(name).is_err() {
            return Err(ResumeError::BadName { record: record.clone() });
        }
        if numbers.insert((&*record.schema, &**name), number as u32).is_some() {
            return Err(ResumeError::DuplicateRecord { record: record.clone() });
        }
    }
    Ok(numbers)
}

/// Returns the objects of the records.
fn ids(
    schemas: &[&SavedSchema],
    names: &[RecordName],
    store: &Store,
) -> Result<HashMap<RecordName, ObjectId>, ResumeError> {
    // The check of a reference tells dead objects from those that never lived.
    let probe = Schema::builder("probe").slot("object", Kind::Object).build();
    let probe = probe.expect("the schema is valid");
    let has_lived = |id: ObjectId| {
        let checked = store.check_value(&probe.slots()[0], &id.into());
        !matches!(checked, Err(ProblemKind::UnknownReference { .. }))
    };
    let (mut ids, mut owners) = (HashMap::new(), HashMap::new());
    let records = schemas.iter().flat_map(|schema| &schema.records);
    for (record, name) in records.zip(names) {
        let Some(id) = record.object else { continue };
        let schema = store.schema_by_id(id.schema());
        if schema.is_none_or(|schema| schema.name() != &*name.schema) || !has_lived(id) {
            return Err(ResumeError::ForeignObject { record: name.clone(), object: id });
        }
        if let Some(first) = owners.insert(id, name) {
            let (first, second) = (first.clone(), name.clone());
            return Err(ResumeError::SharedObject { object: id, first, second });
        }
        ids.insert(name.clone(), id);
    }
    Ok(ids)
}

/// Returns `None` if the slots or defaults are damaged.
fn restored_schema<'s>(
    saved: &'s SavedSchema,
    by_name: impl Fn(&str, &str) -> Option<ObjectId>,
) -> Option<RestoredSchema<'s>> {
    let numbered = saved.slots.iter().enumerate();
    let slots: HashMap<&str, usize> = numbered.map(|(slot, name)| (&**name, slot)).collect();
    let mut parts = Parts::new(&saved.defaults, by_name);
    let defaults: Option<Vec<Value>> = saved.slots.iter().map(|_| parts.next_value()).collect();
    let is_whole = slots.len() == saved.slots.len() && parts.is_at_end();
    Some(RestoredSchema { slots, defaults: defaults.filter(|_| is_whole)? })
}

/// Returns the values of a record, or `None` if they are damaged.
fn values(
    record: &SavedRecord,
    slots: usize,
    by_name: impl Fn(&str, &str) -> Option<ObjectId>,
) -> Option<Vec<(usize, Value)>> {
    let mut parts = Parts::new(&record.values, by_name);
    let given = record.given.iter().map(|slot| *slot as usize);
    let values: Option<Vec<_>> = given.map(|slot| Some((slot, parts.next_value()?))).collect();
    let is_ascending = record.given.is_sorted_by(|one, next| one < next);
    let is_declared = record.given.last().is_none_or(|last| (*last as usize) < slots);
    values.filter(|_| is_ascending && is_declared && parts.is_at_end())
}

impl Origins for Restored<'_> {
    fn names(&self) -> &[RecordName] {
        &self.names
    }

    fn is_abstract(&self, record: usize) -> bool {
        self.records[record].is_abstract
    }

    fn slot(&self, record: usize, name: &str) -> Option<usize> {
        self.schemas[self.records[record].schema].slots.get(name).copied()
    }

    fn given(&self, record: usize) -> Cow<'_, [(usize, Value)]> {
        Cow::Borrowed(&self.records[record].values)
    }

    fn default(&self, record: usize, slot: usize) -> Option<&Value> {
        self.schemas[self.records[record].schema].defaults.get(slot)
    }

    fn named(&self, value: &Value) -> Value {
        match value {
            Value::Object(local) => {
                let record = self.names.get(local.row() as usize);
                let name = record.and_then(|record| Some((record, record.name.as_ref()?)));
                name.map_or(Value::Unset, |(record, name)| match self.same_name.get(name) {
                    Some(1) => Value::Text(Arc::clone(name)),
                    _ => record.to_string().into(),
                })
            }
            Value::List(list) => Value::List(list.iter().map(|one| self.named(one)).collect()),
            other => other.clone(),
        }
    }
}
