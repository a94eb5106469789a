//! The differences between two snapshots, as a value to keep or to send.

use std::collections::HashMap;

use crate::id::{ObjectId, SchemaId};
use crate::list::ListCell;
use crate::schema::Registry;
use crate::snapshot::runs::{Bytes, Runs};
use crate::snapshot::slots::{DeclaredSlot, declared_slots, hash_of_slots};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::storage::{
    BLOCK_ROWS, BlocksSnapshot, Cell, CellVecVisitor, Interner, SnapshotVisitor, TableSnapshot,
    Translate,
};
use crate::store::{Differences, HashSums, Store, TableDifference, living};
use crate::text::Text;

/// The differences between two snapshots as a value of its own, to send to another machine or to keep for undo.
///
/// [`Store::apply`](crate::Store::apply) turns a store that equals the first snapshot into one that equals the
/// second, future ids included. A delta translates its handles: the other store may have other texts, and its
/// schemas in another order. Ids that you send or save yourself are not translated: pass them to
/// [`translate`](Self::translate), or register the schemas in the same order in both stores.
///
/// With the feature `serde` a delta can be serialized. Its size is that of the changed values, plus a few bytes
/// for each run of rows. A new store starts with [`Delta::full`]. Full deltas also hold the names and kinds of the slots
/// of their schemas: a store with other slots refuses them and names the slots that differ. Other deltas hold a hash of the
/// slots, so the error does not name them.
///
/// # Example
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
/// // Undo: the delta in the other direction.
/// server.apply(&Delta::between(&after, &before)?)?;
/// assert_eq!(server.get_value(unit, "health")?, 1.0_f32.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Delta {
    pub(super) base: Hashes,
    pub(super) result: Hashes,
    /// All schemas that tables and references name.
    pub(super) schemas: Vec<SchemaPart>,
    pub(super) texts: Vec<String>,
    /// The cells of each list. The slot determines their type.
    pub(super) lists: Vec<Bytes>,
    pub(super) tables: Vec<TablePart>,
}

/// The hashes that identify a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Hashes {
    pub(super) state: u64,
    /// The hash of the generations of all rows, dead ones included.
    pub(super) rows: u64,
}

impl Hashes {
    /// Returns the hashes of a store in which nothing was ever spawned.
    fn of_nothing() -> Self {
        HashSums::default().into()
    }
}

impl From<HashSums> for Hashes {
    fn from(sums: HashSums) -> Self {
        Self { state: sums.state_hash(), rows: sums.future_ids_hash() }
    }
}

