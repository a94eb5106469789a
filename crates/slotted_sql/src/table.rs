//! A schema's objects as a table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use slotted::{SchemaId, Snapshot};
use slotted_arrow::SchemaBatches;

use crate::scan::{Piece, SnapshotScan};

/// The fewest blocks for which another thread is worth its start.
const FEWEST_BLOCKS: usize = 4;

/// The living objects of a schema as a table of DataFusion.
///
/// Filters are evaluated block by block in the scan: the columns of a filter are read first, and the other columns of
/// blocks without a match are never made. `EXPLAIN` shows the filters, and `EXPLAIN ANALYZE` what was read: `blocks`,
/// `blocks_skipped`, and `columns_read`, the number of columns of single blocks.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use datafusion::prelude::SessionContext;
/// use slotted::{Kind, Schema, Store, record};
/// use slotted_sql::SnapshotTable;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
/// store.spawn_record("orc", record! { health: 80.0 })?;
/// let snapshot = store.snapshot();
///
/// let context = SessionContext::new();
/// let units = SnapshotTable::new(&snapshot, "unit").ok_or("no such schema")?;
/// context.register_table("units", Arc::new(units))?;
/// let only_units = SnapshotTable::exactly(&snapshot, "unit").ok_or("no such schema")?;
/// context.register_table("only_units", Arc::new(only_units))?;
///
/// assert_eq!(context.sql("SELECT health FROM units").await?.count().await?, 1);
/// assert_eq!(context.sql("SELECT health FROM only_units").await?.count().await?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SnapshotTable {
    name: Arc<str>,
    fields: SchemaRef,
    parts: Arc<[Part]>,
}

/// The objects of one schema.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) schema: Arc<str>,
    /// The objects of each column: those of a single column, so that each is made for itself. `None` for the schema's name.
    pub(crate) columns: Vec<Option<SchemaBatches>>,
    /// Rows without a column, for what is alive.
    pub(crate) rows: SchemaBatches,
}

impl SnapshotTable {
    /// Returns the table of a schema and of all that extend it. Returns `None` if the snapshot has no such schema.
    ///
    /// [`SnapshotTable`] has an example.
    #[must_use]
    pub fn new(snapshot: &Snapshot, schema: &str) -> Option<Self> {
        let tables: Vec<_> = snapshot.raw().tables().collect();
        let base = tables.iter().find(|table| table.schema().name() == schema)?.schema();
        // A base is registered before what extends it.
        let mut family: Vec<SchemaId> = vec![base.id()];
        let mut names = vec![base.name()];
        for table in &tables {
            let extends = |id: SchemaId| family.contains(&id);
            if table.schema().base().is_some_and(extends) {
                family.push(table.schema().id());
                names.push(table.schema().name());
            }
        }
        Self::of(snapshot, &names)
    }

    /// Returns the table of a schema alone. Returns `None` if the snapshot has no such schema.
    ///
    /// [`SnapshotTable`] has an example.
    #[must_use]
    pub fn exactly(snapshot: &Snapshot, schema: &str) -> Option<Self> {
        Self::of(snapshot, &[schema])
    }

    /// Returns the table of these schemas, with the slots of the first one, with which those of the others begin.
    fn of(snapshot: &Snapshot, names: &[&str]) -> Option<Self> {
        let own = SchemaBatches::new(snapshot, names.first()?)?.with_ids();
        let mut fields: Vec<_> = own.schema().fields().iter().cloned().collect();
        let is_slot = |name: &str| fields[1..].iter().any(|field| field.name() == name);
        let name = if is_slot("schema") { "slotted.schema" } else { "schema" };
        let word = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        fields.insert(1, Arc::new(Field::new(name, word, false)));
        let part = |schema: &&str| {
            let all = SchemaBatches::new(snapshot, schema)?.with_ids();
            let column = |column| all.clone().project(&[column]).ok();
            let mut columns: Vec<_> = (0..fields.len() - 1).map(column).collect();
            columns.insert(1, None);
            Some(Part { schema: (*schema).into(), columns, rows: all.project(&[]).ok()? })
        };
        let parts = names.iter().map(part).collect::<Option<Vec<_>>>()?;
        let fields = Arc::new(Schema::new(fields));
        Some(Self { name: (*names.first()?).into(), fields, parts: parts.into() })
    }

    /// Divides the blocks among threads.
    fn partitions(&self, most: usize) -> Vec<Vec<Piece>> {
        let blocks = self.parts.iter().enumerate();
        let blocks = blocks.flat_map(|(part, objects)| {
            (0..objects.rows.blocks()).map(move |block| Piece { part, block })
        });
        let blocks: Vec<Piece> = blocks.collect();
        let count = blocks.len().div_ceil(FEWEST_BLOCKS).clamp(1, most.max(1));
        let size = blocks.len().div_ceil(count).max(1);
        let mut partitions: Vec<_> = blocks.chunks(size).map(<[Piece]>::to_vec).collect();
        if partitions.is_empty() {
            partitions.push(Vec::new());
        }
        partitions
    }
}

/// Returns `true` if the filter gives the same answer for the same row, from the columns of the row alone.
fn is_of_row(filter: &Expr) -> bool {
    let is_of_elsewhere = filter.exists(|part| {
        Ok(matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
        ))
    });
    !filter.is_volatile() && is_of_elsewhere.is_ok_and(|found| !found)
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.fields)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match is_of_row(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.fields.fields().len()).collect(),
        };
        let fields = DFSchema::try_from(Arc::clone(&self.fields))?;
        let filters =
            filters.iter().map(|filter| state.create_physical_expr(filter.clone(), &fields));
        let filters = filters.collect::<Result<Vec<_>>>()?;
        let partitions = self.partitions(state.config().target_partitions());
        let (name, parts) = (Arc::clone(&self.name), Arc::clone(&self.parts));
        let scan =
            SnapshotScan::new(name, &self.fields, parts, partitions, columns, filters, limit)?;
        Ok(Arc::new(scan))
    }
}
