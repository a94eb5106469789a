//! Collects the declarations of files: schemas, records, and patches of both.

use std::sync::Arc;

use crate::declared::{Group, PackedRecord, make_room};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::keys::Reading;
use crate::node::{Data, Entry, Node};
use crate::packed::{IF_PACK, Packed};
use crate::packs::Packs;
use crate::source::{Place, Span};
use crate::text::Text;
use crate::words::{WORDS, Word, Words};

/// The declarations of all packs, in load order.
#[derive(Default)]
pub(super) struct Declarations<'s> {
    pub(super) schemas: Vec<SchemaDeclaration<'s>>,
    pub(super) schema_patches: Vec<SchemaDeclaration<'s>>,
    /// The groups of the records and their patches.
    pub(super) groups: Vec<Group<'s>>,
    pub(super) records: Vec<PackedRecord<'s>>,
    pub(super) record_patches: Vec<PackedRecord<'s>>,
    pub(super) deletions: Vec<Deletion<'s>>,
    /// The groups and spans of records whose `if_pack` is not met.
    pub(super) skipped: Vec<(u32, Span)>,
    /// A record has a number for a name, which references write without quotes.
    pub(super) has_numbers: bool,
}

/// A patch that deletes a record.
pub(super) struct Deletion<'s> {
    pub(super) pack: usize,
    pub(super) schema: Text<'s>,
    /// The place of the schema's name.
    pub(super) schema_place: Place,
    pub(super) name: Text<'s>,
    pub(super) place: Place,
}

/// A schema, or a patch of one.
pub(super) struct SchemaDeclaration<'s> {
    pack: usize,
    name: Text<'s>,
    place: Place,
    map: Box<[Entry<'s>]>,
}

impl<'s> SchemaDeclaration<'s> {
    pub(super) fn view(&self) -> Declaration<'_, 's> {
        let Self { pack, name, place, map } = self;
        Declaration { pack: *pack, name, place: *place, map }
    }
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
    pub(super) words: &'n Arc<Words>,
}

/// A parsed file of a pack.
pub(super) struct Document<'s> {
    pub(super) file: u32,
    pub(super) pack: usize,
    pub(super) text: &'s str,
    pub(super) root: Node<'s>,
}

impl Document<'_> {
    /// Returns whether the file has a key of definition files.
    pub(super) fn declares(&self) -> bool {
        let Data::Map(map) = &self.root.data else { return false };
        map.iter().any(|entry| SECTIONS.contains(&&*entry.name))
    }
}

const SECTIONS: [&str; 3] = ["schemas", "records", "patches"];
const KEYS: [&str; 5] = ["schemas", "records", "patches", IF_PACK, WORDS];
const PATCHES: [&str; 3] = ["schemas", "records", "delete"];

/// Returns whether the packs under `if_pack` are loaded; without that key it is `true`.
fn applies(reading: &mut Reading<'_>, map: &[Entry<'_>], packs: &Packs) -> bool {
    let condition = map.iter().find(|entry| entry.name == IF_PACK);
    condition.is_none_or(|entry| are_loaded(reading, &entry.value, None, packs))
}

/// Returns whether the packs under `if_pack` are loaded, for a packed map of the file.
pub(super) fn packed_applies(
    reading: &mut Reading<'_>,
    map: &Packed,
    text: &str,
    (words, packs): (&Words, &Packs),
) -> bool {
    let condition = map.if_pack(text, words);
    condition.is_none_or(|value| are_loaded(reading, &value, Some(words), packs))
}

