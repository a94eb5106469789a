//! The state hash: a hash of everything that lives in a store.

use std::cell::RefCell;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::id::ObjectId;
use crate::list::ListCell;
use crate::schema::{RegisteredSchema, Registry};
use crate::storage::{
    BLOCK_ROWS, BlockHashes, Blocks, BlocksSnapshot, Cell, CellVecVisitor, Cells, CellsSnapshot,
    CellsVisitor, Column, ColumnSnapshot, Interner, Names, Rows, SlotSeed, SnapshotVisitor, Table,
    TableSnapshot, hash_list, hash_text, step,
};
use crate::store::Store;
use crate::store::state::seed::slot_seed;
use crate::store::state::{Differences, StoreState, TableDifference, living};
use crate::text::Text;

/// The sums of the hashes of all rows, objects and values of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HashSums {
    /// The sum over all living objects and their values.
    objects: u64,
    /// The sum over all used rows and their generations, which determine future ids.
    rows: u64,
}

impl HashSums {
    /// Returns the [state hash](Store::state_hash).
    pub(crate) const fn state_hash(self) -> u64 {
        finish(self.objects)
    }

    /// Returns the [hash of future ids](Store::future_ids_hash).
    pub(crate) const fn future_ids_hash(self) -> u64 {
        finish(self.rows)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            objects: self.objects.wrapping_add(other.objects),
            rows: self.rows.wrapping_add(other.rows),
        }
    }

    const fn minus(self, other: Self) -> Self {
        Self {
            objects: self.objects.wrapping_sub(other.objects),
            rows: self.rows.wrapping_sub(other.rows),
        }
    }
}

impl Store {
    /// Returns a hash of all living objects: the names of their schemas, their ids and their values.
    ///
    /// Use it to find out whether two machines have diverged. It is no protection against forgery.
    /// [`future_ids_hash`](Self::future_ids_hash) covers the ids to come, which machines that roll back compare too.
    ///
    /// Equal worlds have equal hashes on every machine, regardless of their history. Each value counts with the
    /// name and the kind of its slot, and with the slot being optional or not. Texts, lists and the variants of
    /// enums count by their content, and references by schema name, row and generation.
    ///
    /// Dead objects, unset slots, defaults and constraints do not count, nor does the order of schemas, slots and
    /// variants. All NaN values are equal; -0.0 differs from 0.0. Values of [`bytemuck::Pod`] types count by their
    /// bytes and the type's full name. Begins a new [epoch](Self::advance_epoch).
    ///
    /// Computes in **O(blocks)** time, plus one or two nanoseconds for each number in blocks that were written
    /// to since the last call.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// let (mut here, mut there) = (Store::new(), Store::new());
    /// for store in [&mut here, &mut there] {
    ///     store.register::<Unit>()?;
    ///     store.spawn(Unit { health: 80.0 })?;
    /// }
    /// assert_eq!(here.state_hash(), there.state_hash());
    /// let doomed = there.spawn(Unit { health: 1.0 })?;
    /// assert_ne!(here.state_hash(), there.state_hash());
    /// there.despawn(doomed)?;
    /// assert_eq!(here.state_hash(), there.state_hash());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_hash(&mut self) -> u64 {
        self.hash_sums().state_hash()
    }

    /// Returns a hash of everything that decides which ids the next spawns give: for each schema, the generations
    /// of all rows that were ever used, with free and retired ones.
    ///
    /// | machines | compare |
    /// |---|---|
    /// | that roll back or run in lockstep: each spawns on its own | this hash and the [state hash](Self::state_hash) |
    /// | that receive their objects, or spawn objects of their own besides, such as particles | the state hash |
    ///
    /// Stores with equal hashes of both kinds and equal [`Limits`](crate::Limits) give equal ids after equal calls,
    /// except that an id's bits also depend on the order in which schemas were registered. A hash of objects alone
    /// misses a difference until the next spawn: one machine may have spawned and despawned an object that the
    /// other one never had. Begins a new [epoch](Self::advance_epoch).
    ///
    /// Computes in the time of a [state hash](Self::state_hash), and both together in the time of one.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// let (mut here, mut there) = (Store::new(), Store::new());
    /// for store in [&mut here, &mut there] {
    ///     store.register::<Unit>()?;
    /// }
    /// let local_only = there.spawn(Unit { health: 1.0 })?;
    /// there.despawn(local_only)?;
    /// assert_eq!(here.state_hash(), there.state_hash()); // the same objects: none
    /// assert_ne!(here.future_ids_hash(), there.future_ids_hash());
    ///
    /// let unit = Unit { health: 80.0 };
    /// assert_ne!(here.spawn(unit)?, there.spawn(unit)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn future_ids_hash(&mut self) -> u64 {
        self.hash_sums().future_ids_hash()
    }

    /// Returns the hash sums of the store as it is now.
    pub(crate) fn hash_sums(&mut self) -> HashSums {
        let now = self.advance_epoch();
        let registered = self.registered;
        let sums = self.hash_sums.unwrap_or_else(|| {
            let names = StoreNames::new(&self.registry, &self.interner);
            let tables = self.registry.iter().zip(self.tables.for_values());
            tables.fold(HashSums::default(), |sums, (schema, table)| {
                let mut hashes = std::mem::take(&mut table.hashes);
                if hashes.at <= registered {
                    hashes = BlockHashes::default();
                }
                let sums = sums.plus(update(&mut hashes, schema, table, &names));
                table.hashes = BlockHashes { at: now, ..hashes };
                sums
            })
        });
        self.hash_sums = Some(sums);
        sums
    }

    /// Returns the hash sums of the store as it is now, computed from an earlier state and the differences.
    pub(crate) fn hash_sums_since(&mut self, before: &StoreState) -> HashSums {
        let after = self.state();
        let differences = Differences::between(before, &after).expect("states of one store");
        let sums = after.hash_sums_from(before, &differences);
        self.hash_sums = Some(sums);
        sums
    }
}

