//! The figures as rows, their ratios, and the ratios that this crate states.

use crate::measure::{Contender, Figures};
use crate::workload::Task;

/// What one row of the table measures.
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

    /// Its name in the JSON, with the unit.
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

    /// How many times as much the map takes as the slots do.
    pub(crate) fn ratio(self, map: &Figures, slots: &Figures) -> f64 {
        self.of(map) / self.of(slots)
    }

    /// What README and docs state: the tuned map takes at least this many times as much as the slots.
    ///
    /// Well below what was measured (2 cores, a million objects), so that a busy machine doesn't fail;
    /// from 100,000 objects on, in a release build.
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

/// The figures of a storage, if it took part.
pub(crate) fn find(figures: &[Figures], contender: Contender) -> Option<&Figures> {
    figures.iter().find(|figures| figures.contender == contender)
}

/// A stated ratio that was not reached.
pub(crate) struct Missed {
    pub(crate) measure: Measure,
    pub(crate) stated: f64,
    pub(crate) found: f64,
}

/// The stated ratios that were missed, or `None` where slots and tuned map did not both take part.
pub(crate) fn missed(figures: &[Figures]) -> Option<Vec<Missed>> {
    let slots = find(figures, Contender::Slots)?;
    let tuned = find(figures, Contender::Tuned)?;
    let missed = Measure::all().filter_map(|measure| {
        let (stated, found) = (measure.stated()?, measure.ratio(tuned, slots));
        (found < stated).then_some(Missed { measure, stated, found })
    });
    Some(missed.collect())
}

/// A figure with as many digits as mean something.
pub(crate) fn rounded(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// `1,000,000`
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
