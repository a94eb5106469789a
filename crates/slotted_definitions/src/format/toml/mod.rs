//! Parses TOML with the toml crate, which reports places.

mod sections;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::format::Reader;
use crate::format::advice::{curly_quotes, is_curly_quote, open_brackets};
use crate::node::{Data, Entry, Node};
use crate::source::Span;

pub(super) fn parse<'s>(reader: &mut Reader<'s>) -> Option<Node<'s>> {
    // Skip a byte order mark.
    let text = reader.text.trim_start_matches('\u{feff}');
    let base = reader.text.len() - text.len();
    let (values_left, known) = (reader.values_left, reader.problems.len());
    if let Some(node) = sections::parse(reader, text, base) {
        return Some(node);
    }
    reader.problems.truncate(known);
    (reader.values_left, reader.is_over) = (values_left, false);
    whole(reader, text, base)
}

/// Parses a text that begins after `base` bytes of the file.
fn whole<'s>(reader: &mut Reader<'s>, text: &'s str, base: usize) -> Option<Node<'s>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = Span::new(base, reader.text.len());
        let levels_left = reader.most_levels;
        let data = reader.table(table.into_inner(), base, levels_left);
        return Some(Node { span, data });
    }
    let errors = errors.iter().map(|error| {
        let span = error.span().unwrap_or(0..0);
        (Span::new(base + span.start, base + span.end), error.message())
    });
    report(reader, errors.collect());
    None
}

/// Reports one error a line: one mistake often causes several errors.
fn report(reader: &mut Reader<'_>, mut errors: Vec<(Span, &str)>) {
    errors.sort_by_key(|(span, _)| span.start);
    let text = reader.text;
    if text.trim_start().starts_with('{') {
        let start = text.len() - text.trim_start().len();
        let span = Span::new(start, start + 1);
        return reader.bad_at(
            span,
            "the file looks like JSON",
            "not TOML",
            Some("end the file name in .json"),
        );
    }
    // An unclosed bracket causes the errors after it.
    let unclosed = errors.iter().position(|(_, message)| message.starts_with("unclosed array"));
    let open = unclosed.and_then(|_| open_brackets(text).pop());
    let brace = unclosed_braces(text).into_iter().next();
    let mut line_end = None;
    for (position, (span, message)) in errors.iter().enumerate() {
        let at = text.floor_char_boundary(span.start as usize);
        if line_end.is_some_and(|end| at <= end) {
            continue;
        }
        // The errors after it follow from it.
        if let Some(brace) = brace.filter(|brace| *brace < at) {
            let (span, help) = (Span::new(brace, brace + 1), "add the missing '}'");
            return reader.bad_at(span, "'{' is never closed", "opened here", Some(help));
        }
        if let Some((at, _)) = open.filter(|(open, _)| *open < at) {
            let help = Some("add the missing ']'");
            return reader.bad_at(
                Span::new(at, at + 1),
                "'[' is never closed",
                "opened here",
                help,
            );
        }
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        line_end = Some(end);
        let mut same_line =
            errors[position..].iter().take_while(|(span, _)| span.start as usize <= end);
        let comma = same_line.find(|(_, message)| message.starts_with("missing comma"));
        let Some((_, message)) = comma else {
            reword(reader, *span, message);
            continue;
        };
        // Without the comma, toml reads a value and the next name as one text.
        let part = text.get(at..span.end as usize).unwrap_or_default();
        let start = part.rfind([' ', '\t']).map_or(span.start, |blank| (at + blank + 1) as u32);
        reword(reader, Span { start, ..*span }, message);
    }
}

