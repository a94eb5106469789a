//! Applies patches to records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::changes::are_changes;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::{Declaration, Deletion, RecordDeclaration};
use crate::given::Given;
use crate::infer::SameData;
use crate::nameless::Nameless;
use crate::node::Entry;
use crate::records::{
    Entries, QuarantinedRecord, QuarantinedValue, RecordReader, Undeclared, names_part,
};
use crate::source::Place;
use crate::words::{Word, Words};
use slotted::schema::{RegisteredSchema, Shape};
use slotted::{Kind, Store, Value};

impl RecordReader<'_> {
    /// Applies a patch to a record of this pack or an earlier one.
    pub(super) fn patch(&mut self, patch: &RecordDeclaration<'_, '_>, patched: &mut Patched) {
        let registry = self.registry;
        let Some(schema) = registry.schema(patch.schema) else {
            if !self.schemas.broken.contains(patch.schema) && self.is_new_unknown(patch.schema) {
                let kept = match self.undeclared {
                    Undeclared::Quarantine => "its patches are quarantined",
                    _ => "its patches are ignored",
                };
                self.unknown_schema((patch.schema, patch.schema_place), kept);
            }
            self.quarantine_patch(patch);
            return;
        };
        let Some(number) = self.find_to_patch(schema, patch) else { return };
        patched.records.entry(number).or_default().push((patch.of.pack, patch.of.place));
        self.records.partial.extend(names_part(patch).map(|place| (number, place)));
        let mut entries = self.entries(schema, patch);
        self.quarantine_changes(patch, &mut entries.quarantined);
        self.quarantine_needed(schema, patch, &mut entries);
        let is_fixed = |entry: &&Entry<'_>| {
            let word = patch.words.of_record(&entry.name);
            matches!(word, Some(Word::Inherits | Word::Abstract))
        };
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
        let mut values = self.records.list[number as usize].values.iter().collect();
        for given in entries.values {
            self.replace((number, schema), patch.of, (&mut values, given), patched);
        }
        self.records.list[number as usize].values = values.into();
        for change in entries.changes {
            if let Some((pack, place)) = patched.values.get(&(number, change.slot))
                && *pack == patch.of.pack
            {
                twice((schema, change.slot), patch.of, (change.place, *place), self.diagnostics);
            }
            self.records.changes.entry(number).or_default().push(change);
        }
        if let Some(own) = self.records.quarantined_values.get_mut(&number) {
            own.retain(|own| !said.contains(&own.name));
        }
        if !entries.quarantined.is_empty() {
            let own = self.records.quarantined_values.entry(number).or_default();
            own.extend(entries.quarantined);
        }
    }

    /// Replaces the value of a slot, and the changes by packs that the patch knows.
    fn replace(
        &mut self,
        (number, schema): (u32, &RegisteredSchema),
        patch: Declaration<'_, '_>,
        (values, given): (&mut Vec<Given>, Given),
        patched: &mut Patched,
    ) {
        let (slot, own) = (given.slot, (patch.pack, given.place));
        let position = values.binary_search_by_key(&slot, |own| own.slot);
        if let Ok(at) = position {
            self.narrowed.overwrite(values[at].place);
        }
        let name = whole_name(schema, slot);
        let is_list = name.len() < schema.slots()[usize::from(slot)].name().len();
        if let Some(earlier) = patched.values.insert((number, slot), own) {
            let is_same = position.is_ok_and(|at| values[at].value.is_same_data(&given.value));
            // The parts of a list have one problem.
            let is_problem = earlier.0 == patch.pack || !is_same;
            let is_known = is_problem
                && is_list
                && !patched.lists.insert((number, Arc::from(name), patch.pack));
            if is_known {
                // Reported with another part.
            } else if earlier.0 == patch.pack {
                twice((schema, slot), patch, (given.place, earlier.1), self.diagnostics);
            } else if !is_same {
                let what = || format!("slot {} of record {}", quoted(name), quoted(patch.name));
                let words = self.records.words.at(given.place);
                let merge = merge((schema, slot), words, self.registry);
                self.packs.overwritten(what, merge, own, earlier, self.diagnostics);
            }
        }
        if let Some(changes) = self.records.changes.get_mut(&number) {
            changes.retain(|change| {
                let is_same = change.slot == slot;
                let mut is_first =
                    || !is_list || patched.lists.insert((number, name.into(), patch.pack));
                if is_same && change.pack == patch.pack && is_first() {
                    let places = (given.place, change.place);
                    twice((schema, slot), patch, places, self.diagnostics);
                }
                !(is_same && self.packs.knows(patch.pack, change.pack))
            });
        }
        match position {
            Ok(position) => values[position] = given,
            Err(position) => values.insert(position, given),
        }
    }

    /// Marks a record as deleted. It is removed when others have inherited from it.
    pub(super) fn delete(&mut self, deletion: &Deletion<'_>, patched: &Patched) {
        let registry = self.registry;
        let Deletion { pack, schema: of, schema_place, name, place } = deletion;
        let (pack, place) = (*pack, *place);
        let Some(schema) = registry.schema(of) else {
            if !self.schemas.broken.contains(&**of) && self.is_new_unknown(of) {
                self.unknown_schema((of, *schema_place), "nothing is deleted");
            }
            return self.quarantine_deletion(deletion);
        };
        if self.absent.is_absent(of, name) {
            return self.quarantine_deletion(deletion);
        }
        let Some(number) = self.numbered(schema, name) else {
            if self.diagnostics.holds_back(name) {
                return;
            }
            let diagnostic = self.unknown_record("delete", schema, name, place);
            self.quarantine_deletion(deletion);
            return self.diagnostics.push(match self.undeclared {
                Undeclared::Refuse => diagnostic,
                _ => diagnostic.into_warning("nothing is deleted"),
            });
        };
        let record = &mut self.records.list[number as usize];
        if record.pack as usize > pack {
            return self.diagnostics.push(later_pack(schema, name, place, record.place));
        }
        // It becomes no object, and needs no values.
        record.is_abstract = true;
        record.values.iter().for_each(|given| self.narrowed.overwrite(given.place));
        self.records.deleted.entry(number).or_insert((place, pack));
        for patch in patched.records.get(&number).into_iter().flatten() {
            let (other, changed) = *patch;
            self.packs.conflict((pack, other), self.diagnostics, |own, other| {
                let (name, of) = (quoted(name), quoted(schema.name()));
                let message =
                    format!("pack {own} deletes record {name} of {of}, which pack {other} changes");
                Diagnostic::error(Code::Conflict, message)
                    .at(place, "deleted here")
                    .at(changed, format!("changed here by {other}"))
            });
        }
    }

    /// Finds a record of exactly this schema.
    fn numbered(&self, schema: &RegisteredSchema, name: &str) -> Option<u32> {
        let same_name = self.records.same_name(name);
        let is_of = |number: &u32| self.records.list[*number as usize].schema == schema.id();
        same_name.iter().copied().find(is_of)
    }

    fn unknown_record(
        &mut self,
        what: &str,
        schema: &RegisteredSchema,
        name: &str,
        place: Place,
    ) -> Diagnostic {
        let names = self.records.list.iter();
        let names =
            names.map(|record| record.name.as_ref().filter(|_| record.schema == schema.id()));
        let suggestion = self.diagnostics.nearest_of(name, names);
        let (of, end) = (quoted(schema.name()), did_you_mean(suggestion.as_deref()));
        let message = format!("cannot {what} unknown record {} of {of}{end}", quoted(name));
        let diagnostic = Diagnostic::error(Code::UnknownRecord, message)
            .at(place, "no such record")
            .suggest(suggestion)
            .look_alike(name);
        let (all, id) = ((&self.records, self.registry), schema.id());
        let nameless = match self.diagnostics.is_full() {
            true => None,
            false => Nameless::find(all, name, |own| own == id, self.diagnostics),
        };
        match nameless {
            Some(nameless) => nameless.shown(diagnostic),
            None => diagnostic,
        }
    }

    fn find_to_patch(
        &mut self,
        schema: &RegisteredSchema,
        patch: &RecordDeclaration<'_, '_>,
    ) -> Option<u32> {
        let of = quoted(schema.name());
        if !patch.named {
            let message = format!("a patch must name the record of {of} that it changes");
            let diagnostic = Diagnostic::error(Code::Unexpected, message)
                .at(patch.of.place, "no record name")
                .help(format!("write patches.records.{of}.NAME"));
            self.diagnostics.push(diagnostic);
            return None;
        }
        // The record is kept aside, and reported.
        if self.absent.is_absent(patch.schema, patch.of.name) {
            self.quarantine_patch(patch);
            return None;
        }
        let Some(number) = self.numbered(schema, patch.of.name) else {
            if self.diagnostics.holds_back(patch.of.name) {
                return None;
            }
            let diagnostic = self.unknown_record("patch", schema, patch.of.name, patch.of.place);
            self.diagnostics.push(match self.undeclared {
                Undeclared::Refuse => diagnostic,
                // The record of a removed mod.
                policy => diagnostic.into_warning(policy.label()),
            });
            self.quarantine_patch(patch);
            return None;
        };
        let record = &self.records.list[number as usize];
        if record.pack as usize > patch.of.pack {
            let (name, place) = (patch.of.name, patch.of.place);
            self.diagnostics.push(later_pack(schema, name, place, record.place));
            return None;
        }
        Some(number)
    }

    /// Keeps changes of slots that no schema declares. They start from values that are kept too.
    fn quarantine_changes(
        &mut self,
        patch: &RecordDeclaration<'_, '_>,
        quarantined: &mut Vec<QuarantinedValue>,
    ) {
        let changes =
            quarantined.extract_if(.., |quarantined| are_changes(&quarantined.value, patch.words));
        let values: Vec<_> = changes.map(|change| (change.name, change.value)).collect();
        if !values.is_empty() {
            let (schema, name) = (patch.schema.into(), Some(patch.of.name.into()));
            let values = Value::Map(values.into());
            let words = Arc::clone(patch.words);
            let patch = QuarantinedRecord { schema, name, values, words };
            self.records.quarantined_patches.push(patch);
        }
    }

    /// Keeps variants of a removed mod that a required slot cannot do without: the record keeps its own.
    fn quarantine_needed(
        &mut self,
        schema: &RegisteredSchema,
        patch: &RecordDeclaration<'_, '_>,
        entries: &mut Entries,
    ) {
        let values = entries.values.iter();
        let lost = values.filter(|given| is_lost(schema, given));
        let lost: HashSet<&str> = lost.map(|given| whole_name(schema, given.slot)).collect();
        if lost.is_empty() || self.undeclared == Undeclared::Refuse {
            return;
        }
        entries.values.retain(|given| !lost.contains(whole_name(schema, given.slot)));
        let kept = entries.quarantined.extract_if(.., |kept| {
            let name = schema.whole_of(&kept.name).map_or(&*kept.name, |(whole, _)| whole);
            lost.contains(name)
        });
        let values: Vec<_> = kept.map(|kept| (kept.name, kept.value)).collect();
        if self.undeclared == Undeclared::Quarantine {
            let (schema, name) = (patch.schema.into(), Some(patch.of.name.into()));
            let (values, words) = (Value::Map(values.into()), Words::only(&[]).into());
            let patch = QuarantinedRecord { schema, name, values, words };
            self.records.quarantined_patches.push(patch);
        }
    }

    /// Keeps a deletion without a record, if the policy says so.
    fn quarantine_deletion(&mut self, deletion: &Deletion<'_>) {
        if self.undeclared == Undeclared::Quarantine {
            let Deletion { schema, name, .. } = deletion;
            self.records.quarantined_deletions.push(((&**schema).into(), (&**name).into()));
        }
    }

    /// Keeps a patch without a record, if the policy says so.
    fn quarantine_patch(&mut self, patch: &RecordDeclaration<'_, '_>) {
        if self.undeclared == Undeclared::Quarantine && patch.named {
            self.records.quarantined_patches.push(QuarantinedRecord::of(patch));
        }
    }
}

