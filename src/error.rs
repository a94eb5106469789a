//! The errors of both stores.

use std::fmt;
use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::id::ObjectId;
use crate::kind::Kind;
use crate::schema::{NotAny, Problem, ProblemKind, Slot, Suggestion};

/// The error of a call that needs a living object.
///
/// ```
/// use slotted::error::{AccessError, Despawned};
/// use slotted::{Kind, Schema, Store, record};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// let id = store.spawn_record("unit", record! { health: 80.0 })?;
/// store.despawn(id)?;
/// assert_eq!(store.despawn(id), Err(Despawned { id }));
/// assert_eq!(AccessError::from(Despawned { id }).to_string(), "object 0:0:1 is not alive");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("object {id} is not alive")]
pub struct Despawned {
    /// The id of an object that was despawned or belongs to another store.
    pub id: ObjectId,
}

/// The reason why [`Store::despawn_batch`](crate::Store::despawn_batch) removed no object.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DespawnBatchError {
    /// An object is not alive.
    #[error(transparent)]
    Despawned(#[from] Despawned),
    /// The batch lists an object twice.
    #[error("object {id} is listed twice in the batch")]
    Repeated {
        /// The id.
        id: ObjectId,
    },
}

/// The error of a call with the name of an unknown schema.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("no schema '{schema}' is registered{}", suggestion.question())]
pub struct UnknownSchema {
    /// The name.
    pub schema: Arc<str>,
    /// The nearest registered name.
    pub suggestion: Suggestion,
}

/// The error of a call with a Rust type whose schema is not registered.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("type '{type_name}' is not registered; call `Store::register` first")]
pub struct NotRegistered {
    /// The Rust type's name.
    pub type_name: &'static str,
}

/// The error of a call with a key that is of [another store](crate::SlotKey), or from before a
/// [migration](crate::Store::migrate) that removed, moved, renamed or changed its slot.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error(
    "the key of a {kind} slot is of another store, or from before its schema changed; \
     look the key up again"
)]
pub struct ForeignKey {
    /// The kind of the key's slot.
    pub kind: Kind,
}

