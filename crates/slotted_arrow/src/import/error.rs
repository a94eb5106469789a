//! Errors of imports.

use std::fmt;
use std::path::PathBuf;

use arrow_schema::{ArrowError, DataType};
use slotted::error::{LimitError, SpawnError, UnknownSchema};
use slotted::schema::{Problem, Quoted};

/// The reason why an import failed. Nothing is inserted then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No schema with this name is registered.
    #[error(transparent)]
    UnknownSchema(#[from] UnknownSchema),
    /// Columns or values are refused.
    #[error(transparent)]
    Rejected(#[from] ImportRejection),
    /// A limit of the store is exceeded.
    #[error(transparent)]
    Store(#[from] LimitError),
    /// A [limit of the import](crate::import::ImportLimits) is exceeded.
    #[error("{}{found} {what} exceed the limit of {limit}; raise '{setting}'", In(file))]
    Limit {
        /// The file, if the rows are from one.
        file: Option<PathBuf>,
        /// The things that are too many.
        what: String,
        /// The largest allowed number.
        limit: u64,
        /// The number found. Counting may have ended early.
        found: u64,
        /// The field of the limits.
        setting: &'static str,
    },
    /// A source of record batches returned an error, or an Arrow array is broken.
    #[error("cannot read rows of {}: {source}", Quoted(schema))]
    Arrow {
        /// The schema of the rows.
        schema: String,
        /// The error.
        source: ArrowError,
    },
    /// A Parquet file cannot be read.
    #[cfg(feature = "parquet")]
    #[error("cannot read {}: {source}", file.display())]
    Parquet {
        /// The file.
        file: PathBuf,
        /// The reason.
        source: crate::parquet::ParquetError,
    },
}

/// All problems of the rows of an import.
///
/// The message lists the problems that were kept, and says how many there are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct ImportRejection {
    pub(super) problems: Vec<ImportProblem>,
    pub(super) count: u64,
}

/// One problem of an import, and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportProblem {
    /// The file, if the rows are from one.
    pub file: Option<PathBuf>,
    /// The problem.
    pub kind: ImportProblemKind,
}

/// The kinds of problems that an import can have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImportProblemKind {
    /// A problem that a record could have too. `record` is the number of the row, or `None` for a whole column.
    Record(Problem),
    /// No value of a slot is made from columns of this Arrow type.
    Type {
        /// The schema.
        schema: String,
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
    },
    /// Two rows have the same id.
    RepeatedId {
        /// The schema.
        schema: String,
        /// The second row.
        row: usize,
        /// The bits of the id.
        id: u64,
    },
}

impl ImportRejection {
    /// Returns the problems, at most [as many as were to be kept](crate::import::ImportLimits::problems).
    ///
    /// [`Import`](crate::import::Import) has an example.
    #[must_use]
    pub fn problems(&self) -> &[ImportProblem] {
        &self.problems
    }

    /// Returns the number of all problems, of those too that were not kept.
    ///
    /// [`Import`](crate::import::Import) has an example.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl fmt::Display for ImportRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([problem], 1) = (&*self.problems, self.count) {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.count)?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        match self.count - self.problems.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", In(&self.file))?;
        match &self.kind {
            // The core counts records; a file has rows.
            ImportProblemKind::Record(problem) => match problem.record {
                Some(row) => {
                    write!(f, "row {row}: {}", Problem { record: None, ..problem.clone() })
                }
                None => write!(f, "{problem}"),
            },
            ImportProblemKind::Type { schema, column, found } => {
                let (schema, column) = (Quoted(schema), Quoted(column));
                write!(
                    f,
                    "column {column} of {schema} has the Arrow type {found}, which no slot accepts"
                )
            }
            ImportProblemKind::RepeatedId { schema, row, id } => {
                write!(
                    f,
                    "row {row}: another row of the import has the id {id} too, in {}",
                    Quoted(schema)
                )
            }
        }
    }
}

/// Displays the file of a problem before it.
struct In<'a>(&'a Option<PathBuf>);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(file) => write!(f, "{}: ", file.display()),
            None => Ok(()),
        }
    }
}

impl ImportError {
    /// Converts an error of the core that is no rejection.
    pub(super) fn of_core(error: SpawnError, schema: &str) -> Self {
        match error {
            SpawnError::UnknownSchema { schema, suggestion } => {
                UnknownSchema { schema, suggestion }.into()
            }
            SpawnError::Limit(error) => error.into(),
            error => {
                let source = ArrowError::ExternalError(Box::new(error));
                Self::Arrow { schema: schema.to_owned(), source }
            }
        }
    }
}
