//! Guesses the mistake in a file that violates its format.

use crate::format::Format;
use crate::source::Span;

/// The mistake: place, message and help.
pub(super) struct Advice {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: Option<&'static str>,
}

impl Advice {
    fn new(span: Span, message: impl Into<String>, label: &'static str) -> Self {
        Self { span, message: message.into(), label, help: None }
    }

    fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

/// The token that the parser expected.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    Value,
    Name,
    Colon,
    Comma,
}

/// Returns the span of the character at a byte; empty at the end.
pub(super) fn character_at(text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    Span::new(at, at + text[at..].chars().next().map_or(0, char::len_utf8))
}

/// Returns advice for JSON or RON text that is invalid at a byte.
pub(super) fn about(
    text: &str,
    at: usize,
    format: Format,
    wanted: Option<Wanted>,
) -> Option<Advice> {
    let at = text.floor_char_boundary(at);
    if text.trim().is_empty() {
        let help = match format {
            Format::Json => "an empty definition file is written {}",
            _ => "an empty definition file is written ()",
        };
        return Some(Advice::new(Span::default(), "the file is empty", "").help(help));
    }
    let rest = &text[at..];
    if rest.trim().is_empty() {
        return unclosed(text);
    }
    let here = character_at(text, at);
    let next = rest.chars().next()?;
    let colon = format == Format::Json && wanted == Some(Wanted::Colon);
    if let Some(comma) = colon.then(|| decimal_comma(text, at)).flatten() {
        return Some(comma);
    }
    match next {
        quote if is_curly_quote(quote) => Some(curly_quotes(here)),
        '\'' => Some(
            Advice::new(here, "text in single quotes", "single quote")
                .help("use double quotes: \"like this\""),
        ),
        '=' if wanted != Some(Wanted::Value) => {
            let what = "expected ':' between name and value";
            Some(Advice::new(here, what, "expected ':'").help("replace '=' with ':'"))
        }
        '#' => Some(
            Advice::new(here, "a comment begins with //", "no comment")
                .help("write // before the comment, or /* and */ around it"),
        ),
        ')' | ']' | '}' => closing(text, at, next, wanted),
        _ => missing(text, at, wanted?, format),
    }
}

/// Returns whether the character is a quote of a word processor.
pub(super) const fn is_curly_quote(character: char) -> bool {
    matches!(
        character,
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}'
    )
}

/// Returns advice for text in quotes of a word processor.
pub(super) fn curly_quotes(here: Span) -> Advice {
    Advice::new(here, "text in curly quotes", "not a straight quote")
        .help("replace them with straight quotes: \"like this\"")
}

/// Returns advice for a number as `0,25`, whose second part looks like a name without a value.
fn decimal_comma(text: &str, at: usize) -> Option<Advice> {
    let digit = |c: char| c.is_ascii_digit();
    let before = text[..at].trim_end();
    let whole = before.trim_end_matches(digit);
    let number = whole.strip_suffix(',').filter(|number| number.ends_with(digit))?;
    let comma = Span::new(number.len(), whole.len());
    (whole.len() < before.len()).then(|| {
        Advice::new(comma, "a number with a comma", "decimal comma")
            .help("write decimals with a point: 0.25")
    })
}

/// Returns whether the text before a colon is a name in quotes within round brackets.
fn is_quoted_field(text: &str, at: usize) -> bool {
    text[at..].starts_with(':')
        && text[..at].trim_end().ends_with('"')
        && open_brackets(&text[..at]).last().is_some_and(|(_, open)| *open == '(')
}

