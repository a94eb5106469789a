//! Makes nested values from the values of slots.

use std::sync::Arc;

use crate::schema::nested::shape::{Elements, KEY, Part, Shape};
use crate::schema::nested::union::{Union, UnionBy};
use crate::value::Value;

/// The reason why the values of slots are not those of one nested value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The lists of the parts do not have the lengths of one list.
    Uneven,
    /// The parts are not those of the union's variant.
    Mixed,
    /// The variant of a union needs a value for the slot.
    Lacks(usize),
}

impl Shape {
    /// Returns the nested value, without unset parts. Unset if all are.
    pub(super) fn gather(&self, read: &mut dyn FnMut(usize) -> Value) -> Result<Value, Misfit> {
        Ok(match self {
            Self::Slot(part) => read(part.slot),
            Self::Record(fields) => {
                let mut map = Vec::new();
                for (name, shape) in fields {
                    let value = shape.gather(read)?;
                    if !value.is_unset() {
                        map.push((Arc::clone(name), value));
                    }
                }
                or_unset(map, Value::Map)
            }
            Self::Tuple(fields) => {
                let values = fields.iter().map(|(_, shape)| shape.gather(read));
                tuple(values.collect::<Result<_, _>>()?)
            }
            Self::List(elements) | Self::Map(elements) => {
                let Some(mut lists) = Lists::read(self, read) else { return Ok(Value::Unset) };
                let (exact, least) = elements.element.count(&lists);
                let whole = elements.take(self, exact.unwrap_or(least), &mut lists);
                let whole = whole.map_err(|_| Misfit::Uneven)?;
                if !lists.are_used_up(self) {
                    return Err(Misfit::Uneven);
                }
                whole
            }
            Self::Union(_) => {
                let Some(mut lists) = Lists::read(self, read) else { return Ok(Value::Unset) };
                let whole = self.take(&mut lists)?;
                if !lists.are_used_up(self) {
                    return Err(Misfit::Mixed);
                }
                whole
            }
        })
    }

    /// Returns how many elements are left by the first part that all elements have, and by the parts that some may lack.
    fn count(&self, lists: &Lists) -> (Option<usize>, usize) {
        let of = |is_set: Option<usize>, slot: usize| match is_set {
            Some(is_set) => (None, lists.left(is_set)),
            None => (Some(lists.left(slot)), 0),
        };
        match self {
            Self::Slot(part) => of(part.is_set, part.lengths.unwrap_or(part.slot)),
            Self::List(elements) | Self::Map(elements) => {
                elements.lengths.map_or((None, 0), |lengths| of(elements.is_set, lengths))
            }
            Self::Union(union) => of(union.is_set, union.variant),
            Self::Record(fields) | Self::Tuple(fields) => {
                let counts = fields.iter().map(|(_, shape)| shape.count(lists));
                counts.fold((None, 0), |(exact, least), (other, other_least)| {
                    (exact.or(other), least.max(other_least))
                })
            }
        }
    }

    /// Returns the next element.
    fn take(&self, lists: &mut Lists) -> Result<Value, Misfit> {
        match self {
            Self::Slot(part) => part.take(lists),
            Self::Record(fields) => {
                let mut map = Vec::with_capacity(fields.len());
                for (name, shape) in fields {
                    let value = match shape.take(lists)? {
                        Value::Map(map) if map.is_empty() && matches!(shape, Self::Record(_)) => {
                            continue;
                        }
                        value => value,
                    };
                    if !value.is_unset() {
                        map.push((Arc::clone(name), value));
                    }
                }
                Ok(Value::Map(map.into()))
            }
            Self::Tuple(fields) => {
                let values = fields.iter().map(|(_, shape)| shape.take(lists));
                Ok(tuple(values.collect::<Result<_, _>>()?))
            }
            Self::List(elements) | Self::Map(elements) => {
                if !lists.is_set(elements.is_set) {
                    return Ok(Value::Unset);
                }
                let (exact, least) = elements.element.count(lists);
                // A list in a union that is no element has all values of its slots.
                let Some(lengths) = elements.lengths else {
                    return elements.take(self, exact.unwrap_or(least), lists);
                };
                let count = lists.count(lengths)?;
                // The count may come from a file, and elements may take nothing from any list.
                if count > exact.unwrap_or(least) {
                    return Err(Misfit::Uneven);
                }
                elements.take(self, count, lists)
            }
            Self::Union(union) => union.take(lists),
        }
    }
}

impl Union {
    fn take(&self, lists: &mut Lists) -> Result<Value, Misfit> {
        if !lists.is_set(self.is_set) {
            return Ok(Value::Unset);
        }
        let variant = match self.by {
            // The tag is a part of the map.
            UnionBy::Tag(_) => lists.peek(self.variant),
            _ => lists.next(self.variant).ok(),
        };
        let Some(variant) = variant else { return Err(Misfit::Lacks(self.variant)) };
        let Value::Text(name) = variant else { return Err(Misfit::Mixed) };
        let (name, shape) = self.find(&name).ok_or(Misfit::Mixed)?;
        let value = shape.map(|shape| shape.take(lists)).transpose()?;
        Ok(self.join(name, value))
    }
}

