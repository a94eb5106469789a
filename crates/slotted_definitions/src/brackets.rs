//! Lists that files may write without brackets if they have one element.

use std::collections::HashSet;
use std::sync::Arc;

use crate::changes::{is_change_of_list, is_change_of_nested_list};
use crate::node::{Data, Entry, Node};
use crate::schemas::Schemas;
use crate::words::Words;
use slotted::schema::{RegisteredSchema, SIGNS, Shape, Tree, Union, UnionBy};
use slotted::{Kind, Store, Value};

/// The names of a schema's lists that may lack brackets, with those of its bases.
pub(super) struct OneOrLists<'a> {
    schemas: &'a Schemas,
    registry: &'a Store,
    schema: &'a RegisteredSchema,
}

impl OneOrLists<'_> {
    /// Returns whether the list of this name may lack brackets.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.any(|lists| lists.contains(name))
    }

    /// Returns whether a list in the value of this name, or the value itself, may lack brackets.
    pub(super) fn is_any_in(&self, whole: &str) -> bool {
        self.any(|lists| lists.iter().any(|list| is_within(list, whole)))
    }

    fn any(&self, is_one: impl Fn(&HashSet<Arc<str>>) -> bool) -> bool {
        let all = &self.schemas.one_or_lists;
        let mut bases = self.registry.schema_and_bases(self.schema.id());
        !all.is_empty() && bases.any(|base| all.get(base.name()).is_some_and(&is_one))
    }
}

/// Returns the name of the outermost list that a slot of this name is in, or its own.
///
/// The slots of a list may be declared one by one: then they say alike whether it may lack brackets.
pub(super) fn outermost_list(slot: &str) -> &str {
    slot.find('[').map_or(slot, |end| &slot[..end])
}

/// Returns whether a nested value is the whole or a part of it, by their names.
pub(super) fn is_within(name: &str, whole: &str) -> bool {
    let rest = name.strip_prefix(whole);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SIGNS) || rest.starts_with('.'))
}

impl Schemas {
    /// Returns the lists of a schema that may lack brackets.
    pub(super) const fn one_or_lists<'a>(
        &'a self,
        registry: &'a Store,
        schema: &'a RegisteredSchema,
    ) -> OneOrLists<'a> {
        OneOrLists { schemas: self, registry, schema }
    }

    /// Returns a value as a file has it: the only element of a list alone, where the list may lack brackets and its own file
    /// has none around it. `is_bracketed` gets the first slot of a list, and the positions of the elements that it is in.
    pub(super) fn without_brackets(
        &self,
        (registry, schema): (&Store, &RegisteredSchema),
        (name, value): (&str, &Value),
        is_bracketed: &dyn Fn(usize, &[u32]) -> bool,
    ) -> Value {
        let lists = self.one_or_lists(registry, schema);
        if !lists.is_any_in(name) {
            return value.clone();
        }
        let mut bare = |_: &str, slot: usize, at: &[u32], value: Value| match value.as_list() {
            Some([element]) if is_clear(element) && !is_bracketed(slot, at) => element.clone(),
            _ => value,
        };
        let open = &mut |_: &str, _, _: &[u32], value| value;
        let mut walk = Walk { lists: &lists, at: Vec::new(), open, close: &mut bare };
        match (schema.slot_index(name), schema.shape(name)) {
            (Some(slot), _) if lists.contains(name) => (walk.close)(name, slot, &[], value.clone()),
            (None, Some(shape)) => walk.value(name, shape, value),
            _ => value.clone(),
        }
    }
}

/// Returns whether an element without brackets is taken for an element.
fn is_clear(element: &Value) -> bool {
    match element {
        Value::Unset | Value::Bytes(_) => false,
        // An inner list would be taken for the outer one.
        _ => element.sort() != Some("list"),
    }
}

/// A tree whose values can be replaced.
pub(super) trait Replace: Tree {
    /// Returns the map with other values, or `self` if it is none.
    fn with_entries(&self, replace: &mut dyn FnMut(&str, &Self) -> Self) -> Self;
}

impl Replace for Value {
    fn with_entries(&self, replace: &mut dyn FnMut(&str, &Self) -> Self) -> Self {
        let Self::Map(map) = self else { return self.clone() };
        map.iter().map(|(name, value)| (Arc::clone(name), replace(name, value))).collect()
    }
}

