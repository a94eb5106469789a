//! Import of objects from columns: Arrow record batches and Parquet files.

mod cells;
mod convert;
mod error;
mod rows;

#[cfg(feature = "parquet")]
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use slotted::{ObjectId, Store};

pub use error::{ImportError, ImportProblem, ImportProblemKind, ImportRejection};

/// Inserts objects from Arrow record batches and Parquet files, all or none.
///
/// Columns have the names of slots, in any order. Their values are checked as those of
/// [records](slotted::Store::spawn_records) are, with the same messages:
///
/// * A number converts to another width if it fits. A list of numbers becomes a vector or an array, a text an enum's variant.
///   Dictionaries, views and large variants are what their values are.
/// * A missing column and a null mean that a value is left out: an optional slot is unset, another one has its default. A null
///   unsets an optional slot even if it has a default.
/// * A column that is no slot is a problem, unless [ignored](Self::ignore_unknown_columns).
///
/// **References** are [bits](slotted::ObjectId::to_bits) of ids. If rows have a column `id`, as an
/// [export](crate::parquet::ParquetExport) writes it, references to these ids lead to the new objects, from the rows of all
/// sources of the import. All other references are ids of the store and are checked against it; so import together the
/// schemas that refer to one another. (The column is called `slotted.id` if the schema has a slot `id`.)
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Int64Array, RecordBatch, StringArray};
/// use slotted::{Kind, Schema, Store};
/// use slotted_arrow::import::Import;
///
/// let mut store = Store::new();
/// let unit = Schema::builder("unit")
///     .slot("name", Kind::Text)
///     .slot("health", Kind::U8)
///     .slot("rage", Kind::F32).default(0.5);
/// store.register_schema(unit.build()?)?;
///
/// let names = Arc::new(StringArray::from(vec!["Ada", "Bob"])) as _;
/// let health = Arc::new(Int64Array::from(vec![80, 100])) as _;
/// let batch = RecordBatch::try_from_iter([("health", health), ("name", Arc::clone(&names))])?;
/// let ids = Import::new().batches("unit", [Ok(batch)]).run(&mut store)?;
/// assert_eq!(store.get_value(ids[1], "health")?, 100.into());
/// assert_eq!(store.get_value(ids[1], "rage")?, 0.5_f32.into());
///
/// let health = Arc::new(Int64Array::from(vec![80, 1000])) as _;
/// let batch = RecordBatch::try_from_iter([("helth", Arc::clone(&names)), ("health", health), ("name", names)])?;
/// let error = Import::new().batches("unit", [Ok(batch)]).run(&mut store).unwrap_err();
/// assert_eq!(error.to_string(), "2 problems:\
///     \n  'unit' object has no slot 'helth'; did you mean 'health'?\
///     \n  row 1: slot 'health' of 'unit' expects u8, which cannot hold 1000");
/// assert_eq!(store.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Import<'a> {
    sources: Vec<(String, Source<'a>)>,
    options: Options,
}

/// The rows of one source.
enum Source<'a> {
    Batches(Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + 'a>),
    #[cfg(feature = "parquet")]
    Parquet(PathBuf),
}

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    ignores_unknown_columns: bool,
    ignores_ids: bool,
    unsets_unknown_references: bool,
    limits: ImportLimits,
}

/// Limits of what an import reads, for files from others.
///
/// # Example
/// ```
/// use slotted_arrow::import::ImportLimits;
/// let limits = ImportLimits { rows: 1000, ..ImportLimits::default() };
/// assert_eq!(limits.problems, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// The most rows of all sources together. The default is 16,777,216.
    pub rows: u64,
    /// The most bytes that the columns of a Parquet file take when decoded, as its page headers tell: the file itself may be
    /// much smaller. The default is 4 GiB.
    pub decoded_bytes: u64,
    /// The most problems that an error keeps. All are counted. The default is 100.
    pub problems: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self { rows: 1 << 24, decoded_bytes: 4 << 30, problems: 100 }
    }
}

impl<'a> Import<'a> {
    /// Creates an import of nothing.
    ///
    /// [`Import`] has an example.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the rows of record batches as objects of a schema. The batches are kept until the import ends.
    ///
    /// [`Import`] has an example.
    #[must_use]
    pub fn batches(
        mut self,
        schema: impl Into<String>,
        batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>, IntoIter: 'a>,
    ) -> Self {
        self.sources.push((schema.into(), Source::Batches(Box::new(batches.into_iter()))));
        self
    }

    /// Adds the rows of a Parquet file as objects of a schema.
    ///
    /// The file is read group by group. Files from others are safe to read: their sizes are checked against the
    /// [limits](Self::limits) before memory is taken, and damage is an error. (The library that decodes columns panics on
    /// some damage. The panic is caught, unless the program was built with `panic = "abort"`.)
    ///
    /// Built in are the compressions Snappy, and lz4 and zstd by features of their names.
    ///
    /// [`import_parquet`] has an example.
    #[cfg(feature = "parquet")]
    #[must_use]
    pub fn parquet(mut self, schema: impl Into<String>, file: impl AsRef<Path>) -> Self {
        self.sources.push((schema.into(), Source::Parquet(file.as_ref().to_owned())));
        self
    }

