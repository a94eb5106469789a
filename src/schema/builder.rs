//! The builder of schemas.

use std::collections::HashSet;
use std::sync::Arc;

use crate::kind::{Kind, with_number};
use crate::schema::check::{Checker, NoWorld};
use crate::schema::constraints::Misfit;
use crate::schema::error::KindError;
use crate::schema::nested::{SIGNS, Shape, shapes};
use crate::schema::slot::Need;
use crate::schema::{Problem, ProblemKind, Registry, SchemaError, Slot};
use crate::value::Value;

/// A named, ordered list of slots, which may extend another schema's.
///
/// `#[derive(Slotted)]` makes one of a Rust struct; [`Schema::builder`] makes one at run time,
/// with the same abilities.
///
/// ```
/// use slotted::{Kind, Schema};
/// let orc = Schema::builder("orc")
///     .extends("unit")
///     .slot("rage", Kind::F32).default(0.0).range(0.0..=1.0)
///     .slot("target", Kind::Object).optional().references("unit")
///     .build()?;
/// assert_eq!(orc.slots().len(), 2);
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    pub(super) name: Arc<str>,
    pub(super) extends: Option<Arc<str>>,
    pub(super) slots: Vec<Slot>,
    /// Other defaults for slots of the bases.
    defaults: Defaults,
}

/// Other defaults for slots of the bases, by the slots' names.
pub(super) type Defaults = Vec<(Arc<str>, Value)>;

impl Schema {
    /// Starts a schema of this name.
    ///
    /// [`Schema`] has an example.
    pub fn builder(name: impl Into<Arc<str>>) -> SchemaBuilder {
        let (slots, defaults) = (Vec::new(), Vec::new());
        let schema = Self { name: name.into(), extends: None, slots, defaults };
        SchemaBuilder { schema, nested: None, error: None }
    }

    /// Returns the schema's name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema};
    /// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).build()?;
    /// assert_eq!(orc.name(), "orc");
    /// assert_eq!(orc.extends(), Some("unit"));
    /// assert_eq!(orc.slots()[0].name(), "rage");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the base, whose slots come first.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub fn extends(&self) -> Option<&str> {
        self.extends.as_deref()
    }

    /// Returns the slots that the schema itself declares.
    ///
    /// [`name`](Self::name) has an example.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the slots of the bases that have other defaults in this schema, with these defaults.
    ///
    /// [`SchemaBuilder::inherited_default`] has an example.
    pub fn inherited_defaults(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.defaults.iter().map(|(slot, value)| (&**slot, value))
    }

    /// Returns the nested values of these slots by name. Positions in the shapes are those in [`slots`](Self::slots).
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema};
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).build()?;
    /// let orc = Schema::builder("orc").slot("rage", Kind::F32).nested_list("drops", &drop).build()?;
    /// let shapes = orc.shapes();
    /// assert_eq!(&*shapes[0].0, "drops");
    /// assert_eq!(shapes[0].1.slot_range(), 1..2);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn shapes(&self) -> Box<[(Arc<str>, Shape)]> {
        shapes(&self.slots)
    }

    /// The names are not checked again.
    pub(super) const fn from_parts(
        name: Arc<str>,
        extends: Option<Arc<str>>,
        slots: Vec<Slot>,
        defaults: Defaults,
    ) -> Self {
        Self { name, extends, slots, defaults }
    }

    pub(super) fn into_parts(self) -> (Arc<str>, Option<Arc<str>>, Vec<Slot>, Defaults) {
        (self.name, self.extends, self.slots, self.defaults)
    }

    pub(super) const fn defaults(&self) -> &Defaults {
        &self.defaults
    }
}

/// Builds a [`Schema`].
///
/// Defaults, constraints and other properties apply to the last slot, `optional` and `renamed_from` to the last nested record. [`build`](Self::build) reports the first
/// mistake.
#[derive(Clone, Debug)]
#[must_use = "`build` makes the schema"]
pub struct SchemaBuilder {
    pub(super) schema: Schema,
    /// The last nested record: its name and the position of its first part. `None` after a slot.
    pub(super) nested: Option<(Arc<str>, usize)>,
    pub(super) error: Option<SchemaError>,
}

