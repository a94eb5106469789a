//! Random calls, after which a view visits exactly the objects of a naive list.

use std::collections::{BTreeMap, BTreeSet};

use bench_support::cases;
use proptest::prelude::*;
use proptest::sample::Index;
use slotted::snapshot::changes;
use slotted::view::{Mut, OptionMut};
use slotted::{
    Epoch, ObjectId, Schema, Snapshot, Store, View, exactly, memory::BLOCK_ROWS, record,
};

use super::{Choosing, Healing, Healths, Shields, UNIT, Unit};

/// One call. Each `Index` picks an object.
#[derive(Clone, Debug)]
enum Call {
    Spawn { count: usize, is_orc: bool },
    Despawn(Index),
    Clear,
    Release,
    ByKey(Index),
    ByName(Index),
    Whole(Index),
    InColumn(Index),
    ColumnRuns,
    Shield(Index),
    ShieldsByView,
    One(Index),
    ById(Vec<Index>),
    Choose { of: u32, through: u8 },
    ChooseById(Vec<Index>),
    ChooseOrcs { of: u32 },
    All,
    AllChanged(Index),
    Advance,
    Snapshot,
    Restore(Index),
    Copy(bool),
    Transaction { pick: Index, is_kept: bool },
}

fn call() -> impl Strategy<Value = Call> {
    use self::Call::*;
    let pick = any::<Index>;
    let picks = || prop::collection::vec(any::<Index>(), 0..5);
    let count = prop_oneof![60 => 0..40_usize, 1 => BLOCK_ROWS - 20..BLOCK_ROWS + 20];
    prop_oneof![
        6 => (count, any::<bool>()).prop_map(|(count, is_orc)| Spawn { count, is_orc }),
        4 => pick().prop_map(Despawn),
        1 => prop_oneof![Just(Clear), Just(Release), Just(ColumnRuns), Just(All)],
        4 => pick().prop_map(ByKey),
        3 => pick().prop_map(ByName),
        3 => pick().prop_map(Whole),
        3 => pick().prop_map(InColumn),
        3 => pick().prop_map(Shield),
        1 => Just(ShieldsByView),
        3 => pick().prop_map(One),
        3 => picks().prop_map(ById),
        4 => (1..50_u32, 0..4_u8).prop_map(|(of, through)| Choose { of, through }),
        3 => picks().prop_map(ChooseById),
        2 => (1..50_u32).prop_map(|of| ChooseOrcs { of }),
        1 => pick().prop_map(AllChanged),
        9 => Just(Advance),
        4 => Just(Snapshot),
        3 => pick().prop_map(Restore),
        1 => any::<bool>().prop_map(Copy),
        2 => (pick(), any::<bool>()).prop_map(|(pick, is_kept)| Transaction { pick, is_kept }),
    ]
}

/// The epochs in which `health` and `shield` of each object were last written.
type Writes = BTreeMap<ObjectId, [Epoch; 2]>;

struct Past {
    snapshot: Snapshot,
    writes: Writes,
}

struct World {
    store: Store,
    writes: Writes,
    epochs: Vec<Epoch>,
    pasts: Vec<Past>,
}

impl World {
    fn new() -> Self {
        let mut store = Store::new();
        store.register::<Unit>().expect("the schema is right");
        store.track_changes("unit", "health").expect("the slot exists");
        store.track_changes("unit", "shield").expect("the slot exists");
        let orc = Schema::builder("orc").extends("unit").build().expect("the schema is right");
        store.register_schema(orc).expect("the schema is new");
        let epochs = vec![store.epoch()];
        Self { store, writes: Writes::new(), epochs, pasts: Vec::new() }
    }

    fn pick(&self, index: &Index) -> Option<ObjectId> {
        let number = (!self.writes.is_empty()).then(|| index.index(self.writes.len()))?;
        self.writes.keys().nth(number).copied()
    }

