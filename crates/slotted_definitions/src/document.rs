//! Collects the declarations of files: schemas, records, and patches of both.

use crate::diagnostic::Diagnostics;
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use crate::packs::Packs;
use crate::source::Place;

/// The declarations of all packs, in load order.
#[derive(Default)]
pub(super) struct Declarations<'n, 's> {
    pub(super) schemas: Vec<Declaration<'n, 's>>,
    pub(super) schema_patches: Vec<Declaration<'n, 's>>,
    pub(super) records: Vec<RecordDeclaration<'n, 's>>,
    pub(super) record_patches: Vec<RecordDeclaration<'n, 's>>,
    pub(super) deletions: Vec<Deletion<'n>>,
}

/// A patch that deletes a record.
#[derive(Clone, Copy)]
pub(super) struct Deletion<'n> {
    pub(super) pack: usize,
    pub(super) schema: &'n str,
    /// The place of the schema's name.
    pub(super) schema_place: Place,
    pub(super) name: &'n str,
    pub(super) place: Place,
}

/// A named declaration.
#[derive(Clone, Copy)]
pub(super) struct Declaration<'n, 's> {
    /// The position of its pack in the load order.
    pub(super) pack: usize,
    pub(super) name: &'n str,
    /// The place of the name.
    pub(super) place: Place,
    pub(super) map: &'n [Entry<'s>],
}

/// One record, or a patch of one.
#[derive(Clone, Copy)]
pub(super) struct RecordDeclaration<'n, 's> {
    pub(super) schema: &'n str,
    /// The place of the schema's name.
    pub(super) schema_place: Place,
    /// False for records of a list.
    pub(super) named: bool,
    pub(super) of: Declaration<'n, 's>,
    /// Attributes that tell the name or the schema. They need no slot.
    pub(super) taken: [Option<&'n str>; 2],
}

/// A parsed file of a pack.
#[derive(Clone, Copy)]
pub(super) struct Document<'n, 's> {
    pub(super) file: u32,
    pub(super) pack: usize,
    pub(super) root: &'n Node<'s>,
}

impl Document<'_, '_> {
    /// Returns whether the file has a key of definition files.
    pub(super) fn declares(&self) -> bool {
        let Data::Map(map) = &self.root.data else { return false };
        map.iter().any(|entry| SECTIONS.contains(&&*entry.name))
    }
}

const SECTIONS: [&str; 3] = ["schemas", "records", "patches"];
const KEYS: [&str; 4] = ["schemas", "records", "patches", "if_pack"];
const PATCHES: [&str; 3] = ["schemas", "records", "delete"];

/// Returns whether the packs under `if_pack` are loaded; without that key it is `true`.
pub(super) fn applies(reading: &mut Reading<'_>, map: &[Entry<'_>], packs: &Packs) -> bool {
    let Some(condition) = map.iter().find(|entry| entry.name == "if_pack") else { return true };
    let mut is_loaded = |node: &Node<'_>| {
        reading.text(node, "the name of a pack").is_some_and(|name| packs.is_loaded(name))
    };
    match &condition.value.data {
        Data::List(names) => names.iter().all(is_loaded),
        _ => is_loaded(&condition.value),
    }
}

impl<'n, 's> Declarations<'n, 's> {
    /// Adds the declarations of a definition file.
    pub(super) fn read(
        &mut self,
        document: Document<'n, 's>,
        packs: &Packs,
        diagnostics: &mut Diagnostics,
    ) {
        let reading = Reading { file: document.file, diagnostics };
        let mut sections = Sections { reading, pack: document.pack, packs };
        let expected = "a map with schemas, records or patches";
        let Some(map) = sections.reading.map(document.root, "a definition file", expected) else {
            return;
        };
        if !sections.apply(map) {
            return;
        }
        for section in sections.reading.once(map, "the file") {
            match &*section.name {
                "schemas" => sections.schemas(section, &mut self.schemas),
                "records" => sections.records(section, &mut self.records),
                "patches" => self.patches(&mut sections, section),
                "if_pack" => {}
                // Only editors use it.
                "$schema" => _ = sections.reading.text(&section.value, "'$schema'"),
                _ => {
                    let help = "a definition file has the keys schemas, records and patches; a \
                                record goes under its schema, as records.SCHEMA.NAME";
                    sections.reading.unknown(section, "a definition file", &KEYS, Some(help));
                }
            }
        }
    }

