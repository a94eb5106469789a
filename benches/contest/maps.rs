//! The attribute maps, which slots replace.

use std::hint::black_box;

use bench_support::attribute_map::{AttributeMap, Attributes, AttributesMut};
use bench_support::naive_map::NaiveMapStore;
use glam::Vec3;
use slotted::{MapStore, ObjectId, Record, Value};

use super::handles::{Handles, in_order};
use super::input::{NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::slotted::record;
use super::{Contestant, DT, Input, Task, Unit, Variant, digest_units};

pub(crate) const TUNED: Contestant =
    Contestant { name: "tuned map", package: None, cases: cases::<MapStore> };

pub(crate) const NAIVE: Contestant =
    Contestant { name: "naive map", package: None, cases: cases::<NaiveMapStore> };

/// A store and its ids, by object number or in the shuffled order of random access.
struct Filled<M> {
    store: M,
    ids: Vec<ObjectId>,
}

fn filled<M: AttributeMap>(input: &Input) -> Filled<M> {
    let mut store = M::default();
    let spawn = |unit| store.spawn_record("unit", record(unit)).expect("there is room");
    let ids = input.units.iter().map(spawn).collect();
    Filled { store, ids }
}

fn shuffled<M: AttributeMap>(input: &Input) -> Filled<M> {
    let Filled { store, ids } = filled(input);
    Filled { store, ids: in_order(&ids, &input.shuffled) }
}

fn digest<M: AttributeMap>(store: &mut M) -> u64 {
    let [position, velocity, health, kind, team, alive, seed] =
        super::input::SLOT_NAMES.map(|name| store.key(name));
    digest_units(store.iter().map(|object| Unit {
        position: vector(object.attribute(position)),
        velocity: vector(object.attribute(velocity)),
        health: float(object.attribute(health)),
        kind: integer(object.attribute(kind)) as u16,
        team: integer(object.attribute(team)) as u8,
        alive: truth(object.attribute(alive)),
        seed: integer(object.attribute(seed)) as u32,
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

fn cases<M: AttributeMap>(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each::<M>(input)],
        Task::SpawnBulk | Task::HeapBytes => vec![spawn_each::<M>(input)],
        Task::MoveEach | Task::MoveLoop => vec![advance::<M>(input, &[])],
        Task::MoveAfterFewDespawned => vec![advance::<M>(input, input.few())],
        Task::MoveAfterHalfDespawned => vec![advance::<M>(input, input.half())],
        Task::SumEach | Task::SumLoop => vec![sum::<M>(input)],
        Task::GetResolved | Task::GetByCall => vec![get::<M>(input)],
        Task::SetResolved => vec![set::<M>(input)],
        Task::GetByName => get_by_name::<M>(input),
        Task::SetByName => set_by_name::<M>(input),
        Task::Churn => vec![churn::<M>(input)],
        Task::NamedEach => vec![named_each::<M>(input)],
        Task::RecordInsert => vec![record_insert::<M>(input)],
        _ => Vec::new(),
    }
}

/// The only way to insert: one record per object.
fn spawn_each<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn_record",
        |store: &mut M| {
            for unit in &input.units {
                black_box(store.spawn_record("unit", record(unit)).expect("there is room"));
            }
        },
        digest,
    )
}

fn advance<'a, M: AttributeMap>(input: &'a Input, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "iter_mut",
        move || {
            let mut filled = filled::<M>(input);
            for id in in_order(&filled.ids, despawned) {
                filled.store.despawn(id).expect("alive");
            }
            filled
        },
        |Filled { store, .. }| {
            let (position, velocity) = (store.key("position"), store.key("velocity"));
            for mut object in store.iter_mut() {
                let step = vector(object.attribute(velocity)) * DT;
                if let Some(Value::Vec3(position)) = object.attribute_mut(position) {
                    *position += step;
                }
            }
        },
        |filled| digest(&mut filled.store),
    )
}

fn sum<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::reading(
        "iter",
        move || filled::<M>(input).store,
        |store| {
            let [health, team, alive] = ["health", "team", "alive"].map(|name| store.key(name));
            let counts = |object: &M::Object<'_>| {
                truth(object.attribute(alive))
                    & (integer(object.attribute(team)) == i64::from(TEAM))
            };
            let counted = store.iter().filter(counts);
            let sum: f32 = counted.map(|object| float(object.attribute(health))).sum();
            u64::from(sum.to_bits())
        },
    )
}

fn get<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::reading(
        "get",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            let health = store.key("health");
            let values = ids.iter().map(|id| f64::from(float(store.get(*id, health))));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_mut",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            let health = store.key("health");
            for (k, id) in ids.iter().enumerate() {
                *float_mut(store.get_mut(*id, health)) = k as f32;
            }
        },
        |filled| digest(&mut filled.store),
    )
}

fn get_by_name<M: AttributeMap>(input: &Input) -> Vec<Variant<'_>> {
    let key = Variant::reading(
        "key, get",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            let values = ids.iter().map(|id| {
                let health = store.key(black_box("health"));
                f64::from(float(store.get(*id, health)))
            });
            values.sum::<f64>().to_bits()
        },
    );
    let value = Variant::reading(
        "get_value",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            let values = ids.iter().map(|id| {
                let health = store.get_value(*id, black_box("health")).expect("alive");
                f64::from(float(Some(&health)))
            });
            values.sum::<f64>().to_bits()
        },
    );
    vec![key, value]
}

fn set_by_name<M: AttributeMap>(input: &Input) -> Vec<Variant<'_>> {
    let key = Variant::writing(
        "key, get_mut",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            for (k, id) in ids.iter().enumerate() {
                let health = store.key(black_box("health"));
                *float_mut(store.get_mut(*id, health)) = k as f32;
            }
        },
        |filled| digest(&mut filled.store),
    );
    let value = Variant::writing(
        "set_value",
        move || shuffled::<M>(input),
        |Filled { store, ids }| {
            for (k, id) in ids.iter().enumerate() {
                store.set_value(*id, black_box("health"), Value::F32(k as f32)).expect("alive");
            }
        },
        |filled| digest(&mut filled.store),
    );
    vec![key, value]
}

fn churn<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_record",
        || {
            let Filled { store, ids } = filled::<M>(input);
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

fn named_each<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_mut",
        move || filled::<M>(input),
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

fn record_insert<M: AttributeMap>(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_record",
        || (M::default(), Vec::<Record>::new()),
        |state| *state = (M::default(), input.units.iter().map(record).collect()),
        |(store, records)| {
            for record in records.drain(..) {
                black_box(store.spawn_record("unit", record).expect("there is room"));
            }
        },
        |(store, _)| digest(store),
    )
}
