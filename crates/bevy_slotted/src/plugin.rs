//! The plugin, and what apps and worlds can do with their store.

use bevy_app::{App, Last, Plugin};
use bevy_ecs::change_detection::DetectChangesMut;
use bevy_ecs::entity::Entity;
use bevy_ecs::schedule::{IntoScheduleConfigs, SystemSet};
use bevy_ecs::world::World;
use slotted::{Limits, ObjectId, Schema, SchemaError, Slotted, Store};

use crate::columns::ColumnIds;
use crate::lending::{NO_STORE, StoreCell, store_of};
use crate::links::{self, sync_links};

/// Gives an app's world a [`Store`], if it has none yet, and keeps [`ObjectLink`](crate::ObjectLink)s right.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default());
/// assert!(app.world().store().is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SlottedPlugin {
    /// The limits of the store.
    pub limits: Limits,
}

impl Plugin for SlottedPlugin {
    fn build(&self, app: &mut App) {
        if app.world().get_store().is_none() {
            app.world_mut().insert_store(Store::with_limits(self.limits));
        }
        app.add_systems(Last, sync_links.in_set(SlottedSystems::SyncLinks));
    }
}

/// The systems of this crate, to order others before or after them; both in [`Last`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlottedSystems {
    /// [`sync_links`], which the plugin adds.
    SyncLinks,
    /// What compares the store with what it was a frame ago and writes messages, once an app has asked for any:
    /// see [`SlottedMessages`](crate::SlottedMessages). Who reads them in the same frame comes after it.
    WriteMessages,
}

/// The world has no store to work with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{NO_STORE}")]
pub struct NoStore;

/// What an app can do with its world's store.
pub trait SlottedApp {
    /// Registers the schema of a Rust type.
    ///
    /// # Panics
    /// If the app has no store, the type's schema has a mistake, or another schema has its name.
    fn register_slotted<T: Slotted>(&mut self) -> &mut Self;

    /// Registers a schema that was made at run time.
    ///
    /// # Errors
    /// If its base is not registered, or another schema has its name.
    ///
    /// # Panics
    /// If the app has no store.
    fn register_schema(&mut self, schema: Schema) -> Result<&mut Self, SchemaError>;
}

impl SlottedApp for App {
    #[track_caller]
    fn register_slotted<T: Slotted>(&mut self) -> &mut Self {
        if let Err(error) = self.world_mut().store_mut().register::<T>() {
            panic!("{error}");
        }
        self
    }

    #[track_caller]
    fn register_schema(&mut self, schema: Schema) -> Result<&mut Self, SchemaError> {
        self.world_mut().store_mut().register_schema(schema)?;
        Ok(self)
    }
}

/// What a world can do with its store.
pub trait SlottedWorld {
    /// The store.
    ///
    /// # Panics
    /// If the world has none.
    fn store(&self) -> &Store;

    /// The store, to change it.
    ///
    /// # Panics
    /// If the world has none.
    fn store_mut(&mut self) -> &mut Store;

    /// The store, if there is one.
    fn get_store(&self) -> Option<&Store>;

    /// The store to change it, if there is one.
    fn get_store_mut(&mut self) -> Option<&mut Store>;

    /// Gives the world a store and takes the one that it had.
    ///
    /// Links to objects of another store tell no entity any more, and are untied by the next
    /// [`sync_links`](crate::sync_links) unless [`relink`](Self::relink) finds them objects before.
    fn insert_store(&mut self, store: Store) -> Option<Store>;

    /// Takes the store out of the world. Links and messages wait for it to come back; systems that want it fail
    /// their validation, on which Bevy's own handler panics, unless they have it in an `Option` or an
    /// [`If`](bevy_ecs::system::If), or a condition of their own.
    fn remove_store(&mut self) -> Option<Store>;

    /// The entity that is [linked](crate::ObjectLink) to an object of the world's store.
    ///
    /// It is told also of an object that was despawned, until [`sync_links`](Self::sync_links).
    fn entity_of(&self, object: ObjectId) -> Option<Entity>;

    /// Does right away what the system [`sync_links`](crate::sync_links) does: despawns or frees the
    /// entities whose objects are not alive any more.
    ///
    /// Costs a look at each link.
    fn sync_links(&mut self);

    /// Gives the links whose objects are gone the objects that have come in their place: where a store was
    /// loaded anew and its objects have other ids.
    ///
    /// The closure is called with the ids of objects that are not alive any more, and of those of another
    /// store than the world's, in the order of the ids. Where it gives none, the entity is despawned or freed
    /// as its link says; an id that is not alive unties it with a warning.
    ///
    /// Costs a look at each link.
    ///
    /// # Example
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use bevy_ecs::prelude::*;
    /// use bevy_slotted::prelude::*;
    /// use bevy_slotted::slotted::Store;
    ///
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32 }
    ///
    /// let mut world = World::new();
    /// world.insert_store(Store::new());
    /// world.store_mut().register::<Unit>()?;
    /// let before = world.store_mut().spawn(Unit { health: 80.0 })?;
    /// let hero = world.spawn(ObjectLink::new(before)).id();
    ///
    /// let mut loaded = Store::new();
    /// loaded.register::<Unit>()?;
    /// let after = loaded.spawn(Unit { health: 80.0 })?;
    /// world.insert_store(loaded);
    /// let ids = HashMap::from([(before, after)]);
    /// world.relink(|id| ids.get(&id).copied());
    /// assert_eq!(world.entity_of(after), Some(hero));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn relink(&mut self, map: impl FnMut(ObjectId) -> Option<ObjectId>);
}

impl SlottedWorld for World {
    #[track_caller]
    fn store(&self) -> &Store {
        self.get_store().expect(NO_STORE)
    }

    #[track_caller]
    fn store_mut(&mut self) -> &mut Store {
        self.get_store_mut().expect(NO_STORE)
    }

    fn get_store(&self) -> Option<&Store> {
        store_of(self)
    }

    fn get_store_mut(&mut self) -> Option<&mut Store> {
        self.get_resource_mut::<StoreCell>().map(|cell| cell.into_inner().get_mut())
    }

    fn insert_store(&mut self, store: Store) -> Option<Store> {
        let before = self.remove_store();
        let numbering = ColumnIds::numbering(self);
        let identity = store.identity();
        self.insert_resource(StoreCell::new(store, numbering));
        links::store_was_inserted(self, identity);
        before
    }

    fn remove_store(&mut self) -> Option<Store> {
        self.remove_resource::<StoreCell>().map(StoreCell::into_store)
    }

    fn entity_of(&self, object: ObjectId) -> Option<Entity> {
        links::entity_of(self, object)
    }

    fn sync_links(&mut self) {
        links::relink(self, |_| None);
    }

    fn relink(&mut self, map: impl FnMut(ObjectId) -> Option<ObjectId>) {
        links::relink(self, map);
    }
}

/// Works on the store without marking it as changed, which links would be looked at for: no object may change.
pub(crate) fn without_a_change<R>(
    world: &mut World,
    work: impl FnOnce(&mut Store) -> R,
) -> Option<R> {
    let mut cell = world.get_resource_mut::<StoreCell>()?;
    Some(work(cell.bypass_change_detection().get_mut()))
}
