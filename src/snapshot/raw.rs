//! The tables of a snapshot as they lie in memory.

use std::fmt;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::list::ListCell;
use crate::schema::RegisteredSchema;
use crate::snapshot::Snapshot;
use crate::storage::{
    BLOCK_ROWS, BlockBytes, BlocksSnapshot, Cell, CellVecVisitor, RowBlock, SnapshotVisitor,
    TableSnapshot,
};
use crate::store::{StoreIdentity, StoreState};
use crate::text::Text;

/// The tables, texts and lists of a snapshot as they lie in memory: for file formats and other engines.
///
/// [`Snapshot::raw`] returns it. Nothing is copied, and no lookup by name or id takes place.
/// [`TableFill`](crate::raw::TableFill) is the way back.
///
/// # Example
/// ```
/// use slotted::{Slotted, Store};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut store = Store::new();
/// let unit = store.register::<Unit>()?;
/// store.spawn_batch([Unit { health: 1.5 }, Unit { health: 2.5 }])?;
///
/// let snapshot = store.snapshot();
/// let table = snapshot.raw().table(unit).ok_or("no such schema")?;
/// assert_eq!((table.len(), table.used_rows(), table.blocks()), (2, 2, 1));
/// let health = table.cells(0, 0).ok_or("no such slot")?;
/// assert_eq!(slotted::bytemuck::cast_slice::<u8, f32>(health.as_ref()), [1.5, 2.5]);
/// assert_eq!(table.rows(0).ok_or("no such block")?.generations(), [1, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct RawSnapshot<'s> {
    state: &'s StoreState,
}

/// The rows and columns of one schema as they lie in memory.
///
/// [`RawSnapshot`] has an example.
#[derive(Clone, Copy)]
pub struct RawTable<'s> {
    schema: &'s RegisteredSchema,
    table: &'s TableSnapshot,
}

/// The used rows of one block.
///
/// [`RawSnapshot`] has an example.
#[derive(Clone, Copy)]
pub struct RawRows<'s> {
    rows: &'s Arc<RowBlock>,
}

impl Snapshot {
    /// Returns the tables, texts and lists as they lie in memory.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn raw(&self) -> RawSnapshot<'_> {
        RawSnapshot { state: self.state() }
    }
}

impl<'s> RawSnapshot<'s> {
    /// Iterates over the tables of all schemas, in the order of their ids.
    ///
    /// [`RawSnapshot`] has an example of a table.
    pub fn tables(self) -> impl ExactSizeIterator<Item = RawTable<'s>> {
        let schemas = self.state.registry().iter();
        schemas.filter_map(move |schema| self.table(schema.id())).collect::<Vec<_>>().into_iter()
    }

    /// Returns the table of a schema.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn table(self, schema: SchemaId) -> Option<RawTable<'s>> {
        let registered = self.state.registry().get(schema)?;
        let table = self.state.table(schema)?;
        Some(RawTable { schema: registered, table })
    }

    /// Returns the table of the schema with this name.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// store.register_schema(slotted::Schema::builder("tile").build()?)?;
    /// let snapshot = store.snapshot();
    /// assert!(snapshot.raw().table_of("tile").is_some_and(|table| table.is_empty()));
    /// assert!(snapshot.raw().table_of("unit").is_none());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    #[must_use]
    pub fn table_of(self, schema: &str) -> Option<RawTable<'s>> {
        self.table(self.state.registry().find(schema)?.id())
    }

    /// Returns the identity of the store that the snapshot was taken of.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// assert_eq!(store.snapshot().raw().identity(), store.identity());
    /// ```
    #[must_use]
    pub fn identity(self) -> StoreIdentity {
        self.state.store_identity()
    }

    /// Returns the text whose handle has this memory.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let ada = store.intern_text("Ada")?;
    /// let snapshot = store.snapshot();
    /// let handle: u32 = slotted::bytemuck::cast(ada);
    /// assert_eq!(snapshot.raw().text(handle), Some("Ada"));
    /// assert!(handle < snapshot.raw().text_handles());
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    #[must_use]
    pub fn text(self, handle: u32) -> Option<&'s str> {
        self.state.interner().texts.resolve(Text::new(handle))
    }

    /// Returns a number above all handles of texts.
    ///
    /// [`text`](Self::text) has an example.
    #[must_use]
    pub fn text_handles(self) -> u32 {
        self.state.interner().texts.next_number()
    }

    /// Appends the memory of a list's elements. Returns `false` if no list has the handle.
    ///
    /// Elements that are texts are handles too.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// store.intern_list(&[22_u16, 7])?;
    /// let snapshot = store.snapshot();
    /// let mut bytes = Vec::new();
    /// assert!(snapshot.raw().list(1, &mut bytes));
    /// assert_eq!(bytes, [22, 0, 7, 0]);
    /// # Ok::<(), slotted::LimitError>(())
    /// ```
    #[must_use]
    pub fn list(self, handle: u32, bytes: &mut Vec<u8>) -> bool {
        let lists = &self.state.interner().lists;
        lists.visit(ListCell::new(handle), AppendBytes(bytes)).is_some()
    }
}

struct AppendBytes<'a>(&'a mut Vec<u8>);

impl CellVecVisitor for AppendBytes<'_> {
    type Output = ();

    fn visit<C: Cell>(self, cells: &[C]) {
        self.0.extend_from_slice(C::as_bytes(cells));
    }
}

