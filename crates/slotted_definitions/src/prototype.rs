//! Prototypes: copies of a record, spawned whenever the game needs one.
//!
//! [`Definitions::spawn_one`] spawns a copy, and [`Objects::spawn_one`] one with references to the objects of other
//! records.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{did_you_mean, quoted};
use crate::loaded::{Definitions, RecordView};
use crate::objects::{Objects, with_ids};
use slotted::commands::Commands;
use slotted::error::UnknownSchema;
use slotted::schema::{
    Problem, ProblemKind, RegisteredSchema, SchemaSelector, Suggestion, nearest_name,
};
use slotted::{ObjectId, Record, SchemaId, SpawnError, Store, Value};

/// A receiver of copies: a [`Store`] spawns them at once, [`Commands`] record them.
pub trait Spawner {
    /// Spawns an object from named values.
    ///
    /// # Errors
    /// Returns the reason why the object is not spawned.
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError>;
}

impl Spawner for Store {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        Self::spawn_record(self, schema, record)
    }
}

impl Spawner for Commands {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        Self::spawn_record(self, schema, record)
    }
}

/// All reasons why a copy of a record is not spawned. There is at least one.
#[derive(Clone, PartialEq)]
pub struct PrototypeError {
    problems: Vec<PrototypeProblem>,
}

