//! One table as an Arrow file: the metadata, writing and reading.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt16Array};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use slotted::memory::BLOCK_ROWS;
use slotted::raw::{RawSnapshot, RawTable, TableFill};
use slotted::schema::Slot;
use slotted::{Kind, SchemaId, Store};
use xxhash_rust::xxh3::xxh3_128;

use crate::bits::{all_ones, is_one, unpack};
use crate::columns::{Column, Columns, row_bytes};
use crate::compression::Compression;
use crate::damage::Damage;
use crate::definition::Definition;
use crate::fields::{GENERATION, field};
use crate::ipc::{Body, Contradiction, IpcReader, IpcWriter, Message, MessageKind, ReadError};
use crate::ipc::{OutgoingBatch, WrittenFile};
use crate::manifest::hexadecimal;

/// The key of a file's [`TableMetadata`].
const TABLE: &str = "slotted.table";

/// The metadata of a table's file, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableMetadata {
    /// The number of the schema in ids.
    pub(crate) id: u16,
    /// The schema's bases, then the schema.
    pub(crate) definitions: Vec<Definition>,
    /// The checksum of the definitions, to compare schemas without reading them.
    pub(crate) fingerprint: String,
    /// The generation of all rows, unless the file has a column of generations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) generation: Option<u16>,
}

impl TableMetadata {
    /// Returns the name of the schema.
    pub(crate) fn name(&self) -> &str {
        self.definitions.last().map_or("", |definition| &definition.name)
    }
}

/// A table to write: the rows, the columns in the order of the definitions, and the definitions of the bases and the schema.
pub(crate) struct TableToWrite<'s> {
    pub(crate) raw: RawSnapshot<'s>,
    pub(crate) table: RawTable<'s>,
    pub(crate) columns: Vec<Column<'s>>,
    pub(crate) definitions: Vec<Definition>,
}

/// Writes a table.
pub(crate) fn write_table<W: Write>(
    out: W,
    table: TableToWrite<'_>,
    compression: Option<Compression>,
) -> io::Result<(W, WrittenFile)> {
    let TableToWrite { raw, table, columns, definitions } = table;
    let generation = common_generation(table);
    let id = table.schema().id().index() as u16;
    let metadata = metadata(id, definitions, generation)?;
    let generations = Field::new(GENERATION, DataType::UInt16, false);
    let columns = Columns::canonical(raw, table, columns);
    let fields = generation.is_none().then_some(generations).into_iter();
    let fields: Vec<Field> = fields.chain(columns.slots().map(field)).collect();
    let schema = ArrowSchema::new_with_metadata(fields, metadata);
    let mut file = IpcWriter::new(out, &schema, compression)?;
    let slots = columns.slots().len();
    let dictionaries = (0..slots).filter_map(|slot| columns.dictionary(slot));
    for (id, values) in dictionaries.enumerate() {
        file.dictionary(id as i64, values)?;
    }
    let prepare = |block: usize| {
        let rows = table.rows(block).ok_or_else(|| io::Error::other("a block has no rows"))?;
        let generations = generation.is_none().then(|| {
            let bytes = Buffer::from(Bytes::from_owner(rows.generation_bytes()));
            Arc::new(UInt16Array::new(bytes.into(), None)) as ArrayRef
        });
        let values = (0..slots).map(|slot| columns.array(slot, block));
        let arrays: Result<Vec<_>, _> = generations.map(Ok).into_iter().chain(values).collect();
        let arrays = arrays.map_err(io::Error::other)?;
        OutgoingBatch::new(rows.generations().len(), &arrays, compression)
    };
    ahead(table.blocks(), prepare, |batch| file.batch(&batch?))?;
    file.finish()
}

/// The blocks that one thread prepares while another writes: more would only use memory.
const AHEAD: usize = 2;

/// Prepares parts on another thread while this one uses those before, in order. Few parts are not worth a thread.
fn ahead<T: Send>(
    parts: usize,
    prepare: impl Fn(usize) -> T + Sync,
    mut use_part: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    if parts <= 2 * AHEAD {
        return (0..parts).try_for_each(|part| use_part(prepare(part)));
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(AHEAD);
        let prepare_all = || {
            // The receiver is gone after an error.
            let _ = (0..parts).map(&prepare).try_for_each(move |part| sender.send(part));
        };
        match std::thread::Builder::new().spawn_scoped(scope, prepare_all) {
            Ok(_) => receiver.into_iter().try_for_each(use_part),
            // No threads in browsers.
            Err(_) => (0..parts).try_for_each(|part| use_part(prepare(part))),
        }
    })
}

/// Returns the generation of all rows if all are alive with the same one.
fn common_generation(table: RawTable<'_>) -> Option<u16> {
    let first = *table.rows(0)?.generations().first()?;
    let mut blocks = (0..table.blocks()).filter_map(|block| table.rows(block));
    let is_common = first & 1 == 1
        && table.len() == table.used_rows()
        // Without an early end, which would keep the loop from being vectorized.
        && blocks.all(|rows| {
            let others = rows.generations().iter().map(|generation| generation ^ first);
            others.fold(0, |all, other| all | other) == 0
        });
    is_common.then_some(first)
}

