//! The store in a Bevy world, and who may look at what of it when: all unsafe code of this crate.
//!
//! Bevy's scheduler runs systems at the same time if what they declare to access does not conflict. Here
//! is what the system parameters declare, in the order of what they can do:
//!
//! | | the store's resource | columns |
//! |---|---|---|
//! | [`Slots`], [`SlotsRef`] | read | each slot of the view, written or read |
//! | [`StoreRef`] | read | all read |
//! | [`StoreMut`](crate::StoreMut), `&mut World` | written | |
//!
//! So whoever has the resource to read may look at all that only structural changes touch: the rows, the
//! schemas, the texts. What a column's values are belongs to who has declared that slot. The resource's type
//! is private to this crate, since with a plain `Res` of it one could do neither.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use bevy_ecs::change_detection::{ResMut, Tick};
use bevy_ecs::component::{ComponentCloneBehavior, ComponentDescriptor, ComponentId, StorageType};
use bevy_ecs::query::FilteredAccess;
use bevy_ecs::resource::{IS_RESOURCE, Resource};
use bevy_ecs::system::{
    ReadOnlySystemParam, SystemAccess, SystemMeta, SystemParam, SystemParamValidationError,
};
use bevy_ecs::world::World;
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;
use slotted::lend::{Lent, StoreParts, ViewColumns, ViewSlot, Wanted};
use slotted::{EntityId, SharedView, Store, View, ViewError, ViewMut, ViewRef};

use crate::columns::{ColumnIds, Numbering};

/// A world's store.
#[derive(Resource)]
pub(crate) struct StoreCell {
    store: UnsafeCell<Store>,
    /// Where its columns are, from the first look at them until the store is changed as a whole.
    parts: OnceLock<Parts>,
    /// What its columns are called in what systems declare.
    numbering: Numbering,
}

struct Parts(StoreParts);

// SAFETY: besides what is `Send` and `Sync` anyway, there are pointers to columns and rows, which are both.
// They are only followed under the rules of this module, by any thread.
unsafe impl Send for Parts {}
// SAFETY: see above.
unsafe impl Sync for Parts {}

// SAFETY: through a shared reference the store is only looked at by the unsafe functions below, whose callers
// see to it that nobody writes to what another one has; `Store` and all that it holds are `Sync`.
unsafe impl Sync for StoreCell {}

const _: () = {
    const fn is_shared_between_threads<T: Send + Sync>() {}
    is_shared_between_threads::<Store>();
    is_shared_between_threads::<slotted::lend::Column>();
    is_shared_between_threads::<slotted::lend::Rows>();
};

impl fmt::Debug for StoreCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreCell").finish_non_exhaustive()
    }
}

impl StoreCell {
    pub(crate) const fn new(store: Store, numbering: Numbering) -> Self {
        Self { store: UnsafeCell::new(store), parts: OnceLock::new(), numbering }
    }

    /// The store, to change it as a whole.
    pub(crate) fn get_mut(&mut self) -> &mut Store {
        // With what shares its schemas and texts, which would be copied when new ones come.
        self.parts.take();
        self.store.get_mut()
    }

    pub(crate) fn into_store(self) -> Store {
        self.store.into_inner()
    }

    fn parts(&self) -> &StoreParts {
        let parts = self.parts.get_or_init(|| {
            // SAFETY: this runs once after each `get_mut`, before anything else is made of a shared
            // reference to the cell: all that looks at the store, `whole` and `lend`, asks for the parts
            // first and so waits for this. The reference ends here; the parts are good beyond it.
            Parts(unsafe { &mut *self.store.get() }.parts())
        });
        &parts.0
    }

    /// The whole store.
    ///
    /// # Safety
    /// As long as the reference lives nobody may have a column to write.
    unsafe fn whole(&self) -> &Store {
        self.parts();
        // SAFETY: there is no mutable reference to the store: `parts` has made and dropped its own, and that
        // of `get_mut` would exclude `self`. Nobody has a column to write, as the caller promises. The
        // pointers of the parts stay good, see `StoreParts`.
        unsafe { &*self.store.get() }
    }

    /// Lends rows and columns, in ascending order; to read only, if need be, also what is wanted to be written.
    ///
    /// # Safety
    /// As long as what is lent lives nobody else may have one of the columns to write, nor, of those that are
    /// lent to be written, to read.
    unsafe fn lend<'x>(&'x self, is_read_only: bool) -> impl FnMut(Wanted) -> Lent<'x> {
        const THERE: &str = "what a view wants of a store is there";
        let parts = self.parts();
        let mut last = None;
        move |wanted| {
            let (schema, slot, is_written) = match wanted {
                Wanted::Rows(schema) => {
                    let rows = parts.rows(schema).expect(THERE);
                    // SAFETY: rows are only written to through `get_mut`, which excludes `self`.
                    return Lent::Rows(unsafe { &*rows });
                }
                Wanted::Read(schema, slot) => (schema, slot, false),
                Wanted::Written(schema, slot) => (schema, slot, !is_read_only),
            };
            let column = parts.column(schema, slot).expect(THERE);
            let place = Some((schema, slot));
            assert!(last < place, "no column is lent twice");
            last = place;
            if is_written {
                // SAFETY: the pointer is good until `get_mut`, which excludes `self`. Nobody else has the
                // column, as the caller promises, and this is the first time that it is lent.
                Lent::Written(unsafe { &mut *column })
            } else {
                // SAFETY: likewise; others may read the column too.
                Lent::Read(unsafe { &*column })
            }
        }
    }
}

