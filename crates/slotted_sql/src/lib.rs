//! SQL for [`slotted`]: the living world as tables of [DataFusion](datafusion), recordings on a Ballista cluster.
//!
//! # The living world
//!
//! [`register_snapshot`] makes a table of each schema of a snapshot. Nothing is copied: columns share the blocks of the
//! snapshot, and the world goes on meanwhile.
//!
//! | table | objects |
//! |---|---|
//! | `unit` | those of the schema `unit` and of all that extend it, with the slots of `unit`, as the name of a schema means everywhere |
//! | `exactly.unit` | those of the schema `unit` alone |
//!
//! | column | values |
//! |---|---|
//! | `id` | the [bits](slotted::ObjectId::to_bits) of the object's id; references are such bits too, so `a.target = b.id` joins them |
//! | `schema` | the name of the object's own schema |
//! | each slot | its values, of the types of [`SchemaBatches`](slotted_arrow::SchemaBatches); dead objects are not in the table |
//!
//! If a slot is called `id` or `schema`, the column is called `slotted.id` or `slotted.schema`. SQL folds names to small
//! letters unless they are quoted: `SELECT "maxHealth" FROM "Unit"`.
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! use slotted::{Kind, Schema, Store, record};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut store = Store::new();
//! let unit = Schema::builder("unit").slot("health", Kind::F32).slot("target", Kind::Object).optional();
//! store.register_schema(unit.build()?)?;
//! let ada = store.spawn_record("unit", record! { health: 80.0 })?;
//! store.spawn_record("unit", record! { health: 5.0, target: ada })?;
//!
//! let context = SessionContext::new();
//! slotted_sql::register_snapshot(&context, &store.snapshot())?;
//! let rows = context
//!     .sql("SELECT b.health FROM unit a JOIN unit b ON a.target = b.id WHERE a.health < 10")
//!     .await?
//!     .collect()
//!     .await?;
//! assert_eq!(rows[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Recordings
//!
//! [`register_export`] makes a table of each schema of a folder that
//! [`ParquetExport`](slotted_arrow::parquet::ParquetExport) wrote, with a column `frame` if it was written with frames.
//! [`cluster`] runs the same queries on several machines.

#[cfg(feature = "cluster")]
pub mod cluster;
mod export;
mod register;
mod scan;
mod table;

pub use export::register_export;
pub use register::register_snapshot;
pub use scan::SnapshotScan;
pub use table::SnapshotTable;
