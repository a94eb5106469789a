//! Reads data files object by object.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use slotted::{Value, schema::Quoted};
use slotted_definitions::Format;
use slotted_definitions::infer::Inference;

use crate::failure::Failure;
use crate::progress::Progress;

/// Passes all objects of a file to an inference. The inner error is a problem in the file.
pub(crate) fn observe(
    path: &Path,
    most_bytes: u64,
    inference: &mut Inference,
    progress: &Progress,
) -> Result<Result<(), String>, Failure> {
    let Some(format) = Format::of(path) else {
        let message = format!("'{}' has an unknown format", path.display());
        return Err(Failure::new(message).help("the file name must end in .json, .toml or .ron"));
    };
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| Failure::unreadable(path, &error))?;
    if bytes.len() as u64 > most_bytes {
        return Ok(Err(format!(
            "the file exceeds the limit of {most_bytes} bytes; raise it with --max-file-bytes"
        )));
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Ok(Err("the file is not UTF-8".to_owned()));
    };
    Ok(observe_text(text.trim_start_matches('\u{feff}'), format, Objects { inference, progress }))
}

fn observe_text(text: &str, format: Format, objects: Objects<'_>) -> Result<(), String> {
    match format {
        Format::Json => {
            let mut json = serde_json::Deserializer::from_str(text);
            let read = json.deserialize_any(objects).and_then(|()| json.end());
            read.map_err(|error| error.to_string())
        }
        Format::Toml => {
            let toml = toml::Deserializer::parse(text).map_err(|error| error.to_string())?;
            toml.deserialize_any(objects).map_err(|error| error.to_string())
        }
        Format::Ron => {
            let mut ron = ron::Deserializer::from_str(text).map_err(|error| error.to_string())?;
            let read = ron.deserialize_any(objects).and_then(|()| ron.end());
            read.map_err(|error| ron.span_error(error).to_string())
        }
        _ => Err(format!("unknown format {format}")),
    }
}

/// A list or map of objects; a map can also contain lists, such as `[[item]]` in TOML.
struct Objects<'i> {
    inference: &'i mut Inference,
    progress: &'i Progress,
}

/// The number of objects between two checks of the clock.
const OBJECTS_PER_STEP: u64 = 1000;

impl Objects<'_> {
    fn observe<E: serde::de::Error>(&mut self, value: &Value) -> Result<(), E> {
        let Value::Map(map) = value else {
            let found = value.kind_name();
            let position = self.inference.objects();
            let message = format!("object {position}: expected an object, found {found}");
            return Err(E::custom(message));
        };
        let objects = self.inference.objects();
        if objects.is_multiple_of(OBJECTS_PER_STEP) {
            self.progress.show(|| format!("{objects} objects"));
        }
        self.inference.observe_values(map.iter().map(|(name, value)| (&**name, value)));
        Ok(())
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, or a map from names to objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            self.observe(&value)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match &value {
                Value::List(list) => list.iter().try_for_each(|one| self.observe(one))?,
                Value::Map(_) => self.observe(&value)?,
                _ => {
                    let found = value.kind_name();
                    let message = format!("{}: expected an object, found {found}", Quoted(&name));
                    return Err(A::Error::custom(message));
                }
            }
        }
        Ok(())
    }
}
