//! From a delta to the world that it makes.

use std::collections::HashMap;

use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::kind::Kind;
use crate::list::ListCell;
use crate::schema::Slot;
use crate::snapshot::delta::{Hashes, SlotPart, TablePart, shape};
use crate::snapshot::difference::differences;
use crate::snapshot::{Delta, Snapshot};
use crate::storage::{
    Blocks, Cell, CellBits, CellVec, CellVecVisitor, CellVecVisitorMut, CellsVisitor,
    CellsVisitorMut, ElementShape, HashSums, Interner, Translate,
};
use crate::store::{Store, shape_of_elements};
use crate::text::Text;

/// Why a delta was not applied. The store is as it was before the call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// The store is not the world that the delta was made from: go back to the one whose
    /// [`state_hash`](Store::state_hash) is the delta's [`base_hash`](Delta::base_hash), then apply it.
    #[error("the delta is for a world with hash {expected:016x}, and this one has {found:016x}")]
    OtherBase {
        /// The hash of the world that the delta was made from.
        expected: u64,
        /// The hash of this one.
        found: u64,
    },
    /// A schema is not registered here.
    #[error("the delta names schema '{schema}', which is not registered")]
    UnknownSchema {
        /// Its name.
        schema: String,
    },
    /// A schema has other slots here.
    #[error("schema '{schema}' has other slots here than where the delta was made")]
    OtherSchema {
        /// Its name.
        schema: String,
    },
    /// The delta contradicts itself: it was damaged, or nobody made it from two snapshots.
    #[error("the delta is damaged: {part} {}", if *part == DeltaPart::Result {
        "differs from what was promised"
    } else {
        "cannot be read"
    })]
    Damaged {
        /// Where this was seen.
        part: DeltaPart,
    },
    /// The store has the same objects as the world that the delta was made from, but others have died in
    /// it: its future ids would differ.
    #[error("the delta is for a world with the same objects, but with other ids to come")]
    OtherRows,
    /// A limit of this store is reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// A part of a [`Delta`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeltaPart {
    /// Which rows have changed hands.
    Rows,
    /// The values of slots.
    Values,
    /// The world that it makes.
    Result,
}

impl std::fmt::Display for DeltaPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rows => "its list of rows",
            Self::Values => "its list of values",
            Self::Result => "the world that it makes",
        })
    }
}

const ROWS: DeltaError = DeltaError::Damaged { part: DeltaPart::Rows };
const VALUES: DeltaError = DeltaError::Damaged { part: DeltaPart::Values };

