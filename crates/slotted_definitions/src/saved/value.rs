//! Values of records as parts, which every format of serde keeps exactly.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::reload::RecordName;
use slotted::schema::VectorKind;
use slotted::{ObjectId, Value};

/// The limit of nested values, so that no save overflows the stack.
const MOST_LEVELS: usize = 32;

/// One value, or the beginning of one whose elements follow.
///
/// Lists are flat and not nested, because deserializing nested values has no limit of depth in binary formats. Floats are
/// bits, because text formats lose NaNs and some digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Part {
    Unset,
    Bool(bool),
    Int(i64),
    UInt(u64),
    /// The bits of the number.
    F32(u32),
    /// The bits of the number.
    F64(u64),
    Text(Box<str>),
    Bytes(Vec<u8>),
    /// A reference to the object of a record.
    Record {
        schema: Box<str>,
        name: Box<str>,
    },
    /// The name of the kind; its numbers follow.
    Vector(Box<str>),
    /// The number of elements, which follow.
    List(u32),
    /// The names of the values that follow.
    Map(Vec<Box<str>>),
}

/// Adds the parts of a value; `names` are the names of the records to which it refers.
pub(super) fn push(parts: &mut Vec<Part>, value: &Value, names: &[RecordName]) {
    parts.push(match value {
        Value::Bool(truth) => Part::Bool(*truth),
        Value::Int(number) => Part::Int(*number),
        Value::UInt(number) => Part::UInt(*number),
        Value::F32(number) => Part::F32(number.to_bits()),
        Value::F64(number) => Part::F64(number.to_bits()),
        Value::Text(text) => Part::Text((&**text).into()),
        Value::Bytes(bytes) => Part::Bytes(bytes.to_vec()),
        Value::Object(local) => reference(*local, names),
        Value::List(list) => {
            parts.push(Part::List(list.len() as u32));
            return list.iter().for_each(|one| push(parts, one, names));
        }
        Value::Map(map) => {
            parts.push(Part::Map(map.iter().map(|(name, _)| (&**name).into()).collect()));
            return map.iter().for_each(|(_, one)| push(parts, one, names));
        }
        other => match (other.vector_kind(), other.numbers()) {
            (Some(kind), Some(numbers)) => {
                parts.push(Part::Vector(kind.name().into()));
                return numbers.iter().for_each(|one| push(parts, one, names));
            }
            _ => Part::Unset,
        },
    });
}

fn reference(local: ObjectId, names: &[RecordName]) -> Part {
    match names.get(local.row() as usize) {
        Some(RecordName { schema, name: Some(name), .. }) => {
            Part::Record { schema: (&**schema).into(), name: (&**name).into() }
        }
        // Files refer to records by name only.
        _ => Part::Unset,
    }
}

/// Reads values from parts.
pub(super) struct Parts<'p, F> {
    parts: std::slice::Iter<'p, Part>,
    /// Returns the id that refers to the record of a schema and a name.
    record: F,
}

impl<'p, F: Fn(&'p str, &'p str) -> Option<ObjectId>> Parts<'p, F> {
    pub(super) fn new(parts: &'p [Part], record: F) -> Self {
        Self { parts: parts.iter(), record }
    }

    /// Returns the next value, or `None` if the parts do not form one.
    pub(super) fn next_value(&mut self) -> Option<Value> {
        self.value(MOST_LEVELS)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.parts.len() == 0
    }

    fn value(&mut self, levels_left: usize) -> Option<Value> {
        let levels_left = levels_left.checked_sub(1)?;
        Some(match self.parts.next()? {
            Part::Unset => Value::Unset,
            Part::Bool(truth) => Value::Bool(*truth),
            Part::Int(number) => Value::Int(*number),
            Part::UInt(number) => Value::UInt(*number),
            Part::F32(bits) => Value::F32(f32::from_bits(*bits)),
            Part::F64(bits) => Value::F64(f64::from_bits(*bits)),
            Part::Text(text) => Value::Text((&**text).into()),
            Part::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
            Part::Record { schema, name } => Value::Object((self.record)(schema, name)?),
            Part::List(length) => self.list(*length as usize, levels_left)?,
            Part::Vector(name) => {
                let kind = VectorKind::ALL.iter().find(|kind| kind.name() == &**name)?;
                self.list(kind.components(), levels_left)?.to_vector(*kind)?
            }
            Part::Map(names) => {
                let named = names.iter().map(|name| {
                    let value = self.value(levels_left)?;
                    Some((Arc::from(&**name), value))
                });
                Value::Map(named.collect::<Option<_>>()?)
            }
        })
    }

