//! Hot reload: changed definitions for living objects.
//!
//! [`Objects::plan_reload`] compares definitions, [`Objects::apply_reload`] applies the plan.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::infer::SameData;
use crate::loaded::{Definitions, RecordView};
use crate::objects::{Objects, limit, with_ids, write};
use crate::records::RecordDefinition;
use crate::report::Report;
use crate::source::Place;
use slotted::Kind;
use slotted::ObjectId;
use slotted::Value;
use slotted::{AccessError, LimitError, SpawnError};
use slotted::{
    Migration, MigrationError, Store, migration::MigrationRejection, migration::Overwrites,
};
use slotted::{SchemaError, schema::Slot};

/// The plan of a hot reload, made by [`Objects::plan_reload`].
///
/// Its `Display` lists each change.
#[derive(Clone, Debug)]
pub struct Reload {
    before: Definitions,
    next: Definitions,
    migration: Migration,
    changes: Vec<RecordChange>,
}

/// A change of the object of one record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecordChange {
    /// The record is new; its object is spawned.
    Added {
        /// The record.
        record: RecordName,
    },
    /// The record is removed; its object is despawned if it is alive.
    Removed {
        /// The record.
        record: RecordName,
    },
    /// The record changes a value; its object takes it if it is alive.
    Changed {
        /// The record.
        record: RecordName,
        /// The slot.
        slot: Arc<str>,
        /// The value in the old definitions.
        from: Value,
        /// The value in the new definitions.
        to: Value,
    },
}

/// The identity of a record across versions of its definitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RecordName {
    /// The schema.
    pub schema: Arc<str>,
    /// The name; `None` for a record of a list.
    pub name: Option<Arc<str>>,
    /// The position among the nameless records of the schema; 0 for a record with a name.
    pub position: usize,
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}/{name}", self.schema),
            None => write!(f, "{}/#{}", self.schema, self.position),
        }
    }
}

/// An error of [`Objects::apply_reload`]. The store is unchanged except for its [epoch](Store::epoch).
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// Living objects prevent a change of their schema, or the store has changed since the plan.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// A value of a living object would become a reference to a [dead object](ObjectId#dead-references).
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

crate::error::debug_as_display!(ReloadError);

impl Definitions {
    /// Reads the same packs again, against the same schemas of the program.
    ///
    /// # Errors
    /// Returns a report of every problem in all files. These definitions do not change.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
    /// let again = definitions.reload()?;
    /// assert_eq!(again.records().len(), 1);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn reload(&self) -> Result<Self, Report> {
        let loaded = &self.loaded;
        loaded.loader.clone().load(&loaded.program)
    }
}

