//! The problems of values and records.

use std::fmt;
use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::id::ObjectId;
use crate::kind::{EnumKind, Kind};
use crate::quoted::Quoted;
use crate::schema::Constraint;
use crate::suggest::Suggestion;
use crate::value::{NotAny, Value};

/// One problem of a record or a value, and its place.
///
/// ```
/// use slotted::schema::ProblemKind;
/// use slotted::{Kind, Schema, Store};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("age", Kind::U8).build()?)?;
/// let schema = store.schema("unit").unwrap();
/// let kind = store.check_value(&schema.slots()[0], &300.into()).unwrap_err();
/// assert!(matches!(kind, ProblemKind::DoesNotFit { .. }));
/// let problem = schema.problem("age", kind);
/// assert_eq!(problem.to_string(), "slot 'age' of 'unit' expects u8, which cannot hold 300");
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Problem {
    /// The record's position in its batch. `None` outside of a batch.
    pub record: Option<usize>,
    /// The schema's name.
    pub schema: Arc<str>,
    /// The slot's name, as the caller wrote it.
    pub slot: Arc<str>,
    /// The kind of the problem.
    pub kind: ProblemKind,
}

/// The kinds of problems that a slot's value can have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The schema declares no such slot.
    Undeclared {
        /// The nearest declared name.
        suggestion: Suggestion,
    },
    /// The slot has no default, and the record does not name it.
    Missing {
        /// The slot's kind.
        expected: Kind,
    },
    /// The record names the slot more than once.
    Duplicate,
    /// The value is of another kind.
    WrongKind {
        /// The slot's kind.
        expected: Kind,
        /// The value.
        found: Value,
    },
    /// The slot's kind cannot hold the number.
    DoesNotFit {
        /// The slot's kind.
        expected: Kind,
        /// The value.
        found: Value,
    },
    /// The value violates a constraint of the slot.
    Constraint {
        /// The constraint.
        expected: Constraint,
        /// The value.
        found: Value,
    },
    /// The enum has no variant of this name.
    UnknownVariant {
        /// The enum's variants.
        expected: EnumKind,
        /// The name.
        found: Arc<str>,
        /// The nearest variant.
        suggestion: Suggestion,
    },
    /// A nested value is not a map, or not a list, where its parts need one.
    NotNested {
        /// The form that it must have, such as `a map of min, max`.
        expected: Arc<str>,
        /// The value.
        found: Value,
    },
    /// The record gives no list or map that its parts need.
    MissingNested {
        /// The form that it must have, such as `a list of maps of item, chance`.
        expected: Arc<str>,
    },
    /// The lists of a nested value's parts do not have the lengths of one list.
    Uneven {
        /// The slots of the parts.
        parts: Arc<[Arc<str>]>,
    },
    /// The parts of a union are not those of its variant.
    Mixed {
        /// The slots of the parts.
        parts: Arc<[Arc<str>]>,
    },
    /// A slot of kind `any` cannot hold the value.
    NotAny {
        /// The part of the value that is refused.
        reason: NotAny,
    },
    /// The text belongs to another store: this one has no text of its number.
    ForeignText,
    /// The value of a slot of kind `any` belongs to another store: this one has no value of its number.
    ForeignAny,
    /// The list belongs to another store: this one has no such list.
    ForeignList,
    /// The referenced object is dead, and the object did not refer to it [before](ObjectId#dead-references).
    DeadReference {
        /// The reference.
        found: ObjectId,
    },
    /// The reference's id was never given out.
    UnknownReference {
        /// The reference.
        found: ObjectId,
    },
    /// The referenced object has another schema.
    WrongReference {
        /// The schema that the slot requires, or a schema that extends it.
        expected: Arc<str>,
        /// The object's schema.
        found: Arc<str>,
    },
    /// An element of a list has a problem. Only the first such element is reported.
    Element {
        /// The element's position, counted from 0.
        position: usize,
        /// The element's problem.
        kind: Box<ProblemKind>,
    },
}

/// The place of a problem: a slot, or an element of its list.
struct Place<'a> {
    problem: &'a Problem,
    element: Option<usize>,
    /// `true` if the message shall suggest a known name.
    suggests: bool,
}

impl Place<'_> {
    fn suggest(&self, f: &mut fmt::Formatter<'_>, suggestion: &Suggestion) -> fmt::Result {
        if self.suggests { write!(f, "{}", suggestion.question()) } else { Ok(()) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.element {
            write!(f, "element {position} of ")?;
        }
        write!(f, "slot {} of {}", Quoted(&self.problem.slot), Quoted(&self.problem.schema))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true)
    }
}

impl Problem {
    /// Writes the message, with or without a suggestion of a known name.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, suggests: bool) -> fmt::Result {
        if let Some(record) = self.record {
            write!(f, "record {record}: ")?;
        }
        let place = |element| Place { problem: self, element, suggests };
        match &self.kind {
            ProblemKind::Element { position, kind } => kind.write(f, &place(Some(*position))),
            kind => kind.write(f, &place(None)),
        }
    }
}

