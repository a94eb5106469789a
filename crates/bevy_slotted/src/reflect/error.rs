//! Errors of conversions between reflected data and a store.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use slotted::{AccessError, Kind, SchemaError, SpawnError, schema::VectorKind};

use crate::error_debug::debug_as_display;

/// The error of building a schema from a reflected type, or of converting a reflected value to or from an object.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::schema_of;
///
/// #[derive(Reflect)]
/// struct Metres(f32);
///
/// #[derive(Reflect)]
/// struct Chest {
///     size: usize,
///     height: Metres,
/// }
/// assert_eq!(schema_of::<Chest>().unwrap_err().to_string(), "'Chest' has 2 problems:\
///     \n  field 'size' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or 'u64'\
///     \n  field 'height' cannot be a slot: 'Metres' is a tuple struct; use its inner type, or a \
///     struct with named fields");
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReflectError {
    /// The type is not a struct with named fields.
    #[error("'{type_name}' is not a struct with named fields; a schema needs one")]
    NotAStruct {
        /// The type's short name.
        type_name: Arc<str>,
    },
    /// The struct is generic, so its name does not identify one schema.
    #[error(
        "'{type_name}' is generic, so several types share its name; name the schema with \
         `#[reflect(@SchemaName(\"...\"))]`"
    )]
    Generic {
        /// The type's short name.
        type_name: Arc<str>,
    },
    /// The value has no represented type, and so no schema.
    #[error(
        "a '{type_name}' without a represented type has no schema; call `set_represented_type`, or \
         use `record_of` and the schema's name"
    )]
    NoType {
        /// The short name of the dynamic type.
        type_name: Arc<str>,
    },
    /// The struct has an attribute for fields.
    #[error("'{type_name}' has the attribute '{attribute}', which belongs on a field")]
    Misplaced {
        /// The struct's short name.
        type_name: Arc<str>,
        /// The attribute's type.
        attribute: &'static str,
    },
    /// Fields of the struct have problems.
    #[error("{}", FieldsMessage { type_name, problems })]
    Fields {
        /// The struct's short name.
        type_name: Arc<str>,
        /// The problems in the order of the fields, at least one.
        problems: Vec<FieldProblem>,
    },
    /// The schema as a whole is invalid.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The object cannot be accessed.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store rejected the object.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

debug_as_display!(ReflectError, FieldProblem, FieldIssue, NotASlot);

struct FieldsMessage<'a> {
    type_name: &'a str,
    problems: &'a [FieldProblem],
}

impl fmt::Display for FieldsMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_name, problems } = self;
        if let [problem] = problems {
            return write!(f, "'{type_name}': {problem}");
        }
        write!(f, "'{type_name}' has {} problems:", problems.len())?;
        problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The problem of one field.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("field '{}' {what}", Escaped(field))]
pub struct FieldProblem {
    /// The field's name, or the path to a part of it: `damage.min`, `drops[2].chance`.
    pub field: Cow<'static, str>,
    /// The problem.
    pub what: FieldIssue,
}

/// A problem that a field can have.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldIssue {
    /// No slot holds values of the field's type.
    #[error("cannot be a slot: '{type_name}' {reason}")]
    NotASlot {
        /// The short name of the type, which may be inside the field's own type.
        type_name: Arc<str>,
        /// The reason and a remedy.
        reason: NotASlot,
    },
    /// The slot's name, default or a constraint is invalid.
    #[error("cannot be a slot: {0}")]
    Schema(SchemaError),
    /// The field has an attribute for structs.
    #[error("has the attribute '{attribute}', which belongs on the struct")]
    Misplaced {
        /// The attribute's type.
        attribute: &'static str,
    },
    /// Two fields name the same slot.
    #[error("names slot '{slot}', which field '{other}' already uses")]
    SameSlot {
        /// The slot's name.
        slot: Arc<str>,
        /// The field that came first.
        other: Arc<str>,
    },
    /// A dynamic value is not of the field's type, or incomplete.
    #[error("expects a complete '{expected}', found '{}'", Escaped(found))]
    WrongType {
        /// The short name of the field's type.
        expected: Arc<str>,
        /// The path of the value's type.
        found: Arc<str>,
    },
    /// A list has another length than the array.
    #[error("expects {expected} elements, found {found}")]
    WrongLength {
        /// The array's length.
        expected: usize,
        /// The list's length.
        found: usize,
    },
    /// A dynamic struct has a field that its represented type does not have.
    #[error("is not a field of the type")]
    Unknown,
    /// The slot cannot be accessed.
    #[error("cannot be read: {0}")]
    Access(AccessError),
    /// The slot has another kind than the field, or is optional and the field is not.
    #[error(
        "is {expected}, but slot '{slot}' of the object is {}{found}",
        if *is_optional { "optional " } else { "" }
    )]
    WrongKind {
        /// The slot's name.
        slot: Arc<str>,
        /// The field's kind.
        expected: Box<Kind>,
        /// The slot's kind.
        found: Box<Kind>,
        /// `true` if the slot is optional.
        is_optional: bool,
    },
    /// The object lacks a part of a struct that has others.
    #[error(
        "is unset in the object, but '{type_name}' is not an 'Option'; set all parts of the struct, \
         or use an 'Option'"
    )]
    Unset {
        /// The short name of the field's type.
        type_name: Arc<str>,
    },
    /// The parts of a list of structs have lists of different lengths, because one was written alone.
    #[error(
        "has parts with lists of different lengths in the object; set '{slot}' as a whole, or all \
         its parts"
    )]
    Uneven {
        /// The list's name.
        slot: Arc<str>,
    },
    /// The parts of a tuple, a map or an enum with data do not fit together, because one was written alone.
    #[error("has parts that do not fit together in the object; set '{slot}' as a whole")]
    Misfit {
        /// The name of the nested value.
        slot: Arc<str>,
    },
    /// A part of a struct names its slot with signs that belong to paths.
    #[error(
        "names slot '{slot}', which cannot be a part of a nested record; use a name that is not a \
         number and has no '.', '?', '#', '@', '|' or bracket"
    )]
    PartName {
        /// The name.
        slot: Arc<str>,
    },
    /// The slot's text differs from the field's `&'static str`, and a store's text does not live for `'static`.
    #[error(
        "is a `&'static str`, which cannot hold a text of a store; use `String` or \
         `Cow<'static, str>`"
    )]
    StaticText,
    /// The type's own implementation of `PartialReflect` rejected a value of the type.
    #[error("rejected its value: {reason}")]
    NotApplied {
        /// The implementation's message.
        reason: Arc<str>,
    },
}

