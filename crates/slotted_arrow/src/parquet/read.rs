//! Parquet files as sources of imports.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::parquet::scan;

/// The rows that are read at once.
const BATCH_ROWS: usize = 8192;

/// The reason why a Parquet file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is no Parquet file, is damaged, or has a compression that is not built in.
    #[error(transparent)]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The columns cannot be decoded.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The library for Parquet panicked: the file is damaged.
    #[error("the file is damaged: {message}")]
    Damaged {
        /// The message of the panic.
        message: String,
    },
    /// A page header is damaged.
    #[error("the header of a page is damaged")]
    Header,
    /// A column or a page does not lie within the file.
    #[error("a column or a page does not lie within the file")]
    Place,
    /// A page has another size than its header says.
    #[error("a page has {found} bytes or more, expected {expected}")]
    PageSize {
        /// The size in the header.
        expected: u64,
        /// The size found.
        found: u64,
    },
    /// A column's values are longer than those of any slot.
    #[error("a column has values of {length} bytes each, the most are {limit}")]
    ValueLength {
        /// The number of bytes.
        length: u64,
        /// The most bytes that a value has.
        limit: u64,
    },
    /// The size of values in this encoding is not known before they are read.
    #[error("the encoding {encoding} is not read; write the file with another one")]
    Encoding {
        /// The encoding's name.
        encoding: &'static str,
    },
    /// The file has other rows than its footer says.
    #[error("the file has {found} rows, its footer says {expected}")]
    Rows {
        /// The number in the footer.
        expected: usize,
        /// The number found.
        found: usize,
    },
}

/// A Parquet file whose rows can be read several times.
#[derive(Debug)]
pub(crate) struct ParquetSource {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    rows: usize,
}

impl ParquetSource {
    /// Opens a file and reads its footer.
    pub(crate) fn open(path: &Path) -> Result<Self, ParquetError> {
        let file = File::open(path)?;
        guarded(|| {
            // Texts are read as views: many rows then share one text of a dictionary.
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let metadata = ArrowReaderMetadata::load(&file, options.clone())?;
            let views = Schema::new(views(metadata.schema().fields()));
            let options = options.with_schema(Arc::new(views));
            let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?;
            let groups = metadata.metadata().row_groups().iter();
            let mut rows = groups.map(|group| usize::try_from(group.num_rows()));
            let rows = rows.try_fold(0_usize, |sum, rows| sum.checked_add(rows.ok()?));
            Ok(Self { path: path.to_owned(), metadata, rows: rows.ok_or(ParquetError::Place)? })
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the columns of the file.
    pub(crate) fn fields(&self) -> &Fields {
        self.metadata.schema().fields()
    }

    /// Returns the bytes that these columns take at most.
    pub(crate) fn decoded_bytes(&self, columns: &[usize], limit: u64) -> Result<u64, ParquetError> {
        let file = File::open(&self.path)?;
        guarded(|| scan::decoded_bytes(&file, self.metadata.metadata(), columns, limit))
    }

    /// Visits the rows, with these columns in the order of the file. Ends with an error if they are not as many as the footer
    /// says.
    pub(crate) fn visit<E: From<ParquetError>>(
        &self,
        columns: &[usize],
        mut visit: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = guarded(|| {
            let file = File::open(&self.path)?;
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            Ok(builder.with_batch_size(BATCH_ROWS).with_projection(mask).build()?)
        })?;
        let mut found = 0;
        while let Some(batch) = guarded(|| Ok(reader.next().transpose()?))? {
            found += batch.num_rows();
            if found > self.rows {
                break;
            }
            visit(&batch)?;
        }
        if found != self.rows {
            return Err(ParquetError::Rows { expected: self.rows, found }.into());
        }
        Ok(())
    }
}

/// Runs a part of the library for Parquet, which panics on some damaged files.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    // After a panic nothing of the reader is used again.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(ParquetError::Damaged { message: message.unwrap_or("unknown").to_owned() })
    })
}

/// Returns the fields with views instead of texts and bytes.
fn views(fields: &Fields) -> Vec<FieldRef> {
    fields.iter().map(view).collect()
}

fn view(field: &FieldRef) -> FieldRef {
    let viewed = |data_type| Arc::new(Field::clone(field).with_data_type(data_type));
    match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => viewed(DataType::Utf8View),
        DataType::Binary | DataType::LargeBinary => viewed(DataType::BinaryView),
        DataType::List(element) => viewed(DataType::List(view(element))),
        DataType::LargeList(element) => viewed(DataType::LargeList(view(element))),
        _ => Arc::clone(field),
    }
}
