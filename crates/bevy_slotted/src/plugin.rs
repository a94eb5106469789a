//! The plugin, and the extension traits that give apps and worlds access to their store.

use bevy_app::{App, Last, Plugin};
use bevy_ecs::change_detection::DetectChangesMut;
use bevy_ecs::entity::Entity;
use bevy_ecs::schedule::{IntoScheduleConfigs, SystemSet};
use bevy_ecs::world::World;
use slotted::memory::MovedIds;
use slotted::{Limits, ObjectId, Schema, SchemaError, Slotted, Store};

use crate::columns::ColumnIds;
use crate::error_debug::debug_as_display;
use crate::lending::{NO_STORE, StoreCell, store_of};
use crate::links::{self, sync_links};

/// Inserts a [`Store`] into the app's world and keeps [`ObjectLink`](crate::ObjectLink)s up to date.
///
/// A store that the world already has stays there.
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
    /// The limits of the store that the plugin inserts.
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

/// The sets of this crate's systems in [`Last`], to order other systems before or after them.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// fn count_new_objects(mut spawned: MessageReader<ObjectSpawned>) {
///     println!("{} new objects", spawned.read().count());
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default());
/// app.add_object_messages("unit");
/// app.add_systems(Last, count_new_objects.after(SlottedSystems::WriteMessages));
/// ```
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlottedSystems {
    /// [`sync_links`], which the plugin adds.
    SyncLinks,
    /// The system that compares the store with the last frame and writes [messages](crate::SlottedMessages).
    ///
    /// It exists once an app has asked for messages. A system that reads them in the same frame runs after it.
    WriteMessages,
}

/// The error of a world without a store.
#[derive(Clone, Copy, Default, PartialEq, Eq, thiserror::Error)]
#[error("{NO_STORE}")]
pub struct NoStore;

debug_as_display!(NoStore);

/// Registers schemas in the store of an app's world.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::{Kind, Schema};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.0);
/// app.register_schema(orc.build()?)?;
/// assert!(app.world().store().schema("orc").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SlottedApp {
    /// Registers the schema of a Rust type.
    ///
    /// # Panics
    /// If the app has no store, the type's schema is invalid, or another schema has its name.
    fn register_slotted<T: Slotted>(&mut self) -> &mut Self;

    /// Registers a schema that was built at run time.
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

/// Gives access to the store of a world.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut world = World::new();
/// assert!(world.get_store().is_none());
/// world.insert_store(Store::new());
/// world.store_mut().register::<Unit>()?;
/// world.store_mut().spawn(Unit { health: 80.0 })?;
/// assert_eq!(world.store().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SlottedWorld {
    /// Returns the store.
    ///
    /// # Panics
    /// If the world has no store.
    fn store(&self) -> &Store;

    /// Returns the store for changes.
    ///
    /// # Panics
    /// If the world has no store.
    fn store_mut(&mut self) -> &mut Store;

    /// Returns the store, or `None` if the world has no store.
    fn get_store(&self) -> Option<&Store>;

    /// Returns the store for changes, or `None` if the world has no store.
    fn get_store_mut(&mut self) -> Option<&mut Store>;

    /// Inserts a store and returns the one that it replaces.
    ///
    /// Links to objects of the old store no longer resolve to an entity. The next
    /// [`sync_links`](crate::sync_links) despawns or unlinks their entities, unless [`relink`](Self::relink) maps
    /// them to new objects first.
    fn insert_store(&mut self, store: Store) -> Option<Store>;

    /// Removes and returns the store.
    ///
    /// Links and messages are on hold until the world has a store again. Systems that need the store fail
    /// validation, and Bevy's default error handler then panics. To avoid that, wrap the parameter in `Option` or
    /// [`If`](bevy_ecs::system::If), or give the system a run condition.
    fn remove_store(&mut self) -> Option<Store>;

    /// Returns the entity that is [linked](crate::ObjectLink) to an object of the world's store.
    ///
    /// A despawned object keeps its entity until [`sync_links`](Self::sync_links) runs. Computes in **O(1)** time.
    fn entity_of(&self, object: ObjectId) -> Option<Entity>;

    /// Despawns or unlinks the entities of dead objects now, as the system [`sync_links`](crate::sync_links) does.
    ///
    /// Computes in **O(links)** time.
    fn sync_links(&mut self);

    /// Moves the links of missing objects to the objects that replace them, for a store that was loaded again and
    /// whose objects have new ids.
    ///
    /// Calls the closure with the id of each linked object that is dead or of another store, in the order of the ids.
    /// If the closure returns `None`, the entity is despawned or unlinked as its link's [`Fate`](crate::Fate) says.
    /// If it returns the id of a dead object, the entity is unlinked with a warning.
    ///
    /// Computes in **O(links)** time.
    ///
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

    /// Moves the links of objects that [`Store::compact`] moved to their new ids.
    ///
    /// Call this after each `compact`, before the next one and before the next [`sync_links`](crate::sync_links), which
    /// treats the old ids as dead. Links of objects that were dead before are despawned or unlinked, as
    /// [`sync_links`](Self::sync_links) does. Update ids in your own components and resources with
    /// [`MovedIds::new_id`].
    ///
    /// Computes in **O(links)** time, plus **O(log n)** for each link that moves.
    ///
    /// ```
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
    /// let lost = world.store_mut().spawn(Unit { health: 1.0 })?;
    /// let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
    /// let hero = world.spawn(ObjectLink::new(unit)).id();
    /// world.store_mut().despawn(lost)?;
    ///
    /// // A system with `StoreMut` passes the ids on: `commands.queue(move |world: &mut World| world.relink_moved(&moved))`.
    /// let moved = world.store_mut().compact()?;
    /// world.relink_moved(&moved);
    /// assert_ne!(moved.new_id(unit), unit);
    /// assert_eq!(world.entity_of(moved.new_id(unit)), Some(hero));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn relink_moved(&mut self, moved: &MovedIds);
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

    fn relink_moved(&mut self, moved: &MovedIds) {
        let new_id = |object| Some(moved.new_id(object)).filter(|new| *new != object);
        links::relink(self, new_id);
    }
}

/// Calls the closure with the store without marking the store as changed, so that links are not checked.
///
/// The closure must not change any object.
pub(crate) fn without_a_change<R>(
    world: &mut World,
    work: impl FnOnce(&mut Store) -> R,
) -> Option<R> {
    let mut cell = world.get_resource_mut::<StoreCell>()?;
    Some(work(cell.bypass_change_detection().get_mut()))
}
