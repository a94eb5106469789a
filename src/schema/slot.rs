//! One typed attribute of a schema.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::Constraints;
use crate::value::Value;

/// One typed attribute of a schema: name, kind, default and constraints.
///
/// ```
/// use slotted::{Kind, Schema};
/// let unit = Schema::builder("unit").slot("health", Kind::F32).default(100.0).range(0.0..=500.0);
/// let unit = unit.build()?;
/// assert_eq!(unit.slots()[0].to_string(), "health: f32, default 100.0, range 0.0 to 500.0");
///
/// let error = Schema::builder("unit").slot("age", Kind::U8).range(9..=300).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "slot 'age' of schema 'unit' is u8: \
///      the range 9 to 300 is empty or has a bound that u8 cannot hold"
/// );
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slot {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    pub(super) default: Option<Value>,
    pub(super) constraints: Constraints,
    pub(super) renamed_from: Option<Arc<str>>,
}

/// A former name does not count: it says what the slot was, not what it is.
impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, kind, optional, default, constraints, renamed_from: _ } = self;
        (name, kind, optional, default, constraints)
            == (&other.name, &other.kind, &other.optional, &other.default, &other.constraints)
    }
}

impl Slot {
    pub(super) fn new(name: Arc<str>, kind: Kind) -> Self {
        let (optional, default, renamed_from) = (false, None, None);
        Self { name, kind, optional, default, constraints: Constraints::default(), renamed_from }
    }

    /// Returns the slot's name, unique in its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the slot's name, to be cloned without a copy of the text.
    #[must_use]
    pub const fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the kind of the slot's values.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns whether the slot may be unset.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the value of the slot in records that leave it out.
    #[must_use]
    pub const fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// Returns whether a record must name the slot: it has no default and may not be unset.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }

    /// Returns the name that the slot had before: see [`SchemaBuilder::renamed_from`](crate::SchemaBuilder::renamed_from).
    #[must_use]
    pub fn renamed_from(&self) -> Option<&str> {
        self.renamed_from.as_deref()
    }

    /// Returns whether objects store the values of both slots alike.
    pub(crate) fn is_stored_as(&self, other: &Self) -> bool {
        (&self.name, &self.kind, self.optional) == (&other.name, &other.kind, other.optional)
    }

    /// Returns whether both refuse the same values of their kind.
    pub(crate) fn has_constraints_of(&self, other: &Self) -> bool {
        self.constraints == other.constraints
    }

    /// Displays all but the name.
    pub(crate) const fn declaration(&self) -> impl fmt::Display {
        Declaration(self)
    }

    /// Returns whether there is more to check about a value than its kind.
    pub(crate) const fn is_constrained(&self) -> bool {
        self.is_confined() || matches!(self.kind, Kind::Text | Kind::List(_))
    }

    /// Returns whether there is more to check about a value than its kind if all handles are the store's.
    pub(crate) const fn is_confined(&self) -> bool {
        self.constraints.confine_numbers() || matches!(self.kind.element(), Kind::Object)
    }
}

/// As a declaration: `health: f32, default 100.0, range 0.0 to 500.0`.
impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.declaration())
    }
}

struct Declaration<'a>(&'a Slot);

impl fmt::Display for Declaration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.0;
        write!(f, "{}", slot.kind())?;
        if slot.is_optional() {
            f.write_str(", optional")?;
        }
        if let Some(default) = slot.default() {
            write!(f, ", default {default}")?;
        }
        slot.constraints().iter().try_for_each(|constraint| write!(f, ", {constraint}"))
    }
}