impl<'s> RawTable<'s> {
    /// Returns the schema.
    ///
    /// [`RawSnapshot`] has an example of a table.
    #[must_use]
    pub const fn schema(self) -> &'s RegisteredSchema {
        self.schema
    }

    /// Returns the number of living objects.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn len(self) -> usize {
        self.table.rows.count as usize
    }

    /// Returns `true` if no object of the schema is alive.
    ///
    /// [`RawSnapshot`] has an example of a table.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the number of rows up to the highest one that was ever alive.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn used_rows(self) -> usize {
        self.table.rows.used
    }

    /// Returns the epoch in which anything of the table was last written: a value, a spawn, a despawn.
    ///
    /// If it is before the [epoch](Snapshot::epoch) of an earlier snapshot of the same [store](RawSnapshot::identity), the table is
    /// the same in both. Computes in **O(blocks)** time.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store, record};
    /// let mut store = Store::new();
    /// let tile = store.register_schema(Schema::builder("tile").build()?)?;
    /// let unit = store.register_schema(Schema::builder("unit").build()?)?;
    /// let before = store.snapshot();
    /// store.spawn_record("tile", record! {})?;
    /// let after = store.snapshot();
    /// let last_written = |schema| after.raw().table(schema).map(|table| table.last_written());
    /// assert!(last_written(tile) >= Some(before.epoch()) && last_written(unit) < Some(before.epoch()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn last_written(self) -> Epoch {
        self.table.last_written()
    }

    /// Returns the number of blocks with used rows.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn blocks(self) -> usize {
        self.table.rows.used.div_ceil(BLOCK_ROWS)
    }

    /// Returns the used rows of a block.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn rows(self, block: usize) -> Option<RawRows<'s>> {
        self.table.rows.blocks.get(block).map(|rows| RawRows { rows })
    }

    /// Returns the values of a slot in a block, one after another.
    ///
    /// They may be fewer than the block has used rows: dead rows at the end may have none. Values of dead rows and of unset
    /// slots mean nothing. Numbers and vectors lie there as themselves, enums as the number of the variant in a byte,
    /// references as the [bits](crate::ObjectId::to_bits) of an id, texts and lists as handles of four bytes, `bool`s as
    /// bytes.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn cells(self, slot: usize, block: usize) -> Option<BlockBytes> {
        self.table.columns.get(slot)?.cells.visit(BytesOf { block })
    }

    /// Returns `true` for each row of a block in which an optional slot is set. Returns `None` if the slot is not optional.
    ///
    /// They may be fewer than the block has used rows, as [`cells`](Self::cells) may.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let unit = Schema::builder("unit").slot("rage", Kind::F32).optional().build()?;
    /// let unit = store.register_schema(unit)?;
    /// store.spawn_record("unit", record! {})?;
    /// store.spawn_record("unit", record! { rage: 0.5 })?;
    /// let snapshot = store.snapshot();
    /// let table = snapshot.raw().table(unit).ok_or("no such schema")?;
    /// assert_eq!(table.set_flags(0, 0), Some(&[false, true][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn set_flags(self, slot: usize, block: usize) -> Option<&'s [bool]> {
        let flags = self.table.columns.get(slot)?.set.as_ref()?;
        Some(flags.blocks.get(block).map_or(&[], |flags| flags))
    }
}

struct BytesOf {
    block: usize,
}

impl SnapshotVisitor for BytesOf {
    type Output = Option<BlockBytes>;

    fn visit<C: Cell>(self, blocks: &BlocksSnapshot<C>) -> Option<BlockBytes> {
        blocks.blocks.get(self.block).map(BlockBytes::of_cells)
    }
}

impl<'s> RawRows<'s> {
    /// Returns the generation of each row: odd if an object lives in it, 0 if it is retired.
    ///
    /// [`RawSnapshot`] has an example.
    #[must_use]
    pub fn generations(self) -> &'s [u16] {
        &self.rows.generations
    }

    /// Returns the memory of the generations.
    ///
    /// [`RawSnapshot`] has an example of generations.
    #[must_use]
    pub fn generation_bytes(self) -> BlockBytes {
        BlockBytes::of_generations(self.rows)
    }

    /// Returns a bit for each row, 1 if an object lives in it.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store, record};
    /// let mut store = Store::new();
    /// let unit = store.register_schema(Schema::builder("unit").build()?)?;
    /// let ids: Vec<_> = store.spawn_records("unit", vec![record! {}; 3])?.collect();
    /// store.despawn(ids[1])?;
    /// let snapshot = store.snapshot();
    /// let rows = snapshot.raw().table(unit).and_then(|table| table.rows(0)).ok_or("no rows")?;
    /// assert_eq!((rows.living(), rows.living_count()), (&[0b101][..], 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn living(self) -> &'s [u64] {
        &self.rows.occupied
    }

    /// Returns the number of living objects.
    ///
    /// [`living`](Self::living) has an example.
    #[must_use]
    pub fn living_count(self) -> usize {
        usize::from(self.rows.living)
    }
}

impl fmt::Debug for RawSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tables()).finish()
    }
}

impl fmt::Debug for RawTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawTable")
            .field("schema", &self.schema.name())
            .field("objects", &self.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawRows").field(&self.rows.generations.len()).finish()
    }
}
