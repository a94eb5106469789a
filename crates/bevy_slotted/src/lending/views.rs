//! Views as system parameters.

use std::fmt;

use bevy_ecs::change_detection::Tick;
use bevy_ecs::system::{
    ReadOnlySystemParam, SystemAccess, SystemMeta, SystemParam, SystemParamValidationError,
};
use bevy_ecs::world::World;
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;
use log::warn;
use slotted::error::TypeMismatch;
use slotted::lend::{StoreParts, ViewColumns, ViewSlot};
use slotted::schema::SchemaSelector;
use slotted::{Kind, ObjectId, View, ViewError, view::SharedView, view::ViewMut, view::ViewRef};

use crate::columns::{ColumnId, ColumnIds};
use crate::lending::cell::{CellAccess, StoreCell};
use crate::lending::declared::declare;

/// The state of [`Slots`] and [`SlotsRef`] between runs of their system.
#[doc(hidden)]
pub struct SlotsState<V> {
    cell: CellAccess,
    /// The slots that `columns` may access, and their ids.
    slots: Vec<(ColumnId, ViewSlot)>,
    columns: ViewColumns<V>,
    /// The slots of other kinds that were warned of.
    warned: Vec<TypeMismatch>,
}

impl<V> fmt::Debug for SlotsState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotsState").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<V: View + 'static> SlotsState<V> {
    fn new(world: &mut World, is_read_only: bool) -> Self {
        let columns = ViewColumns::<V>::default();
        let mut slots = Vec::new();
        for mut slot in columns.slots() {
            slot.is_written &= !is_read_only;
            slots.extend(ColumnIds::of(world, &slot).into_iter().map(|id| (id, slot.clone())));
        }
        Self { slots, cell: CellAccess::new(world), columns, warned: Vec::new() }
    }

    fn declare<P>(&self, meta: &SystemMeta, access: &mut SystemAccess) {
        let refuse = |what: fmt::Arguments<'_>| -> ! {
            panic!(
                "`{}` in system `{}` conflicts with an earlier parameter: {what}",
                name_of::<P>(),
                meta.name(),
            )
        };
        if !declare(access, self.cell.id, false) {
            refuse(format_args!(
                "the earlier parameter has write access to the whole store; take the view from the `StoreMut` \
                 with `store.view`, or put both into a `ParamSet`"
            ));
        }
        for (id, ViewSlot { name, kind, is_written, .. }) in &self.slots {
            if !declare(access, id.column, *is_written) {
                let kind = kind.as_ref().map_or_else(|| "all kinds".to_owned(), Kind::to_string);
                let (this, that) =
                    if *is_written { ("writes", "also accesses") } else { ("reads", "writes") };
                refuse(format_args!(
                    "it {this} slot '{name}' ({kind}), which the earlier parameter {that}; merge the two \
                     views, replace the whole store with a `SlotsRef`, or put both into a `ParamSet`"
                ));
            }
            if let Some(shared) = id.shared.filter(|_| *is_written) {
                // Within one system the check of the columns has found all conflicts already.
                declare(access, shared, true);
            }
        }
    }

    /// # Safety
    /// As for [`SystemParam::get_param`].
    #[inline]
    unsafe fn get<'w, P>(
        &mut self,
        meta: &SystemMeta,
        world: UnsafeWorldCell<'w>,
    ) -> Result<&'w StoreCell, SystemParamValidationError> {
        // SAFETY: `declare` has registered read access to the resource.
        let cell = unsafe { self.cell.get::<P>(world) }?;
        let parts = cell.parts();
        match self.columns.update(parts) {
            // Systems run before the first schema comes, for instance from a file that still loads.
            Err(_) if parts.schemas().len() == 0 => {}
            Err(error) => return Err(invalid::<P>(&error)),
            Ok(true) => self.warn_of_other_kinds::<P>(meta),
            Ok(false) => {}
        }
        Ok(cell)
    }

    /// Warns of schemas that the view skips, once for each slot of another kind.
    #[cold]
    fn warn_of_other_kinds<P>(&mut self, meta: &SystemMeta) {
        if self.columns.is_lenient() {
            return;
        }
        for mismatch in self.columns.skipped() {
            if self.warned.contains(mismatch) {
                continue;
            }
            warn!(
                "`{}` in system `{}` skips the objects of '{}': {mismatch}; rename the slot, or mark the view \
                 `#[view(lenient)]` if it may skip them",
                name_of::<P>(),
                meta.name(),
                mismatch.schema(),
            );
            self.warned.push(mismatch.clone());
        }
    }
}

