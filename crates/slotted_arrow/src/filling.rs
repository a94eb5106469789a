//! Fills a table from the messages of its file.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::Read;

use arrow_buffer::Buffer;
use slotted::error::LimitError;
use slotted::memory::BLOCK_ROWS;
use slotted::raw::{BlockMemory, FillError, TableFill};
use slotted::schema::{Quoted, Slot};
use slotted::{Kind, Limits, SchemaId, Store};

use crate::bits::{all_ones, is_one, unpack};
use crate::columns::{BUFFERS, buffers, row_bytes};
use crate::damage::Damage;
use crate::fields::GENERATION;
use crate::ipc::{
    Body, Contradiction, Footer, Incoming, IpcReader, Message, MessageKind, Place, ReadError,
};
use crate::table_file::{TableFile, dictionaries};

/// The bytes that a load gains by decompression, and the limit of them: a short file can declare any number.
#[derive(Debug)]
pub(crate) struct Expansion {
    pub(crate) limit: u64,
    bytes: Cell<u64>,
}

impl Expansion {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, bytes: Cell::new(0) }
    }

    /// Counts bytes before they are decompressed.
    fn add(&self, bytes: u64) -> Result<(), Damage> {
        let all = self.bytes.get().saturating_add(bytes);
        if all > self.limit {
            return Err(Damage::Expansion { limit: self.limit, found: all });
        }
        self.bytes.set(all);
        Ok(())
    }
}

/// The bytes that a text, and a list, take of their limits besides their own.
const TEXT_BYTES: usize = 32;
const LIST_BYTES: usize = 40;

/// The ways to read a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions<'l> {
    /// The rows that the table had, if the manifest is right.
    pub(crate) rows: usize,
    /// Damaged blocks are left out.
    pub(crate) salvages: bool,
    pub(crate) ignores_checksums: bool,
    pub(crate) expansion: &'l Expansion,
}

/// The content of a file that was read.
#[derive(Debug, Default)]
pub(crate) struct TableContent {
    /// The rows that were read or lost.
    pub(crate) rows: usize,
    /// The damage of blocks that were left out.
    pub(crate) damages: Vec<Damage>,
    /// The rows of those blocks.
    pub(crate) lost_rows: usize,
}

