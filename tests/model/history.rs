//! The history of the model: clones of the maps for each snapshot of the store.

use std::collections::{BTreeMap, BTreeSet};

use bench_support::NaiveMapStore;
use proptest::sample::Index;
use slotted::glam::Vec3;
use slotted::{
    Delta, DeltaError, Epoch, MapStore, ObjectId, Record, Snapshot, Store, Value, View,
    snapshot::Changes, snapshot::changes,
};

use crate::world::{Dump, Object, Place, RowModel, World, dump};
use crate::{Call, schemas};

/// The maximum number of snapshots, to limit the test's time.
const MOST_PASTS: usize = 4;

/// A snapshot of the store with a copy of the model.
#[derive(Clone)]
pub(crate) struct Past {
    snapshot: Snapshot,
    map: MapStore,
    naive: NaiveMapStore,
    objects: BTreeMap<Place, Object>,
    stale: Vec<ObjectId>,
    rows: BTreeMap<String, RowModel>,
    dump: Dump,
}

/// The state of the store at the start of an epoch.
pub(crate) struct Mark {
    epoch: Epoch,
    values: BTreeMap<ObjectId, Record>,
}

/// The history of a world.
#[derive(Default)]
pub(crate) struct History {
    pasts: Vec<Past>,
    marks: Vec<Mark>,
    /// Ids that were alive before a rollback.
    futures: BTreeSet<ObjectId>,
}

impl Past {
    pub(crate) fn of(world: &mut World) -> Self {
        let snapshot = world.store.snapshot();
        let dump = dump(&snapshot);
        let (map, naive) = (world.map.clone(), world.naive.clone());
        let (objects, stale) = (world.objects.clone(), world.stale.clone());
        Self { snapshot, map, naive, objects, stale, rows: world.rows.clone(), dump }
    }

    /// Creates an independent world with this state.
    pub(crate) fn to_world(&self) -> World {
        let mut world = World::new();
        world.store = self.snapshot.to_store();
        self.set_model(&mut world);
        world
    }

    pub(crate) fn restore(&self, world: &mut World) {
        assert_eq!(world.store.restore(&self.snapshot), Ok(()));
        let alive = world.objects.values().map(|object| object.id);
        let gone: Vec<ObjectId> = alive.chain(world.stale.iter().copied()).collect();
        world.history.futures.extend(gone);
        self.set_model(world);
        assert_eq!(dump(&world.store), self.dump);
    }

    fn set_model(&self, world: &mut World) {
        (world.map, world.naive) = (self.map.clone(), self.naive.clone());
        (world.objects, world.stale) = (self.objects.clone(), self.stale.clone());
        world.rows.clone_from(&self.rows);
    }

    /// Checks that the snapshot has not changed since.
    fn check(&self) {
        assert!(dump(&self.snapshot) == self.dump, "a snapshot has changed");
        let mut world = self.to_world();
        world.check_quickly();
        assert_eq!(world.store.state_hash(), self.snapshot.state_hash());
    }
}

impl Mark {
    fn of(store: &mut Store) -> Self {
        let values = dump(store).into_iter().collect();
        Self { epoch: store.advance_epoch(), values }
    }

    /// Returns `true` if the object is new, or one of the slots has changed.
    fn is_changed(&self, object: ObjectId, record: &Record, slots: &[&str]) -> bool {
        self.values.get(&object).is_none_or(|before| {
            slots.iter().any(|slot| value(before, slot) != value(record, slot))
        })
    }
}

fn value<'r>(record: &'r Record, slot: &str) -> Option<&'r Value> {
    record.iter().find(|(name, _)| *name == slot).map(|(_, value)| value)
}

/// Views of all objects with these slots. Their values are compared with the change marks.
#[derive(View)]
struct Placed<'a> {
    id: ObjectId,
    #[allow(dead_code, reason = "the fields select the slots to compare")]
    position: &'a Vec3,
    #[allow(dead_code, reason = "the fields select the slots to compare")]
    shield: Option<&'a f32>,
}

#[derive(View)]
struct High<'a> {
    id: ObjectId,
    #[allow(dead_code, reason = "the fields select the slots to compare")]
    height: &'a f64,
    #[allow(dead_code, reason = "the fields select the slots to compare")]
    owner: Option<&'a ObjectId>,
}

impl World {
    pub(crate) fn take_snapshot(&mut self) {
        let past = Past::of(self);
        if self.history.pasts.len() == MOST_PASTS {
            drop(self.history.pasts.remove(0));
        }
        self.history.pasts.push(past);
    }