#[cold]
fn invalid<P>(error: &ViewError) -> SystemParamValidationError {
    SystemParamValidationError::invalid::<P>(error.to_string())
}

/// Returns the type's name as a program spells it: without paths and lifetimes.
fn name_of<P>() -> String {
    let name = std::any::type_name::<P>().replace("'_, ", "").replace("<'_>", "");
    let parts = name.split_inclusive(['<', '>', ',', ' ']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// A system parameter that iterates over the objects of all schemas that have a view's slots.
///
/// `for unit in &mut units` loops over them, as over Bevy's `Query`. [`for_each`](Self::for_each) is faster for loops that
/// can use the vector units, and [`par_for_each`](Self::par_for_each) runs on several threads.
///
/// Two systems run in parallel unless one of them writes a slot that the other accesses. A slot is identified by
/// name and kind, for all schemas together, as a component is by its type. If two parameters of one system
/// conflict, initialising the system panics, as it does for conflicting queries.
///
/// A view of a store without schemas has no objects. Once schemas are registered, each slot that the view names must be
/// declared by one of them. If not, the parameter is invalid, as it is for a slot of another kind: the system does not
/// run, and Bevy's error handler gets an error that names the view, the slot and the nearest declared name.
/// `#[view(lenient)]` on the view allows slots of schemas that are registered later, such as those of mods.
///
/// If some schemas match and others are skipped, because they have a slot of the view's name with another kind, the
/// system runs. A logged warning names the system and the slot, once. A view that is `#[view(lenient)]` skips them
/// silently. [`Store::view_report`](slotted::Store::view_report) lists the schemas that a view matches and skips.
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

/// Like [`Slots`], for views that only read.
///
/// Systems with a `SlotsRef` serve as run conditions.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Health<'a> { health: &'a f32 }
///
/// fn any_is_alive(units: SlotsRef<Health>) -> bool {
///     units.iter().any(|unit| *unit.health > 0.0)
/// }
///
/// #[derive(Resource, Default)]
/// struct Turns(u32);
///
/// fn play(mut turns: ResMut<Turns>) {
///     turns.0 += 1;
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// app.init_resource::<Turns>().add_systems(Update, play.run_if(any_is_alive));
/// app.update();
/// app.world_mut().store_mut().spawn(Unit { health: 1.0 })?;
/// app.update();
/// assert_eq!(app.world().resource::<Turns>().0, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SlotsRef<'w, 's, V: SharedView> {
    cell: &'w StoreCell,
    columns: &'s ViewColumns<V>,
}

impl<V: View> Slots<'_, '_, V> {
    /// Returns the view of all matching schemas.
    ///
    /// ```
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a mut f32 }
    /// fn heal_all(mut units: Slots<Health>) {
    ///     for unit in units.view() {
    ///         *unit.health = 100.0;
    ///     }
    /// }
    /// # bevy_ecs::system::assert_is_system(heal_all);
    /// ```
    #[inline]
    pub fn view(&mut self) -> ViewMut<'_, V> {
        // SAFETY: `SlotsState` has registered the view's reads and writes, and `ViewColumns` requests nothing else,
        // so no other system accesses these columns. References that this parameter gave before are not used
        // while `self` is borrowed mutably.
        self.columns.view(self.cell.parts(), unsafe { self.cell.lend(false) })
    }

    /// Returns the view of all matching schemas, which lives as long as the access of the parameter.
    pub(crate) fn into_view<'t>(self) -> ViewMut<'t, V>
    where
        Self: 't,
    {
        let Self { cell, columns } = self;
        // SAFETY: as for `view`: the access is registered. This parameter is gone, and references that it gave before
        // borrowed it.
        columns.view(cell.parts(), unsafe { cell.lend(false) })
    }

    /// Returns the view of the schema and of those that [extend it](slotted::Store#schemas-that-extend-others).
    ///
    /// # Errors
    /// If the schema does not have the view's slots, with their kinds. The error names the slot.
    ///
    /// ```
    /// # use bevy_ecs::prelude::Result;
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a mut f32 }
    /// fn heal_orcs(mut units: Slots<Health>) -> Result {
    ///     units.view_of("orc")?.for_each(|orc| *orc.health = 100.0);
    ///     Ok(())
    /// }
    /// # bevy_ecs::system::assert_is_system::<(), (), _>(heal_orcs);
    /// ```
    pub fn view_of<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewMut<'_, V>, ViewError> {
        // SAFETY: as for `view`: the access is registered, and `self` is borrowed mutably.
        self.columns.view_of(self.cell.parts(), schema, unsafe { self.cell.lend(false) })
    }

    /// Returns the view of all matching schemas, for reading.
    #[inline]
    pub fn view_ref(&self) -> ViewRef<'_, V>
    where
        V: SharedView,
    {
        // SAFETY: at least read access to all of the view is registered, and while `self` is borrowed this
        // parameter gives no mutable reference.
        self.columns.view_ref(self.cell.parts(), unsafe { self.cell.lend(true) })
    }

    /// Calls the closure with each object, in vectorised code: see [`vectorize`](slotted::vectorize).
    #[inline(always)]
    pub fn for_each(&mut self, visit: impl for<'x> FnMut(V::Item<'x>)) {
        // SAFETY: as for `view`: the access is registered, and `self` is borrowed mutably.
        self.columns.for_each(unsafe { self.cell.lend(false) }, visit);
    }

    /// Calls the closure with each run of adjacent objects, in vectorised code.
    ///
    /// A run's fields are slices of equal length.
    ///
    /// ```
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Moving<'a> { position: &'a mut f32, velocity: &'a f32 }
    /// fn move_units(mut units: Slots<Moving>) {
    ///     units.for_each_run(|run| {
    ///         for (position, velocity) in run.position.iter_mut().zip(run.velocity) {
    ///             *position += *velocity;
    ///         }
    ///     });
    /// }
    /// # bevy_ecs::system::assert_is_system(move_units);
    /// ```
    #[inline(always)]
    pub fn for_each_run(&mut self, visit: impl for<'x> FnMut(V::Run<'x>)) {
        // SAFETY: as for `view`: the access is registered, and `self` is borrowed mutably.
        self.columns.for_each_run(unsafe { self.cell.lend(false) }, visit);
    }

    /// Returns one object for reading and writing, or `None` if it is dead or its schema does not match the view.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a mut f32 }
    /// #[derive(Resource)]
    /// struct Player(ObjectId);
    ///
    /// fn hurt_player(player: Res<Player>, mut units: Slots<Health>) {
    ///     if let Some(unit) = units.get_mut(player.0) {
    ///         *unit.health -= 1.0;
    ///     }
    /// }
    /// # bevy_ecs::system::assert_is_system(hurt_player);
    /// ```
    #[inline]
    pub fn get_mut(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`: the access is registered, and `self` is borrowed mutably.
        self.columns.get(id, unsafe { self.cell.lend(false) })
    }

    /// Returns one object for reading, or `None` if it is dead or its schema does not match the view.
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
    /// Returns the view of all matching schemas.
    #[inline]
    pub fn view(&self) -> ViewRef<'_, V> {
        // SAFETY: read access to all of the view is registered, and this parameter gives no mutable reference.
        self.columns.view_ref(self.cell.parts(), unsafe { self.cell.lend(true) })
    }

    /// Returns the view of all matching schemas, which lives as long as the access of the parameter.
    pub(crate) fn into_view<'t>(self) -> ViewRef<'t, V>
    where
        Self: 't,
    {
        // SAFETY: as for `view`: read access is registered.
        self.columns.view_ref(self.cell.parts(), unsafe { self.cell.lend(true) })
    }

    /// Returns one object, or `None` if it is dead or its schema does not match the view.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a f32 }
    /// #[derive(Resource)]
    /// struct Player(ObjectId);
    ///
    /// fn player_is_dead(player: Res<Player>, units: SlotsRef<Health>) -> bool {
    ///     units.get(player.0).is_none_or(|unit| *unit.health <= 0.0)
    /// }
    /// # bevy_ecs::system::assert_is_read_only_system(player_is_dead);
    /// ```
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`: read access is registered.
        self.columns.get(id, unsafe { self.cell.lend(true) })
    }

    pub(crate) fn parts(&self) -> &StoreParts {
        self.cell.parts()
    }
}

// SAFETY: `SlotsState::declare` registers the access of `SlotsState::get` and of the methods above, and panics if it
// conflicts with access that was registered before.
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
        meta: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: the caller upholds the contract of `SlotsState::get`.
        let cell = unsafe { state.get::<Self>(meta, world) }?;
        Ok(Slots { cell, columns: &state.columns })
    }
}

// SAFETY: as for `Slots`; all access is read access.
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
        meta: &SystemMeta,
        world: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        // SAFETY: the caller upholds the contract of `SlotsState::get`.
        let cell = unsafe { state.get::<Self>(meta, world) }?;
        Ok(SlotsRef { cell, columns: &state.columns })
    }
}

// SAFETY: `SlotsRef` only gives shared references.
unsafe impl<V: SharedView + 'static> ReadOnlySystemParam for SlotsRef<'_, '_, V> {}
