//! The values that files give a record, in few bytes.

use std::sync::Arc;

use crate::bytes::{Bytes, FIRST_TAG, Plain, from_span, put, put_all, put_text, to_span};
use crate::source::Place;
use slotted::{ObjectId, Value};

/// A checked value of a record, with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) slot: u16,
    pub(super) place: Place,
    /// References are ids of records, see [`local_id`](super::references::local_id).
    pub(super) value: Value,
}

/// The values of a record, in the order of the slots. A value with its place takes about 3 bytes more than its data.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    bytes: Box<[u8]>,
    /// Large values, which records that inherit them share. The second box saves 8 bytes in every record.
    large: Option<Box<Box<[Value]>>>,
}

/// Values of more bytes are shared.
const MOST_BYTES: usize = 64;

const SINGLE: u8 = FIRST_TAG;
const TEXT: u8 = FIRST_TAG + 1;
const OBJECT: u8 = FIRST_TAG + 2;
const LIST: u8 = FIRST_TAG + 3;
const MAP: u8 = FIRST_TAG + 4;
const LARGE: u8 = FIRST_TAG + 5;

impl Values {
    pub(super) fn len(&self) -> usize {
        Bytes(&self.bytes).number() as usize
    }

    /// Iterates over the values, which are unpacked one by one.
    pub(super) fn iter(&self) -> Iter<'_> {
        let mut bytes = Bytes(&self.bytes);
        let left = bytes.number() as usize;
        Iter {
            bytes,
            large: self.large.as_deref().map_or(&[], |large| large),
            left,
            at: At::default(),
        }
    }

    /// Returns the value of a slot. Computes in **O(n)** time for n values.
    pub(super) fn get(&self, slot: usize) -> Option<Given> {
        let mut values = self.iter();
        while let Some((found, place)) = values.head() {
            if usize::from(found) == slot {
                return Some(Given { slot: found, place, value: values.value() });
            }
            if usize::from(found) > slot {
                break;
            }
            values.pass();
        }
        None
    }

    /// Iterates over the slots that have a value.
    pub(super) fn slots(&self) -> impl Iterator<Item = u16> {
        let mut values = self.iter();
        std::iter::from_fn(move || {
            let (slot, _) = values.head()?;
            values.pass();
            Some(slot)
        })
    }

    /// Changes the values. They must stay in the order of the slots.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Vec<Given>)) {
        let mut values = self.iter().collect();
        change(&mut values);
        *self = values.into();
    }
}

impl From<Vec<Given>> for Values {
    fn from(mut values: Vec<Given>) -> Self {
        let mut buffer = Vec::with_capacity(16 * values.len() + 8);
        Self::pack(&mut values, &mut buffer)
    }
}

impl Values {
    /// Packs values and leaves an empty list. The buffer saves an allocation.
    pub(super) fn pack(values: &mut Vec<Given>, bytes: &mut Vec<u8>) -> Self {
        debug_assert!(values.is_sorted_by_key(|given| given.slot), "the slots are in order");
        let (mut at, mut large) = (At::default(), Vec::new());
        bytes.clear();
        put(bytes, values.len() as u64);
        for Given { slot, place, value } in values.drain(..) {
            // Slots usually follow one another, in one file.
            let is_other = place.file != at.file;
            let skipped = u64::from(slot.wrapping_sub(at.slot));
            let head = skipped << 1 | u64::from(is_other);
            let [start, length] = from_span(at.end, place.span);
            match is_other {
                true => put_all(bytes, [head, start, length, place.file.into()]),
                false => put_all(bytes, [head, start, length]),
            }
            at = At { slot: slot.wrapping_add(1), file: place.file, end: place.span.end };
            let start = bytes.len();
            if !put_value(bytes, &value, start + MOST_BYTES) {
                bytes.truncate(start);
                bytes.push(LARGE);
                large.push(value);
            }
        }
        let large = (!large.is_empty()).then(|| Box::new(large.into_boxed_slice()));
        Self { bytes: bytes.as_slice().into(), large }
    }
}

