//! Why a store refuses a call; both stores answer with these.

use std::fmt;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::kind::Kind;
use crate::schema::{Problem, ProblemKind, Slot};

/// Why objects were not inserted. The store is as it was before the call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// No schema of this name is registered.
    #[error("no schema '{schema}' is registered{}", did_you_mean(suggestion.as_deref()))]
    UnknownSchema {
        /// The name.
        schema: Arc<str>,
        /// The nearest name that is registered.
        suggestion: Option<Arc<str>>,
    },
    /// The type's schema is not registered.
    #[error("{type_name} is not registered: `register` it first")]
    NotRegistered {
        /// The Rust type's name.
        type_name: &'static str,
    },
    /// Values are missing, or the schema does not accept them.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// All that is wrong with a record, or with the records of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    problems: Vec<Problem>,
}

/// A batch is not looked at any further once this many problems have been found.
pub(crate) const MOST_PROBLEMS: usize = 100;

impl Rejection {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        assert!(!problems.is_empty(), "a rejection has a reason");
        Self { problems }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// What is wrong, in the order of the records and of their slots; at least one.
    ///
    /// A batch is not looked at any further once there are a hundred.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = &*self.problems {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Rejection {}

/// Why an object, a slot or a value cannot be reached or changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The object is not alive: despawned, or never of this store.
    #[error("object {id} is not alive")]
    Despawned {
        /// The id.
        id: ObjectId,
    },
    /// The batch names an object twice.
    #[error("object {id} is named twice")]
    Repeated {
        /// The id.
        id: ObjectId,
    },
    /// No schema of this name is registered.
    #[error("no schema '{schema}' is registered{}", did_you_mean(suggestion.as_deref()))]
    UnknownSchema {
        /// The name.
        schema: Arc<str>,
        /// The nearest name that is registered.
        suggestion: Option<Arc<str>>,
    },
    /// The type's schema is not registered.
    #[error("{type_name} is not registered: `register` it first")]
    NotRegistered {
        /// The Rust type's name.
        type_name: &'static str,
    },
    /// The object is of a schema that neither is nor extends the one asked for.
    #[error("object {id} is a '{found}', not a '{expected}'")]
    WrongSchema {
        /// The id.
        id: ObjectId,
        /// The schema asked for.
        expected: Arc<str>,
        /// The object's schema.
        found: Arc<str>,
    },
    /// The schema neither is nor extends the one of the Rust type asked for.
    #[error("schema '{schema}' neither is nor extends '{base}'")]
    Unrelated {
        /// The schema's name.
        schema: Arc<str>,
        /// The name of the Rust type's schema.
        base: Arc<str>,
    },
    /// The Rust type asked for is not the type of the slot's values.
    #[error(transparent)]
    WrongType(#[from] TypeMismatch),
    /// The key is of another store, or of one whose schemas have [migrated](crate::Store::migrate) since,
    /// so that its slot is gone, moved, renamed or of another kind.
    #[error("the key of a {kind} slot is of another store, or was made before its schema changed")]
    ForeignKey {
        /// The kind of the key's slot.
        kind: Kind,
    },
    /// The schema has no such slot, or its slots do not accept the values.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl AccessError {
    pub(crate) fn undeclared(schema: &Arc<str>, slot: &str, suggestion: Option<Arc<str>>) -> Self {
        let (schema, what) = (Arc::clone(schema), ProblemKind::Undeclared { suggestion });
        Problem { record: None, schema, slot: slot.into(), what }.into()
    }
}

/// A slot whose values are of another type than the one asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("slot '{}' of '{}' is {}, not {}", .0.slot, .0.schema, slot_type(&.0.declared), slot_type(&.0.requested))]
pub struct TypeMismatch(Box<Mismatch>);

#[derive(Clone, Debug, PartialEq)]
struct Mismatch {
    schema: Arc<str>,
    slot: Arc<str>,
    declared: (Kind, bool),
    requested: (Kind, bool),
}

impl TypeMismatch {
    /// The slot, and the kind that was asked for, each with whether it is optional.
    pub(crate) fn new(schema: &Arc<str>, slot: &Slot, requested: (Kind, bool)) -> Self {
        Self(Box::new(Mismatch {
            schema: Arc::clone(schema),
            slot: Arc::clone(slot.shared_name()),
            declared: (slot.kind().clone(), slot.is_optional()),
            requested,
        }))
    }

    /// The schema's name.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0.schema
    }

    /// The slot's name.
    #[must_use]
    pub fn slot(&self) -> &str {
        &self.0.slot
    }

    /// The slot's kind, and whether it is optional.
    #[must_use]
    pub fn declared(&self) -> (&Kind, bool) {
        (&self.0.declared.0, self.0.declared.1)
    }

    /// The kind asked for, and whether as an optional.
    #[must_use]
    pub fn requested(&self) -> (&Kind, bool) {
        (&self.0.requested.0, self.0.requested.1)
    }
}

impl From<Problem> for AccessError {
    fn from(problem: Problem) -> Self {
        Rejection::new(vec![problem]).into()
    }
}

/// A limit of a store is reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// There are as many names of schemas as there may be.
    #[error("schema '{schema}' is one too many: at most {limit} are possible")]
    Schemas {
        /// The schema's name.
        schema: Arc<str>,
        /// How many there may be.
        limit: usize,
    },
    /// The schema's table has no row left.
    #[error("'{schema}' objects: at most {limit} rows are possible")]
    Rows {
        /// The schema's name.
        schema: Arc<str>,
        /// How many rows a table may have.
        limit: u32,
    },
    /// The texts of the store take as much room as they may.
    #[error("texts take at most {limit} bytes")]
    Text {
        /// How many bytes they may take.
        limit: usize,
    },
    /// The lists of the store take as much room as they may.
    #[error("the elements of lists take at most {limit} bytes")]
    List {
        /// How many bytes they may take.
        limit: usize,
    },
    /// The allocator has no memory left.
    #[error("no memory for {rows} more rows of '{schema}'")]
    Memory {
        /// The schema's name.
        schema: Arc<str>,
        /// How many rows were asked for.
        rows: usize,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

fn slot_type((kind, optional): &(Kind, bool)) -> String {
    if *optional { format!("optional {kind}") } else { kind.to_string() }
}
