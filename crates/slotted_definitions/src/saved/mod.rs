//! The records of objects in a save: look-ups by name and hot reload go on after a game is loaded.
//!
//! [`Objects::to_saved`] lists the records beside a save of the store. After the store is loaded,
//! [`Definitions::resume`](crate::Definitions::resume) returns the objects again, and applies what has changed in the
//! definitions since the save.

mod restored;
mod resume;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::objects::Objects;
use crate::reload::{RecordName, record_names};
use slotted::{ObjectId, Value};

pub use resume::ResumeError;
use value::Part;

/// The records of objects, for a save.
///
/// [`Objects::to_saved`] returns them. They hold the id of each object, and the values that definitions gave the record,
/// bit by bit in every format of serde, but none of the values in the store.
///
/// A record takes about as many bytes as its name and its values, and with `postcard` two more for each value.
///
/// # Form
///
/// Every version reads what earlier ones have written. Fields and variants are in this order, which binary formats need:
///
/// | type | content |
/// |---|---|
/// | saved objects | `schemas`: a list |
/// | schema | `name`: text; `slots`: names; `defaults`: the parts of a value for each slot; `records`: a list |
/// | record | `name`: text or none; `object`: [id](ObjectId::to_bits) or none; `given`: ascending positions of slots; `values`: the parts of a value for each of them |
/// | part | `Unset`; `Bool`; `Int`: i64; `UInt`: u64; `F32`: bits as u32; `F64`: bits as u64; `Text`; `Bytes`; `Record`: `schema` and `name`; `Vector`: name of the kind, its numbers follow; `List`: number of elements, which follow; `Map`: names of the values that follow |
///
/// A record without a name stands for the position that it has among such records of its schema. A record without an
/// object is abstract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedObjects {
    schemas: Vec<SavedSchema>,
}

/// A schema and its records. The positions of nameless records are their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedSchema {
    name: Box<str>,
    slots: Vec<Box<str>>,
    /// The defaults of all slots.
    defaults: Vec<Part>,
    records: Vec<SavedRecord>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedRecord {
    name: Option<Box<str>>,
    /// `None` if the record is abstract.
    object: Option<ObjectId>,
    /// The slots that files give a value.
    given: Vec<u32>,
    /// The values of these slots.
    values: Vec<Part>,
}

impl SavedSchema {
    /// Iterates over the names of the records.
    fn record_names(&self) -> impl Iterator<Item = RecordName> {
        let schema: Arc<str> = (&*self.name).into();
        let mut nameless = 0;
        self.records.iter().map(move |record| {
            let name: Option<Arc<str>> = record.name.as_ref().map(|name| (&**name).into());
            let position = if name.is_none() { nameless } else { 0 };
            nameless += usize::from(name.is_none());
            RecordName { schema: Arc::clone(&schema), name, position }
        })
    }
}

impl Objects {
    /// Lists the records of the objects, for a save of their store.
    ///
    /// Write the list beside the store: the ids in it must mean the same objects after the store is loaded. See
    /// [`Definitions::resume`](crate::Definitions::resume). After [`Store::restore`](slotted::Store::restore), list the
    /// objects of that time: an id that the restored store has not given out is refused later.
    ///
    /// Computes in **O(values)** time, for the values of the definitions.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{Loader, saved::SavedObjects};
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let saved = serde_json::to_string(&objects.to_saved())?;
    /// assert_eq!(serde_json::from_str::<SavedObjects>(&saved)?, objects.to_saved());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_saved(&self) -> SavedObjects {
        let names = record_names(&self.definitions);
        let mut schemas: Vec<SavedSchema> = Vec::new();
        let mut positions = HashMap::new();
        for ((record, name), id) in self.definitions.records().zip(&names).zip(&self.ids) {
            let schema = record.schema();
            let own = *positions.entry(schema.id()).or_insert_with(|| {
                let mut defaults = Vec::new();
                for slot in schema.slots() {
                    value::push(&mut defaults, slot.default().unwrap_or(&Value::Unset), &names);
                }
                let slots = schema.slots().iter().map(|slot| slot.name().into()).collect();
                let (name, records) = (schema.name().into(), Vec::new());
                schemas.push(SavedSchema { name, slots, defaults, records });
                schemas.len() - 1
            });
            let (mut given, mut values) = (Vec::new(), Vec::new());
            // An abstract record has no object that could take changed values.
            for (slot, value) in record.local_values().filter(|_| id.is_some()) {
                given.push(slot as u32);
                value::push(&mut values, &value, &names);
            }
            let name = name.name.as_ref().map(|name| (&**name).into());
            schemas[own].records.push(SavedRecord { name, object: *id, given, values });
        }
        let is_missing = |aside: &&SavedSchema| self.definitions.schema(&aside.name).is_none();
        schemas.extend(self.aside.iter().filter(is_missing).cloned());
        SavedObjects { schemas }
    }
}

impl SavedObjects {
    /// Iterates over the records with their objects, schema by schema; abstract records have no object.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let saved = objects.to_saved();
    /// let (record, id) = saved.records().next().unwrap();
    /// assert_eq!((record.to_string(), id), ("unit/grunt".into(), objects.id("unit", "grunt")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn records(&self) -> impl Iterator<Item = (RecordName, Option<ObjectId>)> {
        self.schemas.iter().flat_map(|schema| {
            schema.record_names().zip(schema.records.iter().map(|record| record.object))
        })
    }

    /// Replaces the ids of the objects, for a store in which the schemas have other ids.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Delta, Kind, Schema, Store};
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let (world, mut saved) = (Delta::full(&store.snapshot()), objects.to_saved());
    ///
    /// // The game has another schema now, which it registers first.
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// definitions.register(&mut store)?;
    /// store.replace_with(&world)?;
    /// saved.map_ids(|id| world.translate(id, &store).unwrap_or(id));
    /// let (objects, _) = definitions.resume(&saved, &mut store)?;
    /// let grunt = objects.id("unit", "grunt").unwrap();
    /// assert_eq!(store.get_value(grunt, "health")?, 80.0_f32.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map_ids(&mut self, mut map: impl FnMut(ObjectId) -> ObjectId) {
        let records = self.schemas.iter_mut().flat_map(|schema| &mut schema.records);
        for id in records.filter_map(|record| record.object.as_mut()) {
            *id = map(*id);
        }
    }
}