impl SchemaBuilder {
    /// Puts another schema's slots first. That schema must be registered before this one.
    ///
    /// [`Schema`] has an example.
    pub fn extends(mut self, base: impl Into<Arc<str>>) -> Self {
        self.schema.extends = Some(base.into());
        self
    }

    /// Adds a slot. Records must name it unless it has a default or is optional.
    ///
    /// [`Schema`] has an example.
    pub fn slot(mut self, name: impl Into<Arc<str>>, kind: Kind) -> Self {
        self.nested = None;
        self.schema.slots.push(Slot::new(name.into(), kind));
        self
    }

    /// Sets the value of the slot in records that leave it out.
    ///
    /// [`Schema`] has an example.
    pub fn default(self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.constrain("default", |slot| slot.default = Some(value))
    }

    /// Sets the value of the part in elements of a list, or in values of a variant, that leave it out.
    ///
    /// The elements of a [`nested_list`](Self::nested_list) have the defaults of their schema. An optional part has none.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let unit = Schema::builder("unit")
    ///     .slot("drops[].item", Kind::list(Kind::Text))
    ///     .slot("drops[].chance", Kind::list(Kind::F32)).part_default(1.0).range(0..=1);
    /// let mut store = Store::new();
    /// store.register_schema(unit.build()?)?;
    /// let bone = Value::from_iter([("item", "bone")]);
    /// let orc = store.spawn_record("unit", record! { drops: [bone] })?;
    /// assert_eq!(store.get_value(orc, "drops[].chance")?, [1.0_f32].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn part_default(self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.constrain("part_default", |slot| slot.part_default = Some(value))
    }

    /// Gives a slot of the base another default, for records of this schema and of those that extend it.
    ///
    /// [`Value::Unset`] removes the default of an optional slot. The value is checked when the schema is registered.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).default(100).range(0..=500);
    /// let orc = Schema::builder("orc").extends("unit").inherited_default("health", 150).build()?;
    /// assert_eq!(orc.inherited_defaults().next(), Some(("health", &150.into())));
    ///
    /// let mut store = Store::new();
    /// store.register_schema(unit.build()?)?;
    /// store.register_schema(orc)?;
    /// let orc = store.spawn_record("orc", record! {})?;
    /// assert_eq!(store.get_value(orc, "health")?, 150.0_f32.into());
    ///
    /// let giant = Schema::builder("giant").extends("orc").inherited_default("health", 900).build()?;
    /// let error = store.register_schema(giant).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "bad default: slot 'health' of 'giant' expects 0.0 to 500.0, found 900"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn inherited_default(mut self, slot: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        let (slot, value) = (slot.into(), value.into());
        match self.schema.defaults.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, known)) => *known = value,
            None => self.schema.defaults.push((slot, value)),
        }
        self
    }

    /// Lets the slot be unset. Records that leave it out leave it unset unless it has a default.
    ///
    /// [`Schema`] has an example.
    pub fn optional(self) -> Self {
        let Some((record, first)) = self.nested.clone() else {
            return self.constrain("optional", |slot| slot.optional = true);
        };
        let mut builder = self;
        for slot in &mut builder.schema.slots[first..] {
            let default = slot.default.take();
            // The parts of a list are there together, and a variant says itself which parts it may lack.
            let is_part = !record.contains(SIGNS) && slot.name[record.len()..].starts_with('.');
            if is_part && !slot.optional && slot.need.is_none() {
                slot.need = Some(Need { record: Arc::clone(&record), default });
            }
            slot.optional = true;
        }
        builder
    }

    /// Makes an optional slot needed in the optional record that it is a part of: records that give another part give this one
    /// too, unless it has a [default there](Self::needed_default).
    ///
    /// [`optional`](Self::optional) after [`nested`](Self::nested) does so for all parts that are not optional themselves. Keys and
    /// views write parts alone; an object with such a half record has none in a Rust struct.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let weapon = Schema::builder("weapon")
    ///     .slot("damage.min", Kind::U16).optional().needed_in("damage")
    ///     .slot("damage.max", Kind::U16).optional().needed_in("damage")
    ///     .slot("damage.type", Kind::Text).optional()
    ///     .build()?;
    /// assert_eq!(weapon.slots()[0].needed_in(), Some("damage"));
    ///
    /// let mut store = Store::new();
    /// store.register_schema(weapon)?;
    /// store.spawn_record("weapon", record! {})?;
    /// let half = Value::from_iter([("min", 1)]);
    /// let error = store.spawn_record("weapon", record! { damage: half }).unwrap_err();
    /// assert_eq!(error.to_string(), "'weapon' object needs a value for slot 'damage.max' (u16)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn needed_in(self, record: impl Into<Arc<str>>) -> Self {
        let need = Need { record: record.into(), default: None };
        self.constrain("needed_in", |slot| slot.need = Some(need))
    }

    /// Sets the value of the slot where the record that [needs](Self::needed_in) it leaves it out.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).default(4);
    /// let weapon = Schema::builder("weapon").nested("damage", &damage.build()?).optional().build()?;
    /// assert_eq!(weapon.slots()[1].needed_default(), Some(&4.into()));
    /// assert_eq!(weapon.slots()[1], Schema::builder("weapon")
    ///     .slot("damage.max", Kind::U16).optional().needed_in("damage").needed_default(4)
    ///     .build()?.slots()[0]);
    ///
    /// let mut store = Store::new();
    /// store.register_schema(weapon)?;
    /// let half = Value::from_iter([("min", 1)]);
    /// let axe = store.spawn_record("weapon", record! { damage: half })?;
    /// assert_eq!(store.get_value(axe, "damage.max")?, 4.into());
    /// let fist = store.spawn_record("weapon", record! {})?;
    /// assert!(store.get_value(fist, "damage.max")?.is_unset());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn needed_default(self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.constrain("needed_default", |slot| match &mut slot.need {
            Some(need) => need.default = Some(value),
            // `build` refuses it: no record has an empty name.
            none => *none = Some(Need { record: "".into(), default: Some(value) }),
        })
    }

    /// Sets the former name of the slot, under which [`Store::migrate`](crate::Store::migrate) finds the values of
    /// living objects.
    ///
    /// The former name has no effect if the slot exists under its new name, or if the schema is new. So it can stay
    /// in a data file. Schemas that differ in former names only are equal.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("hp", Kind::F32).build()?)?;
    /// let unit = store.spawn_record("unit", record! { hp: 80.0 })?;
    ///
    /// let renamed = Schema::builder("unit").slot("health", Kind::F32).renamed_from("hp");
    /// let plan = store.plan_migration([renamed.build()?])?;
    /// store.migrate(&plan)?;
    /// assert_eq!(store.get_value(unit, "health")?, 80.0_f32.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn renamed_from(self, name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        let Some((record, first)) = self.nested.clone() else {
            return self.constrain("former name", |slot| slot.renamed_from = Some(name));
        };
        let mut builder = self;
        for slot in &mut builder.schema.slots[first..] {
            let part = slot.renamed_from.as_ref().unwrap_or(&slot.name);
            let part = part.strip_prefix(&*record).unwrap_or_default();
            slot.renamed_from = Some(format!("{name}{part}").into());
        }
        builder
    }

    pub(super) fn constrain(
        mut self,
        constraint: &'static str,
        apply: impl FnOnce(&mut Slot),
    ) -> Self {
        let record = self.nested.as_ref().map(|(record, _)| Arc::clone(record));
        match (self.schema.slots.last_mut(), record) {
            (Some(slot), None) => apply(slot),
            (_, Some(record)) => {
                let schema = Arc::clone(&self.schema.name);
                let error = SchemaError::ConstraintOnNested { schema, record, constraint };
                self.error.get_or_insert(error);
            }
            (None, None) => {
                let schema = Arc::clone(&self.schema.name);
                self.error.get_or_insert(SchemaError::ConstraintWithoutSlot { schema, constraint });
            }
        }
        self
    }

    /// Checks and returns the schema.
    ///
    /// [`Schema`] has an example.
    ///
    /// # Errors
    /// Returns the first mistake in a name, a kind, a constraint or a default.
    pub fn build(self) -> Result<Schema, SchemaError> {
        let Self { mut schema, error, .. } = self;
        if let Some(error) = error {
            return Err(error);
        }
        check_name(&schema.name)?;
        schema.extends.as_ref().map_or(Ok(()), |name| check_name(name))?;
        let mut names = HashSet::new();
        for slot in &mut schema.slots {
            check_name(&slot.name)?;
            slot.renamed_from.as_ref().map_or(Ok(()), |name| check_name(name))?;
            if !names.insert(Arc::clone(&slot.name)) {
                let (schema, slot) = (Arc::clone(&schema.name), Arc::clone(&slot.name));
                return Err(SchemaError::DuplicateSlot { schema, slot });
            }
            check_kind(&slot.kind).map_err(|reason| SchemaError::KindError {
                schema: Arc::clone(&schema.name),
                slot: Arc::clone(&slot.name),
                reason,
            })?;
            fit_constraints(&schema.name, slot)?;
            check_default(&schema.name, slot)?;
        }
        for slot in &schema.slots {
            check_part_default(&schema.name, slot, &names)?;
            check_need(&schema.name, slot, &names)?;
        }
        Ok(schema)
    }
}

