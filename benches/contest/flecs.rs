//! flecs: cached queries, fields of tables as slices, systems on its own threads.
//!
//! Its checks of aliasing (`flecs_safety_locks`) are part of every build that works. They cost little per
//! table; single objects are read without them too, and the fastest form counts.

use std::hint::black_box;

use bytemuck::TransparentWrapper;
use flecs_ecs::prelude::*;

use super::components::{
    Alive, Health, Letter, Position, Shared, Team, UnitKind, UnitReferences, UnitSeed, Velocity,
    spawn_fragments, unit,
};
use super::handles::{Handles, in_order};
use super::input::{FRAGMENT_FACTOR, FRAGMENT_OFFSET, NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, past,
};

pub(crate) const CONTESTANT: Contestant =
    Contestant { name: "flecs", package: Some("flecs_ecs"), cases };

pub(crate) type Moving = Query<(&'static mut Position, &'static Velocity)>;
type Counted = Query<(&'static Health, &'static Team, &'static Alive)>;

/// A world, its ids by object number, and a query.
pub(crate) struct Flecs<State> {
    /// Dropped before the world that it belongs to.
    pub(crate) state: State,
    pub(crate) ids: Vec<Entity>,
    pub(crate) world: World,
}

pub(crate) fn filled<State>(input: &Input, state: impl FnOnce(&World) -> State) -> Flecs<State> {
    let world = World::new();
    world.component_named::<Health>(HEALTH);
    let ids = spawn_units(&world, &input.units);
    Flecs { state: state(&world), ids, world }
}

/// The name of the component [`Health`], as a script finds it.
const HEALTH: &str = "health";

pub(crate) fn moving(world: &World) -> Moving {
    world.new_query()
}

fn counted(world: &World) -> Counted {
    world.new_query()
}

fn shuffled(input: &Input) -> Flecs<()> {
    let mut flecs = filled(input, |_| ());
    flecs.ids = in_order(&flecs.ids, &input.shuffled);
    flecs
}

pub(crate) fn digest<State>(flecs: &mut Flecs<State>) -> u64 {
    digest_world(&mut flecs.world)
}

fn digest_world(world: &mut World) -> u64 {
    let mut units = Vec::new();
    let query = world.new_query::<UnitReferences<'static>>();
    query.each(|slots| units.push(unit(slots)));
    digest_units(units.into_iter())
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => spawn_each(input),
        Task::SpawnBulk => vec![spawn_bulk(input)],
        Task::MoveEach => advance_each(input, &[]),
        Task::MoveAfterFewDespawned => advance_each(input, input.few()),
        Task::MoveAfterHalfDespawned => advance_each(input, input.half()),
        Task::MoveLoop => vec![advance_loop(input, &[])],
        Task::MoveSlices | Task::MoveKernel => vec![advance_slices(input)],
        Task::MoveTwoThreads => advance_two_threads(input),
        Task::SumEach => vec![sum_closure(input), sum_loop(input)],
        Task::SumLoop => vec![sum_loop(input)],
        Task::SumSlices | Task::SumKernel => vec![sum_slices(input)],
        Task::GetResolved => vec![get_resolved(input), get_by_call(input)],
        Task::SetResolved => vec![set_resolved(input)],
        Task::GetByCall => vec![get_by_call(input)],
        Task::GetByName => vec![get_by_name(input)],
        Task::SetByName => vec![set_by_name(input)],
        Task::Churn => vec![churn(input)],
        Task::Fragmented => fragmented(input),
        Task::HeavyTwoThreads => heavy::flecs(input),
        Task::NamedEach => vec![named_each(input)],
        Task::NamedColumn => vec![named_column(input)],
        Task::Past(task) => past::flecs::cases(task, input),
        // Its memory comes from C's allocator, which does not count.
        _ => Vec::new(),
    }
}

/// A new table for each component, and tables for all at once.
fn spawn_each(input: &Input) -> Vec<Variant<'_>> {
    let each = Variant::filling(
        "set",
        |world: &mut World| {
            for unit in &input.units {
                let entity = world.entity();
                entity.set(Position(unit.position)).set(Velocity(unit.velocity));
                entity.set(Health(unit.health)).set(UnitKind(unit.kind)).set(Team(unit.team));
                black_box(entity.set(Alive(unit.alive)).set(UnitSeed(unit.seed)).id());
            }
        },
        digest_world,
    );
    let ones = Variant::filling(
        "entity_bulk of one",
        |world: &mut World| {
            for unit in &input.units {
                black_box(spawn_units(world, std::slice::from_ref(unit)));
            }
        },
        digest_world,
    );
    vec![each, ones]
}

fn spawn_bulk(input: &Input) -> Variant<'_> {
    let spawn = |world: &mut World| drop(black_box(spawn_units(world, &input.units)));
    Variant::filling("entity_bulk", spawn, digest_world)
}

