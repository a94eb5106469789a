//! Random commands, applied to the store and, in the stated order, to the model.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::commands::CommandsError;
use slotted::{Commands, Kind, ObjectId, Record, Value};

use crate::values::sample;
use crate::world::World;

/// Everything that commands recorded, for the model.
#[derive(Default)]
struct Recorded {
    /// The new objects in the order of their ids; `None` for ids without values.
    spawned: Vec<(ObjectId, String, Option<Record>)>,
    set: Vec<(ObjectId, String, Value)>,
    despawned: Vec<ObjectId>,
    /// The reserved ids of each schema.
    reserved: BTreeMap<String, usize>,
}

impl World {
    pub(crate) fn run_commands(&mut self, seed: u64, flaw: bool) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (mut commands, mut recorded) = (self.store.commands(), Recorded::default());
        for _ in 0..rng.random_range(0..30) {
            self.record_one(&mut commands, &mut recorded, rng);
        }
        if flaw {
            self.record_flaw(&mut commands, rng);
            let error = self.refused(|store| commands.apply(store));
            assert!(matches!(error, CommandsError::Rejected(_)), "{error}");
            return;
        }
        commands.apply(&mut self.store).expect("the commands are right");
        self.follow(recorded);
    }

    fn record_one(&mut self, commands: &mut Commands, recorded: &mut Recorded, rng: &mut StdRng) {
        let schemas: Vec<String> = self.store.schemas().map(|s| s.name().to_owned()).collect();
        let schema = schemas[rng.random_range(0..schemas.len())].clone();
        let living: Vec<ObjectId> = self.objects.values().map(|object| object.id).collect();
        let step = rng.random_range(0..6);
        if step < 4 {
            let schema = if step == 1 { "unit".to_owned() } else { schema };
            let reserved = recorded.reserved.entry(schema.clone()).or_default();
            *reserved += 1;
            if !self.has_room(&schema, *reserved) {
                *reserved -= 1;
                return;
            }
            let (id, record) = match step {
                0 => (commands.reserve_of(&schema), None),
                1 => {
                    let targets = self.unit_targets(Self::targets_of_new);
                    let (unit, record) = self.sample_unit(rng, &targets);
                    (commands.spawn(unit), Some(record))
                }
                _ => {
                    let (given, stored) = self.sample_record(&schema, rng);
                    (commands.spawn_record(&schema, given), Some(stored))
                }
            };
            let id = id.expect("there is room");
            assert!(!self.store.contains(id));
            recorded.spawned.push((id, schema, record));
            return;
        }
        let new = recorded.spawned.iter().filter(|(.., record)| record.is_some());
        let ids: Vec<ObjectId> = living.into_iter().chain(new.map(|(id, ..)| *id)).collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[rng.random_range(0..ids.len())];
        if step == 4 {
            commands.despawn(id);
            recorded.despawned.push(id);
            return;
        }
        let schema = self.store.schema_by_id(id.schema()).expect("an id has a schema");
        if schema.slots().is_empty() {
            return;
        }
        let slot = schema.slots()[rng.random_range(0..schema.slots().len())].clone();
        let (name, is_new) = (slot.name().to_owned(), !self.store.contains(id));
        if !is_new && *slot.kind().element() == Kind::Object && rng.random() {
            // Unchanged, dead references included.
            let value = self.store.get_value(id, &name).expect("it is alive");
            commands.set_value(id, name.clone(), value.clone());
            recorded.set.push((id, name, value));
            return;
        }
        let targets = if is_new { self.targets_of_new(&slot) } else { self.targets(&slot) };
        let value = sample(&slot, rng, &targets);
        commands.set_value(id, name.clone(), value.given);
        recorded.set.push((id, name, value.stored));
    }

    /// Records a command that must be refused.
    fn record_flaw(&mut self, commands: &mut Commands, rng: &mut StdRng) {
        let record = self.flawed_record("tile", rng);
        let unit = self.objects.values().find(|object| self.extends(&object.schema, "unit"));
        let dead = unit.and_then(|unit| self.dead_for(unit));
        if let Some((unit, dead)) = unit.zip(dead).filter(|_| rng.random_ratio(1, 4)) {
            commands.set_value(unit.id, "target", dead);
            return;
        }
        match (rng.random_range(0..4), self.stale.last(), self.objects.values().next()) {
            (0, Some(stale), _) => commands.despawn(*stale),
            (1, ..) if commands.spawn_record("tile", record).is_ok() => {}
            (2, _, Some(object)) => commands.set_value(object.id, "no such slot", 1),
            _ => {
                let nobody = ObjectId::from_bits(u64::MAX).expect("an odd generation");
                commands.set_value(nobody, "health", 1.0);
            }
        }
    }

    /// Makes the same changes in the model: all spawns, the changes of values, all despawns.
    fn follow(&mut self, recorded: Recorded) {
        let mut unwritten = Vec::new();
        for (id, schema, record) in recorded.spawned {
            match record {
                Some(record) => self.add(id, &schema, record),
                None => {
                    let rows = self.rows.entry(schema.clone()).or_default();
                    assert_eq!(rows.take(), Some((id.row(), id.generation())));
                    unwritten.push((schema, id));
                }
            }
        }
        for (schema, id) in unwritten {
            assert!(!self.store.contains(id));
            self.rows.entry(schema).or_default().free(id.row());
            self.stale.push(id);
        }
        for (id, slot, value) in recorded.set {
            let object = self.objects.get(&(id.schema(), id.row())).expect("it is alive").clone();
            self.note(&object, &slot, value);
        }
        self.remove(|object| recorded.despawned.contains(&object.id));
    }
}
