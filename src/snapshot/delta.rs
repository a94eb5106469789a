//! What differs between two snapshots, as a value to keep or to send.

use std::collections::HashMap;

use crate::id::{ObjectId, SchemaId};
use crate::list::ListCell;
use crate::schema::{RegisteredSchema, Registry};
use crate::snapshot::difference::{Differences, TableDifference, differences, living};
use crate::snapshot::state_hash::finish;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::storage::{
    BLOCK_ROWS, Cell, CellVecVisitor, FrozenBlocks, FrozenVisitor, HashSums, Interner, Translate,
    hash_text, step,
};
use crate::text::Text;

/// What differs between two snapshots, as a value of its own: to send to another machine, or to keep
/// for undoing.
///
/// [`Store::apply`](crate::Store::apply) makes a store that equals the first snapshot equal to the
/// second one, ids of future objects included. Handles in it are translated: the other store may have
/// interned other texts and registered its schemas in another order. Ids that you send yourself are
/// not: they mean the same in both stores only if the schemas were registered in the same order.
/// With the feature `serde` a delta can be serialized; its size is that of the changed values and a few
/// bytes for each stretch of rows. A store that has nothing yet begins with [`Delta::full`].
///
/// ```
/// use slotted::{Delta, Slotted, Store};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut server = Store::new();
/// server.register::<Unit>()?;
/// let unit = server.spawn(Unit { health: 1.0 })?;
/// let before = server.snapshot();
/// let mut client = before.to_store();
///
/// server.set_value(unit, "health", 0.5)?;
/// let after = server.snapshot();
/// client.apply(&Delta::between(&before, &after)?)?;
/// assert_eq!(client.get_value(unit, "health")?, 0.5_f32.into());
/// assert_eq!(client.state_hash(), server.state_hash());
///
/// // The other way round: undo.
/// server.apply(&Delta::between(&after, &before)?)?;
/// assert_eq!(server.get_value(unit, "health")?, 1.0_f32.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Delta {
    pub(super) base: Hashes,
    pub(super) result: Hashes,
    /// All that tables and references name.
    pub(super) schemas: Vec<SchemaPart>,
    pub(super) texts: Vec<String>,
    /// The cells of each list that a slot has; what they are is told by the slot.
    pub(super) lists: Vec<Vec<u8>>,
    pub(super) tables: Vec<TablePart>,
}

/// What tells one world from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Hashes {
    pub(super) state: u64,
    /// Of the generations of all rows, also of dead ones.
    pub(super) rows: u64,
}

impl From<HashSums> for Hashes {
    fn from(sums: HashSums) -> Self {
        Self { state: finish(sums.objects), rows: finish(sums.rows) }
    }
}