/// The most characters that a name may have.
const LONGEST_NAME: usize = 128;

/// Returns whether a schema or a slot can have that name: 1 to 128 characters, none of them invisible.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let fits = !name.is_empty() && name.chars().nth(LONGEST_NAME).is_none();
    fits && !name.chars().any(hidden)
}

/// Checks a name for a schema or a slot.
///
/// # Errors
/// Returns [`SchemaError::BadName`] if [`is_name`] is false.
pub fn check_name(name: &str) -> Result<(), SchemaError> {
    if is_name(name) {
        return Ok(());
    }
    let name = name.chars().take(LONGEST_NAME).collect::<String>().into();
    Err(SchemaError::BadName { name, longest: LONGEST_NAME })
}

/// Keeps a block of one column within 16 MiB.
const LARGEST_VALUE: usize = 4096;

fn check_kind(kind: &Kind) -> Result<(), KindError> {
    match kind {
        Kind::Enum(kind) => {
            let variants = kind.variants();
            if !(1..=256).contains(&variants.len()) {
                return Err(KindError::VariantCount(variants.len()));
            }
            let mut seen = HashSet::new();
            match variants.iter().find(|variant| !seen.insert(*variant)) {
                Some(twice) => Err(KindError::DuplicateVariant(Arc::clone(twice))),
                None => Ok(()),
            }
        }
        Kind::Array(number, length) => {
            let size = with_number!(number, T => size_of::<T>());
            let limit = (LARGEST_VALUE / size) as u32;
            match length {
                1.. if *length <= limit => Ok(()),
                _ => Err(KindError::ArrayLength { length: *length, limit }),
            }
        }
        Kind::Pod(pod) if !(1..=LARGEST_VALUE).contains(&pod.size()) => {
            Err(KindError::PodSize { size: pod.size(), limit: LARGEST_VALUE })
        }
        Kind::Pod(pod) if pod.align() > 16 => Err(KindError::PodAlign(pod.align())),
        // Rust's own types are never like this, but those of another program are only named.
        Kind::Pod(pod)
            if !pod.align().is_power_of_two() || !pod.size().is_multiple_of(pod.align()) =>
        {
            Err(KindError::PodLayout { size: pod.size(), align: pod.align() })
        }
        Kind::List(list) => match list.element() {
            Kind::List(_) => Err(KindError::ListOfLists),
            element => check_kind(element),
        },
        _ => Ok(()),
    }
}

