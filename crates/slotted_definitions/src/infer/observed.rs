//! Statistics about an attribute's values: counts, ranges, some texts and examples.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use crate::infer::InferenceOptions;
use crate::infer::same_data::survives_f32;
use slotted::ObjectId;
use slotted::Value;
use slotted::schema::{Number, VectorKind};

/// The number of examples for each shape.
const EXAMPLES: u64 = 3;
/// The maximum length of an example in bytes.
const SHOWN: usize = 80;
/// Longer texts cannot be variants, and are not hashed.
const LONGEST_VARIANT: usize = 64;

macro_rules! shapes {
    ($($name:ident $text:literal,)*) => {
        /// The type of a single value, before a kind is chosen for all values.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Shape {
            $($name,)*
            Vector(VectorKind),
        }

        /// All shapes except vectors.
        #[derive(Clone, Copy)]
        enum Single { $($name,)* }

        impl Shape {
            const SINGLE: &'static [Self] = &[$(Self::$name,)*];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Vector(kind) => kind.name(),
                }
            }

            /// Returns the index among all shapes.
            const fn index(self) -> usize {
                match self {
                    $(Self::$name => Single::$name as usize,)*
                    Self::Vector(kind) => Self::SINGLE.len() + kind.index(),
                }
            }
        }
    };
}
shapes! {
    Null "null", Bool "bool", Integer "integer", Float "number", Text "text", Object "reference",
    List "list", Map "map", Bytes "bytes",
}

impl Shape {
    const COUNT: usize = Self::SINGLE.len() + VectorKind::ALL.len();

    fn all() -> impl Iterator<Item = Self> + Clone {
        let vectors = VectorKind::ALL.iter().map(|kind| Self::Vector(*kind));
        Self::SINGLE.iter().copied().chain(vectors)
    }

    /// Returns the sort of the values, as [`UnionBy::Sort`](slotted::schema::UnionBy) names it. Bytes have none.
    pub(super) const fn sort(self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("bool"),
            Self::Integer | Self::Float => Some("number"),
            Self::Text | Self::Object => Some("text"),
            Self::List | Self::Vector(_) => Some("list"),
            Self::Map => Some("map"),
            Self::Null | Self::Bytes => None,
        }
    }

    pub(super) fn of(value: &Value) -> Self {
        if let Some(kind) = value.vector_kind() {
            return Self::Vector(kind);
        }
        match value {
            Value::Unset => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) | Value::UInt(_) => Self::Integer,
            Value::F32(_) | Value::F64(_) => Self::Float,
            Value::Text(_) => Self::Text,
            Value::Object(_) => Self::Object,
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Map,
            // Vectors are handled above, so only bytes are left.
            _ => Self::Bytes,
        }
    }
}

/// An observed value and its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueExample {
    /// The index of the object among the observed ones.
    pub object: u64,
    /// The value as in a data file, truncated if it is long.
    pub value: String,
}

/// The number of values of one kind, with the first values as examples.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueCount {
    /// The kind of these values, such as `integer` or `text`.
    pub kind: &'static str,
    /// The number of values.
    pub count: u64,
    /// The first values.
    pub examples: Vec<ValueExample>,
}

impl ValueExample {
    fn new(object: u64, value: &Value) -> Self {
        Self { object, value: shown(value) }
    }
}

/// Returns the value's text, truncated because values can be as long as their file.
pub(super) fn shown(value: &Value) -> String {
    let mut start = Start(String::new());
    if fmt::write(&mut start, format_args!("{value}")).is_err() {
        start.0.push('…');
    }
    start.0
}

/// Collects the start of a text and fails at the limit.
struct Start(String);

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = SHOWN - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

