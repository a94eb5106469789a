//! What a system does with the objects of its views.

use std::fmt;

use slotted::{
    List, ObjectId, Text, View, schema::RegisteredSchema, slot_value::ListElement,
    view::SharedView, view::ViewRuns,
};

use crate::lending::{Slots, SlotsRef};
use crate::pool::ComputeTasks;

macro_rules! lookups {
    ($name:ident, $bound:ident) => {
        impl<V: $bound> fmt::Debug for $name<'_, '_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl<V: $bound> $name<'_, '_, V> {
            /// The string behind a handle of the store.
            #[must_use]
            pub fn resolve(&self, text: Text) -> Option<&str> {
                self.parts().resolve(text)
            }

            /// The handle of a text that some value has already had.
            #[must_use]
            pub fn find_text(&self, text: &str) -> Option<Text> {
                self.parts().find_text(text)
            }

            /// The elements behind a handle of the store.
            #[must_use]
            pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
                self.parts().resolve_list(list)
            }

            /// The schema of an object, alive or not.
            #[must_use]
            pub fn schema_of(&self, id: ObjectId) -> Option<&RegisteredSchema> {
                self.parts().schema_by_id(id.schema())
            }
        }
    };
}
lookups!(Slots, View);
lookups!(SlotsRef, SharedView);

impl<V: View> Slots<'_, '_, V> {
    /// Calls the closure with each object on the threads of Bevy's
    /// [`ComputeTaskPool`](bevy_tasks::ComputeTaskPool).
    ///
    /// Blocks of [`BLOCK_ROWS`](slotted::memory::BLOCK_ROWS) rows are handed to the threads.
    pub fn par_for_each(&mut self, visit: impl for<'x> Fn(V::Item<'x>) + Sync)
    where
        for<'x> V::Run<'x>: Send,
    {
        self.view().par_for_each_on(
            &ComputeTasks,
            #[inline(always)]
            |item| visit(item),
        );
    }

    /// Calls the closure with each run of adjacent objects on the threads of Bevy's
    /// [`ComputeTaskPool`](bevy_tasks::ComputeTaskPool).
    pub fn par_for_each_run(&mut self, visit: impl for<'x> Fn(V::Run<'x>) + Sync)
    where
        for<'x> V::Run<'x>: Send,
    {
        self.view().par_for_each_run_on(&ComputeTasks, visit);
    }

    /// The objects; [`for_each`](Self::for_each) is faster where a loop can use the vector units.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = V::Item<'_>> {
        self.view().iter()
    }

    /// The runs of adjacent objects.
    pub fn runs_mut(&mut self) -> ViewRuns<'_, V> {
        self.view().runs()
    }
}

impl<V: SharedView> SlotsRef<'_, '_, V> {
    /// Calls the closure with each object, in vectorised code: see [`vectorize`](slotted::vectorize).
    #[inline(always)]
    pub fn for_each(&self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
        self.view().for_each(
            #[inline(always)]
            |item| visit(item),
        );
    }

    /// The objects.
    pub fn iter(&self) -> impl Iterator<Item = V::Item<'_>> {
        self.view().iter()
    }
}