impl StoreState {
    /// Returns the hash sums of this state.
    pub(crate) fn hash_sums(&self) -> HashSums {
        *self.hash_sums.get_or_init(|| {
            let names = StoreNames::new(&self.registry, &self.interner);
            let tables = self.registry.iter().zip(self.tables());
            tables.fold(HashSums::default(), |sums, (schema, table)| {
                let table = Table::from_snapshot(table, self.limits.of_rows());
                sums.plus(update(&mut BlockHashes::default(), schema, &table, &names))
            })
        })
    }

    /// Returns the hash sums of this state, computed from another state and the differences from that one.
    pub(crate) fn hash_sums_from(&self, before: &Self, differences: &Differences<'_>) -> HashSums {
        // Computed first: both may be the same state, whose cell must not be initialised recursively.
        let base = before.hash_sums();
        *self.hash_sums.get_or_init(|| {
            let side = |state: &Self, is_after| {
                let names = StoreNames::new(differences.registry, &state.interner);
                let tables = differences.tables.iter().map(|table| {
                    let snapshot = state.table(table.schema);
                    let schema = differences.registry.get(table.schema);
                    let (Some(snapshot), Some(schema)) = (snapshot, schema) else {
                        return HashSums::default();
                    };
                    sums_of_different(table, is_after, schema, snapshot, &names)
                });
                tables.fold(HashSums::default(), HashSums::plus)
            };
            base.minus(side(before, false)).plus(side(self, true))
        })
    }
}

/// Returns the share of the differing rows, objects and values in the hash sums of one of the two states.
fn sums_of_different(
    difference: &TableDifference,
    is_after: bool,
    schema: &RegisteredSchema,
    table: &TableSnapshot,
    names: &StoreNames<'_>,
) -> HashSums {
    let name = hash_text(schema.name());
    let (mut sum, mut rows_sum, mut rows) = (0_u64, 0_u64, Vec::new());
    for difference in &difference.rows {
        let generation = if is_after { difference.after } else { difference.before };
        let Some(generation) = generation else { continue };
        let hash = hash_row(name, u64::from(difference.row), generation);
        rows_sum = rows_sum.wrapping_add(hash);
        if living(Some(generation)).is_some() {
            sum = sum.wrapping_add(hash);
            rows.push(difference.row);
        }
    }
    let columns = table.columns.iter().zip(schema.slots()).zip(&difference.values);
    for ((column, slot), changed) in columns {
        let slot = slot_seed(name, slot);
        for rows in [&rows, changed] {
            sum = sum.wrapping_add(hash_rows_of_column(column, rows, &slot, names));
        }
    }
    HashSums { objects: sum, rows: rows_sum }
}

fn hash_rows_of_column(
    column: &ColumnSnapshot,
    rows: &[u32],
    slot: &SlotSeed,
    names: &StoreNames<'_>,
) -> u64 {
    let (set, seed) = (column.set.as_ref(), slot.seed);
    match (EnumNames::new(slot, names), &column.cells) {
        (Some(names), CellsSnapshot::U8(cells)) => {
            ValuesHash { rows, set, seed, names: &names }.visit(cells)
        }
        (Some(names), CellsSnapshot::List(cells)) => {
            ValuesHash { rows, set, seed, names: &names }.visit(cells)
        }
        (_, cells) => cells.visit(ValuesHash { rows, set, seed, names }),
    }
}

