//! Dynamic values and their checked conversion.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::id::ObjectId;

mod json;
mod vector;

pub use json::NotAny;
pub use vector::Vector;

/// Maps a vector to the type that `Value` stores: `Value` must not exceed 24 bytes.
macro_rules! held_type {
    (inline $type:ty, $numbers:ty) => {
        $type
    };
    (array $type:ty, $numbers:ty) => {
        $numbers
    };
    (boxed $type:ty, $numbers:ty) => {
        Box<$type>
    };
}

macro_rules! value_with_vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {

        /// One value of any kind, for example from a data file or a script.
        ///
        /// A value takes 24 bytes. Small vectors are stored directly, `Vec4` and `Quat` as arrays, larger ones
        /// in a box. [`Value::from`](From) takes all glam types; [`Value::vector`] returns them.
        ///
        /// **Equality is by bits**: a NaN equals itself, and `-0.0` does not equal `0.0`. Comparisons and hashes of
        /// `Store` and `MapStore` follow the same rule. Integers of all widths are equal if their numbers are.
        /// Numbers of different variants are not equal.
        ///
        /// ```
        /// use slotted::{Value, glam::Vec3};
        /// assert_eq!(Value::from(3_u8), Value::from(3_i64));
        /// assert_ne!(Value::from(0.0), Value::from(-0.0));
        /// assert_eq!(Value::from([1.0, 2.5]).to_string(), "[1.0, 2.5]");
        /// assert_eq!(Value::from(Vec3::ONE), Value::Vec3(Vec3::ONE));
        /// assert_eq!(size_of::<Value>(), 24);
        /// ```
        #[derive(Clone, Debug, Default)]
        #[non_exhaustive]
        pub enum Value {
            /// No value: the content of an optional slot until it is set.
            #[default]
            Unset,
            /// A truth value.
            Bool(bool),
            /// An integer of any width that `i64` can hold.
            Int(i64),
            /// An integer above `i64::MAX`.
            UInt(u64),
            /// A single-precision number.
            F32(f32),
            /// A double-precision number, such as a decimal fraction in a data file.
            F64(f64),
            $(#[doc = concat!("`glam::", stringify!($name), "`")]
            $name(held_type!($held glam::$name, [$number; $length])),)*
            /// A string, or the name of an enum's variant.
            Text(Arc<str>),
            /// A reference to an object.
            Object(ObjectId),
            /// Several values: a vector, an array of numbers, or a list.
            List(Arc<[Value]>),
            /// Named values in order, such as a nested record in a data file, or a value of kind `any`.
            Map(Arc<[(Arc<str>, Value)]>),
            /// The memory of a plain-memory type.
            Bytes(Arc<[u8]>),
        }
    };
}
crate::for_each_vector!(value_with_vectors);

impl Value {
    /// Returns a word for the kind of value, for messages.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::UInt(_) => "integer",
            Self::F32(_) => "f32",
            Self::F64(_) => "number",
            Self::Text(_) => "text",
            Self::Object(_) => "object",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Bytes(_) => "bytes",
            vector => match vector.vector_kind() {
                Some(kind) => kind.name(),
                None => "value",
            },
        }
    }

    /// Returns `true` if the value is [`Value::Unset`].
    #[must_use]
    pub const fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }
}

/// The reason why a value cannot become a value of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConversionError {
    /// The value is of another kind.
    #[error("the value is of another kind")]
    WrongKind,
    /// The number is outside the type's range, or the type cannot hold it exactly.
    #[error("the number does not fit")]
    DoesNotFit,
}

/// Checked conversion from a dynamic value.
///
/// | to | from |
/// |---|---|
/// | integers | integers that fit |
/// | floats | floats (`f64` to `f32` rounds to nearest, and must not overflow); integers that are held exactly |
/// | vectors, arrays | their own kind, or a list of as many numbers that convert |
/// | anything else | its own kind |
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Result<Self, ConversionError>;
}

