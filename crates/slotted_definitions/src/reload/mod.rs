//! Hot reload: changed definitions for living objects.
//!
//! [`Objects::plan_reload`] compares definitions, [`Objects::apply_reload`] applies the plan.
//! [`Definitions::resume`] does both after a save is loaded.

mod apply;
mod compare;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::loaded::{Definitions, RecordView};
use crate::objects::Objects;
use crate::report::Report;
use crate::source::Place;
use slotted::{
    AccessError, LimitError, Migration, MigrationError, ObjectId, SchemaError, Store, Value,
    exactly, migration::MigrationRejection,
};

use compare::Loaded;
pub(crate) use compare::{Origins, record_names};

/// The plan of a hot reload, made by [`Objects::plan_reload`], or what [`Definitions::resume`] has done.
///
/// Its `Display` lists each change.
#[derive(Clone, Debug)]
pub struct Reload {
    /// The definitions that the plan replaces; `None` after a [`Definitions::resume`].
    before: Option<Definitions>,
    next: Definitions,
    migration: Migration,
    changes: Vec<RecordChange>,
    dead_targets: Vec<DeadTarget>,
}

/// A changed value that refers to an object which the game has despawned, in a slot that needs an object.
///
/// An optional slot is unset instead, and a list leaves the object out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadTarget {
    /// The record.
    pub record: RecordName,
    /// The slot.
    pub slot: Arc<str>,
    /// The record whose object is dead.
    pub target: RecordName,
}

impl fmt::Display for DeadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, slot, target } = self;
        write!(f, "record '{record}': '{slot}' refers to '{target}', whose object is despawned")
    }
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
    /// A slot needs an object that the game has despawned, as [`Reload::dead_targets`] says.
    #[error("{0}")]
    DeadTarget(DeadTarget),
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
        let (definitions, ids) = (&self.definitions, self.ids_by_name());
        let names = record_names(definitions);
        let before = Loaded { definitions, names };
        let plan = Reload::plan(&before, &ids, store, next)?;
        Ok(Reload { before: Some(definitions.clone()), ..plan })
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
        let is_own = |before: &Definitions| Arc::ptr_eq(&self.definitions.loaded, &before.loaded);
        if !plan.before.as_ref().is_some_and(is_own) {
            return Err(MigrationError::Outdated.into());
        }
        let objects = plan.apply(store, self.ids_by_name())?;
        *self = Self { aside: std::mem::take(&mut self.aside), ..objects };
        Ok(())
    }

    fn ids_by_name(&self) -> HashMap<RecordName, ObjectId> {
        let named = record_names(&self.definitions).into_iter().zip(&self.ids);
        named.filter_map(|(name, id)| Some((name, (*id)?))).collect()
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
        self.migration.is_possible() && self.dead_targets.is_empty()
    }

    /// Returns the changed values that need objects which the game has despawned. They prevent the reload.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let file = "schemas.item.slots.owner = 'object'\nschemas.unit.slots = {}\n\
    ///             records.unit = { grunt = {}, wolf = {} }\nrecords.item.ring.owner = 'wolf'";
    /// let mut store = Store::new();
    /// let definitions = Loader::new().text("a.toml", file).load(&store)?;
    /// let objects = definitions.spawn(&mut store)?;
    /// store.despawn(objects.id("unit", "grunt").unwrap())?;
    ///
    /// let next = file.replace("owner = 'wolf'", "owner = 'grunt'");
    /// let next = Loader::new().text("a.toml", next).load_again(&definitions)?;
    /// let plan = objects.plan_reload(&store, &next)?;
    /// assert_eq!(
    ///     plan.dead_targets()[0].to_string(),
    ///     "record 'item/ring': 'owner' refers to 'unit/grunt', whose object is despawned",
    /// );
    /// assert!(!plan.is_possible());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dead_targets(&self) -> &[DeadTarget] {
        &self.dead_targets
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
        for target in &self.dead_targets {
            let DeadTarget { record, slot, .. } = target;
            let diagnostic = Diagnostic::error(Code::UnknownRecord, target.to_string());
            let of = |view: &RecordView<'_>| view.schema().name() == &*record.schema;
            let place = match &record.name {
                Some(name) => self.next.record(exactly(&record.schema), name),
                None => {
                    let nameless = self.next.records().filter(|view| view.name().is_none());
                    nameless.filter(of).nth(record.position)
                }
            };
            let place = place.and_then(|view| view.origin(slot));
            diagnostics.push(match place {
                Some(place) => diagnostic.at(place, "its object is despawned"),
                None => diagnostic,
            });
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
        if !self.dead_targets.is_empty() {
            write!(f, "{before}conflicts with despawned objects:")?;
            self.dead_targets.iter().try_for_each(|target| write!(f, "\n  {target}"))?;
        }
        Ok(())
    }
}
