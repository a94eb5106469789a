//! Takes nested values apart: a value for each slot of the shape.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::schema::nested::shape::{Elements, KEY, Part, Shape};
use crate::schema::nested::union::{Chosen, Union, UnionBy};
use crate::value::Value;

/// A tree of values that a [`Shape`] can take apart: a [`Value`], or a tree that knows more of its values, such as places.
pub trait Tree: Clone {
    /// Returns `true` if there is no value.
    fn is_unset(&self) -> bool;

    /// Returns the elements of a list.
    fn as_list(&self) -> Option<&[Self]>;

    /// Returns the text, if the value is one.
    fn as_text(&self) -> Option<&str>;

    /// Returns the sort of a value that is no map: `bool`, `number`, `text` or `list`. References are texts.
    fn sort(&self) -> Option<&'static str>;

    /// Calls the function with each entry of a map. Returns `false` if the value is no map.
    fn for_each_entry<'t>(&'t self, call: &mut dyn FnMut(&'t str, &'t Self)) -> bool;

    /// Returns the name before a value and what follows it, as in RON's `heal(amount: 5)`. Elsewhere the value is a map with
    /// one entry.
    fn named(&self) -> Option<(&str, &Self)> {
        None
    }

    /// Returns a list in the place of this value.
    fn list(&self, elements: Vec<Self>) -> Self;

    /// Returns a single value in the place of this one.
    fn single(&self, value: Value) -> Self;
}

impl Tree for Value {
    fn is_unset(&self) -> bool {
        self.is_unset()
    }

    fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn sort(&self) -> Option<&'static str> {
        match self {
            Self::Bool(_) => Some("bool"),
            Self::Int(_) | Self::UInt(_) | Self::F32(_) | Self::F64(_) => Some("number"),
            Self::Text(_) | Self::Object(_) => Some("text"),
            Self::Unset | Self::Bytes(_) | Self::Map(_) => None,
            // A list or a vector.
            _ => Some("list"),
        }
    }

    fn for_each_entry<'t>(&'t self, call: &mut dyn FnMut(&'t str, &'t Self)) -> bool {
        let Self::Map(map) = self else { return false };
        map.iter().for_each(|(name, value)| call(name, value));
        true
    }

    fn list(&self, elements: Vec<Self>) -> Self {
        Self::List(elements.into())
    }

    fn single(&self, value: Value) -> Self {
        value
    }
}

/// A part of a nested value, as [`Shape::spread`] finds it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Found<'t, T: Clone> {
    /// The value of a slot.
    Slot {
        /// The position of the slot.
        slot: usize,
        /// The value: a list if the slot is that of a list's elements.
        value: Cow<'t, T>,
    },
    /// A value under a name that the shape does not have, or has had in the same record.
    Surplus {
        /// The name of the slot that would hold it.
        name: String,
        /// The value.
        value: &'t T,
        /// The map that has it.
        of: &'t T,
    },
    /// A part that an element of a list lacks and must not. The list of the slot has an unset value for it.
    Missing {
        /// The position of the slot.
        slot: usize,
        /// The element, or the value that has it.
        of: &'t T,
    },
    /// A value that is no map or no list where the shape needs one.
    Misshapen {
        /// The name of the nested value.
        name: String,
        /// The value.
        value: &'t T,
    },
}

/// The path to a nested value.
#[derive(Clone, Copy)]
struct Path<'p> {
    outer: Option<&'p Path<'p>>,
    /// The separator before the name.
    mark: &'static str,
    name: &'p str,
}

impl<'p> Path<'p> {
    const fn then(&'p self, name: &'p str) -> Self {
        Self { outer: Some(self), mark: ".", name }
    }

    const fn elements(&'p self, bracket: &'static str) -> Self {
        Self { outer: Some(self), mark: "", name: bracket }
    }

    const fn variant(&'p self, union: &Union, name: &'p str) -> Self {
        let mark = match union.by {
            UnionBy::Sort => "|",
            _ => "@",
        };
        Self { outer: Some(self), mark, name }
    }

    fn surplus<'t, T: Clone>(&self, value: &'t T, of: &'t T) -> Found<'t, T> {
        Found::Surplus { name: self.to_string(), value, of }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        f.write_str(self.mark)?;
        f.write_str(self.name)
    }
}

