//! A world as text for people: for debugging, and for tests that compare texts.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::id::ObjectId;
use crate::schema::RegisteredSchema;
use crate::store::{Store, dynamic};
use crate::value::Value;

impl Store {
    /// Returns all objects in a form that serde writes, for example as JSON or RON: for debugging, and for tests that
    /// compare texts.
    ///
    /// Equal worlds give equal texts if their schemas were registered in the same order. [`Dump`] describes the form.
    ///
    /// Computes in **O(1)** time. Writing the dump takes **O(values)** time, and memory for one value.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit")
    ///     .slot("name", Kind::Text)
    ///     .slot("health", Kind::F32)
    ///     .slot("target", Kind::Object).optional();
    /// store.register_schema(unit.build()?)?;
    /// let wolf = store.spawn_record("unit", record! { name: "Wolf", health: 20.5 })?;
    /// store.spawn_record("unit", record! { name: "Orc", health: 80.0, target: wolf })?;
    ///
    /// let text = serde_json::to_string_pretty(&store.dump())?;
    /// assert_eq!(text, r#"{
    ///   "unit": {
    ///     "0:0:1": {
    ///       "name": "Wolf",
    ///       "health": 20.5
    ///     },
    ///     "0:1:1": {
    ///       "name": "Orc",
    ///       "health": 80.0,
    ///       "target": "0:0:1"
    ///     }
    ///   }
    /// }"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dump(&self) -> Dump<'_> {
        Dump { store: self, names: None }
    }
}

/// The objects of a [`Store`] in a form that serde writes. [`Store::dump`] has an example.
///
/// A dump is a map of schemas, by name and in the order of their names. Each is a map of the schema's own objects in
/// the order of their rows, and each object is a map of its slots in their order. Schemas without objects and slots
/// without a value are left out.
///
/// An object's key is its [name](Self::with_names), or its id as messages show it. References are texts: the key of
/// the other object, followed by ` (dead)` if it is not alive. Other values are written as
/// [records](crate::Record) are; JSON writes `null` for NaN and infinities.
///
/// A dump cannot be read back. A [`Delta`](crate::Delta) can.
pub struct Dump<'s> {
    store: &'s Store,
    names: Option<Box<Names<'s>>>,
}

/// Returns the name of an object.
type Names<'s> = dyn Fn(ObjectId) -> Option<String> + 's;

impl fmt::Debug for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump")
            .field("store", &self.store)
            .field("has_names", &self.names.is_some())
            .finish()
    }
}

impl<'s> Dump<'s> {
    /// Shows objects by names in place of ids. Objects for which the function returns `None` keep their ids.
    ///
    /// Objects are then sorted by name. With names that do not depend on ids, worlds with the same objects give the same
    /// text, even if their ids differ. A reference is the name alone, so give objects of different schemas different
    /// names.
    ///
    /// Writing the dump keeps the names of one schema's objects in memory. It returns an error if two objects of one
    /// schema have the same name.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store, Text};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { name: Text, health: u8 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let name = store.intern_text("Wolf")?;
    /// store.spawn(Unit { name, health: 20 })?;
    ///
    /// let names = store.key::<Text>("unit", "name")?;
    /// let dump = store.dump().with_names(|id| store.resolve(store.get(id, names)?));
    /// assert_eq!(serde_json::to_string(&dump)?, r#"{"unit":{"Wolf":{"name":"Wolf","health":20}}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_names<N: fmt::Display>(self, names: impl Fn(ObjectId) -> Option<N> + 's) -> Self {
        let names = move |id| names(id).map(|name| name.to_string());
        Self { names: Some(Box::new(names)), ..self }
    }

    /// Returns the name of the object, or its id.
    fn label(&self, id: ObjectId) -> String {
        let name = self.names.as_ref().and_then(|names| names(id));
        name.unwrap_or_else(|| id.to_string())
    }
}

/// Writes each object before it reads the next.
impl Serialize for Dump<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let has_objects =
            |schema: &&RegisteredSchema| self.store.tables[schema.id().index()].rows.count() > 0;
        let mut schemas: Vec<_> = self.store.registry.iter().filter(has_objects).collect();
        schemas.sort_unstable_by_key(|schema| schema.name());
        let mut map = serializer.serialize_map(Some(schemas.len()))?;
        for schema in schemas {
            map.serialize_entry(schema.name(), &ObjectsOf { dump: self, schema })?;
        }
        map.end()
    }
}

/// The objects of one schema.
struct ObjectsOf<'a> {
    dump: &'a Dump<'a>,
    schema: &'a RegisteredSchema,
}

impl Serialize for ObjectsOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { dump, schema } = *self;
        let rows = dump.store.tables[schema.id().index()].rows.count() as usize;
        let mut map = serializer.serialize_map(Some(rows))?;
        let ids = dump.store.table_ids(schema.id());
        if dump.names.is_none() {
            for id in ids {
                map.serialize_entry(&id.to_string(), &Object { dump, schema, id })?;
            }
            return map.end();
        }
        let mut named = BTreeMap::new();
        for id in ids {
            let name = dump.label(id);
            if let Some(other) = named.insert(name.clone(), id) {
                return Err(S::Error::custom(format_args!(
                    "objects {other} and {id} of '{}' are both named '{name}'; \
                     give each object of a schema its own name",
                    schema.name()
                )));
            }
        }
        for (name, id) in named {
            map.serialize_entry(&name, &Object { dump, schema, id })?;
        }
        map.end()
    }
}

/// The values of one object.
struct Object<'a> {
    dump: &'a Dump<'a>,
    schema: &'a RegisteredSchema,
    id: ObjectId,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { dump, schema, id } = *self;
        let columns = &dump.store.tables[schema.id().index()].columns;
        let is_set = |slot: &usize| {
            let set = columns[*slot].set.as_ref();
            set.is_none_or(|set| set.row(id.row()) == Some(&[true]))
        };
        let slots = (0..columns.len()).filter(is_set);
        let mut map = serializer.serialize_map(Some(slots.clone().count()))?;
        for index in slots {
            let slot = &schema.slots()[index];
            let value = dynamic::read(&columns[index], slot, id.row(), &dump.store.interner);
            map.serialize_entry(slot.name(), &Shown { dump, value: &value })?;
        }
        map.end()
    }
}

/// A value with references as texts.
struct Shown<'a> {
    dump: &'a Dump<'a>,
    value: &'a Value,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { dump, value } = *self;
        match value {
            Value::Object(id) => {
                let dead = if dump.store.contains(*id) { "" } else { " (dead)" };
                serializer.collect_str(&format_args!("{}{dead}", dump.label(*id)))
            }
            Value::List(list) => {
                let mut elements = serializer.serialize_seq(Some(list.len()))?;
                for value in list.iter() {
                    elements.serialize_element(&Shown { dump, value })?;
                }
                elements.end()
            }
            other => other.serialize(serializer),
        }
    }
}