impl Store {
    /// Makes this world the delta's second one, if it equals the first one.
    ///
    /// Meant for data from elsewhere: everything is checked, down to the hash of the world that comes out.
    /// Values are not held against constraints, because views may have written others;
    /// [`validate`](Self::validate) does that. Costs a [state hash](Self::state_hash) and a look at
    /// what changes.
    ///
    /// # Errors
    /// If the store is not the world that the delta was made from, or the delta is damaged; nothing is
    /// changed then.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        let found = Hashes::from(self.hash_sums());
        if found.state != delta.base.state {
            let (expected, found) = (delta.base.state, found.state);
            return Err(DeltaError::OtherBase { expected, found });
        }
        if found.rows != delta.base.rows {
            return Err(DeltaError::OtherRows);
        }
        let (before, interned) = (self.snapshot(), self.interner.now());
        let applied = self.apply_parts(delta).and_then(|()| match self.sums_since(&before) {
            Some(sums) if delta.result == sums.into() => Ok(()),
            _ => Err(DeltaError::Damaged { part: DeltaPart::Result }),
        });
        if applied.is_err() {
            self.restore(&before).expect("a snapshot of this store");
            self.interner.forget_since(interned);
        }
        self.recycle(before);
        applied
    }

    /// The hashes of the world as it is now, from those of a snapshot and what differs.
    fn sums_since(&mut self, before: &Snapshot) -> Option<HashSums> {
        let after = self.snapshot();
        let sums = before.hash_sums_of(&after, &differences(before, &after).ok()?);
        self.hash_sums = Some(sums);
        Some(sums)
    }

    fn apply_parts(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        let mut decoder = self.decoder(delta)?;
        for part in &delta.tables {
            let schema = *decoder.schemas.get(usize::from(part.schema)).ok_or(ROWS)?;
            let spawned = self.apply_rows(schema, part)?;
            let slots = self.tables[schema.index()].columns.len();
            let names_all = part.slots.iter().map(|slot| usize::from(slot.slot)).eq(0..slots);
            if !spawned.is_empty() && !names_all {
                return Err(VALUES);
            }
            for slot in &part.slots {
                self.apply_slot(schema, slot, &spawned, &mut decoder)?;
            }
        }
        Ok(())
    }

    /// What the delta's schemas and texts are in this store.
    fn decoder<'d>(&mut self, delta: &'d Delta) -> Result<Decoder<'d>, DeltaError> {
        let schemas = delta.schemas.iter().map(|part| {
            let schema = self.registry.find(&part.name);
            let schema =
                schema.ok_or_else(|| DeltaError::UnknownSchema { schema: part.name.clone() })?;
            match shape(schema) == part.shape {
                true => Ok(schema.id()),
                false => Err(DeltaError::OtherSchema { schema: part.name.clone() }),
            }
        });
        let schemas = schemas.collect::<Result<_, _>>()?;
        let texts =
            delta.texts.iter().map(|text| self.intern_text(text)).collect::<Result<_, _>>()?;
        Ok(Decoder { schemas, texts, parts: &delta.lists, lists: HashMap::new(), shape: None })
    }

    /// Tells which rows have come to life.
    fn apply_rows(&mut self, schema: SchemaId, part: &TablePart) -> Result<Vec<u32>, DeltaError> {
        let [before, after] = part.used;
        if after > self.limits.rows_per_schema {
            return Err(self.no_rows(schema).into());
        }
        let rows = &mut self.tables[schema.index()].rows;
        let listed = part.rows.rows(part.generations.len(), after).ok_or(ROWS)?;
        if rows.used() != before as usize || listed.len() != part.generations.len() {
            return Err(ROWS);
        }
        rows.truncate(after as usize);
        let mut spawned = Vec::new();
        for (row, generation) in listed.into_iter().zip(&part.generations) {
            // Rows that were never used follow one another.
            if row as usize > rows.used() || !rows.set(row, *generation) {
                return Err(ROWS);
            }
            if generation & 1 == 1 {
                spawned.push(row);
            }
        }
        if rows.used() == after as usize { Ok(spawned) } else { Err(ROWS) }
    }

    /// Writes a slot's values, those of all that has come to life among them.
    fn apply_slot(
        &mut self,
        schema: SchemaId,
        part: &SlotPart,
        spawned: &[u32],
        decoder: &mut Decoder<'_>,
    ) -> Result<(), DeltaError> {
        let slots = self.registry.get(schema).map_or(&[][..], |schema| schema.slots());
        let slot = slots.get(usize::from(part.slot)).ok_or(VALUES)?;
        let table = &mut self.tables[schema.index()];
        let column = table.columns.get_mut(usize::from(part.slot)).ok_or(VALUES)?;
        let row_bytes = column.cells.visit(RowBytes);
        let most = part.set.len().max(part.cells.len() / row_bytes);
        let rows = part.rows.rows(most, table.rows.used() as u32).ok_or(VALUES)?;
        let is_living = |row: &u32| table.rows.generations()[*row as usize] & 1 == 1;
        if !rows.iter().all(is_living) || !contains_all(&rows, spawned) {
            return Err(VALUES);
        }
        let (with_value, unset) = with_and_without_value(&rows, &part.set, slot).ok_or(VALUES)?;
        if part.cells.len() != with_value.len() * row_bytes || !cells_fit(slot, &part.cells) {
            return Err(VALUES);
        }
        if let Kind::List(kind) = slot.kind() {
            let (shape, limit) = (shape_of_elements(kind.element()), self.limits.list_bytes);
            decoder.read_lists(shape, &part.cells, &mut self.interner, limit)?;
        }
        let take = TakeRows { rows: &with_value, bytes: &part.cells, row_bytes, decoder };
        column.cells.visit_mut(take).ok_or(VALUES)?;
        unset.iter().for_each(|row| column.fill(*row));
        if let Some(set) = &mut column.set {
            with_value.iter().for_each(|row| set.put(*row, &[true]));
        }
        Ok(())
    }
}

/// Whether all of the others are among the rows; both are in ascending order.
fn contains_all(rows: &[u32], others: &[u32]) -> bool {
    let mut rows = rows.iter();
    others.iter().all(|other| rows.any(|row| row == other))
}

/// Which rows have a value, and which have none.
fn with_and_without_value(
    rows: &[u32],
    is_set: &[bool],
    slot: &Slot,
) -> Option<(Vec<u32>, Vec<u32>)> {
    if !slot.is_optional() {
        return is_set.is_empty().then(|| (rows.to_vec(), Vec::new()));
    }
    let (with_value, unset): (Vec<_>, Vec<_>) = rows.iter().zip(is_set).partition(|(_, set)| **set);
    let rows_of = |pairs: Vec<(&u32, &bool)>| pairs.into_iter().map(|(row, _)| *row).collect();
    (rows.len() == is_set.len()).then(|| (rows_of(with_value), rows_of(unset)))
}