impl<R: Read> TableFile<R> {
    /// Reads all objects to the table of a schema without rows.
    ///
    /// Returns the checksum of the file, unless it was left in the middle.
    pub(crate) fn read(
        mut self,
        store: &mut Store,
        schema: SchemaId,
        options: ReadOptions<'_>,
    ) -> Result<(TableContent, Option<u128>), ReadError> {
        let mut filling = Filling::new(store, schema)?;
        let mut content = TableContent::default();
        match filling.read_all(&mut self, options, &mut content) {
            Ok(()) => {
                if options.salvages {
                    filling.lose_up_to(options.rows, &mut content)?;
                }
                filling.table.finish().map_err(Damage::from)?;
                let checksum = match self.reader.finish() {
                    Ok(checksum) => Some(checksum),
                    Err(error) if options.salvages => {
                        content.damages.push(error.into());
                        None
                    }
                    Err(error) => return Err(error),
                };
                Ok((content, checksum))
            }
            Err(ReadError::Damage(damage)) if options.salvages => {
                // The block with a contradiction is only half there.
                if matches!(damage, Damage::Column { .. } | Damage::Value(_) | Damage::Limit { .. })
                {
                    return Err(damage.into());
                }
                content.damages.push(damage);
                filling.lose_up_to(options.rows, &mut content)?;
                filling.table.finish().map_err(Damage::from)?;
                Ok((content, None))
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads the objects of a damaged file to the table of a schema without rows, from the places that its footer lists.
///
/// `options` salvage. The footer has a batch for each block of the table's rows.
pub(crate) fn read_places(
    bytes: &[u8],
    footer: &Footer,
    generation: Option<u16>,
    store: &mut Store,
    schema: SchemaId,
    options: ReadOptions<'_>,
) -> Result<TableContent, Damage> {
    let mut filling = Filling::new(store, schema)?;
    let mut content = TableContent::default();
    filling.read_places(bytes, footer, generation, options, &mut content)?;
    filling.lose_up_to(options.rows, &mut content)?;
    filling.table.finish()?;
    Ok(content)
}

/// Fills a table with retired rows in place of a file that cannot be read.
pub(crate) fn lose_rows(store: &mut Store, schema: SchemaId, rows: usize) -> Result<(), Damage> {
    let mut filling = Filling::new(store, schema)?;
    filling.lose_up_to(rows, &mut TableContent::default())?;
    Ok(filling.table.finish()?)
}

/// A table that is being filled from a file.
struct Filling<'s> {
    slots: Vec<Slot>,
    table: TableFill<'s>,
    /// The handles of each dictionary's texts, one for each slot.
    texts: Vec<Vec<u32>>,
    limits: Limits,
    block: usize,
}

impl<'s> Filling<'s> {
    fn new(store: &'s mut Store, schema: SchemaId) -> Result<Self, Damage> {
        let slots = store.schema_by_id(schema).map(|schema| schema.slots().to_vec());
        let limits = *store.limits();
        let table = store.fill_table(schema)?;
        let slots = slots.unwrap_or_default();
        Ok(Self { slots, table, texts: Vec::new(), limits, block: 0 })
    }

    /// Returns the error of rows that cannot be added; the table has `rows` in all.
    fn row_error(&self, error: FillError, rows: usize) -> Damage {
        match error {
            FillError::Limit(LimitError::Rows { limit, .. }) => Damage::Limit {
                what: "rows".to_owned(),
                found: rows as u64,
                limit: limit.into(),
                setting: "Limits::rows_per_schema",
            },
            FillError::Generation { row, generation } => Damage::Limit {
                what: format!("objects in row {row}, one after another,"),
                found: generation.div_ceil(2).into(),
                limit: self.limits.generations_per_row.into(),
                setting: "Limits::generations_per_row",
            },
            error => error.into(),
        }
    }

    /// Returns the error of texts of a slot, which would take this many bytes with all other texts.
    fn text_limit(&self, slot: usize, found: usize) -> Damage {
        Damage::Limit {
            what: format!("bytes of texts up to slot {}", Quoted(self.slots[slot].name())),
            found: found as u64,
            limit: self.limits.text_bytes as u64,
            setting: "Limits::text_bytes",
        }
    }

    /// Returns the error of a list of a slot that has this many bytes.
    fn list_limit(&self, slot: usize, bytes: usize) -> Damage {
        Damage::Limit {
            what: format!("bytes of lists up to slot {}", Quoted(self.slots[slot].name())),
            found: self.table.bytes_with(bytes).1 as u64,
            limit: self.limits.list_bytes as u64,
            setting: "Limits::list_bytes",
        }
    }

    /// Adds retired rows up to this many. The rows so far must be whole blocks, or all rows.
    fn lose_up_to(&mut self, rows: usize, content: &mut TableContent) -> Result<(), Damage> {
        while content.rows < rows && content.rows.is_multiple_of(BLOCK_ROWS) {
            let lost = (rows - content.rows).min(BLOCK_ROWS);
            self.table.retire_block(lost).map_err(|error| self.row_error(error, rows))?;
            content.rows += lost;
            content.lost_rows += lost;
        }
        Ok(())
    }

    fn read_all<R: Read>(
        &mut self,
        file: &mut TableFile<R>,
        options: ReadOptions<'_>,
        content: &mut TableContent,
    ) -> Result<(), ReadError> {
        let generation = file.metadata.generation;
        let own = self.own_memory(generation);
        let own = |message: &Message, buffer: usize, bytes: usize| own.of(message, buffer, bytes);
        let mut body = Incoming::default();
        let texts = dictionaries(self.slots.iter());
        let mut texts = texts.into_iter().enumerate();
        while let Some(message) = file.reader.next(&mut body, own)? {
            match texts.next() {
                Some((id, slot)) => self.texts_of(slot, id as i64, &message, &mut body, options)?,
                None => self.block_of(&message, &mut body, generation, options, content)?,
            }
        }
        match texts.next() {
            None => Ok(()),
            Some(_) => Err(Damage::Order { expected: "the texts of a slot" }.into()),
        }
    }

    /// Reads each message from its own place, so that a damaged one leaves the others.
    fn read_places(
        &mut self,
        bytes: &[u8],
        footer: &Footer,
        generation: Option<u16>,
        options: ReadOptions<'_>,
        content: &mut TableContent,
    ) -> Result<(), Damage> {
        let own = self.own_memory(generation);
        let own = |message: &Message, buffer: usize, bytes: usize| own.of(message, buffer, bytes);
        let mut body = Incoming::default();
        let read = |place: &Place, body: &mut Incoming| {
            let all = place.all.clone();
            let mut reader = IpcReader::of_message(&bytes[all.clone()], all.start, all.len());
            let message = reader.next(body, own)?;
            match message.filter(|_| reader.is_at_end()) {
                Some(message) => Ok(message),
                None => Err(Damage::Header { at: all.start as u64 }),
            }
        };
        let slots = dictionaries(self.slots.iter());
        if slots.len() != footer.dictionaries.len() {
            return Err(Damage::Order { expected: "the texts of a slot" });
        }
        for ((id, slot), place) in slots.into_iter().enumerate().zip(&footer.dictionaries) {
            let message = read(place, &mut body)?;
            self.texts_of(slot, id as i64, &message, &mut body, options)?;
        }
        for place in &footer.batches {
            let damage = match read(place, &mut body) {
                Ok(message) if message.is_intact || options.ignores_checksums => {
                    self.block_of(&message, &mut body, generation, options, content)?;
                    continue;
                }
                Ok(_) => Damage::Block { block: self.block },
                Err(damage) => damage,
            };
            self.lose_block(damage, options, content)?;
        }
        Ok(())
    }

    /// Retires the rows of a damaged block.
    fn lose_block(
        &mut self,
        damage: Damage,
        options: ReadOptions<'_>,
        content: &mut TableContent,
    ) -> Result<(), Damage> {
        // A damaged header may say anything.
        let rows = options.rows.saturating_sub(content.rows).clamp(1, BLOCK_ROWS);
        let retired = self.table.retire_block(rows);
        retired.map_err(|error| self.row_error(error, options.rows))?;
        content.damages.push(damage);
        content.lost_rows += rows;
        content.rows += rows;
        self.block += 1;
        Ok(())
    }

    fn texts_of(
        &mut self,
        slot: usize,
        id: i64,
        message: &Message,
        body: &mut Incoming,
        options: ReadOptions<'_>,
    ) -> Result<(), ReadError> {
        if message.kind != (MessageKind::Dictionary { id }) {
            return Err(Damage::Order { expected: "the texts of a slot" }.into());
        }
        if !message.is_intact && !options.ignores_checksums {
            return Err(Damage::Texts { slot: self.slots[slot].name().to_owned() }.into());
        }
        options.expansion.add(message.expansion(body))?;
        Ok(self.dictionary(slot, message, body)?)
    }

    fn block_of(
        &mut self,
        message: &Message,
        body: &mut Incoming,
        generation: Option<u16>,
        options: ReadOptions<'_>,
        content: &mut TableContent,
    ) -> Result<(), ReadError> {
        if message.kind != MessageKind::Batch {
            return Err(Damage::Order { expected: "a block of rows" }.into());
        }
        if message.rows == 0 || message.rows > BLOCK_ROWS {
            return Err(Damage::Order { expected: "at most 8192 rows" }.into());
        }
        if !message.is_intact && !options.ignores_checksums {
            let damage = Damage::Block { block: self.block };
            if options.salvages {
                self.lose_block(damage, options, content)?;
                return Ok(());
            }
            return Err(damage.into());
        }
        options.expansion.add(message.expansion(body))?;
        let expected = options.rows.max(content.rows + message.rows);
        self.batch(message, body, generation, expected)?;
        content.rows += message.rows;
        self.block += 1;
        Ok(())
    }

    /// Returns the memory of no rows for each buffer of a batch that can be read into a block of its slot.
    fn own_memory(&self, generation: Option<u16>) -> OwnMemory {
        let mut own = Vec::new();
        own.resize_with(if generation.is_none() { BUFFERS } else { 0 }, || None);
        for (number, slot) in self.slots.iter().enumerate() {
            own.resize_with(own.len() + buffers(slot.kind()) - 1, || None);
            own.push(self.table.memory(number, 0));
        }
        OwnMemory(own)
    }

    /// Reads the texts of a slot, or checks the variants of an enum.
    fn dictionary(
        &mut self,
        slot: usize,
        message: &Message,
        body: &mut Incoming,
    ) -> Result<(), Damage> {
        let name = self.slots[slot].name();
        let damaged = |_: Contradiction| Damage::Texts { slot: name.to_owned() };
        let mut body = Body::new(message, body);
        let count = body.length().map_err(damaged)?;
        body.array_without_nulls(count).map_err(damaged)?;
        let variants = match self.slots[slot].kind().element() {
            Kind::Enum(kind) => Some(kind.variants()),
            _ => None,
        };
        let offsets = match variants {
            Some(variants) if variants.len() == count => body.offsets_32(count),
            Some(_) => Err(Contradiction),
            None => body.offsets(count),
        };
        let offsets = offsets.map_err(damaged)?;
        let length = offsets.last().copied().unwrap_or(0);
        // Before anything is decompressed. No text is there twice, and the empty one takes nothing.
        let bytes = length.saturating_add(count.saturating_sub(1).saturating_mul(TEXT_BYTES));
        if variants.is_none() && bytes > self.limits.text_bytes {
            return Err(self.text_limit(slot, bytes));
        }
        let all = body.bytes(length).map_err(damaged)?;
        let all = std::str::from_utf8(all).map_err(|_| damaged(Contradiction))?;
        let texts = offsets.windows(2).map(|ends| all.get(ends[0]..ends[1]));
        let texts: Vec<&str> =
            texts.collect::<Option<_>>().ok_or(Contradiction).map_err(damaged)?;
        match variants {
            Some(variants) => {
                if !variants.iter().map(|variant| &**variant).eq(texts) {
                    return Err(damaged(Contradiction));
                }
            }
            None => {
                let (mut handles, mut known) = (Vec::new(), HashSet::new());
                for text in texts {
                    let handle = self.table.text(text);
                    let handle = handle
                        .map_err(|_| self.text_limit(slot, self.table.bytes_with(text.len()).0))?;
                    if !known.insert(handle) {
                        return Err(damaged(Contradiction));
                    }
                    handles.push(handle);
                }
                self.texts.resize_with(slot, Vec::new);
                self.texts.push(handles);
            }
        }
        match body.is_at_end() {
            true => Ok(()),
            false => Err(damaged(Contradiction)),
        }
    }

    fn batch(
        &mut self,
        message: &Message,
        body: &mut Incoming,
        generation: Option<u16>,
        expected_rows: usize,
    ) -> Result<(), Damage> {
        let (rows, block) = (message.rows, self.block);
        let damaged = |slot: &str| Damage::Column { slot: slot.to_owned(), block };
        let mut body = Body::new(message, body);
        let generations = match generation {
            Some(generation) if generation & 1 == 1 => vec![generation; rows],
            Some(_) => return Err(damaged(GENERATION)),
            None => generations(&mut body, rows).map_err(|_| damaged(GENERATION))?,
        };
        let begun = self.table.next_block(&generations);
        begun.map_err(|error| self.row_error(error, expected_rows))?;
        let living = self.table.living().to_vec();
        for slot in 0..self.slots.len() {
            let found = self.slot(slot, rows, &living, &mut body);
            found.map_err(|error| match error {
                SlotError::Contradiction => damaged(self.slots[slot].name()),
                SlotError::Damage(damage) => damage,
            })?;
        }
        match body.is_at_end() {
            true => Ok(()),
            false => Err(Damage::Order { expected: "no more columns" }),
        }
    }

    /// Reads the values of one slot.
    fn slot(
        &mut self,
        slot: usize,
        rows: usize,
        living: &[u64],
        body: &mut Body<'_>,
    ) -> Result<(), SlotError> {
        let declared = &self.slots[slot];
        let valid = body.array(rows)?;
        let is_possible = match &valid {
            Some(valid) if declared.is_optional() => {
                valid.iter().zip(living).all(|(valid, living)| valid & !living == 0)
            }
            Some(valid) => *valid == living,
            None => living == all_ones(rows),
        };
        if !is_possible {
            return Err(SlotError::Contradiction);
        }
        let valid = valid.as_deref();
        match declared.kind() {
            Kind::List(list) => {
                let element = list.element().clone();
                let handles = self.lists(slot, &element, rows, body)?;
                self.table.cells(slot, &handles, valid).map_err(Damage::from)?;
            }
            kind => {
                numbers_of(kind, rows, body)?;
                if let Some(memory) = body.own_memory() {
                    self.table.block(slot, memory, valid).map_err(Damage::from)?;
                    return Ok(());
                }
                let kind = kind.clone();
                let texts = self.texts.get(slot).map_or(&[][..], |texts| texts);
                let cells = cells(&kind, rows, texts, valid, body)?;
                self.table.cells(slot, &cells, valid).map_err(Damage::from)?;
            }
        }
        Ok(())
    }

    /// Reads lists and returns their handles.
    fn lists(
        &mut self,
        slot: usize,
        element: &Kind,
        rows: usize,
        body: &mut Body<'_>,
    ) -> Result<Vec<u8>, SlotError> {
        let offsets = body.offsets(rows)?;
        let count = offsets.last().copied().unwrap_or(0);
        let bytes = row_bytes(element);
        // Before anything is decompressed. Equal lists of several rows count once, so all of them together may be larger.
        let longest = offsets.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0);
        let longest = longest.checked_mul(bytes).ok_or(SlotError::Contradiction)?;
        if longest.saturating_add(LIST_BYTES) > self.limits.list_bytes && longest > 0 {
            return Err(self.list_limit(slot, longest).into());
        }
        body.array_without_nulls(count)?;
        numbers_of(element, count, body)?;
        let texts = self.texts.get(slot).map_or(&[][..], |texts| texts);
        let elements = cells(element, count, texts, None, body)?.to_vec();
        let mut handles = Vec::with_capacity(rows * 4);
        let mut last: Option<(&[u8], u32)> = None;
        for ends in offsets.windows(2) {
            let list = elements.get(ends[0] * bytes..ends[1] * bytes);
            let list = list.ok_or(SlotError::Contradiction)?;
            // Neighbours often have the same list.
            let handle = match last {
                Some((other, handle)) if other == list => handle,
                _ => self.table.list(slot, list).map_err(|error| match error {
                    FillError::Limit(_) => self.list_limit(slot, list.len()),
                    error => error.into(),
                })?,
            };
            last = Some((list, handle));
            handles.extend_from_slice(&handle.to_le_bytes());
        }
        Ok(handles)
    }
}

/// The memory of no rows for each buffer of a batch that can be read into a block of its slot.
struct OwnMemory(Vec<Option<BlockMemory>>);

impl OwnMemory {
    /// Returns the memory of a message's buffer with this many bytes.
    fn of(&self, message: &Message, buffer: usize, bytes: usize) -> Option<BlockMemory> {
        let memory = self.0.get(buffer)?.as_ref()?;
        let is_plain = message.kind == MessageKind::Batch
            && message.compression.is_none()
            && message.rows <= BLOCK_ROWS
            && message.rows * memory.row_bytes() == bytes;
        is_plain.then(|| memory.for_rows(message.rows))
    }
}

enum SlotError {
    Contradiction,
    Damage(Damage),
}

impl From<Contradiction> for SlotError {
    fn from(_: Contradiction) -> Self {
        Self::Contradiction
    }
}

impl From<Damage> for SlotError {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

fn generations(body: &mut Body<'_>, rows: usize) -> Result<Vec<u16>, Contradiction> {
    body.array_without_nulls(rows)?;
    let (pairs, _) = body.bytes(rows * 2)?.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
}

/// Values as a column has them in memory.
enum Cells<'b> {
    Borrowed(&'b [u8]),
    Owned(Buffer),
}

impl std::ops::Deref for Cells<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Reads the beginning of the array in vectors and arrays, which has their numbers.
fn numbers_of(kind: &Kind, count: usize, body: &mut Body<'_>) -> Result<(), Contradiction> {
    if let Kind::Vector(_) | Kind::Array(..) = kind {
        let (_, numbers) = kind.components().ok_or(Contradiction)?;
        body.array_without_nulls(count.checked_mul(numbers).ok_or(Contradiction)?)?;
    }
    Ok(())
}

/// Reads values. `valid` has a bit for each row whose key of a text matters.
fn cells<'b>(
    kind: &Kind,
    count: usize,
    texts: &[u32],
    valid: Option<&[u64]>,
    body: &'b mut Body<'_>,
) -> Result<Cells<'b>, Contradiction> {
    let bytes = count.checked_mul(row_bytes(kind)).ok_or(Contradiction)?;
    Ok(match kind {
        Kind::Bool => Cells::Owned(unpack(body.bytes(count.div_ceil(8))?, count).into()),
        Kind::Text | Kind::Any => {
            let (keys, _) = body.bytes(bytes)?.as_chunks::<4>();
            let keys = keys.iter().map(|key| u32::from_le_bytes(*key));
            let known = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            let is_null = |row| valid.is_some_and(|valid| !is_one(valid, row));
            // All keys at once, which is quick, and each one only if a row without a value may have any.
            let are_known = keys.clone().filter(|key| *key >= known).count() == 0
                || keys.clone().enumerate().all(|(row, key)| key < known || is_null(row));
            if !are_known {
                return Err(Contradiction);
            }
            let handles = keys.map(|key| texts.get(key as usize).copied().unwrap_or(0));
            Cells::Owned(Buffer::from_vec(handles.collect::<Vec<u32>>()))
        }
        Kind::Number(_)
        | Kind::Vector(_)
        | Kind::Array(..)
        | Kind::Object
        | Kind::Enum(_)
        | Kind::Pod(_) => Cells::Borrowed(body.bytes(bytes)?),
        Kind::List(_) => return Err(Contradiction),
    })
}
