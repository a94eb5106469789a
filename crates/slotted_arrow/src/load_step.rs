//! The steps from the schemas of a save to those of a program, for reports.

use std::fmt;

use slotted::Value;
use slotted::migration::SchemaMigration;
use slotted::schema::Quoted;

/// A change that a load made to the schemas or values of a save.
///
/// [`LoadReport::steps`](crate::LoadReport::steps) returns them, and has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LoadStep {
    /// A schema got another name, by [`Migrations::rename_schema`](crate::Migrations::rename_schema).
    RenamedSchema {
        /// The name in the save.
        from: String,
        /// The new name.
        to: String,
    },
    /// A plain-memory type got another name, by [`Migrations::rename_type`](crate::Migrations::rename_type).
    RenamedType {
        /// The name in the save.
        from: String,
        /// The new name.
        to: String,
    },
    /// A schema is new, or its slots changed.
    Schema(SchemaMigration),
    /// Values of a slot were computed, by [`Migrations::map`](crate::Migrations::map).
    Computed {
        /// The schema's name.
        schema: String,
        /// The slot's name.
        slot: String,
        /// The number of objects that got a value.
        objects: usize,
    },
    /// Values of a removed slot were dropped and not kept aside, by [`Migrations::remove`](crate::Migrations::remove).
    Dropped {
        /// The schema's name.
        schema: String,
        /// The slot's name, as in the plan of the migration.
        slot: String,
        /// The number of dropped values.
        values: usize,
    },
    /// A slot refused some of its values, and [`LoadOptions::allow_loss`](crate::LoadOptions::allow_loss) made them fit.
    Loss {
        /// The schema's name.
        schema: String,
        /// The slot's name.
        slot: String,
        /// The number of values that were rounded.
        rounded: usize,
        /// The number of values that were replaced.
        replaced: usize,
        /// The value that replaced them: the slot's default, or unset.
        by: Value,
    },
}

impl fmt::Display for LoadStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenamedSchema { from, to } => {
                write!(f, "schema {} is renamed to {}", Quoted(from), Quoted(to))
            }
            Self::RenamedType { from, to } => {
                write!(f, "type {} is renamed to {}", Quoted(from), Quoted(to))
            }
            Self::Schema(schema) => schema.fmt(f),
            Self::Computed { schema, slot, objects } => {
                let (slot, schema) = (Quoted(slot), Quoted(schema));
                write!(f, "slot {slot} of {schema} is computed for {}", count(*objects, "object"))
            }
            Self::Dropped { schema, slot, values } => {
                let (slot, schema) = (Quoted(slot), Quoted(schema));
                let (is, values) = (is_or_are(*values), count(*values, "value"));
                write!(f, "{values} of slot {slot} of {schema} {is} dropped")
            }
            Self::Loss { schema, slot, rounded, replaced, by } => {
                write!(f, "slot {} of {} loses values: ", Quoted(slot), Quoted(schema))?;
                if *rounded > 0 {
                    write!(f, "{rounded} {} rounded", is_or_are(*rounded))?;
                }
                let and = if *rounded > 0 { ", " } else { "" };
                match by {
                    _ if *replaced == 0 => Ok(()),
                    Value::Unset => {
                        write!(f, "{and}{replaced} {} removed", is_or_are(*replaced))
                    }
                    by => {
                        let are = is_or_are(*replaced);
                        write!(f, "{and}{replaced} {are} replaced by the default {by}")
                    }
                }
            }
        }
    }
}

/// Returns a number and its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

pub(crate) const fn is_or_are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}
