//! From a delta to the world that it makes.

use crate::error::LimitError;
use crate::id::{EntityId, SchemaId};
use crate::kind::Kind;
use crate::schema::Slot;
use crate::snapshot::Delta;
use crate::snapshot::delta::{SlotPart, TablePart, shape};
use crate::storage::{Blocks, Cell, CellsVisitor, CellsVisitorMut, Column, Translate};
use crate::store::Store;
use crate::text::Text;

/// Why a delta was not applied. The store is as it was before the call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// The store is not the world that the delta was made from.
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
    /// Another number of rows was ever used here, by objects that are dead.
    #[error("schema '{schema}' has used {found} rows, and {expected} where the delta was made")]
    OtherRows {
        /// The schema's name.
        schema: String,
        /// How many rows the delta is for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
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
    /// [`validate`](Self::validate) does that. Costs two [state hashes](Self::state_hash) and a look
    /// at what changes.
    ///
    /// # Errors
    /// If the store is not the world that the delta was made from, or the delta is damaged; nothing is
    /// changed then.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        let found = self.state_hash();
        if found != delta.base {
            return Err(DeltaError::OtherBase { expected: delta.base, found });
        }
        let (before, texts) = (self.snapshot(), self.texts.len());
        let applied = self.apply_parts(delta).and_then(|()| match self.state_hash() {
            hash if hash == delta.result => Ok(()),
            _ => Err(DeltaError::Damaged { part: DeltaPart::Result }),
        });
        if applied.is_err() {
            self.restore(&before).expect("a snapshot of this store");
            self.forget_texts(texts);
        }
        self.recycle(before);
        applied
    }

    fn apply_parts(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        let mut decoder = self.decoder(delta)?;
        for part in &delta.tables {
            let schema = *decoder.schemas.get(usize::from(part.schema)).ok_or(ROWS)?;
            let spawned = self.apply_rows(schema, part)?;
            for column in &mut self.tables[schema.index()].columns {
                spawned.iter().for_each(|row| column.fill(*row));
            }
            for slot in &part.slots {
                self.apply_slot(schema, slot, &mut decoder)?;
            }
        }
        Ok(())
    }

    /// What the delta's schemas and texts are in this store.
    fn decoder(&mut self, delta: &Delta) -> Result<Decoder, DeltaError> {
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
        let texts = delta.texts.iter().map(|text| self.text(text)).collect::<Result<_, _>>()?;
        Ok(Decoder { schemas, texts })
    }

    /// Tells which rows have come to life.
    fn apply_rows(&mut self, schema: SchemaId, part: &TablePart) -> Result<Vec<u32>, DeltaError> {
        let [before, after] = part.used;
        if after > self.limits.rows_per_schema {
            return Err(self.no_rows(schema).into());
        }
        let rows = &mut self.tables[schema.index()].rows;
        if rows.used() != before as usize {
            let name = self.registry.get(schema).map_or("", |schema| schema.name());
            let (expected, found) = (before as usize, rows.used());
            return Err(DeltaError::OtherRows { schema: name.to_owned(), expected, found });
        }
        rows.truncate(after as usize);
        let mut spawned = Vec::new();
        let listed = part.rows.rows(part.generations.len(), after).ok_or(ROWS)?;
        for (row, generation) in listed.zip(&part.generations) {
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

    fn apply_slot(
        &mut self,
        schema: SchemaId,
        part: &SlotPart,
        decoder: &mut Decoder,
    ) -> Result<(), DeltaError> {
        let slots = self.registry.get(schema).map_or(&[][..], |schema| schema.slots());
        let slot = slots.get(usize::from(part.slot)).ok_or(VALUES)?;
        let table = &mut self.tables[schema.index()];
        let column = table.columns.get_mut(usize::from(part.slot)).ok_or(VALUES)?;
        let row_bytes = column.cells.visit(RowBytes);
        if !part.cells.len().is_multiple_of(row_bytes) {
            return Err(VALUES);
        }
        let count = part.cells.len() / row_bytes;
        let rows: Vec<u32> =
            part.rows.rows(count, table.rows.used() as u32).ok_or(VALUES)?.collect();
        let is_living = |row: &u32| table.rows.generations()[*row as usize] & 1 == 1;
        if !rows.iter().all(is_living) || !cells_fit(slot, &part.cells) {
            return Err(VALUES);
        }
        let take = TakeRows { rows: &rows, bytes: &part.cells, row_bytes, decoder };
        column.cells.visit_mut(take).ok_or(VALUES)?;
        apply_set(column, &rows, &part.set)
    }
}

/// Whether the bytes are variants, where the slot is an enum.
fn cells_fit(slot: &Slot, cells: &[u8]) -> bool {
    match slot.kind() {
        Kind::Enum(kind) => cells.iter().all(|cell| usize::from(*cell) < kind.variants().len()),
        _ => true,
    }
}

fn apply_set(column: &mut Column, rows: &[u32], is_set: &[bool]) -> Result<(), DeltaError> {
    if is_set.len() != if column.set.is_some() { rows.len() } else { 0 } {
        return Err(VALUES);
    }
    for (row, is_set) in rows.iter().zip(is_set) {
        match &mut column.set {
            Some(set) if *is_set => set.put(*row, &[true]),
            _ => column.fill(*row),
        }
    }
    Ok(())
}

/// Bytes of a row in a delta.
struct RowBytes;

impl CellsVisitor for RowBytes {
    type Output = usize;

    fn visit<C: Cell>(self, blocks: &Blocks<C>) -> usize {
        blocks.width() * C::BYTES
    }
}

struct TakeRows<'a> {
    rows: &'a [u32],
    bytes: &'a [u8],
    row_bytes: usize,
    decoder: &'a mut Decoder,
}

impl CellsVisitorMut for TakeRows<'_> {
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
struct Decoder {
    schemas: Vec<SchemaId>,
    texts: Vec<Text>,
}

impl Translate for Decoder {
    fn text(&mut self, text: Text) -> Option<Text> {
        self.texts.get(text.number() as usize).copied()
    }

    fn entity(&mut self, id: EntityId) -> Option<EntityId> {
        let schema = *self.schemas.get(id.schema().index())?;
        Some(EntityId::new(schema, id.row(), id.generation()))
    }
}
