//! A store, both maps, and a model of the store's rows.

use std::collections::{BTreeMap, BTreeSet};

use bench_support::NaiveMapStore;
use proptest::sample::Index;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::error::{DespawnBatchError, Despawned};
use slotted::glam::Vec3;
use slotted::{
    AccessError, ByName, Kind, LimitError, Limits, List, MapStore, ObjectId, Record, SchemaError,
    SchemaId, SpawnError, Store, Value, View, memory::BLOCK_ROWS, schema::Slot,
    slot_value::ListElement, view::OptionMut,
};

use crate::Call;
use crate::history::History;
use crate::schemas::{self, Color, Job, Orc, Unit};
use crate::side::Side;
use crate::values::{Sample, flawed, sample, stored_default, text};

const ROWS: u32 = 2 * BLOCK_ROWS as u32 + 300;
const GENERATIONS: u16 = 2;
/// An id that no store of these tests gives out.
const NEVER: Option<ObjectId> = ObjectId::from_bits(1 << 32 | u32::MAX as u64);

/// One object in all three stores.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    pub(crate) map: ObjectId,
    pub(crate) naive: ObjectId,
    pub(crate) schema: String,
}

/// The rows of one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowModel {
    /// The number of uses of each row.
    uses: Vec<u16>,
    free: BTreeSet<u32>,
    retired: usize,
    living: usize,
}

impl RowModel {
    /// Takes the lowest free row and returns it with its generation.
    pub(crate) fn take(&mut self) -> Option<(u32, u16)> {
        let row = self.free.pop_first().or_else(|| {
            self.uses.push(0);
            u32::try_from(self.uses.len() - 1).ok()
        })?;
        self.living += 1;
        let uses = &mut self.uses[row as usize];
        *uses += 1;
        Some((row, *uses * 2 - 1))
    }

    pub(crate) fn free(&mut self, row: u32) {
        self.living -= 1;
        if self.uses[row as usize] == GENERATIONS {
            self.retired += 1;
        } else {
            self.free.insert(row);
        }
    }

    fn room(&self) -> usize {
        ROWS as usize - self.living - self.retired
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) map: MapStore,
    pub(crate) naive: NaiveMapStore,
    /// The objects in the order of the store.
    pub(crate) objects: BTreeMap<Place, Object>,
    pub(crate) stale: Vec<ObjectId>,
    pub(crate) rows: BTreeMap<String, RowModel>,
    pub(crate) history: History,
    pub(crate) side: Side,
}

/// Schema and row.
pub(crate) type Place = (SchemaId, u32);

pub(crate) fn place(id: ObjectId) -> Place {
    (id.schema(), id.row())
}

pub(crate) type Dump = Vec<(ObjectId, Record)>;

pub(crate) fn dump(store: &Store) -> Dump {
    let record = |id| (id, store.get_record(id).expect("the id is alive"));
    store.ids().map(record).collect()
}

impl World {
    pub(crate) fn new() -> Self {
        let mut limits = Limits::default();
        limits.rows_per_schema = ROWS;
        limits.generations_per_row = GENERATIONS;
        let mut store = Store::with_limits(limits);
        store.register::<Unit>().expect("the schema is right");
        store.register::<Orc>().expect("the schema is right");
        for schema in schemas::first().expect("the schemas are right") {
            store.register_schema(schema).expect("the schema is new");
        }
        Self {
            store,
            map: MapStore::new(),
            naive: NaiveMapStore::new(),
            objects: BTreeMap::new(),
            stale: Vec::new(),
            rows: BTreeMap::new(),
            history: History::default(),
            side: Side::default(),
        }
    }