/// Returns advice for an unexpected closing bracket.
fn closing(text: &str, at: usize, next: char, wanted: Option<Wanted>) -> Option<Advice> {
    let open = open_brackets(&text[..at]).last().map(|(_, open)| *open);
    let here = character_at(text, at);
    match open.map(closing_of) {
        Some(expected) if expected != next => {
            let message = format!("'{}' is closed by '{next}'", open.unwrap_or_default());
            let label = match expected {
                ')' => "expected ')'",
                ']' => "expected ']'",
                _ => "expected '}'",
            };
            Some(Advice::new(here, message, label))
        }
        None => Some(Advice::new(here, format!("unmatched '{next}'"), "closes nothing")),
        _ if wanted == Some(Wanted::Value) => {
            Some(Advice::new(here, "missing value", "expected a value before this"))
        }
        _ => None,
    }
}

/// Returns advice for a missing token.
fn missing(text: &str, at: usize, wanted: Wanted, format: Format) -> Option<Advice> {
    let word = word_at(text, at);
    let here = Span::new(at, at + word.len().max(1));
    let here = if word.is_empty() { character_at(text, at) } else { here };
    Some(match wanted {
        Wanted::Comma if format == Format::Ron && is_quoted_field(text, at) => {
            Advice::new(here, "a name in quotes within round brackets", "expected ',' or ')'")
                .help("write (name: value) without quotes, or {\"name\": value}")
        }
        Wanted::Comma if format == Format::Ron && raw_name(text, at).is_some() => {
            let name = raw_name(text, at).unwrap_or(here);
            Advice::new(name, RAW_NAME, "needs quotes").help(QUOTE_NAME)
        }
        Wanted::Comma if word_before(text, at) && !word.is_empty() && format == Format::Ron => {
            Advice::new(here, "missing comma or quotes", "expected ',' before this")
                .help("put text of several words in double quotes: \"like this\"")
        }
        // No map has a value without a name.
        Wanted::Comma | Wanted::Name if format == Format::Json && text[at..].starts_with('{') => {
            return not_closed_before(text, at, "the next '{'");
        }
        // No list has a name before a value.
        Wanted::Comma if format == Format::Json && text[at..].starts_with(':') => {
            return not_closed_before(text, at, "the next name");
        }
        Wanted::Comma => Advice::new(here, "missing comma", "expected ',' before this"),
        Wanted::Colon => Advice::new(here, "missing colon", "expected ':' before this")
            .help("write a name and its value as \"name\": value"),
        Wanted::Name => Advice::new(here, "missing name", "expected a name before this")
            .help("write \"name\": value"),
        Wanted::Value => match word {
            "inf" | "nan" | "infinity" => {
                Advice::new(here, "misspelt infinity or NaN", "not a JSON value")
                    .help("write Infinity or NaN")
            }
            "True" | "False" | "TRUE" | "FALSE" => {
                Advice::new(here, "a boolean must be lower case", "not a boolean")
                    .help("write true or false")
            }
            "None" | "nil" | "NULL" | "Null" | "undefined" => {
                Advice::new(here, "JSON writes a missing value as null", "not a JSON value")
                    .help("write null, or remove the name")
            }
            "" => Advice::new(here, "missing value", "expected a value before this"),
            _ if looks_like_toml(text) => Advice::new(here, "the file looks like TOML", "not JSON")
                .help("end the file name in .toml"),
            _ => Advice::new(here, "text without quotes", "needs quotes")
                .help("put text in double quotes: \"like this\""),
        },
    })
}

fn looks_like_toml(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with('[') && start[1..].starts_with(|c: char| c.is_alphabetic() || c == '[')
}

fn word_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return "";
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end.min(rest.floor_char_boundary(100))]
}

/// Returns whether a word precedes the byte on its line.
fn word_before(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    before[word.len()..].starts_with(char::is_alphabetic)
}

pub(super) const RAW_NAME: &str = "a name with other signs than letters, digits and '_'";
pub(super) const QUOTE_NAME: &str =
    "write it in double quotes: \"half-orc\"; before a colon in round brackets write r#half-orc";

