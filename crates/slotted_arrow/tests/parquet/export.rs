//! Files of an export.

use std::fs::{self, File};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::parquet::{ParquetCompression, ParquetExport, export_parquet};

use crate::worlds::{Folder, Outcome};

fn store(objects: u32) -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("number", Kind::U32).build()?)?;
    store.register_schema(Schema::builder("tower").slot("number", Kind::U32).build()?)?;
    store.spawn_records("unit", (0..objects).map(|number| record! { number }))?;
    Ok(store)
}

fn files_in(folder: &Folder) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder.path())?.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[test]
fn groups_have_statistics_of_the_living_rows() -> Outcome {
    let mut store = store(20_000)?;
    let ids: Vec<_> = store.ids().collect();
    store.despawn_batch(&ids[..500])?;
    let folder = Folder::new();
    let export = ParquetExport::new().row_group_rows(8_000).compression(ParquetCompression::None);
    let files = export.write(&store.snapshot(), folder.path())?;
    assert_eq!((files.len(), files[0].rows), (1, 19_500));
    assert_eq!(files[0].bytes, fs::metadata(&files[0].path)?.len());

    let reader = SerializedFileReader::new(File::open(&files[0].path)?)?;
    let groups = reader.metadata().row_groups();
    let rows: Vec<i64> = groups.iter().map(|group| group.num_rows()).collect();
    assert_eq!(rows, [8_000, 8_000, 3_500]);
    let columns: Vec<&str> =
        groups[0].columns().iter().map(|column| column.column_descr().name()).collect();
    assert_eq!(columns, ["id", "number"]);
    let ranges: Vec<_> = groups
        .iter()
        .map(|group| match group.column(1).statistics() {
            Some(Statistics::Int32(range)) => (range.min_opt().copied(), range.max_opt().copied()),
            _ => (None, None),
        })
        .collect();
    let expected = [(500, 8_499), (8_500, 16_499), (16_500, 19_999)];
    assert_eq!(ranges, expected.map(|(least, most)| (Some(least), Some(most))));
    Ok(())
}

#[test]
fn frames_lie_in_folders_of_their_own_and_replace_themselves() -> Outcome {
    let mut store = store(3)?;
    let folder = Folder::new();
    for frame in [7, 42] {
        ParquetExport::new().frame(frame).write(&store.snapshot(), folder.path())?;
    }
    let both = ["schema=unit/frame=42/part.parquet", "schema=unit/frame=7/part.parquet"];
    assert_eq!(files_in(&folder)?, both);

    let ids: Vec<_> = store.ids().collect();
    store.despawn_batch(&ids)?;
    store.spawn_record("tower", record! { number: 1 })?;
    ParquetExport::new().frame(42).write(&store.snapshot(), folder.path())?;
    let expected = ["schema=tower/frame=42/part.parquet", "schema=unit/frame=7/part.parquet"];
    assert_eq!(files_in(&folder)?, expected, "a file of a schema without objects is removed");
    Ok(())
}

#[test]
fn schemas_with_any_name_have_files() -> Outcome {
    let mut store = Store::new();
    for name in ["../up", "Orc", "orc", "a b/ü"] {
        store.register_schema(Schema::builder(name).slot("x", Kind::U8).build()?)?;
        store.spawn_record(name, record! { x: 1 })?;
    }
    let folder = Folder::new();
    export_parquet(&store.snapshot(), folder.path())?;
    let expected = ["%2E%2E%2Fup", "%4Frc", "a%20b%2F%C3%BC", "orc"];
    assert_eq!(files_in(&folder)?, expected.map(|name| format!("schema={name}/part.parquet")));
    Ok(())
}

#[test]
fn a_failed_export_leaves_the_file_from_before() -> Outcome {
    let store = store(3)?;
    let folder = Folder::new();
    export_parquet(&store.clone().snapshot(), folder.path())?;
    // A folder in the place of the file cannot be replaced.
    let path = folder.path().join("schema=unit/part.parquet");
    fs::remove_file(&path)?;
    fs::create_dir_all(path.join("something"))?;
    let error = export_parquet(&store.clone().snapshot(), folder.path()).unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    assert!(error.to_string().contains("part.parquet: "), "{error}");
    assert!(path.join("something").exists());
    let left = fs::read_dir(folder.path().join("schema=unit"))?.count();
    assert_eq!(left, 1, "the temporary file is removed");
    Ok(())
}
