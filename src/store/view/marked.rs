//! View fields that mark the objects written through them.

use std::iter::{FusedIterator, Zip};
use std::ops::{Deref, DerefMut};
use std::slice;

use crate::slot_value::SlotValue;
use crate::storage::{CellColumn, MarksMut, RowMark, RowMarks};
use crate::store::view::cache::Request;
use crate::store::view::field::{
    COLUMN, ExclusiveBlocks, ExclusiveRows, SHARED, ViewField, next_exclusive, split_exclusive,
};
use crate::store::view::tables::{ColumnBorrow, TableRows};

/// A value to read or to change, which marks its object once it is changed.
///
/// [`changed_since`](crate::view::ViewMut::changed_since) finds marked objects if the slot
/// [tracks its changes](crate::Store::track_changes). A field `&'a mut T` marks all objects that the view visits.
/// Other slots have no marks: `Mut` then works like `&mut T`.
///
/// Reading marks nothing. It copies a block that a snapshot shares though, as `&mut T` does: the view lends memory that
/// could be written.
///
/// ```
/// use slotted::{view::Mut, Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Healing<'a> { health: Mut<'a, f32> }
///
/// # #[derive(View)]
/// # struct Healths<'a> { health: &'a f32 }
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.track_changes("unit", "health")?;
/// store.spawn_batch((0..100).map(|number| Unit { health: number as f32 }))?;
///
/// let epoch = store.advance_epoch();
/// for mut unit in store.view::<Healing>()? {
///     if *unit.health < 20.0 {
///         *unit.health = 20.0; // marks the object
///     }
/// }
/// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mut<'t, T> {
    value: &'t mut T,
    mark: RowMark<'t>,
}

impl<'t, T> Mut<'t, T> {
    /// Marks the object without changing its value.
    ///
    /// # Example
    /// ```
    /// use slotted::{view::Mut, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: Mut<'a, f32> }
    ///
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// # store.track_changes("unit", "health")?;
    /// store.spawn_batch([Unit { health: 80.0 }; 3])?;
    /// let epoch = store.advance_epoch();
    /// for (number, mut unit) in store.view::<Healing>()?.into_iter().enumerate() {
    ///     match number {
    ///         0 => unit.health.set_changed(),
    ///         1 => assert!(!unit.health.set_if_neq(80.0)), // an equal value: marks nothing
    ///         _ => *unit.health.bypass_change_detection() = 5.0,
    ///     }
    /// }
    /// assert_eq!(store.view::<Healing>()?.changed_since(epoch).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn set_changed(&mut self) {
        self.mark.set();
    }

    /// Changes the value and marks the object if the new value differs. Returns `true` if it does.
    ///
    /// [`set_changed`](Self::set_changed) has an example.
    #[inline(always)]
    pub fn set_if_neq(&mut self, value: T) -> bool
    where
        T: PartialEq,
    {
        let differs = *self.value != value;
        if differs {
            **self = value;
        }
        differs
    }

    /// Returns the value to change without marking the object.
    ///
    /// [`set_changed`](Self::set_changed) has an example.
    #[inline(always)]
    pub const fn bypass_change_detection(&mut self) -> &mut T {
        self.value
    }

    /// Marks the object and returns its value, for as long as the view.
    ///
    /// # Example
    /// ```
    /// use slotted::{view::Mut, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: Mut<'a, f32> }
    ///
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let healths = store.view::<Healing>()?.into_iter().map(|unit| unit.health.into_inner());
    /// healths.for_each(|health: &mut f32| *health += 5.0);
    /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    #[must_use]
    pub fn into_inner(mut self) -> &'t mut T {
        self.set_changed();
        self.value
    }
}

impl<T> Deref for Mut<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Mut<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        self.set_changed();
        self.value
    }
}

/// The values of one slot in adjacent rows, which mark the objects that are changed. Dereferences to a slice for reading.
///
/// ```
/// use slotted::{view::Mut, Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Healing<'a> { health: Mut<'a, f32> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.track_changes("unit", "health")?;
/// store.spawn_batch([Unit { health: 80.0 }; 100])?;
/// let epoch = store.advance_epoch();
/// for mut run in store.view::<Healing>()?.runs() {
///     assert_eq!(run.health[..], [80.0; 100]);
///     *run.health.get_mut(7).unwrap() += 1.0;
///     run.health.iter_mut().skip(90).for_each(|mut health| *health += 1.0);
/// }
/// assert_eq!(store.view::<Healing>()?.changed_since(epoch).count(), 11);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MutRun<'t, T> {
    values: &'t mut [T],
    marks: RowMarks<'t>,
}

