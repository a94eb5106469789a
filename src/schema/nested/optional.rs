//! Optional records: an object has none of the parts, or all that are needed.

use std::borrow::Cow;

use crate::record::Record;
use crate::schema::nested::SIGNS;
use crate::schema::{Problem, ProblemKind, RegisteredSchema, Slot};
use crate::value::Value;

/// An optional record that needs some of its parts. Records in lists and unions are not among them: a [`Shape`] has their needs.
///
/// [`Shape`]: crate::schema::Shape
#[derive(Clone, Debug)]
pub(in crate::schema) struct OptionalRecord {
    slots: Box<[usize]>,
    needed: Box<[usize]>,
}

/// Returns the optional records of these slots.
pub(in crate::schema) fn optional_records(slots: &[Slot]) -> Box<[OptionalRecord]> {
    let mut names: Vec<&str> = slots.iter().filter_map(Slot::needed_in).collect();
    names.sort_unstable();
    names.dedup();
    let is_part = |slot: &Slot, name: &str| {
        slot.name().strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    let positions = |is_own: &dyn Fn(&Slot) -> bool| {
        let slots = slots.iter().enumerate().filter(|(_, slot)| is_own(slot));
        slots.map(|(position, _)| position).collect()
    };
    let records = names.into_iter().filter(|name| !name.contains(SIGNS));
    records
        .map(|name| OptionalRecord {
            slots: positions(&|slot| is_part(slot, name)),
            needed: positions(&|slot| slot.needed_in() == Some(name)),
        })
        .collect()
}

impl RegisteredSchema {
    /// Returns the record as [`spread`](Self::spread) does, with the defaults of what its optional records need.
    pub(crate) fn spread_whole<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        let mut flat = self.spread(record);
        for slot in self.lacking(|slot| flat.get(self.slots()[slot].name())) {
            let slot = &self.slots()[slot];
            if let (Some(default), None) = (slot.needed_default(), flat.get(slot.name())) {
                flat.to_mut().push(slot.name().to_owned(), default.clone());
            }
        }
        flat
    }

    /// Returns the slots without values that are needed by optional records with a part. `read` returns the values of slots.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).optional().build()?)?;
    /// let weapon = store.schema("weapon").unwrap();
    /// let one = Value::from(1);
    /// assert_eq!(weapon.lacking(|slot| (slot == 0).then_some(&one)), [1]);
    /// assert_eq!(weapon.lacking(|_| None), []);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn lacking<'v>(&self, read: impl Fn(usize) -> Option<&'v Value>) -> Vec<usize> {
        let is_set = |slot: &usize| {
            let value = read(*slot).or(self.slots()[*slot].default());
            value.is_some_and(|value| !value.is_unset())
        };
        let given = self.optional_records.iter().filter(|record| record.slots.iter().any(is_set));
        let needed = given.flat_map(|record| record.needed.iter().copied());
        needed.filter(|slot| !is_set(slot)).collect()
    }

    /// Returns whether the parts of all nested values fit together.
    pub(crate) fn fits(&self, given: &Record, spread: &Record) -> bool {
        let read = |slot: usize| spread.get(self.slots()[slot].name());
        self.misfit(given, spread).is_none() && self.lacking(read).is_empty()
    }

    /// Returns the problem of the first slot that an optional record lacks.
    pub(crate) fn half_record<'v>(
        &self,
        read: impl Fn(usize) -> Option<&'v Value>,
    ) -> Option<Problem> {
        let slot = &self.slots()[*self.lacking(read).first()?];
        let missing = ProblemKind::Missing { expected: slot.kind().clone() };
        Some(self.problem(slot.name(), missing))
    }
}
