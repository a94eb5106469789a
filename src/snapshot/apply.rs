//! Applying a delta to a store.

use std::collections::{HashMap, HashSet};

use crate::debug_as_display::debug_as_display;
use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::kind::Kind;
use crate::list::ListCell;
use crate::schema::{Quoted, Slot};
use crate::snapshot::delta::{Hashes, SchemaPart, SlotPart, TablePart};
use crate::snapshot::runs::Bytes;
use crate::snapshot::slots::{self, declared_slots, hash_of_slots};
use crate::snapshot::{Delta, SlotDifference};
use crate::storage::{
    Blocks, Cell, CellBits, CellsVisitor, CellsVisitorMut, ElementShape, Interner, Translate,
};
use crate::store::{Store, StoreState, UncheckedTable, shape_of_elements};
use crate::text::Text;
use crate::value::Value;

/// The reason why a delta was not applied. The store is as it was before the call.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// The store is not the world that the delta was made from. Restore the snapshot whose
    /// [`state_hash`](Store::state_hash) is the delta's [`base_hash`](Delta::base_hash), then apply the delta.
    #[error(
        "the delta applies to a world with hash {expected:016x}, this store has {found:016x}; \
         go back to the world that the delta was made from"
    )]
    OtherBase {
        /// The hash of the world that the delta was made from.
        expected: u64,
        /// The hash of this store.
        found: u64,
    },
    /// A schema is not registered in this store.
    #[error(
        "the delta needs schema {}, which is not registered; register it first",
        Quoted(schema)
    )]
    UnknownSchema {
        /// The schema's name.
        schema: String,
    },
    /// A schema has other slots in this store.
    #[error(
        "schema {} has other slots here than in the store that made the delta{}; \
         register the same schema in both",
        Quoted(schema),
        slots::after_colon(differences)
    )]
    OtherSchema {
        /// The schema's name.
        schema: String,
        /// The differences. Empty if the delta is not [full](Delta::is_full): it only holds a hash of the slots.
        differences: Vec<SlotDifference>,
    },
    /// The delta contradicts itself: it was damaged, or was not made from two snapshots.
    #[error("the delta is damaged: {part} {}; request it again", if *part == DeltaPart::Result {
        "does not have the promised hash"
    } else {
        "cannot be read"
    })]
    Damaged {
        /// The damaged part.
        part: DeltaPart,
    },
    /// The store has the same objects as the world that the delta was made from, but other objects were
    /// despawned in it, so its future ids would differ. A full delta goes into any store with
    /// [`replace_with`](Store::replace_with).
    #[error(
        "the delta applies to a world with the same objects, but other free rows; \
         start again from a snapshot, or from a full delta with 'replace_with'"
    )]
    OtherRows,
    /// The delta only holds differences from another world. Make it with [`Delta::full`].
    #[error(
        "the delta applies to the world with hash {base:016x}, and is not full; \
         make it with 'Delta::full', or use 'apply' in that world"
    )]
    NotFull {
        /// The hash of the world that the delta was made from.
        base: u64,
    },
    /// The delta exceeds a limit of this store.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

debug_as_display!(DeltaError);

/// A part of a [`Delta`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeltaPart {
    /// The schemas and their slots.
    Schemas,
    /// The rows that objects were spawned in or despawned from.
    Rows,
    /// The values of slots.
    Values,
    /// The world after the delta.
    Result,
}

impl std::fmt::Display for DeltaPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Schemas => "its list of schemas",
            Self::Rows => "its list of rows",
            Self::Values => "its list of values",
            Self::Result => "the resulting world",
        })
    }
}

const SCHEMAS: DeltaError = DeltaError::Damaged { part: DeltaPart::Schemas };
const ROWS: DeltaError = DeltaError::Damaged { part: DeltaPart::Rows };
const VALUES: DeltaError = DeltaError::Damaged { part: DeltaPart::Values };

