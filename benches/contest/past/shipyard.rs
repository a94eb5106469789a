//! shipyard: all columns are copied, and modifications of a tracked component are found.

use bytemuck::TransparentWrapper;
use shipyard::{EntityId, IntoIter, View, ViewMut, World, track};

use super::super::components::Health;
use super::super::shipyard::{FREE, Shipyard, Whole, advance};
use super::super::{Input, PastTask, Variant};
use super::{Columns, Copied, CopyRing, MARK, marked_ids, other, warmed_up};

type Tracked<'a> = View<'a, Health, track::Modification>;
type TrackedMut<'a> = ViewMut<'a, Health, track::Modification>;

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::VisitStretch | PastTask::VisitScattered => vec![visit(input, task)],
        PastTask::WriteAndFind => vec![write_and_find(input)],
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
        PastTask::Restore | PastTask::Changes => Vec::new(),
    }
}

/// The slices have one order, because all objects have all components and none was despawned.
fn copy(world: &World, to: &mut Copied) {
    to.clear();
    let (position, velocity, health, kind, team, alive, seed) =
        world.borrow::<Whole<'_>>().expect(FREE);
    to.extend(&Columns {
        position: TransparentWrapper::peel_slice(position.as_slice()),
        velocity: TransparentWrapper::peel_slice(velocity.as_slice()),
        health: TransparentWrapper::peel_slice(health.as_slice()),
        kind: TransparentWrapper::peel_slice(kind.as_slice()),
        team: TransparentWrapper::peel_slice(team.as_slice()),
        alive: TransparentWrapper::peel_slice(alive.as_slice()),
        seed: TransparentWrapper::peel_slice(seed.as_slice()),
    });
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all, as_slice",
        || (Shipyard::filled(input), Copied::default()),
        |(shipyard, copied)| copy(&shipyard.world, copied),
        |(_, copied)| copied.digest(),
    )
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let plain = |shipyard: &mut Shipyard| advance(&shipyard.world);
    let baseline = Variant::writing(
        "closure, no snapshots",
        move || warmed_up(Shipyard::filled(input), plain),
        plain,
        Shipyard::digest,
    );
    let copying = |(shipyard, ring): &mut (Shipyard, CopyRing)| {
        copy(&shipyard.world, ring.newest());
        advance(&shipyard.world);
    };
    let copies = Variant::writing(
        "closure, copies all",
        move || warmed_up((Shipyard::filled(input), CopyRing::new()), copying),
        copying,
        |(shipyard, ring)| ring.digest(shipyard.digest()),
    );
    vec![baseline.into_baseline(), copies]
}

/// A world that tracks modifications, and the objects to write to.
fn tracked(input: &Input, task: PastTask) -> (World, Vec<EntityId>) {
    let Shipyard { mut world, ids } = Shipyard::filled(input);
    world.track_modification::<Health>();
    (world, marked_ids(task, input, &ids))
}

fn write(world: &World, ids: &[EntityId], mark: f32) {
    world.borrow::<TrackedMut<'_>>().expect(FREE).clear_all_modified();
    let mut health = world.borrow::<TrackedMut<'_>>().expect(FREE);
    for &id in ids {
        health[id].0 = mark;
    }
}

fn count_marked(world: &World, mark: f32) -> u64 {
    let mut marked: u32 = 0;
    let health = world.borrow::<Tracked<'_>>().expect(FREE);
    health.modified().iter().for_each(|health| marked += u32::from(health.0 == mark));
    u64::from(marked)
}

fn visit(input: &Input, task: PastTask) -> Variant<'_> {
    Variant::reading(
        "modified",
        move || {
            let (world, ids) = tracked(input, task);
            write(&world, &ids, MARK);
            world
        },
        |world| count_marked(world, MARK),
    )
}

fn write_and_find(input: &Input) -> Variant<'_> {
    let mut mark = MARK;
    Variant::reading(
        "view, modified",
        || tracked(input, PastTask::WriteAndFind),
        move |(world, ids)| {
            mark = other(mark);
            write(world, ids, mark);
            count_marked(world, mark)
        },
    )
}

fn write_after_snapshot(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "view",
        || {
            let mut shipyard = Shipyard::filled(input);
            shipyard.ids = marked_ids(PastTask::WriteAfterSnapshot, input, &shipyard.ids);
            (shipyard, Copied::default())
        },
        |(shipyard, copied)| copy(&shipyard.world, copied),
        |(Shipyard { world, ids }, _)| {
            let mut health = world.borrow::<ViewMut<'_, Health>>().expect(FREE);
            for &id in &*ids {
                health[id].0 = MARK;
            }
        },
        |(shipyard, _)| shipyard.digest(),
    )
}
