//! Parses RON with the ron crate and adds places.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use ron::Error;
use ron::value::RawValue;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::format::{Format, Reader};
use crate::node::{Data, Entry, Node};
use crate::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    let text = reader.text.trim_start_matches('\u{feff}');
    let levels_left = reader.most_levels;
    reader.ron_value(text, levels_left)
}

impl<'s> Reader<'s> {
    /// Returns `None` and reports a problem if the part is invalid.
    fn ron_value(&mut self, raw: &'s str, levels_left: usize) -> Option<Node<'s>> {
        // The raw text includes comments, which matter only for bare names and numbers.
        let raw = without_comments(raw).unwrap_or(raw);
        let raw_span = self.span_of(raw);
        let shown = self.span_of(raw.trim());
        if let Some(name) = bare_name(raw.trim()) {
            return Some(Node { span: shown, data: Data::Text(name.into()) });
        }
        let start = after_blanks(raw, 0);
        if is_unit(&raw[start..]) {
            return Some(Node { span: shown, data: Data::Unset });
        }
        if let Some(name) = name_before(&raw[start..])
            && self.named_at.is_some_and(|at| levels_left <= at)
        {
            let end = self.span_of(name).end - raw_span.start;
            return self.ron_named(name, &raw[end as usize..], levels_left);
        }
        let problems = self.problems.len();
        // The place of the first name in a map; that of other values is not needed.
        let at = raw[start..].starts_with('{').then(|| raw_span.start as usize + start + 1);
        let mut walk = Walk { reader: self, at };
        let part = Part { walk: &mut walk, raw, span: shown, levels_left };
        let read = ron::Options::default().from_str_seed(raw, part);
        match read {
            Ok(node) => Some(node),
            // The problem inside is reported already.
            Err(_) if self.problems.len() > problems => None,
            Err(error) => {
                let at = raw_span.start as usize + offset(raw, error.span.end);
                self.ron_syntax(at.min(self.text.len()), &error.code);
                None
            }
        }
    }
}

impl<'s> Reader<'s> {
    /// Reads a value behind a name: a map with one entry, which begins before it.
    fn ron_named(&mut self, name: &'s str, rest: &'s str, levels_left: usize) -> Option<Node<'s>> {
        let span = self.span_of(rest.trim());
        // A map that is packed, and those around it, keep their level.
        let is_outer = self.packed_at.is_some_and(|at| levels_left >= at);
        let Some(inner) = levels_left.checked_sub(usize::from(!is_outer)) else {
            return Some(self.too_deep(span));
        };
        let mut value = match is_unit(&rest[after_blanks(rest, 0)..]) {
            true => Node { span, data: Data::Map([].into()) },
            false => self.ron_value(rest, inner)?,
        };
        // `heal(5)` has a value, `arm("left", 4)` a list.
        if let Data::List(list) = &mut value.data
            && let [single] = &mut **list
        {
            let none = Node { span, data: Data::Unset };
            value = std::mem::replace(single, none);
        }
        let (at, span) = (self.span_of(name), value.span);
        let entry = Entry { name: name.into(), span: at, value };
        Some(Node { span, data: Data::Map([entry].into()) })
    }
}

impl Reader<'_> {
    /// Reports a syntax error.
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
                let help = Some("add the closing quote");
                self.bad_at(span, "text is not closed", "starts here", help);
            }
            Error::InvalidEscape(_) => {
                let message = "unknown escape sequence";
                self.bad_at(span, message, "unknown escape", Some(BACKSLASHES));
            }
            Error::ExpectedChar => {
                let help = Some("use double quotes: \"like this\"");
                self.bad_at(span, "text in single quotes", "more than one character", help);
            }
            Error::ExpectedOptionEnd => {
                let help = Some("write one value, as in Some(3); a list is written [3, 4]");
                self.bad_at(span, "Some has more than one value", "expected ')'", help);
            }
            Error::SuggestRawIdentifier(name) => {
                let end = text.len().min(span.start as usize + name.len());
                let is_name = text.get(span.start as usize..end) == Some(name);
                let span = if is_name { Span::new(span.start as usize, end) } else { span };
                self.bad_at(span, advice::RAW_NAME, "needs quotes", Some(advice::QUOTE_NAME));
            }
            Error::ExceededRecursionLimit => _ = self.too_deep(span),
            _ => _ = self.bad(span, error.to_string(), None),
        }
    }
}

/// Returns the byte at a line and column.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let before = position.line.saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let line = text.get(start..).unwrap_or_default();
    let column = position.col.saturating_sub(1);
    start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// Returns the name or number of a part that contains nothing else but comments.
