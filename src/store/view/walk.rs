//! From a view's matches over tables and blocks to runs of living rows.

use std::borrow::Cow;
use std::fmt;

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::storage::{BLOCK_ROWS, Column, Rows, Table, next_run};
use crate::store::view::View;
use crate::store::view::cache::{Pick, TableMatch};

/// Tables, borrowed one after another in ascending order.
#[derive(Debug)]
pub(super) enum Tables<'t> {
    Shared(&'t [Table]),
    Exclusive { rest: &'t mut [Table], passed: usize },
}

impl<'t> Tables<'t> {
    pub(super) fn exclusive(tables: &'t mut [Table]) -> Self {
        Self::Exclusive { rest: tables, passed: 0 }
    }

    #[inline(always)]
    fn columns<'m>(&mut self, found: &'m TableMatch) -> TableColumns<'t, 'm> {
        let (schema, picks) = (SchemaId(found.table as u16), &*found.picks);
        match self {
            Self::Shared(tables) => {
                let table = &tables[found.table];
                let columns = Columns::Shared(&table.columns);
                TableColumns { columns, rows: &table.rows, schema, picks }
            }
            Self::Exclusive { rest, passed } => {
                let table = take_nth(rest, found.table - *passed);
                *passed = found.table + 1;
                let columns = Columns::Exclusive(&mut table.columns);
                TableColumns { columns, rows: &table.rows, schema, picks }
            }
        }
    }
}

#[derive(Debug)]
enum Columns<'t> {
    Shared(&'t [Column]),
    Exclusive(&'t mut [Column]),
}

/// The columns of one table that a view has matched.
#[derive(Debug)]
pub struct TableColumns<'t, 'm> {
    columns: Columns<'t>,
    rows: &'t Rows,
    schema: SchemaId,
    picks: &'m [Pick],
}

/// A column, borrowed as the view was.
#[derive(Debug)]
pub struct ColumnBorrow<'t>(Borrow<'t>);

#[derive(Debug)]
enum Borrow<'t> {
    Shared(&'t Column),
    Exclusive(&'t mut Column),
}

/// What the fields of a view see of a table besides its columns.
#[derive(Clone, Copy, Debug)]
pub struct TableRows<'t> {
    pub(super) schema: SchemaId,
    pub(super) generations: &'t [u16],
}

impl<'t> TableColumns<'t, '_> {
    /// The column of each field of the view, and what all fields may need.
    #[inline(always)]
    #[must_use]
    pub fn pick<const FIELDS: usize>(self) -> ([Option<ColumnBorrow<'t>>; FIELDS], TableRows<'t>) {
        let mut picked = [const { None }; FIELDS];
        let (mut columns, mut passed) = (self.columns, 0);
        // All views have as many picks as fields, so that the compiler can unroll this.
        for pick in self.picks.first_chunk::<FIELDS>().expect("a pick for each field") {
            let Pick::Column { column, field, .. } = *pick else { break };
            let (column, field) = (usize::from(column), usize::from(field));
            picked[field] = Some(match &mut columns {
                Columns::Shared(columns) => ColumnBorrow(Borrow::Shared(&columns[column])),
                Columns::Exclusive(rest) => {
                    let skip = column - passed;
                    passed = column + 1;
                    ColumnBorrow(Borrow::Exclusive(take_nth(rest, skip)))
                }
            });
        }
        (picked, TableRows { schema: self.schema, generations: self.rows.generations() })
    }
}

/// Takes one element and drops those before it. An iterator's `nth` would divide to learn its length.
#[inline(always)]
fn take_nth<'t, T>(rest: &mut &'t mut [T], skip: usize) -> &'t mut T {
    let (taken, left) = std::mem::take(rest)[skip..].split_first_mut().expect("there is one");
    *rest = left;
    taken
}

impl<'t> ColumnBorrow<'t> {
    #[inline(always)]
    pub(super) fn shared(self) -> &'t Column {
        match self.0 {
            Borrow::Shared(column) => column,
            Borrow::Exclusive(column) => column,
        }
    }

    #[inline(always)]
    pub(super) fn exclusive(self) -> &'t mut Column {
        match self.0 {
            Borrow::Shared(_) => unreachable!("a shared view has no mutable fields"),
            Borrow::Exclusive(column) => column,
        }
    }
}

/// A block of a table, as a view sees it, with some living rows.
pub(super) struct Block<'t, V: View> {
    /// Which rows are alive, where some are not.
    holes: Option<(&'t Rows, usize)>,
    rows: usize,
    run: V::Run<'t>,
}

/// For each table that matches which of its blocks a view visits.
pub(super) type Visited = Box<[Vec<bool>]>;

/// The blocks in which a value of the view's slots was written since, or a row came to life or died.
pub(super) fn changed(tables: &[Table], matches: &[TableMatch], epoch: Epoch) -> Visited {
    let in_table = |found: &TableMatch| {
        let Table { columns, rows, .. } = &tables[found.table];
        let picked = |pick: &Pick| match *pick {
            Pick::Column { column, .. } => Some(&columns[usize::from(column)]),
            Pick::Nothing => None,
        };
        let is_changed = |block| {
            let mut columns = found.picks.iter().filter_map(picked);
            rows.is_changed_since(block, epoch)
                || columns.any(|column| column.is_written_since(block, epoch))
        };
        (0..rows.blocks()).map(is_changed).collect()
    };
    matches.iter().map(in_table).collect()
}

