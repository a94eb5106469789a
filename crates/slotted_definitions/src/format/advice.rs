//! What people have most likely meant whose file is not of its format.

use crate::format::Format;
use crate::source::Span;

/// What is wrong, where, and what to do about it.
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

/// What a format's parser would have accepted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    Value,
    Name,
    Colon,
    Comma,
}

/// The character at a byte; nothing at the end.
pub(super) fn character_at(text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    Span::new(at, at + text[at..].chars().next().map_or(0, char::len_utf8))
}

/// About a text of JSON or RON that is wrong at a byte.
pub(super) fn about(
    text: &str,
    at: usize,
    format: Format,
    wanted: Option<Wanted>,
) -> Option<Advice> {
    let at = text.floor_char_boundary(at);
    if text.trim().is_empty() {
        let help = match format {
            Format::Json => "a definition file without definitions is {}",
            _ => "a definition file without definitions is ()",
        };
        return Some(Advice::new(Span::default(), "it is empty", "").help(help));
    }
    let rest = &text[at..];
    if rest.trim().is_empty() {
        return unclosed(text);
    }
    let here = character_at(text, at);
    let comment = rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#');
    if comment && format == Format::Json {
        let help = "leave it out, or write the file in TOML or RON, which have comments";
        return Some(Advice::new(here, "JSON has no comments", "a comment").help(help));
    }
    let next = rest.chars().next()?;
    match next {
        '\'' => Some(
            Advice::new(here, "a text stands in single quotes", "a single quote")
                .help("write double quotes: \"like this\""),
        ),
        '=' if wanted != Some(Wanted::Value) => {
            let what = "between a name and its value stands a colon";
            Some(Advice::new(here, what, "not a colon").help("write : instead of ="))
        }
        ')' | ']' | '}' => closing(text, at, next, wanted),
        _ => missing(text, at, wanted?, format),
    }
}

/// About a closing bracket that is not expected.
fn closing(text: &str, at: usize, next: char, wanted: Option<Wanted>) -> Option<Advice> {
    let before = text[..at].trim_end();
    if before.ends_with(',') {
        let comma = Span::new(before.len() - 1, before.len());
        let advice = Advice::new(comma, "there is a comma after the last value", "one too many");
        return Some(advice.help("remove the comma"));
    }
    let open = open_brackets(&text[..at]).last().map(|(_, open)| *open);
    let here = character_at(text, at);
    match open.map(closing_of) {
        Some(expected) if expected != next => {
            let message = format!("a {} is closed by a {next}", open.unwrap_or_default());
            let label = match expected {
                ')' => "expected )",
                ']' => "expected ]",
                _ => "expected }",
            };
            Some(Advice::new(here, message, label))
        }
        None => Some(Advice::new(here, format!("this {next} closes nothing"), "one too many")),
        _ if wanted == Some(Wanted::Value) => {
            Some(Advice::new(here, "a value is missing", "expected before this"))
        }
        _ => None,
    }
}

/// About something that stands where something else is expected.
fn missing(text: &str, at: usize, wanted: Wanted, format: Format) -> Option<Advice> {
    let word = word_at(text, at);
    let here = Span::new(at, at + word.len().max(1));
    let here = if word.is_empty() { character_at(text, at) } else { here };
    Some(match wanted {
        Wanted::Comma if word_before(text, at) && !word.is_empty() && format == Format::Ron => {
            Advice::new(here, "a comma is missing, or quotes are", "expected a comma before this")
                .help("a text of several words stands in double quotes: \"like this\"")
        }
        Wanted::Comma => Advice::new(here, "a comma is missing", "expected before this"),
        Wanted::Colon => Advice::new(here, "a colon is missing", "expected before this")
            .help("a name and its value: \"name\": value"),
        Wanted::Name => Advice::new(here, "a name stands without quotes", "no quotes")
            .help("write \"name\": value"),
        Wanted::Value => match word {
            "NaN" | "Infinity" | "inf" | "nan" => {
                Advice::new(here, "JSON has no infinity and no NaN", "not of JSON")
                    .help("write the file in TOML or RON, which have them")
            }
            "True" | "False" | "TRUE" | "FALSE" => {
                Advice::new(here, "a truth value has capitals", "not a value")
                    .help("write true or false")
            }
            "None" | "nil" | "NULL" | "Null" | "undefined" => {
                Advice::new(here, "JSON has another word for no value", "not a value")
                    .help("write null, or leave the name out")
            }
            "" if text[at..].starts_with(['.', '+']) => {
                Advice::new(here, "a number starts with a digit", "not a digit").help("write 0.5")
            }
            "" => Advice::new(here, "a value is missing", "expected before this"),
            _ if looks_like_toml(text) => {
                Advice::new(here, "it looks like TOML", "not of JSON").help("call it .toml")
            }
            _ => Advice::new(here, "a text stands without quotes", "no quotes")
                .help("texts stand in double quotes: \"like this\""),
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

/// Whether a word stands before the byte on its line.
fn word_before(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    before[word.len()..].starts_with(char::is_alphabetic)
}

const fn closing_of(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// About brackets, or a text, that the end of the file has left open.
fn unclosed(text: &str) -> Option<Advice> {
    let (at, open) = *open_brackets(text).last()?;
    let close = closing_of(open);
    let message = format!("the file ends before a {open} is closed");
    let help = match close {
        ')' => "write the ) that is missing",
        ']' => "write the ] that is missing",
        _ => "write the } that is missing",
    };
    Some(Advice::new(Span::new(at, at + 1), message, "never closed").help(help))
}

/// The brackets that are open at the end of a text, with where they stand.
pub(super) fn open_brackets(text: &str) -> Vec<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let (mut in_text, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'(' | b'[' | b'{' => open.push((at, char::from(byte))),
            b')' | b']' | b'}' => _ = open.pop(),
            _ => {}
        }
    }
    open
}

pub(super) const BACKSLASHES: &str = "a backslash is written twice: \"C:\\\\mods\"";

/// About what stands after the file's value.
pub(super) fn trailing(text: &str, at: usize) -> Advice {
    let message = "something follows after its end";
    Advice::new(character_at(text, at), message, "the file should end before this")
        .help("a file is one map: write all of it between one pair of brackets")
}
