//! Definition files for [`slotted`]: schemas and records in JSON, TOML, RON or YAML, as games and mods write them.
//!
//! * [`Loader`] reads files and folders, checks everything, and returns [`Definitions`] or a
//!   [`Report`] of every problem, with file, line and column.
//! * [`Definitions::spawn`] turns the records into [`Objects`] of a store.
//! * [`Definitions::spawn_one`] spawns copies of one record whenever the game needs them.
//! * [`Objects::plan_reload`] and [`Objects::apply_reload`] bring changed files into a running game.
//! * [`Objects::to_saved`] and [`Definitions::resume`] keep names and hot reload across a save of the game.
//! * [`Objects::to_files`] writes objects back as files.
//! * [`infer`] proposes schemas for data that has none.
//!
//! # Example
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
//!
//! # The file format
//!
//! A **definition file** is a map with the keys `schemas`, `records` and `patches`. JSON, TOML, RON
//! and YAML are four notations of the same map; each is a feature of the crate. JSON may be JSON5: with comments, trailing
//! commas, and names without quotes, also in files that end in `.json5` or `.jsonc`. YAML is YAML 1.2: `no` is text. Anchors,
//! aliases and the merge key `<<` copy values of the same file; tags and several documents in a file are errors.
//!
//! ```toml
//! [schemas.unit]
//! doc = "A character that moves."
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
//! target = "thrall"           # the name of another record, before or after this one
//!
//! [records.orc.thrall]
//! inherits = "grunt"          # write only the values that differ
//! health = 250.0
//!
//! [patches.records.orc.grunt] # changes a record, usually one of another pack
//! health = 90.0
//! ```
//!
//! | key | value |
//! |---|---|
//! | `schemas.NAME` | `extends` (the name of the base schema), `doc`, `slots`, `if_pack` |
//! | `schemas.NAME.slots.SLOT` | a kind, or a map with `kind`, `variants` of an enum, `default`, `optional`, `range` (`[min, max]`, or a map with `min`, `max`, `above`, `below`), `finite`, `step`, `references`, `doc`, `unit`, `renamed_from` |
//! | the same, for a nested value | a kind of several values, or a map with `slots`, the parts, declared as any slot, or with `variants`, each with its slots, and `tag`; and `kind`, `keys` (of a map: `text`, `object` or `enum`, with `references`), `optional`, `default`, `one_or_list` and `renamed_from` of the whole |
//! | the same, for a slot of the base | a map with `default` alone |
//! | `records.SCHEMA.NAME` | values by slot; `inherits` (the name of a record) and `abstract = true` for a record that becomes no object: others inherit from it, or the game [copies](Definitions::spawn_one) it; `unset`, a list of optional slots that have no value, also if one is inherited; `if_pack` |
//! | `records.SCHEMA` as a list | records without names |
//! | `patches.schemas.NAME` | `slots`: slots to add, and keys to change in existing slots; `if_pack` |
//! | `patches.records.SCHEMA.NAME` | values to change, see [Patches](#patches), `unset` and `if_pack` |
//! | `patches.delete.SCHEMA` | a list of names: these records become no objects, and nothing can refer to them |
//! | `if_pack` | the name of a pack, or a list: without these packs the file has no effect |
//! | `words` | other names for the words of the file's records, see [Words](#words) |
//! | `$schema` | the address of a JSON Schema for editors; the loader ignores it |
//!
//! **Kinds** are `bool`, `i8` to `u64`, `f32`, `f64`, [glam's vectors](slotted::schema::VectorKind) in lower case as
//! `vec3`, `text`, `object`, `enum`, arrays such as `[f32; 3]`, lists such as `list(u16)`, and `any`, which takes whatever a
//! file can say.
//!
//! **Kinds of several values** are made of these and of the names of schemas: lists such as `list(drop)` and `list(list(u8))`, maps by
//! name such as `map(u8)` and `map(object, drop)`, tuples such as `(text, i32)`, and unions such as `f32 | text | mana`. The word
//! `record` stands for the record whose `slots` or `variants` are declared beside the kind: `list(text | record)`; `list` alone is
//! `list(record)`, and `map` is `map(record)`.
//!
//! **Unions** take values of one of several kinds. The sort of a value tells the kinds apart: a boolean, a number, text, a list or
//! a map. Several schemas are told apart by a `tag`, the attribute with the name of the schema, or without one by their name around
//! the value: `{ mana = { amount = 3 } }`. `variants` declares variants with slots of their own in the same way; a variant without
//! slots and without a tag is written as its name. RON may write `heal(amount: 5)` for `{ heal = { amount = 5 } }`. A record that
//! inherits gives the whole value, or inherits it.
//!
//! **Nested records** are maps in a record: `damage = { min = 1, max = 4 }`. Each part is a slot whose name has a dot,
//! `damage.min`, in the store as in messages, `unset` and patches. A record that inherits another one may give some parts and
//! inherits the rest. A record leaves out an optional nested record as a whole, or gives all parts that are not optional themselves
//! and have no default. The default of a part of a list's elements, or of a variant, is the value of those that leave it out.
//!
//! **References** are names of records, or `schema/name` if several records share the name.
//!
//! # Words
//!
//! `inherits`, `abstract`, `unset` and `if_pack` stand beside the slots of a record, and `add`, `remove`, `times` and `plus` in the
//! place of a value. A game may have attributes of these names, or other names for the words. So `words`, at the top of a
//! definition file or for files under `objects`, renames words or switches them off: after
//! `words = { inherits = "copy-from", abstract = false }`, `copy-from` means what `inherits` means elsewhere, and attributes called
//! `inherits` and `abstract` are slots. A name that is a slot and a word of its file is an error.
//!
//! # Packs
//!
//! A folder of definition files is a **pack**. Packs are read in the order in which they were added; a
//! later pack can add to earlier packs and patch them. A pack may have a **manifest**, `pack.toml`,
//! `pack.json`, `pack.ron` or `pack.yaml`:
//!
//! | key | value |
//! |---|---|
//! | `name`, `version`, `doc` | texts about the pack; the name defaults to the name of the folder |
//! | `requires` | names of packs that must be loaded, and come first |
//! | `after` | names of packs that come first if they are loaded |
//! | `objects` | files of objects that are no definition files, with the schema of each: `{ "items.json" = "item" }` |
//!
//! **Files of objects** are a game's own: a list of objects, a map of objects by name, or one object, which is named after its
//! file. A key of `objects` is a file, a folder, or a pattern such as `data/**/*.json`; a file wins over a folder, the longer
//! folder over the shorter one, and both over a pattern. In TOML, a map may also have lists of objects, such as `[[tree]]`. The
//! value is a schema, or a map:
//!
//! | key | value |
//! |---|---|
//! | `schema` | the schema of all objects that do not tell theirs |
//! | `schema_from` | the attribute that tells an object's schema, such as `"type"` |
//! | `name_from` | the attribute that names the record, such as `"id"`, if it is text or a whole number; references to a number need no quotes |
//! | `single` | `true` if each map is one object, `false` if it has objects by name; without this key, a map of maps has objects |
//! | `words` | other names for the words of these files, see [Words](#words) |
//!
//! Both attributes may be slots too.
//!
//! # Patches
//!
//! A patch of a record replaces values, or changes them where they stand:
//!
//! ```toml
//! [patches.records.unit.wolf]
//! name = "Warg"                                       # replaces the value
//! drops = { add = ["pelt"], remove = ["bone"] }       # changes a list
//! health = { times = 1.5, plus = 10.0 }               # changes a number
//! unset = ["owner"]                                   # leaves an optional slot without a value
//!
//! [patches.schemas.unit.slots]
//! job.variants = { add = ["hunter"] }                 # changes the variants of an enum
//! effect.variants = { add = { zap = { volts = "u8" } }, remove = ["rest"] } # and those of a union
//!
//! [patches.delete]
//! unit = ["fox"]
//! ```
//!
//! | change | effect |
//! |---|---|
//! | `add` | adds the elements that a list, a map, an enum or a union does not have yet |
//! | `remove` | removes all of these elements; one that is not there is a warning. Entries of maps are removed by their names: `["bash"]` |
//! | `times` | multiplies a number |
//! | `plus` | adds to a number, after all `times`; a slot of whole numbers takes the nearest one |
//!
//! Only slots of lists, maps and single numbers take changes. In a patch or a record that inherits, a map of these words alone is a
//! change; an entry of a map with such a name is added with `add`. A slot of kind `any` takes no changes: such a map is its new
//! value, with a warning. The parts of a union's variant are changed alone, as in `effect = { amount = { plus = 1 } }`, if the record has a
//! variant with such a part. A record that inherits can change the values of its parent in the same way. Without a value in the record a
//! change starts from the slot's default.
//!
//! **Several packs** can change one value. A pack knows those that its manifest lists under `requires` or `after`, and the
//! packs that they know.
//!
//! * Changes combine. Packs take effect after those that they know, then in the order of their names, whatever the load order.
//! * A pack that replaces a value removes the changes of packs that it knows. The changes of others still apply.
//! * If two packs replace one value, the one that is loaded later wins. If it does not know the other one, that is a warning,
//!   or what [`Loader::conflicts`] says. The same holds for keys of slots, and for a deleted record that another pack patches.
//! * Two packs that give one slot different kinds are an error.
//!
//! Records that inherit from a deleted record keep its values.
//!
//! # Removed packs
//!
//! With [`Undeclared::Ignore`] or [`Undeclared::Quarantine`] these are warnings: values, variants and records that no schema
//! declares, references to missing records, records that inherit from missing ones, schemas that extend missing ones, and patches
//! and deletions of missing records. A record that needs a missing one, because the slot is not optional, is kept aside as a whole,
//! and so are the records that need it. Under quarantine, [`Objects::to_files`] writes all of them back, and they come back with the
//! pack. Elements that were to be added to a list are at its end then.
//!
//! If a file cannot be read, problems with names that it contains are [counted](Report::held_back) but not listed: most of them
//! are gone when the file can be read.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml")),
    allow(dead_code, unused_variables, reason = "each format needs a part of what serves all")
)]

