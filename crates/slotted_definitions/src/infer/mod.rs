//! Infers schemas from objects without one.
//!
//! [`Inference`] observes objects and returns a [`Proposal`]. [`Survey`] does so for groups of objects that refer to one another. [`into_store`] moves a whole
//! [`MapStore`](slotted::MapStore) to a [`Store`](slotted::Store).

mod decide;
mod into_store;
mod misspellings;
mod naming;
mod needs;
mod nested;
mod observed;
mod proposal;
mod same_data;
mod shown;
mod singles;
mod survey;
mod variants;

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use decide::Unslottable;
pub use into_store::{
    DeadReference, IntoStoreError, MoveError, MoveReport, MovedObjects, into_store,
};
pub use naming::Naming;
use nested::{PartOf, Role};
use observed::{Observed, SchemaOf};
pub use observed::{ValueCount, ValueExample};
pub use proposal::{Proposal, ProposalNote, ProposedAttribute, ProposedUnion};
pub use same_data::SameData;
pub(crate) use same_data::as_written;
pub use survey::{Fit, Measure, Survey, SurveyedGroup};
use variants::{Candidate, KnownVariants};

use slotted::Kind;
use slotted::Record;
use slotted::SchemaError;
use slotted::Value;
use slotted::schema::is_name;

/// Options of an [`Inference`].
///
/// # Example
/// ```
/// let mut options = slotted_definitions::infer::InferenceOptions::default();
/// options.variants = 0; // texts stay texts
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InferenceOptions {
    /// The limit of variants of an enum: 32 by default, at most 256. More texts make a text slot.
    pub variants: usize,
    /// The minimum average number of values for each variant of an enum: 5 by default.
    pub recurrence: u64,
    /// The number of objects required to note a constant value: 16 by default.
    pub constant: u64,
    /// The limit of attributes, and of slots: 4,096 by default, as in a
    /// [store](slotted::Limits::slots_per_schema). Values of further attributes are only counted.
    pub attributes: usize,
    /// `true` if attributes that fit no other kind get a slot of kind `any`, as by default.
    pub any: bool,
}

impl Default for InferenceOptions {
    fn default() -> Self {
        Self { variants: 32, recurrence: 5, constant: 16, attributes: 4096, any: true }
    }
}

/// Observes objects and proposes a schema for them.
///
/// | attribute | slot |
/// |---|---|
/// | booleans | `bool` |
/// | integers | the narrowest kind that holds twice the largest value, signed only for negative values; or the kind whose largest value occurs, such as 255 |
/// | floats, or integers and floats | `f32` if it keeps every number [as written](SameData::is_same_data), otherwise `f64` |
/// | few different texts | an enum in alphabetical order, see [`InferenceOptions`] |
/// | other texts | `text` |
/// | lists of maps, of lists, or of values that have a kind for each position | [nested lists](slotted::schema::Shape): each part is an attribute of its own |
/// | maps with many names | a [map](slotted::schema::SchemaBuilder::nested_map) of keys and values |
/// | single values beside lists of such values, also maps | a list that files may write without brackets |
/// | values of different sorts, such as numbers and texts, or elements of such sorts | a [union](slotted::schema::Union): the values of each sort are an attribute of their own |
/// | maps with a tag: a text that decides which other parts they have | a [union](slotted::schema::Union) by tag: each variant has parts of its own |
/// | texts and maps with one entry, such as `"rest"` and `{ heal = { amount = 5 } }`, which have several names | a union by name, if the values differ by name |
/// | values with RON's names around them, such as `Pos(x: 1)` | a union by name, of one variant if all have the same name, see [`add_variants`](Self::add_variants) |
/// | lists of 2, 3 or 4 numbers, all of one length, with floats | a vector |
/// | other lists | a list of the kind that holds all elements; texts in lists stay text |
/// | references | an optional `object`, because its target can be despawned |
/// | missing or null in some objects | optional |
/// | maps with few names | a [nested record](slotted::schema::SchemaBuilder::nested): each name is an attribute of its own |
/// | all else | `any`, unless the [options](InferenceOptions::any) forbid it or it contains references |
///
/// The proposal [lists](ProposedAttribute::values) the values of attributes that fit no kind but `any`.
///
/// A part of a map is its tag if it is text in every map, would be an enum, and decides other parts:
/// a decided part is always there for one variant and never for another, or has another sort. Most maps
/// must have such variants. Parts that all variants have must not outnumber the others, because a union
/// repeats them for each variant. Otherwise, or beyond 256 variants and parts, the map is a record. Texts
/// that decide nothing in 1,024 maps are no tags.
///
/// Memory grows with the number of attributes, up to a [limit](InferenceOptions::attributes), not with the
/// number of objects. Observing a value takes some nanoseconds.
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
    ignored_values: u64,
    /// The number of unions around the attributes, if they are variants and parts of a [`Candidate`].
    depth: usize,
    /// `true` if the attributes are parts of a map's values.
    is_in_map: bool,
    /// The number of attributes in all candidates.
    in_candidates: usize,
    /// Names that are those of variants wherever they stand around a value.
    known_variants: KnownVariants,
}

