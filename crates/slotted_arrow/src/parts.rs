//! The tables of a save, and their definitions.

use std::collections::{HashMap, HashSet};

use slotted::Snapshot;
use slotted::raw::{RawSnapshot, RawTable};

use crate::aside::Aside;
use crate::columns::Column;
use crate::definition::Definition;
use crate::ipc::WrittenFile;
use crate::manifest::{AsideEntry, FileEntry, Manifest, TableEntry, hexadecimal};
use crate::save::SaveError;
use crate::table_file::TableToWrite;

/// The tables of a save, from the store and from what was kept aside.
pub(crate) struct Parts<'s> {
    /// The manifest without its files.
    pub(crate) manifest: Manifest,
    pub(crate) tables: Vec<Part<'s>>,
    aside: &'s Aside,
}

pub(crate) struct Part<'s> {
    pub(crate) raw: RawSnapshot<'s>,
    pub(crate) table: RawTable<'s>,
}

impl Part<'_> {
    pub(crate) fn entry(&self, file: String, written: WrittenFile) -> TableEntry {
        TableEntry {
            schema: self.table.schema().name().to_owned(),
            rows: self.table.used_rows(),
            objects: self.table.len(),
            head: hexadecimal(written.head),
            file: FileEntry::new(file, written.bytes, written.checksum),
        }
    }
}

impl<'s> Parts<'s> {
    pub(crate) fn new(all_aside: &'s Aside, snapshot: &'s Snapshot) -> Result<Self, SaveError> {
        let raw = snapshot.raw();
        let aside: HashMap<&str, (RawSnapshot<'s>, RawTable<'s>)> =
            all_aside.tables().map(|(raw, table)| (table.schema().name(), (raw, table))).collect();
        let (mut schemas, mut tables) = (Vec::new(), Vec::new());
        let mut used = HashSet::new();
        for table in raw.tables() {
            let schema = table.schema();
            let (raw, table) = match aside.get(schema.name()) {
                Some(_) if !table.is_empty() => {
                    return Err(SaveError::BothAside { schema: schema.name().to_owned() });
                }
                Some((raw, aside)) if aside.schema().id() == schema.id() => {
                    used.insert(schema.name());
                    (*raw, *aside)
                }
                _ => (raw, table),
            };
            schemas.push(Definition::new(&table.schema().to_schema()));
            if table.used_rows() > 0 {
                tables.push(Part { raw, table });
            }
        }
        if let Some(lost) = aside.keys().find(|name| !used.contains(*name)) {
            return Err(SaveError::OtherStore { schema: (*lost).to_owned() });
        }
        let schema_aside = |table: RawTable<'_>| {
            let schema = table.schema().name();
            let entry = || AsideEntry { schema: schema.to_owned(), slot: None };
            aside.contains_key(schema).then(entry)
        };
        let mut marks: Vec<AsideEntry> = raw.tables().filter_map(schema_aside).collect();
        for (raw, table, slot) in all_aside.columns() {
            let (schema, slot) = (table.schema(), &table.schema().slots()[slot]);
            let base = schema.base().and_then(|base| raw.table(base));
            let is_inherited = base.is_some_and(|base| base.schema().slot(slot.name()).is_some());
            let live = snapshot.raw().table(schema.id());
            let live = live.filter(|live| live.schema().name() == schema.name());
            let Some(live) = live else {
                return Err(SaveError::OtherStore { schema: schema.name().to_owned() });
            };
            // The slot is back, with values of its own.
            if is_inherited || live.schema().slot(slot.name()).is_some() {
                continue;
            }
            schemas[schema.id().index()].add_aside(slot);
            let (schema, slot) = (schema.name().to_owned(), Some(slot.name().to_owned()));
            marks.push(AsideEntry { schema, slot });
        }
        let manifest = Manifest { schemas, aside: marks, ..Manifest::default() };
        Ok(Self { manifest, tables, aside: all_aside })
    }

    /// Returns the definitions of a table's bases and its own.
    pub(crate) fn definitions(&self, part: &Part<'_>) -> Vec<Definition> {
        let mut chain = Vec::new();
        let mut next = Some(part.table.schema());
        while let Some(schema) = next {
            chain.push(self.manifest.schemas[schema.id().index()].clone());
            let base = schema.base().and_then(|base| part.raw.table(base));
            next = base.map(RawTable::schema);
        }
        chain.reverse();
        chain
    }

    /// Returns a table with its columns in the order of the definitions.
    pub(crate) fn table(&self, part: &Part<'s>) -> TableToWrite<'s> {
        let Part { raw, table } = *part;
        let name = table.schema().name();
        let definitions = self.definitions(part);
        let aside = self.aside.table_of(name);
        let slots = definitions.iter().flat_map(|definition| &definition.slots);
        let columns = slots.filter_map(|slot| {
            if let Some(slot) = table.schema().slot_index(&slot.name) {
                return Some(Column { raw, table, slot, is_aside: false });
            }
            let (raw, table) = aside?;
            let slot = table.schema().slot_index(&slot.name)?;
            Some(Column { raw, table, slot, is_aside: true })
        });
        let columns = columns.collect();
        TableToWrite { raw, table, columns, definitions }
    }

    pub(crate) fn objects(&self) -> usize {
        self.tables.iter().map(|part| part.table.len()).sum()
    }
}
