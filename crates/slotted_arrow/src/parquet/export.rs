//! Export of a snapshot to Parquet files.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use slotted::Snapshot;
use slotted::error::UnknownSchema;
use slotted::memory::BLOCK_ROWS;
use slotted::schema::{Suggestion, nearest_name};

use crate::SchemaBatches;
use crate::parquet::{file, names};

/// The rows of a group, unless another number is set: 16 blocks.
const GROUP_ROWS: usize = 16 * BLOCK_ROWS;

/// The rows that the writer takes at once.
const WRITE_ROWS: usize = BLOCK_ROWS;

/// Writes the living objects of a snapshot to Parquet files, one for each schema.
///
/// The files lie in folders that say what they hold, which DuckDB, Polars and DataFusion read as columns `schema` and `frame`:
///
/// ```text
/// folder/schema=unit/part.parquet
/// folder/schema=unit/frame=42/part.parquet   (with a frame)
/// ```
///
/// The first column, `id`, has the [bits](slotted::ObjectId::to_bits) of the objects' ids, and references are such bits too,
/// so that they can be joined. Each group of rows has statistics, which readers use to skip groups. Columns have the
/// types of [`SchemaBatches`].
///
/// One group of rows is in memory at a time. Each file is written under another name, synced and renamed, so
/// that a file is never half written. A schema without living objects has no file: one from an export before is removed.
/// Files of other schemas and frames stay.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_arrow::parquet::ParquetExport;
/// # let folder = std::env::temp_dir().join(format!("slotted_export_{}", std::process::id()));
///
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.register_schema(Schema::builder("tower").build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
///
/// for frame in 0..2 {
///     let files = ParquetExport::new().frame(frame).write(&store.snapshot(), &folder)?;
///     assert_eq!(files.len(), 1, "no tower is alive");
///     assert_eq!((&*files[0].schema, files[0].rows), ("unit", 1));
/// }
/// assert!(folder.join("schema=unit/frame=1/part.parquet").exists());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParquetExport {
    schemas: Option<Vec<String>>,
    frame: Option<u64>,
    compression: ParquetCompression,
    group_rows: usize,
}

/// The compression of a Parquet file's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParquetCompression {
    /// No compression beyond dictionaries and run lengths.
    None,
    /// Fast, and every reader knows it.
    #[default]
    Snappy,
    /// Fast.
    #[cfg(feature = "lz4")]
    Lz4,
    /// Smaller and slower.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// A file that an export wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// The schema's name.
    pub schema: Arc<str>,
    /// The place of the file.
    pub path: PathBuf,
    /// The number of objects.
    pub rows: usize,
    /// The size of the file.
    pub bytes: u64,
}

/// The reason why an export failed. Files of the schemas before are written, and none is half written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The snapshot has no schema of this name.
    #[error(transparent)]
    UnknownSchema(#[from] UnknownSchema),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// Arrow or its Parquet writer refuses the columns.
    #[error("cannot write {}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The error of the writer.
        source: ParquetError,
    },
}

impl Default for ParquetExport {
    fn default() -> Self {
        Self::new()
    }
}