/// Adds a value. Returns `false` if it does not end before the limit, or is of a kind that files cannot write.
fn put_value(bytes: &mut Vec<u8>, value: &Value, limit: usize) -> bool {
    let left = limit.saturating_sub(bytes.len());
    match value {
        Value::Unset => Plain::Unset.put(bytes),
        Value::Bool(truth) => Plain::Bool(*truth).put(bytes),
        Value::Int(number) => Plain::Int(*number).put(bytes),
        Value::UInt(number) => Plain::UInt(*number).put(bytes),
        Value::F64(number) => Plain::Float(*number).put(bytes),
        Value::F32(number) => {
            bytes.push(SINGLE);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) if text.len() < left => {
            bytes.push(TEXT);
            put_text(bytes, text);
        }
        Value::Object(id) => {
            bytes.push(OBJECT);
            put(bytes, id.to_bits());
        }
        // Each element takes a byte at least, so a long list is left after a few.
        Value::List(list) if list.len() < left => {
            bytes.push(LIST);
            put(bytes, list.len() as u64);
            if !list.iter().all(|value| put_value(bytes, value, limit)) {
                return false;
            }
        }
        Value::Map(map) if map.len() < left => {
            bytes.push(MAP);
            put(bytes, map.len() as u64);
            for (name, value) in map.iter() {
                if name.len() > MOST_BYTES {
                    return false;
                }
                put_text(bytes, name);
                if !put_value(bytes, value, limit) {
                    return false;
                }
            }
        }
        _ => return false,
    }
    bytes.len() <= limit
}

/// The end of the last value.
#[derive(Clone, Debug, Default)]
struct At {
    /// The next slot.
    slot: u16,
    file: u32,
    end: u32,
}

/// Iterates over the values of a record.
#[derive(Clone, Debug)]
pub(super) struct Iter<'v> {
    bytes: Bytes<'v>,
    /// The large values that are left.
    large: &'v [Value],
    left: usize,
    at: At,
}

impl Iter<'_> {
    /// Reads the slot and the place of the next value.
    fn head(&mut self) -> Option<(u16, Place)> {
        self.left = self.left.checked_sub(1)?;
        let [head, start, length] = self.bytes.numbers();
        let slot = self.at.slot.wrapping_add((head >> 1) as u16);
        let file = if head & 1 == 1 { self.bytes.number() as u32 } else { self.at.file };
        let span = to_span(self.at.end, start, length);
        self.at = At { slot: slot.wrapping_add(1), file, end: span.end };
        Some((slot, Place { file, span }))
    }

    /// Passes a value without an allocation.
    fn pass(&mut self) {
        match self.bytes.byte() {
            LARGE => self.large = self.large.get(1..).unwrap_or_default(),
            SINGLE => _ = self.bytes.slice(size_of::<f32>()),
            TEXT => _ = self.bytes.text(),
            OBJECT => _ = self.bytes.number(),
            LIST => (0..self.bytes.number()).for_each(|_| self.pass()),
            MAP => (0..self.bytes.number()).for_each(|_| {
                self.bytes.text();
                self.pass();
            }),
            plain => _ = Plain::take(plain, &mut self.bytes),
        }
    }

    fn value(&mut self) -> Value {
        match self.bytes.byte() {
            LARGE => {
                let Some((value, rest)) = self.large.split_first() else { return Value::Unset };
                self.large = rest;
                value.clone()
            }
            SINGLE => Value::F32(f32::from_le_bytes(self.bytes.array())),
            TEXT => Value::Text(self.bytes.text().into()),
            OBJECT => ObjectId::from_bits(self.bytes.number()).into(),
            LIST => {
                let count = self.bytes.number();
                Value::List((0..count).map(|_| self.value()).collect())
            }
            MAP => {
                let count = self.bytes.number();
                let entry = |_| (Arc::<str>::from(self.bytes.text()), self.value());
                Value::Map((0..count).map(entry).collect())
            }
            plain => match Plain::take(plain, &mut self.bytes) {
                Plain::Unset => Value::Unset,
                Plain::Bool(truth) => Value::Bool(truth),
                Plain::Int(number) => Value::Int(number),
                Plain::UInt(number) => Value::UInt(number),
                Plain::Float(number) => Value::F64(number),
            },
        }
    }
}

