//! hecs: all columns are copied. It does not track changes.

use bytemuck::TransparentWrapper;
use hecs::World;

use super::super::components::{Alive, Health, Position, Team, UnitKind, UnitSeed, Velocity};
use super::super::hecs::{Hecs, Moving};
use super::super::{DT, Input, PastTask, Variant};
use super::{Columns, Copied, CopyRing, warmed_up};

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
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
