//! Nested records: maps in records, whose parts are slots of their own.
//!
//! The parts of a nested record `damage` are the slots whose names begin with `damage.`, such as `damage.min`. So storage, keys,
//! views and snapshots know slots alone.

use std::borrow::Cow;
use std::sync::Arc;

use crate::record::Record;
use crate::schema::{RegisteredSchema, Slot};
use crate::value::Value;

/// Returns the names of all nested records with these slots, in alphabetical order.
pub(super) fn nested_names(slots: &[Slot]) -> Box<[Arc<str>]> {
    let prefixes = slots.iter().flat_map(|slot| {
        let name = slot.name();
        name.match_indices('.').map(move |(dot, _)| &name[..dot])
    });
    let mut names: Vec<Arc<str>> =
        prefixes.filter(|name| !name.is_empty()).map(Arc::from).collect();
    names.sort_unstable();
    names.dedup();
    names.into()
}

/// Returns the name of a part within a nested record.
fn within<'n>(name: &'n str, record: &str) -> Option<&'n str> {
    name.strip_prefix(record)?.strip_prefix('.')
}

impl RegisteredSchema {
    /// Returns `true` if records may have a map of this name: the names of slots begin with it and a dot.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).build()?)?;
    /// let weapon = store.schema("weapon").ok_or("no schema")?;
    /// assert!(weapon.is_nested("damage") && weapon.slot("damage").is_none());
    /// let parts: Vec<_> = weapon.parts("damage").map(|(_, name)| name).collect();
    /// assert_eq!(parts, ["min", "max"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_nested(&self, name: &str) -> bool {
        !self.nested.is_empty()
            && self.nested.binary_search_by(|own| (**own).cmp(name)).is_ok()
            && self.slot_index(name).is_none()
    }

    /// Iterates over the parts of a nested record: the positions of their slots, and their names within the record.
    ///
    /// [`is_nested`](Self::is_nested) has an example.
    pub fn parts(&self, record: &str) -> impl Iterator<Item = (usize, &str)> {
        let slots = self.slots().iter().enumerate();
        slots.filter_map(move |(index, slot)| Some((index, within(slot.name(), record)?)))
    }

    /// Returns the record with the parts of nested records under the names of their slots.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).build()?)?;
    /// let range: Value = [("min", 1), ("max", 4)].into_iter().collect();
    /// let nested = record! { damage: range };
    /// let weapon = store.schema("weapon").ok_or("no schema")?;
    /// assert_eq!(*weapon.spread(&nested), record! { "damage.min": 1, "damage.max": 4 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn spread<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        // Single values of nested records are refused under their own name.
        let may_have_parts = |value: &Value| matches!(value, Value::Map(_) | Value::Unset);
        let has_parts = |(name, value)| may_have_parts(value) && self.is_nested(name);
        if self.nested.is_empty() || !record.iter().any(has_parts) {
            return Cow::Borrowed(record);
        }
        let mut flat = Record::with_capacity(self.slots().len());
        for (name, value) in record.iter() {
            match self.is_nested(name) {
                true => self.spread_nested(name, value, &mut flat),
                false => flat.push(name.to_owned(), value.clone()),
            }
        }
        Cow::Owned(flat)
    }

    fn spread_nested(&self, record: &str, value: &Value, to: &mut Record) {
        match value {
            Value::Map(parts) => {
                for (name, value) in parts.iter() {
                    let name = format!("{record}.{name}");
                    match self.is_nested(&name) {
                        true => self.spread_nested(&name, value, to),
                        false => to.push(name, value.clone()),
                    }
                }
            }
            Value::Unset => {
                let slots = self.parts(record).map(|(index, _)| self.slots()[index].name());
                slots.for_each(|slot| to.push(slot.to_owned(), Value::Unset));
            }
            // Refused, because no slot has the name.
            other => to.push(record.to_owned(), other.clone()),
        }
    }

    /// Returns the values of a nested record as a map, without unset ones. Unset if all are.
    pub(crate) fn nested_value(&self, record: &str, read: impl Fn(usize) -> Value) -> Value {
        let mut map = Vec::new();
        for (index, name) in self.parts(record) {
            let value = read(index);
            if !value.is_unset() {
                self.insert(&mut map, record, name, value);
            }
        }
        if map.is_empty() {
            Value::Unset
        } else {
            Value::Map(map.into_iter().map(Entry::finish).collect())
        }
    }
}

impl RegisteredSchema {
    /// Puts a value into the map of a nested record, or into that of a record in it.
    fn insert(&self, map: &mut Vec<Entry>, record: &str, name: &str, value: Value) {
        let inner = name.split_once('.').map(|(outer, inner)| (format!("{record}.{outer}"), inner));
        let Some((inner_record, inner)) = inner.filter(|(record, _)| self.is_nested(record)) else {
            map.push(Entry { name: name.into(), value: Ok(value) });
            return;
        };
        let outer = &inner_record[record.len() + 1..];
        let is_known = |entry: &&mut Entry| *entry.name == *outer;
        match map.iter_mut().find(is_known).map(|entry| &mut entry.value) {
            Some(Err(entries)) => self.insert(entries, &inner_record, inner, value),
            _ => {
                let mut entries = Vec::new();
                self.insert(&mut entries, &inner_record, inner, value);
                map.push(Entry { name: outer.into(), value: Err(entries) });
            }
        }
    }
}

/// An entry of a map that is not complete yet.
struct Entry {
    name: Arc<str>,
    value: Result<Value, Vec<Entry>>,
}

impl Entry {
    fn finish(self) -> (Arc<str>, Value) {
        let nested =
            |entries: Vec<Self>| Value::Map(entries.into_iter().map(Self::finish).collect());
        (self.name, self.value.unwrap_or_else(nested))
    }
}
