//! The resource that holds a world's store.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::OnceLock;

use bevy_ecs::component::ComponentId;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::SystemParamValidationError;
use bevy_ecs::world::World;
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;
use slotted::Store;
use slotted::lend::{Lent, StoreParts, Wanted};

use crate::columns::{ColumnIds, Numbering};

/// A world's store.
#[derive(Resource)]
pub(crate) struct StoreCell {
    store: UnsafeCell<Store>,
    /// Cached pointers to the columns. `get_mut` invalidates them.
    parts: OnceLock<Parts>,
    /// The ids under which systems register access to the columns.
    numbering: Numbering,
}

struct Parts(StoreParts);

// SAFETY: the parts are schemas, texts and lists, as in a `Store`, and pointers to columns and rows. Schemas, texts,
// lists, columns and rows are `Send` and `Sync`. Any thread may dereference the pointers, under this module's rules.
unsafe impl Send for Parts {}
// SAFETY: as for `Send`: threads may share the columns and rows that the pointers lead to.
unsafe impl Sync for Parts {}

// SAFETY: only the unsafe functions below access the store through a shared reference. Their callers guarantee that
// no column is written while another reference covers it. `Store` and all that it holds are `Sync`.
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

    /// Returns the whole store for changes.
    pub(crate) fn get_mut(&mut self) -> &mut Store {
        // The parts share the schemas and texts, so keeping them would force a copy on the next change.
        self.parts.take();
        self.store.get_mut()
    }

    pub(crate) fn into_store(self) -> Store {
        self.store.into_inner()
    }

    pub(super) fn parts(&self) -> &StoreParts {
        let parts = self.parts.get_or_init(|| {
            // SAFETY: this runs once after each `get_mut`, before any other reference to the store is made from a
            // shared reference to the cell: `whole` and `lend` call `parts` first and so wait for this. The
            // reference ends here; the parts stay valid afterwards.
            Parts(unsafe { &mut *self.store.get() }.parts())
        });
        &parts.0
    }

    /// Returns the whole store.
    ///
    /// # Safety
    /// While the reference lives, no mutable reference to a column may exist.
    pub(super) unsafe fn whole(&self) -> &Store {
        self.parts();
        // SAFETY: there is no mutable reference to the store: `parts` has made and dropped its own, and that
        // of `get_mut` would exclude `self`. The caller guarantees that there is no mutable reference to a column.
        // The pointers of the parts stay valid, see `StoreParts`.
        unsafe { &*self.store.get() }
    }

    /// Returns a closure that gives references to rows and columns, in ascending order.
    ///
    /// If `is_read_only`, the closure gives shared references also for columns that the view wants to write.
    ///
    /// # Safety
    /// While the closure or a reference from it lives, no other mutable reference to one of these columns may
    /// exist, and no other reference at all to a column that the closure gives mutably.
    pub(super) unsafe fn lend<'x>(&'x self, is_read_only: bool) -> impl FnMut(Wanted) -> Lent<'x> {
        const THERE: &str = "the store has the rows and columns of its views";
        let parts = self.parts();
        let mut last = None;
        move |wanted| {
            let (schema, slot, is_written) = match wanted {
                Wanted::Rows(schema) => {
                    let rows = parts.rows(schema).expect(THERE);
                    // SAFETY: rows are only written through `get_mut`, which excludes `self`.
                    return Lent::Rows(unsafe { &*rows });
                }
                Wanted::Read(schema, slot) => (schema, slot, false),
                Wanted::Written(schema, slot) => (schema, slot, !is_read_only),
            };
            let column = parts.column(schema, slot).expect(THERE);
            let place = Some((schema, slot));
            assert!(last < place, "a view must request each column once, in ascending order");
            last = place;
            if is_written {
                // SAFETY: the pointer is valid until `get_mut`, which excludes `self`. The caller guarantees that
                // there is no other reference to the column, and this closure gives each column once.
                Lent::Written(unsafe { &mut *column })
            } else {
                // SAFETY: the pointer is valid until `get_mut`, which excludes `self`. The caller guarantees that
                // there is no mutable reference to the column, and this closure gives each column once.
                Lent::Read(unsafe { &*column })
            }
        }
    }
}

/// Returns the store of a world that is borrowed as a whole.
pub(crate) fn store_of(world: &World) -> Option<&Store> {
    let cell = world.get_resource::<StoreCell>()?;
    // SAFETY: a mutable reference to a column needs write access to a component, and no system has it while the whole
    // world is borrowed.
    Some(unsafe { cell.whole() })
}

pub(super) fn cell_id(world: &mut World) -> ComponentId {
    world.components_registrator().register_component::<StoreCell>()
}

pub(crate) const NO_STORE: &str = "the world has no store: add `SlottedPlugin` to the app";

/// Gives a parameter that reads or writes columns access to the store.
#[doc(hidden)]
#[derive(Debug)]
pub struct CellAccess {
    pub(super) id: ComponentId,
    numbering: Numbering,
}

impl CellAccess {
    pub(super) fn new(world: &mut World) -> Self {
        Self { id: cell_id(world), numbering: ColumnIds::numbering(world) }
    }

    /// Returns `true` if the world still has the numbering of columns from when this was made.
    pub(super) fn is_of(&self, world: &mut World) -> bool {
        ColumnIds::numbering(world) == self.numbering
    }

    /// # Safety
    /// As for [`SystemParam::get_param`], with read access to the resource registered.
    #[inline]
    pub(super) unsafe fn get<'w, P>(
        &self,
        world: UnsafeWorldCell<'w>,
    ) -> Result<&'w StoreCell, SystemParamValidationError> {
        // SAFETY: the caller has registered read access to the resource, so there is no mutable reference to it.
        let cell = unsafe { world.get_resource_by_id(self.id) };
        // SAFETY: the resource with the id of `StoreCell` is a `StoreCell`.
        match cell.map(|cell| unsafe { cell.deref::<StoreCell>() }) {
            Some(cell) if cell.numbering == self.numbering => Ok(cell),
            Some(_) => Err(SystemParamValidationError::invalid::<P>(
                "the world's resources were cleared after this system was initialised: insert the store again \
                 and build the system again",
            )),
            None => Err(SystemParamValidationError::invalid::<P>(NO_STORE)),
        }
    }
}