impl Replace for Node<'_> {
    fn with_entries(&self, replace: &mut dyn FnMut(&str, &Self) -> Self) -> Self {
        let Data::Map(map) = &self.data else { return self.clone() };
        let entries = map.iter().map(|entry| Entry {
            name: entry.name.clone(),
            span: entry.span,
            value: replace(&entry.name, &entry.value),
        });
        Self { span: self.span, data: Data::Map(entries.collect()) }
    }
}

/// Replaces one list: gets its name, its first slot, the positions of the elements around it, and its value.
type Each<'w, T> = &'w mut dyn FnMut(&str, usize, &[u32], T) -> T;

/// A walk through a nested value to the lists that may lack brackets.
struct Walk<'w, T> {
    lists: &'w OneOrLists<'w>,
    /// The positions of the elements around the value.
    at: Vec<u32>,
    /// Called before the elements of a list.
    open: Each<'w, T>,
    /// Called after the elements of a list.
    close: Each<'w, T>,
}

impl<T: Replace> Walk<'_, T> {
    fn value(&mut self, path: &str, shape: &Shape, value: &T) -> T {
        if value.is_unset() || !self.lists.is_any_in(path) {
            return value.clone();
        }
        let is_list = self.lists.contains(path);
        let element = match shape {
            Shape::List(elements) if is_list => &*elements.element,
            _ => shape,
        };
        if value.named().is_some_and(|(name, _)| !takes_name(element, name)) {
            return value.with_entries(&mut |_, bare| self.value(path, shape, bare));
        }
        match shape {
            Shape::Slot(part) if is_list => {
                let opened = (self.open)(path, part.slot, &self.at, value.clone());
                (self.close)(path, part.slot, &self.at, opened)
            }
            Shape::Record(fields) => value.with_entries(&mut |name, part| {
                let field = fields.iter().find(|(own, _)| **own == *name);
                field.map_or_else(
                    || part.clone(),
                    |(name, shape)| self.value(&format!("{path}.{name}"), shape, part),
                )
            }),
            Shape::Tuple(fields) => self.each(value, &mut |walk, at, part| {
                fields.get(at).map_or_else(
                    || part.clone(),
                    |(name, shape)| walk.value(&format!("{path}.{name}"), shape, part),
                )
            }),
            Shape::List(elements) => {
                let first = shape.slot_range().start;
                let opened = match is_list {
                    true => (self.open)(path, first, &self.at, value.clone()),
                    false => value.clone(),
                };
                let path_of_elements = format!("{path}[]");
                let list = self.each(&opened, &mut |walk, _, part| {
                    walk.value(&path_of_elements, &elements.element, part)
                });
                if is_list { (self.close)(path, first, &self.at, list) } else { list }
            }
            Shape::Map(elements) => self.map(path, &elements.element, value),
            Shape::Union(union) => self.union(path, union, value),
            _ => value.clone(),
        }
    }

    fn each(&mut self, value: &T, replace: &mut dyn FnMut(&mut Self, usize, &T) -> T) -> T {
        let Some(list) = value.as_list() else { return value.clone() };
        let list = list.iter().enumerate().map(|(at, part)| {
            self.at.push(at as u32);
            let replaced = replace(self, at, part);
            self.at.pop();
            replaced
        });
        value.list(list.collect())
    }

    /// Walks through a map of any names, which files may write as a list of its entries too.
    fn map(&mut self, path: &str, element: &Shape, value: &T) -> T {
        let Shape::Record(fields) = element else { return value.clone() };
        let Some((name, shape)) = fields.iter().find(|(name, _)| **name == *"value") else {
            return value.clone();
        };
        match value.as_list() {
            Some(_) => {
                let path = format!("{path}{{}}");
                self.each(value, &mut |walk, _, part| walk.value(&path, element, part))
            }
            None => {
                let path = format!("{path}{{}}.{name}");
                let mut at = 0;
                value.with_entries(&mut |_, part| {
                    self.at.push(at);
                    at += 1;
                    let replaced = self.value(&path, shape, part);
                    self.at.pop();
                    replaced
                })
            }
        }
    }

    fn union(&mut self, path: &str, union: &Union, value: &T) -> T {
        let shape_of = |name: &str| {
            let found = union.variants.iter().find(|(own, _)| **own == *name);
            found.and_then(|(_, shape)| shape.as_ref())
        };
        match &union.by {
            UnionBy::Tag(tag) => {
                let mut variant = None;
                value.for_each_entry(&mut |name, part| {
                    if *name == **tag && variant.is_none() {
                        variant = part.as_text().map(str::to_owned);
                    }
                });
                let shape = variant.as_deref().and_then(|name| Some((name, shape_of(name)?)));
                shape.map_or_else(
                    || value.clone(),
                    |(name, shape)| self.value(&format!("{path}@{name}"), shape, value),
                )
            }
            UnionBy::Name => value.with_entries(&mut |name, part| {
                shape_of(name).map_or_else(
                    || part.clone(),
                    |shape| self.value(&format!("{path}@{name}"), shape, part),
                )
            }),
            UnionBy::Sort => {
                let is_map = value.for_each_entry(&mut |_, _| {});
                let sort = if is_map { Some("map") } else { value.sort() };
                let shape = sort.and_then(|sort| Some((sort, shape_of(sort)?)));
                shape.map_or_else(
                    || value.clone(),
                    |(sort, shape)| self.value(&format!("{path}|{sort}"), shape, value),
                )
            }
            _ => value.clone(),
        }
    }
}