fn without_comments(raw: &str) -> Option<&str> {
    let rest = &raw[after_blanks(raw, 0)..];
    let is_of_it = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    let end = rest.find(|c| !is_of_it(c)).unwrap_or(rest.len());
    (end > 0 && after_blanks(rest, end) == rest.len()).then(|| &rest[..end])
}

/// Returns whether the text is `()`, perhaps with blanks and comments.
fn is_unit(raw: &str) -> bool {
    let Some(inner) = raw.strip_prefix('(') else { return false };
    let rest = inner[after_blanks(inner, 0)..].strip_prefix(')');
    rest.is_some_and(|rest| after_blanks(rest, 0) == rest.len())
}

/// Returns the name in a raw identifier, such as `r#half-orc`.
fn raw_name(raw: &str) -> Option<&str> {
    let name = raw.strip_prefix("r#")?;
    let is_of_it = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    (!name.is_empty() && name.chars().all(is_of_it)).then_some(name)
}

/// Returns an enum variant written without quotes.
fn bare_name(raw: &str) -> Option<&str> {
    if let Some(name) = raw_name(raw) {
        return Some(name);
    }
    const WORDS: [&str; 9] =
        ["true", "false", "None", "inf", "inff32", "inff64", "NaN", "NaNf32", "NaNf64"];
    let is_name = raw.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && raw.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !WORDS.contains(&raw)).then_some(raw)
}

/// Returns the name of a struct or a variant before its parts.
fn name_before(raw: &str) -> Option<&str> {
    let start = if raw.starts_with("r#") { 2 } else { 0 };
    let is_of_it = |c: char| c.is_alphanumeric() || c == '_' || (start > 0 && "-.+".contains(c));
    let end = start + raw[start..].find(|c| !is_of_it(c))?;
    let name = bare_name(&raw[..end]).filter(|_| &raw[..end] != "Some")?;
    raw[after_blanks(raw, end)..].starts_with('(').then_some(name)
}

/// Returns whether the text is a decimal number with a point or an exponent.
fn is_decimal(raw: &str) -> bool {
    raw.contains(['.', 'e', 'E'])
        && raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// Tracks the position in the text, which ron does not report.
///
/// Brackets are recognized before ron reads them; other values are read as raw text.
struct Walk<'r, 's> {
    reader: &'r mut Reader<'s>,
    /// The end of the last token, if known.
    at: Option<usize>,
}

impl<'s> Walk<'_, 's> {
    /// Skips an optional mark.
    fn pass(&mut self, marks: &[char]) {
        let text = self.reader.text;
        self.at = self.at.map(|at| {
            let at = after_blanks(text, at);
            at + usize::from(text[at..].starts_with(marks))
        });
    }
}

impl Walk<'_, '_> {
    /// Returns the form of the next name.
    fn name(&self) -> Name {
        let rest = self.at.map_or("", |at| &self.reader.text[after_blanks(self.reader.text, at)..]);
        match rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            true => Name::Bare,
            false => Name::Any,
        }
    }
}

/// Returns the byte after blanks and comments.
fn after_blanks(text: &str, at: usize) -> usize {
    let mut rest = &text[at..];
    loop {
        rest = rest.trim_start_matches(is_blank);
        rest = if rest.starts_with("//") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if rest.starts_with("/*") {
            after_comment(rest)
        } else {
            return text.len() - rest.len();
        };
    }
}

/// Returns whether ron treats the character as a blank.
const fn is_blank(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t'
            | '\n'
            | '\r'
            | '\u{b}'
            | '\u{c}'
            | '\u{85}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
    )
}

/// Returns the text after a block comment, which may be nested.
fn after_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (0_usize, text);
    while let Some(at) = rest.find(['/', '*']) {
        rest = &rest[at..];
        let length = match rest.get(..2) {
            Some("/*") => {
                depth += 1;
                2
            }
            Some("*/") => {
                depth = depth.saturating_sub(1);
                2
            }
            _ => 1,
        };
        rest = &rest[length..];
        if depth == 0 {
            return rest;
        }
    }
    ""
}

/// Reads the value at the current position.
struct Next<'w, 'r, 's> {
    walk: &'w mut Walk<'r, 's>,
    levels_left: usize,
}

