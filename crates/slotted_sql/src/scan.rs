//! The scan of a table, block by block.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch,
    RecordBatchOptions, StringArray,
};
use datafusion::arrow::compute::{and, filter_record_batch, prep_null_mask_filter};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    apply_expression_roots,
};
use futures::stream;

use crate::table::Part;

/// The physical plan of a scan of a [`SnapshotTable`](crate::SnapshotTable).
///
/// Its metrics count what was read: `blocks`, `blocks_skipped` (none of their rows match), and `columns_read`, the
/// number of columns of single blocks that were made.
#[derive(Clone, Debug)]
pub struct SnapshotScan {
    name: Arc<str>,
    parts: Arc<[Part]>,
    partitions: Arc<[Vec<Piece>]>,
    /// The positions in the table of the columns that come out.
    columns: Arc<[usize]>,
    filters: Arc<[Filter]>,
    /// The filters as the plan shows them.
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// One block of one part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) part: usize,
    pub(crate) block: usize,
}

/// A condition, and the columns that it is about.
#[derive(Debug)]
struct Filter {
    /// Numbers its columns as in `columns`.
    condition: Arc<dyn PhysicalExpr>,
    columns: Vec<usize>,
    fields: SchemaRef,
}

impl Filter {
    fn new(condition: &Arc<dyn PhysicalExpr>, table: &Schema) -> Result<Self> {
        let mut columns: Vec<usize> =
            collect_columns(condition).iter().map(|column| column.index()).collect();
        columns.sort_unstable();
        let fields = Arc::new(table.project(&columns)?);
        let condition = reassign_expr_columns(Arc::clone(condition), &fields)?;
        Ok(Self { condition, columns, fields })
    }
}

impl SnapshotScan {
    pub(crate) fn new(
        name: Arc<str>,
        table: &Schema,
        parts: Arc<[Part]>,
        partitions: Vec<Vec<Piece>>,
        columns: Vec<usize>,
        expressions: Vec<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
    ) -> Result<Self> {
        let fields = Arc::new(table.project(&columns)?);
        let filters = expressions.iter().map(|condition| Filter::new(condition, table));
        let filters = filters.collect::<Result<Vec<_>>>()?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(fields),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            name,
            parts,
            partitions: partitions.into(),
            columns: columns.into(),
            filters: filters.into(),
            expressions,
            limit,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// Returns the number of living rows of some blocks.
    fn living_rows(&self, pieces: &[Piece]) -> usize {
        let living = |piece: &Piece| {
            let rows = &self.parts[piece.part].rows;
            match rows.living(piece.block) {
                Some(living) => living.true_count(),
                None => rows.batch(piece.block).map_or(0, |batch| batch.num_rows()),
            }
        };
        pieces.iter().map(living).sum()
    }
}

impl DisplayAs for SnapshotScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.properties.eq_properties.schema().fields().iter();
        let columns: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
        let blocks: usize = self.partitions.iter().map(Vec::len).sum();
        write!(f, "SnapshotScan: table={}, columns=[{}]", self.name, columns.join(", "))?;
        if !self.expressions.is_empty() {
            let filters: Vec<String> = self.expressions.iter().map(ToString::to_string).collect();
            write!(f, ", filters=[{}]", filters.join(", "))?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        write!(f, ", blocks={blocks}, partitions={}", self.partitions.len())
    }
}