    pub(crate) fn apply(&mut self, call: &Call) {
        match call {
            Call::SpawnRecord { schema, seed, flaw } => {
                self.spawn_record(&self.schema(schema), *seed, *flaw);
            }
            Call::SpawnRecords { schema, count, seed, flaw } => {
                self.spawn_records(&self.schema(schema), *count, *seed, *flaw);
            }
            Call::SpawnUnits { count, seed, flaw } => self.spawn_units(*count, *seed, *flaw),
            Call::SpawnOrc { seed } => self.spawn_orc(*seed),
            Call::Despawn { pick } => self.despawn(pick),
            Call::DespawnStale { pick } => self.despawn_stale(pick),
            Call::DespawnBatch { picks, stale } => self.despawn_batch(picks, stale.as_ref()),
            Call::DespawnShare { seed, of } => self.despawn_share(*seed, *of),
            Call::SetValue { pick, slot, seed, flaw } => self.set_value(pick, slot, *seed, *flaw),
            Call::SetByKey { pick, seed } => self.set_by_key(pick, *seed),
            Call::SetObject { pick, seed, flaw } => self.set_object(pick, *seed, *flaw),
            Call::WriteThroughViews { seed } => self.write_through_views(*seed),
            Call::WriteThroughColumns { seed } => self.write_through_columns(*seed),
            Call::UseSideTable { seed } => self.use_side_table(*seed),
            Call::BorrowSplit { seed } => self.borrow_split(*seed),
            Call::Commands { seed, flaw } => self.run_commands(*seed, *flaw),
            Call::Remove { pick } => self.remove_object(pick),
            Call::Duplicate { pick } => self.duplicate(pick),
            Call::TryDespawnBatch { picks } => self.try_despawn_batch(picks),
            Call::Retain { of } => self.retain(*of),
            Call::Drain => self.drain(),
            Call::CopyByRecord { pick } => self.copy_by_record(pick),
            Call::WriteBack { pick } => self.write_back(pick),
            Call::Clear => {
                self.store.clear();
                self.remove(|_| true);
            }
            Call::ClearOf { schema } => {
                let schema = self.schema(schema);
                self.store.clear_of(&schema).expect("the schema exists");
                let names = self.store.schemas().map(|schema| schema.name().to_owned());
                let family: Vec<String> =
                    names.filter(|name| self.extends(name, &schema)).collect();
                self.remove(|object| family.contains(&object.schema));
            }
            Call::ReleaseMemory => self.store.release_memory(),
            Call::Reserve { rows } => {
                let room = self.rows.get("unit").map_or(ROWS as usize, RowModel::room);
                assert_eq!(self.store.try_reserve("unit", *rows).is_ok(), *rows <= room);
            }
            Call::Register { which } => self.register(which),
            Call::Snapshot => self.take_snapshot(),
            Call::Restore { which } => self.restore_past(which),
            Call::ReuseMemory { which } => self.reuse_memory_of_past(which),
            Call::CompareWithPast { which, seed } => self.compare_with_past(which, *seed),
            Call::AdvanceEpoch => self.check_changed(),
            Call::Track { which, stops } => self.track(which, *stops),
            Call::StateHash => self.check_hash(),
            Call::RegisterConflicting => {
                let schema = schemas::conflicting().expect("the schema is right");
                let refused = self.store.register_schema(schema);
                assert!(matches!(refused, Err(SchemaError::Conflict { .. })));
            }
        }
    }

    fn schema(&self, pick: &Index) -> String {
        let schemas: Vec<_> = self.store.schemas().collect();
        pick.get(&schemas).name().to_owned()
    }

    pub(crate) fn slots(&self, schema: &str) -> Vec<Slot> {
        self.store.schema(schema).expect("the schema exists").slots().to_vec()
    }

    pub(crate) fn object(&self, pick: &Index) -> Option<Object> {
        let number = (!self.objects.is_empty()).then(|| pick.index(self.objects.len()))?;
        self.objects.values().nth(number).cloned()
    }

    pub(crate) fn extends(&self, schema: &str, base: &str) -> bool {
        let own = self.store.schema(schema).expect("the schema exists");
        let parent = own.base().and_then(|base| self.store.schema_by_id(base));
        schema == base || parent.is_some_and(|parent| self.extends(parent.name(), base))
    }

    /// Returns valid targets for the references of a slot that is overwritten.
    pub(crate) fn targets(&self, slot: &Slot) -> Vec<ObjectId> {
        let fits = |object: &&Object| match slot.references() {
            Some(base) => self.extends(&object.schema, base),
            None => true,
        };
        self.objects.values().filter(fits).take(50).map(|object| object.id).collect()
    }

