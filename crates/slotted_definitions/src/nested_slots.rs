//! Declarations of nested records: slots whose parts are declared under `slots`, or whose kind is the name of a schema.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::keys::Reading;
use crate::kind_name;
use crate::node::{Data, Entry, Node};
use crate::slot::SlotDeclaration;
use crate::source::Place;

/// The nested record that a declaration belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Within {
    /// The name of the record and a dot; empty outside of nested records.
    prefix: String,
    /// The same with the record's former name, if it has one.
    former: Option<String>,
    /// `true` if a record may leave it out as a whole.
    is_optional: bool,
}

impl Within {
    /// Returns the name of a slot in this record.
    pub(super) fn name(&self, part: &str) -> String {
        format!("{}{part}", self.prefix)
    }

    /// Returns the former name of a part, given its name and its own former name.
    pub(super) fn former_name(&self, name: &str, own: Option<&str>) -> Option<String> {
        let part = name.strip_prefix(&*self.prefix).unwrap_or(name);
        let prefix = self.former.as_ref().or(own.map(|_| &self.prefix))?;
        Some(format!("{prefix}{}", own.unwrap_or(part)))
    }

    /// Returns the place of a slot within this record, given its place within the schema of this record.
    pub(super) fn around(&self, inner: &Self) -> Self {
        let prefix = self.name(&inner.prefix);
        let former = match (&self.former, &inner.former) {
            (None, None) => None,
            (outer, own) => {
                let outer = outer.as_ref().unwrap_or(&self.prefix);
                Some(format!("{outer}{}", own.as_ref().unwrap_or(&inner.prefix)))
            }
        };
        Self { prefix, former, is_optional: self.is_optional || inner.is_optional }
    }

    pub(super) const fn is_optional(&self) -> bool {
        self.is_optional
    }

    /// Returns the nested record of this name in this one.
    pub(super) fn record(&self, name: &str, former: Option<&str>, is_optional: bool) -> Self {
        let dotted = |prefix: &str, name: &str| format!("{prefix}{name}.");
        let outer = self.former.as_ref().unwrap_or(&self.prefix);
        let is_renamed = former.is_some() || self.former.is_some();
        Self {
            prefix: dotted(&self.prefix, name),
            former: is_renamed.then(|| dotted(outer, former.unwrap_or(name))),
            is_optional: self.is_optional || is_optional,
        }
    }
}

/// The keys of a nested record.
const KEYS: [&str; 3] = ["slots", "optional", "renamed_from"];

/// Returns the parts of a nested record and the record, or `None` if the entry declares something else. A patch can change the
/// parts of a known record, but not the record.
pub(super) fn parts<'n, 's>(
    entry: &'n Entry<'s>,
    within: &Within,
    is_known: impl Fn(&str) -> bool,
    reading: &mut Reading<'_>,
) -> Option<(&'n Node<'s>, Within)> {
    let Data::Map(map) = &entry.value.data else { return None };
    let slots = map.iter().find(|key| key.name == "slots")?;
    let (mut former, mut is_optional) = (None, false);
    for key in reading.once(map, "the nested record") {
        match &*key.name {
            "slots" => {}
            "optional" | "renamed_from" if is_known(&format!("{}.", within.name(&entry.name))) => {
                let message =
                    format!("a patch cannot change {} of a nested record", quoted(&key.name));
                let place = reading.place(key.span);
                let diagnostic = Diagnostic::error(Code::Unexpected, message);
                let help = "change it for each part, under 'slots'";
                reading.diagnostics.push(diagnostic.at(place, "not allowed in a patch").help(help));
            }
            "optional" => is_optional = reading.bool(&key.value, "'optional'").unwrap_or_default(),
            "renamed_from" => former = reading.text(&key.value, "'renamed_from'"),
            _ => {
                let help = "each part has its own kind, default and constraints under 'slots'";
                reading.unknown(key, "a nested record", &KEYS, Some(help));
            }
        }
    }
    Some((&slots.value, within.record(&entry.name, former, is_optional)))
}

/// A schema whose slots can be the parts of nested records.
pub(super) struct Nestable<'m, 'n, 's> {
    pub(super) name: &'n str,
    pub(super) extends: Option<&'n str>,
    pub(super) slots: &'m [SlotDeclaration<'n, 's>],
}

/// Replaces slots whose kind is the name of a schema by the slots of that schema.
pub(super) struct Expansion<'m, 'n, 's> {
    schemas: Vec<Nestable<'m, 'n, 's>>,
    positions: HashMap<&'n str, usize>,
    /// The most slots of one schema.
    most: usize,
    /// The slots, records and bases that may follow in all schemas.
    left: Cell<usize>,
}

