//! bevy_ecs: all columns are copied, and change ticks of each component find the changes.

use bevy_ecs::query::{Changed, QueryState};
use bevy_ecs::world::World;
use bytemuck::TransparentWrapper;

use super::super::bevy::{Bevy, Moving, digest, filled};
use super::super::components::{Health, UnitReferences};
use super::super::{DT, Input, PastTask, Variant};
use super::{Columns, Copied, CopyRing, MARK, marked, marked_ids, other, warmed_up};

type Whole = UnitReferences<'static>;

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::Restore | PastTask::Changes => Vec::new(),
        PastTask::VisitStretch | PastTask::VisitScattered => visit(input, task),
        PastTask::WriteAndFind => vec![write_and_find(input)],
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
    }
}

fn copy(world: &World, state: &mut QueryState<Whole>, to: &mut Copied) {
    to.clear();
    let tables = state.contiguous_iter(world).expect("table components");
    for (position, velocity, health, kind, team, alive, seed) in tables {
        to.extend(&Columns {
            position: TransparentWrapper::peel_slice(position),
            velocity: TransparentWrapper::peel_slice(velocity),
            health: TransparentWrapper::peel_slice(health),
            kind: TransparentWrapper::peel_slice(kind),
            team: TransparentWrapper::peel_slice(team),
            alive: TransparentWrapper::peel_slice(alive),
            seed: TransparentWrapper::peel_slice(seed),
        });
    }
}

fn advance(world: &mut World, state: &mut QueryState<Moving>) {
    let moving = state.iter_mut(world);
    moving.for_each(|(mut position, velocity)| position.0 += velocity.0 * DT);
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all, contiguous",
        || filled(input, |world| (world.query::<Whole>(), Copied::default())),
        |Bevy { world, state: (whole, copied), .. }| copy(world, whole, copied),
        |Bevy { state: (_, copied), .. }| copied.digest(),
    )
}

/// A world with the queries for moving and copying, and the copies.
type Ringed = Bevy<(QueryState<Moving>, QueryState<Whole>, CopyRing)>;

fn ringed(input: &Input) -> Ringed {
    filled(input, |world| (world.query::<Moving>(), world.query::<Whole>(), CopyRing::new()))
}

fn ringed_frame(Bevy { world, state: (moving, whole, ring), .. }: &mut Ringed) {
    copy(world, whole, ring.newest());
    advance(world, moving);
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let plain = |Bevy { world, state, .. }: &mut Bevy<QueryState<Moving>>| advance(world, state);
    let baseline = Variant::writing(
        "closure, no snapshots",
        move || warmed_up(filled(input, World::query::<Moving>), plain),
        plain,
        digest,
    );
    let copies = Variant::writing(
        "closure, copies all",
        || warmed_up(ringed(input), ringed_frame),
        ringed_frame,
        |bevy| {
            let now = digest(bevy);
            bevy.state.2.digest(now)
        },
    );
    vec![baseline.into_baseline(), copies]
}

type ChangedHealth = QueryState<&'static Health, Changed<Health>>;

fn marked_world(input: &Input, task: PastTask) -> Bevy<ChangedHealth> {
    let mut bevy = filled(input, World::query_filtered::<&Health, Changed<Health>>);
    bevy.world.clear_trackers();
    for number in marked(task, input) {
        let id = bevy.ids[number as usize];
        bevy.world.get_mut::<Health>(id).expect("alive").0 = MARK;
    }
    bevy
}

fn visit(input: &Input, task: PastTask) -> Vec<Variant<'_>> {
    let closure = Variant::reading(
        "closure",
        move || marked_world(input, task),
        |Bevy { world, state, .. }| {
            let mut marked: u32 = 0;
            state.iter(world).for_each(|health| marked += u32::from(health.0 == MARK));
            u64::from(marked)
        },
    );
    let plain_loop = Variant::reading(
        "loop",
        move || marked_world(input, task),
        |Bevy { world, state, .. }| {
            let mut marked: u32 = 0;
            for health in state.iter(world) {
                marked += u32::from(health.0 == MARK);
            }
            u64::from(marked)
        },
    );
    vec![closure, plain_loop]
}

fn write_and_find(input: &Input) -> Variant<'_> {
    let mut mark = MARK;
    Variant::reading(
        "query.get_mut, Changed",
        || {
            let mut bevy = filled(input, |world| {
                let changed = world.query_filtered::<&Health, Changed<Health>>();
                (world.query::<&mut Health>(), changed)
            });
            bevy.ids = marked_ids(PastTask::WriteAndFind, input, &bevy.ids);
            bevy
        },
        move |Bevy { world, ids, state: (health, changed) }| {
            mark = other(mark);
            world.clear_trackers();
            let mut health = health.query_mut(&mut *world);
            for &id in &*ids {
                health.get_mut(id).expect("alive").0 = mark;
            }
            let mut found: u32 = 0;
            changed.iter(world).for_each(|health| found += u32::from(health.0 == mark));
            u64::from(found)
        },
    )
}

fn write_after_snapshot(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "query.get_mut",
        || {
            let mut bevy = filled(input, |world| {
                (world.query::<&mut Health>(), world.query::<Whole>(), Copied::default())
            });
            bevy.ids = marked_ids(PastTask::WriteAfterSnapshot, input, &bevy.ids);
            bevy
        },
        |Bevy { world, state: (_, whole, copied), .. }| copy(world, whole, copied),
        |Bevy { world, ids, state: (health, ..) }| {
            let mut health = health.query_mut(world);
            for &id in &*ids {
                health.get_mut(id).expect("alive").0 = MARK;
            }
        },
        digest,
    )
}
