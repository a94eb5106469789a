//! slotted: snapshots that share blocks, and views of changed blocks.

use slotted::{Epoch, Snapshot, SnapshotRing, Store, View, snapshot::changes as changes_between};

use super::super::slotted::{Filled, Moving, digest_store, filled};
use super::super::{DT, Input, PastTask, Variant};
use super::{MARK, RING_FRAMES, marked, warmed_up};

#[derive(View)]
struct Healths<'a> {
    health: &'a f32,
}

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::Restore => vec![restore(input)],
        PastTask::VisitStretch | PastTask::VisitScattered => visit(input, task),
        PastTask::Changes => vec![changes(input)],
    }
}

fn advance(store: &mut Store) {
    let view = store.view::<Moving>().expect("declared");
    view.for_each(|unit| *unit.position += *unit.velocity * DT);
}

/// A store and its last snapshot.
struct Kept {
    store: Store,
    snapshot: Snapshot,
}

impl Kept {
    fn new(input: &Input) -> Self {
        let Filled { mut store, .. } = filled(input);
        let snapshot = store.snapshot();
        Self { store, snapshot }
    }
}

/// The run also drops the previous snapshot.
fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "snapshot",
        || Kept::new(input),
        |kept| kept.snapshot = kept.store.snapshot(),
        |kept| digest_store(&kept.snapshot),
    )
}

/// A store and a ring of its last frames.
struct Ringed {
    store: Store,
    ring: SnapshotRing,
    next: u64,
}

impl Ringed {
    fn new(input: &Input) -> Self {
        Self { store: filled(input).store, ring: SnapshotRing::new(RING_FRAMES), next: 0 }
    }

    fn frame(&mut self) {
        self.ring.save(self.next, &mut self.store);
        self.next += 1;
        advance(&mut self.store);
    }

    /// Counts the current objects, and the objects after replaying from the last snapshot.
    fn digest(&mut self) -> u64 {
        let now = digest_store(&self.store);
        let mut again = self.ring.get(self.next - 1).expect("saved").to_store();
        advance(&mut again);
        assert_eq!(digest_store(&again), now, "the last frame again");
        now
    }
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let baseline = Variant::writing(
        "for_each, no snapshots",
        || warmed_up(filled(input).store, advance),
        advance,
        |store| digest_store(store),
    );
    let ring = Variant::writing(
        "for_each, ring",
        || warmed_up(Ringed::new(input), Ringed::frame),
        Ringed::frame,
        Ringed::digest,
    );
    vec![baseline.into_baseline(), ring]
}

fn restore(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "restore",
        || Kept::new(input),
        |kept| {
            kept.snapshot = kept.store.snapshot();
            advance(&mut kept.store);
        },
        |kept| kept.store.restore(&kept.snapshot).expect("its own"),
        |kept| digest_store(&kept.store),
    )
}

fn mark(Filled { store, ids }: &mut Filled, numbers: &[u32]) {
    let health = store.key("unit", "health").expect("declared");
    for &number in numbers {
        store.set(ids[number as usize], health, MARK).expect("alive");
    }
}

fn marked_store(input: &Input, task: PastTask) -> (Store, Epoch) {
    let mut filled = filled(input);
    let epoch = filled.store.advance_epoch();
    mark(&mut filled, &marked(task, input));
    (filled.store, epoch)
}

/// A store that tracks the healths object by object.
fn tracked_store(input: &Input, task: PastTask) -> (Store, Epoch) {
    let mut filled = filled(input);
    filled.store.track_changes("unit", "health").expect("declared");
    let epoch = filled.store.advance_epoch();
    mark(&mut filled, &marked(task, input));
    (filled.store, epoch)
}

fn visit(input: &Input, task: PastTask) -> Vec<Variant<'_>> {
    let tracked = Variant::reading(
        "for_each, tracked",
        move || tracked_store(input, task),
        |(store, epoch)| {
            let mut marked: u32 = 0;
            let view = store.view_ref::<Healths>().expect("declared").changed_since(*epoch);
            view.for_each(|unit| marked += u32::from(*unit.health == MARK));
            u64::from(marked)
        },
    );
    let each = Variant::reading(
        "for_each",
        move || marked_store(input, task),
        |(store, epoch)| {
            let mut marked: u32 = 0;
            let view = store.view_ref::<Healths>().expect("declared").changed_since(*epoch);
            view.for_each(|unit| marked += u32::from(*unit.health == MARK));
            u64::from(marked)
        },
    );
    let runs = Variant::reading(
        "for_each_run",
        move || marked_store(input, task),
        |(store, epoch)| {
            let mut marked: u32 = 0;
            let view = store.view_ref::<Healths>().expect("declared").changed_since(*epoch);
            view.for_each_run(
                #[inline(always)]
                |run| {
                    marked +=
                        run.health.iter().map(|health| u32::from(*health == MARK)).sum::<u32>()
                },
            );
            u64::from(marked)
        },
    );
    vec![tracked, each, runs]
}

fn changes(input: &Input) -> Variant<'_> {
    Variant::reading(
        "changes",
        || {
            let mut filled = filled(input);
            let before = filled.store.snapshot();
            mark(&mut filled, &input.stretch());
            (before, filled.store.snapshot())
        },
        |(before, after)| {
            let changes = changes_between(before, after).expect("of one store");
            changes.slots().iter().map(|slot| slot.len() as u64).sum()
        },
    )
}