    /// Returns valid targets for the references of a new object's slot, dead objects of all schemas among them.
    pub(crate) fn targets_of_new(&self, slot: &Slot) -> Vec<ObjectId> {
        let dead = self.stale.iter().rev().take(3).copied();
        dead.chain(self.targets(slot)).collect()
    }

    /// Returns a dead object that this one may not refer to, because it does not do so already.
    pub(crate) fn dead_for(&self, object: &Object) -> Option<ObjectId> {
        let record = self.store.get_record(object.id).expect("it is alive");
        let holds = |id: ObjectId| {
            record.iter().any(|(_, held)| match held {
                Value::Object(held) => *held == id,
                Value::List(held) => held.contains(&Value::Object(id)),
                _ => false,
            })
        };
        self.stale.last().copied().filter(|id| !holds(*id))
    }

    /// Makes a call that must fail and leave the store unchanged.
    pub(crate) fn refused<T: std::fmt::Debug, E>(
        &mut self,
        call: impl FnOnce(&mut Store) -> Result<T, E>,
    ) -> E {
        let before = dump(&self.store);
        let error = call(&mut self.store).expect_err("the store refuses the call");
        assert_eq!(dump(&self.store), before);
        error
    }

    /// Returns a valid record, and the record as stored.
    pub(crate) fn sample_record(&self, schema: &str, rng: &mut StdRng) -> (Record, Record) {
        let (mut given, mut stored) = (Record::new(), Record::new());
        let mut slots = self.slots(schema);
        if rng.random_ratio(1, 4) {
            slots.reverse();
        }
        for slot in &slots {
            let name = slot.name().to_owned();
            if !slot.is_required() && rng.random_ratio(1, 3) {
                stored.push(name, stored_default(slot));
                continue;
            }
            let sample = sample(slot, rng, &self.targets_of_new(slot));
            given.push(name.clone(), sample.given);
            stored.push(name, sample.stored);
        }
        (given, stored)
    }

    /// Returns a record with one error.
    pub(crate) fn flawed_record(&self, schema: &str, rng: &mut StdRng) -> Record {
        let (record, _) = self.sample_record(schema, rng);
        let slots = self.slots(schema);
        let required = slots.iter().find(|slot| slot.is_required());
        let named = record.iter().next().map(|(name, value)| (name.to_owned(), value.clone()));
        match (rng.random_range(0..4), required, named) {
            (0, Some(required), _) => {
                record.into_iter().filter(|(name, _)| name != required.name()).collect()
            }
            (1, _, Some((name, value))) => {
                record.into_iter().chain([(name.into(), value)]).collect()
            }
            (2, _, Some((name, _))) => {
                let slot =
                    slots.iter().find(|slot| slot.name() == name).expect("the slot is declared");
                let bad = flawed(slot, rng, NEVER);
                let rest = record.into_iter().filter(|(other, _)| *other != name);
                rest.chain([(name.clone().into(), bad)]).collect()
            }
            _ => record.into_iter().chain([("no such slot".into(), 1.into())]).collect(),
        }
    }

    /// Adds a spawned object of the store to the maps and the model.
    pub(crate) fn add(&mut self, id: ObjectId, schema: &str, record: Record) {
        let expected = self.rows.entry(schema.to_owned()).or_default().take();
        assert_eq!(Some((id.row(), id.generation())), expected, "the lowest free row is taken");
        assert_eq!(self.store.schema(schema).map(|schema| schema.id()), Some(id.schema()));
        let map = self.map.spawn_record(schema, record.clone()).expect("a map takes anything");
        let naive = self.naive.spawn_record(schema, record).expect("a map takes anything");
        let object = Object { id, map, naive, schema: schema.to_owned() };
        assert!(self.objects.insert(place(id), object).is_none(), "the row was free");
    }

    /// Removes despawned objects from the maps and the model.
    pub(crate) fn remove(&mut self, is_gone: impl Fn(&Object) -> bool) {
        let gone: Vec<Object> = self.objects.values().filter(|o| is_gone(o)).cloned().collect();
        for object in gone {
            self.objects.remove(&place(object.id));
            self.map.despawn(object.map).expect("it is alive");
            self.naive.despawn(object.naive).expect("it is alive");
            self.rows.entry(object.schema).or_default().free(object.id.row());
            self.stale.push(object.id);
        }
    }