/// Returns the metadata of a file's schema.
pub(crate) fn metadata(
    id: u16,
    definitions: Vec<Definition>,
    generation: Option<u16>,
) -> serde_json::Result<HashMap<String, String>> {
    let fingerprint = fingerprint(&definitions)?;
    let metadata = TableMetadata { id, definitions, fingerprint, generation };
    Ok(HashMap::from([(TABLE.to_owned(), serde_json::to_string(&metadata)?)]))
}

/// Returns the checksum of definitions.
fn fingerprint(definitions: &[Definition]) -> serde_json::Result<String> {
    Ok(hexadecimal(xxh3_128(&serde_json::to_vec(definitions)?)))
}

/// A file of a table whose beginning was read.
pub(crate) struct TableFile<R> {
    pub(crate) reader: IpcReader<R>,
    pub(crate) metadata: TableMetadata,
}

/// The ways to read a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// The rows that the table had, if damaged blocks are left out.
    pub(crate) salvage: Option<usize>,
    pub(crate) ignores_checksums: bool,
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
    /// Reads the beginning of a file of this many bytes.
    pub(crate) fn open(input: R, length: u64) -> Result<Self, ReadError> {
        let (reader, mut metadata) = IpcReader::new(input, length)?;
        let metadata = metadata.remove(TABLE).ok_or(Damage::Foreign)?;
        let metadata = serde_json::from_str(&metadata);
        let metadata: TableMetadata =
            metadata.map_err(|error| Damage::Definition { part: error.to_string() })?;
        if fingerprint(&metadata.definitions).ok().as_ref() != Some(&metadata.fingerprint) {
            return Err(Damage::Definition { part: "its fingerprint".to_owned() }.into());
        }
        Ok(Self { reader, metadata })
    }

    /// Returns the checksum of the file's bytes up to the end of its schema.
    pub(crate) const fn head(&self) -> u128 {
        self.reader.head
    }

    /// Reads all objects to the table of a schema without rows.
    ///
    /// Returns the checksum of the file, unless it was left in the middle.
    pub(crate) fn read(
        mut self,
        store: &mut Store,
        schema: SchemaId,
        options: ReadOptions,
    ) -> Result<(TableContent, Option<u128>), ReadError> {
        let salvage = options.salvage;
        let mut filling = Filling::new(store, schema)?;
        let mut content = TableContent::default();
        match filling.read_all(&mut self, options, &mut content) {
            Ok(()) => {
                if let Some(rows) = salvage {
                    filling.lose_up_to(rows, &mut content)?;
                }
                filling.table.finish().map_err(Damage::from)?;
                let checksum = match self.reader.finish() {
                    Ok(checksum) => Some(checksum),
                    Err(error) if salvage.is_some() => {
                        content.damages.push(error.into());
                        None
                    }
                    Err(error) => return Err(error),
                };
                Ok((content, checksum))
            }
            Err(ReadError::Damage(damage)) if let Some(rows) = salvage => {
                // The block with a contradiction is only half there.
                if matches!(damage, Damage::Column { .. } | Damage::Value(_)) {
                    return Err(damage.into());
                }
                content.damages.push(damage);
                filling.lose_up_to(rows, &mut content)?;
                filling.table.finish().map_err(Damage::from)?;
                Ok((content, None))
            }
            Err(error) => Err(error),
        }
    }
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
    most_bytes: usize,
    block: usize,
}

impl<'s> Filling<'s> {
    fn new(store: &'s mut Store, schema: SchemaId) -> Result<Self, Damage> {
        let slots = store.schema_by_id(schema).map(|schema| schema.slots().to_vec());
        let limits = *store.limits();
        let table = store.fill_table(schema)?;
        let most_bytes = limits.list_bytes.max(limits.text_bytes);
        let slots = slots.unwrap_or_default();
        Ok(Self { slots, table, texts: Vec::new(), most_bytes, block: 0 })
    }

    /// Adds retired rows up to this many. The rows so far must be whole blocks, or all rows.
    fn lose_up_to(&mut self, rows: usize, content: &mut TableContent) -> Result<(), Damage> {
        while content.rows < rows && content.rows.is_multiple_of(BLOCK_ROWS) {
            let lost = (rows - content.rows).min(BLOCK_ROWS);
            self.table.retire_block(lost)?;
            content.rows += lost;
            content.lost_rows += lost;
        }
        Ok(())
    }

