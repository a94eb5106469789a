//! hecs: all columns are copied. It does not track changes, so programs list or mark them.

use bytemuck::TransparentWrapper;
use hecs::{Entity, World};

use super::super::components::{Alive, Health, Position, Team, UnitKind, UnitSeed, Velocity};
use super::super::hecs::{Hecs, Moving};
use super::super::{DT, Input, PastTask, Variant};
use super::{Columns, Copied, CopyRing, MARK, marked_ids, other, warmed_up};

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::WriteAndFind => write_and_find(input),
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
        _ => Vec::new(),
    }
}

/// Copies the archetypes that have all columns.
fn copy(world: &World, to: &mut Copied) {
    to.clear();
    for archetype in world.archetypes().filter(|archetype| archetype.has::<Position>()) {
        let of_all = "units have all columns";
        to.extend(&Columns {
            position: TransparentWrapper::peel_slice(&archetype.get::<&Position>().expect(of_all)),
            velocity: TransparentWrapper::peel_slice(&archetype.get::<&Velocity>().expect(of_all)),
            health: TransparentWrapper::peel_slice(&archetype.get::<&Health>().expect(of_all)),
            kind: TransparentWrapper::peel_slice(&archetype.get::<&UnitKind>().expect(of_all)),
            team: TransparentWrapper::peel_slice(&archetype.get::<&Team>().expect(of_all)),
            alive: TransparentWrapper::peel_slice(&archetype.get::<&Alive>().expect(of_all)),
            seed: TransparentWrapper::peel_slice(&archetype.get::<&UnitSeed>().expect(of_all)),
        });
    }
}

fn advance(hecs: &mut Hecs) {
    let moving = hecs.world.query_mut::<Moving<'_>>();
    moving.into_iter().for_each(|(position, velocity)| position.0 += velocity.0 * DT);
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all, columns",
        || (Hecs::filled(input), Copied::default()),
        |(hecs, copied)| copy(&hecs.world, copied),
        |(_, copied)| copied.digest(),
    )
}

/// A component that says whether the object's health was written.
struct IsChanged(bool);

/// The writer lists the ids, or sets a flag in a component that all objects have.
fn write_and_find(input: &Input) -> Vec<Variant<'_>> {
    let (mut changed, mut mark) = (Vec::new(), MARK);
    let list = Variant::reading(
        "list of ids",
        || marked_world(input, PastTask::WriteAndFind),
        move |(hecs, marked)| {
            changed.clear();
            mark = other(mark);
            let mut health = hecs.world.view_mut::<&mut Health>();
            for &mut id in marked {
                health.get_mut(id).expect("alive").0 = mark;
                changed.push(id);
            }
            let health = hecs.world.view_mut::<&Health>();
            let is_marked = |id: &&Entity| health.get(**id).is_some_and(|health| health.0 == mark);
            changed.iter().filter(is_marked).count() as u64
        },
    );
    let mut mark = MARK;
    let flag = Variant::reading(
        "component of flags",
        || {
            let mut hecs = Hecs::filled(input);
            for id in &hecs.ids {
                hecs.world.insert_one(*id, IsChanged(false)).expect("alive");
            }
            let marked = marked_ids(PastTask::WriteAndFind, input, &hecs.ids);
            (hecs, marked)
        },
        move |(hecs, marked)| {
            mark = other(mark);
            let mut written = hecs.world.view_mut::<(&mut Health, &mut IsChanged)>();
            for &mut id in marked {
                let (health, is_changed) = written.get_mut(id).expect("alive");
                (health.0, is_changed.0) = (mark, true);
            }
            drop(written);
            let mut found = 0;
            for (health, is_changed) in hecs.world.query_mut::<(&Health, &mut IsChanged)>() {
                if is_changed.0 {
                    found += u64::from(health.0 == mark);
                    is_changed.0 = false;
                }
            }
            found
        },
    );
    vec![list, flag]
}

/// A world and the objects to write to.
fn marked_world(input: &Input, task: PastTask) -> (Hecs, Vec<Entity>) {
    let hecs = Hecs::filled(input);
    let marked = marked_ids(task, input, &hecs.ids);
    (hecs, marked)
}

fn write_after_snapshot(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "view",
        || (marked_world(input, PastTask::WriteAfterSnapshot), Copied::default()),
        |((hecs, _), copied)| copy(&hecs.world, copied),
        |((hecs, marked), _)| {
            let mut health = hecs.world.view_mut::<&mut Health>();
            for &mut id in marked {
                health.get_mut(id).expect("alive").0 = MARK;
            }
        },
        |((hecs, _), _)| hecs.digest(),
    )
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let baseline = Variant::writing(
        "closure, no snapshots",
        || warmed_up(Hecs::filled(input), advance),
        advance,
        Hecs::digest,
    );
    let copying = |(hecs, ring): &mut (Hecs, CopyRing)| {
        copy(&hecs.world, ring.newest());
        advance(hecs);
    };
    let copies = Variant::writing(
        "closure, copies all",
        move || warmed_up((Hecs::filled(input), CopyRing::new()), copying),
        copying,
        |(hecs, ring)| ring.digest(hecs.digest()),
    );
    vec![baseline.into_baseline(), copies]
}