/// One reason why a copy of a record is not spawned.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrototypeProblem {
    /// Neither the files nor the program declare the schema.
    #[error("no schema {} is defined{}", quoted(&.0.schema), did_you_mean(.0.suggestion.name()))]
    UnknownSchema(UnknownSchema),
    /// No record of the schema, or of a schema that extends it, has the name.
    #[error(
        "{} has no record {}{}{}",
        quoted(schema),
        quoted(name),
        other_schemas(name, others),
        did_you_mean(suggestion.name())
    )]
    UnknownRecord {
        /// The schema, as the caller wrote it.
        schema: Arc<str>,
        /// The name, as the caller wrote it.
        name: Arc<str>,
        /// The nearest name of a record of the schema.
        suggestion: Suggestion,
        /// Other schemas with a record of this name.
        others: Vec<Arc<str>>,
    },
    /// Several schemas that extend the requested one have a record of the name.
    #[error(
        "record {} of {} is ambiguous; use one of the schemas {}",
        quoted(name),
        quoted(schema),
        list(schemas)
    )]
    Ambiguous {
        /// The schema, as the caller wrote it.
        schema: Arc<str>,
        /// The name.
        name: Arc<str>,
        /// The schemas with a record of this name.
        schemas: Vec<Arc<str>>,
    },
    /// The record refers to a record that has no object.
    #[error(
        "slot {} of {} refers to record {}, which has no object here; spawn the copy with \
         'Objects::spawn_one', or give the slot another value",
        quoted(slot),
        quoted(schema),
        quoted(target)
    )]
    NoObject {
        /// The schema of the copy.
        schema: Arc<str>,
        /// The slot with the reference.
        slot: Arc<str>,
        /// The name of the other record, as files refer to it.
        target: Arc<str>,
    },
    /// The store lacks the record's schema.
    #[error("the store has no schema {}; call 'Definitions::register' first", quoted(schema))]
    NotRegistered {
        /// The schema.
        schema: Arc<str>,
    },
    /// A slot does not exist, refuses its value, or has none.
    #[error(transparent)]
    Slot(#[from] Problem),
    /// The store cannot take the object.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

crate::error::debug_as_display!(PrototypeError, PrototypeProblem);

impl PrototypeError {
    /// Returns the problems.
    #[must_use]
    pub fn problems(&self) -> &[PrototypeProblem] {
        &self.problems
    }
}

impl From<PrototypeProblem> for PrototypeError {
    fn from(problem: PrototypeProblem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for PrototypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = &*self.problems {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for PrototypeError {}

impl Definitions {
    /// Spawns a copy of a record, with other values for some slots.
    ///
    /// [`record`](Self::record) says which record the schema and name mean. An abstract record works too, so a
    /// record that is only a prototype is `abstract = true` and may leave required slots to the overrides. The copy
    /// has inherited and patched values. [`Value::Unset`] overrides the value of an optional slot with none.
    ///
    /// The receiver is a [`Store`], which needs the schemas ([`register`](Self::register) or [`spawn`](Self::spawn)
    /// adds them), or [`Commands`], which check the values when they are applied. References to other records have
    /// no objects here: override them, or use [`Objects::spawn_one`].
    ///
    /// Computes in **O(n)** time for n slots, two to three times that of [`Store::spawn_record`].
    ///
    /// # Errors
    /// Returns all problems at once, with suggestions for misspelt names. Nothing is spawned then.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Store, record};
    /// use slotted_definitions::Loader;
    ///
    /// let file = r#"
    /// [schemas.unit.slots]
    /// name = "text"
    /// position = "vec2"
    /// health = { kind = "f32", default = 100.0 }
    /// [records.unit.orc]
    /// abstract = true
    /// name = "Orc"
    /// health = 80.0
    /// "#;
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// definitions.register(&mut store)?;
    ///
    /// let position = [3.0, 4.0];
    /// let orc = definitions.spawn_one(&mut store, "unit", "orc", record! { position })?;
    /// assert_eq!(store.get_value(orc, "health")?, 80.0_f32.into());
    ///
    /// let mut commands = store.commands();
    /// let weak = record! { position, health: 5.0 };
    /// let weak = definitions.spawn_one(&mut commands, "unit", "orc", weak)?;
    /// commands.apply(&mut store)?;
    /// assert_eq!(store.get_value(weak, "name")?, "Orc".into());
    ///
    /// let error = definitions.spawn_one(&mut store, "unit", "ork", record! {}).unwrap_err();
    /// assert_eq!(error.to_string(), "'unit' has no record 'ork'; did you mean 'orc'?");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_one<'n>(
        &self,
        spawner: &mut impl Spawner,
        schema: impl Into<SchemaSelector<'n>>,
        name: &str,
        overrides: Record,
    ) -> Result<ObjectId, PrototypeError> {
        self.spawn_copy(spawner, schema.into(), name, overrides, &[])
    }

    /// Spawns a copy whose references lead to these objects of the records.
    fn spawn_copy(
        &self,
        spawner: &mut impl Spawner,
        schema: SchemaSelector<'_>,
        name: &str,
        overrides: Record,
        ids: &[Option<ObjectId>],
    ) -> Result<ObjectId, PrototypeError> {
        let prototype = self.prototype(schema, name)?;
        let record = prototype.merged(overrides, ids)?;
        spawner.spawn_record(prototype.schema().name(), record).map_err(refused)
    }

    /// Finds the record, or says why it cannot be found.
    fn prototype(
        &self,
        schema: SchemaSelector<'_>,
        name: &str,
    ) -> Result<RecordView<'_>, PrototypeError> {
        let found = self.number(schema, name).and_then(|number| self.numbered(number));
        found.ok_or_else(|| PrototypeError { problems: self.not_found(schema, name) })
    }

    #[cold]
    fn not_found(&self, schema: SchemaSelector<'_>, name: &str) -> Vec<PrototypeProblem> {
        let registry = &self.loaded.registry;
        let records = &self.loaded.records;
        let schema_of = |number: &u32| self.schema_of(&records.list[*number as usize]);
        let of_name = records.same_name(name);
        let mut schemas = Vec::new();
        for found in of_name.iter().map(schema_of) {
            schemas.push(Arc::clone(found.shared_name()));
        }
        let requested: Arc<str> = schema.name().into();
        let name: Arc<str> = name.into();
        let Some(known) = registry.schema(schema.name()) else {
            let (misspelt, loaded) = (Arc::clone(&requested), Arc::clone(&self.loaded));
            let suggestion = Suggestion::search(move || {
                let schemas = loaded.registry.schemas();
                nearest_name(&misspelt, schemas.map(RegisteredSchema::shared_name))
            });
            let unknown = UnknownSchema { schema: requested.clone(), suggestion };
            let mut problems = vec![PrototypeProblem::UnknownSchema(unknown)];
            if of_name.is_empty() {
                let (misspelt, loaded) = (Arc::clone(&name), Arc::clone(&self.loaded));
                let search = move || nearest_name(&misspelt, loaded.records.names());
                let suggestion = Suggestion::search(search);
                let (schema, others) = (requested, Vec::new());
                problems.push(PrototypeProblem::UnknownRecord { schema, name, suggestion, others });
            }
            return problems;
        };
        let (known, is_exact) = (known.id(), schema.is_exact());
        let is_meant =
            |number: &u32| is_or_extends(registry, schema_of(number).id(), known, is_exact);
        if of_name.iter().any(is_meant) {
            let is_meant = of_name.iter().filter(|number| is_meant(number));
            let schemas = is_meant.map(|number| Arc::clone(schema_of(number).shared_name()));
            let schemas = schemas.collect();
            return vec![PrototypeProblem::Ambiguous { schema: requested, name, schemas }];
        }
        let (misspelt, loaded) = (Arc::clone(&name), Arc::clone(&self.loaded));
        let suggestion = Suggestion::search(move || {
            let is_meant = |schema| is_or_extends(&loaded.registry, schema, known, is_exact);
            let meant = loaded.records.list.iter().filter(|record| is_meant(record.schema));
            nearest_name(&misspelt, meant.filter_map(|record| record.name.as_ref()))
        });
        let (schema, others) = (requested, schemas);
        vec![PrototypeProblem::UnknownRecord { schema, name, suggestion, others }]
    }
}

/// Returns `true` if a schema is the base, or extends it where that is enough.
fn is_or_extends(registry: &Store, schema: SchemaId, base: SchemaId, is_exact: bool) -> bool {
    schema == base
        || (!is_exact && registry.schema_and_bases(schema).any(|known| known.id() == base))
}

impl RecordView<'_> {
    /// Returns the values of a copy, for receivers other than [`Definitions::spawn_one`] knows.
    ///
    /// Holds inherited and patched values and the overrides, but no defaults. Computes in **O(n)** time for n slots.
    ///
    /// # Errors
    /// Returns the references to other records that are not overridden, and then also all problems of the overrides. Without
    /// such references, the receiver checks the overrides.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Store, record};
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots = { name = 'text', health = 'f32' }\n\
    ///     records.unit.orc = { name = 'Orc', health = 80 }";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let orc = definitions.record("unit", "orc").unwrap();
    /// assert_eq!(orc.to_record(record! { health: 5 })?, record! { name: "Orc", health: 5 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_record(&self, overrides: Record) -> Result<Record, PrototypeError> {
        self.merged(overrides, &[])
    }

    /// Merges the values of the record and the overrides. References lead to the objects of the records.
    fn merged(
        &self,
        overrides: Record,
        ids: &[Option<ObjectId>],
    ) -> Result<Record, PrototypeError> {
        let (schema, slots) = (self.schema(), self.schema().slots());
        let overrides = schema.spread(&overrides).into_owned();
        let mut is_overridden = vec![false; slots.len()];
        for slot in overrides.iter().filter_map(|(name, _)| schema.slot_index(name)) {
            is_overridden[slot] = true;
        }
        let own = || self.local_values().filter(|(slot, _)| !is_overridden[*slot]);
        let mut problems = Vec::new();
        for (slot, value) in own() {
            let lost = references(&value).filter(|local| object_of(*local, ids).is_none());
            problems.extend(lost.map(|local| PrototypeProblem::NoObject {
                schema: Arc::clone(schema.shared_name()),
                slot: Arc::clone(slots[slot].shared_name()),
                target: self.definitions().name_of(local).unwrap_or_default(),
            }));
        }
        if !problems.is_empty() {
            self.check_overrides(&overrides, &mut problems);
            return Err(PrototypeError { problems });
        }
        // A record in the order of the slots is spawned without a look at their names.
        let mut merged: Vec<_> = own()
            .map(|(slot, value)| {
                let name = Cow::Owned(slots[slot].name().to_owned());
                let is_reference = references(&value).next().is_some();
                let value = if is_reference { with_ids(&value, ids) } else { value };
                (slot, (name, value))
            })
            .collect();
        let overrides = overrides
            .into_iter()
            .map(|(name, value)| (schema.slot_index(&name).unwrap_or(slots.len()), (name, value)));
        merged.extend(overrides);
        merged.sort_by_key(|(slot, _)| *slot);
        Ok(merged.into_iter().map(|(_, value)| value).collect())
    }

    /// Adds the problems of the overrides that need no store.
    #[cold]
    fn check_overrides(&self, overrides: &Record, problems: &mut Vec<PrototypeProblem>) {
        let (schema, registry) = (self.schema(), &self.definitions().loaded.registry);
        let mut given = HashSet::new();
        for (name, value) in overrides.iter() {
            let Some(index) = schema.slot_index(name) else {
                problems.push(schema.undeclared(name).into());
                continue;
            };
            if !given.insert(index) {
                problems.push(schema.problem(name, ProblemKind::Duplicate).into());
            }
            let checked = registry.check_value(&schema.slots()[index], value);
            let refused = checked.err().filter(|kind| !needs_objects(kind));
            problems.extend(refused.map(|kind| schema.problem(name, kind).into()));
        }
        let filled = self.local_values().map(|(slot, value)| (slot, !value.is_unset()));
        let mut filled: HashMap<usize, bool> = filled.collect();
        let own = overrides.iter().map(|(name, value)| (schema.slot_index(name), value));
        filled.extend(own.filter_map(|(slot, value)| Some((slot?, !value.is_unset()))));
        let is_missing =
            |slot: &usize| schema.slots()[*slot].is_required() && !filled.contains_key(slot);
        let required = (0..schema.slots().len()).filter(is_missing);
        // A record that lacks a part has its default.
        let has_no_default = |slot: &usize| {
            filled.contains_key(slot) || schema.slots()[*slot].needed_default().is_none()
        };
        let lacking = schema.lacking(|slot| filled.get(&slot).copied());
        let lacking = lacking.into_iter().filter(has_no_default);
        let mut missing: Vec<Problem> =
            required.chain(lacking).map(|slot| schema.missing(slot)).collect();
        missing.dedup_by(|a, b| a.slot == b.slot);
        problems.extend(missing.into_iter().map(PrototypeProblem::from));
    }
}

