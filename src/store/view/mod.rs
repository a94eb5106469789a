//! Views: queries over all tables that have the named slots.

mod cache;
mod error;
mod field;
pub(in crate::store) mod lend;
mod maybe;
mod tables;
mod walk;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::epoch::Epoch;
use crate::id::ObjectId;
#[cfg(feature = "rayon")]
use crate::pool::Rayon;
use crate::pool::ThreadPool;
use crate::schema::SchemaSelector;
use crate::simd::vectorize;
use crate::store::Store;

pub(super) use cache::ViewCache;
use cache::{TableMatch, match_of};
pub use error::{ViewError, ViewReport};
pub use field::{IdRun, ViewField};
pub use maybe::{MaybeIterMut, MaybeRun, MaybeRunMut, OptionIterMut, OptionMut, OptionRunMut};
use tables::Tables;
pub use walk::ViewRuns;
use walk::{Block, Visited, changed, count, for_each_block, item_of, unshare};

/// The items that `#[derive(View)]` uses.
pub(crate) mod view_support {
    pub use super::cache::Request;
    pub use super::field::SharedField;
    pub use super::tables::TableColumns;
}
use view_support::{Request, TableColumns};

/// A query that matches every schema with the slots it names, from Rust or declared at run time.
///
/// Derive it for a struct with one lifetime.
///
/// | field | contains | the schema's slot must be |
/// |---|---|---|
/// | `&'a T` | the value | required |
/// | `&'a mut T` | the value, to change | required |
/// | `Option<&'a T>` | the value, or `None` if it is unset or the schema lacks the slot | required, optional or absent |
/// | `Option<&'a mut T>` | the same, to change | required, optional or absent |
/// | [`OptionMut<'a, T>`] | the value, to change, set or unset | optional |
/// | [`ObjectId`](crate::ObjectId) | the object's id | |
///
/// `#[slot(name = "hp")]` on a field selects the slot `hp`, whatever the field's name is. The derive also makes
/// a struct of runs, with `Run` at the end of its name: the same fields for adjacent rows. A run of `&T` or `&mut T`
/// is a slice.
///
/// Writes through a view skip constraint checks; [`Store::validate`] checks all objects on demand.
///
/// ```
/// use slotted::{ObjectId, Slotted, Store, View, glam::Vec3};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3, velocity: Vec3, shield: Option<f32> }
///
/// #[derive(View)]
/// struct Moving<'a> { position: &'a mut Vec3, velocity: &'a Vec3 }
///
/// #[derive(View)]
/// struct Shielded<'a> { id: ObjectId, shield: Option<&'a f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = Unit { position: Vec3::ZERO, velocity: Vec3::X, shield: None };
/// store.spawn_batch([unit; 100])?;
///
/// store.view::<Moving>()?.for_each(|unit| *unit.position += *unit.velocity * 0.5);
/// for run in store.view::<Moving>()?.runs() {
///     assert_eq!(run.position, [Vec3::X * 0.5; 100]);
/// }
/// assert!(store.view_ref::<Shielded>()?.iter().all(|unit| unit.shield.is_none()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Misspelt fields
///
/// Every slot that a view names must be declared by a registered schema, with the view's kind. This includes
/// `Option` fields. Otherwise the view is refused:
///
/// ```
/// # use slotted::{Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { position: f32, velocity: f32 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// #[derive(View)]
/// struct Moving<'a> { position: &'a mut f32, velocty: &'a f32 }
///
/// let error = store.view::<Moving>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "view 'Moving' wants slot 'velocty', which no schema declares; did you mean 'velocity'?",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `#[view(lenient)]` on the struct waives this for slots of schemas that are registered later. Until then the view
/// has no objects.
///
/// ```
/// # use slotted::{Kind, Schema, Slotted, Store, View, record};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// #[derive(View)]
/// #[view(lenient)]
/// struct Raging<'a> { health: &'a f32, rage: &'a mut f32 }
///
/// assert_eq!(store.view::<Raging>()?.count(), 0);
/// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32);
/// store.register_schema(orc.build()?)?;
/// store.spawn_record("orc", record! { health: 120.0, rage: 0.5 })?;
/// assert_eq!(store.view::<Raging>()?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Slots of another kind
///
/// A view skips a schema that has all required names, but one of them with another kind.
/// [`Store::view_report`] lists such slots. If the view matches no other schema, it is refused with
/// [`ViewError::WrongType`], lenient or not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "not a view",
    note = "a view is a struct with a lifetime and `#[derive(View)]`, whose fields are named like slots"
)]
#[doc(alias = "query")]
pub trait View {
    #[doc(hidden)]
    const NAME: &'static str;
    #[doc(hidden)]
    const IS_LENIENT: bool;

