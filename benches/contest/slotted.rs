//! slotted: a schema from a Rust struct, and the same schema declared at run time.

use std::hint::black_box;

use glam::Vec3;
use slotted::{Kind, ObjectId, Record, Schema, SlotKey, Slotted, Store, Value, View};

use super::components::spawn_fragments;
use super::handles::{Handles, in_order};
use super::input::{
    FRAGMENT_FACTOR, FRAGMENT_OFFSET, NAMED_FACTOR, NAMED_OFFSET, SLOT_NAMES, TEAM,
};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, own,
    past,
};

pub(crate) const CONTESTANT: Contestant =
    Contestant { name: "slotted", package: Some("slotted"), cases };

/// Objects of a schema that was declared at run time, under the same views.
pub(crate) const AT_RUN_TIME: Contestant =
    Contestant { name: "slotted, run-time schema", package: None, cases: run_time_cases };

#[derive(Slotted, Clone, Copy)]
#[slotted(name = "unit")]
pub(super) struct UnitSlots {
    position: Vec3,
    velocity: Vec3,
    health: f32,
    kind: u16,
    team: u8,
    alive: bool,
    seed: u32,
}

impl From<&Unit> for UnitSlots {
    #[inline]
    fn from(unit: &Unit) -> Self {
        let Unit { position, velocity, health, kind, team, alive, seed } = *unit;
        Self { position, velocity, health, kind, team, alive, seed }
    }
}

#[derive(View)]
pub(crate) struct Moving<'a> {
    pub(crate) position: &'a mut Vec3,
    pub(crate) velocity: &'a Vec3,
}

#[derive(View)]
struct Counted<'a> {
    health: &'a f32,
    team: &'a u8,
    alive: &'a bool,
}

#[derive(View)]
struct Whole<'a> {
    position: &'a Vec3,
    velocity: &'a Vec3,
    health: &'a f32,
    kind: &'a u16,
    team: &'a u8,
    alive: &'a bool,
    seed: &'a u32,
}

/// Creates an empty store with the schema.
struct Empty(Store);

impl Default for Empty {
    fn default() -> Self {
        let mut store = Store::new();
        store.register::<UnitSlots>().expect("a good schema");
        Self(store)
    }
}

/// A store and its ids, by object number or in the shuffled order of random access.
pub(crate) struct Filled {
    pub(crate) store: Store,
    pub(crate) ids: Vec<ObjectId>,
}

type Fill = fn(&Input) -> Filled;

pub(crate) fn filled(input: &Input) -> Filled {
    let Empty(mut store) = Empty::default();
    let units = input.units.iter().map(UnitSlots::from);
    let ids = store.spawn_batch(units).expect("no constraints").collect();
    Filled { store, ids }
}

fn filled_at_run_time(input: &Input) -> Filled {
    let mut store = Store::new();
    let schema = Schema::builder("unit")
        .slot("position", Kind::Vec3)
        .slot("velocity", Kind::Vec3)
        .slot("health", Kind::F32)
        .slot("kind", Kind::U16)
        .slot("team", Kind::U8)
        .slot("alive", Kind::Bool)
        .slot("seed", Kind::U32);
    store.register_schema(schema.build().expect("a good schema")).expect("the first");
    let records = input.units.iter().map(record);
    let ids = store.spawn_records("unit", records).expect("good records").collect();
    Filled { store, ids }
}

/// The unit as seven named attributes.
pub(crate) fn record(unit: &Unit) -> Record {
    let Unit { position, velocity, health, kind, team, alive, seed } = *unit;
    let mut record = Record::with_capacity(SLOT_NAMES.len());
    let [position_name, velocity_name, health_name, kind_name, team_name, alive_name, seed_name] =
        SLOT_NAMES;
    record.push(position_name, position);
    record.push(velocity_name, velocity);
    record.push(health_name, health);
    record.push(kind_name, kind);
    record.push(team_name, team);
    record.push(alive_name, alive);
    record.push(seed_name, seed);
    record
}

impl Filled {
    fn shuffled(fill: Fill, input: &Input) -> Self {
        let Self { store, ids } = fill(input);
        Self { store, ids: in_order(&ids, &input.shuffled) }
    }

    pub(crate) fn health(&self) -> SlotKey<f32> {
        self.store.key("unit", "health").expect("declared")
    }

    fn digest(&mut self) -> u64 {
        digest_store(&self.store)
    }
}

