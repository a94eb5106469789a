//! A save opens in other people's readers: pyarrow and Polars see every value of every kind.
//!
//! Skipped unless Python has both: `pip install pyarrow polars`. `SLOTTED_PYTHON` names another interpreter.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::Folder;
use serde_json::{Map, Value as Json, json};
use slotted::{ObjectId, Store, Value};
use slotted_arrow::{Compression, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn json_of(value: &Value) -> Json {
    if let Some(numbers) = value.numbers() {
        return numbers.iter().map(json_of).collect();
    }
    match value {
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::UInt(number) => json!(number),
        // As the double of the same number.
        Value::F32(number) => json!({ "float": format!("{:?}", f64::from(*number)) }),
        Value::F64(number) => json!({ "float": format!("{number:?}") }),
        Value::Text(text) => json!(&**text),
        Value::Object(id) => json!(id.to_bits()),
        Value::List(list) => list.iter().map(json_of).collect(),
        Value::Bytes(bytes) => json!(&**bytes),
        _ => Json::Null,
    }
}

/// Returns all rows of all schemas with their ids and values.
fn expected(store: &Store) -> Result<Json, Box<dyn std::error::Error>> {
    let mut schemas = Map::new();
    for schema in store.schemas() {
        let ids: Vec<ObjectId> = store.ids_of(slotted::exactly(schema.name()))?.collect();
        let used = ids.iter().map(|id| id.row() as usize + 1).max().unwrap_or(0);
        let mut rows = Vec::new();
        for row in 0..used {
            let id = ids.iter().find(|id| id.row() as usize == row);
            let mut values = Map::new();
            for slot in schema.slots() {
                let value = id.map(|id| store.get_value(*id, slot.name())).transpose()?;
                values.insert(slot.name().to_owned(), value.as_ref().map_or(Json::Null, json_of));
            }
            rows.push(json!({ "id": id.map(|id| id.to_bits()), "values": values }));
        }
        schemas.insert(schema.name().to_owned(), rows.into());
    }
    Ok(schemas.into())
}

#[test]
fn pyarrow_and_polars_see_every_value_of_every_kind() -> Outcome {
    let python = std::env::var("SLOTTED_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let readers = Command::new(&python).args(["-c", "import polars, pyarrow"]).output();
    if !readers.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: '{python}' cannot import pyarrow and polars; try `pip install pyarrow polars`");
        return Ok(());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_save.py");
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let folder = Folder::new("python");
        let mut store = common::world(60, 11);
        // The last rows live, so that each table has as many rows as its highest id.
        let last = store.ids_of("thing")?.next().ok_or("no thing")?;
        let record = store.get_record(last)?;
        store.spawn_records("thing", vec![record; 40])?;
        SaveOptions::new().compression(compression).save(&store.snapshot(), &folder.0)?;
        fs::write(folder.0.join("expected.json"), expected(&store)?.to_string())?;
        let output = Command::new(&python).arg(&script).arg(&folder.0).output()?;
        let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{compression:?}: {said}{error}");
        assert!(said.ends_with("values are equal\n") && !said.starts_with("0 "), "{said}");
    }
    Ok(())
}
