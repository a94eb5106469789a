//! Times the work of all storages in turn, repetition by repetition.

use std::collections::HashMap;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bench_support::NaiveMapStore;
use bench_support::allocator::{CountingAllocator, added_bytes};
use indicatif::ProgressBar;
use slotted::{MapStore, ObjectId, Record, SpawnError, Store};

use crate::workload::{FRAMES, Input, Outcome, Storage, Task, checksum};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The storages to compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Contender {
    /// `Store`: packed columns
    Slots,
    /// `MapStore`: the tuned attribute map
    Tuned,
    /// `NaiveMapStore`: a hash map of names for each object
    Naive,
}

/// The naive map needs a minute and a gigabyte for two million objects. With more it runs a tenth.
const MOST_NAIVE_OBJECTS: u32 = 2_000_000;

impl Contender {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::Tuned => "tuned map",
            Self::Naive => "naive map",
        }
    }

    fn objects(self, objects: u32) -> u32 {
        match self {
            Self::Naive if objects > MOST_NAIVE_OBJECTS => objects / 10,
            _ => objects,
        }
    }

    fn bytes(self, input: &Input) -> usize {
        match self {
            Self::Slots => bytes::<Store>(input),
            Self::Tuned => bytes::<MapStore>(input),
            Self::Naive => bytes::<NaiveMapStore>(input),
        }
    }

    fn repetition(self, input: &Input, watch: &mut Watch<'_>) -> Outcome {
        match self {
            Self::Slots => repetition::<Store>(input, watch),
            Self::Tuned => repetition::<MapStore>(input, watch),
            Self::Naive => repetition::<NaiveMapStore>(input, watch),
        }
    }
}

/// The figures of one storage.
pub(crate) struct Figures {
    pub(crate) contender: Contender,
    pub(crate) objects: usize,
    pub(crate) bytes_per_object: f64,
    /// The best nanoseconds per operation of all repetitions, in the order of [`Task::ALL`].
    best: [f64; Task::ALL.len()],
    /// Accepted records with an undeclared attribute.
    pub(crate) accepted: usize,
    pub(crate) undeclared: usize,
    pub(crate) checksum: u64,
}

impl Figures {
    pub(crate) fn nanoseconds(&self, task: Task) -> f64 {
        self.best[task as usize]
    }
}

/// A storage whose outcome differs from that of `Store`.
#[derive(Debug)]
pub(crate) struct Mismatch {
    contender: Contender,
    expected: Outcome,
    found: Outcome,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contender, expected, found } = self;
        let title = contender.title();
        write!(
            f,
            "{title}: the outcome differs from that of slots: {found:?}, expected {expected:?}"
        )
    }
}

/// Times each task and keeps the best time.
struct Watch<'p> {
    best: [Duration; Task::ALL.len()],
    accepted: usize,
    is_last: bool,
    progress: &'p ProgressBar,
}

impl<'p> Watch<'p> {
    fn new(progress: &'p ProgressBar) -> Self {
        Self { best: [Duration::MAX; Task::ALL.len()], accepted: 0, is_last: false, progress }
    }

    fn time<R>(&mut self, task: Task, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = black_box(work());
        self.take(task, start.elapsed());
        result
    }

    fn take(&mut self, task: Task, elapsed: Duration) {
        let best = &mut self.best[task as usize];
        *best = elapsed.min(*best);
        self.progress.inc(1);
    }
}

/// Returns the number of steps of the progress bar.
pub(crate) fn steps(contenders: usize, repetitions: u32) -> u64 {
    let tasks = Task::ALL.len() as u64;
    contenders as u64 * (1 + u64::from(repetitions) * tasks)
}

/// Measures the chosen storages.
///
/// # Errors
/// Returns an error if a storage ends with other values than `Store`.
pub(crate) fn compare(
    contenders: &[Contender],
    objects: u32,
    seed: u64,
    repetitions: u32,
    progress: &ProgressBar,
) -> Result<Vec<Figures>, Box<Mismatch>> {
    let mut inputs = HashMap::new();
    for contender in contenders {
        let objects = contender.objects(objects);
        inputs.entry(objects).or_insert_with(|| Input::new(objects, seed));
    }
    let hidden = ProgressBar::hidden();
    let mut reference = Watch { is_last: true, ..Watch::new(&hidden) };
    let expected: HashMap<u32, Outcome> = inputs
        .iter()
        .map(|(objects, input)| (*objects, repetition::<Store>(input, &mut reference)))
        .collect();
    let mut watches: Vec<_> = contenders.iter().map(|_| Watch::new(progress)).collect();
    for left in (0..repetitions).rev() {
        for (contender, watch) in contenders.iter().zip(&mut watches) {
            watch.is_last = left == 0;
            progress.set_message(contender.title());
            let objects = contender.objects(objects);
            let (found, expected) =
                (contender.repetition(&inputs[&objects], watch), expected[&objects]);
            if !found.agrees_with(&expected) {
                return Err(Box::new(Mismatch { contender: *contender, expected, found }));
            }
        }
    }
    let figures = contenders.iter().zip(watches).map(|(contender, watch)| {
        let objects = contender.objects(objects);
        figures(*contender, &inputs[&objects], &watch, expected[&objects].checksum)
    });
    Ok(figures.collect())
}

