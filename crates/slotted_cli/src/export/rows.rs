//! Objects as rows of CSV and JSON Lines.

use serde::Serialize;
use slotted::schema::Slot;
use slotted::{ObjectId, Store, exactly};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::values::{Json, push_csv, push_csv_text, push_json};

/// The objects between two messages about the progress.
const STEP: usize = 1 << 13;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    /// A JSON object in each line.
    JsonLines,
}

/// Passes the objects of a schema on, row by row.
pub(crate) fn write_rows(
    store: &Store,
    schema: &str,
    format: Format,
    progress: &Progress,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(format!("cannot read '{schema}': {error}"));
    let slots = store.schema(schema).map_or(&[][..], |schema| schema.slots());
    let id_name = id_name(slots);
    let mut row = Vec::new();
    if format == Format::Csv {
        push_csv_text(id_name, &mut row);
        for slot in slots {
            row.push(b',');
            push_csv_text(slot.name(), &mut row);
        }
        row.push(b'\n');
        write(&row)?;
    }
    let ids = store.ids_of(exactly(schema)).map_err(|error| failed(error.to_string()))?;
    for (number, id) in ids.enumerate() {
        if number % STEP == 0 {
            progress.show(|| format!("writing '{schema}': {number} objects"));
        }
        row.clear();
        match format {
            Format::Csv => push_csv_row(store, id, slots, &mut row)?,
            Format::JsonLines => push_json_row(store, id, id_name, slots, &mut row)?,
        }
        row.push(b'\n');
        write(&row)?;
    }
    Ok(())
}

/// Returns the name of the column of ids, which is that of Parquet files too.
pub(crate) fn id_name(slots: &[Slot]) -> &'static str {
    if slots.iter().any(|slot| slot.name() == "id") { "slotted.id" } else { "id" }
}

fn push_csv_row(
    store: &Store,
    id: ObjectId,
    slots: &[Slot],
    row: &mut Vec<u8>,
) -> Result<(), Failure> {
    push_json(&id, row)?;
    for slot in slots {
        row.push(b',');
        push_csv(&value(store, id, slot)?, row)?;
    }
    Ok(())
}

fn push_json_row(
    store: &Store,
    id: ObjectId,
    id_name: &str,
    slots: &[Slot],
    row: &mut Vec<u8>,
) -> Result<(), Failure> {
    push_member(b'{', id_name, &id, row)?;
    for slot in slots {
        push_member(b',', slot.name(), &Json(&value(store, id, slot)?), row)?;
    }
    row.push(b'}');
    Ok(())
}

fn push_member(
    start: u8,
    name: &str,
    value: &impl Serialize,
    row: &mut Vec<u8>,
) -> Result<(), Failure> {
    row.push(start);
    push_json(&name, row)?;
    row.push(b':');
    push_json(value, row)
}

fn value(store: &Store, id: ObjectId, slot: &Slot) -> Result<slotted::Value, Failure> {
    let value = store.get_value(id, slot.name());
    value.map_err(|error| Failure::new(format!("cannot read object {id}: {error}")))
}
