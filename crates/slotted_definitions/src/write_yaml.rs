//! Writes values as YAML.

use slotted::Value;

use crate::format::Format;
use crate::write_schema::{float, quoted};

/// Returns whether a text needs no quotes, because every version of YAML reads it as this text.
pub(super) fn is_plain_word(text: &str) -> bool {
    // YAML 1.1 reads more words than YAML 1.2 as something else.
    const WORDS: [&str; 13] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "none", "nil"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Returns whether a character of a text in quotes must be escaped.
pub(super) fn must_be_escaped(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || character.is_control()
}

/// Returns a file: maps and lists of maps in lines of their own, other lists in brackets.
pub(super) fn file(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => block(value, 0, true, &mut text),
        _ => push_flow(value, &mut text),
    }
    text.push('\n');
    text
}

/// Appends a map or list, one value a line. `is_open` says that the line has begun already.
fn block(value: &Value, indent: usize, is_open: bool, text: &mut String) {
    let mut is_open = is_open;
    let mut begin = |text: &mut String| {
        if !std::mem::take(&mut is_open) {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match value {
        Value::Map(map) => {
            for (name, value) in map.iter() {
                begin(text);
                text.push_str(&quoted(name, Format::Yaml));
                text.push(':');
                if is_short(value) {
                    text.push(' ');
                    push_flow(value, text);
                } else {
                    block(value, indent + 2, false, text);
                }
            }
        }
        Value::List(list) => {
            for value in list.iter() {
                begin(text);
                text.push_str("- ");
                if is_short(value) {
                    push_flow(value, text);
                } else {
                    block(value, indent + 2, true, text);
                }
            }
        }
        _ => push_flow(value, text),
    }
}

/// Returns whether a value fits behind its name.
fn is_short(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(list) => list.iter().all(is_short),
        _ => true,
    }
}

fn push_flow(value: &Value, text: &mut String) {
    match value {
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => text.push_str(&number.to_string()),
        Value::UInt(number) => text.push_str(&number.to_string()),
        Value::F64(number) => text.push_str(&float(*number, Format::Yaml).unwrap_or_default()),
        Value::Text(value) => text.push_str(&quoted(value, Format::Yaml)),
        Value::List(list) => {
            text.push('[');
            for (position, value) in list.iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { "" });
                push_flow(value, text);
            }
            text.push(']');
        }
        Value::Map(_) => text.push_str("{}"),
        // `writable` leaves no other values.
        _ => text.push_str("null"),
    }
}