    /// Sets a changed value in the maps.
    pub(crate) fn note(&mut self, object: &Object, slot: &str, value: Value) {
        self.map.set_value(object.map, slot, value.clone()).expect("it is alive");
        self.naive.set_value(object.naive, slot, value).expect("it is alive");
    }

    /// Returns `true` if the table has room for this many objects. Otherwise the call must fail.
    pub(crate) fn has_room(&self, schema: &str, count: usize) -> bool {
        count <= self.rows.get(schema).map_or(ROWS as usize, RowModel::room)
    }

    fn spawn_record(&mut self, schema: &str, seed: u64, flaw: bool) {
        let rng = &mut StdRng::seed_from_u64(seed);
        if flaw {
            let record = self.flawed_record(schema, rng);
            let error = self.refused(|store| store.spawn_record(schema, record));
            let SpawnError::Rejected(rejection) = error else { panic!("{error}") };
            assert!(rejection.problems().iter().all(|problem| problem.record.is_none()));
            return;
        }
        let (given, stored) = self.sample_record(schema, rng);
        if self.has_room(schema, 1) {
            let id = self.store.spawn_record(schema, given).expect("the record is right");
            self.add(id, schema, stored);
        } else {
            assert_full(self.refused(|store| store.spawn_record(schema, given)));
        }
    }

    pub(crate) fn spawn_one_of_each(&mut self, seed: u64) {
        let schemas: Vec<String> = self.store.schemas().map(|s| s.name().to_owned()).collect();
        schemas.iter().for_each(|schema| self.spawn_record(schema, seed, false));
    }

