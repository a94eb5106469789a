//! Hand-written arrays: whole columns are copied, and the caller records the changes.

use bytemuck::NoUninit;

use super::super::arrays::Arrays;
use super::super::{DT, Input, PastTask, Variant, kernel};
use super::{Columns, Copied, CopyRing, MARK, marked, other, warmed_up};

impl Arrays {
    fn columns(&self) -> Columns<'_> {
        Columns {
            position: &self.position,
            velocity: &self.velocity,
            health: &self.health,
            kind: &self.kind,
            team: &self.team,
            alive: &self.alive,
            seed: &self.seed,
        }
    }
}

pub(crate) fn cases(task: PastTask, input: &Input) -> Vec<Variant<'_>> {
    match task {
        PastTask::Snapshot => vec![snapshot(input)],
        PastTask::Frame => frame(input),
        PastTask::Restore => vec![restore(input)],
        PastTask::VisitStretch | PastTask::VisitScattered => vec![visit(input, task)],
        PastTask::WriteAndFind => vec![write_and_find(input)],
        PastTask::WriteAfterSnapshot => vec![write_after_snapshot(input)],
        PastTask::Changes => changes(input),
    }
}

fn copy(from: &Arrays, to: &mut Copied) {
    to.clear();
    to.extend(&from.columns());
}

fn advance(arrays: &mut Arrays) {
    kernel::advance(&mut arrays.position, &arrays.velocity, DT);
}

fn snapshot(input: &Input) -> Variant<'_> {
    Variant::writing(
        "copies all",
        || (Arrays::filled(&input.units), Copied::default()),
        |(arrays, copied)| copy(arrays, copied),
        |(_, copied)| copied.digest(),
    )
}

fn frame(input: &Input) -> Vec<Variant<'_>> {
    let baseline = Variant::writing(
        "flat loop, no snapshots",
        || warmed_up(Arrays::filled(&input.units), advance),
        advance,
        Arrays::digest,
    );
    let copying = |(arrays, ring): &mut (Arrays, CopyRing)| {
        ring.newest().extend(&arrays.columns());
        advance(arrays);
    };
    let copies = Variant::writing(
        "flat loop, copies all",
        move || warmed_up((Arrays::filled(&input.units), CopyRing::new()), copying),
        copying,
        |(arrays, ring)| ring.digest(arrays.digest()),
    );
    vec![baseline.into_baseline(), copies]
}

fn restore(input: &Input) -> Variant<'_> {
    Variant::preparing(
        "copies all",
        || {
            let (arrays, mut copied) = (Arrays::filled(&input.units), Copied::default());
            copy(&arrays, &mut copied);
            (Copied(arrays), copied)
        },
        |(Copied(arrays), _)| advance(arrays),
        |(now, Copied(before))| {
            now.clear();
            now.extend(&before.columns());
        },
        |(now, _)| now.digest(),
    )
}

fn marked_arrays(input: &Input, changed: &[u32]) -> Arrays {
    let mut arrays = Arrays::filled(&input.units);
    changed.iter().for_each(|&index| arrays.health[index as usize] = MARK);
    arrays
}

fn visit(input: &Input, task: PastTask) -> Variant<'_> {
    Variant::reading(
        "list of indexes",
        move || {
            let changed = marked(task, input);
            (marked_arrays(input, &changed), changed)
        },
        |(arrays, changed)| {
            let health = &arrays.health[..];
            let marked = changed.iter().filter(|&&index| health[index as usize] == MARK);
            marked.count() as u64
        },
    )
}

/// The writer lists the indexes.
fn write_and_find(input: &Input) -> Variant<'_> {
    let marked = marked(PastTask::WriteAndFind, input);
    let (mut changed, mut mark) = (Vec::new(), MARK);
    Variant::reading(
        "list of indexes",
        || Arrays::filled(&input.units),
        move |arrays| {
            changed.clear();
            mark = other(mark);
            for &index in &marked {
                arrays.health[index as usize] = mark;
                changed.push(index);
            }
            let health = &arrays.health[..];
            let marked = changed.iter().filter(|&&index| health[index as usize] == mark);
            marked.count() as u64
        },
    )
}

/// The write alone; a copy does not make it slower.
fn write_after_snapshot(input: &Input) -> Variant<'_> {
    let marked = marked(PastTask::WriteAfterSnapshot, input);
    Variant::preparing(
        "index",
        || (Arrays::filled(&input.units), Copied::default()),
        |(arrays, copied)| copy(arrays, copied),
        move |(arrays, _)| {
            for &index in &marked {
                arrays.health[index as usize] = MARK;
            }
        },
        |(arrays, _)| arrays.digest(),
    )
}

/// Lists the rows that differ between two states, column by column.
macro_rules! unequal_rows {
    ($compare:ident, $before:expr, $after:expr) => {
        unequal_rows!($compare, $before, $after; position velocity health kind team alive seed)
    };
    ($compare:ident, $before:expr, $after:expr; $($column:ident)*) => {
        [$($compare(&$before.$column, &$after.$column)),*]
    };
}

fn changes(input: &Input) -> Vec<Variant<'_>> {
    let states = || (Arrays::filled(&input.units), marked_arrays(input, &input.stretch()));
    let count = |columns: [Vec<u32>; 7]| columns.iter().map(|rows| rows.len() as u64).sum();
    let by_row = Variant::reading("row by row", states, move |(before, after)| {
        count(unequal_rows!(compare_rows, before, after))
    });
    let by_chunk = Variant::reading("chunk by chunk", states, move |(before, after)| {
        count(unequal_rows!(compare_chunks, before, after))
    });
    vec![by_row, by_chunk]
}

fn compare_rows<T: PartialEq>(before: &[T], after: &[T]) -> Vec<u32> {
    let mut unequal = Vec::new();
    push_unequal(0, before, after, &mut unequal);
    unequal
}

/// Compares rows only in chunks whose bytes differ.
fn compare_chunks<T: NoUninit + PartialEq>(before: &[T], after: &[T]) -> Vec<u32> {
    const CHUNK_ROWS: usize = 256;
    let mut unequal = Vec::new();
    let chunks = before.chunks(CHUNK_ROWS).zip(after.chunks(CHUNK_ROWS));
    for (chunk, (before, after)) in chunks.enumerate() {
        if bytemuck::cast_slice::<T, u8>(before) != bytemuck::cast_slice::<T, u8>(after) {
            push_unequal(chunk * CHUNK_ROWS, before, after, &mut unequal);
        }
    }
    unequal
}

fn push_unequal<T: PartialEq>(first: usize, before: &[T], after: &[T], rows: &mut Vec<u32>) {
    for (row, (before, after)) in (first..).zip(before.iter().zip(after)) {
        if before != after {
            rows.push(row as u32);
        }
    }
}
