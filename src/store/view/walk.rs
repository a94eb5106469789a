//! Iteration over a view: from its matches through tables and blocks to runs of living rows.

use std::borrow::Cow;
use std::fmt;

use crate::epoch::Epoch;
use crate::id::ObjectId;
use crate::pool::ThreadPool;
use crate::storage::{BLOCK_ROWS, Rows, next_run};
use crate::store::view::View;
use crate::store::view::cache::TableMatch;
use crate::store::view::tables::{TableSource, Tables, TablesWalk};

/// A block of a view with at least one living row.
pub(super) struct Block<'t, V: View> {
    /// The table and block number to look up living rows; `None` if all rows are alive.
    holes: Option<(&'t Rows, usize)>,
    rows: usize,
    run: V::Run<'t>,
}

/// One flag for each block of each matching table: `true` if the view visits the block.
pub(super) type Visited = Box<[Vec<bool>]>;

/// Returns the blocks that changed since the epoch: a value of the view's slots was written, or a row was spawned or
/// despawned.
pub(super) fn changed(tables: &Tables<'_>, matches: &[TableMatch], epoch: Epoch) -> Visited {
    let in_table = |found: &TableMatch| {
        let rows = tables.rows(found);
        let is_changed = |block| {
            rows.is_changed_since(block, epoch)
                || tables.columns(found).any(|column| column.is_written_since(block, epoch))
        };
        (0..rows.blocks()).map(is_changed).collect()
    };
    matches.iter().map(in_table).collect()
}

/// Returns the number of objects that a view visits.
pub(super) fn count(
    tables: &Tables<'_>,
    matches: &[TableMatch],
    visited: Option<&Visited>,
) -> usize {
    let in_table = |(number, found): (usize, &TableMatch)| {
        let rows = tables.rows(found);
        let Some(visited) = visited else { return rows.count() as usize };
        let blocks = visited[number].iter().enumerate().filter(|(_, visited)| **visited);
        blocks.map(|(block, _)| rows.living_in(block)).sum()
    };
    matches.iter().enumerate().map(in_table).sum()
}

/// Copies shared blocks that the view is about to write, on all of the pool's threads.
pub(super) fn unshare(
    tables: &mut Tables<'_>,
    matches: &[TableMatch],
    visited: Option<&Visited>,
    pool: &impl ThreadPool,
) {
    tables.for_each_written(matches, |position, rows, column| {
        column.unshare(|block| to_visit(rows, block, visited, position) > 0, pool);
    });
}

/// Returns the number of objects that a view visits in a block.
#[inline(never)]
fn to_visit(rows: &Rows, block: usize, visited: Option<&Visited>, table: usize) -> usize {
    match visited {
        Some(visited) if !visited[table][block] => 0,
        _ => rows.living_in(block),
    }
}

/// Returns the view of one living object, from its table's blocks.
pub(super) fn item_of<'t, V: View>(
    mut blocks: V::Blocks<'t>,
    rows: &Rows,
    id: ObjectId,
) -> Option<V::Item<'t>> {
    let (block, row) = (id.row() as usize / BLOCK_ROWS, id.row() as usize % BLOCK_ROWS);
    V::skip_blocks(&mut blocks, block);
    let mut run = V::next_block(&mut blocks, rows.used_in(block))?;
    V::items(V::split(&mut run, row, 1)).next()
}

/// Calls `visit` with each block that has living rows. Uses loops instead of [`ViewRuns`], so that everything is
/// inlined into the caller's vectorised code.
#[inline(always)]
pub(super) fn for_each_block<'t, V: View>(
    mut tables: impl TableSource<'t>,
    matches: &[TableMatch],
    visited: Option<&Visited>,
    mut visit: impl FnMut(Block<'t, V>),
) {
    for (position, found) in matches.iter().enumerate() {
        let next = tables.next(
            found,
            #[inline(always)]
            |columns| V::blocks(columns),
        );
        let Some((table, mut blocks)) = next else { continue };
        // Blocks of a dense table that is visited as a whole need no look-up.
        let is_whole = visited.is_none() && table.is_dense();
        let (mut left, mut number) = (table.used(), 0);
        while left > 0 {
            let rows = left.min(BLOCK_ROWS);
            let living = if is_whole { rows } else { to_visit(table, number, visited, position) };
            if living == 0 {
                V::skip_blocks(&mut blocks, 1);
            } else {
                let Some(run) = V::next_block(&mut blocks, rows) else { break };
                visit(Block { holes: (living < rows).then_some((table, number)), rows, run });
            }
            left -= rows;
            number += 1;
        }
    }
}

