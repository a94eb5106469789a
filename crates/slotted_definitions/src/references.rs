//! Resolves inheritance and references between records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::records::{Given, QuarantinedValue, Records, Undeclared};
use crate::source::{Files, Place};
use slotted::Kind;
use slotted::Store;
use slotted::Value;
use slotted::{ObjectId, SchemaId};
use slotted::{schema::RegisteredSchema, schema::Slot};

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
    pub(super) files: &'a Files,
    pub(super) undeclared: Undeclared,
    /// The limit of inherited values.
    pub(super) values_left: usize,
    pub(super) records: &'a mut Records,
    pub(super) diagnostics: &'a mut Diagnostics,
}

/// The reason why a reference is not resolved.
enum Unresolved {
    Unknown,
    Abstract(Place),
    Ambiguous(Vec<u32>),
    /// The record has a schema that the slot does not accept.
    OtherSchema(SchemaId),
}

impl Resolver<'_> {
    pub(super) fn resolve(&mut self) {
        self.references();
        let order = self.parents_first();
        for (record, parent) in order {
            let inherited = self.records.list[parent as usize].values.len();
            let Some(left) = self.values_left.checked_sub(inherited) else {
                let place = self.records.list[record as usize].place;
                let message = "records inherit more values than the limit allows";
                let diagnostic = Diagnostic::error(Code::Limit, message);
                self.diagnostics.push(diagnostic.at(place, "limit reached here"));
                return;
            };
            self.values_left = left;
            self.inherit((record, parent));
        }
        self.missing_values();
    }

    fn schema_of(&self, record: u32) -> &RegisteredSchema {
        let schema = self.records.list[record as usize].schema;
        self.registry.schema_by_id(schema).expect("a record's schema is registered")
    }

    /// Replaces names by ids.
    fn references(&mut self) {
        for number in 0..self.records.list.len() as u32 {
            let registry = self.registry;
            let schema = self.records.list[number as usize].schema;
            let slots = registry.schema_by_id(schema).map_or(&[][..], |schema| schema.slots());
            let is_reference = |slot: &Slot| *slot.kind().element() == Kind::Object;
            if !slots.iter().any(is_reference) {
                continue;
            }
            let mut values = std::mem::take(&mut self.records.list[number as usize].values);
            for given in &mut values {
                let slot = &slots[usize::from(given.slot)];
                if !is_reference(slot) {
                    continue;
                }
                match self.reference(number, slot, given) {
                    Some(value) => given.value = value,
                    None => self.discard(number, slot, given),
                }
            }
            self.records.list[number as usize].values = values;
        }
    }

    /// Returns whether a dangling reference in the slot is only a warning.
    fn is_forgiving(&self, slot: &Slot) -> bool {
        self.undeclared != Undeclared::Refuse && !slot.is_required()
    }

    /// Replaces the value by the default, which prevents an inherited value.
    fn discard(&mut self, record: u32, slot: &Slot, given: &mut Given) {
        let without = slot.default().cloned().unwrap_or_default();
        let value = std::mem::replace(&mut given.value, without);
        if self.undeclared == Undeclared::Quarantine {
            let (name, place) = (Arc::clone(slot.shared_name()), given.place);
            let quarantined = &mut self.records.list[record as usize].quarantined;
            quarantined.push(QuarantinedValue { name, value, place });
        }
    }

    /// Returns the value with ids instead of names, or `None` if a name is unknown.
    fn reference(&mut self, record: u32, slot: &Slot, given: &Given) -> Option<Value> {
        let mut one = |value: &Value| match value {
            Value::Text(name) => self.one_reference(record, slot, name, given.place),
            other => Some(other.clone()),
        };
        match &given.value {
            Value::List(list) => {
                // Resolves all, to report each problem.
                let ids: Vec<_> = list.iter().map(&mut one).collect();
                ids.into_iter().collect::<Option<_>>().map(Value::List)
            }
            value => one(value),
        }
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
            // The problem is only counted.
            Err(Unresolved::Unknown) if self.diagnostics.is_full() && !self.is_forgiving(slot) => {
                self.diagnostics.push(Diagnostic::error(Code::UnknownRecord, ""));
                None
            }
            Err(unresolved) => {
                let place = self.files.part(place, name);
                self.unresolved(record, slot, name, place, &unresolved);
                None
            }
        }
    }

    /// Finds the record of a name, which may be `schema/name`.
    fn find(&self, name: &str, base: Option<&str>) -> Result<u32, Unresolved> {
        /// The number of matches to report.
        const MOST: usize = 3;
        let registry = &self.registry;
        let of = |record: u32| self.records.list[record as usize].schema;
        let is_of = |record: u32, base: Option<SchemaId>| {
            base.is_some_and(|base| {
                registry.schema_and_bases(of(record)).any(|schema| schema.id() == base)
            })
        };
        let with_name = |name: &str| self.records.by_name.get(name).map_or(&[][..], |all| all);
        let id_of = |schema: &str| self.registry.schema(schema).map(RegisteredSchema::id);
        let (mut same_name, mut of_schema) = (with_name(name), None);
        if same_name.is_empty()
            && let Some((schema, name)) = name.rsplit_once('/')
        {
            (same_name, of_schema) = (with_name(name), Some(id_of(schema)));
        }
        let base = base.map(id_of);
        // `schema/name` names exactly this schema, so that any record can be named.
        let is_named = |record: &u32| of_schema.is_none_or(|schema| schema == Some(of(*record)));
        let is_meant = |record: &u32| base.is_none_or(|base| is_of(*record, base));
        let mut named = same_name.iter().copied().filter(is_named).peekable();
        let Some(any) = named.peek().copied() else { return Err(Unresolved::Unknown) };
        let mut meant = named.filter(is_meant).peekable();
        let Some(first) = meant.peek().copied() else {
            return Err(Unresolved::OtherSchema(of(any)));
        };
        let is_concrete = |record: &u32| !self.records.list[*record as usize].is_abstract;
        let found: Vec<u32> = meant.filter(is_concrete).take(MOST).collect();
        match &*found {
            [] => Err(Unresolved::Abstract(self.records.list[first as usize].place)),
            [one] => Ok(*one),
            _ => Err(Unresolved::Ambiguous(found)),
        }
    }

    fn unresolved(&mut self, record: u32, slot: &Slot, name: &str, place: Place, why: &Unresolved) {
        let of = self.schema_of(record);
        let owner = format!("slot {} of {}", quoted(slot.name()), quoted(of.name()));
        let shown = quoted(name);
        let diagnostic = match why {
            Unresolved::Unknown => {
                let suggestion = self.diagnostics.nearest(name, self.records.names());
                let end = did_you_mean(suggestion.as_deref());
                let message = format!("{owner} refers to {shown}, which does not exist{end}");
                Diagnostic::error(Code::UnknownRecord, message)
                    .at(place, "no such record")
                    .suggest(suggestion)
                    .look_alike(name)
            }
            Unresolved::Abstract(defined) => {
                let message = format!("{owner} refers to {shown}, which is abstract");
                Diagnostic::error(Code::UnknownRecord, message)
                    .at(place, "abstract records do not become objects")
                    .at(*defined, "defined here")
            }
            Unresolved::Ambiguous(records) => {
                let schemas = records.iter().map(|record| self.schema_of(*record).name());
                let names: Vec<_> = schemas.map(|schema| format!("'{schema}/{name}'")).collect();
                let message = format!("{owner} refers to {shown}, which is ambiguous");
                let diagnostic = Diagnostic::error(Code::Ambiguous, message)
                    .at(place, "matches several records")
                    .help(format!("write {}", names.join(" or ")));
                records.iter().fold(diagnostic, |diagnostic, record| {
                    let defined = self.records.list[*record as usize].place;
                    diagnostic.at(defined, "one match")
                })
            }
            Unresolved::OtherSchema(found) => {
                let found = self.registry.schema_by_id(*found).map_or("", |schema| schema.name());
                let base = slot.references().unwrap_or_default();
                let message = format!(
                    "{owner} refers to {shown}, a record of {}, not of {}",
                    quoted(found),
                    quoted(base)
                );
                Diagnostic::error(Code::BadValue, message)
                    .at(place, format!("expected a record of {}", quoted(base)))
                    .expected_found(base, found)
            }
        };
        let is_discarded = matches!(why, Unresolved::Unknown) && self.is_forgiving(slot);
        self.diagnostics.push(match is_discarded {
            true => diagnostic.into_warning(self.undeclared.label()),
            false => diagnostic,
        });
    }

    /// Returns the records that inherit, each after its parent.
    fn parents_first(&mut self) -> Vec<(u32, u32)> {
        let mut parents = vec![None; self.records.list.len()];
        let mut named: Vec<_> = std::mem::take(&mut self.records.parents).into_iter().collect();
        named.sort_by_key(|(record, _)| *record);
        let mut places = HashMap::new();
        for (record, (name, place)) in &named {
            parents[*record as usize] = self.parent(*record, name, *place);
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
        let same_name = self.records.by_name.get(name).map_or(&[][..], |all| all);
        let of = |base: SchemaId| {
            let is_of = |other: &&u32| self.records.list[**other as usize].schema == base;
            same_name.iter().find(is_of).copied()
        };
        let found = self.registry.schema_and_bases(schema).find_map(|base| of(base.id()));
        if found.is_some() {
            return found;
        }
        let own = quoted(self.schema_of(record).name());
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
        self.diagnostics.push(diagnostic);
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
        let mut own = own.into_iter().peekable();
        for theirs in inherited {
            while let Some(mine) = own.next_if(|mine| mine.slot < theirs.slot) {
                values.push(mine);
            }
            if own.peek().is_none_or(|mine| mine.slot != theirs.slot) {
                values.push(theirs.clone());
            }
        }
        values.extend(own);
        self.records.list[record as usize].values = values;
    }

    /// Adds the quarantined values of the parent.
    fn inherit_quarantined(&mut self, number: u32, parent: u32) {
        let of_parent = self.records.list[parent as usize].quarantined.clone();
        if of_parent.is_empty() {
            return;
        }
        let slots = self.schema_of(number).slots();
        let record = &self.records.list[number as usize];
        let given = record.values.iter().map(|given| slots[usize::from(given.slot)].shared_name());
        let own = given.chain(record.quarantined.iter().map(|quarantined| &quarantined.name));
        let own: HashSet<&Arc<str>> = own.collect();
        let inherited =
            of_parent.into_iter().filter(|quarantined| !own.contains(&quarantined.name));
        let inherited: Vec<QuarantinedValue> = inherited.collect();
        self.records.list[number as usize].quarantined.extend(inherited);
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
        for record in self.records.list.iter().filter(|record| !record.is_abstract) {
            let Some(schema) = self.registry.schema_by_id(record.schema) else { continue };
            if record.values.len() == schema.slots().len() {
                continue;
            }
            for slot in &required[record.schema.index()] {
                let given = record.values.binary_search_by_key(slot, |given| given.slot);
                if given.is_err() {
                    let slot = &schema.slots()[usize::from(*slot)];
                    let has_name = record.name.is_some();
                    self.diagnostics.push_with(|_| missing(schema, slot, record.place, has_name));
                }
            }
        }
    }
}

fn missing(schema: &RegisteredSchema, slot: &Slot, place: Place, has_name: bool) -> Diagnostic {
    let (of, name, kind) = (quoted(schema.name()), quoted(slot.name()), slot.kind());
    let message = format!("{of} object needs a value for slot {name} ({kind})");
    let diagnostic = Diagnostic::error(Code::MissingValue, message)
        .at(place, format!("missing {name}"))
        .expected_found(kind.to_string(), "nothing");
    match has_name {
        true => diagnostic
            .help("if other records only inherit from this one, mark it with abstract = true"),
        false => diagnostic,
    }
}
