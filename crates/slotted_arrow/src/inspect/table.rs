//! The sizes and checksums of a table's file.

use std::io::Read;

use slotted::schema::Slot;

use crate::columns::{BUFFERS, buffers};
use crate::compression::Compression;
use crate::damage::Damage;
use crate::ipc::{Incoming, MessageKind, ReadError};
use crate::manifest::{TableEntry, hexadecimal};
use crate::table_file::{TableFile, dictionaries};

/// The content of a file, as far as it could be read.
pub(crate) struct TableContent {
    /// The bytes of each slot.
    pub(crate) bytes: Vec<u64>,
    pub(crate) generation_bytes: u64,
    pub(crate) compression: Option<Compression>,
    pub(crate) damages: Vec<Damage>,
}

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
        if hexadecimal(file.head()) != entry.head {
            return Err(Damage::Checksum.into());
        }
        let generation_buffers = if file.metadata.generation.is_none() { BUFFERS } else { 0 };
        let slot_buffers: Vec<usize> = slots.iter().map(|slot| buffers(slot.kind())).collect();
        let all_buffers = generation_buffers + slot_buffers.iter().sum::<usize>();
        let (mut body, mut rows, mut block) = (Incoming::default(), 0_usize, 0);
        let mut texts = dictionaries(slots.iter().copied()).into_iter().enumerate();
        while let Some(message) = file.reader.next(&mut body, |_, _, _| None)? {
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
                    if sizes.len() != all_buffers {
                        return Err(Damage::Order { expected: "the columns of the schema" }.into());
                    }
                    self.generation_bytes += sizes.by_ref().take(generation_buffers).sum::<u64>();
                    for (bytes, buffers) in self.bytes.iter_mut().zip(&slot_buffers) {
                        *bytes += sizes.by_ref().take(*buffers).sum::<u64>();
                    }
                    if !message.is_intact {
                        self.damages.push(Damage::Block { block });
                    }
                    rows = rows.saturating_add(message.rows);
                    block += 1;
                }
            }
        }
        let is_same = entry.file.has_checksum(file.reader.finish()?);
        if !is_same || (rows != entry.rows && self.damages.is_empty()) {
            self.damages.push(Damage::Checksum);
        }
        Ok(())
    }
}
