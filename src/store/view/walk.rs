//! Iteration over a view: from its matches through tables and blocks to runs of living rows.

use std::borrow::Cow;
use std::fmt;
use std::iter::FusedIterator;

use crate::id::{ObjectId, SchemaId};
use crate::pool::ThreadPool;
use crate::storage::{BLOCK_ROWS, Rows, end_of, is_ragged, next_run, offsets, ones};
use crate::store::view::View;
use crate::store::view::cache::TableMatch;
use crate::store::view::selection::{Selection, Visits};
use crate::store::view::tables::{TableSource, Tables, TablesWalk};

/// A block of a view with at least one row to visit.
pub(super) struct Block<'t, 'm, V: View> {
    /// The rows to visit as bits, and their number; `None` if the table has no others.
    holes: Option<(&'m [u64], usize)>,
    /// The rows up to the last one to visit. No column is shorter.
    rows: usize,
    run: V::Run<'t>,
    /// The table, its schema, and the first row.
    place: (&'t Rows, SchemaId, usize),
}

/// Returns the number of objects that a view visits.
pub(super) fn count(
    tables: &Tables<'_>,
    matches: &[TableMatch],
    selection: Option<&Selection>,
) -> usize {
    match selection {
        Some(selection) => selection.count(),
        None => matches.iter().map(|found| tables.rows(found).count() as usize).sum(),
    }
}

/// Copies shared blocks that the view is about to write, on all of the pool's threads.
pub(super) fn unshare(
    tables: &mut Tables<'_>,
    matches: &[TableMatch],
    selection: Option<&Selection>,
    pool: &impl ThreadPool,
) {
    tables.for_each_written(matches, |position, _, rows, column| {
        let is_visited = |block| Visits::new(rows, selection, position).count_in(block) > 0;
        column.unshare(is_visited, pool);
    });
}

/// Calls `visit` with each block that has rows to visit. Uses loops instead of [`ViewRuns`], so that everything is
/// inlined into the caller's vectorised code.
///
/// The matches are those from `first` on, which the source of tables must have reached.
#[inline(always)]
pub(super) fn for_each_block<'t, 'm, V: View>(
    tables: &mut impl TableSource<'t>,
    matches: &[TableMatch],
    first: usize,
    selection: Option<&'m Selection>,
    mut visit: impl FnMut(Block<'t, 'm, V>),
) where
    't: 'm,
{
    for (position, found) in matches.iter().enumerate().skip(first) {
        let next = tables.next(
            found,
            #[inline(always)]
            |columns| V::blocks(columns),
        );
        let Some((table, mut blocks)) = next else { continue };
        let visits = Visits::new(table, selection, position);
        let place = |block: usize| (table, found.schema(), block * BLOCK_ROWS);
        // Two loops, so that each contains only its half of the code for a block.
        if visits.is_whole() {
            let (mut left, mut number) = (table.used(), 0);
            while left > 0 {
                let rows = left.min(BLOCK_ROWS);
                let Some(run) = V::next_block(&mut blocks, rows) else { break };
                visit(Block { holes: None, rows, run, place: place(number) });
                left -= rows;
                number += 1;
            }
            continue;
        }
        for number in 0..table.blocks() {
            let count = visits.count_in(number);
            if count == 0 {
                V::skip_blocks(&mut blocks, 1);
                continue;
            }
            // A column of a migrated table ends at its last living row.
            let words = visits.words_in(number);
            let rows = end_of(words);
            let Some(run) = V::next_block(&mut blocks, rows) else { break };
            visit(Block { holes: Some((words, count)), rows, run, place: place(number) });
        }
    }
}

/// Runs shorter than this use a loop over a few rows at a time. The compiler's wide loop spends longer on its set-up
/// than on so few rows.
const SHORT_RUN: usize = 32;
/// The number of rows that the loop for short runs takes at a time.
const FEW_ROWS: usize = 4;

impl<'t, 'm, V: View> Block<'t, 'm, V> {
    /// Appends parts of this many rows, a multiple of 64, that have rows to visit.
    pub(super) fn split_into(mut self, rows: usize, parts: &mut Vec<Self>) {
        let (table, schema, mut first) = self.place;
        while self.rows > 0 {
            let taken = self.rows.min(rows);
            let run = V::split(&mut self.run, 0, taken);
            let mut count = taken;
            let holes = self.holes.as_mut().and_then(|(words, _)| {
                let (own, rest) = words.split_at(taken.div_ceil(64).min(words.len()));
                *words = rest;
                count = own.iter().map(|word| word.count_ones() as usize).sum();
                (count < taken).then_some((own, count))
            });
            if count > 0 {
                parts.push(Block { holes, rows: taken, run, place: (table, schema, first) });
            }
            self.rows -= taken;
            first += taken;
        }
    }

    /// Calls `visit` with each run of adjacent objects and their number.
    ///
    /// Callers wrap their closure in an always inlined one. A reference to a closure would be called through a
    /// separate function, compiled without the vector units.
    #[inline(always)]
    pub(super) fn for_each_run(mut self, mut visit: impl FnMut(V::Run<'t>, usize)) {
        let Some((words, count)) = self.holes else { return visit(self.run, self.rows) };
        // A full block is one run. The search for it could take longer than the loop over it.
        let mut next = if count == self.rows { Some(0..count) } else { next_run(words, 0) };
        let mut at = 0;
        while let Some(run) = next {
            visit(V::split(&mut self.run, run.start - at, run.len()), run.len());
            at = run.end;
            next = if at < self.rows { next_run(words, at) } else { None };
        }
    }

    /// Calls `visit` with each object and its id.
    #[inline(always)]
    pub(super) fn for_each_with_id(mut self, mut visit: impl for<'x> FnMut(ObjectId, V::Item<'x>)) {
        let (table, schema, first) = self.place;
        let run = &mut self.run;
        let mut visit_row = |offset: usize| {
            let row = first + offset;
            let id = ObjectId::new(schema, row as u32, table.generations()[row]);
            visit(id, V::item(run, offset));
        };
        match self.holes {
            Some((words, count)) if count < self.rows => offsets(words).for_each(visit_row),
            _ => (0..self.rows).for_each(&mut visit_row),
        }
    }

    /// Calls `visit` with each object. Goes row by row where runs are short: mispredicted ends of runs would cost more.
    #[inline(always)]
    pub(super) fn for_each(mut self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
        if let Some((words, count)) = self.holes
            && count < self.rows
            && is_ragged(words, count)
        {
            // A bit's number is below 64, and so needs no check in whole words. The last rows go the other way.
            let (whole, rest) = words.split_at(self.rows / 64);
            for word in whole {
                let mut rows = V::split(&mut self.run, 0, 64);
                // `Iterator::for_each` would remain a separate function here too.
                for bit in ones(*word) {
                    visit(V::item(&mut rows, bit));
                }
            }
            let left = rest.iter().map(|word| word.count_ones() as usize).sum();
            (self.holes, self.rows) = (Some((rest, left)), self.rows % 64);
        }
        if self.holes.is_none() {
            // No column is shorter. The compiler drops checks once it knows.
            self.run = V::split(&mut self.run, 0, self.rows);
        }
        if self.rows < SHORT_RUN && self.holes.is_none() {
            for _ in 0..self.rows / FEW_ROWS {
                for item in V::items(V::split(&mut self.run, 0, FEW_ROWS)) {
                    visit(V::finish(item));
                }
            }
            self.rows %= FEW_ROWS;
        }
        self.for_each_run(
            #[inline(always)]
            |run, _| {
                // `Iterator::for_each` would remain a separate function, compiled without the vector units.
                for item in V::items(run) {
                    visit(V::finish(item));
                }
            },
        );
    }
}

/// An iterator over the runs of adjacent objects of a view, in the order of schemas and rows.
///
/// Returned by [`ViewMut::runs`](crate::view::ViewMut::runs) and [`ViewRef::runs`](crate::view::ViewRef::runs).
pub struct ViewRuns<'t, V: View> {
    pub(super) tables: TablesWalk<'t>,
    pub(super) matches: Cow<'t, [TableMatch]>,
    pub(super) selection: Option<Selection>,
    /// The position of the next match.
    pub(super) next: usize,
    table: Option<TableWalk<'t, V>>,
}

struct TableWalk<'t, V: View> {
    rows: &'t Rows,
    blocks: V::Blocks<'t>,
    next: usize,
    block: Option<BlockWalk<'t, V>>,
}