    pub(crate) fn restore_past(&mut self, which: &Index) {
        if let Some(past) = self.past(which) {
            past.restore(self);
        }
    }

    pub(crate) fn reuse_memory_of_past(&mut self, which: &Index) {
        if !self.history.pasts.is_empty() {
            let past = self.history.pasts.swap_remove(which.index(self.history.pasts.len()));
            self.store.reuse_memory_of(past.snapshot);
        }
    }

    /// Begins or stops to track the changes of a slot, all of which [`check_changed`](Self::check_changed) looks at.
    pub(crate) fn track(&mut self, which: &Index, stops: bool) {
        let slots =
            [("unit", "position"), ("orc", "shield"), ("tile", "height"), ("tile", "owner")];
        let (schema, slot) = *which.get(&slots);
        let done = match stops {
            true => self.store.stop_tracking(schema, slot),
            false => self.store.track_changes(schema, slot),
        };
        assert_eq!((done, self.store.tracks_changes(schema, slot)), (Ok(()), Ok(!stops)));
    }

    fn past(&self, which: &Index) -> Option<Past> {
        let pasts = &self.history.pasts;
        (!pasts.is_empty()).then(|| which.get(pasts).clone())
    }

    /// Checks that ids from before a rollback are dead, unless the store reused them.
    pub(crate) fn check_futures(&self) {
        let living: BTreeSet<ObjectId> = self.objects.values().map(|object| object.id).collect();
        for id in self.history.futures.iter().step_by(self.history.futures.len() / 20 + 1) {
            assert_eq!(self.store.contains(*id), living.contains(id), "{id}");
        }
    }

    pub(crate) fn check_pasts(&self) {
        self.history.pasts.iter().for_each(Past::check);
    }

    /// Checks that `changed_since` visits every object that changed since an epoch.
    pub(crate) fn check_changed(&mut self) {
        let now = dump(&self.store);
        for mark in &self.history.marks {
            let seen: BTreeSet<ObjectId> = {
                let placed = self.store.view_ref::<Placed>().expect("the kinds are right");
                let high = self.store.view_ref::<High>().expect("the kinds are right");
                let placed = placed.changed_since(mark.epoch).into_iter().map(|item| item.id);
                placed
                    .chain(high.changed_since(mark.epoch).into_iter().map(|item| item.id))
                    .collect()
            };
            for (id, record) in &now {
                let has = |slot| value(record, slot).is_some();
                let slots: &[&str] = match (has("position"), has("height")) {
                    (true, _) => &["position", "shield"],
                    (_, true) => &["height", "owner"],
                    _ => continue,
                };
                let is_missed = mark.is_changed(*id, record, slots) && !seen.contains(id);
                assert!(!is_missed, "{id} has changed but was not visited");
            }
        }
        let mark = Mark::of(&mut self.store);
        if self.history.marks.len() == 3 {
            self.history.marks.remove(0);
        }
        self.history.marks.push(mark);
        let untouched = self.history.marks.last().map(|mark| mark.epoch).unwrap_or_default();
        let view = self.store.view_ref::<Placed>().expect("the kinds are right");
        assert_eq!(view.changed_since(untouched).count(), 0, "nothing has changed since");
    }

    /// Checks the changes since a snapshot, and deltas in both directions.
    pub(crate) fn compare_with_past(&mut self, which: &Index, seed: u64) {
        let Some(past) = self.past(which) else { return };
        let now = Past::of(self);
        let found =
            changes(&past.snapshot, &now.snapshot).expect("both snapshots are of this store");
        assert_eq!(self.store.changes_since(&past.snapshot), Ok(found.clone()));
        assert_changes(&found, &past.dump, &now.dump);
        let back =
            changes(&now.snapshot, &past.snapshot).expect("both snapshots are of this store");
        assert_eq!((back.spawned(), back.despawned()), (found.despawned(), found.spawned()));
        assert_eq!(back.slots().len(), found.slots().len());
        for (from, to) in [(&past, &now), (&now, &past)] {
            let delta = Delta::between(&from.snapshot, &to.snapshot)
                .expect("both snapshots are of this store");
            assert!(!delta.is_empty() || found.is_empty());
            assert_applied(from, to, &delta, seed);
        }
    }

