//! Exports to Parquet as tables.

use std::io;
use std::path::Path;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, TableReference, plan_err};
use datafusion::prelude::{ParquetReadOptions, SessionContext};

/// Makes a table of each schema of a folder that [`ParquetExport`](slotted_arrow::parquet::ParquetExport) wrote, and returns
/// their names.
///
/// If files were written with frames, the tables have a column `frame`. Filters on it choose the files that are read.
///
/// The context may be one of a [cluster](crate::cluster::connect). Then each machine must see the folder at the same path.
///
/// # Errors
/// Returns an error if the folder has no such files, or if they cannot be read.
///
/// # Example
/// ```
/// use datafusion::prelude::SessionContext;
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_arrow::parquet::ParquetExport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// for frame in 0..3 {
///     store.spawn_record("unit", record! { health: 80.0 })?;
///     ParquetExport::new().frame(frame).write(&store.snapshot(), folder)?;
/// }
/// let context = SessionContext::new();
/// assert_eq!(slotted_sql::register_export(&context, folder).await?, ["unit"]);
/// let rows = context.sql("SELECT frame FROM unit WHERE frame >= 1").await?;
/// assert_eq!(rows.count().await?, 2 + 3);
/// # Ok(())
/// # }
/// ```
pub async fn register_export(
    context: &SessionContext,
    folder: impl AsRef<Path>,
) -> Result<Vec<String>> {
    let folder = folder.as_ref();
    let in_folder = |error: io::Error| {
        let message = format!("cannot read {}: {error}", folder.display());
        DataFusionError::IoError(io::Error::new(error.kind(), message))
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(in_folder)? {
        let path = entry.map_err(in_folder)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(name) = name.strip_prefix("schema=") else { continue };
        let name = unescaped(name);
        let has_frames = std::fs::read_dir(&path).map_err(in_folder)?.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("frame="))
        });
        let mut options = ParquetReadOptions::default().parquet_pruning(true);
        if has_frames {
            options.table_partition_cols.push(("frame".to_owned(), DataType::UInt64));
        }
        let Some(path) = path.to_str() else {
            return plan_err!("the path {} is not Unicode", path.display());
        };
        // A folder's path ends in a slash, otherwise it is taken for a file.
        let reference = TableReference::bare(name.as_str());
        context.register_parquet(reference, format!("{path}/"), options).await?;
        names.push(name);
    }
    names.sort();
    if names.is_empty() {
        return plan_err!("{} has no folders `schema=..` of an export", folder.display());
    }
    Ok(names)
}

/// Returns the name of a schema from that of its folder, in which some bytes are written as `%2F`.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, left @ ..] = rest {
        let escaped = match left {
            [high, low, ..] if *first == b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low))
            }
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &left[2..];
            }
            None => {
                bytes.push(*first);
                rest = left;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escaped_names_are_restored() {
        for (folder, name) in [
            ("unit", "unit"),
            ("%4Frc", "Orc"),
            ("gr%C3%B6%C3%9Fe", "größe"),
            ("50%", "50%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(unescaped(folder), name);
        }
    }
}
