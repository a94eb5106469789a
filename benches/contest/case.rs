//! What a contestant hands over: prepared state, a timed run, a checksum.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::memory;
use super::{Input, Repeat, Task, Workload};

/// One storage that takes part.
#[derive(Clone, Copy)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The package whose version belongs to the figures; `None` for plain code.
    pub(crate) package: Option<&'static str>,
    /// All forms in which it does a task, ready to run; none if it cannot do it.
    pub(crate) cases: for<'a> fn(Task, &'a Input) -> Vec<Variant<'a>>,
}

/// One form in which a contestant does a task.
pub(crate) struct Variant<'a> {
    /// Tells the forms of one contestant apart: "closure", "loop".
    pub(crate) form: &'static str,
    /// Whether it leaves out what the workload is about, and the contestant's other forms have it on top.
    pub(crate) is_baseline: bool,
    case: Box<dyn Case + 'a>,
}

trait Case {
    /// Not timed.
    fn prepare(&mut self);
    /// Timed. The repetitions are in here so that the dynamic call is not part of a short run.
    fn run(&mut self, repetitions: u32);
    /// Not timed: equal among all contestants that did the same number of runs.
    fn checksum(&mut self) -> u64;
}

struct ClosureCase<State, Setup, Prepare, Run, Digest> {
    /// Built when it is first needed: a form that a filter leaves out costs nothing.
    state: LazyCell<State, Setup>,
    prepare: Prepare,
    run: Run,
    digest: Digest,
    /// What the last run returned.
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
    /// A run that changes what `setup` returned; `digest` tells what it has become.
    pub(crate) fn writing<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        run: impl FnMut(&mut State) + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        Self::build(form, setup, |_| {}, returning_nothing(run), digest)
    }

    /// A run that returns the bits of a sum.
    pub(crate) fn reading<State: 'a>(
        form: &'static str,
        setup: impl FnOnce() -> State + 'a,
        run: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        Self::build(form, setup, |_| {}, run, |_| 0)
    }

    /// A run that fills an empty `State`.
    pub(crate) fn filling<State: Default + 'a>(
        form: &'static str,
        run: impl FnMut(&mut State) + 'a,
        digest: impl FnMut(&mut State) -> u64 + 'a,
    ) -> Self {
        let empty = |state: &mut State| *state = State::default();
        Self::build(form, State::default, empty, returning_nothing(run), digest)
    }

    /// A run that needs `prepare` before it each time.
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

    /// A form to hold the contestant's other forms against. It has to come before them.
    pub(crate) fn into_baseline(self) -> Self {
        Self { is_baseline: true, ..self }
    }

    /// Live heap bytes that one run adds.
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

/// Times `repetitions` runs, after an untimed one that warms the caches where a run can be repeated.
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

/// Runs every case twice from its first state and compares what came out.
///
/// # Errors
/// Names the first two that differ.
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
