//! Resolves inheritance and references between records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::blame::{patched, with_patch};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, did_you_mean, quoted};
use crate::given::{Given, Values};
use crate::named::Named;
use crate::nameless::Nameless;
use crate::optional_records::given_in_part;
use crate::packs::Packs;
use crate::records::{QuarantinedValue, Records, Undeclared};
use crate::removed::Removed;
use crate::schemas::Schemas;
use crate::source::{Files, Place};
use crate::words::{Word, Words};
use slotted::Kind;
use slotted::Store;
use slotted::Value;
use slotted::schema::{Problem, ProblemKind, RegisteredSchema, Shape, Slot};
use slotted::{ObjectId, SchemaId};

/// Returns the id that refers to a record: the row is the record's number.
pub(super) const fn local_id(record: u32) -> ObjectId {
    match ObjectId::from_bits(1 << 32 | record as u64) {
        Some(id) => id,
        None => unreachable!(),
    }
}

/// Resolves names of records.
pub(super) struct Resolver<'a> {
    pub(super) registry: &'a Store,
    pub(super) schemas: &'a Schemas,
    pub(super) files: &'a Files,
    pub(super) packs: &'a Packs,
    pub(super) undeclared: Undeclared,
    /// The limit of inherited values.
    pub(super) values_left: usize,
    pub(super) named: Named,
    /// Records whose parents are unknown. Their missing values are not reported.
    pub(super) incomplete: HashSet<u32>,
    /// A record needs a missing one. The values have its name in place of an id.
    pub(super) lacks_any: bool,
    pub(super) records: &'a mut Records,
    pub(super) diagnostics: &'a mut Diagnostics,
}

/// The reason why a reference is not resolved.
pub(super) enum Unresolved {
    Unknown,
    Abstract(Place),
    /// The place and pack of the patch that deletes it.
    Deleted((Place, usize)),
    Ambiguous(Vec<u32>),
    /// The record has a schema that the slot does not accept.
    OtherSchema(SchemaId),
}