/// The observations of one attribute.
#[derive(Clone, Debug)]
struct Named {
    name: Arc<str>,
    observed: Observed,
    /// The last object with the attribute, counted from 1.
    latest: u64,
    /// The number of objects that set it.
    objects: u64,
    /// The number of repetitions in one object.
    repeated: u64,
    /// The number of values, also of several elements of a list.
    values: u64,
    /// The attribute that has it as a part.
    whole: Option<(usize, PartOf)>,
    /// `true` if it is a part of a list's elements.
    is_in_list: bool,
    /// `true` if objects have it outside of nested values too.
    is_outside: bool,
    /// `true` if not all parts of its values were observed.
    is_cut: bool,
    /// `true` if lists of single values of one sort were observed. They are no tuples.
    has_flat_lists: bool,
    /// The sort of the values in such lists.
    flat_sort: Option<&'static str>,
    /// `true` if the elements of lists were observed.
    has_elements: bool,
    /// `true` if a map repeats a name.
    has_repetitions: bool,
    /// The sort of all values so far.
    sort: Option<&'static str>,
    /// `true` if values have several sorts: those of each are observed as a part.
    has_sorts: bool,
    /// The parts of its maps that may be the tag of a union.
    candidates: Vec<Candidate>,
    /// Its values, if each may be one of several variants with their names around them.
    by_name: Option<Box<Candidate>>,
    /// The tag, once it was chosen: the variants are parts of the attribute. Empty for variants by name.
    tag: Option<Arc<str>>,
    /// The variants by name that have no values.
    bare: Vec<Arc<str>>,
    /// Its values as lists, if some are lists and others may be the only elements of such lists. The list is attribute 0.
    lists: Option<Box<Inference>>,
    /// `true` if its values were chosen to be such lists.
    may_be_single: bool,
    /// `true` if the names of its maps were chosen to be keys.
    is_by_key: bool,
}

impl Named {
    fn new(name: Arc<str>, whole: Option<(usize, PartOf)>, is_in_list: bool) -> Self {
        Self {
            name,
            observed: Observed::default(),
            latest: 0,
            objects: 0,
            repeated: 0,
            values: 0,
            whole,
            is_in_list,
            is_outside: false,
            is_cut: false,
            has_flat_lists: false,
            flat_sort: None,
            has_elements: false,
            has_repetitions: false,
            sort: None,
            has_sorts: false,
            candidates: Vec::new(),
            by_name: None,
            tag: None,
            bare: Vec::new(),
            lists: None,
            may_be_single: false,
            is_by_key: false,
        }
    }

    /// Returns `true` if it holds the values of one sort of another attribute.
    const fn is_sort(&self) -> bool {
        matches!(self.whole, Some((_, PartOf::Sort)))
    }

    /// Returns `true` if a slot can hold its values.
    fn has_slot(&self, options: &InferenceOptions) -> bool {
        is_name(&self.name) && (self.kind(options).is_ok() || self.fits_any(options))
    }

    /// Returns the kind of the slot. The slot of a part of a list holds the values of all elements.
    fn kind(&self, options: &InferenceOptions) -> Result<Kind, Unslottable> {
        match decide::kind(&self.observed, options) {
            Err(Unslottable::OneOrList) if self.whole.is_none() => {
                decide::one_or_list(&self.observed)
            }
            Ok(kind) if self.is_in_list && !matches!(kind, Kind::List(_)) => Ok(Kind::list(kind)),
            kind => kind,
        }
    }

    fn fits_any(&self, options: &InferenceOptions) -> bool {
        options.any && self.observed.fits_any()
    }

    fn count(&mut self, value: &Value, object: u64) {
        self.values += u64::from(!value.is_unset());
        if self.latest != object {
            self.latest = object;
            self.objects += u64::from(!value.is_unset());
        } else if !self.is_in_list {
            self.repeated += 1;
        }
    }
}