impl Shape {
    /// Takes a nested value apart: calls the function with the value of each slot, and with what has no slot.
    ///
    /// Slots of records that the value leaves out are left out. In the elements of lists, a part that is missing and must not be
    /// is unset.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::Found;
    /// use slotted::{Kind, Schema, Store, Value};
    /// let mut store = Store::new();
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).build()?;
    /// store.register_schema(Schema::builder("unit").nested_list("drops", &drop).build()?)?;
    /// let bone = Value::from_iter([("item", Value::from("bone")), ("chance", 0.5.into())]);
    /// let mut lists = Vec::new();
    /// let shape = store.schema("unit").and_then(|unit| unit.shape("drops")).unwrap();
    /// shape.spread("drops", &Value::from([bone]), &mut |found| {
    ///     if let Found::Slot { slot, value } = found {
    ///         lists.push((slot, value.into_owned()));
    ///     }
    /// });
    /// assert_eq!(lists, [(0, ["bone"].into()), (1, [0.5].into())]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn spread<'t, T: Tree>(
        &self,
        name: &str,
        value: &'t T,
        call: &mut dyn FnMut(Found<'t, T>),
    ) {
        self.spread_in(&Path { outer: None, mark: "", name }, value, call);
    }

    fn spread_in<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        value: &'t T,
        call: &mut dyn FnMut(Found<'t, T>),
    ) {
        let value = self.without_name(value);
        let whole = |slot: usize| Found::Slot { slot, value: Cow::Borrowed(value) };
        if value.is_unset() {
            return self.for_each_slot(&mut |slot| call(whole(slot)));
        }
        let fits = match self {
            Self::Slot(part) => {
                call(whole(part.slot));
                true
            }
            Self::Record(fields) => value.for_each_entry(&mut |name, part| match fields
                .iter()
                .find(|(own, _)| &**own == name)
            {
                Some((_, shape)) => shape.spread_in(&path.then(name), part, call),
                None => call(path.then(name).surplus(part, value)),
            }),
            Self::Tuple(fields) => match value.as_list() {
                Some(list) if list.len() <= fields.len() => {
                    for ((name, shape), value) in fields.iter().zip(list) {
                        shape.spread_in(&path.then(name), value, call);
                    }
                    true
                }
                _ => false,
            },
            Self::List(elements) | Self::Map(elements) => {
                let mut lists = Lists::of(self);
                let bracket = self.bracket();
                let fits = elements.spread(&path.elements(bracket), self, value, &mut lists, call);
                if fits.is_some() {
                    self.for_each_slot(&mut |slot| {
                        let value = Cow::Owned(value.list(std::mem::take(lists.of_slot(slot))));
                        call(Found::Slot { slot, value });
                    });
                }
                fits.is_some()
            }
            Self::Union(_) => return self.spread_union(path, value, call),
        };
        if !fits {
            call(Found::Misshapen { name: path.to_string(), value });
        }
    }

    /// Takes a union apart. It is like a list of one element, but its slots hold single values.
    fn spread_union<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        value: &'t T,
        call: &mut dyn FnMut(Found<'t, T>),
    ) {
        let mut lists = Lists::of(self);
        self.spread_element(path, (Some(value), value), &mut lists, call);
        if !lists.is_given {
            return;
        }
        // The slots of other variants are unset, so that no record inherits them.
        self.each_slot(false, &mut |slot, in_list| {
            let is_set = lists.is_set[slot - lists.first];
            let mut values = std::mem::take(lists.of_slot(slot));
            let part = match in_list {
                true if is_set => value.list(values),
                true => value.single(Value::Unset),
                false => values.pop().unwrap_or_else(|| value.single(Value::Unset)),
            };
            call(Found::Slot { slot, value: Cow::Owned(part) });
        });
    }

    /// Returns the value without a name before it, unless the name is that of a variant, a part or an entry.
    fn without_name<'t, T: Tree>(&self, value: &'t T) -> &'t T {
        let mut value = value;
        while let Some((name, bare)) = value.named()
            && !self.takes_name(name)
        {
            value = bare;
        }
        value
    }

    fn takes_name(&self, name: &str) -> bool {
        match self {
            // The kind decides.
            Self::Slot(part) => part.lengths.is_none(),
            Self::Record(fields) => fields.iter().any(|(own, _)| &**own == name),
            Self::Map(_) => true,
            Self::Tuple(_) | Self::List(_) => false,
            Self::Union(union) => match union.by {
                UnionBy::Name => true,
                UnionBy::Tag(_) => false,
                UnionBy::Sort => union
                    .find("map")
                    .and_then(|(_, shape)| shape)
                    .is_some_and(|shape| shape.takes_name(name)),
            },
        }
    }

    pub(super) const fn bracket(&self) -> &'static str {
        if matches!(self, Self::Map(_)) { "{}" } else { "[]" }
    }

    /// Adds the parts of a part of the record or tuple `of`, which is `None` if it has no value.
    fn spread_part<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        of: Option<&Path<'_>>,
        (value, place): (Option<&'t T>, &'t T),
        lists: &mut Lists<T>,
        call: &mut dyn FnMut(Found<'t, T>),
    ) {
        let given = value.filter(|value| !value.is_unset());
        let (None, Some(record)) = (given, of) else {
            return self.spread_element(path, (value, place), lists, call);
        };
        match self {
            Self::Record(fields) | Self::Tuple(fields) => {
                for (name, shape) in fields {
                    shape.spread_part(&path.then(name), of, (None, place), lists, call);
                }
            }
            _ => {
                match self.needed_in(record) {
                    Some((_, Some(default))) => {
                        let default = place.single(default.clone());
                        let part = (Some(&default), &default);
                        return self.spread_element(path, part, lists, &mut |_| {});
                    }
                    Some((slot, None)) => {
                        call(Found::Missing { slot, of: place });
                        if let Self::Slot(part) = self {
                            lists.say_set(part.is_set, true, place);
                            return lists.of_slot(part.slot).push(place.single(Value::Unset));
                        }
                    }
                    None => {}
                }
                self.spread_element(path, (None, place), lists, call);
            }
        }
    }

    /// Adds the parts of an element. `place` is the value that it belongs to.
    fn spread_element<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        (value, place): (Option<&'t T>, &'t T),
        lists: &mut Lists<T>,
        call: &mut dyn FnMut(Found<'t, T>),
    ) {
        let value = value.map(|value| self.without_name(value)).filter(|value| !value.is_unset());
        let fits = match self {
            Self::Slot(part) => {
                if value.is_none() && part.is_set.is_none() && part.default.is_none() {
                    call(Found::Missing { slot: part.slot, of: place });
                }
                part.spread((value, place), lists)
            }
            Self::Record(fields) => {
                let mut seen = vec![false; fields.len()];
                let of = value.map(|_| path);
                let fits = value.is_none_or(|value| {
                    value.for_each_entry(&mut |name, part| {
                        let known = fields.iter().position(|(own, _)| &**own == name);
                        let path = path.then(name);
                        match known.filter(|field| !std::mem::replace(&mut seen[*field], true)) {
                            Some(field) => {
                                fields[field].1.spread_part(
                                    &path,
                                    of,
                                    (Some(part), part),
                                    lists,
                                    call,
                                );
                            }
                            None => call(path.surplus(part, value)),
                        }
                    })
                });
                let missing = fields.iter().zip(&seen).filter(|(_, seen)| fits && !**seen);
                for ((name, shape), _) in missing {
                    shape.spread_part(&path.then(name), of, (None, place), lists, call);
                }
                fits
            }
            Self::Tuple(fields) => match value.map(Tree::as_list) {
                Some(None) => false,
                Some(Some(list)) if list.len() > fields.len() => false,
                list => {
                    let list = list.flatten().unwrap_or_default();
                    let of = value.map(|_| path);
                    for (at, (name, shape)) in fields.iter().enumerate() {
                        let part = (list.get(at), list.get(at).unwrap_or(place));
                        shape.spread_part(&path.then(name), of, part, lists, call);
                    }
                    true
                }
            },
            Self::List(elements) | Self::Map(elements) => {
                elements.spread_inner(path, self, (value, place), lists, call)
            }
            Self::Union(union) => union.spread(path, (value, place), lists, call),
        };
        if let (false, Some(value)) = (fits, value) {
            call(Found::Misshapen { name: path.to_string(), value });
        }
    }
}

