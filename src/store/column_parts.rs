//! Parts of a column's memory: runs of living objects, and whole blocks.

use std::fmt;
use std::ops::Deref;

use crate::id::SchemaId;
use crate::storage::ones;

/// The values of objects in adjacent rows, in the order of rows. A slice that knows its place.
///
/// Returned by [`SlotColumn::runs`](crate::view::SlotColumn::runs).
///
/// # Example
/// ```
/// # use slotted::{Slotted, Store};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Tile { height: f32 }
/// # let mut store = Store::new();
/// let schema = store.register::<Tile>()?;
/// let tiles: Vec<_> = store.spawn_batch((0..9).map(|n| Tile { height: n as f32 }))?.collect();
/// store.despawn(tiles[5])?;
/// let heights = store.column(store.key::<f32>("tile", "height")?)?;
/// let runs: Vec<_> = heights.runs().map(|run| (run.first_row(), run.len(), run[0])).collect();
/// assert_eq!(runs, [(0, 5, 0.0), (6, 3, 6.0)]);
/// assert!(heights.runs().all(|run| run.schema() == schema));
/// let sum: f32 = heights.runs().flat_map(|run| run.values()).sum();
/// assert_eq!(sum, 31.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ColumnRun<'s, T> {
    schema: SchemaId,
    first_row: u32,
    values: &'s [T],
}

impl<T> Clone for ColumnRun<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ColumnRun<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for ColumnRun<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.fmt(f)
    }
}

impl<T> Deref for ColumnRun<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        self.values
    }
}

impl<'s, T> IntoIterator for ColumnRun<'s, T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

impl<'s, T> ColumnRun<'s, T> {
    #[inline(always)]
    pub(super) const fn new(schema: SchemaId, first_row: u32, values: &'s [T]) -> Self {
        Self { schema, first_row, values }
    }

    /// Returns the objects' schema.
    ///
    /// [`ColumnRun`] has an example.
    #[must_use]
    pub const fn schema(&self) -> SchemaId {
        self.schema
    }

    /// Returns the row of the first value.
    ///
    /// [`ColumnRun`] has an example.
    #[must_use]
    #[inline(always)]
    pub const fn first_row(&self) -> u32 {
        self.first_row
    }

    /// Returns the values, for as long as the column's borrow of the store.
    ///
    /// [`ColumnRun`] has an example.
    #[must_use]
    #[inline(always)]
    pub const fn values(&self) -> &'s [T] {
        self.values
    }
}

/// The values of adjacent rows, with those of dead rows among them.
///
/// A dead row holds an old value: that of its last object, or one that no object ever had. [`living`](Self::living)
/// tells which rows are alive. A renderer uploads both and skips dead rows in the shader, or draws the rows in
/// [`living_rows`](Self::living_rows).
///
/// Returned by [`SlotColumn::blocks`](crate::view::SlotColumn::blocks) and
/// [`SlotColumn::blocks_changed_since`](crate::view::SlotColumn::blocks_changed_since).
///
/// # Example
/// ```
/// # use slotted::{Epoch, Slotted, Store, memory::BLOCK_ROWS};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Tile { height: f32 }
/// # let mut store = Store::new();
/// # let schema = store.register::<Tile>()?;
/// let tiles: Vec<_> = store.spawn_batch([Tile { height: 1.0 }; 20_000])?.collect();
/// let heights = store.key::<f32>("tile", "height")?;
///
/// let mut on_gpu = vec![0.0; 20_000]; // a buffer of instance data, indexed by row
/// let mut upload = |store: &Store, since: Epoch| {
///     let column = store.column(heights)?;
///     for block in column.blocks_changed_since(since) {
///         assert_eq!(block.schema(), schema);
///         on_gpu[block.first_row() as usize..][..block.values().len()].copy_from_slice(block.values());
///     }
///     Ok::<usize, slotted::AccessError>(column.blocks_changed_since(since).count())
/// };
/// assert_eq!(upload(&store, Epoch::default())?, 20_000_usize.div_ceil(BLOCK_ROWS));
///
/// let epoch = store.advance_epoch();
/// store.set(tiles[10_000], heights, 5.0)?;
/// store.despawn(tiles[10_001])?;
/// assert_eq!(upload(&store, epoch)?, 1);
///
/// let block = store.column(heights)?.blocks_changed_since(epoch).next().unwrap();
/// assert_eq!(block.first_row() as usize, BLOCK_ROWS);
/// assert_eq!((block.is_alive(10_000), block.is_alive(10_001)), (true, false));
/// assert_eq!(block.living_rows().count(), BLOCK_ROWS - 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ColumnBlock<'s, T> {
    run: ColumnRun<'s, T>,
    living: &'s [u64],
}

impl<T> Clone for ColumnBlock<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ColumnBlock<'_, T> {}

impl<T> fmt::Debug for ColumnBlock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnBlock")
            .field("first_row", &self.first_row())
            .field("rows", &self.values().len())
            .finish_non_exhaustive()
    }
}

impl<'s, T> ColumnBlock<'s, T> {
    pub(super) const fn new(
        schema: SchemaId,
        first_row: u32,
        values: &'s [T],
        living: &'s [u64],
    ) -> Self {
        Self { run: ColumnRun::new(schema, first_row, values), living }
    }

    /// Returns the objects' schema. Each schema has rows of its own.
    ///
    /// [`ColumnBlock`] has an example.
    #[must_use]
    pub const fn schema(&self) -> SchemaId {
        self.run.schema
    }

    /// Returns the row of the first value, a multiple of [`BLOCK_ROWS`](crate::memory::BLOCK_ROWS).
    ///
    /// [`ColumnBlock`] has an example.
    #[must_use]
    pub const fn first_row(&self) -> u32 {
        self.run.first_row
    }

    /// Returns a value for each row, up to the highest one that was ever used.
    ///
    /// Those of a block without living objects may be fewer, because [`Store::release_memory`](crate::Store::release_memory)
    /// releases such blocks. [`ColumnBlock`] has an example.
    #[must_use]
    pub const fn values(&self) -> &'s [T] {
        self.run.values
    }

    /// Returns a bit for each row: 1 if an object lives there. Bit 0 of the first word is the first row.
    ///
    /// The last word is filled up with zeros.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Tile { height: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Tile>()?;
    /// let tiles: Vec<_> = store.spawn_batch([Tile { height: 1.0 }; 70])?.collect();
    /// store.despawn(tiles[1])?;
    /// let heights = store.column(store.key::<f32>("tile", "height")?)?;
    /// assert_eq!(heights.blocks().next().unwrap().living(), [u64::MAX - 0b10, 0b11_1111]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn living(&self) -> &'s [u64] {
        self.living
    }

    /// Returns `true` if an object lives in the row, which is counted from the table's first.
    ///
    /// [`ColumnBlock`] has an example.
    #[must_use]
    pub fn is_alive(&self, row: u32) -> bool {
        let offset = row.checked_sub(self.first_row());
        let word = offset.and_then(|offset| self.living.get(offset as usize / 64));
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Iterates over the rows in which objects live, in ascending order.
    ///
    /// [`ColumnBlock`] has an example.
    pub fn living_rows(&self) -> impl Iterator<Item = u32> + use<'s, T> {
        let first = self.first_row();
        let rows = |(number, word): (usize, &'s u64)| ones(*word).map(move |bit| number * 64 + bit);
        self.living.iter().enumerate().flat_map(rows).map(move |offset| first + offset as u32)
    }
}
