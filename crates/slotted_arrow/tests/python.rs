//! A save opens in other people's readers: pyarrow and Polars see every value of every kind.
//!
//! Skipped, with a line in the output, unless Python has both: `pip install pyarrow polars`. `SLOTTED_PYTHON` names another
//! interpreter, which must have them.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::Folder;
use serde_json::{Map, Value as Json, json};
use slotted::{Kind, ObjectId, Schema, Store, Value, record};
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

/// Returns a value of kind `any` as its JSON text says it, as `docs/format.md` has it.
fn json_of_any(value: &Value) -> Json {
    if let (Some(kind), Some(numbers)) = (value.vector_kind(), value.numbers()) {
        let number = |number: &Value| match number {
            Value::F32(number) => json!(f64::from(*number)),
            other => json_of_any(other),
        };
        let numbers: Json = numbers.iter().map(number).collect();
        return json!({ format!("${}", kind.name()): numbers });
    }
    match value {
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::UInt(number) => json!(number),
        Value::F32(number) => json!({ "$f32": f64::from(*number) }),
        Value::F64(number) if number.is_finite() => json!(number),
        Value::F64(number) => json!({ "$f64": format!("{:016x}", number.to_bits()) }),
        Value::Text(text) => json!(&**text),
        Value::List(list) => list.iter().map(json_of_any).collect(),
        Value::Map(map) => {
            let entries = map.iter().map(|(name, value)| match name.strip_prefix('$') {
                Some(_) => (format!("${name}"), json_of_any(value)),
                None => ((**name).to_owned(), json_of_any(value)),
            });
            Json::Object(entries.collect())
        }
        Value::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "$bytes": digits })
        }
        _ => Json::Null,
    }
}

/// Returns a value of a slot as the readers should see it.
fn json_of_slot(kind: &Kind, value: &Value) -> Json {
    match (kind.element(), value) {
        (_, Value::Unset) => Json::Null,
        (Kind::Any, Value::List(list)) if matches!(kind, Kind::List(_)) => {
            list.iter().map(|value| json_of_slot(&Kind::Any, value)).collect()
        }
        (Kind::Any, value) => json!({ "any": json_of_any(value) }),
        (_, value) => json_of(value),
    }
}

/// Returns all rows of all schemas with their ids and values.
fn expected(store: &mut Store) -> Result<Json, Box<dyn std::error::Error>> {
    let (mut schemas, snapshot) = (Map::new(), store.snapshot());
    for schema in store.schemas() {
        let ids: Vec<ObjectId> = store.ids_of(slotted::exactly(schema.name()))?.collect();
        // Rows that were used once stay, without an object too.
        let used = snapshot.raw().table(schema.id()).map_or(0, |table| table.used_rows());
        let mut rows = Vec::new();
        for row in 0..used {
            let id = ids.iter().find(|id| id.row() as usize == row);
            let mut values = Map::new();
            for slot in schema.slots() {
                let value = id.map(|id| store.get_value(*id, slot.name())).transpose()?;
                let json = |value| json_of_slot(slot.kind(), value);
                values.insert(slot.name().to_owned(), value.as_ref().map_or(Json::Null, json));
            }
            rows.push(json!({ "id": id.map(|id| id.to_bits()), "values": values }));
        }
        schemas.insert(schema.name().to_owned(), rows.into());
    }
    Ok(schemas.into())
}

/// Returns the interpreter, or `None` if it lacks the readers.
fn python(test: &str) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let named = std::env::var("SLOTTED_PYTHON").ok();
    let python = named.clone().unwrap_or_else(|| "python3".to_owned());
    let readers = Command::new(&python).args(["-c", "import polars, pyarrow"]).output();
    if readers.is_ok_and(|output| output.status.success()) {
        return Ok(Some(python));
    }
    let reason =
        format!("'{python}' cannot import pyarrow and polars; `pip install pyarrow polars`");
    if named.is_some() {
        return Err(reason.into());
    }
    // Not `eprintln!`: its lines are hidden if a test passes.
    writeln!(std::io::stderr(), "SKIPPED: {test}: {reason}")?;
    Ok(None)
}

/// Returns the code blocks of a language in a page.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let start = format!("```{language}\n");
    let blocks = page.split(start.as_str()).skip(1);
    blocks.filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect()
}

/// Returns the words and numbers of a table that Polars prints.
fn cells(table: &str) -> Vec<&str> {
    let borders = |c: char| "┌─┬┐│┆╞═╪╡└┴┘\n".contains(c);
    table.split(borders).map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Returns the world of the guide's chapter, and the ids of its units.
fn world_of_the_guide() -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("position", Kind::Vec3).slot("name", Kind::Text);
    store.register_schema(unit.slot("target", Kind::Object).optional().build()?)?;
    let position = |x: f32| [x, 1.0, 2.0];
    let ada = store.spawn_record("unit", record! { position: position(0.0), name: "Ada" })?;
    let others = vec![record! { position: position(3.0), name: "Bob" }; 2];
    let others: Vec<ObjectId> = store.spawn_records("unit", others)?.collect();
    store.despawn(others[1])?;
    let grace = record! { position: position(4.0), name: "Grace", target: ada };
    let grace = store.spawn_record("unit", grace)?;
    store.despawn(others[0])?;
    Ok((store, vec![ada, grace]))
}

#[test]
fn the_python_of_the_guide_prints_what_the_guide_says() -> Outcome {
    let page = include_str!("../../../docs/guide/15_data_tools.md");
    let [listing, ids] = blocks(page, "python")[..] else { return Err("two listings".into()) };
    let [printed] = blocks(page, "text")[..] else { return Err("one table".into()) };
    assert!(listing.contains("\"saves/monday\"") && cells(printed).len() > 20, "{printed}");
    let Some(python) = python("the Python of the guide")? else { return Ok(()) };
    let folder = Folder::new("guide");
    let (mut store, units) = world_of_the_guide()?;
    slotted_arrow::save(&store.snapshot(), &folder.0)?;
    let path = serde_json::to_string(&folder.0)?;
    let listing = listing.replace("\"saves/monday\"", &path);
    let code = format!("{listing}\n{ids}\nprint('ids', units.get_column('id').to_list())\n");
    let command = Command::new(&python).args(["-c", &code]).env("PYTHONUTF8", "1").output()?;
    let (said, error) =
        (String::from_utf8_lossy(&command.stdout), String::from_utf8_lossy(&command.stderr));
    let (table, ids) = said.split_once("ids ").ok_or(format!("no ids: {said}{error}"))?;
    assert_eq!(cells(table), cells(printed), "{said}");
    let bits: Vec<u64> = units.iter().map(|id| id.to_bits()).collect();
    assert_eq!(ids.trim(), format!("{bits:?}"));
    Ok(())
}

#[test]
fn pyarrow_and_polars_see_every_value_of_every_kind() -> Outcome {
    let Some(python) = python("pyarrow and Polars see every value")? else { return Ok(()) };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_save.py");
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let folder = Folder::new("python");
        let mut store = common::world(60, 11);
        SaveOptions::new().compression(compression).save(&store.snapshot(), &folder.0)?;
        fs::write(folder.0.join("expected.json"), expected(&mut store)?.to_string())?;
        let output = Command::new(&python).arg(&script).arg(&folder.0).output()?;
        let (said, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{compression:?}: {said}{error}");
        assert!(said.ends_with("values are equal\n") && !said.starts_with("0 "), "{said}");
    }
    Ok(())
}
