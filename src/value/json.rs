//! Values as texts: one JSON text for each value, and back.
//!
//! A value that JSON cannot tell from another is a map with one entry whose name begins with `$`:
//!
//! | value | text |
//! |---|---|
//! | an `f32`, as an `f64` | `{"$f32":0.5}` |
//! | a number that is not finite, as its bits | `{"$f64":"7ff0000000000000"}`, `{"$f32":"7f800000"}` |
//! | a vector, quaternion or matrix | `{"$vec3":[0.0,0.5,1.0]}` |
//! | bytes | `{"$bytes":"00ff"}` |
//! | a map with a name that begins with `$` | the name has one `$` more |

use std::fmt::Write;
use std::sync::Arc;

use crate::any::Any;
use crate::kind::{Kind, NumberKind};
use crate::value::Value;

/// The reason why a value cannot be kept in a slot of kind `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAny {
    /// The value contains a reference.
    #[error("a reference to an object, which only slots of kind object can hold")]
    Reference,
    /// Lists and maps are nested too deep.
    #[error("lists and maps that are nested more than {} levels deep", Any::DEEPEST)]
    TooDeep,
}

impl Value {
    /// Checks that the value has a text.
    pub(crate) fn check_any(&self) -> Result<(), NotAny> {
        self.check_within(Any::DEEPEST)
    }

    fn check_within(&self, levels: usize) -> Result<(), NotAny> {
        let inner = || levels.checked_sub(1).ok_or(NotAny::TooDeep);
        match self {
            Self::Object(_) => Err(NotAny::Reference),
            Self::List(values) => {
                let levels = inner()?;
                values.iter().try_for_each(|value| value.check_within(levels))
            }
            Self::Map(values) => {
                let levels = inner()?;
                values.iter().try_for_each(|(_, value)| value.check_within(levels))
            }
            _ => Ok(()),
        }
    }

    /// Returns the text of a value of kind `any`, equal for equal values only: JSON, and the empty text for an unset value.
    ///
    /// A value that JSON lacks is a map with one entry whose name begins with `$`, such as `{"$f32":0.5}` or `{"$vec2":[0.0,1.0]}`.
    ///
    /// # Errors
    /// Returns an error if the value contains a reference, or is nested more than [`Any::DEEPEST`](crate::Any::DEEPEST) levels
    /// deep.
    ///
    /// # Example
    /// ```
    /// use slotted::Value;
    /// let heal: Value = [("type", Value::from("heal")), ("amount", 5.into())].into_iter().collect();
    /// let text = heal.to_json()?;
    /// assert_eq!(text, r#"{"type":"heal","amount":5}"#);
    /// assert_eq!(Value::from_json(&text), Some(heal));
    /// assert_eq!(Value::from_json("{ spaces: 1 }"), None);
    /// # Ok::<(), slotted::schema::NotAny>(())
    /// ```
    pub fn to_json(&self) -> Result<String, NotAny> {
        self.check_any()?;
        let mut text = String::new();
        if !self.is_unset() {
            write(&mut text, self);
        }
        Ok(text)
    }

    /// Returns the value that has this text, or `None` if [`to_json`](Self::to_json) returns it for no value.
    ///
    /// [`to_json`](Self::to_json) has an example.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let value = Self::from_kept_json(text)?;
        let is_canonical = value.to_json().is_ok_and(|canonical| canonical == text);
        is_canonical.then_some(value)
    }

    /// Returns the value of a text that is known to be that of a value.
    pub(crate) fn from_kept_json(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Unset);
        }
        Reader { rest: text }.value(Any::DEEPEST)
    }
}