/// A schema, as far as both stores must agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct SchemaPart {
    pub(super) name: String,
    /// See [`shape`].
    pub(super) shape: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct TablePart {
    /// A position in the delta's schemas.
    pub(super) schema: u16,
    /// How many rows were ever used, before and after.
    pub(super) used: [u32; 2],
    /// Rows that have another generation, and what it is.
    pub(super) rows: Runs,
    pub(super) generations: Vec<u16>,
    pub(super) slots: Vec<SlotPart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct SlotPart {
    /// A position among the schema's slots.
    pub(super) slot: u16,
    pub(super) rows: Runs,
    /// For each row whether it has a value; nothing where the slot is not optional.
    pub(super) set: Vec<bool>,
    /// The cells of each row that has a value, one after another.
    pub(super) cells: Vec<u8>,
}

/// Rows in ascending order, as pairs of a first row and how many follow one another from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Runs(Vec<(u32, u32)>);

impl Runs {
    fn new(rows: &[u32]) -> Self {
        let runs = rows.chunk_by(|row, next| row + 1 == *next);
        Self(runs.map(|run| (run[0], run.len() as u32)).collect())
    }

    /// The rows, if they are at most `most`, all below `end` and in ascending order.
    pub(super) fn rows(&self, most: usize, end: u32) -> Option<Vec<u32>> {
        let (mut total, mut next) = (0_usize, 0);
        for &(first, length) in &self.0 {
            let after = first.checked_add(length).filter(|after| *after <= end)?;
            if first < next || length == 0 {
                return None;
            }
            next = after;
            total += length as usize;
        }
        let rows = self.0.iter().flat_map(|(first, length)| *first..first + length);
        (total <= most).then(|| rows.collect())
    }
}

/// What two schemas must have in common for the cells of one to be those of the other.
pub(super) fn shape(schema: &RegisteredSchema) -> u64 {
    schema.slots().iter().fold(hash_text(schema.name()), |shape, slot| {
        let kind = step(hash_text(&slot.kind().to_string()), u64::from(slot.is_optional()));
        step(step(shape, hash_text(slot.name())), kind)
    })
}

impl Delta {
    /// What makes the first world the second one.
    ///
    /// Costs a look at each block that the snapshots do not share, and the first one's
    /// [hash](Snapshot::state_hash), if that is not known yet.
    ///
    /// # Errors
    /// If the snapshots are of different stores, or one of them is from before an
    /// [migration](crate::Store::migrate).
    pub fn between(before: &Snapshot, after: &Snapshot) -> Result<Self, SnapshotError> {
        let differences = differences(before, after)?;
        let mut encoder = Encoder::new(&differences, &after.world().interner);
        let tables = differences.tables.iter().filter_map(|table| {
            let used = before.world().tables.get(table.schema.index());
            encoder.table(table, used.map_or(0, |table| table.rows.used), after)
        });
        let tables = tables.collect();
        Ok(Self {
            base: before.hash_sums().into(),
            result: before.hash_sums_of(after, &differences).into(),
            schemas: encoder.schemas,
            texts: encoder.texts,
            lists: encoder.lists,
            tables,
        })
    }

    /// What makes a store without objects, with the same schemas registered, equal to the snapshot: a
    /// client's first one.
    ///
    #[cfg_attr(feature = "serde", doc = "```")]
    #[cfg_attr(not(feature = "serde"), doc = "```ignore")]
    /// use slotted::{Delta, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut server = Store::new();
    /// # server.register::<Unit>()?;
    /// # server.spawn_batch([Unit { health: 1.0 }; 100])?;
    /// let bytes = postcard::to_allocvec(&Delta::full(&server.snapshot()))?;
    ///
    /// let mut client = Store::new();
    /// client.register::<Unit>()?;
    /// client.apply(&postcard::from_bytes(&bytes)?)?;
    /// assert_eq!(client.state_hash(), server.state_hash());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn full(snapshot: &Snapshot) -> Self {
        Self::between(&snapshot.without_objects(), snapshot).expect("both are of one store")
    }

    /// The [state hash](crate::Store::state_hash) of the world to which this applies.
    #[must_use]
    pub const fn base_hash(&self) -> u64 {
        self.base.state
    }

    /// The [state hash](crate::Store::state_hash) of the world that this makes.
    #[must_use]
    pub const fn result_hash(&self) -> u64 {
        self.result.state
    }

    /// Whether the worlds are the same.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

/// Turns the handles of a store into positions in the delta.
struct Encoder<'a> {
    registry: &'a Registry,
    interner: &'a Interner,
    schemas: Vec<SchemaPart>,
    schema_positions: HashMap<SchemaId, u16>,
    texts: Vec<String>,
    text_positions: HashMap<Text, u32>,
    lists: Vec<Vec<u8>>,
    list_positions: HashMap<ListCell, u32>,
}

impl<'a> Encoder<'a> {
    fn new(differences: &Differences<'a>, interner: &'a Interner) -> Self {
        Self {
            registry: differences.registry,
            interner,
            schemas: Vec::new(),
            schema_positions: HashMap::new(),
            texts: Vec::new(),
            text_positions: HashMap::new(),
            lists: Vec::new(),
            list_positions: HashMap::new(),
        }
    }

    fn schema(&mut self, id: SchemaId) -> Option<u16> {
        if let Some(position) = self.schema_positions.get(&id) {
            return Some(*position);
        }
        let schema = self.registry.get(id)?;
        let position = u16::try_from(self.schemas.len()).ok()?;
        self.schemas.push(SchemaPart { name: schema.name().to_owned(), shape: shape(schema) });
        self.schema_positions.insert(id, position);
        Some(position)
    }