fn are_loaded(
    reading: &mut Reading<'_>,
    condition: &Node<'_>,
    words_of_record: Option<&Words>,
    packs: &Packs,
) -> bool {
    let mut is_loaded = |node: &Node<'_>| match (&node.data, words_of_record) {
        (Data::Text(name), _) if packs.is_loaded(name) => true,
        (Data::Text(name), _) => {
            not_loaded(reading, (name, node), packs);
            false
        }
        (_, Some(words)) => {
            reading.unexpected_word(node, (words, Word::IfPack), "the name of a pack");
            false
        }
        (_, None) => reading.text(node, "the name of a pack").is_some(),
    };
    match &condition.data {
        Data::List(names) => names.iter().all(is_loaded),
        _ => is_loaded(condition),
    }
}

/// Warns about the name of a pack that is not loaded, if it resembles one that is.
fn not_loaded(reading: &mut Reading<'_>, (name, node): (&str, &Node<'_>), packs: &Packs) {
    let Some(near) = packs.nearest(name) else { return };
    let place = reading.place(node.span);
    reading.diagnostics.warn_with(|_| {
        let message = format!("no loaded pack has the name {}", quoted(name));
        Diagnostic::warning(Code::NoEffect, message + &did_you_mean(Some(&near)))
            .at(place, "without effect")
            .suggest(Some(near))
    });
}

impl<'s> Declarations<'s> {
    /// Adds the declarations of a definition file.
    pub(super) fn read(
        &mut self,
        document: Document<'s>,
        packs: &Packs,
        diagnostics: &mut Diagnostics,
    ) {
        let Document { file, pack, text, root } = document;
        let (reading, words) = (Reading { file, diagnostics }, Arc::default());
        let mut sections = Sections { reading, pack, text, packs, words };
        let expected = "a map with schemas, records or patches";
        let Some(map) = sections.map(root, "a definition file", expected) else { return };
        if !applies(&mut sections.reading, &map, packs) {
            return;
        }
        if let Some(entry) = map.iter().find(|entry| entry.name == WORDS) {
            sections.words = Arc::new(Words::read(&mut sections.reading, &entry.value));
        }
        for section in sections.reading.take_once(map, "the file") {
            match &*section.name {
                "schemas" => sections.schemas(section, &mut self.schemas),
                "records" => sections.records(
                    section,
                    (&mut self.groups, &mut self.skipped),
                    &mut self.records,
                ),
                "patches" => self.patches(&mut sections, section),
                IF_PACK | WORDS => {}
                // Only editors use it.
                "$schema" => _ = sections.reading.text(&section.value, "'$schema'"),
                _ => {
                    let help = "a definition file has the keys schemas, records and patches; a \
                                record goes under its schema, as records.SCHEMA.NAME";
                    sections.reading.unknown(&section, "a definition file", &KEYS, Some(help));
                }
            }
        }
    }

    fn patches(&mut self, sections: &mut Sections<'_, 's>, section: Entry<'s>) {
        let expected = "a map with schemas, records or delete";
        let Some(map) = sections.map(section.value, "patches", expected) else { return };
        for section in sections.reading.take_once(map, "patches") {
            match &*section.name {
                "schemas" => sections.schemas(section, &mut self.schema_patches),
                "records" => {
                    let groups = (&mut self.groups, &mut self.skipped);
                    sections.records(section, groups, &mut self.record_patches);
                }
                "delete" => sections.deletions(section, &mut self.deletions),
                _ => {
                    let help =
                        "patches go under schemas or records, as in patches.records.SCHEMA.NAME";
                    sections.reading.unknown(&section, "patches", &PATCHES, Some(help));
                }
            }
        }
    }
}

/// Reads the sections of a file.
struct Sections<'d, 's> {
    reading: Reading<'d>,
    /// The position of the pack in the load order.
    pack: usize,
    text: &'s str,
    packs: &'d Packs,
    words: Arc<Words>,
}

