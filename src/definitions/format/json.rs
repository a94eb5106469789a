//! JSON, by serde_json: raw parts of the text tell where they stand.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::definitions::format::Reader;
use crate::definitions::node::{Data, Entry, Node};
use crate::definitions::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    let text = reader.text;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Some(reader.json_value(raw.get(), reader.most_levels)),
        Err(error) => {
            syntax(reader, &error);
            None
        }
    }
}

impl<'s> Reader<'s> {
    /// A value that was found to be well-formed, but for its strings' escapes.
    fn json_value(&mut self, raw: &'s str, levels_left: usize) -> Node<'s> {
        let span = self.span_of(raw);
        let data = match raw.as_bytes().first() {
            Some(b'{' | b'[') if levels_left == 0 => return self.too_deep(span),
            Some(b'{') => {
                let map = Members { reader: self, levels_left: levels_left - 1 };
                Deserializer::from_str(raw).deserialize_map(map).map(Data::Map)
            }
            Some(b'[') => {
                let list = Elements { reader: self, levels_left: levels_left - 1 };
                Deserializer::from_str(raw).deserialize_seq(list).map(Data::List)
            }
            Some(b'"') => string(raw).map(Data::Text),
            Some(b't') => Ok(Data::Bool(true)),
            Some(b'f') => Ok(Data::Bool(false)),
            Some(b'n') => Ok(Data::Unset),
            _ => return self.number(span, raw),
        };
        match data {
            Ok(data) => Node { span, data },
            Err(error) => self.bad(span, message(&error), None),
        }
    }

    fn number(&mut self, span: Span, raw: &str) -> Node<'s> {
        // As serde_json has it: the sign of -0 is kept.
        if raw.contains(['.', 'e', 'E']) || raw == "-0" {
            return self.float(span, raw);
        }
        let data = raw.parse().map(Data::Int).or_else(|_| raw.parse().map(Data::UInt));
        data.map_or_else(|_| self.integer_past_all(span), |data| Node { span, data })
    }
}

/// What stands between the quotes.
fn string(raw: &str) -> serde_json::Result<Cow<'_, str>> {
    match raw.get(1..raw.len() - 1) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(raw).map(Cow::Owned),
    }
}

struct Members<'r, 's> {
    reader: &'r mut Reader<'s>,
    levels_left: usize,
}

impl<'s> Visitor<'s> for Members<'_, 's> {
    type Value = Vec<Entry<'s>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let span = self.reader.span_of(name.get());
            let name = match string(name.get()) {
                Ok(name) => name,
                Err(error) => {
                    self.reader.bad(span, message(&error), None);
                    continue;
                }
            };
            let value = self.reader.json_value(value.get(), self.levels_left);
            entries.push(Entry { name, span, value });
        }
        Ok(entries)
    }
}

struct Elements<'r, 's> {
    reader: &'r mut Reader<'s>,
    levels_left: usize,
}

impl<'s> Visitor<'s> for Elements<'_, 's> {
    type Value = Vec<Node<'s>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(value) = list.next_element::<&RawValue>()? {
            nodes.push(self.reader.json_value(value.get(), self.levels_left));
        }
        Ok(nodes)
    }
}

/// Reports why the text is no JSON.
fn syntax(reader: &mut Reader<'_>, error: &serde_json::Error) {
    let text = reader.text;
    let before = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let mut at = usize::min(start + error.column().saturating_sub(1), text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let next = text[at..].chars().next();
    let end = at + next.map_or(0, char::len_utf8);
    if matches!(next, Some(']' | '}')) && text[..at].trim_end().ends_with(',') {
        let comma = text[..at].trim_end().len() - 1;
        let message = "there is a comma after the last value";
        reader.bad(Span::new(comma, comma + 1), message, Some("remove the comma"));
        return;
    }
    let help = match next {
        Some('\'') => Some("texts stand in double quotes: \"like this\""),
        Some('/' | '#') => Some("JSON has no comments; RON and TOML have"),
        Some('.' | '+') => Some("a number starts with a digit: 0.5"),
        Some('0'..='9') => Some("a number has no zeros in front of it: 7, not 07"),
        Some('N' | 'I' | 'i') => Some("JSON has no NaN and no infinity; RON and TOML have"),
        Some('T' | 'F') => Some("truth values are written true and false"),
        _ => None,
    };
    reader.bad(Span::new(at, end), message(error), help);
}

/// The error without its place, which is told apart.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].replace("EOF while parsing", "the file ends inside of")
}