impl Objects {
    /// Plans the change from the current definitions to the next ones.
    ///
    /// **Schemas** change as in [`Store::plan_migration`]. Slots are added with their defaults, removed, or
    /// renamed by `renamed_from`. A slot changes its kind if every living value keeps its meaning:
    /// integers and floats convert to kinds that hold them, integers to floats, texts and variants to
    /// each other by name; floats never become integers. Other values prevent the reload, see
    /// [`Reload::rejections`]. A slot that is no longer declared is removed with its values; the plan
    /// counts them. A schema that is no longer declared stays, but loses the objects of its records.
    ///
    /// **Records** match by schema and name, nameless ones by their order. New records are spawned and
    /// the objects of removed ones are despawned. A value that changed in the files overwrites the value
    /// of the game; other values stay. Overwritten values never prevent a reload. A changed default
    /// affects only new objects. A renamed record counts as a removed and a new one.
    ///
    /// Costs as much as [`Store::plan_migration`], plus **O(values)** of both definitions.
    ///
    /// # Errors
    /// Returns an error if the schemas of the store do not match: it is not the store of these objects.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80\n";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let mut objects = definitions.spawn(&mut store)?;
    /// let grunt = objects.id("unit", "grunt").unwrap();
    ///
    /// let file = "schemas.unit.slots.health = { kind = 'u16', renamed_from = 'hp' }\n\
    ///             schemas.unit.slots.rage = { kind = 'f32', default = 0.5 }\n\
    ///             records.unit.grunt.health = 300\n";
    /// let next = Loader::new().text("units.toml", file).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert_eq!(plan.to_string(), "schema 'unit' changes (1 object):\
    ///     \n  slot 'hp' is renamed to 'health'\
    ///     \n  slot 'health' changes from u8 to u16\
    ///     \n  slot 'rage' is added: f32, default 0.5\
    ///     \nrecord 'unit/grunt': 'health' changes from 80 to 300");
    /// objects.apply_reload(&mut store, &plan)?;
    /// assert_eq!(store.get_value(grunt, "health")?, 300.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_reload(&self, store: &Store, next: &Definitions) -> Result<Reload, SchemaError> {
        let before = names(&self.definitions);
        let after = names(next);
        let positions: HashMap<&RecordName, usize> =
            before.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let mut is_found = vec![false; before.len()];
        let mut changes = Vec::new();
        for (name, record) in after.iter().zip(next.records()) {
            let old = positions.get(name).map(|at| {
                is_found[*at] = true;
                self.definitions.numbered(*at as u32).expect("the record is listed")
            });
            match old.filter(|old| !old.is_abstract()) {
                _ if record.is_abstract() => {
                    if old.is_some_and(|old| !old.is_abstract()) {
                        changes.push(RecordChange::Removed { record: name.clone() });
                    }
                }
                None => changes.push(RecordChange::Added { record: name.clone() }),
                Some(old) => changed_values((&before, old), (&after, record), &mut changes),
            }
        }
        let gone = before.iter().zip(is_found).zip(self.definitions.records());
        let gone = gone.filter(|((_, is_found), record)| !is_found && !record.is_abstract());
        let gone = gone.map(|((name, _), _)| RecordChange::Removed { record: name.clone() });
        changes.extend(gone);
        let overwrites = self.overwrites(&changes);
        let migration = store.plan_migration_with(next.schemas().cloned(), overwrites)?;
        let before = self.definitions.clone();
        Ok(Reload { before, next: next.clone(), migration, changes })
    }

    /// Applies a plan, all of it or nothing.
    ///
    /// Objects keep their ids. Iteration is as fast as in a store that was just filled. The store begins a
    /// new [epoch](Store::epoch), and rejects older keys and snapshots if schemas have changed, see
    /// [`Store::migrate`].
    ///
    /// # Errors
    /// Returns an error if [living objects](Reload::rejections) prevent the change, if the plan is
    /// outdated, or if the store reaches a limit.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let mut objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// objects.apply_reload(&mut store, &plan)?;
    /// assert_eq!(store.get_value(objects.id("unit", "grunt").unwrap(), "hp")?, 90.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_reload(&mut self, store: &mut Store, plan: &Reload) -> Result<(), ReloadError> {
        if !Arc::ptr_eq(&self.definitions.loaded, &plan.before.loaded) {
            return Err(MigrationError::Outdated.into());
        }
        *self = store.transaction(|store| {
            store.migrate(&plan.migration)?;
            // The schemas of the program must not have changed.
            plan.next.register(store).map_err(MigrationError::Schema)?;
            self.replace(store, plan)
        })?;
        Ok(())
    }

    /// Updates the objects; the schemas are migrated already.
    fn replace(&self, store: &mut Store, plan: &Reload) -> Result<Self, ReloadError> {
        let mut ids = self.ids_by_name();
        for change in &plan.changes {
            if let RecordChange::Removed { record } = change
                && let Some(id) = ids.remove(record)
                && store.contains(id)
            {
                store.despawn(id).map_err(AccessError::from)?;
            }
        }
        let next_names = names(&plan.next);
        let records = &plan.next.loaded.records.list;
        let is_new =
            |(name, record): &(&RecordName, &_)| is_concrete(record) && !ids.contains_key(*name);
        let new: Vec<_> = next_names.iter().zip(records).filter(is_new).collect();
        let schemas = new.iter().map(|(name, _)| &*name.schema);
        let mut reserved = store.reserve_ids(schemas).map_err(limit)?;
        let named = new.iter().zip(reserved.ids()).map(|((name, _), id)| ((*name).clone(), *id));
        ids.extend(named);
        let of_record = |(name, record): (&RecordName, &_)| {
            ids.get(name).copied().filter(|_| is_concrete(record))
        };
        let all: Vec<Option<ObjectId>> = next_names.iter().zip(records).map(of_record).collect();
        // An optional reference to an object that the game has despawned is unset.
        let new_ids: HashSet<ObjectId> = reserved.ids().iter().copied().collect();
        let is_there = |id: &ObjectId| reserved.store().contains(*id) || new_ids.contains(id);
        let there: Vec<_> = all.iter().map(|id| id.filter(is_there)).collect();
        let targets = |slot: &Slot| match slot.is_optional() && *slot.kind() == Kind::Object {
            true => &*there,
            false => &*all,
        };
        for (number, (_, record)) in new.iter().enumerate() {
            write(&mut reserved, number, record, targets).map_err(refusal)?;
        }
        reserved.spawn().map_err(limit)?;
        let positions: HashMap<&RecordName, usize> =
            next_names.iter().enumerate().map(|(at, name)| (name, at)).collect();
        for change in &plan.changes {
            if let RecordChange::Changed { record, slot, .. } = change
                && let Some(number) = positions.get(record)
                && let Some(id) = all[*number].filter(|id| store.contains(*id))
            {
                let record = plan.next.numbered(*number as u32).expect("the record is listed");
                let declared = record.schema().slot(slot).expect("the plan names slots");
                store.set_value(id, slot, with_ids(&record.local(slot), targets(declared)))?;
            }
        }
        Ok(Self::new(plan.next.clone(), all))
    }

    /// Returns the overwritten values, which cannot prevent a migration.
    fn overwrites(&self, changes: &[RecordChange]) -> Overwrites {
        let ids = self.ids_by_name();
        let mut overwrites = Overwrites::default();
        for change in changes {
            match change {
                RecordChange::Added { .. } => {}
                RecordChange::Removed { record } => {
                    ids.get(record).into_iter().for_each(|id| overwrites.despawn(*id));
                }
                RecordChange::Changed { record, slot, .. } => {
                    ids.get(record)
                        .into_iter()
                        .for_each(|id| overwrites.set(*id, Arc::clone(slot)));
                }
            }
        }
        overwrites
    }

    fn ids_by_name(&self) -> HashMap<RecordName, ObjectId> {
        let named = names(&self.definitions).into_iter().zip(&self.ids);
        named.filter_map(|(name, id)| Some((name, (*id)?))).collect()
    }
}