struct ValuesHash<'a, N> {
    rows: &'a [u32],
    set: Option<&'a BlocksSnapshot<bool>>,
    seed: u64,
    names: &'a N,
}

impl<N: Names> SnapshotVisitor for ValuesHash<'_, N> {
    type Output = u64;

    fn visit<C: Cell>(self, column: &BlocksSnapshot<C>) -> u64 {
        let Self { rows, set, seed, names } = self;
        let width = column.width;
        rows.iter().fold(0, |sum, row| {
            let (block, offset) = (*row as usize / BLOCK_ROWS, *row as usize % BLOCK_ROWS);
            if set.is_some_and(|set| !set.blocks[block][offset]) {
                return sum;
            }
            let value = &column.blocks[block][offset * width..(offset + 1) * width];
            sum.wrapping_add(hash_value(seed, u64::from(*row), value, names))
        })
    }
}

/// Hashes the blocks that have changed, and returns the sums over all blocks.
fn update(
    hashes: &mut BlockHashes,
    schema: &RegisteredSchema,
    table: &Table,
    names: &StoreNames<'_>,
) -> HashSums {
    let name = hash_text(schema.name());
    hashes.blocks.resize_with(table.rows.blocks(), Vec::new);
    if hashes.seeds.len() != table.columns.len() && !hashes.blocks.is_empty() {
        hashes.seeds = schema.slots().iter().map(|slot| slot_seed(name, slot)).collect();
    }
    let mut sums = HashSums::default();
    for (number, block) in hashes.blocks.iter_mut().enumerate() {
        let is_moved = block.is_empty() || table.rows.is_changed_since(number, hashes.at);
        block.resize(2 + table.columns.len(), 0);
        let (of_rows, of_columns) = block.split_at_mut(2);
        if is_moved {
            of_rows.copy_from_slice(&hash_rows(&table.rows, number, name));
        }
        let columns = table.columns.iter().zip(&hashes.seeds).zip(of_columns);
        for ((column, slot), hash) in columns {
            if is_moved || column.is_written_since(number, hashes.at) {
                *hash = hash_column(column, &table.rows, number, slot, names);
            }
        }
        let objects = block[1..].iter().fold(0, |sum: u64, hash| sum.wrapping_add(*hash));
        sums = sums.plus(HashSums { objects, rows: block[0] });
    }
    sums
}

/// Returns two sums: over all rows of the block, and over the living ones.
fn hash_rows(rows: &Rows, block: usize, seed: u64) -> [u64; 2] {
    let first = block * BLOCK_ROWS;
    let generations = &rows.generations()[first..first + rows.used_in(block)];
    let hashes = (first as u64..).zip(generations);
    hashes.fold([0, 0], |[all, living]: [u64; 2], (row, generation)| {
        let hash = hash_row(seed, row, *generation);
        let of_living = if generation & 1 == 1 { hash } else { 0 };
        [all.wrapping_add(hash), living.wrapping_add(of_living)]
    })
}

fn hash_column(
    column: &Column,
    rows: &Rows,
    block: usize,
    slot: &SlotSeed,
    names: &StoreNames<'_>,
) -> u64 {
    let set = column.set.as_ref().and_then(|set| set.blocks().get(block));
    let (set, seed) = (set.map(|block| block.cells()), slot.seed);
    match (EnumNames::new(slot, names), &column.cells) {
        (Some(names), Cells::U8(cells)) => {
            BlockHash { set, rows, block, seed, names: &names }.visit(cells)
        }
        (Some(names), Cells::List(cells)) => {
            BlockHash { set, rows, block, seed, names: &names }.visit(cells)
        }
        (_, cells) => cells.visit(BlockHash { set, rows, block, seed, names }),
    }
}

struct BlockHash<'a, N> {
    set: Option<&'a [bool]>,
    rows: &'a Rows,
    block: usize,
    seed: u64,
    names: &'a N,
}

impl<N: Names> CellsVisitor for BlockHash<'_, N> {
    type Output = u64;

    /// Returns the sum over the living objects that have a value.
    fn visit<C: Cell>(self, blocks: &Blocks<C>) -> u64 {
        let Self { set, rows, block, seed, names } = self;
        let first = (block * BLOCK_ROWS) as u64;
        let (width, mut sum) = (blocks.width(), 0_u64);
        let cells = blocks.blocks().get(block).map_or(&[][..], |block| block.cells());
        for run in rows.runs_in(block) {
            let start = first + run.start as u64;
            let values = &cells[run.start * width..run.end * width];
            let set = set.map(|set| &set[run]);
            // Most values are one cell. An inner loop over that one cell would cost more than the hash.
            sum = sum.wrapping_add(match values.as_chunks::<1>() {
                (values, _) if width == 1 => {
                    hash_values(seed, start, values.iter().map(|value| &value[..]), set, names)
                }
                _ => hash_values(seed, start, values.chunks_exact(width), set, names),
            });
        }
        sum
    }
}

