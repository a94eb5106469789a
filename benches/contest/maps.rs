//! The attribute maps: what slots are the alternative to.

use std::hint::black_box;

use glam::Vec3;
use slotted::{
    ByName, ObjectId, Record, Value, map::AttributeLayout, map::AttributeStore, map::MapObject,
    map::Naive, map::Shaped,
};

use super::handles::{Handles, in_order};
use super::input::{NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::slotted::record;
use super::{Contestant, DT, Input, Task, Unit, Variant, digest_units};

pub(crate) const TUNED: Contestant =
    Contestant { name: "tuned map", package: None, cases: cases::<Shaped> };

pub(crate) const NAIVE: Contestant =
    Contestant { name: "naive map", package: None, cases: cases::<Naive> };

/// A store and its ids by object number, or in shuffled order where a task asks for that.
struct Filled<L> {
    store: AttributeStore<L>,
    ids: Vec<ObjectId>,
}

fn filled<L: AttributeLayout>(input: &Input) -> Filled<L> {
    let mut store = AttributeStore::<L>::default();
    let spawn = |unit| store.spawn_record("unit", record(unit)).expect("there is room");
    let ids = input.units.iter().map(spawn).collect();
    Filled { store, ids }
}

fn shuffled<L: AttributeLayout>(input: &Input) -> Filled<L> {
    let Filled { store, ids } = filled(input);
    Filled { store, ids: in_order(&ids, &input.shuffled) }
}

fn digest<L: AttributeLayout>(store: &mut AttributeStore<L>) -> u64 {
    let [position, velocity, health, kind, team, alive, seed] =
        super::input::SLOT_NAMES.map(|name| store.key(name));
    digest_units(store.iter().map(|object| Unit {
        position: vector(object.get(position)),
        velocity: vector(object.get(velocity)),
        health: float(object.get(health)),
        kind: integer(object.get(kind)) as u16,
        team: integer(object.get(team)) as u8,
        alive: truth(object.get(alive)),
        seed: integer(object.get(seed)) as u32,
    }))
}

fn vector(value: Option<&Value>) -> Vec3 {
    if let Some(Value::Vec3(vector)) = value { *vector } else { panic!("a vector: {value:?}") }
}

fn float(value: Option<&Value>) -> f32 {
    if let Some(Value::F32(float)) = value { *float } else { panic!("a float: {value:?}") }
}

fn float_mut(value: Option<&mut Value>) -> &mut f32 {
    if let Some(Value::F32(float)) = value { float } else { panic!("a float") }
}

fn integer(value: Option<&Value>) -> i64 {
    if let Some(Value::Int(integer)) = value { *integer } else { panic!("an integer: {value:?}") }
}

fn truth(value: Option<&Value>) -> bool {
    if let Some(Value::Bool(truth)) = value { *truth } else { panic!("a truth: {value:?}") }
}

fn cases<L: AttributeLayout + 'static>(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each::<L>(input)],
        Task::SpawnBulk => vec![spawn_each::<L>(input)],
        Task::MoveEach => vec![advance::<L>(input, &[])],
        Task::MoveAfterFewDespawned => vec![advance::<L>(input, input.few())],
        Task::MoveAfterHalfDespawned => vec![advance::<L>(input, input.half())],
        Task::SumEach => vec![sum::<L>(input)],
        Task::GetResolved | Task::GetByCall => vec![get::<L>(input)],
        Task::SetResolved => vec![set::<L>(input)],
        Task::Churn => vec![churn::<L>(input)],
        Task::NamedEach => vec![named_each::<L>(input)],
        Task::RecordInsert => vec![record_insert::<L>(input)],
        _ => Vec::new(),
    }
}

/// Its one way to insert: a record for each object.
fn spawn_each<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn_record",
        |store: &mut AttributeStore<L>| {
            for unit in &input.units {
                black_box(store.spawn_record("unit", record(unit)).expect("there is room"));
            }
        },
        digest,
    )
}

fn advance<'a, L: AttributeLayout + 'static>(
    input: &'a Input,
    despawned: &'a [u32],
) -> Variant<'a> {
    Variant::writing(
        "iter_mut",
        move || {
            let mut filled = filled::<L>(input);
            for id in in_order(&filled.ids, despawned) {
                filled.store.despawn(id).expect("alive");
            }
            filled
        },
        |Filled { store, .. }| {
            let (position, velocity) = (store.key("position"), store.key("velocity"));
            for mut object in store.iter_mut() {
                let step = vector(object.get(velocity)) * DT;
                if let Some(Value::Vec3(position)) = object.get_mut(position) {
                    *position += step;
                }
            }
        },
        |filled| digest(&mut filled.store),
    )
}

fn sum<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::reading(
        "iter",
        move || filled::<L>(input).store,
        |store| {
            let [health, team, alive] = ["health", "team", "alive"].map(|name| store.key(name));
            let counts = |object: &MapObject<'_, L>| {
                truth(object.get(alive)) & (integer(object.get(team)) == i64::from(TEAM))
            };
            let counted = store.iter().filter(counts);
            let sum: f32 = counted.map(|object| float(object.get(health))).sum();
            u64::from(sum.to_bits())
        },
    )
}

fn get<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::reading(
        "get",
        move || shuffled::<L>(input),
        |Filled { store, ids }| {
            let health = store.key("health");
            let values = ids.iter().map(|id| f64::from(float(store.get(*id, health))));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_mut",
        move || shuffled::<L>(input),
        |Filled { store, ids }| {
            let health = store.key("health");
            for (k, id) in ids.iter().enumerate() {
                *float_mut(store.get_mut(*id, health)) = k as f32;
            }
        },
        |filled| digest(&mut filled.store),
    )
}

fn churn<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_record",
        || {
            let Filled { store, ids } = filled::<L>(input);
            (store, Handles::new(ids))
        },
        |(_, handles)| handles.plan(input),
        |(store, handles)| {
            for id in &handles.doomed {
                store.despawn(*id).expect("alive");
            }
            let replacements = input.churn(handles.round()).replacements.iter();
            let spawn = |unit| store.spawn_record("unit", record(unit)).expect("there is room");
            handles.born.extend(replacements.map(spawn));
        },
        |(store, _)| digest(store),
    )
}

fn named_each<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_mut",
        move || filled::<L>(input),
        |Filled { store, ids }| {
            let health = store.key("health");
            for id in &*ids {
                let health = float_mut(store.get_mut(*id, health));
                *health = *health * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        |filled| digest(&mut filled.store),
    )
}

fn record_insert<L: AttributeLayout + 'static>(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_record",
        || (AttributeStore::<L>::default(), Vec::<Record>::new()),
        |state| *state = (AttributeStore::default(), input.units.iter().map(record).collect()),
        |(store, records)| {
            for record in records.drain(..) {
                black_box(store.spawn_record("unit", record).expect("there is room"));
            }
        },
        |(store, _)| digest(store),
    )
}
