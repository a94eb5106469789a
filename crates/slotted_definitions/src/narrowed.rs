//! Problems of values that only a patch of their schema makes wrong: a patch of their record may give another value.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::Place;

/// A problem that waits for the patches of records.
struct Waiting {
    /// The place of the whole value.
    value: Place,
    /// The place of the problem.
    place: Place,
    known: String,
    diagnostic: Diagnostic,
}

/// The problems of values that patches have not overwritten yet.
#[derive(Default)]
pub(super) struct Narrowed {
    waiting: Vec<Waiting>,
    overwritten: HashSet<Place>,
}

/// Others are reported at once.
const MOST: usize = 1000;

impl Narrowed {
    pub(super) const fn has_room(&self) -> bool {
        self.waiting.len() < MOST
    }

    /// Adds a problem, given the places of the value and of its wrong part.
    pub(super) fn add(
        &mut self,
        (value, place): (Place, Place),
        known: String,
        diagnostic: Diagnostic,
    ) {
        self.waiting.push(Waiting { value, place, known, diagnostic });
    }

    /// Forgets the problems of a value that a patch overwrites.
    pub(super) fn overwrite(&mut self, value: Place) {
        if !self.waiting.is_empty() {
            self.overwritten.insert(value);
        }
    }

    /// Reports the problems of all other values.
    pub(super) fn report(self, diagnostics: &mut Diagnostics) {
        for Waiting { value, place, known, diagnostic } in self.waiting {
            if !self.overwritten.contains(&value) {
                diagnostics.once_with((&known, place), Severity::Error, |_| diagnostic);
            }
        }
    }
}
