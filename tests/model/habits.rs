//! Calls that are named as in std's collections, and copies of objects.

use std::collections::BTreeSet;

use proptest::sample::Index;
use slotted::{AccessError, ObjectId, View};

use crate::schemas::{Orc, Unit};
use crate::world::{Object, World, unit_record};

#[derive(View)]
struct Healths<'a> {
    id: ObjectId,
    health: &'a mut f32,
}

impl World {
    pub(crate) fn remove_as_unit(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        if !self.extends(&object.schema, "unit") {
            let error = self.refused(|store| store.remove::<Unit>(object.id));
            assert!(matches!(error, AccessError::WrongSchema { .. }));
            return;
        }
        let before = self.store.get_object::<Unit>(object.id).expect("it is alive");
        let removed = self.store.remove::<Unit>(object.id).expect("it is alive");
        let record = |unit| format!("{:?}", unit_record(unit, &self.store));
        assert_eq!(record(&removed), record(&before));
        self.remove(|other| other.id == object.id);
    }

    /// Keeps a part of all objects with health, and changes all of them.
    pub(crate) fn retain(&mut self, seed: u64) {
        let is_kept = |id: ObjectId| !(id.to_bits() ^ seed).is_multiple_of(3);
        let health = (seed % 500) as f32;
        let visited: Vec<Object> =
            self.objects.values().filter(|o| self.extends(&o.schema, "unit")).cloned().collect();
        let mut seen = Vec::new();
        let removed = self.store.retain::<Healths>(|unit| {
            *unit.health = health;
            seen.push(unit.id);
            is_kept(unit.id)
        });
        assert!(visited.iter().map(|object| object.id).eq(seen), "by schema and row, once");
        visited.iter().for_each(|object| self.note(object, "health", health.into()));
        let gone: BTreeSet<ObjectId> =
            visited.iter().map(|object| object.id).filter(|id| !is_kept(*id)).collect();
        assert_eq!(removed, Ok(gone.len()));
        self.remove(|object| gone.contains(&object.id));
    }

    pub(crate) fn drain_orcs(&mut self) {
        let orcs = self.objects.values().filter(|object| self.extends(&object.schema, "orc"));
        let ids: Vec<ObjectId> = orcs.map(|object| object.id).collect();
        let before: Vec<Orc> =
            ids.iter().map(|id| self.store.get_object(*id).expect("it is alive")).collect();
        let drained: Vec<_> = self.store.drain::<Orc>().expect("it is registered").collect();
        assert!(drained.iter().map(|(id, _)| *id).eq(ids.iter().copied()));
        for ((_, orc), before) in drained.iter().zip(&before) {
            assert_eq!(orc.rage.to_bits(), before.rage.to_bits());
        }
        let gone: BTreeSet<ObjectId> = ids.into_iter().collect();
        self.remove(|object| gone.contains(&object.id));
    }

    pub(crate) fn try_despawn(&mut self, picks: &[Index], stale: Option<&Index>) {
        let picked = picks.iter().filter_map(|pick| self.object(pick).map(|object| object.id));
        let living: BTreeSet<ObjectId> = picked.clone().collect();
        let mut ids: Vec<ObjectId> = picked.collect();
        let stale = stale.filter(|_| !self.stale.is_empty()).map(|pick| *pick.get(&self.stale));
        ids.extend(stale);
        assert_eq!(self.store.try_despawn_batch(&ids), living.len());
        self.remove(|object| living.contains(&object.id));
    }

    pub(crate) fn duplicate(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        if !self.has_room(&object.schema, 1) {
            let error = self.refused(|store| store.duplicate(object.id));
            assert!(matches!(error, AccessError::Limit(_)));
            return;
        }
        let copy = self.store.duplicate(object.id).expect("it is alive");
        let record = self.store.get_record(object.id).expect("it is alive");
        self.add(copy, &object.schema, record);
    }

    /// Copies an object by its record. Dead references in it are values like others.
    pub(crate) fn copy_by_record(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        let record = self.store.get_record(object.id).expect("it is alive");
        if self.has_room(&object.schema, 1) && self.is_valid(&object) {
            let copy = self.store.spawn_record(&object.schema, record.clone());
            self.add(copy.expect("the values are valid"), &object.schema, record);
        }
    }

    /// Returns `true` if no view has written an invalid value to the object, as far as `validate` tells.
    fn is_valid(&self, object: &Object) -> bool {
        let problems = self.store.validate().err().unwrap_or_default();
        problems.len() < 100 && problems.iter().all(|(id, _)| *id != object.id)
    }

    /// Writes all values of an object over themselves.
    pub(crate) fn write_back(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        if !self.is_valid(&object) {
            return;
        }
        for slot in self.slots(&object.schema) {
            let value = self.store.get_value(object.id, slot.name()).expect("it is declared");
            assert_eq!(self.store.set_value(object.id, slot.name(), value), Ok(()));
        }
        if self.extends(&object.schema, "unit") {
            let unit = self.store.get_object::<Unit>(object.id).expect("it is a unit");
            assert_eq!(self.store.set_object(object.id, unit), Ok(()));
        }
    }
}
