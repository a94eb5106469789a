//! From a view's matches over tables and blocks to runs of living rows.

use std::borrow::Cow;
use std::fmt;
use std::slice;

use crate::id::SchemaId;
use crate::storage::{Column, Rows, Table, next_run};
use crate::store::view::View;
use crate::store::view::cache::{Pick, TableMatch};

/// Tables, borrowed one after another in ascending order.
#[derive(Debug)]
pub(super) enum Tables<'t> {
    Shared(&'t [Table]),
    Exclusive { rest: slice::IterMut<'t, Table>, passed: usize },
}

impl<'t> Tables<'t> {
    pub(super) fn exclusive(tables: &'t mut [Table]) -> Self {
        Self::Exclusive { rest: tables.iter_mut(), passed: 0 }
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
                let table = rest.nth(found.table - *passed).expect("a match has a table");
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
        match self.columns {
            Columns::Shared(columns) => {
                for pick in self.picks {
                    let column = ColumnBorrow(Borrow::Shared(&columns[usize::from(pick.column)]));
                    picked[usize::from(pick.field)] = Some(column);
                }
            }
            Columns::Exclusive(columns) => {
                let (mut rest, mut passed) = (columns.iter_mut(), 0);
                for pick in self.picks {
                    let column = rest.nth(usize::from(pick.column) - passed);
                    passed = usize::from(pick.column) + 1;
                    let column = column.map(|column| ColumnBorrow(Borrow::Exclusive(column)));
                    picked[usize::from(pick.field)] = column;
                }
            }
        }
        (picked, TableRows { schema: self.schema, generations: self.rows.generations() })
    }
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
    rows: &'t Rows,
    number: usize,
    run: V::Run<'t>,
}

/// Calls `visit` with each block that has living rows. Loops rather than the iterator below, so that
/// all of it becomes part of the caller's vectorised code.
#[inline(always)]
pub(super) fn for_each_block<'t, V: View>(
    mut tables: Tables<'t>,
    matches: &[TableMatch],
    mut visit: impl FnMut(Block<'t, V>),
) {
    for found in matches {
        let columns = tables.columns(found);
        let rows = columns.rows;
        if rows.count() == 0 {
            continue;
        }
        let mut blocks = V::blocks(columns);
        for number in 0..rows.blocks() {
            let next = V::next_block(&mut blocks, rows.used_in(number));
            let Some(run) = next else { break };
            if rows.living_in(number) > 0 {
                visit(Block { rows, number, run });
            }
        }
    }
}

impl<'t, V: View> Block<'t, V> {
    /// Calls `visit` with each run of adjacent objects.
    ///
    /// Callers wrap a closure of theirs in one that is always inlined: a reference to a closure is
    /// called through a function of its own, compiled without the vector units.
    #[inline(always)]
    pub(super) fn for_each_run(mut self, mut visit: impl FnMut(V::Run<'t>)) {
        let mut at = 0;
        for run in self.rows.runs_in(self.number) {
            visit(V::split(&mut self.run, run.start - at, run.len()));
            at = run.end;
        }
    }

    /// Calls `visit` with each object: in runs, or where these are short, row by row, so that the end
    /// of each need not be guessed.
    #[inline(always)]
    pub(super) fn for_each(mut self, mut visit: impl for<'x> FnMut(V::Item<'x>)) {
        if self.rows.is_ragged(self.number) {
            self.rows.living_offsets(self.number).for_each(
                #[inline(always)]
                |row| visit(V::item(&mut self.run, row)),
            );
        } else {
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
}

/// The runs of adjacent living rows of a view, table after table, in ascending order.
pub struct ViewRuns<'t, V: View> {
    tables: Tables<'t>,
    matches: Cow<'t, [TableMatch]>,
    next: usize,
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
    occupied: &'t [u64],
    at: usize,
}

impl<'t, V: View> ViewRuns<'t, V> {
    pub(super) fn new(tables: Tables<'t>, matches: Cow<'t, [TableMatch]>) -> Self {
        Self { tables, matches, next: 0, table: None }
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
            self.next += 1;
            let (rows, blocks) = (columns.rows, V::blocks(columns));
            self.table = Some(TableWalk { rows, blocks, next: 0, block: None });
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
            let used = self.rows.used_in(number);
            let block = V::next_block(&mut self.blocks, used)?;
            match self.rows.living_in(number) {
                0 => {}
                living if living == used => return Some(block),
                _ => {
                    let occupied = self.rows.occupied_in(number);
                    self.block = Some(BlockWalk { rest: block, occupied, at: 0 });
                }
            }
        }
    }
}

impl<V: View> fmt::Debug for ViewRuns<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewRuns").field("schemas", &self.matches.len()).finish_non_exhaustive()
    }
}
