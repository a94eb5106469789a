//! Bytes as calls to a `Store`, each compared with what a `MapStore` and a model of the rows say.
//!
//! Part of the test `operations` and of the fuzz target `store`.

mod groups;
mod model;
mod nested;
mod values;

use std::collections::BTreeMap;

use slotted::error::Despawned;
use slotted::{
    AccessError, ByName, LimitError, Limits, ObjectId, Record, Snapshot, SpawnError, Store, View,
    schema::Slot,
};

use model::{GENERATIONS, Model, ROWS, SCHEMAS};
use nested::Nested;
use values::Input;

const NO_SLOT: &str = "no such slot";

/// The number of calls of each kind that did something.
pub(crate) type Tally = BTreeMap<&'static str, usize>;

/// The kinds of calls in a [`Tally`].
pub(crate) const KINDS: [&str; 19] = [
    "spawned",
    "full",
    "despawned",
    "set",
    "refused",
    "dead",
    "any accepted",
    "restored",
    "released",
    "commands",
    "refused commands",
    "transactions",
    "failed transactions",
    "nested spawned",
    "nested set",
    "nested refused",
    "nested despawned",
    "nested snapshots",
    "nested restored",
];

struct World {
    store: Store,
    model: Model,
    /// Ids that were despawned. Some live again after a restore.
    dead: Vec<ObjectId>,
    past: Vec<(Snapshot, Model)>,
    is_trial: bool,
    tally: Tally,
}

#[derive(View)]
struct Healths<'a> {
    id: ObjectId,
    health: &'a mut f32,
    age: Option<&'a u8>,
}

/// Runs the calls that the bytes stand for.
pub(crate) fn run(bytes: &[u8]) -> Tally {
    let mut limits = Limits::default();
    (limits.rows_per_schema, limits.generations_per_row) = (ROWS, GENERATIONS);
    let mut store = Store::with_limits(limits);
    for schema in values::schemas() {
        store.register_schema(schema).expect("it is new");
    }
    let (model, tally) = (Model::default(), Tally::default());
    let mut world =
        World { store, model, dead: Vec::new(), past: Vec::new(), is_trial: false, tally };
    let (mut input, mut nested) = (Input::new(bytes), Nested::new());
    while !input.is_empty() {
        if input.below(8) == 0 {
            let kind = nested.call(&mut input);
            world.count(kind);
        } else {
            world.call(&mut input);
        }
    }
    world.check();
    world.past.iter().for_each(|(snapshot, model)| model.check(&snapshot.to_store()));
    world.tally
}

impl World {
    fn count(&mut self, kind: &'static str) {
        assert!(KINDS.contains(&kind));
        *self.tally.entry(kind).or_default() += 1;
    }

    fn check(&self) {
        self.model.check(&self.store);
        for id in &self.dead {
            assert_eq!(self.store.contains(*id), self.model.living(*id).is_some());
        }
    }

    fn slots(&self, schema: usize) -> Vec<Slot> {
        self.store.schema(SCHEMAS[schema]).expect("it is registered").slots().to_vec()
    }

    /// Returns an id that no store of these schemas gives out.
    fn never() -> ObjectId {
        ObjectId::from_bits(1 << 32 | u64::from(u32::MAX)).expect("its generation is odd")
    }

    /// Returns a living, dead or forged id.
    fn any_id(&self, input: &mut Input<'_>) -> ObjectId {
        let id = match input.below(8) {
            0 => ObjectId::from_bits(input.u64()),
            1 => input.pick(&self.dead).copied(),
            2 => {
                // Another generation, row or schema than that of a living object.
                let bits = input.pick(&self.model.ids()).map_or(1, |id| id.to_bits());
                ObjectId::from_bits(bits ^ u64::from(input.byte()) << (8 * input.below(8)))
            }
            _ => input.pick(&self.model.ids()).copied(),
        };
        id.unwrap_or_else(Self::never)
    }

    fn call(&mut self, input: &mut Input<'_>) {
        match input.below(24) {
            0..=4 => self.spawn(input),
            5 => self.spawn_wrong(input),
            6..=7 => self.despawn(input),
            8..=10 => self.set(input),
            11 => self.set_wrong(input),
            12 => (0..6).for_each(|_| self.set_any(input)),
            13 => self.read(input),
            14 => self.write_through_view(input),
            15 => self.duplicate(input),
            16 => self.run_commands(input),
            17 => self.intern(input),
            18 => self.release(input),
            19 => self.other(input),
            20..=22 if !self.is_trial => self.travel(input),
            23 if !self.is_trial => self.transaction(input),
            _ => {}
        }
    }