    fn spawn_records(&mut self, schema: &str, count: usize, seed: u64, flaw: Option<Index>) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let samples: Vec<_> = (0..count).map(|_| self.sample_record(schema, rng)).collect();
        let (mut given, stored): (Vec<Record>, Vec<Record>) = samples.into_iter().unzip();
        if !self.has_room(schema, count) {
            assert_full(self.refused(|store| store.spawn_records(schema, given).map(|_| ())));
        } else if let Some(place) = flaw.filter(|_| count > 0).map(|place| place.index(count)) {
            given[place] = self.flawed_record(schema, rng);
            let error = self.refused(|store| store.spawn_records(schema, given).map(|_| ()));
            assert_rejected_at(error, place);
        } else {
            let spawned = self.store.spawn_records(schema, given).expect("the records are right");
            let ids: Vec<ObjectId> = spawned.collect();
            assert_eq!(ids.len(), count);
            ids.into_iter().zip(stored).for_each(|(id, record)| self.add(id, schema, record));
        }
    }

    /// Returns a unit and its record.
    pub(crate) fn sample_unit(&mut self, rng: &mut StdRng, targets: &[ObjectId]) -> (Unit, Record) {
        let name = text(rng);
        let numbers: [u16; 3] = rng.random();
        let job = [Job::Farmer, Job::Guard, Job::Smith][rng.random_range(0..3)];
        let target = (!targets.is_empty() && rng.random())
            .then(|| targets[rng.random_range(0..targets.len())]);
        let numbers_of_drops = 0..rng.random_range(0..3);
        let drops: Vec<u16> = numbers_of_drops.map(|_| rng.random_range(0..9)).collect();
        let allies = &targets[..targets.len().min(rng.random_range(0..3))];
        let titles = (0..rng.random_range(0..3)).map(|_| self.store.intern_text(&text(rng)));
        let titles: Vec<_> = titles.map(|title| title.expect("there is room")).collect();
        let unit = Unit {
            position: Vec3::from_array(rng.random()),
            health: rng.random_range(0.0..=500.0),
            target,
            job,
            name: self.store.intern_text(&name).expect("there is room"),
            shield: rng.random::<bool>().then_some(f32::from_bits(rng.random())),
            marks: numbers,
            color: Color { channels: rng.random() },
            awake: rng.random(),
            drops: self.store.intern_list(&drops).expect("there is room"),
            titles: rng
                .random::<bool>()
                .then(|| self.store.intern_list(&titles).expect("there is room")),
            allies: self.store.intern_list(allies).expect("there is room"),
        };
        let record = unit_record(&unit, &self.store);
        (unit, record)
    }

    pub(crate) fn unit_targets(&self, of_slot: fn(&Self, &Slot) -> Vec<ObjectId>) -> Vec<ObjectId> {
        let slots = self.slots("unit");
        let target = slots.iter().find(|slot| slot.name() == "target");
        target.map_or_else(Vec::new, |target| of_slot(self, target))
    }

    fn spawn_units(&mut self, count: usize, seed: u64, flaw: Option<Index>) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let targets = self.unit_targets(Self::targets_of_new);
        let samples: Vec<_> = (0..count).map(|_| self.sample_unit(rng, &targets)).collect();
        let (mut units, records): (Vec<Unit>, Vec<Record>) = samples.into_iter().unzip();
        if !self.has_room("unit", count) {
            assert_full(self.refused(|store| store.spawn_batch(units).map(|_| ())));
        } else if let Some(place) = flaw.filter(|_| count > 0).map(|place| place.index(count)) {
            units[place].health = 500.5;
            let error = self.refused(|store| store.spawn_batch(units).map(|_| ()));
            assert_rejected_at(error, place);
        } else {
            let spawned = self.store.spawn_batch(units).expect("the units are right");
            let ids: Vec<ObjectId> = spawned.collect();
            assert_eq!(ids.len(), count);
            ids.into_iter().zip(records).for_each(|(id, record)| self.add(id, "unit", record));
        }
    }

    fn spawn_orc(&mut self, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let targets = self.unit_targets(Self::targets_of_new);
        let (unit, mut record) = self.sample_unit(rng, &targets);
        let orc = Orc { unit, rage: rng.random() };
        if !self.has_room("orc", 1) {
            assert_full(self.refused(|store| store.spawn(orc)));
            return;
        }
        let id = self.store.spawn(orc).expect("the orc is right");
        assert_eq!(self.store.get_object::<Orc>(id).map(|orc| orc.rage), Ok(orc.rage));
        record.push("rage", orc.rage);
        self.add(id, "orc", record);
    }

    fn despawn(&mut self, pick: &Index) {
        let Some(object) = self.object(pick) else { return };
        assert_eq!(self.store.despawn(object.id), Ok(()));
        self.remove(|other| other.id == object.id);
    }

    fn despawn_stale(&mut self, pick: &Index) {
        if !self.stale.is_empty() {
            let id = *pick.get(&self.stale);
            let error = self.refused(|store| store.despawn(id));
            assert_eq!(error, Despawned { id });
        }
    }

    fn despawn_batch(&mut self, picks: &[Index], stale: Option<&Index>) {
        let picked = picks.iter().filter_map(|pick| self.object(pick).map(|object| object.id));
        let mut ids: Vec<ObjectId> = picked.collect();
        let stale = stale.filter(|_| !self.stale.is_empty()).map(|pick| *pick.get(&self.stale));
        ids.extend(stale);
        let distinct: BTreeSet<ObjectId> = ids.iter().copied().collect();
        if stale.is_some() || distinct.len() < ids.len() {
            let error = self.refused(|store| store.despawn_batch(&ids));
            let expected = match distinct.len() + 1 > ids.len() && stale.is_some() {
                true => matches!(error, DespawnBatchError::Despawned(_)),
                false => matches!(error, DespawnBatchError::Repeated { .. }),
            };
            assert!(expected, "{error}");
        } else {
            assert_eq!(self.store.despawn_batch(&ids), Ok(()));
            self.remove(|object| distinct.contains(&object.id));
        }
    }

    fn despawn_share(&mut self, seed: u64, of: u32) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let all: Vec<ObjectId> = self.objects.values().map(|object| object.id).collect();
        let ids: BTreeSet<ObjectId> = all.into_iter().filter(|_| rng.random_ratio(1, of)).collect();
        let batch: Vec<ObjectId> = ids.iter().rev().copied().collect();
        assert_eq!(self.store.despawn_batch(&batch), Ok(()));
        self.remove(|object| ids.contains(&object.id));
    }

    fn set_value(&mut self, pick: &Index, slot: &Index, seed: u64, flaw: bool) {
        let Some(object) = self.object(pick) else { return };
        let slots = self.slots(&object.schema);
        let rng = &mut StdRng::seed_from_u64(seed);
        if slots.is_empty() || (flaw && rng.random()) {
            let error = self.refused(|store| store.set_value(object.id, "no such slot", 1));
            assert!(matches!(error, AccessError::Rejected(_)));
            return;
        }
        let slot = slot.get(&slots);
        if flaw {
            let bad = flawed(slot, rng, self.dead_for(&object).or(NEVER));
            let error = self.refused(|store| store.set_value(object.id, slot.name(), bad));
            assert!(matches!(error, AccessError::Rejected(_)));
            return;
        }
        let Sample { given, stored } = sample(slot, rng, &self.targets(slot));
        assert_eq!(self.store.set_value(object.id, slot.name(), given), Ok(()));
        self.note(&object, slot.name(), stored);
    }

    fn set_by_key(&mut self, pick: &Index, seed: u64) {
        let Some(object) = self.object(pick) else { return };
        let rng = &mut StdRng::seed_from_u64(seed);
        let health = self.store.key::<f32>("unit", "health").expect("the slot exists");
        let shield = self.store.key::<Option<f32>>("unit", "shield").expect("the slot exists");
        if !self.extends(&object.schema, "unit") {
            let error = self.refused(|store| store.set(object.id, health, 1.0));
            assert!(matches!(error, AccessError::WrongSchema { .. }));
            return;
        }
        let error = self.refused(|store| store.set(object.id, health, -1.0));
        assert!(matches!(error, AccessError::Rejected(_)));
        let target = self.store.key::<Option<ObjectId>>("unit", "target").expect("the slot exists");
        if let Some(dead) = self.dead_for(&object) {
            let error = self.refused(|store| store.set(object.id, target, Some(dead)));
            assert!(matches!(error, AccessError::Rejected(_)));
        }
        let (points, cover) = (rng.random_range(0.0..=500.0), rng.random::<bool>().then_some(-0.0));
        assert_eq!(self.store.set(object.id, health, points), Ok(()));
        assert_eq!(self.store.set(object.id, shield, cover), Ok(()));
        self.note(&object, "health", points.into());
        self.note(&object, "shield", cover.into());
    }

    fn set_object(&mut self, pick: &Index, seed: u64, flaw: bool) {
        let Some(object) = self.object(pick) else { return };
        let rng = &mut StdRng::seed_from_u64(seed);
        let targets = self.unit_targets(Self::targets);
        let (mut unit, record) = self.sample_unit(rng, &targets);
        if !self.extends(&object.schema, "unit") {
            let error = self.refused(|store| store.set_object(object.id, unit));
            assert!(matches!(error, AccessError::WrongSchema { .. }));
        } else if flaw {
            match self.dead_for(&object) {
                Some(dead) => unit.target = Some(dead),
                None => unit.health = f32::NAN,
            }
            let error = self.refused(|store| store.set_object(object.id, unit));
            assert!(matches!(error, AccessError::Rejected(_)));
        } else {
            assert_eq!(self.store.set_object(object.id, unit), Ok(()));
            record.into_iter().for_each(|(name, value)| self.note(&object, &name, value));
        }
    }

    fn write_through_views(&mut self, seed: u64) {
        #[derive(View)]
        struct Moving<'a> {
            id: ObjectId,
            position: &'a mut Vec3,
            rage: Option<&'a mut f32>,
            drops: &'a mut List<u16>,
        }
        #[derive(View)]
        struct Shielded<'a> {
            id: ObjectId,
            shield: OptionMut<'a, f32>,
        }
        let step = Vec3::splat(StdRng::seed_from_u64(seed).random());
        let drops = [seed as u16, 7];
        let new_drops = self.store.intern_list(&drops).expect("there is room");
        let mut written: Vec<(ObjectId, &str, Value)> = Vec::new();
        self.store.view::<Moving>().expect("the kinds are right").for_each(|unit| {
            *unit.position = step * unit.id.row() as f32;
            *unit.drops = new_drops;
            written.push((unit.id, "drops", drops.into()));
            written.push((unit.id, "position", (*unit.position).into()));
            if let Some(rage) = unit.rage {
                *rage = step.x;
                written.push((unit.id, "rage", step.x.into()));
            }
        });
        for mut unit in self.store.view::<Shielded>().expect("the kinds are right").iter() {
            let new = if unit.shield.get().is_some() { None } else { Some(step.y) };
            unit.shield.set(new);
            written.push((unit.id, "shield", new.into()));
        }
        self.note_all(written);
    }

    fn write_through_columns(&mut self, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let mut written: Vec<(ObjectId, &str, Value)> = Vec::new();
        let ids: Vec<ObjectId> = self.store.ids_of("tile").expect("a schema").collect();
        let heights = self.store.key::<f64>("tile", "height").expect("the slot exists");
        let mut column = self.store.column_mut(heights).expect("the key is the store's");
        let new: Vec<f64> = ids.iter().map(|_| rng.random()).collect();
        let mut rest = new.iter();
        column.for_each_run(|run| {
            run.iter_mut().zip(&mut rest).for_each(|(height, new)| *height = *new);
        });
        written.extend(ids.iter().zip(&new).map(|(id, new)| (*id, "height", (*new).into())));
        let owners = self.store.key::<Option<ObjectId>>("tile", "owner").expect("the slot exists");
        let mut column = self.store.column_mut(owners).expect("the key is the store's");
        for id in ids.iter().step_by(3) {
            let owner = column.get(*id).flatten().xor(Some(*id));
            assert!(column.set(*id, owner));
            written.push((*id, "owner", owner.into()));
        }
        self.note_all(written);
    }

    pub(crate) fn note_all(&mut self, written: Vec<(ObjectId, &str, Value)>) {
        for (id, slot, value) in written {
            let object =
                self.objects.get(&place(id)).expect("views visit only living objects").clone();
            assert_eq!(object.id, id);
            self.note(&object, slot, value);
        }
    }

    fn register(&mut self, which: &Index) {
        let schemas = schemas::later().expect("the schemas are right");
        let schema = which.get(&schemas).clone();
        let base = schema.extends().unwrap_or_default().to_owned();
        if self.store.schema(&base).is_none() {
            let error = self.refused(|store| store.register_schema(schema));
            assert!(matches!(error, SchemaError::UnknownBase { .. }));
            return;
        }
        let first = self.store.register_schema(schema.clone());
        assert!(first.is_ok());
        assert_eq!(self.store.register_schema(schema), first);
    }
}

