//! The parts of a contestant's case: prepared state, a timed run, a checksum.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::memory;
use super::{Input, Repeat, Task, Workload};

/// One storage that takes part.
#[derive(Clone, Copy)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The package whose version is published with the figures; `None` for plain code.
    pub(crate) package: Option<&'static str>,
    /// All its forms of a task, ready to run; empty if it cannot do the task.
    pub(crate) cases: for<'a> fn(Task, &'a Input) -> Vec<Variant<'a>>,
}

/// One form in which a contestant does a task.
pub(crate) struct Variant<'a> {
    /// The form's name among the contestant's forms: "closure", "loop".
    pub(crate) form: &'static str,
    /// `true` if it runs without the work that the workload measures. The contestant's other forms add
    /// that work.
    pub(crate) is_baseline: bool,
    case: Box<dyn Case + 'a>,
}

trait Case {
    /// Not timed.
    fn prepare(&mut self);
    /// Timed. It repeats the run itself, which keeps the dynamic call out of short runs.
    fn run(&mut self, repetitions: u32);
    /// Not timed. Equal for all contestants after the same number of runs.
    fn checksum(&mut self) -> u64;
}

struct ClosureCase<State, Setup, Prepare, Run, Digest> {
    /// Built on first use: a filtered form costs nothing.
    state: LazyCell<State, Setup>,
    prepare: Prepare,
    run: Run,
    digest: Digest,
    /// The last run's result.
    outcome: u64,
}

impl<State, Setup, Prepare, Run, Digest> Case for ClosureCase<State, Setup, Prepare, Run, Digest>
where
    Setup: FnOnce() -> State,
    Prepare: FnMut(&mut State),
    Run: FnMut(&mut State) -> u64,
    Digest: FnMut(&mut State) -> u64,
{
    fn prepare(&mut self) {
        (self.prepare)(LazyCell::force_mut(&mut self.state));
    }

    fn run(&mut self, repetitions: u32) {
        let state = LazyCell::force_mut(&mut self.state);
        for _ in 0..repetitions {
            self.outcome = black_box((self.run)(black_box(state)));
        }
    }

    fn checksum(&mut self) -> u64 {
        let state = LazyCell::force_mut(&mut self.state);
        let digest = (self.digest)(state);
        self.outcome.wrapping_add(digest.rotate_left(1))
    }
}

impl<'a> Variant<'a> {
    /// Creates a run that changes the state of `setup`; `digest` checks the result.
    pub(crate) fn writing<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        run: impl FnMut(&mut State) + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        Self::build(form, setup, |_| {}, returning_nothing(run), digest)
    }

    /// Creates a run that returns the bits of a sum.
    pub(crate) fn reading<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        run: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        Self::build(form, setup, |_| {}, run, |_| 0)
    }

    /// Creates a run that fills an empty `State`.
    pub(crate) fn filling<State: Default + 'a>(
        form: &'static str,
        run: impl FnMut(&mut State) + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        let empty = |state: &mut State| *state = State::default();
        Self::build(form, State::default, empty, returning_nothing(run), digest)
    }

    /// Creates a run that needs `prepare` before each repetition.
    pub(crate) fn preparing<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        prepare: impl FnMut(&mut State) + 'a,
        run: impl FnMut(&mut State) + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        Self::build(form, setup, prepare, returning_nothing(run), digest)
    }

    fn build<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        prepare: impl FnMut(&mut State) + 'a,
        run: impl FnMut(&mut State) -> u64 + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        let case = ClosureCase { state: LazyCell::new(setup), prepare, run, digest, outcome: 0 };
        Self { form, is_baseline: false, case: Box::new(case) }
    }

    /// Makes the form the baseline of the contestant's other forms, which must follow it.
    pub(crate) fn into_baseline(self) -> Self {
        Self { is_baseline: true, ..self }
    }

    /// Returns the live heap bytes that one run adds.
    pub(crate) fn heap_bytes(&mut self) -> usize {
        self.case.prepare();
        let bytes = memory::added_bytes(|| self.case.run(1));
        self.case.prepare();
        bytes
    }
}

fn returning_nothing<State>(mut run: impl FnMut(&mut State)) -> impl FnMut(&mut State) -> u64 {
    move |state| {
        run(state);
        0
    }
}

/// Times `repetitions` runs. Repeatable runs warm the caches with an untimed run first.
pub(crate) fn sample(variant: &mut Variant<'_>, workload: Workload, repetitions: u32) -> Duration {
    let case = &mut variant.case;
    match workload.repeat() {
        Repeat::Freely => case.run(1),
        Repeat::Once => case.prepare(),
        Repeat::FreshMemory => {
            case.prepare();
            memory::return_to_system();
        }
    }
    let start = Instant::now();
    case.run(repetitions);
    let elapsed = start.elapsed();
    if workload.repeat() == Repeat::FreshMemory {
        case.prepare();
    }
    elapsed
}

/// Runs every case twice from its first state and compares the results.
///
/// # Errors
/// Names the first two cases that differ.
pub(crate) fn verify(
    workload: Workload,
    entries: &mut [(&'static str, Variant<'_>)],
) -> Result<(), String> {
    let mut first: Option<(String, u64)> = None;
    for (contestant, variant) in entries {
        let name = format!("{contestant} ({})", variant.form);
        for _ in 0..2 {
            variant.case.prepare();
            variant.case.run(1);
        }
        let checksum = variant.case.checksum();
        if workload.repeat() == Repeat::FreshMemory {
            variant.case.prepare();
        }
        match &first {
            None => first = Some((name, checksum)),
            Some((other, expected)) if *expected != checksum => {
                return Err(format!(
                    "{}: {other} computed {expected:016x}, but {name} computed {checksum:016x}",
                    workload.name
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
