//! hecs: queries, views, and archetype columns for slices.

use std::hint::black_box;

use bytemuck::TransparentWrapper;
use hecs::{ColumnBatch, ColumnBatchType, Entity, PreparedQuery, World};

use super::components::{
    Alive, Health, Letter, Position, Shared, Team, UnitBundle, UnitKind, UnitReferences, UnitSeed,
    Velocity, bundle, spawn_fragments, unit,
};
use super::handles::{Handles, in_order};
use super::input::{FRAGMENT_FACTOR, FRAGMENT_OFFSET, NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, past,
};

pub(crate) const CONTESTANT: Contestant = Contestant { name: "hecs", package: Some("hecs"), cases };

pub(crate) type Moving<'a> = (&'a mut Position, &'a Velocity);
type Counted<'a> = (&'a Health, &'a Team, &'a Alive);

/// A world and its ids, by object number or in the shuffled order of random access.
pub(crate) struct Hecs {
    pub(crate) world: World,
    pub(crate) ids: Vec<Entity>,
}

impl Hecs {
    pub(crate) fn filled(input: &Input) -> Self {
        let mut world = World::new();
        let ids = world.spawn_batch(input.units.iter().map(bundle)).collect();
        Self { world, ids }
    }

    fn shuffled(input: &Input) -> Self {
        let mut hecs = Self::filled(input);
        hecs.ids = in_order(&hecs.ids, &input.shuffled);
        hecs
    }

    pub(crate) fn digest(&mut self) -> u64 {
        digest_world(&mut self.world)
    }
}

fn digest_world(world: &mut World) -> u64 {
    let query = world.query_mut::<UnitReferences<'_>>();
    digest_units(query.into_iter().map(unit))
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each(input)],
        Task::SpawnBulk | Task::HeapBytes => spawn_bulk(input),
        Task::MoveEach => advance_each(input, &[]),
        Task::MoveAfterFewDespawned => advance_each(input, input.few()),
        Task::MoveAfterHalfDespawned => advance_each(input, input.half()),
        Task::MoveLoop => vec![advance_loop(input, &[])],
        Task::MoveSlices | Task::MoveKernel => vec![advance_slices(input)],
        Task::MoveTwoThreads => advance_two_threads(input),
        Task::SumEach => vec![sum_closure(input), sum_loop(input)],
        Task::SumLoop => vec![sum_loop(input)],
        Task::SumSlices | Task::SumKernel => vec![sum_slices(input)],
        Task::GetResolved => get_resolved(input),
        Task::SetResolved => set_resolved(input),
        Task::GetByCall => get_by_call(input),
        Task::Churn => vec![churn(input)],
        Task::Fragmented => fragmented(input),
        Task::HeavyTwoThreads => vec![heavy::hecs(input)],
        Task::NamedEach => vec![named_each(input)],
        Task::NamedColumn => vec![named_column(input)],
        Task::Past(task) => past::hecs::cases(task, input),
        _ => Vec::new(),
    }
}

fn spawn_each(input: &Input) -> Variant<'_> {
    Variant::filling(
        "spawn",
        |world: &mut World| {
            for unit in &input.units {
                black_box(world.spawn(bundle(unit)));
            }
        },
        digest_world,
    )
}

fn spawn_bulk(input: &Input) -> Vec<Variant<'_>> {
    let rows = Variant::filling(
        "spawn_batch",
        |world: &mut World| drop(world.spawn_batch(input.units.iter().map(bundle))),
        digest_world,
    );
    let columns = Variant::filling(
        "spawn_column_batch",
        |world: &mut World| drop(world.spawn_column_batch(column_batch(&input.units))),
        digest_world,
    );
    vec![rows, columns]
}

fn column_batch(units: &[Unit]) -> ColumnBatch {
    let mut columns = ColumnBatchType::new();
    columns.add_bundle::<UnitBundle>();
    let batch = columns.into_batch(u32::try_from(units.len()).expect("32 bits"));
    macro_rules! write_columns {
        ($($component:ident: $slot:ident),*) => {
            $(
                let mut writer = batch.writer::<$component>().expect("in the bundle");
                for unit in units {
                    let pushed = writer.push($component(unit.$slot));
                    debug_assert!(pushed.is_ok());
                }
                drop(writer);
            )*
        };
    }
    write_columns!(
        Position: position, Velocity: velocity, Health: health, UnitKind: kind, Team: team,
        Alive: alive, UnitSeed: seed
    );
    batch.build().expect("every column is full")
}

