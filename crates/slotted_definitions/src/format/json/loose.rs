//! Parses JSON as games write it: comments, trailing commas, names without quotes, and the rest of JSON5.

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};

use crate::format::advice::{self, BACKSLASHES, Wanted, character_at};
use crate::format::{Format, Reader};
use crate::node::{Data, Entry, Node};
use crate::source::Span;
use crate::text::Text;

/// Parses a text that is not JSON in the strict sense.
pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Result<Node<'s>, ParseError> {
    let options = ParseOptions {
        allow_missing_commas: false,
        // A single backslash in a path is a mistake.
        allow_extended_string_escapes: false,
        ..ParseOptions::default()
    };
    let value = parse_to_ast(reader.text, &CollectOptions::default(), &options)?.value;
    let levels_left = reader.most_levels;
    Ok(match value {
        Some(value) => reader.loose(value, levels_left),
        // Comments alone.
        None => Node { span: Span::default(), data: Data::Map(Box::default()) },
    })
}

fn span_of(range: Range) -> Span {
    Span::new(range.start, range.end)
}

impl<'s> Reader<'s> {
    fn loose(&mut self, value: Value<'s>, levels_left: usize) -> Node<'s> {
        let span = span_of(value.range());
        if !self.may_read(span) {
            return Node { span, data: Data::Bad };
        }
        let data = match value {
            Value::Object(_) | Value::Array(_) if levels_left == 0 => return self.too_deep(span),
            Value::Object(map) => {
                let entries = map.properties.into_iter().map(|entry| {
                    let span = span_of(entry.name.range());
                    self.check_text(span);
                    let name = match entry.name {
                        ObjectPropName::String(name) => Text::from(name.value),
                        ObjectPropName::Word(name) => name.value.into(),
                    };
                    Entry { name, span, value: self.loose(entry.value, levels_left - 1) }
                });
                let entries = entries.collect();
                self.map_of(entries, levels_left)
            }
            Value::Array(list) => {
                let nodes = list.elements.into_iter();
                Data::List(nodes.map(|value| self.loose(value, levels_left - 1)).collect())
            }
            Value::StringLit(text) => {
                if !self.check_text(span) {
                    return Node { span, data: Data::Bad };
                }
                Data::Text(text.value.into())
            }
            Value::BooleanLit(truth) => Data::Bool(truth.value),
            Value::NullKeyword(_) => Data::Unset,
            Value::NumberLit(number) => return self.loose_number(span, number.value),
        };
        Node { span, data }
    }

    /// Reports a line break or another control character in a text, but for tabs.
    fn check_text(&mut self, span: Span) -> bool {
        let raw = &self.text[span.start as usize..span.end as usize];
        let found = raw.char_indices().find(|(_, c)| c.is_ascii_control() && *c != '\t');
        let Some((at, control)) = found else { return true };
        let here = character_at(self.text, span.start as usize + at);
        super::control_in_text(self, here, control);
        false
    }

    /// Reads a number that may be hexadecimal, or begin with a plus.
    fn loose_number(&mut self, span: Span, raw: &str) -> Node<'s> {
        let digits = raw.trim_start_matches(['-', '+']);
        let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) else {
            return match digits.starts_with(['I', 'N']) {
                true => self.float(span, raw),
                false => self.number(span, raw.strip_prefix('+').unwrap_or(raw)),
            };
        };
        let sign = if raw.starts_with('-') { "-" } else { "" };
        let signed = i64::from_str_radix(&format!("{sign}{digits}"), 16).map(Data::Int);
        let unsigned = || u64::from_str_radix(digits, 16).ok().filter(|_| sign.is_empty());
        match signed.ok().or_else(|| unsigned().map(Data::UInt)) {
            Some(data) => Node { span, data },
            None => self.integer_past_all(span),
        }
    }
}

/// Returns the byte at which a text is wrong.
pub(super) fn place(text: &str, error: &ParseError) -> usize {
    match error.kind() {
        ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject => text.len(),
        ParseErrorKind::ExpectedComma => next_token(text, error.range().start),
        _ => error.range().start,
    }
}

/// Reports a syntax error.
pub(super) fn report(reader: &mut Reader<'_>, error: &ParseError) {
    let text = reader.text;
    let at = place(text, error);
    let wanted = match error.kind() {
        ParseErrorKind::ExpectedColonAfterObjectKey => Some(Wanted::Colon),
        ParseErrorKind::ExpectedComma => Some(Wanted::Comma),
        ParseErrorKind::UnexpectedTokenInObject => Some(Wanted::Name),
        ParseErrorKind::ExpectedObjectValue
        | ParseErrorKind::UnexpectedCloseBrace
        | ParseErrorKind::UnexpectedCloseBracket
        | ParseErrorKind::UnexpectedColon
        | ParseErrorKind::UnexpectedComma
        | ParseErrorKind::UnexpectedToken
        | ParseErrorKind::UnexpectedWord => Some(Wanted::Value),
        _ => None,
    };
    let here = character_at(text, at);
    let (message, label, help) = match error.kind() {
        ParseErrorKind::NestingDepthExceeded => {
            reader.too_deep(here);
            return;
        }
        ParseErrorKind::MultipleRootJsonValues => {
            return reader.advise(advice::trailing(text, at));
        }
        ParseErrorKind::UnterminatedCommentBlock => {
            ("a comment is not closed", "opened here", Some("add the missing '*/'"))
        }
        ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            ("text is not closed", "opened here", Some("add the closing quote"))
        }
        ParseErrorKind::String(_) => {
            ("unknown escape sequence", "unknown escape", Some(BACKSLASHES))
        }
        kind => match advice::about(text, at, Format::Json, wanted) {
            Some(advice) => return reader.advise(advice),
            None if wanted == Some(Wanted::Colon) => {
                let help = Some("write a name and its value as \"name\": value");
                ("missing colon", "expected ':' before this", help)
            }
            None => return reader.bad_at(here, kind.to_string(), "here", None),
        },
    };
    reader.bad_at(here, message, label, help);
}

/// Returns the start of the next token, behind blanks and comments.
fn next_token(text: &str, mut at: usize) -> usize {
    loop {
        at = text.len() - text[at..].trim_start().len();
        match advice::end_of_comment(text, at) {
            Some(end) => at = end,
            None => return at,
        }
    }
}
