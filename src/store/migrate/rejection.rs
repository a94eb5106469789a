//! The errors and conflicts of migrations.

use std::fmt;
use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::error::LimitError;
use crate::id::ObjectId;
use crate::schema::{Problem, SIGNS, SchemaError};

/// The error of a migration that was not carried out. The store is unchanged.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The schemas contradict each other or a limit.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Living objects conflict with the schemas: values are missing, or would be lost.
    #[error("living objects block the migration: {}", list(.0))]
    Rejected(Vec<MigrationRejection>),
    /// The store changed after the plan was made: plan again.
    #[error("the store changed after the migration was planned; plan it again")]
    Outdated,
    /// The store reached a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

debug_as_display!(MigrationError);

/// One conflict of a migration with living objects.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MigrationRejection {
    /// Objects have no value for a required slot without a default.
    NoValue {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The number of objects.
        objects: usize,
        /// One of them.
        example: ObjectId,
    },
    /// Objects have values that the slot does not accept.
    BadValue {
        /// The problem of the example's value.
        problem: Box<Problem>,
        /// The number of objects with such a value.
        objects: usize,
        /// One of them.
        example: ObjectId,
    },
    /// The slot's former name is still declared, or another slot has it as a former name too.
    FormerName {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The former name.
        from: Arc<str>,
    },
    /// The schema comes from a Rust type, which would no longer match.
    ///
    /// Its base and its slots' names, kinds and order change only with the program.
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
                let needs = match slot.contains(SIGNS) {
                    true => "needs a default or must be optional",
                    false => "needs a default",
                };
                write!(f, "slot '{slot}' of '{schema}' {needs} for objects without a value")?;
                write!(f, " ({})", Objects(*objects, *example))
            }
            Self::BadValue { problem, objects, example } => {
                write!(f, "{problem} ({})", Objects(*objects, *example))
            }
            Self::FormerName { schema, slot, from } => {
                write!(f, "slot '{slot}' of '{schema}' cannot be renamed from '{from}': ")?;
                f.write_str(
                    "a slot of that name is still declared, or another slot is renamed from it too",
                )
            }
            Self::RustType { schema, type_name } => {
                write!(f, "schema '{schema}' comes from the Rust type {type_name}, ")?;
                f.write_str("which would no longer match; change the type instead")
            }
        }
    }
}

struct Objects(usize, ObjectId);

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, example) = self;
        write!(f, "{count} object{}, such as {example}", if *count == 1 { "" } else { "s" })
    }
}

fn list(rejections: &[MigrationRejection]) -> String {
    match rejections {
        [only] => only.to_string(),
        _ => rejections.iter().map(|rejection| format!("\n  {rejection}")).collect(),
    }
}