    fn patches(&mut self, sections: &mut Sections<'_>, section: &'n Entry<'s>) {
        let expected = "a map with schemas, records or delete";
        let Some(map) = sections.reading.map(&section.value, "patches", expected) else { return };
        for section in sections.reading.once(map, "patches") {
            match &*section.name {
                "schemas" => sections.schemas(section, &mut self.schema_patches),
                "records" => sections.records(section, &mut self.record_patches),
                "delete" => sections.deletions(section, &mut self.deletions),
                _ => {
                    let help =
                        "patches go under schemas or records, as in patches.records.SCHEMA.NAME";
                    sections.reading.unknown(section, "patches", &PATCHES, Some(help));
                }
            }
        }
    }
}

/// Reads the sections of a file.
struct Sections<'d> {
    reading: Reading<'d>,
    /// The position of the pack in the load order.
    pack: usize,
    packs: &'d Packs,
}

impl Sections<'_> {
    fn apply(&mut self, map: &[Entry<'_>]) -> bool {
        applies(&mut self.reading, map, self.packs)
    }

    fn schemas<'n, 's>(&mut self, section: &'n Entry<'s>, into: &mut Vec<Declaration<'n, 's>>) {
        let expected = "a map from names to schemas";
        let Some(schemas) = self.reading.map(&section.value, "schemas", expected) else { return };
        for entry in self.reading.once(schemas, "schemas") {
            let expected = "a map with slots";
            let map = self.reading.map(&entry.value, "a schema", expected);
            let Some(map) = map.filter(|map| self.apply(map)) else { continue };
            let place = self.reading.place(entry.span);
            into.push(Declaration { pack: self.pack, name: &entry.name, place, map });
        }
    }

    fn records<'n, 's>(
        &mut self,
        section: &'n Entry<'s>,
        into: &mut Vec<RecordDeclaration<'n, 's>>,
    ) {
        let expected = "a map of schemas, each with its records";
        let Some(schemas) = self.reading.map(&section.value, "records", expected) else { return };
        for of_schema in self.reading.once(schemas, "records") {
            let (schema, schema_place) = (&*of_schema.name, self.reading.place(of_schema.span));
            if matches!(of_schema.value.data, Data::List(_)) {
                self.list((schema, schema_place), &of_schema.value, into);
                continue;
            }
            let expected = "a map from names to records, or a list of records";
            let records = self.reading.map(&of_schema.value, "the records of a schema", expected);
            let records = records.unwrap_or_default();
            for entry in self.reading.once(records, "the records of a schema") {
                let expected = "a map of values";
                let map = self.reading.map(&entry.value, "a record", expected);
                let Some(map) = map.filter(|map| self.apply(map)) else { continue };
                let place = self.reading.place(entry.span);
                let of = Declaration { pack: self.pack, name: &entry.name, place, map };
                let taken = [None; 2];
                into.push(RecordDeclaration { schema, schema_place, named: true, of, taken });
            }
        }
    }

    /// Records without names.
    fn list<'n, 's>(
        &mut self,
        (schema, schema_place): (&'n str, Place),
        node: &'n Node<'s>,
        into: &mut Vec<RecordDeclaration<'n, 's>>,
    ) {
        let list = self.reading.list(node, "the records of a schema", "a list of maps");
        let Some(list) = list else { return };
        into.reserve(list.len());
        for node in list {
            let map = self.reading.map(node, "an object", "a map from slots to values");
            let Some(map) = map.filter(|map| self.apply(map)) else { continue };
            let place = self.reading.place(node.span);
            let of = Declaration { pack: self.pack, name: "", place, map };
            let taken = [None; 2];
            into.push(RecordDeclaration { schema, schema_place, named: false, of, taken });
        }
    }

    fn deletions<'n>(&mut self, section: &'n Entry<'_>, into: &mut Vec<Deletion<'n>>) {
        let expected = "a map of schemas, each with a list of names";
        let Some(schemas) = self.reading.map(&section.value, "'delete'", expected) else { return };
        for of_schema in self.reading.once(schemas, "'delete'") {
            let (schema, schema_place) = (&*of_schema.name, self.reading.place(of_schema.span));
            let expected = "a list of names";
            let names = self.reading.list(&of_schema.value, "the deleted records", expected);
            for node in names.unwrap_or_default() {
                let Some(name) = self.reading.text(node, "the name of a record") else { continue };
                let place = self.reading.place(node.span);
                into.push(Deletion { pack: self.pack, schema, schema_place, name, place });
            }
        }
    }
}
