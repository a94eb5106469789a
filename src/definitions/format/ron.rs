//! RON, by ron: raw parts of the text tell where they stand.

use std::borrow::Cow;
use std::fmt;

use ron::Error;
use ron::value::RawValue;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::definitions::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::definitions::format::{Format, Reader};
use crate::definitions::node::{Data, Entry, Node};
use crate::definitions::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s, '_>) -> Option<Node<'s>> {
    let text = reader.text.trim_start_matches('\u{feff}');
    let levels_left = reader.most_levels;
    reader.ron_value(text, levels_left)
}

impl<'s> Reader<'s, '_> {
    /// `None` if the part cannot be read, which is reported.
    fn ron_value(&mut self, raw: &'s str, levels_left: usize) -> Option<Node<'s>> {
        let raw_span = self.span_of(raw);
        // Blanks around a value are no part of it; comments are, which does no harm.
        let shown = self.span_of(raw.trim());
        if !self.may_read(shown) {
            return Some(Node { span: shown, data: Data::Bad });
        }
        if let Some(name) = bare_name(raw.trim()) {
            return Some(Node { span: shown, data: Data::Text(Cow::Borrowed(name)) });
        }
        let problems = self.problems.len();
        let part = Part { reader: self, raw, span: shown, levels_left };
        let read = ron::Options::default().from_str_seed(raw, part);
        match read {
            Ok(node) => Some(node),
            // What is wrong inside of it is reported there.
            Err(_) if self.problems.len() > problems => None,
            Err(error) => {
                let at = raw_span.start as usize + offset(raw, error.span.end);
                self.ron_syntax(at.min(self.text.len()), &error.code);
                None
            }
        }
    }
}

impl Reader<'_, '_> {
    /// Reports why the text is no RON, in words for people.
    fn ron_syntax(&mut self, at: usize, error: &Error) {
        let wanted = match error {
            Error::ExpectedComma => Some(Wanted::Comma),
            Error::ExpectedMapColon => Some(Wanted::Colon),
            _ => None,
        };
        let text = self.text;
        let span = character_at(text, at);
        let advice = match error {
            Error::TrailingCharacters => Some(advice::trailing(text, at)),
            Error::ExpectedStringEnd | Error::InvalidEscape(_) | Error::ExpectedChar => None,
            _ => advice::about(text, at, Format::Ron, wanted),
        };
        if let Some(advice) = advice {
            return self.advise(advice);
        }
        match error {
            Error::ExpectedStringEnd => {
                let help = Some("write the closing quote");
                self.bad_at(span, "a text is not closed", "begins here", help);
            }
            Error::InvalidEscape(_) => {
                let message = "a backslash begins nothing that RON knows";
                self.bad_at(span, message, "no such escape", Some(BACKSLASHES));
            }
            Error::ExpectedChar => {
                let help = Some("write double quotes: \"like this\"");
                self.bad_at(span, "a text stands in single quotes", "more than a letter", help);
            }
            Error::ExceededRecursionLimit => _ = self.too_deep(span),
            _ => _ = self.bad(span, error.to_string(), None),
        }
    }
}

/// The byte of a line and a column.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let before = position.line.saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let line = text.get(start..).unwrap_or_default();
    let column = position.col.saturating_sub(1);
    start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// An enum's variant, written as RON writes it: without quotes.
fn bare_name(raw: &str) -> Option<&str> {
    const WORDS: [&str; 9] =
        ["true", "false", "None", "inf", "inff32", "inff64", "NaN", "NaNf32", "NaNf64"];
    let is_name = raw.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && raw.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !WORDS.contains(&raw)).then_some(raw)
}

/// A number of decimal digits with a point or an exponent.
fn is_decimal(raw: &str) -> bool {
    raw.contains(['.', 'e', 'E'])
        && raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// Reads one value of which the text is known.
struct Part<'r, 's, 'l> {
    reader: &'r mut Reader<'s, 'l>,
    raw: &'s str,
    span: Span,
    levels_left: usize,
}

impl<'s> Part<'_, 's, '_> {
    const fn node(&self, data: Data<'s>) -> Node<'s> {
        Node { span: self.span, data }
    }

    /// ron takes the narrowest float that seems to suffice; the text tells what was meant.
    fn float(self, number: f64) -> Node<'s> {
        let raw = self.raw.trim();
        if is_decimal(raw) {
            return self.reader.float(self.span, raw);
        }
        let digits = raw.trim_start_matches(['-', '+']);
        if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            // ron makes a float of an integer that is too large.
            return self.reader.integer_past_all(self.span);
        }
        self.node(Data::Float(number))
    }
}

impl<'s> DeserializeSeed<'s> for Part<'_, 's, '_> {
    type Value = Node<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'s> Visitor<'s> for Part<'_, 's, '_> {
    type Value = Node<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a truth value, a number, a text, a list or a map")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Bool(truth)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Int(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'s>, E> {
        let signed = i64::try_from(number).map(Data::Int);
        Ok(self.node(signed.unwrap_or(Data::UInt(number))))
    }

    fn visit_f32<E>(self, number: f32) -> Result<Node<'s>, E> {
        Ok(self.float(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node<'s>, E> {
        Ok(self.float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'s str) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Unset))
    }

    fn visit_none<E>(self) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Unset))
    }

    fn visit_some<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            return Ok(self.reader.too_deep(self.span));
        };
        let inner = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
        let node = self.reader.ron_value(inner.get_ron(), levels_left);
        node.ok_or_else(|| D::Error::custom("reported"))
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Node<'s>, A::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            return Ok(self.reader.too_deep(self.span));
        };
        let mut nodes = Vec::new();
        while let Some(raw) = list.next_element::<&RawValue>()? {
            if self.reader.is_over {
                continue;
            }
            let node = self.reader.ron_value(raw.get_ron(), levels_left);
            nodes.push(node.ok_or_else(|| A::Error::custom("reported"))?);
        }
        Ok(Node { span: self.span, data: Data::List(nodes) })
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Node<'s>, A::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            while map
                .next_entry_seed(Name, std::marker::PhantomData::<serde::de::IgnoredAny>)?
                .is_some()
            {}
            return Ok(self.reader.too_deep(self.span));
        };
        let mut entries = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            let raw = map.next_value::<&RawValue>()?;
            if self.reader.is_over {
                continue;
            }
            let node = self.reader.ron_value(raw.get_ron(), levels_left);
            let value = node.ok_or_else(|| A::Error::custom("reported"))?;
            // A name with escapes is a text of its own, which stands nowhere.
            let span = match &name {
                Cow::Borrowed(name) => self.reader.span_of(name),
                Cow::Owned(_) => value.span,
            };
            entries.push(Entry { name, span, value });
        }
        Ok(Node { span: self.span, data: Data::Map(entries) })
    }
}

/// The name of a map's value or of a struct's field.
struct Name;

impl<'s> DeserializeSeed<'s> for Name {
    type Value = Cow<'s, str>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'s> Visitor<'s> for Name {
    type Value = Cow<'s, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name: (name: value), or {\"name\": value} with quotes")
    }

    fn visit_borrowed_str<E>(self, name: &'s str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