impl<'s> DeserializeSeed<'s> for Next<'_, '_, 's> {
    type Value = Node<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        let Self { walk, levels_left } = self;
        let text = walk.reader.text;
        let start = walk.at.map(|at| after_blanks(text, at));
        let here = start.map_or_else(Span::default, |at| Span::new(at, at + 1));
        if !walk.reader.may_read(here) {
            IgnoredAny::deserialize(deserializer)?;
            walk.at = None;
            return Ok(Node { span: here, data: Data::Bad });
        }
        let is_composite = |at: &usize| {
            let rest = &text[*at..];
            let inner = rest.strip_prefix('(');
            let is_unit =
                inner.is_some_and(|inner| inner[after_blanks(inner, 0)..].starts_with(')'));
            rest.starts_with(['(', '[', '{']) && !is_unit
        };
        let Some(start) = start.filter(is_composite) else {
            let raw = <&RawValue>::deserialize(deserializer)?.get_ron();
            walk.at = Some(walk.reader.span_of(raw).end as usize);
            let node = walk.reader.ron_value(raw, levels_left);
            return node.ok_or_else(|| D::Error::custom("reported"));
        };
        walk.at = Some(start + 1);
        let span = Span::new(start, start + 1);
        let part = Part { walk: &mut *walk, raw: "", span, levels_left };
        let node = deserializer.deserialize_any(part)?;
        walk.pass(&[')', ']', '}']);
        let end = walk.at.unwrap_or(start + 1);
        Ok(Node { span: Span::new(start, end), ..node })
    }
}

/// Reads a value of known text, or a map or list at the current position.
struct Part<'w, 'r, 's> {
    walk: &'w mut Walk<'r, 's>,
    raw: &'s str,
    span: Span,
    levels_left: usize,
}

impl<'s> Part<'_, '_, 's> {
    /// Skips a value that is nested too deep.
    fn too_deep(self) -> Node<'s> {
        self.walk.at = None;
        self.walk.reader.too_deep(self.span)
    }

    const fn node(&self, data: Data<'s>) -> Node<'s> {
        Node { span: self.span, data }
    }

    /// Reads the number from the text: ron rounds to the narrowest float that seems to suffice.
    fn float(self, number: f64) -> Node<'s> {
        let raw = self.raw.trim();
        if is_decimal(raw) {
            return self.walk.reader.float(self.span, raw);
        }
        let digits = raw.trim_start_matches(['-', '+']);
        if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            // ron reads an integer that is too large as a float.
            return self.walk.reader.integer_past_all(self.span);
        }
        self.node(Data::Float(number))
    }
}

impl<'s> DeserializeSeed<'s> for Part<'_, '_, 's> {
    type Value = Node<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'s> Visitor<'s> for Part<'_, '_, 's> {
    type Value = Node<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, a number, text, a list or a map")
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
        Ok(self.node(Data::Text(text.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Text(Cow::<str>::Owned(text.to_owned()).into())))
    }

    fn visit_unit<E>(self) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Unset))
    }

    fn visit_none<E>(self) -> Result<Node<'s>, E> {
        Ok(self.node(Data::Unset))
    }

    fn visit_some<D: Deserializer<'s>>(self, deserializer: D) -> Result<Node<'s>, D::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            return Ok(self.too_deep());
        };
        let inner = <&RawValue>::deserialize(deserializer)?;
        let node = self.walk.reader.ron_value(inner.get_ron(), levels_left);
        node.ok_or_else(|| D::Error::custom("reported"))
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut list: A) -> Result<Node<'s>, A::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(self.too_deep());
        };
        let Self { walk, .. } = self;
        let first = walk.reader.nodes.len();
        while let Some(node) = list.next_element_seed(Next { walk: &mut *walk, levels_left })? {
            if !walk.reader.is_over {
                walk.reader.nodes.push(node);
            }
            walk.pass(&[',']);
        }
        Ok(Node { span: self.span, data: walk.reader.end_of_list(first) })
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Node<'s>, A::Error> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            while map.next_entry_seed(Name::Any, PhantomData::<IgnoredAny>)?.is_some() {}
            return Ok(self.too_deep());
        };
        let Self { walk, .. } = self;
        let first = walk.reader.entries.len();
        while let Some(name) = map.next_key_seed(walk.name())? {
            let span = match &name {
                Cow::Borrowed(name) => Some(walk.reader.span_of(name)),
                // A name with escapes is decoded and has no place.
                Cow::Owned(_) => None,
            };
            walk.at = span.map(|span| span.end as usize);
            walk.pass(&['"']);
            walk.pass(&[':']);
            let value = map.next_value_seed(Next { walk: &mut *walk, levels_left })?;
            walk.pass(&[',']);
            if !walk.reader.is_over {
                let (name, span) = (name.into(), span.unwrap_or(value.span));
                walk.reader.entries.push(Entry { name, span, value });
            }
        }
        Ok(Node { span: self.span, data: walk.reader.end_of_map(first, levels_left + 1) })
    }
}

/// The key of a map or the field of a struct.
enum Name {
    /// Without quotes, which ron would read as a struct without fields.
    Bare,
    Any,
}

impl<'s> DeserializeSeed<'s> for Name {
    type Value = Cow<'s, str>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self {
            Self::Bare => deserializer.deserialize_identifier(self),
            Self::Any => deserializer.deserialize_any(self),
        }
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
