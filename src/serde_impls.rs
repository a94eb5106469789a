//! Serializes and deserializes values, records and ids with serde.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::id::ObjectId;
use crate::record::Record;
use crate::value::Value;

/// The limit of nested values, so that no file overflows the stack.
const MOST_LEVELS: usize = 32;

/// The limit of elements that a size hint reserves: a hostile file may have written the hint.
const MOST_RESERVED: usize = 64;

/// Deserializes from self-describing formats, such as JSON, RON and TOML.
///
/// Integers must fit in 64 bits. A sequence becomes a [`Value::List`], which vector and array slots
/// accept. JSON's `null` and its like become [`Value::Unset`]. A map becomes a [`Value::Map`], which no
/// slot accepts.
///
/// # Errors
/// Returns an error if an integer does not fit in 64 bits, or values are nested more than 32 deep.
///
/// # Example
/// ```
/// use slotted::Value;
/// let value: Value = serde_json::from_str("[1, 2.5, null]")?;
/// assert_eq!(value, [Value::from(1), 2.5.into(), Value::Unset].into());
///
/// let error = serde_json::from_str::<Value>(&"[".repeat(33)).unwrap_err();
/// assert!(error.to_string().starts_with("values are nested more than 32 deep"));
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ValueSeed::OUTERMOST.deserialize(deserializer)
    }
}

/// Reads a value inside of others.
#[derive(Clone, Copy)]
struct ValueSeed {
    levels_left: usize,
}

impl ValueSeed {
    const OUTERMOST: Self = Self { levels_left: MOST_LEVELS };

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left }),
            None => Err(E::custom(format_args!("values are nested more than {MOST_LEVELS} deep"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value: a truth value, a number, a text, a list, a map or nothing")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i128<E: serde::de::Error>(self, number: i128) -> Result<Value, E> {
        let signed = i64::try_from(number).map(Value::from);
        let either = signed.or_else(|_| u64::try_from(number).map(Value::from));
        either.map_err(|_| too_wide(number))
    }

    fn visit_u128<E: serde::de::Error>(self, number: u128) -> Result<Value, E> {
        u64::try_from(number).map(Value::from).map_err(|_| too_wide(number))
    }

    fn visit_f32<E>(self, number: f32) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.into()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Unset)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Unset)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.inner()?.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        self.inner()?.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let element = self.inner()?;
        let mut list = Vec::with_capacity(reserved(elements.size_hint()));
        while let Some(value) = elements.next_element_seed(element)? {
            list.push(value);
        }
        Ok(Value::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Vec::with_capacity(reserved(entries.size_hint()));
        while let Some((name, value)) = entries.next_entry_seed(PhantomData::<String>, inner)? {
            map.push((name.into(), value));
        }
        Ok(Value::Map(map.into()))
    }
}

fn reserved(announced: Option<usize>) -> usize {
    announced.unwrap_or_default().min(MOST_RESERVED)
}

#[cold]
fn too_wide<E: serde::de::Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!("the integer {number} does not fit in 64 bits"))
}

/// Deserializes from a map of names to [values](Value).
///
/// Names keep their order and may repeat. Inserting the record reports a repeated name with its other
/// problems.
///
/// # Errors
/// Returns an error if the input is not a map, or a value cannot be read.
impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record: a map of names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Record, A::Error> {
        let mut record = Record::with_capacity(reserved(entries.size_hint()));
        let name = PhantomData::<String>;
        while let Some((name, value)) = entries.next_entry_seed(name, ValueSeed::OUTERMOST)? {
            record.push(name, value);
        }
        Ok(record)
    }
}

/// Serializes as in a data file: vectors and matrices as sequences of numbers, [`Value::Unset`] as none
/// (`null` in JSON).
///
/// Not every format keeps every value. `serde_json` writes `null` for a NaN or an infinity and a
/// sequence of numbers for bytes, and reads `f64` exactly only with its feature `float_roundtrip`.
///
/// # Errors
/// Returns an error if the value is a reference to an object: in another store its id would name
/// another object.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unset => serializer.serialize_none(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::UInt(number) => serializer.serialize_u64(*number),
            Self::F32(number) => serializer.serialize_f32(*number),
            Self::F64(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(id) => Err(S::Error::custom(format_args!(
                "the reference to object {id} cannot be written: ids are valid only in their own store"
            ))),
            Self::List(list) => serializer.collect_seq(&**list),
            Self::Map(map) => {
                serializer.collect_map(map.iter().map(|(name, value)| (&**name, value)))
            }
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            vector => serializer.collect_seq(vector.numbers().into_iter().flatten()),
        }
    }
}

/// Serializes as a map of names to [values](Value), in the record's order.
///
/// # Errors
/// Returns an error if a value is a reference to an object.
impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Serializes as its [bits](ObjectId::to_bits).
///
/// # Example
/// ```
/// # use slotted::ObjectId;
/// let id = ObjectId::from_bits(7 | 1 << 32).unwrap();
/// assert_eq!(serde_json::from_str::<ObjectId>(&serde_json::to_string(&id)?)?, id);
/// assert!(serde_json::from_str::<ObjectId>("7").is_err(), "no store hands out such an id");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.to_bits())
    }
}

/// Deserializes from [bits](ObjectId::to_bits).
///
/// # Errors
/// Returns an error if no store hands out such bits.
impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = u64::deserialize(deserializer)?;
        Self::from_bits(bits).ok_or_else(|| D::Error::custom("no object has such an id"))
    }
}
