//! Export to Parquet, import of Parquet and of record batches.

mod by_columns;
mod columns;
mod export;
mod hostile;
mod refused;
mod round_trip;
mod worlds;
