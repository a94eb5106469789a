//! Nested values whose slots change: the old slots together have the values of the new ones.

use std::collections::{BTreeSet, HashSet};

use crate::schema::{Found, Problem, RegisteredSchema, SIGNS, Slot, Source};
use crate::storage::{Column, Interner};
use crate::store::dynamic;
use crate::value::Value;

/// The nested values of a schema that gain or lose slots, or whose value is in one slot before or after.
pub(super) struct Wholes<'a> {
    before: &'a RegisteredSchema,
    after: &'a RegisteredSchema,
    sources: &'a [Source],
    /// The names before and after.
    changed: Vec<(&'a str, &'a str)>,
}

/// The part that a nested value has for one of its slots.
pub(super) enum Part {
    /// The value of the old slot.
    Kept,
    /// No value.
    Unset,
    Value(Value),
    /// An element, or the variant, lacks a part that it must have.
    Missing,
    /// The new slots cannot hold the whole value.
    Bad(Problem),
}

impl<'a> Wholes<'a> {
    pub(super) fn new(
        before: &'a RegisteredSchema,
        after: &'a RegisteredSchema,
        sources: &'a [Source],
    ) -> Self {
        let mut changed = BTreeSet::new();
        if !before.has_nested() && !after.has_nested() {
            return Self { before, after, sources, changed: Vec::new() };
        }
        for (slot, source) in after.slots().iter().zip(sources) {
            if *source != Source::New {
                continue;
            }
            // One slot, perhaps of kind `any`, may have held the whole record.
            let mut records = slot.name().match_indices('.').map(|(end, _)| &slot.name()[..end]);
            let name = records
                .find(|name| before.slot_index(name).is_some() && after.is_nested(name))
                .unwrap_or_else(|| whole_name(after, slot));
            let former = former_name(before, (after, sources), name);
            if has(before, former) {
                changed.insert((former, name));
            }
        }
        let kept: HashSet<usize> = sources.iter().filter_map(Source::position).collect();
        for (position, slot) in before.slots().iter().enumerate() {
            if kept.contains(&position) {
                continue;
            }
            let name = whole_name(before, slot);
            if has(after, name) {
                changed.insert((name, name));
            }
        }
        Self { before, after, sources, changed: changed.into_iter().collect() }
    }

