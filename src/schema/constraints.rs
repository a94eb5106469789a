//! The constraints of slots: declaration, checks and messages.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use crate::kind::{Kind, NumberKind, with_number};
use crate::number::{Ends, Number, NumberRange, Numbers};
use crate::schema::{ProblemKind, SchemaBuilder, Slot};
use crate::value::{FromValue, Value};

/// One constraint of a slot. For vectors, arrays and lists it applies to each number or element.
///
/// ```
/// use slotted::{Kind, Schema, schema::Constraint};
/// let unit = Schema::builder("unit").slot("age", Kind::U8).range(..=90).step(5).build()?;
/// let constraints: Vec<String> = unit.slots()[0].constraints().iter().map(|c| c.to_string()).collect();
/// assert_eq!(constraints, ["range up to 90", "step 5"]);
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// The numbers that the slot may hold.
    Range(NumberRange),
    /// No infinities and no NaN.
    Finite,
    /// Only multiples of this number: see [`SchemaBuilder::step`].
    Step(Number),
    /// The schema that a referenced object must have or extend.
    References(Arc<str>),
}

impl Constraint {
    /// Returns the word that declares the constraint: in Rust, in derives and in definition files.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::Constraint;
    /// assert_eq!(Constraint::Finite.word(), "finite");
    /// ```
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Range(_) => "range",
            Self::Finite => "finite",
            Self::Step(_) => "step",
            Self::References(_) => "references",
        }
    }

    fn applies_to(&self, kind: &Kind) -> bool {
        match self {
            Self::Range(_) | Self::Finite | Self::Step(_) => kind.component().is_some(),
            Self::References(_) => *kind.element() == Kind::Object,
        }
    }

    /// Returns the reason why the constraint does not suit a kind, for a message.
    pub(super) fn misfit(&self, kind: &Kind) -> String {
        match self {
            Self::Range(range) if range.is_empty() => "is empty".to_owned(),
            Self::Step(step) if !is_step(*step) => "must be finite and above 0".to_owned(),
            _ => format!("has a number that {kind} cannot hold"),
        }
    }

    /// Writes the message that the value at the place violates the constraint.
    pub(super) fn write_violation(
        &self,
        f: &mut fmt::Formatter<'_>,
        place: &dyn fmt::Display,
        found: &Value,
    ) -> fmt::Result {
        match self {
            Self::Range(range) => write!(f, "{place} expects {range}, found {found}"),
            Self::Finite => write!(f, "{place} expects finite numbers, found {found}"),
            Self::Step(step) if is_single(found) => {
                write!(f, "{place} expects multiples of {step}; {found} is not one")
            }
            Self::Step(step) => write!(f, "{place} expects multiples of {step}, found {found}"),
            Self::References(schema) => write!(f, "{place} expects a '{schema}', found {found}"),
        }
    }
}

fn is_single(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::F32(_) | Value::F64(_))
}

/// Writes the constraint as in a slot's declaration: `range 0 to 500`, `step 5`.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Self::Range(range) => write!(f, "{word} {range}"),
            Self::Finite => f.write_str(word),
            Self::Step(step) => write!(f, "{word} {step}"),
            Self::References(schema) => write!(f, "{word} '{schema}'"),
        }
    }
}

/// All constraints of a slot; those of a built [`Schema`](crate::Schema) fit the slot's kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    range: Option<NumberRange>,
    finite: bool,
    step: Option<Step>,
    references: Option<Arc<str>>,
    /// The range and finiteness as they are compared with numbers of the slot's type, unless there is a step.
    ends: Option<Ends>,
}

/// The check of a slot's values beyond their kind, for typed values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SlotCheck {
    /// All values are right.
    Free,
    /// Each number must lie between these ends.
    Within(Ends),
    /// A look at the slot decides.
    Other,
}

impl SlotCheck {
    /// Returns `true` if the slot accepts these numbers of its type, `false` if it refuses them or
    /// has constraints that need the full check.
    #[inline(always)]
    pub(crate) fn surely_accepts(&self, numbers: &impl Numbers) -> bool {
        match self {
            Self::Free => true,
            Self::Within(ends) => numbers.are_within(*ends),
            Self::Other => false,
        }
    }
}

/// The reason why a slot cannot have a constraint.
pub(super) enum Misfit {
    /// The constraint does not apply to values of the kind.
    NotForKind(Constraint),
    /// The kind cannot hold its numbers, or no value satisfies it.
    Unsuitable(Constraint),
}

