//! Fills an empty table from memory, as a file of columns has it.

use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::kind::Kind;
use crate::list::ListCell;
use crate::schema::Quoted;
use crate::storage::{
    BLOCK_ROWS, BlockMemory, Blocks, Cell, CellsVisitorMut, Column, ElementShape, Interner,
    RowBlock, Rows, Table, Translate, ones,
};
use crate::store::{Store, shape_of_elements};
use crate::text::Text;
use crate::value::Value;

/// Fills the table of a schema from memory, block by block: for file formats.
///
/// [`Store::fill_table`] returns it. The store is unchanged until [`finish`](Self::finish), except for texts and lists.
/// Everything is checked: handles, variants, references, and the number of values. Constraints are not, because views may
/// have written any value; [`Store::validate`] checks them.
///
/// # Example
/// ```
/// use slotted::{Kind, ObjectId, Schema, Store};
///
/// let mut store = Store::new();
/// let unit = Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text).build()?;
/// let unit = store.register_schema(unit)?;
///
/// let mut table = store.fill_table(unit)?;
/// let ada = table.text("Ada")?;
/// table.next_block(&[1, 4])?; // an object, and a free row that was used twice
/// table.cells(0, slotted::bytemuck::cast_slice(&[1.5_f32, 0.0]), None)?;
/// table.cells(1, slotted::bytemuck::cast_slice(&[ada, 0]), None)?;
/// table.finish()?;
///
/// let id = store.ids().next().ok_or("no object")?;
/// assert_eq!(store.get_value(id, "name")?, "Ada".into());
/// assert_eq!(store.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableFill<'s> {
    store: &'s mut Store,
    schema: SchemaId,
    columns: Vec<Column>,
    rows: Vec<RowBlock>,
    used: usize,
    /// The number of rows for which each column has values.
    filled: Vec<usize>,
    /// A bit for each handle that `text` returned, and for that of the empty text.
    texts: Vec<u64>,
    /// All handles below are known.
    known_texts: u32,
    /// A bit for each handle of a text that is known to be that of a value.
    values: Vec<u64>,
}

/// The reason why a table cannot be filled.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// The store has no such schema, the schema no such slot, or the table no block yet.
    #[error("no schema, slot or block has this number")]
    Unknown,
    /// Objects of the schema were spawned before.
    #[error("schema {} has rows already; fill the table of a new store", Quoted(schema))]
    Used {
        /// The schema's name.
        schema: Arc<str>,
    },
    /// The number of rows or values is wrong.
    #[error("{what} has {found} rows, expected {expected}")]
    Rows {
        /// The slot in quotes, or `the block before`.
        what: String,
        /// The number of rows of the block.
        expected: usize,
        /// The number of rows found.
        found: usize,
    },
    /// A generation is beyond the last one that a row can have.
    #[error("row {row} has generation {generation}, which is beyond the last one")]
    Generation {
        /// The row.
        row: usize,
        /// Its generation.
        generation: u16,
    },
    /// The memory of a value is not valid for the slot: an unknown handle, variant or schema.
    #[error("slot {} has no valid value in row {row}", Quoted(slot))]
    Value {
        /// The slot.
        slot: Arc<str>,
        /// The row.
        row: usize,
    },
    /// The memory was made for a slot with values of another type.
    #[error("the memory is not for slot {}: its values have another type", Quoted(slot))]
    OtherMemory {
        /// The slot.
        slot: Arc<str>,
    },
    /// A limit of the store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

debug_as_display!(FillError);

impl Store {
    /// Begins to fill the table of a schema, of which nothing was ever spawned.
    ///
    /// # Errors
    /// Returns an error if the table has rows.
    ///
    /// [`TableFill`](crate::raw::TableFill) has an example.
    pub fn fill_table(&mut self, schema: SchemaId) -> Result<TableFill<'_>, FillError> {
        let table = self.tables.get(schema.index()).ok_or(FillError::Unknown)?;
        if table.rows.used() > 0 {
            let schema = self.registry.get(schema).map(|schema| Arc::clone(schema.shared_name()));
            return Err(FillError::Used { schema: schema.unwrap_or_default() });
        }
        let columns = self.empty_table(schema).columns;
        let filled = vec![0; columns.len()];
        Ok(TableFill {
            store: self,
            schema,
            columns,
            rows: Vec::new(),
            used: 0,
            filled,
            texts: vec![1],
            known_texts: 1,
            values: Vec::new(),
        })
    }
}