impl Inference {
    /// Creates an inference without observations.
    ///
    /// # Example
    /// ```
    /// use slotted_definitions::infer::{Inference, InferenceOptions};
    ///
    /// assert_eq!(Inference::new(InferenceOptions::default()).objects(), 0);
    /// ```
    #[must_use]
    pub fn new(options: InferenceOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Returns the number of observed objects.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80 });
    /// assert_eq!(inference.objects(), 1);
    /// ```
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.objects
    }

    /// Observes an object.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, record};
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80 });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.schema().slots()[0].kind(), &Kind::U8);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn observe(&mut self, object: &Record) {
        self.observe_values(object.iter());
    }

    /// Adds names of variants: values with these names around them are proposed as a union by name.
    ///
    /// RON tells such names from others, see [`read_data_with_variants`](crate::read_data_with_variants). Without them, few values with a
    /// name around them are records in records. The names can be added at any time. Names beyond 4,096 are ignored.
    ///
    /// # Example
    /// ```
    /// use slotted::{Value, record};
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { size: Value::from_iter([("Cells", 3)]) });
    /// inference.add_variants(["Cells"]);
    /// let proposal = inference.finish("room")?;
    /// let slots: Vec<String> = proposal.schema().slots().iter().map(ToString::to_string).collect();
    /// assert_eq!(slots, ["size@: enum(Cells)", "size@Cells: u8, optional"]);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn add_variants(&mut self, names: impl IntoIterator<Item = impl AsRef<str>>) {
        self.known_variants.add(names);
    }

    /// Observes an object given as names and values.
    ///
    /// # Example
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

    /// Observes an object. `schema_of` returns the schemas of referenced objects.
    fn observe_in_store<'a>(
        &mut self,
        values: impl IntoIterator<Item = (&'a str, &'a Value)>,
        schema_of: SchemaOf<'_>,
    ) {
        let object = (self.objects, schema_of);
        self.objects += 1;
        // Most objects have the same attributes in the same order.
        let mut expected = 0;
        for (name, value) in values {
            match self.position(name, expected, None) {
                Some(position) => {
                    expected = position + 1;
                    let attribute = &mut self.attributes[position];
                    if attribute.whole.is_none() && attribute.latest == self.objects {
                        // The slot takes the first value.
                        attribute.repeated += 1;
                        continue;
                    }
                    self.observe_at(position, value, object);
                }
                None => self.ignored_values += 1,
            }
        }
    }

    /// Returns the value that more than half of the objects may have, for each attribute.
    fn majorities(&self) -> impl Iterator<Item = Option<&Value>> {
        self.slots().into_iter().map(|slot| self.attributes[slot].observed.majority())
    }

    /// Returns the positions of the attributes that can be slots.
    fn slots(&self) -> Vec<usize> {
        let roles = self.roles();
        let is_slot = |role: &Role| *role == Role::Slot;
        (0..self.attributes.len()).filter(|position| is_slot(&roles[*position])).collect()
    }

    /// Returns the position of each attribute of the proposal.
    fn attribute_positions(&self) -> HashMap<Arc<str>, usize, RandomState> {
        let slots = self.slots().into_iter();
        slots.map(|slot| Arc::clone(&self.attributes[slot].name)).zip(0..).collect()
    }

    fn position(
        &mut self,
        name: &str,
        expected: usize,
        whole: Option<(usize, PartOf)>,
    ) -> Option<usize> {
        if self.attributes.get(expected).is_some_and(|attribute| *attribute.name == *name) {
            return Some(expected);
        }
        if let Some(position) = self.positions.get(name) {
            return Some(*position);
        }
        let is_in_list = whole.is_some_and(|(whole, part)| {
            matches!(part, PartOf::List | PartOf::Map) || self.attributes[whole].is_in_list
        });
        if self.attributes.len() >= self.options.attributes {
            return None;
        }
        let position = self.attributes.len();
        let name = Arc::<str>::from(name);
        self.positions.insert(Arc::clone(&name), position);
        self.attributes.push(Named::new(name, whole, is_in_list));
        Some(position)
    }

    /// Proposes a schema of this name for the observed objects.
    ///
    /// Computes in **O(n^2)** time for n attributes, because it compares their names to find misspellings.
    ///
    /// # Errors
    /// Returns an error if the name is invalid.
    ///
    /// # Example
    /// ```
    /// use slotted::record;
    /// use slotted_definitions::infer::Inference;
    ///
    /// let mut inference = Inference::default();
    /// inference.observe(&record! { health: 80, drops: [[1, 2]] });
    /// let proposal = inference.finish("orc")?;
    /// assert_eq!(proposal.schema().name(), "orc");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn finish(&self, schema: impl Into<Arc<str>>) -> Result<Proposal, SchemaError> {
        Proposal::new(&self.clone().with_tags(&self.known_variants), schema.into())
    }
}
