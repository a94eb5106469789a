//! Optional records of a schema: a record of a file gives none of the parts, or all that are needed.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::given::Given;
use crate::references::Resolver;
use crate::source::Place;
use slotted::schema::{RegisteredSchema, Slot};

impl Resolver<'_> {
    /// Adds the defaults of what optional records need, and reports parts that they lack.
    pub(super) fn complete_optional_records(&mut self) {
        let has_needs = |schema: &RegisteredSchema| {
            schema.slots().iter().any(|slot| slot.needed_in().is_some())
        };
        let schemas: Vec<bool> = self.registry.schemas().map(has_needs).collect();
        for number in 0..self.records.list.len() as u32 {
            let record = &self.records.list[number as usize];
            let is_whole = record.is_abstract || self.incomplete.contains(&number);
            if !schemas.get(record.schema.index()).is_some_and(|has| *has) || is_whole {
                continue;
            }
            self.complete(number);
        }
    }

    fn complete(&mut self, number: u32) {
        let registry = self.registry;
        let record = &self.records.list[number as usize];
        let Some(schema) = registry.schema_by_id(record.schema) else { return };
        let values: Vec<Given> = record.values.iter().collect();
        let given = |slot: usize| {
            let at = values.binary_search_by_key(&slot, |given| given.slot.into()).ok()?;
            Some(&values[at])
        };
        let (mut filled, mut lacking) = (Vec::new(), BTreeMap::<&str, Vec<&Slot>>::new());
        for position in schema.lacking(|slot| given(slot).map(|given| &given.value)) {
            let slot = &schema.slots()[position];
            let Some(of) = slot.needed_in() else { continue };
            match (given(position), slot.needed_default()) {
                (Some(given), _) if self.records.without_value.contains(&given.place) => {}
                (None, Some(default)) => {
                    let place = first_part(schema, of, &values).unwrap_or(record.place);
                    filled.push(Given { slot: position as u16, place, value: default.clone() });
                }
                _ => lacking.entry(of).or_default().push(slot),
            }
        }
        for (of, slots) in lacking {
            let place = first_part(schema, of, &values).unwrap_or(record.place);
            for diagnostic in half(schema, of, &slots, place) {
                self.diagnostics.push(diagnostic);
            }
        }
        if !filled.is_empty() {
            self.set(number, filled);
        }
    }
}

/// Returns the place of the first part that an optional record has.
fn first_part(schema: &RegisteredSchema, record: &str, values: &[Given]) -> Option<Place> {
    let is_part = |given: &&Given| {
        let name = schema.slots()[usize::from(given.slot)].name();
        name.strip_prefix(record).is_some_and(|rest| rest.starts_with('.'))
    };
    Some(values.iter().filter(is_part).find(|given| !given.value.is_unset())?.place)
}

/// Reports the slots that an optional record lacks, the parts of a list together.
fn half(schema: &RegisteredSchema, of: &str, slots: &[&Slot], place: Place) -> Vec<Diagnostic> {
    let mut names: Vec<(&str, String)> = Vec::new();
    for slot in slots {
        let (name, kind) = match schema.whole_of(slot.name()) {
            Some((name, shape)) => (name, shape.to_string()),
            None => (slot.name(), slot.kind().to_string()),
        };
        if names.last().is_none_or(|(last, _)| *last != name) {
            names.push((name, kind));
        }
    }
    let report = |(name, kind): (&str, String)| {
        let (object, part, of) = (quoted(schema.name()), quoted(name), quoted(of));
        let message = format!("{object} object needs a value for slot {part} ({kind})");
        Diagnostic::error(Code::MissingValue, message)
            .at(place, format!("{of} is given only in part"))
            .expected_found(kind, "nothing")
            .help(format!("give {part} too, or leave out {of} as a whole"))
    };
    names.into_iter().map(report).collect()
}
