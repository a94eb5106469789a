//! Record batches: the objects of a schema for Arrow's tools, without a copy of their columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use slotted::memory::BLOCK_ROWS;
use slotted::raw::RawTable;
use slotted::{SchemaId, Snapshot};

use crate::columns::{Columns, Dictionaries, nulls};
use crate::fields::{field, id_column};

/// The objects of one schema as Arrow record batches, one for each block of rows.
///
/// Columns whose memory Arrow has in the same form are shared with the snapshot, not copied: numbers, vectors, arrays,
/// references, plain-memory types, enums, and texts unless they are many. `bool`s are packed, and lists are copied.
///
/// | kind | Arrow type |
/// |---|---|
/// | `bool` | boolean |
/// | numbers | the same number |
/// | vectors, quaternions, matrices, arrays | fixed-size list of numbers |
/// | `text` | dictionary of texts |
/// | `any` | dictionary of texts: each value as JSON |
/// | enum | dictionary of the variants' names |
/// | `object` | `uint64`, the [bits](slotted::ObjectId::to_bits) of the id |
/// | plain-memory type | fixed-size binary |
/// | list | list of one of the above |
///
/// Objects of schemas that extend this one are not included.
///
/// # Example
/// ```
/// use arrow_array::cast::AsArray;
/// use arrow_array::types::Float32Type;
/// use slotted::{Slotted, Store, Text};
/// use slotted_arrow::SchemaBatches;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32, name: Text }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let name = store.intern_text("Ada")?;
/// let ids: Vec<_> =
///     store.spawn_batch([1.5, 2.5].map(|health| Unit { health, name }))?.collect();
/// store.despawn(ids[0])?;
///
/// let batches = SchemaBatches::new(&store.snapshot(), "unit").ok_or("no such schema")?;
/// let batch = batches.batch(0)?;
/// assert_eq!(batch.num_rows(), 2, "dead rows are null");
/// assert!(batch.column(0).is_null(0));
/// assert_eq!(batch.column(0).as_primitive::<Float32Type>().value(1), 2.5);
///
/// let batch = batches.with_ids().living_batch(0)?;
/// assert_eq!((batch.num_rows(), batch.schema().field(0).name().as_str()), (1, "id"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SchemaBatches {
    snapshot: Snapshot,
    schema: SchemaId,
    fields: SchemaRef,
    /// The slot of each column; `None` for ids.
    columns: Vec<Option<usize>>,
    dictionaries: Dictionaries,
}

impl SchemaBatches {
    /// Returns the batches of a schema, with a column for each slot. Returns `None` if the snapshot has no such schema.
    ///
    /// [`SchemaBatches`] has an example.
    #[must_use]
    pub fn new(snapshot: &Snapshot, schema: &str) -> Option<Self> {
        let table = snapshot.raw().table_of(schema)?;
        let slots = table.schema().slots();
        let fields = Arc::new(Schema::new(slots.iter().map(field).collect::<Vec<_>>()));
        let columns = (0..slots.len()).map(Some).collect();
        let (schema, dictionaries) = (table.schema().id(), Dictionaries::new(slots.len()));
        Some(Self { snapshot: snapshot.clone(), schema, fields, columns, dictionaries })
    }

    /// Adds a first column `id` with the ids of objects, so that references can be joined. Dead rows have null.
    ///
    /// The column is called `slotted.id` if the schema has a slot `id`.
    ///
    /// [`SchemaBatches`] has an example.
    #[must_use]
    pub fn with_ids(self) -> Self {
        let names = self.fields.fields().iter().map(|field| field.name().as_str());
        let id = Arc::new(Field::new(id_column(names), DataType::UInt64, true));
        let fields: Vec<_> =
            std::iter::once(id).chain(self.fields.fields().iter().cloned()).collect();
        let columns = std::iter::once(None).chain(self.columns.iter().copied()).collect();
        Self { fields: Arc::new(Schema::new(fields)), columns, ..self }
    }

