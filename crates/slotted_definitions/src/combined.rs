//! Two values that packs give one slot of a missing mod, as one: changes add up, whole values replace.

use std::collections::HashSet;
use std::sync::Arc;

use crate::changes::{Key, Number, Operation, are_changes, number};
use crate::words::Words;
use slotted::Value;
use slotted::schema::{Shape, UnionBy};

/// The operations of a map of changes, in the order in which they apply.
const OPERATIONS: [Operation; 4] =
    [Operation::Times, Operation::Plus, Operation::Add, Operation::Remove];

fn changes<'v>(value: &'v Value, words: &Words) -> Option<&'v [(Arc<str>, Value)]> {
    let Value::Map(map) = value else { return None };
    are_changes(value, words).then_some(map)
}

/// Returns a value that has the effect of the first one and then the second, both with these words.
fn combined(first: &Value, second: &Value, words: &Words) -> Value {
    /// Returns the value of an operation in a map of changes.
    fn find<'v>(map: &'v [(Arc<str>, Value)], name: Option<&str>) -> Option<&'v Value> {
        map.iter().find(|(own, _)| Some(&**own) == name).map(|(_, value)| value)
    }
    let name = |operation: Operation| operation.word().and_then(|word| words.name(word));
    let change = |map, operation| find(map, name(operation));
    let Some(then) = changes(second, words) else { return second.clone() };
    if let Some(before) = changes(first, words) {
        let merged = OPERATIONS.into_iter().filter_map(|operation| {
            let (first, second) = (change(before, operation), change(then, operation));
            let value = match (first, second) {
                (Some(first), Some(second)) => match operation {
                    Operation::Set => second.clone(),
                    Operation::Times => arithmetic(first, second, i128::checked_mul, |a, b| a * b),
                    Operation::Plus => arithmetic(first, second, i128::checked_add, |a, b| a + b),
                    Operation::Add => union(first, second),
                    Operation::Remove => {
                        union(&without(first, change(then, Operation::Add)), second)
                    }
                },
                (Some(first), None) if operation == Operation::Remove => {
                    without(first, change(then, Operation::Add))
                }
                (one, other) => one.or(other)?.clone(),
            };
            Some((name(operation)?, value))
        });
        return merged.collect();
    }
    if matches!(first, Value::List(_) | Value::Map(_)) {
        let none = Value::List([].into());
        let added = union(first, change(then, Operation::Add).unwrap_or(&none));
        return without(&added, change(then, Operation::Remove));
    }
    let one = change(then, Operation::Times).cloned().unwrap_or(Value::Int(1));
    let zero = change(then, Operation::Plus).cloned().unwrap_or(Value::Int(0));
    let product = arithmetic(first, &one, i128::checked_mul, |a, b| a * b);
    arithmetic(&product, &zero, i128::checked_add, |a, b| a + b)
}

/// Returns both values of a slot of this shape as one: patches give the parts of records and of unions alone.
pub(super) fn combined_parts(
    shape: Option<&Shape>,
    (first, second): (&Value, &Value),
    words: &Words,
) -> Value {
    let both = match (first, second) {
        (Value::Map(before), Value::Map(then)) if changes(second, words).is_none() => {
            Some((before, then))
        }
        _ => None,
    };
    let (Some(shape), Some((before, then))) = (shape, both) else {
        return combined(first, second, words);
    };
    let of_part = |name: &str| match shape {
        Shape::Record(fields) => fields.iter().find(|(own, _)| **own == *name),
        _ => None,
    };
    let are_parts = match shape {
        Shape::Record(_) => true,
        // With the tag it is a whole value.
        Shape::Union(union) => match &union.by {
            UnionBy::Tag(tag) => then.iter().all(|(name, _)| name != tag),
            _ => false,
        },
        _ => false,
    };
    if !are_parts {
        return second.clone();
    }
    let mut parts = before.to_vec();
    for (name, value) in then.iter() {
        let shape = of_part(name).map(|(_, shape)| shape);
        match parts.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = combined_parts(shape, (own, value), words),
            None => parts.push((Arc::clone(name), value.clone())),
        }
    }
    Value::Map(parts.into())
}

