//! Records that need records of removed mods, and records that need those: each is kept aside as a whole.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::changes::{Change, Operation};
use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::given::Given;
use crate::objects::is_reference;
use crate::patched::changed_whole;
use crate::patches::is_lost;
use crate::records::{QuarantinedRecord, Records, Undeclared};
use crate::references::{Resolver, is_needed, whole_name};
use crate::source::Place;
use crate::words::{Word, Words};
use crate::write::with_quarantined;
use slotted::schema::{RegisteredSchema, Shape, Slot};
use slotted::{Kind, Record, SchemaId, Store, Value};

/// The records or values with one reason to be kept aside.
struct Cause {
    schema: SchemaId,
    slot: u16,
    place: Place,
    count: usize,
    /// Counts values, not records.
    is_value: bool,
}

impl Cause {
    fn label(&self, policy: Undeclared) -> String {
        let done = policy.label();
        match (self.is_value, self.count) {
            (true, 1) | (_, 0) => done.to_owned(),
            (true, count) => format!("{count} such values are {done}"),
            (false, 1) => format!("this record is {done}"),
            (false, count) => format!("{count} such records are {done}"),
        }
    }
}

/// A reference in a value.
enum Reference<'v> {
    /// The number of the record.
    Record(u32),
    /// The name of a record that does not exist.
    Missing(&'v Arc<str>),
}

