//! The way back of a playback.

use std::collections::VecDeque;

use crate::recording::notes::Notes;

/// The most bytes of differences that are kept to step backwards.
const MOST_UNDO_BYTES: usize = 256 << 20;

/// The differences that lead back to the frames before, once somebody steps backwards.
#[derive(Default)]
pub(super) struct Undo {
    pub(super) is_wanted: bool,
    /// The differences to the frame before, and its notes.
    steps: VecDeque<(Vec<u8>, Notes)>,
    bytes: usize,
}

impl Undo {
    /// Adds a step. `None` means that there is no way back.
    pub(super) fn push(&mut self, delta: Option<Vec<u8>>, notes: Notes) {
        let Some(delta) = delta else { return self.clear() };
        self.bytes += delta.len() + notes.as_bytes().len();
        self.steps.push_back((delta, notes));
        while self.bytes > MOST_UNDO_BYTES
            && let Some(oldest) = self.steps.pop_front()
        {
            self.bytes -= oldest.0.len() + oldest.1.as_bytes().len();
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Vec<u8>, Notes)> {
        let step = self.steps.pop_back()?;
        self.bytes -= step.0.len() + step.1.as_bytes().len();
        Some(step)
    }

    /// Returns the bytes of the last steps, if all of them are known.
    pub(super) fn bytes_of(&self, steps: usize) -> Option<u64> {
        let first = self.steps.len().checked_sub(steps)?;
        Some(self.steps.range(first..).map(|(delta, _)| delta.len() as u64).sum())
    }

    pub(super) fn clear(&mut self) {
        (self.steps, self.bytes) = (VecDeque::new(), 0);
    }
}
