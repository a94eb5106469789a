//! The whole store as a system parameter.

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

/// The whole store, to be read: all columns of all schemas, by key and by name.
///
/// It can be had at the same time as other parameters that only read. A system that reads a few slots
/// of many objects gets on with more others as [`Slots`](crate::Slots) or [`SlotsRef`](crate::SlotsRef).
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

// SAFETY: the resource and all columns that systems have declared before are declared to be read, under the
// numbering that `CellAccess::get` asks for. Who writes to a column of which a system speaks only later has one of
// the spare ids or the shared one, which are declared here too.
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
            "the world was cleared of its resources between making the state of system `{}` and \
             initialising it: make the system anew",
            meta.name(),
        );
        let columns = ColumnIds::all(world);
        if !std::iter::once(cell.id).chain(columns).all(|id| declare(access, id, false)) {
            panic!(
                "`StoreRef` in system `{}` conflicts with a parameter before it, a view that writes or \
                 the whole store to change. Put both into a `ParamSet`.",
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
        // SAFETY: `init_access` has declared the resource to be read.
        let cell = unsafe { cell.get::<Self>(world) }?;
        // SAFETY: all columns are declared to be read, so that no other system has one to write.
        Ok(StoreRef { store: unsafe { cell.whole() } })
    }
}

// SAFETY: nothing is written through a `StoreRef`.
unsafe impl ReadOnlySystemParam for StoreRef<'_> {}

/// The whole store, to change it: to register schemas, to spawn and despawn, to take snapshots.
///
/// A system that has it runs while no other system has slots; it gets on with all that has not. To have it counts
/// as changing the store, whether it is changed or not: who only reads takes a [`StoreRef`].
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

// SAFETY: the resource is declared to be written. All parameters that look at the store declare to read it.
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
                "`StoreMut` in system `{}` conflicts with a parameter before it, a view or the whole store. \
                 Put both into a `ParamSet`, or take views of the `StoreMut`: `store.view`.",
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
        // SAFETY: `init_access` has declared what that of `ResMut` would have, and the state is the same.
        match unsafe { ResMut::<StoreCell>::get_param(cell, meta, world, tick) } {
            Ok(cell) => Ok(StoreMut { store: cell.into_inner().get_mut() }),
            Err(_) => Err(SystemParamValidationError::invalid::<Self>(NO_STORE)),
        }
    }
}