impl Iterator for Iter<'_> {
    type Item = Given;

    fn next(&mut self) -> Option<Given> {
        let (slot, place) = self.head()?;
        Some(Given { slot, place, value: self.value() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Span;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Unset),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<u64>().prop_map(Value::UInt),
            any::<u32>().prop_map(|bits| Value::F32(f32::from_bits(bits))),
            any::<u64>().prop_map(|bits| Value::F64(f64::from_bits(bits))),
            any::<f32>().prop_map(|number| Value::F64(number.into())),
            ".{0,80}".prop_map(|text: String| text.into()),
            any::<u64>().prop_map(|bits| ObjectId::from_bits(bits | 1 << 32).into()),
            prop::collection::vec(any::<u8>(), 0..4).prop_map(|bytes| Value::Bytes(bytes.into())),
        ];
        leaf.prop_recursive(3, 60, 20, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..20);
            let map = prop::collection::vec((".{0,70}", inner), 0..4);
            let map = map.prop_map(|map| map.into_iter().collect::<Value>());
            prop_oneof![list.prop_map(Value::from), map]
        })
    }

    fn all_given() -> impl Strategy<Value = Vec<Given>> {
        let place = (0..3_u32, any::<u32>(), 0..50_u32);
        let place = place.prop_map(|(file, start, length)| Place {
            file,
            span: Span { start, end: start.saturating_add(length) },
        });
        let any_place = (any::<u32>(), any::<u32>(), any::<u32>());
        let any_place =
            any_place.prop_map(|(file, start, end)| Place { file, span: Span { start, end } });
        let given = (any::<u16>(), prop_oneof![place, any_place], values());
        let given = given.prop_map(|(slot, place, value)| Given { slot, place, value });
        prop::collection::vec(given, 0..12).prop_map(|mut given| {
            given.sort_by_key(|given| given.slot);
            given.dedup_by_key(|given| given.slot);
            given
        })
    }

    proptest! {
        #[test]
        fn all_values_come_back(given in all_given()) {
            let values = Values::from(given.clone());
            prop_assert_eq!(values.len(), given.len());
            prop_assert_eq!(values.iter().collect::<Vec<_>>(), &*given);
            let slots: Vec<u16> = given.iter().map(|given| given.slot).collect();
            prop_assert_eq!(values.slots().collect::<Vec<_>>(), &*slots);
            for own in &given {
                prop_assert_eq!(values.get(own.slot.into()), Some(own.clone()));
                let next = own.slot.wrapping_add(1);
                prop_assert_eq!(values.get(next.into()).is_some(), slots.contains(&next));
            }
        }
    }

    fn given(value: Value) -> Given {
        Given { slot: 0, place: Place { file: 0, span: Span::new(2, 4) }, value }
    }

    #[test]
    fn every_kind_of_default_comes_back() {
        let matrix = Value::from(slotted::glam::Mat4::IDENTITY);
        let vector = Value::from(slotted::glam::Vec3::ONE);
        for value in [matrix.clone(), vector.clone(), Value::from([vector, matrix])] {
            let values = Values::from(vec![given(value.clone())]);
            assert_eq!(values.get(0).map(|given| given.value), Some(value));
        }
    }

    #[test]
    fn a_small_value_takes_few_bytes() {
        assert_eq!(Values::from(vec![given(Value::Int(7))]).bytes.len(), 6);
    }

    #[test]
    fn large_values_are_shared() {
        let list = Value::from(vec![1; 100_000]);
        let parent = Values::from(vec![given(list)]);
        let child = Values::from(parent.iter().collect::<Vec<_>>());
        let list = |values: &Values| match values.get(0).map(|given| given.value) {
            Some(Value::List(list)) => list,
            other => panic!("{other:?} is no list"),
        };
        assert!(Arc::ptr_eq(&list(&parent), &list(&child)));
        assert!(child.bytes.len() < 8);
    }
}
