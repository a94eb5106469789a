//! Single objects of a view, by id.

use std::{fmt, vec};

use crate::epoch::Epoch;
use crate::id::{ObjectId, SchemaId};
use crate::storage::BLOCK_ROWS;
use crate::store::view::cache::{TableMatch, match_of};
use crate::store::view::error::GetDisjointError;
use crate::store::view::selection::TableSelection;
use crate::store::view::tables::{TableColumns, TableSource, Tables};
use crate::store::view::{SharedView, View, ViewMut, ViewRef};

impl<'s, V: View> ViewMut<'s, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Obeys [filters](View#filters), but ignores [`changed_since`](Self::changed_since). Counts as a write to the view's
    /// mutable slots. Computes in **O(log schemas)** time, and copies blocks that a snapshot shares.
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
    /// let mut view = store.view::<Healing>()?;
    /// if let Some(unit) = view.get(unit) {
    ///     *unit.health += 5.0;
    /// }
    /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        let found = match_of(&self.matches, id.schema())?;
        if !found.tests.is_empty() && !self.tables.passes(found, id.row()) {
            return None;
        }
        self.tables.mark_visit(found, id);
        self.tables.with_match(
            found,
            #[inline(always)]
            |columns| item_of::<V>(columns, id),
        )
    }

    /// Prepares the view for many calls of [`get`](ViewMutById::get): each is several times faster then, unless the
    /// view has an enum.
    ///
    /// Tests whether slots are set or unset now, not at each call. Ignores [`changed_since`](Self::changed_since).
    /// Computes in **O(schemas + blocks)** time, in **O(objects)** for views that test slots. A look-up in a view with
    /// an enum takes as long as [`get`](Self::get): it checks the enum that it returns, not a block of them.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # #[derive(View)]
    /// # struct Healing<'a> { health: &'a mut f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let wounded: Vec<ObjectId> = store.spawn_batch([Unit { health: 80.0 }; 3])?.collect();
    /// let mut units = store.view::<Healing>()?.by_id();
    /// for id in &wounded {
    ///     if let Some(unit) = units.get(*id) {
    ///         *unit.health += 5.0;
    ///     }
    /// }
    /// assert_eq!(store.get_object::<Unit>(wounded[2])?.health, 85.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_id(mut self) -> ViewMutById<'s, V> {
        let mut passing = passing(&self.tables, &self.matches);
        if V::HAS_ENUMS || self.tables.marks_visits(&self.matches) {
            let single = Some(Box::new(Single { view: self, passing: passing.collect() }));
            return ViewMutById { places: ByNumber::default(), single };
        }
        let Self { tables, matches, .. } = self;
        let mut tables = tables.walk();
        let places = ByNumber::new(&matches, |found| {
            let (rows, mut blocks) = tables.next(found, V::blocks).expect("a view has its tables");
            let block = |_| BlockPlace::Untouched(V::take_block(&mut blocks));
            let blocks = (0..rows.blocks()).map(block).collect();
            TablePlace {
                generations: rows.generations(),
                passing: passing.next().flatten(),
                blocks,
            }
        });
        ViewMutById { places, single: None }
    }

    /// Returns several objects, to change at the same time.
    ///
    /// Computes in **O(schemas + N log N)** time.
    ///
    /// # Errors
    /// Returns an error if an id repeats, or if [`get`](Self::get) returns `None` for one of them.
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
    /// let strong = store.spawn(Unit { health: 80.0 })?;
    /// let weak = store.spawn(Unit { health: 20.0 })?;
    /// let mut view = store.view::<Healing>()?;
    /// let [giver, taker] = view.get_disjoint_mut([strong, weak])?;
    /// *giver.health -= 10.0;
    /// *taker.health += 10.0;
    /// let error = view.get_disjoint_mut([weak, weak]).err().unwrap();
    /// assert_eq!(error.to_string(), format!("object {weak} is named twice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_disjoint_mut<const N: usize>(
        &mut self,
        ids: [ObjectId; N],
    ) -> Result<[V::Item<'_>; N], GetDisjointError> {
        let mut order: [usize; N] = std::array::from_fn(|position| position);
        order.sort_unstable_by_key(|position| (ids[*position].schema(), ids[*position].row()));
        for pair in order.windows(2) {
            let (id, next) = (ids[pair[0]], ids[pair[1]]);
            if id == next {
                return Err(GetDisjointError::Repeated { id });
            }
        }
        for id in ids {
            if !self.contains(id) {
                return Err(GetDisjointError::Missing { id });
            }
        }
        for id in ids {
            let found = match_of(&self.matches, id.schema()).expect("the view contains it");
            self.tables.mark_visit(found, id);
        }
        let mut items = [const { None }; N];
        let mut order = &order[..];
        let mut tables = self.tables.reborrow().walk();
        for found in &*self.matches {
            let is_here = |position: &usize| ids[*position].schema() == found.schema();
            let (wanted, rest) = order.split_at(order.iter().take_while(|p| is_here(p)).count());
            order = rest;
            tables.next(found, |columns| {
                take_rows::<V>(V::blocks(columns), &ids, wanted, &mut items);
            });
        }
        Ok(items.map(|item| item.expect("the rows are alive and different")))
    }

    fn contains(&self, id: ObjectId) -> bool {
        match_of(&self.matches, id.schema()).is_some_and(|found| {
            self.tables.rows(found).is_alive(id.row(), id.generation())
                && self.tables.passes(found, id.row())
        })
    }
}