/// The reason why objects were not inserted. The store is as it was before the call.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// No schema with this name is registered.
    #[error("no schema '{schema}' is registered{}", suggestion.question())]
    UnknownSchema {
        /// The name.
        schema: Arc<str>,
        /// The nearest registered name.
        suggestion: Suggestion,
    },
    /// The type's schema is not registered.
    #[error("type '{type_name}' is not registered; call `Store::register` first")]
    NotRegistered {
        /// The Rust type's name.
        type_name: &'static str,
    },
    /// [Commands](crate::Commands) gave values to an id that they did not reserve for this schema, or that has
    /// values already.
    #[error("id {id} is not reserved for an object of '{schema}', or has its values already")]
    NotReserved {
        /// The id.
        id: ObjectId,
        /// The schema of the values.
        schema: Arc<str>,
    },
    /// The object to copy is not alive.
    #[error(transparent)]
    Despawned(#[from] Despawned),
    /// Values are missing, or their slots refuse them.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A limit of the store is exceeded.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// All problems of a record, or of the records of a batch.
///
/// The message suggests known names for the first 16 problems.
#[derive(Clone, PartialEq)]
pub struct Rejection {
    problems: Vec<Problem>,
}

/// The check of a batch stops at this number of problems.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// The number of problems for which the message of a rejection suggests known names.
const MOST_SUGGESTIONS: usize = 16;

impl Rejection {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        assert!(!problems.is_empty(), "a rejection has a reason");
        Self { problems }
    }

    /// Returns a rejection for these problems, or `None` if there are none.
    ///
    /// For other implementations of [`ByName`](crate::ByName).
    ///
    /// ```
    /// use slotted::error::Rejection;
    /// use slotted::schema::{Problem, ProblemKind};
    /// let (schema, slot) = ("person".into(), "age".into());
    /// let twice = Problem { record: None, schema, slot, kind: ProblemKind::Duplicate };
    /// assert_eq!(Rejection::from_problems(vec![twice]).unwrap().problems().len(), 1);
    /// assert_eq!(Rejection::from_problems(Vec::new()), None);
    /// ```
    #[must_use]
    pub fn from_problems(problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self { problems })
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Returns the problems, in the order of the records and their slots. There is at least one.
    ///
    /// The check of a batch stops at a hundred problems.
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
        for (position, problem) in self.problems.iter().enumerate() {
            f.write_str("\n  ")?;
            problem.write(f, position < MOST_SUGGESTIONS)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

/// The reason why an object, a slot or a value cannot be read or changed.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The object is not alive: it was despawned, or belongs to another store.
    #[error("object {id} is not alive")]
    Despawned {
        /// The id.
        id: ObjectId,
    },
    /// The batch lists an object twice.
    #[error("object {id} is listed twice in the batch")]
    Repeated {
        /// The id.
        id: ObjectId,
    },
    /// No schema with this name is registered.
    #[error("no schema '{schema}' is registered{}", suggestion.question())]
    UnknownSchema {
        /// The name.
        schema: Arc<str>,
        /// The nearest registered name.
        suggestion: Suggestion,
    },
    /// The type's schema is not registered.
    #[error("type '{type_name}' is not registered; call `Store::register` first")]
    NotRegistered {
        /// The Rust type's name.
        type_name: &'static str,
    },
    /// The object's schema neither is nor extends the requested one.
    #[error("object {id} has schema '{found}', not '{expected}' or a schema that extends it")]
    WrongSchema {
        /// The id.
        id: ObjectId,
        /// The requested schema.
        expected: Arc<str>,
        /// The object's schema.
        found: Arc<str>,
    },
    /// The schema neither is nor extends the schema of the requested Rust type.
    #[error("schema '{schema}' neither is nor extends '{base}'")]
    Unrelated {
        /// The schema's name.
        schema: Arc<str>,
        /// The name of the Rust type's schema.
        base: Arc<str>,
    },
    /// The requested Rust type is not the type of the slot's values.
    #[error(transparent)]
    WrongType(#[from] TypeMismatch),
    /// The key is of another store, or from before a [migration](crate::Store::migrate) that removed, moved,
    /// renamed or changed its slot.
    #[error(
        "the key of a {kind} slot is of another store, or from before its schema changed; \
         look the key up again"
    )]
    ForeignKey {
        /// The kind of the key's slot.
        kind: Kind,
    },
    /// The schema has no such slot, or its slots refuse the values.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A limit of the store is exceeded.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl From<Despawned> for AccessError {
    fn from(Despawned { id }: Despawned) -> Self {
        Self::Despawned { id }
    }
}

impl From<DespawnBatchError> for AccessError {
    fn from(error: DespawnBatchError) -> Self {
        match error {
            DespawnBatchError::Despawned(error) => error.into(),
            DespawnBatchError::Repeated { id } => Self::Repeated { id },
        }
    }
}

impl From<UnknownSchema> for AccessError {
    fn from(UnknownSchema { schema, suggestion }: UnknownSchema) -> Self {
        Self::UnknownSchema { schema, suggestion }
    }
}

impl From<UnknownSchema> for SpawnError {
    fn from(UnknownSchema { schema, suggestion }: UnknownSchema) -> Self {
        Self::UnknownSchema { schema, suggestion }
    }
}

impl From<NotRegistered> for AccessError {
    fn from(NotRegistered { type_name }: NotRegistered) -> Self {
        Self::NotRegistered { type_name }
    }
}

impl From<NotRegistered> for SpawnError {
    fn from(NotRegistered { type_name }: NotRegistered) -> Self {
        Self::NotRegistered { type_name }
    }
}

impl From<ForeignKey> for AccessError {
    fn from(ForeignKey { kind }: ForeignKey) -> Self {
        Self::ForeignKey { kind }
    }
}

