//! Optional records of a schema: a record of a file gives none of the parts, or all that are needed.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity, quoted};
use crate::given::{Given, Values};
use crate::references::{Resolver, missing_value};
use crate::source::Place;
use slotted::schema::{Problem, RegisteredSchema, SIGNS};

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
        let is_set = |slot: usize| given(slot).map(|given| !given.value.is_unset());
        let (mut filled, mut last) = (Vec::new(), None);
        for position in schema.lacking(is_set) {
            let slot = &schema.slots()[position];
            let Some(of) = slot.needed_in() else { continue };
            let place = || first_part(schema, of, &values).unwrap_or(record.place);
            match (given(position), slot.needed_default()) {
                (Some(given), _) if self.records.without_value.contains(&given.place) => {}
                (None, Some(default)) => {
                    let (slot, value) = (position as u16, default.clone());
                    filled.push(Given { slot, place: place(), value });
                }
                _ => {
                    let problem = schema.missing(position);
                    // The parts of a list are missing together.
                    if last.replace(Arc::clone(&problem.slot)).as_ref() == Some(&problem.slot) {
                        continue;
                    }
                    let (known, place) = (problem.to_string(), place());
                    self.diagnostics
                        .once_with((&known, place), Severity::Error, |_| half(&problem, of, place));
                }
            }
        }
        if !filled.is_empty() {
            self.set(number, filled);
        }
    }
}

/// Returns the nested record around a slot of which a record has another part, and the place of that part.
pub(super) fn given_in_part<'s>(
    schema: &RegisteredSchema,
    slot: &'s str,
    values: &Values,
) -> Option<(&'s str, Place)> {
    let values: Vec<Given> = values.iter().collect();
    let records = slot.rmatch_indices('.').map(|(at, _)| &slot[..at]);
    let mut records = records.filter(|record| !record.contains(SIGNS));
    records.find_map(|record| Some((record, first_part(schema, record, &values)?)))
}

/// Returns the place of the first part that a nested record has.
fn first_part(schema: &RegisteredSchema, record: &str, values: &[Given]) -> Option<Place> {
    let is_part = |given: &&Given| {
        let name = schema.slots()[usize::from(given.slot)].name();
        name.strip_prefix(record).is_some_and(|rest| rest.starts_with('.'))
    };
    Some(values.iter().filter(is_part).find(|given| !given.value.is_unset())?.place)
}

/// Reports that an optional record lacks a part.
fn half(problem: &Problem, of: &str, place: Place) -> Diagnostic {
    let (part, of) = (quoted(&problem.slot), quoted(of));
    missing_value(problem, place, format!("{of} is given only in part"))
        .help(format!("give {part} too, or leave out {of} as a whole"))
}
