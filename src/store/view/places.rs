//! Single objects of a view, by id.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::epoch::Epoch;
use crate::id::{ObjectId, SchemaId};
use crate::storage::{BLOCK_ROWS, Rows};
use crate::store::view::cache::{TableMatch, match_of};
use crate::store::view::error::GetDisjointError;
use crate::store::view::selection::{Selection, TableSelection};
use crate::store::view::tables::{TableColumns, TableSource, Tables};
use crate::store::view::{SharedView, View, ViewMut, ViewRef};

impl<'s, V: View> ViewMut<'s, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Obeys [filters](View#filters), but ignores [`changed_since`](Self::changed_since). Computes in
    /// **O(log schemas)** time.
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
        self.tables.with_match(
            found,
            #[inline(always)]
            |columns| item_of::<V>(columns, id),
        )
    }

    /// Prepares the view for many calls of [`get`](ViewById::get): each is several times faster then.
    ///
    /// Tests whether slots are set or unset now, not at each call. Ignores [`changed_since`](Self::changed_since).
    /// Computes in **O(schemas + blocks)** time, in **O(objects)** for views that test slots.
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
    pub fn by_id(self) -> ViewById<'s, V> {
        let tests = self.has_tests().then(|| {
            let selection = Selection::new(&self.tables, &self.matches, Epoch::START);
            let mut tables = selection.into_tables();
            ByNumber::new(&self.matches, |_| tables.next().expect("one for each match"))
        });
        let Self { tables, matches, .. } = self;
        let mut tables = tables.walk();
        let places = ByNumber::new(&matches, |found| {
            let (rows, mut blocks) = tables.next(found, V::blocks).expect("a view has its tables");
            let block = |_| BlockPlace::Untouched(V::take_block(&mut blocks));
            let blocks = (0..rows.blocks()).map(block).collect();
            TablePlace {
                generations: rows.generations(),
                has_tests: !found.tests.is_empty(),
                blocks,
            }
        });
        ViewById { places, tests }
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
        let mut items = [const { None }; N];
        let mut wanted = order.into_iter().peekable();
        let mut tables = self.tables.reborrow().walk();
        for found in &*self.matches {
            tables.next(found, |columns| {
                let rows = columns.rows();
                take_rows::<V>(V::blocks(columns), rows, found, &ids, &mut wanted, &mut items);
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
    /// Obeys [filters](View#filters), but ignores [`changed_since`](Self::changed_since). Threads can share the view.
    /// The second call looks up all blocks of the view; each later one takes **O(1)** time.
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
    /// let view = store.view_ref::<Healths>()?;
    /// let health = |id| view.get(id).map(|unit| *unit.health);
    /// assert_eq!(units.iter().filter_map(|unit| health(*unit)).sum::<f32>(), 240.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get(&self, id: ObjectId) -> Option<V::Item<'s>> {
        let Some(places) = self.places.found.get() else { return self.get_unprepared(id) };
        let place = places.get(id.schema())?;
        let row = id.row() as usize;
        if place.generations.get(row) != Some(&id.generation()) {
            return None;
        }
        if place.has_tests && !self.passes(id) {
            return None;
        }
        Some(V::read(place.blocks.get(row / BLOCK_ROWS)?, row % BLOCK_ROWS))
    }

    #[cold]
    #[inline(never)]
    fn get_unprepared(&self, id: ObjectId) -> Option<V::Item<'s>> {
        if self.places.is_wanted.swap(true, Ordering::Relaxed) {
            self.places.find(&self.tables, &self.matches);
        }
        let found = match_of(&self.matches, id.schema())?;
        let item = self.tables.read_match(found, |columns| item_of::<V>(columns, id))?;
        self.passes(id).then_some(item)
    }

    fn passes(&self, id: ObjectId) -> bool {
        let found = match_of(&self.matches, id.schema());
        found.is_some_and(|found| self.tables.passes(found, id.row()))
    }
}

/// Returns one object of a table, or `None` if it is not alive.
#[inline(always)]
fn item_of<'t, V: View>(columns: TableColumns<'t, '_>, id: ObjectId) -> Option<V::Item<'t>> {
    let is_alive = columns.rows().is_alive(id.row(), id.generation());
    is_alive.then(|| V::at(V::blocks(columns), id.row())).flatten()
}