use ConversionError::{DoesNotFit, WrongKind};

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl FromValue for $type {
            #[inline]
            fn from_value(value: &Value) -> Result<Self, ConversionError> {
                match *value {
                    Value::Int(number) => Self::try_from(number).map_err(|_| DoesNotFit),
                    Value::UInt(number) => Self::try_from(number).map_err(|_| DoesNotFit),
                    _ => Err(WrongKind),
                }
            }
        }

        impl From<$type> for Value {
            fn from(number: $type) -> Self {
                // Irrefutable for most widths of the macro.
                #[allow(irrefutable_let_patterns, clippy::unnecessary_fallible_conversions)]
                if let Ok(number) = i64::try_from(number) {
                    Self::Int(number)
                } else {
                    Self::UInt(number as u64)
                }
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 u8 u16 u32 u64);

impl FromValue for f32 {
    #[inline]
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match *value {
            Value::F32(number) => Ok(number),
            Value::F64(number) => narrow(number),
            Value::Int(_) | Value::UInt(_) => {
                let wide = f64::from_value(value)?;
                let number = wide as f32;
                if f64::from(number) == wide { Ok(number) } else { Err(DoesNotFit) }
            }
            _ => Err(WrongKind),
        }
    }
}

/// Rounds to nearest. The upper bits of a NaN's payload are kept.
fn narrow(number: f64) -> Result<f32, ConversionError> {
    let narrow = number as f32;
    if number.is_finite() && narrow.is_infinite() { Err(DoesNotFit) } else { Ok(narrow) }
}

impl FromValue for f64 {
    #[inline]
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match *value {
            Value::F32(number) => Ok(Self::from(number)),
            Value::F64(number) => Ok(number),
            Value::Int(integer) => exact(integer as Self, i128::from(integer)),
            Value::UInt(integer) => exact(integer as Self, i128::from(integer)),
            _ => Err(WrongKind),
        }
    }
}

fn exact(number: f64, integer: i128) -> Result<f64, ConversionError> {
    if number as i128 == integer { Ok(number) } else { Err(DoesNotFit) }
}

impl From<f32> for Value {
    fn from(number: f32) -> Self {
        Self::F32(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::F64(number)
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        if let Value::Bool(truth) = *value { Ok(truth) } else { Err(WrongKind) }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl FromValue for ObjectId {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        if let Value::Object(id) = *value { Ok(id) } else { Err(WrongKind) }
    }
}

impl From<ObjectId> for Value {
    fn from(id: ObjectId) -> Self {
        Self::Object(id)
    }
}

impl<E: FromValue, const N: usize> FromValue for [E; N] {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        let Value::List(list) = value else { return Err(WrongKind) };
        let numbers = list.iter().map(E::from_value).collect::<Result<Vec<E>, _>>()?;
        numbers.try_into().map_err(|_| WrongKind)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl<V: Into<Value>, const N: usize> From<[V; N]> for Value {
    fn from(list: [V; N]) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(list: Vec<V>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let values = values.into_iter();
        Self::Map(values.map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Unset, Into::into)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unset, Self::Unset) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::UInt(a), Self::UInt(b)) => a == b,
            (Self::F32(a), Self::F32(b)) => a.to_bits() == b.to_bits(),
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            _ => {
                let same = std::mem::discriminant(self) == std::mem::discriminant(other);
                same && self.vector_bytes().is_some_and(|bytes| Some(bytes) == other.vector_bytes())
            }
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Unset => {}
            Self::Bool(truth) => truth.hash(state),
            Self::Int(number) => number.hash(state),
            Self::UInt(number) => number.hash(state),
            Self::F32(number) => number.to_bits().hash(state),
            Self::F64(number) => number.to_bits().hash(state),
            Self::Text(text) => text.hash(state),
            Self::Object(id) => id.hash(state),
            Self::List(list) => list.hash(state),
            Self::Map(map) => map.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            _ => self.vector_bytes().hash(state),
        }
    }
}

/// The number of characters of a text, or elements of a list, that a message shows.
const SHOWN: usize = 40;

/// Writes the value as in a data file. Long texts and lists are cut, control characters escaped.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("unset"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::UInt(number) => number.fmt(f),
            Self::F32(number) => write!(f, "{number:?}"),
            Self::F64(number) => write!(f, "{number:?}"),
            Self::Text(text) if text.chars().nth(SHOWN).is_some() => {
                let start: String = text.chars().take(SHOWN).collect();
                write!(f, "{start:?}…")
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Object(id) => write!(f, "object {id}"),
            Self::List(list) => write_list(f, list),
            Self::Map(map) => {
                f.write_str("{")?;
                for (position, (name, value)) in map.iter().take(SHOWN).enumerate() {
                    let comma = if position > 0 { ", " } else { "" };
                    write!(f, "{comma}{name:?}: {value}")?;
                }
                f.write_str(if map.len() > SHOWN { ", …}" } else { "}" })
            }
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            vector => write_list(f, &vector.numbers().unwrap_or_default()),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Value]) -> fmt::Result {
    f.write_str("[")?;
    for (position, value) in list.iter().take(SHOWN).enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        write!(f, "{comma}{value}")?;
    }
    f.write_str(if list.len() > SHOWN { ", …]" } else { "]" })
}

