//! bevy_ecs: ordinary queries with cached state, contiguous queries for slices.

use std::hint::black_box;

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::component::ComponentId;
use bevy_ecs::entity::Entity;
use bevy_ecs::query::QueryState;
use bevy_ecs::world::World;
use bevy_platform::collections::HashMap;
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};
use bytemuck::TransparentWrapper;

use super::components::{
    Alive, Health, Letter, Position, Shared, Team, UnitReferences, Velocity, bundle,
    spawn_fragments, unit,
};
use super::handles::{Handles, in_order};
use super::input::{FRAGMENT_FACTOR, FRAGMENT_OFFSET, NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, past,
};

pub(crate) const CONTESTANT: Contestant =
    Contestant { name: "bevy_ecs", package: Some("bevy_ecs"), cases };

pub(crate) type Moving = (&'static mut Position, &'static Velocity);
type Counted = (&'static Health, &'static Team, &'static Alive);

/// A world, its ids by object number, and the state of one query.
pub(crate) struct Bevy<State> {
    pub(crate) world: World,
    pub(crate) ids: Vec<Entity>,
    pub(crate) state: State,
}

pub(crate) fn filled<State>(input: &Input, state: impl FnOnce(&mut World) -> State) -> Bevy<State> {
    let mut world = World::new();
    let ids = world.spawn_batch(input.units.iter().map(bundle)).collect();
    let state = state(&mut world);
    Bevy { world, ids, state }
}

fn digest_world(world: &mut World) -> u64 {
    let mut query = world.query::<UnitReferences<'static>>();
    digest_units(query.iter(world).map(unit))
}

pub(crate) fn digest<State>(bevy: &mut Bevy<State>) -> u64 {
    digest_world(&mut bevy.world)
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each(input)],
        Task::SpawnBulk | Task::HeapBytes => vec![spawn_bulk(input)],
        Task::MoveEach => advance_each(input, &[]),
        Task::MoveAfterFewDespawned => advance_each(input, input.few()),
        Task::MoveAfterHalfDespawned => advance_each(input, input.half()),
        Task::MoveLoop => vec![advance_loop(input, &[])],
        Task::MoveSlices | Task::MoveKernel => vec![advance_slices(input)],
        Task::MoveTwoThreads => advance_two_threads(input),
        Task::SumEach => vec![sum_closure(input), sum_loop(input)],
        Task::SumLoop => vec![sum_loop(input)],
        Task::SumSlices | Task::SumKernel => vec![sum_slices(input)],
        Task::GetResolved => vec![get_resolved(input)],
        Task::SetResolved => vec![set_resolved(input)],
        Task::GetByCall => vec![get_by_call(input)],
        Task::GetByName => vec![get_by_name(input)],
        Task::SetByName => vec![set_by_name(input)],
        Task::Churn => vec![churn(input)],
        Task::Fragmented => fragmented(input),
        Task::HeavyTwoThreads => vec![heavy::bevy(input)],
        Task::NamedEach => vec![named_each(input)],
        Task::NamedColumn => vec![named_column(input)],
        Task::Past(task) => past::bevy::cases(task, input),
        _ => Vec::new(),
    }
}

fn spawn_each(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn",
        |world: &mut World| {
            for unit in &input.units {
                black_box(world.spawn(bundle(unit)).id());
            }
        },
        digest_world,
    )
}

fn spawn_bulk(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn_batch",
        |world: &mut World| drop(world.spawn_batch(input.units.iter().map(bundle))),
        digest_world,
    )
}

fn after_despawns(input: &Input, despawned: &[u32]) -> Bevy<QueryState<Moving>> {
    let mut bevy = filled(input, World::query::<Moving>);
    for id in in_order(&bevy.ids, despawned) {
        bevy.world.despawn(id);
    }
    bevy
}

/// By closure and by loop, after despawning `despawned`.
fn advance_each<'a>(input: &'a Input, despawned: &'a [u32]) -> Vec<Variant<'a>> {
    let closure = Variant::writing(
        "closure",
        move || after_despawns(input, despawned),
        |Bevy { world, state, .. }| {
            state
                .iter_mut(world)
                .for_each(|(mut position, velocity)| position.0 += velocity.0 * DT);
        },
        digest,
    );
    vec![closure, advance_loop(input, despawned)]
}

fn advance_loop<'a>(input: &'a Input, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "loop",
        move || after_despawns(input, despawned),
        |Bevy { world, state, .. }| {
            for (mut position, velocity) in state.iter_mut(world) {
                position.0 += velocity.0 * DT;
            }
        },
        digest,
    )
}

