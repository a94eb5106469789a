//! Parses JSON with serde_json and adds places.

mod loose;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::format::{Format, Reader};
use crate::node::{Data, Entry, Node};
use crate::source::Span;
use crate::text::Text;

/// Parses JSON, and what is not JSON in the strict sense by a slower way.
pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    let (values_left, known) = (reader.values_left, reader.problems.len());
    let error = match strict(reader) {
        Ok(node) => return Some(node),
        Err(error) => error,
    };
    if reader.text.trim().is_empty() {
        syntax(reader, &error);
        return None;
    }
    let found = reader.problems.split_off(known);
    (reader.values_left, reader.is_over) = (values_left, false);
    (reader.nodes, reader.entries) = (Vec::new(), Vec::new());
    match loose::parse(reader) {
        Ok(node) => return Some(node),
        // The error that lies further on is not about a comment and the like.
        Err(loose)
            if loose::place(reader.text, &loose) > place(reader.text, &error)
                && !is_unclosed_text(reader.text, &error) =>
        {
            loose::report(reader, &loose);
        }
        Err(_) => {
            reader.problems.extend(found);
            syntax(reader, &error);
        }
    }
    None
}

fn strict<'s>(reader: &mut Reader<'s>) -> serde_json::Result<Node<'s>> {
    let (text, levels_left) = (reader.text, reader.most_levels);
    let mut deserializer = Deserializer::from_str(text);
    let mut walk = Walk { reader, at: 0 };
    walk.pass_blanks();
    let node = walk.value(levels_left).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(node)
}

/// Tracks the position in the text, which serde_json does not report.
///
/// Scalars are read as raw text; only blanks, brackets, commas and colons separate them.
struct Walk<'r, 's> {
    reader: &'r mut Reader<'s>,
    /// The end of the last token, or the start of the next value.
    at: usize,
}

impl<'r, 's> Walk<'r, 's> {
    /// Skips blanks, an optional mark, and the blanks after it.
    fn pass(&mut self, mark: u8) {
        self.pass_blanks();
        if self.reader.text.as_bytes().get(self.at) == Some(&mark) {
            self.at += 1;
            self.pass_blanks();
        }
    }

    fn pass_blanks(&mut self) {
        while self.reader.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    const fn value(&mut self, levels_left: usize) -> Value<'_, 'r, 's> {
        Value { walk: self, levels_left }
    }

    /// Returns the span of a map or list.
    fn close(&mut self, start: usize, mark: u8) -> Span {
        self.pass_blanks();
        self.at += usize::from(self.reader.text.as_bytes().get(self.at) == Some(&mark));
        Span::new(start, self.at)
    }

    fn scalar(&mut self, raw: &'s str) -> Node<'s> {
        let span = self.reader.span_of(raw);
        self.at = span.end as usize;
        match raw.as_bytes().first() {
            Some(b'"') => match string(raw) {
                Ok(text) => Node { span, data: Data::Text(text) },
                Err(error) => self.reader.bad(span, message(&error), None),
            },
            Some(b't') => Node { span, data: Data::Bool(true) },
            Some(b'f') => Node { span, data: Data::Bool(false) },
            Some(b'n') => Node { span, data: Data::Unset },
            Some(b'{' | b'[') => self.reader.too_deep(span),
            _ => self.reader.number(span, raw),
        }
    }
}

impl<'s> Reader<'s> {
    fn number(&mut self, span: Span, raw: &str) -> Node<'s> {
        // Like serde_json: the sign of -0 is kept.
        if raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) || raw == "-0" {
            return self.float(span, raw);
        }
        self.integer(span, raw)
    }
}

/// Returns the text, number or word that begins at a byte, and that is valid.
fn scalar_at(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    let after_digits = |mut end: usize| {
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        end
    };
    let length = match bytes.first() {
        Some(b'"') => {
            let mut end = 1;
            while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
                end += if *byte == b'\\' { 2 } else { 1 };
            }
            end + 1
        }
        Some(b't' | b'n') => "true".len(),
        Some(b'f') => "false".len(),
        first => {
            let mut end = after_digits(usize::from(first == Some(&b'-')));
            if bytes.get(end) == Some(&b'.') {
                end = after_digits(end + 1);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                end += 1;
                end = after_digits(end + usize::from(matches!(bytes.get(end), Some(b'+' | b'-'))));
            }
            end
        }
    };
    text.get(at..at + length).unwrap_or_default()
}

/// Returns the text between the quotes.
fn string(raw: &str) -> serde_json::Result<Text<'_>> {
    match raw.get(1..raw.len() - 1) {
        Some(inner) if !inner.as_bytes().contains(&b'\\') => Ok(Text::Borrowed(inner)),
        _ => serde_json::from_str(raw).map(|text| Text::Owned(Box::new(text))),
    }
}

/// Reads the value at the current position.
struct Value<'w, 'r, 's> {
    walk: &'w mut Walk<'r, 's>,
    levels_left: usize,
}

