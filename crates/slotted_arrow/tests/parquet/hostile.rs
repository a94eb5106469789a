//! Damaged and hostile Parquet files: errors, never a panic, and the store is unchanged.

use std::fs::{self, File};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt32Array};
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{Kind, Schema, Store};
use slotted_arrow::import::{Import, ImportError, ImportLimits, import_parquet};
use slotted_arrow::parquet::ParquetExport;

use crate::worlds::{Folder, Outcome, empty_world, world};

/// Imports a file with these bytes. Returns `true` if it was accepted.
fn accepts(
    folder: &Folder,
    bytes: &[u8],
    started: Instant,
) -> Result<bool, Box<dyn std::error::Error>> {
    let path = folder.path().join("damaged.parquet");
    fs::write(&path, bytes)?;
    let mut store = empty_world()?;
    let before = store.state_hash();
    let limits = ImportLimits { rows: 10_000, decoded_bytes: 1 << 24, ..ImportLimits::default() };
    let import = Import::new().parquet("unit", &path).limits(limits).ignore_unknown_columns();
    let result = import.unset_unknown_references().run(&mut store);
    if let Err(error) = &result {
        assert!(!error.to_string().is_empty());
        assert_eq!(store.state_hash(), before);
    }
    assert!(started.elapsed() < Duration::from_secs(300), "an import hangs");
    Ok(result.is_ok())
}

#[test]
fn damaged_files_are_errors() -> Outcome {
    let folder = Folder::new();
    let file =
        &ParquetExport::new().row_group_rows(7).write(&world(5, 20)?.snapshot(), folder.path())?[0];
    let bytes = fs::read(&file.path)?;
    let started = Instant::now();
    assert!(accepts(&folder, &bytes, started)?);
    let mut random = StdRng::seed_from_u64(6);
    let mut accepted = 0;
    for _ in 0..300 {
        let mut bytes = bytes.clone();
        for _ in 0..random.random_range(1..4) {
            // Half of the changes hit the footer, which says where everything is.
            let from = if random.random_bool(0.5) { 0 } else { bytes.len() * 3 / 4 };
            let place = random.random_range(from..bytes.len());
            bytes[place] = random.random();
        }
        if random.random_bool(0.1) {
            bytes.truncate(random.random_range(0..bytes.len()));
        }
        accepted += usize::from(accepts(&folder, &bytes, started)?);
    }
    assert!((1..300).contains(&accepted), "{accepted} of 300 files were accepted");
    Ok(())
}

fn items() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let item = Schema::builder("item").slot("name", Kind::Text).slot("number", Kind::U32);
    store.register_schema(item.build()?)?;
    Ok(store)
}

fn write(
    folder: &Folder,
    names: StringArray,
    properties: WriterProperties,
) -> Result<std::path::PathBuf, Box<dyn std::error::Error>> {
    fs::create_dir_all(folder.path())?;
    let path = folder.path().join("items.parquet");
    let numbers = Arc::new(UInt32Array::from(vec![7; arrow_array::Array::len(&names)])) as ArrayRef;
    let batch =
        RecordBatch::try_from_iter([("name", Arc::new(names) as ArrayRef), ("number", numbers)])?;
    let mut writer = ArrowWriter::try_new(File::create(&path)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(path)
}

#[test]
fn a_small_file_of_many_rows_is_refused_before_it_takes_memory() -> Outcome {
    let folder = Folder::new();
    let name = "x".repeat(10_000);
    let names = StringArray::from_iter_values(std::iter::repeat_n(&name, 200_000));
    let path = write(&folder, names, WriterProperties::builder().build())?;
    assert!(fs::metadata(&path)?.len() < 50_000, "all rows share one text");

    let mut store = items()?;
    let limits = ImportLimits { rows: 100_000, ..ImportLimits::default() };
    let error = Import::new().parquet("item", &path).limits(limits).run(&mut store).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with(
            "items.parquet: 200000 rows exceed the limit of 100000; raise 'ImportLimits::rows'"
        ),
        "{message}"
    );

    let limits = ImportLimits { decoded_bytes: 1_000_000, ..ImportLimits::default() };
    let error = Import::new().parquet("item", &path).limits(limits).run(&mut store).unwrap_err();
    let is_limit =
        matches!(&error, ImportError::Limit { what, .. } if what == "bytes of decoded columns");
    assert!(is_limit, "{error}");
    assert_eq!(store.len(), 0);
    Ok(())
}

#[test]
fn many_rows_of_one_long_text_share_it() -> Outcome {
    let folder = Folder::new();
    let name = "x".repeat(100_000);
    let names = StringArray::from_iter_values(std::iter::repeat_n(&name, 2_000));
    let path = write(&folder, names, WriterProperties::builder().build())?;
    let mut store = items()?;
    // 2,000 copies of the text would be 200 MB.
    let limits = ImportLimits { decoded_bytes: 10_000_000, ..ImportLimits::default() };
    let ids = Import::new().parquet("item", &path).limits(limits).run(&mut store)?;
    assert_eq!((ids.len(), store.get_value(ids[1_999], "name")?), (2_000, name.into()));
    Ok(())
}

#[test]
fn an_encoding_of_unknown_size_is_refused() -> Outcome {
    let folder = Folder::new();
    let names = StringArray::from(vec!["Ada", "Adam", "Adamant"]);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_column_encoding("name".into(), Encoding::DELTA_BYTE_ARRAY)
        .build();
    let path = write(&folder, names, properties)?;
    let error = import_parquet(&mut items()?, "item", &path).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "the encoding DELTA_BYTE_ARRAY is not read; write the file with another one"
        ),
        "{error}"
    );
    Ok(())
}

#[test]
fn other_files_are_errors_that_name_them() -> Outcome {
    let folder = Folder::new();
    fs::create_dir_all(folder.path())?;
    let path = folder.path().join("save.parquet");
    let mut store = items()?;
    let error = import_parquet(&mut store, "item", &path).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("save.parquet: "), "{error}");
    fs::write(&path, b"PK\x03\x04 this is no Parquet file")?;
    let error = import_parquet(&mut store, "item", &path).unwrap_err().to_string();
    assert!(error.contains("save.parquet: "), "{error}");
    Ok(())
}
