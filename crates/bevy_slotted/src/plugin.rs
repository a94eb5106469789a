//! The plugin, and what apps and worlds can do with their store.

use bevy_app::{App, Plugin};
use bevy_ecs::world::World;
use slotted::{Limits, Schema, SchemaError, Slotted, Store};

use crate::columns::ColumnIds;
use crate::lending::{NO_STORE, StoreCell, store_of};

/// Gives an app's world a [`Store`], if it has none yet.
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
    }
}

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
    fn insert_store(&mut self, store: Store) -> Option<Store>;

    /// Takes the store out of the world: systems that want it do not run any more.
    fn remove_store(&mut self) -> Option<Store>;
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
        self.insert_resource(StoreCell::new(store, numbering));
        before
    }

    fn remove_store(&mut self) -> Option<Store> {
        self.remove_resource::<StoreCell>().map(StoreCell::into_store)
    }
}
