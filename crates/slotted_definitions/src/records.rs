//! Reads records and checks their values.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::absent::Absent;
use crate::brackets::{Bracketed, list_with_brackets};
use crate::changes::{Change, is_change_of_list};
use crate::checked::Checked;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::document::{Declarations, RecordDeclaration};
use crate::given::{Given, Values};
use crate::keys::Reading;
use crate::narrowed::Narrowed;
use crate::nested::null;
use crate::node::{Data, Entry, Named, Node};
use crate::packs::Packs;
use crate::patches::Patched;
use crate::same_name::SameName;
use crate::schemas::Schemas;
use crate::source::Place;
use crate::words::{FileWords, Word, Words};
use slotted::SchemaId;
use slotted::Store;
use slotted::Value;
use slotted::schema::{Kind, RegisteredSchema, SIGNS};

/// The policy for values and records that no schema declares, and for slots, patches and records that need those of a removed mod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undeclared {
    /// Reports them as errors.
    #[default]
    Refuse,
    /// Ignores them, with a warning for each name.
    Ignore,
    /// Keeps them with their record, with a warning for each name, and writes them back with it.
    ///
    /// Removing a mod does not destroy its data.
    Quarantine,
}

/// A value that no slot takes.
#[derive(Clone, Debug)]
pub(super) struct QuarantinedValue {
    pub(super) name: Arc<str>,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A record of the files.
#[derive(Clone, Debug)]
pub(super) struct RecordDefinition {
    pub(super) schema: SchemaId,
    pub(super) name: Option<Arc<str>>,
    pub(super) place: Place,
    pub(super) pack: u32,
    /// Others inherit from it; it becomes no object.
    pub(super) is_abstract: bool,
    /// Own and inherited values, in the order of the slots.
    pub(super) values: Values,
}

impl Records {
    /// Returns the names of the records in the order of the list, some of them several times.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.list.iter().filter_map(|record| record.name.as_ref())
    }

    /// Returns whether the record's own file has brackets around the only element of a list, which is in the elements at these
    /// positions.
    pub(super) fn is_bracketed(&self, record: &RecordDefinition, slot: usize, at: &[u32]) -> bool {
        !self.bracketed.is_empty()
            && record.values.get(slot).is_some_and(|given| {
                self.bracketed.contains(&(given.place, slot as u16, at.into()))
            })
    }

    /// Returns the records of the name, of all schemas.
    pub(super) fn same_name(&self, name: &str) -> &[u32] {
        self.by_name.get(&self.list, name)
    }
}

// There are a hundred thousand of them.
const _: () = assert!(size_of::<RecordDefinition>() <= 64);

/// A record that cannot become an object, or a patch of one: its schema, its parent or a record that it needs is missing.
#[derive(Clone, Debug)]
pub(super) struct QuarantinedRecord {
    pub(super) schema: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    pub(super) values: Value,
    /// The words of its file.
    pub(super) words: Arc<Words>,
}

impl QuarantinedRecord {
    pub(super) fn of(record: &RecordDeclaration<'_, '_>) -> Self {
        let values = record.of.map.iter();
        let values = values.map(|entry| (&*entry.name, entry.value.to_value())).collect();
        let name = record.named.then(|| record.of.name.into());
        Self { schema: record.schema.into(), name, values, words: Arc::clone(record.words) }
    }
}

/// All records of the files.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) list: Vec<RecordDefinition>,
    pub(super) by_name: SameName,
    /// The parents by name.
    pub(super) parents: HashMap<u32, (Arc<str>, Place)>,
    /// Values that no slot takes, by record.
    pub(super) quarantined_values: HashMap<u32, Vec<QuarantinedValue>>,
    pub(super) quarantined: Vec<QuarantinedRecord>,
    pub(super) quarantined_patches: Vec<QuarantinedRecord>,
    /// Lists of one element in brackets, where a file may leave them out: the place of the slot's value, the slot, and the
    /// positions of the elements that the list is in.
    pub(super) bracketed: HashSet<(Place, u16, Box<[u32]>)>,
    /// The places of values that slots do not have: they are wrong, or kept aside.
    pub(super) without_value: HashSet<Place>,
    /// Deletions of missing records, by schema and name.
    pub(super) quarantined_deletions: Vec<(Arc<str>, Arc<str>)>,
    /// Changes of inherited values and of patched ones, by record.
    pub(super) changes: HashMap<u32, Vec<Change>>,
    /// Records that name a part of a list or a union alone, each with the place of the last one.
    pub(super) partial: HashMap<u32, Place>,
    /// The last pack that replaced a value by a patch, by record and slot.
    pub(super) replaced: HashMap<(u32, u16), (usize, Place)>,
    /// A record has a number for a name, which references write without quotes.
    pub(super) has_numbers: bool,
    /// Deleted records, each with the place and the pack of the patch.
    pub(super) deleted: HashMap<u32, (Place, usize)>,
    /// Records whose parents are unknown. Their missing values are not reported.
    pub(super) incomplete: HashSet<u32>,
    /// Names of records that cannot be checked.
    pub(super) of_broken_schemas: HashSet<Arc<str>>,
    /// The words of the files, for messages and the JSON Schema.
    pub(super) words: FileWords,
    /// A required slot has a variant of a removed mod, and no value.
    pub(super) lacks_any: bool,
}

