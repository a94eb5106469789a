//! The changes of a migration to one slot.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::Slot;
use crate::value::Value;

/// A change of a [`Migration`](crate::Migration) to one slot of a schema. A slot may have several.
///
/// `slot` is the new name; for a removed slot it is the old one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MigrationStep {
    /// The schema extends another base.
    Base {
        /// The old base.
        from: Option<Arc<str>>,
        /// The new base.
        to: Option<Arc<str>>,
    },
    /// The slot is removed.
    Removed {
        /// The slot's name.
        slot: Arc<str>,
        /// The number of living objects that lose a value.
        values: usize,
    },
    /// The slot is removed, and other slots have its values: those of the nested value that it was a part of, or becomes.
    Merged {
        /// The slot's name.
        slot: Arc<str>,
        /// The name of the nested value, or of a slot that has all of it.
        into: Arc<str>,
    },
    /// The slot is added. Living objects get its default; without one the slot is unset.
    Added {
        /// The slot.
        slot: Box<Slot>,
        /// The nested value whose part the slot is, if living objects have that value in other slots.
        of: Option<Arc<str>>,
    },
    /// The slot gets another name and keeps its values.
    Renamed {
        /// The old name.
        from: Arc<str>,
        /// The new name.
        to: Arc<str>,
    },
    /// The slot gets another position among the schema's slots. Its keys are invalidated.
    Moved {
        /// The slot's name.
        slot: Arc<str>,
        /// The old position.
        from: usize,
        /// The new position.
        to: usize,
    },
    /// The slot gets another kind.
    Kind {
        /// The slot's name.
        slot: Arc<str>,
        /// The old kind.
        from: Kind,
        /// The new kind.
        to: Kind,
        /// The number of converted values: 0 if both kinds share one layout.
        values: usize,
    },
    /// The slot becomes optional.
    Optional {
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The slot becomes required.
    Required {
        /// The slot's name.
        slot: Arc<str>,
        /// The number of living objects without a value, which get the default.
        filled: usize,
    },
    /// An optional record comes to need the slot.
    Needed {
        /// The slot's name.
        slot: Arc<str>,
        /// The name of the record.
        record: Arc<str>,
        /// The number of living objects that have the record without the slot, which get the default.
        filled: usize,
    },
    /// The default changes, for new objects. Living objects keep their values.
    Default {
        /// The slot's name.
        slot: Arc<str>,
        /// The old default.
        from: Option<Value>,
        /// The new default.
        to: Option<Value>,
    },
    /// The range, `finite` or `references` of the slot changes.
    Constraints {
        /// The old slot.
        from: Box<Slot>,
        /// The new slot.
        to: Box<Slot>,
    },
}

impl MigrationStep {
    /// Returns the step without its number of objects: a count is 0, or 1 for any other number.
    pub(super) fn without_counts(&self) -> Self {
        let mut step = self.clone();
        match &mut step {
            Self::Removed { values: count, .. }
            | Self::Required { filled: count, .. }
            | Self::Needed { filled: count, .. } => {
                *count = (*count).min(1);
            }
            Self::Kind { values, .. } => *values = 0,
            _ => {}
        }
        step
    }
}

impl fmt::Display for MigrationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base { from, to } => {
                let base = |base: &Option<Arc<str>>| match base {
                    Some(base) => format!("'{base}'"),
                    None => "nothing".to_owned(),
                };
                write!(f, "the schema extends {} instead of {}", base(to), base(from))
            }
            Self::Removed { slot, values: 0 } => {
                write!(f, "slot '{slot}' is removed; no object has a value")
            }
            Self::Removed { slot, values } => {
                write!(f, "slot '{slot}' is removed with {}", Count(*values))
            }
            Self::Merged { slot, into } if slot == into => {
                write!(f, "slot '{slot}' is divided into its parts")
            }
            Self::Merged { slot, into } => {
                write!(f, "slot '{slot}' is removed; the other slots of '{into}' have its values")
            }
            Self::Added { slot, of: Some(of) } => {
                write!(f, "slot '{}' is added for '{of}': {}", slot.name(), slot.declaration())
            }
            Self::Added { slot, of: None } => {
                let unset = if slot.default().is_none() { ", unset" } else { "" };
                write!(f, "slot '{}' is added{unset}: {}", slot.name(), slot.declaration())
            }
            Self::Renamed { from, to } => write!(f, "slot '{from}' is renamed to '{to}'"),
            Self::Moved { slot, from, to } => {
                write!(f, "slot '{slot}' moves from position {from} to {to}")
            }
            Self::Kind { slot, from, to, values } => {
                write!(f, "slot '{slot}' changes from {from} to {to}")?;
                match values {
                    0 => Ok(()),
                    1 => f.write_str(", 1 value is converted"),
                    _ => write!(f, ", {} are converted", Count(*values)),
                }
            }
            Self::Optional { slot } => write!(f, "slot '{slot}' becomes optional"),
            Self::Required { slot, filled } => {
                write!(f, "slot '{slot}' becomes required")?;
                write_filled(f, *filled)
            }
            Self::Needed { slot, record, filled } => {
                write!(f, "slot '{slot}' becomes required in '{record}'")?;
                write_filled(f, *filled)
            }
            Self::Default { slot, to: Some(to), .. } => {
                write!(f, "slot '{slot}' has default {to} for new objects")
            }
            Self::Default { slot, .. } => write!(f, "slot '{slot}' no longer has a default"),
            Self::Constraints { from, to } => {
                let (slot, from, to) = (to.name(), from.declaration(), to.declaration());
                write!(f, "slot '{slot}' was {from}; it becomes {to}")
            }
        }
    }
}

fn write_filled(f: &mut fmt::Formatter<'_>, objects: usize) -> fmt::Result {
    match objects {
        0 => Ok(()),
        1 => f.write_str("; 1 object gets the default"),
        _ => write!(f, "; {objects} objects get the default"),
    }
}

struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} value{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