    fn note(&mut self, id: ObjectId, slot: usize) {
        self.writes.get_mut(&id).expect("it is alive")[slot] = self.store.epoch();
    }

    fn note_all(&mut self, slot: usize, is_written: impl Fn(ObjectId) -> bool) {
        let now = self.store.epoch();
        let written = self.writes.iter_mut().filter(|(id, _)| is_written(**id));
        written.for_each(|(_, epochs)| epochs[slot] = now);
    }

    fn apply(&mut self, call: &Call) {
        match call {
            Call::Spawn { count, is_orc } => self.spawn(*count, *is_orc),
            Call::Despawn(pick) => {
                if let Some(id) = self.pick(pick) {
                    self.store.despawn(id).expect("it is alive");
                    self.writes.remove(&id);
                }
            }
            Call::Clear => {
                self.store.clear();
                self.writes.clear();
            }
            Call::Release => self.store.release_memory(),
            Call::All => {
                let view = self.store.view::<Healing>().expect("the slot exists");
                view.for_each(|unit| *unit.health = 1.0);
                self.note_all(0, |_| true);
            }
            Call::ColumnRuns => {
                let health = self.store.key::<f32>(exactly("unit"), "health").expect("it exists");
                let mut column = self.store.column_mut(health).expect("the key is the store's");
                column.for_each_run(|run| run.fill(2.0));
                let schema = self.store.schema("unit").expect("it exists").id();
                self.note_all(0, |id| id.schema() == schema);
            }
            Call::AllChanged(pick) => self.write_changed(pick),
            Call::ShieldsByView => self.write_shields(),
            Call::Choose { of, through } => self.choose(*of, *through),
            Call::ChooseOrcs { of } => self.choose_orcs(*of),
            Call::ById(picks) => self.write_by_id(picks),
            Call::ChooseById(picks) => self.choose_by_id(picks),
            Call::Advance => {
                self.store.advance_epoch();
            }
            Call::Snapshot => {
                let (snapshot, writes) = (self.store.snapshot(), self.writes.clone());
                self.pasts.push(Past { snapshot, writes });
                if self.pasts.len() > 3 {
                    self.pasts.remove(0);
                }
            }
            Call::Restore(pick) => self.restore(pick),
            Call::Copy(is_clone) => {
                self.store = match is_clone {
                    true => self.store.clone(),
                    false => self.store.snapshot().to_store(),
                };
                self.pasts.clear();
            }
            Call::Transaction { pick, is_kept } => self.transact(pick, *is_kept),
            Call::ByKey(pick)
            | Call::ByName(pick)
            | Call::Whole(pick)
            | Call::InColumn(pick)
            | Call::Shield(pick)
            | Call::One(pick) => {
                if let Some(id) = self.pick(pick) {
                    self.write_one(call, id);
                }
            }
        }
        let now = self.store.epoch();
        if self.epochs.last() != Some(&now) {
            self.epochs.push(now);
        }
    }

    fn spawn(&mut self, count: usize, is_orc: bool) {
        let new: Vec<ObjectId> = if is_orc {
            let record = record! { health: 5.0, speed: 1.0 };
            let orcs = self.store.spawn_records("orc", (0..count).map(|_| record.clone()));
            orcs.expect("there is room").collect()
        } else if count == 1 {
            vec![self.store.spawn(UNIT).expect("there is room")]
        } else {
            self.store.spawn_batch(vec![UNIT; count]).expect("there is room").collect()
        };
        let now = self.store.epoch();
        self.writes.extend(new.into_iter().map(|id| (id, [now; 2])));
    }