impl<'s> DeserializeSeed<'s> for Value<'_, '_, 's> {
    type Value = Node<'s>;

    fn deserialize<D: serde::Deserializer<'s>>(self, from: D) -> Result<Node<'s>, D::Error> {
        let at = self.walk.at;
        let here = Span::new(at, at + 1);
        if !self.walk.reader.may_read(here) {
            IgnoredAny::deserialize(from)?;
            return Ok(Node { span: here, data: Data::Bad });
        }
        match self.walk.reader.text.as_bytes().get(at) {
            Some(b'{') if self.levels_left > 0 => from.deserialize_map(self),
            Some(b'[') if self.levels_left > 0 => from.deserialize_seq(self),
            Some(b'{' | b'[') => {
                <&RawValue>::deserialize(from).map(|raw| self.walk.scalar(raw.get()))
            }
            _ => {
                // A raw value costs more than a look at the bytes that serde_json has accepted.
                IgnoredAny::deserialize(from)?;
                Ok(self.walk.scalar(scalar_at(self.walk.reader.text, at)))
            }
        }
    }
}

impl<'s> Visitor<'s> for Value<'_, '_, 's> {
    type Value = Node<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Node<'s>, A::Error> {
        let Self { walk, levels_left } = self;
        let start = walk.at;
        let first = walk.reader.entries.len();
        while let Some(raw) = map.next_key::<&RawValue>()? {
            let span = walk.reader.span_of(raw.get());
            walk.at = span.end as usize;
            walk.pass(b':');
            let value = map.next_value_seed(walk.value(levels_left - 1))?;
            match string(raw.get()) {
                // The rest is only checked for syntax.
                _ if walk.reader.is_over => {}
                Ok(name) => walk.reader.entries.push(Entry { name, span, value }),
                Err(error) => _ = walk.reader.bad(span, message(&error), None),
            }
        }
        if walk.reader.entries.len() == first {
            walk.pass(b'{');
        }
        let span = walk.close(start, b'}');
        Ok(Node { span, data: walk.reader.end_of_map(first, levels_left) })
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Node<'s>, A::Error> {
        let Self { walk, levels_left } = self;
        let start = walk.at;
        let first = walk.reader.nodes.len();
        walk.pass(b'[');
        while let Some(node) = list.next_element_seed(walk.value(levels_left - 1))? {
            if !walk.reader.is_over {
                walk.reader.nodes.push(node);
            }
            walk.pass(b',');
        }
        let span = walk.close(start, b']');
        Ok(Node { span, data: walk.reader.end_of_list(first) })
    }
}

/// Returns the byte at which a text is wrong.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let before = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    usize::min(start + error.column().saturating_sub(1), text.len())
}

/// Returns `true` for a line break in a text: all behind a missing quote is in disorder.
fn is_unclosed_text(text: &str, error: &serde_json::Error) -> bool {
    // serde_json reports the character before it.
    let next = text[text.floor_char_boundary(place(text, error))..].chars().nth(1);
    message(error).starts_with("control") && matches!(next, Some('\n' | '\r'))
}

/// Reports a syntax error.
fn syntax(reader: &mut Reader<'_>, error: &serde_json::Error) {
    let text = reader.text;
    let at = place(text, error);
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
        None => reword(reader, at, &message),
    }
}

/// Rewords the errors of serde_json about text and numbers.
fn reword(reader: &mut Reader<'_>, at: usize, message: &str) {
    let mut span = character_at(reader.text, at);
    if message.starts_with("control") {
        // serde_json reports the character before it.
        span = character_at(reader.text, span.end as usize);
    }
    let next = reader.text.as_bytes().get(span.start as usize);
    let (message, label, help) = match (message, next) {
        ("invalid escape", _) => {
            span.start = span.start.saturating_sub(1);
            ("unknown escape sequence", "unknown escape", Some(BACKSLASHES))
        }
        (control, next) if control.starts_with("control") => {
            return control_in_text(reader, span, next.copied().unwrap_or_default().into());
        }
        ("the file ends inside a string", _) => ("text is not closed", "the file ends here", None),
        ("invalid number", Some(b'0'..=b'9')) => {
            ("a number must not start with a zero", "extra digit", Some("write 7, not 07"))
        }
        ("invalid number", _) => ("incomplete number", "expected a digit", Some("write 5.0")),
        (other, _) => (other, "here", None),
    };
    reader.bad_at(span, message, label, help);
}

/// Reports a control character in a text.
fn control_in_text(reader: &mut Reader<'_>, span: Span, control: char) {
    let (message, label, help) = match control {
        '\n' | '\r' => {
            let help = "add the closing quote; write a line break as \\n";
            ("text is not closed", "the line ends here", Some(help))
        }
        _ => ("text contains a control character", "here", None),
    };
    reader.bad_at(span, message, label, help);
}

/// Returns the message without its place.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = message[..end].replace("EOF while parsing", "the file ends inside");
    match &*message {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "incomplete surrogate pair: \\ud83d needs a second escape after it".to_owned()
        }
        _ => message,
    }
}
