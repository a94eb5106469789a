//! Hand-written arrays: whole columns are copied, and somebody else writes down what has changed.

use super::super::arrays::Arrays;
use super::super::{DT, Input, PastTask, Variant, kernel};
use super::{Columns, Copied, CopyRing, MARK, marked, warmed_up};

impl Arrays {
    fn columns(&self) -> Columns<'_> {
        Columns {
            position: &self.position,
            velocity: &self.velocity,
            health: &self.health,
            kind: &self.kind,
            team: &self.team,
            alive: &self.alive,
            seed: &self.seed,
        }
    }
}

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::Restore => vec![restore(input)],
        PastTask::VisitStretch | PastTask::VisitScattered => vec![visit(input, task)],
    }
}

fn copy(from: &Arrays, to: &mut Copied) {
    to.clear();
    to.extend(&from.columns());
}

fn advance(arrays: &mut Arrays) {
    kernel::advance(&mut arrays.position, &arrays.velocity, DT);
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all",
        || (Arrays::filled(&input.units), Copied::default()),
        |(arrays, copied)| copy(arrays, copied),
        |(_, copied)| copied.digest(),
    )
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let baseline = Variant::writing(
        "flat loop, no snapshots",
        || warmed_up(Arrays::filled(&input.units), advance),
        advance,
        Arrays::digest,
    );
    let copying = |(arrays, ring): &mut (Arrays, CopyRing)| {
        ring.newest().extend(&arrays.columns());
        advance(arrays);
    };
    let copies = Variant::writing(
        "flat loop, copies all",
        move || warmed_up((Arrays::filled(&input.units), CopyRing::new()), copying),
        copying,
        |(arrays, ring)| ring.digest(arrays.digest()),
    );
    vec![baseline.into_baseline(), copies]
}

fn restore(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "copies all",
        || {
            let (arrays, mut copied) = (Arrays::filled(&input.units), Copied::default());
            copy(&arrays, &mut copied);
            (Copied(arrays), copied)
        },
        |(Copied(arrays), _)| advance(arrays),
        |(now, Copied(before))| {
            now.clear();
            now.extend(&before.columns());
        },
        |(now, _)| now.digest(),
    )
}

fn visit(input: &Input, task: PastTask) -> Variant<'_> {
    Variant::reading(
        "list of indexes",
        move || {
            let (mut arrays, changed) = (Arrays::filled(&input.units), marked(task, input));
            changed.iter().for_each(|&index| arrays.health[index as usize] = MARK);
            (arrays, changed)
        },
        |(arrays, changed)| {
            let health = &arrays.health[..];
            let marked = changed.iter().filter(|&&index| health[index as usize] == MARK);
            marked.count() as u64
        },
    )
}