impl Union {
    /// Adds the parts of a value. Returns `false` if it says no variant.
    fn spread<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        (value, place): (Option<&'t T>, &'t T),
        lists: &mut Lists<T>,
        call: &mut dyn FnMut(Found<'t, T>),
    ) -> bool {
        lists.say_set(self.is_set, value.is_some(), place);
        let Some(value) = value else {
            if self.is_set.is_none() {
                call(Found::Missing { slot: self.variant, of: place });
                lists.of_slot(self.variant).push(place.single(Value::Unset));
            }
            return true;
        };
        lists.is_given = true;
        let (name, shape, value) = match self.choose(value) {
            Chosen::Shaped(name, shape, value) => (name, Some(shape), value),
            Chosen::Bare(name) => (name, None, value),
            // The enum refuses it.
            Chosen::Unknown(name) => {
                lists.of_slot(self.variant).push(name);
                return true;
            }
            Chosen::None => {
                lists.is_given = false;
                return false;
            }
        };
        // The tag is a part of the map.
        if !matches!(self.by, UnionBy::Tag(_)) {
            lists.of_slot(self.variant).push(place.single(Value::Text(Arc::clone(name))));
        }
        if let Some(shape) = shape {
            let path = path.variant(self, name);
            shape.spread_element(&path, (Some(value), value), lists, call);
        }
        true
    }
}