/// Registers a component that nobody has: its id stands for something in what systems declare.
pub(crate) fn register_virtual_component(world: &mut World, name: String) -> ComponentId {
    // SAFETY: the component's values have no size and nothing to drop, so that all threads may have them,
    // and it is no relationship.
    let descriptor = unsafe {
        ComponentDescriptor::new_with_layout(
            name,
            StorageType::SparseSet,
            Layout::new::<()>(),
            None,
            false,
            false,
            ComponentCloneBehavior::Ignore,
            None,
        )
    };
    world.register_component_with_descriptor(descriptor)
}

fn cell_id(world: &mut World) -> ComponentId {
    world.components_registrator().register_component::<StoreCell>()
}

pub(crate) const NO_STORE: &str = "the world has no store: add `SlottedPlugin` to the app";

/// How a parameter that looks at columns gets at the store.
#[doc(hidden)]
#[derive(Debug)]
pub struct CellAccess {
    id: ComponentId,
    numbering: Numbering,
}

impl CellAccess {
    fn new(world: &mut World) -> Self {
        Self { id: cell_id(world), numbering: ColumnIds::numbering(world) }
    }

    /// # Safety
    /// As for [`SystemParam::get_param`], with the resource declared to be read.
    #[inline]
    unsafe fn get<'w, P>(
        &self,
        world: UnsafeWorldCell<'w>,
    ) -> Result<&'w StoreCell, SystemParamValidationError> {
        // SAFETY: the resource is declared to be read, as the caller promises, so that there is no mutable
        // reference to it; under the id of `StoreCell` there is a `StoreCell`.
        let cell =
            unsafe { world.get_resource_by_id(self.id).map(|cell| cell.deref::<StoreCell>()) };
        match cell {
            Some(cell) if cell.numbering == self.numbering => Ok(cell),
            Some(_) => Err(SystemParamValidationError::invalid::<P>(
                "the world was cleared of its resources after the system was initialised",
            )),
            None => Err(SystemParamValidationError::invalid::<P>(NO_STORE)),
        }
    }
}

fn declare(access: &mut SystemAccess, id: ComponentId, is_written: bool) -> bool {
    let mut filter = FilteredAccess::default();
    if is_written {
        filter.add_write(id);
    } else {
        filter.add_read(id);
    }
    // As Bevy's own resources: who asks for all entities without resources asks for none of this.
    filter.and_with(IS_RESOURCE);
    access.try_add(filter).is_ok()
}

/// What [`Slots`] and [`SlotsRef`] keep between runs.
#[doc(hidden)]
pub struct SlotsState<V> {
    cell: CellAccess,
    slots: Vec<ViewSlot>,
    columns: ViewColumns<V>,
}

impl<V> fmt::Debug for SlotsState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotsState").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<V: View + 'static> SlotsState<V> {
    fn new(world: &mut World, is_read_only: bool) -> Self {
        let mut slots = ViewColumns::<V>::slots();
        slots.iter_mut().for_each(|slot| slot.is_written &= !is_read_only);
        ColumnIds::register(world, &slots);
        Self { cell: CellAccess::new(world), slots, columns: ViewColumns::default() }
    }

    fn declare<P>(&self, meta: &SystemMeta, access: &mut SystemAccess, world: &mut World) {
        let refuse = |what: fmt::Arguments<'_>| -> ! {
            panic!(
                "`{}` in system `{}` conflicts with a parameter before it: {what}. Make one view of \
                 both, or put them into a `ParamSet`.",
                name_of::<P>(),
                meta.name(),
            )
        };
        if !declare(access, self.cell.id, false) {
            refuse(format_args!("that one has the whole store to change"));
        }
        for (slot, id) in self.slots.iter().zip(ColumnIds::of(world, &self.slots)) {
            if !declare(access, id.column, slot.is_written) {
                let ViewSlot { name, kind, .. } = slot;
                let (this, that) =
                    if slot.is_written { ("writes", "has too") } else { ("reads", "writes") };
                refuse(format_args!("it {this} slot '{name}' ({kind}), which that one {that}"));
            }
            if let Some(late) = id.late.filter(|_| slot.is_written) {
                // Within one system the columns have told all conflicts already.
                declare(access, late, true);
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
        match self.columns.update(cell.parts()) {
            Ok(false) => {}
            Ok(true) => self.assert_declared(cell.parts()),
            Err(error) => return Err(invalid::<P>(&error)),
        }
        Ok(cell)
    }

    /// Holds what the view wants against what was declared, so that a view that does not always say the
    /// same of itself gets at nothing.
    fn assert_declared(&self, parts: &StoreParts) {
        for wanted in self.columns.wanted() {
            let (schema, number, is_written) = match wanted {
                Wanted::Rows(_) => continue,
                Wanted::Read(schema, number) => (schema, number, false),
                Wanted::Written(schema, number) => (schema, number, true),
            };
            let schema = parts.schema_by_id(schema).expect("a view wants schemas that there are");
            let slot = &schema.slots()[number];
            let is_declared = self.slots.iter().any(|declared| {
                declared.name == slot.name()
                    && declared.kind == *slot.kind()
                    && (declared.is_written || !is_written)
            });
            assert!(is_declared, "the view wants '{}', which it has not declared", slot.name());
        }
    }
}