/// Statistics about numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) integers: Option<(i128, i128)>,
    /// The range of all floats except NaN.
    floats: Option<(f64, f64)>,
    /// `true` if `f32` keeps every number.
    pub(super) fit_f32: bool,
    /// `true` if `f64` keeps every number.
    pub(super) fit_f64: bool,
    pub(super) has_fractions: bool,
    has_nan: bool,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            integers: None,
            floats: None,
            fit_f32: true,
            fit_f64: true,
            has_fractions: false,
            has_nan: false,
        }
    }
}

impl Numbers {
    fn integer(&mut self, number: i128) {
        let (least, most) = self.integers.unwrap_or((number, number));
        self.integers = Some((least.min(number), most.max(number)));
        // Both types hold all smaller integers exactly.
        if number.unsigned_abs() > 1 << 24 {
            self.fit_f32 &= number as f32 as i128 == number;
            self.fit_f64 &= number as f64 as i128 == number;
        }
    }

    fn float(&mut self, number: f64) {
        self.has_fractions |= number.fract() != 0.0;
        if number.is_nan() {
            self.has_nan = true;
            return;
        }
        let (least, most) = self.floats.unwrap_or((number, number));
        self.floats = Some((least.min(number), most.max(number)));
    }

    fn wide(&mut self, number: f64) {
        self.float(number);
        self.fit_f32 = self.fit_f32 && survives_f32(number);
    }

    /// Returns the statistics of these numbers and others.
    pub(super) fn and(mut self, others: &Self) -> Self {
        for number in others.integers.into_iter().flat_map(|(least, most)| [least, most]) {
            self.integer(number);
        }
        for number in others.floats.into_iter().flat_map(|(least, most)| [least, most]) {
            self.float(number);
        }
        self.fit_f32 &= others.fit_f32;
        self.fit_f64 &= others.fit_f64;
        self.has_fractions |= others.has_fractions;
        self.has_nan |= others.has_nan;
        self
    }

    /// Returns the smallest and the largest number, ignoring NaN.
    pub(super) fn range(&self) -> Option<(Number, Number)> {
        let integers = self.integers.map(|(least, most)| (Number::Int(least), Number::Int(most)));
        let Some((least, most)) = self.floats else { return integers };
        let floats = (Number::Float(least), Number::Float(most));
        let Some((low, high)) = self.integers else { return Some(floats) };
        Some((
            if (low as f64) < least { Number::Int(low) } else { floats.0 },
            if high as f64 > most { Number::Int(high) } else { floats.1 },
        ))
    }

    pub(super) fn constant(&self) -> Option<Number> {
        let (least, most) = self.range()?;
        (least == most && !self.has_nan).then_some(least)
    }
}

/// The distinct texts with their counts. `None` once there are too many, or one is too long.
#[derive(Clone, Debug)]
pub(super) struct Texts(Option<HashMap<Arc<str>, u64, RandomState>>);

impl Default for Texts {
    fn default() -> Self {
        Self(Some(HashMap::default()))
    }
}

impl Texts {
    /// Returns the statistics of texts that were not observed.
    pub(super) const fn unknown() -> Self {
        Self(None)
    }

    fn observe(&mut self, text: &Arc<str>, most: usize) {
        let Some(distinct) = &mut self.0 else { return };
        if text.len() > LONGEST_VARIANT {
            self.0 = None;
        } else if let Some(count) = distinct.get_mut(text) {
            *count += 1;
        } else if distinct.len() < most {
            distinct.insert(Arc::clone(text), 1);
        } else {
            self.0 = None;
        }
    }

    /// Returns the texts in alphabetical order with their counts, if they are few and short.
    pub(super) fn distinct(&self) -> Option<Vec<(Arc<str>, u64)>> {
        let distinct = self.0.as_ref().filter(|distinct| !distinct.is_empty())?;
        let mut texts: Vec<_> =
            distinct.iter().map(|(text, count)| (Arc::clone(text), *count)).collect();
        texts.sort_unstable();
        Some(texts)
    }
}

/// Statistics about lists and all their elements.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    pub(super) elements: Observed,
    pub(super) shortest: usize,
    pub(super) longest: usize,
    /// The shape at each of the first positions; `None` if it varies.
    positions: Vec<Option<Shape>>,
}

