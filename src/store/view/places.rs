//! Single objects of a view, by id.

use std::fmt;
use std::sync::OnceLock;

use crate::id::ObjectId;
use crate::storage::{BLOCK_ROWS, Rows};
use crate::store::view::cache::{TableMatch, match_of};
use crate::store::view::error::GetDisjointError;
use crate::store::view::tables::{TableSource, Tables};
use crate::store::view::{SharedView, View, ViewMut, ViewRef};

impl<V: View> ViewMut<'_, V> {
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
        if self.narrowing.has_tests && !self.tables.passes(found, id.row()) {
            return None;
        }
        self.tables.with_match(
            found,
            #[inline(always)]
            |columns| {
                let is_alive = columns.rows().is_alive(id.row(), id.generation());
                is_alive.then(|| V::at(V::blocks(columns), id.row())).flatten()
            },
        )
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
            let is_there = self.is_alive(id) && self.matches_row(id);
            is_there.then_some(()).ok_or(GetDisjointError::Missing { id })?;
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

    fn is_alive(&self, id: ObjectId) -> bool {
        let found = match_of(&self.matches, id.schema());
        found.is_some_and(|found| self.tables.rows(found).is_alive(id.row(), id.generation()))
    }

    fn matches_row(&self, id: ObjectId) -> bool {
        let found = match_of(&self.matches, id.schema());
        found.is_some_and(|found| self.tables.passes(found, id.row()))
    }
}

impl<'s, V: SharedView> ViewRef<'s, V> {
    /// Returns one object, or `None` if it is not alive or the view does not match it.
    ///
    /// Obeys [filters](View#filters), but ignores [`changed_since`](Self::changed_since). The first call looks up all
    /// matching schemas; then each takes **O(1)** time. Threads can share the view.
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
        let place = self.places.of(&self.tables, &self.matches, id)?;
        if place.generations.get(id.row() as usize) != Some(&id.generation()) {
            return None;
        }
        if self.narrowing.has_tests
            && !self.tables.passes(match_of(&self.matches, id.schema())?, id.row())
        {
            return None;
        }
        V::at(V::copy(&place.blocks), id.row())
    }
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

/// The columns of each match of a view, found at the first use.
pub(super) struct Places<'s, V: View>(OnceLock<ByNumber<Place<'s, V>>>);

/// The place of a match's objects.
struct Place<'s, V: View> {
    generations: &'s [u16],
    blocks: V::Blocks<'s>,
}

/// Values by the number of their schema, with gaps.
struct ByNumber<T> {
    lowest: usize,
    values: Box<[Option<T>]>,
}

impl<'s, V: View> Places<'s, V> {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[inline(always)]
    fn of(
        &self,
        tables: &Tables<'s>,
        matches: &[TableMatch],
        id: ObjectId,
    ) -> Option<&Place<'s, V>> {
        let places = match self.0.get() {
            Some(places) => places,
            None => self.find(tables, matches),
        };
        places.values.get(id.schema().index().wrapping_sub(places.lowest))?.as_ref()
    }

    #[cold]
    #[inline(never)]
    fn find(&self, tables: &Tables<'s>, matches: &[TableMatch]) -> &ByNumber<Place<'s, V>> {
        self.0.get_or_init(|| {
            let lowest = matches.first().map_or(0, |found| found.table);
            let end = matches.last().map_or(lowest, |found| found.table + 1);
            let mut values: Vec<_> = (lowest..end).map(|_| None).collect();
            for found in matches {
                values[found.table - lowest] = Some(tables.read_match(found, |columns| {
                    let generations = columns.rows().generations();
                    Place { generations, blocks: V::blocks(columns) }
                }));
            }
            ByNumber { lowest, values: values.into() }
        })
    }
}

impl<V: View> fmt::Debug for Places<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}