impl Elements {
    /// Adds a list or a map that an element of another one has. Returns `false` if the value is neither.
    fn spread_inner<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        of: &Shape,
        (value, place): (Option<&'t T>, &'t T),
        lists: &mut Lists<T>,
        call: &mut dyn FnMut(Found<'t, T>),
    ) -> bool {
        lists.say_set(self.is_set, value.is_some(), place);
        let Some(value) = value else {
            if self.is_set.is_none() {
                call(Found::Misshapen { name: path.to_string(), value: place });
            }
            return true;
        };
        if self.lengths.is_none() {
            of.each_slot(false, &mut |slot, _| lists.set(slot));
        }
        let count = self.spread(&path.elements(of.bracket()), of, value, lists, call);
        if let (Some(lengths), Some(count)) = (self.lengths, count) {
            lists.of_slot(lengths).push(value.single((count as u64).into()));
        }
        count.is_some()
    }

    /// Adds all elements of a list or a map, and returns how many they are. Returns `None` if the value is neither.
    fn spread<'t, T: Tree>(
        &self,
        path: &Path<'_>,
        of: &Shape,
        value: &'t T,
        lists: &mut Lists<T>,
        call: &mut dyn FnMut(Found<'t, T>),
    ) -> Option<usize> {
        if let Some(list) = value.as_list() {
            for element in list {
                self.element.spread_element(path, (Some(element), element), lists, call);
            }
            return Some(list.len());
        }
        let (Shape::Map(_), Shape::Record(fields)) = (of, &*self.element) else { return None };
        let (mut key, mut count) = (None, 0);
        for (name, shape) in fields {
            match shape {
                Shape::Slot(part) if **name == *KEY => key = Some(part.slot),
                shape => {
                    count = 0;
                    let (path, of_keys) = (path.then(name), path.then(KEY));
                    let mut seen = HashSet::new();
                    let is_map = value.for_each_entry(&mut |name, part| {
                        if !seen.insert(name) {
                            return call(of_keys.surplus(part, value));
                        }
                        count += 1;
                        if let Some(key) = key {
                            lists.of_slot(key).push(part.single(name.into()));
                        }
                        shape.spread_element(&path, (Some(part), part), lists, call);
                    });
                    if !is_map {
                        return None;
                    }
                }
            }
        }
        Some(count)
    }
}

impl Part {
    fn spread<T: Tree>(&self, (value, place): (Option<&T>, &T), lists: &mut Lists<T>) -> bool {
        lists.say_set(self.is_set, value.is_some(), place);
        if self.is_set.is_some() && value.is_none() {
            return true;
        }
        let unset = || place.single(Value::Unset);
        let default = self.default.as_ref().filter(|_| value.is_none());
        let default = default.map(|default| place.single(default.clone()));
        let value = value.or(default.as_ref());
        let Some(lengths) = self.lengths else {
            lists.of_slot(self.slot).push(value.cloned().unwrap_or_else(unset));
            return true;
        };
        match value.map(Tree::as_list) {
            None => lists.of_slot(self.slot).push(unset()),
            Some(None) => return false,
            Some(Some(list)) => {
                lists.of_slot(lengths).push(place.single((list.len() as u64).into()));
                lists.of_slot(self.slot).extend_from_slice(list);
            }
        }
        true
    }
}

/// The values of the slots of a list so far.
struct Lists<T> {
    /// The position of the first slot.
    first: usize,
    lists: Vec<Vec<T>>,
    /// `true` for each slot of a list that a union has outside of lists.
    is_set: Vec<bool>,
    /// `true` if a union has a variant.
    is_given: bool,
}

impl<T: Tree> Lists<T> {
    /// Adds whether an element has a part, for a part that it may lack.
    fn say_set(&mut self, slot: Option<usize>, is_set: bool, place: &T) {
        if let Some(slot) = slot {
            self.of_slot(slot).push(place.single(is_set.into()));
        }
    }
}

impl<T: Clone> Lists<T> {
    fn of(shape: &Shape) -> Self {
        let slots = shape.slot_range();
        let (lists, is_set) = (vec![Vec::new(); slots.len()], vec![false; slots.len()]);
        Self { first: slots.start, lists, is_set, is_given: false }
    }

    fn set(&mut self, slot: usize) {
        self.is_set[slot - self.first] = true;
    }

    fn of_slot(&mut self, slot: usize) -> &mut Vec<T> {
        &mut self.lists[slot - self.first]
    }
}
