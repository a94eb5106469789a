//! shipyard: views of sparse sets. It has no mutable slices.

use std::hint::black_box;

use bytemuck::TransparentWrapper;
use rayon::iter::ParallelIterator;
use shipyard::{EntityId, Get, IntoIter, View, ViewMut, World};

use super::components::{
    Alive, Health, Letter, Position, Shared, Team, UnitKind, UnitSeed, Velocity, bundle,
    spawn_fragments, unit,
};
use super::handles::{Handles, in_order};
use super::input::{FRAGMENT_FACTOR, FRAGMENT_OFFSET, NAMED_FACTOR, NAMED_OFFSET, TEAM};
use super::{
    Contestant, DT, Input, Task, Unit, Variant, digest_floats, digest_units, heavy, kernel, past,
};

pub(crate) const CONTESTANT: Contestant =
    Contestant { name: "shipyard", package: Some("shipyard"), cases };

pub(crate) type Moving<'a> = (ViewMut<'a, Position>, View<'a, Velocity>);
type Counted<'a> = (View<'a, Health>, View<'a, Team>, View<'a, Alive>);
pub(crate) type Whole<'a> = (
    View<'a, Position>,
    View<'a, Velocity>,
    View<'a, Health>,
    View<'a, UnitKind>,
    View<'a, Team>,
    View<'a, Alive>,
    View<'a, UnitSeed>,
);

/// All components exist, and nothing else borrows them.
pub(crate) const FREE: &str = "the components are free to borrow";

/// A world and its ids, by object number or in the shuffled order of random access.
pub(crate) struct Shipyard {
    pub(crate) world: World,
    pub(crate) ids: Vec<EntityId>,
}

impl Shipyard {
    pub(crate) fn filled(input: &Input) -> Self {
        let mut world = World::new();
        let ids = world.bulk_add_entity(input.units.iter().map(bundle)).collect();
        Self { world, ids }
    }

    fn shuffled(input: &Input) -> Self {
        let mut shipyard = Self::filled(input);
        shipyard.ids = in_order(&shipyard.ids, &input.shuffled);
        shipyard
    }

    pub(crate) fn digest(&mut self) -> u64 {
        digest_world(&mut self.world)
    }
}

fn digest_world(world: &mut World) -> u64 {
    let (position, velocity, health, kind, team, alive, seed) =
        world.borrow::<Whole<'_>>().expect(FREE);
    let slots = (&position, &velocity, &health, &kind, &team, &alive, &seed);
    digest_units(slots.iter().map(unit))
}

fn cases(task: Task, input: &Input) -> Vec<Variant<'_>> {
    match task {
        Task::SpawnEach => vec![spawn_each(input)],
        Task::SpawnBulk | Task::HeapBytes => vec![spawn_bulk(input)],
        Task::MoveEach => advance_each(input, &[]),
        Task::MoveAfterFewDespawned => advance_each(input, input.few()),
        Task::MoveAfterHalfDespawned => advance_each(input, input.half()),
        Task::MoveLoop => vec![advance_loop(input, &[])],
        Task::MoveTwoThreads => vec![advance_two_threads(input)],
        Task::SumEach => vec![sum_closure(input), sum_loop(input)],
        Task::SumLoop => vec![sum_loop(input)],
        Task::SumSlices | Task::SumKernel => vec![sum_slices(input)],
        Task::GetResolved => vec![get_resolved(input)],
        Task::SetResolved => vec![set_resolved(input)],
        Task::GetByCall => vec![get_by_call(input)],
        Task::Churn => churn(input),
        Task::Fragmented => fragmented(input),
        Task::HeavyTwoThreads => vec![heavy::shipyard(input)],
        Task::NamedEach => vec![named_each(input)],
        Task::NamedColumn => vec![named_column(input)],
        Task::Past(task) => past::shipyard::cases(task, input),
        _ => Vec::new(),
    }
}

fn spawn_each(input: &Input) -> Variant<'_> {
    Variant::filling(
        "add_entity",
        |world: &mut World| {
            for unit in &input.units {
                black_box(world.add_entity(bundle(unit)));
            }
        },
        digest_world,
    )
}

