//! Reads the tables of a save, and salvages damaged ones.

use std::io::{self, Read};

use slotted::memory::BLOCK_ROWS;
use slotted::{SchemaId, Store};

use crate::damage::Damage;
use crate::filling::{Expansion, ReadOptions, TableContent, lose_rows, read_places};
use crate::ipc::{Footer, ReadError};
use crate::load::{LoadError, LoadOptions, file_error};
use crate::load_report::{DamagedFile, LoadReport};
use crate::manifest::{MOST_BYTES, TableEntry, hexadecimal};
use crate::sources::{Opened, Source};
use crate::table_file::{TableFile, TableMetadata};

impl LoadOptions {
    pub(crate) fn read_table(
        &self,
        source: &mut impl Source,
        entry: &TableEntry,
        store: &mut Store,
        schema: SchemaId,
        expansion: &Expansion,
        report: &mut LoadReport,
    ) -> Result<(), LoadError> {
        let file = &entry.file;
        let options = ReadOptions {
            rows: most_rows(entry, report),
            salvages: self.salvages,
            ignores_checksums: self.ignores_checksums,
            expansion,
        };
        let read = source.open(file).and_then(|Opened { mut input, excess }| match excess {
            Some(damage) if !self.salvages => Err(damage.into()),
            _ if self.salvages => {
                let mut read = self.salvage_table(&mut input, entry, store, schema, options);
                // A stream goes on behind the file.
                io::copy(&mut input, &mut io::sink()).map_err(ReadError::Io)?;
                if let Ok(content) = &mut read {
                    content.damages.extend(excess);
                }
                read
            }
            _ => self.read_whole_table(&mut input, entry, store, schema, options),
        });
        let (damages, lost_rows) = match read {
            Ok(content) => (content.damages, content.lost_rows),
            Err(error) if self.salvages => {
                lose_rows(store, schema, most_rows(entry, report)).map_err(|damage| {
                    LoadError::Damaged { file: file.file.clone(), damage, can_salvage: false }
                })?;
                (vec![error.into()], entry.rows)
            }
            Err(ReadError::Damage(damage)) => (vec![damage], 0),
            Err(ReadError::Io(error)) => return Err(file_error(&file.file, error)),
        };
        match damages.first() {
            None => Ok(()),
            Some(damage) if !self.salvages => Err(LoadError::Damaged {
                file: file.file.clone(),
                damage: damage.clone(),
                can_salvage: !damage.is_limit(),
            }),
            Some(_) => {
                let (file, name) = (file.file.clone(), entry.schema.clone());
                report.damaged.push(DamagedFile { file, name, damages, lost_rows });
                Ok(())
            }
        }
    }

    /// Reads the messages of a table one after another.
    fn read_whole_table(
        &self,
        input: impl Read,
        entry: &TableEntry,
        store: &mut Store,
        schema: SchemaId,
        options: ReadOptions<'_>,
    ) -> Result<TableContent, ReadError> {
        let table = TableFile::open(input, entry.file.bytes)?;
        self.check_head(&table.metadata, table.head(), entry, schema)?;
        let (mut content, checksum) = table.read(store, schema, options)?;
        let is_same = checksum.is_none_or(|checksum| self.accepts(&entry.file, checksum));
        if !is_same || (content.rows != entry.rows && content.damages.is_empty()) {
            content.damages.push(Damage::Checksum);
        }
        Ok(content)
    }

    /// Reads what is intact of a table.
    fn salvage_table(
        &self,
        input: &mut impl Read,
        entry: &TableEntry,
        store: &mut Store,
        schema: SchemaId,
        options: ReadOptions<'_>,
    ) -> Result<TableContent, ReadError> {
        if entry.file.bytes > MOST_BYTES {
            return self.read_whole_table(input, entry, store, schema, options);
        }
        let mut bytes = Vec::new();
        input.take(entry.file.bytes).read_to_end(&mut bytes).map_err(ReadError::Io)?;
        // Each block that is lost takes its rows, of which only so many may be lost.
        let has_all_blocks = |footer: &Footer| {
            footer.batches.len() == entry.rows.div_ceil(BLOCK_ROWS) && options.rows == entry.rows
        };
        let Some(footer) = Footer::new(&bytes).filter(has_all_blocks) else {
            return self.read_whole_table(&bytes[..], entry, store, schema, options);
        };
        let opened = TableFile::open(&bytes[..], entry.file.bytes).and_then(|table| {
            self.check_head(&table.metadata, table.head(), entry, schema)?;
            Ok(table.metadata)
        });
        let (metadata, damage) = match opened {
            Ok(metadata) => (metadata, None),
            // The footer repeats the schema.
            Err(error) => {
                let slots = store.schema_by_id(schema).map(|schema| schema.slots().to_vec());
                let slots = slots.unwrap_or_default();
                match TableMetadata::of_footer(&footer, slots.iter()) {
                    Some((metadata, head))
                        if self.check_head(&metadata, head, entry, schema).is_ok() =>
                    {
                        (metadata, Some(Damage::from(error)))
                    }
                    _ => return Err(error),
                }
            }
        };
        let mut content =
            read_places(&bytes, &footer, metadata.generation, store, schema, options)?;
        content.damages.extend(damage);
        let is_same = self.accepts(&entry.file, footer.checksum(&bytes));
        if content.damages.is_empty() && (!is_same || content.rows != entry.rows) {
            content.damages.push(Damage::Checksum);
        }
        Ok(content)
    }

    /// Checks that a file is the one that the manifest means.
    fn check_head(
        &self,
        metadata: &TableMetadata,
        head: u128,
        entry: &TableEntry,
        schema: SchemaId,
    ) -> Result<(), Damage> {
        let found = metadata.name();
        if found != entry.schema || usize::from(metadata.id) != schema.index() {
            let (expected, found) = (entry.schema.clone(), found.to_owned());
            return Err(Damage::OtherSchema { expected, found });
        }
        match hexadecimal(head) == entry.head || self.ignores_checksums {
            true => Ok(()),
            false => Err(Damage::Checksum),
        }
    }
}

/// Returns the rows of a table, or as many as may be retired if they are lost: a manifest can claim any number of rows for
/// any number of tables.
fn most_rows(entry: &TableEntry, report: &LoadReport) -> usize {
    const MOST_LOST_ROWS: usize = 1 << 24;
    let lost = report.damaged.iter().map(|file| file.lost_rows);
    entry.rows.min(MOST_LOST_ROWS.saturating_sub(lost.fold(0, usize::saturating_add)))
}
