//! The storages, each with its fastest calls.

use bench_support::attribute_map::{AttributeMap, Attributes, AttributesMut};
use bench_support::naive_map::NaiveMapStore;
use slotted::glam::Vec3;
use slotted::{MapStore, ObjectId, SlotKey, Store, Value, View};

use crate::workload::{DT, Storage, TEAM, Unit, written_health};

#[derive(View)]
struct Moving<'a> {
    position: &'a mut Vec3,
    velocity: &'a Vec3,
}

#[derive(View)]
#[allow(dead_code, reason = "only its runs are used, and the derive copies the fields there")]
struct Counted<'a> {
    health: &'a f32,
    team: &'a u8,
    alive: &'a bool,
}

fn health_key(store: &Store) -> SlotKey<f32> {
    store.key("unit", "health").expect("a unit has health")
}

impl Storage for Store {
    fn empty() -> Self {
        let mut store = Self::new();
        store.register::<Unit>().expect("the schema is valid");
        store
    }

    fn spawn_units(&mut self, units: &[Unit], ids: &mut Vec<ObjectId>) {
        ids.extend(self.spawn_batch(units.iter().copied()).expect("no slot has constraints"));
    }

    fn despawn_units(&mut self, ids: &[ObjectId]) {
        self.despawn_batch(ids).expect("the units are alive");
    }

    fn read_health(&mut self, ids: &[ObjectId]) -> f64 {
        let health = self.column(health_key(self)).expect("its own key");
        ids.iter().map(|id| f64::from(health.get(*id).expect("the units are alive"))).sum()
    }

    fn write_health(&mut self, ids: &[ObjectId]) {
        let mut health = self.column_mut(health_key(self)).expect("its own key");
        for (k, id) in ids.iter().enumerate() {
            *health.get_mut(*id).expect("the units are alive") = written_health(k);
        }
    }

    fn advance(&mut self) {
        let view = self.view::<Moving>().expect("a unit has these slots");
        view.for_each(|unit| *unit.position += *unit.velocity * DT);
    }

    fn team_health(&mut self) -> f64 {
        let mut sum = 0.0;
        let view = self.view::<Counted>().expect("a unit has these slots");
        view.for_each_run(|run| sum += f64::from(masked_sum(run.health, run.team, run.alive)));
        sum
    }
}

/// Independent partial sums, so that no addition waits for the previous one.
const LANES: usize = 16;

#[inline(always)]
fn masked_sum(health: &[f32], team: &[u8], alive: &[bool]) -> f32 {
    let (health, health_rest) = health.as_chunks::<LANES>();
    let (team, team_rest) = team.as_chunks::<LANES>();
    let (alive, alive_rest) = alive.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for ((health, team), alive) in health.iter().zip(team).zip(alive) {
        for lane in 0..LANES {
            sums[lane] += masked(health[lane], team[lane], alive[lane]);
        }
    }
    let rest = health_rest.iter().zip(team_rest).zip(alive_rest);
    let rest: f32 = rest.map(|((&health, &team), &alive)| masked(health, team, alive)).sum();
    sums.iter().sum::<f32>() + rest
}

/// `health` or zero, without a branch, which random data would mispredict.
#[inline(always)]
fn masked(health: f32, team: u8, alive: bool) -> f32 {
    let mask = u32::from(alive & (team == TEAM)).wrapping_neg();
    f32::from_bits(health.to_bits() & mask)
}

/// The storages that are attribute maps.
trait Map: AttributeMap {}

impl Map for MapStore {}
impl Map for NaiveMapStore {}

impl<M: Map> Storage for M {
    fn empty() -> Self {
        Self::default()
    }

    fn spawn_units(&mut self, units: &[Unit], ids: &mut Vec<ObjectId>) {
        ids.extend(units.iter().map(|unit| {
            self.spawn_record("unit", unit.record()).expect("no attribute is named twice")
        }));
    }

    fn despawn_units(&mut self, ids: &[ObjectId]) {
        ids.iter().for_each(|id| self.despawn(*id).expect("the units are alive"));
    }

    fn read_health(&mut self, ids: &[ObjectId]) -> f64 {
        let health = self.key("health");
        let values = ids.iter().map(|id| match self.get(*id, health) {
            Some(Value::F32(health)) => f64::from(*health),
            other => panic!("health is {other:?}"),
        });
        values.sum()
    }

    fn write_health(&mut self, ids: &[ObjectId]) {
        let health = self.key("health");
        for (k, id) in ids.iter().enumerate() {
            *self.get_mut(*id, health).expect("the units are alive") = written_health(k).into();
        }
    }

    fn advance(&mut self) {
        let (position, velocity) = (self.key("position"), self.key("velocity"));
        for mut unit in self.iter_mut() {
            let Some(&Value::Vec3(velocity)) = unit.attribute(velocity) else { continue };
            let Some(Value::Vec3(position)) = unit.attribute_mut(position) else { continue };
            *position += velocity * DT;
        }
    }

    fn team_health(&mut self) -> f64 {
        let [health, team, alive] = ["health", "team", "alive"].map(|name| self.key(name));
        let mut sum = 0.0;
        for unit in self.iter() {
            let is_counted = matches!(unit.attribute(alive), Some(Value::Bool(true)))
                && matches!(unit.attribute(team), Some(Value::Int(team)) if *team == i64::from(TEAM));
            if is_counted && let Some(Value::F32(health)) = unit.attribute(health) {
                sum += f64::from(*health);
            }
        }
        sum
    }
}