fn spawn_bulk(input: &Input) -> Variant<'_> {
    Variant::filling(
        "bulk_add_entity",
        |world: &mut World| {
            black_box(world.bulk_add_entity(input.units.iter().map(bundle)));
        },
        digest_world,
    )
}

fn after_despawns(input: &Input, despawned: &[u32]) -> Shipyard {
    let mut shipyard = Shipyard::filled(input);
    for id in in_order(&shipyard.ids, despawned) {
        shipyard.world.delete_entity(id);
    }
    shipyard
}

/// By closure and by loop, after despawning `despawned`.
fn advance_each<'a>(input: &'a Input, despawned: &'a [u32]) -> Vec<Variant<'a>> {
    let closure = Variant::writing(
        "closure",
        move || after_despawns(input, despawned),
        |shipyard| advance(&shipyard.world),
        Shipyard::digest,
    );
    vec![closure, advance_loop(input, despawned)]
}

pub(crate) fn advance(world: &World) {
    let (mut position, velocity) = world.borrow::<Moving<'_>>().expect(FREE);
    (&mut position, &velocity).iter().for_each(|(position, velocity)| {
        position.0 += velocity.0 * DT;
    });
}

fn advance_loop<'a>(input: &'a Input, despawned: &'a [u32]) -> Variant<'a> {
    Variant::writing(
        "loop",
        move || after_despawns(input, despawned),
        |shipyard| {
            let (mut position, velocity) = shipyard.world.borrow::<Moving<'_>>().expect(FREE);
            for (position, velocity) in (&mut position, &velocity).iter() {
                position.0 += velocity.0 * DT;
            }
        },
        Shipyard::digest,
    )
}

fn advance_two_threads(input: &Input) -> Variant<'_> {
    Variant::writing(
        "par_iter",
        move || Shipyard::filled(input),
        |shipyard| {
            let (mut position, velocity) = shipyard.world.borrow::<Moving<'_>>().expect(FREE);
            (&mut position, &velocity).par_iter().for_each(|(position, velocity)| {
                position.0 += velocity.0 * DT;
            });
        },
        Shipyard::digest,
    )
}

