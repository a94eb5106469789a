//! A thousand objects with heavy work, on two threads: the task `heavy_compute` of `ecs_bench_suite`.
//!
//! Each contestant spreads the objects over the threads in its own way.

use bevy_ecs::world::World as BevyWorld;
use bevy_tasks::{ComputeTaskPool, TaskPoolBuilder};
use bytemuck::TransparentWrapper;
use flecs_ecs::prelude::{Query, QueryAPI, World as FlecsWorld};
use glam::{Mat4, Vec3};
use hecs::World as HecsWorld;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use shipyard::{IntoIter, View, ViewMut, World as ShipyardWorld};
use slotted::{Kind, Record, Schema, Slotted, Store, View as SlotView};

use super::components::{Position, Transform};
use super::shipyard::FREE;
use super::{DT, Input, Variant, digest_floats};

/// The number of inversions for each object. It is even, so the matrix stays almost as it was.
const INVERSIONS: usize = 100;

/// The work on one object.
#[inline]
fn turn(transform: &mut Mat4, position: &mut Vec3) {
    for _ in 0..INVERSIONS {
        *transform = transform.inverse();
    }
    *position = transform.transform_vector3(*position);
}

/// Returns the objects' matrices and positions.
fn objects(input: &Input) -> impl ExactSizeIterator<Item = (Mat4, Vec3)> {
    let matrix = |position: Vec3| Mat4::from_rotation_x(1.2) * Mat4::from_translation(position);
    input.units.iter().map(move |unit| (matrix(unit.velocity), unit.position))
}

fn digest(objects: impl Iterator<Item = (Mat4, Vec3)>) -> u64 {
    digest_floats(objects.flat_map(|(transform, position)| {
        transform.to_cols_array().into_iter().chain(position.to_array())
    }))
}

pub(super) fn arrays(input: &Input) -> Variant<'_> {
    Variant::writing(
        "flat loop",
        || objects(input).unzip::<_, _, Vec<Mat4>, Vec<Vec3>>(),
        |(transforms, positions)| turn_on_two_threads(transforms, positions),
        |(transforms, positions)| digest(transforms.iter().copied().zip(positions.iter().copied())),
    )
}

/// Half of the objects on each thread.
fn turn_on_two_threads(transforms: &mut [Mat4], positions: &mut [Vec3]) {
    let turn_all = |transforms: &mut [Mat4], positions: &mut [Vec3]| {
        for (transform, position) in transforms.iter_mut().zip(positions) {
            turn(transform, position);
        }
    };
    let middle = transforms.len() / 2;
    let (transforms, transforms_rest) = transforms.split_at_mut(middle);
    let (positions, positions_rest) = positions.split_at_mut(middle);
    rayon::join(|| turn_all(transforms, positions), || turn_all(transforms_rest, positions_rest));
}

#[derive(Slotted, Clone, Copy)]
struct Heavy {
    transform: Mat4,
    position: Vec3,
}

#[derive(SlotView)]
struct Turning<'a> {
    transform: &'a mut Mat4,
    position: &'a mut Vec3,
}

pub(super) fn slotted(input: &Input) -> Vec<Variant<'_>> {
    turning(move || {
        let mut store = Store::new();
        store.register::<Heavy>().expect("a good schema");
        let heavy = objects(input).map(|(transform, position)| Heavy { transform, position });
        drop(store.spawn_batch(heavy).expect("no constraints"));
        store
    })
}

pub(super) fn slotted_at_run_time(input: &Input) -> Vec<Variant<'_>> {
    turning(move || {
        let mut store = Store::new();
        let schema = Schema::builder("heavy").slot("transform", Kind::Mat4);
        let schema = schema.slot("position", Kind::Vec3).build().expect("a good schema");
        store.register_schema(schema).expect("the first");
        let heavy = objects(input).map(|(transform, position)| {
            let mut record = Record::with_capacity(2);
            record.push("transform", transform);
            record.push("position", position);
            record
        });
        drop(store.spawn_records("heavy", heavy).expect("good records"));
        store
    })
}

fn turning<'a>(setup: impl Fn() -> Store + Copy + 'a) -> Vec<Variant<'a>> {
    let closure = Variant::writing(
        "par_for_each",
        setup,
        |store| {
            let view = store.view::<Turning>().expect("declared");
            view.par_for_each(|object| turn(object.transform, object.position));
        },
        digest_store,
    );
    let batches = Variant::writing(
        "batches",
        setup,
        |store| {
            let batches = store.view::<Turning>().expect("declared").batches();
            batches.into_par_iter().for_each(|batch| {
                batch.for_each(|object| turn(object.transform, object.position));
            });
        },
        digest_store,
    );
    vec![closure, batches]
}

