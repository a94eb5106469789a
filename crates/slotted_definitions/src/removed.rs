//! The elements that the changes of a record remove from its lists, before references are resolved.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::changes::{Change, Operation};
use crate::given::Given;
use slotted::Value;
use slotted::schema::Slot;

/// The names that changes remove from lists of references, and the positions of the entries that they remove from maps.
#[derive(Default)]
pub(super) struct Removed {
    names: HashMap<u16, HashSet<Arc<str>>>,
    positions: HashMap<u16, HashSet<usize>>,
}

impl Removed {
    pub(super) fn of(changes: Option<&Vec<Change>>, slots: &[Slot], values: &[Given]) -> Self {
        let mut removed = Self::default();
        let removals = changes.into_iter().flatten();
        for change in removals.filter(|change| change.operation == Operation::Remove) {
            let Value::List(elements) = &change.value else { continue };
            let names = elements.iter().filter_map(name_of).cloned();
            removed.names.entry(change.slot).or_default().extend(names);
        }
        let given = |slot: u16| values.iter().find(|given| given.slot == slot);
        for (keys, names) in &removed.names {
            let Some(map) = slots[usize::from(*keys)].name().strip_suffix("{}.key") else {
                continue;
            };
            let Some(Value::List(own)) = given(*keys).map(|given| &given.value) else { continue };
            let gone = own.iter().enumerate();
            let gone = gone.filter(|(_, key)| name_of(key).is_some_and(|key| names.contains(key)));
            let gone: HashSet<usize> = gone.map(|(at, _)| at).collect();
            let value = format!("{map}{{}}.value");
            let value = slots.iter().position(|slot| slot.name() == value);
            removed.positions.extend(value.map(|value| (value as u16, gone)));
        }
        removed
    }

    /// Returns whether the name at this position of a slot's list goes.
    pub(super) fn contains(&self, slot: u16, at: usize, name: &str) -> bool {
        self.names.get(&slot).is_some_and(|names| names.contains(name))
            || self.positions.get(&slot).is_some_and(|positions| positions.contains(&at))
    }
}

fn name_of(value: &Value) -> Option<&Arc<str>> {
    match value {
        Value::Text(name) => Some(name),
        _ => None,
    }
}
