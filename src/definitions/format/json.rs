//! JSON, by serde_json: raw parts of the text tell where they stand.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::definitions::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::definitions::format::{Format, Reader};
use crate::definitions::node::{Data, Entry, Node};
use crate::definitions::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s, '_>) -> Option<Node<'s>> {
    let text = reader.text;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Some(reader.json_value(raw.get(), reader.most_levels)),
        Err(error) => {
            syntax(reader, &error);
            None
        }
    }
}

impl<'s> Reader<'s, '_> {
    /// A value that was found to be well-formed, but for its strings' escapes.
    fn json_value(&mut self, raw: &'s str, levels_left: usize) -> Node<'s> {
        let span = self.span_of(raw);
        if !self.may_read(span) {
            return Node { span, data: Data::Bad };
        }
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

struct Members<'r, 's, 'l> {
    reader: &'r mut Reader<'s, 'l>,
    levels_left: usize,
}

impl<'s> Visitor<'s> for Members<'_, 's, '_> {
    type Value = Vec<Entry<'s>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if self.reader.is_over {
                continue;
            }
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

struct Elements<'r, 's, 'l> {
    reader: &'r mut Reader<'s, 'l>,
    levels_left: usize,
}

impl<'s> Visitor<'s> for Elements<'_, 's, '_> {
    type Value = Vec<Node<'s>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(value) = list.next_element::<&RawValue>()? {
            if self.reader.is_over {
                continue;
            }
            nodes.push(self.reader.json_value(value.get(), self.levels_left));
        }
        Ok(nodes)
    }
}

/// Reports why the text is no JSON.
fn syntax(reader: &mut Reader<'_, '_>, error: &serde_json::Error) {
    let text = reader.text;
    let before = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let at = usize::min(start + error.column().saturating_sub(1), text.len());
    let message = message(error);
    let wanted = match &*message {
        "expected value" | "expected ident" => Some(Wanted::Value),
        "key must be a string" => Some(Wanted::Name),
        "expected `:`" => Some(Wanted::Colon),
        "expected `,` or `]`" | "expected `,` or `}`" => Some(Wanted::Comma),
        _ => None,
    };
    let is_in_text = matches!(&*message, "invalid escape") || message.starts_with("control");
    let advice = match is_in_text || message == "trailing characters" {
        true => None,
        false => advice::about(text, at, Format::Json, wanted),
    };
    match advice {
        Some(advice) => reader.advise(advice),
        None if message == "trailing characters" => reader.advise(advice::trailing(text, at)),
        None => words(reader, at, &message),
    }
}

/// Says in other words what serde_json says of texts and numbers.
fn words(reader: &mut Reader<'_, '_>, at: usize, message: &str) {
    let mut span = character_at(reader.text, at);
    if message.starts_with("control") {
        // serde_json tells the last character before it.
        span = character_at(reader.text, span.end as usize);
    }
    let next = reader.text.as_bytes().get(span.start as usize);
    let (message, label, help) = match (message, next) {
        ("invalid escape", _) => {
            span.start = span.start.saturating_sub(1);
            ("a backslash begins nothing that JSON knows", "no such escape", Some(BACKSLASHES))
        }
        (control, Some(b'\n' | b'\r')) if control.starts_with("control") => {
            let help = "write the closing quote; a line break in a text is written \\n";
            ("a text is not closed", "the line ends", Some(help))
        }
        (control, Some(b'\t')) if control.starts_with("control") => {
            ("a text has a tab", "a tab", Some("a tab in a text is written \\t"))
        }
        (control, _) if control.starts_with("control") => {
            ("a text has a control character", "here", None)
        }
        ("the file ends inside of a string", _) => ("a text is not closed", "the file ends", None),
        ("invalid number", Some(b'0'..=b'9')) => {
            ("a number starts with a zero", "a digit too many", Some("write 7, not 07"))
        }
        ("invalid number", _) => ("a number ends early", "expected a digit", Some("write 5.0")),
        (other, _) => (other, "here", None),
    };
    reader.bad_at(span, message, label, help);
}

/// The error without its place, which is told apart.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = message[..end].replace("EOF while parsing", "the file ends inside of");
    match &*message {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "a text has half of a character: \\ud83d needs another one after it".to_owned()
        }
        _ => message,
    }
}