fn advance_slices(input: &Input) -> Variant<'_> {
    Variant::writing(
        "contiguous",
        move || filled(input, World::query::<Moving>),
        |Bevy { world, state, .. }| {
            let tables = state.contiguous_iter_mut(world).expect("table components");
            for (position, velocity) in tables {
                let (position, _) = ContiguousMut::split(position);
                advance_wrapped(position, velocity);
            }
        },
        digest,
    )
}

fn advance_wrapped(position: &mut [Position], velocity: &[Velocity]) {
    kernel::advance(
        TransparentWrapper::peel_slice_mut(position),
        TransparentWrapper::peel_slice(velocity),
        DT,
    );
}

fn advance_two_threads(input: &Input) -> Vec<Variant<'_>> {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(2).build());
    let closure = Variant::writing(
        "par_iter_mut",
        move || filled(input, World::query::<Moving>),
        |Bevy { world, state, .. }| {
            state
                .par_iter_mut(world)
                .for_each(|(mut position, velocity)| position.0 += velocity.0 * DT);
        },
        digest,
    );
    let slices = Variant::writing(
        "contiguous_par_iter_mut",
        move || filled(input, World::query::<Moving>),
        |Bevy { world, state, .. }| {
            let tables = state.contiguous_par_iter_mut(world);
            tables.expect("table components").for_each(|(position, velocity)| {
                let (position, _) = ContiguousMut::split(position);
                advance_wrapped(position, velocity);
            });
        },
        digest,
    );
    // A debug assertion of bevy_ecs 0.20.1 wrongly compares a part's length with its table's.
    if cfg!(debug_assertions) {
        return vec![closure];
    }
    vec![closure, slices]
}

/// One branch on both conditions is faster than two branches or none.
fn sum_closure(input: &Input) -> Variant<'_> {
    Variant::reading(
        "closure",
        move || filled(input, World::query::<Counted>),
        |Bevy { world, state, .. }| {
            let mut sum = 0.0;
            state.iter(world).for_each(|(health, team, alive)| {
                if alive.0 & (team.0 == TEAM) {
                    sum += health.0;
                }
            });
            u64::from(sum.to_bits())
        },
    )
}

fn sum_loop(input: &Input) -> Variant<'_> {
    Variant::reading(
        "loop",
        move || filled(input, World::query::<Counted>),
        |Bevy { world, state, .. }| {
            let mut sum = 0.0;
            for (health, team, alive) in state.iter(world) {
                if alive.0 & (team.0 == TEAM) {
                    sum += health.0;
                }
            }
            u64::from(sum.to_bits())
        },
    )
}

fn sum_slices(input: &Input) -> Variant<'_> {
    Variant::reading(
        "contiguous",
        move || filled(input, World::query::<Counted>),
        |Bevy { world, state, .. }| {
            let mut sum = 0.0;
            let tables = state.contiguous_iter(world).expect("table components");
            for (health, team, alive) in tables {
                sum += kernel::conditional_sum(
                    TransparentWrapper::peel_slice(health),
                    TransparentWrapper::peel_slice(team),
                    TransparentWrapper::peel_slice(alive),
                );
            }
            u64::from(sum.to_bits())
        },
    )
}

/// A filled world with the ids in the shuffled order.
fn shuffled<State>(input: &Input, state: impl FnOnce(&mut World) -> State) -> Bevy<State> {
    let mut bevy = filled(input, state);
    bevy.ids = in_order(&bevy.ids, &input.shuffled);
    bevy
}

