//! Views: queries over all tables that have the named slots.

mod batches;
mod by_id;
mod cache;
mod error;
mod field;
mod filter;
mod filtered;
mod iter;
pub(in crate::store) mod lend;
mod marked;
mod marking;
mod maybe;
mod objects;
mod of_store;
mod parallel;
mod selection;
mod tables;
mod walk;

pub use batches::ViewBatch;
pub use by_id::{ViewMutById, ViewRefById};
pub(super) use cache::{SharedMatches, ViewCache};
pub use error::{GetDisjointError, ViewError, ViewReport};
pub use field::{IdRun, ViewField};
pub use iter::{RunIter, ViewIter};
pub use marked::{Mut, MutIter, MutRun};
pub use maybe::{
    MaybeIter, MaybeIterMut, MaybeRun, MaybeRunMut, OptionIterMut, OptionMut, OptionRunMut,
};
pub use objects::{ViewMut, ViewRef};
pub use walk::ViewRuns;

/// The items that `#[derive(View)]` uses.
pub(crate) mod view_support {
    pub use super::cache::Request;
    pub use super::field::{SetSlot, SharedField};
    pub use super::filter::Filter;
    pub use super::tables::TableColumns;
}
use view_support::{Filter, Request, TableColumns};

/// A query that matches every schema with the slots it names, from Rust or declared at run time.
///
/// Derive it for a struct with one lifetime.
///
/// | field | contains | the schema's slot must be |
/// |---|---|---|
/// | `&'a T` | the value | required |
/// | `&'a mut T` | the value, to change | required |
/// | [`Mut<'a, T>`] | the value, to change; [marks](crate::Store::track_changes) the object once it is changed | required |
/// | `Option<&'a T>` | the value, or `None` if it is unset or the schema lacks the slot | required, optional or absent |
/// | `Option<&'a mut T>` | the same, to change | required, optional or absent |
/// | [`OptionMut<'a, T>`] | the value, to change, set or unset | optional |
/// | [`ObjectId`](crate::ObjectId) | the object's id | |
///
/// `#[slot(name = "hp")]` on a field selects the slot `hp`, whatever the field's name is. The derive also makes
/// a struct of runs, with `Run` at the end of its name: the same fields for adjacent rows. A run of `&T` or `&mut T`
/// is a slice.
///
/// Writes through a view skip constraint checks; [`Store::validate`](crate::Store::validate) checks all objects on demand.
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
/// # Filters
///
/// A view can leave out objects by more than its fields: by attributes, and by methods on the view. Each may be given
/// several times; all must hold.
///
/// | attribute | method | the view visits |
/// |---|---|---|
/// | `#[view(of = "orc")]` | [`of("orc")`](crate::view::ViewMut::of) | objects of this schema and of those that [extend it](crate::Store#schemas-that-extend-others) |
/// | `#[view(with = "shield")]` | [`with("shield")`](crate::view::ViewMut::with) | objects of schemas that have the slot |
/// | `#[view(without = "shield")]` | [`without("shield")`](crate::view::ViewMut::without) | objects of schemas that lack it |
/// | `#[view(set = "poison")]` | [`where_set("poison")`](crate::view::ViewMut::where_set) | objects whose slot is set; required slots always are |
/// | `#[view(unset = "poison")]` | [`where_unset("poison")`](crate::view::ViewMut::where_unset) | objects whose slot is unset, or whose schema lacks it |
/// | `#[slot(set)]` on a field | | objects whose slot is set; the field is `&'a T`, `&'a mut T` or `Mut<'a, T>`, though the slot is optional |
///
/// Names that no schema declares are refused, like misspelt fields. `of`, `with` and `without` decide once for each
/// schema. `set` and `unset` read one byte for each object, 64 objects at a time, before the first visit: a slot that
/// one object in a hundred has set costs little for the others.
///
/// ```
/// use slotted::{Slotted, Store, View};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32, poison: Option<f32>, stun: Option<f32> }
///
/// #[derive(View)]
/// #[view(unset = "stun")]
/// struct Suffering<'a> {
///     health: &'a mut f32,
///     #[slot(set)]
///     poison: &'a f32,
/// }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = |poison, stun| Unit { health: 80.0, poison, stun };
/// store.spawn_batch([unit(None, None), unit(Some(2.0), Some(1.0))])?;
/// let poisoned = store.spawn(unit(Some(5.0), None))?;
/// for unit in store.view::<Suffering>()? {
///     *unit.health -= unit.poison;
/// }
/// assert_eq!(store.view::<Suffering>()?.count(), 1);
/// assert_eq!(store.get_object::<Unit>(poisoned)?.health, 75.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Other objects while a view writes
///
/// A loop over bullets may need the positions of units. [`Store::split`](crate::Store::split) lends views and columns of different
/// [schemas](crate::view::SplitStore#other-objects-of-another-schema) at the same time, without a copy. Values of the
/// [same column](crate::view::SplitStore#other-objects-of-the-same-schema) come from a snapshot: the first write to each
/// block afterwards copies the block. To change a few objects of one view at the same time, use
/// [`get_disjoint_mut`](crate::view::ViewMut::get_disjoint_mut).
///
/// # Slots of another kind
///
/// A view skips a schema that has all required names, but one of them with another kind.
/// [`Store::view_report`](crate::Store::view_report) lists such slots. If the view matches no other schema, it is refused with
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
    #[doc(hidden)]
    const FILTERS: &'static [Filter<'static>];
    /// `true` if a filter or field requires slots to be set or unset.
    #[doc(hidden)]
    const HAS_TESTS: bool;
    /// `true` if a field's values are enums. Their bytes are checked when they are read.
    #[doc(hidden)]
    const HAS_ENUMS: bool;

    /// The view of one object.
    type Item<'t>;
    /// The view of objects in adjacent rows.
    type Run<'t>;
    #[doc(hidden)]
    type Blocks<'t>;
    #[doc(hidden)]
    type Items<'t>: Iterator;
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
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t>;
    #[doc(hidden)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t>;
    #[doc(hidden)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x>;
    /// Returns one object of a view without mutable fields.
    #[doc(hidden)]
    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t>;
    #[doc(hidden)]
    fn empty<'t>() -> Self::Run<'t>;
    #[doc(hidden)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t>;
    #[doc(hidden)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t>;
    /// Returns the objects in some rows of one block, in ascending order.
    #[doc(hidden)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>>;

    /// Returns one object.
    #[doc(hidden)]
    #[inline(always)]
    fn at<'t>(blocks: Self::Blocks<'t>, row: u32) -> Option<Self::Item<'t>> {
        Self::rows(blocks, std::iter::once(row)).next()
    }
}

/// A [`View`] that changes nothing. The derive implements it for structs without mutable fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` changes values",
    label = "has a mutable field",
    note = "use `store.view`, which borrows the store mutably, or `Slots` as a parameter of a Bevy system"
)]
pub trait SharedView: View {}