impl<'s> Sections<'_, 's> {
    /// Returns the entries of a map, which may be packed.
    fn map(&mut self, mut node: Node<'s>, what: &str, expected: &str) -> Option<Box<[Entry<'s>]>> {
        node.remove_name();
        node.unpack(self.text);
        self.reading.map(&node, what, expected)?;
        match node.data {
            Data::Map(map) => Some(map),
            _ => Some(Box::default()),
        }
    }

    fn schemas(&mut self, mut section: Entry<'s>, into: &mut Vec<SchemaDeclaration<'s>>) {
        section.value.unpack_all(self.text);
        section.value.remove_names();
        let expected = "a map from names to schemas";
        let Some(schemas) = self.map(section.value, "schemas", expected) else { return };
        for Entry { name, span, value } in self.reading.take_once(schemas, "schemas") {
            let Some(map) = self.map(value, "a schema", "a map with slots") else { continue };
            if applies(&mut self.reading, &map, self.packs) {
                let place = self.reading.place(span);
                into.push(SchemaDeclaration { pack: self.pack, name, place, map });
            }
        }
    }

    fn records(
        &mut self,
        section: Entry<'s>,
        (groups, skipped): (&mut Vec<Group<'s>>, &mut Vec<(u32, Span)>),
        into: &mut Vec<PackedRecord<'s>>,
    ) {
        let expected = "a map of schemas, each with its records";
        let Some(schemas) = self.map(section.value, "records", expected) else { return };
        let mut buffer = Vec::new();
        for Entry { name, span, value } in self.reading.take_once(schemas, "records") {
            let group = groups.len() as u32;
            let (file, schema_place) = (self.reading.file, self.reading.place(span));
            let (pack, text, taken) = (self.pack, self.text, [None; 2]);
            let words = Arc::clone(&self.words);
            groups.push(Group { schema: name, schema_place, pack, file, text, taken, words });
            if let Data::List(list) = value.data {
                make_room(into, list.len());
                for node in list {
                    let span = node.span;
                    let what = ("an object", "a map from slots to values");
                    let Some(map) = self.record(node, what, &mut buffer) else { continue };
                    if !self.applies(&map) {
                        skipped.push((group, span));
                        continue;
                    }
                    into.push(PackedRecord { group, is_named: false, name: "".into(), span, map });
                }
                continue;
            }
            let expected = "a map from names to records, or a list of records";
            let records = self.map(value, "the records of a schema", expected);
            let records = records.unwrap_or_default();
            make_room(into, records.len());
            for Entry { name, span, value } in
                self.reading.take_once(records, "the records of a schema")
            {
                let what = ("a record", "a map of values");
                let Some(map) = self.record(value, what, &mut buffer) else { continue };
                if !self.applies(&map) {
                    skipped.push((group, span));
                    continue;
                }
                into.push(PackedRecord { group, is_named: true, name, span, map });
            }
        }
    }

    /// Returns the map of a record.
    fn record(
        &mut self,
        mut node: Node<'s>,
        (what, expected): (&str, &str),
        buffer: &mut Vec<u8>,
    ) -> Option<Packed> {
        node.remove_name();
        self.reading.packed(node, (what, expected), self.text, buffer)
    }

    fn applies(&mut self, record: &Packed) -> bool {
        packed_applies(&mut self.reading, record, self.text, (&self.words, self.packs))
    }

    fn deletions(&mut self, section: Entry<'s>, into: &mut Vec<Deletion<'s>>) {
        let expected = "a map of schemas, each with a list of names";
        let Some(schemas) = self.map(section.value, "'delete'", expected) else { return };
        for of_schema in self.reading.take_once(schemas, "'delete'") {
            let schema_place = self.reading.place(of_schema.span);
            let expected = "a list of names";
            let names = self.reading.list(&of_schema.value, "the deleted records", expected);
            for node in names.unwrap_or_default() {
                let what = "the name of a record";
                if self.reading.text(node, what).is_none() {
                    continue;
                }
                let Data::Text(name) = &node.data else { continue };
                into.push(Deletion {
                    pack: self.pack,
                    schema: of_schema.name.clone(),
                    schema_place,
                    name: name.clone(),
                    place: self.reading.place(node.span),
                });
            }
        }
    }
}
