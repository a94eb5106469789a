//! Views as system parameters.

use std::fmt;

use bevy_ecs::change_detection::Tick;
use bevy_ecs::system::{
    ReadOnlySystemParam, SystemAccess, SystemMeta, SystemParam, SystemParamValidationError,
};
use bevy_ecs::world::World;
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;
use slotted::lend::{StoreParts, ViewColumns, ViewSlot};
use slotted::schema::SchemaSelector;
use slotted::{ObjectId, View, ViewError, view::SharedView, view::ViewMut, view::ViewRef};

use crate::columns::{ColumnId, ColumnIds};
use crate::lending::cell::{CellAccess, StoreCell};
use crate::lending::declared::declare;

/// What [`Slots`] and [`SlotsRef`] keep between runs.
#[doc(hidden)]
pub struct SlotsState<V> {
    cell: CellAccess,
    /// What `columns` may want, and what stands for it.
    slots: Vec<(ColumnId, ViewSlot)>,
    columns: ViewColumns<V>,
}

impl<V> fmt::Debug for SlotsState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotsState").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<V: View + 'static> SlotsState<V> {
    fn new(world: &mut World, is_read_only: bool) -> Self {
        let columns = ViewColumns::<V>::default();
        let slots = columns.slots().into_iter().map(|mut slot| {
            slot.is_written &= !is_read_only;
            (ColumnIds::of(world, &slot), slot)
        });
        Self { slots: slots.collect(), cell: CellAccess::new(world), columns }
    }

    fn declare<P>(&self, meta: &SystemMeta, access: &mut SystemAccess) {
        let refuse = |what: fmt::Arguments<'_>| -> ! {
            panic!(
                "`{}` in system `{}` conflicts with a parameter before it: {what}",
                name_of::<P>(),
                meta.name(),
            )
        };
        if !declare(access, self.cell.id, false) {
            refuse(format_args!(
                "that one has the whole store to change. Take a view of the `StoreMut`, `store.view`, or \
                 put both into a `ParamSet`."
            ));
        }
        for (id, ViewSlot { name, kind, is_written, .. }) in &self.slots {
            if !declare(access, id.column, *is_written) {
                let (this, that) =
                    if *is_written { ("writes", "has too") } else { ("reads", "writes") };
                refuse(format_args!(
                    "it {this} slot '{name}' ({kind}), which that one {that}. Make one view of both, take \
                     a `SlotsRef` of what is needed in place of the whole store, or put both into a \
                     `ParamSet`."
                ));
            }
            if let Some(shared) = id.shared.filter(|_| *is_written) {
                // Within one system the columns have told all conflicts already.
                declare(access, shared, true);
            }
        }
    }

    /// # Safety
    /// As for [`SystemParam::get_param`].
    #[inline]
    unsafe fn get<'w, P>(
        &mut self,
        world: UnsafeWorldCell<'w>,
    ) -> Result<&'w StoreCell, SystemParamValidationError> {
        // SAFETY: `declare` has declared the resource to be read.
        let cell = unsafe { self.cell.get::<P>(world) }?;
        let parts = cell.parts();
        match self.columns.update(parts) {
            // Systems run before the first schema comes, for instance from a file that still loads.
            Err(ViewError::Undeclared { .. }) if parts.schemas().len() == 0 => {}
            checked => checked.map_err(|error| invalid::<P>(&error))?,
        }
        Ok(cell)
    }
}

#[cold]
fn invalid<P>(error: &ViewError) -> SystemParamValidationError {
    SystemParamValidationError::invalid::<P>(error.to_string())
}

