//! Writes objects and schemas as definition files.
//!
//! [`Objects::to_files`] writes objects, [`schemas_to_text`] writes schemas.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::combined::combined_parts;
use crate::diagnostic::quoted;
use crate::format::Format;
use crate::infer::SameData;
use crate::infer::as_written;
use crate::nested::filtered;
use crate::objects::Objects;
use crate::records::QuarantinedRecord;
use crate::references::{is_required, local_id};
use crate::words::{WORDS, Word, Words};
pub use crate::write_schema::{SchemaDocs, SlotDocs, WriteSchemaError, schemas_to_text};
use crate::write_words::{Values, words};
use slotted::ObjectId;
use slotted::Record;
use slotted::Store;
use slotted::Value;
use slotted::error::Despawned;
use slotted::schema::{Problem, ProblemKind, RegisteredSchema, Slot};

/// An error of [`Objects::to_record`] and [`Objects::to_files`].
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// An object is not alive.
    #[error(transparent)]
    Despawned(#[from] Despawned),
    /// The format cannot represent a value.
    #[error("{format} cannot represent the value {value} of slot '{slot}' of object {id}")]
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
    /// A slot that cannot be unset refers to a dead object.
    #[error("slot '{slot}' of object {id} refers to object {found}, which is not alive")]
    DeadReference {
        /// The object.
        id: ObjectId,
        /// The slot's name.
        slot: Arc<str>,
        /// The dead object.
        found: ObjectId,
    },
    /// An object refers to an object without a record, which has no name.
    #[error("slot '{slot}' of object {id} refers to object {found}, which has no name")]
    NamelessReference {
        /// The object.
        id: ObjectId,
        /// The slot's name.
        slot: Arc<str>,
        /// The object without a name.
        found: ObjectId,
    },
    /// A slot has a value that its schema does not allow: writes through a view skip the checks.
    #[error("cannot write {}: {problem}; correct the value in the store first", shown(*id, record.as_deref()))]
    Invalid {
        /// The object.
        id: ObjectId,
        /// The name of its record.
        record: Option<Arc<str>>,
        /// The slot, and the problem with its value.
        problem: Box<Problem>,
    },
    /// The format's library fails, or the feature of the format is disabled.
    #[error("cannot write {format}: {message}")]
    Format {
        /// The format.
        format: Format,
        /// The message of the library.
        message: String,
    },
}

crate::error::debug_as_display!(WriteError);

