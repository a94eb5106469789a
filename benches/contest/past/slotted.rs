//! slotted: snapshots that share blocks, and views of changed blocks.

use slotted::{Epoch, Snapshot, SnapshotRing, Store, View, snapshot::changes as changes_between};

use super::super::slotted::{Filled, Moving, digest_store, filled};
use super::super::{DT, Input, PastTask, Variant};
use super::{MARK, RING_FRAMES, marked, marked_ids, other, warmed_up};

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
        PastTask::WriteAndFind => write_and_find(input),
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
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
        |(store, epoch)| count_marked(store, *epoch, MARK),
    );
    vec![tracked, each, runs]
}

/// A store and the objects to write to.
fn to_be_marked(input: &Input, task: PastTask) -> Filled {
    let Filled { store, ids } = filled(input);
    Filled { store, ids: marked_ids(task, input, &ids) }
}

fn write_and_find(input: &Input) -> Vec<Variant<'_>> {
    let setup = || {
        let mut filled = to_be_marked(input, PastTask::WriteAndFind);
        filled.store.track_changes("unit", "health").expect("declared");
        filled
    };
    let mut mark = MARK;
    let by_key = Variant::reading("set, changed_since", setup, move |filled| {
        mark = other(mark);
        let (epoch, key) = (filled.store.advance_epoch(), filled.health());
        for id in &filled.ids {
            filled.store.set(*id, key, mark).expect("alive");
        }
        count_marked(&filled.store, epoch, mark)
    });
    let mut mark = MARK;
    let by_column = Variant::reading("column, changed_since", setup, move |filled| {
        mark = other(mark);
        let epoch = filled.store.advance_epoch();
        write_column(filled, mark);
        count_marked(&filled.store, epoch, mark)
    });
    vec![by_key, by_column, write_and_compare(input)]
}

fn count_marked(store: &Store, epoch: Epoch, mark: f32) -> u64 {
    let mut marked: u32 = 0;
    let view = store.view_ref::<Healths>().expect("declared").changed_since(epoch);
    view.for_each_run(
        #[inline(always)]
        |run| marked += run.health.iter().map(|health| u32::from(*health == mark)).sum::<u32>(),
    );
    u64::from(marked)
}

fn write_column(filled: &mut Filled, mark: f32) {
    let key = filled.health();
    let mut health = filled.store.column_mut(key).expect("own key");
    for id in &filled.ids {
        *health.get_mut(*id).expect("alive") = mark;
    }
}

/// The objects that changed are known one by one, from comparing all values of changed blocks.
fn write_and_compare(input: &Input) -> Variant<'_> {
    let mut mark = MARK;
    Variant::reading(
        "column, changes_since a snapshot",
        || to_be_marked(input, PastTask::WriteAndFind),
        move |filled| {
            mark = other(mark);
            let before = filled.store.snapshot();
            write_column(filled, mark);
            let changes = filled.store.changes_since(&before).expect("of this store");
            let health = filled.store.column(filled.health()).expect("own key");
            let changed = changes.slots().iter().flat_map(|slot| slot.ids());
            changed.filter(|id| health.get(**id) == Some(mark)).count() as u64
        },
    )
}

fn write_after_snapshot(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "column",
        || {
            let mut filled = to_be_marked(input, PastTask::WriteAfterSnapshot);
            let snapshot = filled.store.snapshot();
            (filled, snapshot)
        },
        |(filled, snapshot)| *snapshot = filled.store.snapshot(),
        |(filled, _)| write_column(filled, MARK),
        |(filled, _)| digest_store(&filled.store),
    )
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