/// Returns whether the name before a RON value is a part of it.
fn takes_name(shape: &Shape, name: &str) -> bool {
    match shape {
        Shape::Slot(_) | Shape::Map(_) => true,
        Shape::Record(fields) => fields.iter().any(|(own, _)| **own == *name),
        Shape::Union(union) => match union.by {
            UnionBy::Tag(_) => false,
            UnionBy::Sort => union.variants.iter().any(|(sort, shape)| {
                **sort == *"map" && shape.as_ref().is_some_and(|shape| takes_name(shape, name))
            }),
            _ => true,
        },
        _ => false,
    }
}

/// The lists with brackets around one element, each by its first slot and the positions of the elements around it.
pub(super) type Bracketed = Vec<(usize, Box<[u32]>)>;

/// Returns a nested value of a file with the brackets that it lacks, and the lists that have one element in brackets.
pub(super) fn with_brackets<'s>(
    (schema, shape): (&RegisteredSchema, &Shape),
    (name, value): (&str, &Node<'s>),
    lists: &OneOrLists<'_>,
    words: &Words,
) -> (Node<'s>, Bracketed) {
    let mut bracketed = Vec::new();
    let mut open = |path: &str, slot: usize, at: &[u32], value: Node<'s>| {
        let slot_of = &schema.slots()[slot];
        let is_slot = slot_of.name() == path;
        // Changes are of lists that are values of a record.
        let is_change = |node: &Node<'_>| match is_slot {
            _ if path.contains(['[', '{']) => false,
            true => is_change_of_list(node, words),
            false => is_change_of_nested_list(node, words),
        };
        let (value, is_bracketed) = match is_slot {
            true => list_with_brackets(slot_of.kind(), &value, &is_change),
            false => in_brackets(&value, &is_change),
        };
        if is_bracketed {
            bracketed.push((slot, at.into()));
        }
        value
    };
    let close = &mut |_: &str, _, _: &[u32], value| value;
    let value = Walk { lists, at: Vec::new(), open: &mut open, close }.value(name, shape, value);
    (value, bracketed)
}

/// Returns the value of a slot with the brackets that it lacks, and whether it has one element in brackets.
pub(super) fn list_with_brackets<'s>(
    kind: &Kind,
    value: &Node<'s>,
    is_change: &dyn Fn(&Node<'_>) -> bool,
) -> (Node<'s>, bool) {
    match value.named() {
        Some(named) if *kind.element() != Kind::Any && !is_change(value) => {
            in_brackets(&named.bare(), is_change)
        }
        _ => in_brackets(value, is_change),
    }
}

fn in_brackets<'s>(value: &Node<'s>, is_change: &dyn Fn(&Node<'_>) -> bool) -> (Node<'s>, bool) {
    match &value.data {
        Data::List(list) => (value.clone(), list.len() == 1),
        Data::Unset | Data::Bad => (value.clone(), false),
        _ if is_change(value) => (value.clone(), false),
        _ => (value.list(vec![value.clone()]), false),
    }
}
