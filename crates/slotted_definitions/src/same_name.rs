//! The numbers of the records of each name.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::records::RecordDefinition;

/// The records of each name, of all schemas. Names are those of the records, so that a name costs 5 bytes here.
#[derive(Debug, Default)]
pub(super) struct SameName {
    /// The first record of each name.
    firsts: HashTable<u32>,
    /// All records of the names that have several, by the first one.
    several: HashMap<u32, Vec<u32>>,
    state: RandomState,
}

fn name(list: &[RecordDefinition], record: u32) -> &str {
    list.get(record as usize).and_then(|record| record.name.as_deref()).unwrap_or_default()
}

impl SameName {
    /// Returns the records of the list that have the names.
    pub(super) fn of(list: &[RecordDefinition]) -> Self {
        let mut same_name = Self::default();
        for (number, record) in list.iter().enumerate() {
            if let Some(name) = &record.name {
                same_name.add(list, name, number as u32);
            }
        }
        same_name
    }

    /// Returns the records of the name, in the order of the list.
    pub(super) fn get(&self, list: &[RecordDefinition], own: &str) -> &[u32] {
        let is_own = |record: &u32| name(list, *record) == own;
        let Some(first) = self.firsts.find(self.state.hash_one(own), is_own) else { return &[] };
        self.several.get(first).map_or(std::slice::from_ref(first), |all| all)
    }

    /// Adds a record, which needs not be in the list yet.
    pub(super) fn add(&mut self, list: &[RecordDefinition], own: &Arc<str>, number: u32) {
        let Self { firsts, several, state } = self;
        let of = |record: &u32| if *record == number { own } else { name(list, *record) };
        let is_own = |record: &u32| of(record) == &**own;
        match firsts.entry(state.hash_one(&**own), is_own, |record| state.hash_one(of(record))) {
            hashbrown::hash_table::Entry::Occupied(first) => {
                several.entry(*first.get()).or_insert_with(|| vec![*first.get()]).push(number);
            }
            hashbrown::hash_table::Entry::Vacant(place) => _ = place.insert(number),
        }
    }

    /// Iterates over the records of each name that has several.
    pub(super) fn several(&self) -> impl Iterator<Item = &[u32]> {
        self.several.values().map(|all| &**all)
    }
}