/// Runs shorter than this use a loop over a few rows at a time. The compiler's wide loop spends longer on its set-up
/// than on so few rows.
const SHORT_RUN: usize = 32;
/// The number of rows that the loop for short runs takes at a time.
const FEW_ROWS: usize = 4;

impl<'t, V: View> Block<'t, V> {
    /// Calls `visit` with each run of adjacent objects.
    ///
    /// Callers wrap their closure in an always inlined one. A reference to a closure would be called through a
    /// separate function, compiled without the vector units.
    #[inline(always)]
    pub(super) fn for_each_run(mut self, mut visit: impl FnMut(V::Run<'t>)) {
        let Some((rows, number)) = self.holes else { return visit(self.run) };
        let (occupied, mut at) = (rows.occupied_in(number), 0);
        while let Some(run) = next_run(occupied, at) {
            visit(V::split(&mut self.run, run.start - at, run.len()));
            at = run.end;
        }
    }

    /// Calls `visit` with each object. Goes row by row where runs are short: mispredicted ends of runs would cost more.
    #[inline(always)]
    pub(super) fn for_each(mut self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
        if let Some((rows, number)) = self.holes
            && rows.is_ragged(number)
        {
            return rows.living_offsets(number).for_each(
                #[inline(always)]
                |row| visit(V::item(&mut self.run, row)),
            );
        }
        if self.rows < SHORT_RUN && self.holes.is_none() {
            for _ in 0..self.rows / FEW_ROWS {
                for item in V::items(V::split(&mut self.run, 0, FEW_ROWS)) {
                    visit(item);
                }
            }
            self.rows %= FEW_ROWS;
        }
        self.for_each_run(
            #[inline(always)]
            |run| {
                // `Iterator::for_each` would remain a separate function, compiled without the vector units.
                for item in V::items(run) {
                    visit(item);
                }
            },
        );
    }
}

/// An iterator over the runs of adjacent living rows of a view, in the order of schemas and rows.
///
/// Returned by [`ViewMut::runs`](crate::view::ViewMut::runs) and [`ViewRef::runs`](crate::view::ViewRef::runs).
pub struct ViewRuns<'t, V: View> {
    tables: TablesWalk<'t>,
    matches: Cow<'t, [TableMatch]>,
    visited: Option<Visited>,
    next: usize,
    table: Option<TableWalk<'t, V>>,
}

struct TableWalk<'t, V: View> {
    rows: &'t Rows,
    blocks: V::Blocks<'t>,
    visited: Option<Vec<bool>>,
    next: usize,
    block: Option<BlockWalk<'t, V>>,
}

struct BlockWalk<'t, V: View> {
    rest: V::Run<'t>,
    occupied: &'t [u64],
    at: usize,
}

impl<'t, V: View> ViewRuns<'t, V> {
    pub(super) fn new(
        tables: Tables<'t>,
        matches: Cow<'t, [TableMatch]>,
        visited: Option<Visited>,
    ) -> Self {
        Self { tables: tables.walk(), matches, visited, next: 0, table: None }
    }
}

impl<'t, V: View> Iterator for ViewRuns<'t, V> {
    type Item = V::Run<'t>;

    fn next(&mut self) -> Option<V::Run<'t>> {
        loop {
            if let Some(run) = self.table.as_mut().and_then(TableWalk::next) {
                return Some(run);
            }
            let next = self.tables.next(self.matches.get(self.next)?, V::blocks);
            let visited = self.visited.as_mut();
            let visited = visited.map(|visited| std::mem::take(&mut visited[self.next]));
            self.next += 1;
            let Some((rows, blocks)) = next else { continue };
            self.table = Some(TableWalk { rows, blocks, visited, next: 0, block: None });
        }
    }
}

impl<'t, V: View> TableWalk<'t, V> {
    fn next(&mut self) -> Option<V::Run<'t>> {
        loop {
            if let Some(block) = &mut self.block {
                if let Some(run) = next_run(block.occupied, block.at) {
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
            let (used, living) = (self.rows.used_in(number), self.rows.living_in(number));
            if living == 0 || self.visited.as_ref().is_some_and(|visited| !visited[number]) {
                V::skip_blocks(&mut self.blocks, 1);
                continue;
            }
            let block = V::next_block(&mut self.blocks, used)?;
            if living == used {
                return Some(block);
            }
            let occupied = self.rows.occupied_in(number);
            self.block = Some(BlockWalk { rest: block, occupied, at: 0 });
        }
    }
}

impl<V: View> fmt::Debug for ViewRuns<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRuns").field("schemas", &self.matches.len()).finish_non_exhaustive()
    }
}