impl<T> MutRun<'_, T> {
    /// Returns the value in a row, counted from the run's first.
    ///
    /// [`MutRun`] has an example.
    #[inline(always)]
    pub fn get_mut(&mut self, row: usize) -> Option<Mut<'_, T>> {
        Some(Mut { value: self.values.get_mut(row)?, mark: self.marks.at(row) })
    }

    /// Iterates over the values.
    ///
    /// [`MutRun`] has an example.
    #[inline(always)]
    pub fn iter_mut(&mut self) -> MutIter<'_, T> {
        MutIter::new(self.values, self.marks.reborrow())
    }
}

impl<T> Deref for MutRun<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        self.values
    }
}

impl<'t, T> IntoIterator for MutRun<'t, T> {
    type Item = Mut<'t, T>;
    type IntoIter = MutIter<'t, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        MutIter::new(self.values, self.marks)
    }
}

impl<'x, T> IntoIterator for &'x mut MutRun<'_, T> {
    type Item = Mut<'x, T>;
    type IntoIter = MutIter<'x, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// An iterator over the values of a [`MutRun`].
#[derive(Debug)]
pub struct MutIter<'t, T> {
    /// Apart from the others, so that a loop has one index for values and marks.
    marked: Zip<slice::IterMut<'t, T>, slice::IterMut<'t, u16>>,
    /// The values for which nothing is to be marked: all or none.
    unmarked: slice::IterMut<'t, T>,
    now: u16,
}

impl<'t, T> MutIter<'t, T> {
    #[inline(always)]
    fn new(values: &'t mut [T], RowMarks { rows, now }: RowMarks<'t>) -> Self {
        let (marked, unmarked) =
            if rows.is_empty() { (&mut [][..], values) } else { (values, &mut [][..]) };
        let marked = marked.iter_mut().zip(rows.iter_mut());
        Self { marked, unmarked: unmarked.iter_mut(), now }
    }
}

impl<'t, T> Iterator for MutIter<'t, T> {
    type Item = Mut<'t, T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some((value, row)) = self.marked.next() {
            return Some(Mut { value, mark: RowMark { row: Some(row), now: self.now } });
        }
        let value = self.unmarked.next()?;
        Some(Mut { value, mark: RowMark { row: None, now: self.now } })
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.marked.len() + self.unmarked.len();
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for MutIter<'_, T> {}
impl<T> FusedIterator for MutIter<'_, T> {}

#[derive(Debug)]
#[doc(hidden)]
pub struct MutBlocks<'t, T: SlotValue> {
    values: ExclusiveBlocks<'t, T>,
    marks: MarksMut<'t>,
}

impl<T: SlotValue> ViewField for Mut<'_, T> {
    type Item<'t> = Mut<'t, T>;
    type Run<'t> = MutRun<'t, T>;
    type Blocks<'t> = MutBlocks<'t, T>;
    type Items<'t> = MutIter<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        <&mut T>::request().map(|request| Request { marks_itself: true, ..request })
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, rows: TableRows<'t>) -> Self::Blocks<'t> {
        let column = column.expect(COLUMN).exclusive();
        let marks = rows.marks_of(&mut column.marks);
        let values = T::Cell::blocks_mut(&mut column.cells).expect(COLUMN).blocks_mut();
        MutBlocks { values, marks }
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        let values = next_exclusive(&mut blocks.values, rows)?;
        Some(MutRun { values, marks: blocks.marks.next(rows) })
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        blocks.values.skip(count);
        blocks.marks.skip(count);
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        MutBlocks { values: blocks.values.take_block(), marks: blocks.marks.take_block() }
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        let marks = run.marks.split(skip, rows);
        MutRun { values: split_exclusive(&mut run.values, skip, rows), marks }
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        Mut { value: &mut run.values[row], mark: run.marks.at(row) }
    }

    #[inline(always)]
    fn read<'t>(_: &Self::Run<'t>, _: usize) -> Self::Item<'t> {
        unreachable!("{SHARED}")
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        MutRun { values: &mut [], marks: RowMarks::default() }
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
        let (mut values, mut marks) =
            (ExclusiveRows::new(blocks.values), blocks.marks.of_rows(rows.clone()));
        rows.map_while(move |row| Some(Mut { value: values.take(row)?, mark: marks.next()? }))
    }
}
