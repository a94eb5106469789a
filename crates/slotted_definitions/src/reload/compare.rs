//! Compares the records from which living objects were made with the next definitions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::infer::SameData;
use crate::loaded::{Definitions, RecordView};
use crate::reload::{RecordChange, RecordName};
use slotted::Value;
use slotted::schema::{Found, RegisteredSchema, Slot};

/// The records from which living objects were made: those of definitions, or of a save.
///
/// Records and slots are numbered. References are ids of records, see [`local_id`](crate::references::local_id).
pub(crate) trait Origins {
    /// Returns the identity of each record.
    fn names(&self) -> &[RecordName];

    fn is_abstract(&self, record: usize) -> bool;

    /// Returns the slot of this name.
    fn slot(&self, record: usize, name: &str) -> Option<usize>;

    /// Returns the values that files gave, in the order of the slots.
    fn given(&self, record: usize) -> Cow<'_, [(usize, Value)]>;

    /// Returns the default that the slot had.
    fn default(&self, record: usize, slot: usize) -> Option<&Value>;

    /// Returns the nested value of this name, if the schema is known to have one.
    fn whole(&self, _record: usize, _name: &str) -> Option<Value> {
        None
    }

    /// Converts references to names of records.
    fn named(&self, value: &Value) -> Value;
}

/// The records of definitions.
pub(super) struct Loaded<'d> {
    pub(super) definitions: &'d Definitions,
    pub(super) names: Vec<RecordName>,
}

impl Loaded<'_> {
    fn record(&self, number: usize) -> RecordView<'_> {
        self.definitions.numbered(number as u32).expect("the record is listed")
    }
}

impl Origins for Loaded<'_> {
    fn names(&self) -> &[RecordName] {
        &self.names
    }

    fn is_abstract(&self, record: usize) -> bool {
        self.record(record).is_abstract()
    }

    fn slot(&self, record: usize, name: &str) -> Option<usize> {
        self.record(record).schema().slot_index(name)
    }

    fn given(&self, record: usize) -> Cow<'_, [(usize, Value)]> {
        self.record(record).local_values().collect()
    }

    fn default(&self, record: usize, slot: usize) -> Option<&Value> {
        self.record(record).schema().slots()[slot].default()
    }

    fn whole(&self, record: usize, name: &str) -> Option<Value> {
        let record = self.record(record);
        let (schema, values) = (record.schema(), record.local_values().collect::<Vec<_>>());
        schema.whole(name, |slot| {
            let given = of_slot(&values, slot).or_else(|| schema.slots()[slot].default());
            given.cloned().unwrap_or_default()
        })
    }

    fn named(&self, value: &Value) -> Value {
        self.definitions.named(value)
    }
}

/// Returns the identity of each record.
pub(crate) fn record_names(definitions: &Definitions) -> Vec<RecordName> {
    let mut nameless: HashMap<Arc<str>, usize> = HashMap::new();
    let name = |record: RecordView<'_>| {
        let schema = Arc::clone(record.schema().shared_name());
        let name: Option<Arc<str>> = record.name().map(Into::into);
        let position = if name.is_none() {
            let next = nameless.entry(Arc::clone(&schema)).or_default();
            *next += 1;
            *next - 1
        } else {
            0
        };
        RecordName { schema, name, position }
    };
    definitions.records().map(name).collect()
}

/// Returns the changes from the records to those of the next definitions.
pub(super) fn changes(before: &impl Origins, next: &Definitions) -> Vec<RecordChange> {
    let (old_names, next_names) = (before.names(), record_names(next));
    let positions: HashMap<&RecordName, usize> =
        old_names.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let mut is_found = vec![false; old_names.len()];
    let mut changes = Vec::new();
    for (name, record) in next_names.iter().zip(next.records()) {
        let old = positions.get(name).copied();
        if let Some(old) = old {
            is_found[old] = true;
        }
        match old.filter(|old| !before.is_abstract(*old)) {
            Some(_) if record.is_abstract() => {
                changes.push(RecordChange::Removed { record: name.clone() });
            }
            None if record.is_abstract() => {}
            None => changes.push(RecordChange::Added { record: name.clone() }),
            Some(old) => changed_values((before, old), (&next_names, record), &mut changes),
        }
    }
    let gone = old_names.iter().zip(is_found).enumerate();
    let gone = gone.filter(|(old, (_, is_found))| !is_found && !before.is_abstract(*old));
    changes.extend(gone.map(|(_, (name, _))| RecordChange::Removed { record: name.clone() }));
    changes
}

