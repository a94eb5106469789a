//! The proposal of an inference, with notes about each attribute.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::infer::decide::Unslottable;
use crate::infer::misspellings::misspellings;
use crate::infer::needs::{keep_declarable, undeclarable, whole_of};
use crate::infer::nested::Role;
use crate::infer::observed::{Shape, ValueCount};
use crate::infer::{Inference, InferenceOptions, Named};
use crate::paths::paths;
use crate::write::SchemaDocs;
use slotted::Kind;
use slotted::Record;
use slotted::Value;
use slotted::schema::Number;
use slotted::schema::{SchemaBuilder, Slot, is_name};
use slotted::{Schema, SchemaError};

/// A schema for the objects of an [`Inference`], with the facts about each attribute.
///
/// `Display` prints a report.
///
/// # Example
/// ```
/// use slotted::{Value, record};
/// use slotted_definitions::infer::Inference;
/// let mut inference = Inference::default();
/// for number in 0..20 {
///     let level = if number == 7 { Value::from("high") } else { number.into() };
///     inference.observe(&record! { level, wet: false });
/// }
/// assert_eq!(inference.finish("tile")?.to_string(), "\
/// 'tile': 20 objects, 3 attributes, 4 slots
/// slots:
///   level|: enum(number, text)
///   wet: bool
///   level|number: u8, optional (set in 19 of 20; 0 to 19)
///   level|text: text, optional (set in 1 of 20)
/// of several sorts:
///   'level'
///     19 integer: 0 in object 0, 1 in object 1, 2 in object 2
///     1 text: \"high\" in object 7
/// notes:
///   'wet' is false in every object: use a default, or drop the slot
/// ");
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Proposal {
    pub(super) schema: Schema,
    pub(super) objects: u64,
    pub(super) attributes: Vec<ProposedAttribute>,
    pub(super) unions: Vec<ProposedUnion>,
    pub(super) ignored_values: u64,
    /// The position of each slot, and of each nested record behind them.
    slots: HashMap<Arc<str>, usize, RandomState>,
    /// The attributes with lists of which some objects have the only element alone.
    lists: Vec<Arc<str>>,
    /// Maps whose keys are names of records, or most of them.
    pub(super) keys: Vec<(Arc<str>, ProposalNote)>,
}

/// An attribute: the kind of its slot, and the facts about its values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProposedAttribute {
    /// The name.
    pub name: Arc<str>,
    /// The kind of the slot, or the reason why only a slot of kind `any` can hold the values.
    pub kind: Result<Kind, Unslottable>,
    /// `true` if the attribute has a slot of kind `any`.
    pub is_any: bool,
    /// `true` if it is a part of a list's elements. The slot holds the values of all elements.
    pub is_element: bool,
    /// `true` if the slot holds lists, and some objects have a single element instead.
    pub is_one_or_list: bool,
    /// The number of objects that set it.
    pub objects: u64,
    /// The number of nulls.
    pub nulls: u64,
    /// The values by kind.
    pub values: Vec<ValueCount>,
    /// The elements of its lists by kind.
    pub elements: Vec<ValueCount>,
    /// The smallest and the largest number.
    pub numbers: Option<(Number, Number)>,
    /// The different texts with their counts, if they are few and short.
    pub texts: Option<Vec<(Arc<str>, u64)>>,
    /// Notes for review.
    pub notes: Vec<ProposalNote>,
}

/// An attribute whose values have several sorts: those of each sort are an attribute of their own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProposedUnion {
    /// The name.
    pub name: Arc<str>,
    /// The values by kind. A kind with few values may be a mistake in the data.
    pub values: Vec<ValueCount>,
}

/// A note about an attribute, for review.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProposalNote {
    /// All values are the same.
    Constant(Value),
    /// A similar name is much more common.
    Misspelt {
        /// The common name, as the place in a file.
        suggestion: Arc<str>,
    },
    /// Most of its texts are names of records. If all are, the slot refers to them.
    Names {
        /// The schema of the records.
        schema: Arc<str>,
        /// The number of texts that are names of its records.
        resolved: u64,
        /// The number of texts.
        of: u64,
        /// The first text that is the name of no record at all.
        unknown: Option<Arc<str>>,
    },
    /// Most objects share a value, which is the default.
    Shared {
        /// The value.
        value: Value,
        /// The number of objects that have it.
        objects: u64,
    },
    /// Some objects repeat the name this many times; the slot takes the first value.
    Repeated(u64),
}