impl ProblemKind {
    fn write(&self, f: &mut fmt::Formatter<'_>, place: &Place<'_>) -> fmt::Result {
        let (schema, slot) = (Quoted(&place.problem.schema), Quoted(&place.problem.slot));
        match self {
            Self::Undeclared { suggestion } => {
                write!(f, "{schema} object has no slot {slot}")?;
                place.suggest(f, suggestion)
            }
            Self::Missing { expected } => {
                write!(f, "{schema} object needs a value for slot {slot} ({expected})")
            }
            Self::MissingNested { expected } => {
                write!(f, "{schema} object needs a value for slot {slot} ({expected})")
            }
            Self::Duplicate => write!(f, "{schema} object has two values for slot {slot}"),
            Self::WrongKind { expected, found } if found.is_unset() => {
                write!(f, "{place} expects {expected} and may not be unset")
            }
            Self::WrongKind { expected, found } => {
                write!(f, "{place} expects {expected}, found {} {found}", found.kind_name())
            }
            Self::DoesNotFit { expected, found } => {
                write!(f, "{place} expects {expected}, which cannot hold {found}")
            }
            Self::Constraint { expected, found } => expected.write_violation(f, place, found),
            Self::UnknownVariant { expected, found, suggestion } => {
                let (found, variants) = (Quoted(found), expected.variants().join(", "));
                write!(f, "{place} expects one of {variants}; found {found}")?;
                place.suggest(f, suggestion)
            }
            Self::NotNested { expected, found } => {
                write!(f, "{place} expects {expected}; found {} {found}", found.kind_name())
            }
            Self::Uneven { parts } => {
                let parts = parts.join(", ");
                write!(
                    f,
                    "the parts of {slot} of {schema} have lists of different lengths: {parts}"
                )
            }
            Self::Mixed { parts } => {
                let parts = parts.join(", ");
                write!(f, "the parts of {slot} of {schema} are not those of one variant: {parts}")
            }
            Self::NotAny { reason } => write!(f, "{place} cannot hold {reason}"),
            Self::ForeignText => write!(f, "{place} has a text of another store"),
            Self::ForeignAny => write!(f, "{place} has a value of another store"),
            Self::ForeignList => write!(f, "{place} has a list of another store"),
            Self::DeadReference { found } => {
                write!(f, "{place} refers to object {found}, which is not alive")
            }
            Self::UnknownReference { found } => {
                write!(f, "{place} refers to object {found}, which has never existed")
            }
            Self::WrongReference { expected, found } => {
                let (expected, found) = (Quoted(expected), Quoted(found));
                write!(f, "{place} refers to an object of {found}, expected one of {expected}")
            }
            // A list has no lists as elements.
            Self::Element { kind, .. } => kind.write(f, place),
        }
    }
}

impl std::error::Error for Problem {}

debug_as_display!(Problem);

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ProblemKind) -> String {
        Problem { record: None, schema: "item".into(), slot: "drops".into(), kind }.to_string()
    }

    #[test]
    fn messages_name_an_element_by_its_position() {
        let element = |kind| ProblemKind::Element { position: 3, kind: Box::new(kind) };
        let place = "element 3 of slot 'drops' of 'item'";
        for (kind, expected) in [
            (
                ProblemKind::WrongKind { expected: Kind::U16, found: "x".into() },
                "expects u16, found text \"x\"",
            ),
            (
                ProblemKind::WrongKind { expected: Kind::U16, found: Value::Unset },
                "expects u16 and may not be unset",
            ),
            (
                ProblemKind::DoesNotFit { expected: Kind::U16, found: 70_000.into() },
                "expects u16, which cannot hold 70000",
            ),
            (
                ProblemKind::Constraint { expected: Constraint::Finite, found: f32::NAN.into() },
                "expects finite numbers, found NaN",
            ),
            (ProblemKind::ForeignText, "has a text of another store"),
            (ProblemKind::ForeignAny, "has a value of another store"),
            (
                ProblemKind::NotAny { reason: NotAny::Reference },
                "cannot hold a reference to an object, which only slots of kind object can hold",
            ),
            (
                ProblemKind::WrongReference { expected: "unit".into(), found: "tile".into() },
                "refers to an object of 'tile', expected one of 'unit'",
            ),
        ] {
            assert_eq!(shown(element(kind.clone())), format!("{place} {expected}"));
            assert_eq!(shown(kind), format!("slot 'drops' of 'item' {expected}"));
        }
    }

    #[test]
    fn hostile_names_are_escaped_and_cut() {
        let kind = ProblemKind::Undeclared { suggestion: Suggestion::default() };
        let slot = format!("\u{202e}\n{}", "x".repeat(1_000_000)).into();
        let shown = Problem { record: None, schema: "person".into(), slot, kind }.to_string();
        assert!(shown.starts_with("'person' object has no slot '\\u{202e}\\n"), "{shown}");
        assert!(shown.len() < 200);
    }
}