/// Adds the changed values of a record.
fn changed_values(
    (before, old): (&impl Origins, usize),
    (new_names, new): (&[RecordName], RecordView<'_>),
    changes: &mut Vec<RecordChange>,
) {
    let schema = new.schema();
    let (all_before, all_new) = (before.given(old), new.local_values().collect::<Vec<_>>());
    let former = |slot: &Slot| {
        let same = before.slot(old, slot.name());
        same.or_else(|| slot.renamed_from().and_then(|former| before.slot(old, former)))
    };
    let value_before = |former: usize| {
        let given = of_slot(&all_before, former);
        given.or_else(|| before.default(old, former)).cloned().unwrap_or_default()
    };
    let values = |index: usize| {
        let slot = &schema.slots()[index];
        let (former_slot, own) = (former(slot), of_slot(&all_new, index));
        let part = || schema.slot(slot.name().strip_suffix('?')?).and_then(former);
        let from = match former_slot {
            Some(former) => value_before(former),
            // All values had the part, which is optional now.
            None if let Some(part) = part() => all_set(&value_before(part)),
            None => {
                // The value was in several slots, or is now.
                let single = |name: &str| before.slot(old, name).map(value_before);
                let whole = before.whole(old, slot.name());
                let from = whole.or_else(|| part_of_single(schema, index, &single));
                let from = from.filter(|from| !from.is_unset());
                // Another new slot has its default already.
                from.or_else(|| slot.default().cloned()).unwrap_or_default()
            }
        };
        let given = former_slot.and_then(|former| of_slot(&all_before, former));
        let is_given = own.is_some() || given.is_some();
        (is_given, from, own.or_else(|| slot.default()))
    };
    let named_before = |index: usize| before.named(&values(index).1);
    let named_new = |index: usize| new.get(schema.slots()[index].name()).unwrap_or_default();
    let mut last = None;
    for (index, slot) in schema.slots().iter().enumerate() {
        let (is_given, from, to) = values(index);
        // A changed default affects only new objects.
        let to = (to.unwrap_or(&Value::Unset), new_names);
        if !is_given || means_the_same((&from, before.names()), to) {
            continue;
        }
        let record = new_names[new.number()].clone();
        let Some((whole, _)) = schema.whole_of(slot.name()) else {
            let (from, to) = (named_before(index), named_new(index));
            let slot = Arc::clone(slot.shared_name());
            changes.push(RecordChange::Changed { record, slot, from, to });
            continue;
        };
        // The parts of a list or a union belong together.
        if last.replace(whole) == Some(whole) {
            continue;
        }
        let to = schema.nested_value(whole, named_new);
        let from = match before.slot(old, whole) {
            Some(single) => before.named(&value_before(single)),
            None => schema.nested_value(whole, named_before),
        };
        if !from.is_same_data(&to) {
            changes.push(RecordChange::Changed { record, slot: whole.into(), from, to });
        }
    }
}

/// Returns the value of a slot that says which values have a part, if all of these do.
fn all_set(part: &Value) -> Value {
    match part {
        Value::List(list) => vec![Value::from(true); list.len()].into(),
        Value::Unset => Value::Unset,
        _ => true.into(),
    }
}

/// Returns the part that a slot has of a record that was the value of one slot.
fn part_of_single(
    schema: &RegisteredSchema,
    slot: usize,
    single: &dyn Fn(&str) -> Option<Value>,
) -> Option<Value> {
    let name = schema.slots()[slot].name();
    let mut records = name.match_indices('.').map(|(end, _)| &name[..end]);
    let (record, value) = records.find_map(|record| Some((record, single(record)?)))?;
    let mut part = None;
    schema.shape(record)?.spread(record, &value, &mut |found| match found {
        Found::Slot { slot: own, value } if own == slot => part = Some(value.into_owned()),
        _ => {}
    });
    part
}

fn of_slot(values: &[(usize, Value)], slot: usize) -> Option<&Value> {
    let found = values.binary_search_by_key(&slot, |(given, _)| *given).ok()?;
    Some(&values[found].1)
}

/// Returns whether both are the same data, with references to the same records.
fn means_the_same(
    (a, names_of_a): (&Value, &[RecordName]),
    (b, names_of_b): (&Value, &[RecordName]),
) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            names_of_a.get(a.row() as usize) == names_of_b.get(b.row() as usize)
        }
        (Value::List(a), Value::List(b)) => {
            let pairs = || a.iter().zip(b.iter());
            a.len() == b.len()
                && pairs().all(|(a, b)| means_the_same((a, names_of_a), (b, names_of_b)))
        }
        _ => a.is_same_data(b),
    }
}