impl Proposal {
    pub(super) fn new(inference: &Inference, schema: Arc<str>) -> Result<Self, SchemaError> {
        let roles = inference.roles();
        let is_slot = |position: &usize| roles[*position] == Role::Slot;
        let of_slots = (0..roles.len()).filter(is_slot).map(|at| &inference.attributes[at]);
        let names: Vec<_> = of_slots.map(|named| (&named.name, named.objects)).collect();
        let mut suggestions = misspellings(&names).into_iter();
        let mut attributes = Vec::with_capacity(names.len());
        let (mut builder, mut slots) = (Schema::builder(schema), HashMap::default());
        let mut unions = Vec::new();
        let whole = inference.whole_records();
        for (position, named) in inference.attributes.iter().enumerate() {
            let at = (position, roles[position], &whole);
            if at.1 == Role::Union {
                let (name, values) = (Arc::clone(&named.name), named.observed.seen());
                unions.push(ProposedUnion { name, values });
            }
            if at.1 != Role::Slot {
                if at.1 != Role::Hidden {
                    builder = inference.add_slots(builder, at, None);
                }
                continue;
            }
            let suggestion = suggestions.next().flatten();
            let attribute = ProposedAttribute::new(named, suggestion, &inference.options);
            if let Some(kind) = attribute.slot_kind() {
                slots.insert(Arc::clone(&named.name), slots.len());
                builder = inference.add_slots(builder, at, Some(&kind));
            }
            attributes.push(attribute);
        }
        for (position, role) in roles.iter().enumerate() {
            if *role != Role::Slot && *role != Role::Hidden {
                let count = slots.len();
                slots.entry(Arc::clone(&inference.attributes[position].name)).or_insert(count);
            }
        }
        let (schema, objects) = (keep_declarable(builder.build()?)?, inference.objects);
        show_suggestions(&schema, &mut attributes);
        let ignored_values = inference.ignored_values;
        let of_slots = attributes.iter().filter(|attribute| attribute.is_one_or_list);
        let of_slots = of_slots.map(|attribute| Arc::clone(&attribute.name));
        let nested = roles.iter().zip(&inference.attributes);
        let nested = nested.filter(|(role, named)| **role == Role::List && named.may_be_single);
        let nested = nested.map(|(_, named)| Arc::clone(&named.name));
        let lists = of_slots.chain(nested).collect();
        let keys = Vec::new();
        Ok(Self { schema, objects, attributes, unions, ignored_values, slots, lists, keys })
    }

    /// Makes references and defaults of what was noted about each attribute.
    pub(super) fn refine(
        &mut self,
        mut notes: Vec<Vec<ProposalNote>>,
        keys: Vec<(Arc<str>, ProposalNote)>,
    ) -> Result<(), SchemaError> {
        let mut refined = self.clone();
        refined.apply(notes.clone(), keys.clone())?;
        let mut lost = undeclarable(&refined.schema);
        lost.retain(|name| !undeclarable(&self.schema).contains(name));
        if !lost.is_empty() {
            // No declaration says what such references mean, such as those of variants that are no records: they stay texts.
            let names = |note: &ProposalNote| matches!(note, ProposalNote::Names { .. });
            for (attribute, notes) in self.attributes.iter().zip(&mut notes) {
                if lost.contains(whole_of(&attribute.name)) {
                    notes.retain(|note| !names(note));
                }
            }
            refined = self.clone();
            refined.apply(notes, keys)?;
        }
        *self = refined;
        Ok(())
    }