impl ExecutionPlan for SnapshotScan {
    fn name(&self) -> &'static str {
        "SnapshotScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(&self.expressions, visit)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            return Ok(self);
        }
        internal_err!("a scan of a snapshot has no children")
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(pieces) = self.partitions.get(partition) else {
            return internal_err!("partition {partition} is beyond the last one");
        };
        let counter = |name| MetricBuilder::new(&self.metrics).counter(name, partition);
        let fields = Arc::clone(self.properties.eq_properties.schema());
        let mut reader = Reader {
            parts: Arc::clone(&self.parts),
            columns: Arc::clone(&self.columns),
            filters: Arc::clone(&self.filters),
            fields: Arc::clone(&fields),
            left: self.limit.unwrap_or(usize::MAX),
            blocks: counter("blocks"),
            skipped: counter("blocks_skipped"),
            read: counter("columns_read"),
            baseline: BaselineMetrics::new(&self.metrics, partition),
        };
        let pieces = pieces.clone().into_iter();
        let batches = pieces.filter_map(move |piece| reader.next_of(piece).transpose());
        let stream = RecordBatchStreamAdapter::new(fields, stream::iter(batches));
        Ok(Box::pin(cooperative(stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(self.properties.eq_properties.schema());
        let rows = match partition {
            Some(partition) => {
                self.partitions.get(partition).map_or(0, |own| self.living_rows(own))
            }
            None => self.partitions.iter().map(|own| self.living_rows(own)).sum(),
        };
        let is_all = self.filters.is_empty() && self.limit.is_none();
        statistics.num_rows = match is_all {
            true => Precision::Exact(rows),
            false => Precision::Inexact(rows),
        };
        Ok(Arc::new(statistics))
    }
}

/// Reads the blocks of one partition.
struct Reader {
    parts: Arc<[Part]>,
    columns: Arc<[usize]>,
    filters: Arc<[Filter]>,
    fields: SchemaRef,
    /// The number of rows that are still wanted.
    left: usize,
    blocks: Count,
    skipped: Count,
    read: Count,
    baseline: BaselineMetrics,
}

impl Reader {
    /// Returns the rows of a block that match, or `None` if there are none.
    fn next_of(&mut self, piece: Piece) -> Result<Option<RecordBatch>> {
        if self.left == 0 {
            return Ok(None);
        }
        let timer = self.baseline.elapsed_compute().clone();
        let _timer = timer.timer();
        self.blocks.add(1);
        let parts = Arc::clone(&self.parts);
        let mut block = Block {
            part: &parts[piece.part],
            block: piece.block,
            rows: 0,
            arrays: Vec::new(),
            read: &self.read,
        };
        block.rows = block.part.rows.batch(piece.block)?.num_rows();
        let Some(matches) = block.matches(&self.filters)? else {
            self.skipped.add(1);
            return Ok(None);
        };
        let arrays = self.columns.iter().map(|column| block.array(*column));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(block.rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.fields), arrays, &options)?;
        let mut batch = match matches {
            Matches::All => batch,
            Matches::Some(rows) => filter_record_batch(&batch, &rows)?,
        };
        if batch.num_rows() > self.left {
            batch = batch.slice(0, self.left);
        }
        self.left -= batch.num_rows();
        self.baseline.record_output(batch.num_rows());
        Ok(Some(batch))
    }
}

/// The rows of a block that match.
enum Matches {
    All,
    Some(BooleanArray),
}

/// A block whose columns are made when they are needed.
struct Block<'r> {
    part: &'r Part,
    block: usize,
    rows: usize,
    /// The columns that were made, with their positions in the table.
    arrays: Vec<(usize, ArrayRef)>,
    read: &'r Count,
}

impl Block<'_> {
    fn array(&mut self, column: usize) -> Result<ArrayRef> {
        if let Some((_, array)) = self.arrays.iter().find(|(known, _)| *known == column) {
            return Ok(Arc::clone(array));
        }
        let array = match &self.part.columns[column] {
            Some(batches) => {
                self.read.add(1);
                Arc::clone(batches.batch(self.block)?.column(0))
            }
            None => {
                let word = Arc::new(StringArray::from(vec![&*self.part.schema]));
                let keys = Int32Array::from(vec![0; self.rows]);
                Arc::new(DictionaryArray::try_new(keys, word)?)
            }
        };
        self.arrays.push((column, Arc::clone(&array)));
        Ok(array)
    }

    /// Returns the living rows that match all filters, or `None` if no row does. Reads no column beyond that.
    fn matches(&mut self, filters: &[Filter]) -> Result<Option<Matches>> {
        let mut rows = self.part.rows.living(self.block);
        if rows.as_ref().is_some_and(|rows| rows.true_count() == 0) || self.rows == 0 {
            return Ok(None);
        }
        for filter in filters {
            let arrays = filter.columns.iter().map(|column| self.array(*column));
            let arrays = arrays.collect::<Result<Vec<_>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
            let fields = Arc::clone(&filter.fields);
            let batch = RecordBatch::try_new_with_options(fields, arrays, &options)?;
            let found = filter.condition.evaluate(&batch)?.into_array(self.rows)?;
            let Some(found) = found.as_boolean_opt() else {
                return Err(internal_datafusion_err!("a filter is no condition"));
            };
            // A condition without an answer is no match.
            let found = match found.null_count() {
                0 => found.clone(),
                _ => prep_null_mask_filter(found),
            };
            let found = match rows {
                Some(rows) => and(&rows, &found)?,
                None => found,
            };
            if found.true_count() == 0 {
                return Ok(None);
            }
            rows = Some(found);
        }
        let matches = rows.filter(|rows| rows.true_count() < self.rows);
        Ok(Some(matches.map_or(Matches::All, Matches::Some)))
    }
}