fn or_unset<T>(values: Vec<T>, make: impl FnOnce(Arc<[T]>) -> Value) -> Value {
    if values.is_empty() { Value::Unset } else { make(values.into()) }
}

/// Returns the values of a tuple, without unset ones at the end.
fn tuple(mut values: Vec<Value>) -> Value {
    while values.last().is_some_and(Value::is_unset) {
        values.pop();
    }
    or_unset(values, Value::List)
}

impl Part {
    fn take(&self, lists: &mut Lists) -> Result<Value, Misfit> {
        if !lists.is_set(self.is_set) {
            return Ok(Value::Unset);
        }
        let Some(lengths) = self.lengths else {
            return lists.next(self.slot).map_err(|_| Misfit::Lacks(self.slot));
        };
        let count = lists.count(lengths)?;
        let values = (0..count).map(|_| lists.next(self.slot));
        values.collect::<Result<_, _>>().map(Value::List)
    }
}

impl Elements {
    /// Returns the next elements as a list, or as the map that they form.
    fn take(&self, of: &Shape, count: usize, lists: &mut Lists) -> Result<Value, Misfit> {
        // The count may come from a file: no memory is reserved for it.
        let elements: Vec<Value> =
            (0..count).map(|_| self.element.take(lists)).collect::<Result<_, _>>()?;
        let empty = match &*self.element {
            Shape::Record(fields) if matches!(&**fields, [_, (_, Shape::Record(_))]) => {
                Value::Map([].into())
            }
            _ => Value::Unset,
        };
        let entry = |element: &Value| entry(element, &empty);
        let map = matches!(of, Shape::Map(_)).then(|| elements.iter().map(entry).collect());
        Ok(match map.flatten() {
            Some(map) => Value::Map(map),
            None => Value::List(elements.into()),
        })
    }
}

/// Returns the key and the value of a map's element. References are no names.
fn entry(element: &Value, empty: &Value) -> Option<(Arc<str>, Value)> {
    let Value::Map(entry) = element else { return None };
    match &**entry {
        [(key, Value::Text(name))] if **key == *KEY => Some((Arc::clone(name), empty.clone())),
        [(_, Value::Text(name)), (_, value)] => Some((Arc::clone(name), value.clone())),
        _ => None,
    }
}

/// The values of the slots of a list that are not in an element yet.
struct Lists {
    /// The position of the first slot.
    first: usize,
    lists: Vec<(Arc<[Value]>, usize)>,
}

impl Lists {
    /// Returns `None` if all slots are unset.
    fn read(shape: &Shape, read: &mut dyn FnMut(usize) -> Value) -> Option<Self> {
        let slots = shape.slot_range();
        let first = slots.start;
        let empty: (Arc<[Value]>, usize) = ([].into(), 0);
        let mut lists = vec![empty; slots.len()];
        let mut is_set = false;
        let are_elements = !matches!(shape, Shape::Union(_));
        // A part that the schema got later is unset.
        shape.each_slot(are_elements, &mut |slot, in_list| match read(slot) {
            Value::Unset => {}
            Value::List(list) if in_list => (lists[slot - first].0, is_set) = (list, true),
            _ if in_list => {}
            single => (lists[slot - first].0, is_set) = ([single].into(), true),
        });
        is_set.then_some(Self { first, lists })
    }

    fn peek(&self, slot: usize) -> Option<Value> {
        let (list, position) = &self.lists[slot - self.first];
        list.get(*position).cloned()
    }

    fn left(&self, slot: usize) -> usize {
        let (list, position) = &self.lists[slot - self.first];
        list.len() - position
    }

    fn next(&mut self, slot: usize) -> Result<Value, Misfit> {
        let value = self.peek(slot).ok_or(Misfit::Uneven)?;
        self.lists[slot - self.first].1 += 1;
        Ok(value)
    }

    /// Returns whether the next element has a part. A part that the schema got later has a shorter list.
    fn is_set(&mut self, slot: Option<usize>) -> bool {
        slot.is_none_or(|slot| self.next(slot) == Ok(Value::Bool(true)))
    }

    fn count(&mut self, slot: usize) -> Result<usize, Misfit> {
        match self.next(slot)? {
            Value::Int(count) => usize::try_from(count).map_err(|_| Misfit::Uneven),
            _ => Err(Misfit::Uneven),
        }
    }

    fn are_used_up(&self, shape: &Shape) -> bool {
        let mut are_used_up = true;
        shape.for_each_slot(&mut |slot| {
            let (list, position) = &self.lists[slot - self.first];
            are_used_up &= list.len() == *position;
        });
        are_used_up
    }
}