impl TableFill<'_> {
    /// Returns the handle of a text, for [`cells`](Self::cells).
    ///
    /// # Errors
    /// Returns an error if the limit of texts is reached.
    ///
    /// [`TableFill`] has an example.
    pub fn text(&mut self, text: &str) -> Result<u32, LimitError> {
        let handle = self.store.intern_text(text)?.number();
        set_bit(&mut self.texts, handle);
        while (self.known_texts as usize) < self.texts.len() * 64
            && is_one(&self.texts, self.known_texts as usize)
        {
            self.known_texts += 1;
        }
        Ok(handle)
    }

    /// Returns the handle of a list of a slot, whose elements have this memory.
    ///
    /// # Errors
    /// Returns an error if the memory is not valid for the elements, if the slot is not a list, or if the limit of lists is
    /// reached.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let item = Schema::builder("item").slot("drops", Kind::list(Kind::U16)).build()?;
    /// let item = store.register_schema(item)?;
    /// let mut table = store.fill_table(item)?;
    /// let drops = table.list(0, &[22, 0, 7, 0])?;
    /// table.next_block(&[1])?;
    /// table.cells(0, &drops.to_le_bytes(), None)?;
    /// table.finish()?;
    /// let item = store.ids().next().ok_or("no object")?;
    /// assert_eq!(store.get_value(item, "drops")?, [22, 7].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn list(&mut self, slot: usize, cells: &[u8]) -> Result<u32, FillError> {
        let found =
            self.store.registry.get(self.schema).and_then(|schema| schema.slots().get(slot));
        let found = found.ok_or(FillError::Unknown)?;
        let invalid = FillError::Value { slot: Arc::clone(found.shared_name()), row: self.used };
        let Kind::List(list) = found.kind() else { return Err(invalid) };
        let shape = shape_of_elements(list.element());
        let limit = self.store.limits.list_bytes;
        let (interner, schemas) = (&mut self.store.interner, self.store.registry.len());
        let values = (*list.element() == Kind::Any).then_some(&mut self.values);
        let mut known = Known { interner, schemas, texts: &self.texts, shape: None, values };
        let cells = shape.read(cells, &mut known);
        let list = interner.list_of(shape, &cells.ok_or(invalid)?, limit);
        Ok(list.ok_or(LimitError::List { limit })?.number())
    }

    /// Returns the bytes that all texts of the store take with another one of this many bytes, and the same of lists: what
    /// [`Limits`](crate::Limits) bound.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let unit = store.register_schema(Schema::builder("unit").slot("name", Kind::Text).build()?)?;
    /// let mut table = store.fill_table(unit)?;
    /// table.text("Ada")?;
    /// assert_eq!(table.bytes_with(3), (2 * (3 + 32), 3 + 40));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn bytes_with(&self, bytes: usize) -> (usize, usize) {
        self.store.interner.bytes_with(bytes)
    }

    /// Begins the next block of rows with their generations. Each block but the last has [`BLOCK_ROWS`] rows.
    ///
    /// # Errors
    /// Returns an error if the block before is not complete, if a generation is impossible, or if there are too many rows.
    ///
    /// [`TableFill`] has an example.
    pub fn next_block(&mut self, generations: &[u16]) -> Result<(), FillError> {
        let limits = self.store.limits.of_rows();
        self.complete_block()?;
        let wrong = |what: &str, expected, found| FillError::Rows {
            what: what.to_owned(),
            expected,
            found,
        };
        if !self.used.is_multiple_of(BLOCK_ROWS) {
            return Err(wrong("the block before", BLOCK_ROWS, self.used % BLOCK_ROWS));
        }
        if generations.is_empty() || generations.len() > BLOCK_ROWS {
            return Err(wrong("a block", BLOCK_ROWS, generations.len()));
        }
        let used = self.used + generations.len();
        if used > limits.rows as usize {
            let schema = self.store.registry.get(self.schema);
            let schema = schema.map(|schema| Arc::clone(schema.shared_name())).unwrap_or_default();
            return Err(LimitError::Rows { schema, limit: limits.rows }.into());
        }
        let rows = RowBlock::new(generations, limits.last_generation);
        let rows = rows.map_err(|offset| FillError::Generation {
            row: self.used + offset,
            generation: generations[offset],
        })?;
        self.used = used;
        self.rows.push(rows);
        Ok(())
    }

    /// Returns a bit for each row of the last block, 1 if it has an object.
    ///
    /// # Example
    /// ```
    /// use slotted::{Schema, Store};
    /// let mut store = Store::new();
    /// let tile = store.register_schema(Schema::builder("tile").build()?)?;
    /// let mut table = store.fill_table(tile)?;
    /// table.next_block(&[1, 2, 7])?;
    /// assert_eq!(table.living(), [0b101]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn living(&self) -> &[u64] {
        self.rows.last().map_or(&[], |rows| &rows.occupied)
    }

    /// Adds a block of retired rows without values: nobody gets their ids again. For blocks of a file that are lost.
    ///
    /// # Errors
    /// Returns an error if the block before is not complete, or if there are too many rows.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let tile = store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// let mut table = store.fill_table(tile)?;
    /// table.retire_block(3)?;
    /// table.finish()?;
    /// assert_eq!(store.len(), 0);
    /// assert_eq!(store.spawn_record("tile", record! { height: 1.0 })?.row(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retire_block(&mut self, rows: usize) -> Result<(), FillError> {
        // Retired rows have generation 0.
        self.next_block(&vec![0; rows.min(BLOCK_ROWS + 1)])?;
        for (column, filled) in self.columns.iter_mut().zip(&mut self.filled) {
            column.cells.visit_mut(EmptyBlock);
            if let Some(flags) = &mut column.set {
                flags.push_block(Vec::new());
            }
            *filled = self.used;
        }
        Ok(())
    }

    /// Adds the values of a slot in the last block, as [`RawTable::cells`](crate::raw::RawTable::cells) returns them.
    ///
    /// `set` has a bit for each row in which an optional slot is set; `None` means all. The memory of dead rows and of unset
    /// slots is ignored.
    ///
    /// # Errors
    /// Returns an error if the number of values is wrong, or a value is not valid.
    ///
    /// [`TableFill`] has an example.
    pub fn cells(
        &mut self,
        slot: usize,
        cells: &[u8],
        set: Option<&[u64]>,
    ) -> Result<(), FillError> {
        self.append(slot, NewCells::Copied(cells), set)
    }

    /// Returns zeroed memory of a slot in a block of this many rows, for [`block`](Self::block): of [`BLOCK_ROWS`] at most.
    /// `None` if there is no such slot, or if not all bytes are values of it, as with texts, references and `bool`.
    ///
    /// # Example
    /// ```
    /// use std::io::Read;
    /// use slotted::{Kind, Schema, Store};
    ///
    /// let mut store = Store::new();
    /// let tile = store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// let mut file = slotted::bytemuck::bytes_of(&[1.5_f32, 2.5]);
    ///
    /// let mut table = store.fill_table(tile)?;
    /// let mut heights = table.memory(0, 2).ok_or("heights cannot take any bytes")?;
    /// file.read_exact(heights.bytes_mut())?;
    /// table.next_block(&[1, 1])?;
    /// table.block(0, heights, None)?;
    /// table.finish()?;
    /// let height = store.key::<f32>("tile", "height")?;
    /// let heights: Vec<_> = store.ids().map(|id| store.get(id, height)).collect();
    /// assert_eq!(heights, [Some(1.5), Some(2.5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn memory(&self, slot: usize, rows: usize) -> Option<BlockMemory> {
        BlockMemory::new(&self.columns.get(slot)?.cells, rows)
    }

    /// Adds the values of a slot in the last block, as [`cells`](Self::cells) does, without a copy.
    ///
    /// # Errors
    /// Returns an error if the number of values is wrong, if the memory has values of another type, or if an enum has no such
    /// variant.
    ///
    /// [`memory`](Self::memory) has an example.
    pub fn block(
        &mut self,
        slot: usize,
        memory: BlockMemory,
        set: Option<&[u64]>,
    ) -> Result<(), FillError> {
        self.append(slot, NewCells::Moved(memory), set)
    }

    fn append(
        &mut self,
        slot: usize,
        cells: NewCells<'_>,
        set: Option<&[u64]>,
    ) -> Result<(), FillError> {
        let found =
            self.store.registry.get(self.schema).and_then(|schema| schema.slots().get(slot));
        let (Some(declared), Some(rows)) = (found, self.rows.last()) else {
            return Err(FillError::Unknown);
        };
        let name = declared.shared_name();
        let (block, count) = (self.rows.len() - 1, rows.generations.len());
        let column = &mut self.columns[slot];
        let row_bytes = column.cells.row_bytes();
        let bytes = cells.bytes();
        if bytes.len() != count * row_bytes || self.filled[slot] != block * BLOCK_ROWS {
            let what = format!("slot {}", Quoted(name));
            return Err(FillError::Rows { what, expected: count, found: bytes.len() / row_bytes });
        }
        let set = set.filter(|_| declared.is_optional());
        let valid = |word: usize| {
            rows.occupied[word] & set.map_or(u64::MAX, |set| set.get(word).copied().unwrap_or(0))
        };
        let valid: Vec<u64> = (0..rows.occupied.len()).map(valid).collect();
        let row =
            |row: usize| FillError::Value { slot: Arc::clone(name), row: block * BLOCK_ROWS + row };
        if let Some(variants) = variants_of(declared.kind())
            && bytes.iter().filter(|cell| usize::from(**cell) >= variants).count() > 0
            && let Some((bad, _)) = bytes
                .iter()
                .enumerate()
                .find(|(row, cell)| usize::from(**cell) >= variants && is_one(&valid, *row))
        {
            return Err(row(bad));
        }
        let shape = match declared.kind() {
            Kind::List(list) => Some(shape_of_elements(list.element())),
            _ => None,
        };
        let known = Known {
            interner: &self.store.interner,
            schemas: self.store.registry.len(),
            texts: &self.texts,
            shape,
            values: (*declared.kind() == Kind::Any).then_some(&mut self.values),
        };
        let known_texts = if known.values.is_some() { 0 } else { self.known_texts };
        let append = AppendCells { cells, valid: &valid, count, known, known_texts };
        column.cells.visit_mut(append).map_err(|error| match error {
            AppendError::Row(bad) => row(bad),
            AppendError::OtherMemory => FillError::OtherMemory { slot: Arc::clone(name) },
        })?;
        if let Some(flags) = &mut column.set {
            flags.push_block((0..count).map(|row| is_one(&valid, row)).collect());
        }
        self.filled[slot] = self.used;
        Ok(())
    }

    fn complete_block(&self) -> Result<(), FillError> {
        match self.filled.iter().position(|filled| *filled != self.used) {
            None => Ok(()),
            Some(slot) => {
                let schema = self.store.registry.get(self.schema);
                let name = schema.map_or("", |schema| schema.slots()[slot].name());
                let (what, found) = (format!("slot {}", Quoted(name)), self.filled[slot]);
                Err(FillError::Rows { what, expected: self.used, found })
            }
        }
    }

    /// Puts the table into the store.
    ///
    /// # Errors
    /// Returns an error if a slot lacks values for the last block.
    ///
    /// [`TableFill`] has an example.
    pub fn finish(self) -> Result<(), FillError> {
        self.complete_block()?;
        let limits = self.store.limits.of_rows();
        let rows = Rows::from_blocks(self.rows, limits);
        let mut table = Table::new(self.columns, limits);
        table.rows = rows;
        self.store.tables[self.schema.index()] = table;
        self.store.hash_sums = None;
        Ok(())
    }
}