/// The parts of a schema on which both stores must agree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct SchemaPart {
    pub(super) name: String,
    /// The number of its id in the store that made the delta.
    pub(super) number: u16,
    /// See [`hash_of_slots`].
    pub(super) hash: u64,
    /// Only full deltas have it, to name the slots that differ: there may be other deltas for each frame.
    pub(super) slots: Option<Vec<DeclaredSlot>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct TablePart {
    /// A position in the delta's schemas.
    pub(super) schema: u16,
    /// The number of used rows, before and after.
    pub(super) used: [u32; 2],
    /// The rows with a different generation.
    pub(super) rows: Runs,
    /// The new generation of each of them.
    pub(super) generations: Vec<u16>,
    pub(super) slots: Vec<SlotPart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct SlotPart {
    /// A position among the schema's slots.
    pub(super) slot: u16,
    pub(super) rows: Runs,
    /// One flag per row: `true` if it has a value. Empty if the slot is not optional.
    pub(super) set: Vec<bool>,
    /// The cells of each row that has a value, one after another.
    pub(super) cells: Bytes,
}

impl Delta {
    /// Returns the delta that turns the first world into the second.
    ///
    /// Computes in the time of [`changes`](crate::snapshot::changes), plus the [hash](Snapshot::state_hash) of the first
    /// one if that is not known yet.
    ///
    /// # Errors
    /// Returns an error if the snapshots are of different stores, or one of them is from before a
    /// [migration](crate::Store::migrate).
    ///
    /// # Example
    /// ```
    /// use slotted::{Delta, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let before = store.snapshot();
    /// store.spawn(Unit { health: 80.0 })?;
    /// let after = store.snapshot();
    /// let undo = Delta::between(&after, &before)?;
    /// store.apply(&undo)?;
    /// assert!(store.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn between(before: &Snapshot, after: &Snapshot) -> Result<Self, SnapshotError> {
        let (before, after) = (before.state(), after.state());
        let differences = Differences::between(before, after)?;
        let base = Hashes::from(before.hash_sums());
        let mut encoder =
            Encoder::new(&differences, after.interner(), base == Hashes::of_nothing());
        // The second world may lack a schema that was registered later: its objects are gone there.
        let tables =
            differences.tables.iter().filter_map(|table| match after.table(table.schema) {
                Some(after) => encoder.table(table, after),
                None => encoder.table(table, &before.empty_table(table.schema)),
            });
        let tables = tables.collect();
        Ok(Self {
            base,
            result: after.hash_sums_from(before, &differences).into(),
            schemas: encoder.schemas,
            texts: encoder.texts,
            lists: encoder.lists,
            tables,
        })
    }

    /// Returns the delta that turns a new store with the same schemas into the snapshot: the first delta for a new
    /// client, or a saved game. [`Store::replace_with`](crate::Store::replace_with) puts it into a store that was
    /// used.
    ///
    /// # Example
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
        Self::between(&Snapshot::new(snapshot.state().without_objects().into()), snapshot)
            .expect("both are of one store")
    }

    /// Returns `true` if the delta holds a whole world: it was made from a store in which nothing was ever spawned.
    ///
    /// # Example
    /// ```
    /// use slotted::{Delta, Store, record};
    /// # let mut store = Store::new();
    /// # store.register_schema(slotted::Schema::builder("tile").build()?)?;
    /// store.spawn_record("tile", record! {})?;
    /// let before = store.snapshot();
    /// store.spawn_record("tile", record! {})?;
    /// let after = store.snapshot();
    /// assert!(Delta::full(&after).is_full());
    /// assert!(!Delta::between(&before, &after)?.is_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.base == Hashes::of_nothing()
    }

    /// Returns the [state hash](crate::Store::state_hash) of the world to which the delta applies.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let delta = slotted::Delta::full(&store.snapshot());
    /// assert_eq!(delta.base_hash(), store.state_hash());
    /// ```
    #[must_use]
    pub const fn base_hash(&self) -> u64 {
        self.base.state
    }

    /// Returns the [state hash](crate::Store::state_hash) of the world after the delta.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let snapshot = store.snapshot();
    /// assert_eq!(slotted::Delta::full(&snapshot).result_hash(), snapshot.state_hash());
    /// ```
    #[must_use]
    pub const fn result_hash(&self) -> u64 {
        self.result.state
    }

    /// Returns the id that an object has in a store to which the delta was applied.
    ///
    /// The other store may have registered its schemas in another order. Use this for ids that a game keeps beside the
    /// store, for example the keys of a [`SideTable`](crate::SideTable), and saves or sends with the delta.
    ///
    /// The id may be of a dead object. Returns `None` if the delta does not contain the id's schema, or if the store lacks
    /// it. [Full](Self::full) deltas contain the schemas of all their objects, and of all objects to which these refer.
    ///
    /// Computes in **O(s)** time for s schemas in the delta.
    ///
    /// # Example
    /// ```
    /// use slotted::{Delta, ObjectId, SideTable, Slotted, Store};
    ///
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32 }
    ///
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register::<Tile>()?;
    /// let ada = store.spawn(Unit { health: 80.0 })?;
    /// let hill = store.spawn(Tile { height: 2.0 })?;
    /// let saved = Delta::full(&store.snapshot());
    /// let saved_names = [(ada, String::from("Ada")), (hill, String::from("Lookout"))];
    ///
    /// // A later version of the game registers its schemas in another order.
    /// let mut loaded = Store::new();
    /// loaded.register::<Tile>()?;
    /// loaded.register::<Unit>()?;
    /// loaded.replace_with(&saved)?;
    /// let mut names = SideTable::new();
    /// for (id, name) in saved_names {
    ///     let id = saved.translate(id, &loaded).ok_or("no such schema")?;
    ///     names.insert(&loaded, id, name)?;
    /// }
    ///
    /// let health = loaded.key::<f32>("unit", "health")?;
    /// let ada = saved.translate(ada, &loaded).ok_or("no such schema")?;
    /// assert_eq!(loaded.get(ada, health), Some(80.0));
    /// assert_eq!(names.get(&loaded, ada).unwrap(), "Ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn translate(&self, id: ObjectId, store: &Store) -> Option<ObjectId> {
        let part = self.schemas.iter().find(|part| part.number == id.schema().0)?;
        Some(ObjectId::new(store.schema(&part.name)?.id(), id.row(), id.generation()))
    }

    /// Returns `true` if the worlds are equal.
    ///
    /// # Example
    /// ```
    /// let mut store = slotted::Store::new();
    /// let (before, after) = (store.snapshot(), store.snapshot());
    /// assert!(slotted::Delta::between(&before, &after)?.is_empty());
    /// # Ok::<(), slotted::SnapshotError>(())
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