/// Longer lists are no tuples.
pub(super) const LONGEST_TUPLE: usize = 8;

impl Lists {
    /// Returns whether each position of the lists has one shape.
    pub(super) fn are_tuples(&self) -> bool {
        self.shortest == self.longest
            && (2..=LONGEST_TUPLE).contains(&self.longest)
            && self.positions.iter().all(Option::is_some)
    }

    fn observe_shape(&mut self, position: usize, shape: Shape) {
        if position >= LONGEST_TUPLE {
            return;
        }
        match self.positions.get_mut(position) {
            Some(known) if *known == Some(shape) => {}
            Some(known) => *known = None,
            None => self.positions.push(Some(shape)),
        }
    }
}

/// Statistics about the names of nested maps.
#[derive(Clone, Debug, Default)]
pub(super) struct Maps {
    /// At most [`MOST_NAMES`] names.
    names: HashSet<Arc<str>, RandomState>,
    /// The number of values in all maps.
    values: u64,
    /// A nested record cannot tell an empty map from none.
    has_empty: bool,
}

/// A nested record has fewer names.
const MOST_NAMES: usize = 64;

impl Maps {
    fn observe(&mut self, map: &[(Arc<str>, Value)]) {
        self.values += map.len() as u64;
        self.has_empty |= map.is_empty();
        for (name, _) in map {
            if self.names.len() < MOST_NAMES && !self.names.contains(name) {
                self.names.insert(Arc::clone(name));
            }
        }
    }

    /// Returns whether the names are keys rather than attributes: each occurs in few of the maps, or they are numbers, as the
    /// parts of a tuple have.
    pub(super) fn are_maps(&self, maps: u64) -> bool {
        let names = self.names.len() as u64;
        let is_number = |name: &Arc<str>| name.bytes().all(|byte| byte.is_ascii_digit());
        let are_numbers = names > 0 && self.names.iter().all(is_number);
        let are_many = names >= MOST_NAMES as u64;
        are_many || are_numbers || (names > 4 && self.values * 4 < names * maps)
    }
}

/// The value that most objects have, if one has a majority.
#[derive(Clone, Debug, Default)]
struct Majority {
    value: Option<Value>,
    /// Votes for the value less those against it.
    votes: u64,
}

impl Majority {
    fn vote(&mut self, value: &Value) {
        if self.votes == 0 {
            self.value = Some(value.clone());
            self.votes = 1;
        } else if self.value.as_ref() == Some(value) {
            self.votes += 1;
        } else {
            self.votes -= 1;
        }
    }
}

/// The schemas of referenced objects.
#[derive(Clone, Debug, Default)]
enum Targets {
    #[default]
    None,
    One(Arc<str>),
    Several,
}

/// Returns the schema of a referenced object.
pub(super) type SchemaOf<'a> = &'a dyn Fn(ObjectId) -> Option<Arc<str>>;

pub(super) fn has_references(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::List(list) => list.iter().any(has_references),
        Value::Map(map) => map.iter().any(|(_, value)| has_references(value)),
        _ => false,
    }
}

/// The number of values of each shape.
#[derive(Clone, Debug)]
struct Counts([u64; Shape::COUNT]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; Shape::COUNT])
    }
}

/// Statistics about an attribute's values, or about the elements of its lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    counts: Counts,
    trues: u64,
    pub(super) numbers: Numbers,
    pub(super) texts: Texts,
    pub(super) lists: Option<Box<Lists>>,
    pub(super) maps: Maps,
    majority: Majority,
    targets: Targets,
    examples: Vec<(Shape, ValueExample)>,
    /// `true` if a list or a map contains a reference.
    has_inner_references: bool,
}