impl AccessError {
    pub(crate) fn undeclared(schema: &Arc<str>, slot: &str, suggestion: Suggestion) -> Self {
        let (schema, kind) = (Arc::clone(schema), ProblemKind::Undeclared { suggestion });
        Problem { record: None, schema, slot: slot.into(), kind }.into()
    }
}

/// A slot whose values have another type than the requested one.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error(
    "slot '{}' of '{}' is {}, not {}{}",
    .0.slot,
    .0.schema,
    slot_type(&.0.declared),
    slot_type(&.0.requested),
    .0.help()
)]
pub struct TypeMismatch(Box<Mismatch>);

#[derive(Clone, Debug, PartialEq)]
struct Mismatch {
    schema: Arc<str>,
    slot: Arc<str>,
    declared: (Kind, bool),
    requested: (Kind, bool),
}

impl Mismatch {
    const fn help(&self) -> &'static str {
        match (self.declared.1, self.requested.1) {
            (true, false) => "; use an `Option`, or `#[slot(set)]` on the field of a view",
            _ => "",
        }
    }
}

impl TypeMismatch {
    /// Creates the error from the slot and the requested kind, with `true` for an optional one.
    pub(crate) fn new(schema: &Arc<str>, slot: &Slot, requested: (Kind, bool)) -> Self {
        Self(Box::new(Mismatch {
            schema: Arc::clone(schema),
            slot: Arc::clone(slot.shared_name()),
            declared: (slot.kind().clone(), slot.is_optional()),
            requested,
        }))
    }

    /// Returns the schema's name.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0.schema
    }

    /// Returns the slot's name.
    #[must_use]
    pub fn slot(&self) -> &str {
        &self.0.slot
    }

    /// Returns the slot's kind, and `true` if the slot is optional.
    #[must_use]
    pub fn declared(&self) -> (&Kind, bool) {
        (&self.0.declared.0, self.0.declared.1)
    }

    /// Returns the requested kind, and `true` if an optional one was requested.
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

/// The reason why a store cannot keep a value of kind `any`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnyError {
    /// The value contains what no such value can.
    #[error("a value of kind any cannot hold {0}")]
    Value(#[from] NotAny),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// The reason why a store cannot keep a list of [records](crate::Records).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// A part of a record is a list of another store.
    #[error(
        "record {element} has a list of another store; use lists from this store's `intern_list`"
    )]
    ForeignList {
        /// The position of the record.
        element: usize,
    },
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// A limit of a store that is exceeded.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The store has the maximal number of schemas.
    #[error("schema '{schema}' exceeds the limit of {limit} schemas; raise 'Limits::schemas'")]
    Schemas {
        /// The schema's name.
        schema: Arc<str>,
        /// The largest number of schemas.
        limit: usize,
    },
    /// The schema's table has no free row.
    #[error(
        "the objects of schema '{schema}' exceed the limit of {limit} rows; raise 'Limits::rows_per_schema'"
    )]
    Rows {
        /// The schema's name.
        schema: Arc<str>,
        /// The largest number of rows in a table.
        limit: u32,
    },
    /// The texts of the store take too much memory.
    #[error("the texts exceed the limit of {limit} bytes; raise 'Limits::text_bytes'")]
    Text {
        /// The largest number of bytes.
        limit: usize,
    },
    /// The lists of the store take too much memory.
    #[error("the elements of lists exceed the limit of {limit} bytes; raise 'Limits::list_bytes'")]
    List {
        /// The largest number of bytes.
        limit: usize,
    },
    /// The allocator is out of memory.
    #[error("out of memory for {rows} more rows of schema '{schema}'")]
    Memory {
        /// The schema's name.
        schema: Arc<str>,
        /// The number of rows that were requested.
        rows: usize,
    },
}

debug_as_display!(
    SpawnError,
    Rejection,
    AccessError,
    TypeMismatch,
    AnyError,
    RecordsError,
    LimitError
);
debug_as_display!(Despawned, DespawnBatchError, UnknownSchema, NotRegistered, ForeignKey);

fn slot_type((kind, optional): &(Kind, bool)) -> String {
    if *optional { format!("optional {kind}") } else { kind.to_string() }
}