pub(crate) fn assert_full(error: SpawnError) {
    assert!(matches!(error, SpawnError::Limit(LimitError::Rows { limit: ROWS, .. })), "{error}");
}

fn assert_rejected_at(error: SpawnError, place: usize) {
    let SpawnError::Rejected(rejection) = error else { panic!("{error}") };
    assert!(rejection.problems().iter().all(|problem| problem.record == Some(place)));
}

/// Converts a unit to a record.
pub(crate) fn unit_record(unit: &Unit, store: &Store) -> Record {
    let text = |text| Value::from(store.resolve(text).expect("the text is the store's"));
    let titles = unit.titles.map(|titles| elements(store, titles).into_iter().map(text));
    slotted::record! {
        position: unit.position,
        health: unit.health,
        target: unit.target,
        job: unit.job,
        name: text(unit.name),
        shield: unit.shield,
        marks: unit.marks,
        color: unit.color,
        awake: unit.awake,
        drops: elements(store, unit.drops),
        titles: titles.map(Iterator::collect::<Vec<Value>>),
        allies: elements(store, unit.allies),
    }
}

fn elements<T: ListElement>(store: &Store, list: List<T>) -> Vec<T> {
    store.resolve_list(list).expect("the list is the store's").to_vec()
}

/// Returns `true` if the schema has this slot as a required one.
pub(crate) fn has_required(store: &Store, schema: &str, name: &str, kind: &Kind) -> bool {
    let slot = store.schema(schema).and_then(|schema| schema.slot(name));
    slot.is_some_and(|slot| slot.kind() == kind && !slot.is_optional())
}