impl Resolver<'_> {
    pub(super) fn resolve(mut self) {
        self.keep_changes_of_kept();
        self.references();
        let order = self.parents_first();
        let heirs: HashSet<u32> = order.iter().map(|(record, _)| *record).collect();
        let mut changed: Vec<u32> = self.records.changes.keys().copied().collect();
        changed.retain(|record| !heirs.contains(record));
        changed.sort_unstable();
        for record in changed {
            self.change(record);
        }
        for (record, parent) in order {
            let inherited = self.records.list[parent as usize].values.len();
            if !self.afford(inherited, record, "records inherit more values than the limit allows")
            {
                return;
            }
            self.inherit((record, parent));
            if self.incomplete.contains(&parent) {
                self.incomplete.insert(record);
            }
            self.change(record);
        }
        self.missing_values();
        self.complete_optional_records();
        self.check_nested();
        let aside = self.keep_aside();
        self.remove(aside);
    }

    /// Counts values towards the limit; reports when it is reached.
    pub(super) fn afford(&mut self, values: usize, record: u32, message: &str) -> bool {
        let left = self.values_left.checked_sub(values);
        if left.is_none() {
            let place = self.records.list[record as usize].place;
            let diagnostic = Diagnostic::error(Code::Limit, message);
            self.diagnostics.push(diagnostic.at(place, "limit reached here"));
        }
        self.values_left = left.unwrap_or_default();
        left.is_some()
    }

    pub(super) fn schema_of(&self, record: u32) -> &RegisteredSchema {
        let schema = self.records.list[record as usize].schema;
        self.registry.schema_by_id(schema).expect("a record's schema is registered")
    }

    /// Replaces names by ids.
    fn references(&mut self) {
        let registry = self.registry;
        let is_reference = |slot: &Slot| *slot.kind().element() == Kind::Object;
        let schemas = registry.schemas().map(|schema| schema.slots());
        let schemas: Vec<_> =
            schemas.map(|slots| (slots, slots.iter().any(is_reference))).collect();
        for number in 0..self.records.list.len() as u32 {
            let schema = self.records.list[number as usize].schema;
            let Some((slots, true)) = schemas.get(schema.index()).copied() else { continue };
            if let Some(changes) = self.records.changes.remove(&number) {
                let changes = self.changes_with_ids(number, changes);
                self.records.changes.insert(number, changes);
            }
            let values = &self.records.list[number as usize].values;
            if !values.slots().any(|slot| is_reference(&slots[usize::from(slot)])) {
                continue;
            }
            let mut values: Vec<Given> = values.iter().collect();
            let removed = Removed::of(self.records.changes.get(&number), slots, &values);
            let mut lists: Vec<&str> = Vec::new();
            for given in &mut values {
                let slot = &slots[usize::from(given.slot)];
                if !is_reference(slot) {
                    continue;
                }
                let is_removed = |at: usize, name: &str| removed.contains(given.slot, at, name);
                let of = (number, slot, given.place);
                match self.reference(of, &given.value, &is_removed) {
                    Some(value) => given.value = value,
                    // The name stays: the record is kept aside.
                    None if is_needed(self.schema_of(number), slot) => {}
                    None => match whole_name(registry, schema, slot) {
                        Some(list) => lists.push(list),
                        None => self.discard(number, slot, given),
                    },
                }
            }
            // The parts of a list belong together.
            for given in &mut values {
                let slot = &slots[usize::from(given.slot)];
                if whole_name(registry, schema, slot).is_some_and(|list| lists.contains(&list)) {
                    self.discard(number, slot, given);
                }
            }
            self.records.list[number as usize].values = values.into();
        }
    }

    /// Replaces the value by the default, which prevents an inherited value.
    pub(super) fn discard(&mut self, record: u32, slot: &Slot, given: &mut Given) {
        self.records.without_value.insert(given.place);
        let without = slot.default().cloned().unwrap_or_default();
        let value = std::mem::replace(&mut given.value, without);
        if self.undeclared == Undeclared::Quarantine {
            let value = self.records.with_names(self.registry, &value);
            let (name, place) = (Arc::clone(slot.shared_name()), given.place);
            let quarantined = self.records.quarantined_values.entry(record).or_default();
            quarantined.push(QuarantinedValue { name, value, place });
        }
    }

    /// Returns the value with ids instead of names, or `None` if a name is unknown. The names of deleted records stay in lists that
    /// changes remove them from, given their positions.
    pub(super) fn reference(
        &mut self,
        (record, slot, place): (u32, &Slot, Place),
        value: &Value,
        is_removed: &dyn Fn(usize, &str) -> bool,
    ) -> Option<Value> {
        let mut one = |at: usize, value: &Value| match value {
            Value::Text(name) if is_removed(at, name) && self.is_deleted(slot, name) => {
                Some(value.clone())
            }
            Value::Text(name) => self.one_reference(record, slot, name, place),
            other => Some(other.clone()),
        };
        match value {
            Value::List(list) => {
                // Resolves all, to report each problem.
                let ids: Vec<_> = list.iter().enumerate().map(|(at, name)| one(at, name)).collect();
                ids.into_iter().collect::<Option<_>>().map(Value::List)
            }
            value => one(0, value),
        }
    }

    fn is_deleted(&self, slot: &Slot, name: &str) -> bool {
        matches!(self.find(name, slot.references()), Err(Unresolved::Deleted(_)))
    }

    fn one_reference(
        &mut self,
        record: u32,
        slot: &Slot,
        name: &str,
        place: Place,
    ) -> Option<Value> {
        match self.find(name, slot.references()) {
            Ok(found) => Some(local_id(found).into()),
            // Its schema is reported already.
            Err(Unresolved::Unknown) if self.records.of_broken_schemas.contains(name) => None,
            Err(Unresolved::Unknown) if self.diagnostics.holds_back(own_name(name)) => None,
            // The record is kept aside, with a warning.
            Err(Unresolved::Unknown | Unresolved::Deleted(_))
                if self.undeclared != Undeclared::Refuse
                    && is_needed(self.schema_of(record), slot) =>
            {
                self.lacks_any = true;
                None
            }
            Err(unresolved) => {
                let schema = self.records.list[record as usize].schema;
                let (place, label) = (self.files.part(place, name), self.undeclared.label());
                self.unresolved((schema, slot), (name, place), &unresolved, label);
                None
            }
        }
    }

    /// Finds the record of a name, which may be `schema/name`.
    pub(super) fn find(&self, name: &str, base: Option<&str>) -> Result<u32, Unresolved> {
        let (records, registry) = (&*self.records, self.registry);
        let id_of = |schema: &str| registry.schema(schema).map(RegisteredSchema::id);
        let (mut name, mut exactly) = (name, None);
        if records.same_name(name).is_empty() && name.contains('/') {
            // `schema/name` names exactly this schema, so that any record can be named. Both may have further slashes.
            let parts = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
            let mut known = parts.filter_map(|(schema, name)| Some((id_of(schema)?, name)));
            let first = known.next().ok_or(Unresolved::Unknown)?;
            let is_there = |(_, name): &(SchemaId, &str)| !records.same_name(name).is_empty();
            let meant = std::iter::once(first).chain(known).find(is_there).unwrap_or(first);
            (name, exactly) = (meant.1, Some(meant.0));
        }
        let named = self.named.meant(records, name, None, exactly);
        let Some(any) = named.any else { return Err(Unresolved::Unknown) };
        let of = |record: u32| records.list[record as usize].schema;
        let meant = match base {
            None => named,
            Some(base) => {
                // The schema of a removed mod, whose records are missing too.
                let no_base = match self.undeclared {
                    Undeclared::Refuse => Unresolved::OtherSchema(of(any)),
                    _ => Unresolved::Unknown,
                };
                let base = id_of(base).ok_or(no_base)?;
                self.named.meant(records, name, Some(base), exactly)
            }
        };
        let Some(first) = meant.any else { return Err(Unresolved::OtherSchema(of(any))) };
        match &*meant.concrete {
            [] => Err(match records.deleted.get(&first) {
                Some(patch) => Unresolved::Deleted(*patch),
                None => Unresolved::Abstract(records.list[first as usize].place),
            }),
            [one] => Ok(*one),
            _ => Err(Unresolved::Ambiguous(meant.concrete)),
        }
    }

    /// Reports a reference. The label is that of a warning about a missing record.
    pub(super) fn unresolved(
        &mut self,
        (schema, slot): (SchemaId, &Slot),
        (name, place): (&str, Place),
        why: &Unresolved,
        label: &str,
    ) {
        let Some(of) = self.registry.schema_by_id(schema) else { return };
        let owner = format!("slot {} of {}", quoted(slot.name()), quoted(of.name()));
        let shown = quoted(name);
        let is_gone = matches!(why, Unresolved::Unknown | Unresolved::Deleted(_));
        let is_refused = !is_gone || self.undeclared == Undeclared::Refuse;
        let key = self.diagnostics.key(&format!("{owner} refers to {name} {label}"));
        if self.diagnostics.is_again(key, place) {
            return;
        }
        if self.diagnostics.is_full() {
            // The problem is only counted.
            let severity = if is_refused { Severity::Error } else { Severity::Warning };
            let diagnostic = Diagnostic::error(Code::UnknownRecord, "").with(severity);
            return self.diagnostics.push(diagnostic.of_many(key));
        }
        let diagnostic = match why {
            Unresolved::Unknown => self.unknown(&owner, slot, name, place),
            Unresolved::Abstract(defined) => {
                let message = format!("{owner} refers to {shown}, which is abstract");
                Diagnostic::error(Code::UnknownRecord, message)
                    .at(place, "abstract records do not become objects")
                    .at(*defined, "defined here")
            }
            Unresolved::Deleted((patch, pack)) => {
                let pack = quoted(self.packs.name(*pack));
                let message = format!("{owner} refers to {shown}, which pack {pack} deletes");
                Diagnostic::error(Code::UnknownRecord, message)
                    .at(place, "no such record any more")
                    .at(*patch, "deleted here")
            }
            Unresolved::Ambiguous(records) => {
                let schemas = records.iter().map(|record| self.schema_of(*record).name());
                let names = schemas.map(|schema| format!("'{schema}/{name}'")).collect();
                let message = format!("{owner} refers to {shown}, which is ambiguous");
                let diagnostic = Diagnostic::error(Code::Ambiguous, message);
                let diagnostic =
                    diagnostic.at(place, "matches several records").help(choice_of(names));
                records.iter().fold(diagnostic, |diagnostic, record| {
                    let defined = self.records.list[*record as usize].place;
                    diagnostic.at(defined, "one match")
                })
            }
            Unresolved::OtherSchema(found) => {
                let found = self.registry.schema_by_id(*found).map_or("", |schema| schema.name());
                let base = slot.references().unwrap_or_default();
                let (of, own) = (quoted(found), quoted(base));
                let message = format!("{owner} refers to {shown}, a record of {of}, not of {own}");
                Diagnostic::error(Code::BadValue, message)
                    .at(place, format!("expected a record of {}", quoted(base)))
                    .expected_found(base, found)
            }
        };
        let diagnostic = diagnostic.of_many(key);
        self.diagnostics.push(match is_refused {
            true => diagnostic,
            false => diagnostic.into_warning(label),
        });
    }

    fn unknown(&mut self, owner: &str, slot: &Slot, name: &str, place: Place) -> Diagnostic {
        let shown = quoted(name);
        let suggestion = self.diagnostics.nearest(name, self.records.names());
        let end = did_you_mean(suggestion.as_deref());
        let message = format!("{owner} refers to {shown}, which does not exist{end}");
        let diagnostic = Diagnostic::error(Code::UnknownRecord, message)
            .at(place, "no such record")
            .suggest(suggestion)
            .look_alike(name);
        let base = slot.references().and_then(|base| Some(self.registry.schema(base)?.id()));
        let named = &self.named;
        let fits = |own| base.is_none_or(|base| named.extends(own, base));
        let of = (&*self.records, self.registry);
        let nameless = match self.diagnostics.is_full() || name.is_empty() {
            true => None,
            false => Nameless::find(of, own_name(name), fits, self.diagnostics),
        };
        match nameless {
            _ if name.is_empty() => {
                let ([unset], end) =
                    self.records.words.at(place).advised([Word::Unset], self.registry);
                diagnostic.help(format!(
                    "leave the slot out; if the record inherits a value, write {unset} = [\"{}\"]{end}",
                    slot.name()
                ))
            }
            Some(nameless) => nameless.shown(diagnostic),
            None => diagnostic,
        }
    }

    /// Returns the records that inherit, each after its parent.
    fn parents_first(&mut self) -> Vec<(u32, u32)> {
        let mut parents = vec![None; self.records.list.len()];
        let mut named: Vec<_> = std::mem::take(&mut self.records.parents).into_iter().collect();
        named.sort_by_key(|(record, _)| *record);
        let mut places = HashMap::new();
        for (record, (name, place)) in &named {
            parents[*record as usize] = self.parent(*record, name, *place);
            if parents[*record as usize].is_none() {
                self.incomplete.insert(*record);
            }
            places.insert(*record, *place);
        }
        let (mut state, mut order) = (vec![0_u8; parents.len()], Vec::new());
        for (start, _) in named {
            let (mut path, mut next) = (Vec::new(), Some(start));
            while let Some(at) = next.filter(|at| state[*at as usize] == 0) {
                state[at as usize] = 1;
                path.push(at);
                next = parents[at as usize];
            }
            if let Some(at) = next.filter(|at| state[*at as usize] == 1) {
                let first = path.iter().position(|other| *other == at).unwrap_or_default();
                self.report_cycle(&path[first..], &places);
                path[first..].iter().for_each(|at| parents[*at as usize] = None);
            }
            for at in path.into_iter().rev() {
                state[at as usize] = 2;
                order.extend(parents[at as usize].map(|parent| (at, parent)));
            }
        }
        order
    }

    /// Finds the parent in the record's own schema or the nearest base.
    fn parent(&mut self, record: u32, name: &Arc<str>, place: Place) -> Option<u32> {
        let parent = Arc::clone(name);
        let schema = self.records.list[record as usize].schema;
        if let Some(found) = self.named.parent(self.records, name, schema) {
            return Some(found);
        }
        let same_name = self.records.same_name(name);
        // Its schema is reported already, or its file.
        if same_name.is_empty()
            && (self.records.of_broken_schemas.contains(name) || self.diagnostics.holds_back(name))
        {
            return None;
        }
        let own = quoted(self.schema_of(record).name());
        let key = self.diagnostics.key(&format!("a record of {own} inherits from {name}"));
        if self.diagnostics.is_again(key, place) {
            return None;
        }
        let other = same_name.first().map(|other| self.schema_of(*other).name());
        let diagnostic = if let Some(other) = other {
            let (name, other) = (quoted(name), quoted(other));
            let message =
                format!("a record of {own} cannot inherit from {name}, a record of {other}");
            let defined = self.records.list[same_name[0] as usize].place;
            Diagnostic::error(Code::UnknownRecord, message)
                .at(place, "record of another schema")
                .at(defined, "defined here")
                .help(format!("choose a record of {own}, or of a schema that {own} extends"))
        } else {
            let bases: Vec<_> =
                self.registry.schema_and_bases(schema).map(RegisteredSchema::id).collect();
            let names = self
                .records
                .list
                .iter()
                .map(|record| record.name.as_ref().filter(|_| bases.contains(&record.schema)));
            let suggestion = self.diagnostics.nearest_of(name, names);
            let end = did_you_mean(suggestion.as_deref());
            let message = format!("cannot inherit from unknown record {}{end}", quoted(name));
            Diagnostic::error(Code::UnknownRecord, message)
                .at(place, "no such record")
                .suggest(suggestion)
                .look_alike(&parent)
        };
        self.diagnostics.push(diagnostic.of_many(key));
        None
    }

    fn report_cycle(&mut self, cycle: &[u32], places: &HashMap<u32, Place>) {
        const SHOWN: usize = 8;
        let record = |at: &u32| &self.records.list[*at as usize];
        let name = |at: &u32| record(at).name.as_deref().map_or_else(|| "a record".into(), quoted);
        let shown = cycle.iter().take(SHOWN);
        let message = match cycle {
            [one] => format!("{} inherits from itself", name(one)),
            _ => {
                let more = if cycle.len() > SHOWN { ", …" } else { "" };
                let names: Vec<_> = shown.clone().map(name).collect();
                format!("records inherit from one another: {}{more}", names.join(", "))
            }
        };
        let diagnostic = Diagnostic::error(Code::Cycle, message);
        let at = |diagnostic: Diagnostic, at: &u32| match places.get(at) {
            Some(place) => diagnostic.at(*place, format!("{} inherits here", name(at))),
            None => diagnostic,
        };
        let diagnostic = shown.fold(diagnostic, at);
        self.diagnostics.push(diagnostic);
    }

    /// Adds the values of the parent.
    fn inherit(&mut self, (record, parent): (u32, u32)) {
        self.inherit_quarantined(record, parent);
        let own = std::mem::take(&mut self.records.list[record as usize].values);
        let inherited = &self.records.list[parent as usize].values;
        let mut values = Vec::with_capacity(own.len() + inherited.len());
        let mut own = own.iter().peekable();
        for theirs in inherited.iter() {
            while let Some(mine) = own.next_if(|mine| mine.slot < theirs.slot) {
                values.push(mine);
            }
            if own.peek().is_none_or(|mine| mine.slot != theirs.slot) {
                values.push(theirs);
            }
        }
        values.extend(own);
        self.records.list[record as usize].values = values.into();
    }

    /// Adds the quarantined values of the parent.
    fn inherit_quarantined(&mut self, number: u32, parent: u32) {
        let of_parent = self.records.quarantined_values.get(&parent);
        let Some(of_parent) = of_parent.filter(|values| !values.is_empty()).cloned() else {
            return;
        };
        let schema = self.schema_of(number);
        let record = &self.records.list[number as usize];
        let name = |slot: u16| schema.slots()[usize::from(slot)].name();
        let given = record.values.slots().map(name);
        let wholes = record.values.slots().map(name);
        let wholes = wholes.filter_map(|slot| Some(schema.whole_of(slot)?.0));
        let quarantined = self.records.quarantined_values.get(&number).into_iter().flatten();
        let own = given.chain(wholes).chain(quarantined.map(|quarantined| &*quarantined.name));
        let own: HashSet<&str> = own.collect();
        let inherited =
            of_parent.into_iter().filter(|quarantined| !own.contains(&*quarantined.name));
        let inherited: Vec<QuarantinedValue> = inherited.collect();
        let own = self.records.quarantined_values.entry(number).or_default();
        own.extend(inherited);
    }

    /// Reports required slots without a value.
    fn missing_values(&mut self) {
        let required: Vec<Vec<u16>> = self
            .registry
            .schemas()
            .map(|schema| {
                let slots = schema.slots().iter().enumerate();
                let required = slots.filter(|(_, slot)| slot.is_required());
                required.map(|(at, _)| at as u16).collect()
            })
            .collect();
        let numbered = self.records.list.iter().enumerate();
        for (number, record) in numbered.filter(|(_, record)| !record.is_abstract) {
            if self.incomplete.contains(&(number as u32)) {
                continue;
            }
            let Some(schema) = self.registry.schema_by_id(record.schema) else { continue };
            if record.values.len() == schema.slots().len() {
                continue;
            }
            let mut last_list = None;
            let mut given = record.values.slots().peekable();
            for slot in &required[record.schema.index()] {
                while given.next_if(|given| given < slot).is_some() {}
                if given.peek() != Some(slot) {
                    let at = usize::from(*slot);
                    let slot = &schema.slots()[at];
                    // The parts of a list are missing together.
                    let list = schema.whole_of(slot.name()).map(|(name, _)| name);
                    if list.is_some() && std::mem::replace(&mut last_list, list) == list {
                        continue;
                    }
                    let has_name = record.name.is_some();
                    let (of, name) = (schema.name(), list.unwrap_or(slot.name()));
                    let known = format!("{of} needs {name} {has_name}");
                    let known = (&*known, record.place);
                    self.diagnostics.once_with(known, Severity::Error, |_| {
                        let keys = ["optional", "default", "kind"];
                        let (schemas, registry) = (self.schemas, self.registry);
                        let patch = patched(schemas, registry, schema, slot.name(), &keys);
                        let words =
                            record.name.as_ref().map(|_| self.records.words.at(record.place));
                        let of = (record.place, &record.values);
                        let diagnostic = missing((schema, at), of, words, registry);
                        with_patch(diagnostic, patch, self.packs)
                    });
                }
            }
        }
    }
}

