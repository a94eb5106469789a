//! Saves for the commands that open them.

use std::error::Error;
use std::path::Path;

use slotted::{Kind, ObjectId, Schema, Store, Value, record};
use slotted_arrow::SaveOptions;

/// Registers `unit`, `orc`, which extends it, and `rock`, which has no objects.
pub(crate) fn schemas(store: &mut Store) -> Result<(), Box<dyn Error>> {
    let unit = Schema::builder("unit")
        .slot("health", Kind::F32)
        .default(100.0)
        .range(0.0..=800.0)
        .slot("name", Kind::Text)
        .slot("job", Kind::enumeration(["farmer", "soldier"]))
        .slot("home", Kind::Vec2)
        .slot("drops", Kind::list(Kind::Text))
        .slot("follows", Kind::Object)
        .optional()
        .slot("color", Kind::opaque_pod("game::Color", 3, 1));
    store.register_schema(unit.build()?)?;
    store.register_schema(
        Schema::builder("orc").extends("unit").slot("rage", Kind::F64).optional().build()?,
    )?;
    store.register_schema(Schema::builder("rock").slot("height", Kind::U8).build()?)?;
    Ok(())
}

/// Spawns a unit.
pub(crate) fn unit(store: &mut Store, name: &str) -> Result<ObjectId, Box<dyn Error>> {
    let color = Value::Bytes([1, 2, 255].into());
    let record = record! {
        name: name, job: "soldier", home: [1.5, -2.0], drops: ["axe", "a, b"], color: color
    };
    Ok(store.spawn_record("unit", record)?)
}

/// Returns a world with two units, a free row between them, and an orc.
pub(crate) fn world() -> Result<(Store, [ObjectId; 3]), Box<dyn Error>> {
    let mut store = Store::new();
    schemas(&mut store)?;
    let ada = unit(&mut store, "Ada \"the\" First")?;
    let gone = unit(&mut store, "gone")?;
    let empty = unit(&mut store, "")?;
    store.despawn(gone)?;
    store.set_value(empty, "follows", ada)?;
    store.set_value(empty, "drops", Value::List([].into()))?;
    let color = Value::Bytes([0, 0, 0].into());
    let record = record! {
        name: "Grom", job: "farmer", home: [0.0, 0.0], drops: Value::List([].into()),
        color: color, rage: f64::NAN
    };
    let orc = store.spawn_record("orc", record)?;
    Ok((store, [ada, empty, orc]))
}

/// Writes a world to a folder.
pub(crate) fn save(store: &mut Store, folder: &Path) -> Result<(), Box<dyn Error>> {
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), folder)?;
    Ok(())
}

/// Returns the name of the file of a schema in a save.
pub(crate) fn table_file(
    folder: &Path,
    schema: &str,
) -> Result<std::path::PathBuf, Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&format!("{schema}-")) && name.ends_with(".arrow") {
            return Ok(path);
        }
    }
    Err(format!("no file of '{schema}'").into())
}