impl Store {
    /// Applies a delta: turns this store into the delta's second world if it equals the first one.
    ///
    /// Deltas may come from an untrusted source: everything is checked, including the hash of the resulting
    /// world. Values skip constraint checks, because views may have written any value; use
    /// [`validate`](Self::validate) for that.
    ///
    /// Computes in the time of a [state hash](Self::state_hash), plus **O(n)** for n rows and values that change.
    ///
    /// # Errors
    /// Returns an error if a schema is missing or has other slots, if the store is not the world that the delta was made
    /// from, if the delta is damaged, or if a limit is reached. Nothing is changed then.
    ///
    /// [`Delta`] has an example.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        // Slots are compared first: other slots change the hash too.
        let schemas = self.schemas_of_delta(delta)?;
        let found = Hashes::from(self.hash_sums());
        if found.state != delta.base.state {
            let (expected, found) = (delta.base.state, found.state);
            return Err(DeltaError::OtherBase { expected, found });
        }
        if found.rows != delta.base.rows {
            return Err(DeltaError::OtherRows);
        }
        let before = self.state();
        let applied = self.apply_or_go_back(delta, schemas, &before, &before);
        self.reuse_memory_of_state(before);
        applied
    }

    /// Replaces all objects by the world of a [full](Delta::full) delta, for example to load a saved game.
    ///
    /// The store may be of any history. It needs the delta's schemas, in any order; schemas that the delta does
    /// not name stay, without objects. Afterwards the store has the delta's objects, ids and future ids. The store
    /// stays the same one: keys, texts and cached views remain valid, and [`restore`](Self::restore) of a snapshot
    /// from before goes back. An id from before may be dead, or mean an object of the new world. References inside the
    /// delta are translated; for ids that were saved beside it, call [`Delta::translate`].
    ///
    /// Everything is checked as in [`apply`](Self::apply). Computes in **O(n)** time for n values of the new world,
    /// plus **O(blocks)**.
    ///
    /// # Errors
    /// Returns an error if the delta is not full or is damaged, if a schema is missing or has other slots, or if a
    /// limit is reached. Nothing is changed then.
    ///
    /// # Example
    #[cfg_attr(feature = "serde", doc = "```")]
    #[cfg_attr(not(feature = "serde"), doc = "```ignore")]
    /// use slotted::{Delta, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let health = store.key::<f32>("unit", "health")?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let quick_save = postcard::to_allocvec(&Delta::full(&store.snapshot()))?;
    ///
    /// store.despawn(unit)?; // the game goes on, and is lost
    /// store.spawn(Unit { health: 1.0 })?;
    ///
    /// store.replace_with(&postcard::from_bytes(&quick_save)?)?;
    /// assert_eq!(store.get(unit, health), Some(80.0));
    /// assert_eq!(store.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replace_with(&mut self, delta: &Delta) -> Result<(), DeltaError> {
        if !delta.is_full() {
            return Err(DeltaError::NotFull { base: delta.base.state });
        }
        let schemas = self.schemas_of_delta(delta)?;
        let before = self.state();
        let empty = before.without_objects();
        self.set_state(&empty).expect("a state of this store");
        let applied = self.apply_or_go_back(delta, schemas, &empty, &before);
        self.reuse_memory_of_state(before);
        applied
    }

    /// Applies the delta to this store, which equals `base`. Goes back to `before` on an error.
    fn apply_or_go_back(
        &mut self,
        delta: &Delta,
        schemas: Vec<SchemaId>,
        base: &StoreState,
        before: &StoreState,
    ) -> Result<(), DeltaError> {
        let interned = self.interned();
        let applied = self.apply_parts(delta, schemas).and_then(|()| {
            match delta.result == self.hash_sums_since(base).into() {
                true => Ok(()),
                false => Err(DeltaError::Damaged { part: DeltaPart::Result }),
            }
        });
        if applied.is_err() {
            self.set_state(before).expect("a state of this store");
            self.forget_since(interned);
        }
        applied
    }

    /// Looks up the schemas of a delta.
    fn schemas_of_delta(&self, delta: &Delta) -> Result<Vec<SchemaId>, DeltaError> {
        let (mut known, mut numbers) = (HashSet::new(), HashSet::new());
        let schemas = delta.schemas.iter().map(|part| {
            let id = self.schema_of_part(part)?;
            let is_new = known.insert(id) && numbers.insert(part.number);
            is_new.then_some(id).ok_or(SCHEMAS)
        });
        schemas.collect()
    }

    fn schema_of_part(&self, part: &SchemaPart) -> Result<SchemaId, DeltaError> {
        let other =
            |differences| Err(DeltaError::OtherSchema { schema: part.name.clone(), differences });
        let schema = self.schema(&part.name);
        let schema =
            schema.ok_or_else(|| DeltaError::UnknownSchema { schema: part.name.clone() })?;
        let is_same = part.hash == hash_of_slots(schema, part.number);
        let Some(there) = &part.slots else {
            return if is_same { Ok(schema.id()) } else { other(Vec::new()) };
        };
        let here = declared_slots(schema);
        if *there != here {
            return other(slots::differences(&here, there).ok_or(SCHEMAS)?);
        }
        if is_same { Ok(schema.id()) } else { Err(SCHEMAS) }
    }

    fn apply_parts(&mut self, delta: &Delta, schemas: Vec<SchemaId>) -> Result<(), DeltaError> {
        let mut decoder = Decoder::new(delta, schemas, self)?;
        for part in &delta.tables {
            let schema = *decoder.schemas.get(usize::from(part.schema)).ok_or(ROWS)?;
            let mut table = self.unchecked_table(schema).ok_or(ROWS)?;
            let spawned = apply_rows(&mut table, part)?;
            let slots = table.columns.len();
            let names_all = part.slots.iter().map(|slot| usize::from(slot.slot)).eq(0..slots);
            if !spawned.is_empty() && !names_all {
                return Err(VALUES);
            }
            for slot in &part.slots {
                apply_slot(&mut table, slot, &spawned, &mut decoder)?;
            }
        }
        Ok(())
    }
}

