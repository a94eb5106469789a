//! The definition of every workload.

use super::input::{FRAGMENT_OBJECTS, FRAGMENT_TYPES};

/// A task for every contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// One insertion call per unit of `units`; a returned id is used but not kept.
    SpawnEach,
    /// All `units` through the fastest bulk interface; ids as above.
    SpawnBulk,
    /// `position += velocity * DT` for every object, by a closure or loop over single objects.
    MoveEach,
    /// The same by a `for` loop over single objects, the form that most programs use.
    MoveLoop,
    /// The same over slices of whole columns or parts of them.
    MoveSlices,
    /// The same by calling `kernel::advance` with each pair of slices, in a `for` loop.
    MoveKernel,
    /// The same on two threads, by the fastest way.
    MoveTwoThreads,
    /// `MoveEach` after despawning `Input::few`, per living object.
    MoveAfterFewDespawned,
    /// `MoveEach` after despawning `Input::half`, per living object.
    MoveAfterHalfDespawned,
    /// The sum of `health` over all objects that are `alive` and in `TEAM`, by closure or loop, in `f32`.
    SumEach,
    /// The same by a `for` loop over single objects.
    SumLoop,
    /// The same over slices.
    SumSlices,
    /// The same by calling `kernel::conditional_sum` with each triple of slices, in a `for` loop.
    SumKernel,
    /// The sum of `health` in `f64` over handles in the order of `Input::shuffled`, through a column
    /// that is looked up once per run, as part of the run.
    GetResolved,
    /// `health = k as f32` for the `k`th handle of that order, through the same kind of column.
    SetResolved,
    /// `GetResolved`, but each access is a call to the store by type or key alone.
    GetByCall,
    /// `GetResolved`, but each access finds the column by its name.
    GetByName,
    /// `SetResolved`, but each access finds the column by its name.
    SetByName,
    /// Despawns the doomed one by one, by handle, in their random order, then spawns the
    /// replacements in bulk and keeps their ids. One operation is a pair.
    Churn,
    /// `value = value * FRAGMENT_FACTOR + FRAGMENT_OFFSET` for the one slot that 26 types of 20
    /// objects share; its values are those of `health`.
    Fragmented,
    /// Inverts a matrix `heavy::INVERSIONS` times and turns a vector by it, for every object, on two
    /// threads.
    HeavyTwoThreads,
    /// `health = health * NAMED_FACTOR + NAMED_OFFSET` for every handle in spawn order, through a
    /// name resolved once.
    NamedEach,
    /// The same over the whole column, found by name, as slices.
    NamedColumn,
    /// Inserts a record of seven named attributes (`SLOT_NAMES`) for each of the `units`. The records
    /// have the contestant's own type. Only the insertion is timed, not building them.
    RecordInsert,
    /// Not timed: the live heap bytes after `SpawnBulk`, per object.
    HeapBytes,
    /// `SpawnEach` of objects with a range on three slots. The baseline has no ranges.
    SpawnEachInRanges,
    /// `SpawnBulk` of the same objects, with the same baseline.
    SpawnBulkInRanges,
    /// The sum of a byte over handles in the order of `Input::shuffled`, each by `get` of a view. The
    /// byte is an enum; in the baseline it is a `u8`.
    GetEnum,
    /// The same by `get_disjoint_mut`, two objects at a time.
    GetEnumPairs,
    /// The same by `by_id`, which is used for one object only.
    GetEnumById,
    /// A view's first use by a store with a schema for each object and without objects.
    FirstView,
    /// Each later use of that view on a snapshot of the store.
    SnapshotView,
    /// Each use on the snapshot of a view whose slot no schema declares, which is an error.
    RefusedView,
    /// A task with the past of the objects.
    Past(PastTask),
}