fn sum_closure(input: &Input) -> Variant<'_> {
    Variant::reading(
        "closure",
        move || Shipyard::filled(input),
        |shipyard| {
            let mut sum = 0.0;
            let (health, team, alive) = shipyard.world.borrow::<Counted<'_>>().expect(FREE);
            (&health, &team, &alive).iter().for_each(|(health, team, alive)| {
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
        move || Shipyard::filled(input),
        |shipyard| {
            let mut sum = 0.0;
            let (health, team, alive) = shipyard.world.borrow::<Counted<'_>>().expect(FREE);
            for (health, team, alive) in (&health, &team, &alive).iter() {
                if alive.0 & (team.0 == TEAM) {
                    sum += health.0;
                }
            }
            u64::from(sum.to_bits())
        },
    )
}

/// The slices have one order, because all objects have all components and none was despawned.
fn sum_slices(input: &Input) -> Variant<'_> {
    Variant::reading(
        "as_slice",
        move || Shipyard::filled(input),
        |shipyard| {
            let (health, team, alive) = shipyard.world.borrow::<Counted<'_>>().expect(FREE);
            let sum = kernel::conditional_sum(
                TransparentWrapper::peel_slice(health.as_slice()),
                TransparentWrapper::peel_slice(team.as_slice()),
                TransparentWrapper::peel_slice(alive.as_slice()),
            );
            u64::from(sum.to_bits())
        },
    )
}

fn get_resolved(input: &Input) -> Variant<'_> {
    Variant::reading(
        "view",
        move || Shipyard::shuffled(input),
        |Shipyard { world, ids }| {
            let health = world.borrow::<View<'_, Health>>().expect(FREE);
            let values = ids.iter().map(|&id| f64::from(health.get(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    )
}

fn set_resolved(input: &Input) -> Variant<'_> {
    Variant::writing(
        "view",
        move || Shipyard::shuffled(input),
        |Shipyard { world, ids }| {
            let mut health = world.borrow::<ViewMut<'_, Health>>().expect(FREE);
            for (k, &id) in ids.iter().enumerate() {
                health[id].0 = k as f32;
            }
        },
        Shipyard::digest,
    )
}

fn get_by_call(input: &Input) -> Variant<'_> {
    Variant::reading(
        "world.get",
        move || Shipyard::shuffled(input),
        |Shipyard { world, ids }| {
            let values =
                ids.iter().map(|&id| f64::from(world.get::<&Health>(id).expect("alive").0));
            values.sum::<f64>().to_bits()
        },
    )
}

fn churn(input: &Input) -> Vec<Variant<'_>> {
    let setup = || {
        let Shipyard { world, ids } = Shipyard::filled(input);
        (world, Handles::new(ids))
    };
    let bulk = Variant::preparing(
        "bulk_add_entity",
        setup,
        |(_, handles)| handles.plan(input),
        |(world, handles)| {
            for &id in &handles.doomed {
                world.delete_entity(id);
            }
            let replacements = input.churn(handles.round()).replacements.iter();
            handles.born.extend(world.bulk_add_entity(replacements.map(bundle)));
        },
        |(world, _)| digest_world(world),
    );
    let each = Variant::preparing(
        "add_entity",
        setup,
        |(_, handles)| handles.plan(input),
        |(world, handles)| {
            for &id in &handles.doomed {
                world.delete_entity(id);
            }
            let replacements = input.churn(handles.round()).replacements.iter();
            handles.born.extend(replacements.map(|unit| world.add_entity(bundle(unit))));
        },
        |(world, _)| digest_world(world),
    );
    vec![bulk, each]
}

fn spawn_fragment<const TYPE: usize>(world: &mut World, units: &[Unit]) {
    let bundles = units.iter().map(|unit| (Letter::<TYPE>(unit.health), Shared(unit.health)));
    world.bulk_add_entity(bundles);
}

fn filled_fragments(input: &Input) -> World {
    let mut world = World::new();
    spawn_fragments!(spawn_fragment, &mut world, input);
    world
}

fn digest_fragments(world: &mut World) -> u64 {
    let shared = world.borrow::<View<'_, Shared>>().expect(FREE);
    digest_floats(shared.iter().map(|shared| shared.0))
}

fn fragmented(input: &Input) -> Vec<Variant<'_>> {
    let rescale = |shared: &mut Shared| {
        shared.0 = shared.0 * FRAGMENT_FACTOR + FRAGMENT_OFFSET;
    };
    let closure = Variant::writing(
        "closure",
        move || filled_fragments(input),
        move |world| {
            let mut shared = world.borrow::<ViewMut<'_, Shared>>().expect(FREE);
            (&mut shared).iter().for_each(rescale);
        },
        digest_fragments,
    );
    let plain_loop = Variant::writing(
        "loop",
        move || filled_fragments(input),
        move |world| {
            let mut shared = world.borrow::<ViewMut<'_, Shared>>().expect(FREE);
            for shared in (&mut shared).iter() {
                rescale(shared);
            }
        },
        digest_fragments,
    );
    vec![closure, plain_loop]
}

fn rescale(health: &mut Health) {
    health.0 = health.0 * NAMED_FACTOR + NAMED_OFFSET;
}

/// shipyard has no names: this is typed access.
fn named_each(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed view",
        move || Shipyard::filled(input),
        |Shipyard { world, ids }| {
            let mut health = world.borrow::<ViewMut<'_, Health>>().expect(FREE);
            for &id in &*ids {
                rescale(&mut health[id]);
            }
        },
        Shipyard::digest,
    )
}

fn named_column(input: &Input) -> Variant<'_> {
    Variant::writing(
        "typed closure",
        move || Shipyard::filled(input),
        |shipyard| {
            let mut health = shipyard.world.borrow::<ViewMut<'_, Health>>().expect(FREE);
            (&mut health).iter().for_each(rescale);
        },
        Shipyard::digest,
    )
}
