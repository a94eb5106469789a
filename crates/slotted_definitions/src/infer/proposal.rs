//! What an inference proposes, and what it says of each attribute.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::infer::decide::{self, Unslottable};
use crate::infer::observed::{Example, Seen, Shape, shown};
use crate::infer::slips::slips;
use crate::infer::{Inference, InferenceOptions, Named};
use slotted::Kind;
use slotted::Record;
use slotted::Value;
use slotted::schema::Number;
use slotted::{Schema, SchemaError, schema::Quoted, schema::is_name};

/// A schema for the objects that an [`Inference`](crate::Inference) has seen, and what there is to say
/// about each of their attributes. Printed, it is a report.
///
/// ```
/// use slotted::{Value, record};
/// use slotted_definitions::infer::Inference;
/// let mut inference = Inference::default();
/// for number in 0..20 {
///     let level = if number == 7 { Value::from("high") } else { number.into() };
///     inference.observe(&record! { level, wet: false });
/// }
/// assert_eq!(inference.finish("tile")?.to_string(), "\
/// 'tile': 20 objects, 2 attributes, 1 slot
/// slots:
///   wet: bool
/// no slot:
///   'level': its values are of several kinds
///     19 integer: 0 in object 0, 1 in object 1, 2 in object 2
///     1 text: \"high\" in object 7
/// to look at:
///   'wet' is false in every object: a default, or no slot at all
/// ");
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Proposal {
    schema: Schema,
    objects: u64,
    attributes: Vec<Attribute>,
    unwatched: u64,
    /// Which slot has the name.
    slots: HashMap<Arc<str>, usize, RandomState>,
}

/// What was seen of one attribute, and what it becomes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name.
    pub name: Arc<str>,
    /// The kind of its slot, or why it is none.
    pub kind: Result<Kind, Unslottable>,
    /// How many objects set it.
    pub objects: u64,
    /// How many times it was null.
    pub nulls: u64,
    /// Its values by what they are.
    pub seen: Vec<Seen>,
    /// The elements of its lists by what they are.
    pub elements: Vec<Seen>,
    /// The smallest and the largest of its numbers.
    pub numbers: Option<(Number, Number)>,
    /// Its different texts with their counts, if they are few and short.
    pub texts: Option<Vec<(Arc<str>, u64)>>,
    /// What a person should look at.
    pub notes: Vec<Note>,
}

/// Something about an attribute that a person should look at.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// All objects that set it have the same value.
    Constant(Value),
    /// Many more objects have one whose name is nearly the same.
    Misspelt {
        /// The common name.
        suggestion: Arc<str>,
    },
    /// Some objects name it more than once: the first value is the slot's.
    Repeated(u64),
}

impl Proposal {
    pub(super) fn new(inference: &Inference, schema: Arc<str>) -> Result<Self, SchemaError> {
        let names: Vec<_> =
            inference.attributes.iter().map(|named| (&named.name, named.objects)).collect();
        let mut attributes = Vec::with_capacity(names.len());
        let (mut builder, mut slots) = (Schema::builder(schema), HashMap::default());
        for (named, suggestion) in inference.attributes.iter().zip(slips(&names)) {
            let attribute = Attribute::new(named, suggestion, &inference.options);
            if let Ok(kind) = &attribute.kind {
                slots.insert(Arc::clone(&named.name), slots.len());
                builder = builder.slot(Arc::clone(&named.name), kind.clone());
                if named.observed.holds_references() || named.objects < inference.objects {
                    builder = builder.optional();
                }
                let is_reference = *kind.element() == Kind::Object;
                if let Some(schema) = named.observed.references().filter(|_| is_reference) {
                    builder = builder.references(Arc::clone(schema));
                }
            }
            attributes.push(attribute);
        }
        let (schema, objects) = (builder.build()?, inference.objects);
        Ok(Self { schema, objects, attributes, unwatched: inference.unwatched, slots })
    }

    /// The schema.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema, to register it.
    #[must_use]
    pub fn into_schema(self) -> Schema {
        self.schema
    }

    /// How many objects it is based on.
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.objects
    }

    /// All attributes, in the order in which they were seen.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attributes that become no slots, with the reason.
    pub fn unslottable(&self) -> impl Iterator<Item = (&Attribute, Unslottable)> {
        self.attributes
            .iter()
            .filter_map(|attribute| Some((attribute, attribute.kind.clone().err()?)))
    }

    /// How many values were not looked at, because there were too many different
    /// [attributes](InferenceOptions::attributes).
    #[must_use]
    pub const fn unwatched(&self) -> u64 {
        self.unwatched
    }

    /// Takes apart what goes into the slots and what does not: attributes that are no slots, and what
    /// stands there a second time.
    ///
    /// Of the objects that were observed, a store takes the first part, unless references in it lead to
    /// no object.
    ///
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    /// let mut inference = Inference::default();
    /// let orc = record! { health: 80, drops: [[1, 2]] };
    /// inference.observe(&orc);
    /// let (slots, rest) = inference.finish("orc")?.split(orc);
    /// assert_eq!((slots, rest), (record! { health: 80 }, record! { drops: [[1, 2]] }));
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn split(&self, object: Record) -> (Record, Record) {
        let (mut slots, mut rest) = (Record::with_capacity(object.len()), Record::new());
        let mut taken = vec![false; self.slots.len()];
        for (name, value) in object {
            match self.slots.get(&*name) {
                Some(slot) if !std::mem::replace(&mut taken[*slot], true) => {
                    slots.push(name, value)
                }
                _ => rest.push(name, value),
            }
        }
        (slots, rest)
    }
}