    fn apply(
        &mut self,
        notes: Vec<Vec<ProposalNote>>,
        keys: Vec<(Arc<str>, ProposalNote)>,
    ) -> Result<(), SchemaError> {
        let again = |builder, slot: &Slot| again(builder, slot, target_of_keys(&keys, slot.name()));
        let mut builder = Schema::builder(self.schema.name());
        let mut slots = self.schema.slots().iter().peekable();
        for (attribute, notes) in self.attributes.iter_mut().zip(notes) {
            if !attribute.has_slot() {
                continue;
            }
            // The slots that belong to a list's parts have no attribute.
            while let Some(slot) = slots.next_if(|slot| slot.name() != &*attribute.name) {
                builder = again(builder, slot);
            }
            let Some(slot) = slots.next() else { continue };
            let mut kind = slot.kind().clone();
            let (mut target, mut default) = (None, None);
            for note in &notes {
                match note {
                    ProposalNote::Names { schema, resolved, of, .. } if resolved == of => {
                        let is_list = matches!(kind, Kind::List(_));
                        kind = if is_list { Kind::list(Kind::Object) } else { Kind::Object };
                        target = Some(Arc::clone(schema));
                    }
                    ProposalNote::Shared { value, .. }
                        if attribute.objects == self.objects
                            && attribute.nulls == 0
                            && !attribute.is_element =>
                    {
                        default = Some(value.clone());
                    }
                    _ => {}
                }
            }
            builder = builder.slot(Arc::clone(slot.shared_name()), kind.clone());
            // The target of a reference can be despawned.
            if slot.is_optional() || kind == Kind::Object {
                builder = builder.optional();
            }
            if let Some(record) = slot.needed_in() {
                builder = builder.needed_in(record);
            }
            if let Some(schema) = target.as_deref().or(slot.references()) {
                builder = builder.references(schema.to_owned());
            }
            if let Some(value) = default.as_ref().or(slot.default()) {
                builder = builder.default(value.clone());
            }
            let is_default = |note: &ProposalNote| {
                matches!(note, ProposalNote::Constant(_)) && default.is_some()
            };
            attribute.notes.retain(|note| !is_default(note));
            if attribute.kind.is_ok() {
                attribute.kind = Ok(kind);
            }
            let is_used = |note: &ProposalNote| {
                !matches!(note, ProposalNote::Shared { .. }) || default.is_some()
            };
            attribute.notes.extend(notes.into_iter().filter(is_used));
        }
        self.schema = keep_declarable(slots.fold(builder, again).build()?)?;
        self.keys = keys;
        Ok(())
    }

