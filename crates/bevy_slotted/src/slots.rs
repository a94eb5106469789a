//! Iteration, parallel loops and look-ups of [`Slots`] and [`SlotsRef`].

use std::fmt;

use slotted::{
    Any, List, ObjectId, Text, Value, View, schema::RegisteredSchema, slot_value::ListElement,
    view::SharedView, view::ViewIter, view::ViewRuns,
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
            /// Returns the string of a text handle. A handle of another store gives `None` or another text.
            ///
            /// Computes in **O(1)** time.
            ///
            /// ```
            /// use bevy_slotted::prelude::*;
            /// use bevy_slotted::slotted::Text;
            ///
            /// #[derive(View)]
            /// struct Named<'a> { name: &'a Text }
            ///
            #[doc = concat!("fn name_of(units: &", stringify!($name), "<Named>, id: ObjectId) -> String {")]
            ///     let name = units.get(id).and_then(|unit| units.resolve(*unit.name));
            ///     name.unwrap_or("nameless").to_owned()
            /// }
            /// ```
            #[must_use]
            pub fn resolve(&self, text: Text) -> Option<&str> {
                self.parts().resolve(text)
            }

            /// Returns the handle of a text, or `None` if the store has not interned it.
            ///
            /// Comparing handles is cheaper than comparing strings.
            #[must_use]
            pub fn find_text(&self, text: &str) -> Option<Text> {
                self.parts().find_text(text)
            }

            /// Returns the elements of a list handle. A handle of another store gives `None` or another list.
            ///
            /// Computes in **O(1)** time.
            #[must_use]
            pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&[T]> {
                self.parts().resolve_list(list)
            }

            /// Returns the value of a handle. A handle of another store gives `None` or another value.
            ///
            /// Computes in **O(n)** time.
            #[must_use]
            pub fn resolve_any(&self, any: Any) -> Option<Value> {
                self.parts().resolve_any(any)
            }

            /// Returns the schema of an object, alive or not, or `None` if the store does not have the schema.
            ///
            /// Computes in **O(1)** time.
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
    /// Calls the closure with each object, in parallel on Bevy's
    /// [`ComputeTaskPool`](bevy_tasks::ComputeTaskPool).
    ///
    /// Each task gets whole blocks of [`BLOCK_ROWS`](slotted::memory::BLOCK_ROWS) rows. Few objects are faster with
    /// [`for_each`](Self::for_each).
    ///
    /// ```
    /// # use bevy_app::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { position: f32, velocity: f32 }
    /// # #[derive(View)]
    /// # struct Moving<'a> { position: &'a mut f32, velocity: &'a f32 }
    /// fn move_units(mut units: Slots<Moving>) {
    ///     units.par_for_each(|unit| *unit.position += *unit.velocity);
    /// }
    /// # let mut app = App::new();
    /// # app.add_plugins((TaskPoolPlugin::default(), SlottedPlugin::default()));
    /// # app.register_slotted::<Unit>().add_systems(Update, move_units);
    /// # let unit = app.world_mut().store_mut().spawn(Unit { position: 1.0, velocity: 2.0 })?;
    /// # app.update();
    /// # assert_eq!(app.world().store().get_object::<Unit>(unit)?.position, 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Calls the closure with each run of adjacent objects, in parallel on Bevy's
    /// [`ComputeTaskPool`](bevy_tasks::ComputeTaskPool).
    ///
    /// A run's fields are slices of equal length.
    pub fn par_for_each_run(&mut self, visit: impl for<'x> Fn(V::Run<'x>) + Sync)
    where
        for<'x> V::Run<'x>: Send,
    {
        self.view().par_for_each_run_on(&ComputeTasks, visit);
    }

    /// Returns an iterator over the objects, as `for unit in &mut units` uses.
    ///
    /// [`for_each`](Self::for_each) is faster for loops that can use the vector units.
    ///
    /// ```
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a mut f32 }
    /// fn heal_the_first(mut units: Slots<Health>) {
    ///     if let Some(unit) = units.iter_mut().find(|unit| *unit.health < 10.0) {
    ///         *unit.health = 100.0;
    ///     }
    /// }
    /// # bevy_ecs::system::assert_is_system(heal_the_first);
    /// ```
    pub fn iter_mut(&mut self) -> ViewIter<'_, V> {
        self.view().into_iter()
    }

    /// Returns an iterator over the objects for reading, as `for unit in &units` uses.
    ///
    /// [`SlotsRef::iter`] has an example.
    pub fn iter(&self) -> ViewIter<'_, V>
    where
        V: SharedView,
    {
        self.view_ref().into_iter()
    }

    /// Returns an iterator over the runs of adjacent objects.
    ///
    /// A run's fields are slices of equal length.
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

    /// Returns an iterator over the objects.
    ///
    /// ```
    /// # use bevy_slotted::prelude::*;
    /// # #[derive(View)]
    /// # struct Health<'a> { health: &'a f32 }
    /// fn all_are_dead(units: SlotsRef<Health>) -> bool {
    ///     units.iter().all(|unit| *unit.health <= 0.0)
    /// }
    /// # bevy_ecs::system::assert_is_read_only_system(all_are_dead);
    /// ```
    pub fn iter(&self) -> ViewIter<'_, V> {
        self.view().into_iter()
    }
}