fn fit_constraints(schema: &Arc<str>, slot: &mut Slot) -> Result<(), SchemaError> {
    let Slot { name, kind, constraints, .. } = slot;
    constraints.fit(kind).map_err(|misfit| {
        let (schema, slot, kind) = (Arc::clone(schema), Arc::clone(name), kind.clone());
        match misfit {
            Misfit::NotForKind(constraint) => {
                SchemaError::BadConstraint { schema, slot, kind, constraint: constraint.word() }
            }
            Misfit::Unsuitable(constraint) => {
                let constraint = Box::new(constraint);
                SchemaError::UnsuitableConstraint { constraint, schema, slot, kind }
            }
        }
    })
}

fn check_part_default(
    schema: &Arc<str>,
    slot: &Slot,
    names: &HashSet<Arc<str>>,
) -> Result<(), SchemaError> {
    let Some(default) = &slot.part_default else { return Ok(()) };
    if !slot.name.contains(SIGNS) || names.contains(&*format!("{}?", slot.name)) {
        let (schema, slot) = (Arc::clone(schema), Arc::clone(&slot.name));
        return Err(SchemaError::NoPartDefault { schema, slot });
    }
    check_default_of_part(schema, slot, default, names)
}

fn check_need(
    schema: &Arc<str>,
    slot: &Slot,
    names: &HashSet<Arc<str>>,
) -> Result<(), SchemaError> {
    let Some(need) = &slot.need else { return Ok(()) };
    let is_part = slot.name.strip_prefix(&*need.record).is_some_and(|rest| rest.starts_with('.'));
    // A slot of a list's elements is optional if another one says which have it.
    let is_optional = slot.optional || need.record.contains(SIGNS);
    if need.record.is_empty() || !is_part || !is_optional {
        let (schema, slot) = (Arc::clone(schema), Arc::clone(&slot.name));
        return Err(SchemaError::NotNeeded { schema, slot, record: Arc::clone(&need.record) });
    }
    let Some(default) = &need.default else { return Ok(()) };
    // A list in the record has no elements by default.
    let is_of_element =
        need.record.contains(SIGNS) && !slot.name[need.record.len()..].contains(SIGNS);
    match is_of_element {
        true => check_default_of_part(schema, slot, default, names),
        false => check_default(schema, &Slot { default: Some(default.clone()), ..slot.clone() }),
    }
}

