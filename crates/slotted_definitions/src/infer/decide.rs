//! Chooses the narrowest kind for all observed values.

use std::fmt;

use crate::infer::InferenceOptions;
use crate::infer::observed::{Lists, Numbers, Observed, Shape};
use slotted::schema::is_name;
use slotted::{Kind, schema::NumberKind, schema::VectorKind};

/// The reason why an attribute cannot become a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unslottable {
    /// No object sets it.
    NeverSet,
    /// Its values have kinds that no single kind can hold.
    Mixed,
    /// Some of its values are lists, others single elements of such lists.
    OneOrList,
    /// No number kind holds all its numbers exactly.
    Numbers,
    /// Its values are maps with the same few names.
    NestedRecords,
    /// Its values are maps with many names.
    Maps,
    /// Its lists contain maps.
    RecordLists,
    /// Its lists contain lists.
    NestedLists,
    /// Its lists have one length, and each position has its own kind.
    Tuples,
    /// The elements of its lists have different kinds.
    MixedLists,
    /// All its lists are empty, so the kind of their elements is unknown.
    EmptyLists,
    /// Its values are plain bytes. Only the program knows their type.
    Bytes,
    /// Its name is empty, too long, or contains control or bidirectional characters.
    Name,
    /// It is one attribute too many for the [limit](InferenceOptions::attributes).
    Limit,
}

impl fmt::Display for Unslottable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverSet => "no object sets it",
            Self::Mixed => "its values have different kinds",
            Self::Numbers => "no number kind holds all its numbers exactly",
            Self::OneOrList => "some of its values are lists, others are single elements",
            Self::NestedRecords => "its values are nested records",
            Self::Maps => "its values are maps with many names",
            Self::RecordLists => "its lists contain records",
            Self::NestedLists => "its lists contain lists",
            Self::Tuples => "each position in its lists has its own kind",
            Self::MixedLists => "the elements of its lists have different kinds",
            Self::EmptyLists => "all its lists are empty",
            Self::Bytes => "its values are plain bytes",
            Self::Name => "its name is not valid for a slot",
            Self::Limit => "the objects have too many attributes",
        })
    }
}

/// Returns the kind of an attribute's slot.
pub(super) fn kind(observed: &Observed, options: &InferenceOptions) -> Result<Kind, Unslottable> {
    match one_kind(observed)? {
        One::Kind(Kind::Text) => Ok(text_kind(observed, options)),
        One::Kind(kind) => Ok(kind),
        One::Lists => match &observed.lists {
            Some(lists) => list_kind(lists),
            None => Err(Unslottable::EmptyLists),
        },
    }
}

/// Returns the kind of lists for values of which some are single elements.
pub(super) fn one_or_list(observed: &Observed) -> Result<Kind, Unslottable> {
    let Some(lists) = &observed.lists else { return Err(Unslottable::OneOrList) };
    let mut shapes = observed.shapes().filter(|shape| *shape != Shape::List);
    let numbers = observed.numbers.clone().and(&lists.elements.numbers);
    Ok(Kind::list(match shapes.next() {
        Some(Shape::Text) => Kind::Text,
        Some(Shape::Bool) => Kind::Bool,
        Some(Shape::Object) => Kind::Object,
        Some(Shape::Integer) => integer_kind(&numbers)?,
        Some(Shape::Float) => float_kind(&numbers)?,
        _ => return Err(Unslottable::OneOrList),
    }))
}

/// The common type of all values.
enum One {
    Kind(Kind),
    Lists,
}

fn one_kind(observed: &Observed) -> Result<One, Unslottable> {
    let mut shapes = observed.shapes();
    let kind = match (shapes.next(), shapes.next(), shapes.next()) {
        (None, ..) => return Err(Unslottable::NeverSet),
        (Some(Shape::Integer), Some(Shape::Float), None) => float_kind(&observed.numbers)?,
        (Some(Shape::List), Some(Shape::Vector(kind)), None) => mixed_vector(observed, kind)?,
        (Some(shape), None, _) => match shape {
            Shape::Null => return Err(Unslottable::NeverSet),
            Shape::Bool => Kind::Bool,
            Shape::Integer => integer_kind(&observed.numbers)?,
            Shape::Float => float_kind(&observed.numbers)?,
            Shape::Text => Kind::Text,
            Shape::Object => Kind::Object,
            Shape::List => return Ok(One::Lists),
            Shape::Map => {
                let are_maps = observed.maps.are_maps(observed.of(Shape::Map));
                return Err(match are_maps {
                    true => Unslottable::Maps,
                    false => Unslottable::NestedRecords,
                });
            }
            Shape::Bytes => return Err(Unslottable::Bytes),
            Shape::Vector(kind) => Kind::Vector(kind),
        },
        (Some(one), Some(Shape::List), None) if observed.lists_hold_only(one) => {
            return Err(Unslottable::OneOrList);
        }
        _ => return Err(Unslottable::Mixed),
    };
    Ok(One::Kind(kind))
}

