//! Continues with loaded objects under the definitions of today.

use std::sync::Arc;

use crate::diagnostic::quoted;
use crate::loaded::Definitions;
use crate::objects::Objects;
use crate::reload::{RecordName, Reload, ReloadError};
use crate::saved::SavedObjects;
use crate::saved::restored::Restored;
use slotted::{MigrationError, ObjectId, Store};

/// An error of [`Definitions::resume`]. The store is unchanged except for its [epoch](Store::epoch).
///
/// All but `MissingSchema` and `Reload` mean that the saved records are damaged, or belong to another store.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The definitions have a schema that the store lacks, so the objects of its records cannot be found.
    #[error(
        "the store lacks schema {} of saved records; register the definitions before the save is loaded",
        quoted(schema)
    )]
    MissingSchema {
        /// The schema.
        schema: Arc<str>,
    },
    /// A schema is listed twice.
    #[error("the saved records list schema {} twice", quoted(schema))]
    DuplicateSchema {
        /// The schema.
        schema: Arc<str>,
    },
    /// The slots or defaults of a schema cannot be read.
    #[error("the saved slots of schema {} are damaged", quoted(schema))]
    DamagedSchema {
        /// The schema.
        schema: Arc<str>,
    },
    /// A record has a name that files cannot give it.
    #[error("saved record {} has an invalid name", quoted(&record.to_string()))]
    BadName {
        /// The record.
        record: RecordName,
    },
    /// A record is listed twice.
    #[error("saved record {} is listed twice", quoted(&record.to_string()))]
    DuplicateRecord {
        /// The record.
        record: RecordName,
    },
    /// The values of a record cannot be read, or refer to a record that is not listed.
    #[error("the values of saved record {} are damaged", quoted(&record.to_string()))]
    DamagedRecord {
        /// The record.
        record: RecordName,
    },
    /// The id of a record's object belongs to another schema, or the store has never given it out.
    #[error(
        "saved record {} has object {object}, which is none of its schema in this store; \
         load the store and its records from the same save",
        quoted(&record.to_string())
    )]
    ForeignObject {
        /// The record.
        record: RecordName,
        /// The id.
        object: ObjectId,
    },
    /// Two records have the same object.
    #[error(
        "saved records {} and {} have the same object {object}",
        quoted(&first.to_string()),
        quoted(&second.to_string())
    )]
    SharedObject {
        /// The object.
        object: ObjectId,
        /// A record.
        first: RecordName,
        /// Another record.
        second: RecordName,
    },
    /// The changes since the save cannot be applied.
    #[error(transparent)]
    Reload(#[from] ReloadError),
}

crate::error::debug_as_display!(ResumeError);

impl Definitions {
    /// Finds the objects of records in a loaded store, and applies what has changed in the definitions since the save.
    ///
    /// The result is that of a [hot reload](Objects::plan_reload) from the definitions at the time of the save to these:
    /// the store gets their schemas, objects of new records are spawned, those of removed records are despawned, and a
    /// value that changed in the files overwrites the value of the game. Values that did not change in the files stay as
    /// the game left them, and dead objects stay dead. The returned [`Reload`] lists the changes. They are applied as a
    /// whole or not at all.
    ///
    /// The store is the loaded one, with the ids of the save; see [`SavedObjects::map_ids`] if its schemas have other
    /// ids. It may have the schemas of the save or those of these definitions. Load these definitions against the
    /// schemas of the program alone, as a new game does.
    ///
    /// Records of a schema that neither the store nor the definitions have, such as those of a missing mod, change
    /// nothing: [`Objects::to_saved`] returns them again, so that they are found when the mod is back.
    ///
    /// Saved records may come from anywhere: each id must have been given out by this store for an object of the
    /// record's schema. A value of another kind than its slot counts as changed.
    ///
    /// Costs as much as [`Store::plan_migration`] and [`Store::migrate`], plus **O(values)** of both definitions.
    ///
    /// # Errors
    /// Returns an error if the saved records are damaged or do not fit the store, if
    /// [living objects](Reload::rejections) prevent the change, or if the store reaches a limit.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Delta, Store};
    /// use slotted_definitions::{Loader, saved::SavedObjects};
    ///
    /// let file = "schemas.unit.slots = { health = 'u8', gold = 'u32' }\n\
    ///             records.unit.grunt = { health = 80, gold = 5 }\n";
    /// let mut store = Store::new();
    /// let objects = Loader::new().text("units.toml", file).load(&store)?.spawn(&mut store)?;
    /// store.set_value(objects.id("unit", "grunt").unwrap(), "gold", 7)?;
    /// let save = serde_json::to_string(&(Delta::full(&store.snapshot()), objects.to_saved()))?;
    ///
    /// // Later, the files have changed.
    /// let (world, saved): (Delta, SavedObjects) = serde_json::from_str(&save)?;
    /// let mut store = Store::new();
    /// let file = file.replace("80", "90") + "records.unit.peon = { health = 30, gold = 0 }\n";
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// definitions.register(&mut store)?;
    /// store.replace_with(&world)?;
    /// let (objects, changes) = definitions.resume(&saved, &mut store)?;
    /// assert_eq!(changes.to_string(), "record 'unit/grunt': 'health' changes from 80 to 90\n\
    ///                                  record 'unit/peon' is added");
    /// let grunt = objects.id("unit", "grunt").unwrap();
    /// assert_eq!(store.get_value(grunt, "health")?, 90.into());
    /// assert_eq!(store.get_value(grunt, "gold")?, 7.into(), "the game has changed it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume(
        &self,
        saved: &SavedObjects,
        store: &mut Store,
    ) -> Result<(Objects, Reload), ResumeError> {
        let before = Restored::new(saved, self, store)?;
        let plan = Reload::plan(&before, &before.ids, store, self);
        let plan = plan.map_err(|error| ReloadError::from(MigrationError::from(error)))?;
        let objects = plan.apply(store, before.ids)?;
        Ok((Objects { aside: before.aside, ..objects }, plan))
    }
}
