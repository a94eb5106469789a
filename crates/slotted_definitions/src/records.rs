//! From the records of files to checked values.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::names::bad_name;
use crate::node::{Entry, Node};
use crate::schemas::{RECORD_WORDS, Schemas};
use crate::source::Place;
use crate::value::{is_reference, not_a_name, refused};
use crate::words::Reading;
use slotted::SchemaId;
use slotted::Store;
use slotted::Value;
use slotted::{schema::ProblemKind, schema::RegisteredSchema, schema::Slot};

/// What becomes of values that no schema declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undeclared {
    /// They are errors.
    #[default]
    Refuse,
    /// They are left out, with a warning for each name.
    Ignore,
    /// They are kept aside with their record, with a warning for each name, and are there again when
    /// it is written: removing a mod does not destroy its data.
    Quarantine,
}

/// One value of a record, checked, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) slot: u16,
    pub(super) place: Place,
    /// A reference is the id that [`local_id`](super::references::local_id) makes of a record.
    pub(super) value: Value,
}

/// A value that no slot takes, kept for its record.
#[derive(Clone, Debug)]
pub(super) struct Aside {
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
    pub(super) pack: usize,
    /// It is there to be inherited from, and no object comes of it.
    pub(super) is_abstract: bool,
    /// Its own values and those that it inherits, in the order of the slots.
    pub(super) values: Vec<Given>,
    pub(super) aside: Vec<Aside>,
}

impl RecordDefinition {
    /// The value of a slot, if it is given one.
    pub(super) fn given(&self, slot: usize) -> Option<&Given> {
        let found = self.values.binary_search_by_key(&slot, |given| usize::from(given.slot));
        found.ok().map(|position| &self.values[position])
    }
}

/// A record of a schema that does not exist, kept aside as a whole.
#[derive(Clone, Debug)]
pub(super) struct LostRecord {
    pub(super) schema: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    pub(super) values: Value,
}

/// All records of the files.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) list: Vec<RecordDefinition>,
    /// Records of each name, whatever their schemas.
    pub(super) by_name: HashMap<Arc<str>, Vec<u32>>,
    /// The names of what they inherit from.
    pub(super) parents: HashMap<u32, (Arc<str>, Place)>,
    pub(super) lost: Vec<LostRecord>,
    /// Names of records that cannot be judged, but are there.
    pub(super) of_broken_schemas: HashSet<Arc<str>>,
}

/// Reads records and checks their values.
pub(super) struct RecordReader<'a> {
    pub(super) registry: &'a Store,
    pub(super) schemas: &'a Schemas,
    pub(super) undeclared: Undeclared,
    pub(super) records: Records,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Schemas of which records were read.
    seen: HashSet<SchemaId>,
    /// Names that were ignored or kept aside, by schema, with how many records have them.
    put_aside: HashMap<(Arc<str>, Arc<str>), (usize, Place)>,
}

impl Undeclared {
    /// What is said of a value that no slot takes.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Refuse => "not declared",
            Self::Ignore => "left out",
            Self::Quarantine => "kept aside",
        }
    }
}

/// What came of a value.
enum Checked {
    Right(Value),
    /// It is reported.
    Wrong,
    /// The slot does not take it and does without.
    Lost,
}

fn is_lost_variant(kind: &ProblemKind, slot: &Slot) -> bool {
    match kind {
        ProblemKind::UnknownVariant { .. } => !slot.is_required(),
        ProblemKind::Element { kind, .. } => is_lost_variant(kind, slot),
        _ => false,
    }
}

/// What a record's entries say.
#[derive(Default)]
struct Entries {
    values: Vec<Given>,
    aside: Vec<Aside>,
    is_abstract: bool,
    parent: Option<(Arc<str>, Place)>,
}

impl<'a> RecordReader<'a> {
    pub(super) fn new(
        registry: &'a Store,
        schemas: &'a Schemas,
        undeclared: Undeclared,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let (records, put_aside) = (Records::default(), HashMap::new());
        let seen = HashSet::new();
        Self { registry, schemas, undeclared, records, diagnostics, seen, put_aside }
    }

