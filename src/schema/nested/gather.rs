//! Makes nested values from the values of slots.

use std::sync::Arc;

use crate::schema::nested::shape::{Elements, KEY, Part, Shape};
use crate::value::Value;

/// The lists of the parts of a list's elements do not have the lengths of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uneven;

impl Shape {
    /// Returns the nested value, without unset parts. Unset if all are.
    pub(super) fn gather(&self, read: &mut dyn FnMut(usize) -> Value) -> Result<Value, Uneven> {
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
                let whole = elements.take(self, exact.unwrap_or(least), &mut lists)?;
                if !lists.are_used_up(self) {
                    return Err(Uneven);
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
            Self::Record(fields) | Self::Tuple(fields) => {
                let counts = fields.iter().map(|(_, shape)| shape.count(lists));
                counts.fold((None, 0), |(exact, least), (other, other_least)| {
                    (exact.or(other), least.max(other_least))
                })
            }
        }
    }

    /// Returns the next element.
    fn take(&self, lists: &mut Lists) -> Result<Value, Uneven> {
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
                let count =
                    elements.lengths.map(|lengths| lists.count(lengths)).ok_or(Uneven)??;
                // The count may come from a file, and elements may take nothing from any list.
                let (exact, least) = elements.element.count(lists);
                if count > exact.unwrap_or(least) {
                    return Err(Uneven);
                }
                elements.take(self, count, lists)
            }
        }
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
    fn take(&self, lists: &mut Lists) -> Result<Value, Uneven> {
        if !lists.is_set(self.is_set) {
            return Ok(Value::Unset);
        }
        let Some(lengths) = self.lengths else { return lists.next(self.slot) };
        let count = lists.count(lengths)?;
        let values = (0..count).map(|_| lists.next(self.slot));
        values.collect::<Result<_, _>>().map(Value::List)
    }
}

impl Elements {
    /// Returns the next elements as a list, or as the map that they form.
    fn take(&self, of: &Shape, count: usize, lists: &mut Lists) -> Result<Value, Uneven> {
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
        // A part that the schema got later is unset.
        shape.for_each_slot(&mut |slot| {
            if let Value::List(list) = read(slot) {
                (lists[slot - first].0, is_set) = (list, true);
            }
        });
        is_set.then_some(Self { first, lists })
    }

    fn left(&self, slot: usize) -> usize {
        let (list, position) = &self.lists[slot - self.first];
        list.len() - position
    }

    fn next(&mut self, slot: usize) -> Result<Value, Uneven> {
        let (list, position) = &mut self.lists[slot - self.first];
        let value = list.get(*position).cloned().ok_or(Uneven)?;
        *position += 1;
        Ok(value)
    }

    /// Returns whether the next element has a part. A part that the schema got later has a shorter list.
    fn is_set(&mut self, slot: Option<usize>) -> bool {
        slot.is_none_or(|slot| self.next(slot) == Ok(Value::Bool(true)))
    }

    fn count(&mut self, slot: usize) -> Result<usize, Uneven> {
        match self.next(slot)? {
            Value::Int(count) => usize::try_from(count).map_err(|_| Uneven),
            _ => Err(Uneven),
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