/// Returns whether a required slot lacks its value: a variant of a removed mod, if nothing else is reported.
pub(super) fn is_lost(schema: &RegisteredSchema, given: &Given) -> bool {
    given.value.is_unset() && schema.slots()[usize::from(given.slot)].is_required()
}

/// The values and records that patches have changed.
#[derive(Default)]
pub(super) struct Patched {
    /// The last pack that replaced a value, by record and slot.
    pub(super) values: HashMap<(u32, u16), (usize, Place)>,
    /// The packs that patch a record.
    records: HashMap<u32, Vec<(usize, Place)>>,
    /// The lists with a reported problem, by record and pack.
    lists: HashSet<(u32, Arc<str>, usize)>,
}

/// Returns the name of the slot, or of the list that it is a part of.
fn whole_name(schema: &RegisteredSchema, slot: u16) -> &str {
    let name = schema.slots()[usize::from(slot)].name();
    schema.whole_of(name).map_or(name, |(list, _)| list)
}

/// Returns the change to write in place of a whole value, if the slot takes changes.
fn merge(
    (schema, slot): (&RegisteredSchema, u16),
    words: &Words,
    registry: &Store,
) -> Option<String> {
    let name = whole_name(schema, slot);
    let of_lists = || words.advised([Word::Add, Word::Remove], registry);
    Some(match schema.slots()[usize::from(slot)].kind() {
        Kind::List(_) if matches!(schema.shape(name), Some(Shape::Map(_))) => {
            let ([add, remove], end) = of_lists();
            format!("{name} = {{ {add} = {{ .. }}, {remove} = {{ .. }} }}{end}")
        }
        Kind::List(_) => {
            let ([add, remove], end) = of_lists();
            format!("{name} = {{ {add} = [..], {remove} = [..] }}{end}")
        }
        Kind::Number(_) => {
            let ([times, plus], end) = words.advised([Word::Times, Word::Plus], registry);
            format!("{name} = {{ {times} = .. }} or {{ {plus} = .. }}{end}")
        }
        _ => return None,
    })
}

fn later_pack(schema: &RegisteredSchema, name: &str, place: Place, record: Place) -> Diagnostic {
    let (of, name) = (quoted(schema.name()), quoted(name));
    let message = format!("record {name} of {of} is defined by a later pack");
    Diagnostic::error(Code::Conflict, message)
        .at(place, "patched here")
        .at(record, "defined here, by a later pack")
        .help("list that pack under 'requires' in this pack's manifest")
}

fn twice(
    (schema, slot): (&RegisteredSchema, u16),
    patch: Declaration<'_, '_>,
    (again, first): (Place, Place),
    diagnostics: &mut Diagnostics,
) {
    let slot = whole_name(schema, slot);
    let message = format!("one pack patches slot {} of {} twice", quoted(slot), quoted(patch.name));
    diagnostics.push(
        Diagnostic::error(Code::Conflict, message)
            .at(again, "patched here again")
            .at(first, "first patched here"),
    );
}
