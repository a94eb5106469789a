//! Views: structural queries over all tables that have the named slots.

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
use crate::simd::vectorize;
use crate::store::Store;

pub(super) use cache::ViewCache;
use cache::{TableMatch, match_of, match_schema};
pub use error::ViewError;
pub use field::{IdRun, ViewField};
pub use maybe::{MaybeIterMut, MaybeRun, MaybeRunMut, OptionIterMut, OptionMut, OptionRunMut};
use tables::Tables;
pub use walk::ViewRuns;
use walk::{Block, Visited, changed, count, for_each_block, item_of, unshare};

/// What `#[derive(View)]` uses.
pub(crate) mod view_support {
    pub use super::cache::Request;
    pub use super::field::SharedField;
    pub use super::tables::TableColumns;
}
use view_support::{Request, TableColumns};

/// A structural query: it matches every schema, from Rust or declared at run time, that has the
/// slots it names. Derive it for a struct with one lifetime.
///
/// | field | sees | matches a schema that has the slot |
/// |---|---|---|
/// | `&'a T` | the value | required |
/// | `&'a mut T` | the value, to change | required |
/// | `Option<&'a T>` | the value, if there is one | required, optional or not at all |
/// | `Option<&'a mut T>` | likewise, to change | required, optional or not at all |
/// | [`OptionMut<'a, T>`] | a value to change, set or unset | optional |
/// | [`ObjectId`](crate::ObjectId) | the object's id | |
///
/// `#[slot(name = "hp")]` on a field names another slot than the field does. The derive also makes
/// a struct of runs, with `Run` at the end of its name: the same fields, each over adjacent rows;
/// slices for the first two kinds of field.
///
/// Writing through a view is not held against the slots' constraints;
/// [`Store::validate`] checks them when asked to.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "not a view",
    note = "a view is a struct with a lifetime and `#[derive(View)]`, whose fields are named like slots"
)]
pub trait View {
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

/// A [`View`] that changes nothing. The derive implements it where no field is mutable.
#[diagnostic::on_unimplemented(
    message = "`{Self}` changes values",
    label = "has a mutable field",
    note = "use `store.view`, which borrows the store mutably, or `Slots` as a parameter of a Bevy system"
)]
pub trait SharedView: View {}

impl Store {
    /// The objects of all schemas that have the view's slots.
    ///
    /// Names are looked up when a view is used for the first time, and for schemas that have been
    /// registered since; after that a view costs a few nanoseconds and one or two for each schema.
    ///
    /// A view that no schema matches has no objects: schemas may come later. To have a misspelt
    /// field refused, name the schema: [`view_of`](Self::view_of).
    ///
    /// # Errors
    /// If no schema has the view's slots, but one has their names, with other kinds.
    #[inline]
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = Cow::Borrowed(self.views.update::<V>(&self.registry)?);
        Ok(ViewMut::new(Tables::Exclusive(&mut self.tables), matches))
    }

    /// The objects of exactly this schema.
    ///
    /// # Errors
    /// If the schema does not have the view's slots, with their kinds.
    pub fn view_of<V: View>(&mut self, schema: &str) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = Cow::Owned(self.matches_of::<V>(schema)?);
        Ok(ViewMut::new(Tables::Exclusive(&mut self.tables), matches))
    }

    /// The objects of all schemas that have the view's slots, for reading only.
    ///
    /// # Errors
    /// If no schema has the view's slots, but one has their names, with other kinds.
    pub fn view_ref<V: SharedView>(&self) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = self.views.get::<V>(&self.registry)?;
        Ok(ViewRef::new(Tables::Shared(&self.tables), matches))
    }

    /// The objects of exactly this schema, for reading only.
    ///
    /// # Errors
    /// If the schema does not have the view's slots, with their kinds.
    pub fn view_ref_of<V: SharedView>(&self, schema: &str) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = Cow::Owned(self.matches_of::<V>(schema)?);
        Ok(ViewRef::new(Tables::Shared(&self.tables), matches))
    }

    fn matches_of<V: View>(&self, schema: &str) -> Result<Vec<TableMatch>, ViewError> {
        let schema = self.find_schema(schema)?;
        Ok(vec![match_schema(schema, &V::requests())?])
    }
}

/// A [`View`] of a store's objects, to read and change.
#[must_use = "a view does nothing by itself"]
pub struct ViewMut<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` where it visits all.
    visited: Option<Visited>,
    view: PhantomData<fn() -> V>,
}

/// A [`View`] of a store's objects, to read.
#[must_use = "a view does nothing by itself"]
pub struct ViewRef<'s, V> {
    tables: Tables<'s>,
    matches: Cow<'s, [TableMatch]>,
    /// `None` where it visits all.
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
            /// Narrows the view to blocks that may have changed since the epoch: in which a value of
            /// one of the view's slots was written, or an object was spawned or despawned.
            ///
            /// A block has [`BLOCK_ROWS`](crate::BLOCK_ROWS) rows of one schema, and all its
            /// objects are visited: what is left out has not changed, what is visited may not have.
            /// A mutable field counts as written wherever it was visited. The epoch must be one of
            /// this store's, or the default one, since which everything has changed.
            pub fn changed_since(mut self, epoch: Epoch) -> Self {
                self.visited = Some(changed(&self.tables, &self.matches, epoch));
                self
            }

            /// Calls the closure with each object, in vectorised code: see
            /// [`vectorize`](crate::vectorize).
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

            /// Calls the closure with each run of adjacent objects, in vectorised code: see
            /// [`vectorize`](crate::vectorize).
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

            /// The runs of adjacent objects.
            ///
            /// [`for_each_run`](Self::for_each_run) is faster where a loop can use the vector
            /// units.
            pub fn runs(self) -> ViewRuns<'s, V> {
                ViewRuns::new(self.tables, self.matches, self.visited)
            }

            /// The objects.
            ///
            /// [`for_each`](Self::for_each) is faster where a loop can use the vector units.
            pub fn iter(self) -> impl Iterator<Item = V::Item<'s>> {
                self.runs().flat_map(V::items)
            }

            /// How many objects there are.
            #[must_use]
            pub fn count(&self) -> usize {
                count(&self.tables, &self.matches, self.visited.as_ref())
            }

            /// Calls the closure with each object on all of rayon's threads:
            /// [`par_for_each_on`](Self::par_for_each_on) them.
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

            /// Calls the closure with each run of adjacent objects on all of rayon's threads.
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

            /// Calls the closure with each object on all of a pool's threads.
            ///
            /// Blocks of [`BLOCK_ROWS`](crate::BLOCK_ROWS) rows are handed to the threads; what the
            /// closure sees of two objects never overlaps.
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

            /// Calls the closure with each run of adjacent objects on all of a pool's threads.
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

            /// One object, or `None` if it is not alive or not of a schema that the view matches.
            ///
            /// For many objects of one schema, a [column](crate::Store::column) is faster. A view that
            /// was narrowed still has all objects here.
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