fn write(to: &mut String, value: &Value) {
    match value {
        Value::Unset => to.push_str("null"),
        Value::Bool(truth) => push(to, truth),
        Value::Int(number) => push(to, number),
        Value::UInt(number) => push(to, number),
        Value::F64(number) if number.is_finite() => write_f64(to, *number),
        Value::F64(number) => {
            to.push_str("{\"$f64\":");
            write_f64(to, *number);
            to.push('}');
        }
        Value::F32(number) => {
            to.push_str("{\"$f32\":");
            write_f32(to, *number);
            to.push('}');
        }
        Value::Text(text) => write_text(to, "", text),
        Value::List(values) => write_list(to, values.iter(), write),
        Value::Map(values) => {
            to.push('{');
            for (position, (name, value)) in values.iter().enumerate() {
                to.push_str(if position > 0 { "," } else { "" });
                write_text(to, if name.starts_with('$') { "$" } else { "" }, name);
                to.push(':');
                write(to, value);
            }
            to.push('}');
        }
        Value::Bytes(bytes) => {
            to.push_str("{\"$bytes\":\"");
            bytes.iter().for_each(|byte| push(to, format_args!("{byte:02x}")));
            to.push_str("\"}");
        }
        // `check_any` refuses references; all else is a vector.
        vector => {
            push(to, format_args!("{{\"${}\":", vector.kind_name()));
            let numbers = vector.numbers().unwrap_or_default();
            write_list(to, numbers.iter(), |to, number| match number {
                Value::F32(number) => write_f32(to, *number),
                Value::F64(number) => write_f64(to, *number),
                number => write(to, number),
            });
            to.push('}');
        }
    }
}

fn push(to: &mut String, shown: impl std::fmt::Display) {
    write!(to, "{shown}").expect("a string takes all text");
}

fn write_list<'v>(
    to: &mut String,
    values: impl Iterator<Item = &'v Value>,
    write: impl Fn(&mut String, &Value),
) {
    to.push('[');
    for (position, value) in values.enumerate() {
        to.push_str(if position > 0 { "," } else { "" });
        write(to, value);
    }
    to.push(']');
}

/// Writes the number, or its bits if it is not finite.
fn write_f64(to: &mut String, number: f64) {
    if number.is_finite() {
        push(to, format_args!("{number:?}"));
    } else {
        push(to, format_args!("\"{:016x}\"", number.to_bits()));
    }
}

/// Writes the number as an `f64`, which is exact, or as its bits.
fn write_f32(to: &mut String, number: f32) {
    if number.is_finite() {
        push(to, format_args!("{:?}", f64::from(number)));
    } else {
        push(to, format_args!("\"{:08x}\"", number.to_bits()));
    }
}

fn write_text(to: &mut String, escape: &str, text: &str) {
    to.push('"');
    to.push_str(escape);
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            c if c.is_control() => push(to, format_args!("\\u{:04x}", u32::from(c))),
            c => to.push(c),
        }
    }
    to.push('"');
}

/// Reads texts of values. It accepts other JSON too, but not all.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, levels: usize) -> Option<Value> {
        match self.rest.bytes().next()? {
            b'n' => self.skip("null").map(|()| Value::Unset),
            b't' => self.skip("true").map(|()| true.into()),
            b'f' => self.skip("false").map(|()| false.into()),
            b'"' => self.text().map(Value::from),
            b'[' => {
                let levels = levels.checked_sub(1)?;
                let values = self.sequence("[", "]", |reader| reader.value(levels))?;
                Some(Value::List(values.into()))
            }
            b'{' => {
                let entries = self.sequence("{", "}", |reader| {
                    let name = reader.text()?;
                    reader.skip(":")?;
                    // The text of a vector or of a number has a level that its value has not.
                    let value = match is_tag(&name) {
                        true => reader.tagged()?,
                        false => reader.value(levels.checked_sub(1)?)?,
                    };
                    Some((Arc::from(name), value))
                })?;
                untag(entries, levels)
            }
            _ => self.number(),
        }
    }

    /// Returns what follows a tag: a number, a text, or a list of these.
    fn tagged(&mut self) -> Option<Value> {
        let one = |reader: &mut Self| match reader.rest.starts_with('"') {
            true => reader.text().map(Value::from),
            false => reader.number(),
        };
        match self.rest.starts_with('[') {
            true => Some(Value::List(self.sequence("[", "]", one)?.into())),
            false => one(self),
        }
    }

    fn skip(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn sequence<T>(
        &mut self,
        open: &str,
        close: &str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.skip(open)?;
        while self.skip(close).is_none() {
            if !items.is_empty() {
                self.skip(",")?;
            }
            items.push(read(self)?);
        }
        Some(items)
    }

    fn number(&mut self) -> Option<Value> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        if number.contains(['.', 'e']) {
            return number.parse::<f64>().ok().map(Value::from);
        }
        let signed = number.parse::<i64>().ok().map(Value::from);
        signed.or_else(|| number.parse::<u64>().ok().map(Value::from))
    }

    fn text(&mut self) -> Option<String> {
        self.skip("\"")?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(['"', '\\'])?;
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end..];
            if self.skip("\"").is_some() {
                return Some(text);
            }
            let mut rest = self.rest.chars();
            let escaped = rest.by_ref().nth(1)?;
            self.rest = rest.as_str();
            text.push(match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits = self.rest.get(..4)?;
                    self.rest = &self.rest[4..];
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                c => c,
            });
        }
    }
}

