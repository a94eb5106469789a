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
    fn fill(&self, to: usize) -> bool {
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

    /// Returns the old slot that says which parts of a kept slot were left out, if these get the default now.
    pub(super) fn left_out(&self, to: usize) -> Option<usize> {
        let from = self.sources[to].position().filter(|_| self.fill(to))?;
        self.before.slot_index(&format!("{}?", self.before.slots()[from].name()))
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

    /// Returns the slots of each changing nested value in the new schema.
    pub(super) fn targets(&self) -> Vec<Target<'a>> {
        let mut targets: Vec<Target<'a>> = Vec::new();
        for (to, slot) in self.after.slots().iter().enumerate() {
            let Some((former, name)) = self.names_of(slot) else { continue };
            // The whole value has the part under its former name.
            let rest = &slot.name()[name.len()..];
            let is_renamed = self.sources[to].position().is_some_and(|from| {
                self.before.slots()[from].name().strip_prefix(former) != Some(rest)
            });
            let slot = TargetSlot { to, is_filled: self.fill(to), is_renamed };
            match targets.iter_mut().find(|target| target.name == name) {
                Some(target) => target.slots.push(slot),
                None => targets.push(Target { former, name, slots: vec![slot] }),
            }
        }
        targets
    }

    /// Returns what the nested value of an object has for each slot of the target.
    pub(super) fn parts(
        &self,
        target: &Target<'_>,
        (columns, row): (&[Column], u32),
        interner: &Interner,
    ) -> Vec<Part> {
        let Target { former, name, slots } = target;
        let none = |slot: &TargetSlot| if slot.is_filled { Part::Unset } else { Part::Kept };
        let mut parts: Vec<Part> = slots.iter().map(none).collect();
        let read =
            |slot: usize| dynamic::read(&columns[slot], &self.before.slots()[slot], row, interner);
        let whole = match self.before.slot_index(former) {
            Some(slot) => Some(read(slot)),
            None => self.before.whole(former, read),
        };
        let Some(whole) = whole.filter(|whole| !whole.is_unset()) else { return parts };
        let shape = self.after.shape(name);
        for (part, slot) in parts.iter_mut().zip(slots).filter(|(_, slot)| slot.is_filled) {
            match shape {
                None => *part = Part::Value(whole.clone()),
                Some(_) if slot.is_renamed => {
                    let own = self.with_defaults(slot.to, read);
                    *part = own.map_or(Part::Missing, Part::Value);
                }
                Some(_) => {}
            }
        }
        let Some(shape) = shape else { return parts };
        shape.spread(name, &whole, &mut |found| match found {
            Found::Slot { slot, value } => {
                if let Some(at) = target.of(slot)
                    && !value.is_unset()
                    && matches!(parts[at], Part::Unset)
                {
                    parts[at] = Part::Value(value.into_owned());
                }
            }
            Found::Missing { slot, .. } => {
                if let Some(at) = target.of(slot) {
                    parts[at] = Part::Missing;
                }
            }
            Found::Misshapen { name, value } => {
                target.spoil(&mut parts, || self.after.not_nested(&name, value));
            }
            Found::Surplus { name: lost, .. } => {
                // A removed slot is a step of its own.
                if !has(self.before, &format!("{former}{}", &lost[name.len()..])) {
                    target.spoil(&mut parts, || self.after.undeclared(&lost));
                }
            }
        });
        parts
    }
}

/// The slots of a changing nested value in the new schema.
pub(super) struct Target<'a> {
    former: &'a str,
    name: &'a str,
    /// In the order of the schema.
    pub(super) slots: Vec<TargetSlot>,
}

pub(super) struct TargetSlot {
    /// The position in the new schema.
    pub(super) to: usize,
    /// `true` if the slot gets the parts of nested values, and not those of its old column alone.
    pub(super) is_filled: bool,
    is_renamed: bool,
}

impl Target<'_> {
    /// Returns the position of a slot in this list, if it gets its parts from the whole.
    fn of(&self, slot: usize) -> Option<usize> {
        let at = self.slots.binary_search_by_key(&slot, |own| own.to).ok()?;
        (!self.slots[at].is_renamed).then_some(at)
    }

    /// Notes a problem of the whole for all slots that get parts.
    fn spoil(&self, parts: &mut [Part], problem: impl Fn() -> Problem) {
        for (part, slot) in parts.iter_mut().zip(&self.slots) {
            if slot.is_filled && !slot.is_renamed && !matches!(part, Part::Bad(_)) {
                *part = Part::Bad(problem());
            }
        }
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
