//! View fields for slots that an object may lack.

use std::iter::{FusedIterator, Zip};
use std::ops::Range;
use std::slice;

use crate::slot_value::SlotValue;
use crate::storage::{Blocks, CellColumn, MarksMut, RowMark, RowMarks, RowMarksIter};
use crate::store::view::cache::{Presence, Request};
use crate::store::view::field::{
    ExclusiveBlocks, ExclusiveRows, SHARED, SharedBlocks, SharedField, ViewField, at_shared,
    next_exclusive, next_shared, skip_shared, split_exclusive, split_shared, take_shared,
};
use crate::store::view::tables::{ColumnBorrow, TableRows};

const KIND: &str = "a matching table's column is of the field's kind";

/// Returns `Some(None)` if there is no column, `None` if the column has no further block.
#[inline(always)]
#[allow(clippy::option_option)]
fn transpose<T>(block: Option<Option<T>>) -> Option<Option<T>> {
    match block {
        Some(None) => None,
        Some(block) => Some(block),
        None => Some(None),
    }
}

/// Returns `true` if the slot of a row is set or cannot be unset.
#[inline(always)]
fn is_set_at(set: Option<&SharedBlocks<'_, bool>>, row: u32) -> bool {
    set.is_none_or(|set| at_shared::<bool>(set, row) == Some(&true))
}

/// The values of one slot in adjacent rows. Objects may lack the slot.
///
/// ```
/// use slotted::{Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { shield: Option<f32> }
///
/// #[derive(View)]
/// struct Shields<'a> { shield: Option<&'a f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.spawn_batch([Unit { shield: Some(5.0) }, Unit { shield: None }])?;
/// for run in store.view_ref::<Shields>()?.runs() {
///     assert_eq!((run.shield.len(), run.shield.is_empty()), (2, false));
///     assert_eq!(run.shield.iter().collect::<Vec<_>>(), [Some(&5.0), None]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaybeRun<'t, T> {
    rows: usize,
    values: Option<&'t [T]>,
    set: Option<&'t [bool]>,
}

impl<'t, T> MaybeRun<'t, T> {
    /// Returns the number of objects.
    ///
    /// [`MaybeRun`] has an example.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Returns `true` if the run has no objects.
    ///
    /// [`MaybeRun`] has an example.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Iterates over the objects' values; `None` for an object without one.
    ///
    /// [`MaybeRun`] has an example.
    #[must_use]
    #[inline(always)]
    pub fn iter(&self) -> MaybeIter<'t, T> {
        MaybeIter { rows: 0..self.rows, values: self.values.unwrap_or_default(), set: self.set }
    }
}

impl<'t, T> IntoIterator for MaybeRun<'t, T> {
    type Item = Option<&'t T>;
    type IntoIter = MaybeIter<'t, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'t, T> IntoIterator for &MaybeRun<'t, T> {
    type Item = Option<&'t T>;
    type IntoIter = MaybeIter<'t, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An iterator over the values of a [`MaybeRun`]; `None` for an object without a value.
#[derive(Clone, Debug)]
pub struct MaybeIter<'t, T> {
    rows: Range<usize>,
    values: &'t [T],
    set: Option<&'t [bool]>,
}

impl<'t, T> Iterator for MaybeIter<'t, T> {
    type Item = Option<&'t T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        let is_set = self.set.is_none_or(|set| set[row]);
        Some(self.values.get(row).filter(|_| is_set))
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<T> ExactSizeIterator for MaybeIter<'_, T> {}
impl<T> FusedIterator for MaybeIter<'_, T> {}

#[derive(Debug)]
#[doc(hidden)]
pub struct MaybeBlocks<V, S> {
    values: Option<V>,
    set: Option<S>,
}

impl<T: SlotValue> SharedField for Option<&T> {}

impl<T: SlotValue> ViewField for Option<&T> {
    type Item<'t> = Option<&'t T>;
    type Run<'t> = MaybeRun<'t, T>;
    type Blocks<'t> = MaybeBlocks<SharedBlocks<'t, T>, SharedBlocks<'t, bool>>;
    type Items<'t> = MaybeIter<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        Some(Request::of::<T>(Presence::Any, false))
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, _: TableRows<'t>) -> Self::Blocks<'t> {
        let column = column.map(ColumnBorrow::shared);
        let values =
            column.map(|column| T::Cell::blocks(&column.cells).expect(KIND).blocks().iter());
        let set = column.and_then(|column| column.set.as_ref()).map(|set| set.blocks().iter());
        MaybeBlocks { values, set }
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        let values = blocks.values.as_mut().map(|values| next_shared(values, rows));
        let set = blocks.set.as_mut().map(|set| next_shared(set, rows));
        Some(MaybeRun { rows, values: transpose(values)?, set: transpose(set)? })
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        if let Some(values) = &mut blocks.values {
            skip_shared(values, count);
        }
        if let Some(set) = &mut blocks.set {
            skip_shared(set, count);
        }
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        let values = blocks.values.as_mut().map(take_shared);
        MaybeBlocks { values, set: blocks.set.as_mut().map(take_shared) }
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        run.rows -= skip + rows;
        let values = run.values.as_mut().map(|values| split_shared(values, skip, rows));
        let set = run.set.as_mut().map(|set| split_shared(set, skip, rows));
        MaybeRun { rows, values, set }
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        Self::read(run, row)
    }