    /// Returns the maps of which most keys are names of records, each with a [note](ProposalNote::Names). If all are, the keys
    /// refer to the records. Only a [`Survey`](super::Survey) finds them.
    ///
    /// # Example
    /// ```
    /// use slotted::Value;
    ///
    /// let wound = |by: &str| [("wounds".into(), Value::from_iter([(by, 3)]))];
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// let orcs = [wound("cut"), wound("bash")];
    /// let each = |pass: &mut dyn FnMut(&str, Option<&str>, &[(std::sync::Arc<str>, Value)])| {
    ///     ["cut", "bash"].iter().for_each(|name| pass("damage", Some(name), &[]));
    ///     orcs.iter().for_each(|orc| pass("orc", None, orc));
    /// };
    /// each(&mut |group, key, object| survey.observe(group, key, object));
    /// let mut measure = survey.measure()?;
    /// each(&mut |group, key, object| measure.observe(group, key, object));
    /// let orc = &measure.finish()?[1].proposal;
    /// assert_eq!(&*orc.keys()[0].0, "wounds");
    /// let slots: Vec<String> = orc.schema().slots().iter().map(ToString::to_string).collect();
    /// assert_eq!(slots, ["wounds{}.key: list(object), references 'damage'", "wounds{}.value: list(u8)"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn keys(&self) -> &[(Arc<str>, ProposalNote)] {
        &self.keys
    }

    /// Returns the schema.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.schema().slots()[0].name(), "health");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Converts the proposal into its schema.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// let mut store = slotted::Store::new();
    /// store.register_schema(proposal.into_schema())?;
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn into_schema(self) -> Schema {
        self.schema
    }

    /// Returns the number of observed objects.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.objects(), 1);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.objects
    }

    /// Returns all attributes, in the order of their first occurrence.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.attributes().len(), 2);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn attributes(&self) -> &[ProposedAttribute] {
        &self.attributes
    }

    /// Returns the attributes whose values have several sorts. Unions by tag or by name are not among them.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: "bone" });
    /// inference.observe(&record! { health: 80, drops: 3 });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(&*proposal.unions()[0].name, "drops");
    /// let slots: Vec<_> = proposal.schema().slots().iter().map(|slot| slot.name()).collect();
    /// assert_eq!(slots, ["health", "drops|", "drops|text", "drops|number"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn unions(&self) -> &[ProposedUnion] {
        &self.unions
    }

    /// Returns the attributes with lists of which some objects have the only element alone, without brackets. Their slots are
    /// those of this name, or its parts.
    ///
    /// # Example
    /// ```
    /// use slotted::{Value, record};
    /// use slotted_definitions::infer::Inference;
    ///
    /// let bone = Value::from_iter([("item", "bone")]);
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { drops: bone.clone() });
    /// inference.observe(&record! { drops: [bone.clone(), bone] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.one_or_lists()[..], ["drops".into()]);
    /// assert_eq!(proposal.schema().slots()[0].to_string(), "drops[].item: list(text)");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn one_or_lists(&self) -> &[Arc<str>] {
        &self.lists
    }

    /// Returns the documentation for a definition file: which lists may be written without brackets.
    ///
    /// # Example
    /// ```
    /// use slotted::{Value, record};
    /// use slotted_definitions::infer::Inference;
    /// use slotted_definitions::{Format, write::schemas_to_text};
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { tags: "big" });
    /// inference.observe(&record! { tags: ["big", "wet"] });
    /// let proposal = inference.finish("orc")?;
    /// let file = schemas_to_text([(proposal.schema(), &proposal.docs())], Format::Toml)?;
    /// assert!(file.contains(r#"tags = { kind = "list(text)", one_or_list = true }"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn docs(&self) -> SchemaDocs {
        SchemaDocs { one_or_lists: self.lists.iter().cloned().collect(), ..SchemaDocs::default() }
    }

    /// Iterates over the attributes that fit no kind but `any`, each with the reason.
    ///
    /// # Example
    /// ```
    /// use slotted::{Value, record};
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: Value::List([].into()) });
    /// let proposal = inference.finish("orc")?;
    /// let (attribute, reason) = proposal.unslottable().next().unwrap();
    /// assert_eq!((&*attribute.name, attribute.is_any), ("drops", true));
    /// println!("no kind but any for 'drops': {reason}");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn unslottable(&self) -> impl Iterator<Item = (&ProposedAttribute, Unslottable)> {
        self.attributes
            .iter()
            .filter_map(|attribute| Some((attribute, attribute.kind.clone().err()?)))
    }

    /// Returns the number of values of attributes beyond the
    /// [limit](InferenceOptions::attributes).
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.ignored_values(), 0);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn ignored_values(&self) -> u64 {
        self.ignored_values
    }

    /// Splits an object into the values of slots and the rest.
    ///
    /// A nested record stays whole. The rest holds attributes without a slot and repeated names. A store accepts the first part of every
    /// observed object unless it contains dead references.
    ///
    /// # Example
    /// ```
    /// use slotted::{Value, record};
    /// use slotted_definitions::infer::{Inference, InferenceOptions};
    /// let mut options = InferenceOptions::default();
    /// options.any = false;
    /// let mut inference = Inference::new(options);
    /// let none = Value::List([].into());
    /// let orc = record! { health: 80, drops: none.clone() };
    /// inference.observe(&orc);
    /// let (slots, rest) = inference.finish("orc")?.split(orc);
    /// assert_eq!((slots, rest), (record! { health: 80 }, record! { drops: none }));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn split(&self, object: Record) -> (Record, Record) {
        let (mut slots, mut rest) = (Record::with_capacity(object.len()), Record::new());
        let mut taken = vec![false; self.slots.len()];
        for (name, value) in object {
            match self.slots.get(&*name) {
                Some(slot) if !std::mem::replace(&mut taken[*slot], true) => {
                    let is_single = !matches!(value, Value::List(_) | Value::Unset)
                        && self.lists.iter().any(|list| **list == *name);
                    let value = if is_single { Value::List([value].into()) } else { value };
                    slots.push(name, value);
                }
                _ => rest.push(name, value),
            }
        }
        (slots, rest)
    }
}