impl<'s, V: SharedView> ViewRef<'s, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Obeys [filters](View#filters), but ignores [`changed_since`](Self::changed_since). Computes in
    /// **O(log schemas)** time. [`by_id`](Self::by_id) is for many look-ups.
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
    /// let view = store.view_ref::<Healths>()?;
    /// assert_eq!(view.get(unit).map(|unit| *unit.health), Some(80.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'s>> {
        let found = match_of(&self.matches, id.schema())?;
        let item = self.tables.read_match(found, |columns| item_of::<V>(columns, id))?;
        (found.tests.is_empty() || self.tables.passes(found, id.row())).then_some(item)
    }

    /// Prepares the view for many calls of [`get`](ViewRefById::get): each is several times faster then, unless the
    /// view has an enum.
    ///
    /// Tests whether slots are set or unset now, not at each call. Ignores [`changed_since`](Self::changed_since).
    /// Computes in **O(schemas + blocks)** time, in **O(objects)** for views that test slots. A look-up in a view with
    /// an enum takes as long as [`get`](Self::get): it checks the enum that it returns, not a block of them.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # #[derive(View)]
    /// # struct Healths<'a> { health: &'a f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let units: Vec<ObjectId> = store.spawn_batch([Unit { health: 80.0 }; 3])?.collect();
    /// let healths = store.view_ref::<Healths>()?.by_id();
    /// let health = |id| healths.get(id).map(|unit| *unit.health);
    /// assert_eq!(units.iter().filter_map(|unit| health(*unit)).sum::<f32>(), 240.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_id(self) -> ViewRefById<'s, V> {
        let mut passing = passing(&self.tables, &self.matches);
        if V::HAS_ENUMS {
            let single = Some(Box::new(Single { view: self, passing: passing.collect() }));
            return ViewRefById { places: ByNumber::default(), single };
        }
        let places = ByNumber::new(&self.matches, |found| {
            let passing = passing.next().flatten();
            self.tables.read_match(found, |columns| {
                let rows = columns.rows();
                let mut columns = V::blocks(columns);
                let run = |block| V::next_block(&mut columns, rows.used_in(block));
                let blocks = (0..rows.blocks()).map_while(run).collect();
                TablePlace { generations: rows.generations(), passing, blocks }
            })
        });
        ViewRefById { places, single: None }
    }
}

