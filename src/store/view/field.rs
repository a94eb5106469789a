//! The fields that a view can have.

use std::iter;
use std::marker::PhantomData;
use std::ops::Range;
use std::slice;

use crate::id::{ObjectId, SchemaId};
use crate::slot_value::SlotValue;
use crate::storage::{BLOCK_ROWS, Block, BlocksMut, CellColumn, row_of};
use crate::store::view::cache::{Presence, Request};
use crate::store::view::marked::Mut;
use crate::store::view::tables::{ColumnBorrow, TableRows};

/// A field's type in a [`View`](crate::View).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a view",
    label = "not a field of a view",
    note = "fields are `&'a T`, `&'a mut T`, `Option<&'a T>`, `Option<&'a mut T>`, `Mut<'a, T>`, \
            `OptionMut<'a, T>` where `T` is the value of a slot, or `ObjectId`"
)]
pub trait ViewField {
    /// The field's type for one object.
    type Item<'t>;
    /// The field's type for objects in adjacent rows.
    type Run<'t>;
    #[doc(hidden)]
    type Blocks<'t>;
    #[doc(hidden)]
    type Items<'t>: Iterator;
    /// `true` if the values are enums, whose bytes are checked.
    #[doc(hidden)]
    const IS_ENUM: bool;

    #[doc(hidden)]
    fn request() -> Option<Request>;
    #[doc(hidden)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, rows: TableRows<'t>) -> Self::Blocks<'t>;
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
    /// Returns the field of one object, for views without mutable fields.
    #[doc(hidden)]
    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t>;
    #[doc(hidden)]
    fn empty<'t>() -> Self::Run<'t>;
    #[doc(hidden)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t>;
    #[doc(hidden)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t>;
    /// Returns the fields of the objects in some rows of one block, in ascending order.
    #[doc(hidden)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>>;
}

/// A field that changes nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` changes values",
    label = "a mutable field",
    note = "a view with mutable fields needs `store.view`, or `Slots` as a parameter of a Bevy system"
)]
pub trait SharedField: ViewField {}

impl<T: SlotValue> SharedField for &T {}

impl SharedField for ObjectId {}

pub(super) const SHARED: &str = "a shared view has no mutable fields";
pub(super) const COLUMN: &str = "a matching table has a column of the field's kind";

pub(super) type SharedBlocks<'t, T> = slice::Iter<'t, Block<<T as SlotValue>::Cell>>;
pub(super) type ExclusiveBlocks<'t, T> = BlocksMut<'t, <T as SlotValue>::Cell>;

/// Returns the used rows of the next block, or `None` after the last block.
///
/// An empty slice instead of `None` would disable vectorisation: the compiler could no longer rule out that
/// two columns overlap.
#[inline(always)]
pub(super) fn next_shared<'t, T: SlotValue>(
    blocks: &mut SharedBlocks<'t, T>,
    rows: usize,
) -> Option<&'t [T]> {
    let block = blocks.next()?.cells();
    Some(T::from_cells(&block[..block.len().min(rows * T::WIDTH)]))
}

/// See [`next_shared`].
#[inline(always)]
pub(super) fn next_exclusive<'t, T: SlotValue>(
    blocks: &mut ExclusiveBlocks<'t, T>,
    rows: usize,
) -> Option<&'t mut [T]> {
    let block = blocks.next()?;
    let cells = block.len().min(rows * T::WIDTH);
    Some(T::from_cells_mut(&mut block[..cells]))
}

/// Skips up to `count` blocks.
#[inline(always)]
pub(super) fn skip_shared<C>(blocks: &mut slice::Iter<'_, Block<C>>, count: usize) {
    *blocks = blocks.as_slice().get(count..).unwrap_or_default().iter();
}

/// Takes the next block.
pub(super) fn take_shared<'t, C>(
    blocks: &mut slice::Iter<'t, Block<C>>,
) -> slice::Iter<'t, Block<C>> {
    let (block, rest) = blocks.as_slice().split_at(blocks.len().min(1));
    *blocks = rest.iter();
    block.iter()
}

/// Returns the value of one row, or `None` if the row was never written.
#[inline(always)]
pub(super) fn at_shared<'t, T: SlotValue>(blocks: &SharedBlocks<'t, T>, row: u32) -> Option<&'t T> {
    let block = blocks.as_slice().get(row as usize / BLOCK_ROWS)?.cells();
    T::from_cells(row_of(block, row, T::WIDTH)?).first()
}

/// Values of one block to write to, row after row. Each is checked on its own, and the block stays shared with snapshots
/// until the first is taken.
pub(super) struct ExclusiveRows<'t, C> {
    blocks: Option<BlocksMut<'t, C>>,
    /// The cells from the row `next` of the block on.
    rest: &'t mut [C],
    next: usize,
}

impl<'t, C: Copy> ExclusiveRows<'t, C> {
    #[inline(always)]
    pub(super) const fn new(blocks: BlocksMut<'t, C>) -> Self {
        Self { blocks: Some(blocks), rest: &mut [], next: 0 }
    }

