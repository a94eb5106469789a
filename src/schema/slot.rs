//! One typed attribute of a schema.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::number::NumberRange;
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
    pub(super) range: Option<NumberRange>,
    pub(super) finite: bool,
    pub(super) references: Option<Arc<str>>,
    pub(super) renamed_from: Option<Arc<str>>,
}

/// A former name does not count: it says what the slot was, not what it is.
impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, kind, optional, default, range, finite, references, renamed_from: _ } =
            self;
        (name, kind, optional, default)
            == (&other.name, &other.kind, &other.optional, &other.default)
            && (range, finite, references) == (&other.range, &other.finite, &other.references)
    }
}

impl Slot {
    pub(super) const fn new(name: Arc<str>, kind: Kind) -> Self {
        let (default, range, references, renamed_from) = (None, None, None, None);
        let (optional, finite) = (false, false);
        Self { name, kind, optional, default, range, finite, references, renamed_from }
    }

    /// The slot's name, unique in its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The slot's name, to be cloned without a copy of the text.
    #[must_use]
    pub const fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// The kind of the slot's values.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether the slot may be unset.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }

    /// The value that a record leaves out, if it may.
    #[must_use]
    pub const fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// Whether a record must name the slot: it has no default and may not be unset.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }

    /// The numbers that the slot may hold; for a list, those of its elements.
    #[must_use]
    pub const fn range(&self) -> Option<&NumberRange> {
        self.range.as_ref()
    }

    /// Whether infinities and NaN are refused.
    #[must_use]
    pub const fn is_finite(&self) -> bool {
        self.finite
    }

    /// The schema that a referenced object must have or extend.
    #[must_use]
    pub fn references(&self) -> Option<&str> {
        self.references.as_deref()
    }

    /// The name that the slot had before: see [`SchemaBuilder::renamed_from`](crate::SchemaBuilder::renamed_from).
    #[must_use]
    pub fn renamed_from(&self) -> Option<&str> {
        self.renamed_from.as_deref()
    }

    /// Whether objects hold the slot's values in the same way.
    pub(crate) fn is_stored_as(&self, other: &Self) -> bool {
        (&self.name, &self.kind, self.optional) == (&other.name, &other.kind, other.optional)
    }

    /// Whether both refuse the same values of their kind.
    pub(crate) fn has_constraints_of(&self, other: &Self) -> bool {
        (&self.range, self.finite, &self.references)
            == (&other.range, other.finite, &other.references)
    }

    /// All but the name.
    pub(crate) const fn declaration(&self) -> impl fmt::Display {
        Declaration(self)
    }

    /// Whether there is more to check about a value than its kind.
    pub(crate) const fn is_constrained(&self) -> bool {
        self.is_confined() || matches!(self.kind, Kind::Text | Kind::List(_))
    }

    /// Whether there is more to check about a value than its kind, where all handles are the store's.
    pub(crate) const fn is_confined(&self) -> bool {
        self.range.is_some() || self.finite || matches!(self.kind.element(), Kind::Object)
    }
}

/// As it might be declared: `health: f32, default 100, range 0..=500`.
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
        if let Some(range) = slot.range() {
            write!(f, ", range {range}")?;
        }
        if slot.is_finite() {
            f.write_str(", finite")?;
        }
        if let Some(schema) = slot.references() {
            write!(f, ", references '{schema}'")?;
        }
        Ok(())
    }
}