    fn read_all<R: Read>(
        &mut self,
        file: &mut TableFile<R>,
        options: ReadOptions,
        content: &mut TableContent,
    ) -> Result<(), ReadError> {
        let mut body = Vec::new();
        for (id, slot) in dictionaries(self.slots.iter()).into_iter().enumerate() {
            let name = self.slots[slot].name().to_owned();
            let message = file.reader.next(&mut body)?;
            let message =
                message.filter(|message| message.kind == MessageKind::Dictionary { id: id as i64 });
            let message = message.ok_or(Damage::Order { expected: "the texts of a slot" })?;
            if !message.is_intact && !options.ignores_checksums {
                return Err(Damage::Texts { slot: name }.into());
            }
            self.dictionary(slot, &message, &body)?;
        }
        while let Some(message) = file.reader.next(&mut body)? {
            if message.kind != MessageKind::Batch {
                return Err(Damage::Order { expected: "a block of rows" }.into());
            }
            let (block, rows) = (self.block, message.rows);
            if rows == 0 || rows > BLOCK_ROWS {
                return Err(Damage::Order { expected: "at most 8192 rows" }.into());
            }
            if message.is_intact || options.ignores_checksums {
                self.batch(&message, &body, file.metadata.generation)?;
            } else if let Some(all) = options.salvage {
                // The damaged header may say anything.
                let rows = all.saturating_sub(content.rows).clamp(1, BLOCK_ROWS);
                self.table.retire_block(rows).map_err(Damage::from)?;
                content.damages.push(Damage::Block { block });
                content.lost_rows += rows;
                content.rows += rows;
                self.block += 1;
                continue;
            } else {
                return Err(Damage::Block { block }.into());
            }
            content.rows += rows;
            self.block += 1;
        }
        Ok(())
    }

    /// Reads the texts of a slot, or checks the variants of an enum.
    fn dictionary(&mut self, slot: usize, message: &Message, body: &[u8]) -> Result<(), Damage> {
        let name = self.slots[slot].name();
        let damaged = |_: Contradiction| Damage::Texts { slot: name.to_owned() };
        let mut body = Body::new(message, body);
        let count = body.length().map_err(damaged)?;
        // Each text takes 32 bytes of the limit, and none is there twice.
        if count > self.most_bytes / 32 + 1 {
            return Err(damaged(Contradiction));
        }
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
        if length > self.most_bytes {
            return Err(damaged(Contradiction));
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
                let (mut handles, mut known) = (Vec::new(), std::collections::HashSet::new());
                for text in texts {
                    let handle = self.table.text(text).map_err(slotted::raw::FillError::from)?;
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
        body: &[u8],
        generation: Option<u16>,
    ) -> Result<(), Damage> {
        let (rows, block) = (message.rows, self.block);
        let damaged = |slot: &str| Damage::Column { slot: slot.to_owned(), block };
        let mut body = Body::new(message, body);
        let generations = match generation {
            Some(generation) if generation & 1 == 1 => vec![generation; rows],
            Some(_) => return Err(damaged(GENERATION)),
            None => generations(&mut body, rows).map_err(|_| damaged(GENERATION))?,
        };
        self.table.next_block(&generations)?;
        let living = living(&generations);
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
        if count.checked_mul(bytes).is_none_or(|bytes| bytes > self.most_bytes) {
            return Err(SlotError::Contradiction);
        }
        body.array_without_nulls(count)?;
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
                _ => self.table.list(slot, list).map_err(Damage::from)?,
            };
            last = Some((list, handle));
            handles.extend_from_slice(&handle.to_le_bytes());
        }
        Ok(handles)
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

/// Returns the slots that have a dictionary, in the order of the dictionaries' ids.
pub(crate) fn dictionaries<'s>(slots: impl Iterator<Item = &'s Slot>) -> Vec<usize> {
    let has_dictionary =
        |(_, slot): &(usize, &Slot)| matches!(slot.kind().element(), Kind::Text | Kind::Enum(_));
    slots.enumerate().filter(has_dictionary).map(|(position, _)| position).collect()
}

fn generations(body: &mut Body<'_>, rows: usize) -> Result<Vec<u16>, Contradiction> {
    body.array_without_nulls(rows)?;
    let (pairs, _) = body.bytes(rows * 2)?.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
}

fn living(generations: &[u16]) -> Vec<u64> {
    let word = |rows: &[u16]| {
        let rows = rows.iter().enumerate();
        rows.fold(0, |word, (bit, generation)| word | u64::from(generation & 1) << bit)
    };
    generations.chunks(64).map(word).collect()
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
        Kind::Vector(_) | Kind::Array(..) => {
            let (_, numbers) = kind.components().ok_or(Contradiction)?;
            body.array_without_nulls(count.checked_mul(numbers).ok_or(Contradiction)?)?;
            Cells::Borrowed(body.bytes(bytes)?)
        }
        Kind::Text => {
            let (keys, _) = body.bytes(bytes)?.as_chunks::<4>();
            let handle = |key: &[u8; 4]| texts.get(u32::from_le_bytes(*key) as usize).copied();
            let handles: Option<Vec<u32>> = match valid {
                None => keys.iter().map(handle).collect(),
                Some(valid) => {
                    let rows = keys.iter().enumerate();
                    rows.map(|(row, key)| if is_one(valid, row) { handle(key) } else { Some(0) })
                        .collect()
                }
            };
            Cells::Owned(Buffer::from_vec(handles.ok_or(Contradiction)?))
        }
        Kind::Number(_) | Kind::Object | Kind::Enum(_) | Kind::Pod(_) => {
            Cells::Borrowed(body.bytes(bytes)?)
        }
        Kind::List(_) => return Err(Contradiction),
    })
}