    fn write_one(&mut self, call: &Call, id: ObjectId) {
        let health = self.store.key::<f32>("unit", "health").expect("it exists");
        match call {
            Call::ByKey(_) => self.store.set(id, health, 3.0).expect("it is alive"),
            Call::ByName(_) => self.store.set_value(id, "health", 4.0).expect("it is alive"),
            Call::InColumn(_) => {
                let mut column = self.store.column_mut(health).expect("the key is the store's");
                assert!(column.set(id, 5.0));
            }
            Call::One(_) => {
                let mut view = self.store.view::<Healing>().expect("the slot exists");
                *view.get(id).expect("it is alive").health = 6.0;
            }
            Call::Shield(_) => {
                let shield = self.store.key("unit", "shield").expect("it exists");
                self.store.set(id, shield, Some(1.0_f32)).expect("it is alive");
                return self.note(id, 1);
            }
            _ => {
                self.store.set_object(id, UNIT).expect("it is alive");
                self.note(id, 1);
            }
        }
        self.note(id, 0);
    }

    fn write_changed(&mut self, pick: &Index) {
        let since = *pick.get(&self.epochs);
        let view = self.store.view::<Healing>().expect("the slot exists").changed_since(since);
        view.for_each(|unit| *unit.health = 7.0);
        let changed = self.changed(0, since);
        self.note_all(0, |id| changed.contains(&id));
    }

    /// Reads all shields, changes those that are set, and sets one in seven of the others.
    fn write_shields(&mut self) {
        #[derive(View)]
        struct Shielding<'a> {
            id: ObjectId,
            shield: OptionMut<'a, f32>,
        }
        let mut written = Vec::new();
        for mut unit in self.store.view::<Shielding>().expect("the slot exists") {
            let is_set = unit.shield.get_mut().map(|shield| *shield += 1.0).is_some();
            if is_set || unit.id.row().is_multiple_of(7) {
                unit.shield.set(if is_set { None } else { Some(1.0) });
                written.push(unit.id);
            }
        }
        written.into_iter().for_each(|id| self.note(id, 1));
    }

    fn choose(&mut self, of: u32, through: u8) {
        let is_chosen = |id: ObjectId| id.row().is_multiple_of(of);
        let visit = |mut unit: Choosing<'_>| {
            if is_chosen(unit.id) {
                *unit.health += 1.0;
            }
        };
        let view = self.store.view::<Choosing>().expect("the slot exists");
        match through {
            0 => view.for_each(visit),
            1 => view.into_iter().for_each(visit),
            2 => view.runs().for_each(|run| run.into_iter().for_each(visit)),
            _ => {
                for unit in view {
                    visit(unit);
                }
            }
        }
        self.note_all(0, is_chosen);
    }

    /// Writes two slots, each in its own objects, of the schema that extends the other one.
    fn choose_orcs(&mut self, of: u32) {
        #[derive(View)]
        #[view(of = "orc")]
        struct Orcs<'a> {
            id: ObjectId,
            health: Mut<'a, f32>,
            #[slot(set)]
            shield: Mut<'a, f32>,
        }
        let orcs = self.store.view::<Orcs>().expect("the slots exist");
        let mut written = Vec::new();
        for mut orc in orcs {
            if orc.id.row().is_multiple_of(of) {
                *orc.health += 1.0;
                written.push((orc.id, 0));
            } else {
                *orc.shield += 1.0;
                written.push((orc.id, 1));
            }
        }
        written.into_iter().for_each(|(id, slot)| self.note(id, slot));
    }

    fn write_by_id(&mut self, picks: &[Index]) {
        let ids: Vec<_> = picks.iter().filter_map(|pick| self.pick(pick)).collect();
        let mut units = self.store.view::<Healing>().expect("the slot exists").by_id();
        ids.iter().for_each(|id| *units.get(*id).expect("it is alive").health = 8.0);
        ids.into_iter().for_each(|id| self.note(id, 0));
    }

    fn choose_by_id(&mut self, picks: &[Index]) {
        let ids: Vec<_> = picks.iter().filter_map(|pick| self.pick(pick)).collect();
        let mut units = self.store.view::<Choosing>().expect("the slot exists").by_id();
        let mut written = Vec::new();
        for id in ids {
            let mut unit = units.get(id).expect("it is alive");
            if unit.health.set_if_neq(9.0) {
                written.push(id);
            }
        }
        written.into_iter().for_each(|id| self.note(id, 0));
    }

    fn restore(&mut self, pick: &Index) {
        if self.pasts.is_empty() {
            return;
        }
        let Past { snapshot, writes } = pick.get(&self.pasts);
        self.store.restore(snapshot).expect("it is of this store");
        let (since, now) = (snapshot.epoch(), self.store.epoch());
        let back = writes.keys().map(|id| match self.writes.get(id) {
            Some(epochs) => (*id, epochs.map(|epoch| if epoch >= since { now } else { epoch })),
            None => (*id, [now; 2]),
        });
        self.writes = back.collect();
    }

    fn transact(&mut self, pick: &Index, is_kept: bool) {
        let id = self.pick(pick);
        let health = self.store.key::<f32>("unit", "health").expect("it exists");
        let done = self.store.transaction(|store| {
            id.map_or(Ok(()), |id| store.set(id, health, 10.0)).expect("it is alive");
            if is_kept { Ok(()) } else { Err(()) }
        });
        assert_eq!(done.is_ok(), is_kept);
        if let Some(id) = id.filter(|_| is_kept) {
            self.note(id, 0);
        }
    }

    /// Returns the objects whose slot was written since the epoch.
    fn changed(&self, slot: usize, since: Epoch) -> Vec<ObjectId> {
        let written = self.writes.iter().filter(|(_, epochs)| epochs[slot] >= since);
        written.map(|(id, _)| *id).collect()
    }

    fn check(&self) {
        for since in self.epochs.iter().rev().step_by(self.epochs.len() / 5 + 1).copied() {
            let healths = self.store.view_ref::<Healths>().expect("the slot exists");
            let healths = healths.changed_since(since);
            assert_same(healths.iter().map(|unit| unit.id), self.changed(0, since));
            let shields = self.store.view_ref::<Shields>().expect("the slot exists");
            let shields = shields.changed_since(since);
            assert_same(shields.iter().map(|unit| unit.id), self.changed(1, since));
        }
        for Past { snapshot, writes } in &self.pasts {
            let since = self.epochs[self.epochs.len() / 2];
            let view =
                snapshot.view_ref::<Healths>().expect("the slot exists").changed_since(since);
            let written = writes.iter().filter(|(_, epochs)| epochs[0] >= since);
            assert_same(view.iter().map(|unit| unit.id), written.map(|(id, _)| *id).collect());
        }
        for [before, after] in self.pasts.windows(2).filter_map(|pasts| pasts.as_array()) {
            check_changes(&before.snapshot, &after.snapshot);
            check_changes(&after.snapshot, &before.snapshot);
        }
    }
}