    /// Returns a record that the schema accepts, as given and as stored.
    fn record(&self, schema: usize, ids: &[ObjectId], input: &mut Input<'_>) -> (Record, Record) {
        let (mut given, mut stored) = (Record::new(), Record::new());
        for slot in self.slots(schema) {
            let name = slot.name().to_owned();
            if !slot.is_required() && input.flag() {
                stored.push(name, slot.default().cloned().unwrap_or_default());
                continue;
            }
            let (value, kept) = input.right(&slot, ids);
            given.push(name.clone(), value);
            stored.push(name, kept);
        }
        (given, stored)
    }

    fn spawn(&mut self, input: &mut Input<'_>) {
        let schema = input.below(2);
        let (given, stored) = self.record(schema, &self.model.ids(), input);
        let spawned = ByName::spawn_record(&mut self.store, SCHEMAS[schema], given);
        let spawned = match spawned {
            Ok(id) => Some(id),
            Err(SpawnError::Limit(LimitError::Rows { .. })) => None,
            Err(error) => panic!("the record is right: {error}"),
        };
        self.note_spawn(schema, spawned, stored);
    }

    /// Adds a spawned object to the model. `None` if the table was full.
    fn note_spawn(&mut self, schema: usize, spawned: Option<ObjectId>, stored: Record) {
        match spawned {
            Some(id) => {
                self.model.add(schema, id, stored);
                self.count("spawned");
            }
            None => {
                assert_eq!(self.model.next_row(schema), None, "there is room");
                self.count("full");
            }
        }
    }

    fn spawn_wrong(&mut self, input: &mut Input<'_>) {
        let (schema, ids) = (input.below(2), self.model.ids());
        let (record, _) = self.record(schema, &ids, input);
        let slots = self.slots(schema);
        let slot = &slots[input.below(slots.len())];
        let mut wrong: Record =
            record.clone().into_iter().filter(|(name, _)| name != slot.name()).collect();
        match input.below(4) {
            0 => wrong.push(NO_SLOT, 1),
            1 if slot.is_required() => {}
            2 if record.get(slot.name()).is_some() => {
                wrong = record;
                let again = wrong.get(slot.name()).cloned().unwrap_or_default();
                wrong.push(slot.name().to_owned(), again);
            }
            _ => wrong.push(slot.name().to_owned(), input.wrong(slot, &ids, Self::never())),
        }
        let spawned = self.store.spawn_record(SCHEMAS[schema], wrong);
        match spawned {
            Err(SpawnError::Rejected(_)) => {}
            Err(SpawnError::Limit(_)) => assert_eq!(self.model.next_row(schema), None),
            other => panic!("the record is wrong: {other:?}"),
        }
        self.count("refused");
    }

    fn despawn(&mut self, input: &mut Input<'_>) {
        let id = self.any_id(input);
        let is_alive = self.model.living(id).is_some();
        let despawned = ByName::despawn(&mut self.store, id);
        assert_eq!(despawned, if is_alive { Ok(()) } else { Err(Despawned { id }) });
        if is_alive {
            self.model.remove(id);
            self.dead.push(id);
            self.count("despawned");
        } else {
            self.count("dead");
        }
    }

    /// Returns an object and one of its slots.
    fn place(&self, input: &mut Input<'_>) -> Option<(ObjectId, Slot)> {
        let id = *input.pick(&self.model.ids())?;
        Some((id, input.pick(&self.slots(id.schema().index()))?.clone()))
    }

    fn set(&mut self, input: &mut Input<'_>) {
        let Some((id, slot)) = self.place(input) else { return };
        let (given, stored) = input.right(&slot, &self.model.ids());
        assert_eq!(ByName::set_value(&mut self.store, id, slot.name(), given), Ok(()));
        assert_eq!(self.store.get_value(id, slot.name()), Ok(stored.clone()));
        self.model.set(id, slot.name(), stored);
        self.count("set");
    }

    fn set_wrong(&mut self, input: &mut Input<'_>) {
        let Some((id, slot)) = self.place(input) else { return };
        let wrong = input.wrong(&slot, &self.model.ids(), Self::never());
        assert!(self.store.set_value(id, slot.name(), wrong).is_err());
        self.count("refused");
    }

