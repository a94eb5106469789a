//! Why living objects cannot have other schemas.

use std::fmt;
use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::error::LimitError;
use crate::id::ObjectId;
use crate::schema::{Problem, SchemaError};

/// Why a migration was not carried out. The store is as it was before the call.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The schemas do not make sense together.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Values would be lost, or are missing: all that is in the way.
    #[error("the objects cannot have these schemas: {}", list(.0))]
    Rejected(Vec<MigrationRejection>),
    /// The store has changed since the plan was made, so that another one is needed.
    #[error("the plan is no longer what would be done: the store has changed since it was made")]
    Outdated,
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

debug_as_display!(MigrationError);

/// One reason why living objects cannot have other schemas.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MigrationRejection {
    /// Objects have no value for a slot that may not be unset and has no default.
    NoValue {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// How many objects.
        objects: usize,
        /// One of them.
        example: ObjectId,
    },
    /// Objects have values that the slot does not accept.
    BadValue {
        /// What is wrong with one of the values.
        problem: Box<Problem>,
        /// How many objects have such a value.
        objects: usize,
        /// The object whose value it is.
        example: ObjectId,
    },
    /// The slot's former name is still declared, or that of another renamed slot too.
    FormerName {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The name that it is to have had.
        from: Arc<str>,
    },
    /// The schema is that of a Rust type, which would no longer match: its slots' names, kinds and order and
    /// what it extends can change only with the program.
    RustType {
        /// The schema's name.
        schema: Arc<str>,
        /// The Rust type's name.
        type_name: &'static str,
    },
}

impl fmt::Display for MigrationRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue { schema, slot, objects, example } => {
                write!(
                    f,
                    "slot '{slot}' of '{schema}' has no default for objects without a value"
                )?;
                write!(f, " ({})", Objects(*objects, *example))
            }
            Self::BadValue { problem, objects, example } => {
                write!(f, "{problem} ({})", Objects(*objects, *example))
            }
            Self::FormerName { schema, slot, from } => {
                write!(f, "slot '{slot}' of '{schema}' cannot be renamed from '{from}', ")?;
                f.write_str("which is declared as well or is another slot's former name too")
            }
            Self::RustType { schema, type_name } => {
                write!(f, "'{schema}' is the schema of the Rust type {type_name}, ")?;
                f.write_str("which would no longer match")
            }
        }
    }
}

struct Objects(usize, ObjectId);

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, example) = self;
        write!(f, "{count} object{}, as {example}", if *count == 1 { "" } else { "s" })
    }
}

fn list(rejections: &[MigrationRejection]) -> String {
    match rejections {
        [only] => only.to_string(),
        _ => rejections.iter().map(|rejection| format!("\n  {rejection}")).collect(),
    }
}
