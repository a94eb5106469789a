//! Reads data files as the pack loader does: lists of objects, maps of objects by name, single objects.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use slotted::{Value, schema::Quoted};
use slotted_definitions::{Format, LoadLimits, read_data_with_variants};

/// The names and values of an object.
pub(crate) type Object = [(Arc<str>, Value)];

/// The form of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A list of objects, or a map of objects by name.
    Many,
    /// The whole file is one object.
    One,
}

/// The reason why a file has no data.
pub(crate) enum Unreadable {
    Missing(io::Error),
    /// A report of the problems in the file.
    Broken(String),
}

/// Reads the data of a file, and the names of variants in it.
pub(crate) fn read(
    path: &Path,
    format: Format,
    most_bytes: u64,
) -> Result<(Value, BTreeSet<Arc<str>>), Unreadable> {
    let broken = |problem: &str| Unreadable::Broken(problem_of(path, problem));
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(Unreadable::Missing)?;
    if bytes.len() as u64 > most_bytes {
        let limit = format!(
            "the file exceeds the limit of {most_bytes} bytes; raise it with --max-file-bytes"
        );
        return Err(broken(&limit));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| broken("the file is not UTF-8"))?;
    let mut limits = LoadLimits::default();
    limits.file_bytes = most_bytes;
    let text = text.trim_start_matches('\u{feff}');
    read_data_with_variants(&path.display().to_string(), text, format, &limits)
        .map_err(|report| Unreadable::Broken(report.to_string()))
}

/// Returns a problem of a file, as a message.
pub(crate) fn problem_of(path: &Path, problem: &str) -> String {
    format!("error: {}: {problem}", path.display())
}

/// Returns whether the data are definitions, which are no objects.
///
/// A game's own object may have an attribute `records` too, such as a list beside others.
pub(crate) fn are_definitions(data: &Value) -> bool {
    let Value::Map(map) = data else { return false };
    let is_group = |value: &Value| matches!(value, Value::Map(_) | Value::List(_));
    let mut parts = map
        .iter()
        .filter(|(name, _)| matches!(&**name, "schemas" | "records" | "patches"))
        .map(|(_, value)| match value {
            Value::Map(map) => map.iter().all(|(_, value)| is_group(value)),
            _ => false,
        })
        .peekable();
    parts.peek().is_some() && parts.all(|is_part| is_part)
}

/// Passes on each object, with its name in the map that holds it.
///
/// In TOML, which has no lists at the top, a map can also contain lists, such as `[[item]]`.
pub(crate) fn each(
    data: &Value,
    format: Format,
    mut pass: impl FnMut(Option<&str>, &Object),
) -> Result<Form, String> {
    let is_list = |value: &Value| match value {
        Value::List(list) => {
            !list.is_empty() && list.iter().all(|one| matches!(one, Value::Map(_)))
        }
        _ => false,
    };
    match data {
        Value::List(list) => {
            check(list)?;
            list.iter().for_each(|value| pass_on(value, None, &mut pass));
            Ok(Form::Many)
        }
        Value::Map(map)
            if map.iter().all(|(_, value)| {
                matches!(value, Value::Map(_)) || (format == Format::Toml && is_list(value))
            }) =>
        {
            for (name, value) in map.iter() {
                match value {
                    Value::List(list) => {
                        list.iter().for_each(|value| pass_on(value, None, &mut pass));
                    }
                    value => pass_on(value, Some(name), &mut pass),
                }
            }
            Ok(Form::Many)
        }
        Value::Map(map) => {
            pass(None, map);
            Ok(Form::One)
        }
        _ => {
            let found = data.kind_name();
            Err(format!(
                "expected a list of objects, a map of objects by name, or one object, found {found}"
            ))
        }
    }
}

fn check(list: &[Value]) -> Result<(), String> {
    let wrong = list.iter().enumerate().find(|(_, value)| !matches!(value, Value::Map(_)));
    match wrong {
        Some((number, value)) => {
            Err(format!("object {number}: expected an object, found {}", value.kind_name()))
        }
        None => Ok(()),
    }
}

fn pass_on(value: &Value, key: Option<&str>, pass: &mut impl FnMut(Option<&str>, &Object)) {
    if let Value::Map(map) = value {
        pass(key, map);
    }
}

/// Returns the group that an attribute of an object tells.
pub(crate) fn group_in<'o>(object: &'o Object, attribute: &str) -> Option<&'o str> {
    let (_, value) = object.iter().find(|(name, _)| **name == *attribute)?;
    match value {
        Value::Text(text) if slotted::schema::is_name(text) => Some(text),
        _ => None,
    }
}

/// Describes a group in quotes.
pub(crate) fn quoted(name: &str) -> String {
    Quoted(name).to_string()
}
