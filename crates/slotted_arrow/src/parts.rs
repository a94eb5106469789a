//! The tables of a save, and their definitions.

use std::collections::{HashMap, HashSet};

use slotted::raw::{RawSnapshot, RawTable};
use slotted::{Epoch, SchemaId, Snapshot};

use crate::aside::{Aside, placeholder};
use crate::columns::{Column, Values};
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
    /// The epoch that began with the snapshot.
    pub(crate) epoch: Epoch,
    raw: RawSnapshot<'s>,
    aside: &'s Aside,
    /// The slots that schemas no longer have: their names, and their names in the save.
    slots: HashMap<SchemaId, Vec<(String, String)>>,
}

pub(crate) struct Part<'s> {
    /// The name of the schema in the save.
    pub(crate) name: String,
    pub(crate) raw: RawSnapshot<'s>,
    pub(crate) table: RawTable<'s>,
}

impl Part<'_> {
    pub(crate) fn entry(&self, file: String, written: WrittenFile) -> TableEntry {
        TableEntry {
            schema: self.name.clone(),
            rows: self.table.used_rows(),
            objects: self.table.len(),
            head: hexadecimal(written.head),
            file: FileEntry::new(file, written.bytes, written.checksum),
        }
    }
}

/// The names in a save of the schemas whose placeholders a store has.
struct Names(HashMap<String, String>);

impl Names {
    fn new<'a>(aside: &'a Aside, raw: RawSnapshot<'_>) -> Self {
        let mut given = HashSet::new();
        let name = |(name, _, table): (&'a str, RawSnapshot<'_>, RawTable<'_>)| {
            // The mod is back in the running store: its schema has the name now.
            let is_taken = raw.table_of(name).is_some() || !given.insert(name);
            let placeholder = table.schema().name().to_owned();
            let name = if is_taken { placeholder.clone() } else { name.to_owned() };
            (placeholder, name)
        };
        Self(aside.tables().map(name).collect())
    }

    fn rename(&self, name: &mut String) {
        if let Some(renamed) = self.0.get(name) {
            name.clone_from(renamed);
        }
    }
}

impl<'s> Parts<'s> {
    pub(crate) fn new(aside: &'s Aside, snapshot: &'s Snapshot) -> Result<Self, SaveError> {
        let raw = snapshot.raw();
        if aside.store().is_some_and(|store| *store != raw.identity()) {
            return Err(SaveError::OtherStore);
        }
        let names = Names::new(aside, raw);
        let tables_aside: HashMap<SchemaId, (RawSnapshot<'s>, RawTable<'s>)> =
            aside.tables().map(|(_, raw, table)| (table.schema().id(), (raw, table))).collect();
        let (mut manifest, mut tables) = (Manifest::default(), Vec::new());
        for table in raw.tables() {
            let kept = tables_aside.get(&table.schema().id()).copied();
            if kept.is_some() && !table.is_empty() {
                return Err(SaveError::BothAside { schema: table.schema().name().to_owned() });
            }
            let (raw, table) = kept.unwrap_or((raw, table));
            let mut definition = Definition::new(&table.schema().to_schema());
            definition.visit_schema_names(|name| names.rename(name));
            let name = definition.name.clone();
            if kept.is_some() {
                manifest.aside.push(AsideEntry { schema: name.clone(), slot: None });
            }
            manifest.schemas.push(definition);
            if table.used_rows() > 0 {
                tables.push(Part { name, raw, table });
            }
        }
        let (epoch, slots) = (snapshot.epoch(), HashMap::new());
        let mut parts = Self { manifest, tables, epoch, raw, aside, slots };
        parts.add_slots(&names);
        // Files follow, but no file is written for schemas that no load accepts.
        parts.manifest.check()?;
        Ok(parts)
    }

    /// Adds the slots that schemas no longer have to the definitions.
    fn add_slots(&mut self, names: &Names) {
        let mut columns: Vec<_> = self.aside.columns().collect();
        // Bases first: a slot of a base comes to its extensions by itself.
        columns.sort_by_key(|(_, table, _)| chain(self.raw, table.schema().id()).len());
        for (_, table, slot) in columns {
            let (id, declared) = (table.schema().id(), &table.schema().slots()[slot]);
            let name = declared.name();
            let is_inherited = chain(self.raw, id).iter().any(|base| {
                let slots = self.slots.get(base).into_iter().flatten();
                slots.into_iter().any(|(known, _)| known == name)
            });
            if is_inherited {
                continue;
            }
            // The name may be taken by now, here or in a schema that extends this one.
            let mut family = self.raw.tables().filter(|live| {
                live.schema().slot(name).is_some()
                    && chain(self.raw, live.schema().id()).contains(&id)
            });
            let written = match family.next() {
                Some(_) => placeholder(slot, name),
                None => name.to_owned(),
            };
            let definition = &mut self.manifest.schemas[id.index()];
            definition.add_aside(declared, &written);
            definition.visit_schema_names(|name| names.rename(name));
            let schema = definition.name.clone();
            self.manifest.aside.push(AsideEntry { schema, slot: Some(written.clone()) });
            self.slots.entry(id).or_default().push((name.to_owned(), written));
        }
    }

    /// Returns the definitions of a table's bases and its own.
    pub(crate) fn definitions(&self, part: &Part<'_>) -> Vec<Definition> {
        let chain = chain(part.raw, part.table.schema().id()).into_iter();
        chain.map(|schema| self.manifest.schemas[schema.index()].clone()).collect()
    }

    /// Returns a table with its columns in the order of the definitions.
    pub(crate) fn table(&self, part: &Part<'s>) -> TableToWrite<'s> {
        let Part { raw, table, .. } = *part;
        let id = table.schema().id();
        let mut columns = Vec::new();
        for schema in chain(raw, id) {
            let own = raw.table(schema).map(RawTable::schema);
            let declared = own.map(|schema| schema.to_schema());
            for slot in declared.iter().flat_map(|schema| schema.slots()) {
                if let Some(slot) = table.schema().slot_index(slot.name()) {
                    columns.push(Column { raw, table, slot, values: Values::Living });
                }
            }
            for (name, _) in self.slots.get(&schema).into_iter().flatten() {
                let own = self.aside.table(id).and_then(|(raw, table)| {
                    let slot = table.schema().slot_index(name)?;
                    Some(Column { raw, table, slot, values: Values::Aside })
                });
                // The schema extends this one only by now: none of its objects has a value.
                let column = own.or_else(|| {
                    let (raw, table) = self.aside.table(schema)?;
                    let slot = table.schema().slot_index(name)?;
                    Some(Column { raw, table, slot, values: Values::None })
                });
                columns.extend(column);
            }
        }
        TableToWrite { raw, table, columns, definitions: self.definitions(part) }
    }

    pub(crate) fn objects(&self) -> usize {
        self.tables.iter().map(|part| part.table.len()).sum()
    }
}

/// Returns the bases of a schema, the first one first, and the schema.
fn chain(raw: RawSnapshot<'_>, schema: SchemaId) -> Vec<SchemaId> {
    let mut chain = Vec::new();
    let mut next = Some(schema);
    while let Some(schema) = next {
        chain.push(schema);
        next = raw.table(schema).and_then(|table| table.schema().base());
    }
    chain.reverse();
    chain
}