/// A task with the past of the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PastTask {
    /// Snapshots all objects. Nothing was written since the previous snapshot.
    Snapshot,
    /// Snapshots all objects into a ring of `RING_FRAMES` frames, then does `MoveEach`, after
    /// `WARM_UP_FRAMES` such frames. The baseline is `MoveEach` alone.
    Frame,
    /// Restores all objects to the snapshot before one `MoveEach`, which is not timed.
    Restore,
    /// Counts the changed objects with `health == MARK`, after writing `MARK` to `Input::stretch`;
    /// per changed object.
    VisitStretch,
    /// The same after writing `MARK` to `Input::scattered`.
    VisitScattered,
    /// Begins an epoch, writes `MARK` and `OTHER_MARK` in turns to the `health` of `Input::scattered` by
    /// handle, then counts the changed objects with that `health`; per written object.
    WriteAndFind,
    /// Writes `MARK` to the `health` of `Input::stretch` by handle through a column, after a snapshot,
    /// which is not timed; per written object.
    WriteAfterSnapshot,
    /// Lists the slots that differ between two snapshots, after writing the `health` of `Input::stretch`
    /// between them. Their number is the result.
    Changes,
}

/// Limits how often a run is repeated within one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Freely: each run leaves the state that the next one needs.
    Freely,
    /// Once: every run needs its own preparation.
    Once,
    /// Once, after returning all memory to the operating system: page faults are part of the run.
    FreshMemory,
}

/// Full size, or a tiny size for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    Small,
}

/// One task in one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) task: Task,
    objects: usize,
}

const MILLION: usize = 1_000_000;
/// The objects of a test.
const SMALL: usize = 1_000;
/// The objects of a test whose work on each takes long in a debug build.
const FEW: usize = 50;
const FRAGMENTS: usize = FRAGMENT_TYPES * FRAGMENT_OBJECTS;

impl Workload {
    pub(crate) const ALL: &[Self] = &[
        Self::new("spawn one by one", Task::SpawnEach, MILLION),
        Self::new("spawn in bulk", Task::SpawnBulk, MILLION),
        Self::new("move each, 10k", Task::MoveEach, 10_000),
        Self::new("move each, 1M", Task::MoveEach, MILLION),
        Self::new("move by a loop, 10k", Task::MoveLoop, 10_000),
        Self::new("move by a loop, 1M", Task::MoveLoop, MILLION),
        Self::new("move slices, 10k", Task::MoveSlices, 10_000),
        Self::new("move slices, 1M", Task::MoveSlices, MILLION),
        Self::new("move by own kernel, 1M", Task::MoveKernel, MILLION),
        Self::new("move, 2 threads, 1M", Task::MoveTwoThreads, MILLION),
        Self::new("move, 2 threads, 10M", Task::MoveTwoThreads, 10 * MILLION),
        Self::new("move, 1% despawned", Task::MoveAfterFewDespawned, MILLION),
        Self::new("move, half despawned", Task::MoveAfterHalfDespawned, MILLION),
        Self::new("conditional sum, each, 10k", Task::SumEach, 10_000),
        Self::new("conditional sum, each, 1M", Task::SumEach, MILLION),
        Self::new("conditional sum by a loop, 10k", Task::SumLoop, 10_000),
        Self::new("conditional sum by a loop, 1M", Task::SumLoop, MILLION),
        Self::new("conditional sum, slices", Task::SumSlices, MILLION),
        Self::new("conditional sum by own kernel", Task::SumKernel, MILLION),
        Self::new("random get", Task::GetResolved, MILLION),
        Self::new("random set", Task::SetResolved, MILLION),
        Self::new("random get, a call each", Task::GetByCall, MILLION),
        Self::new("get by name, every access", Task::GetByName, 10_000),
        Self::new("set by name, every access", Task::SetByName, 10_000),
        Self::new("churn, a pair", Task::Churn, MILLION),
        Self::new("fragmented, 26 x 20", Task::Fragmented, FRAGMENTS),
        Self::new("1,000 heavy objects, 2 threads", Task::HeavyTwoThreads, 1_000),
        Self::new("by name, each", Task::NamedEach, MILLION),
        Self::new("by name, column", Task::NamedColumn, MILLION),
        Self::new("insert records", Task::RecordInsert, 100_000),
        Self::new("heap bytes", Task::HeapBytes, MILLION),
        Self::new("spawn one by one, 3 ranges", Task::SpawnEachInRanges, MILLION),
        Self::new("spawn in bulk, 3 ranges", Task::SpawnBulkInRanges, MILLION),
        Self::new("get an enum by a view", Task::GetEnum, 20_000),
        Self::new("get an enum by a view, in pairs", Task::GetEnumPairs, 20_000),
        Self::new("get an enum by a view, by_id of one", Task::GetEnumById, 20_000),
        Self::new("first view of 20,000 schemas", Task::FirstView, 20_000),
        Self::new("snapshot's view of 20,000 schemas", Task::SnapshotView, 20_000),
        Self::new("refused view of 20,000 schemas", Task::RefusedView, 20_000),
        Self::past("snapshot, nothing written", PastTask::Snapshot, MILLION),
        Self::past("frame with a ring of 8, 100k", PastTask::Frame, 100_000),
        Self::past("frame with a ring of 8, 1M", PastTask::Frame, MILLION),
        Self::past("restore, one column dirty", PastTask::Restore, MILLION),
        Self::past("visit changed, 1% contiguous", PastTask::VisitStretch, MILLION),
        Self::past("visit changed, 1% scattered", PastTask::VisitScattered, MILLION),
        Self::past("write and find, 1% scattered", PastTask::WriteAndFind, MILLION),
        Self::past("write 1% after a snapshot", PastTask::WriteAfterSnapshot, MILLION),
        Self::past("changes, 1% contiguous", PastTask::Changes, MILLION),
    ];