fn figures(
    contender: Contender,
    input: &Input,
    watch: &Watch<'_>,
    checksum: Option<u64>,
) -> Figures {
    let bytes = contender.bytes(input) as f64;
    watch.progress.inc(1);
    let best = Task::ALL
        .map(|task| watch.best[task as usize].as_secs_f64() * 1e9 / task.operations(input) as f64);
    Figures {
        contender,
        objects: input.objects(),
        bytes_per_object: bytes / input.objects() as f64,
        best,
        accepted: watch.accepted,
        undeclared: input.undeclared,
        checksum: checksum.unwrap_or_default(),
    }
}

/// Returns the heap bytes of the objects, without the list of their ids.
fn bytes<S: Storage>(input: &Input) -> usize {
    let mut ids = Vec::with_capacity(input.objects());
    let mut store = None;
    added_bytes(|| store.insert(S::empty()).spawn_units(&input.units, &mut ids))
}

/// Does all tasks on one new storage.
fn repetition<S: Storage>(input: &Input, watch: &mut Watch<'_>) -> Outcome {
    insert_records::<S>(input, watch);
    let mut ids = Vec::with_capacity(input.objects());
    let mut store = S::empty();
    watch.time(Task::Fill, || store.spawn_units(&input.units, &mut ids));

    let shuffled = in_order(&ids, &input.shuffled);
    let read = watch.time(Task::Read, || store.read_health(&shuffled));
    let named = watch.time(Task::ReadByName, || {
        shuffled.iter().filter(|id| store.get_value(**id, "health").is_ok()).count() as f64
    });
    watch.time(Task::Write, || store.write_health(&shuffled));
    watch.time(Task::Move, || (0..FRAMES).for_each(|_| store.advance()));
    let team = watch
        .time(Task::Sum, || (0..FRAMES).map(|_| black_box(&mut store).team_health()).sum::<f64>());

    let doomed = in_order(&ids, input.doomed());
    let mut born = Vec::with_capacity(doomed.len());
    watch.time(Task::Churn, || {
        store.despawn_units(&doomed);
        store.spawn_units(&input.replacements, &mut born);
    });
    insert_undeclared(&mut store, input, watch);
    let checksum = watch.is_last.then(|| checksum(&store));
    Outcome { objects: store.len(), checksum, sums: [read, named, team] }
}

fn in_order(ids: &[ObjectId], numbers: &[u32]) -> Vec<ObjectId> {
    numbers.iter().map(|number| ids[*number as usize]).collect()
}

/// Inserts records in small groups, as from a data file. Only the insertion is timed.
fn insert_records<S: Storage>(input: &Input, watch: &mut Watch<'_>) {
    const AT_A_TIME: usize = 1000;
    let mut store = S::empty();
    let mut elapsed = Duration::ZERO;
    for units in input.units.chunks(AT_A_TIME) {
        let records: Vec<Record> = units.iter().map(|unit| unit.record()).collect();
        let start = Instant::now();
        for record in records {
            black_box(store.spawn_record("unit", record).expect("a unit has these slots"));
        }
        elapsed += start.elapsed();
    }
    watch.take(Task::InsertRecords, elapsed);
}

/// Tries records with an attribute that no unit has. Accepted objects are despawned again, so that all
/// storages end with the same objects.
fn insert_undeclared<S: Storage>(store: &mut S, input: &Input, watch: &mut Watch<'_>) {
    let units = input.units.iter().take(input.undeclared);
    let records: Vec<Record> = units.map(|unit| unit.undeclared_record()).collect();
    let results: Vec<Result<ObjectId, SpawnError>> = watch.time(Task::Undeclared, || {
        records.into_iter().map(|record| store.spawn_record("unit", record)).collect()
    });
    watch.accepted = 0;
    for result in results {
        match result {
            Ok(id) => {
                store.despawn(id).expect("it was just spawned");
                watch.accepted += 1;
            }
            Err(error) => {
                assert_eq!(error.to_string(), "'unit' object has no slot 'armour'");
            }
        }
    }
}
