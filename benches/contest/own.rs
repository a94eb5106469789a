//! Tasks that compare slotted with itself.

use std::hint::black_box;

use glam::Vec3;
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{Kind, ObjectId, Schema, SlotValue, Slotted, Snapshot, Store, View};

use super::handles::in_order;
use super::slotted::{UnitSlots, digest_store};
use super::{Input, Task, Unit, Variant};

pub(super) fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEachInRanges => vec![
            spawn_each::<UnitSlots>("spawn, no ranges", input).into_baseline(),
            spawn_each::<RangedUnit>("spawn", input),
        ],
        Task::SpawnBulkInRanges => vec![
            spawn_bulk::<UnitSlots>("spawn_batch, no ranges", input).into_baseline(),
            spawn_bulk::<RangedUnit>("spawn_batch", input),
        ],
        Task::GetEnum => vec![get_byte(input).into_baseline(), get_enum(input)],
        Task::FirstView => vec![first_view(input)],
        Task::SnapshotView => vec![snapshot_view(input)],
        _ => Vec::new(),
    }
}

/// `UnitSlots` with a range on three slots, which every unit of the input is in.
#[derive(Slotted, Clone, Copy)]
#[slotted(name = "unit")]
struct RangedUnit {
    position: Vec3,
    velocity: Vec3,
    #[slot(range = 0.0..=500.0)]
    health: f32,
    #[slot(range = 0..=1000)]
    kind: u16,
    #[slot(range = 0..=7)]
    team: u8,
    alive: bool,
    seed: u32,
}

impl From<&Unit> for RangedUnit {
    #[inline]
    fn from(unit: &Unit) -> Self {
        let Unit { position, velocity, health, kind, team, alive, seed } = *unit;
        Self { position, velocity, health, kind, team, alive, seed }
    }
}

/// An empty store with the schema of a type.
struct Empty<T>(Store, std::marker::PhantomData<T>);

impl<T: Slotted> Default for Empty<T> {
    fn default() -> Self {
        let mut store = Store::new();
        store.register::<T>().expect("a good schema");
        Self(store, std::marker::PhantomData)
    }
}

fn spawn_each<'a, T>(form: &'static str, input: &'a Input) -> Variant<'a>
where
    T: Slotted + From<&'a Unit>,
{
    Variant::filling(
        form,
        |Empty::<T>(store, _)| {
            for unit in &input.units {
                black_box(store.spawn(T::from(unit)).expect("in the ranges"));
            }
        },
        |Empty(store, _)| digest_store(store),
    )
}

fn spawn_bulk<'a, T>(form: &'static str, input: &'a Input) -> Variant<'a>
where
    T: Slotted + From<&'a Unit>,
{
    Variant::filling(
        form,
        |Empty::<T>(store, _)| {
            drop(store.spawn_batch(input.units.iter().map(T::from)).expect("in the ranges"));
        },
        |Empty(store, _)| digest_store(store),
    )
}

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum Mood {
    Calm,
    Angry,
    Afraid,
    Asleep,
}

#[derive(Slotted, Clone, Copy)]
struct Moody {
    mood: Mood,
    byte: u8,
}

#[derive(View)]
struct Moods<'a> {
    mood: &'a Mood,
}

#[derive(View)]
struct Bytes<'a> {
    byte: &'a u8,
}

fn moody(input: &Input) -> (Store, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register::<Moody>().expect("a good schema");
    let units = input.units.iter().map(|unit| {
        let byte = unit.team % 4;
        let mood = [Mood::Calm, Mood::Angry, Mood::Afraid, Mood::Asleep][usize::from(byte)];
        Moody { mood, byte }
    });
    let ids: Vec<ObjectId> = store.spawn_batch(units).expect("no constraints").collect();
    let ids = in_order(&ids, &input.shuffled);
    (store, ids)
}

fn get_enum(input: &Input) -> Variant<'_> {
    Variant::reading(
        "view_ref, get",
        || moody(input),
        |(store, ids)| {
            let view = store.view_ref::<Moods>().expect("declared");
            let moods = ids.iter().map(|id| *view.get(*id).expect("alive").mood as u64);
            moods.sum()
        },
    )
}

fn get_byte(input: &Input) -> Variant<'_> {
    Variant::reading(
        "view_ref, get of a u8",
        || moody(input),
        |(store, ids)| {
            let view = store.view_ref::<Bytes>().expect("declared");
            let bytes = ids.iter().map(|id| u64::from(*view.get(*id).expect("alive").byte));
            bytes.sum()
        },
    )
}

#[derive(View)]
struct Rare<'a> {
    rare: &'a f32,
}

/// The past of a store with a schema for each object. One in ten declares the view's slot.
fn many_schemas(input: &Input) -> Snapshot {
    let mut store = Store::new();
    for number in 0..input.units.len() {
        let slot = if number.is_multiple_of(10) { "rare" } else { "common" };
        let schema = Schema::builder(format!("schema {number}")).slot(slot, Kind::F32);
        store.register_schema(schema.build().expect("a good schema")).expect("another name");
    }
    store.snapshot()
}

fn first_view(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "view",
        || {
            let snapshot = many_schemas(input);
            (snapshot.to_store(), snapshot)
        },
        |(store, snapshot)| *store = snapshot.to_store(),
        |(store, _)| {
            drop(black_box(store.view::<Rare>().expect("declared")));
        },
        |_| 0,
    )
}

fn snapshot_view(input: &Input) -> Variant<'_> {
    Variant::reading(
        "view_ref",
        || many_schemas(input),
        |snapshot| {
            drop(black_box(snapshot.view_ref::<Rare>().expect("declared")));
            0
        },
    )
}