    /// Reads all records and then what later packs change of them.
    pub(super) fn read(
        mut self,
        declared: &[RecordDeclaration<'_, '_>],
        patches: &[RecordDeclaration<'_, '_>],
    ) -> Records {
        self.records.list.reserve(declared.len());
        let registry = self.registry;
        let mut unknown = HashSet::new();
        for record in declared {
            match registry.schema(record.schema) {
                Some(schema) => self.record(schema, record),
                None if self.schemas.broken.contains(record.schema) => {
                    self.records.of_broken_schemas.insert(record.of.name.into());
                }
                None => {
                    // Once for each schema: all of its records have the same problem.
                    if unknown.insert(record.schema) {
                        let kept = match self.undeclared {
                            Undeclared::Quarantine => "its records are kept aside",
                            _ => "its records are left out",
                        };
                        self.unknown_schema(record, kept);
                    }
                    self.keep_lost(record);
                }
            }
        }
        let mut patched = HashMap::new();
        for patch in patches {
            self.patch(patch, &mut patched, &mut unknown);
        }
        self.tell_what_was_put_aside();
        self.records
    }

    fn record(&mut self, schema: &RegisteredSchema, declared: &RecordDeclaration<'_, '_>) {
        if self.seen.insert(schema.id()) {
            self.refuse_slots_called_as_words(schema, declared);
        }
        let entries = self.entries(schema, declared, true);
        let number = self.records.list.len() as u32;
        let name = declared.named.then(|| Arc::<str>::from(declared.of.name));
        if let Some(name) = &name {
            self.add_name(schema, name, declared, number);
        }
        if let Some(parent) = entries.parent {
            self.records.parents.insert(number, parent);
        }
        self.records.list.push(RecordDefinition {
            schema: schema.id(),
            name,
            place: declared.of.place,
            pack: declared.of.pack,
            is_abstract: entries.is_abstract,
            values: entries.values,
            aside: entries.aside,
        });
    }

    /// Files cannot declare such slots, but the program can.
    fn refuse_slots_called_as_words(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
    ) {
        for word in RECORD_WORDS.into_iter().filter(|word| schema.slot(word).is_some()) {
            let of = quoted(schema.name());
            let message = format!("{of} has a slot '{word}', which is a word of records");
            self.diagnostics.push(
                Diagnostic::error(Code::BadName, message)
                    .at(declared.schema_place, "its records cannot stand in files")
                    .help("the program must give the slot another name"),
            );
        }
    }

    fn add_name(
        &mut self,
        schema: &RegisteredSchema,
        name: &Arc<str>,
        declared: &RecordDeclaration<'_, '_>,
        number: u32,
    ) {
        if slotted::schema::check_name(name).is_err() {
            self.diagnostics.push_with(|_| bad_name("a record", name, declared.of.place));
        }
        if name.contains('/') {
            let message = format!("a record cannot be called {}", quoted(name));
            self.diagnostics.push_with(|_| {
                Diagnostic::error(Code::BadName, message).at(declared.of.place, "has a /").help(
                    "a / stands between a schema and a record where several records have a name",
                )
            });
        }
        let same_name = self.records.by_name.entry(Arc::clone(name)).or_default();
        let list = &self.records.list;
        let earlier = same_name.iter().map(|other| &list[*other as usize]);
        if let Some(earlier) = earlier.into_iter().find(|other| other.schema == schema.id()) {
            let (of, name) = (quoted(schema.name()), quoted(name));
            let message = format!("record {name} of {of} is defined twice");
            self.diagnostics.push(
                Diagnostic::error(Code::Conflict, message)
                    .at(declared.of.place, "defined here again")
                    .at(earlier.place, "defined here first")
                    .help(format!(
                        "to change values of it, write them under patches, records, {of}, {name}"
                    )),
            );
        }
        same_name.push(number);
    }

