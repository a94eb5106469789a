//! Reads data files as lists and maps of objects.

use std::fs;
use std::io::Read;
use std::path::Path;

use slotted::{Value, schema::Quoted};
use slotted_definitions::infer::Inference;
use slotted_definitions::{Format, LoadLimits, read_data};

use crate::failure::Failure;
use crate::progress::Progress;

/// Passes all objects of a file to an inference. The inner error is a report of problems in the file.
pub(crate) fn observe(
    path: &Path,
    most_bytes: u64,
    inference: &mut Inference,
    progress: &Progress,
) -> Result<Result<(), String>, Failure> {
    let Some(format) = Format::of(path) else {
        let message = format!("'{}' has an unknown format", path.display());
        return Err(
            Failure::new(message).help("the file name must end in .json, .toml, .ron or .yaml")
        );
    };
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| Failure::unreadable(path, &error))?;
    if bytes.len() as u64 > most_bytes {
        return Ok(Err(format!(
            "error: {}: the file exceeds the limit of {most_bytes} bytes; \
             raise it with --max-file-bytes",
            path.display()
        )));
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Ok(Err(format!("error: {}: the file is not UTF-8", path.display())));
    };
    let mut limits = LoadLimits::default();
    limits.file_bytes = most_bytes;
    let text = text.trim_start_matches('\u{feff}');
    let data = match read_data(&path.display().to_string(), text, format, &limits) {
        Ok(data) => data,
        Err(report) => return Ok(Err(report.to_string())),
    };
    let observed = Objects { inference, progress }.observe_all(&data);
    Ok(observed.map_err(|problem| format!("error: {}: {problem}", path.display())))
}

/// A list or map of objects; a map can also contain lists, such as `[[item]]` in TOML.
struct Objects<'i> {
    inference: &'i mut Inference,
    progress: &'i Progress,
}

/// The number of objects between two checks of the clock.
const OBJECTS_PER_STEP: u64 = 1000;

impl Objects<'_> {
    fn observe_all(&mut self, data: &Value) -> Result<(), String> {
        match data {
            Value::List(list) => list.iter().try_for_each(|one| self.observe(one)),
            Value::Map(map) => map.iter().try_for_each(|(name, value)| match value {
                Value::List(list) => list.iter().try_for_each(|one| self.observe(one)),
                Value::Map(_) => self.observe(value),
                _ => {
                    let found = value.kind_name();
                    Err(format!("{}: expected an object, found {found}", Quoted(name)))
                }
            }),
            _ => {
                let found = data.kind_name();
                Err(format!(
                    "expected a list of objects, or a map from names to objects, found {found}"
                ))
            }
        }
    }

    fn observe(&mut self, value: &Value) -> Result<(), String> {
        let objects = self.inference.objects();
        let Value::Map(map) = value else {
            let found = value.kind_name();
            return Err(format!("object {objects}: expected an object, found {found}"));
        };
        if objects.is_multiple_of(OBJECTS_PER_STEP) {
            self.progress.show(|| format!("{objects} objects"));
        }
        self.inference.observe_values(map.iter().map(|(name, value)| (&**name, value)));
        Ok(())
    }
}