    /// Sets any value in any slot of any object. The store decides whether it accepts the value.
    fn set_any(&mut self, input: &mut Input<'_>) {
        let id = self.any_id(input);
        let ids = [&*self.dead, &*self.model.ids(), &[Self::never()]].concat();
        let value = input.any(&ids, 2);
        let slots = self.slots(1);
        let name = input.pick(&slots).filter(|_| input.below(9) > 0).map_or(NO_SLOT, Slot::name);
        if self.store.set_value(id, name, value).is_err() {
            self.count("refused");
            return;
        }
        assert!(self.model.living(id).is_some() && name != NO_SLOT);
        let stored = self.store.get_value(id, name).expect("it was set");
        assert_eq!(self.store.set_value(id, name, stored.clone()), Ok(()), "it is right");
        assert_eq!(self.store.get_value(id, name), Ok(stored.clone()));
        self.model.set(id, name, stored);
        self.count("any accepted");
    }

    fn read(&mut self, input: &mut Input<'_>) {
        let id = self.any_id(input);
        let Some(map) = self.model.living(id) else {
            assert!(!self.store.contains(id) && self.store.schema_name(id).is_err());
            assert_eq!(self.store.get_value(id, "name"), Err(Despawned { id }.into()));
            assert_eq!(self.store.get_record(id), Err(Despawned { id }));
            assert!(self.store.set_value(id, "awake", true).is_err());
            self.count("dead");
            return;
        };
        for slot in self.slots(id.schema().index()) {
            let held = self.model.map.get_value(map, slot.name()).unwrap_or_default();
            assert_eq!(ByName::get_value(&self.store, id, slot.name()), Ok(held));
        }
        assert!(self.store.get_value(id, NO_SLOT).is_err());
    }

    fn write_through_view(&mut self, input: &mut Input<'_>) {
        let health = f32::from(input.byte());
        let mut written = Vec::new();
        let view = self.store.view::<Healths>().expect("the schemas are registered");
        view.for_each(|unit| {
            *unit.health = health + f32::from(unit.age.copied().unwrap_or_default());
            written.push((unit.id, *unit.health));
        });
        assert!(written.iter().map(|(id, _)| *id).eq(self.model.ids()));
        written.into_iter().for_each(|(id, health)| self.model.set(id, "health", health.into()));
    }

    fn duplicate(&mut self, input: &mut Input<'_>) {
        let id = self.any_id(input);
        let copied = match self.store.duplicate(id) {
            Ok(copy) => Some(copy),
            Err(AccessError::Limit(LimitError::Rows { .. })) => None,
            Err(_) => return assert_eq!(self.model.living(id), None),
        };
        let map = self.model.living(id).expect("a dead object is no full table");
        let record = self.model.map.get_record(map).expect("it is alive");
        self.note_spawn(id.schema().index(), copied, record);
    }

    /// Adds values that no object refers to. Equal ones have equal handles.
    fn intern(&mut self, input: &mut Input<'_>) {
        let text = input.text();
        let handle = self.store.intern_text(&text).expect("there is room");
        assert_eq!(self.store.resolve(handle), Some(&*text));
        assert_eq!(self.store.intern_text(&text), Ok(handle));
        let list = [input.u64() as i64, 1];
        let handle = self.store.intern_list(&list).expect("there is room");
        assert_eq!(self.store.resolve_list(handle), Some(&list[..]));
    }

    fn release(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            0..=63 => self.store.release_memory(),
            pieces => _ = self.store.release_interned(usize::from(pieces)),
        }
        self.check();
        self.count("released");
    }

    fn other(&mut self, input: &mut Input<'_>) {
        match input.below(6) {
            0 => {
                self.store.clear();
                let gone = self.model.ids();
                gone.iter().for_each(|id| self.model.remove(*id));
                self.dead.extend(gone);
            }
            1 => assert_eq!(self.store.state_hash(), self.store.clone().state_hash()),
            2 => self.store.track_changes("unit", "health").expect("the slot exists"),
            3 => self.store.stop_tracking("unit", "health").expect("the slot exists"),
            4 => _ = self.store.advance_epoch(),
            _ => {
                let rows = input.below(20);
                let room = (0..ROWS).filter(|row| {
                    let uses = self.model.uses.get(&(0, *row)).copied().unwrap_or(0);
                    uses < GENERATIONS && !self.model.objects.contains_key(&(0, *row))
                });
                assert_eq!(self.store.try_reserve("unit", rows).is_ok(), rows <= room.count());
            }
        }
    }
}
