//! What a migration does to one slot.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::Slot;
use crate::value::Value;

/// What an [`Migration`](crate::Migration) does to one slot of a schema; several of them may concern one slot.
///
/// Slots have their new names, but for those that are removed or renamed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MigrationStep {
    /// The schema extends another one.
    Base {
        /// What it has extended.
        from: Option<Arc<str>>,
        /// What it will extend.
        to: Option<Arc<str>>,
    },
    /// The slot is gone.
    Removed {
        /// The slot's name.
        slot: Arc<str>,
        /// How many living objects lose a value.
        values: usize,
    },
    /// The slot is new: living objects get its default, or it is unset in them.
    Added {
        /// The slot.
        slot: Box<Slot>,
    },
    /// The slot has another name and keeps its values.
    Renamed {
        /// The name that it had.
        from: Arc<str>,
        /// The name that it will have.
        to: Arc<str>,
    },
    /// The slot comes to another place among the schema's slots, which matters to keys.
    Moved {
        /// The slot's name.
        slot: Arc<str>,
        /// The place that it had.
        from: usize,
        /// The place that it will have.
        to: usize,
    },
    /// The slot has values of another kind.
    Kind {
        /// The slot's name.
        slot: Arc<str>,
        /// The kind that it had.
        from: Kind,
        /// The kind that it will have.
        to: Kind,
        /// How many values are converted: none where the same memory serves both kinds.
        values: usize,
    },
    /// The slot may be unset from now on.
    Optional {
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The slot may no longer be unset.
    Required {
        /// The slot's name.
        slot: Arc<str>,
        /// How many living objects in which it is unset get the default.
        filled: usize,
    },
    /// Records that leave the slot out get another value, or are refused; living objects keep theirs.
    Default {
        /// The slot's name.
        slot: Arc<str>,
        /// The default that it had.
        from: Option<Value>,
        /// The default that it will have.
        to: Option<Value>,
    },
    /// The slot's range, whether it refuses infinities and NaN, or what it may refer to.
    Constraints {
        /// The slot as it was.
        from: Box<Slot>,
        /// The slot as it will be.
        to: Box<Slot>,
    },
}

impl MigrationStep {
    /// The step, whatever the number of objects: only whether there is any that loses or gets a value.
    pub(super) fn without_counts(&self) -> Self {
        let mut step = self.clone();
        match &mut step {
            Self::Removed { values: count, .. } | Self::Required { filled: count, .. } => {
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
                write!(f, "it extends {}, no longer {}", base(to), base(from))
            }
            Self::Removed { slot, values: 0 } => {
                write!(f, "slot '{slot}' is removed; no object has a value")
            }
            Self::Removed { slot, values } => {
                write!(f, "slot '{slot}' is removed, and with it {}", Count(*values))
            }
            Self::Added { slot } => {
                let unset = if slot.default().is_none() { ", unset" } else { "" };
                write!(f, "slot '{}' is added{unset}: {}", slot.name(), slot.declaration())
            }
            Self::Renamed { from, to } => write!(f, "slot '{from}' is renamed to '{to}'"),
            Self::Moved { slot, from, to } => {
                write!(f, "slot '{slot}' moves from place {from} to {to}")
            }
            Self::Kind { slot, from, to, values } => {
                write!(f, "slot '{slot}' changes from {from} to {to}")?;
                match values {
                    0 => Ok(()),
                    1 => f.write_str(", 1 value is converted"),
                    _ => write!(f, ", {} are converted", Count(*values)),
                }
            }
            Self::Optional { slot } => write!(f, "slot '{slot}' may be unset"),
            Self::Required { slot, filled } => {
                write!(f, "slot '{slot}' may no longer be unset")?;
                match filled {
                    0 => Ok(()),
                    1 => f.write_str("; 1 object gets the default"),
                    _ => write!(f, "; {filled} objects get the default"),
                }
            }
            Self::Default { slot, to: Some(to), .. } => {
                write!(f, "slot '{slot}' has default {to}, for objects to come")
            }
            Self::Default { slot, .. } => write!(f, "slot '{slot}' has no default any more"),
            Self::Constraints { from, to } => {
                let (slot, from, to) = (to.name(), from.declaration(), to.declaration());
                write!(f, "slot '{slot}' was {from}; it is {to}")
            }
        }
    }
}

struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} value{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
