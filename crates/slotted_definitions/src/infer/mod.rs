//! Schemas from what objects without one have: the road from free attributes to slots.

mod decide;
mod into_store;
mod observed;
mod proposal;
mod same_data;
mod slips;

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use decide::Unslottable;
pub use into_store::{DeadReference, MoveError, MoveReport, Moved, NotMoved, into_store};
pub use observed::{Example, Seen};
use observed::{Observed, SchemaOf};
pub use proposal::{Attribute, Note, Proposal};
pub use same_data::SameData;
pub(crate) use same_data::as_written;

use slotted::Record;
use slotted::SchemaError;
use slotted::Value;

/// What an [`Inference`] takes for what.
///
/// ```
/// let mut options = slotted_definitions::infer::InferenceOptions::default();
/// options.variants = 0; // texts stay texts
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InferenceOptions {
    /// An enum has at most so many variants: 32 by default, at most 256. More are not counted.
    pub variants: usize,
    /// An enum's variants are each set so often, on average: 5 by default.
    pub recurrence: u64,
    /// A value that all objects share is pointed out from this many objects on: 16 by default.
    pub constant: u64,
    /// Attributes that are looked at, and slots that are proposed: at most as many as a
    /// [store](crate::Limits::slots_per_schema) takes, 4,096 by default. The values of more attributes
    /// are counted and no more.
    pub attributes: usize,
}

impl Default for InferenceOptions {
    fn default() -> Self {
        Self { variants: 32, recurrence: 5, constant: 16, attributes: 4096 }
    }
}

/// Looks at objects and proposes the schema that a person would write for them.
///
/// | the objects have | the slot is |
/// |---|---|
/// | truth values | `bool` |
/// | integers | the narrowest unsigned kind, or signed kind where there are negative ones, that holds twice what was seen; or one whose very end was seen, as the 255 of a colour |
/// | numbers with fractions, or both | `f32` if it gives back every number [as it was written](SameData::is_same_data), otherwise `f64` |
/// | few texts that recur | an enum of them, in alphabetical order; see [`InferenceOptions`] |
/// | other texts | text |
/// | lists of 2, 3 or 4 numbers, always as many, some of them with fractions | a vector |
/// | other lists | a list of the kind that holds all their elements; texts in lists stay texts |
/// | references | a reference, always optional: what it refers to may go |
/// | nothing, or null, in some of the objects | optional |
///
/// All else is no slot, and is [reported](Attribute::seen) with counts and examples.
///
/// Memory does not grow with the objects, only with their different attributes, up to a
/// [limit](InferenceOptions::attributes): values are counted, and a few of them kept as examples.
/// To observe a value takes some nanoseconds.
///
/// # Example
/// ```
/// use slotted::{Kind, Store, record};
/// use slotted_definitions::infer::{Inference, InferenceOptions};
/// let objects = [
///     record! { name: "Ada", age: 41, height: 1.7 },
///     record! { name: "Bob", age: 7, shield: 3 },
/// ];
/// let mut inference = Inference::new(InferenceOptions::default());
/// objects.iter().for_each(|object| inference.observe(object));
/// let proposal = inference.finish("person")?;
/// let slots: Vec<String> = proposal.schema().slots().iter().map(ToString::to_string).collect();
/// assert_eq!(slots, ["name: text", "age: u8", "height: f32, optional", "shield: u8, optional"]);
///
/// let mut store = Store::new();
/// store.register_schema(proposal.schema().clone())?;
/// store.spawn_records("person", objects)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inference {
    options: InferenceOptions,
    objects: u64,
    attributes: Vec<Named>,
    positions: HashMap<Arc<str>, usize, RandomState>,
    /// Values of attributes beyond the limit.
    unwatched: u64,
}

/// An attribute and what was seen of it.
#[derive(Clone, Debug)]
struct Named {
    name: Arc<str>,
    observed: Observed,
    /// The last object that has it, counted from 1.
    latest: u64,
    /// Objects that set it, where they name it for the first time.
    objects: u64,
    /// How often an object has named it again.
    repeated: u64,
}

impl Inference {
    /// Has seen nothing yet.
    #[must_use]
    pub fn new(options: InferenceOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// How many objects were observed.
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.objects
    }

    /// Looks at one more object.
    pub fn observe(&mut self, object: &Record) {
        self.observe_values(object.iter());
    }

    /// The same, of an object that is no record.
    ///
    /// ```
    /// use slotted::Value;
    /// use slotted_definitions::infer::Inference;
    /// let mut inference = Inference::default();
    /// inference.observe_values([("age", &Value::from(41))]);
    /// assert_eq!(inference.objects(), 1);
    /// ```
    pub fn observe_values<'a>(&mut self, values: impl IntoIterator<Item = (&'a str, &'a Value)>) {
        self.observe_in_store(values, &|_| None);
    }

    /// The same, of an object whose references lead to objects of these schemas.
    fn observe_in_store<'a>(
        &mut self,
        values: impl IntoIterator<Item = (&'a str, &'a Value)>,
        schema_of: SchemaOf<'_>,
    ) {
        let object = self.objects;
        self.objects += 1;
        // Most objects name the same attributes in the same order.
        let mut expected = 0;
        for (name, value) in values {
            let Some(position) = self.position(name, expected) else {
                self.unwatched += 1;
                continue;
            };
            expected = position + 1;
            let attribute = &mut self.attributes[position];
            if attribute.latest == self.objects {
                attribute.repeated += 1;
            } else {
                attribute.latest = self.objects;
                attribute.objects += u64::from(!value.is_unset());
            }
            attribute.observed.observe(value, object, &self.options, schema_of);
        }
    }

    fn position(&mut self, name: &str, expected: usize) -> Option<usize> {
        if self.attributes.get(expected).is_some_and(|attribute| *attribute.name == *name) {
            return Some(expected);
        }
        if let Some(position) = self.positions.get(name) {
            return Some(*position);
        }
        if self.attributes.len() >= self.options.attributes {
            return None;
        }
        let position = self.attributes.len();
        let name = Arc::<str>::from(name);
        self.positions.insert(Arc::clone(&name), position);
        let (observed, latest) = (Observed::default(), 0);
        self.attributes.push(Named { name, observed, latest, objects: 0, repeated: 0 });
        Some(position)
    }

    /// Proposes a schema of this name for the objects that were seen so far.
    ///
    /// Compares the names of rare attributes with those of common ones, and else costs some time for each
    /// attribute.
    ///
    /// # Errors
    /// If a schema cannot have that name.
    pub fn finish(&self, schema: impl Into<Arc<str>>) -> Result<Proposal, SchemaError> {
        Proposal::new(self, schema.into())
    }
}