/// Returns the number of variants of an enum.
pub(super) fn variants_of(kind: &Kind) -> Option<usize> {
    if let Kind::Enum(kind) = kind { Some(kind.variants().len()) } else { None }
}

fn is_one(bits: &[u64], row: usize) -> bool {
    bits[row / 64] >> (row % 64) & 1 == 1
}

/// Returns `true` if the bit exists and is 1.
fn has_bit(bits: &[u64], number: u32) -> bool {
    let word = bits.get(number as usize / 64).copied().unwrap_or(0);
    word >> (number % 64) & 1 == 1
}

fn set_bit(bits: &mut Vec<u64>, number: u32) {
    let word = number as usize / 64;
    if word >= bits.len() {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << (number % 64);
}

/// Accepts the handles that the store knows.
pub(super) struct Known<'a> {
    pub(super) interner: &'a Interner,
    pub(super) schemas: usize,
    /// A bit for each handle that is known to be right.
    pub(super) texts: &'a [u64],
    /// The shape of the slot's lists.
    pub(super) shape: Option<ElementShape>,
    /// Of a slot whose texts are those of values: those that are known to be.
    pub(super) values: Option<&'a mut Vec<u64>>,
}

impl Translate for Known<'_> {
    fn text(&mut self, text: Text) -> Option<Text> {
        let number = text.number();
        if let Some(values) = &mut self.values
            && !has_bit(values, number)
        {
            Value::from_json(self.interner.texts.resolve(text)?)?;
            set_bit(values, number);
        }
        let is_known = has_bit(self.texts, number);
        (is_known || self.interner.texts.resolve(text).is_some()).then_some(text)
    }

    fn object(&mut self, id: ObjectId) -> Option<ObjectId> {
        (id.schema().index() < self.schemas).then_some(id)
    }

    fn list(&mut self, list: ListCell) -> Option<ListCell> {
        self.shape.is_some_and(|shape| self.interner.lists.contains(shape, list)).then_some(list)
    }
}