/// How many objects a view visits.
pub(super) fn count(tables: &[Table], matches: &[TableMatch], visited: Option<&Visited>) -> usize {
    let in_table = |(number, found): (usize, &TableMatch)| {
        let rows = &tables[found.table].rows;
        let Some(visited) = visited else { return rows.count() as usize };
        let blocks = visited[number].iter().enumerate().filter(|(_, visited)| **visited);
        blocks.map(|(block, _)| rows.living_in(block)).sum()
    };
    matches.iter().enumerate().map(in_table).sum()
}

/// Makes the blocks owned that a view is about to write to, on all of rayon's threads.
#[cfg(feature = "rayon")]
pub(super) fn unshare(tables: &mut [Table], matches: &[TableMatch], visited: Option<&Visited>) {
    for (position, found) in matches.iter().enumerate() {
        let Table { columns, rows, .. } = &mut tables[found.table];
        for pick in &found.picks {
            if let Pick::Column { column, is_mutable: true, .. } = *pick {
                let is_written = |block| to_visit(rows, block, visited, position) > 0;
                columns[usize::from(column)].unshare(is_written);
            }
        }
    }
}

/// How many objects of a block a view visits.
#[inline(never)]
fn to_visit(rows: &Rows, block: usize, visited: Option<&Visited>, table: usize) -> usize {
    match visited {
        Some(visited) if !visited[table][block] => 0,
        _ => rows.living_in(block),
    }
}

/// Calls `visit` with each block that has living rows. Loops rather than the iterator below, so that
/// all of it becomes part of the caller's vectorised code.
#[inline(always)]
pub(super) fn for_each_block<'t, V: View>(
    mut tables: Tables<'t>,
    matches: &[TableMatch],
    visited: Option<&Visited>,
    mut visit: impl FnMut(Block<'t, V>),
) {
    for (position, found) in matches.iter().enumerate() {
        let columns = tables.columns(found);
        let table = columns.rows;
        let mut blocks = V::blocks(columns);
        // Where all is visited and no row is dead there is nothing to look up for each block.
        let is_whole = visited.is_none() && table.is_dense();
        let (mut left, mut number) = (table.used(), 0);
        while left > 0 {
            let rows = left.min(BLOCK_ROWS);
            let living = if is_whole { rows } else { to_visit(table, number, visited, position) };
            if living == 0 {
                V::skip_block(&mut blocks);
            } else {
                let Some(run) = V::next_block(&mut blocks, rows) else { break };
                visit(Block { holes: (living < rows).then_some((table, number)), rows, run });
            }
            left -= rows;
            number += 1;
        }
    }
}

/// Runs of fewer rows than this go through a loop for a few rows at a time: the wide one that the
/// compiler makes would spend more on finding out that it has little to do.
const SHORT_RUN: usize = 32;
/// Rows that the loop for short runs takes together.
const FEW_ROWS: usize = 4;

impl<'t, V: View> Block<'t, V> {
    /// Calls `visit` with each run of adjacent objects.
    ///
    /// Callers wrap a closure of theirs in one that is always inlined: a reference to a closure is
    /// called through a function of its own, compiled without the vector units.
    #[inline(always)]
    pub(super) fn for_each_run(mut self, mut visit: impl FnMut(V::Run<'t>)) {
        let Some((rows, number)) = self.holes else { return visit(self.run) };
        let (occupied, mut at) = (rows.occupied_in(number), 0);
        while let Some(run) = next_run(occupied, at) {
            visit(V::split(&mut self.run, run.start - at, run.len()));
            at = run.end;
        }
    }

    /// Calls `visit` with each object: in runs, or where these are short, row by row, so that the end
    /// of each need not be guessed.
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
                // `Iterator::for_each` would remain a function of its own, compiled without the
                // vector units.
                for item in V::items(run) {
                    visit(item);
                }
            },
        );
    }
}

/// The runs of adjacent living rows of a view, table after table, in ascending order.
pub struct ViewRuns<'t, V: View> {
    tables: Tables<'t>,
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
        Self { tables, matches, visited, next: 0, table: None }
    }
}

impl<'t, V: View> Iterator for ViewRuns<'t, V> {
    type Item = V::Run<'t>;

    fn next(&mut self) -> Option<V::Run<'t>> {
        loop {
            if let Some(run) = self.table.as_mut().and_then(TableWalk::next) {
                return Some(run);
            }
            let columns = self.tables.columns(self.matches.get(self.next)?);
            let visited = self.visited.as_mut();
            let visited = visited.map(|visited| std::mem::take(&mut visited[self.next]));
            self.next += 1;
            let (rows, blocks) = (columns.rows, V::blocks(columns));
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
                V::skip_block(&mut self.blocks);
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