/// The reason why a slot cannot hold a type's values.
///
/// The message follows the type's name, and names a remedy.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotASlot {
    /// A struct that contains itself, directly or through other structs.
    #[error("contains itself, so its slots have no end; use a 'Reference' to an object of its own")]
    Recursive,
    /// A struct in too many others.
    #[error(
        "is nested more than {limit} levels deep; use a 'Reference' to an object of its own, or an \
         'AnyValue'"
    )]
    TooDeep {
        /// The limit of levels.
        limit: usize,
    },
    /// A struct without fields, or with ignored fields alone.
    #[error("is a struct without fields, so it has no slots; use a bool, or `#[reflect(ignore)]`")]
    NoFields,
    /// A struct in a field that has an attribute for fields.
    #[error("has the attribute '{attribute}', which belongs on a field")]
    Misplaced {
        /// The attribute's type.
        attribute: &'static str,
    },
    /// A tuple struct.
    #[error("is a tuple struct; use its inner type, or a struct with named fields")]
    TupleStruct,
    /// A tuple without fields.
    #[error("has no fields, so it has no slots; use a bool, or `#[reflect(ignore)]`")]
    NoParts,
    /// A map whose keys cannot be names.
    #[error(
        "is a map whose keys are not texts, references or enums without data; use a 'Vec' of tuples, \
         or an 'AnyValue'"
    )]
    MapKey,
    /// A set.
    #[error("is a set; use a 'Vec'")]
    Set,
    /// An option inside an option.
    #[error("is an option inside an option; use one option")]
    NestedOption,
    /// A list of options.
    #[error("is optional, but list elements must be set; leave out the unset ones")]
    OptionalElement,
    /// A vector or matrix that no kind supports.
    #[error("is not a supported vector type; use {} or an array of numbers", vector_types())]
    Vector,
    /// An integer with a platform-dependent width.
    #[error("has a platform-dependent width; use '{instead}32' or '{instead}64'")]
    PointerSized {
        /// `u` or `i`.
        instead: char,
    },
    /// An integer of 128 bits.
    #[error("is wider than any slot; use '{instead}64', or an array of two")]
    TooWide {
        /// `u` or `i`.
        instead: char,
    },
    /// An entity of Bevy.
    #[error("is an entity of Bevy; use 'Reference' for an object of the store")]
    BevyEntity,
    /// A type that reflection shows no parts of.
    #[error(
        "is not a supported type; use a bool, a number, a glam vector, a text, a list or a struct of \
         these"
    )]
    Opaque,
    /// A dynamic value without a represented type.
    #[error(
        "has no type information; use a static type, or call `set_represented_type` on a value"
    )]
    Untyped,
}

/// Returns the names of the vector types that slots hold, for a message.
fn vector_types() -> String {
    let names = VectorKind::ALL.iter().map(|kind| format!("'{}'", kind.type_name()));
    names.collect::<Vec<_>>().join(", ")
}

/// Escapes and truncates a name: names of dynamic fields may hold anything.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 60;
        for character in self.0.chars().take(SHOWN) {
            match character {
                '\'' => f.write_str("'")?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        f.write_str(if self.0.chars().nth(SHOWN).is_some() { "…" } else { "" })
    }
}