/// Returns the rows of each match that pass its tests, or `None` for matches without tests.
fn passing(tables: &Tables<'_>, matches: &[TableMatch]) -> vec::IntoIter<Option<TableSelection>> {
    let select = |found: &TableMatch| TableSelection::new(tables, found, Epoch::START);
    let passing = matches.iter().map(|found| (!found.tests.is_empty()).then(|| select(found)));
    passing.collect::<Vec<_>>().into_iter()
}

/// Returns one object of a table, or `None` if it is not alive.
#[inline(always)]
fn item_of<'t, V: View>(columns: TableColumns<'t, '_>, id: ObjectId) -> Option<V::Item<'t>> {
    let is_alive = columns.rows().is_alive(id.row(), id.generation());
    is_alive.then(|| V::at(V::blocks(columns), id.row())).flatten()
}

/// Takes the items of one table. `wanted` has the positions of its rows in `ids`, in ascending order of the rows. A block
/// of enums is not checked as a whole, only the rows.
fn take_rows<'t, V: View>(
    mut blocks: V::Blocks<'t>,
    ids: &[ObjectId],
    wanted: &[usize],
    items: &mut [Option<V::Item<'t>>],
) {
    let block_of = |position: &usize| ids[*position].row() as usize / BLOCK_ROWS;
    let mut next_block = 0;
    for wanted in wanted.chunk_by(|one, other| block_of(one) == block_of(other)) {
        let block = block_of(&wanted[0]);
        V::skip_blocks(&mut blocks, block - next_block);
        next_block = block + 1;
        let offsets = wanted.iter().map(|position| ids[*position].row() % BLOCK_ROWS as u32);
        let rows = V::rows(V::take_block(&mut blocks), offsets);
        for (position, item) in wanted.iter().zip(rows) {
            items[*position] = Some(item);
        }
    }
}

/// The objects of a view, for many look-ups by id, to change them.
///
/// Returned by [`ViewMut::by_id`], which has an example.
#[must_use = "a view does nothing by itself"]
pub struct ViewMutById<'s, V: View> {
    /// Empty if `single` has the view.
    places: ByNumber<TablePlace<'s, BlockPlace<'s, V>>>,
    single: Option<Box<Single<ViewMut<'s, V>>>>,
}

/// A view that takes the path to each object anew: it marks the objects that it lends, or has enums. A block of enums
/// would be checked as a whole.
struct Single<W> {
    view: W,
    /// The rows of each match that pass its tests; `None` without tests.
    passing: Box<[Option<TableSelection>]>,
}

impl<W> Single<W> {
    /// Returns the match of an id, if its row passes the tests.
    fn match_of<'m>(
        passing: &[Option<TableSelection>],
        matches: &'m [TableMatch],
        id: ObjectId,
    ) -> Option<&'m TableMatch> {
        let schema = id.schema().index();
        let number = matches.binary_search_by_key(&schema, |found| found.table).ok()?;
        let passes = |passing: &TableSelection| passing.contains(id.row() as usize);
        passing[number].as_ref().is_none_or(passes).then(|| &matches[number])
    }
}

impl<V: View> Single<ViewMut<'_, V>> {
    fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        let Self { view: ViewMut { tables, matches, .. }, passing } = self;
        let found = Self::match_of(passing, matches, id)?;
        tables.mark_visit(found, id);
        tables.with_match(found, |columns| item_of::<V>(columns, id))
    }
}

impl<'s, V: SharedView> Single<ViewRef<'s, V>> {
    fn get(&self, id: ObjectId) -> Option<V::Item<'s>> {
        let found = Self::match_of(&self.passing, &self.view.matches, id)?;
        self.view.tables.read_match(found, |columns| item_of::<V>(columns, id))
    }
}