fn digest_store(store: &mut Store) -> u64 {
    let view = store.view::<Turning>().expect("declared");
    digest(view.into_iter().map(|object| (*object.transform, *object.position)))
}

pub(super) fn bevy(input: &Input) -> Variant<'_> {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(2).build());
    Variant::writing(
        "par_iter_mut",
        || {
            let mut world = BevyWorld::new();
            let bundles = objects(input)
                .map(|(transform, position)| (Transform(transform), Position(position)));
            drop(world.spawn_batch(bundles));
            let state = world.query::<(&mut Transform, &mut Position)>();
            (world, state)
        },
        |(world, state)| {
            state.par_iter_mut(world).for_each(|(mut transform, mut position)| {
                turn(&mut transform.0, &mut position.0);
            });
        },
        |(world, state)| {
            digest(state.iter(world).map(|(transform, position)| (transform.0, position.0)))
        },
    )
}

pub(super) fn hecs(input: &Input) -> Variant<'_> {
    let batch = u32::try_from(input.units.len().div_ceil(2)).expect("32 bits");
    Variant::writing(
        "batched",
        || {
            let mut world = HecsWorld::new();
            let bundles = objects(input)
                .map(|(transform, position)| (Transform(transform), Position(position)));
            drop(world.spawn_batch(bundles));
            world
        },
        move |world| {
            let turn = |(transform, position): (&mut Transform, &mut Position)| {
                turn(&mut transform.0, &mut position.0);
            };
            let query = world.query_mut::<(&mut Transform, &mut Position)>();
            let mut batches = query.into_iter_batched(batch);
            let (first, second) = (batches.next(), batches.next());
            rayon::join(
                || first.into_iter().flatten().for_each(turn),
                || second.into_iter().flatten().for_each(turn),
            );
        },
        |world| {
            let query = world.query_mut::<(&Transform, &Position)>();
            digest(query.into_iter().map(|(transform, position)| (transform.0, position.0)))
        },
    )
}

pub(super) fn shipyard(input: &Input) -> Variant<'_> {
    Variant::writing(
        "par_iter",
        || {
            let mut world = ShipyardWorld::new();
            let bundles = objects(input)
                .map(|(transform, position)| (Transform(transform), Position(position)));
            world.bulk_add_entity(bundles);
            world
        },
        |world| {
            let (mut transform, mut position) =
                world.borrow::<(ViewMut<'_, Transform>, ViewMut<'_, Position>)>().expect(FREE);
            (&mut transform, &mut position).par_iter().for_each(|(transform, position)| {
                turn(&mut transform.0, &mut position.0);
            });
        },
        |world| {
            let (transform, position) =
                world.borrow::<(View<'_, Transform>, View<'_, Position>)>().expect(FREE);
            let objects = (&transform, &position).iter();
            digest(objects.map(|(transform, position)| (transform.0, position.0)))
        },
    )
}

type FlecsTurning = (Query<(&'static mut Transform, &'static mut Position)>, FlecsWorld);

fn flecs_world(input: &Input) -> FlecsTurning {
    let world = FlecsWorld::new();
    let (transforms, positions): (Vec<_>, Vec<_>) = objects(input)
        .map(|(transform, position)| (Transform(transform), Position(position)))
        .unzip();
    let count = u32::try_from(transforms.len()).expect("32 bits");
    world.entity_bulk(count).set(&transforms).set(&positions).build();
    (world.new_query(), world)
}

fn digest_flecs((query, _): &mut FlecsTurning) -> u64 {
    let mut objects = Vec::new();
    query.each(|(transform, position)| objects.push((transform.0, position.0)));
    digest(objects.into_iter())
}

pub(super) fn flecs(input: &Input) -> Vec<Variant<'_>> {
    let system = Variant::writing(
        "par_each",
        || {
            use flecs_ecs::prelude::ParSystemAPI;
            let (query, world) = flecs_world(input);
            let mut system = world.system::<(&mut Transform, &mut Position)>();
            system.par_each(|(transform, position)| turn(&mut transform.0, &mut position.0));
            world.set_threads(2);
            (query, world)
        },
        |(_, world)| {
            world.progress_time(DT);
        },
        digest_flecs,
    );
    let slices = Variant::writing(
        "fields",
        || flecs_world(input),
        |(query, _)| {
            query.run(|mut table| {
                while table.next() {
                    let mut transform = table.field_mut::<Transform>(0);
                    let mut position = table.field_mut::<Position>(1);
                    turn_on_two_threads(
                        TransparentWrapper::peel_slice_mut(transform.as_mut_slice()),
                        TransparentWrapper::peel_slice_mut(position.as_mut_slice()),
                    );
                }
            });
        },
        digest_flecs,
    );
    vec![system, slices]
}