    const fn new(name: &'static str, task: Task, objects: usize) -> Self {
        Self { name, task, objects }
    }

    const fn past(name: &'static str, task: PastTask, objects: usize) -> Self {
        Self::new(name, Task::Past(task), objects)
    }

    /// Returns the number of objects at the start of a run or, for insertions, at its end.
    pub(crate) fn objects(self, scale: Scale) -> usize {
        match scale {
            Scale::Full => self.objects,
            Scale::Small if self.task == Task::HeavyTwoThreads => self.objects.min(FEW),
            Scale::Small => self.objects.min(SMALL),
        }
    }

    /// Returns the operations of one run; figures are per operation.
    pub(crate) fn operations(self, scale: Scale) -> usize {
        let objects = self.objects(scale);
        match self.task {
            Task::MoveAfterFewDespawned => objects - objects / 100,
            Task::MoveAfterHalfDespawned => objects - objects / 2,
            Task::Churn => objects / 2,
            Task::FirstView | Task::SnapshotView | Task::RefusedView => 1,
            Task::Past(PastTask::Snapshot | PastTask::Restore | PastTask::Changes) => 1,
            Task::Past(
                PastTask::VisitStretch
                | PastTask::VisitScattered
                | PastTask::WriteAndFind
                | PastTask::WriteAfterSnapshot,
            ) => objects / 100,
            _ => objects,
        }
    }

    pub(crate) fn repeat(self) -> Repeat {
        match self.task {
            Task::SpawnEach
            | Task::SpawnBulk
            | Task::SpawnEachInRanges
            | Task::SpawnBulkInRanges
            | Task::RecordInsert
            | Task::HeapBytes => Repeat::FreshMemory,
            Task::Churn
            | Task::FirstView
            | Task::Past(PastTask::Restore | PastTask::WriteAfterSnapshot) => Repeat::Once,
            _ => Repeat::Freely,
        }
    }

    /// Returns the unit of this workload's figures.
    pub(crate) fn unit(self) -> &'static str {
        match self.task {
            Task::HeapBytes => "bytes",
            _ => "ns",
        }
    }

    /// Returns whether the figure is a time.
    pub(crate) fn is_timed(self) -> bool {
        self.task != Task::HeapBytes
    }
}