/// Returns the elements of both lists, each once, or the entries of both maps, of which the second one wins.
fn union(first: &Value, second: &Value) -> Value {
    match (first, second) {
        (Value::List(first), Value::List(second)) => {
            let mut all = first.to_vec();
            let mut known: HashSet<Key> = all.iter().map(Key::of).collect();
            all.extend(second.iter().filter(|element| known.insert(Key::of(element))).cloned());
            all.into()
        }
        (Value::Map(before), Value::Map(then)) => {
            let is_left = |(name, _): &&(Arc<str>, Value)| then.iter().all(|(own, _)| own != name);
            Value::Map(before.iter().filter(is_left).chain(then.iter()).cloned().collect())
        }
        (Value::Map(_), Value::List(list)) if list.is_empty() => first.clone(),
        _ => second.clone(),
    }
}

/// Returns the list without these elements, or the map without the entries of these names.
fn without(value: &Value, removed: Option<&Value>) -> Value {
    let gone: HashSet<Key> = match removed {
        Some(Value::List(removed)) => removed.iter().map(Key::of).collect(),
        Some(Value::Map(removed)) => {
            removed.iter().map(|(name, _)| Key::Text(Arc::clone(name))).collect()
        }
        _ => return value.clone(),
    };
    match value {
        Value::List(list) => {
            Value::List(list.iter().filter(|one| !gone.contains(&Key::of(one))).cloned().collect())
        }
        Value::Map(map) => {
            let is_kept =
                |(name, _): &&(Arc<str>, Value)| !gone.contains(&Key::Text(Arc::clone(name)));
            Value::Map(map.iter().filter(is_kept).cloned().collect())
        }
        other => other.clone(),
    }
}

/// Computes with integers as long as they are exact. A value that is no number stays.
fn arithmetic(
    a: &Value,
    b: &Value,
    exact: fn(i128, i128) -> Option<i128>,
    float: fn(f64, f64) -> f64,
) -> Value {
    let (Some(left), Some(right)) = (number(a), number(b)) else { return a.clone() };
    if let (Number::Integer(left), Number::Integer(right)) = (left, right)
        && let Some(Ok(whole)) = exact(left, right).map(i64::try_from)
    {
        return whole.into();
    }
    float(left.float(), right.float()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
        parts.into_iter().collect()
    }

    #[test]
    fn changes_add_up_and_whole_values_replace() {
        let (x, y) = (Value::from(["x"]), Value::from(["y"]));
        for (first, second, expected) in [
            (
                map([("add", x.clone())]),
                map([("add", y.clone())]),
                map([("add", ["x", "y"].into())]),
            ),
            (
                map([("remove", x.clone())]),
                map([("add", x.clone())]),
                map([("add", x.clone()), ("remove", Value::List([].into()))]),
            ),
            (["a"].into(), map([("add", x.clone()), ("remove", ["a"].into())]), x.clone()),
            (map([("plus", 1.into())]), map([("plus", 2.into())]), map([("plus", 3.into())])),
            (5.into(), map([("times", 2.into()), ("plus", 0.5.into())]), 10.5.into()),
            (map([("add", x.clone())]), y.clone(), y.clone()),
            (
                map([("add", map([("a", 1.into()), ("b", 1.into())]))]),
                map([("add", map([("b", 2.into())]))]),
                map([("add", map([("a", 1.into()), ("b", 2.into())]))]),
            ),
            (
                map([("a", 1.into()), ("b", 1.into())]),
                map([("add", map([("c", 2.into())])), ("remove", ["a"].into())]),
                map([("b", 1.into()), ("c", 2.into())]),
            ),
            (map([("add", x)]), 3.into(), 3.into()),
        ] {
            assert_eq!(
                combined(&first, &second, &Words::default()),
                expected,
                "{first} and {second}"
            );
        }
    }
}