    /// Keeps the columns at these positions, in this order.
    ///
    /// # Errors
    /// Returns an error if a position is beyond the last column.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store};
    /// # use slotted_arrow::SchemaBatches;
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text);
    /// store.register_schema(unit.build()?)?;
    /// let batches = SchemaBatches::new(&store.snapshot(), "unit").ok_or("no such schema")?;
    /// let names = batches.project(&[1])?;
    /// assert_eq!(names.schema().field(0).name(), "name");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn project(self, columns: &[usize]) -> Result<Self, ArrowError> {
        let fields = Arc::new(self.fields.project(columns)?);
        let columns = columns.iter().map(|column| self.columns[*column]).collect();
        Ok(Self { fields, columns, ..self })
    }

    /// Returns the Arrow schema of the batches.
    ///
    /// [`project`](Self::project) has an example.
    #[must_use]
    pub const fn schema(&self) -> &SchemaRef {
        &self.fields
    }

    /// Returns the number of batches.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store, record};
    /// # use slotted_arrow::SchemaBatches;
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 10_000])?;
    /// let batches = SchemaBatches::new(&store.snapshot(), "tile").ok_or("no such schema")?;
    /// assert_eq!((batches.blocks(), batches.len()), (2, 10_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.table().map_or(0, RawTable::blocks)
    }

    /// Returns the number of living objects.
    ///
    /// [`blocks`](Self::blocks) has an example.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().map_or(0, RawTable::len)
    }

    /// Returns `true` if no object of the schema is alive.
    ///
    /// [`blocks`](Self::blocks) has an example of objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn table(&self) -> Option<RawTable<'_>> {
        self.snapshot.raw().table(self.schema)
    }

    /// Returns the rows of one block. Dead rows are null in every column.
    ///
    /// # Errors
    /// Returns an error if Arrow refuses the columns, such as a block beyond the last one.
    ///
    /// [`SchemaBatches`] has an example.
    pub fn batch(&self, block: usize) -> Result<RecordBatch, ArrowError> {
        self.batches(block..block.saturating_add(1)).next().unwrap_or_else(|| Err(no_block(block)))
    }

    /// Iterates over the rows of these blocks.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store, record};
    /// # use slotted_arrow::SchemaBatches;
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 10_000])?;
    /// let batches = SchemaBatches::new(&store.snapshot(), "tile").ok_or("no such schema")?;
    /// let rows = batches.batches(0..batches.blocks()).map(|batch| Ok(batch?.num_rows()));
    /// assert_eq!(rows.sum::<Result<usize, arrow_schema::ArrowError>>()?, 10_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batches(
        &self,
        blocks: std::ops::Range<usize>,
    ) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
        let columns = self.shared_columns();
        blocks.filter_map(move |block| {
            let columns = columns.as_ref()?;
            (block < columns.table.blocks()).then(|| self.batch_of(columns, block))
        })
    }

    fn shared_columns(&self) -> Option<Columns<'_>> {
        let raw = self.snapshot.raw();
        Some(Columns::shared(raw, raw.table(self.schema)?, self.dictionaries.clone()))
    }

    fn batch_of(&self, columns: &Columns<'_>, block: usize) -> Result<RecordBatch, ArrowError> {
        let rows = columns.table.rows(block).ok_or_else(|| no_block(block))?;
        let array = |column: &Option<usize>| match column {
            Some(slot) => columns.array(*slot, block),
            None => Ok(ids(columns.table, block)),
        };
        let arrays = self.columns.iter().map(array).collect::<Result<Vec<ArrayRef>, _>>()?;
        let options = arrow_array::RecordBatchOptions::new();
        let options = options.with_row_count(Some(rows.generations().len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.fields), arrays, &options)
    }

    /// Returns a bit for each row of a block: `true` if an object lives in it. `None` if all rows are alive.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store, record};
    /// # use slotted_arrow::SchemaBatches;
    /// # let mut store = Store::new();
    /// # store.register_schema(Schema::builder("tile").build()?)?;
    /// let ids: Vec<_> = store.spawn_records("tile", vec![record! {}; 2])?.collect();
    /// store.despawn(ids[0])?;
    /// let batches = SchemaBatches::new(&store.snapshot(), "tile").ok_or("no such schema")?;
    /// assert_eq!(batches.living(0).ok_or("no dead rows")?.true_count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn living(&self, block: usize) -> Option<BooleanArray> {
        let rows = self.table()?.rows(block)?;
        let count = rows.generations().len();
        let living = BooleanBuffer::new(rows.living().to_vec().into(), 0, count);
        (rows.living_count() < count).then(|| living.into())
    }

    /// Returns the living rows of one block. Copies a block that has dead rows.
    ///
    /// # Errors
    /// Returns an error if Arrow refuses the columns, such as a block beyond the last one.
    ///
    /// [`SchemaBatches`] has an example.
    pub fn living_batch(&self, block: usize) -> Result<RecordBatch, ArrowError> {
        let batch = self.batch(block)?;
        match self.living(block) {
            Some(living) => arrow_select::filter::filter_record_batch(&batch, &living),
            None => Ok(batch),
        }
    }
}

impl std::fmt::Debug for SchemaBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SchemaBatches")
            .field("schema", &self.table().map(|table| table.schema().name()))
            .field("columns", &self.fields.fields().len())
            .field("objects", &self.len())
            .finish_non_exhaustive()
    }
}

fn no_block(block: usize) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("block {block} is beyond the last one"))
}

/// Returns the ids of a block's objects.
fn ids(table: RawTable<'_>, block: usize) -> ArrayRef {
    let Some(rows) = table.rows(block) else {
        return Arc::new(UInt64Array::from(Vec::<u64>::new()));
    };
    let schema = (table.schema().id().index() as u64) << 48;
    let id = |(offset, generation): (usize, &u16)| {
        schema | u64::from(*generation) << 32 | (block * BLOCK_ROWS + offset) as u64
    };
    let ids: Vec<u64> = rows.generations().iter().enumerate().map(id).collect();
    let dead = (rows.living_count() < ids.len()).then(|| nulls(rows.living().to_vec(), ids.len()));
    Arc::new(UInt64Array::new(ids.into(), dead))
}

/// Returns the objects of a schema as record batches, one for each block, without a copy of their columns.
///
/// [`SchemaBatches`] offers projections, ids, single blocks, and batches without dead rows.
///
/// # Errors
/// Returns an error if the snapshot has no such schema.
///
/// # Example
/// ```
/// # use slotted::{Kind, Schema, Store, record};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
/// let batches = slotted_arrow::record_batches(&store.snapshot(), "unit")?;
/// assert_eq!((batches.len(), batches[0].num_rows()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record_batches(snapshot: &Snapshot, schema: &str) -> Result<Vec<RecordBatch>, ArrowError> {
    let batches = SchemaBatches::new(snapshot, schema).ok_or_else(|| {
        let schema = slotted::schema::Quoted(schema);
        ArrowError::InvalidArgumentError(format!("no schema {schema} is registered"))
    })?;
    batches.batches(0..batches.blocks()).collect()
}