/// Whether the bytes are variants, where the slot is an enum.
fn cells_fit(slot: &Slot, cells: &[u8]) -> bool {
    match slot.kind() {
        Kind::Enum(kind) => cells.iter().all(|cell| usize::from(*cell) < kind.variants().len()),
        _ => true,
    }
}

/// Bytes of a row in a delta.
struct RowBytes;

impl CellsVisitor for RowBytes {
    type Output = usize;

    fn visit<C: Cell>(self, blocks: &Blocks<C>) -> usize {
        blocks.width() * C::BYTES
    }
}

struct TakeRows<'a, D> {
    rows: &'a [u32],
    bytes: &'a [u8],
    row_bytes: usize,
    decoder: &'a mut D,
}

impl<D: Translate> CellsVisitorMut for TakeRows<'_, D> {
    type Output = Option<()>;

    fn visit<C: Cell>(self, blocks: &mut Blocks<C>) -> Option<()> {
        let mut cells = Vec::new();
        for (row, bytes) in self.rows.iter().zip(self.bytes.chunks_exact(self.row_bytes)) {
            cells.clear();
            for cell in bytes.chunks_exact(C::BYTES) {
                cells.push(C::take(cell)?.translate(self.decoder)?);
            }
            blocks.put(*row, &cells);
        }
        Some(())
    }
}

/// What the positions in a delta stand for in a store.
struct Decoder<'d> {
    schemas: Vec<SchemaId>,
    texts: Vec<Text>,
    /// The lists' cells.
    parts: &'d [Vec<u8>],
    /// The lists that were read, and what for.
    lists: HashMap<(ListCell, ElementShape), ListCell>,
    /// What the elements of the current slot's lists are.
    shape: Option<ElementShape>,
}

impl Decoder<'_> {
    /// Interns the lists at these positions, which a slot has whose elements are of this shape.
    fn read_lists(
        &mut self,
        shape: ElementShape,
        positions: &[u8],
        interner: &mut Interner,
        limit: usize,
    ) -> Result<(), DeltaError> {
        self.shape = Some(shape);
        for position in positions.chunks_exact(ListCell::BYTES).filter_map(ListCell::take) {
            if self.lists.contains_key(&(position, shape)) {
                continue;
            }
            let bytes = self.parts.get(position.number() as usize).ok_or(VALUES)?;
            let mut cells = CellVec::new(shape.cell);
            cells.visit_mut(TakeCells { bytes, shape, decoder: self }).ok_or(VALUES)?;
            let list = cells.visit(Intern { shape, interner, limit });
            let list = list.ok_or(LimitError::List { limit })?;
            self.lists.insert((position, shape), list);
        }
        Ok(())
    }
}

impl Translate for Decoder<'_> {
    fn text(&mut self, text: Text) -> Option<Text> {
        self.texts.get(text.number() as usize).copied()
    }

    fn object(&mut self, id: ObjectId) -> Option<ObjectId> {
        let schema = *self.schemas.get(id.schema().index())?;
        Some(ObjectId::new(schema, id.row(), id.generation()))
    }

    fn list(&mut self, list: ListCell) -> Option<ListCell> {
        self.lists.get(&(list, self.shape?)).copied()
    }
}

/// Reads the elements of a list.
struct TakeCells<'a, D> {
    bytes: &'a [u8],
    shape: ElementShape,
    decoder: &'a mut D,
}

impl<D: Translate> CellVecVisitorMut for TakeCells<'_, D> {
    type Output = Option<()>;

    fn visit<C: Cell>(self, cells: &mut Vec<C>) -> Option<()> {
        let Self { bytes, shape, decoder } = self;
        let is_variant = |cell: &u8| shape.variants == 0 || u16::from(*cell) < shape.variants;
        if !bytes.len().is_multiple_of(C::BYTES * usize::from(shape.width))
            || !bytes.iter().all(is_variant)
        {
            return None;
        }
        cells.reserve_exact(bytes.len() / C::BYTES);
        for cell in bytes.chunks_exact(C::BYTES) {
            cells.push(C::take(cell)?.translate(decoder)?);
        }
        Some(())
    }
}

struct Intern<'a> {
    shape: ElementShape,
    interner: &'a mut Interner,
    limit: usize,
}

impl CellVecVisitor for Intern<'_> {
    type Output = Option<ListCell>;

    fn visit<C: Cell>(self, cells: &[C]) -> Option<ListCell> {
        self.interner.list(self.shape, cells, self.limit)
    }
}