impl Constraints {
    /// Iterates over the constraints, always in the same order.
    ///
    /// [`Constraint`] has an example.
    pub fn iter(&self) -> impl Iterator<Item = Constraint> + '_ {
        let Self { range, finite, step, references, ends: _ } = self;
        let numbers = [
            range.map(Constraint::Range),
            finite.then_some(Constraint::Finite),
            step.map(|step| Constraint::Step(step.number)),
        ];
        let references = references.clone().map(Constraint::References);
        numbers.into_iter().flatten().chain(references)
    }

    fn add(&mut self, constraint: Constraint) {
        match constraint {
            Constraint::Range(range) => self.range = Some(range),
            Constraint::Finite => self.finite = true,
            Constraint::Step(number) => self.step = Some(Step { number, tolerance: 0.0 }),
            Constraint::References(schema) => self.references = Some(schema),
        }
    }

    /// Rounds numbers to the precision of the kind: 0.1 in the range of an `f32` slot becomes `0.1_f32`.
    pub(super) fn fit(&mut self, kind: &Kind) -> Result<(), Misfit> {
        if let Some(stray) = self.iter().find(|constraint| !constraint.applies_to(kind)) {
            return Err(Misfit::NotForKind(stray));
        }
        let Some(component) = kind.component() else { return Ok(()) };
        if let Some(range) = self.range {
            let fitting = with_number!(component, T => fit_range::<T>(range));
            let fitting = fitting.filter(|range| !range.is_empty());
            self.range = Some(fitting.ok_or(Misfit::Unsuitable(Constraint::Range(range)))?);
        }
        if let Some(Step { number, .. }) = self.step {
            let fitting = Step::fit(number, component);
            self.step = Some(fitting.ok_or(Misfit::Unsuitable(Constraint::Step(number)))?);
        } else if self.range.is_some() || self.finite {
            let range = self.range.unwrap_or_else(|| NumberRange::new::<f64>(..));
            self.ends = Some(with_number!(component, T => Ends::of::<T>(&range, self.finite)));
        }
        Ok(())
    }

    /// Returns `true` if numbers need a check beyond their kind.
    pub(super) const fn confine_numbers(&self) -> bool {
        // Without `..`, so that a new constraint has to be decided on here.
        let Self { range, finite, step, references: _, ends: _ } = self;
        range.is_some() || *finite || step.is_some()
    }

    /// Checks numbers of the slot's kind.
    #[inline]
    pub(super) fn check_numbers(
        &self,
        numbers: &impl Numbers,
        found: impl Fn() -> Value,
    ) -> Result<(), ProblemKind> {
        if self.ends.is_some_and(|ends| numbers.are_within(ends)) {
            return Ok(());
        }
        let violated = |expected| Err(ProblemKind::Constraint { expected, found: found() });
        if let Some(range) = &self.range
            && !numbers.within(range)
        {
            return violated(Constraint::Range(*range));
        }
        if self.finite && !numbers.are_finite() {
            return violated(Constraint::Finite);
        }
        if let Some(step) = &self.step
            && !numbers.all(&mut |number| step.divides(number))
        {
            return violated(Constraint::Step(step.number));
        }
        Ok(())
    }
}

/// A step: numbers must be multiples of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    number: Number,
    /// The greatest distance from a multiple, relative to the value: 0 for integers.
    tolerance: f64,
}

const fn is_step(number: Number) -> bool {
    match number {
        Number::Int(number) => number > 0,
        Number::Float(number) => number > 0.0 && number.is_finite(),
    }
}

impl Step {
    /// Returns the step for values of this kind, or `None` if the kind cannot hold it or it is not above 0.
    fn fit(number: Number, component: NumberKind) -> Option<Self> {
        let fitted = with_number!(component, T => fit_number::<T>(number))?;
        let (number, tolerance) = match (fitted, component) {
            (Number::Int(_), _) => (fitted, 0.0),
            // Uses the shortest decimal, so that 0.1 and 0.1_f32 are the same step.
            (Number::Float(float), NumberKind::F32) => {
                let decimal = format!("{:e}", float as f32).parse().ok()?;
                (Number::Float(decimal), f64::from(f32::EPSILON))
            }
            (Number::Float(_), _) => (fitted, 2.0 * f64::EPSILON),
        };
        is_step(number).then_some(Self { number, tolerance })
    }

    /// Returns `true` if the number is a multiple.
    fn divides(&self, number: Number) -> bool {
        match (self.number, number) {
            (Number::Int(step), Number::Int(number)) => number % step == 0,
            (step, number) => {
                let (step, number) = (step.to_f64(), number.to_f64());
                let rest = (number % step).abs();
                rest.min(step - rest) <= self.tolerance * number.abs()
            }
        }
    }
}

/// Returns the number in this type, or `None` if the type cannot hold it.
fn fit_number<T: FromValue + Into<Number>>(number: Number) -> Option<Number> {
    if number.is_nan() {
        return None;
    }
    let value = match number {
        Number::Int(number) => match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => return None,
        },
        Number::Float(number) => number.into(),
    };
    T::from_value(&value).ok().map(Into::into)
}

/// Returns the range with bounds of this type, or `None` if the type cannot hold them.
fn fit_range<T: FromValue + Into<Number>>(range: NumberRange) -> Option<NumberRange> {
    let fit = |bound: Bound<Number>| match bound {
        Bound::Included(number) => fit_number::<T>(number).map(Bound::Included),
        Bound::Excluded(number) => fit_number::<T>(number).map(Bound::Excluded),
        Bound::Unbounded => Some(Bound::Unbounded),
    };
    Some(NumberRange::from_bounds(fit(range.min())?, fit(range.max())?))
}