pub(crate) fn digest_store(store: &Store) -> u64 {
    let units = store.view_ref::<Whole>().expect("declared").into_iter();
    digest_units(units.map(|unit| Unit {
        position: *unit.position,
        velocity: *unit.velocity,
        health: *unit.health,
        kind: *unit.kind,
        team: *unit.team,
        alive: *unit.alive,
        seed: *unit.seed,
    }))
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each(input)],
        Task::SpawnBulk | Task::HeapBytes => vec![spawn_bulk(input)],
        Task::Churn => vec![churn(input)],
        Task::Fragmented => vec![fragmented(input)],
        Task::HeavyTwoThreads => heavy::slotted(input),
        Task::RecordInsert => vec![record_insert(input)],
        Task::SpawnEachInRanges
        | Task::SpawnBulkInRanges
        | Task::GetEnum
        | Task::GetEnumPairs
        | Task::GetEnumById
        | Task::FirstView
        | Task::SnapshotView
        | Task::RefusedView => own::cases(task, input),
        Task::Past(task) => past::slotted::cases(task, input),
        _ => work(task, input, filled),
    }
}

fn run_time_cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::HeavyTwoThreads => heavy::slotted_at_run_time(input),
        _ => work(task, input, filled_at_run_time),
    }
}

/// The tasks that do not depend on how objects are inserted.
fn work(task: Task, input: &Input, fill: Fill) -> Vec<Variant<'_>> {
    match task {
        Task::MoveEach => vec![advance_each(input, fill, &[])],
        Task::MoveAfterFewDespawned => vec![advance_each(input, fill, input.few())],
        Task::MoveAfterHalfDespawned => vec![advance_each(input, fill, input.half())],
        Task::MoveLoop => vec![advance_loop(input, fill)],
        Task::MoveSlices => vec![advance_runs(input, fill)],
        Task::MoveKernel => vec![advance_by_kernel(input, fill)],
        Task::MoveTwoThreads => advance_two_threads(input, fill),
        Task::SumEach => sum_each(input, fill),
        Task::SumLoop => vec![sum_loop(input, fill)],
        Task::SumSlices => vec![sum_runs(input, fill)],
        Task::SumKernel => vec![sum_by_kernel(input, fill)],
        Task::GetResolved => vec![get_resolved(input, fill)],
        Task::SetResolved => vec![set_resolved(input, fill)],
        Task::GetByCall => vec![get_by_call(input, fill)],
        Task::GetByName => get_by_name(input, fill),
        Task::SetByName => set_by_name(input, fill),
        Task::NamedEach => vec![named_each(input, fill)],
        Task::NamedColumn => vec![named_column(input, fill)],
        _ => Vec::new(),
    }
}

fn spawn_each(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn",
        |Empty(store)| {
            for unit in &input.units {
                black_box(store.spawn(UnitSlots::from(unit)).expect("no constraints"));
            }
        },
        |Empty(store)| digest_store(store),
    )
}

fn spawn_bulk(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn_batch",
        |Empty(store)| {
            let units = input.units.iter().map(UnitSlots::from);
            drop(store.spawn_batch(units).expect("no constraints"));
        },
        |Empty(store)| digest_store(store),
    )
}

fn advance_each<'a>(input: &'a Input, fill: Fill, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "for_each",
        move || {
            let mut filled = fill(input);
            let doomed = in_order(&filled.ids, despawned);
            filled.store.despawn_batch(&doomed).expect("alive");
            filled
        },
        |Filled { store, .. }| {
            let view = store.view::<Moving>().expect("declared");
            view.for_each(|unit| *unit.position += *unit.velocity * DT);
        },
        Filled::digest,
    )
}

fn advance_loop(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "iter",
        move || fill(input),
        |Filled { store, .. }| {
            let mut view = store.view::<Moving>().expect("declared");
            for unit in view.iter() {
                *unit.position += *unit.velocity * DT;
            }
        },
        Filled::digest,
    )
}

fn advance_by_kernel(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "runs",
        move || fill(input),
        |Filled { store, .. }| {
            for run in store.view::<Moving>().expect("declared").runs() {
                kernel::advance(run.position, run.velocity, DT);
            }
        },
        Filled::digest,
    )
}

