//! What is measured: the one definition of every workload.

use super::input::{FRAGMENT_OBJECTS, FRAGMENT_TYPES};

/// What a contestant is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// One insertion call for each of the `units`; an id that the call returns is used but not kept.
    SpawnEach,
    /// All `units` by the fastest interface for many; ids likewise.
    SpawnBulk,
    /// `position += velocity * DT` for every object, by a closure or loop that sees one object.
    MoveEach,
    /// The same over slices of whole columns or parts of them.
    MoveSlices,
    /// The same on two threads, in whatever way is fastest.
    MoveTwoThreads,
    /// `MoveEach` after `Input::few` were despawned, per living object.
    MoveAfterFewDespawned,
    /// `MoveEach` after `Input::half` were despawned, per living object.
    MoveAfterHalfDespawned,
    /// The sum of `health` over all that are `alive` and in `TEAM`, by closure or loop, in `f32`.
    SumEach,
    /// The same over slices.
    SumSlices,
    /// The sum of `health` in `f64` over handles in the order of `Input::shuffled`, through a column
    /// that was looked up before (looking it up once a run is part of the run).
    GetResolved,
    /// `health = k as f32` for the `k`th handle of that order, likewise.
    SetResolved,
    /// `GetResolved` where every access is a call to the store by type or key alone.
    GetByCall,
    /// Despawns the doomed one by one, by handle, in their random order, then spawns the
    /// replacements in bulk and keeps their ids. One operation is a pair.
    Churn,
    /// `value = value * FRAGMENT_FACTOR + FRAGMENT_OFFSET` for the one slot that 26 types of 20
    /// objects share; the values are those of `health`.
    Fragmented,
    /// `health = health * NAMED_FACTOR + NAMED_OFFSET` for every handle in spawn order, through a name
    /// resolved once.
    NamedEach,
    /// The same over the whole column, found by name, as slices.
    NamedColumn,
    /// Inserts a record of seven named attributes (`SLOT_NAMES`) for each of the `units`. The records
    /// are the contestant's own type and are built before: only the insertion is timed.
    RecordInsert,
    /// Not timed: the heap bytes that live after `SpawnBulk`, per object.
    HeapBytes,
    /// What has to do with the past of the objects.
    Past(PastTask),
}

/// What a contestant is asked to do with the past of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PastTask {
    /// Keeps all objects as they are. They were kept like that before, nothing was written since.
    Snapshot,
    /// Keeps all objects as the newest of the last `RING_FRAMES` frames, then does `MoveEach`; there
    /// were `WARM_UP_FRAMES` such frames before. The baseline is `MoveEach` alone.
    Frame,
    /// Makes all objects as they were kept before one `MoveEach`, which is not timed.
    Restore,
    /// How many of the objects that changed since a moment have `health == MARK`, which was written to
    /// `Input::stretch` since then; per changed object.
    VisitStretch,
    /// The same where `MARK` was written to `Input::scattered`.
    VisitScattered,
    /// Lists which objects have another value of which slot in two states that were kept; the `health` of
    /// `Input::stretch` was written between them. How many there are is the result.
    Changes,
}

/// How often a run may be repeated within one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Freely: a run leaves everything as the next one needs it.
    Freely,
    /// Once: every run needs its own preparation.
    Once,
    /// Once, and all memory goes back to the operating system before: page faults are part of the run.
    FreshMemory,
}

/// Full size, or a size that runs in no time.
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
const SMALL: usize = 3_000;
const FRAGMENTS: usize = FRAGMENT_TYPES * FRAGMENT_OBJECTS;

impl Workload {
    pub(crate) const ALL: &[Self] = &[
        Self::new("spawn one by one", Task::SpawnEach, MILLION),
        Self::new("spawn in bulk", Task::SpawnBulk, MILLION),
        Self::new("move each, 10k", Task::MoveEach, 10_000),
        Self::new("move each, 1M", Task::MoveEach, MILLION),
        Self::new("move slices, 10k", Task::MoveSlices, 10_000),
        Self::new("move slices, 1M", Task::MoveSlices, MILLION),
        Self::new("move, 2 threads", Task::MoveTwoThreads, MILLION),
        Self::new("move, 1% despawned", Task::MoveAfterFewDespawned, MILLION),
        Self::new("move, half despawned", Task::MoveAfterHalfDespawned, MILLION),
        Self::new("conditional sum, each", Task::SumEach, MILLION),
        Self::new("conditional sum, slices", Task::SumSlices, MILLION),
        Self::new("random get", Task::GetResolved, MILLION),
        Self::new("random set", Task::SetResolved, MILLION),
        Self::new("random get, a call each", Task::GetByCall, MILLION),
        Self::new("churn, a pair", Task::Churn, MILLION),
        Self::new("fragmented, 26 x 20", Task::Fragmented, FRAGMENTS),
        Self::new("by name, each", Task::NamedEach, MILLION),
        Self::new("by name, column", Task::NamedColumn, MILLION),
        Self::new("insert records", Task::RecordInsert, 100_000),
        Self::new("heap bytes", Task::HeapBytes, MILLION),
        Self::past("snapshot, nothing written", PastTask::Snapshot, MILLION),
        Self::past("frame with a ring of 8, 100k", PastTask::Frame, 100_000),
        Self::past("frame with a ring of 8, 1M", PastTask::Frame, MILLION),
        Self::past("restore, one column dirty", PastTask::Restore, MILLION),
        Self::past("visit changed, 1% contiguous", PastTask::VisitStretch, MILLION),
        Self::past("visit changed, 1% scattered", PastTask::VisitScattered, MILLION),
        Self::past("changes, 1% contiguous", PastTask::Changes, MILLION),
    ];

    const fn new(name: &'static str, task: Task, objects: usize) -> Self {
        Self { name, task, objects }
    }

    const fn past(name: &'static str, task: PastTask, objects: usize) -> Self {
        Self::new(name, Task::Past(task), objects)
    }

    /// The number of objects that exist when a run starts or, for insertions, when it ends.
    pub(crate) fn objects(self, scale: Scale) -> usize {
        match scale {
            Scale::Full => self.objects,
            Scale::Small => self.objects.min(SMALL),
        }
    }

    /// The operations of one run, which a figure is divided by.
    pub(crate) fn operations(self, scale: Scale) -> usize {
        let objects = self.objects(scale);
        match self.task {
            Task::MoveAfterFewDespawned => objects - objects / 100,
            Task::MoveAfterHalfDespawned => objects - objects / 2,
            Task::Churn => objects / 2,
            Task::Past(PastTask::Snapshot | PastTask::Restore | PastTask::Changes) => 1,
            Task::Past(PastTask::VisitStretch | PastTask::VisitScattered) => objects / 100,
            _ => objects,
        }
    }

    pub(crate) fn repeat(self) -> Repeat {
        match self.task {
            Task::SpawnEach | Task::SpawnBulk | Task::RecordInsert | Task::HeapBytes => {
                Repeat::FreshMemory
            }
            Task::Churn | Task::Past(PastTask::Restore) => Repeat::Once,
            _ => Repeat::Freely,
        }
    }

    /// What the figures of this workload count.
    pub(crate) fn unit(self) -> &'static str {
        match self.task {
            Task::HeapBytes => "bytes",
            _ => "ns",
        }
    }

    /// Whether the figure is a time.
    pub(crate) fn is_timed(self) -> bool {
        self.task != Task::HeapBytes
    }
}