    /// The values of a record, each checked.
    fn entries(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
        has_words: bool,
    ) -> Entries {
        let mut entries = Entries::default();
        let map = declared.of.map;
        entries.values.reserve_exact(map.len().min(schema.slots().len()));
        for (position, entry) in map.iter().enumerate() {
            if has_words && RECORD_WORDS.contains(&&*entry.name) {
                self.word(entry, declared, &mut entries);
                continue;
            }
            // Most records name their slots in the schema's order.
            let in_order = schema.slots().get(position).filter(|slot| slot.name() == entry.name);
            let slot = match in_order {
                Some(_) => Some(position),
                None => schema.slot_index(&entry.name),
            };
            match slot {
                Some(slot) => self.value(schema, slot, entry, declared, &mut entries),
                None => self.undeclared(schema, entry, declared, &mut entries.aside),
            }
        }
        self.keep_first(schema, declared, &mut entries.values);
        entries
    }

    fn word(
        &mut self,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let mut reading = Reading { file: declared.of.place.file, diagnostics: self.diagnostics };
        if entry.name == "abstract" {
            entries.is_abstract |= reading.bool(&entry.value, "abstract").unwrap_or_default();
        } else if let Some(name) = reading.text(&entry.value, "a record's name") {
            entries.parent = Some((name.into(), reading.place(entry.value.span)));
        }
    }

    fn value(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let file = declared.of.place.file;
        let place = Place { file, span: entry.value.span };
        let value = match self.check(schema, slot, &entry.value, place) {
            Checked::Right(value) => value,
            // A value that is refused is given nevertheless: it is not missing too.
            Checked::Wrong => Value::Unset,
            Checked::Lost => {
                if self.undeclared == Undeclared::Quarantine {
                    let (name, value) = (entry.name.as_ref().into(), entry.value.to_value());
                    entries.aside.push(Aside { name, value, place });
                }
                // So that none is inherited in its place.
                schema.slots()[slot].default().cloned().unwrap_or_default()
            }
        };
        entries.values.push(Given { slot: slot as u16, place, value });
    }

    /// Whether the slot accepts the value.
    fn check(
        &mut self,
        schema: &RegisteredSchema,
        slot: usize,
        node: &Node<'_>,
        place: Place,
    ) -> Checked {
        if !node.is_whole() {
            return Checked::Wrong;
        }
        let (slot, value) = (&schema.slots()[slot], node.to_value());
        // References are looked up when all records are known.
        if is_reference(slot.kind(), &value) {
            return Checked::Right(value);
        }
        let wrong = match not_a_name(slot.kind(), &value) {
            Some(kind) => Err(kind),
            None => self.registry.check_value(slot, &value),
        };
        match wrong {
            Ok(()) => Checked::Right(value),
            // A variant of a mod that is gone; the slot has a default, or may be unset.
            Err(kind) if self.undeclared != Undeclared::Refuse && is_lost_variant(&kind, slot) => {
                let problem = schema.problem(slot.name(), kind);
                let label = self.undeclared.label();
                self.diagnostics.push_with(|_| refused(&problem, place, node).only_warns(label));
                Checked::Lost
            }
            Err(kind) => {
                let problem = schema.problem(slot.name(), kind);
                self.diagnostics.push_with(|_| refused(&problem, place, node));
                Checked::Wrong
            }
        }
    }

