//! Tasks that compare slotted with itself.

use std::hint::black_box;

use glam::Vec3;
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{Kind, ObjectId, Schema, SlotValue, Slotted, Snapshot, Store, View};

use super::handles::in_order;
use super::input::SLOT_NAMES;
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
        Task::GetEnum => get_enum(input),
        Task::GetEnumPairs => get_enum_pairs(input),
        Task::GetEnumById => get_enum_by_id(input),
        Task::FirstView => vec![first_view(input)],
        Task::SnapshotView => vec![snapshot_view(input)],
        Task::RefusedView => vec![refused_view(input)],
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
    value: Mood,
}

#[derive(Slotted, Clone, Copy)]
struct Byte {
    value: u8,
}

#[derive(View)]
struct Moods<'a> {
    value: &'a mut Mood,
}

#[derive(View)]
struct Bytes<'a> {
    value: &'a mut u8,
}

/// A store of objects of one type, and their ids in the shuffled order.
fn with_bytes<T: Slotted>(input: &Input, object: fn(u8) -> T) -> (Store, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register::<T>().expect("a good schema");
    let objects = input.units.iter().map(|unit| object(unit.team % 4));
    let ids: Vec<ObjectId> = store.spawn_batch(objects).expect("no constraints").collect();
    let ids = in_order(&ids, &input.shuffled);
    (store, ids)
}

fn moody(byte: u8) -> Moody {
    let value = [Mood::Calm, Mood::Angry, Mood::Afraid, Mood::Asleep][usize::from(byte)];
    Moody { value }
}

/// Defines a function that returns the baseline and the form with the enum.
macro_rules! sums_of_bytes {
    ($name:ident, $of_byte:literal, $of_enum:literal, |$store:ident, $ids:ident, $View:ident| $sum:expr) => {
        fn $name(input: &Input) -> Vec<Variant<'_>> {
            let of_byte = Variant::reading(
                $of_byte,
                || with_bytes(input, |value| Byte { value }),
                |($store, $ids)| {
                    type $View<'a> = Bytes<'a>;
                    $sum
                },
            );
            let of_enum = Variant::reading(
                $of_enum,
                || with_bytes(input, moody),
                |($store, $ids)| {
                    type $View<'a> = Moods<'a>;
                    $sum
                },
            );
            vec![of_byte.into_baseline(), of_enum]
        }
    };
}

sums_of_bytes!(get_enum, "get of a u8", "get of an enum", |store, ids, Values| {
    let mut view = store.view::<Values<'_>>().expect("declared");
    ids.iter().map(|id| *view.get(*id).expect("alive").value as u64).sum()
});

sums_of_bytes!(
    get_enum_pairs,
    "get_disjoint_mut of u8s",
    "get_disjoint_mut of enums",
    |store, ids, Values| {
        let mut view = store.view::<Values<'_>>().expect("declared");
        let (pairs, _) = ids.as_chunks::<2>();
        let pairs = pairs.iter().map(|pair| {
            let [first, second] = view.get_disjoint_mut(*pair).expect("alive");
            *first.value as u64 + *second.value as u64
        });
        pairs.sum()
    }
);

sums_of_bytes!(
    get_enum_by_id,
    "by_id, get of a u8",
    "by_id, get of an enum",
    |store, ids, Values| {
        let values = ids.iter().map(|id| {
            let mut view = store.view::<Values<'_>>().expect("declared").by_id();
            *view.get(*id).expect("alive").value as u64
        });
        values.sum()
    }
);

#[derive(View)]
struct Rare<'a> {
    rare: &'a f32,
}

#[derive(View)]
struct Misspelt<'a> {
    healht: &'a f32,
}

/// The past of a store with a schema for each object, of eight slots each. One in ten declares the
/// view's slot.
fn many_schemas(input: &Input) -> Snapshot {
    let mut store = Store::new();
    for number in 0..input.units.len() {
        let slot = if number.is_multiple_of(10) { "rare" } else { "common" };
        let schema = Schema::builder(format!("schema {number}")).slot(slot, Kind::F32);
        let schema = SLOT_NAMES.iter().fold(schema, |schema, name| schema.slot(*name, Kind::F32));
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

fn refused_view(input: &Input) -> Variant<'_> {
    Variant::reading(
        "view_ref",
        || many_schemas(input),
        |snapshot| u64::from(black_box(snapshot.view_ref::<Misspelt>()).is_err()),
    )
}
