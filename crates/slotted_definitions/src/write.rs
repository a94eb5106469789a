//! Objects written as files again.

use std::collections::HashMap;
use std::sync::Arc;

use crate::format::Format;
use crate::infer::SameData;
use crate::infer::as_written;
use crate::objects::Objects;
use crate::references::local_id;
use slotted::AccessError;
use slotted::ObjectId;
use slotted::Record;
use slotted::Store;
use slotted::Value;

/// Why objects cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// An object cannot be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The format cannot hold a value.
    #[error("{format} cannot hold the value {value} of '{slot}' of object {id}")]
    Value {
        /// The format.
        format: Format,
        /// The object.
        id: ObjectId,
        /// The slot's name.
        slot: Arc<str>,
        /// The value.
        value: Value,
    },
    /// An object refers to one that no record has made, so that there is no name for it.
    #[error("slot '{slot}' of object {id} refers to object {found}, which has no name")]
    NamelessReference {
        /// The object.
        id: ObjectId,
        /// The slot's name.
        slot: Arc<str>,
        /// The object without a name.
        found: ObjectId,
    },
    /// The format's own library refuses to write it, or the crate was built without the format.
    #[error("{format} cannot be written: {message}")]
    Format {
        /// The format.
        format: Format,
        /// What the library says.
        message: String,
    },
}

impl Objects {
    /// An object's values as files have them: references are names of records, and what was
    /// [quarantined](super::Undeclared::Quarantine) with its record is there again, after the slots.
    ///
    /// # Errors
    /// If the object is not alive, or refers to one that no named record has made.
    pub fn to_record(&self, store: &Store, id: ObjectId) -> Result<Record, WriteError> {
        let mut record = Record::new();
        for (slot, value) in store.get_record(id)?.iter() {
            record.push(slot.to_owned(), self.with_names(id, slot, value)?);
        }
        let schema = store.schema_by_id(id.schema());
        // A slot that is left out would have its default when it is read again.
        for slot in schema.map_or(&[][..], |schema| schema.slots()) {
            let has_default = slot.default().is_some_and(|default| !default.is_unset());
            if slot.is_optional() && has_default && record.get(slot.name()).is_none() {
                record.push(slot.name().to_owned(), Value::Unset);
            }
        }
        let aside = self.record(id).map(|record| record.quarantined());
        for (name, value, _) in aside.into_iter().flatten() {
            // It may stand in a slot that does without it: what the game has put there goes before.
            let default =
                schema.and_then(|schema| schema.slot(name)).and_then(|slot| slot.default());
            match record.get(name) {
                None => record.push(name.to_owned(), value.clone()),
                Some(own) if default.is_some_and(|default| default.is_same_data(own)) => {
                    let values = record.into_iter();
                    let values = values.map(|(own, given)| match own == name {
                        true => (own, value.clone()),
                        false => (own, given),
                    });
                    record = values.collect();
                }
                Some(_) => {}
            }
        }
        Ok(record)
    }

    /// The living objects that records have made, as definition files, paths and texts, with all their
    /// values; objects that the program has spawned itself are not among them. Records of schemas
    /// that do not exist and were [quarantined](super::Undeclared::Quarantine) are there again too.
    ///
    /// There is one file for records with names and one for those without, as far as there are any. What
    /// they inherit is written with each of them, so that the files are loaded with the files of the schemas
    /// alone, in the place of those of the records. Numbers of an `f32` slot are written with as many digits
    /// as tell them apart.
    ///
    /// # Errors
    /// If an object refers to one without a name, or the format cannot hold a value: JSON has no NaN and no
    /// infinity, TOML no integer above `i64::MAX` and nothing for a slot that is unset and has a default.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{Format, Loader, Undeclared};
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\n\
    ///             [records.unit.grunt]\n\
    ///             health = 80.5\n\
    ///             mood = 'a slot of a mod that is not there'\n";
    /// let mut store = Store::new();
    /// let loader = Loader::new().text("units.toml", file).undeclared(Undeclared::Quarantine);
    /// let objects = loader.load(&store)?.spawn(&mut store)?;
    /// store.set_value(objects.id("unit", "grunt").unwrap(), "health", 0.1)?;
    /// let [(path, text)] = &objects.to_files(&store, Format::Toml)?[..] else { panic!() };
    /// assert_eq!(path, "records.toml");
    /// assert_eq!(text, "[records.unit.grunt]\n\
    ///                   health = 0.1\n\
    ///                   mood = \"a slot of a mod that is not there\"\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_files(
        &self,
        store: &Store,
        format: Format,
    ) -> Result<Vec<(String, String)>, WriteError> {
        let loaded = &self.definitions.loaded;
        let (mut named, mut nameless) = (Sections::default(), Sections::default());
        let mut add = |schema: &str, name: Option<&Arc<str>>, values: Values| match name {
            Some(name) => named.of(schema).push((Arc::clone(name), Value::Map(values))),
            None => nameless.of(schema).push(("".into(), Value::Map(values))),
        };
        for (record, id) in loaded.records.list.iter().zip(&self.ids) {
            let Some(id) = id.filter(|id| store.contains(*id)) else { continue };
            let Some(schema) = loaded.registry.schema_by_id(record.schema) else { continue };
            add(schema.name(), record.name.as_ref(), self.values(store, id, format)?);
        }
        for lost in &loaded.records.lost {
            let Value::Map(values) = &lost.values else { continue };
            add(&lost.schema, lost.name.as_ref(), Arc::clone(values));
        }
        let list =
            |records: Named| Value::List(records.into_iter().map(|(_, record)| record).collect());
        let named = named.into_file(|records| Value::Map(records.into()));
        let files = [("records", named), ("records_without_names", nameless.into_file(list))];
        let files = files.into_iter().filter_map(|(name, file)| Some((name, file?)));
        let file = |(name, file): (&str, Value)| {
            let text = to_text(&file, format);
            let text = text.map_err(|message| WriteError::Format { format, message })?;
            Ok((format!("{name}.{}", format.extension()), text))
        };
        files.map(file).collect()
    }

    /// An object's values as the format can hold them.
    fn values(&self, store: &Store, id: ObjectId, format: Format) -> Result<Values, WriteError> {
        let record = self.to_record(store, id)?;
        let schema = store.schema_by_id(id.schema());
        let is_slot = |name: &str| schema.is_some_and(|schema| schema.slot(name).is_some());
        // Nothing that was kept aside means what its absence means.
        let said = record.iter().filter(|(name, value)| !value.is_unset() || is_slot(name));
        let values = said.map(|(slot, value)| match writable(value, format) {
            Some(value) => Ok((Arc::from(slot), value)),
            None => {
                let (slot, value) = (slot.into(), value.clone());
                Err(WriteError::Value { format, id, slot, value })
            }
        });
        values.collect()
    }

    fn with_names(&self, id: ObjectId, slot: &str, value: &Value) -> Result<Value, WriteError> {
        match value {
            Value::Object(found) => {
                let name = self.records.get(found).and_then(|number| {
                    let local = local_id(*number);
                    self.definitions.name_of(local)
                });
                let slot = || slot.into();
                name.map(Value::Text).ok_or_else(|| WriteError::NamelessReference {
                    id,
                    slot: slot(),
                    found: *found,
                })
            }
            Value::List(list) if list.iter().any(|one| matches!(one, Value::Object(_))) => {
                let names = list.iter().map(|one| self.with_names(id, slot, one));
                names.collect::<Result<_, _>>().map(Value::List)
            }
            other => Ok(other.clone()),
        }
    }
}

