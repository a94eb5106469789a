//! The kind that holds all values that were seen.

use std::fmt;

use crate::infer::InferenceOptions;
use crate::infer::observed::{Lists, Numbers, Observed, Shape};
use slotted::schema::is_name;
use slotted::{Kind, schema::NumberKind};

/// Why an attribute cannot be a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unslottable {
    /// No object sets it.
    NeverSet,
    /// Its values are of kinds that no one kind holds.
    Mixed,
    /// No kind of number holds all of its numbers exactly.
    Numbers,
    /// Its values have named values of their own: they may be objects by themselves.
    Nested,
    /// The elements of its lists are objects or lists themselves.
    NestedLists,
    /// The elements of its lists are not all of one kind.
    MixedLists,
    /// All its lists are empty, so that nothing is known of their elements.
    EmptyLists,
    /// Its values are plain memory, of which only a program knows the type.
    Bytes,
    /// It is empty, too long, or has control or bidirectional characters.
    Name,
}

impl fmt::Display for Unslottable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverSet => "no object sets it",
            Self::Mixed => "its values are of several kinds",
            Self::Numbers => "no kind of number holds all its numbers exactly",
            Self::Nested => "its values are nested objects",
            Self::NestedLists => "the elements of its lists are objects or lists",
            Self::MixedLists => "the elements of its lists are not of one kind",
            Self::EmptyLists => "all its lists are empty",
            Self::Bytes => "its values are plain memory",
            Self::Name => "it is no name for a slot",
        })
    }
}

/// The kind of an attribute's slot.
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

/// What all values have in common.
enum One {
    Kind(Kind),
    Lists,
}

fn one_kind(observed: &Observed) -> Result<One, Unslottable> {
    let mut shapes = observed.shapes();
    let kind = match (shapes.next(), shapes.next(), shapes.next()) {
        (None, ..) => return Err(Unslottable::NeverSet),
        (Some(Shape::Integer), Some(Shape::Float), None) => float_kind(&observed.numbers)?,
        (Some(Shape::List), Some(vector), None) => mixed_vector(observed, vector)?,
        (Some(shape), None, _) => match shape {
            Shape::Null => return Err(Unslottable::NeverSet),
            Shape::Bool => Kind::Bool,
            Shape::Integer => integer_kind(&observed.numbers)?,
            Shape::Float => float_kind(&observed.numbers)?,
            Shape::Text => Kind::Text,
            Shape::Object => Kind::Object,
            Shape::List => return Ok(One::Lists),
            Shape::Map => return Err(Unslottable::Nested),
            Shape::Bytes => return Err(Unslottable::Bytes),
            vector => vector_kind(vector).ok_or(Unslottable::Mixed)?,
        },
        _ => return Err(Unslottable::Mixed),
    };
    Ok(One::Kind(kind))
}

const fn vector_kind(shape: Shape) -> Option<Kind> {
    Some(match shape {
        Shape::Vec2 => Kind::Vec2,
        Shape::Vec3 => Kind::Vec3,
        Shape::Vec4 => Kind::Vec4,
        Shape::Quat => Kind::Quat,
        Shape::Mat4 => Kind::Mat4,
        Shape::IVec2 => Kind::IVec2,
        Shape::IVec3 => Kind::IVec3,
        Shape::UVec2 => Kind::UVec2,
        _ => return None,
    })
}

/// Vectors that a program has written beside lists of their numbers that a data file has.
fn mixed_vector(observed: &Observed, vector: Shape) -> Result<Kind, Unslottable> {
    let (Some(kind), Some(lists)) = (vector_kind(vector), &observed.lists) else {
        return Err(Unslottable::Mixed);
    };
    let length = match kind {
        Kind::Vec2 | Kind::IVec2 | Kind::UVec2 => 2,
        Kind::Vec3 | Kind::IVec3 => 3,
        Kind::Mat4 => 16,
        _ => 4,
    };
    let numbers = &lists.elements.numbers;
    let integers = |low: i128, high: i128| {
        lists.elements.shapes().eq([Shape::Integer])
            && numbers.integers.is_some_and(|(least, most)| low <= least && most <= high)
    };
    let suits = match kind.component() {
        Some(NumberKind::I32) => integers(i32::MIN.into(), i32::MAX.into()),
        Some(NumberKind::U32) => integers(0, u32::MAX.into()),
        _ => are_numbers(&lists.elements) && numbers.fit_f32,
    };
    let is_long = lists.shortest == length && lists.longest == length;
    if suits && is_long { Ok(kind) } else { Err(Unslottable::Mixed) }
}

fn are_numbers(observed: &Observed) -> bool {
    let is_number = |shape| matches!(shape, Shape::Integer | Shape::Float);
    observed.of(Shape::Null) == 0 && observed.shapes().all(is_number)
}

/// The narrowest kind that holds twice what was seen, as data grows. A kind whose very end was seen is
/// meant: the 255 of a colour.
fn integer_kind(numbers: &Numbers) -> Result<Kind, Unslottable> {
    use NumberKind::{I8, I16, I32, I64, U8, U16, U32, U64};
    let kinds: [(NumberKind, i128, i128); 8] = [
        (U8, 0, u8::MAX.into()),
        (U16, 0, u16::MAX.into()),
        (U32, 0, u32::MAX.into()),
        (U64, 0, u64::MAX.into()),
        (I8, i8::MIN.into(), i8::MAX.into()),
        (I16, i16::MIN.into(), i16::MAX.into()),
        (I32, i32::MIN.into(), i32::MAX.into()),
        (I64, i64::MIN.into(), i64::MAX.into()),
    ];
    let (least, most) = numbers.integers.ok_or(Unslottable::Numbers)?;
    let held = kinds.into_iter().filter(|(_, low, high)| *low <= least && most <= *high);
    let suits = |&(_, low, high): &(NumberKind, i128, i128)| {
        let is_end = most == high || (least < 0 && least == low);
        is_end || (low <= least * 2 && most * 2 <= high)
    };
    let kind = held.clone().find(suits).or_else(|| held.clone().next());
    kind.map(|(kind, ..)| Kind::Number(kind)).ok_or(Unslottable::Numbers)
}

/// `f32` where it gives back every number as it is written.
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
    // One text alone is pointed out as a constant; an enum of it would refuse every other one.
    if (2..=most).contains(&texts.len()) && recur && texts.iter().all(|(text, _)| is_name(text)) {
        return Kind::enumeration(texts.into_iter().map(|(text, _)| text));
    }
    Kind::Text
}

/// The kind of slots for lists.
fn list_kind(lists: &Lists) -> Result<Kind, Unslottable> {
    let elements = &lists.elements;
    if lists.longest == 0 {
        return Err(Unslottable::EmptyLists);
    }
    // A vector only where a person would see one: numbers with fractions, never more or less of them.
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
        Ok(One::Lists) | Err(Unslottable::Nested) => Err(Unslottable::NestedLists),
        Err(Unslottable::Mixed) => Err(Unslottable::MixedLists),
        Err(reason) => Err(reason),
    }
}