/// A few units at a time, whose columns stay in the nearest caches.
fn spawn_units(world: &World, units: &[Unit]) -> Vec<Entity> {
    let mut ids = Vec::with_capacity(units.len());
    for units in units.chunks(1024) {
        macro_rules! column {
            ($component:ident: $slot:ident) => {
                &units.iter().map(|unit| $component(unit.$slot)).collect::<Vec<_>>()
            };
        }
        let spawned = world
            .entity_bulk(units.len() as u32)
            .set(column!(Position: position))
            .set(column!(Velocity: velocity))
            .set(column!(Health: health))
            .set(column!(UnitKind: kind))
            .set(column!(Team: team))
            .set(column!(Alive: alive))
            .set(column!(UnitSeed: seed))
            .build();
        ids.extend(spawned);
    }
    ids
}

fn after_despawns(input: &Input, despawned: &[u32]) -> Flecs<Moving> {
    let flecs = filled(input, moving);
    for id in in_order(&flecs.ids, despawned) {
        flecs.world.entity_from_id(id).destruct();
    }
    flecs
}

/// By closure and by loop, after despawning `despawned`.
fn advance_each<'a>(input: &'a Input, despawned: &'a [u32]) -> Vec<Variant<'a>> {
    let closure = Variant::writing(
        "each",
        move || after_despawns(input, despawned),
        |flecs| advance(&flecs.state),
        digest,
    );
    vec![closure, advance_loop(input, despawned)]
}

pub(crate) fn advance(query: &Moving) {
    query.each(|(position, velocity)| position.0 += velocity.0 * DT);
}

fn advance_loop<'a>(input: &'a Input, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "loop over rows",
        move || after_despawns(input, despawned),
        |flecs| {
            flecs.state.run(|mut table| {
                while table.next() {
                    let mut position = table.field_mut::<Position>(0);
                    let velocity = table.field::<Velocity>(1);
                    for row in table.iter() {
                        position[row].0 += velocity[row].0 * DT;
                    }
                }
            });
        },
        digest,
    )
}

/// Calls the kernel with the slices of each table.
fn advance_tables(query: &Moving, kernel: fn(&mut [glam::Vec3], &[glam::Vec3], f32)) {
    query.run(|mut table| {
        while table.next() {
            let mut position = table.field_mut::<Position>(0);
            let velocity = table.field::<Velocity>(1);
            kernel(
                TransparentWrapper::peel_slice_mut(position.as_mut_slice()),
                TransparentWrapper::peel_slice(velocity.as_slice()),
                DT,
            );
        }
    });
}

fn advance_slices(input: &Input) -> Variant<'_> {
    Variant::writing(
        "fields",
        move || filled(input, moving),
        |flecs| advance_tables(&flecs.state, kernel::advance),
        digest,
    )
}

fn advance_two_threads(input: &Input) -> Vec<Variant<'_>> {
    let system = Variant::writing(
        "par_each",
        move || {
            filled(input, |world| {
                let mut system = world.system::<(&mut Position, &Velocity)>();
                system.par_each(|(position, velocity)| position.0 += velocity.0 * DT);
                world.set_threads(2);
            })
        },
        |flecs| {
            flecs.world.progress_time(DT);
        },
        digest,
    );
    let slices = Variant::writing(
        "fields",
        move || filled(input, moving),
        |flecs| advance_tables(&flecs.state, kernel::advance_two_threads),
        digest,
    );
    vec![system, slices]
}