/// Reads records and checks their values.
pub(super) struct RecordReader<'a> {
    pub(super) registry: &'a Store,
    pub(super) schemas: &'a Schemas,
    pub(super) undeclared: Undeclared,
    pub(super) packs: &'a Packs,
    pub(super) records: Records,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Slots with the name of a word, each reported once.
    unclear: HashSet<(SchemaId, Word)>,
    /// The records that are kept aside, by schema and name.
    pub(super) kept_names: HashMap<(Arc<str>, Arc<str>), Place>,
    /// Records whose parents do not exist.
    pub(super) absent: Absent,
    /// Names outside ASCII, each with its letters as single characters.
    pub(super) composed_names: HashMap<(SchemaId, String), (Arc<str>, Place)>,
    /// A record has a name with a slash.
    pub(super) has_slashes: bool,
    /// Unknown schemas, each reported once.
    unknown: HashSet<Arc<str>>,
    /// The values that are read now are those of a patch.
    pub(super) is_patch: bool,
    pub(super) narrowed: Narrowed,
    /// Both save an allocation for each record.
    spare: Vec<Given>,
    buffer: Vec<u8>,
}

impl Undeclared {
    /// Returns the label for a value that no slot takes.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Refuse => "not declared",
            Self::Ignore => "ignored",
            Self::Quarantine => "quarantined",
        }
    }
}

/// Returns the place where a record names a part of a list or a union alone: as a slot, or under `unset`.
pub(super) fn names_part(declared: &RecordDeclaration<'_, '_>) -> Option<Place> {
    let is_part = |name: &str| name.contains(SIGNS);
    let unset_part = |entry: &Entry<'_>| match &entry.value.data {
        Data::List(names) if declared.words.of_record(&entry.name) == Some(Word::Unset) => {
            let part = |node: &&Node<'_>| matches!(&node.data, Data::Text(name) if is_part(name));
            names.iter().find(part).map(|node| node.span)
        }
        _ => None,
    };
    let mut entries = declared.of.map.iter();
    let span = entries.find_map(|entry| match is_part(&entry.name) {
        true => Some(entry.span),
        false => unset_part(entry),
    });
    span.map(|span| Place { file: declared.of.place.file, span })
}

/// The values and keys of a record.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) values: Vec<Given>,
    pub(super) quarantined: Vec<QuarantinedValue>,
    pub(super) changes: Vec<Change>,
    /// Parts of lists whose values no slot takes.
    pub(super) discarded: Vec<u16>,
    /// Lists, maps and unions with a part that no schema declares.
    pub(super) surplus: BTreeSet<Arc<str>>,
    is_abstract: bool,
    parent: Option<(Arc<str>, Place)>,
}