impl Objects {
    /// Returns the values of an object as a definition file has them.
    ///
    /// References are names of records. [Dead references](ObjectId#dead-references) have none: an optional slot is
    /// unset, and a list has the other elements. [Quarantined](super::Undeclared::Quarantine) values follow the
    /// slots.
    ///
    /// # Errors
    /// Returns an error if the object is not alive, if it refers to an object without a named record, or if a required
    /// slot refers to a dead object.
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
    /// let grunt = objects.id("unit", "grunt").unwrap();
    /// store.set_value(grunt, "health", 60)?;
    /// assert_eq!(objects.to_record(&store, grunt)?.get("health"), Some(&60.0_f32.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_record(&self, store: &Store, id: ObjectId) -> Result<Record, WriteError> {
        let (mut record, schema) = (Record::new(), store.schema_by_id(id.schema()));
        for (slot, value) in without_dead_references(store, id)?.iter() {
            record.push(slot.to_owned(), self.with_names(id, slot, value)?);
        }
        // An omitted slot would load as its default.
        for slot in schema.map_or(&[][..], |schema| schema.slots()) {
            let has_default = slot.default().is_some_and(|default| !default.is_unset());
            if slot.is_optional() && has_default && record.get(slot.name()).is_none() {
                record.push(slot.name().to_owned(), Value::Unset);
            }
        }
        let Some(view) = self.record(id) else { return Ok(record) };
        let quarantined = view.quarantined().map(|(name, value, _)| (name, value));
        let loaded = |slot: &str| self.definitions.named(&view.local(slot));
        Ok(with_quarantined(schema, record, (&loaded, quarantined)))
    }

    /// Writes the living objects of records as definition files. Returns their paths and texts.
    ///
    /// Objects that the program has spawned itself are not written;
    /// [quarantined](super::Undeclared::Quarantine) values and records are. Named records go to one file,
    /// nameless ones to another. Each record is written with all its values, inherited ones included: the
    /// files replace the old record files, and load together with the schema files. Numbers of `f32` slots
    /// have as few digits as tell them apart.
    ///
    /// # Errors
    /// Returns an error if an object refers to one without a name, if a required slot has a
    /// [dead reference](ObjectId#dead-references), or if the format cannot represent a value: JSON has no NaN and
    /// infinity, TOML no null in a map of kind `any` or of any names, no integers above `i64::MAX` and no null for an unset slot
    /// with a default.
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
        let mut objects = Vec::new();
        for (record, id) in loaded.records.list.iter().zip(&self.ids) {
            let Some(id) = id.filter(|id| store.contains(*id)) else { continue };
            let Some(schema) = loaded.registry.schema_by_id(record.schema) else { continue };
            let values = self.values(store, id, format)?;
            objects.push((schema.name(), record.name.as_ref(), values));
        }
        let (lost, patches) = (&loaded.records.quarantined, &loaded.records.quarantined_patches);
        let words = words(objects.iter().map(|(.., values)| values), lost.iter().chain(patches));
        let mut add = |schema: &str, name: Option<&Arc<str>>, values: Values| match name {
            Some(name) => named.of(schema).push((Arc::clone(name), Value::Map(values))),
            None => nameless.of(schema).push(("".into(), Value::Map(values))),
        };
        objects.into_iter().for_each(|(schema, name, values)| add(schema, name, values));
        for lost in lost {
            let values = kept(lost, &lost.with_words(&words), (format, &words))?;
            add(&lost.schema, lost.name.as_ref(), values);
        }
        let list =
            |records: Named| Value::List(records.into_iter().map(|(_, record)| record).collect());
        let map = |records: Named| Value::Map(records.into());
        let records = |of_schemas| one("records", of_schemas);
        let patched = self::patches(patches, &loaded.registry, (format, &words))?;
        let mut deletions = Sections::default();
        for (schema, name) in &loaded.records.quarantined_deletions {
            deletions.of(schema).push(("".into(), Value::Text(Arc::clone(name))));
        }
        let patches = [patched.into_map(map), deletions.into_map(list)];
        let patches = ["records", "delete"].into_iter().zip(patches);
        let patches: Vec<_> =
            patches.filter_map(|(name, patches)| Some((name.into(), patches?))).collect();
        let patches = (!patches.is_empty()).then(|| one("patches", Value::Map(patches.into())));
        let files = [
            ("records", named.into_map(map).map(records)),
            ("records_without_names", nameless.into_map(list).map(records)),
            ("patches", patches),
        ];
        let files = files.into_iter().filter_map(|(name, file)| Some((name, file?)));
        let renamed = words.renamed();
        let file = |(name, file): (&str, Value)| {
            let text = to_text(&with_words(file, renamed.as_ref()), format);
            let text = text.map_err(|message| WriteError::Format { format, message })?;
            Ok((format!("{name}.{}", format.extension()), text))
        };
        files.map(file).collect()
    }

    /// Returns the values of an object as the format represents them.
    fn values(&self, store: &Store, id: ObjectId, format: Format) -> Result<Values, WriteError> {
        let record = self.to_record(store, id)?;
        let schema = store.schema_by_id(id.schema());
        for (name, value) in without_dead_references(store, id)?.iter() {
            let slot = schema.and_then(|schema| Some((schema, schema.slot(name)?)));
            if let Some((schema, slot)) = slot
                && let Err(kind) = store.check_value(slot, value)
            {
                let record = self.record(id).and_then(|record| record.name()).map(Into::into);
                return Err(WriteError::Invalid {
                    id,
                    record,
                    problem: Box::new(schema.problem(name, kind)),
                });
            }
        }
        if let Some(Err(problem)) = schema.map(|schema| schema.check_nested(&record)) {
            let record = self.record(id).and_then(|record| record.name()).map(Into::into);
            return Err(WriteError::Invalid { id, record, problem });
        }
        let is_slot = |name: &str| schema.is_some_and(|schema| schema.slot(name).is_some());
        // A quarantined null means the same as no value.
        let said = record.iter().filter(|(name, value)| !value.is_unset() || is_slot(name));
        let unwritable = |slot: &str, value: &Value| {
            let (slot, value) = (slot.into(), value.clone());
            WriteError::Value { format, id, slot, value }
        };
        // TOML leaves null entries of maps out, which is another value of kind `any`, and of a map of any names.
        let is_lossy = |value: &Value| format == Format::Toml && has_null_entry(value);
        let values = said.map(|(slot, value)| match writable(value, format) {
            Some(written) if !is_lossy(value) => Ok((Arc::from(slot), written)),
            _ => Err(unwritable(slot, value)),
        });
        let values: Vec<_> = values.collect::<Result<_, _>>()?;
        let Some(schema) = schema else { return Ok(values.into()) };
        let nested = schema
            .gather(&values.into_iter().map(|(name, value)| (name.to_string(), value)).collect());
        if let Some((name, _)) = nested.iter().find(|(_, value)| repeats_a_name(value)) {
            let record = self.record(id).and_then(|record| record.name()).map(Into::into);
            let problem = Box::new(schema.problem(name, ProblemKind::Duplicate));
            return Err(WriteError::Invalid { id, record, problem });
        }
        if let Some((name, value)) = nested.iter().find(|(_, value)| is_lossy(value)) {
            return Err(unwritable(name, value));
        }
        let loaded = &self.definitions.loaded;
        let number = self.records.get(&id).map(|number| *number as usize);
        let record = number.and_then(|number| loaded.records.list.get(number));
        let is_bracketed = |slot: usize, at: &[u32]| {
            record.is_some_and(|own| loaded.records.is_bracketed(own, slot, at))
        };
        let values = nested.iter().map(|entry| {
            let of = (&loaded.registry, schema);
            (Arc::from(entry.0), loaded.schemas.without_brackets(of, entry, &is_bracketed))
        });
        Ok(values.collect())
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

/// Returns the values of a record together with those that were quarantined, given the value of each slot after the load.
pub(super) fn with_quarantined<'q>(
    schema: Option<&RegisteredSchema>,
    mut record: Record,
    (loaded, quarantined): (
        &dyn Fn(&str) -> Value,
        impl ExactSizeIterator<Item = (&'q str, &'q Value)>,
    ),
) -> Record {
    if quarantined.len() == 0 {
        return record;
    }
    let own = record.clone();
    // The parts of a list come back together, if the game has not replaced the list.
    let is_replaced = |name: &str| {
        let shape = schema.and_then(|own| own.shape(name).or_else(|| Some(own.whole_of(name)?.1)));
        let (Some(schema), Some(shape)) = (schema, shape) else { return false };
        let mut is_replaced = false;
        shape.for_each_slot(&mut |slot| {
            let slot = &schema.slots()[slot];
            let value = own.get(slot.name()).unwrap_or(&Value::Unset);
            is_replaced |= !loaded(slot.name()).is_same_data(value);
        });
        is_replaced
    };
    for (name, value) in quarantined {
        if is_replaced(name) {
            continue;
        }
        if let Some(schema) = schema.filter(|schema| schema.is_nested(name)) {
            let parts: Vec<usize> = schema.parts(name).map(|(slot, _)| slot).collect();
            let is_part =
                |own: &str| schema.slot_index(own).is_some_and(|slot| parts.contains(&slot));
            record = record.into_iter().filter(|(own, _)| !is_part(own)).collect();
        }
        // The slot may hold a value of the game, which wins over the quarantined one.
        let default = schema.and_then(|schema| schema.slot(name)).and_then(|slot| slot.default());
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
    record
}

fn shown(id: ObjectId, record: Option<&str>) -> String {
    record.map_or_else(|| format!("object {id}"), |name| format!("object {id} ({})", quoted(name)))
}

/// Returns the values of an object that files can hold: no dead object has a name.
fn without_dead_references(store: &Store, id: ObjectId) -> Result<Record, WriteError> {
    let (mut record, schema) = (Record::new(), store.schema_by_id(id.schema()));
    let is_dead = |value: &Value| matches!(value, Value::Object(id) if !store.contains(*id));
    for (slot, value) in store.get_record(id)?.iter() {
        let is_optional =
            || schema.and_then(|schema| schema.slot(slot)).is_some_and(Slot::is_optional);
        // A list or a union loses what needs the reference.
        let is_part = || schema.is_some_and(|schema| schema.whole_of(slot).is_some());
        let value = match value {
            Value::Object(_) if is_dead(value) && is_optional() && !is_part() => continue,
            Value::Object(found) if is_dead(value) && !is_part() => {
                let (slot, found) = (slot.into(), *found);
                return Err(WriteError::DeadReference { id, slot, found });
            }
            Value::List(list) if list.iter().any(is_dead) && !is_part() => {
                Value::List(list.iter().filter(|one| !is_dead(one)).cloned().collect())
            }
            other => other.clone(),
        };
        record.push(slot.to_owned(), value);
    }
    Ok(match schema {
        Some(schema) if record.iter().any(|(_, value)| first_dead(value, &is_dead).is_some()) => {
            without_dead_elements((schema, id), &record, &is_dead)?
        }
        _ => record,
    })
}

/// Returns whether a map in the value has two values of one name.
fn repeats_a_name(value: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().any(repeats_a_name),
        Value::Map(map) => {
            let mut names = HashSet::with_capacity(map.len());
            map.iter().any(|(name, value)| !names.insert(name) || repeats_a_name(value))
        }
        _ => false,
    }
}