    /// Returns the value of one row, or `None` if the row was never written. The row must be a later one of the same
    /// block than the last one.
    #[inline(always)]
    pub(super) fn take<T: SlotValue<Cell = C>>(&mut self, row: u32) -> Option<&'t mut T> {
        let (block, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        if let Some(blocks) = self.blocks.take() {
            self.rest = blocks.into_block(block)?;
        }
        let start = (offset - self.next) * T::WIDTH;
        let cells = std::mem::take(&mut self.rest).get_mut(start..)?;
        let (cells, rest) = cells.split_at_mut_checked(T::WIDTH)?;
        (self.rest, self.next) = (rest, offset + 1);
        T::from_cells_mut(cells).first_mut()
    }
}

#[inline(always)]
pub(super) fn split_shared<'t, T>(run: &mut &'t [T], skip: usize, rows: usize) -> &'t [T] {
    let (taken, rest) = run[skip..].split_at(rows);
    *run = rest;
    taken
}

#[inline(always)]
pub(super) fn split_exclusive<'t, T>(
    run: &mut &'t mut [T],
    skip: usize,
    rows: usize,
) -> &'t mut [T] {
    let (taken, rest) = std::mem::take(run)[skip..].split_at_mut(rows);
    *run = rest;
    taken
}

impl<T: SlotValue> ViewField for &T {
    type Item<'t> = &'t T;
    type Run<'t> = &'t [T];
    type Blocks<'t> = SharedBlocks<'t, T>;
    type Items<'t> = slice::Iter<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        Some(Request::of::<T>(Presence::Required, false))
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, _: TableRows<'t>) -> Self::Blocks<'t> {
        let column = column.expect(COLUMN).shared();
        T::Cell::blocks(&column.cells).expect(COLUMN).blocks().iter()
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        next_shared(blocks, rows)
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        skip_shared(blocks, count);
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        take_shared(blocks)
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        split_shared(run, skip, rows)
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        &run[row]
    }

    #[inline(always)]
    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
        &run[row]
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        &[]
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
        rows.map_while(move |row| at_shared(&blocks, row))
    }
}

impl<T: SlotValue> ViewField for &mut T {
    type Item<'t> = &'t mut T;
    type Run<'t> = &'t mut [T];
    type Blocks<'t> = ExclusiveBlocks<'t, T>;
    type Items<'t> = slice::IterMut<'t, T>;
    const IS_ENUM: bool = T::VARIANTS > 0;

    fn request() -> Option<Request> {
        <&T>::request().map(|request| Request { is_mutable: true, ..request })
    }

    #[inline(always)]
    fn blocks<'t>(column: Option<ColumnBorrow<'t>>, _: TableRows<'t>) -> Self::Blocks<'t> {
        let column = column.expect(COLUMN).exclusive();
        T::Cell::blocks_mut(&mut column.cells).expect(COLUMN).blocks_mut()
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        next_exclusive(blocks, rows)
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        blocks.skip(count);
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        blocks.take_block()
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        split_exclusive(run, skip, rows)
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        &mut run[row]
    }

    #[inline(always)]
    fn read<'t>(_: &Self::Run<'t>, _: usize) -> Self::Item<'t> {
        unreachable!("{SHARED}")
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        &mut []
    }

    #[inline(always)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        run.iter_mut()
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
        let mut picked = ExclusiveRows::new(blocks);
        rows.map_while(move |row| picked.take::<T>(row))
    }
}

/// The field of a slot that must be set: `#[slot(set)]` in a derived view.
#[derive(Debug)]
pub struct SetSlot<F>(PhantomData<F>);

macro_rules! set_slots {
    ($($lifetime:lifetime: $field:ty),*) => {
        $(
            impl<$lifetime, T: SlotValue> ViewField for SetSlot<$field> {
                type Item<'t> = <$field as ViewField>::Item<'t>;
                type Run<'t> = <$field as ViewField>::Run<'t>;
                type Blocks<'t> = <$field as ViewField>::Blocks<'t>;
                type Items<'t> = <$field as ViewField>::Items<'t>;
                const IS_ENUM: bool = <$field as ViewField>::IS_ENUM;

                fn request() -> Option<Request> {
                    let request = <$field>::request()?;
                    Some(Request { presence: Presence::Set, ..request })
                }

                #[inline(always)]
                fn blocks<'t>(
                    column: Option<ColumnBorrow<'t>>,
                    rows: TableRows<'t>,
                ) -> Self::Blocks<'t> {
                    <$field>::blocks(column, rows)
                }

                #[inline(always)]
                fn next_block<'t>(
                    blocks: &mut Self::Blocks<'t>,
                    rows: usize,
                ) -> Option<Self::Run<'t>> {
                    <$field>::next_block(blocks, rows)
                }

                #[inline(always)]
                fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
                    <$field>::skip_blocks(blocks, count);
                }

                #[inline(always)]
                fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
                    <$field>::take_block(blocks)
                }

                #[inline(always)]
                fn split<'t>(
                    run: &mut Self::Run<'t>,
                    skip: usize,
                    rows: usize,
                ) -> Self::Run<'t> {
                    <$field>::split(run, skip, rows)
                }

                #[inline(always)]
                fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
                    <$field>::item(run, row)
                }

                #[inline(always)]
                fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
                    <$field>::read(run, row)
                }

                #[inline(always)]
                fn empty<'t>() -> Self::Run<'t> {
                    <$field>::empty()
                }

                #[inline(always)]
                fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
                    <$field>::items(run)
                }

                #[inline(always)]
                fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
                    <$field>::finish(item)
                }

                #[inline(always)]
                fn rows<'t>(
                    blocks: Self::Blocks<'t>,
                    rows: impl Iterator<Item = u32> + Clone,
                ) -> impl Iterator<Item = Self::Item<'t>> {
                    <$field>::rows(blocks, rows)
                }
            }
        )*
    };
}
set_slots!('r: &'r T, 'r: &'r mut T, 'r: Mut<'r, T>);

