//! The store as a resource of its world.

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
    /// Where its columns are, from the first look at them until the store is changed as a whole.
    parts: OnceLock<Parts>,
    /// What its columns are called in what systems declare.
    numbering: Numbering,
}

struct Parts(StoreParts);

// SAFETY: besides schemas, texts and lists, which a `Store` has too, there are pointers to columns and rows. All
// of these are `Send` and `Sync`; the pointers are only followed under the rules of this module, by any thread.
unsafe impl Send for Parts {}
// SAFETY: as for `Send`: what the pointers lead to may be shared between threads.
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

    pub(super) fn parts(&self) -> &StoreParts {
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
    pub(super) unsafe fn whole(&self) -> &Store {
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
    pub(super) unsafe fn lend<'x>(&'x self, is_read_only: bool) -> impl FnMut(Wanted) -> Lent<'x> {
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

/// The store of a world that is borrowed as a whole.
pub(crate) fn store_of(world: &World) -> Option<&Store> {
    let cell = world.get_resource::<StoreCell>()?;
    // SAFETY: who has a column to write has declared to write a component, which nobody may while another one
    // has the whole world to read.
    Some(unsafe { cell.whole() })
}

pub(super) fn cell_id(world: &mut World) -> ComponentId {
    world.components_registrator().register_component::<StoreCell>()
}

pub(crate) const NO_STORE: &str = "the world has no store: add `SlottedPlugin` to the app";

/// How a parameter that looks at columns gets at the store.
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

    /// Whether the world still has the numbering of columns from when this was made.
    pub(super) fn is_of(&self, world: &mut World) -> bool {
        ColumnIds::numbering(world) == self.numbering
    }

    /// # Safety
    /// As for [`SystemParam::get_param`], with the resource declared to be read.
    #[inline]
    pub(super) unsafe fn get<'w, P>(
        &self,
        world: UnsafeWorldCell<'w>,
    ) -> Result<&'w StoreCell, SystemParamValidationError> {
        // SAFETY: the resource is declared to be read, as the caller promises, so that there is no mutable
        // reference to it.
        let cell = unsafe { world.get_resource_by_id(self.id) };
        // SAFETY: under the id of `StoreCell` there is a `StoreCell`.
        match cell.map(|cell| unsafe { cell.deref::<StoreCell>() }) {
            Some(cell) if cell.numbering == self.numbering => Ok(cell),
            Some(_) => Err(SystemParamValidationError::invalid::<P>(
                "the world was cleared of its resources between the system and the store: insert the store \
                 again and make the system anew",
            )),
            None => Err(SystemParamValidationError::invalid::<P>(NO_STORE)),
        }
    }
}