    /// Checks that equal worlds have equal hashes, and different worlds different ones.
    pub(crate) fn check_hash(&mut self) {
        let hash = self.store.state_hash();
        assert_eq!(self.store.state_hash(), hash, "the cached hash");
        assert_eq!(self.store.snapshot().state_hash(), hash, "the hash without a cache");
        let now = canonical(dump(&self.store));
        for past in &self.history.pasts {
            let is_equal = canonical(past.dump.clone()) == now;
            assert_eq!(past.snapshot.state_hash() == hash, is_equal);
        }
    }
}

/// Replaces every NaN by one, because hashes do not distinguish them.
fn canonical(dump: Dump) -> Dump {
    fn one(value: &Value) -> Value {
        match value {
            Value::F32(number) if number.is_nan() => Value::F32(f32::NAN),
            Value::F64(number) if number.is_nan() => Value::F64(f64::NAN),
            Value::List(list) => Value::List(list.iter().map(one).collect()),
            other => other.clone(),
        }
    }
    let record = |record: Record| -> Record {
        record.into_iter().map(|(name, value)| (name, one(&value))).collect()
    };
    dump.into_iter().map(|(id, values)| (id, record(values))).collect()
}

/// Compares the changes with both worlds, value by value.
fn assert_changes(found: &Changes, before: &Dump, after: &Dump) {
    let old: BTreeMap<ObjectId, &Record> =
        before.iter().map(|(id, record)| (*id, record)).collect();
    let new: BTreeMap<ObjectId, &Record> = after.iter().map(|(id, record)| (*id, record)).collect();
    let only = |of: &Dump, other: &BTreeMap<ObjectId, &Record>| -> Vec<ObjectId> {
        of.iter().map(|(id, _)| *id).filter(|id| !other.contains_key(id)).collect()
    };
    assert_eq!(found.spawned(), only(after, &old));
    assert_eq!(found.despawned(), only(before, &new));
    let mut expected: BTreeSet<(ObjectId, &str)> = BTreeSet::new();
    for (id, record) in &new {
        let Some(old) = old.get(id) else { continue };
        let differs = |slot: &&str| value(old, slot) != value(record, slot);
        let names = old.iter().chain(record.iter()).map(|(name, _)| name);
        expected.extend(names.filter(differs).map(|name| (*id, name)));
    }
    let slots = found.slots().iter();
    let listed: Vec<_> =
        slots.flat_map(|slot| slot.ids().iter().map(|id| (*id, slot.slot()))).collect();
    assert_eq!(listed.len(), expected.len(), "a change is listed twice");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(found.slots().iter().all(|slot| !slot.is_empty()));
}

/// Checks that the delta turns the first state into the second one, including the next ids.
fn assert_applied(from: &Past, to: &Past, delta: &Delta, seed: u64) {
    let mut store = from.snapshot.to_store();
    let known = store.schemas().len();
    for schema in to.snapshot.schemas().skip(known) {
        let mut later = schemas::later().expect("the schemas are right").into_iter();
        let missing = later.find(|later| later.name() == schema.name());
        store
            .register_schema(missing.expect("the other schemas are registered"))
            .expect("the schema is new");
    }
    assert_eq!(delta.base_hash(), store.state_hash());
    assert_eq!(store.apply(delta), Ok(()));
    assert_eq!(store.state_hash(), delta.result_hash());
    assert_eq!(to.snapshot.state_hash(), delta.result_hash());
    assert!(dump(&store) == to.dump, "the delta leads to another world");
    if delta.base_hash() != delta.result_hash() {
        let refused = store.apply(delta);
        assert!(matches!(refused, Err(DeltaError::OtherBase { .. })), "{refused:?}");
    }
    let full = Delta::full(&to.snapshot);
    if delta.base_hash() != full.base_hash() {
        assert_eq!(store.replace_with(delta), Err(DeltaError::NotFull { base: delta.base_hash() }));
    }
    let (here, then) = (store.snapshot(), store.state_hash());
    assert_eq!(store.replace_with(&full), Ok(()));
    assert!(dump(&store) == to.dump, "the full delta leads to another world");
    assert_eq!(store.state_hash(), then);
    assert_eq!(store.future_ids_hash(), here.future_ids_hash());
    let mut reached = to.to_world();
    reached.store = store;
    reached.check_quickly();
    reached.apply(&Call::SpawnUnits { count: 30, seed, flaw: None });
    reached.apply(&Call::SpawnOrc { seed });
    reached.check_quickly();
}
