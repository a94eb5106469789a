//! A side table beside the store, and its model.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::{ObjectId, SideTable};

use crate::world::{Place, World, place};

#[derive(Default)]
pub(crate) struct Side {
    table: SideTable<String>,
    /// The last value of each row, of a living object or a dead one.
    values: BTreeMap<Place, (ObjectId, String)>,
}

impl World {
    pub(crate) fn use_side_table(&mut self, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let living: Vec<ObjectId> = self.objects.values().map(|object| object.id).collect();
        let dead = self.stale.iter().filter(|id| !self.store.contains(**id));
        let dead: Vec<ObjectId> = dead.copied().collect();
        for number in 0..rng.random_range(1..20) {
            let ids = if rng.random_ratio(1, 4) { &dead } else { &living };
            if ids.is_empty() {
                continue;
            }
            let id = ids[rng.random_range(0..ids.len())];
            match rng.random_range(0..4) {
                0 | 1 => self.insert_aside(id, format!("{seed} {number}")),
                2 => self.get_or_insert_aside(id, format!("{seed} {number}")),
                _ => {
                    let own = |(_, (owner, _)): &(&Place, &(ObjectId, String))| *owner == id;
                    let expected = self.side.values.get_key_value(&place(id)).filter(own);
                    let expected = expected.map(|(_, (_, value))| value.clone());
                    assert_eq!(self.side.table.remove(id), expected);
                    if expected.is_some() {
                        self.side.values.remove(&place(id));
                    }
                }
            }
        }
        if rng.random_ratio(1, 3) {
            let store = &self.store;
            let dead = self.side.values.extract_if(.., |_, (id, _)| !store.contains(*id));
            let dead: Vec<(ObjectId, String)> = dead.map(|(_, entry)| entry).collect();
            assert_eq!(self.side.table.remove_dead(store), dead);
        }
    }

    fn insert_aside(&mut self, id: ObjectId, value: String) {
        let inserted = self.side.table.insert(&self.store, id, value.clone());
        if !self.store.contains(id) {
            assert_eq!(inserted.expect_err("the object is dead").value, value);
            return;
        }
        let old = self.side.values.insert(place(id), (id, value));
        let old = old.filter(|(owner, _)| *owner == id).map(|(_, value)| value);
        assert_eq!(inserted.ok(), Some(old));
    }

    fn get_or_insert_aside(&mut self, id: ObjectId, value: String) {
        let found = self.side.table.get_or_insert_with(&self.store, id, || value.clone());
        if !self.store.contains(id) {
            assert_eq!(found, None);
            return;
        }
        let entry = self.side.values.entry(place(id)).or_insert_with(|| (id, value.clone()));
        if entry.0 != id {
            *entry = (id, value);
        }
        assert_eq!(found, Some(&mut entry.1));
    }

    pub(crate) fn check_side_table(&self) {
        let Side { table, values } = &self.side;
        assert_eq!(table.len(), values.len());
        let living = values.values().filter(|(id, _)| self.store.contains(*id));
        assert!(table.iter(&self.store).eq(living.map(|(id, value)| (*id, value))));
        for object in self.objects.values() {
            let value = values.get(&place(object.id)).filter(|(id, _)| *id == object.id);
            assert_eq!(table.get(&self.store, object.id), value.map(|(_, value)| value));
        }
        for id in self.stale.iter().filter(|id| !self.store.contains(**id)).take(50) {
            assert_eq!(table.get(&self.store, *id), None);
        }
    }
}