/// Returns the first dead object that the value refers to.
fn first_dead(value: &Value, is_dead: &dyn Fn(&Value) -> bool) -> Option<ObjectId> {
    match value {
        Value::List(list) => list.iter().find_map(|one| first_dead(one, is_dead)),
        Value::Map(map) => map.iter().find_map(|(_, one)| first_dead(one, is_dead)),
        Value::Object(id) => is_dead(value).then_some(*id),
        _ => None,
    }
}

/// Returns the record without the elements of nested lists, and without optional unions, that refer to dead objects.
fn without_dead_elements(
    (schema, id): (&RegisteredSchema, ObjectId),
    record: &Record,
    is_dead: &dyn Fn(&Value) -> bool,
) -> Result<Record, WriteError> {
    let mut living = Record::with_capacity(record.len());
    for (name, value) in schema.gather(record) {
        let value = match schema.shape(&name) {
            Some(shape) => match filtered((schema, shape), &value, &|one| !is_dead(one)) {
                Some(value) => value,
                None => match first_dead(&value, is_dead).filter(|_| is_required(schema, shape)) {
                    Some(found) => {
                        return Err(WriteError::DeadReference { id, slot: name.into(), found });
                    }
                    None => continue,
                },
            },
            None => value,
        };
        living.push(name, value);
    }
    Ok(schema.spread(&living).into_owned())
}

