//! Several calls at once: commands, transactions, and ways back to a snapshot.

use slotted::{Commands, ObjectId, Store, Value};

use super::World;
use super::model::{Model, SCHEMAS};
use super::values::Input;

impl World {
    /// Records commands, which are applied all or none: first spawns, then changes, then despawns.
    pub(super) fn run_commands(&mut self, input: &mut Input<'_>) {
        let (mut commands, mut model) = (self.store.commands(), self.model.clone());
        let (mut sets, mut despawns) = (Vec::new(), Vec::new());
        for _ in 0..input.below(8) {
            self.record_command(&mut commands, &mut model, &mut sets, &mut despawns, input);
        }
        let is_wrong = input.below(3) == 0;
        match (is_wrong, model.ids().first()) {
            (true, Some(id)) if input.flag() => commands.set_value(*id, "health", 501),
            (true, _) => commands.despawn(Self::never()),
            (false, _) => {}
        }
        let applied = commands.apply(&mut self.store);
        assert_eq!(applied.is_err(), is_wrong, "{applied:?}");
        if is_wrong {
            self.count("refused commands");
            return;
        }
        sets.into_iter()
            .for_each(|(id, name, value): (ObjectId, String, _)| model.set(id, &name, value));
        despawns.iter().for_each(|id| model.remove(*id));
        self.dead.append(&mut despawns);
        self.model = model;
        self.count("commands");
    }

    fn record_command(
        &self,
        commands: &mut Commands,
        model: &mut Model,
        sets: &mut Vec<(ObjectId, String, Value)>,
        despawns: &mut Vec<ObjectId>,
        input: &mut Input<'_>,
    ) {
        let ids = model.ids();
        match (input.below(3), input.pick(&ids).copied()) {
            (1, Some(id)) => {
                let slots = self.slots(id.schema().index());
                let slot = &slots[input.below(slots.len())];
                let (given, stored) = input.right(slot, &ids);
                commands.set_value(id, slot.name().to_owned(), given);
                sets.push((id, slot.name().to_owned(), stored));
            }
            (2, Some(id)) => {
                commands.despawn(id);
                despawns.push(id);
            }
            _ => {
                let schema = input.below(2);
                let (given, stored) = self.record(schema, &ids, input);
                match commands.spawn_record(SCHEMAS[schema], given) {
                    Ok(id) => model.add(schema, id, stored),
                    Err(_) => assert_eq!(model.next_row(schema), None, "there is room"),
                }
            }
        }
    }

    /// Takes a snapshot, or goes back to one.
    pub(super) fn travel(&mut self, input: &mut Input<'_>) {
        if self.past.is_empty() || input.flag() {
            if self.past.len() == 4 {
                let (snapshot, model) = self.past.remove(input.below(4));
                model.check(&snapshot.to_store());
                self.store.reuse_memory_of(snapshot);
            }
            self.past.push((self.store.snapshot(), self.model.clone()));
            return;
        }
        let (snapshot, model) = &self.past[input.below(self.past.len())];
        self.dead.extend(self.model.ids());
        self.store.restore(snapshot).expect("it is of this store");
        self.model = model.clone();
        assert_eq!(self.store.state_hash(), snapshot.state_hash());
        self.check();
        self.count("restored");
    }

    /// Makes some calls on a trial store, and keeps or drops it.
    pub(super) fn transaction(&mut self, input: &mut Input<'_>) {
        let (calls, fails) = (input.below(10), input.flag());
        let (model, dead) = (self.model.clone(), self.dead.clone());
        let tally = std::mem::take(&mut self.tally);
        let mut world =
            World { store: Store::new(), model, dead, past: Vec::new(), is_trial: true, tally };
        let outcome = self.store.transaction(|trial| {
            std::mem::swap(trial, &mut world.store);
            (0..calls).for_each(|_| world.call(input));
            world.check();
            std::mem::swap(trial, &mut world.store);
            if fails { Err(()) } else { Ok(()) }
        });
        self.tally = world.tally;
        match outcome {
            Ok(()) => {
                (self.model, self.dead) = (world.model, world.dead);
                self.count("transactions");
            }
            Err(()) => self.count("failed transactions"),
        }
        self.check();
    }
}
