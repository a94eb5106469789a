//! flecs: all columns are copied. It tracks changes of whole tables, so an observer lists each change.

use std::sync::{Arc, Mutex};

use bytemuck::TransparentWrapper;
use flecs_ecs::prelude::*;

use super::super::components::{
    Alive, Health, Position, Team, UnitKind, UnitReferences, UnitSeed, Velocity,
};
use super::super::flecs::{
    Flecs, Moving, advance, digest, filled, health_of, health_of_mut, moving,
};
use super::super::{Input, PastTask, Variant};
use super::{Columns, Copied, CopyRing, MARK, marked_ids, other, warmed_up};

type Whole = Query<UnitReferences<'static>>;

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::WriteAndFind => write_and_find(input),
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
        _ => Vec::new(),
    }
}

fn copy(query: &Whole, to: &mut Copied) {
    to.clear();
    query.run(|mut table| {
        while table.next() {
            to.extend(&Columns {
                position: TransparentWrapper::peel_slice(table.field::<Position>(0).as_slice()),
                velocity: TransparentWrapper::peel_slice(table.field::<Velocity>(1).as_slice()),
                health: TransparentWrapper::peel_slice(table.field::<Health>(2).as_slice()),
                kind: TransparentWrapper::peel_slice(table.field::<UnitKind>(3).as_slice()),
                team: TransparentWrapper::peel_slice(table.field::<Team>(4).as_slice()),
                alive: TransparentWrapper::peel_slice(table.field::<Alive>(5).as_slice()),
                seed: TransparentWrapper::peel_slice(table.field::<UnitSeed>(6).as_slice()),
            });
        }
    });
}

fn whole(world: &World) -> Whole {
    world.new_query()
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all, fields",
        || (filled(input, whole), Copied::default()),
        |(flecs, copied)| copy(&flecs.state, copied),
        |(_, copied)| copied.digest(),
    )
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let plain = |flecs: &mut Flecs<Moving>| advance(&flecs.state);
    let baseline = Variant::writing(
        "each, no snapshots",
        move || warmed_up(filled(input, moving), plain),
        plain,
        digest,
    );
    let copying = |flecs: &mut Flecs<(Moving, Whole, CopyRing)>| {
        let (moving, whole, ring) = &mut flecs.state;
        copy(whole, ring.newest());
        advance(moving);
    };
    let ringed = |world: &World| (moving(world), whole(world), CopyRing::new());
    let copies = Variant::writing(
        "each, copies all",
        move || warmed_up(filled(input, ringed), copying),
        copying,
        |flecs| {
            let now = digest(flecs);
            flecs.state.2.digest(now)
        },
    );
    vec![baseline.into_baseline(), copies]
}

/// The objects to write to, in place of all ids.
fn to_be_marked<State>(
    input: &Input,
    task: PastTask,
    state: impl FnOnce(&World) -> State,
) -> Flecs<State> {
    let mut flecs = filled(input, state);
    flecs.ids = marked_ids(task, input, &flecs.ids);
    flecs
}

/// An observer lists the ids, or the writer does.
fn write_and_find(input: &Input) -> Vec<Variant<'_>> {
    let mut mark = MARK;
    let observed = Variant::reading(
        "set, observer",
        || {
            to_be_marked(input, PastTask::WriteAndFind, |world| {
                let changed = Arc::new(Mutex::new(Vec::new()));
                let list = Arc::clone(&changed);
                let push = move |entity: EntityView<'_>, _: &Health| {
                    list.lock().expect("no panic").push(entity.id());
                };
                world.observer::<flecs::OnSet, &Health>().each_entity(push);
                changed
            })
        },
        move |Flecs { world, ids, state }| {
            mark = other(mark);
            for &id in &*ids {
                world.entity_from_id(id).set(Health(mark));
            }
            let changed = std::mem::take(&mut *state.lock().expect("no panic"));
            count_marked(world, &changed, mark)
        },
    );
    let (mut changed, mut mark) = (Vec::new(), MARK);
    let listed = Variant::reading(
        "get_untyped_mut, list of ids",
        || to_be_marked(input, PastTask::WriteAndFind, |_| ()),
        move |Flecs { world, ids, .. }| {
            changed.clear();
            mark = other(mark);
            let health = world.component_id::<Health>();
            for &id in &*ids {
                *health_of_mut(world, id, health) = mark;
                changed.push(id);
            }
            count_marked(world, &changed, mark)
        },
    );
    vec![observed, listed]
}

fn count_marked(world: &World, changed: &[Entity], mark: f32) -> u64 {
    let health = world.component_id::<Health>();
    let marked = changed.iter().filter(|id| health_of(world, **id, health) == mark);
    marked.count() as u64
}

fn write_after_snapshot(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "get_untyped_mut",
        || {
            let state = |world: &World| (whole(world), Copied::default());
            to_be_marked(input, PastTask::WriteAfterSnapshot, state)
        },
        |flecs| {
            let (whole, copied) = &mut flecs.state;
            copy(whole, copied);
        },
        |Flecs { world, ids, .. }| {
            let health = world.component_id::<Health>();
            for &id in &*ids {
                *health_of_mut(world, id, health) = MARK;
            }
        },
        digest,
    )
}