fn get_resolved(input: &Input) -> Variant<'_> {
    Variant::reading(
        "query.get",
        move || shuffled(input, World::query::<&Health>),
        |Bevy { world, ids, state }| {
            let query = state.query(world);
            let values = ids.iter().map(|&id| f64::from(query.get(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set_resolved(input: &Input) -> Variant<'_> {
    Variant::writing(
        "query.get_mut",
        move || shuffled(input, World::query::<&mut Health>),
        |Bevy { world, ids, state }| {
            let mut query = state.query_mut(world);
            for (k, &id) in ids.iter().enumerate() {
                query.get_mut(id).expect("alive").0 = k as f32;
            }
        },
        digest,
    )
}

fn get_by_call(input: &Input) -> Variant<'_> {
    Variant::reading(
        "world.get",
        move || shuffled(input, |_| ()),
        |Bevy { world, ids, .. }| {
            let values = ids.iter().map(|&id| f64::from(world.get::<Health>(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    )
}

/// The ids of components by their names. Bevy keeps names for debugging only, so a program that finds
/// components by name has a map of its own; this one has Bevy's fastest hash.
type Names = HashMap<String, ComponentId>;

fn names(world: &mut World) -> Names {
    let health = world.component_id::<Health>().expect("registered");
    let position = world.component_id::<Position>().expect("registered");
    HashMap::from_iter([("health".to_owned(), health), ("position".to_owned(), position)])
}

#[allow(unsafe_code, reason = "dynamic access hands out untyped pointers")]
fn get_by_name(input: &Input) -> Variant<'_> {
    Variant::reading(
        "map of names, get_by_id",
        || shuffled(input, names),
        |Bevy { world, ids, state }| {
            let values = ids.iter().map(|&id| {
                let health = world.get_by_id(id, state[black_box("health")]).expect("alive");
                // SAFETY: the name is that of `Health`, so the pointer is to a `Health`.
                f64::from(unsafe { health.deref::<Health>() }.0)
            });
            values.sum::<f64>().to_bits()
        },
    )
}

#[allow(unsafe_code, reason = "dynamic access hands out untyped pointers")]
fn set_by_name(input: &Input) -> Variant<'_> {
    Variant::writing(
        "map of names, get_mut_by_id",
        || shuffled(input, names),
        |Bevy { world, ids, state }| {
            for (k, &id) in ids.iter().enumerate() {
                let health = world.get_mut_by_id(id, state[black_box("health")]).expect("alive");
                // SAFETY: the name is that of `Health`, so the pointer is to a `Health`.
                unsafe { health.into_inner().deref_mut::<Health>() }.0 = k as f32;
            }
        },
        digest,
    )
}

fn churn(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_batch",
        || {
            let bevy = filled(input, |_| ());
            (bevy.world, Handles::new(bevy.ids))
        },
        |(_, handles)| handles.plan(input),
        |(world, handles)| {
            for &id in &handles.doomed {
                world.despawn(id);
            }
            let replacements = input.churn(handles.round()).replacements.iter();
            handles.born.extend(world.spawn_batch(replacements.map(bundle)));
        },
        |(world, _)| digest_world(world),
    )
}

fn spawn_fragment<const TYPE: usize>(world: &mut World, units: &[Unit]) {
    let bundles = units.iter().map(|unit| (Letter::<TYPE>(unit.health), Shared(unit.health)));
    world.spawn_batch(bundles);
}

fn filled_fragments(input: &Input) -> (World, QueryState<&'static mut Shared>) {
    let mut world = World::new();
    spawn_fragments!(spawn_fragment, &mut world, input);
    let state = world.query::<&mut Shared>();
    (world, state)
}

fn digest_fragments((world, state): &mut (World, QueryState<&'static mut Shared>)) -> u64 {
    digest_floats(state.iter(world).map(|shared| shared.0))
}

fn fragmented(input: &Input) -> Vec<Variant<'_>> {
    let closure = Variant::writing(
        "closure",
        move || filled_fragments(input),
        |(world, state)| {
            state.iter_mut(world).for_each(|mut shared| {
                shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
            });
        },
        digest_fragments,
    );
    let plain_loop = Variant::writing(
        "loop",
        move || filled_fragments(input),
        |(world, state)| {
            for mut shared in state.iter_mut(world) {
                shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
            }
        },
        digest_fragments,
    );
    let slices = Variant::writing(
        "contiguous",
        move || filled_fragments(input),
        |(world, state)| {
            for shared in state.contiguous_iter_mut(world).expect("table components") {
                for shared in shared {
                    shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
                }
            }
        },
        digest_fragments,
    );
    vec![closure, plain_loop, slices]
}

/// Through a component id that was found once, as a script would do it.
#[allow(unsafe_code, reason = "dynamic access hands out untyped pointers")]
fn named_each(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_mut_by_id",
        || filled(input, |world| world.component_id::<Health>().expect("registered")),
        |Bevy { world, ids, state }| {
            for &id in &*ids {
                let health = world.get_mut_by_id(id, *state).expect("alive");
                // SAFETY: `state` is the id of `Health`, so the pointer is to a `Health`.
                let health = unsafe { health.into_inner().deref_mut::<Health>() };
                health.0 = health.0 * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        digest,
    )
}

fn named_column(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed contiguous",
        move || filled(input, World::query::<&mut Health>),
        |Bevy { world, state, .. }| {
            for health in state.contiguous_iter_mut(world).expect("table components") {
                let (health, _) = ContiguousMut::split(health);
                kernel::rescale(TransparentWrapper::peel_slice_mut(health));
            }
        },
        digest,
    )
}