    #[inline(always)]
    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
        let is_set = run.set.is_none_or(|set| set[row]);
        run.values.and_then(|values| values.get(row)).filter(|_| is_set)
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        MaybeRun { rows: 0, values: None, set: None }
    }

    #[inline(always)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        run.iter()
    }

    #[inline(always)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
        item
    }

    #[inline(always)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>> {
        rows.map(move |row| {
            let is_set = is_set_at(blocks.set.as_ref(), row);
            blocks.values.as_ref().and_then(|values| at_shared(values, row)).filter(|_| is_set)
        })
    }
}

/// The values of one slot in adjacent rows, for writing. Objects may lack the slot.
///
/// ```
/// use slotted::{Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { shield: Option<f32> }
///
/// #[derive(View)]
/// struct Shields<'a> { shield: Option<&'a mut f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let ids: Vec<_> = store.spawn_batch([Unit { shield: Some(5.0) }, Unit { shield: None }])?.collect();
/// for run in store.view::<Shields>()?.runs() {
///     assert_eq!((run.shield.len(), run.shield.is_empty()), (2, false));
///     run.shield.into_iter().flatten().for_each(|shield| *shield *= 2.0);
/// }
/// assert_eq!(store.get_object::<Unit>(ids[0])?.shield, Some(10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MaybeRunMut<'t, T> {
    rows: usize,
    values: Option<&'t mut [T]>,
    set: Option<&'t [bool]>,
}

impl<'t, T> MaybeRunMut<'t, T> {
    /// Returns the number of objects.
    ///
    /// [`MaybeRunMut`] has an example.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Returns `true` if the run has no objects.
    ///
    /// [`MaybeRunMut`] has an example.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

impl<'t, T> IntoIterator for MaybeRunMut<'t, T> {
    type Item = Option<&'t mut T>;
    type IntoIter = MaybeIterMut<'t, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        MaybeIterMut { run: self, row: 0 }
    }
}

/// An iterator over the values of a [`MaybeRunMut`]; `None` for an object without a value.
#[derive(Debug)]
pub struct MaybeIterMut<'t, T> {
    run: MaybeRunMut<'t, T>,
    row: usize,
}

impl<'t, T> Iterator for MaybeIterMut<'t, T> {
    type Item = Option<&'t mut T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row;
        if row == self.run.rows {
            return None;
        }
        self.row += 1;
        let value = self.run.values.as_mut().and_then(|values| {
            let (first, rest) = std::mem::take(values).split_first_mut()?;
            *values = rest;
            Some(first)
        });
        let is_set = self.run.set.is_none_or(|set| set[row]);
        Some(value.filter(|_| is_set))
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.rows - self.row;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for MaybeIterMut<'_, T> {}
impl<T> FusedIterator for MaybeIterMut<'_, T> {}

impl<T: SlotValue> ViewField for Option<&mut T> {
    type Item<'t> = Option<&'t mut T>;
    type Run<'t> = MaybeRunMut<'t, T>;
    type Blocks<'t> = MaybeBlocks<ExclusiveBlocks<'t, T>, SharedBlocks<'t, bool>>;
    type Items<'t> = MaybeIterMut<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        <Option<&T>>::request().map(|request| Request { is_mutable: true, ..request })
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, _: TableRows<'t>) -> Self::Blocks<'t> {
        let Some(column) = column.map(ColumnBorrow::exclusive) else {
            return MaybeBlocks { values: None, set: None };
        };
        let values = T::Cell::blocks_mut(&mut column.cells).expect(KIND).blocks_mut();
        let set = column.set.as_ref().map(|set| set.blocks().iter());
        MaybeBlocks { values: Some(values), set }
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        let values = blocks.values.as_mut().map(|values| next_exclusive(values, rows));
        let set = blocks.set.as_mut().map(|set| next_shared(set, rows));
        Some(MaybeRunMut { rows, values: transpose(values)?, set: transpose(set)? })
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        if let Some(values) = &mut blocks.values {
            values.skip(count);
        }
        if let Some(set) = &mut blocks.set {
            skip_shared(set, count);
        }
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        let values = blocks.values.as_mut().map(ExclusiveBlocks::<T>::take_block);
        MaybeBlocks { values, set: blocks.set.as_mut().map(take_shared) }
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        run.rows -= skip + rows;
        let values = run.values.as_mut().map(|values| split_exclusive(values, skip, rows));
        let set = run.set.as_mut().map(|set| split_shared(set, skip, rows));
        MaybeRunMut { rows, values, set }
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        let is_set = run.set.is_none_or(|set| set[row]);
        run.values.as_mut().and_then(|values| values.get_mut(row)).filter(|_| is_set)
    }