mod absent;
mod absent_slots;
mod ancestry;
mod aside;
mod blame;
mod brackets;
mod bytes;
mod changed_variants;
mod changes;
mod checked;
mod combined;
mod constraint;
mod data;
mod declared;
mod declares;
pub mod diagnostic;
mod document;
mod error;
mod format;
mod given;
pub mod infer;
#[cfg(feature = "json")]
mod json_schema;
mod keys;
mod kind_name;
mod limits;
mod loaded;
mod loader;
mod loose;
mod merged;
mod named;
mod nameless;
mod names;
mod narrowed;
mod nested;
mod nested_keys;
mod nested_slots;
mod nested_unions;
mod node;
mod objects;
mod optional_records;
mod pack;
mod packed;
mod packs;
mod patched;
mod patches;
mod paths;
mod placed;
mod progress;
pub mod prototype;
mod record_names;
mod records;
mod references;
pub mod reload;
mod removed;
mod report;
mod required_lists;
mod same_name;
pub mod saved;
mod schemas;
mod shapes;
mod slot;
mod slot_notes;
mod slot_problems;
mod slot_variants;
mod source;
mod text;
mod undeclared;
mod unread;
mod value;
mod within;
mod words;
pub mod write;
mod write_nested;
mod write_schema;
mod write_words;
mod write_yaml;

pub use data::{read_data, read_data_with_variants};
pub use format::Format;
#[cfg(feature = "json")]
pub use json_schema::ObjectsJsonSchema;
pub use limits::LoadLimits;
pub use loaded::{Definitions, Pack, RecordView};
pub use loader::Loader;
pub use objects::{Objects, SpawnDefinitionsError};
pub use packs::Conflicts;
pub use progress::LoadProgress;
pub use records::Undeclared;
pub use report::Report;

/// Runs the example of the README.
#[cfg(all(doctest, feature = "toml"))]
#[doc = include_str!("../README.md")]
struct Readme;