/// Returns the vector kind of vectors mixed with lists of numbers, which data files write for vectors.
fn mixed_vector(observed: &Observed, kind: VectorKind) -> Result<Kind, Unslottable> {
    let Some(lists) = &observed.lists else { return Err(Unslottable::Mixed) };
    let numbers = &lists.elements.numbers;
    let suits = match (kind.component().integer_range(), kind.component()) {
        (Some((low, high)), _) => {
            lists.elements.shapes().eq([Shape::Integer])
                && numbers.integers.is_some_and(|(least, most)| low <= least && most <= high)
        }
        (None, NumberKind::F32) => are_numbers(&lists.elements) && numbers.fit_f32,
        (None, _) => are_numbers(&lists.elements) && numbers.fit_f64,
    };
    let length = kind.components();
    let is_long = lists.shortest == length && lists.longest == length;
    if suits && is_long { Ok(Kind::Vector(kind)) } else { Err(Unslottable::Mixed) }
}

fn are_numbers(observed: &Observed) -> bool {
    let is_number = |shape| matches!(shape, Shape::Integer | Shape::Float);
    observed.of(Shape::Null) == 0 && observed.shapes().all(is_number)
}

/// Returns the narrowest kind with room for twice the observed range, because data grows.
///
/// A kind whose limit was observed is chosen as it is: 255 suggests the `u8` of a colour.
fn integer_kind(numbers: &Numbers) -> Result<Kind, Unslottable> {
    use NumberKind::{I8, I16, I32, I64, U8, U16, U32, U64};
    let kinds = [U8, U16, U32, U64, I8, I16, I32, I64];
    let kinds = kinds.into_iter().filter_map(|kind| {
        let (low, high) = kind.integer_range()?;
        Some((kind, low, high))
    });
    let (least, most) = numbers.integers.ok_or(Unslottable::Numbers)?;
    let mut held = kinds.filter(|(_, low, high)| *low <= least && most <= *high);
    let suits = |&(_, low, high): &(NumberKind, i128, i128)| {
        let is_end = most == high || (least < 0 && least == low);
        is_end || (low <= least * 2 && most * 2 <= high)
    };
    let kind = held.clone().find(suits).or_else(|| held.next());
    kind.map(|(kind, ..)| Kind::Number(kind)).ok_or(Unslottable::Numbers)
}

/// Returns `f32` if it keeps every number as written, otherwise `f64`.
const fn float_kind(numbers: &Numbers) -> Result<Kind, Unslottable> {
    match (numbers.fit_f32, numbers.fit_f64) {
        (true, _) => Ok(Kind::F32),
        (_, true) => Ok(Kind::F64),
        _ => Err(Unslottable::Numbers),
    }
}

fn text_kind(observed: &Observed, options: &InferenceOptions) -> Kind {
    let Some(texts) = observed.texts.distinct() else { return Kind::Text };
    let most = options.variants.min(256);
    let recur = observed.set() / options.recurrence.max(1) >= texts.len() as u64;
    // A single text is reported as a constant instead: its enum would reject every other text.
    if (2..=most).contains(&texts.len()) && recur && texts.iter().all(|(text, _)| is_name(text)) {
        return Kind::enumeration(texts.into_iter().map(|(text, _)| text));
    }
    Kind::Text
}

/// Returns the kind of a slot for lists.
fn list_kind(lists: &Lists) -> Result<Kind, Unslottable> {
    let elements = &lists.elements;
    if lists.longest == 0 {
        return Err(Unslottable::EmptyLists);
    }
    // Lists of one length that contain fractions are vectors.
    let numbers = &elements.numbers;
    if lists.shortest == lists.longest
        && are_numbers(elements)
        && numbers.has_fractions
        && numbers.fit_f32
    {
        match lists.longest {
            2 => return Ok(Kind::Vec2),
            3 => return Ok(Kind::Vec3),
            4 => return Ok(Kind::Vec4),
            _ => {}
        }
    }
    if elements.of(Shape::Null) > 0 {
        return Err(Unslottable::MixedLists);
    }
    match one_kind(elements) {
        Ok(One::Kind(element)) => Ok(Kind::list(element)),
        Ok(One::Lists) => Err(Unslottable::NestedLists),
        Err(Unslottable::NestedRecords | Unslottable::Maps) => Err(Unslottable::RecordLists),
        Err(Unslottable::Mixed | Unslottable::OneOrList) if lists.are_tuples() => {
            Err(Unslottable::Tuples)
        }
        Err(Unslottable::Mixed | Unslottable::OneOrList) => Err(Unslottable::MixedLists),
        Err(reason) => Err(reason),
    }
}