/// Returns `true` if the name says what the value of a map's only entry is.
fn is_tag(name: &str) -> bool {
    name.starts_with('$') && !name.starts_with("$$")
}

/// Returns the value of a map whose only entry is a tag, or the map if this many levels allow one.
fn untag(mut entries: Vec<(Arc<str>, Value)>, levels: usize) -> Option<Value> {
    if !entries.iter().any(|(name, _)| is_tag(name)) {
        for (name, _) in entries.iter_mut().filter(|(name, _)| name.starts_with('$')) {
            *name = name[1..].into();
        }
        return (levels > 0).then(|| Value::Map(entries.into()));
    }
    let [(name, value)] = &entries[..] else { return None };
    match (name.strip_prefix('$')?, value) {
        ("f64", Value::Text(_)) => read_f64(value),
        ("f32", number) => read_f32(number),
        ("bytes", Value::Text(digits)) => {
            let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
            let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok());
            Some(Value::Bytes(bytes.collect::<Option<_>>()?))
        }
        (vector, Value::List(numbers)) => {
            let Some(Kind::Vector(kind)) = Kind::from_name(vector) else { return None };
            let numbers: Vec<Value> = match kind.component() {
                NumberKind::F32 => numbers.iter().map(read_f32).collect::<Option<_>>()?,
                NumberKind::F64 => numbers.iter().map(read_f64).collect::<Option<_>>()?,
                _ => numbers.to_vec(),
            };
            Value::from(numbers).to_vector(kind)
        }
        _ => None,
    }
}

/// Returns the number that [`write_f32`] wrote.
fn read_f32(written: &Value) -> Option<Value> {
    match written {
        Value::F64(number) => Some((*number as f32).into()),
        Value::Text(bits) => Some(f32::from_bits(u32::from_str_radix(bits, 16).ok()?).into()),
        _ => None,
    }
}