impl Attribute {
    fn new(named: &Named, suggestion: Option<Arc<str>>, options: &InferenceOptions) -> Self {
        let observed = &named.observed;
        let kind = if is_name(&named.name) {
            decide::kind(observed, options)
        } else {
            Err(Unslottable::Name)
        };
        let mut notes = Vec::new();
        if let Some(value) = observed.constant().filter(|_| named.objects >= options.constant) {
            notes.push(Note::Constant(value));
        }
        notes.extend(suggestion.map(|suggestion| Note::Misspelt { suggestion }));
        if named.repeated > 0 {
            notes.push(Note::Repeated(named.repeated));
        }
        Self {
            name: Arc::clone(&named.name),
            kind,
            objects: named.objects,
            nulls: observed.of(Shape::Null),
            seen: observed.seen(),
            elements: observed.lists.as_ref().map_or_else(Vec::new, |lists| lists.elements.seen()),
            numbers: observed.numbers.range(),
            texts: observed.texts.distinct(),
            notes,
        }
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (objects, attributes) = (self.objects, self.attributes.len());
        let slots = self.schema.slots();
        write!(f, "{}: {}", Quoted(self.schema.name()), Count(objects, "object"))?;
        write!(f, ", {}", Count(attributes as u64, "attribute"))?;
        writeln!(f, ", {}", Count(slots.len() as u64, "slot"))?;
        if !slots.is_empty() {
            f.write_str("slots:\n")?;
        }
        let slotted = self.attributes.iter().filter(|attribute| attribute.kind.is_ok());
        for (slot, attribute) in slots.iter().zip(slotted) {
            writeln!(f, "  {slot}{}", attribute.facts(objects))?;
        }
        if self.unslottable().next().is_some() {
            f.write_str("no slot:\n")?;
        }
        for (attribute, reason) in self.unslottable() {
            writeln!(f, "  {}: {reason}", Quoted(&attribute.name))?;
            attribute.seen.iter().try_for_each(|seen| writeln!(f, "    {seen}"))?;
            attribute
                .elements
                .iter()
                .try_for_each(|seen| writeln!(f, "    as elements, {seen}"))?;
        }
        let noted = || self.attributes.iter().filter(|attribute| !attribute.notes.is_empty());
        if noted().next().is_some() || self.unwatched > 0 {
            f.write_str("to look at:\n")?;
        }
        for attribute in noted() {
            attribute.notes.iter().try_for_each(|note| attribute.write_note(f, note, objects))?;
        }
        if self.unwatched > 0 {
            let unwatched = Count(self.unwatched, "value");
            writeln!(f, "  {unwatched} of further attributes were not looked at")?;
        }
        Ok(())
    }
}

impl Attribute {
    /// What stands behind the slot's declaration.
    fn facts(&self, objects: u64) -> String {
        let mut facts = Vec::new();
        if self.objects < objects {
            facts.push(format!("set in {} of {objects}", self.objects));
        }
        if self.nulls > 0 {
            facts.push(format!("null in {}", self.nulls));
        }
        if let Some((least, most)) = self.numbers {
            facts.push(format!("{least} to {most}"));
        }
        if let (Ok(Kind::Enum(_)), Some(texts)) = (&self.kind, &self.texts) {
            let counts: Vec<String> = texts.iter().map(|(_, count)| count.to_string()).collect();
            facts.push(format!("each in {}", counts.join(", ")));
        }
        if facts.is_empty() { String::new() } else { format!(" ({})", facts.join("; ")) }
    }

    fn write_note(&self, f: &mut fmt::Formatter<'_>, note: &Note, objects: u64) -> fmt::Result {
        let (name, own) = (Quoted(&self.name), self.objects);
        match note {
            Note::Constant(value) if own == objects => {
                let value = shown(value);
                writeln!(f, "  {name} is {value} in every object: a default, or no slot at all")
            }
            Note::Constant(value) => {
                writeln!(f, "  {name} is {} in each of the {own} objects that set it", shown(value))
            }
            Note::Misspelt { suggestion } => {
                let suggestion = Quoted(suggestion);
                writeln!(f, "  {name} in {own} of {objects}: did you mean {suggestion}?")
            }
            Note::Repeated(times) => {
                let times = if *times == 1 { "once".into() } else { format!("{times} times") };
                writeln!(f, "  {name} is named again {times}: the first value is the slot's")
            }
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.values, self.sort)?;
        for (position, Example { object, value }) in self.examples.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{value} in object {object}")?;
        }
        Ok(())
    }
}

/// A number of things.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