impl ViewField for ObjectId {
    type Item<'t> = Self;
    type Run<'t> = IdRun<'t>;
    type Blocks<'t> = IdRun<'t>;
    /// The ids without their generations, which are in bits of their own, and the generations. The standard library's
    /// `Zip` walks ranges and slices by one index.
    type Items<'t> = iter::Zip<Range<u64>, slice::Iter<'t, u16>>;
    const IS_ENUM: bool = false;

    fn request() -> Option<Request> {
        None
    }

    #[inline(always)]
    fn blocks<'t>(_: Option<ColumnBorrow<'t>>, rows: TableRows<'t>) -> Self::Blocks<'t> {
        IdRun { schema: rows.schema, first: 0, generations: rows.generations }
    }

    #[inline(always)]
    fn next_block<'t>(blocks: &mut Self::Blocks<'t>, rows: usize) -> Option<Self::Run<'t>> {
        Some(Self::take_block(blocks).split(0, rows))
    }

    #[inline(always)]
    fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
        let all = blocks.generations.len().min(count * BLOCK_ROWS);
        blocks.split(0, all);
    }

    #[inline(always)]
    fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
        let all = blocks.generations.len().min(BLOCK_ROWS);
        blocks.split(0, all)
    }

    #[inline(always)]
    fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
        run.split(skip, rows)
    }

    #[inline(always)]
    fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
        Self::read(run, row)
    }

    #[inline(always)]
    fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
        run.id(row)
    }

    #[inline(always)]
    fn empty<'t>() -> Self::Run<'t> {
        IdRun { schema: SchemaId(0), first: 0, generations: &[] }
    }

    #[inline(always)]
    fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
        let first = Self::new(run.schema, run.first, 1).to_bits();
        (first..first + run.generations.len() as u64).zip(run.generations)
    }

    #[inline(always)]
    fn finish<'t>(item: <Self::Items<'t> as Iterator>::Item) -> Self::Item<'t> {
        let (first, generation) = item;
        let first = Self::from_bits(first).unwrap_or(Self::FILLER);
        Self::new(first.schema(), first.row(), *generation)
    }

    #[inline(always)]
    fn rows<'t>(
        blocks: Self::Blocks<'t>,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = Self::Item<'t>> {
        rows.map_while(move |row| {
            let generation = *blocks.generations.get(row as usize)?;
            Some(Self::new(blocks.schema, blocks.first + row, generation))
        })
    }
}

/// The ids of objects in adjacent rows.
///
/// ```
/// use slotted::{ObjectId, Slotted, Store, View};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Units<'a> { id: ObjectId, health: &'a f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let units: Vec<ObjectId> = store.spawn_batch([Unit { health: 80.0 }; 3])?.collect();
/// for run in store.view_ref::<Units>()?.runs() {
///     assert_eq!((run.id.first_row(), run.id.len(), run.id.is_empty()), (0, 3, false));
///     assert_eq!(run.id.iter().collect::<Vec<_>>(), units);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IdRun<'t> {
    schema: SchemaId,
    first: u32,
    generations: &'t [u16],
}

impl<'t> IdRun<'t> {
    /// Returns the number of ids.
    ///
    /// [`IdRun`] has an example.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.generations.len()
    }

    /// Returns the row of the first id.
    ///
    /// [`IdRun`] has an example.
    #[must_use]
    pub const fn first_row(&self) -> u32 {
        self.first
    }

    /// Returns `true` if the run has no ids.
    ///
    /// [`IdRun`] has an example.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// Iterates over the ids in the order of their rows.
    ///
    /// [`IdRun`] has an example.
    #[inline(always)]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ObjectId> + use<'t> {
        let Self { schema, first, generations } = *self;
        let id = move |(offset, generation): (usize, &u16)| {
            ObjectId::new(schema, first + offset as u32, *generation)
        };
        generations.iter().enumerate().map(id)
    }

    #[inline(always)]
    fn id(&self, row: usize) -> ObjectId {
        ObjectId::new(self.schema, self.first + row as u32, self.generations[row])
    }

    #[inline(always)]
    fn split(&mut self, skip: usize, rows: usize) -> Self {
        let (first, generations) = (self.first + skip as u32, &self.generations[skip..][..rows]);
        let taken = Self { first, generations, ..*self };
        self.generations = &self.generations[skip + rows..];
        self.first = first + rows as u32;
        taken
    }
}
