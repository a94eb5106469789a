//! System parameters for the whole store.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bevy_ecs::change_detection::{ResMut, Tick};
use bevy_ecs::component::ComponentId;
use bevy_ecs::system::{
    ReadOnlySystemParam, SystemAccess, SystemMeta, SystemParam, SystemParamValidationError,
};
use bevy_ecs::world::World;
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;
use slotted::Store;

use crate::columns::ColumnIds;
use crate::lending::cell::{CellAccess, NO_STORE, StoreCell, cell_id};
use crate::lending::declared::declare;

/// A system parameter that reads the whole store: all schemas and all slots, by key and by name.
///
/// It conflicts with every parameter that writes a slot. A system that reads only a few slots runs in parallel
/// with more systems if it uses [`SlotsRef`](crate::SlotsRef).
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// fn report(store: StoreRef) -> Result {
///     let health = store.key::<f32>("unit", "health")?;
///     for id in store.ids_of("unit")? {
///         println!("{id}: {:?}", store.get(id, health));
///     }
///     Ok(())
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// app.add_systems(Update, report);
/// app.update();
/// ```
pub struct StoreRef<'w> {
    store: &'w Store,
}

impl Deref for StoreRef<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store
    }
}

impl fmt::Debug for StoreRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreRef").field("objects", &self.store.len()).finish_non_exhaustive()
    }
}

// SAFETY: `init_access` registers read access to the resource and to all columns with an id, under the numbering that
// `CellAccess::get` checks. A column that gets its id later gets a spare id or is written with the shared id, and
// read access to those is registered here too.
unsafe impl SystemParam for StoreRef<'_> {
    type State = CellAccess;
    type Item<'w, 's> = StoreRef<'w>;

    fn init_state(world: &mut World) -> Self::State {
        CellAccess::new(world)
    }

    fn init_access(
        cell: &Self::State,
        meta: &mut SystemMeta,
        access: &mut SystemAccess,
        world: &mut World,
    ) {
        assert!(
            cell.is_of(world),
            "the world's resources were cleared after the state of system `{}` was built: build the system \
             again",
            meta.name(),
        );
        let columns = ColumnIds::all(world);
        if !std::iter::once(cell.id).chain(columns).all(|id| declare(access, id, false)) {
            panic!(
                "`StoreRef` in system `{}` conflicts with an earlier parameter that writes slots or the whole \
                 store; put both into a `ParamSet`",
                meta.name(),
            );
        }
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        cell: &'s mut Self::State,
        _: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: `init_access` has registered read access to the resource.
        let cell = unsafe { cell.get::<Self>(world) }?;
        // SAFETY: read access to all columns is registered, so no other system has a mutable reference to one.
        Ok(StoreRef { store: unsafe { cell.whole() } })
    }
}

// SAFETY: nothing is written through a `StoreRef`.
unsafe impl ReadOnlySystemParam for StoreRef<'_> {}

/// A system parameter that changes the whole store: it registers schemas, spawns, despawns and takes snapshots.
///
/// It conflicts with every other parameter that accesses the store, and with nothing else. Taking it marks the store
/// as changed, also if the system only reads; use [`StoreRef`] for that.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// fn spawn_units(mut store: StoreMut) -> Result {
///     store.spawn_batch(vec![Unit { health: 80.0 }; 1000])?;
///     Ok(())
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// app.add_systems(Startup, spawn_units);
/// app.update();
/// assert_eq!(app.world().store().len(), 1000);
/// ```
pub struct StoreMut<'w> {
    store: &'w mut Store,
}

impl Deref for StoreMut<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store
    }
}

impl DerefMut for StoreMut<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        self.store
    }
}

impl fmt::Debug for StoreMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreMut").field("objects", &self.store.len()).finish_non_exhaustive()
    }
}

// SAFETY: `init_access` registers write access to the resource. All parameters that access the store register at least
// read access to it.
unsafe impl SystemParam for StoreMut<'_> {
    type State = ComponentId;
    type Item<'w, 's> = StoreMut<'w>;

    fn init_state(world: &mut World) -> Self::State {
        cell_id(world)
    }

    fn init_access(
        cell: &Self::State,
        meta: &mut SystemMeta,
        access: &mut SystemAccess,
        _: &mut World,
    ) {
        if !declare(access, *cell, true) {
            panic!(
                "`StoreMut` in system `{}` conflicts with an earlier parameter that accesses the store; take \
                 views from the `StoreMut` with `store.view`, or put both into a `ParamSet`",
                meta.name(),
            );
        }
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        cell: &'s mut Self::State,
        meta: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        tick: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: `init_access` has registered the same access as that of `ResMut`, and the state is the same.
        match unsafe { ResMut::<StoreCell>::get_param(cell, meta, world, tick) } {
            Ok(cell) => Ok(StoreMut { store: cell.into_inner().get_mut() }),
            Err(_) => Err(SystemParamValidationError::invalid::<Self>(NO_STORE)),
        }
    }
}