const fn is_concrete(record: &RecordDefinition) -> bool {
    !record.is_abstract
}

/// Returns the identity of each record.
fn names(definitions: &Definitions) -> Vec<RecordName> {
    let mut nameless: HashMap<Arc<str>, usize> = HashMap::new();
    let name = |record: RecordView<'_>| {
        let schema = Arc::clone(record.schema().shared_name());
        let name: Option<Arc<str>> = record.name().map(Into::into);
        let position = if name.is_none() {
            let next = nameless.entry(Arc::clone(&schema)).or_default();
            *next += 1;
            *next - 1
        } else {
            0
        };
        RecordName { schema, name, position }
    };
    definitions.records().map(name).collect()
}

/// Adds the changed values of a record.
fn changed_values(
    (old_names, old): (&[RecordName], RecordView<'_>),
    (new_names, new): (&[RecordName], RecordView<'_>),
    changes: &mut Vec<RecordChange>,
) {
    for slot in new.schema().slots() {
        let name = slot.name();
        let declares = |name: &&str| old.schema().slot(name).is_some();
        let former = Some(name).filter(declares).or(slot.renamed_from().filter(declares));
        // A changed default affects only new objects.
        if !new.is_given(name) && !former.is_some_and(|former| old.is_given(former)) {
            continue;
        }
        // A new slot has its default already.
        let default = || slot.default().cloned().unwrap_or_default();
        let before = former.map_or_else(default, |former| old.local(former));
        if !means_the_same((&before, old_names), (&new.local(name), new_names)) {
            let from = former.and_then(|former| old.get(former).ok()).unwrap_or_else(default);
            let to = new.get(name).unwrap_or_default();
            let (record, slot) = (new_names[new.number()].clone(), Arc::clone(slot.shared_name()));
            changes.push(RecordChange::Changed { record, slot, from, to });
        }
    }
}

/// Returns whether both are the same data, with references to the same records.
fn means_the_same(
    (a, names_of_a): (&Value, &[RecordName]),
    (b, names_of_b): (&Value, &[RecordName]),
) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            names_of_a.get(a.row() as usize) == names_of_b.get(b.row() as usize)
        }
        (Value::List(a), Value::List(b)) => {
            let pairs = || a.iter().zip(b.iter());
            a.len() == b.len()
                && pairs().all(|(a, b)| means_the_same((a, names_of_a), (b, names_of_b)))
        }
        _ => a.is_same_data(b),
    }
}