/// Applies the changes of rows and returns the rows of spawned objects.
fn apply_rows(table: &mut UncheckedTable<'_>, part: &TablePart) -> Result<Vec<u32>, DeltaError> {
    let ([before, after], limit) = (part.used, table.limits.rows_per_schema);
    if after > limit {
        let schema = table.schema.shared_name().clone();
        return Err(LimitError::Rows { schema, limit }.into());
    }
    let rows = &mut *table.rows;
    let listed = part.rows.rows(part.generations.len(), after).ok_or(ROWS)?;
    if rows.used() != before as usize || listed.len() != part.generations.len() {
        return Err(ROWS);
    }
    rows.truncate(after as usize);
    let mut spawned = Vec::new();
    for (row, generation) in listed.into_iter().zip(&part.generations) {
        // Unused rows are taken one after another.
        if row as usize > rows.used() || !rows.set(row, *generation) {
            return Err(ROWS);
        }
        if generation & 1 == 1 {
            spawned.push(row);
        }
    }
    if rows.used() == after as usize { Ok(spawned) } else { Err(ROWS) }
}

/// Writes the values of one slot, including those of all spawned objects.
fn apply_slot(
    table: &mut UncheckedTable<'_>,
    part: &SlotPart,
    spawned: &[u32],
    decoder: &mut Decoder<'_>,
) -> Result<(), DeltaError> {
    let slot = table.schema.slots().get(usize::from(part.slot)).ok_or(VALUES)?;
    let column = table.columns.get_mut(usize::from(part.slot)).ok_or(VALUES)?;
    let row_bytes = column.cells.visit(RowBytes);
    let most = part.set.len().max(part.cells.0.len() / row_bytes);
    let rows = part.rows.rows(most, table.rows.used() as u32).ok_or(VALUES)?;
    let is_living = |row: &u32| table.rows.generations()[*row as usize] & 1 == 1;
    if !rows.iter().all(is_living) || !contains_all(&rows, spawned) {
        return Err(VALUES);
    }
    let (with_value, unset) = with_and_without_value(&rows, &part.set, slot).ok_or(VALUES)?;
    if part.cells.0.len() != with_value.len() * row_bytes || !cells_fit(slot, &part.cells.0) {
        return Err(VALUES);
    }
    decoder.is_any = *slot.kind().element() == Kind::Any;
    if let Kind::List(kind) = slot.kind() {
        let (shape, limit) = (shape_of_elements(kind.element()), table.limits.list_bytes);
        decoder.read_lists(shape, &part.cells.0, table.interner, limit)?;
    }
    with_value.iter().for_each(|row| column.mark(*row));
    let take = TakeRows { rows: &with_value, bytes: &part.cells.0, row_bytes, decoder };
    column.cells.visit_mut(take).ok_or(VALUES)?;
    unset.iter().for_each(|row| column.fill(*row));
    if let Some(set) = &mut column.set {
        with_value.iter().for_each(|row| set.put(*row, &[true]));
    }
    Ok(())
}