impl Objects {
    /// Spawns a copy of a record, with other values for some slots.
    ///
    /// As [`Definitions::spawn_one`], and references lead to the objects of the records that they name, alive or
    /// [dead](ObjectId#dead-references). A record that refers to itself gives a copy that refers to the record's own
    /// object.
    ///
    /// # Errors
    /// Returns all problems at once, with suggestions for misspelt names. Nothing is spawned then.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Store, record};
    /// use slotted_definitions::Loader;
    ///
    /// let file = r#"
    /// [schemas.unit.slots]
    /// name = "text"
    /// leader = { kind = "object", optional = true }
    /// [records.unit.grom]
    /// name = "Grom"
    /// [records.unit.orc]
    /// name = "Orc"
    /// leader = "grom"
    /// "#;
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// let zog = objects.spawn_one(&mut store, "unit", "orc", record! { name: "Zog" })?;
    /// assert_eq!(store.get_value(zog, "leader")?, objects.id("unit", "grom").unwrap().into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_one<'n>(
        &self,
        spawner: &mut impl Spawner,
        schema: impl Into<SchemaSelector<'n>>,
        name: &str,
        overrides: Record,
    ) -> Result<ObjectId, PrototypeError> {
        self.definitions.spawn_copy(spawner, schema.into(), name, overrides, &self.ids)
    }
}