impl Observed {
    pub(super) fn observe(
        &mut self,
        value: &Value,
        object: u64,
        options: &InferenceOptions,
        schema_of: SchemaOf<'_>,
    ) {
        self.count(value, object);
        if matches!(value, Value::List(_) | Value::Map(_)) {
            self.has_inner_references |= has_references(value);
        }
        match value {
            Value::Text(text) => self.texts.observe(text, options.variants.max(1)),
            Value::List(list) => self.list(list, object, schema_of),
            Value::Object(id) => self.target(schema_of(*id)),
            _ => {}
        }
        if matches!(
            value,
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::F64(_) | Value::Text(_)
        ) {
            self.majority.vote(value);
        }
    }

    /// Returns the statistics of the elements of lists, whose texts were only counted.
    pub(super) fn of_elements(&self) -> Option<Self> {
        let lists = self.lists.as_ref()?;
        Some(Self { texts: Texts::unknown(), ..lists.elements.clone() })
    }

    /// Returns the statistics of lists, each with one of the values.
    pub(super) fn as_lists_of_one(&self) -> Self {
        let mut counts = Counts::default();
        counts.0[Shape::Null.index()] = self.of(Shape::Null);
        counts.0[Shape::List.index()] = self.set();
        let mut shapes = self.shapes();
        let positions = match (shapes.next(), shapes.next()) {
            (Some(shape), None) => vec![Some(shape)],
            _ => vec![None],
        };
        let elements = Self { texts: Texts::unknown(), ..self.without_nulls() };
        let lists = Lists { elements, shortest: 1, longest: 1, positions };
        let has_inner_references = self.has_inner_references || self.of(Shape::Object) > 0;
        Self { counts, lists: Some(Box::new(lists)), has_inner_references, ..Self::default() }
    }

    /// Returns the same statistics without nulls.
    pub(super) fn without_nulls(&self) -> Self {
        let mut observed = self.clone();
        observed.counts.0[Shape::Null.index()] = 0;
        observed
    }

    /// Returns the only value that more than half of the objects can have.
    pub(super) const fn majority(&self) -> Option<&Value> {
        self.majority.value.as_ref()
    }

    /// Returns whether values are lists and all their elements have this shape.
    pub(super) fn lists_hold_only(&self, shape: Shape) -> bool {
        self.lists.as_ref().is_some_and(|lists| {
            lists.elements.of(Shape::Null) == 0 && lists.elements.shapes().all(|own| own == shape)
        })
    }

    fn count(&mut self, value: &Value, object: u64) {
        let shape = Shape::of(value);
        let count = &mut self.counts.0[shape.index()];
        *count += 1;
        if *count <= EXAMPLES {
            self.examples.push((shape, ValueExample::new(object, value)));
        }
        match *value {
            Value::Bool(truth) => self.trues += u64::from(truth),
            Value::Int(number) => self.numbers.integer(number.into()),
            Value::UInt(number) => self.numbers.integer(number.into()),
            Value::F32(number) => self.numbers.float(number.into()),
            Value::F64(number) => self.numbers.wide(number),
            Value::Map(ref map) => self.maps.observe(map),
            _ => {}
        }
    }

    fn list(&mut self, list: &[Value], object: u64, schema_of: SchemaOf<'_>) {
        let lists = self.lists.get_or_insert_with(|| {
            let (shortest, longest) = (list.len(), list.len());
            let (elements, positions) = (Self::default(), Vec::new());
            Box::new(Lists { elements, shortest, longest, positions })
        });
        lists.shortest = lists.shortest.min(list.len());
        lists.longest = lists.longest.max(list.len());
        for (position, element) in list.iter().enumerate() {
            lists.elements.count(element, object);
            lists.observe_shape(position, Shape::of(element));
            if let Value::Object(id) = element {
                lists.elements.target(schema_of(*id));
            }
        }
    }

    fn target(&mut self, schema: Option<Arc<str>>) {
        self.targets = match (std::mem::take(&mut self.targets), schema) {
            (Targets::None, Some(schema)) => Targets::One(schema),
            (Targets::One(one), Some(schema)) if one == schema => Targets::One(one),
            _ => Targets::Several,
        };
    }