/// Checks that the differences of tracked slots are those of their values.
fn check_changes(before: &Snapshot, after: &Snapshot) {
    let found = changes(before, after).expect("the snapshots are of one store");
    for slot in ["health", "shield"] {
        let found = found.slots().iter().filter(|changed| changed.slot() == slot);
        let found = found.flat_map(|changed| changed.ids().iter().copied());
        let both = before.ids().filter(|id| after.contains(*id));
        let value = |snapshot: &Snapshot, id| snapshot.get_value(id, slot).expect("it is alive");
        let differing = both.filter(|id| value(before, *id) != value(after, *id));
        assert_same(found, differing.collect());
    }
}

fn assert_same(seen: impl Iterator<Item = ObjectId>, expected: Vec<ObjectId>) {
    let (seen, expected) = (BTreeSet::from_iter(seen), BTreeSet::from_iter(expected));
    let differing: Vec<_> = seen.symmetric_difference(&expected).take(10).collect();
    assert!(differing.is_empty(), "{differing:?} of {} and {}", seen.len(), expected.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(32)))]

    #[test]
    fn views_visit_exactly_the_written_objects(calls in prop::collection::vec(call(), 1..60)) {
        let mut world = World::new();
        for call in &calls {
            world.apply(call);
            world.check();
        }
    }
}