    /// Returns the name of the changing nested value that has the slot of the new schema.
    pub(super) fn of(&self, slot: &Slot) -> Option<&'a str> {
        self.names_of(slot).map(|(_, name)| name)
    }

    /// Returns the name of the nested value, if the new slots have all values of a slot that is removed.
    pub(super) fn with_values_of(&self, removed: &Slot) -> Option<&'a str> {
        let name = whole_name(self.before, removed);
        let is_of_all = name == removed.name() || self.after.slot_index(name).is_some();
        // The slot says no more than which elements have a part, or how many of it.
        let says_which = removed.name().ends_with(['?', '#']);
        let (_, own) = self.changed.iter().find(|(former, _)| *former == name)?;
        (is_of_all || says_which).then_some(own)
    }

    /// Returns whether the slot of the new schema gets the parts of nested values, and not those of its old column alone.
    pub(super) fn fill(&self, to: usize) -> bool {
        self.of(&self.after.slots()[to]).is_some()
            && (self.sources[to] == Source::New || self.gets_defaults(to))
    }

    /// Returns whether the slot is kept, and has its default where its part was left out.
    fn gets_defaults(&self, to: usize) -> bool {
        let Some(from) = self.sources[to].position() else { return false };
        let companion = format!("{}?", self.before.slots()[from].name());
        let is_kept = |position| self.sources.contains(&Source::Slot(position));
        self.after.slots()[to].part_default().is_some()
            && self.before.slot_index(&companion).is_some_and(|position| !is_kept(position))
    }

    fn names_of(&self, slot: &Slot) -> Option<(&'a str, &'a str)> {
        if self.changed.is_empty() {
            return None;
        }
        let is_own = |(_, own): &&(&str, &str)| {
            slot.name().strip_prefix(*own).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('.') || rest.starts_with(SIGNS)
            })
        };
        self.changed.iter().find(is_own).copied()
    }

    /// Returns what the nested value of an object has for a slot of the new schema.
    pub(super) fn part(
        &self,
        to: usize,
        (columns, row): (&[Column], u32),
        interner: &Interner,
    ) -> Part {
        let Some((former, name)) = self.names_of(&self.after.slots()[to]) else {
            return Part::Kept;
        };
        let is_new = self.fill(to);
        let none = || if is_new { Part::Unset } else { Part::Kept };
        let read =
            |slot: usize| dynamic::read(&columns[slot], &self.before.slots()[slot], row, interner);
        let whole = match self.before.slot_index(former) {
            Some(slot) => Some(read(slot)),
            None => self.before.whole(former, read),
        };
        let Some(whole) = whole.filter(|whole| !whole.is_unset()) else { return none() };
        let Some(shape) = self.after.shape(name) else {
            return if is_new { Part::Value(whole) } else { Part::Kept };
        };
        // The whole value has the part under its former name.
        let rest = &self.after.slots()[to].name()[name.len()..];
        let is_renamed = self.sources[to].position().is_some_and(|from| {
            self.before.slots()[from].name().strip_prefix(former) != Some(rest)
        });
        if is_renamed {
            return match self.with_defaults(to, read) {
                Some(value) if is_new => Part::Value(value),
                None if is_new => Part::Missing,
                _ => Part::Kept,
            };
        }
        let mut part = none();
        shape.spread(name, &whole, &mut |found| match found {
            Found::Slot { slot, value }
                if slot == to && !value.is_unset() && matches!(part, Part::Unset) =>
            {
                part = Part::Value(value.into_owned());
            }
            Found::Missing { slot, .. } if slot == to => part = Part::Missing,
            Found::Misshapen { name, value } if is_new && !matches!(part, Part::Bad(_)) => {
                part = Part::Bad(self.after.not_nested(&name, value));
            }
            Found::Surplus { name: lost, .. } if is_new && !matches!(part, Part::Bad(_)) => {
                // A removed slot is a step of its own.
                let old = format!("{former}{}", &lost[name.len()..]);
                if !has(self.before, &old) {
                    part = Part::Bad(self.after.undeclared(&lost));
                }
            }
            _ => {}
        });
        part
    }
}

impl Wholes<'_> {
    /// Returns the values of a renamed part, with the default of those that were left out.
    fn with_defaults(&self, to: usize, read: impl Fn(usize) -> Value) -> Option<Value> {
        let from = self.sources[to].position()?;
        let companion = |sign: char| {
            self.before.slot_index(&format!("{}{sign}", self.before.slots()[from].name()))
        };
        // The elements of an inner list are not told apart by a flag for each list.
        if companion('#').is_some() {
            return None;
        }
        let (is_set, default) = (read(companion('?')?), self.after.slots()[to].part_default()?);
        Some(match (read(from), is_set) {
            (Value::List(given), Value::List(is_set)) => {
                let mut given = given.iter();
                let part = |is_set: &Value| match is_set {
                    Value::Bool(true) => given.next().cloned(),
                    _ => Some(default.clone()),
                };
                Value::List(is_set.iter().map(part).collect::<Option<_>>()?)
            }
            (_, Value::Bool(false)) => default.clone(),
            (single, _) => single,
        })
    }
}

fn has(schema: &RegisteredSchema, name: &str) -> bool {
    schema.slot_index(name).is_some() || schema.is_nested(name)
}

/// Returns the name of the nested value, or that of the slot if it is a part of none.
fn whole_name<'s>(schema: &RegisteredSchema, slot: &'s Slot) -> &'s str {
    schema.whole_of(slot.name()).map_or(slot.name(), |(name, _)| name)
}

/// Returns the former name of a nested value, one of whose slots is kept.
fn former_name<'a>(
    before: &'a RegisteredSchema,
    (after, sources): (&'a RegisteredSchema, &[Source]),
    name: &'a str,
) -> &'a str {
    let mut slots = after.slots().iter().zip(sources);
    let kept = slots.find_map(|(slot, source)| {
        (whole_name(after, slot) == name).then(|| source.position()).flatten()
    });
    kept.map_or(name, |kept| whole_name(before, &before.slots()[kept]))
}