/// Returns the sum over the values of adjacent rows.
#[inline(always)]
fn hash_values<'c, C: Cell>(
    seed: u64,
    start: u64,
    values: impl Iterator<Item = &'c [C]>,
    set: Option<&[bool]>,
    names: &impl Names,
) -> u64 {
    let hashes = values.zip(start..).map(|(value, row)| hash_value(seed, row, value, names));
    match set {
        None => hashes.fold(0, u64::wrapping_add),
        Some(set) => {
            let hashes = hashes.zip(set).filter(|(_, is_set)| **is_set);
            hashes.fold(0, |sum, (hash, _)| sum.wrapping_add(hash))
        }
    }
}

fn hash_row(seed: u64, row: u64, generation: u16) -> u64 {
    finish(step(step(seed, row), u64::from(generation)))
}

#[inline(always)]
fn hash_value<C: Cell>(seed: u64, row: u64, value: &[C], names: &impl Names) -> u64 {
    finish(value.iter().fold(step(seed, row), |hash, cell| cell.hash(hash, names)))
}

/// Mixes a hash again, so that similar hashes do not cancel out when they are summed.
#[inline(always)]
const fn finish(hash: u64) -> u64 {
    step(hash, 0x9e37_79b9_7f4a_7c15)
}

struct StoreNames<'a> {
    schemas: Vec<u64>,
    interner: &'a Interner,
    /// Hashes of lists of references and of enums, because many objects may have the same list. Lists of enums
    /// with other variants have other hashes.
    lists: RefCell<HashMap<(u64, ListCell), u64, RandomState>>,
}

impl<'a> StoreNames<'a> {
    fn new(registry: &Registry, interner: &'a Interner) -> Self {
        let schemas = registry.iter().map(|schema| hash_text(schema.name())).collect();
        Self { schemas, interner, lists: RefCell::default() }
    }

    /// Returns a hash of a list that the interner does not know.
    fn hash_list(&self, key: u64, list: ListCell, names: &impl Names) -> u64 {
        if let Some(hash) = self.lists.borrow().get(&(key, list)) {
            return *hash;
        }
        let hash = self.interner.lists.visit(list, ListHash { names }).unwrap_or_default();
        self.lists.borrow_mut().insert((key, list), hash);
        hash
    }
}

impl Names for StoreNames<'_> {
    fn text(&self, text: Text) -> u64 {
        self.interner.texts.hash(text)
    }

    fn object(&self, id: ObjectId) -> u64 {
        let schema = self.schemas.get(id.schema().index()).copied().unwrap_or_default();
        step(step(schema, u64::from(id.row())), u64::from(id.generation()))
    }

    fn list(&self, list: ListCell) -> u64 {
        let known = self.interner.lists.hash(list);
        known.unwrap_or_else(|| self.hash_list(0, list, self))
    }
}

/// The names behind the values of an enum, and behind lists of one.
struct EnumNames<'a> {
    slot: &'a SlotSeed,
    names: &'a StoreNames<'a>,
}

impl<'a> EnumNames<'a> {
    /// Returns `None` if the slot's values are of another kind.
    fn new(slot: &'a SlotSeed, names: &'a StoreNames<'a>) -> Option<Self> {
        (!slot.variants.is_empty()).then_some(Self { slot, names })
    }
}

impl Names for EnumNames<'_> {
    fn text(&self, text: Text) -> u64 {
        self.names.text(text)
    }

    fn object(&self, id: ObjectId) -> u64 {
        self.names.object(id)
    }

    fn list(&self, list: ListCell) -> u64 {
        self.names.hash_list(self.slot.of_variants, list, self)
    }

    #[inline(always)]
    fn byte(&self, byte: u8) -> u64 {
        self.slot.variants.get(usize::from(byte)).copied().unwrap_or_default()
    }
}

struct ListHash<'a, N> {
    names: &'a N,
}

impl<N: Names> CellVecVisitor for ListHash<'_, N> {
    type Output = u64;

    fn visit<C: Cell>(self, cells: &[C]) -> u64 {
        hash_list(cells, self.names)
    }
}