    pub(super) const fn of(&self, shape: Shape) -> u64 {
        self.counts.0[shape.index()]
    }

    /// Returns the number of values that are not null.
    pub(super) fn set(&self) -> u64 {
        self.counts.0.iter().sum::<u64>() - self.of(Shape::Null)
    }

    /// Iterates over the observed shapes except null.
    pub(super) fn shapes(&self) -> impl Iterator<Item = Shape> + Clone {
        let set = Shape::all().filter(|shape| *shape != Shape::Null);
        set.filter(|shape| self.of(*shape) > 0)
    }

    /// Returns the counts and examples of each observed shape.
    pub(super) fn seen(&self) -> Vec<ValueCount> {
        let examples = |shape| self.examples.iter().filter(move |(own, _)| *own == shape);
        let seen = self.shapes().map(|shape| ValueCount {
            kind: shape.name(),
            count: self.of(shape),
            examples: examples(shape).map(|(_, example)| example.clone()).collect(),
        });
        seen.collect()
    }

    /// Returns `true` if values, or elements of lists, are references.
    pub(super) fn holds_references(&self) -> bool {
        let elements = self.lists.as_ref().map_or(0, |lists| lists.elements.of(Shape::Object));
        self.of(Shape::Object) + elements > 0
    }

    /// Returns `true` if a value of kind `any` can hold each value.
    pub(super) fn fits_any(&self) -> bool {
        !self.has_inner_references && self.of(Shape::Object) == 0
    }

    /// Returns `true` if all values have this shape.
    pub(super) fn are_all(&self, shape: Shape) -> bool {
        self.of(shape) > 0 && self.shapes().all(|own| own == shape)
    }

    /// Returns `true` if the values are maps with a few names: nested records.
    pub(super) fn are_records(&self, may_be_empty: bool) -> bool {
        let maps = self.of(Shape::Map);
        self.are_all(Shape::Map)
            && (may_be_empty || !self.maps.has_empty)
            && !self.maps.are_maps(maps)
    }

    /// Returns the names of maps, if they are several but few, and not all maps have all of them.
    pub(super) fn names_of_some_maps(&self) -> Option<impl Iterator<Item = &str>> {
        let names = &self.maps.names;
        let is_any_left_out = self.maps.values < names.len() as u64 * self.of(Shape::Map);
        let are_few = (2..MOST_NAMES).contains(&names.len());
        (are_few && is_any_left_out).then(|| names.iter().map(|name| &**name))
    }

    /// Returns `true` if maps have so many names that they are no records.
    pub(super) fn has_many_names(&self) -> bool {
        self.maps.names.len() >= MOST_NAMES
    }

    /// Returns the schema of all referenced objects, if they have the same.
    pub(super) fn references(&self) -> Option<&Arc<str>> {
        match (&self.targets, &self.lists) {
            (Targets::One(schema), _) => Some(schema),
            (Targets::None, Some(lists)) => lists.elements.references(),
            _ => None,
        }
    }

    /// Returns the value if all objects with the attribute have the same, and it is short.
    pub(super) fn constant(&self) -> Option<Value> {
        let mut shapes = self.shapes();
        let number = |number| match number {
            Number::Int(number) => match i64::try_from(number) {
                Ok(number) => Some(number.into()),
                Err(_) => u64::try_from(number).ok().map(Value::from),
            },
            Number::Float(number) => Some(number.into()),
        };
        match (shapes.next()?, shapes.next()) {
            (Shape::Bool, None) if self.trues == 0 => Some(false.into()),
            (Shape::Bool, None) if self.trues == self.of(Shape::Bool) => Some(true.into()),
            (Shape::Integer | Shape::Float, None) => number(self.numbers.constant()?),
            (Shape::Text, None) => match &*self.texts.distinct()? {
                [(text, _)] => Some(Arc::clone(text).into()),
                _ => None,
            },
            _ => None,
        }
    }
}
