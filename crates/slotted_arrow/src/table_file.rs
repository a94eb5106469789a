//! One table as an Arrow file: the metadata, writing and reading.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt16Array};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use slotted::Kind;
use slotted::raw::{RawSnapshot, RawTable};
use slotted::schema::Slot;
use xxhash_rust::xxh3::xxh3_128;

use crate::columns::{Column, Columns};
use crate::compression::Compression;
use crate::damage::Damage;
use crate::definition::Definition;
use crate::fields::{GENERATION, field};
use crate::ipc::{Footer, IpcReader, IpcWriter, OutgoingBatch, ReadError, WrittenFile};
use crate::manifest::hexadecimal;
use crate::threads::ahead;

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
    /// Reads the metadata of a file's schema.
    fn new(metadata: &HashMap<String, String>) -> Result<Self, Damage> {
        let metadata = metadata.get(TABLE).ok_or(Damage::Foreign)?;
        let metadata = serde_json::from_str(metadata);
        let metadata: Self =
            metadata.map_err(|error| Damage::Definition { part: error.to_string() })?;
        match fingerprint(&metadata.definitions).is_ok_and(|print| print == metadata.fingerprint) {
            true => Ok(metadata),
            false => Err(Damage::Definition { part: "its fingerprint".to_owned() }),
        }
    }

    /// Returns the metadata of a file whose schema is damaged, from its footer, and the checksum of the schema as it was.
    pub(crate) fn of_footer<'s>(
        footer: &Footer,
        slots: impl Iterator<Item = &'s Slot>,
    ) -> Option<(Self, u128)> {
        let metadata = Self::new(&footer.metadata).ok()?;
        let schema = arrow_schema(slots, metadata.generation, footer.metadata.clone());
        let head = IpcWriter::new(io::sink(), &schema, None).ok()?.head();
        Some((metadata, head))
    }

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
    let columns = Columns::canonical(raw, table, columns);
    let metadata = metadata(id, definitions, generation)?;
    let schema = arrow_schema(columns.slots(), generation, metadata);
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

fn arrow_schema<'s>(
    slots: impl Iterator<Item = &'s Slot>,
    generation: Option<u16>,
    metadata: HashMap<String, String>,
) -> ArrowSchema {
    let generations = Field::new(GENERATION, DataType::UInt16, false);
    let fields = generation.is_none().then_some(generations).into_iter();
    ArrowSchema::new_with_metadata(fields.chain(slots.map(field)).collect::<Vec<_>>(), metadata)
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

impl<R: Read> TableFile<R> {
    /// Reads the beginning of a file of this many bytes.
    pub(crate) fn open(input: R, length: u64) -> Result<Self, ReadError> {
        let (reader, metadata) = IpcReader::new(input, length)?;
        Ok(Self { reader, metadata: TableMetadata::new(&metadata)? })
    }

    /// Returns the checksum of the file's bytes up to the end of its schema.
    pub(crate) const fn head(&self) -> u128 {
        self.reader.head
    }
}

/// Returns the slots that have a dictionary, in the order of the dictionaries' ids.
pub(crate) fn dictionaries<'s>(slots: impl Iterator<Item = &'s Slot>) -> Vec<usize> {
    let has_dictionary = |(_, slot): &(usize, &Slot)| {
        matches!(slot.kind().element(), Kind::Text | Kind::Any | Kind::Enum(_))
    };
    slots.enumerate().filter(has_dictionary).map(|(position, _)| position).collect()
}