    /// Sorts the values by slot and reports those that stand twice.
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
                    // Formats in which a name can stand twice keep the order of the file.
                    let map = declared.of.map;
                    let at = map.partition_point(|entry| entry.value.span.start < value.span.start);
                    let entry = map.get(at).filter(|entry| entry.value.span == value.span);
                    Place { file, span: entry.map_or(value.span, |entry| entry.span) }
                };
                self.diagnostics.push_with(|_| {
                    Diagnostic::error(Code::Duplicate, message)
                        .at(name(second.place), "here for the second time")
                        .at(name(first.place), "here for the first time")
                });
            }
            is_same
        });
    }

    fn undeclared(
        &mut self,
        schema: &RegisteredSchema,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        aside: &mut Vec<Aside>,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.span };
        if self.undeclared == Undeclared::Refuse {
            self.diagnostics.push_with(|diagnostics| {
                let slots = schema.slots().iter().map(|slot| slot.shared_name());
                let suggestion = diagnostics.nearest(&entry.name, slots);
                undeclared(schema, &entry.name, place, suggestion)
            });
            return;
        }
        let key = (Arc::clone(schema.shared_name()), Arc::<str>::from(&*entry.name));
        if self.undeclared == Undeclared::Quarantine && entry.value.is_whole() {
            let (name, value) = (Arc::clone(&key.1), entry.value.to_value());
            aside.push(Aside { name, value, place });
        }
        self.put_aside.entry(key).or_insert((0, place)).0 += 1;
    }

    /// Keeps a record of a schema that nobody declares, if that is wanted.
    fn keep_lost(&mut self, record: &RecordDeclaration<'_, '_>) {
        if self.undeclared == Undeclared::Quarantine {
            let name = record.named.then(|| record.of.name.into());
            let values = record.of.map.iter();
            let values = values.map(|entry| (&*entry.name, entry.value.to_value())).collect();
            self.records.lost.push(LostRecord { schema: record.schema.into(), name, values });
        }
    }

    /// `done` is what becomes of what stands there, where that is no error.
    fn unknown_schema(&mut self, record: &RecordDeclaration<'_, '_>, done: &str) {
        let names = match self.diagnostics.is_full() {
            true => Vec::new(),
            false => {
                self.registry.schemas().map(|schema| Arc::clone(schema.shared_name())).collect()
            }
        };
        let suggestion = self.diagnostics.nearest(record.schema, &names);
        let end = did_you_mean(suggestion.as_deref());
        let message = format!("there is no schema {}{end}", quoted(record.schema));
        let (severity, label) = match self.undeclared {
            Undeclared::Refuse => (Severity::Error, "no such schema"),
            Undeclared::Ignore | Undeclared::Quarantine => (Severity::Warning, done),
        };
        let is_clear = suggestion.is_some();
        let diagnostic = Diagnostic::error(Code::UnknownSchema, message)
            .with(severity)
            .at(record.schema_place, label)
            .suggest(suggestion)
            .look_alike(record.schema);
        self.diagnostics.push(match names.is_empty() || is_clear {
            true => diagnostic,
            false => diagnostic.help(format!("the schemas are {}", listed(&names))),
        });
    }

    fn tell_what_was_put_aside(&mut self) {
        let mut put_aside: Vec<_> = std::mem::take(&mut self.put_aside).into_iter().collect();
        put_aside.sort_by_key(|(_, (_, place))| (place.file, place.span.start));
        for ((schema, name), (count, place)) in put_aside {
            if self.diagnostics.is_full() {
                self.diagnostics.omitted += 1;
                continue;
            }
            let done = self.undeclared.label();
            let slots = self.registry.schema(&schema).map_or(&[][..], |schema| schema.slots());
            let slots = slots.iter().map(|slot| slot.shared_name());
            let suggestion = self.diagnostics.nearest(&name, slots);
            let end = did_you_mean(suggestion.as_deref());
            let (schema, name) = (quoted(&schema), quoted(&name));
            let of = if count == 1 { "of 1 record".into() } else { format!("of {count} records") };
            let message = format!("{schema} object has no slot {name}{end}");
            self.diagnostics.push(
                Diagnostic::warning(Code::UndeclaredSlot, message)
                    .at(place, format!("{done}, {of}"))
                    .suggest(suggestion),
            );
        }
    }

    /// Changes single values of a record of this pack or of one before it.
    fn patch<'p>(
        &mut self,
        patch: &RecordDeclaration<'p, '_>,
        patched: &mut HashMap<(u32, u16), (usize, Place)>,
        unknown: &mut HashSet<&'p str>,
    ) {
        let registry = self.registry;
        let Some(schema) = registry.schema(patch.schema) else {
            if !self.schemas.broken.contains(patch.schema) && unknown.insert(patch.schema) {
                self.unknown_schema(patch, "its patches are left out");
            }
            return;
        };
        let Some(number) = self.find_to_patch(schema, patch) else { return };
        let entries = self.entries(schema, patch, true);
        for word in patch.of.map.iter().filter(|entry| RECORD_WORDS.contains(&&*entry.name)) {
            let place = Place { file: patch.of.place.file, span: word.span };
            self.diagnostics.push_with(|_| {
                let message = format!("a patch cannot change {} of a record", quoted(&word.name));
                Diagnostic::error(Code::Unexpected, message)
                    .at(place, "not in a patch")
                    .help("a patch changes values: write those that the record should have")
            });
        }
        let slots = entries.values.iter().map(|given| &schema.slots()[usize::from(given.slot)]);
        let said = slots.map(|slot| slot.shared_name());
        let said = said.chain(entries.aside.iter().map(|aside| &aside.name));
        let said: HashSet<Arc<str>> = said.cloned().collect();
        for given in entries.values {
            let key = (number, given.slot);
            if let Some((pack, place)) = patched.insert(key, (patch.of.pack, given.place))
                && pack == patch.of.pack
            {
                let slot = schema.slots()[usize::from(given.slot)].name();
                let (slot, record) = (quoted(slot), quoted(patch.of.name));
                let message = format!("slot {slot} of {record} is patched twice by one pack");
                self.diagnostics.push(
                    Diagnostic::error(Code::Conflict, message)
                        .at(given.place, "patched here again")
                        .at(place, "patched here first"),
                );
            }
            let values = &mut self.records.list[number as usize].values;
            match values.binary_search_by_key(&given.slot, |own| own.slot) {
                Ok(position) => values[position] = given,
                Err(position) => values.insert(position, given),
            }
        }
        let aside = &mut self.records.list[number as usize].aside;
        aside.retain(|own| !said.contains(&own.name));
        aside.extend(entries.aside);
    }

    fn find_to_patch(
        &mut self,
        schema: &RegisteredSchema,
        patch: &RecordDeclaration<'_, '_>,
    ) -> Option<u32> {
        let (of, name) = (quoted(schema.name()), quoted(patch.of.name));
        if !patch.named {
            let message = format!("a patch must name the record of {of} that it changes");
            let diagnostic = Diagnostic::error(Code::Unexpected, message)
                .at(patch.of.place, "nameless")
                .help(format!("write patches, records, {of}, and the record's name"));
            self.diagnostics.push(diagnostic);
            return None;
        }
        let records = &self.records;
        let same_name = records.by_name.get(patch.of.name).into_iter().flatten();
        let found =
            same_name.copied().find(|number| records.list[*number as usize].schema == schema.id());
        let Some(number) = found else {
            let names = records.by_name.iter().map(|(name, same_name)| {
                let of = |number: &u32| records.list[*number as usize].schema == schema.id();
                same_name.iter().any(of).then_some(name)
            });
            let suggestion = self.diagnostics.nearest_of(patch.of.name, names);
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("there is no record {name} of {of} to patch{end}");
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownRecord, message)
                    .at(patch.of.place, "no such record")
                    .suggest(suggestion),
            );
            return None;
        };
        let record = &records.list[number as usize];
        if record.pack > patch.of.pack {
            let message = format!("record {name} of {of} is defined by a later pack");
            self.diagnostics.push(
                Diagnostic::error(Code::Conflict, message)
                    .at(patch.of.place, "patched here")
                    .at(record.place, "defined here, later")
                    .help("name that pack under requires in this pack's manifest"),
            );
            return None;
        }
        Some(number)
    }
}

fn undeclared(
    schema: &RegisteredSchema,
    name: &str,
    place: Place,
    suggestion: Option<Arc<str>>,
) -> Diagnostic {
    let (of, end) = (quoted(schema.name()), did_you_mean(suggestion.as_deref()));
    let message = format!("{of} object has no slot {}{end}", quoted(name));
    let help = match (name, schema.slots()) {
        ("extends" | "parent" | "base" | "prototype", _) => {
            "the word for it is inherits".to_owned()
        }
        (_, []) => format!("{of} has no slots"),
        (_, slots) => {
            let names: Vec<_> = slots.iter().map(|slot| Arc::clone(slot.shared_name())).collect();
            format!("{of} has {}", listed(&names))
        }
    };
    let is_clear = suggestion.is_some();
    let diagnostic = Diagnostic::error(Code::UndeclaredSlot, message)
        .at(place, "not declared")
        .suggest(suggestion)
        .look_alike(name);
    if is_clear { diagnostic } else { diagnostic.help(help) }
}

/// Names for a message, not too many.
fn listed(names: &[Arc<str>]) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}