    #[inline(always)]
    fn read<'t>(_: &Self::Run<'t>, _: usize) -> Self::Item<'t> {
        unreachable!("{SHARED}")
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        MaybeRunMut { rows: 0, values: None, set: None }
    }

    #[inline(always)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        run.into_iter()
    }

    #[inline(always)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
        item
    }

    #[inline(always)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>> {
        let mut values = blocks.values.map(ExclusiveRows::new);
        rows.map(move |row| {
            let is_set = is_set_at(blocks.set.as_ref(), row);
            values.as_mut().filter(|_| is_set).and_then(|values| values.take(row))
        })
    }
}

/// The value of an optional slot, to change, set or unset.
///
/// If the slot [tracks its changes](crate::Store::track_changes), only objects that are changed through it are marked, as
/// with [`Mut`](crate::view::Mut).
///
/// ```
/// use slotted::{view::OptionMut, Slotted, Store, View};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { shield: Option<f32> }
/// #[derive(View)]
/// struct Shields<'a> { shield: OptionMut<'a, f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.spawn_batch([Unit { shield: Some(1.0) }, Unit { shield: None }])?;
/// store.view::<Shields>()?.for_each(|mut unit| match unit.shield.get() {
///     Some(_) => unit.shield.set(None),
///     None => unit.shield.set(Some(5.0)),
/// });
/// let shields: Vec<_> = store.view::<Shields>()?.iter().map(|unit| unit.shield.get()).collect();
/// assert_eq!(shields, [None, Some(5.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OptionMut<'t, T> {
    value: &'t mut T,
    is_set: &'t mut bool,
    mark: RowMark<'t>,
}

impl<T: SlotValue> OptionMut<'_, T> {
    /// Returns the value, or `None` if it is unset.
    ///
    /// [`OptionMut`] has an example.
    #[must_use]
    #[inline(always)]
    pub fn get(&self) -> Option<T> {
        self.is_set.then_some(*self.value)
    }

    /// Returns the value to change in place, or `None` if it is unset. Counts as a change of a value that is set.
    ///
    /// # Example
    /// ```
    /// use slotted::{view::OptionMut, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { shield: Option<f32> }
    /// #[derive(View)]
    /// struct Shields<'a> { shield: OptionMut<'a, f32> }
    ///
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { shield: Some(5.0) })?;
    /// store.view::<Shields>()?.for_each(|mut unit| {
    ///     if let Some(shield) = unit.shield.get_mut() {
    ///         *shield -= 1.0;
    ///     }
    /// });
    /// assert_eq!(store.get_object::<Unit>(unit)?.shield, Some(4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if !*self.is_set {
            return None;
        }
        self.mark.set();
        Some(self.value)
    }

    /// Sets the value, or unsets it with `None`.
    ///
    /// [`OptionMut`] has an example.
    #[inline(always)]
    pub fn set(&mut self, value: Option<T>) {
        self.mark.set();
        *self.is_set = value.is_some();
        *self.value = value.unwrap_or_else(T::filler);
    }
}

/// The values of one optional slot in adjacent rows, to change, set or unset.
///
/// ```
/// use slotted::{view::OptionMut, Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { shield: Option<f32> }
///
/// #[derive(View)]
/// struct Shields<'a> { shield: OptionMut<'a, f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let ids: Vec<_> = store.spawn_batch([Unit { shield: None }; 2])?.collect();
/// for run in store.view::<Shields>()?.runs() {
///     assert_eq!((run.shield.len(), run.shield.is_empty()), (2, false));
///     run.shield.into_iter().for_each(|mut shield| shield.set(Some(5.0)));
/// }
/// assert_eq!(store.get_object::<Unit>(ids[1])?.shield, Some(5.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OptionRunMut<'t, T> {
    values: &'t mut [T],
    set: &'t mut [bool],
    marks: RowMarks<'t>,
}