impl<V: View> ViewMutById<'_, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Counts as a write to the view's mutable slots. Computes in **O(1)** time, apart from the first look-up in each
    /// block: that copies the block if a snapshot shares it. [`ViewMut::by_id`] has an example.
    #[inline]
    pub fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        let Some(place) = self.places.get_mut(id.schema()) else {
            return self.single.as_mut()?.get(id);
        };
        let row = id.row() as usize;
        if !place.contains(row, id.generation()) {
            return None;
        }
        let block = place.blocks.get_mut(row / BLOCK_ROWS)?;
        if let BlockPlace::Untouched(blocks) = block {
            let first = row - row % BLOCK_ROWS;
            let rows = (place.generations.len() - first).min(BLOCK_ROWS);
            *block = BlockPlace::Run(first_run::<V>(blocks, rows)?);
        }
        match block {
            BlockPlace::Run(run) => Some(V::item(run, row % BLOCK_ROWS)),
            BlockPlace::Untouched(_) => None,
        }
    }
}

/// The objects of a view, for many look-ups by id, to read them. Threads can share it.
///
/// Returned by [`ViewRef::by_id`], which has an example.
#[must_use = "a view does nothing by itself"]
pub struct ViewRefById<'s, V: SharedView> {
    /// Empty if `single` has the view.
    places: ByNumber<TablePlace<'s, V::Run<'s>>>,
    single: Option<Box<Single<ViewRef<'s, V>>>>,
}

impl<'s, V: SharedView> ViewRefById<'s, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Computes in **O(1)** time. [`ViewRef::by_id`] has an example.
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'s>> {
        let Some(place) = self.places.get(id.schema()) else {
            return self.single.as_ref()?.get(id);
        };
        let row = id.row() as usize;
        if !place.contains(row, id.generation()) {
            return None;
        }
        Some(V::read(place.blocks.get(row / BLOCK_ROWS)?, row % BLOCK_ROWS))
    }
}

impl<V: View> fmt::Debug for ViewMutById<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewMutById").finish_non_exhaustive()
    }
}

impl<V: SharedView> fmt::Debug for ViewRefById<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRefById").finish_non_exhaustive()
    }
}

/// A block of a view.
enum BlockPlace<'s, V: View> {
    /// Not used yet. The first look-up copies its mutable columns if a snapshot shares it.
    Untouched(V::Blocks<'s>),
    Run(V::Run<'s>),
}

#[cold]
#[inline(never)]
fn first_run<'t, V: View>(blocks: &mut V::Blocks<'t>, rows: usize) -> Option<V::Run<'t>> {
    V::next_block(blocks, rows)
}

/// The rows and blocks of one table.
struct TablePlace<'s, B> {
    generations: &'s [u16],
    /// The rows that pass the view's tests; `None` without tests.
    passing: Option<TableSelection>,
    blocks: Vec<B>,
}

impl<B> TablePlace<'_, B> {
    #[inline(always)]
    fn contains(&self, row: usize, generation: u16) -> bool {
        self.generations.get(row) == Some(&generation)
            && self.passing.as_ref().is_none_or(|passing| passing.contains(row))
    }
}

/// A place without rows, for schemas that do not match.
impl<B> Default for TablePlace<'_, B> {
    fn default() -> Self {
        Self { generations: &[], passing: None, blocks: Vec::new() }
    }
}

/// Values by the number of their schema. Gaps have default values, which saves a check at each look-up.
#[derive(Default)]
struct ByNumber<T> {
    lowest: usize,
    values: Vec<T>,
}

impl<T: Default> ByNumber<T> {
    fn new(matches: &[TableMatch], mut value: impl FnMut(&TableMatch) -> T) -> Self {
        let lowest = matches.first().map_or(0, |found| found.table);
        let mut values = Vec::new();
        for found in matches {
            values.resize_with(found.table - lowest, T::default);
            values.push(value(found));
        }
        Self { lowest, values }
    }

    #[inline(always)]
    fn get(&self, schema: SchemaId) -> Option<&T> {
        self.values.get(schema.index().wrapping_sub(self.lowest))
    }

    #[inline(always)]
    fn get_mut(&mut self, schema: SchemaId) -> Option<&mut T> {
        self.values.get_mut(schema.index().wrapping_sub(self.lowest))
    }
}