fn advance_runs(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "for_each_run",
        move || fill(input),
        |Filled { store, .. }| {
            let view = store.view::<Moving>().expect("declared");
            view.for_each_run(
                #[inline(always)]
                |run| advance(run.position, run.velocity),
            );
        },
        Filled::digest,
    )
}

/// The loop of `kernel::advance`; the view already dispatches it.
#[inline(always)]
fn advance(position: &mut [Vec3], velocity: &[Vec3]) {
    let position: &mut [f32] = bytemuck::cast_slice_mut(position);
    let velocity: &[f32] = bytemuck::cast_slice(velocity);
    for (position, velocity) in position.iter_mut().zip(velocity) {
        *position += *velocity * DT;
    }
}

fn advance_two_threads(input: &Input, fill: Fill) -> Vec<Variant<'_>> {
    let each = Variant::writing(
        "par_for_each",
        move || fill(input),
        |Filled { store, .. }| {
            let view = store.view::<Moving>().expect("declared");
            view.par_for_each(|unit| *unit.position += *unit.velocity * DT);
        },
        Filled::digest,
    );
    let runs = Variant::writing(
        "par_for_each_run",
        move || fill(input),
        |Filled { store, .. }| {
            let view = store.view::<Moving>().expect("declared");
            view.par_for_each_run(|run| advance(run.position, run.velocity));
        },
        Filled::digest,
    );
    vec![each, runs]
}

fn sum_each(input: &Input, fill: Fill) -> Vec<Variant<'_>> {
    let masked = Variant::reading(
        "for_each, masked",
        move || fill(input),
        |Filled { store, .. }| {
            let mut sum = 0.0;
            store.view::<Counted>().expect("declared").for_each(|unit| {
                sum += kernel::masked(*unit.health, *unit.team, *unit.alive);
            });
            u64::from(sum.to_bits())
        },
    );
    let branch = Variant::reading(
        "for_each, one branch",
        move || fill(input),
        |Filled { store, .. }| {
            let mut sum = 0.0;
            store.view::<Counted>().expect("declared").for_each(|unit| {
                if *unit.alive & (*unit.team == TEAM) {
                    sum += *unit.health;
                }
            });
            u64::from(sum.to_bits())
        },
    );
    vec![masked, branch]
}

fn sum_loop(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::reading(
        "iter, one branch",
        move || fill(input),
        |Filled { store, .. }| {
            let mut sum = 0.0;
            let view = store.view_ref::<Counted>().expect("declared");
            for unit in view.iter() {
                if *unit.alive & (*unit.team == TEAM) {
                    sum += *unit.health;
                }
            }
            u64::from(sum.to_bits())
        },
    )
}

fn sum_by_kernel(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::reading(
        "runs",
        move || fill(input),
        |Filled { store, .. }| {
            let mut sum = 0.0;
            for run in store.view_ref::<Counted>().expect("declared").runs() {
                sum += kernel::conditional_sum(run.health, run.team, run.alive);
            }
            u64::from(sum.to_bits())
        },
    )
}

fn sum_runs(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::reading(
        "for_each_run",
        move || fill(input),
        |Filled { store, .. }| {
            let mut sum = 0.0;
            store.view::<Counted>().expect("declared").for_each_run(
                #[inline(always)]
                |run| sum += kernel::masked_sum(run.health, run.team, run.alive),
            );
            u64::from(sum.to_bits())
        },
    )
}