fn after_despawns(input: &Input, despawned: &[u32]) -> Hecs {
    let mut hecs = Hecs::filled(input);
    for id in in_order(&hecs.ids, despawned) {
        hecs.world.despawn(id).expect("alive");
    }
    hecs
}

/// By closure and by loop, after despawning `despawned`.
fn advance_each<'a>(input: &'a Input, despawned: &'a [u32]) -> Vec<Variant<'a>> {
    let closure = Variant::writing(
        "closure",
        move || after_despawns(input, despawned),
        |hecs| {
            let query = hecs.world.query_mut::<Moving<'_>>();
            query.into_iter().for_each(|(position, velocity)| position.0 += velocity.0 * DT);
        },
        Hecs::digest,
    );
    vec![closure, advance_loop(input, despawned)]
}

fn advance_loop<'a>(input: &'a Input, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "loop",
        move || after_despawns(input, despawned),
        |hecs| {
            for (position, velocity) in hecs.world.query_mut::<Moving<'_>>() {
                position.0 += velocity.0 * DT;
            }
        },
        Hecs::digest,
    )
}

fn advance_slices(input: &Input) -> Variant<'_> {
    Variant::writing(
        "columns",
        move || Hecs::filled(input),
        |hecs| {
            for archetype in hecs.world.archetypes() {
                let position = archetype.get::<&mut Position>();
                let Some((mut position, velocity)) = position.zip(archetype.get::<&Velocity>())
                else {
                    continue;
                };
                kernel::advance(
                    TransparentWrapper::peel_slice_mut(&mut position),
                    TransparentWrapper::peel_slice(&velocity),
                    DT,
                );
            }
        },
        Hecs::digest,
    )
}

fn advance_two_threads(input: &Input) -> Vec<Variant<'_>> {
    let batch = u32::try_from(input.units.len().div_ceil(2)).expect("32 bits");
    let closure = Variant::writing(
        "batched",
        move || Hecs::filled(input),
        move |hecs| {
            let advance = |(position, velocity): Moving<'_>| position.0 += velocity.0 * DT;
            let query = hecs.world.query_mut::<Moving<'_>>();
            let mut batches = query.into_iter_batched(batch);
            let (first, second) = (batches.next(), batches.next());
            rayon::join(
                || first.into_iter().flatten().for_each(advance),
                || second.into_iter().flatten().for_each(advance),
            );
            batches.flatten().for_each(advance);
        },
        Hecs::digest,
    );
    let slices = Variant::writing(
        "columns",
        move || Hecs::filled(input),
        |hecs| {
            for archetype in hecs.world.archetypes() {
                let position = archetype.get::<&mut Position>();
                let Some((mut position, velocity)) = position.zip(archetype.get::<&Velocity>())
                else {
                    continue;
                };
                kernel::advance_two_threads(
                    TransparentWrapper::peel_slice_mut(&mut position),
                    TransparentWrapper::peel_slice(&velocity),
                    DT,
                );
            }
        },
        Hecs::digest,
    );
    vec![closure, slices]
}

