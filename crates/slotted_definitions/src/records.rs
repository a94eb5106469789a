//! Reads records and checks their values.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, did_you_mean, quoted};
use crate::document::RecordDeclaration;
use crate::keys::Reading;
use crate::names::bad_name;
use crate::node::{Data, Entry, Node};
use crate::schemas::{RECORD_KEYS, Schemas};
use crate::source::Place;
use crate::value::{is_reference, not_a_name, refused};
use slotted::SchemaId;
use slotted::Store;
use slotted::Value;
use slotted::{schema::ProblemKind, schema::RegisteredSchema, schema::Slot};

/// The policy for values and records that no schema declares.
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

/// A checked value of a record, with its place.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) slot: u16,
    pub(super) place: Place,
    /// References are ids of records, see [`local_id`](super::references::local_id).
    pub(super) value: Value,
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
    pub(super) pack: usize,
    /// Others inherit from it; it becomes no object.
    pub(super) is_abstract: bool,
    /// Own and inherited values, in the order of the slots.
    pub(super) values: Vec<Given>,
    pub(super) quarantined: Vec<QuarantinedValue>,
}

impl Records {
    /// Returns the names of the records in the order of the list, some of them several times.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.list.iter().filter_map(|record| record.name.as_ref())
    }
}

impl RecordDefinition {
    /// Returns the value that files give a slot.
    pub(super) fn given(&self, slot: usize) -> Option<&Given> {
        let found = self.values.binary_search_by_key(&slot, |given| usize::from(given.slot));
        found.ok().map(|position| &self.values[position])
    }
}

/// A record of an unknown schema.
#[derive(Clone, Debug)]
pub(super) struct QuarantinedRecord {
    pub(super) schema: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    pub(super) values: Value,
}

/// All records of the files.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) list: Vec<RecordDefinition>,
    /// The records of each name, of all schemas.
    pub(super) by_name: HashMap<Arc<str>, Vec<u32>>,
    /// The parents by name.
    pub(super) parents: HashMap<u32, (Arc<str>, Place)>,
    pub(super) quarantined: Vec<QuarantinedRecord>,
    /// Names of records that cannot be checked.
    pub(super) of_broken_schemas: HashSet<Arc<str>>,
}

/// Reads records and checks their values.
pub(super) struct RecordReader<'a> {
    pub(super) registry: &'a Store,
    pub(super) schemas: &'a Schemas,
    pub(super) undeclared: Undeclared,
    pub(super) records: Records,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// The schemas of the records so far.
    seen: HashSet<SchemaId>,
    /// Undeclared names by schema.
    undeclared_names: HashMap<(Arc<str>, Arc<str>), Occurrences>,
}

/// The places of one mistake in several records.
#[derive(Default)]
struct Occurrences {
    count: usize,
    first: Vec<Place>,
}

/// The places that a problem shows: hundreds of records can have the same mistake.
const SHOWN_PLACES: usize = 3;

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

/// The result of checking a value.
enum Checked {
    Right(Value),
    /// Wrong, and reported.
    Wrong,
    /// Not accepted; the slot keeps its default.
    Discarded,
}

fn is_discardable(kind: &ProblemKind, slot: &Slot) -> bool {
    match kind {
        ProblemKind::UnknownVariant { .. } => !slot.is_required(),
        ProblemKind::Element { kind, .. } => is_discardable(kind, slot),
        _ => false,
    }
}