/// Checks the value of a part of an element, or of a variant.
fn check_default_of_part(
    schema: &Arc<str>,
    slot: &Slot,
    default: &Value,
    names: &HashSet<Arc<str>>,
) -> Result<(), SchemaError> {
    let has = |sign: char| names.contains(&*format!("{}{sign}", slot.name));
    // The list of a slot has the values of all elements.
    let is_in_list = slot.name.contains(['[', '{']) && !has('#');
    let default = if is_in_list { Value::List([default.clone()].into()) } else { default.clone() };
    let checked = check_default(schema, &Slot { default: Some(default), ..slot.clone() });
    checked.map_err(|error| match error {
        SchemaError::BadDefault(problem) => SchemaError::BadDefault(Box::new(match problem.kind {
            ProblemKind::Element { kind, .. } if is_in_list => Problem { kind: *kind, ..*problem },
            _ => *problem,
        })),
        other => other,
    })
}

pub(super) fn check_default(schema: &Arc<str>, slot: &Slot) -> Result<(), SchemaError> {
    let Some(default) = &slot.default else { return Ok(()) };
    let registry = Registry::default();
    let checker = Checker { registry: &registry, world: &NoWorld };
    checker.value(slot, default).map_err(|kind| {
        let (schema, slot) = (Arc::clone(schema), Arc::clone(&slot.name));
        SchemaError::BadDefault(Box::new(Problem { record: None, schema, slot, kind }))
    })
}
