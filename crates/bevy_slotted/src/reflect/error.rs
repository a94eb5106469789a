//! Why reflected data cannot go into a store or come out of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use slotted::{AccessError, Kind, SchemaError, SpawnError, schema::VectorKind};

/// Why reflected data cannot be a schema, go into a store or come out of it.
///
/// ```
/// use bevy_reflect::Reflect;
/// use bevy_slotted::reflect::schema_of;
///
/// #[derive(Reflect)]
/// struct Chest {
///     size: usize,
///     corners: (f32, f32),
/// }
/// assert_eq!(schema_of::<Chest>().unwrap_err().to_string(), "'Chest' has 2 problems:\
///     \n  field 'size' cannot be a slot: 'usize' differs from machine to machine; use 'u32' or 'u64'\
///     \n  field 'corners' cannot be a slot: '(f32, f32)' is a tuple; use a field for each part, or \
///     an array of numbers");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReflectError {
    /// The type is no struct with named fields.
    #[error("'{type_name}' is no struct with named fields, which a schema is made of")]
    NotAStruct {
        /// The type's short name.
        type_name: Arc<str>,
    },
    /// The struct has parameters, so that several types would have its name.
    #[error(
        "'{type_name}' has parameters, so that its name is that of several types; give it one with \
         `#[reflect(@SchemaName(\"...\"))]`"
    )]
    Generic {
        /// The type's short name.
        type_name: Arc<str>,
    },
    /// The value does not tell of which type it is, and so not of which schema.
    #[error(
        "a '{type_name}' that represents no type has no schema; use `set_represented_type`, or \
         `record_of` with the schema's name"
    )]
    NoType {
        /// The short name of the dynamic type.
        type_name: Arc<str>,
    },
    /// An attribute for fields stands on the struct.
    #[error("'{type_name}' has the attribute '{attribute}', which belongs on a field")]
    Misplaced {
        /// The struct's short name.
        type_name: Arc<str>,
        /// The attribute's type.
        attribute: &'static str,
    },
    /// Something is wrong with fields of the struct.
    #[error("{}", FieldsMessage { type_name, problems })]
    Fields {
        /// The struct's short name.
        type_name: Arc<str>,
        /// What is wrong, in the order of the fields; at least one.
        problems: Vec<FieldProblem>,
    },
    /// The schema as a whole cannot be built.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The object cannot be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store does not take the object.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

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

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("field '{}' {what}", Escaped(field))]
pub struct FieldProblem {
    /// The field's name.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub what: FieldIssue,
}

/// What can be wrong with a field.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldIssue {
    /// No slot holds values of the field's type.
    #[error("cannot be a slot: '{type_name}' {reason}")]
    NotASlot {
        /// The short name of the type, which may be inside the field's own.
        type_name: Arc<str>,
        /// What the type is, and what can be done.
        reason: NotASlot,
    },
    /// The slot's name, default or a constraint is wrong.
    #[error("cannot be a slot: {0}")]
    Schema(SchemaError),
    /// An attribute for structs stands on the field.
    #[error("has the attribute '{attribute}', which belongs on the struct")]
    Misplaced {
        /// The attribute's type.
        attribute: &'static str,
    },
    /// Two fields are the same slot.
    #[error("is slot '{slot}', which field '{other}' is already")]
    SameSlot {
        /// The slot's name.
        slot: Arc<str>,
        /// The field that came first.
        other: Arc<str>,
    },
    /// A dynamic value is not of the field's type.
    #[error("holds '{}', which is no complete '{expected}'", Escaped(found))]
    WrongType {
        /// The short name of the type it should be of.
        expected: Arc<str>,
        /// The path of the type that it is of.
        found: Arc<str>,
    },
    /// A list is of another length than the array.
    #[error("has {expected} elements, found {found}")]
    WrongLength {
        /// How many the array has.
        expected: usize,
        /// How many the list has.
        found: usize,
    },
    /// A dynamic struct has a field that the type it represents does not have.
    #[error("is no field of the type")]
    Unknown,
    /// The slot cannot be reached.
    #[error("cannot be read: {0}")]
    Access(AccessError),
    /// The slot's values are of another kind, or may be unset where the field's may not.
    #[error(
        "is {expected}, slot '{slot}' of the object is {}{found}",
        if *is_optional { "optional " } else { "" }
    )]
    WrongKind {
        /// The slot's name.
        slot: Arc<str>,
        /// The kind that the field has room for.
        expected: Box<Kind>,
        /// The slot's kind.
        found: Box<Kind>,
        /// Whether the slot may be unset.
        is_optional: bool,
    },
    /// The slot has another text than the field, which a store's text does not live long enough for.
    #[error(
        "is a `&'static str`, which cannot take a text of a store; use `String` or `Cow<'static, str>`"
    )]
    StaticText,
    /// The type's own implementation of `PartialReflect` did not take a value of the type.
    #[error("did not take its value: {reason}")]
    NotApplied {
        /// What it said.
        reason: Arc<str>,
    },
}

/// Why a type's values cannot be held by a slot.
///
/// Its text says what the type is, and what can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotASlot {
    /// A struct.
    #[error(
        "is a struct; put its fields into this one, or make it a schema and use a 'Reference' to it"
    )]
    Struct,
    /// A tuple struct.
    #[error("is a tuple struct; use what is inside")]
    TupleStruct,
    /// A tuple.
    #[error("is a tuple; use a field for each part, or an array of numbers")]
    Tuple,
    /// A map.
    #[error("is a map; use a list of the keys and one of the values")]
    Map,
    /// A set.
    #[error("is a set; use a 'Vec'")]
    Set,
    /// An enum with data.
    #[error(
        "is an enum whose variant '{variant}' has data; use an enum without, and optional fields \
         for the data"
    )]
    EnumWithData {
        /// The first variant that has data.
        variant: &'static str,
    },
    /// An option that stands in another one.
    #[error("is an option inside an option; use one")]
    NestedOption,
    /// A list of options.
    #[error("may be unset, which an element of a list may not be; leave out the unset ones")]
    OptionalElement,
    /// A list of lists.
    #[error("is a list inside a list; use one list, or an object for each")]
    NestedList,
    /// A vector or matrix for which there is no kind.
    #[error(
        "is none of the vectors that slots hold; use {} or an array of numbers",
        vector_types()
    )]
    Vector,
    /// An integer whose width is the machine's.
    #[error("differs from machine to machine; use '{instead}32' or '{instead}64'")]
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
    #[error("is of Bevy's world; use 'Reference' for an object of the store")]
    BevyEntity,
    /// A type of which reflection shows nothing.
    #[error("is no value that slots hold; use a bool, a number, a glam vector, a text or a list")]
    Opaque,
    /// A dynamic value that does not tell of which type it is.
    #[error("does not tell its type; use a static type, or `set_represented_type` of a value")]
    Untyped,
}

/// The types of vectors that slots hold, as a message names them.
fn vector_types() -> String {
    let names = VectorKind::ALL.iter().map(|kind| format!("'{}'", kind.type_name()));
    names.collect::<Vec<_>>().join(", ")
}

/// Names of dynamic fields come from anywhere: escaped and cut.
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