/// Returns the number that [`write_f64`] wrote.
fn read_f64(written: &Value) -> Option<Value> {
    match written {
        Value::F64(number) => Some((*number).into()),
        Value::Text(bits) => Some(f64::from_bits(u64::from_str_radix(bits, 16).ok()?).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use glam::{DVec2, Mat4, Quat, Vec3};
    use proptest::prelude::*;

    use super::*;
    use crate::id::ObjectId;

    fn round_trip(value: &Value) -> Option<Value> {
        Value::from_json(&value.to_json().ok()?)
    }

    #[test]
    fn texts_are_json() {
        let map: Value =
            [("type", Value::from("heal")), ("amount", 5.into())].into_iter().collect();
        for (value, text) in [
            (Value::Unset, ""),
            (true.into(), "true"),
            (u64::MAX.into(), "18446744073709551615"),
            (1.0.into(), "1.0"),
            (1e300.into(), "1e300"),
            (f64::INFINITY.into(), r#"{"$f64":"7ff0000000000000"}"#),
            (DVec2::new(f64::INFINITY, 0.0).into(), r#"{"$dvec2":["7ff0000000000000",0.0]}"#),
            (0.5_f32.into(), r#"{"$f32":0.5}"#),
            (Vec3::new(0.0, f32::NEG_INFINITY, 0.5).into(), r#"{"$vec3":[0.0,"ff800000",0.5]}"#),
            (Value::Bytes([0, 255].into()), r#"{"$bytes":"00ff"}"#),
            ("a \"b\"\n\u{1}ü".into(), "\"a \\\"b\\\"\\n\\u0001ü\""),
            (["a", "b"].into(), r#"["a","b"]"#),
            (map, r#"{"type":"heal","amount":5}"#),
            ([("$x", 1)].into_iter().collect(), r#"{"$$x":1}"#),
            (Value::List([Value::Unset].into()), "[null]"),
        ] {
            assert_eq!(value.to_json().as_deref(), Ok(text));
            assert_eq!(Value::from_json(text), Some(value));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "null",
            "1 ",
            "01",
            "+1",
            "1.00",
            "{\"a\": 1}",
            "[1,]",
            "[1 2]",
            "{\"$f32\":0.1}",
            "\"\\/\"",
            "{\"$vec3\":[1.0]}",
            "{\"$bytes\":\"0\"}",
            "{\"$unknown\":1}",
            "nan",
            "1e999",
            "\"",
            "[",
            "{\"a\"",
            "{\"$f64\":1.0}",
            "99999999999999999999",
            "\"\\u00e4\"",
            "\"\\ud800\"",
            "\"\\u\u{e4}\u{e4}\"",
        ] {
            assert_eq!(Value::from_json(text), None, "{text}");
        }
    }

    #[test]
    fn references_and_deep_values_are_refused() {
        let nested = |levels| (0..levels).fold(Value::from(1), |value, _| Value::from([value]));
        let deepest = nested(Any::DEEPEST);
        assert_eq!(round_trip(&deepest), Some(deepest));
        assert_eq!(nested(Any::DEEPEST + 1).to_json(), Err(NotAny::TooDeep));
        assert_eq!(Value::from_json(&"[".repeat(1_000_000)), None);
        assert_eq!(Value::from_json(&"{\"a\":".repeat(1_000_000)), None);
        assert_eq!(Value::from_json(&"{\"$a\":".repeat(1_000)), None);
        let reference = Value::from([Value::Object(ObjectId::FILLER)]);
        assert_eq!(reference.to_json(), Err(NotAny::Reference));
    }

    #[test]
    fn deepest_values_may_have_tagged_values() {
        for leaf in [Value::from(0.5_f32), f64::NAN.into(), Quat::IDENTITY.into()] {
            let value =
                (0..Any::DEEPEST).fold(leaf, |value, _| [("a", value)].into_iter().collect());
            assert_eq!(round_trip(&value), Some(value));
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Unset),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<u64>().prop_map(|bits| f64::from_bits(bits).into()),
            any::<u32>().prop_map(|bits| f32::from_bits(bits).into()),
            any::<[u32; 3]>().prop_map(|bits| Vec3::from_array(bits.map(f32::from_bits)).into()),
            any::<[u64; 2]>().prop_map(|bits| DVec2::from_array(bits.map(f64::from_bits)).into()),
            any::<[u32; 16]>()
                .prop_map(|bits| Mat4::from_cols_array(&bits.map(f32::from_bits)).into()),
            any::<[i32; 2]>().prop_map(|numbers| glam::IVec2::from_array(numbers).into()),
            any::<String>().prop_map(Value::from),
            any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(bytes.into())),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let name = prop_oneof!["[a$]{0,3}", any::<String>()];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..6).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_come_back(value in any_value()) {
            prop_assert_eq!(round_trip(&value), Some(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"[\[\]{}",:$a0-9.eun\\-]{0,24}"#) {
            if let Some(value) = Value::from_json(&text) {
                prop_assert_eq!(value.to_json(), Ok(text));
            }
        }
    }
}