type Named = Vec<(Arc<str>, Value)>;

/// Records by schema, in the order of first use.
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

    /// Returns `None` if there are no records.
    fn into_map(self, records: impl Fn(Named) -> Value) -> Option<Value> {
        let of_schemas = self.schemas.into_iter().map(|(schema, list)| (schema, records(list)));
        let of_schemas: Vec<_> = of_schemas.collect();
        (!of_schemas.is_empty()).then(|| Value::Map(of_schemas.into()))
    }
}

/// Returns the file with its words before the records.
fn with_words(file: Value, words: Option<&Value>) -> Value {
    let (Some(words), Value::Map(sections)) = (words, &file) else { return file };
    let words = (Arc::from(WORDS), words.clone());
    Value::Map(std::iter::once(words).chain(sections.iter().cloned()).collect())
}

/// Returns a map of one value.
fn one(name: &str, value: Value) -> Value {
    [(name, value)].into_iter().collect()
}

/// Returns the quarantined patches in the order of schemas, records and slots, so that each write has the same one. Changes add up,
/// parts stand beside one another, and whole values of later patches win.
fn patches(
    quarantined: &[QuarantinedRecord],
    registry: &Store,
    (format, words): (Format, &Words),
) -> Result<Sections, WriteError> {
    let mut merged: Vec<(&QuarantinedRecord, Named)> = Vec::new();
    let mut positions = HashMap::new();
    for patch in quarantined {
        let values = patch.with_words(words);
        let position = *positions.entry((&patch.schema, &patch.name)).or_insert(merged.len());
        if position == merged.len() {
            merged.push((patch, Vec::new()));
        }
        let into = &mut merged[position].1;
        let schema = registry.schema(&patch.schema);
        for (name, value) in values.iter() {
            let shape = schema.and_then(|schema| schema.shape(name));
            match into.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) => *own = combined_parts(shape, (own, value), words),
                None => into.push((Arc::clone(name), value.clone())),
            }
        }
    }
    merged.sort_by(|(a, _), (b, _)| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let mut sections = Sections::default();
    for (patch, mut values) in merged {
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        let values = Value::Map(kept(patch, &values, (format, words))?);
        sections.of(&patch.schema).push((patch.name.clone().unwrap_or_default(), values));
    }
    Ok(sections)
}