/// The values and keys of a record.
#[derive(Default)]
struct Entries {
    values: Vec<Given>,
    quarantined: Vec<QuarantinedValue>,
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
        let (records, undeclared_names) = (Records::default(), HashMap::new());
        let seen = HashSet::new();
        Self { registry, schemas, undeclared, records, diagnostics, seen, undeclared_names }
    }

    /// Reads all records and applies their patches.
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
                    // Reported once for each schema.
                    if unknown.insert(record.schema) {
                        let kept = match self.undeclared {
                            Undeclared::Quarantine => "its records are quarantined",
                            _ => "its records are ignored",
                        };
                        self.unknown_schema(record, kept);
                    }
                    self.quarantine_record(record);
                }
            }
        }
        let mut patched = HashMap::new();
        for patch in patches {
            self.patch(patch, &mut patched, &mut unknown);
        }
        self.report_undeclared_names();
        self.records
    }

    fn record(&mut self, schema: &RegisteredSchema, declared: &RecordDeclaration<'_, '_>) {
        if self.seen.insert(schema.id()) {
            self.reject_reserved_slot_names(schema, declared);
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
            quarantined: entries.quarantined,
        });
    }

    /// Only the program can declare such slots.
    fn reject_reserved_slot_names(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
    ) {
        for key in RECORD_KEYS.into_iter().filter(|key| schema.slot(key).is_some()) {
            let of = quoted(schema.name());
            let message = format!("schema {of} has a slot '{key}', a reserved key of records");
            self.diagnostics.push(
                Diagnostic::error(Code::BadName, message)
                    .at(declared.schema_place, "files cannot contain its records")
                    .help("rename the slot in the program"),
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
            let message = format!("record name {} contains a '/'", quoted(name));
            self.diagnostics.push_with(|_| {
                Diagnostic::error(Code::BadName, message)
                    .at(declared.of.place, "contains a '/'")
                    .help("remove the '/': references use it between schema and record")
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
                    .at(earlier.place, "first defined here")
                    .help(format!(
                        "to change its values, write them under patches.records.{of}.{name}"
                    )),
            );
        }
        same_name.push(number);
    }

    /// Reads and checks the values of a record.
    fn entries(
        &mut self,
        schema: &RegisteredSchema,
        declared: &RecordDeclaration<'_, '_>,
        has_keys: bool,
    ) -> Entries {
        let mut entries = Entries::default();
        let map = declared.of.map;
        entries.values.reserve_exact(map.len().min(schema.slots().len()));
        for (position, entry) in map.iter().enumerate() {
            if has_keys && RECORD_KEYS.contains(&&*entry.name) {
                self.key(schema, entry, declared, &mut entries);
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
                None if declared.taken.contains(&Some(&*entry.name)) => {}
                None => self.undeclared(schema, entry, declared, &mut entries.quarantined),
            }
        }
        self.keep_first(schema, declared, &mut entries.values);
        entries
    }

    fn key(
        &mut self,
        schema: &RegisteredSchema,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        if entry.name == "unset" {
            return self.unset(schema, entry, declared, entries);
        }
        let mut reading = Reading { file: declared.of.place.file, diagnostics: self.diagnostics };
        if entry.name == "abstract" {
            entries.is_abstract |= reading.bool(&entry.value, "'abstract'").unwrap_or_default();
        } else if let Some(name) = reading.text(&entry.value, "'inherits'") {
            entries.parent = Some((name.into(), reading.place(entry.value.span)));
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
        let names = reading.list(&entry.value, "'unset'", "a list of slots").unwrap_or_default();
        let names = names.iter().filter_map(|node| {
            let name = reading.text(node, "the name of a slot")?;
            let value = Node { span: node.span, data: Data::Unset };
            Some(Entry { name: name.into(), span: node.span, value })
        });
        for name in names.collect::<Vec<_>>() {
            match schema.slot_index(&name.name) {
                Some(slot) => self.value(schema, slot, &name, declared, entries),
                None => self.undeclared(schema, &name, declared, &mut entries.quarantined),
            }
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
            // A wrong value is not reported as missing too.
            Checked::Wrong => Value::Unset,
            Checked::Discarded => {
                if self.undeclared == Undeclared::Quarantine {
                    let (name, value) = (entry.name.as_ref().into(), entry.value.to_value());
                    entries.quarantined.push(QuarantinedValue { name, value, place });
                }
                // Prevents an inherited value.
                schema.slots()[slot].default().cloned().unwrap_or_default()
            }
        };
        entries.values.push(Given { slot: slot as u16, place, value });
    }

    /// Checks whether the slot accepts the value.
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
        // References are resolved after all records are read.
        if is_reference(slot.kind(), &value) {
            return Checked::Right(value);
        }
        let wrong = match not_a_name(slot.kind(), &value) {
            Some(kind) => Err(kind),
            None => self.registry.check_value(slot, &value),
        };
        match wrong {
            Ok(()) => Checked::Right(value),
            // A variant of a removed mod; the slot has a default or is optional.
            Err(kind) if self.undeclared != Undeclared::Refuse && is_discardable(&kind, slot) => {
                let problem = schema.problem(slot.name(), kind);
                let label = self.undeclared.label();
                self.diagnostics.warn_with(|_| refused(&problem, place, node).into_warning(label));
                Checked::Discarded
            }
            Err(kind) => {
                let problem = schema.problem(slot.name(), kind);
                self.diagnostics.push_with(|_| refused(&problem, place, node));
                Checked::Wrong
            }
        }
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

    fn undeclared(
        &mut self,
        schema: &RegisteredSchema,
        entry: &Entry<'_>,
        declared: &RecordDeclaration<'_, '_>,
        quarantined: &mut Vec<QuarantinedValue>,
    ) {
        let place = Place { file: declared.of.place.file, span: entry.span };
        let key = (Arc::clone(schema.shared_name()), Arc::<str>::from(&*entry.name));
        if self.undeclared == Undeclared::Quarantine && entry.value.is_whole() {
            let (name, value) = (Arc::clone(&key.1), entry.value.to_value());
            quarantined.push(QuarantinedValue { name, value, place });
        }
        let occurrences = self.undeclared_names.entry(key).or_default();
        occurrences.count += 1;
        if occurrences.first.len() < SHOWN_PLACES {
            occurrences.first.push(place);
        }
    }

    /// Keeps a record of an unknown schema, if the policy says so.
    fn quarantine_record(&mut self, record: &RecordDeclaration<'_, '_>) {
        if self.undeclared == Undeclared::Quarantine {
            let name = record.named.then(|| record.of.name.into());
            let values = record.of.map.iter();
            let values = values.map(|entry| (&*entry.name, entry.value.to_value())).collect();
            self.records.quarantined.push(QuarantinedRecord {
                schema: record.schema.into(),
                name,
                values,
            });
        }
    }

    /// Reports an unknown schema; `done` is the label of a warning.
    fn unknown_schema(&mut self, record: &RecordDeclaration<'_, '_>, done: &str) {
        let names = match self.diagnostics.is_full() {
            true => Vec::new(),
            false => {
                self.registry.schemas().map(|schema| Arc::clone(schema.shared_name())).collect()
            }
        };
        let suggestion = self.diagnostics.nearest(record.schema, &names);
        let end = did_you_mean(suggestion.as_deref());
        let message = format!("unknown schema {}{end}", quoted(record.schema));
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
            false => diagnostic.help(format!("known schemas: {}", listed(&names))),
        });
    }

    fn report_undeclared_names(&mut self) {
        let mut undeclared_names: Vec<_> =
            std::mem::take(&mut self.undeclared_names).into_iter().collect();
        let first = |occurrences: &Occurrences| {
            occurrences.first.first().map(|place| (place.file, place.span.start))
        };
        undeclared_names.sort_by_key(|(_, occurrences)| first(occurrences));
        for ((schema, name), occurrences) in undeclared_names {
            let Some(schema) = self.registry.schema(&schema) else { continue };
            let label = self.undeclared.label();
            let is_refused = self.undeclared == Undeclared::Refuse;
            let undeclared = |diagnostics: &mut Diagnostics| {
                let slots = schema.slots().iter().map(|slot| slot.shared_name());
                let suggestion = diagnostics.nearest(&name, slots);
                undeclared(schema, &name, &occurrences, suggestion, label, is_refused)
            };
            match is_refused {
                true => self.diagnostics.push_with(undeclared),
                false => self.diagnostics.warn_with(undeclared),
            }
        }
    }

    /// Applies a patch to a record of this pack or an earlier one.
    fn patch<'p>(
        &mut self,
        patch: &RecordDeclaration<'p, '_>,
        patched: &mut HashMap<(u32, u16), (usize, Place)>,
        unknown: &mut HashSet<&'p str>,
    ) {
        let registry = self.registry;
        let Some(schema) = registry.schema(patch.schema) else {
            if !self.schemas.broken.contains(patch.schema) && unknown.insert(patch.schema) {
                self.unknown_schema(patch, "its patches are ignored");
            }
            return;
        };
        let Some(number) = self.find_to_patch(schema, patch) else { return };
        let entries = self.entries(schema, patch, true);
        let is_fixed = |entry: &&Entry<'_>| matches!(&*entry.name, "inherits" | "abstract");
        for entry in patch.of.map.iter().filter(is_fixed) {
            let place = Place { file: patch.of.place.file, span: entry.span };
            self.diagnostics.push_with(|_| {
                let message = format!("a patch cannot change {} of a record", quoted(&entry.name));
                Diagnostic::error(Code::Unexpected, message)
                    .at(place, "not allowed in a patch")
                    .help("a patch of a record can only change slot values")
            });
        }
        let slots = entries.values.iter().map(|given| &schema.slots()[usize::from(given.slot)]);
        let said = slots.map(|slot| slot.shared_name());
        let said = said.chain(entries.quarantined.iter().map(|quarantined| &quarantined.name));
        let said: HashSet<Arc<str>> = said.cloned().collect();
        for given in entries.values {
            let key = (number, given.slot);
            if let Some((pack, place)) = patched.insert(key, (patch.of.pack, given.place))
                && pack == patch.of.pack
            {
                let slot = schema.slots()[usize::from(given.slot)].name();
                let (slot, record) = (quoted(slot), quoted(patch.of.name));
                let message = format!("one pack patches slot {slot} of {record} twice");
                self.diagnostics.push(
                    Diagnostic::error(Code::Conflict, message)
                        .at(given.place, "patched here again")
                        .at(place, "first patched here"),
                );
            }
            let values = &mut self.records.list[number as usize].values;
            match values.binary_search_by_key(&given.slot, |own| own.slot) {
                Ok(position) => values[position] = given,
                Err(position) => values.insert(position, given),
            }
        }
        let quarantined = &mut self.records.list[number as usize].quarantined;
        quarantined.retain(|own| !said.contains(&own.name));
        quarantined.extend(entries.quarantined);
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
                .at(patch.of.place, "no record name")
                .help(format!("write patches.records.{of}.NAME"));
            self.diagnostics.push(diagnostic);
            return None;
        }
        let records = &self.records;
        let same_name = records.by_name.get(patch.of.name).into_iter().flatten();
        let found =
            same_name.copied().find(|number| records.list[*number as usize].schema == schema.id());
        let Some(number) = found else {
            let names = records
                .list
                .iter()
                .map(|record| record.name.as_ref().filter(|_| record.schema == schema.id()));
            let suggestion = self.diagnostics.nearest_of(patch.of.name, names);
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("cannot patch unknown record {name} of {of}{end}");
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
                    .at(record.place, "defined here, by a later pack")
                    .help("list that pack under 'requires' in this pack's manifest"),
            );
            return None;
        }
        Some(number)
    }
}