/// The constraints of a slot.
impl Slot {
    /// Returns the check of typed values.
    pub(super) const fn typed_check(&self) -> SlotCheck {
        match (self.is_constrained(), self.constraints.ends) {
            (false, _) => SlotCheck::Free,
            (true, Some(ends)) if !matches!(self.kind, Kind::List(_)) => SlotCheck::Within(ends),
            (true, _) => SlotCheck::Other,
        }
    }

    /// Returns all constraints.
    ///
    /// [`Constraint`] has an example.
    #[must_use]
    pub const fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    /// Returns the numbers that the slot may hold; for a list, those of its elements.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema};
    /// let unit = Schema::builder("unit")
    ///     .slot("health", Kind::F32).range(0.0..=500.0).finite()
    ///     .slot("age", Kind::U8).step(5)
    ///     .slot("target", Kind::Object).references("unit")
    ///     .build()?;
    /// let [health, age, target] = unit.slots() else { panic!("three slots") };
    /// assert_eq!(health.range().map(|range| range.to_string()).as_deref(), Some("0.0 to 500.0"));
    /// assert!(health.is_finite());
    /// assert_eq!(age.step(), Some(5.into()));
    /// assert_eq!(target.references(), Some("unit"));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn range(&self) -> Option<&NumberRange> {
        self.constraints.range.as_ref()
    }

    /// Returns `true` if the slot refuses infinities and NaN.
    ///
    /// [`range`](Self::range) has an example.
    #[must_use]
    pub const fn is_finite(&self) -> bool {
        self.constraints.finite
    }

    /// Returns the number that the slot's numbers must be multiples of.
    ///
    /// [`range`](Self::range) has an example.
    #[must_use]
    pub const fn step(&self) -> Option<Number> {
        match self.constraints.step {
            Some(step) => Some(step.number),
            None => None,
        }
    }

    /// Returns the schema that a referenced object must have or extend.
    ///
    /// [`range`](Self::range) has an example.
    #[must_use]
    pub fn references(&self) -> Option<&str> {
        self.constraints.references.as_deref()
    }
}

/// The constraints of the last slot.
impl SchemaBuilder {
    /// Adds a constraint. It replaces an earlier one with the same word.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, schema::Constraint};
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).constraint(Constraint::Finite);
    /// assert!(unit.build()?.slots()[0].is_finite());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn constraint(self, constraint: Constraint) -> Self {
        let word = constraint.word();
        self.constrain(word, |slot| slot.constraints.add(constraint))
    }

    /// Sets the numbers that the slot may hold; for vectors, arrays and lists, each of their numbers.
    ///
    /// [`Slot`] has an example.
    pub fn range<N: Into<Number> + Clone>(self, range: impl RangeBounds<N>) -> Self {
        self.constraint(Constraint::Range(NumberRange::new(range)))
    }

    /// Refuses infinities and NaN.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).finite().build()?)?;
    /// let error = store.spawn_record("unit", record! { health: f32::NAN }).unwrap_err();
    /// assert_eq!(error.to_string(), "slot 'health' of 'unit' expects finite numbers, found NaN");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn finite(self) -> Self {
        self.constraint(Constraint::Finite)
    }

    /// Accepts only multiples of a number above 0; for vectors, arrays and lists, each of their numbers.
    ///
    /// Integers must be exact multiples. A float must be a multiple up to rounding: its distance from one is at most
    /// `f32::EPSILON` (for `f64`, `2.0 * f64::EPSILON`) times the float itself. So 0.3 is a multiple of 0.1, and
    /// 0.35 is not. All floats pass that are so large that their spacing exceeds the step. Infinities and NaN are
    /// refused.
    ///
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let person = Schema::builder("person").slot("age", Kind::U8).step(5).slot("size", Kind::F32).step(0.1);
    /// store.register_schema(person.build()?)?;
    /// let ada = store.spawn_record("person", record! { age: 40, size: 0.3 })?;
    /// assert_eq!(
    ///     store.set_value(ada, "age", 12).unwrap_err().to_string(),
    ///     "slot 'age' of 'person' expects multiples of 5; 12 is not one",
    /// );
    /// assert!(store.set_value(ada, "size", 0.35).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn step(self, step: impl Into<Number>) -> Self {
        self.constraint(Constraint::Step(step.into()))
    }

    /// Sets the schema that a referenced object must have or extend; for lists, each of their elements.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("wall").build()?)?;
    /// let unit = Schema::builder("unit").slot("target", Kind::Object).references("unit").optional();
    /// store.register_schema(unit.build()?)?;
    /// let wall = store.spawn_record("wall", record! {})?;
    /// let unit = store.spawn_record("unit", record! {})?;
    /// store.set_value(unit, "target", unit)?;
    /// assert!(store.set_value(unit, "target", wall).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn references(self, schema: impl Into<Arc<str>>) -> Self {
        self.constraint(Constraint::References(schema.into()))
    }
}