    /// The view of one object.
    type Item<'t>;
    /// The view of objects in adjacent rows.
    type Run<'t>;
    #[doc(hidden)]
    type Blocks<'t>;
    #[doc(hidden)]
    type Static: 'static;

    #[doc(hidden)]
    fn requests() -> Vec<(&'static str, Option<Request>)>;
    #[doc(hidden)]
    fn blocks<'t>(columns: TableColumns<'t, '_>) -> Self::Blocks<'t>;
    #[doc(hidden)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>>;
    #[doc(hidden)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize);
    #[doc(hidden)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t>;
    #[doc(hidden)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x>;
    #[doc(hidden)]
    fn items<'t>(run: Self::Run<'t>) -> impl Iterator<Item = Self::Item<'t>>;
}

/// A [`View`] that changes nothing. The derive implements it for structs without mutable fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` changes values",
    label = "has a mutable field",
    note = "use `store.view`, which borrows the store mutably, or `Slots` as a parameter of a Bevy system"
)]
pub trait SharedView: View {}

impl Store {
    /// Returns the objects of all schemas that have the view's slots.
    ///
    /// The first use of a view looks up its names; later uses examine new schemas only. Then a view takes a few
    /// nanoseconds, plus 1 to 2 ns for each schema.
    ///
    /// # Errors
    /// Returns an error if no schema declares one of the view's slots: see [misspelt fields](View#misspelt-fields).
    /// Also returns an error if the view matches no schema, but one has its names with
    /// [other kinds](View#slots-of-another-kind).
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// store.view::<Healing>()?.for_each(|unit| *unit.health += 5.0);
    /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query")]
    #[inline]
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = self.views.update::<V>(&self.registry);
        matches.check()?;
        Ok(ViewMut::new(Tables::Exclusive(&mut self.tables), Cow::Borrowed(matches.tables())))
    }

    /// Returns the objects of the schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered, if it does not have the view's slots with their
    /// kinds, or if [`view`](Self::view) refuses the view.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Slotted, Store, View, exactly, record};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// let orc = store.spawn_record("orc", record! { health: 120.0 })?;
    /// store.view_of::<Healing>("orc")?.for_each(|orc| *orc.health += 5.0);
    /// assert_eq!(store.get_object::<Unit>(orc)?.health, 125.0);
    /// assert_eq!(store.view_of::<Healing>("unit")?.count(), 2);
    /// assert_eq!(store.view_of::<Healing>(exactly("unit"))?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view_of<'n, V: View>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = self.views.update::<V>(&self.registry);
        let selected = matches.selected(&self.registry, schema.into(), V::requests)?;
        Ok(ViewMut::new(Tables::Exclusive(&mut self.tables), Cow::Owned(selected)))
    }

    /// Returns the objects of all schemas that have the view's slots, for reading only.
    ///
    /// # Errors
    /// Returns an error if [`view`](Self::view) would.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Slotted, Store, View, record};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healths<'a> { health: &'a f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// store.spawn_record("orc", record! { health: 120.0 })?;
    /// assert_eq!(store.view_ref::<Healths>()?.iter().map(|unit| *unit.health).sum::<f32>(), 200.0);
    /// assert_eq!(store.view_ref_of::<Healths>("orc")?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query")]
    pub fn view_ref<V: SharedView>(&self) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = self.views.get::<V>(&self.registry);
        matches.check()?;
        let matches = match matches {
            Cow::Borrowed(matches) => Cow::Borrowed(matches.tables()),
            Cow::Owned(matches) => Cow::Owned(matches.tables().to_vec()),
        };
        Ok(ViewRef::new(Tables::Shared(&self.tables), matches))
    }

    /// Returns the objects of the schema and of those that [extend it](Self#schemas-that-extend-others), for reading
    /// only.
    ///
    /// [`view_ref`](Self::view_ref) has an example.
    ///
    /// # Errors
    /// Returns an error if [`view_of`](Self::view_of) would.
    pub fn view_ref_of<'n, V: SharedView>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = self.views.get::<V>(&self.registry);
        let selected = matches.selected(&self.registry, schema.into(), V::requests)?;
        Ok(ViewRef::new(Tables::Shared(&self.tables), Cow::Owned(selected)))
    }

    /// Returns the schemas that a view matches, and those that it skips because a slot is of another kind.
    ///
    /// Use it to find out why a view does not visit some objects.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("tree").slot("health", Kind::U8).build()?)?;
    /// let report = store.view_report::<Healing>();
    /// assert_eq!(report.schemas().collect::<Vec<_>>(), ["unit"]);
    /// assert_eq!(report.skipped()[0].to_string(), "slot 'health' of 'tree' is u8, not f32");
    /// assert_eq!(report.error(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn view_report<V: View>(&self) -> ViewReport {
        self.views.get::<V>(&self.registry).report(&self.registry)
    }
}