fn get_resolved(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::reading(
        "column",
        move || Filled::shuffled(fill, input),
        |filled| {
            let health = filled.store.column(filled.health()).expect("own key");
            let values = filled.ids.iter().map(|id| f64::from(health.get(*id).expect("alive")));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set_resolved(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "column",
        move || Filled::shuffled(fill, input),
        |filled| {
            let key = filled.health();
            let mut health = filled.store.column_mut(key).expect("own key");
            for (k, id) in filled.ids.iter().enumerate() {
                *health.get_mut(*id).expect("alive") = k as f32;
            }
        },
        Filled::digest,
    )
}

fn get_by_call(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::reading(
        "get",
        move || Filled::shuffled(fill, input),
        |filled| {
            let (store, key) = (&filled.store, filled.health());
            let values = filled.ids.iter().map(|id| f64::from(store.get(*id, key).expect("alive")));
            values.sum::<f64>().to_bits()
        },
    )
}

fn get_by_name(input: &Input, fill: Fill) -> Vec<Variant<'_>> {
    let value = Variant::reading(
        "get_value",
        move || Filled::shuffled(fill, input),
        |Filled { store, ids }| {
            let values = ids.iter().map(|id| match store.get_value(*id, black_box("health")) {
                Ok(Value::F32(health)) => f64::from(health),
                other => panic!("a float: {other:?}"),
            });
            values.sum::<f64>().to_bits()
        },
    );
    let key = Variant::reading(
        "key, get",
        move || Filled::shuffled(fill, input),
        |Filled { store, ids }| {
            let values = ids.iter().map(|id| {
                let key = store.key::<f32>("unit", black_box("health")).expect("declared");
                f64::from(store.get(*id, key).expect("alive"))
            });
            values.sum::<f64>().to_bits()
        },
    );
    vec![value, key]
}

fn set_by_name(input: &Input, fill: Fill) -> Vec<Variant<'_>> {
    let value = Variant::writing(
        "set_value",
        move || Filled::shuffled(fill, input),
        |Filled { store, ids }| {
            for (k, id) in ids.iter().enumerate() {
                store.set_value(*id, black_box("health"), k as f32).expect("alive");
            }
        },
        Filled::digest,
    );
    let key = Variant::writing(
        "key, set",
        move || Filled::shuffled(fill, input),
        |Filled { store, ids }| {
            for (k, id) in ids.iter().enumerate() {
                let key = store.key::<f32>("unit", black_box("health")).expect("declared");
                store.set(*id, key, k as f32).expect("alive");
            }
        },
        Filled::digest,
    );
    vec![value, key]
}

fn churn(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "batches",
        || {
            let Filled { store, ids } = filled(input);
            (store, Handles::new(ids))
        },
        |(_, handles)| handles.plan(input),
        |(store, handles)| {
            for id in &handles.doomed {
                store.despawn(*id).expect("alive");
            }
            let replacements = input.churn(handles.round()).replacements.iter();
            let replacements = replacements.map(UnitSlots::from);
            handles.born.extend(store.spawn_batch(replacements).expect("no constraints"));
        },
        |(store, _)| digest_store(store),
    )
}

#[derive(View)]
struct Shared<'a> {
    shared: &'a mut f32,
}

fn spawn_fragment<const TYPE: usize>(store: &mut Store, units: &[Unit]) {
    let name = format!("type {TYPE}");
    let schema = Schema::builder(&*name).slot("letter", Kind::F32).slot("shared", Kind::F32);
    store.register_schema(schema.build().expect("a good schema")).expect("another name");
    let records = units.iter().map(|unit| {
        let values = [("letter", unit.health), ("shared", unit.health)];
        values.into_iter().collect::<Record>()
    });
    drop(store.spawn_records(&name, records).expect("good records"));
}

fn fragmented(input: &Input) -> Variant<'_> {
    Variant::writing(
        "for_each",
        || {
            let mut store = Store::new();
            spawn_fragments!(spawn_fragment, &mut store, input);
            store
        },
        |store| {
            store.view::<Shared>().expect("declared").for_each(|object| {
                *object.shared = *object.shared * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
            });
        },
        |store| {
            let shared = store.view::<Shared>().expect("declared");
            digest_floats(shared.into_iter().map(|object| *object.shared))
        },
    )
}

fn named_each(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "column",
        move || fill(input),
        |filled| {
            let key = filled.health();
            let mut health = filled.store.column_mut(key).expect("own key");
            for id in &filled.ids {
                let health = health.get_mut(*id).expect("alive");
                *health = *health * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        Filled::digest,
    )
}

fn named_column(input: &Input, fill: Fill) -> Variant<'_> {
    Variant::writing(
        "for_each_run",
        move || fill(input),
        |filled| {
            let key = filled.health();
            let mut health = filled.store.column_mut(key).expect("own key");
            health.for_each_run(rescale);
        },
        Filled::digest,
    )
}

#[inline(always)]
fn rescale(health: &mut [f32]) {
    for health in health {
        *health = *health * NAMED_FACTOR + NAMED_OFFSET;
    }
}

fn record_insert(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_record",
        || (Empty::default(), Vec::new()),
        |state| *state = (Empty::default(), input.units.iter().map(record).collect()),
        |(Empty(store), records)| {
            for record in records.drain(..) {
                black_box(store.spawn_record("unit", record).expect("good records"));
            }
        },
        |(Empty(store), _)| digest_store(store),
    )
}