/// One branch on both conditions is faster than two branches or none.
fn sum_closure(input: &Input) -> Variant<'_> {
    Variant::reading(
        "closure",
        move || Hecs::filled(input),
        |hecs| {
            let mut sum = 0.0;
            let query = hecs.world.query_mut::<Counted<'_>>();
            query.into_iter().for_each(|(health, team, alive)| {
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
        move || Hecs::filled(input),
        |hecs| {
            let mut sum = 0.0;
            for (health, team, alive) in hecs.world.query_mut::<Counted<'_>>() {
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
        "columns",
        move || Hecs::filled(input),
        |hecs| {
            let mut sum = 0.0;
            for archetype in hecs.world.archetypes() {
                let (health, team) = (archetype.get::<&Health>(), archetype.get::<&Team>());
                let Some(((health, team), alive)) = health.zip(team).zip(archetype.get::<&Alive>())
                else {
                    continue;
                };
                sum += kernel::conditional_sum(
                    TransparentWrapper::peel_slice(&health),
                    TransparentWrapper::peel_slice(&team),
                    TransparentWrapper::peel_slice(&alive),
                );
            }
            u64::from(sum.to_bits())
        },
    )
}

fn get_resolved(input: &Input) -> Vec<Variant<'_>> {
    let view = Variant::reading(
        "view",
        move || Hecs::shuffled(input),
        |Hecs { world, ids }| {
            let view = world.view_mut::<&Health>();
            let values = ids.iter().map(|&id| f64::from(view.get(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    );
    let mut prepared = PreparedQuery::<&Health>::new();
    let prepared = Variant::reading(
        "prepared view",
        move || Hecs::shuffled(input),
        move |Hecs { world, ids }| {
            let view = prepared.view_mut(world);
            let values = ids.iter().map(|&id| f64::from(view.get(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    );
    vec![view, prepared]
}

fn set_resolved(input: &Input) -> Vec<Variant<'_>> {
    let view = Variant::writing(
        "view",
        move || Hecs::shuffled(input),
        |Hecs { world, ids }| {
            let mut view = world.view_mut::<&mut Health>();
            for (k, &id) in ids.iter().enumerate() {
                view.get_mut(id).expect("alive").0 = k as f32;
            }
        },
        Hecs::digest,
    );
    let mut prepared = PreparedQuery::<&mut Health>::new();
    let prepared = Variant::writing(
        "prepared view",
        move || Hecs::shuffled(input),
        move |Hecs { world, ids }| {
            let mut view = prepared.view_mut(world);
            for (k, &id) in ids.iter().enumerate() {
                view.get_mut(id).expect("alive").0 = k as f32;
            }
        },
        Hecs::digest,
    );
    vec![view, prepared]
}

fn get_by_call(input: &Input) -> Vec<Variant<'_>> {
    let shared = Variant::reading(
        "get",
        move || Hecs::shuffled(input),
        |Hecs { world, ids }| {
            let values =
                ids.iter().map(|&id| f64::from(world.get::<&Health>(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    );
    let unique = Variant::reading(
        "query_one_mut",
        move || Hecs::shuffled(input),
        |hecs| {
            let values = hecs.ids.iter().map(|&id| {
                let health = hecs.world.query_one_mut::<&Health>(id).expect("alive");
                f64::from(health.0)
            });
            values.sum::<f64>().to_bits()
        },
    );
    vec![shared, unique]
}

fn churn(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "spawn_batch",
        || {
            let Hecs { world, ids } = Hecs::filled(input);
            (world, Handles::new(ids))
        },
        |(_, handles)| handles.plan(input),
        |(world, handles)| {
            for &id in &handles.doomed {
                world.despawn(id).expect("alive");
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

fn filled_fragments(input: &Input) -> World {
    let mut world = World::new();
    spawn_fragments!(spawn_fragment, &mut world, input);
    world
}

fn digest_fragments(world: &mut World) -> u64 {
    let shared = world.query_mut::<&Shared>();
    digest_floats(shared.into_iter().map(|shared| shared.0))
}

fn fragmented(input: &Input) -> Vec<Variant<'_>> {
    let rescale = |shared: &mut Shared| {
        shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
    };
    let closure = Variant::writing(
        "closure",
        move || filled_fragments(input),
        move |world| {
            world.query_mut::<&mut Shared>().into_iter().for_each(rescale);
        },
        digest_fragments,
    );
    let mut prepared = PreparedQuery::<&mut Shared>::new();
    let prepared = Variant::writing(
        "prepared closure",
        move || filled_fragments(input),
        move |world| prepared.query_mut(world).for_each(rescale),
        digest_fragments,
    );
    let mut prepared_loop = PreparedQuery::<&mut Shared>::new();
    let prepared_loop = Variant::writing(
        "prepared loop",
        move || filled_fragments(input),
        move |world| {
            for shared in prepared_loop.query_mut(world) {
                rescale(shared);
            }
        },
        digest_fragments,
    );
    vec![closure, prepared, prepared_loop]
}

/// hecs has no names: this is typed access.
fn named_each(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed view",
        move || Hecs::filled(input),
        |Hecs { world, ids }| {
            let mut view = world.view_mut::<&mut Health>();
            for &id in &*ids {
                let health = view.get_mut(id).expect("alive");
                health.0 = health.0 * NAMED_FACTOR + NAMED_OFFSET;
            }
        },
        Hecs::digest,
    )
}

fn named_column(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed columns",
        move || Hecs::filled(input),
        |hecs| {
            for archetype in hecs.world.archetypes() {
                if let Some(mut health) = archetype.get::<&mut Health>() {
                    kernel::rescale(TransparentWrapper::peel_slice_mut(&mut health));
                }
            }
        },
        Hecs::digest,
    )
}
