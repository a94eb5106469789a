//! The last steps after inheritance: changes of values, and removed records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::changes::{Change, Key, Operation, change_list, change_number, key_of};
use crate::diagnostic::{Code, Diagnostic, Severity, quoted};
use crate::given::Given;
use crate::infer::SameData;
use crate::objects::{is_reference, with_ids};
use crate::patches::is_lost;
use crate::references::{Resolver, local_id};
use crate::same_name::SameName;
use crate::source::Place;
use slotted::schema::{Found, RegisteredSchema, Shape, Slot};
use slotted::{Kind, ObjectId, Value};

/// Returns the elements of a list, or the entries of a map as records of a key and a value.
fn elements_of(list: &Value) -> Vec<Value> {
    match list {
        Value::List(elements) => elements.to_vec(),
        Value::Map(entries) => {
            let entry = |(key, value): &(Arc<str>, Value)| {
                [("key", Value::Text(Arc::clone(key))), ("value", value.clone())]
                    .into_iter()
                    .collect()
            };
            entries.iter().map(entry).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the value of a change of a nested list or map, given the values of its parts.
pub(super) fn changed_whole(
    (schema, name): (&RegisteredSchema, &str),
    parts: &[Change],
) -> Option<Value> {
    match (schema.shape(name)?, parts) {
        // Entries of a map are removed by their keys.
        (Shape::Map(_), [keys]) => Some(keys.value.clone()),
        _ => {
            let part = |slot: usize| parts.iter().find(|part| usize::from(part.slot) == slot);
            schema.whole(name, |slot| part(slot).map(|part| part.value.clone()).unwrap_or_default())
        }
    }
}

impl Resolver<'_> {
    /// Applies the changes of a record to its values.
    ///
    /// Packs change the value in the order of their dependencies and names, whatever the load order.
    pub(super) fn change(&mut self, record: u32) {
        let Some(mut changes) = self.records.changes.remove(&record) else { return };
        if self.incomplete.contains(&record) {
            return;
        }
        let registry = self.registry;
        let schema = self.records.list[record as usize].schema;
        let schema = registry.schema_by_id(schema).expect("a record's schema is registered");
        let whole_of =
            |change: &Change| schema.whole_of(schema.slots()[usize::from(change.slot)].name());
        let mut of_lists: Vec<(&str, Vec<Change>)> = Vec::new();
        changes.retain(|change| {
            // A part of a union is changed alone.
            let Some((name, Shape::List(_) | Shape::Map(_))) = whole_of(change) else {
                return true;
            };
            match of_lists.iter_mut().find(|(known, _)| *known == name) {
                Some((_, changes)) => changes.push(change.clone()),
                None => of_lists.push((name, vec![change.clone()])),
            }
            false
        });
        let values = &self.records.list[record as usize].values;
        let is_kept = |change: &Change| {
            let given = values.get(change.slot.into());
            given.is_some_and(|given| is_lost(schema, &given))
        };
        changes.retain(|change| !is_kept(change));
        of_lists.retain(|(_, changes)| !changes.iter().any(is_kept));
        self.keep_own_variant(record, schema, &mut changes);
        changes.sort_by_key(|change| (change.slot, self.packs.rank(change.pack)));
        for changes in changes.chunk_by(|a, b| a.slot == b.slot) {
            self.change_slot(record, &changes.iter().collect::<Vec<_>>());
        }
        for (name, mut changes) in of_lists {
            changes.sort_by_key(|change| self.packs.rank(change.pack));
            self.change_nested_list(record, (schema, name), &changes);
        }
    }

    /// Applies the changes of a list of nested values, which are changes of its parts.
    fn change_nested_list(
        &mut self,
        record: u32,
        (schema, name): (&RegisteredSchema, &str),
        changes: &[Change],
    ) {
        let Some(shape) = schema.shape(name) else { return };
        let slots = schema.slots();
        let whole = |read: &dyn Fn(usize) -> Option<Value>| {
            let whole = schema.whole(name, |slot| read(slot).unwrap_or_default());
            whole.as_ref().map(elements_of)
        };
        let own = &self.records.list[record as usize];
        let given = |slot: usize| own.values.get(slot).map(|given| given.value);
        // Uneven lists have a problem of their own.
        let base = whole(&|slot| given(slot).or_else(|| slots[slot].default().cloned()));
        let Some(base) = base else {
            return;
        };
        // The parts of one change lie next to one another.
        let is_same = |a: &Change, b: &Change| (a.pack, a.place) == (b.pack, b.place);
        let wholes = changes.chunk_by(is_same).filter_map(|parts| {
            let value = changed_whole((schema, name), parts)?;
            Some(Change { value: elements_of(&value).into(), ..parts.first()?.clone() })
        });
        let wholes: Vec<Change> = wholes.collect();
        let Some(last) = changes.last().map(|change| change.place) else { return };
        let added = wholes.iter().map(|change| base.len() + elements_of(&change.value).len());
        let message = "changes of lists need more elements than the limit allows";
        if !self.afford(added.sum(), record, message) {
            return;
        }
        let is_map = matches!(shape, Shape::Map(_));
        let mut without_effect = Vec::new();
        let value =
            change_list(&base, is_map, &wholes.iter().collect::<Vec<_>>(), &mut without_effect);
        self.without_effect(record, name, &without_effect);
        let value = match shape {
            Shape::Map(_) => {
                self.replaced_entries((record, (schema, name)), &base, &wholes);
                self.each_key_once((record, name), &value, &wholes)
            }
            _ => value,
        };
        let mut parts = Vec::new();
        shape.spread(name, &value, &mut |found| {
            if let Found::Slot { slot, value } = found {
                parts.push(Given { slot: slot as u16, place: last, value: value.into_owned() });
            }
        });
        self.set(record, parts);
    }

    /// Reports packs that add an entry to a map which another one has replaced, with another value for the key.
    fn replaced_entries(
        &mut self,
        (record, (schema, name)): (u32, (&RegisteredSchema, &str)),
        map: &[Value],
        changes: &[Change],
    ) {
        let keys = schema.slot_index(&format!("{name}{{}}.key"));
        let replaced = keys.and_then(|keys| self.records.replaced.get(&(record, keys as u16)));
        let Some(&(pack, place)) = replaced else { return };
        let entries: HashMap<Key, &Value> =
            map.iter().filter_map(|entry| Some((key_of(entry)?, entry))).collect();
        for change in changes.iter().filter(|change| change.operation == Operation::Add) {
            let is_other = |entry: &Value| {
                let own = key_of(entry).and_then(|key| entries.get(&key));
                own.is_some_and(|own| *own != entry)
            };
            if elements_of(&change.value).iter().any(is_other) {
                self.two_entries((record, name), (change.pack, pack), (change.place, place));
            }
        }
    }

    /// Reports packs that disagree about the value of a map's key.
    fn two_entries(
        &mut self,
        (record, name): (u32, &str),
        packs: (usize, usize),
        (own_place, other_place): (Place, Place),
    ) {
        let (shown, slot) = (self.shown(record).0, quoted(name));
        self.packs.conflict(packs, self.diagnostics, |own, other| {
            let message = format!(
                "packs {other} and {own} both add an entry to slot {slot} of record {shown}"
            );
            Diagnostic::error(Code::Conflict, message)
                .at(own_place, format!("the value of {own} wins"))
                .at(other_place, format!("added here by {other}"))
        });
    }

    /// Returns the entries of a map, each key with its last value. Reports packs that disagree about one.
    fn each_key_once(
        &mut self,
        (record, name): (u32, &str),
        map: &Value,
        changes: &[Change],
    ) -> Value {
        let mut added: HashMap<Key, (&Change, Value)> = HashMap::new();
        let is_added = |change: &&Change| change.operation == Operation::Add;
        for change in changes.iter().filter(is_added) {
            for entry in elements_of(&change.value) {
                let Some(key) = key_of(&entry) else { continue };
                let earlier = added.insert(key, (change, entry.clone()));
                let Some((earlier, _)) = earlier.filter(|(_, own)| *own != entry) else { continue };
                let places = (change.place, earlier.place);
                self.two_entries((record, name), (change.pack, earlier.pack), places);
            }
        }
        let mut positions: HashMap<Key, usize> = HashMap::new();
        let mut entries: Vec<Value> = Vec::new();
        for entry in elements_of(map) {
            let position = key_of(&entry).map(|key| *positions.entry(key).or_insert(entries.len()));
            match position.and_then(|at| entries.get_mut(at)) {
                Some(earlier) => *earlier = entry,
                None => entries.push(entry),
            }
        }
        entries.into()
    }

    pub(super) fn set(&mut self, record: u32, changed: Vec<Given>) {
        self.records.list[record as usize].values.edit(|values| {
            for given in changed {
                match values.binary_search_by_key(&given.slot, |own| own.slot) {
                    Ok(position) => values[position] = given,
                    Err(position) => values.insert(position, given),
                }
            }
        });
    }

    /// Reports lists and unions whose parts do not fit together, in records that name one of them alone.
    pub(super) fn check_nested(&mut self) {
        let mut partial: Vec<_> = self.records.partial.iter().map(|(a, b)| (*a, *b)).collect();
        partial.sort_unstable_by_key(|(number, _)| *number);
        for (number, place) in partial {
            if self.incomplete.contains(&number) {
                continue;
            }
            let record = &self.records.list[number as usize];
            let Some(schema) = self.registry.schema_by_id(record.schema) else { continue };
            let names = record.values.iter().map(|given| {
                let name = schema.slots()[usize::from(given.slot)].name();
                (name.to_owned(), given.value)
            });
            if let Err(problem) = schema.check_nested(&names.collect()) {
                let record = record.place;
                let help =
                    match schema.shape(schema.whole_of(&problem.slot).map_or("", |own| own.0)) {
                        Some(Shape::Union(_)) => "write the whole value",
                        _ => "write the whole list, element by element",
                    };
                self.diagnostics.push_with(|_| {
                    Diagnostic::error(Code::BadValue, problem.to_string())
                        .at(place, "this part is named alone")
                        .at(record, "in this record")
                        .help(help)
                });
            }
        }
    }

    fn change_slot(&mut self, record: u32, changes: &[&Change]) {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
        let registry = self.registry;
        let schema = self.records.list[record as usize].schema;
        let schema = registry.schema_by_id(schema).expect("a record's schema is registered");
        let slot = &schema.slots()[usize::from(first.slot)];
        if let Some(left) = self.set_part((record, slot), changes) {
            return self.change_slot(record, &left);
        }
        let given = self.records.list[record as usize].values.get(first.slot.into());
        let base_place = given.as_ref().map(|given| given.place);
        let base = given.map(|given| given.value).or_else(|| slot.default().cloned());
        let base = base.unwrap_or_default();
        let value = match slot.kind() {
            Kind::Number(kind) => match change_number(&base, *kind, changes) {
                Ok(value) => value,
                Err(_) => return self.no_value(record, slot, first),
            },
            _ => {
                let elements = match &base {
                    Value::List(list) => &list[..],
                    _ => &[],
                };
                let added = changes.iter().map(|change| match &change.value {
                    Value::List(list) => elements.len() + list.len(),
                    _ => 0,
                });
                let message = "changes of lists need more elements than the limit allows";
                if !self.afford(added.sum(), record, message) {
                    return;
                }
                let mut without_effect = Vec::new();
                let value = change_list(elements, false, changes, &mut without_effect);
                self.without_effect(record, slot.name(), &without_effect);
                value
            }
        };
        // References were checked with their names.
        if *slot.kind().element() != Kind::Object
            && let Err(kind) = registry.check_value(slot, &value)
        {
            let problem = schema.problem(slot.name(), kind);
            self.diagnostics.push_with(|_| {
                let message = problem.to_string();
                let label = format!("changes {base} to {value}");
                let diagnostic = Diagnostic::error(Code::BadValue, message).at(last.place, label);
                let others = changes[..changes.len() - 1].iter();
                let diagnostic = others.fold(diagnostic, |diagnostic, change| {
                    diagnostic.at(change.place, "changed here too")
                });
                match base_place {
                    Some(place) => diagnostic.at(place, "the value before"),
                    None => diagnostic,
                }
            });
            return;
        }
        self.set(record, vec![Given { slot: first.slot, place: last.place, value }]);
    }

    /// Gives a part of a union its last value, and returns the changes that start from it.
    fn set_part<'c>(
        &mut self,
        (record, slot): (u32, &Slot),
        changes: &[&'c Change],
    ) -> Option<Vec<&'c Change>> {
        let is_set = |change: &&&Change| change.operation == Operation::Set;
        let mut sets: Vec<&Change> = changes.iter().filter(is_set).copied().collect();
        // Replaced values follow the load order.
        sets.sort_by_key(|change| change.pack);
        self.report_overwritten((record, slot), &sets);
        let set = *sets.last()?;
        let (slot, place, value) = (set.slot, set.place, set.value.clone());
        self.set(record, vec![Given { slot, place, value }]);
        let is_left = |change: &&&Change| {
            change.operation != Operation::Set && !self.packs.knows(set.pack, change.pack)
        };
        Some(changes.iter().filter(is_left).copied().collect())
    }

    /// Reports packs that give a part different values without knowing of each other.
    fn report_overwritten(&mut self, (record, slot): (u32, &Slot), sets: &[&Change]) {
        for pair in sets.windows(2) {
            let [earlier, own] = pair else { continue };
            if !own.value.is_same_data(&earlier.value) {
                let record = self.shown(record).0;
                let what = || format!("slot {} of record {record}", quoted(slot.name()));
                let (own, earlier) = ((own.pack, own.place), (earlier.pack, earlier.place));
                self.packs.overwritten(what, None, own, earlier, self.diagnostics);
            }
        }
    }

    pub(super) fn shown(&self, record: u32) -> (String, Place) {
        let record = &self.records.list[record as usize];
        (record.name.as_deref().map_or_else(|| "a record".to_owned(), quoted), record.place)
    }

    fn no_value(&mut self, record: u32, slot: &Slot, change: &Change) {
        let given = self.records.list[record as usize].values.get(change.slot.into());
        let unset = given.filter(|given| given.value.is_unset()).map(|given| given.place);
        let schema = self.schema_of(record).name();
        let (record, defined) = self.shown(record);
        let operation = quoted(change.operation.name_in(self.records.words.at(change.place)));
        let slot = quoted(slot.name());
        let known = format!("slot {slot} of {schema} has no value that {operation} could change");
        self.diagnostics.once_with((&known, change.place), Severity::Error, |_| {
            let message =
                format!("slot {slot} of {record} has no value that {operation} could change");
            let diagnostic = Diagnostic::error(Code::MissingValue, message)
                .at(change.place, "no value to change");
            let diagnostic = match unset {
                Some(place) => diagnostic.at(place, "unset here"),
                None => diagnostic.at(defined, "this record gives none"),
            };
            diagnostic.help("write the value itself")
        });
    }

    fn without_effect(&mut self, record: u32, slot: &str, removed: &[(&Change, Value)]) {
        for (change, element) in removed {
            let element = match element {
                Value::Object(id) => self.records.list.get(id.row() as usize).map_or_else(
                    || element.to_string(),
                    |record| quoted(record.name.as_deref().unwrap_or_default()),
                ),
                Value::Text(text) => quoted(text),
                other => other.to_string(),
            };
            let ((record, _), slot) = (self.shown(record), quoted(slot));
            let operation = Operation::Remove.name();
            self.diagnostics.warn_with(|_| {
                let message = format!("slot {slot} of {record} has no {element} to {operation}");
                Diagnostic::warning(Code::NoEffect, message).at(change.place, "without effect")
            });
        }
    }

    /// Removes records that patches delete and records that are kept aside, after others have inherited from them.
    pub(super) fn remove(&mut self, aside: HashSet<u32>) {
        let mut removed = aside;
        removed.extend(std::mem::take(&mut self.records.deleted).into_keys());
        if removed.is_empty() {
            return;
        }
        let mut next = 0;
        let numbers = (0..self.records.list.len() as u32).map(|number| {
            let id = (!removed.contains(&number)).then(|| local_id(next));
            next += u32::from(id.is_some());
            id
        });
        let numbers: Vec<Option<ObjectId>> = numbers.collect();
        let mut old = 0..;
        self.records.list.retain(|_| {
            let old = old.next().unwrap_or_default();
            !removed.contains(&old)
        });
        for record in &mut self.records.list {
            if record.values.iter().any(|given| is_reference(&given.value)) {
                record.values.edit(|values| {
                    for given in values.iter_mut().filter(|given| is_reference(&given.value)) {
                        given.value = with_ids(&given.value, &numbers);
                    }
                });
            }
        }
        let quarantined = std::mem::take(&mut self.records.quarantined_values).into_iter();
        let quarantined = quarantined.filter_map(|(old, values)| {
            Some((numbers.get(old as usize).copied().flatten()?.row(), values))
        });
        self.records.quarantined_values = quarantined.collect();
        self.records.by_name = SameName::of(&self.records.list);
    }
}