/// Replaces the slots in suggestions by their places in a file.
fn show_suggestions(schema: &Schema, attributes: &mut [ProposedAttribute]) {
    let mut places: Option<Vec<String>> = None;
    for note in attributes.iter_mut().flat_map(|attribute| &mut attribute.notes) {
        if let ProposalNote::Misspelt { suggestion } = note
            && let Some(at) = schema.slots().iter().position(|slot| slot.name() == &**suggestion)
        {
            *suggestion = places.get_or_insert_with(|| paths(schema))[at].as_str().into();
        }
    }
}

/// Returns the schema that all keys of a map refer to, given the slot of the keys.
fn target_of_keys<'k>(keys: &'k [(Arc<str>, ProposalNote)], slot: &str) -> Option<&'k Arc<str>> {
    let map = slot.strip_suffix("{}.key")?;
    let (_, note) = keys.iter().find(|(own, _)| **own == *map)?;
    match note {
        ProposalNote::Names { schema, resolved, of, .. } if resolved == of => Some(schema),
        _ => None,
    }
}

/// Adds a slot as it is, or as one of the keys of maps that refer to records of a schema.
fn again(builder: SchemaBuilder, slot: &Slot, target: Option<&Arc<str>>) -> SchemaBuilder {
    let name = Arc::clone(slot.shared_name());
    let mut builder = match target {
        Some(schema) => builder.slot(name, Kind::list(Kind::Object)).references(Arc::clone(schema)),
        None => builder.slot(name, slot.kind().clone()),
    };
    if slot.is_optional() {
        builder = builder.optional();
    }
    if let Some(record) = slot.needed_in() {
        builder = builder.needed_in(record);
    }
    if let Some(value) = slot.default() {
        builder = builder.default(value.clone());
    }
    builder
}

impl ProposedAttribute {
    fn new(named: &Named, suggestion: Option<Arc<str>>, options: &InferenceOptions) -> Self {
        let observed = &named.observed;
        let kind = if is_name(&named.name) { named.kind(options) } else { Err(Unslottable::Name) };
        let is_any = named.fits_any(options)
            && kind.as_ref().is_err_and(|reason| *reason != Unslottable::Name);
        let mut notes = Vec::new();
        if let Some(value) = observed.constant().filter(|_| named.objects >= options.constant) {
            notes.push(ProposalNote::Constant(value));
        }
        notes.extend(suggestion.map(|suggestion| ProposalNote::Misspelt { suggestion }));
        if named.repeated > 0 {
            notes.push(ProposalNote::Repeated(named.repeated));
        }
        Self {
            name: Arc::clone(&named.name),
            is_element: named.is_in_list,
            is_one_or_list: !named.is_in_list
                && observed.of(Shape::List) > 0
                && (named.may_be_single || !observed.are_all(Shape::List))
                && matches!(kind, Ok(Kind::List(_))),
            kind,
            is_any,
            objects: named.objects,
            nulls: observed.of(Shape::Null),
            values: observed.seen(),
            elements: observed.lists.as_ref().map_or_else(Vec::new, |lists| lists.elements.seen()),
            numbers: observed.numbers.range(),
            texts: observed.texts.distinct(),
            notes,
        }
    }
}

impl ProposedAttribute {
    /// Returns `true` if the schema has a slot for it.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert!(proposal.attributes().iter().all(|attribute| attribute.has_slot()));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub const fn has_slot(&self) -> bool {
        self.is_any || self.kind.is_ok()
    }

    fn slot_kind(&self) -> Option<Kind> {
        match &self.kind {
            Ok(kind) => Some(kind.clone()),
            Err(_) if self.is_element => self.is_any.then(|| Kind::list(Kind::Any)),
            Err(_) => self.is_any.then_some(Kind::Any),
        }
    }
}