fn undeclared(
    schema: &RegisteredSchema,
    name: &str,
    occurrences: &Occurrences,
    suggestion: Option<Arc<str>>,
    label: &str,
    is_refused: bool,
) -> Diagnostic {
    let (of, end) = (quoted(schema.name()), did_you_mean(suggestion.as_deref()));
    let message = format!("{of} object has no slot {}{end}", quoted(name));
    let count = match occurrences.count {
        1 if is_refused => String::new(),
        1 => " in 1 record".to_owned(),
        count => format!(" in {count} records"),
    };
    let severity = if is_refused { Severity::Error } else { Severity::Warning };
    let mut diagnostic = Diagnostic::error(Code::UndeclaredSlot, message).with(severity);
    // A warning is about many records at once; what is refused has to be found.
    let shown = if is_refused { SHOWN_PLACES } else { 1 };
    for (number, place) in occurrences.first.iter().take(shown).enumerate() {
        let text = if number == 0 { format!("{label}{count}") } else { "here too".to_owned() };
        diagnostic = diagnostic.at(*place, text);
    }
    let help = match (name, schema.slots()) {
        (
            "extends" | "parent" | "base" | "prototype" | "copy-from" | "copy_from" | "template"
            | "inherit",
            _,
        ) => "use 'inherits' instead".to_owned(),
        (_, []) => format!("{of} has no slots"),
        (_, slots) => {
            let names: Vec<_> = slots.iter().map(|slot| Arc::clone(slot.shared_name())).collect();
            format!("slots of {of}: {}", listed(&names))
        }
    };
    let needs_help = is_refused && suggestion.is_none();
    let diagnostic = diagnostic.suggest(suggestion).look_alike(name);
    if needs_help { diagnostic.help(help) } else { diagnostic }
}

/// Lists names, shortened.
fn listed(names: &[Arc<str>]) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}