/// The type's name as one would write it: without paths and lifetimes.
fn name_of<P>() -> String {
    let name = std::any::type_name::<P>().replace("'_, ", "").replace("<'_>", "");
    let parts = name.split_inclusive(['<', '>', ',', ' ']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// The objects of all schemas that have a view's slots, as a parameter of a system.
///
/// Systems run at the same time as long as none of them writes to a slot that another one has. Slots are
/// told apart by name and kind, for all schemas together, as components are by their type. Two parameters of
/// one system that conflict are refused when the system is initialised, as queries are.
///
/// As long as the store has no schemas, a view has no objects. Once it has some, each slot that the view names must be
/// declared by one of them. Otherwise the parameter is invalid, as it is for a slot of another kind: Bevy's error
/// handling gets an error that names the view, the slot and the nearest declared name, each time that the system is
/// about to run, and the system is not run. `#[view(lenient)]` on the view waives this, for slots of schemas that are
/// registered later, such as those of mods: until then the view has no objects.
/// [`Store::view_report`](slotted::Store::view_report) lists the schemas that a view matches and skips.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::glam::Vec3;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3, velocity: Vec3 }
///
/// #[derive(View)]
/// struct Moving<'a> { position: &'a mut Vec3, velocity: &'a Vec3 }
///
/// fn move_units(mut units: Slots<Moving>) {
///     units.for_each(|unit| *unit.position += *unit.velocity * 0.5);
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// app.add_systems(Update, move_units);
/// let id = app.world_mut().store_mut().spawn(Unit { position: Vec3::ZERO, velocity: Vec3::X })?;
/// app.update();
/// assert_eq!(app.world().store().get_value(id, "position")?, Vec3::new(0.5, 0.0, 0.0).into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Slots<'w, 's, V: View> {
    cell: &'w StoreCell,
    columns: &'s ViewColumns<V>,
}

/// Like [`Slots`], for views that change nothing: a system parameter that only reads, as run conditions
/// must.
pub struct SlotsRef<'w, 's, V: SharedView> {
    cell: &'w StoreCell,
    columns: &'s ViewColumns<V>,
}

impl<V: View> Slots<'_, '_, V> {
    /// The objects, to be looked at once.
    #[inline]
    pub fn view(&mut self) -> ViewMut<'_, V> {
        // SAFETY: `SlotsState` has declared what of the view is written and what is read, and `ViewColumns`
        // wants nothing else, so that no other system has it; and what of this parameter was lent before is
        // not used while `self` is borrowed mutably.
        self.columns.view(unsafe { self.cell.lend(false) })
    }

    /// Returns the objects of the schema and of those that [extend it](slotted::Store#schemas-that-extend-others), to
    /// be visited once.
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered, or if it does not have the view's slots with their
    /// kinds.
    pub fn view_of<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewMut<'_, V>, ViewError> {
        // SAFETY: as for `view`: all is declared, and `self` is borrowed mutably.
        self.columns.view_of(self.cell.parts(), schema, unsafe { self.cell.lend(false) })
    }

    /// The objects, to be read.
    #[inline]
    pub fn view_ref(&self) -> ViewRef<'_, V>
    where
        V: SharedView,
    {
        // SAFETY: all of the view is declared at least to be read, and while `self` is borrowed this
        // parameter lends nothing to be written.
        self.columns.view_ref(unsafe { self.cell.lend(true) })
    }

    /// Calls the closure with each object, in vectorised code: see [`vectorize`](slotted::vectorize).
    #[inline(always)]
    pub fn for_each(&mut self, visit: impl for<'x> FnMut(V::Item<'x>)) {
        // SAFETY: as for `view`: all is declared, and `self` is borrowed mutably.
        self.columns.for_each(unsafe { self.cell.lend(false) }, visit);
    }

    /// Calls the closure with each run of adjacent objects, in vectorised code.
    #[inline(always)]
    pub fn for_each_run(&mut self, visit: impl for<'x> FnMut(V::Run<'x>)) {
        // SAFETY: as for `view`: all is declared, and `self` is borrowed mutably.
        self.columns.for_each_run(unsafe { self.cell.lend(false) }, visit);
    }

    /// One object to read and change, or `None` if it is not alive or not of a schema that the view
    /// matches.
    #[inline]
    pub fn get_mut(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`: all is declared, and `self` is borrowed mutably.
        self.columns.get(id, unsafe { self.cell.lend(false) })
    }

    /// One object to read, or `None` if it is not alive or not of a schema that the view matches.
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'_>>
    where
        V: SharedView,
    {
        // SAFETY: as for `view_ref`.
        self.columns.get(id, unsafe { self.cell.lend(true) })
    }

    pub(crate) fn parts(&self) -> &StoreParts {
        self.cell.parts()
    }
}

impl<V: SharedView> SlotsRef<'_, '_, V> {
    /// The objects, to be read.
    #[inline]
    pub fn view(&self) -> ViewRef<'_, V> {
        // SAFETY: all of the view is declared to be read, and this parameter lends nothing to be written.
        self.columns.view_ref(unsafe { self.cell.lend(true) })
    }

    /// One object, or `None` if it is not alive or not of a schema that the view matches.
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`: all is declared to be read.
        self.columns.get(id, unsafe { self.cell.lend(true) })
    }

    pub(crate) fn parts(&self) -> &StoreParts {
        self.cell.parts()
    }
}

// SAFETY: `SlotsState::declare` declares what `SlotsState::get` and the methods above access, and panics where
// that conflicts with what was declared before.
unsafe impl<V: View + 'static> SystemParam for Slots<'_, '_, V> {
    type State = SlotsState<V>;
    type Item<'w, 's> = Slots<'w, 's, V>;

    fn init_state(world: &mut World) -> Self::State {
        SlotsState::new(world, false)
    }

    fn init_access(
        state: &Self::State,
        meta: &mut SystemMeta,
        access: &mut SystemAccess,
        _: &mut World,
    ) {
        state.declare::<Self>(meta, access);
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        state: &'s mut Self::State,
        _: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: the caller promises what `SlotsState::get` asks for.
        let cell = unsafe { state.get::<Self>(world) }?;
        Ok(Slots { cell, columns: &state.columns })
    }
}

// SAFETY: as for `Slots`; all is declared to be read.
unsafe impl<V: SharedView + 'static> SystemParam for SlotsRef<'_, '_, V> {
    type State = SlotsState<V>;
    type Item<'w, 's> = SlotsRef<'w, 's, V>;

    fn init_state(world: &mut World) -> Self::State {
        SlotsState::new(world, true)
    }

    fn init_access(
        state: &Self::State,
        meta: &mut SystemMeta,
        access: &mut SystemAccess,
        _: &mut World,
    ) {
        state.declare::<Self>(meta, access);
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        state: &'s mut Self::State,
        _: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: the caller promises what `SlotsState::get` asks for.
        let cell = unsafe { state.get::<Self>(world) }?;
        Ok(SlotsRef { cell, columns: &state.columns })
    }
}

// SAFETY: `SlotsRef` lends everything to be read only.
unsafe impl<V: SharedView + 'static> ReadOnlySystemParam for SlotsRef<'_, '_, V> {}
