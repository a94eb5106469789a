//! The sizes and checksums of a table's file.

use std::io::Read;

use slotted::Kind;
use slotted::schema::Slot;

use crate::compression::Compression;
use crate::damage::Damage;
use crate::ipc::{MessageKind, ReadError};
use crate::manifest::TableEntry;
use crate::table_file::{TableFile, dictionaries};

/// The content of a file, as far as it could be read.
pub(crate) struct TableContent {
    /// The bytes of each slot.
    pub(crate) bytes: Vec<u64>,
    pub(crate) generation_bytes: u64,
    pub(crate) compression: Option<Compression>,
    pub(crate) damages: Vec<Damage>,
}

/// The buffers of a column of numbers: its validity and its values.
const BUFFERS: usize = 2;

impl TableContent {
    pub(crate) fn new(slots: usize) -> Self {
        let (bytes, damages) = (vec![0; slots], Vec::new());
        Self { bytes, generation_bytes: 0, compression: None, damages }
    }

    /// Reads the file of the schema with this number. Damaged blocks are listed, and the rest is read.
    pub(crate) fn read(
        &mut self,
        input: impl Read,
        entry: &TableEntry,
        number: usize,
        slots: &[&Slot],
    ) -> Result<(), ReadError> {
        let mut file = TableFile::open(input, entry.file.bytes)?;
        let found = file.metadata.name();
        if found != entry.schema || usize::from(file.metadata.id) != number {
            let (expected, found) = (entry.schema.clone(), found.to_owned());
            return Err(Damage::OtherSchema { expected, found }.into());
        }
        let generation_buffers = if file.metadata.generation.is_none() { BUFFERS } else { 0 };
        let (mut body, mut rows, mut block) = (Vec::new(), 0_usize, 0);
        let mut texts = dictionaries(slots.iter().copied()).into_iter().enumerate();
        while let Some(message) = file.reader.next(&mut body)? {
            self.compression = self.compression.or(message.compression);
            let mut sizes = message.buffer_bytes();
            match message.kind {
                MessageKind::Dictionary { id } => {
                    let slot = texts.next().filter(|(number, _)| *number as i64 == id);
                    let (_, slot) =
                        slot.ok_or(Damage::Order { expected: "the texts of a slot" })?;
                    self.bytes[slot] += sizes.by_ref().sum::<u64>();
                    if !message.is_intact {
                        let slot = slots[slot].name().to_owned();
                        self.damages.push(Damage::Texts { slot });
                    }
                }
                MessageKind::Batch => {
                    self.generation_bytes += sizes.by_ref().take(generation_buffers).sum::<u64>();
                    for (bytes, slot) in self.bytes.iter_mut().zip(slots) {
                        *bytes += sizes.by_ref().take(buffers(slot.kind())).sum::<u64>();
                    }
                    if sizes.next().is_some() {
                        return Err(Damage::Order { expected: "no more columns" }.into());
                    }
                    if !message.is_intact {
                        self.damages.push(Damage::Block { block });
                    }
                    rows = rows.saturating_add(message.rows);
                    block += 1;
                }
            }
        }
        let is_same = entry.file.has_checksum(file.reader.finish()?) && rows == entry.rows;
        if !is_same && self.damages.is_empty() {
            self.damages.push(Damage::Checksum);
        }
        Ok(())
    }
}

/// Returns the number of buffers of a column.
fn buffers(kind: &Kind) -> usize {
    match kind {
        // Those of the numbers, and the validity of the vectors.
        Kind::Vector(_) | Kind::Array(..) => 1 + BUFFERS,
        // The validity, the offsets, and those of the elements.
        Kind::List(list) => BUFFERS + buffers(list.element()),
        Kind::Bool | Kind::Number(_) | Kind::Text | Kind::Enum(_) | Kind::Object | Kind::Pod(_) => {
            BUFFERS
        }
    }
}
