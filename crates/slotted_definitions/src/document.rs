//! Collects the declarations of files: schemas, records, and patches of both.

use crate::diagnostic::Diagnostics;
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use crate::source::Place;

/// The declarations of all packs, in load order.
#[derive(Default)]
pub(super) struct Declarations<'n, 's> {
    pub(super) schemas: Vec<Declaration<'n, 's>>,
    pub(super) schema_patches: Vec<Declaration<'n, 's>>,
    pub(super) records: Vec<RecordDeclaration<'n, 's>>,
    pub(super) record_patches: Vec<RecordDeclaration<'n, 's>>,
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
const PATCHES: [&str; 2] = ["schemas", "records"];

impl<'n, 's> Declarations<'n, 's> {
    /// Adds the declarations of a definition file.
    pub(super) fn read(&mut self, document: Document<'n, 's>, diagnostics: &mut Diagnostics) {
        let mut reading = Reading { file: document.file, diagnostics };
        let expected = "a map with schemas, records or patches";
        let Some(sections) = reading.map(document.root, "a definition file", expected) else {
            return;
        };
        for section in reading.once(sections, "the file") {
            match &*section.name {
                "schemas" => schemas(&mut reading, document.pack, section, &mut self.schemas),
                "records" => records(&mut reading, document.pack, section, &mut self.records),
                "patches" => self.patches(&mut reading, document.pack, section),
                // Only editors use it.
                "$schema" => _ = reading.text(&section.value, "'$schema'"),
                _ => {
                    let help = "a definition file has the keys schemas, records and patches; a \
                                record goes under its schema, as records.SCHEMA.NAME";
                    reading.unknown(section, "a definition file", &SECTIONS, Some(help));
                }
            }
        }
    }

    fn patches(&mut self, reading: &mut Reading<'_>, pack: usize, section: &'n Entry<'s>) {
        let expected = "a map with schemas or records";
        let Some(map) = reading.map(&section.value, "patches", expected) else { return };
        for section in reading.once(map, "patches") {
            match &*section.name {
                "schemas" => schemas(reading, pack, section, &mut self.schema_patches),
                "records" => records(reading, pack, section, &mut self.record_patches),
                _ => {
                    let help =
                        "patches go under schemas or records, as in patches.records.SCHEMA.NAME";
                    reading.unknown(section, "patches", &PATCHES, Some(help));
                }
            }
        }
    }
}

fn schemas<'n, 's>(
    reading: &mut Reading<'_>,
    pack: usize,
    section: &'n Entry<'s>,
    into: &mut Vec<Declaration<'n, 's>>,
) {
    let expected = "a map from names to schemas";
    let Some(schemas) = reading.map(&section.value, "schemas", expected) else { return };
    for entry in reading.once(schemas, "schemas") {
        let expected = "a map with slots";
        let Some(map) = reading.map(&entry.value, "a schema", expected) else { continue };
        into.push(Declaration { pack, name: &entry.name, place: reading.place(entry.span), map });
    }
}

fn records<'n, 's>(
    reading: &mut Reading<'_>,
    pack: usize,
    section: &'n Entry<'s>,
    into: &mut Vec<RecordDeclaration<'n, 's>>,
) {
    let expected = "a map of schemas, each with its records";
    let Some(schemas) = reading.map(&section.value, "records", expected) else { return };
    for of_schema in reading.once(schemas, "records") {
        let schema = (&*of_schema.name, reading.place(of_schema.span));
        if matches!(of_schema.value.data, Data::List(_)) {
            list(reading, pack, schema, &of_schema.value, into);
            continue;
        }
        let expected = "a map from names to records, or a list of records";
        let records = reading.map(&of_schema.value, "the records of a schema", expected);
        for entry in reading.once(records.unwrap_or_default(), "the records of a schema") {
            let expected = "a map of values";
            let Some(map) = reading.map(&entry.value, "a record", expected) else { continue };
            let of = Declaration { pack, name: &entry.name, place: reading.place(entry.span), map };
            let (schema, schema_place) = schema;
            into.push(RecordDeclaration {
                schema,
                schema_place,
                named: true,
                of,
                taken: [None; 2],
            });
        }
    }
}

/// Records without names.
fn list<'n, 's>(
    reading: &mut Reading<'_>,
    pack: usize,
    (schema, schema_place): (&'n str, Place),
    node: &'n Node<'s>,
    into: &mut Vec<RecordDeclaration<'n, 's>>,
) {
    let Some(list) = reading.list(node, "the records of a schema", "a list of maps") else {
        return;
    };
    into.reserve(list.len());
    for node in list {
        let Some(map) = reading.map(node, "an object", "a map from slots to values") else {
            continue;
        };
        let place = reading.place(node.span);
        let of = Declaration { pack, name: "", place, map };
        into.push(RecordDeclaration { schema, schema_place, named: false, of, taken: [None; 2] });
    }
}