impl<'t, T> OptionRunMut<'t, T> {
    /// Returns the number of objects.
    ///
    /// [`OptionRunMut`] has an example.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns `true` if the run has no objects.
    ///
    /// [`OptionRunMut`] has an example.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<'t, T> IntoIterator for OptionRunMut<'t, T> {
    type Item = OptionMut<'t, T>;
    type IntoIter = OptionIterMut<'t, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        let (values, marks) = (self.values.iter_mut().zip(self.set), self.marks.into_iter());
        OptionIterMut { values, marks }
    }
}

/// An iterator over the values of an [`OptionRunMut`].
#[derive(Debug)]
pub struct OptionIterMut<'t, T> {
    values: Zip<slice::IterMut<'t, T>, slice::IterMut<'t, bool>>,
    marks: RowMarksIter<'t>,
}

impl<'t, T> Iterator for OptionIterMut<'t, T> {
    type Item = OptionMut<'t, T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (value, is_set) = self.values.next()?;
        Some(OptionMut { value, is_set, mark: self.marks.next() })
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values.size_hint()
    }
}

impl<T> ExactSizeIterator for OptionIterMut<'_, T> {}
impl<T> FusedIterator for OptionIterMut<'_, T> {}

#[derive(Debug)]
#[doc(hidden)]
pub struct OptionBlocks<'t, T: SlotValue> {
    values: ExclusiveBlocks<'t, T>,
    set: ExclusiveBlocks<'t, bool>,
    marks: MarksMut<'t>,
}

impl<T: SlotValue> ViewField for OptionMut<'_, T> {
    type Item<'t> = OptionMut<'t, T>;
    type Run<'t> = OptionRunMut<'t, T>;
    type Blocks<'t> = OptionBlocks<'t, T>;
    type Items<'t> = OptionIterMut<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        let request = Request::of::<T>(Presence::Optional, true);
        Some(Request { marks_itself: true, ..request })
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, rows: TableRows<'t>) -> Self::Blocks<'t> {
        let column = column.expect(KIND).exclusive();
        let values = T::Cell::blocks_mut(&mut column.cells).expect(KIND).blocks_mut();
        let set = column.set.as_mut().map(Blocks::blocks_mut).expect(KIND);
        OptionBlocks { values, set, marks: rows.marks_of(&mut column.marks) }
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        let values = next_exclusive(&mut blocks.values, rows)?;
        let set = next_exclusive(&mut blocks.set, rows)?;
        Some(OptionRunMut { values, set, marks: blocks.marks.next(rows) })
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        blocks.values.skip(count);
        blocks.set.skip(count);
        blocks.marks.skip(count);
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        let (values, set) = (blocks.values.take_block(), blocks.set.take_block());
        OptionBlocks { values, set, marks: blocks.marks.take_block() }
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        let values = split_exclusive(&mut run.values, skip, rows);
        let set = split_exclusive(&mut run.set, skip, rows);
        OptionRunMut { values, set, marks: run.marks.split(skip, rows) }
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        let (value, is_set) = (&mut run.values[row], &mut run.set[row]);
        OptionMut { value, is_set, mark: run.marks.at(row) }
    }

    #[inline(always)]
    fn read<'t>(_: &Self::Run<'t>, _: usize) -> Self::Item<'t> {
        unreachable!("{SHARED}")
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        OptionRunMut { values: &mut [], set: &mut [], marks: RowMarks::default() }
    }

    #[inline(always)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        run.into_iter()
    }

    #[inline(always)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
        item
    }

    #[inline(always)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>> {
        let mut marks = blocks.marks.of_rows(rows.clone());
        let (mut values, mut set) =
            (ExclusiveRows::new(blocks.values), ExclusiveRows::new(blocks.set));
        rows.map_while(move |row| {
            let (value, is_set) = (values.take(row)?, set.take(row)?);
            Some(OptionMut { value, is_set, mark: marks.next()? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ObjectId;

    #[test]
    fn runs_without_objects_are_empty() {
        assert!(<Option<&f32> as ViewField>::empty().is_empty());
        assert!(<Option<&mut f32> as ViewField>::empty().is_empty());
        assert!(<OptionMut<'_, f32> as ViewField>::empty().is_empty());
        assert!(<ObjectId as ViewField>::empty().is_empty());
    }
}