/// A [`View`] of a store's objects, to read and change.
#[must_use = "a view does nothing by itself"]
pub struct ViewMut<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` if the view visits all blocks.
    visited: Option<Visited>,
    view: PhantomData<fn() -> V>,
}

/// A [`View`] of a store's objects, to read.
#[must_use = "a view does nothing by itself"]
pub struct ViewRef<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` if the view visits all blocks.
    visited: Option<Visited>,
    view: PhantomData<fn() -> V>,
}

macro_rules! iteration {
    ($name:ident) => {
        impl<V> fmt::Debug for $name<'_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let schemas = self.matches.len();
                f.debug_struct(stringify!($name)).field("schemas", &schemas).finish_non_exhaustive()
            }
        }

        impl<'s, V> $name<'s, V> {
            #[inline]
            const fn new(tables: Tables<'s>, matches: Cow<'s, [TableMatch]>) -> Self {
                Self { tables, matches, visited: None, view: PhantomData }
            }
        }

        impl<'s, V: View> $name<'s, V> {
            /// Narrows the view to blocks that may have changed since the epoch.
            ///
            /// A block has changed if a value of the view's slots was written, or an object was spawned or
            /// despawned. Visits all [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) rows of such a block, so unchanged
            /// objects can be among them. Each visit of a mutable field counts as a write. The epoch
            /// must come from this store; the default epoch selects all blocks.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// let epoch = store.advance_epoch();
            /// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 0);
            /// store.set_value(unit, "health", 90.0)?;
            /// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 1);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn changed_since(mut self, epoch: Epoch) -> Self {
                self.visited = Some(changed(&self.tables, &self.matches, epoch));
                self
            }

            /// Calls the closure with each object, in [vectorised](crate::vectorize) code.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// #[derive(View)]
            /// struct Healing<'a> { health: &'a mut f32 }
            ///
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// store.view::<Healing>()?.for_each(|unit| *unit.health += 5.0);
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[inline(always)]
            pub fn for_each(self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
                let Self { tables, matches, visited, .. } = self;
                vectorize(
                    #[inline(always)]
                    || {
                        for_each_block::<V>(
                            tables.walk(),
                            &matches,
                            visited.as_ref(),
                            #[inline(always)]
                            |block| {
                                block.for_each(
                                    #[inline(always)]
                                    |item| visit(item),
                                );
                            },
                        );
                    },
                );
            }

            /// Calls the closure with each run of adjacent objects, in [vectorised](crate::vectorize) code.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healing<'a> { health: &'a mut f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// store.view::<Healing>()?.for_each_run(|run| {
            ///     for health in run.health {
            ///         *health += 5.0;
            ///     }
            /// });
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[inline(always)]
            pub fn for_each_run(self, mut visit: impl FnMut(V::Run<'s>)) {
                let Self { tables, matches, visited, .. } = self;
                vectorize(
                    #[inline(always)]
                    || {
                        for_each_block::<V>(
                            tables.walk(),
                            &matches,
                            visited.as_ref(),
                            #[inline(always)]
                            |block| {
                                block.for_each_run(
                                    #[inline(always)]
                                    |run| visit(run),
                                );
                            },
                        );
                    },
                );
            }

            /// Returns the runs of adjacent objects.
            ///
            /// [`for_each_run`](Self::for_each_run) is faster for loops that can use the vector units.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// store.spawn_batch([Unit { health: 80.0 }; 2])?;
            /// for run in store.view_ref::<Healths>()?.runs() {
            ///     assert_eq!(run.health, [80.0, 80.0]);
            /// }
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn runs(self) -> ViewRuns<'s, V> {
                ViewRuns::new(self.tables, self.matches, self.visited)
            }

            /// Iterates over the objects.
            ///
            /// [`for_each`](Self::for_each) is faster for loops that can use the vector units.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// store.spawn_batch([Unit { health: 80.0 }, Unit { health: 5.0 }])?;
            /// let weak = store.view_ref::<Healths>()?.iter().filter(|unit| *unit.health < 10.0);
            /// assert_eq!(weak.count(), 1);
            /// assert_eq!(store.view_ref::<Healths>()?.count(), 2);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn iter(self) -> impl Iterator<Item = V::Item<'s>> {
                self.runs().flat_map(V::items)
            }

            /// Returns the number of objects.
            ///
            /// Computes in **O(schemas)** time, in **O(blocks)** after
            /// [`changed_since`](Self::changed_since). [`iter`](Self::iter) has an example.
            #[must_use]
            pub fn count(&self) -> usize {
                count(&self.tables, &self.matches, self.visited.as_ref())
            }

            /// Calls the closure with each object, on all of rayon's threads.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healing<'a> { health: &'a mut f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// store.view::<Healing>()?.par_for_each(|unit| *unit.health += 5.0);
            /// store.view::<Healing>()?.par_for_each_run(|run| run.health.fill(1.0));
            /// assert_eq!(store.get_object::<Unit>(unit)?.health, 1.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[cfg(feature = "rayon")]
            pub fn par_for_each(self, visit: impl for<'x> Fn(V::Item<'x>) + Sync)
            where
                V::Run<'s>: Send,
            {
                self.par_for_each_on(
                    &Rayon,
                    #[inline(always)]
                    |item| visit(item),
                );
            }

            /// Calls the closure with each run of adjacent objects, on all of rayon's threads.
            ///
            /// [`par_for_each`](Self::par_for_each) has an example.
            #[cfg(feature = "rayon")]
            pub fn par_for_each_run(self, visit: impl Fn(V::Run<'s>) + Sync)
            where
                V::Run<'s>: Send,
            {
                self.par_for_each_run_on(
                    &Rayon,
                    #[inline(always)]
                    |run| visit(run),
                );
            }

            /// Calls the closure with each object, on all of a pool's threads.
            ///
            /// Each thread takes blocks of [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS) rows.
            /// [`ThreadPool`] has an example.
            pub fn par_for_each_on(
                self,
                pool: &impl ThreadPool,
                visit: impl for<'x> Fn(V::Item<'x>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                self.par_for_each_block(
                    pool,
                    #[inline(always)]
                    |block| {
                        block.for_each(
                            #[inline(always)]
                            |item| visit(item),
                        );
                    },
                );
            }

            /// Calls the closure with each run of adjacent objects, on all of a pool's threads.
            ///
            /// [`ThreadPool`] has an example.
            pub fn par_for_each_run_on(
                self,
                pool: &impl ThreadPool,
                visit: impl Fn(V::Run<'s>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                self.par_for_each_block(
                    pool,
                    #[inline(always)]
                    |block| {
                        block.for_each_run(
                            #[inline(always)]
                            |run| visit(run),
                        );
                    },
                );
            }

            fn par_for_each_block(
                mut self,
                pool: &impl ThreadPool,
                visit: impl Fn(Block<'s, V>) + Sync,
            ) where
                V::Run<'s>: Send,
            {
                unshare(&mut self.tables, &self.matches, self.visited.as_ref(), pool);
                let mut blocks = Vec::new();
                for_each_block::<V>(
                    self.tables.walk(),
                    &self.matches,
                    self.visited.as_ref(),
                    |block| {
                        blocks.push(block);
                    },
                );
                pool.map(blocks, |block| {
                    vectorize(
                        #[inline(always)]
                        || visit(block),
                    );
                });
            }

            /// Returns one object, or `None` if it is not alive or its schema does not match the view.
            ///
            /// Ignores [`changed_since`](Self::changed_since). A [column](crate::Store::column) is faster for many
            /// objects of one schema.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let unit = store.spawn(Unit { health: 80.0 })?;
            /// let mut view = store.view_ref::<Healths>()?;
            /// assert_eq!(view.get(unit).map(|unit| *unit.health), Some(80.0));
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
                let found = match_of(&self.matches, id.schema())?;
                self.tables.with_match(found, |columns| {
                    let rows = columns.rows();
                    let is_alive = rows.is_alive(id.row(), id.generation());
                    is_alive.then(|| item_of::<V>(V::blocks(columns), rows, id)).flatten()
                })
            }
        }
    };
}
iteration!(ViewMut);
iteration!(ViewRef);