/// Returns `true` if the rows contain all of the others. Both are in ascending order.
fn contains_all(rows: &[u32], others: &[u32]) -> bool {
    let mut rows = rows.iter();
    others.iter().all(|other| rows.any(|row| row == other))
}

/// Splits the rows into those with a value and those without.
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

/// Returns `false` if the slot is an enum and a byte is not one of its variants.
fn cells_fit(slot: &Slot, cells: &[u8]) -> bool {
    match slot.kind() {
        Kind::Enum(kind) => cells.iter().all(|cell| usize::from(*cell) < kind.variants().len()),
        _ => true,
    }
}

/// Computes the bytes of a row in a delta.
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
        if C::IS_MEMORY {
            C::extend_from_bytes(&mut cells, self.bytes, 0);
            let values = cells.chunks_exact(blocks.width());
            self.rows.iter().zip(values).for_each(|(row, value)| blocks.put(*row, value));
            return Some(());
        }
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

/// Translates positions in a delta to handles of a store.
struct Decoder<'d> {
    schemas: Vec<SchemaId>,
    texts: Vec<Text>,
    /// The lists' cells.
    parts: &'d [Bytes],
    /// The lists that were read, by position and element shape.
    lists: HashMap<(ListCell, ElementShape), ListCell>,
    /// The element shape of the current slot's lists.
    shape: Option<ElementShape>,
    strings: &'d [String],
    /// The positions of texts that are known to be those of values.
    values: HashSet<u32>,
    /// `true` if the current slot's texts must be those of values.
    is_any: bool,
}

impl<'d> Decoder<'d> {
    /// Interns the texts of a delta.
    fn new(
        delta: &'d Delta,
        schemas: Vec<SchemaId>,
        store: &mut Store,
    ) -> Result<Self, DeltaError> {
        let texts = delta.texts.iter().map(|text| store.intern_text(text));
        let texts = texts.collect::<Result<_, _>>()?;
        Ok(Self {
            schemas,
            texts,
            parts: &delta.lists,
            lists: HashMap::new(),
            shape: None,
            strings: &delta.texts,
            values: HashSet::new(),
            is_any: false,
        })
    }

    /// Interns the lists at these positions, whose elements have this shape.
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
            let cells = shape.read(&bytes.0, self).ok_or(VALUES)?;
            let list = interner.list_of(shape, &cells, limit).ok_or(LimitError::List { limit })?;
            self.lists.insert((position, shape), list);
        }
        Ok(())
    }
}

impl Translate for Decoder<'_> {
    fn text(&mut self, text: Text) -> Option<Text> {
        let position = text.number();
        if self.is_any && !self.values.contains(&position) {
            Value::from_json(self.strings.get(position as usize)?)?;
            self.values.insert(position);
        }
        self.texts.get(position as usize).copied()
    }

    fn object(&mut self, id: ObjectId) -> Option<ObjectId> {
        let schema = *self.schemas.get(id.schema().index())?;
        Some(ObjectId::new(schema, id.row(), id.generation()))
    }

    fn list(&mut self, list: ListCell) -> Option<ListCell> {
        self.lists.get(&(list, self.shape?)).copied()
    }
}
