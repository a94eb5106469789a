//! The rows of the table, their ratios, and the ratios that the README states.

use crate::measure::{Contender, Figures};
use crate::workload::Task;

/// The measure of one row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Measure {
    Bytes,
    Time(Task),
}

impl Measure {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Bytes).chain(Task::ALL.map(Self::Time))
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Bytes => "memory",
            Self::Time(task) => task.title(),
        }
    }

    /// Returns its name in the JSON, with the unit.
    pub(crate) fn key(self) -> String {
        match self {
            Self::Bytes => "bytes".to_owned(),
            Self::Time(task) => format!("{}_ns", task.key()),
        }
    }

    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Time(_) => "ns",
        }
    }

    pub(crate) fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::Bytes => figures.bytes_per_object,
            Self::Time(task) => figures.nanoseconds(task),
        }
    }

    /// Returns the map's figure divided by that of the slots.
    pub(crate) fn ratio(self, map: &Figures, slots: &Figures) -> f64 {
        self.of(map) / self.of(slots)
    }

    /// Returns the lowest ratio of tuned map to slots that README and docs state.
    ///
    /// The ratios hold from 100,000 objects on in a release build. They are well below the measured ones
    /// (2 cores, a million objects), so that a busy machine passes.
    pub(crate) const fn stated(self) -> Option<f64> {
        match self {
            Self::Bytes => Some(4.0),
            Self::Time(Task::Move) => Some(8.0),
            Self::Time(Task::Sum) => Some(20.0),
            Self::Time(Task::Fill) => Some(4.0),
            Self::Time(Task::Read | Task::Write | Task::Churn) => Some(3.0),
            Self::Time(_) => None,
        }
    }
}

/// Returns the figures of a storage, if it took part.
pub(crate) fn find(figures: &[Figures], contender: Contender) -> Option<&Figures> {
    figures.iter().find(|figures| figures.contender == contender)
}

/// A stated ratio that was missed.
pub(crate) struct Missed {
    pub(crate) measure: Measure,
    pub(crate) stated: f64,
    pub(crate) found: f64,
}

/// Returns the stated ratios that were missed, or `None` unless slots and tuned map both took part.
pub(crate) fn missed(figures: &[Figures]) -> Option<Vec<Missed>> {
    let slots = find(figures, Contender::Slots)?;
    let tuned = find(figures, Contender::Tuned)?;
    let missed = Measure::all().filter_map(|measure| {
        let (stated, found) = (measure.stated()?, measure.ratio(tuned, slots));
        (found < stated).then_some(Missed { measure, stated, found })
    });
    Some(missed.collect())
}

/// Formats a figure with its significant digits.
pub(crate) fn rounded(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// Formats a number as in `1,000,000`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