/// Returns the positions of braces that are never closed, or closed by another bracket.
fn unclosed_braces(text: &str) -> Vec<usize> {
    let (mut open, mut unclosed) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match next {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => text_length(rest, next),
            '{' | '[' => {
                open.push((at, next));
                1
            }
            '}' | ']' => {
                let opens = if next == '}' { '{' } else { '[' };
                if open.iter().any(|(_, own)| *own == opens) {
                    while let Some((at, own)) = open.pop().filter(|(_, own)| *own != opens) {
                        unclosed.extend((own == '{').then_some(at));
                    }
                }
                1
            }
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    unclosed.extend(open.into_iter().filter(|(_, own)| *own == '{').map(|(at, _)| at));
    unclosed.sort_unstable();
    unclosed
}

/// Returns the length of a text that begins with this quote. One that is not closed ends with its line.
fn text_length(text: &str, quote: char) -> usize {
    let three = [quote; 3].iter().collect::<String>();
    if text.starts_with(&three) {
        return text[3..].find(&three).map_or(text.len(), |length| length + 6);
    }
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return at,
            _ if is_escaped => is_escaped = false,
            b'\\' if quote == '"' => is_escaped = true,
            _ if byte == quote as u8 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Rewords an error of the toml crate.
fn reword(reader: &mut Reader<'_>, span: Span, message: &str) {
    let at = reader.text.floor_char_boundary(span.start as usize);
    let (before, rest) = reader.text.split_at(at);
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let (message, label, help) = match message.split(',').next().unwrap_or_default() {
        "string values must be quoted"
            if rest.trim_start_matches([' ', '\t']).is_empty()
                || rest.starts_with(['\n', '\r']) =>
        {
            ("missing value", "expected a value after this", None)
        }
        "string values must be quoted" if rest.starts_with(is_curly_quote) => {
            return reader.advise(curly_quotes(span));
        }
        "string values must be quoted" => {
            let help = "put text in quotes: \"like this\"";
            ("text without quotes", "needs quotes", Some(help))
        }
        "invalid boolean" => {
            ("misspelt boolean", "expected true or false", Some("write true or false"))
        }
        "missing escaped value" => {
            let help = "write the backslash twice, or use single quotes: 'C:\\mods'";
            ("unknown escape sequence", "unknown escape", Some(help))
        }
        "unclosed table" if rest.starts_with(['\n', '\r']) || rest.is_empty() => {
            ("'[' is never closed", "expected ']' before this", None)
        }
        "unclosed table" => {
            let help = "put names with spaces in quotes: [records.\"old unit\"]";
            ("a name contains a space", "expected ']' before this", Some(help))
        }
        "invalid unquoted key" if rest.starts_with(':') => {
            ("expected '=' between name and value", "expected '='", Some("replace ':' with '='"))
        }
        "invalid unquoted key" => {
            let help =
                "quote names that contain other characters than ASCII letters, digits, - and _";
            ("a name contains a character that needs quotes", "needs quotes", Some(help))
        }
        "key with no value" => ("missing value", "expected '=' and a value", None),
        "unexpected key or value" if rest.starts_with(',') => {
            let help = "write decimals with a point, 0.5, and several values in brackets, [1, 2]";
            ("unexpected comma after a value", "unexpected", Some(help))
        }
        "unexpected key or value" if before.ends_with(['"', '\'']) => {
            let help = "a quote ends the text; to write one in a text, put the text in quotes of the other sort";
            ("unexpected text after a value", "unexpected", Some(help))
        }
        "unexpected key or value" => {
            ("unexpected text after a value", "unexpected", Some("start a new line"))
        }
        "invalid basic string" | "invalid literal string" => {
            ("text is not closed", "the line ends here", Some("add the closing quote"))
        }
        "missing comma between key-value pairs" | "missing comma between array elements" => {
            ("missing comma", "expected ',' before this", None)
        }
        "duplicate key" if line.trim_start().starts_with('[') => {
            let help = "put all values of a table under its first heading";
            ("a table appears twice", "repeated here", Some(help))
        }
        "duplicate key" => ("a name appears twice", "repeated here", Some("remove one of them")),
        _ => (message, "here", None),
    };
    let message = message.to_owned();
    reader.bad_at(span, message, label, help);
}

impl<'s> Reader<'s> {
    fn table(&mut self, table: DeTable<'s>, base: usize, levels_left: usize) -> Data<'s> {
        let entries = self.entries(table, base, levels_left);
        self.map_of(entries, levels_left)
    }

    /// Returns the values of a table in the order of the file.
    fn entries(&mut self, table: DeTable<'s>, base: usize, levels_left: usize) -> Vec<Entry<'s>> {
        let entries = table.into_iter().map(|(name, value)| {
            let span = name.span();
            let span = Span::new(base + span.start, base + span.end);
            Entry {
                name: name.into_inner().into(),
                span,
                value: self.toml_value(value, base, levels_left - 1),
            }
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|entry| entry.span.start);
        entries
    }

    fn toml_value(
        &mut self,
        value: Spanned<DeValue<'s>>,
        base: usize,
        levels_left: usize,
    ) -> Node<'s> {
        let span = value.span();
        let span = Span::new(base + span.start, base + span.end);
        if !self.may_read(span) {
            return Node { span, data: Data::Bad };
        }
        let data = match value.into_inner() {
            DeValue::Array(_) | DeValue::Table(_) if levels_left == 0 => {
                return self.too_deep(span);
            }
            DeValue::Array(array) => {
                let nodes =
                    array.into_iter().map(|value| self.toml_value(value, base, levels_left - 1));
                Data::List(nodes.collect())
            }
            DeValue::Table(table) => self.table(table, base, levels_left),
            DeValue::String(text) => Data::Text(text.into()),
            DeValue::Boolean(truth) => Data::Bool(truth),
            DeValue::Integer(integer) => match number(&integer) {
                Some(data) => data,
                None => return self.integer_past_all(span),
            },
            DeValue::Float(float) => return self.float(span, float.as_str()),
            DeValue::Datetime(_) => {
                let help = "write it as text in quotes, or as a number";
                return self.bad(span, "dates and times are not supported", Some(help));
            }
        };
        Node { span, data }
    }
}

fn number(integer: &DeInteger<'_>) -> Option<Data<'static>> {
    let (text, radix) = (integer.as_str(), integer.radix());
    let signed = i64::from_str_radix(text, radix).map(Data::Int);
    signed.or_else(|_| u64::from_str_radix(text, radix).map(Data::UInt)).ok()
}