/// Turns the handles of a store into positions in the delta.
struct Encoder<'a> {
    registry: &'a Registry,
    interner: &'a Interner,
    /// `true` if the delta holds the slots of schemas, not only their hash.
    declares_slots: bool,
    schemas: Vec<SchemaPart>,
    schema_positions: HashMap<SchemaId, u16>,
    texts: Vec<String>,
    text_positions: HashMap<Text, u32>,
    lists: Vec<Bytes>,
    list_positions: HashMap<ListCell, u32>,
}

impl<'a> Encoder<'a> {
    fn new(differences: &Differences<'a>, interner: &'a Interner, declares_slots: bool) -> Self {
        Self {
            registry: differences.registry,
            interner,
            declares_slots,
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
        self.schemas.push(SchemaPart {
            name: schema.name().to_owned(),
            number: id.0,
            hash: hash_of_slots(schema, id.0),
            slots: self.declares_slots.then(|| declared_slots(schema)),
        });
        self.schema_positions.insert(id, position);
        Some(position)
    }

    fn table(&mut self, difference: &TableDifference, after: &TableSnapshot) -> Option<TablePart> {
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
            (!rows.is_empty()).then(|| self.slot(slot, &rows, after))?
        });
        let slots = slots.collect();
        let used = difference.used.map(|rows| rows as u32);
        Some(TablePart { schema, used, rows: Runs::new(&rows), generations, slots })
    }

    fn slot(&mut self, slot: usize, rows: &[u32], after: &TableSnapshot) -> Option<SlotPart> {
        let column = after.columns.get(slot)?;
        let is_set = |set: &BlocksSnapshot<bool>, row: u32| {
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
        Some(SlotPart { slot: slot as u16, rows: Runs::new(rows), set, cells: Bytes(cells) })
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
                self.lists.push(Bytes(bytes));
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

impl SnapshotVisitor for PutRows<'_, '_> {
    type Output = ();

    fn visit<C: Cell>(self, column: &BlocksSnapshot<C>) {
        let width = column.width;
        self.cells.reserve_exact(self.rows.len() * width * C::BYTES);
        let is_same_run = |row: &u32, next: &u32| {
            row + 1 == *next && !(*next as usize).is_multiple_of(BLOCK_ROWS)
        };
        for run in self.rows.chunk_by(is_same_run) {
            let (block, start) =
                (run[0] as usize / BLOCK_ROWS, run[0] as usize % BLOCK_ROWS * width);
            let values = &column.blocks[block][start..start + run.len() * width];
            put(values, self.encoder, self.cells);
        }
    }
}

fn put<C: Cell>(cells: &[C], encoder: &mut Encoder<'_>, bytes: &mut Vec<u8>) {
    if C::IS_MEMORY {
        return bytes.extend_from_slice(C::as_bytes(cells));
    }
    for cell in cells {
        // A dangling handle becomes the filler; `apply` rejects such a delta by its hash.
        cell.translate(encoder).unwrap_or(C::FILLER).put(bytes);
    }
}
