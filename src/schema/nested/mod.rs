//! Nested values: maps and lists of maps in records, whose parts are slots of their own.
//!
//! The names of slots alone say what is nested, see [`Shape`]. So storage, keys, views and snapshots know slots alone.

mod draft;
mod gather;
mod optional;
mod shape;
mod spread;
mod union;

use std::borrow::Cow;
use std::sync::Arc;

use crate::kind::Kind;
use crate::record::Record;
use crate::schema::{Problem, ProblemKind, RegisteredSchema};
use crate::value::Value;

pub(in crate::schema) use draft::{shapes, tags};
use gather::Misfit;
pub(in crate::schema) use optional::{OptionalRecord, optional_records};
pub use shape::{Elements, Part, Shape};
pub use spread::{Found, Tree};
pub use union::{Union, UnionBy};

/// The signs in the names of slots after the name of a list, a map or a union, as [`Shape`] lists them. The parts of such a value
/// belong together.
///
/// # Example
/// ```
/// use slotted::schema::SIGNS;
/// assert_eq!("drops[].item".find(SIGNS), Some(5));
/// ```
pub const SIGNS: [char; 4] = ['[', '{', '@', '|'];

/// Returns `true` if a part of a nested value can have the name. In the names of slots, others mean something else.
///
/// # Example
/// ```
/// use slotted::schema::is_part_name;
/// assert!(is_part_name("item"));
/// assert!(!is_part_name("item?") && !is_part_name("a.b"));
/// ```
#[must_use]
pub fn is_part_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('.') && !name.contains(SIGNS) && !name.ends_with(['?', '#'])
}

/// Returns the name of a part within a nested value.
fn within<'n>(name: &'n str, nested: &str) -> Option<&'n str> {
    let part = name.strip_prefix(nested)?;
    part.strip_prefix('.').or_else(|| part.starts_with(SIGNS).then_some(part))
}