#[cold]
fn invalid<P>(error: &ViewError) -> SystemParamValidationError {
    SystemParamValidationError::invalid::<P>(error.to_string())
}

/// The type's name as one would write it: without paths and lifetimes.
fn name_of<P>() -> String {
    let name = std::any::type_name::<P>();
    let parts = name.split_inclusive(['<', '>', ',', ' ']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// The objects of all schemas that have a view's slots, as a parameter of a system.
///
/// Systems run at the same time as long as none of them writes to a slot that another one has: slots are
/// told apart by name and kind, for all schemas together, as components are by their type. Two parameters of
/// one system that are in each other's way are refused when the system is initialised, as queries are.
///
/// A view that no schema matches has no objects: schemas may come later.
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
pub struct Slots<'w, 's, V> {
    cell: &'w StoreCell,
    columns: &'s ViewColumns<V>,
}

/// Like [`Slots`], for views that change nothing: a system parameter that only reads, as run conditions
/// must.
pub struct SlotsRef<'w, 's, V> {
    cell: &'w StoreCell,
    columns: &'s ViewColumns<V>,
}

impl<V: View> Slots<'_, '_, V> {
    /// The objects, to be looked at once.
    #[inline]
    pub fn view(&mut self) -> ViewMut<'_, V> {
        // SAFETY: `SlotsState` has declared what of the view is written and what is read, so that no other
        // system has it; and what of this parameter was lent before is not used while `self` is borrowed
        // mutably.
        self.columns.view(unsafe { self.cell.lend(false) })
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

    /// One object to read and change, or `None` if it is not alive or not of a schema that the view
    /// matches.
    #[inline]
    pub fn get_mut(&mut self, id: EntityId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`.
        self.columns.get(id, unsafe { self.cell.lend(false) })
    }

    /// One object to read, or `None` if it is not alive or not of a schema that the view matches.
    #[inline]
    pub fn get(&self, id: EntityId) -> Option<V::Item<'_>>
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
    pub fn get(&self, id: EntityId) -> Option<V::Item<'_>> {
        // SAFETY: as for `view`.
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
        world: &mut World,
    ) {
        state.declare::<Self>(meta, access, world);
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
        world: &mut World,
    ) {
        state.declare::<Self>(meta, access, world);
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

/// The whole store, to be read: all columns of all schemas, by key and by name.
///
/// It can be had at the same time as other parameters that only read. A system that reads a few slots
/// of many objects gets on with more others as [`Slots`] or [`SlotsRef`].
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

// SAFETY: the resource and all columns that systems have declared before are declared to be read. Who writes to
// a column of which a system has spoken only later declares to write `late`, which is read here too.
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
        let columns = ColumnIds::all(world);
        if !std::iter::once(cell.id).chain(columns).all(|id| declare(access, id, false)) {
            panic!(
                "`StoreRef` in system `{}` conflicts with a parameter before it, which changes the \
                 store. Put both into a `ParamSet`.",
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

// SAFETY: it only reads.
unsafe impl ReadOnlySystemParam for StoreRef<'_> {}

/// The store of a world that is borrowed as a whole.
pub(crate) fn store_of(world: &World) -> Option<&Store> {
    let cell = world.get_resource::<StoreCell>()?;
    // SAFETY: who has a column to write has declared to write a component, which nobody may while another one
    // has the whole world to read.
    Some(unsafe { cell.whole() })
}

/// The whole store, to change it: to register schemas, to spawn and despawn, to take snapshots.
///
/// A system that has it runs while no other system has slots; it gets on with all that has not.
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
                "`StoreMut` in system `{}` conflicts with a parameter before it, which looks at the \
                 store. Put both into a `ParamSet`.",
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
