//! One typed attribute of a schema.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::Constraints;
use crate::schema::nested::SIGNS;
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
///      the range 9 to 300 has a number that u8 cannot hold"
/// );
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[doc(alias = "component")]
#[derive(Clone, Debug)]
pub struct Slot {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    pub(super) default: Option<Value>,
    pub(super) part_default: Option<Value>,
    pub(super) need: Option<Need>,
    pub(super) constraints: Constraints,
    pub(super) renamed_from: Option<Arc<str>>,
}

/// The reason why an optional slot needs a value in some objects.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Need {
    /// The optional record that the slot is a part of.
    pub(super) record: Arc<str>,
    /// The value in records that leave the slot out.
    pub(super) default: Option<Value>,
}

/// Ignores former names: they matter for migrations only.
impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            kind,
            optional,
            default,
            part_default,
            need,
            constraints,
            renamed_from: _,
        } = self;
        (name, kind, optional, constraints)
            == (&other.name, &other.kind, &other.optional, &other.constraints)
            && (default, part_default, need) == (&other.default, &other.part_default, &other.need)
    }
}

impl Slot {
    pub(super) fn new(name: Arc<str>, kind: Kind) -> Self {
        let constraints = Constraints::default();
        let (default, part_default, need, renamed_from) = (None, None, None, None);
        Self { name, kind, optional: false, default, part_default, need, constraints, renamed_from }
    }

    /// Returns the slot as a part of something, whose names `within` returns.
    pub(super) fn within(&self, within: impl Fn(&str) -> Arc<str>) -> Self {
        let need =
            self.need.as_ref().map(|need| Need { record: within(&need.record), ..need.clone() });
        let renamed_from = self.renamed_from.as_deref().map(&within);
        Self { name: within(&self.name), renamed_from, need, ..self.clone() }
    }

    /// Returns the slots that hold such values for all elements of a list, see [`Shape`](crate::schema::Shape).
    ///
    /// `is_tag` is `true` for the slot that says the variant of a union.
    pub(super) fn as_elements(&self, is_tag: bool) -> Vec<Self> {
        // The parts of an inner list say together how long it is.
        let (name, is_list) = match self.bracket() {
            Some(at) => (&self.name[..at], true),
            None => (&*self.name, matches!(self.kind, Kind::List(_))),
        };
        let none = self.optional.then(|| Value::List([].into()));
        let kind = match &self.kind {
            list @ Kind::List(_) => list.clone(),
            single => Kind::list(single.clone()),
        };
        // The default of a slot is that of a part. Parts of inner lists have no values by default.
        let is_inner = self.name.contains(SIGNS);
        let (own, inner) =
            if is_inner { (None, &self.default) } else { (self.default.as_ref(), &None) };
        let part_default = self.part_default.as_ref().or(own).cloned();
        let default = none.clone().or_else(|| inner.clone());
        let values = Self { kind, optional: false, default, part_default, ..self.clone() };
        let companion = |name: &str, sign: char, kind: Kind| Self {
            default: none.clone(),
            ..self.companion(name, sign, Kind::list(kind))
        };
        let lengths = is_list.then(|| companion(name, '#', Kind::U32));
        let is_set = self.absent(is_tag).map(|whole| companion(whole, '?', Kind::Bool));
        [Some(values), is_set, lengths].into_iter().flatten().collect()
    }

    /// Returns the slots that hold such values for one variant of a union, and are unset for the others.
    ///
    /// `is_tag` is `true` for the slot that says the variant of a union in this one.
    pub(super) fn as_parts_of_variant(&self, is_tag: bool) -> Vec<Self> {
        let is_single = !self.optional && !self.name.contains(SIGNS);
        let part_default = match &self.part_default {
            None => self.default.clone().filter(|_| is_single),
            own => own.clone(),
        };
        let values = Self { optional: true, default: None, part_default, ..self.clone() };
        let is_set = self
            .absent(is_tag)
            .map(|whole| Self { optional: true, ..self.companion(whole, '?', Kind::Bool) });
        [Some(values), is_set].into_iter().flatten().collect()
    }

    /// Returns the position of the sign of a list or a map.
    fn bracket(&self) -> Option<usize> {
        self.name.find("[]").into_iter().chain(self.name.find("{}")).min()
    }