/// Returns the values of a quarantined record, which have these words, as the format represents them.
fn kept(
    record: &QuarantinedRecord,
    values: &[(Arc<str>, Value)],
    (format, words): (Format, &Words),
) -> Result<Values, WriteError> {
    let values = values.iter().map(|(slot, value)| {
        let is_lossy = format == Format::Toml && has_null_entry(value);
        match writable(value, format) {
            _ if value.is_unset() => Ok((Arc::clone(slot), Value::Unset)),
            Some(written) if !is_lossy => Ok((Arc::clone(slot), written)),
            _ => {
                let (schema, slot) = (quoted(&record.schema), quoted(slot));
                let name = record
                    .name
                    .as_deref()
                    .map_or_else(String::new, |name| format!(": {}", quoted(name)));
                let message = format!(
                    "it cannot represent the value {value} of slot {slot} of a quarantined record \
                     of {schema}{name}"
                );
                Err(WriteError::Format { format, message })
            }
        }
    });
    Ok(without_null(&values.collect::<Result<Vec<_>, _>>()?, (format, words)))
}

/// Lists the names of null values under `unset` in a format without null.
fn without_null(values: &[(Arc<str>, Value)], (format, words): (Format, &Words)) -> Values {
    let is_null = |(_, value): &&(Arc<str>, Value)| value.is_unset();
    let word = words.name(Word::Unset);
    let Some(word) =
        word.filter(|_| format == Format::Toml && values.iter().any(|one| is_null(&one)))
    else {
        return values.into();
    };
    let mut unset: Vec<Value> = Vec::new();
    let mut written = Named::new();
    for (name, value) in values {
        match value {
            Value::Unset => unset.push(Value::Text(Arc::clone(name))),
            Value::List(names) if **name == *word => unset.extend(names.iter().cloned()),
            value => written.push((Arc::clone(name), value.clone())),
        }
    }
    written.push((word.into(), Value::List(unset.into())));
    written.into()
}

fn has_null_entry(value: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().any(has_null_entry),
        Value::Map(map) => map.iter().any(|(_, value)| value.is_unset() || has_null_entry(value)),
        _ => false,
    }
}

/// Converts a value to one that the format can write.
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

/// Writes the text of a file, or returns the library's message.
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
        #[cfg(feature = "yaml")]
        Format::Yaml => Ok(crate::write_yaml::file(file)),
        #[cfg(not(all(feature = "json", feature = "toml", feature = "ron", feature = "yaml")))]
        _ => Err("the crate was built without this format".to_owned()),
    }
}
