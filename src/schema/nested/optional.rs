//! Optional records: an object has none of the parts, or all that are needed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::record::Record;
use crate::schema::nested::SIGNS;
use crate::schema::{RegisteredSchema, Slot};

/// An optional record that needs some of its parts. Records in lists and unions are not among them: a [`Shape`] has their needs.
///
/// [`Shape`]: crate::schema::Shape
#[derive(Clone, Debug, Default)]
pub(in crate::schema) struct OptionalRecord {
    slots: Vec<usize>,
    needed: Vec<usize>,
}

/// Returns the optional records of these slots.
pub(in crate::schema) fn optional_records(slots: &[Slot]) -> Box<[OptionalRecord]> {
    let records = slots.iter().filter_map(Slot::needed_in).filter(|name| !name.contains(SIGNS));
    let mut records: BTreeMap<&str, OptionalRecord> =
        records.map(|name| (name, OptionalRecord::default())).collect();
    if records.is_empty() {
        return Box::default();
    }
    for (position, slot) in slots.iter().enumerate() {
        for (end, _) in slot.name().match_indices('.') {
            let name = &slot.name()[..end];
            let Some(record) = records.get_mut(name) else { continue };
            record.slots.push(position);
            if slot.needed_in() == Some(name) {
                record.needed.push(position);
            }
        }
    }
    records.into_values().collect()
}

impl RegisteredSchema {
    /// Returns the record as [`spread`](Self::spread) does, with the defaults of what its optional records need.
    pub(crate) fn spread_whole<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        let mut flat = self.spread(record);
        if self.optional_records.is_empty() {
            return flat;
        }
        let given = self.given(&flat);
        for slot in self.lacking(|slot| given[slot]) {
            if let (Some(default), None) = (self.slots()[slot].needed_default(), given[slot]) {
                flat.to_mut().push(self.slots()[slot].name().to_owned(), default.clone());
            }
        }
        flat
    }

    /// Returns for each slot whether a record with the names of slots gives it a value. `None` if it leaves the slot out.
    fn given(&self, record: &Record) -> Vec<Option<bool>> {
        let mut given = vec![None; self.slots().len()];
        for (name, value) in record.iter() {
            if let Some(slot) = self.slot_index(name) {
                given[slot] = Some(!value.is_unset());
            }
        }
        given
    }

    /// Returns the slots without values that are needed by optional records with a part. `is_set` says whether slots have values,
    /// or returns `None` for those that have their defaults.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).optional().build()?)?;
    /// let weapon = store.schema("weapon").unwrap();
    /// assert_eq!(weapon.lacking(|slot| (slot == 0).then_some(true)), [1]);
    /// assert_eq!(weapon.lacking(|_| None), []);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn lacking(&self, is_set: impl Fn(usize) -> Option<bool>) -> Vec<usize> {
        let is_set = |slot: &usize| {
            let by_default =
                || self.slots()[*slot].default().is_some_and(|value| !value.is_unset());
            is_set(*slot).unwrap_or_else(by_default)
        };
        let given = self.optional_records.iter().filter(|record| record.slots.iter().any(is_set));
        let needed = given.flat_map(|record| record.needed.iter().copied());
        needed.filter(|slot| !is_set(slot)).collect()
    }

    /// Returns the slots that are needed by optional records in a record with the names of slots, and have no value there.
    pub(crate) fn lacking_in(&self, record: &Record) -> Vec<usize> {
        if self.optional_records.is_empty() {
            return Vec::new();
        }
        let given = self.given(record);
        self.lacking(|slot| given[slot])
    }

    /// Returns whether the parts of all nested values fit together.
    pub(crate) fn fits(&self, given: &Record, spread: &Record) -> bool {
        self.misfit(given, spread).is_none() && self.lacking_in(spread).is_empty()
    }
}
