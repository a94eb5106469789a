//! Calls that are named as in std's collections, and copies of objects.

use std::collections::BTreeSet;

use proptest::sample::Index;
use slotted::{AccessError, LimitError, List, ObjectId, View};

use crate::schemas::{Orc, Unit};
use crate::world::{Object, World, unit_record};

impl World {
    pub(crate) fn remove_object(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        if !self.extends(&object.schema, "unit") {
            let error = self.refused(|store| store.remove::<Unit>(object.id).map(|_| ()));
            assert!(matches!(error, AccessError::WrongSchema { .. }));
            return;
        }
        let shown = |unit: &Unit, world: &Self| format!("{:?}", unit_record(unit, &world.store));
        let expected: Unit = self.store.get_object(object.id).expect("it is a unit");
        let removed: Unit = self.store.remove(object.id).expect("it is a unit");
        assert_eq!(shown(&removed, self), shown(&expected, self));
        self.remove(|other| other.id == object.id);
    }

    pub(crate) fn duplicate(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        let record = self.store.get_record(object.id).expect("it is alive");
        if !self.has_room(&object.schema, 1) {
            let error = self.refused(|store| store.duplicate(object.id));
            assert!(matches!(error, AccessError::Limit(LimitError::Rows { .. })));
            return;
        }
        let copy = self.store.duplicate(object.id).expect("there is room");
        self.add(copy, &object.schema, record);
    }

    pub(crate) fn try_despawn_batch(&mut self, picks: &[Index]) {
        let living = picks.iter().filter_map(|pick| self.object(pick).map(|object| object.id));
        let living: BTreeSet<ObjectId> = living.collect();
        let twice = living.iter().chain(&living).copied();
        let ids: Vec<ObjectId> = twice.chain(self.stale.iter().copied().take(5)).collect();
        assert_eq!(self.store.try_despawn_batch(&ids), living.len());
        self.remove(|object| living.contains(&object.id));
    }

    pub(crate) fn retain(&mut self, of: u32) {
        #[derive(View)]
        struct Healths<'a> {
            id: ObjectId,
            health: &'a f32,
        }
        let mut removed = BTreeSet::new();
        let count = self.store.retain::<Healths>(|unit| {
            let keeps = !unit.id.row().is_multiple_of(of) || unit.health.is_nan();
            if !keeps {
                removed.insert(unit.id);
            }
            keeps
        });
        assert_eq!(count, Ok(removed.len()));
        self.remove(|object| removed.contains(&object.id));
    }

    pub(crate) fn drain(&mut self) {
        let ids: Vec<ObjectId> = self.store.ids_of("orc").expect("a schema").collect();
        let drained = self.store.drain::<Orc>().expect("the type is registered");
        assert_eq!(drained.len(), ids.len());
        assert_eq!(drained.map(|(id, _)| id).collect::<Vec<_>>(), ids);
        self.remove(|object| ids.contains(&object.id));
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

    /// Writes all values of an object over themselves.
    pub(crate) fn write_back(&mut self, pick: &Index) {
        let Some(object) = self.object(pick).filter(|object| self.is_valid(object)) else { return };
        for slot in self.slots(&object.schema) {
            let value = self.store.get_value(object.id, slot.name()).expect("it is declared");
            assert_eq!(self.store.set_value(object.id, slot.name(), value), Ok(()));
        }
        if self.extends(&object.schema, "unit") {
            let unit = self.store.get_object::<Unit>(object.id).expect("it is a unit");
            assert_eq!(self.store.set_object(object.id, unit), Ok(()));
            let target = self.store.key::<Option<ObjectId>>("unit", "target").expect("a slot");
            assert_eq!(self.store.set(object.id, target, unit.target), Ok(()));
            let allies = self.store.key::<List<ObjectId>>("unit", "allies").expect("a slot");
            assert_eq!(self.store.set(object.id, allies, unit.allies), Ok(()));
            // A dead reference may move from slot to slot.
            let held = self.store.resolve_list(unit.allies).expect("it is the store's").first();
            if let Some(ally) = held.copied().filter(|ally| !self.store.contains(*ally)) {
                assert_eq!(self.store.set_value(object.id, "target", ally), Ok(()));
                self.note(&object, "target", ally.into());
            }
        }
    }

    /// Returns `true` if no view has written an invalid value to the object, as far as `validate` tells.
    fn is_valid(&self, object: &Object) -> bool {
        let problems = self.store.validate().err().unwrap_or_default();
        problems.len() < 100 && problems.iter().all(|(id, _)| *id != object.id)
    }
}