type Values = Arc<[(Arc<str>, Value)]>;
type Named = Vec<(Arc<str>, Value)>;

/// Records by their schemas, in the order in which these come up.
#[derive(Default)]
struct Sections {
    schemas: Vec<(Arc<str>, Named)>,
    positions: HashMap<Arc<str>, usize>,
}

impl Sections {
    fn of(&mut self, schema: &str) -> &mut Named {
        let position = match self.positions.get(schema) {
            Some(position) => *position,
            None => {
                let name = Arc::<str>::from(schema);
                self.positions.insert(Arc::clone(&name), self.schemas.len());
                self.schemas.push((name, Vec::new()));
                self.schemas.len() - 1
            }
        };
        &mut self.schemas[position].1
    }

    /// `None` if there are no records.
    fn into_file(self, records: impl Fn(Named) -> Value) -> Option<Value> {
        let of_schemas = self.schemas.into_iter().map(|(schema, list)| (schema, records(list)));
        let of_schemas: Vec<_> = of_schemas.collect();
        (!of_schemas.is_empty())
            .then(|| [("records", Value::Map(of_schemas.into()))].into_iter().collect())
    }
}

/// The value with what the format would not write as it is turned into what it means.
fn writable(value: &Value, format: Format) -> Option<Value> {
    let float =
        |number: f64| (number.is_finite() || format != Format::Json).then_some(Value::F64(number));
    match value {
        Value::F32(number) => float(as_written(*number)),
        Value::F64(number) => float(*number),
        Value::UInt(_) | Value::Unset if format == Format::Toml => None,
        Value::List(list) => {
            let list = list.iter().map(|one| writable(one, format));
            list.collect::<Option<_>>().map(Value::List)
        }
        Value::Map(map) => {
            let entry = |(name, value): &(Arc<str>, Value)| {
                Some((Arc::clone(name), writable(value, format)?))
            };
            let said = map.iter().filter(|(_, value)| !value.is_unset() || format != Format::Toml);
            said.map(entry).collect::<Option<_>>().map(Value::Map)
        }
        Value::Bytes(_) => None,
        // A vector becomes a list of its numbers, each with the shortest digits.
        other => match other.numbers() {
            Some(numbers) => {
                let numbers = numbers.iter().map(|one| writable(one, format));
                numbers.collect::<Option<_>>().map(Value::List)
            }
            None => Some(other.clone()),
        },
    }
}

/// The file's text, or what the format's library says against it.
fn to_text(file: &Value, format: Format) -> Result<String, String> {
    match format {
        #[cfg(feature = "json")]
        Format::Json => serde_json::to_string_pretty(file).map_err(|error| error.to_string()),
        #[cfg(feature = "toml")]
        Format::Toml => toml::to_string(file).map_err(|error| error.to_string()),
        #[cfg(feature = "ron")]
        Format::Ron => {
            let config = ron::ser::PrettyConfig::new();
            ron::ser::to_string_pretty(file, config).map_err(|error| error.to_string())
        }
        #[cfg(not(all(feature = "json", feature = "toml", feature = "ron")))]
        _ => Err("the crate was built without it".to_owned()),
    }
}