/// Appends a block without cells, as one of dead rows is.
struct EmptyBlock;

impl CellsVisitorMut for EmptyBlock {
    type Output = ();

    fn visit<C: Cell>(self, blocks: &mut Blocks<C>) {
        blocks.push_block(Vec::new());
    }
}

/// The values of a block.
enum NewCells<'a> {
    Copied(&'a [u8]),
    Moved(BlockMemory),
}

impl NewCells<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Moved(memory) => memory.bytes(),
        }
    }
}

enum AppendError {
    /// The first row with a value that is not valid.
    Row(usize),
    /// The memory is of another type.
    OtherMemory,
}

/// Appends a block of cells.
struct AppendCells<'a> {
    cells: NewCells<'a>,
    /// A bit for each row with a value.
    valid: &'a [u64],
    count: usize,
    known: Known<'a>,
    /// All handles of texts below are known.
    known_texts: u32,
}

impl CellsVisitorMut for AppendCells<'_> {
    type Output = Result<(), AppendError>;

    fn visit<C: Cell>(mut self, blocks: &mut Blocks<C>) -> Result<(), AppendError> {
        let width = blocks.width();
        let mut block = match self.cells {
            NewCells::Moved(memory) => memory.into_cells().ok_or(AppendError::OtherMemory)?,
            NewCells::Copied(bytes) => {
                let mut block = Vec::with_capacity(self.count * width);
                if !C::extend_from_bytes(&mut block, bytes, self.known_texts) {
                    for (row, bytes) in bytes.chunks_exact(width * C::BYTES).enumerate() {
                        for cell in bytes.chunks_exact(C::BYTES) {
                            let cell = match is_one(self.valid, row) {
                                true => {
                                    C::take(cell).and_then(|cell| cell.translate(&mut self.known))
                                }
                                false => Some(C::FILLER),
                            };
                            block.push(cell.ok_or(AppendError::Row(row))?);
                        }
                    }
                }
                block
            }
        };
        let invalid = self.valid.iter().enumerate();
        let invalid =
            invalid.flat_map(|(word, valid)| ones(!valid).map(move |bit| word * 64 + bit));
        for row in invalid.take_while(|row| *row < self.count) {
            block[row * width..(row + 1) * width].fill(C::FILLER);
        }
        blocks.push_block(block);
        Ok(())
    }
}