/// Returns whether a record must have a nested value.
pub(super) fn is_required(schema: &RegisteredSchema, shape: &Shape) -> bool {
    let mut is_required = false;
    shape.for_each_slot(&mut |slot| is_required |= schema.slots()[slot].is_required());
    is_required
}

/// Returns whether a record must have a value in the slot, or in the list, map or union that the slot is a part of.
pub(super) fn is_needed(schema: &RegisteredSchema, slot: &Slot) -> bool {
    match schema.whole_of(slot.name()) {
        Some((_, shape)) => is_required(schema, shape),
        None => slot.is_required(),
    }
}

/// Returns the name of the list, map or union that a slot is a part of.
pub(super) fn whole_name<'s>(
    registry: &Store,
    schema: SchemaId,
    slot: &'s Slot,
) -> Option<&'s str> {
    registry.schema_by_id(schema)?.whole_of(slot.name()).map(|(name, _)| name)
}

/// Returns the diagnostic of a slot that needs a value.
pub(super) fn missing_value(problem: &Problem, place: Place, label: String) -> Diagnostic {
    let expected = match &problem.kind {
        ProblemKind::MissingNested { expected } => expected.to_string(),
        ProblemKind::Missing { expected } => expected.to_string(),
        _ => String::new(),
    };
    Diagnostic::error(Code::MissingValue, problem.to_string())
        .at(place, label)
        .expected_found(expected, "nothing")
}

/// Reports a slot without a value. The words are those of a record with a name, from which others can inherit.
fn missing(
    (schema, slot): (&RegisteredSchema, usize),
    (place, values): (Place, &Values),
    words: Option<&Words>,
    registry: &Store,
) -> Diagnostic {
    let problem = schema.missing(slot);
    let slot = quoted(&problem.slot);
    if let Some((record, place)) = given_in_part(schema, &problem.slot, values) {
        let label = format!("{} is given only in part", quoted(record));
        return missing_value(&problem, place, label).help(format!("give {slot} too"));
    }
    let diagnostic = missing_value(&problem, place, format!("missing {slot}"));
    let Some(words) = words else { return diagnostic };
    let ([word], end) = words.advised([Word::Abstract], registry);
    let help = format!("if other records only inherit from this one, mark it with {word} = true");
    diagnostic.help(help + &end)
}

/// Returns the record's name of `schema/name`.
fn own_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, name)| name)
}

/// Returns advice for a reference that these names may mean.
fn choice_of(mut names: Vec<String>) -> String {
    names.dedup();
    match &*names {
        [_] => "give one of them another name".to_owned(),
        names => format!("write {}", names.join(" or ")),
    }
}
