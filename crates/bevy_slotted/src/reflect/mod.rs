//! Schemas and objects from structs that derive `Reflect`.
//!
//! | you want | look at |
//! |---|---|
//! | a schema from a struct | [`schema_of`], [`schema_of_info`], [`schema_with_defaults_of`] |
//! | an object from a struct | [`spawn_reflected`], [`record_of`] |
//! | to read an object into a struct | [`read_into`] |
//! | names, defaults and constraints | the attributes below |
//!
//! | field | slot |
//! |---|---|
//! | `bool`, integers of 8 to 64 bits, `f32`, `f64` | the same |
//! | the types of glam that [`VectorKind`](slotted::schema::VectorKind) lists, as `Vec3` | the same |
//! | `String`, `Cow<'static, str>`, `&'static str` | text |
//! | [`Reference`] | a reference to an object of the store |
//! | an enum without data | an enum of the variants' names, in snake case |
//! | an array of numbers | the same |
//! | `Vec` and other lists of these; arrays of other types than numbers | a list |
//! | [`AnyValue`] | a value of any sort |
//! | `Option` of these | an optional slot |
//! | a struct with named fields | a [nested record](slotted::schema::SchemaBuilder::nested): a slot for each field, such as `damage.min` |
//! | `Option` of a struct | the same, all parts optional; `None` if all are unset |
//! | `Vec` and arrays of structs | a [list of records](slotted::schema::SchemaBuilder::nested_list): a list for each field, such as `drops[].chance` |
//! | a tuple | a slot for each field: `size.0`, `size.1` |
//! | a map whose keys are texts, references or enums without data | a [map](slotted::schema::SchemaBuilder::nested_map): a list of the keys, `skills{}.key`, and lists of the values, `skills{}.value` |
//! | an enum with data | a [union](slotted::schema::Shape): a slot that says the variant, `effect@`, and slots for the data of each variant, such as `effect@heal.amount` |
//! | `Vec` and arrays of tuples, maps, enums with data, lists | lists of their slots, such as `effects[]@` |
//! | anything else | an error |
//!
//! | attribute | on | means |
//! |---|---|---|
//! | [`@SchemaName("orc")`](SchemaName) | the struct | the schema's name; default: the struct's in snake case |
//! | [`@SlotName("hp")`](SlotName) | a field | the slot's name; default: the field's |
//! | [`@SlotName("royal guard")`](SlotName) | a variant | the variant's name; default: its own in snake case |
//! | [`@SlotDefault::new(100.0)`](SlotDefault) | a field | the value in records that omit the slot |
//! | [`@SlotRange::new(0.0..=500.0)`](SlotRange) | a field | the numbers it may hold |
//! | [`@SlotFinite`](SlotFinite) | a field | rejects infinities and NaN |
//! | [`@SlotStep::new(5)`](SlotStep) | a field | rejects all but multiples of the number |
//! | [`@SlotReferences("unit")`](SlotReferences) | a field | the schema that a referenced object has or extends |
//! | `ignore` | a field | no slot |
//!
//! Structs are nested up to 16 levels deep, and the attributes of their fields apply: `@SlotRange` on `min` is that of
//! `damage.min`. Fields of structs in lists have no `@SlotDefault`, and those of optional structs lose it. A struct that
//! contains itself is an error.
//!
//! If `#[derive(Slotted)]` supports all field types of a struct, it makes the same schema as this module. A struct
//! that derives both `Reflect` and `Slotted` therefore has one schema in a store.
//!
//! ```
//! use bevy_reflect::Reflect;
//! use bevy_slotted::reflect::{
//!     Reference, SlotDefault, SlotRange, SlotReferences, read_into, schema_of, spawn_reflected,
//! };
//! use bevy_slotted::slotted::Store;
//! use bevy_slotted::slotted::glam::Vec3;
//!
//! #[derive(Reflect, Default)]
//! struct Unit {
//!     name: String,
//!     position: Vec3,
//!     #[reflect(@SlotDefault::new(100.0), @SlotRange::new(0.0..=500.0))]
//!     health: f32,
//!     #[reflect(@SlotReferences("unit"))]
//!     target: Option<Reference>,
//! }
//!
//! let mut store = Store::new();
//! store.register_schema(schema_of::<Unit>()?)?;
//! let ada = Unit { name: "Ada".into(), health: 80.0, ..Unit::default() };
//! let ada = spawn_reflected(&mut store, &ada)?;
//! let bob = Unit { name: "Bob".into(), target: Some(ada.into()), ..Unit::default() };
//! let bob = spawn_reflected(&mut store, &bob)?;
//!
//! let mut unit = Unit::default();
//! read_into(&store, bob, &mut unit)?;
//! assert_eq!((&*unit.name, unit.target), ("Bob", Some(ada.into())));
//!
//! unit.health = 900.0;
//! assert_eq!(
//!     spawn_reflected(&mut store, &unit).unwrap_err().to_string(),
//!     "slot 'health' of 'unit' expects 0.0 to 500.0, found 900.0",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod composed;
mod error;
mod fields;
mod issues;
mod leaf;
mod name;
mod object;
mod parts;
mod reader;
mod schema;
mod shape;
mod variants;

pub use attributes::{
    AnyValue, Reference, SchemaName, SlotDefault, SlotFinite, SlotName, SlotRange, SlotReferences,
    SlotStep,
};
pub use error::{FieldIssue, FieldProblem, NotASlot, ReflectError};
pub use object::{read_into, record_of, spawn_reflected};
pub use schema::{schema_of, schema_of_info, schema_with_defaults_of};