impl<'a> RecordReader<'a> {
    pub(super) fn new(
        (registry, schemas): (&'a Store, &'a Schemas),
        undeclared: Undeclared,
        packs: &'a Packs,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            registry,
            schemas,
            undeclared,
            packs,
            records: Records::default(),
            diagnostics,
            unclear: HashSet::new(),
            kept_names: HashMap::new(),
            absent: Absent::default(),
            composed_names: HashMap::new(),
            has_slashes: false,
            unknown: schemas.absent.clone(),
            is_patch: false,
            narrowed: Narrowed::default(),
            spare: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Reads all records and applies their patches.
    pub(super) fn read(mut self, declarations: Declarations<'_>) -> Records {
        self.records.has_numbers = declarations.has_numbers;
        let Declarations { groups, records, record_patches, deletions, skipped, .. } = declarations;
        self.records.list.reserve_exact(records.len());
        groups.iter().for_each(|group| self.records.words.add(group.file, &group.words));
        let registry = self.registry;
        if self.undeclared != Undeclared::Refuse {
            self.absent = Absent::of(&groups, &records, registry);
            self.absent.report(&records, self.undeclared, self.diagnostics);
        }
        let (mut map, mut patched) = (Vec::new(), Patched::default());
        let mut schema: Option<(u32, Option<&RegisteredSchema>)> = None;
        // Each record is freed when it is read.
        for (position, packed) in records.into_iter().enumerate() {
            packed.unpack(&groups, &mut map);
            let record = &packed.view(&groups, &map);
            // Most records have the schema of the record before.
            if schema.is_none_or(|(group, _)| group != packed.group) {
                schema = Some((packed.group, registry.schema(record.schema)));
            }
            match schema.and_then(|(_, schema)| schema) {
                Some(_) if self.absent.contains(position) => self.quarantine_record(record),
                Some(schema) => self.record(schema, record),
                None if self.schemas.broken.contains(record.schema) => {
                    self.records.of_broken_schemas.insert(record.of.name.into());
                }
                None => {
                    if self.is_new_unknown(record.schema) {
                        let kept = match self.undeclared {
                            Undeclared::Quarantine => "its records are quarantined",
                            _ => "its records are ignored",
                        };
                        self.unknown_schema((record.schema, record.schema_place), kept);
                    }
                    self.quarantine_record(record);
                }
            }
        }
        self.is_patch = true;
        for packed in record_patches {
            packed.unpack(&groups, &mut map);
            self.patch(&packed.view(&groups, &map), &mut patched);
        }
        for (group, span) in skipped {
            let group = &groups[group as usize];
            let place = Place { file: group.file, span };
            if let Some(schema) = registry.schema(&group.schema) {
                self.is_unclear(schema, (&group.words, Word::IfPack), place);
            }
        }
        for deletion in &deletions {
            self.delete(deletion, &patched);
        }
        self.narrowed.report(self.diagnostics);
        self.records.replaced = patched.values;
        self.records
    }

    /// Returns whether the unknown schema is to be reported.
    pub(super) fn is_new_unknown(&mut self, schema: &str) -> bool {
        !self.unknown.contains(schema) && self.unknown.insert(schema.into())
    }

    fn record(&mut self, schema: &RegisteredSchema, declared: &RecordDeclaration<'_, '_>) {
        let mut entries = self.entries(schema, declared);
        let number = self.records.list.len() as u32;
        let name = declared.named.then(|| Arc::<str>::from(declared.of.name));
        if let Some(name) = &name {
            self.add_name(schema, name, declared, number);
        }
        if let Some(parent) = entries.parent {
            self.records.parents.insert(number, parent);
            if !entries.changes.is_empty() {
                self.records.changes.insert(number, entries.changes);
            }
        } else if let Some(change) = entries.changes.first() {
            self.nothing_to_change(change);
        }
        self.records.partial.extend(names_part(declared).map(|place| (number, place)));
        self.records.list.push(RecordDefinition {
            schema: schema.id(),
            name,
            place: declared.of.place,
            pack: declared.of.pack as u32,
            is_abstract: entries.is_abstract,
            values: Values::pack(&mut entries.values, &mut self.buffer),
        });
        self.spare = entries.values;
        if !entries.quarantined.is_empty() {
            self.records.quarantined_values.insert(number, entries.quarantined);
        }
    }

    /// Returns whether the name of a word is that of a slot too, and reports it.
    fn is_unclear(
        &mut self,
        schema: &RegisteredSchema,
        (words, word): (&Words, Word),
        place: Place,
    ) -> bool {
        let name = words.name(word).unwrap_or_default();
        let is_slot = schema.slot_index(name).is_some() || schema.is_nested(name);
        if is_slot && self.unclear.insert((schema.id(), word)) {
            self.diagnostics.push_with(|_| {
                let (of, name) = (quoted(schema.name()), quoted(name));
                let message = format!("{name} is a slot of {of} and a word of records too");
                Diagnostic::error(Code::BadName, message)
                    .at(place, "the slot or the word?")
                    .help(words.own_slot(word))
            });
        }
        is_slot
    }

    /// Reads and checks the values of a record.
    pub(super) fn entries(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
    ) -> Entries {
        let mut entries = Entries { values: std::mem::take(&mut self.spare), ..Entries::default() };
        let map = declared.of.map;
        entries.values.reserve(map.len().min(schema.slots().len()));
        for (position, entry) in map.iter().enumerate() {
            let problems = self.diagnostics.list.len();
            if let Some(word) = declared.words.of_record(&entry.name) {
                self.word(schema, (word, entry), declared, &mut entries);
                continue;
            }
            // Most records name their slots in the schema's order.
            let in_order = schema.slots().get(position).filter(|slot| slot.name() == entry.name);
            let slot = match in_order {
                Some(_) => Some(position),
                None => schema.slot_index(&entry.name),
            };
            match slot {
                Some(slot) => self.own_value(schema, slot, entry.named(), declared, &mut entries),
                None if declared.taken.contains(&Some(&*entry.name)) => {}
                None => self.named(schema, entry.named(), declared, &mut entries),
            }
            if self.diagnostics.list.len() > problems {
                self.advise_change(problems, &entry.value, declared.words);
            }
        }
        self.keep_first(schema, declared, &mut entries.values);
        self.discard_lists(schema, &mut entries);
        entries
    }

    /// Replaces all parts of lists with a discarded one by their defaults.
    fn discard_lists(&self, schema: &RegisteredSchema, entries: &mut Entries) {
        let whole_of = |slot: u16| schema.whole_of(schema.slots()[usize::from(slot)].name());
        let lists: HashSet<&str> =
            entries.discarded.iter().filter_map(|slot| Some(whole_of(*slot)?.0)).collect();
        if lists.is_empty() {
            return;
        }
        for given in &mut entries.values {
            if whole_of(given.slot).is_some_and(|(list, _)| lists.contains(list)) {
                let slot = &schema.slots()[usize::from(given.slot)];
                let without = slot.default().cloned().unwrap_or_default();
                let value = std::mem::replace(&mut given.value, without);
                if self.undeclared == Undeclared::Quarantine {
                    let (name, place) = (Arc::clone(slot.shared_name()), given.place);
                    entries.quarantined.push(QuarantinedValue { name, value, place });
                }
            }
        }
    }

    fn word(
        &mut self,
        schema: &RegisteredSchema,
        (word, entry): (Word, &Entry<'_>),
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let file = declared.of.place.file;
        let words = &**declared.words;
        if self.is_unclear(schema, (words, word), Place { file, span: entry.span }) {
            // It is not reported as missing too.
            let place = Place { file, span: entry.value.span };
            let slot = schema.slot_index(&entry.name);
            let value = |slot| Given { slot: slot as u16, place, value: Value::Unset };
            return entries.values.extend(slot.map(value));
        }
        let mut reading = Reading { file, diagnostics: self.diagnostics };
        match (word, &entry.value.data) {
            (Word::Inherits, Data::Text(name)) => {
                entries.parent = Some((name.to_string().into(), reading.place(entry.value.span)));
            }
            (Word::Inherits, _) => {
                reading.unexpected_word(&entry.value, (words, word), "the name of a record");
            }
            (Word::Abstract, Data::Bool(is_abstract)) => entries.is_abstract |= *is_abstract,
            (Word::Abstract, _) => {
                reading.unexpected_word(&entry.value, (words, word), "true or false");
            }
            (Word::Unset, _) => self.unset(schema, entry, declared, entries),
            // Read before.
            _ => {}
        }
    }

    /// Reads the names of slots that have no value: TOML cannot write one.
    fn unset(
        &mut self,
        schema: &RegisteredSchema,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let mut reading = Reading { file: declared.of.place.file, diagnostics: self.diagnostics };
        let word = (&**declared.words, Word::Unset);
        let Data::List(names) = &entry.value.data else {
            return reading.unexpected_word(&entry.value, word, "a list of slots");
        };
        let names = names
            .iter()
            .filter_map(|node| Some((reading.text(node, "the name of a slot")?, null(node))));
        for (name, null) in names.collect::<Vec<_>>() {
            let name = Named { name, span: null.span, value: &null };
            self.named(schema, name, declared, entries);
        }
    }

    /// Reads the value of a slot that a record names itself.
    pub(super) fn own_value(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        if matches!(entry.value.data, Data::Unset) {
            self.unset_in_variant((schema, slot), declared, entries, entry.value.span);
        }
        let own = &schema.slots()[slot];
        // The slot of a list's parts has a list of its own, whatever brackets the file has.
        let is_list = matches!(own.kind(), Kind::List(_)) && !own.name().contains(['[', '{']);
        if !is_list || !self.schemas.one_or_lists(self.registry, schema).contains(own.name()) {
            return self.value(schema, slot, entry, declared, entries);
        }
        let is_change = |node: &Node<'_>| is_change_of_list(node, declared.words);
        let (value, bracketed) = list_with_brackets(own.kind(), entry.value, &is_change);
        let first = entries.values.len();
        self.value(schema, slot, Named { value: &value, ..entry }, declared, entries);
        if bracketed {
            self.add_bracketed(&entries.values[first..], vec![(slot, Box::default())]);
        }
    }

    /// Remembers the lists that have one element in brackets.
    pub(super) fn add_bracketed(&mut self, values: &[Given], bracketed: Bracketed) {
        for (slot, at) in bracketed {
            let given = values.iter().find(|given| usize::from(given.slot) == slot);
            let given = given.map(|given| (given.place, given.slot, at));
            self.records.bracketed.extend(given);
        }
    }

    pub(super) fn value(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        entry: Named<'_, '_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let of = (declared.of, &**declared.words);
        if self.are_changes(schema, slot, entry, of, &mut entries.changes) {
            return;
        }
        if *schema.slots()[slot].kind() == Kind::Any {
            self.changes_of_any(schema, entry, declared);
        }
        let mut entry = entry;
        let bare;
        if let Some(named) = entry.value.named()
            && *schema.slots()[slot].kind().element() != Kind::Any
        {
            bare = named.bare();
            entry.value = &bare;
            if self.are_changes(schema, slot, entry, of, &mut entries.changes) {
                return;
            }
        }
        let file = declared.of.place.file;
        let place = Place { file, span: entry.value.span };
        let value = match self.check(schema, slot, entry.value, place) {
            Checked::Right(value) => value,
            // A wrong value is not reported as missing too.
            Checked::Wrong => {
                self.records.without_value.insert(place);
                Value::Unset
            }
            Checked::Discarded if schema.whole_of(schema.slots()[slot].name()).is_some() => {
                // Its list is discarded as a whole.
                entries.discarded.push(slot as u16);
                entry.value.to_value()
            }
            Checked::Discarded => {
                if self.undeclared == Undeclared::Quarantine {
                    let (name, value) = (entry.name.into(), entry.value.to_value());
                    entries.quarantined.push(QuarantinedValue { name, value, place });
                }
                // Prevents an inherited value.
                self.records.without_value.insert(place);
                schema.slots()[slot].default().cloned().unwrap_or_default()
            }
        };
        entries.values.push(Given { slot: slot as u16, place, value });
    }

    pub(super) const fn reading(&mut self, place: Place) -> Reading<'_> {
        Reading { file: place.file, diagnostics: self.diagnostics }
    }

    /// Sorts the values by slot and reports repeated ones.
    fn keep_first(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
        values: &mut Vec<Given>,
    ) {
        if !values.is_sorted_by_key(|given| given.slot) {
            values.sort_by_key(|given| given.slot);
        }
        values.dedup_by(|second, first| {
            let is_same = second.slot == first.slot;
            if is_same {
                let slot = schema.slots()[usize::from(second.slot)].name();
                let (of, slot) = (quoted(schema.name()), quoted(slot));
                let message = format!("{of} object has two values for slot {slot}");
                let file = declared.of.place.file;
                let name = |value: Place| {
                    // Formats that allow repeated names keep the order of the file.
                    let map = declared.of.map;
                    let at = map.partition_point(|entry| entry.value.span.start < value.span.start);
                    let entry = map.get(at).filter(|entry| entry.value.span == value.span);
                    Place { file, span: entry.map_or(value.span, |entry| entry.span) }
                };
                self.diagnostics.push_with(|_| {
                    Diagnostic::error(Code::Duplicate, message)
                        .at(name(second.place), "repeated here")
                        .at(name(first.place), "first given here")
                });
            }
            is_same
        });
    }

    /// Keeps a record that cannot become an object, if the policy says so.
    fn quarantine_record(&mut self, record: &RecordDeclaration<'_, '_>) {
        self.add_kept_name(record);
        if self.undeclared == Undeclared::Quarantine {
            self.records.quarantined.push(QuarantinedRecord::of(record));
        }
    }
}