impl ParquetExport {
    /// Creates an export of all schemas.
    ///
    /// [`ParquetExport`] has an example.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            schemas: None,
            frame: None,
            compression: ParquetCompression::Snappy,
            group_rows: GROUP_ROWS,
        }
    }

    /// Exports these schemas alone. Objects of schemas that extend them are not included.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store};
    /// # use slotted_arrow::parquet::ParquetExport;
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").build()?)?;
    /// let export = ParquetExport::new().schemas(["unti"]);
    /// let error = export.write(&store.snapshot(), "folder").unwrap_err();
    /// assert_eq!(error.to_string(), "no schema 'unti' is registered; did you mean 'unit'?");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn schemas<N: Into<String>>(self, schemas: impl IntoIterator<Item = N>) -> Self {
        Self { schemas: Some(schemas.into_iter().map(Into::into).collect()), ..self }
    }

    /// Puts the files into a folder of this frame, for recordings of a run.
    ///
    /// [`ParquetExport`] has an example.
    #[must_use]
    pub fn frame(self, frame: u64) -> Self {
        Self { frame: Some(frame), ..self }
    }

    /// Compresses the columns in this way. The default is [`ParquetCompression::Snappy`].
    ///
    /// # Example
    /// ```
    /// use slotted_arrow::parquet::{ParquetCompression, ParquetExport};
    /// let export = ParquetExport::new().compression(ParquetCompression::None);
    /// # let _ = export;
    /// ```
    #[must_use]
    pub fn compression(self, compression: ParquetCompression) -> Self {
        Self { compression, ..self }
    }

    /// Sets the number of rows of a group, at least 1. The default is 131,072, as many as 16 blocks.
    ///
    /// Readers skip whole groups by their statistics, and read groups on several threads.
    ///
    /// # Example
    /// ```
    /// let export = slotted_arrow::parquet::ParquetExport::new().row_group_rows(10_000);
    /// # let _ = export;
    /// ```
    #[must_use]
    pub fn row_group_rows(self, rows: usize) -> Self {
        Self { group_rows: rows.max(1), ..self }
    }

    /// Writes the files, and returns them in the order of the schemas.
    ///
    /// # Errors
    /// Returns an error if a schema is unknown, in which case nothing is written, or if a file cannot be written.
    ///
    /// [`ParquetExport`] has an example.
    pub fn write(
        &self,
        snapshot: &Snapshot,
        folder: impl AsRef<Path>,
    ) -> Result<Vec<ExportedFile>, ExportError> {
        let names: Vec<Arc<str>> =
            snapshot.raw().tables().map(|table| Arc::clone(table.schema().shared_name())).collect();
        for wanted in self.schemas.iter().flatten() {
            if !names.iter().any(|name| **name == **wanted) {
                return Err(unknown_schema(wanted, names).into());
            }
        }
        let is_wanted = |name: &str| {
            self.schemas.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == name))
        };
        let folders = names::folders(names.iter().map(|name| &**name));
        let mut files = Vec::new();
        for (schema, own_folder) in names.iter().zip(folders).filter(|(name, _)| is_wanted(name)) {
            let mut path = folder.as_ref().join(own_folder);
            if let Some(frame) = self.frame {
                path.push(format!("frame={frame}"));
            }
            path.push("part.parquet");
            let Some(batches) = SchemaBatches::new(snapshot, schema) else { continue };
            if batches.is_empty() {
                file::remove(&path).map_err(|source| ExportError::Io { path, source })?;
                continue;
            }
            let rows = batches.len();
            let written = file::replace(&path, |file| self.write_file(&batches.with_ids(), file));
            let bytes = written.map_err(|failure| failure.in_file(&path))?;
            files.push(ExportedFile { schema: Arc::clone(schema), path, rows, bytes });
        }
        Ok(files)
    }

    /// Writes one file, and returns its size.
    fn write_file(
        &self,
        batches: &SchemaBatches,
        file: &mut BufWriter<File>,
    ) -> Result<u64, Failure> {
        let properties = WriterProperties::builder()
            .set_compression(self.compression.of_parquet())
            .set_max_row_group_row_count(Some(self.group_rows))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_write_batch_size(WRITE_ROWS)
            .set_created_by(concat!("slotted_arrow ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let mut writer =
            ArrowWriter::try_new(&mut *file, Arc::clone(batches.schema()), Some(properties))?;
        for batch in living(batches) {
            writer.write(&batch?)?;
        }
        writer.finish()?;
        Ok(writer.bytes_written() as u64)
    }
}

/// Iterates over the living rows, block by block.
fn living(batches: &SchemaBatches) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> + '_ {
    batches.batches(0..batches.blocks()).enumerate().map(|(block, batch)| {
        let batch = batch?;
        match batches.living(block) {
            Some(living) => filter_record_batch(&batch, &living),
            None => Ok(batch),
        }
    })
}

/// An error of one file.
enum Failure {
    Io(io::Error),
    Parquet(ParquetError),
}

impl Failure {
    fn in_file(self, path: &Path) -> ExportError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => ExportError::Io { path, source },
            Self::Parquet(source) => ExportError::Parquet { path, source },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        // The writer wraps errors of the file.
        match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(source) => Self::Parquet(ParquetError::External(source)),
            },
            error => Self::Parquet(error),
        }
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Parquet(error.into())
    }
}

fn unknown_schema(schema: &str, names: Vec<Arc<str>>) -> UnknownSchema {
    let wanted = schema.to_owned();
    let suggestion = Suggestion::search(move || nearest_name(&wanted, &names));
    UnknownSchema { schema: schema.into(), suggestion }
}

impl ParquetCompression {
    fn of_parquet(self) -> Compression {
        match self {
            Self::None => Compression::UNCOMPRESSED,
            Self::Snappy => Compression::SNAPPY,
            #[cfg(feature = "lz4")]
            Self::Lz4 => Compression::LZ4_RAW,
            #[cfg(feature = "zstd")]
            Self::Zstd => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        }
    }
}

/// Writes the living objects of all schemas to Parquet files in a folder, one for each schema.
///
/// [`ParquetExport`] has options and says how the files are called.
///
/// # Errors
/// Returns an error if a file cannot be written.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// # let folder = std::env::temp_dir().join(format!("slotted_export_all_{}", std::process::id()));
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
/// slotted_arrow::parquet::export_parquet(&store.snapshot(), &folder)?;
/// assert!(folder.join("schema=unit/part.parquet").exists());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export_parquet(
    snapshot: &Snapshot,
    folder: impl AsRef<Path>,
) -> Result<Vec<ExportedFile>, ExportError> {
    ParquetExport::new().write(snapshot, folder)
}