/// A deeper part has a longer name than slots may have.
const DEEPEST: usize = 64;

/// The expansion of one schema.
struct Expanded<'n, 's> {
    slots: Vec<SlotDeclaration<'n, 's>>,
    /// The slots and nested records that may follow: two records in each of 60 levels would never end.
    left: usize,
    /// The schemas around the current slot.
    around: Vec<usize>,
}

impl<'m, 'n, 's> Expansion<'m, 'n, 's> {
    /// Begins the expansion of schemas with at most this many slots each, and `all` together.
    pub(super) fn new(schemas: Vec<Nestable<'m, 'n, 's>>, most: usize, all: usize) -> Self {
        let names = schemas.iter().enumerate();
        let positions = names.map(|(position, schema)| (schema.name, position)).collect();
        Self { schemas, positions, most, left: Cell::new(all) }
    }

    /// Returns `true` if a slot of the schema has the name of a schema as its kind.
    pub(super) fn is_needed(&self, schema: usize) -> bool {
        self.schemas[schema].slots.iter().any(|slot| self.nested_schema(slot).is_some())
    }

    /// Returns the slots of a schema, or `None` after it has reported a problem.
    pub(super) fn slots(
        &self,
        schema: usize,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<SlotDeclaration<'n, 's>>> {
        let mut expanded = Expanded { slots: Vec::new(), left: self.most, around: vec![schema] };
        let own = self.schemas[schema].slots;
        self.add(own, &Within::default(), &mut expanded, diagnostics)?;
        Some(expanded.slots)
    }

    fn nested_schema(&self, slot: &SlotDeclaration<'_, '_>) -> Option<usize> {
        let kind = slot.kind_text()?;
        let position = self.positions.get(kind)?;
        kind_name::parse(kind, None).is_err().then_some(*position)
    }

    fn add(
        &self,
        slots: &[SlotDeclaration<'n, 's>],
        within: &Within,
        expanded: &mut Expanded<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        for slot in slots {
            let left = expanded.left.checked_sub(1);
            let Some(left) = left.filter(|_| self.take() && expanded.around.len() < DEEPEST) else {
                diagnostics.push(self.too_many(slot.place, expanded));
                return None;
            };
            expanded.left = left;
            let Some(schema) = self.nested_schema(slot) else {
                expanded.slots.push(slot.in_record(within));
                continue;
            };
            if expanded.around.contains(&schema) {
                diagnostics.push(self.cycle(slot, schema, expanded));
                return None;
            }
            let (former, is_optional) = slot.record_keys(diagnostics)?;
            let record = within.record(&slot.name, former, is_optional);
            expanded.around.push(schema);
            for base in self.bases(schema).into_iter().rev() {
                self.add(self.schemas[base].slots, &record, expanded, diagnostics)?;
            }
            expanded.around.pop();
        }
        Some(())
    }

    /// Returns `false` if all schemas together have too many slots.
    fn take(&self) -> bool {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Returns the schema and those that it extends, nearest first.
    fn bases(&self, schema: usize) -> Vec<usize> {
        let (mut bases, mut seen) = (vec![schema], HashSet::from([schema]));
        let base = |of: usize| self.positions.get(self.schemas[of].extends?).copied();
        // A cycle of bases is reported elsewhere.
        while let Some(next) = base(bases[bases.len() - 1]).filter(|next| seen.insert(*next)) {
            if !self.take() {
                break;
            }
            bases.push(next);
        }
        bases
    }

    fn too_many(&self, place: Place, expanded: &Expanded<'_, '_>) -> Diagnostic {
        let name = quoted(self.schemas[expanded.around[0]].name);
        let message = format!(
            "schema {name} has too many slots with those of its nested records, or they are nested too deep; \
             the limit is {} slots",
            self.most
        );
        Diagnostic::error(Code::Limit, message).at(place, "limit reached here")
    }

    fn cycle(
        &self,
        slot: &SlotDeclaration<'_, '_>,
        schema: usize,
        expanded: &Expanded<'_, '_>,
    ) -> Diagnostic {
        let name = quoted(self.schemas[schema].name);
        let holder = quoted(self.schemas[expanded.around[expanded.around.len() - 1]].name);
        let message = match holder == name {
            true => format!("schema {name} contains itself as a nested record"),
            false => format!("schema {name} contains itself as a nested record, through {holder}"),
        };
        Diagnostic::error(Code::Cycle, message).at(slot.place, "it would never end").help(format!(
            "to refer to another object, write kind = \"object\", references = {name}"
        ))
    }
}