/// Calls a closure for each reference in the value.
fn for_each_reference(value: &Value, call: &mut dyn FnMut(Reference<'_>)) {
    match value {
        Value::Object(id) => call(Reference::Record(id.row())),
        Value::Text(name) => call(Reference::Missing(name)),
        Value::List(list) => list.iter().for_each(|one| for_each_reference(one, call)),
        _ => {}
    }
}

impl Records {
    /// Returns the name by which files refer to a record.
    pub(super) fn name_of(&self, registry: &Store, record: u32) -> Option<Arc<str>> {
        let record = self.list.get(record as usize)?;
        let name = record.name.as_ref()?;
        if self.same_name(name).len() == 1 {
            return Some(Arc::clone(name));
        }
        let schema = registry.schema_by_id(record.schema)?.name();
        Some(format!("{schema}/{name}").into())
    }

    /// Returns the value with names of records in place of their numbers.
    pub(super) fn with_names(&self, registry: &Store, value: &Value) -> Value {
        match value {
            Value::Object(id) => self.name_of(registry, id.row()).map(Value::Text).into(),
            Value::List(list) if is_reference(value) => {
                Value::List(list.iter().map(|one| self.with_names(registry, one)).collect())
            }
            other => other.clone(),
        }
    }
}

impl Resolver<'_> {
    /// Returns the records that are kept aside. Costs **O(values)**, however they refer to one another.
    pub(super) fn keep_aside(&mut self) -> HashSet<u32> {
        if !self.lacks_any || self.diagnostics.errors > 0 {
            return HashSet::new();
        }
        let registry = self.registry;
        let needed: Vec<Vec<bool>> = registry
            .schemas()
            .map(|schema| schema.slots().iter().map(|slot| is_needed(schema, slot)).collect())
            .collect();
        let aside = self.needing_missing(&needed);
        self.discard_references(&aside, &needed);
        if self.undeclared == Undeclared::Quarantine {
            for number in 0..self.records.list.len() as u32 {
                if aside.contains(&number) {
                    let record = self.quarantined(number);
                    self.records.quarantined.push(record);
                }
            }
        }
        aside
    }

    /// Returns the records that need a missing record, or another one of these. Warns once for each record that is needed.
    fn needing_missing(&mut self, needed: &[Vec<bool>]) -> HashSet<u32> {
        let registry = self.registry;
        let mut needed_by: HashMap<u32, Vec<(u32, u16, Place)>> = HashMap::new();
        let mut causes: Vec<(Arc<str>, Cause)> = Vec::new();
        let mut positions: HashMap<(Arc<str>, SchemaId, u16), usize> = HashMap::new();
        let (mut aside, mut next) = (HashSet::new(), Vec::new());
        for (number, record) in self.records.list.iter().enumerate() {
            let (number, schema) = (number as u32, record.schema);
            let Some(slots) = registry.schema_by_id(schema).map(RegisteredSchema::slots) else {
                continue;
            };
            let of = registry.schema_by_id(schema).filter(|_| !record.is_abstract);
            if of.is_some_and(|of| record.values.iter().any(|given| is_lost(of, &given))) {
                aside.insert(number);
                next.push(number);
            }
            let is_object = |given: &Given| is_object(&slots[usize::from(given.slot)]);
            for Given { slot, place, value } in record.values.iter().filter(is_object) {
                if !needed[schema.index()][usize::from(slot)] {
                    continue;
                }
                for_each_reference(&value, &mut |found| match found {
                    Reference::Record(other) if !record.is_abstract => {
                        needed_by.entry(other).or_default().push((number, slot, place));
                    }
                    Reference::Record(_) => {}
                    Reference::Missing(name) => {
                        let key = (Arc::clone(name), schema, slot);
                        let position = *positions.entry(key).or_insert(causes.len());
                        if position == causes.len() {
                            let is_value = false;
                            let cause = Cause { schema, slot, place, count: 0, is_value };
                            causes.push((Arc::clone(name), cause));
                        }
                        if !record.is_abstract && aside.insert(number) {
                            causes[position].1.count += 1;
                            next.push(number);
                        }
                    }
                });
            }
        }
        for (name, cause) in causes {
            self.report_missing(&name, &cause);
        }
        while let Some(lost) = next.pop() {
            let mut cause: Option<Cause> = None;
            for (number, slot, place) in needed_by.remove(&lost).unwrap_or_default() {
                if !aside.insert(number) {
                    continue;
                }
                next.push(number);
                let schema = self.records.list[number as usize].schema;
                let new = Cause { schema, slot, place, count: 0, is_value: false };
                cause.get_or_insert(new).count += 1;
            }
            if let Some(cause) = cause {
                self.report_aside(lost, &cause);
            }
        }
        aside
    }

    fn report_missing(&mut self, name: &str, cause: &Cause) {
        let registry = self.registry;
        let Some(schema) = registry.schema_by_id(cause.schema) else { return };
        let slot = &schema.slots()[usize::from(cause.slot)];
        let label = cause.label(self.undeclared);
        if let Err(why) = self.find(name, slot.references()) {
            let place = self.files.part(cause.place, name);
            self.unresolved((cause.schema, slot), (name, place), &why, &label);
        }
    }

    fn report_aside(&mut self, needed: u32, cause: &Cause) {
        let Some(schema) = self.registry.schema_by_id(cause.schema) else { return };
        let (records, registry, files) = (&*self.records, self.registry, self.files);
        let (slot, done) = (&schema.slots()[usize::from(cause.slot)], self.undeclared.label());
        let (slot, of) = (quoted(slot.name()), quoted(schema.name()));
        let label = cause.label(self.undeclared);
        self.diagnostics.warn_with(|_| {
            let name = records.name_of(registry, needed).unwrap_or_default();
            let place = files.part(cause.place, &name);
            let name = quoted(&name);
            let message = format!("slot {slot} of {of} refers to {name}, which is {done} itself");
            Diagnostic::warning(Code::UnknownRecord, message).at(place, label)
        });
    }

    /// Discards references to records that are kept aside.
    fn discard_references(&mut self, aside: &HashSet<u32>, needed: &[Vec<bool>]) {
        let registry = self.registry;
        let mut causes: HashMap<u32, Cause> = HashMap::new();
        for number in 0..self.records.list.len() as u32 {
            let record = &self.records.list[number as usize];
            let (schema, is_abstract) = (record.schema, record.is_abstract);
            let Some(slots) = registry.schema_by_id(schema).map(RegisteredSchema::slots) else {
                continue;
            };
            if aside.contains(&number) {
                continue;
            }
            let mut lost: HashSet<&str> = HashSet::new();
            for Given { slot, place, value } in record.values.iter() {
                let own = &slots[usize::from(slot)];
                // No object has the needed values of an abstract record.
                if !is_object(own) || needed[schema.index()][usize::from(slot)] {
                    continue;
                }
                for_each_reference(&value, &mut |found| {
                    let Reference::Record(other) = found else { return };
                    if !aside.contains(&other) {
                        return;
                    }
                    lost.insert(whole_name(registry, schema, own).unwrap_or_else(|| own.name()));
                    let new = Cause { schema, slot, place, count: 0, is_value: true };
                    causes.entry(other).or_insert(new).count += usize::from(!is_abstract);
                });
            }
            if lost.is_empty() {
                continue;
            }
            let mut values: Vec<Given> = record.values.iter().collect();
            for given in &mut values {
                let own = &slots[usize::from(given.slot)];
                if lost.contains(whole_name(registry, schema, own).unwrap_or_else(|| own.name())) {
                    self.discard(number, own, given);
                }
            }
            self.records.list[number as usize].values = values.into();
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(other, _)| *other);
        for (other, cause) in causes {
            self.report_aside(other, &cause);
        }
    }

    /// Returns a record as files write it, with inherited values.
    fn quarantined(&mut self, number: u32) -> QuarantinedRecord {
        let kept = self.records.quarantined_values.remove(&number).unwrap_or_default();
        let record = &self.records.list[number as usize];
        let schema = self.schema_of(number);
        let mut values = Record::with_capacity(record.values.len());
        for given in record.values.iter() {
            let slot = &schema.slots()[usize::from(given.slot)];
            let has_default = slot.default().is_some_and(|default| !default.is_unset());
            if !given.value.is_unset() || has_default {
                let value = self.records.with_names(self.registry, &given.value);
                values.push(slot.name().to_owned(), value);
            }
        }
        let kept = kept.iter().map(|kept| (&*kept.name, &kept.value));
        let loaded = values.clone();
        let loaded = |slot: &str| loaded.get(slot).cloned().unwrap_or_default();
        let values = schema.gather(&with_quarantined(Some(schema), values, (&loaded, kept)));
        let is_bracketed = |slot: usize, at: &[u32]| self.records.is_bracketed(record, slot, at);
        let values = values.iter().map(|entry| {
            let of = (self.registry, schema);
            (Arc::from(entry.0), self.schemas.without_brackets(of, entry, &is_bracketed))
        });
        let (schema, name) = (schema.name().into(), record.name.clone());
        let words = Words::only(&[]).into();
        QuarantinedRecord { schema, name, values: Value::Map(values.collect()), words }
    }

    /// Keeps changes of values that are kept themselves: both come back together.
    pub(super) fn keep_changes_of_kept(&mut self) {
        if self.undeclared != Undeclared::Quarantine || self.records.quarantined_values.is_empty() {
            return;
        }
        let registry = self.registry;
        let kept = |number: &u32| self.records.quarantined_values.get(number);
        let changed = self.records.changes.iter().filter(|(number, _)| kept(number).is_some());
        let mut changed: Vec<(u32, Vec<Change>)> =
            changed.map(|(number, changes)| (*number, changes.clone())).collect();
        changed.sort_by_key(|(number, _)| *number);
        for (number, changes) in changed {
            let schema = self.schema_of(number).id();
            let Some(schema) = registry.schema_by_id(schema) else { continue };
            let is_same = |a: &Change, b: &Change| (a.pack, a.place) == (b.pack, b.place);
            for parts in changes.chunk_by(is_same) {
                let Some(first) = parts.first() else { continue };
                let slot = schema.slots()[usize::from(first.slot)].name();
                let whole = schema.whole_of(slot);
                let name = whole.map_or(slot, |(name, _)| name);
                let kept = self.records.quarantined_values.get(&number);
                if !kept.into_iter().flatten().any(|kept| *kept.name == *name) {
                    continue;
                }
                let value = match whole {
                    Some((_, Shape::List(_) | Shape::Map(_))) => {
                        changed_whole((schema, name), parts)
                    }
                    Some(_) => None,
                    None => Some(first.value.clone()),
                };
                if let Some(value) = value {
                    self.keep_change(number, name, first, value);
                }
            }
        }
    }

    /// Replaces the names in changes. A change with a missing record is kept for its return, without the elements that exist.
    pub(super) fn changes_with_ids(&mut self, record: u32, changes: Vec<Change>) -> Vec<Change> {
        let registry = self.registry;
        let schema = self.schema_of(record).id();
        let Some(schema) = registry.schema_by_id(schema) else { return changes };
        let slots = schema.slots();
        let is_same = |a: &Change, b: &Change| (a.pack, a.place) == (b.pack, b.place);
        let mut resolved = Vec::with_capacity(changes.len());
        // The parts of one change lie next to one another.
        for parts in changes.chunk_by(is_same) {
            let whole = parts.first().and_then(|part| {
                let slot = &slots[usize::from(part.slot)];
                schema.whole_of(slot.name()).filter(|(_, shape)| !matches!(shape, Shape::Union(_)))
            });
            let Some((name, _)) = whole else {
                resolved.extend(parts.iter().filter_map(|part| self.change_with_ids(record, part)));
                continue;
            };
            let mut ids = Vec::with_capacity(parts.len());
            for part in parts {
                let slot = &slots[usize::from(part.slot)];
                let value = match is_object(slot) {
                    true => {
                        let is_removed = |_: usize, _: &str| part.operation == Operation::Remove;
                        self.reference((record, slot, part.place), &part.value, &is_removed)
                    }
                    false => Some(part.value.clone()),
                };
                ids.extend(value.map(|value| Change { value, ..part.clone() }));
            }
            if ids.len() == parts.len() {
                resolved.extend(ids);
                continue;
            }
            let value = changed_whole((schema, name), parts);
            if let (Some(first), Some(value)) = (parts.first(), value) {
                self.keep_change(record, name, first, value);
            }
        }
        resolved
    }

    /// Returns the change with the elements that exist, or `None` if there are none.
    fn change_with_ids(&mut self, record: u32, change: &Change) -> Option<Change> {
        let schema = self.schema_of(record).id();
        let slots = self.registry.schema_by_id(schema)?.slots();
        let slot = &slots[usize::from(change.slot)];
        if !is_object(slot) {
            return Some(change.clone());
        }
        if change.operation == Operation::Set {
            let of = (record, slot, change.place);
            let value = self.reference(of, &change.value, &|_, _| false);
            if value.is_none() {
                self.keep_part(record, slot, change);
            }
            return value.map(|value| Change { value, ..change.clone() });
        }
        let Value::List(names) = &change.value else { return Some(change.clone()) };
        let (mut ids, mut missing) = (Vec::new(), Vec::new());
        for name in names.iter() {
            let is_removed = |_: usize, _: &str| change.operation == Operation::Remove;
            match self.reference((record, slot, change.place), name, &is_removed) {
                Some(id) => ids.push(id),
                None => missing.push(name.clone()),
            }
        }
        if !missing.is_empty() {
            self.keep_change(record, slot.name(), change, missing.into());
        }
        (!ids.is_empty()).then(|| Change { value: ids.into(), ..change.clone() })
    }

    /// Keeps another value of a union's part for the return of a record, with a warning.
    fn keep_part(&mut self, record: u32, slot: &Slot, change: &Change) {
        let schema = self.schema_of(record);
        let Some((whole, _)) = schema.whole_of(slot.name()) else { return };
        let whole: Arc<str> = whole.into();
        let (id, of, is_needed) = (schema.id(), schema.name().into(), is_needed(schema, slot));
        let name = self.records.list[record as usize].name.clone();
        if let (Value::Text(missing), true) = (&change.value, is_needed)
            && let Err(why) = self.find(missing, slot.references())
        {
            let place = self.files.part(change.place, missing);
            self.unresolved((id, slot), (missing, place), &why, self.undeclared.label());
        }
        if self.undeclared == Undeclared::Quarantine && name.is_some() {
            let part = slot.name().rsplit('.').next().unwrap_or_default();
            let part: Value = [(part, change.value.clone())].into_iter().collect();
            let values = [(&*whole, part)].into_iter().collect();
            let words = Words::only(&[]).into();
            let patch = QuarantinedRecord { schema: of, name, values, words };
            self.records.quarantined_patches.push(patch);
        }
    }

    /// Keeps a change for the return of a record, if the policy says so.
    fn keep_change(&mut self, record: u32, slot: &str, change: &Change, value: Value) {
        let schema = self.schema_of(record).name().into();
        let name = self.records.list[record as usize].name.clone();
        if self.undeclared == Undeclared::Quarantine && name.is_some() {
            let value: Value = [(change.operation.name(), value)].into_iter().collect();
            let values = [(slot, value)].into_iter().collect();
            let words = Words::only(&Word::OF_VALUES).into();
            let patch = QuarantinedRecord { schema, name, values, words };
            self.records.quarantined_patches.push(patch);
        }
    }
}

fn is_object(slot: &Slot) -> bool {
    *slot.kind().element() == Kind::Object
}