fn sum_closure(input: &Input) -> Variant<'_> {
    Variant::reading(
        "each",
        move || filled(input, counted),
        |flecs| {
            let mut sum = 0.0;
            flecs.state.each(|(health, team, alive)| {
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
        "loop over rows",
        move || filled(input, counted),
        |flecs| {
            let mut sum = 0.0;
            flecs.state.run(|mut table| {
                while table.next() {
                    let health = table.field::<Health>(0);
                    let (team, alive) = (table.field::<Team>(1), table.field::<Alive>(2));
                    for row in table.iter() {
                        if alive[row].0 & (team[row].0 == TEAM) {
                            sum += health[row].0;
                        }
                    }
                }
            });
            u64::from(sum.to_bits())
        },
    )
}

fn sum_slices(input: &Input) -> Variant<'_> {
    Variant::reading(
        "fields",
        move || filled(input, counted),
        |flecs| {
            let mut sum = 0.0;
            flecs.state.run(|mut table| {
                while table.next() {
                    sum += kernel::conditional_sum(
                        TransparentWrapper::peel_slice(table.field::<Health>(0).as_slice()),
                        TransparentWrapper::peel_slice(table.field::<Team>(1).as_slice()),
                        TransparentWrapper::peel_slice(table.field::<Alive>(2).as_slice()),
                    );
                }
            });
            u64::from(sum.to_bits())
        },
    )
}

/// Reads a health through the component's id.
#[allow(unsafe_code, reason = "access by component id hands out untyped pointers")]
pub(crate) fn health_of(world: &World, id: Entity, component: Entity) -> f32 {
    let health = world.entity_from_id(id).get_untyped(component);
    // SAFETY: `component` is the id of `Health`, every unit has one, and nothing changes meanwhile.
    unsafe { (*health.cast::<Health>()).0 }
}

/// Lends a health through the component's id.
#[allow(unsafe_code, reason = "access by component id hands out untyped pointers")]
pub(crate) fn health_of_mut(world: &mut World, id: Entity, component: Entity) -> &mut f32 {
    let health = world.entity_from_id(id).get_untyped_mut(component);
    // SAFETY: as in `health_of`, and the world is borrowed while the reference lives.
    unsafe { &mut (*health.cast::<Health>()).0 }
}

fn get_resolved(input: &Input) -> Variant<'_> {
    Variant::reading(
        "get_untyped",
        move || shuffled(input),
        |Flecs { world, ids, .. }| {
            let health = world.component_id::<Health>();
            let values = ids.iter().map(|&id| f64::from(health_of(world, id, health)));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set_resolved(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_untyped_mut",
        move || shuffled(input),
        |Flecs { world, ids, .. }| {
            let health = world.component_id::<Health>();
            for (k, &id) in ids.iter().enumerate() {
                *health_of_mut(world, id, health) = k as f32;
            }
        },
        digest,
    )
}

fn get_by_call(input: &Input) -> Variant<'_> {
    Variant::reading(
        "entity.get",
        move || shuffled(input),
        |Flecs { world, ids, .. }| {
            let values = ids.iter().map(|&id| {
                let entity = world.entity_from_id(id);
                entity.get::<&Health>(|health| f64::from(health.0))
            });
            values.sum::<f64>().to_bits()
        },
    )
}

fn get_by_name(input: &Input) -> Variant<'_> {
    Variant::reading(
        "lookup, get_untyped",
        move || shuffled(input),
        |Flecs { world, ids, .. }| {
            let values = ids.iter().map(|&id| {
                let health = world.lookup(black_box(HEALTH)).id();
                f64::from(health_of(world, id, health))
            });
            values.sum::<f64>().to_bits()
        },
    )
}

fn set_by_name(input: &Input) -> Variant<'_> {
    Variant::writing(
        "lookup, get_untyped_mut",
        move || shuffled(input),
        |Flecs { world, ids, .. }| {
            for (k, &id) in ids.iter().enumerate() {
                let health = world.lookup(black_box(HEALTH)).id();
                *health_of_mut(world, id, health) = k as f32;
            }
        },
        digest,
    )
}

fn churn(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "entity_bulk",
        || {
            let Flecs { world, ids, .. } = filled(input, |_| ());
            (world, Handles::new(ids))
        },
        |(_, handles)| handles.plan(input),
        |(world, handles)| {
            for &id in &handles.doomed {
                world.entity_from_id(id).destruct();
            }
            let replacements = &input.churn(handles.round()).replacements;
            handles.born.extend(spawn_units(world, replacements));
        },
        |(world, _)| digest_world(world),
    )
}

fn spawn_fragment<const TYPE: usize>(world: &World, units: &[Unit]) {
    for unit in units {
        world.entity().set(Letter::<TYPE>(unit.health)).set(Shared(unit.health));
    }
}

type Fragments = (Query<&'static mut Shared>, World);

fn filled_fragments(input: &Input) -> Fragments {
    let world = World::new();
    spawn_fragments!(spawn_fragment, &world, input);
    (world.new_query(), world)
}

fn digest_fragments((query, _): &mut Fragments) -> u64 {
    let mut values = Vec::new();
    query.each(|shared| values.push(shared.0));
    digest_floats(values.into_iter())
}

#[allow(unsafe_code, reason = "the form without checks of aliasing")]
fn each_unchecked(query: &Query<&'static mut Shared>) {
    // SAFETY: the query lends one component of each entity, and the closure uses nothing else.
    unsafe {
        query.each_unchecked(|shared| shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET);
    }
}

fn fragmented(input: &Input) -> Vec<Variant<'_>> {
    let closure = Variant::writing(
        "each",
        move || filled_fragments(input),
        |(query, _)| {
            query.each(|shared| shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET);
        },
        digest_fragments,
    );
    let cached = Variant::writing(
        "each_unchecked, cached query",
        move || {
            let (_, world) = filled_fragments(input);
            (world.query::<&mut Shared>().set_cached().build(), world)
        },
        |(query, _)| each_unchecked(query),
        digest_fragments,
    );
    vec![closure, cached]
}

/// Through a component id that was found by name, as a script would do it.
fn named_each(input: &Input) -> Variant<'_> {
    Variant::writing(
        "get_untyped_mut",
        move || filled(input, |_| ()),
        |Flecs { world, ids, .. }| {
            let component = world.lookup(HEALTH).id();
            for &id in &*ids {
                let health = health_of_mut(world, id, component);
                *health = *health * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        digest,
    )
}

fn named_column(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed fields",
        move || filled(input, |world| world.new_query::<&mut Health>()),
        |flecs| {
            flecs.state.run(|mut table| {
                while table.next() {
                    let mut health = table.field_mut::<Health>(0);
                    kernel::rescale(TransparentWrapper::peel_slice_mut(health.as_mut_slice()));
                }
            });
        },
        digest,
    )
}
