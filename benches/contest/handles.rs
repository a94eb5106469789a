//! A contestant's ids by object number, through rounds of churn.

use super::Input;

pub(crate) struct Handles<Id> {
    by_number: Vec<Id>,
    rounds_planned: usize,
    /// The ids that the next run despawns, in this order.
    pub(crate) doomed: Vec<Id>,
    /// The ids of the replacements, which the run appends in their order.
    pub(crate) born: Vec<Id>,
}

impl<Id: Copy> Handles<Id> {
    pub(crate) fn new(by_number: Vec<Id>) -> Self {
        Self { by_number, rounds_planned: 0, doomed: Vec::new(), born: Vec::new() }
    }

    /// Records the ids that the last run spawned and looks up those that the next run despawns.
    pub(crate) fn plan(&mut self, input: &Input) {
        if let Some(last) = self.rounds_planned.checked_sub(1) {
            let born = input.churn(last).doomed.iter().zip(self.born.drain(..));
            for (&number, id) in born {
                self.by_number[number as usize] = id;
            }
        }
        let doomed = &input.churn(self.rounds_planned).doomed;
        self.doomed.clear();
        self.doomed.extend(doomed.iter().map(|&number| self.by_number[number as usize]));
        self.born.reserve(doomed.len());
        self.rounds_planned += 1;
    }

    /// Returns the round that was planned last.
    pub(crate) fn round(&self) -> usize {
        self.rounds_planned - 1
    }
}

/// Returns the handles of `numbers`, in their order.
pub(crate) fn in_order<Id: Copy>(ids: &[Id], numbers: &[u32]) -> Vec<Id> {
    numbers.iter().map(|&number| ids[number as usize]).collect()
}