impl RegisteredSchema {
    /// Returns the shape of the nested value of this name.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::Shape;
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).build()?)?;
    /// let weapon = store.schema("weapon").unwrap();
    /// let Some(Shape::Record(parts)) = weapon.shape("damage") else { panic!() };
    /// assert_eq!(&*parts[1].0, "max");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        if self.nested.is_empty() || self.slot_index(name).is_some() {
            return None;
        }
        shape::find(&self.nested, name)
    }

    /// Returns `true` if records may have a map or a list of this name, whose parts are slots.
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
        self.shape(name).is_some()
    }

    /// Returns `true` if the schema has nested values.
    pub(crate) fn has_nested(&self) -> bool {
        !self.nested.is_empty()
    }

    /// Iterates over the parts of a nested value: the positions of their slots, and their names within the value.
    ///
    /// [`is_nested`](Self::is_nested) has an example.
    pub fn parts(&self, nested: &str) -> impl Iterator<Item = (usize, &str)> {
        let slots = self.slots().iter().enumerate();
        slots.filter_map(move |(index, slot)| Some((index, within(slot.name(), nested)?)))
    }

    /// Returns the record with the parts of nested values under the names of their slots.
    ///
    /// [`gather`](Self::gather) is the opposite.
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
    /// let flat = record! { "damage.min": 1, "damage.max": 4 };
    /// assert_eq!(*weapon.spread(&nested), flat);
    /// assert_eq!(weapon.gather(&flat), nested);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn spread<'r>(&self, record: &'r Record) -> Cow<'r, Record> {
        if self.nested.is_empty() || !record.iter().any(|(name, _)| self.is_nested(name)) {
            return Cow::Borrowed(record);
        }
        let mut flat = Record::with_capacity(self.slots().len());
        for (name, value) in record.iter() {
            let mut lacking = Vec::new();
            match self.shape(name) {
                Some(shape) => shape.spread(name, value, &mut |found| match found {
                    Found::Missing { slot, .. } => lacking.push(slot),
                    Found::Slot { slot, .. }
                        if lacking.contains(&slot) && !self.shows_missing(slot) =>
                    {
                        flat.push(self.slots()[slot].name().to_owned(), Value::Unset);
                    }
                    Found::Slot { slot, value } => {
                        flat.push(self.slots()[slot].name().to_owned(), value.into_owned());
                    }
                    // Refused, because no slot has the name, or because it has a value already.
                    Found::Surplus { name, value, .. } | Found::Misshapen { name, value } => {
                        flat.push(name, value.clone());
                    }
                }),
                None => flat.push(name.to_owned(), value.clone()),
            }
        }
        Cow::Owned(flat)
    }

    /// Returns whether an unset value in the list of a slot shows that an element lacks the part. A slot of kind `any` takes the
    /// unset value, and an inner list has none.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("action", Kind::Any).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let unit = store.schema("unit").unwrap();
    /// assert!(unit.shows_missing(0) && !unit.shows_missing(1));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn shows_missing(&self, slot: usize) -> bool {
        let slot = &self.slots()[slot];
        let is_in_list = |record: &str| slot.name()[record.len()..].contains(SIGNS);
        *slot.kind().element() != Kind::Any && !slot.needed_in().is_some_and(is_in_list)
    }

    /// Returns the record with nested values as maps and lists. Unset parts and unevenly long lists stay as they are.
    ///
    /// [`spread`](Self::spread) has an example.
    #[must_use]
    pub fn gather(&self, record: &Record) -> Record {
        if self.nested.is_empty() {
            return record.clone();
        }
        let slots = self.slots();
        let mut gathered = vec![false; slots.len()];
        // Each nested value takes the place of its first part.
        let mut wholes: Vec<(usize, &Arc<str>, Value)> = Vec::new();
        for (name, shape) in &self.nested {
            let mut read =
                |slot: usize| record.get(slots[slot].name()).cloned().unwrap_or_default();
            let Ok(whole) = shape.gather(&mut read) else { continue };
            if whole.is_unset() {
                continue;
            }
            let mut first = usize::MAX;
            shape.for_each_slot(&mut |slot| {
                let position = record.iter().position(|(name, _)| name == slots[slot].name());
                let Some(position) = position else { return };
                if record.value(position).is_unset() {
                    // A variant lacks the parts of others.
                    gathered[slot] = shape.is_in_union(slot);
                    return;
                }
                gathered[slot] = true;
                first = first.min(position);
            });
            wholes.push((first, name, whole));
        }
        let mut nested = Record::with_capacity(record.len());
        for (position, (name, value)) in record.iter().enumerate() {
            let is_part = self.slot_index(name).is_some_and(|slot| gathered[slot]);
            if let Some((_, whole, value)) = wholes.iter().find(|(first, ..)| *first == position) {
                nested.push(whole.to_string(), value.clone());
            }
            if !is_part {
                nested.push(name.to_owned(), value.clone());
            }
        }
        nested
    }

    /// Returns the nested value of this name. `read` returns the values of slots.
    ///
    /// Returns `None` if no nested value has the name, or if the lists of its parts do not fit together.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value};
    /// let mut store = Store::new();
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// store.register_schema(Schema::builder("weapon").nested("damage", &damage).build()?)?;
    /// let weapon = store.schema("weapon").unwrap();
    /// let damage = weapon.whole("damage", |slot| [1, 4][slot].into());
    /// assert_eq!(damage, Some([("min", 1), ("max", 4)].into_iter().collect()));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn whole(&self, name: &str, mut read: impl FnMut(usize) -> Value) -> Option<Value> {
        self.shape(name)?.gather(&mut read).ok()
    }

    /// Returns a nested value of the parts that `read` returns, for the positions of their slots.
    /// If they do not fit together, because a view has written one alone, it is the map of the parts that are set.
    ///
    /// [`whole`](Self::whole) returns only values whose parts fit together.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let unit = store.schema("unit").unwrap();
    /// let items: [Value; 2] = [["bone", "hide"].into(), [0.5].into()];
    /// assert_eq!(unit.whole("drops", |slot| items[slot].clone()), None);
    /// let drops = unit.nested_value("drops", |slot| items[slot].clone());
    /// assert_eq!(drops.to_string(), r#"{"[].item": ["bone", "hide"], "[].chance": [0.5]}"#);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn nested_value(&self, name: &str, mut read: impl FnMut(usize) -> Value) -> Value {
        let Some(shape) = self.shape(name) else { return Value::Unset };
        shape.gather(&mut read).unwrap_or_else(|_| {
            let parts = self.parts(name).map(|(index, part)| (part, read(index)));
            parts.filter(|(_, value)| !value.is_unset()).collect()
        })
    }

    /// Checks that the parts of each list, union and optional record have the values of one, in a record with the names of slots.
    ///
    /// # Errors
    /// Returns the problem of the first nested value whose parts do not fit together: a view has written one alone.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let record = record! { "drops[].item": ["bone"], "drops[].chance": [0.5, 0.25] };
    /// let problem = store.schema("unit").unwrap().check_nested(&record).unwrap_err();
    /// assert_eq!(
    ///     problem.to_string(),
    ///     "the parts of 'drops' of 'unit' have lists of different lengths: drops[].item, drops[].chance"
    /// );
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn check_nested(&self, record: &Record) -> Result<(), Box<Problem>> {
        // Some parts may be given as a whole.
        let half = || {
            let lacking = self.lacking_in(&self.spread(record));
            Some(self.missing(*lacking.first()?))
        };
        match self.misfit(record, record).or_else(half) {
            Some(problem) => Err(Box::new(problem)),
            None => Ok(()),
        }
    }

    /// Returns the problem of a nested value whose parts do not fit together. Only a record that names such a part, or a union,
    /// can have one.
    pub(crate) fn misfit(&self, given: &Record, spread: &Record) -> Option<Problem> {
        if self.nested.is_empty() {
            return None;
        }
        let names_part = given.iter().any(|(name, _)| name.contains(SIGNS));
        let mut read = |slot: usize| {
            let slot = &self.slots()[slot];
            spread.get(slot.name()).or(slot.default()).cloned().unwrap_or_default()
        };
        let shapes = self.nested.iter().filter(|(_, shape)| names_part || shape.has_union());
        shapes.filter_map(|(name, shape)| Some((name, shape.gather(&mut read).err()?))).next().map(
            |(name, misfit)| {
                let name_of = |slot: usize| self.slots()[slot].shared_name();
                let parts = || self.parts(name).map(|(slot, _)| Arc::clone(name_of(slot)));
                match misfit {
                    Misfit::Lacks(slot) => {
                        let expected = self.slots()[slot].kind().clone();
                        self.problem(name_of(slot), ProblemKind::Missing { expected })
                    }
                    Misfit::Uneven => {
                        self.problem(name, ProblemKind::Uneven { parts: parts().collect() })
                    }
                    Misfit::Mixed => {
                        self.problem(name, ProblemKind::Mixed { parts: parts().collect() })
                    }
                }
            },
        )
    }

    /// Returns the outermost list, map or union that a slot is a part of, with its name. Its parts belong together.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let unit = store.schema("unit").unwrap();
    /// let (name, shape) = unit.whole_of("drops[].item").unwrap();
    /// assert_eq!((name, &*shape.to_string()), ("drops", "a list of maps of item"));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn whole_of<'n>(&self, slot: &'n str) -> Option<(&'n str, &Shape)> {
        let name = &slot[..slot.find(SIGNS)?];
        Some((name, self.shape(name)?))
    }
}