/// Returns the ids of records in a value.
fn references(value: &Value) -> impl Iterator<Item = ObjectId> {
    let values = match value {
        Value::List(list) => list,
        single => std::slice::from_ref(single),
    };
    values.iter().filter_map(|value| match value {
        Value::Object(local) => Some(*local),
        _ => None,
    })
}

fn object_of(local: ObjectId, ids: &[Option<ObjectId>]) -> Option<ObjectId> {
    ids.get(local.row() as usize).copied().flatten()
}

/// Returns `true` for problems that only a store with the objects can judge.
fn needs_objects(kind: &ProblemKind) -> bool {
    match kind {
        ProblemKind::DeadReference { .. } | ProblemKind::UnknownReference { .. } => true,
        ProblemKind::Element { kind, .. } => needs_objects(kind),
        _ => false,
    }
}

#[cold]
fn refused(error: SpawnError) -> PrototypeError {
    let problems = match error {
        SpawnError::Rejected(rejection) => {
            rejection.problems().iter().cloned().map(PrototypeProblem::from).collect()
        }
        SpawnError::UnknownSchema { schema, .. } => {
            vec![PrototypeProblem::NotRegistered { schema }]
        }
        other => vec![other.into()],
    };
    PrototypeError { problems }
}

fn other_schemas(name: &str, others: &[Arc<str>]) -> String {
    match others {
        [] => String::new(),
        others => format!("; {} is a record of {}", quoted(name), list(others)),
    }
}

/// Lists names, at most eight.
fn list(names: &[Arc<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    let more = names.len().saturating_sub(SHOWN);
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