fn refusal(error: SpawnError) -> ReloadError {
    match error {
        SpawnError::Rejected(rejection) => AccessError::from(rejection).into(),
        other => limit(other).into(),
    }
}

impl Reload {
    /// Returns the migration of the schemas.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert!(plan.migration().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn migration(&self) -> &Migration {
        &self.migration
    }

    /// Returns the changes of the objects.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert_eq!(plan.changes()[0].to_string(), "record 'unit/grunt': 'hp' changes from 80 to 90");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn changes(&self) -> &[RecordChange] {
        &self.changes
    }

    /// Returns whether no living object prevents the reload.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert!(plan.is_possible());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.migration.is_possible()
    }

    /// Returns whether the reload changes nothing.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert!(!plan.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.migration.is_empty() && self.changes.is_empty()
    }

    /// Returns a report of the living objects that prevent the reload, with places in the new files.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.unit.slots.hp = 'u8'\nrecords.unit.grunt.hp = 80";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// let next = Loader::new().text("units.toml", file.replace("80", "90")).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert!(plan.rejections().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rejections(&self) -> Report {
        let loaded = &self.next.loaded;
        let mut diagnostics = Diagnostics::new(usize::MAX);
        for rejection in self.migration.rejections() {
            let mut diagnostic = Diagnostic::error(Code::LivingObjects, rejection.to_string());
            if let Some(place) = self.place(rejection) {
                diagnostic = diagnostic.at(place, "living objects prevent this change");
            }
            diagnostics.push(diagnostic);
        }
        Report::new(Arc::clone(&loaded.files), diagnostics)
    }

    fn place(&self, rejection: &MigrationRejection) -> Option<Place> {
        let (schema, slot) = match rejection {
            MigrationRejection::NoValue { schema, slot, .. }
            | MigrationRejection::FormerName { schema, slot, .. } => (schema, Some(slot)),
            MigrationRejection::BadValue { problem, .. } => (&problem.schema, Some(&problem.slot)),
            MigrationRejection::RustType { schema, .. } => (schema, None),
            _ => return None,
        };
        let of_slot = slot.and_then(|slot| self.next.slot_place(schema, slot));
        of_slot.or_else(|| self.next.schema_place(schema))
    }
}

impl fmt::Display for RecordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { record } => write!(f, "record '{record}' is added"),
            Self::Removed { record } => write!(f, "record '{record}' is removed"),
            Self::Changed { record, slot, from, to } => {
                write!(f, "record '{record}': '{slot}' changes from {from} to {to}")
            }
        }
    }
}

/// Lists each change on a line of its own, then the rejections.
impl fmt::Display for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes");
        }
        let mut before = "";
        if !self.migration.is_empty() {
            self.migration.fmt(f)?;
            before = "\n";
        }
        for change in &self.changes {
            write!(f, "{before}{change}")?;
            before = "\n";
        }
        Ok(())
    }
}