    /// Returns the name of the value that elements, or values of a variant, may lack together with this slot.
    fn absent(&self, is_tag: bool) -> Option<&str> {
        let bracket = self.bracket();
        let union = self.name.find(['@', '|']).filter(|at| bracket.is_none_or(|inner| *at < inner));
        // Other variants lack the parts of a variant; slots say which of its own it may lack.
        let is_part = union.is_some() && !is_tag;
        let end = union.or(bracket).unwrap_or(self.name.len());
        (self.optional && !is_part).then(|| &self.name[..end])
    }

    /// Returns the slot that says something about the value of this name, which this slot is a part of.
    fn companion(&self, name: &str, sign: char, kind: Kind) -> Self {
        let end = self.name.strip_prefix(name).unwrap_or_default();
        let former = self.renamed_from.as_deref();
        let former = former.map(|former| former.strip_suffix(end).unwrap_or(former));
        Self {
            renamed_from: former.map(|former| format!("{former}{sign}").into()),
            ..Self::new(format!("{name}{sign}").into(), kind)
        }
    }

    /// Returns the slot's name, unique in its schema.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema};
    /// let unit = Schema::builder("unit")
    ///     .slot("health", Kind::F32).default(100.0).renamed_from("hp")
    ///     .slot("shield", Kind::F32).optional()
    ///     .slot("age", Kind::U8)
    ///     .build()?;
    /// let [health, shield, age] = unit.slots() else { panic!("three slots") };
    /// assert_eq!(health.name(), "health");
    /// assert_eq!(&**health.shared_name(), "health");
    /// assert_eq!(health.kind(), &Kind::F32);
    /// assert_eq!(health.default(), Some(&100.0.into()));
    /// assert_eq!(health.renamed_from(), Some("hp"));
    /// assert!(shield.is_optional() && !shield.is_required());
    /// assert!(age.is_required());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the slot's name, for cloning without a copy of the text.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the kind of the slot's values.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns `true` if the slot may be unset.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the value of the slot in records that leave it out.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// Returns the value of the part in elements of a list, or in values of a variant, that leave it out.
    ///
    /// [`SchemaBuilder::part_default`](crate::schema::SchemaBuilder::part_default) has an example.
    #[must_use]
    pub const fn part_default(&self) -> Option<&Value> {
        self.part_default.as_ref()
    }

    /// Returns the optional record that always has a value for the slot, if the slot is a part of one.
    ///
    /// [`SchemaBuilder::needed_in`](crate::schema::SchemaBuilder::needed_in) has an example.
    #[must_use]
    pub fn needed_in(&self) -> Option<&str> {
        self.need.as_ref().map(|need| &*need.record)
    }

    /// Returns the value of the slot where the record that needs it leaves it out.
    ///
    /// [`SchemaBuilder::needed_default`](crate::schema::SchemaBuilder::needed_default) has an example.
    #[must_use]
    pub fn needed_default(&self) -> Option<&Value> {
        self.need.as_ref()?.default.as_ref()
    }

    /// Returns `true` if a record must name the slot: it has no default and is not optional.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }

    /// Returns the former name of the slot, set with
    /// [`SchemaBuilder::renamed_from`](crate::schema::SchemaBuilder::renamed_from).
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub fn renamed_from(&self) -> Option<&str> {
        self.renamed_from.as_deref()
    }

    /// Returns `true` if objects store the values of both slots in the same way.
    pub(crate) fn is_stored_as(&self, other: &Self) -> bool {
        (&self.name, &self.kind, self.optional) == (&other.name, &other.kind, other.optional)
    }

    /// Returns `true` if both slots refuse the same values of their kind.
    pub(crate) fn has_constraints_of(&self, other: &Self) -> bool {
        self.constraints == other.constraints && self.needed_in() == other.needed_in()
    }

    /// Displays all but the name.
    pub(crate) const fn declaration(&self) -> impl fmt::Display {
        Declaration(self)
    }

    /// Returns `true` if values need a check beyond their kind.
    pub(crate) const fn is_constrained(&self) -> bool {
        self.is_confined() || matches!(self.kind, Kind::Text | Kind::Any | Kind::List(_))
    }

    /// Returns `true` if values need a check beyond their kind, even if all handles belong to the store.
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
        if let Some(default) = slot.part_default() {
            write!(f, ", default {default} of the part")?;
        }
        if let Some(record) = slot.needed_in() {
            write!(f, ", needed in {record}")?;
        }
        if let Some(default) = slot.needed_default() {
            write!(f, ", default {default} there")?;
        }
        slot.constraints().iter().try_for_each(|constraint| write!(f, ", {constraint}"))
    }
}