struct BlockWalk<'t, V: View> {
    rest: V::Run<'t>,
    number: usize,
    at: usize,
}

impl<'t, V: View> ViewRuns<'t, V> {
    pub(super) fn new(
        tables: Tables<'t>,
        matches: Cow<'t, [TableMatch]>,
        selection: Option<Selection>,
    ) -> Self {
        Self { tables: tables.walk(), matches, selection, next: 0, table: None }
    }

    /// Returns the next run of the current table.
    pub(super) fn next_in_table(&mut self) -> Option<V::Run<'t>> {
        let table = self.table.as_mut()?;
        let position = self.next - 1;
        table.next(Visits::new(table.rows, self.selection.as_ref(), position))
    }
}

impl<'t, V: View> Iterator for ViewRuns<'t, V> {
    type Item = V::Run<'t>;

    fn next(&mut self) -> Option<V::Run<'t>> {
        loop {
            if let Some(run) = self.next_in_table() {
                return Some(run);
            }
            let next = self.tables.next(self.matches.get(self.next)?, V::blocks);
            self.next += 1;
            self.table =
                next.map(|(rows, blocks)| TableWalk { rows, blocks, next: 0, block: None });
        }
    }
}

impl<V: View> FusedIterator for ViewRuns<'_, V> {}

impl<'t, V: View> TableWalk<'t, V> {
    fn next(&mut self, visits: Visits<'_>) -> Option<V::Run<'t>> {
        loop {
            if let Some(block) = &mut self.block {
                if let Some(run) = next_run(visits.words_in(block.number), block.at) {
                    let skip = run.start - block.at;
                    block.at = run.end;
                    return Some(V::split(&mut block.rest, skip, run.len()));
                }
                self.block = None;
            }
            let number = self.next;
            if number >= self.rows.blocks() {
                return None;
            }
            self.next += 1;
            let (used, count) = (self.rows.used_in(number), visits.count_in(number));
            if count == 0 {
                V::skip_blocks(&mut self.blocks, 1);
                continue;
            }
            let block = V::next_block(&mut self.blocks, used)?;
            if count == used {
                return Some(block);
            }
            self.block = Some(BlockWalk { rest: block, number, at: 0 });
        }
    }
}

impl<V: View> fmt::Debug for ViewRuns<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRuns").field("schemas", &self.matches.len()).finish_non_exhaustive()
    }
}
