//! Definitions from data files: schemas, and records of them, as games and mods write them.
//!
//! A **definition file** is a map with `schemas`, `records` and `patches`, in JSON, TOML or RON (a
//! feature of the crate for each). A folder of such files is a **pack**; packs are read in a stated
//! order, and a later one may add to earlier ones and patch them.
//!
//! ```toml
//! [schemas.unit]
//! doc = "Whatever moves."
//! [schemas.unit.slots]
//! health = { kind = "f32", default = 100.0, range = [0.0, 500.0], unit = "hp" }
//! job = { variants = ["farmer", "soldier"], default = "farmer" }
//! drops = { kind = "list(u16)", default = [] }
//! target = { kind = "object", references = "unit", optional = true }
//!
//! [schemas.orc]
//! extends = "unit"
//! slots.rage = { kind = "f32", default = 0.0 }
//!
//! [records.orc.grunt]
//! job = "soldier"
//! target = "thrall"           # the name of another record, also of one that comes later
//!
//! [records.orc.thrall]
//! inherits = "grunt"          # only what differs is written
//! health = 250.0
//!
//! [patches.records.orc.grunt] # a change of a record, most often of another pack's
//! health = 90.0
//! ```
//!
//! | in a file | is |
//! |---|---|
//! | `schemas.NAME` | `extends` (a schema's name), `doc`, `slots` |
//! | `schemas.NAME.slots.SLOT` | a kind, or a map: `kind`, `variants` of an enum, `default`, `optional`, `range` (`[min, max]`, or a map with `min`, `max`, `above`, `below`), `finite`, `step`, `references`, `doc`, `unit`, `renamed_from` |
//! | a kind | `bool`, `i8` to `u64`, `f32`, `f64`, [glam's types](slotted::schema::VectorKind) in lower case as `vec3`, `text`, `object`, `enum`, `[f32; 3]`, `list(u16)` |
//! | `records.SCHEMA.NAME` | values by slot; `inherits` (a record's name), `abstract = true` for a record that is only there to be inherited from |
//! | `records.SCHEMA` as a list | records without names |
//! | `patches.schemas.NAME.slots` | slots to add, and words to change of slots that are there |
//! | `patches.records.SCHEMA.NAME` | values to change |
//! | a reference | a record's name, or `schema/name` where several have it |
//! | `$schema` | the address of a JSON Schema, for editors; it is passed over |
//!
//! A pack may have a **manifest**, `pack.toml` (or `.json`, `.ron`): its `name`, `version`, `doc`; `requires`,
//! packs that must be there and come first; `after`, packs that come first if they are there; `objects`,
//! files that are nothing but a list of loose objects, each with the schema of these:
//! `objects = { "items.json" = "item" }`.
//!
//! Everything is read before anything is said: a [`Report`] names all problems of all files.
//!
#![cfg_attr(feature = "toml", doc = "```")]
#![cfg_attr(not(feature = "toml"), doc = "```ignore")]
//! use slotted::Store;
//! use slotted_definitions::Loader;
//!
//! let file = r#"
//! [schemas.unit.slots]
//! health = { kind = "f32", default = 100.0 }
//! name = "text"
//!
//! [records.unit.grunt]
//! name = "Grunt"
//! helth = 80.0
//! "#;
//! let mut store = Store::new();
//! let report = Loader::new().text("units.toml", file).load(&store).unwrap_err();
//! assert_eq!(report.to_string(), "\
//! error[undeclared-slot]: 'unit' object has no slot 'helth'; did you mean 'health'?
//!  --> texts/units.toml:8:1
//!   |
//! 8 | helth = 80.0
//!   | ^^^^^ not declared
//!
//! 1 error");
//!
//! let definitions = Loader::new().text("units.toml", file.replace("helth", "health")).load(&store)?;
//! let objects = definitions.spawn(&mut store)?;
//! let grunt = objects.id("unit", "grunt").unwrap();
//! assert_eq!(store.get_value(grunt, "health")?, 80.0_f32.into());
//! let origin = definitions.record("unit", "grunt").and_then(|grunt| grunt.origin("health"));
//! assert_eq!(definitions.location(origin.unwrap()).unwrap().to_string(), "texts/units.toml:8:10");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod constraint;
mod diagnostic;
mod document;
mod format;
pub mod infer;
#[cfg(feature = "json")]
mod json_schema;
mod kind_name;
mod limits;
mod loaded;
mod loader;
mod names;
mod node;
mod objects;
mod pack;
mod progress;
mod records;
mod references;
mod reload;
mod report;
mod schemas;
mod slot;
mod source;
mod value;
mod words;
mod write;
mod write_schema;

pub use diagnostic::{Code, Diagnostic, Severity};
pub use format::Format;
pub use limits::LoadLimits;
pub use loaded::{Definitions, Pack, RecordView};
pub use loader::Loader;
pub use objects::{Objects, SpawnDefinitionsError};
pub use progress::LoadProgress;
pub use records::Undeclared;
pub use reload::{RecordChange, RecordName, Reload, ReloadError};
pub use report::Report;
pub use source::{Location, Place};
pub use write::WriteError;
pub use write_schema::{SchemaDocs, SlotDocs, WriteSchemaError, schemas_to_text};