/// Takes the items of one table. `wanted` has the positions of `ids`, in the order of schemas and rows.
fn take_rows<'t, V: View>(
    mut blocks: V::Blocks<'t>,
    rows: &Rows,
    found: &TableMatch,
    ids: &[ObjectId],
    wanted: &mut std::iter::Peekable<impl Iterator<Item = usize>>,
    items: &mut [Option<V::Item<'t>>],
) {
    let (mut next_block, mut open) = (0, None);
    while let Some(position) = wanted.next_if(|position| ids[*position].schema() == found.schema())
    {
        let row = ids[position].row() as usize;
        let (block, offset) = (row / BLOCK_ROWS, row % BLOCK_ROWS);
        if block >= next_block {
            V::skip_blocks(&mut blocks, block - next_block);
            open = V::next_block(&mut blocks, rows.used_in(block)).map(|run| (run, 0));
            next_block = block + 1;
        }
        if let Some((run, at)) = &mut open {
            items[position] = V::items(V::split(run, offset - *at, 1)).next().map(V::finish);
            *at = offset + 1;
        }
    }
}

/// The objects of a view, for many look-ups by id.
///
/// Returned by [`ViewMut::by_id`], which has an example.
#[must_use = "a view does nothing by itself"]
pub struct ViewById<'s, V: View> {
    places: ByNumber<TablePlace<'s, BlockPlace<'s, V>>>,
    /// The rows that pass the tests, if the view makes any.
    tests: Option<ByNumber<TableSelection>>,
}

impl<V: View> ViewById<'_, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Computes in **O(1)** time. [`ViewMut::by_id`] has an example.
    #[inline]
    pub fn get(&mut self, id: ObjectId) -> Option<V::Item<'_>> {
        let place = self.places.get_mut(id.schema())?;
        let row = id.row() as usize;
        if place.generations.get(row) != Some(&id.generation()) {
            return None;
        }
        if place.has_tests && !self.tests.as_ref()?.get(id.schema())?.contains(row) {
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

impl<V: View> fmt::Debug for ViewById<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewById").finish_non_exhaustive()
    }
}

/// A block of a view.
enum BlockPlace<'s, V: View> {
    /// Not looked at yet. If a snapshot shares it, the first look at it copies its mutable columns.
    Untouched(V::Blocks<'s>),
    Run(V::Run<'s>),
}

#[cold]
#[inline(never)]
fn first_run<'t, V: View>(blocks: &mut V::Blocks<'t>, rows: usize) -> Option<V::Run<'t>> {
    V::next_block(blocks, rows)
}

/// The blocks of one table.
struct TablePlace<'s, B> {
    generations: &'s [u16],
    /// `true` if not all living objects are in the view.
    has_tests: bool,
    blocks: Vec<B>,
}

/// The blocks of a read-only view, found when it turns out that it is asked for more than one object.
pub(super) struct Places<'s, V: View> {
    found: OnceLock<ByNumber<TablePlace<'s, V::Run<'s>>>>,
    is_wanted: AtomicBool,
}

impl<'s, V: View> Places<'s, V> {
    pub(super) const fn new() -> Self {
        Self { found: OnceLock::new(), is_wanted: AtomicBool::new(false) }
    }

    fn find(&self, tables: &Tables<'s>, matches: &[TableMatch]) {
        let find = |found: &TableMatch| {
            tables.read_match(found, |columns| {
                let rows = columns.rows();
                let mut columns = V::blocks(columns);
                let run = |block| V::next_block(&mut columns, rows.used_in(block));
                let blocks = (0..rows.blocks()).map_while(run).collect();
                TablePlace {
                    generations: rows.generations(),
                    has_tests: !found.tests.is_empty(),
                    blocks,
                }
            })
        };
        self.found.get_or_init(|| ByNumber::new(matches, find));
    }
}

/// A place without rows, for schemas that do not match.
impl<B> Default for TablePlace<'_, B> {
    fn default() -> Self {
        Self { generations: &[], has_tests: false, blocks: Vec::new() }
    }
}

/// Values by the number of their schema. Gaps have default values, which saves a check at each look-up.
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