    /// Ignores columns that are no slots. By default they are problems.
    ///
    /// # Example
    /// ```
    /// # use std::sync::Arc;
    /// # use arrow_array::{RecordBatch, StringArray};
    /// # use slotted::{Kind, Schema, Store};
    /// # use slotted_arrow::import::Import;
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("name", Kind::Text).build()?)?;
    /// let names = Arc::new(StringArray::from(vec!["Ada"])) as _;
    /// let notes = Arc::new(StringArray::from(vec!["first"])) as _;
    /// let batch = RecordBatch::try_from_iter([("name", names), ("notes", notes)])?;
    /// Import::new().batches("unit", [Ok(batch)]).ignore_unknown_columns().run(&mut store)?;
    /// assert_eq!(store.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ignore_unknown_columns(mut self) -> Self {
        self.options.ignores_unknown_columns = true;
        self
    }

    /// Ignores the column `id`: all references are ids of the store.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # use slotted_arrow::{SchemaBatches, import::Import};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("target", Kind::Object).optional().build()?;
    /// store.register_schema(unit)?;
    /// let ada = store.spawn_record("unit", record! {})?;
    /// store.set_value(ada, "target", ada)?;
    ///
    /// let batches = SchemaBatches::new(&store.snapshot(), "unit").ok_or("no such schema")?;
    /// let batch = batches.with_ids().living_batch(0)?;
    /// let copy = Import::new().batches("unit", [Ok(batch.clone())]).run(&mut store)?[0];
    /// assert_eq!(store.get_value(copy, "target")?, copy.into());
    ///
    /// let copy = Import::new().batches("unit", [Ok(batch)]).ignore_ids().run(&mut store)?[0];
    /// assert_eq!(store.get_value(copy, "target")?, ada.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ignore_ids(mut self) -> Self {
        self.options.ignores_ids = true;
        self
    }

    /// Unsets optional references that lead neither to a row of the import nor to a living object of the store. By default
    /// they are problems, unless the store [knows](slotted::ObjectId#dead-references) the dead object.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # use slotted_arrow::{import::Import, record_batches};
    /// let schema = Schema::builder("unit").slot("target", Kind::Object).optional().build()?;
    /// let mut store = Store::new();
    /// store.register_schema(schema.clone())?;
    /// let ada = store.spawn_record("unit", record! {})?;
    /// let bob = store.spawn_record("unit", record! { target: ada })?;
    ///
    /// let mut other = Store::new();
    /// other.register_schema(schema)?;
    /// let batches = || record_batches(&bob_alone(&store, bob), "unit").unwrap().into_iter().map(Ok);
    /// # fn bob_alone(store: &Store, bob: slotted::ObjectId) -> slotted::Snapshot {
    /// #     let mut store = store.clone();
    /// #     let ada = store.ids().find(|id| *id != bob).unwrap();
    /// #     store.despawn(ada).unwrap();
    /// #     store.compact();
    /// #     store.snapshot()
    /// # }
    /// assert!(Import::new().batches("unit", batches()).run(&mut other).is_err());
    /// Import::new().batches("unit", batches()).unset_unknown_references().run(&mut other)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unset_unknown_references(mut self) -> Self {
        self.options.unsets_unknown_references = true;
        self
    }

    /// Sets limits of what is read.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Store, record};
    /// # use slotted_arrow::record_batches;
    /// use slotted_arrow::import::{Import, ImportLimits};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("tile").build()?)?;
    /// store.spawn_records("tile", vec![record! {}; 10])?;
    /// let batches = record_batches(&store.snapshot(), "tile")?.into_iter().map(Ok);
    ///
    /// let limits = ImportLimits { rows: 5, ..ImportLimits::default() };
    /// let error = Import::new().batches("tile", batches).limits(limits).run(&mut store).unwrap_err();
    /// assert_eq!(error.to_string(), "10 rows exceed the limit of 5; raise 'ImportLimits::rows'");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limits(mut self, limits: ImportLimits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Inserts the objects, and returns their ids in the order of the rows and sources.
    ///
    /// # Errors
    /// Returns all problems of all rows, or the reason why rows cannot be read. The store is unchanged then.
    ///
    /// [`Import`] has an example.
    pub fn run(self, store: &mut Store) -> Result<Vec<ObjectId>, ImportError> {
        rows::import(store, self.sources, self.options)
    }
}

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schemas: Vec<&str> = self.sources.iter().map(|(schema, _)| &**schema).collect();
        f.debug_struct("Import").field("schemas", &schemas).field("options", &self.options).finish()
    }
}

/// Inserts the rows of record batches as objects of a schema, all or none, and returns their ids.
///
/// [`Import`] has options, takes several schemas at once, and says how columns become values.
///
/// # Errors
/// Returns all problems of all rows, or the error of the iterator. The store is unchanged then.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
/// let batches = slotted_arrow::record_batches(&store.snapshot(), "unit")?;
/// slotted_arrow::import::import_batches(&mut store, "unit", batches.into_iter().map(Ok))?;
/// assert_eq!(store.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn import_batches(
    store: &mut Store,
    schema: &str,
    batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<Vec<ObjectId>, ImportError> {
    Import::new().batches(schema, batches).run(store)
}

/// Inserts the rows of a Parquet file as objects of a schema, all or none, and returns their ids.
///
/// [`Import`] has options, takes several files at once, and says how columns become values.
///
/// # Errors
/// Returns all problems of all rows, or the reason why the file cannot be read. The store is unchanged then.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// # let folder = std::env::temp_dir().join(format!("slotted_import_{}", std::process::id()));
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// store.spawn_record("unit", record! { health: 80.0 })?;
/// let files = slotted_arrow::parquet::export_parquet(&store.snapshot(), &folder)?;
/// slotted_arrow::import::import_parquet(&mut store, "unit", &files[0].path)?;
/// assert_eq!(store.len(), 2);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "parquet")]
pub fn import_parquet(
    store: &mut Store,
    schema: &str,
    file: impl AsRef<Path>,
) -> Result<Vec<ObjectId>, ImportError> {
    Import::new().parquet(schema, file).run(store)
}