/// Iterates over the objects, with references that live as long as the system runs.
///
/// ```
/// # use bevy_slotted::prelude::*;
/// # #[derive(View)]
/// # struct Health<'a> { health: &'a mut f32 }
/// fn heal_all(units: Slots<Health>) {
///     for unit in units {
///         *unit.health += 1.0;
///     }
/// }
/// # bevy_ecs::system::assert_is_system(heal_all);
/// ```
impl<'t, V: View> IntoIterator for Slots<'t, 't, V> {
    type Item = V::Item<'t>;
    type IntoIter = ViewIter<'t, V>;

    fn into_iter(self) -> ViewIter<'t, V> {
        self.into_view().into_iter()
    }
}

/// Iterates over the objects, as for Bevy's `Query`.
///
/// ```
/// # use bevy_slotted::prelude::*;
/// # #[derive(View)]
/// # struct Health<'a> { health: &'a mut f32 }
/// fn heal_all(mut units: Slots<Health>) {
///     for unit in &mut units {
///         *unit.health += 1.0;
///     }
/// }
/// # bevy_ecs::system::assert_is_system(heal_all);
/// ```
impl<'x, V: View> IntoIterator for &'x mut Slots<'_, '_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        self.iter_mut()
    }
}

/// Iterates over the objects of a view that only reads.
impl<'x, V: SharedView> IntoIterator for &'x Slots<'_, '_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        self.iter()
    }
}

/// Iterates over the objects, with references that live as long as the system runs.
impl<'t, V: SharedView> IntoIterator for SlotsRef<'t, 't, V> {
    type Item = V::Item<'t>;
    type IntoIter = ViewIter<'t, V>;

    fn into_iter(self) -> ViewIter<'t, V> {
        self.into_view().into_iter()
    }
}

/// Iterates over the objects, as for Bevy's `Query`.
///
/// ```
/// # use bevy_slotted::prelude::*;
/// # #[derive(View)]
/// # struct Health<'a> { id: ObjectId, health: &'a f32 }
/// fn report(units: SlotsRef<Health>) {
///     for unit in &units {
///         println!("{}: {}", unit.id, unit.health);
///     }
/// }
/// # bevy_ecs::system::assert_is_system(report);
/// ```
impl<'x, V: SharedView> IntoIterator for &'x SlotsRef<'_, '_, V> {
    type Item = V::Item<'x>;
    type IntoIter = ViewIter<'x, V>;

    fn into_iter(self) -> ViewIter<'x, V> {
        self.iter()
    }
}
