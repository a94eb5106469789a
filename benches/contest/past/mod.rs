//! The past of the objects: keeping it, restoring it, finding later changes.
//!
//! Contestants without snapshots copy all columns into reused memory.

pub(crate) mod arrays;
pub(crate) mod bevy;
pub(crate) mod flecs;
pub(crate) mod hecs;
pub(crate) mod shipyard;
pub(crate) mod slotted;

use std::collections::VecDeque;

use glam::Vec3;

use super::arrays::Arrays;
use super::handles::in_order;
use super::{DT, Input, PastTask, kernel};

/// The number of frames that can be restored.
const RING_FRAMES: usize = 8;
/// By then the memory of every place in the ring was reused more than once.
const WARM_UP_FRAMES: usize = 24;
/// A health that no object starts with.
const MARK: f32 = 1000.0;
/// Another one, so that each run of [`PastTask::WriteAndFind`] changes what the last one wrote.
const OTHER_MARK: f32 = 2000.0;

/// Returns the other mark.
fn other(mark: f32) -> f32 {
    if mark == MARK { OTHER_MARK } else { MARK }
}

/// Runs frames until the state is that of a long-running program.
fn warmed_up<State>(mut state: State, mut frame: impl FnMut(&mut State)) -> State {
    (0..WARM_UP_FRAMES).for_each(|_| frame(&mut state));
    state
}

/// The objects whose health becomes [`MARK`].
fn marked(task: PastTask, input: &Input) -> Vec<u32> {
    match task {
        PastTask::VisitScattered | PastTask::WriteAndFind => input.scattered(),
        _ => input.stretch(),
    }
}

/// The handles of the objects that a task writes to, in ascending order of their numbers.
fn marked_ids<Id: Copy>(task: PastTask, input: &Input, ids: &[Id]) -> Vec<Id> {
    in_order(ids, &marked(task, input))
}

/// All columns of some objects, in any storage.
struct Columns<'a> {
    position: &'a [Vec3],
    velocity: &'a [Vec3],
    health: &'a [f32],
    kind: &'a [u16],
    team: &'a [u8],
    alive: &'a [bool],
    seed: &'a [u32],
}

/// A copy of all columns. Overwriting it reuses its memory.
#[derive(Default)]
struct Copied(Arrays);

impl Copied {
    fn clear(&mut self) {
        let Self(arrays) = self;
        arrays.position.clear();
        arrays.velocity.clear();
        arrays.health.clear();
        arrays.kind.clear();
        arrays.team.clear();
        arrays.alive.clear();
        arrays.seed.clear();
    }

    /// Adds objects. Each column becomes a single `memcpy`.
    fn extend(&mut self, columns: &Columns<'_>) {
        let Self(arrays) = self;
        arrays.position.extend_from_slice(columns.position);
        arrays.velocity.extend_from_slice(columns.velocity);
        arrays.health.extend_from_slice(columns.health);
        arrays.kind.extend_from_slice(columns.kind);
        arrays.team.extend_from_slice(columns.team);
        arrays.alive.extend_from_slice(columns.alive);
        arrays.seed.extend_from_slice(columns.seed);
    }

    fn digest(&mut self) -> u64 {
        self.0.digest()
    }
}

/// Copies of the last frames.
struct CopyRing {
    /// The oldest one first.
    frames: VecDeque<Copied>,
}

impl CopyRing {
    fn new() -> Self {
        Self { frames: (0..RING_FRAMES).map(|_| Copied::default()).collect() }
    }

    /// Returns the oldest frame's copy, emptied to become the newest one.
    fn newest(&mut self) -> &mut Copied {
        self.frames.rotate_left(1);
        let newest = self.frames.back_mut().expect("several frames");
        newest.clear();
        newest
    }

    /// The digest of the current objects, after replaying the last frame from its copy. So the copy
    /// counts as well.
    fn digest(&mut self, now: u64) -> u64 {
        let Copied(arrays) = self.frames.back_mut().expect("several frames");
        kernel::advance(&mut arrays.position, &arrays.velocity, DT);
        assert_eq!(arrays.digest(), now, "the last frame again");
        now
    }
}