    /// Reads elements until one is missing: nothing is reserved for an announced length.
    fn list(&mut self, length: usize, levels_left: usize) -> Option<Value> {
        let elements = (0..length).map(|_| self.value(levels_left));
        elements.collect::<Option<Vec<_>>>().map(|list| Value::List(list.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::local_id;
    use proptest::prelude::*;
    use slotted::glam::{DVec3, I64Vec2, Mat4, Quat, Vec3, Vec4};

    fn names() -> Vec<RecordName> {
        let name =
            |name: &str| RecordName { schema: "orc".into(), name: Some(name.into()), position: 0 };
        vec![name("grunt"), name("thrall")]
    }

    fn read(parts: &[Part]) -> Option<Value> {
        let names = names();
        let position = |name: &str| names.iter().position(|own| own.name.as_deref() == Some(name));
        let record = |schema: &str, name: &str| {
            position(name).filter(|_| schema == "orc").map(|number| local_id(number as u32))
        };
        let mut reader = Parts::new(parts, record);
        reader.next_value().filter(|_| reader.is_at_end())
    }

    fn every_form_keeps(value: &Value) {
        let mut parts = Vec::new();
        push(&mut parts, value, &names());
        assert_eq!(read(&parts).as_ref(), Some(value));
        let json = serde_json::to_string(&parts).expect("parts are plain data");
        assert_eq!(serde_json::from_str::<Vec<Part>>(&json).expect("it was just written"), parts);
        let bytes = postcard::to_allocvec(&parts).expect("parts are plain data");
        assert_eq!(postcard::from_bytes::<Vec<Part>>(&bytes).expect("just written"), parts);
    }

    #[test]
    fn every_variant_is_kept_bit_by_bit() {
        let odd_nan = f32::from_bits(0x7fc0_1234);
        for value in [
            Value::Unset,
            true.into(),
            i64::MIN.into(),
            u64::MAX.into(),
            0.1_f32.into(),
            odd_nan.into(),
            Value::from(-0.0),
            f64::from_bits(0xfff8_0000_0000_0007).into(),
            f64::NEG_INFINITY.into(),
            "\u{0}\"é".into(),
            local_id(1).into(),
            Value::Bytes([0, 255, 7].as_slice().into()),
            Vec3::new(1.0, odd_nan, -0.0).into(),
            Vec4::W.into(),
            Quat::from_xyzw(1.0, 2.0, 3.0, 4.0).into(),
            Mat4::from_cols_array(&[0.5; 16]).into(),
            DVec3::new(0.1, f64::NAN, 0.3).into(),
            I64Vec2::new(i64::MIN, i64::MAX).into(),
        ] {
            every_form_keeps(&value);
            every_form_keeps(&Value::from(vec![value.clone(), 1.into(), value.clone()]));
            every_form_keeps(&Value::from_iter([("a", value.clone()), ("b", [value].into())]));
        }
        for kind in VectorKind::ALL {
            let numbers = Value::from(vec![Value::from(1); kind.components()]);
            every_form_keeps(&numbers.to_vector(*kind).expect("1 fits in every kind"));
        }
        every_form_keeps(&Value::List([].into()));
    }

    #[test]
    fn parts_that_form_no_value_are_refused() {
        let vector = |name: &str, numbers: usize| {
            let mut parts = vec![Part::Vector(name.into())];
            parts.extend(vec![Part::Int(1); numbers]);
            parts
        };
        assert!(read(&vector("vec3", 3)).is_some());
        for parts in [
            vec![],
            vec![Part::List(u32::MAX)],
            vec![Part::List(1)],
            vec![Part::List(1); 1_000_000],
            vec![Part::Map(vec!["a".into()])],
            vec![Part::Unset, Part::Unset],
            vec![Part::Record { schema: "orc".into(), name: "nobody".into() }],
            vector("vec3", 2),
            vector("vec3", 4),
            vector("vec9", 3),
            vec![Part::Vector("vec2".into()), Part::Unset, Part::Unset],
        ] {
            assert_eq!(read(&parts), None, "{:?}", &parts[..parts.len().min(4)]);
        }
    }

    proptest! {
        #[test]
        fn every_float_is_kept(narrow in any::<u32>(), wide in any::<u64>()) {
            every_form_keeps(&f32::from_bits(narrow).into());
            every_form_keeps(&f64::from_bits(wide).into());
        }
    }
}
