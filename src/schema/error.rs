//! Why a schema cannot be built or registered.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::{Constraint, Problem, Slot};

/// Why a schema cannot be built or registered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A schema's or slot's name is empty, too long, or has control or bidirectional characters.
    #[error(
        "{name:?} is not a name: it must have 1 to {longest} characters, none of them a control character"
    )]
    BadName {
        /// The name.
        name: Arc<str>,
        /// The longest that a name may be.
        longest: usize,
    },
    /// A default, a range or another constraint stands before the first slot.
    #[error("schema '{schema}' has a {constraint} before its first slot")]
    ConstraintWithoutSlot {
        /// The schema's name.
        schema: Arc<str>,
        /// Which constraint.
        constraint: &'static str,
    },
    /// Two slots have one name; one of them may be the base's.
    #[error("schema '{schema}' declares slot '{slot}' twice")]
    DuplicateSlot {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// There are more slots than a schema may have.
    #[error("schema '{schema}' has {slots} slots, at most {limit} are possible")]
    TooManySlots {
        /// The schema's name.
        schema: Arc<str>,
        /// How many there are.
        slots: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The enum, array or user type of a slot cannot be stored.
    #[error("slot '{slot}' of schema '{schema}' cannot be stored: {reason}")]
    KindError {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// What is wrong with its kind.
        reason: KindError,
    },
    /// The slot's kind cannot hold the constraint's numbers, or no value satisfies the constraint.
    #[error(
        "the {constraint} of slot '{slot}' of schema '{schema}' does not suit {kind}, or {}",
        constraint.degenerate()
    )]
    UnsuitableConstraint {
        /// The constraint.
        constraint: Box<Constraint>,
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The slot's kind.
        kind: Kind,
    },
    /// The constraint does not apply to the slot's kind.
    #[error("slot '{slot}' of schema '{schema}' is {kind}: '{constraint}' does not apply")]
    BadConstraint {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The slot's kind.
        kind: Kind,
        /// Which constraint.
        constraint: &'static str,
    },
    /// The default is not a value that the slot accepts.
    #[error("bad default: {0}")]
    BadDefault(Box<Problem>),
    /// The base is not registered.
    #[error("schema '{schema}' extends '{base}', which is not registered")]
    UnknownBase {
        /// The schema's name.
        schema: Arc<str>,
        /// The base's name.
        base: Arc<str>,
    },
    /// Two different schemas of one name are given together.
    #[error("schema '{schema}' is declared twice")]
    DeclaredTwice {
        /// The name of both.
        schema: Arc<str>,
    },
    /// The schema would extend itself.
    #[error("schema '{schema}' extends itself, by way of '{base}'")]
    Circular {
        /// The schema's name.
        schema: Arc<str>,
        /// The base's name.
        base: Arc<str>,
    },
    /// A different schema of this name is registered.
    #[error("another schema '{schema}' is registered: {}", list(differences))]
    Conflict {
        /// The name of both.
        schema: Arc<str>,
        /// What differs.
        differences: Vec<SchemaDifference>,
    },
    /// There are as many schemas as there may be.
    #[error("schema '{schema}' is one too many: at most {limit} are possible")]
    TooManySchemas {
        /// The schema's name.
        schema: Arc<str>,
        /// How many there may be.
        limit: usize,
    },
}

/// Why a kind cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KindError {
    /// An enum has no variants or more than 256.
    #[error("an enum has 1 to 256 variants, not {0}")]
    VariantCount(usize),
    /// An enum names one variant twice.
    #[error("variant '{0}' is named twice")]
    DuplicateVariant(Arc<str>),
    /// An array has no elements or too many.
    #[error("an array has 1 to {limit} elements, not {length}")]
    ArrayLength {
        /// How many it has.
        length: u32,
        /// How many it may have.
        limit: u32,
    },
    /// A user type has no bytes or too many.
    #[error("a user type has 1 to {limit} bytes, not {size}")]
    PodSize {
        /// How many it has.
        size: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A user type is aligned more than any column.
    #[error("a user type is aligned to at most 16 bytes, not {0}")]
    PodAlign(usize),
    /// A list of lists.
    #[error("the elements of a list cannot be lists")]
    ListOfLists,
}

/// What differs between the schema that is registered and the one that would be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SchemaDifference {
    /// They extend different schemas.
    Base {
        /// What the registered one extends.
        registered: Option<Arc<str>>,
        /// What the other one extends.
        found: Option<Arc<str>>,
    },
    /// Only the registered one has the slot.
    MissingSlot(Arc<str>),
    /// Only the other one has the slot.
    ExtraSlot(Arc<str>),
    /// The slot is declared in another way.
    Slot {
        /// How the registered one declares it.
        registered: Box<Slot>,
        /// How the other one does.
        found: Box<Slot>,
    },
    /// The slots are the same, in another order.
    Order,
}

impl fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = |base: &Option<Arc<str>>| match base {
            Some(base) => format!("extends '{base}'"),
            None => "extends nothing".to_owned(),
        };
        match self {
            Self::Base { registered, found } => {
                write!(f, "it {}, this one {}", base(registered), base(found))
            }
            Self::MissingSlot(slot) => write!(f, "this one lacks slot '{slot}'"),
            Self::ExtraSlot(slot) => write!(f, "it has no slot '{slot}'"),
            Self::Slot { registered, found } => {
                let slot = registered.name();
                write!(f, "its slot '{slot}' is {}, this one's is ", registered.declaration())?;
                write!(f, "{}", found.declaration())
            }
            Self::Order => f.write_str("the slots stand in another order"),
        }
    }
}

fn list(differences: &[SchemaDifference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