#[cfg(test)]
mod tests {
    use glam::{IVec3, Quat, UVec2, Vec2};

    use super::*;

    fn convert<T: FromValue>(value: impl Into<Value>) -> Result<T, ConversionError> {
        T::from_value(&value.into())
    }

    #[test]
    fn fault_18_integers_convert_when_they_fit() {
        assert_eq!(convert::<u8>(255_i64), Ok(255));
        assert_eq!(convert::<u8>(256_i64), Err(DoesNotFit));
        assert_eq!(convert::<u8>(-1_i64), Err(DoesNotFit));
        assert_eq!(convert::<u64>(u64::MAX), Ok(u64::MAX));
        assert_eq!(convert::<i64>(u64::MAX), Err(DoesNotFit));
        assert_eq!(convert::<i64>(i64::MIN), Ok(i64::MIN));
        assert_eq!(convert::<u64>(i64::MIN), Err(DoesNotFit));
    }

    #[test]
    fn fault_19_nothing_is_silently_truncated() {
        assert_eq!(convert::<i32>(3.0), Err(WrongKind));
        assert_eq!(convert::<f32>(16_777_216), Ok(16_777_216.0));
        assert_eq!(convert::<f32>(16_777_217), Err(DoesNotFit));
        assert_eq!(convert::<f64>(i64::MAX), Err(DoesNotFit));
        assert_eq!(convert::<f64>(u64::MAX), Err(DoesNotFit));
        assert_eq!(convert::<f64>(i64::MIN), Ok(i64::MIN as f64));
        assert_eq!(convert::<f32>(1e300), Err(DoesNotFit));
        assert_eq!(convert::<f32>(f64::INFINITY), Ok(f32::INFINITY));
        assert_eq!(convert::<f32>(0.1), Ok(0.1_f32));
        assert_eq!(convert::<bool>(1), Err(WrongKind));
    }

    #[test]
    fn fault_18_subnormals_and_infinities_are_kept() {
        assert_eq!(convert::<f32>(f32::MIN_POSITIVE / 2.0), Ok(f32::MIN_POSITIVE / 2.0));
        assert_eq!(convert::<f64>(f32::INFINITY), Ok(f64::INFINITY));
    }

    #[test]
    fn lists_become_vectors_of_their_length() {
        assert_eq!(convert([1, 2, 3]), Ok(IVec3::new(1, 2, 3)));
        assert_eq!(convert::<IVec3>([1, 2]), Err(WrongKind));
        assert_eq!(convert([1.0, 2.0, 3.0, 4.0]), Ok(Quat::from_xyzw(1.0, 2.0, 3.0, 4.0)));
        assert_eq!(convert::<UVec2>([1, -1]), Err(DoesNotFit));
        assert_eq!(convert::<Vec2>(Value::from(["a", "b"])), Err(WrongKind));
    }

    #[test]
    fn fault_17_equality_and_hash_are_by_bits() {
        use std::hash::BuildHasher;
        let hasher = foldhash::fast::FixedState::default();
        let nan = Value::from(f32::NAN);
        assert_eq!(nan, nan.clone());
        assert_eq!(hasher.hash_one(&nan), hasher.hash_one(nan.clone()));
        let (zero, minus) = (Value::from(Vec2::ZERO), Value::from(Vec2::new(0.0, -0.0)));
        assert_ne!(zero, minus);
        assert_ne!(hasher.hash_one(zero), hasher.hash_one(minus));
    }

    #[test]
    fn long_and_hostile_text_is_cut_and_escaped() {
        let shown = Value::from("\u{202e}\n".repeat(1000)).to_string();
        assert!(shown.len() < 500 && !shown.contains('\n') && !shown.contains('\u{202e}'));
    }
}