    fn table(
        &mut self,
        difference: &TableDifference,
        used_before: usize,
        after: &Snapshot,
    ) -> Option<TablePart> {
        let schema = self.schema(difference.schema)?;
        let moved = difference.rows.iter().filter_map(|row| Some((row.row, row.after?)));
        let (rows, generations): (Vec<_>, Vec<_>) = moved.unzip();
        let is_spawned = |generation: &u16| living(Some(*generation)).is_some();
        let spawned =
            rows.iter().zip(&generations).filter(|(_, generation)| is_spawned(generation));
        let spawned: Vec<u32> = spawned.map(|(row, _)| *row).collect();
        let slots = difference.values.iter().enumerate().filter_map(|(slot, changed)| {
            let mut rows = [&*spawned, changed].concat();
            rows.sort_unstable();
            (!rows.is_empty()).then(|| self.slot(difference.schema, slot, &rows, after))?
        });
        let slots = slots.collect();
        let used = [used_before as u32, difference.used as u32];
        Some(TablePart { schema, used, rows: Runs::new(&rows), generations, slots })
    }

    fn slot(
        &mut self,
        schema: SchemaId,
        slot: usize,
        rows: &[u32],
        after: &Snapshot,
    ) -> Option<SlotPart> {
        let column = after.world().tables.get(schema.index())?.columns.get(slot)?;
        let is_set = |set: &FrozenBlocks<bool>, row: u32| {
            set.blocks[row as usize / BLOCK_ROWS][row as usize % BLOCK_ROWS]
        };
        let (set, with_value) = match &column.set {
            None => (Vec::new(), rows.to_vec()),
            Some(set) => {
                let is_set: Vec<bool> = rows.iter().map(|row| is_set(set, *row)).collect();
                let with_value = rows.iter().zip(&is_set).filter(|(_, is_set)| **is_set);
                let with_value = with_value.map(|(row, _)| *row).collect();
                (is_set, with_value)
            }
        };
        let mut cells = Vec::new();
        let put = PutRows { rows: &with_value, encoder: self, cells: &mut cells };
        column.cells.visit(put);
        Some(SlotPart { slot: slot as u16, rows: Runs::new(rows), set, cells })
    }
}

impl Translate for Encoder<'_> {
    fn text(&mut self, text: Text) -> Option<Text> {
        let position = match self.text_positions.get(&text) {
            Some(position) => *position,
            None => {
                let position = u32::try_from(self.texts.len()).ok()?;
                self.texts.push(self.interner.texts.resolve(text)?.to_owned());
                self.text_positions.insert(text, position);
                position
            }
        };
        Some(Text::new(position))
    }

    fn object(&mut self, id: ObjectId) -> Option<ObjectId> {
        let schema = self.schema(id.schema())?;
        Some(ObjectId::new(SchemaId(schema), id.row(), id.generation()))
    }

    fn list(&mut self, list: ListCell) -> Option<ListCell> {
        let position = match self.list_positions.get(&list) {
            Some(position) => *position,
            None => {
                let mut bytes = Vec::new();
                let interner = self.interner;
                interner.lists.visit(list, PutCells { encoder: self, bytes: &mut bytes })?;
                let position = u32::try_from(self.lists.len()).ok()?;
                self.lists.push(bytes);
                self.list_positions.insert(list, position);
                position
            }
        };
        Some(ListCell::new(position))
    }
}

struct PutCells<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    bytes: &'e mut Vec<u8>,
}

impl CellVecVisitor for PutCells<'_, '_> {
    type Output = ();

    fn visit<C: Cell>(self, cells: &[C]) {
        self.bytes.reserve_exact(cells.len() * C::BYTES);
        put(cells, self.encoder, self.bytes);
    }
}

struct PutRows<'e, 'a> {
    rows: &'e [u32],
    encoder: &'e mut Encoder<'a>,
    cells: &'e mut Vec<u8>,
}

impl FrozenVisitor for PutRows<'_, '_> {
    type Output = ();

    fn visit<C: Cell>(self, column: &FrozenBlocks<C>) {
        let width = column.width;
        self.cells.reserve_exact(self.rows.len() * width * C::BYTES);
        for row in self.rows {
            let start = *row as usize % BLOCK_ROWS * width;
            let value = &column.blocks[*row as usize / BLOCK_ROWS][start..start + width];
            put(value, self.encoder, self.cells);
        }
    }
}

fn put<C: Cell>(cells: &[C], encoder: &mut Encoder<'_>, bytes: &mut Vec<u8>) {
    for cell in cells {
        // A handle of nothing: what such a delta makes is seen to be another world.
        cell.translate(encoder).unwrap_or(C::FILLER).put(bytes);
    }
}
