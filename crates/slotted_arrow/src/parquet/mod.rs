//! Export to Parquet files, which DuckDB, Polars, DataFusion and pandas read, and their partitions with them.
//!
//! [`ParquetExport`] writes; [`Import`](crate::import::Import) reads.

mod export;
mod file;
mod names;
mod read;
mod scan;

pub use export::{ExportError, ExportedFile, ParquetCompression, ParquetExport, export_parquet};
pub use names::file_names;
pub use read::ParquetError;
pub(crate) use read::ParquetSource;
