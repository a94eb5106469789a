//! Values in JSON and CSV.

use serde::{Serialize, Serializer};
use slotted::Value;

use crate::failure::Failure;

/// A value as JSON. References are the bits of ids, plain memory is a list of bytes, and floats that JSON cannot write are
/// `null`.
pub(crate) struct Json<'v>(pub(crate) &'v Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(id) => id.serialize(serializer),
            Value::List(values) => serializer.collect_seq(values.iter().map(Json)),
            value => value.serialize(serializer),
        }
    }
}

/// Appends a value as JSON.
pub(crate) fn push_json(value: &impl Serialize, text: &mut Vec<u8>) -> Result<(), Failure> {
    serde_json::to_writer(text, value).map_err(|error| Failure::new(error.to_string()))
}

/// Appends a field of a CSV file. An unset value is an empty field, and an empty text is `""`.
pub(crate) fn push_csv(value: &Value, text: &mut Vec<u8>) -> Result<(), Failure> {
    let special = match value {
        Value::F32(number) => special(f64::from(*number)),
        Value::F64(number) => special(*number),
        _ => None,
    };
    match value {
        _ if let Some(special) = special => text.extend_from_slice(special.as_bytes()),
        Value::Unset => {}
        Value::Text(value) => push_csv_text(value, text),
        value => {
            let start = text.len();
            push_json(&Json(value), text)?;
            if text[start..].contains(&b',') {
                let json = String::from_utf8_lossy(&text[start..]).into_owned();
                text.truncate(start);
                push_csv_text(&json, text);
            }
        }
    }
    Ok(())
}

fn special(number: f64) -> Option<&'static str> {
    match number {
        number if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some("inf"),
        f64::NEG_INFINITY => Some("-inf"),
        _ => None,
    }
}

/// Appends a text, in quotes if a reader could take it for something else.
pub(crate) fn push_csv_text(value: &str, text: &mut Vec<u8>) {
    let has_edge = value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace);
    if !value.is_empty() && !has_edge && !value.contains(['"', ',', '\n', '\r']) {
        text.extend_from_slice(value.as_bytes());
        return;
    }
    text.push(b'"');
    text.extend_from_slice(value.replace('"', "\"\"").as_bytes());
    text.push(b'"');
}
