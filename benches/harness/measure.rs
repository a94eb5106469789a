//! Takes samples of all contestants in turn.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::contest::{Contestant, Input, Repeat, Scale, Variant, Workload, sample, verify};

/// Shorter samples would measure noise and the clock.
const SHORTEST_SAMPLE: Duration = Duration::from_millis(2);

/// The figures of one workload.
pub(super) struct Outcome {
    pub(super) workload: Workload,
    pub(super) objects: usize,
    /// The limit's forms first.
    pub(super) forms: Vec<Form>,
}

/// The samples of one form of one contestant.
pub(super) struct Form {
    pub(super) contestant: &'static str,
    pub(super) name: &'static str,
    pub(super) is_baseline: bool,
    /// Per operation, one for each round.
    pub(super) samples: Vec<f64>,
}

impl Form {
    pub(super) fn minimum(&self) -> f64 {
        self.samples.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(super) fn median(&self) -> f64 {
        median(self.samples.clone())
    }

    pub(super) fn minimum_ratio(&self, limit: &Self) -> f64 {
        self.minimum() / limit.minimum()
    }

    /// Returns the median of the rounds' ratios: a disturbance of a whole round cancels out.
    pub(super) fn median_ratio(&self, limit: &Self) -> f64 {
        let rounds = self.samples.iter().zip(&limit.samples);
        median(rounds.map(|(own, limit)| own / limit).collect())
    }
}

impl Outcome {
    /// Returns the best form of every contestant in order, each after its best baseline if it has one.
    pub(super) fn best(&self) -> Vec<&Form> {
        let kind = |form: &Form| (form.contestant, form.is_baseline);
        let of_one = self.forms.chunk_by(|left, right| kind(left) == kind(right));
        of_one
            .filter_map(|forms| {
                forms.iter().min_by(|left, right| left.minimum().total_cmp(&right.minimum()))
            })
            .collect()
    }

    /// Returns the limit's best form or its baseline, or `None` if the limit skips this workload.
    pub(super) fn limit(&self, limit: &str) -> Option<&Form> {
        self.best().into_iter().find(|form| form.contestant == limit)
    }

    /// Returns the form's own baseline, which it is compared with besides the limit.
    pub(super) fn baseline(&self, form: &Form) -> Option<&Form> {
        let is_its = |other: &&Form| other.is_baseline && other.contestant == form.contestant;
        self.best().into_iter().find(is_its).filter(|_| !form.is_baseline)
    }

    pub(super) fn has_baselines(&self) -> bool {
        self.forms.iter().any(|form| form.is_baseline)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// One form that takes part.
type Entry<'a> = (&'static str, Variant<'a>);

/// All state is rebuilt after this many rounds. The physical pages of the data decide its share of the
/// caches, which shifted whole series of samples by 20%.
const ROUNDS_PER_BUILD: u32 = 3;

/// Checks that all forms compute the same result, then samples them in turn, round by round.
///
/// # Errors
/// Returns an error if two forms compute different results.
pub(super) fn measure(
    workload: Workload,
    scale: Scale,
    rounds: u32,
    contestants: &[Contestant],
    input: &Input,
    progress: &ProgressBar,
) -> Result<Outcome, String> {
    let mut forms: Vec<Form> = Vec::new();
    let mut round = 0;
    while round < rounds {
        let mut entries = entries(workload, contestants, input);
        verify(workload, &mut entries)?;
        if forms.is_empty() {
            forms = entries.iter().map(form_without_samples).collect();
        }
        let repetitions: Vec<u32> =
            entries.iter_mut().map(|(_, variant)| repetitions(variant, workload, scale)).collect();
        let until = rounds.min(round + ROUNDS_PER_BUILD);
        for round in round..until {
            for turn in 0..entries.len() {
                // Each round starts with another form, so that no form always follows the same neighbour.
                let index = (turn + round as usize) % entries.len();
                let (_, variant) = &mut entries[index];
                let total = take_sample(variant, workload, repetitions[index]);
                let operations = workload.operations(scale) as f64;
                forms[index].samples.push(total / operations);
            }
            progress.inc(1);
        }
        round = until;
    }
    Ok(Outcome { workload, objects: workload.objects(scale), forms })
}

fn entries<'a>(workload: Workload, contestants: &[Contestant], input: &'a Input) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for contestant in contestants {
        let variants = (contestant.cases)(workload.task, input).into_iter();
        entries.extend(variants.map(|variant| (contestant.name, variant)));
    }
    entries
}

fn form_without_samples((contestant, variant): &Entry<'_>) -> Form {
    Form { contestant, name: variant.form, is_baseline: variant.is_baseline, samples: Vec::new() }
}

/// Returns the cost of one run, for all its operations.
fn take_sample(variant: &mut Variant<'_>, workload: Workload, repetitions: u32) -> f64 {
    if workload.is_timed() {
        let elapsed = sample(variant, workload, repetitions);
        elapsed.as_secs_f64() * 1e9 / f64::from(repetitions)
    } else {
        variant.heap_bytes() as f64
    }
}

/// Returns how many runs make a long enough sample.
fn repetitions(variant: &mut Variant<'_>, workload: Workload, scale: Scale) -> u32 {
    if workload.repeat() != Repeat::Freely || scale == Scale::Small {
        return 1;
    }
    let mut repetitions = 1;
    while sample(variant, workload, repetitions) < SHORTEST_SAMPLE {
        repetitions *= 2;
    }
    repetitions
}