/// Returns the span of a name as `half-orc`, if the byte is that of a sign in it.
fn raw_name(text: &str, at: usize) -> Option<Span> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let is_of_name = |c: char| is_letter(c) || matches!(c, '-' | '.' | '+');
    let (before, rest) = text.split_at(at);
    let start = before.trim_end_matches(is_of_name).len();
    let end = at + rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    let is_sign = rest.starts_with(['-', '.', '+']) && before.ends_with(is_letter);
    (is_sign && text[start..].starts_with(char::is_alphabetic)).then(|| Span::new(start, end))
}

const fn closing_of(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// Returns advice for a map or a list that must have ended before this byte.
fn not_closed_before(text: &str, at: usize, next: &str) -> Option<Advice> {
    let (start, open) = *open_brackets(&text[..at]).last()?;
    let message = format!("'{open}' is not closed before {next}");
    let help = match open {
        '[' => "add the missing ']' behind its last value",
        _ => "add the missing '}' behind its last value",
    };
    Some(Advice::new(Span::new(start, start + 1), message, "opened here").help(help))
}

/// Returns the bracket that seems to lack its end: a line within it begins at or before the indentation of its own line.
fn outdented(text: &str) -> Option<(usize, char)> {
    let (mut start, mut at_end) = (0, Vec::<(usize, char, usize)>::new());
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let (indent, trimmed) = (line.len() - content.len(), content.trim_end());
        if !trimmed.is_empty() {
            let is_closing = trimmed.starts_with([')', ']', '}', ',']) || trimmed.starts_with('/');
            let outer = at_end.last().filter(|(_, _, outer)| indent <= *outer && !is_closing);
            if let Some((at, open, _)) = outer {
                return Some((*at, *open));
            }
            for (at, byte) in brackets(&text[start..start + line.len()]) {
                match byte {
                    ')' | ']' | '}' => _ = at_end.pop(),
                    open => at_end.push((start + at, open, indent)),
                }
            }
        }
        start += line.len();
    }
    None
}

/// Returns advice for a bracket that is still open at the end.
fn unclosed(text: &str) -> Option<Advice> {
    let last = *open_brackets(text).last()?;
    let (at, open) = outdented(text).unwrap_or(last);
    let close = closing_of(open);
    let message = format!("'{open}' is never closed");
    let help = match close {
        ')' => "add the missing ')'",
        ']' => "add the missing ']'",
        _ => "add the missing '}'",
    };
    Some(Advice::new(Span::new(at, at + 1), message, "opened here").help(help))
}

/// Returns the brackets that are open at the end of a text, with their positions.
pub(super) fn open_brackets(text: &str) -> Vec<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    for (at, bracket) in brackets(text) {
        match bracket {
            ')' | ']' | '}' => _ = open.pop(),
            bracket => open.push((at, bracket)),
        }
    }
    open
}

/// Returns the brackets outside of texts and comments, with their positions.
fn brackets(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut in_text, mut is_escaped, mut behind_comment) = (false, false, 0);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        match byte {
            _ if at < behind_comment => {}
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'/' => behind_comment = end_of_comment(text, at).unwrap_or(at),
            b'(' | b'[' | b'{' | b')' | b']' | b'}' => return Some((at, char::from(byte))),
            _ => {}
        }
        None
    })
}

/// Returns the end of the comment that begins at a byte, if one does.
pub(super) fn end_of_comment(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let length = match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find(['\n', '\r']),
        [b'/', b'*', ..] => rest.find("*/").map(|end| end + 2),
        _ => return None,
    };
    Some(at + length.unwrap_or(rest.len()))
}

pub(super) const BACKSLASHES: &str = "write a backslash twice: \"C:\\\\mods\"";

/// Returns advice for text after the file's value.
pub(super) fn trailing(text: &str, at: usize) -> Advice {
    let message = "unexpected text after the end";
    Advice::new(character_at(text, at), message, "expected the end of the file")
        .help("a file is one map: put everything inside one pair of brackets")
}
