//! The data behind a view: a store's tables, or rows and columns lent one by one.

use std::fmt;
use std::slice;
use std::vec;

use crate::epoch::Epoch;
use crate::id::SchemaId;
use crate::storage::{BLOCK_ROWS, Column, Marks, MarksMut, Rows, Table};
use crate::store::view::cache::{Pick, TableMatch, Test};
use crate::store::view::lend::{Lent, Wanted};
use crate::store::view::selection::Selection;

/// The data behind a view, borrowed as the view was.
#[derive(Debug)]
pub(super) enum Tables<'t> {
    Shared(&'t [Table]),
    Exclusive {
        tables: &'t mut [Table],
        /// A column of some table tracks its changes.
        is_tracked: bool,
    },
    /// The rows of each match, followed by its columns in the order of the picks.
    Lent(Vec<Lent<'t>>),
}

const LENT: &str = "the view was lent the wanted parts, in their order";

impl<'t> Tables<'t> {
    pub(super) fn rows(&self, found: &TableMatch) -> &Rows {
        match self {
            Self::Shared(tables) => &tables[found.table].rows,
            Self::Exclusive { tables, .. } => &tables[found.table].rows,
            Self::Lent(lent) => lent[found.lent.start].rows(),
        }
    }

    /// Returns the columns of one match.
    pub(super) fn columns(&self, found: &TableMatch) -> impl Iterator<Item = &Column> {
        found.picks.iter().filter_map(|pick| {
            let Pick::Column { column, lent: position, .. } = *pick else { return None };
            Some(match self {
                Self::Shared(tables) => &tables[found.table].columns[usize::from(column)],
                Self::Exclusive { tables, .. } => &tables[found.table].columns[usize::from(column)],
                Self::Lent(lent) => lent[found.lent.start + usize::from(position)].column(),
            })
        })
    }

    /// Returns the column of a match's optional slot.
    pub(super) fn tested(&self, found: &TableMatch, test: &Test) -> &Column {
        match self {
            Self::Shared(tables) => &tables[found.table].columns[usize::from(test.column)],
            Self::Exclusive { tables, .. } => {
                &tables[found.table].columns[usize::from(test.column)]
            }
            Self::Lent(lent) => lent[found.lent.start + usize::from(test.lent)].column(),
        }
    }

    /// Returns `true` if a row passes all tests of its match.
    pub(super) fn passes(&self, found: &TableMatch, row: u32) -> bool {
        found.tests.iter().all(|test| self.tested(found, test).is_set(row) == test.is_set)
    }

    /// Borrows the same data for reading.
    pub(super) fn share(&self) -> Tables<'_> {
        match self {
            Self::Shared(tables) => Tables::Shared(tables),
            Self::Exclusive { tables, .. } => Tables::Shared(tables),
            Self::Lent(lent) => Tables::Lent(lent.iter().map(Lent::share).collect()),
        }
    }

    /// Borrows the same data again.
    pub(super) fn reborrow(&mut self) -> Tables<'_> {
        match self {
            Self::Shared(tables) => Tables::Shared(tables),
            Self::Exclusive { tables, is_tracked } => {
                Tables::Exclusive { tables, is_tracked: *is_tracked }
            }
            Self::Lent(lent) => Tables::Lent(lent.iter_mut().map(Lent::reborrow).collect()),
        }
    }

    /// Calls the closure with each column that the view writes, its pick and the rows of its table.
    pub(super) fn for_each_written(
        &mut self,
        matches: &[TableMatch],
        mut visit: impl FnMut(usize, &Pick, &Rows, &mut Column),
    ) {
        for (position, found) in matches.iter().enumerate() {
            for pick in found.picks.iter() {
                let Pick::Column { column, is_mutable: true, lent: place, .. } = *pick else {
                    continue;
                };
                match self {
                    Self::Shared(_) => {}
                    Self::Exclusive { tables, .. } => {
                        let Table { columns, rows, .. } = &mut tables[found.table];
                        visit(position, pick, rows, &mut columns[usize::from(column)]);
                    }
                    Self::Lent(lent) => {
                        let parts = &mut lent[found.lent.clone()];
                        let (rows, columns) = parts.split_first_mut().expect(LENT);
                        if let Lent::Written(column) = &mut columns[usize::from(place) - 1] {
                            visit(position, pick, rows.rows(), column);
                        }
                    }
                }
            }
        }
    }

    /// Passes the columns of one match to the closure, for as long as `self` is borrowed.
    #[inline(always)]
    pub(super) fn with_match<'x, R>(
        &'x mut self,
        found: &TableMatch,
        take: impl FnOnce(TableColumns<'x, '_>) -> R,
    ) -> R {
        let (schema, picks) = (found.schema(), &*found.picks);
        match self {
            Self::Shared(tables) => {
                let Table { columns, rows, .. } = &tables[found.table];
                take(TableColumns { columns: Columns::Shared(columns), rows, schema, picks })
            }
            Self::Exclusive { tables, .. } => {
                let Table { columns, rows, .. } = &mut tables[found.table];
                take(TableColumns { columns: Columns::Exclusive(columns), rows, schema, picks })
            }
            Self::Lent(lent) => {
                let mut lent = lent[found.lent.clone()].iter_mut().map(Lent::reborrow);
                let rows = lent.next().expect(LENT).into_rows();
                let mut columns = lent.map(Lent::into_column);
                take(TableColumns::of_lent(&mut columns, rows, found))
            }
        }
    }

    /// Passes the columns of one match to the closure, for reading.
    pub(super) fn read_match<R>(
        &self,
        found: &TableMatch,
        take: impl FnOnce(TableColumns<'t, '_>) -> R,
    ) -> R {
        match self {
            Self::Shared(tables) => {
                let Table { columns, rows, .. } = &tables[found.table];
                let (schema, picks) = (found.schema(), &*found.picks);
                take(TableColumns { columns: Columns::Shared(columns), rows, schema, picks })
            }
            Self::Exclusive { .. } => unreachable!("a shared view borrows no table exclusively"),
            Self::Lent(lent) => {
                let mut lent = lent[found.lent.clone()].iter().map(Lent::read);
                let rows = lent.next().expect(LENT).into_rows();
                let mut columns = lent.map(Lent::into_column);
                take(TableColumns::of_lent(&mut columns, rows, found))
            }
        }
    }

    /// Returns `true` if the data are single columns.
    pub(super) const fn are_lent(&self) -> bool {
        matches!(self, Self::Lent(_))
    }

    /// Drops the data of all other matches.
    pub(super) fn keep(&mut self, matches: &mut [TableMatch]) {
        let Self::Lent(lent) = self else { return };
        let mut parts: Vec<_> = std::mem::take(lent).into_iter().map(Some).collect();
        for found in matches {
            let start = lent.len();
            lent.extend(parts[found.lent.clone()].iter_mut().filter_map(Option::take));
            found.lent = start..lent.len();
        }
    }

    /// Walks the tables of the matches in ascending order.
    #[inline(always)]
    pub(super) fn walk(self) -> TablesWalk<'t> {
        match self {
            Self::Shared(tables) => TablesWalk { own: OwnTables::Shared(tables), lent: None },
            Self::Exclusive { tables, .. } => {
                let rest = tables.iter_mut();
                TablesWalk { own: OwnTables::Exclusive { rest, passed: 0 }, lent: None }
            }
            Self::Lent(lent) => {
                TablesWalk { own: OwnTables::Shared(&[]), lent: Some(lent.into_iter()) }
            }
        }
    }
}

/// Borrows tables one after another, in ascending order.
#[derive(Debug)]
pub(super) struct TablesWalk<'t> {
    own: OwnTables<'t>,
    lent: Option<vec::IntoIter<Lent<'t>>>,
}

/// The tables of a store.
#[derive(Debug)]
enum OwnTables<'t> {
    Shared(&'t [Table]),
    Exclusive { rest: slice::IterMut<'t, Table>, passed: usize },
}

/// A source of the tables of a view's matches, in ascending order.
pub(super) trait TableSource<'t> {
    /// Returns the rows of the next match and the closure's result for its columns, or `None` if it has no rows.
    fn next<R>(
        &mut self,
        found: &TableMatch,
        take: impl FnOnce(TableColumns<'t, '_>) -> R,
    ) -> Option<(&'t Rows, R)>;
}

impl<'t> TableSource<'t> for TablesWalk<'t> {
    #[inline(always)]
    fn next<R>(
        &mut self,
        found: &TableMatch,
        take: impl FnOnce(TableColumns<'t, '_>) -> R,
    ) -> Option<(&'t Rows, R)> {
        if let Some(lent) = &mut self.lent {
            return Some(next_lent(lent, found, take));
        }
        let (schema, picks) = (found.schema(), &*found.picks);
        // Each arm calls the closure, so that it need not look up how the columns are borrowed.
        Some(match &mut self.own {
            OwnTables::Shared(tables) => {
                let Table { columns, rows, .. } = &tables[found.table];
                let columns = Columns::Shared(columns);
                (rows, take(TableColumns { columns, rows, schema, picks }))
            }
            OwnTables::Exclusive { rest, passed } => {
                // Most matches are neighbors. `nth` would divide, to compute how many tables are left.
                let table = if found.table == *passed {
                    rest.next()
                } else {
                    rest.nth(found.table - *passed)
                };
                *passed = found.table + 1;
                let Table { columns, rows, .. } =
                    table.expect("matches are in the order of tables");
                let (columns, rows) = (Columns::Exclusive(columns), &*rows);
                (rows, take(TableColumns { columns, rows, schema, picks }))
            }
        })
    }
}

/// Never inlined: inlining made views of a store (26 small tables, nothing lent) 10% slower.
#[inline(never)]
fn next_lent<'t, R>(
    lent: &mut vec::IntoIter<Lent<'t>>,
    found: &TableMatch,
    take: impl FnOnce(TableColumns<'t, '_>) -> R,
) -> (&'t Rows, R) {
    let rows = lent.next().expect(LENT).into_rows();
    let mut columns = lent.by_ref().take(found.lent.len() - 1).map(Lent::into_column);
    let taken = take(TableColumns::of_lent(&mut columns, rows, found));
    // Columns after the last field's are only tested.
    columns.for_each(drop);
    (rows, taken)
}

/// Tables whose columns are lent one table at a time.
pub(super) struct LendOnTurn<'t, 'm, F> {
    wanted: &'m [Wanted],
    lend: F,
    /// The parts of all tables, if they had to be lent at once.
    lent: Option<vec::IntoIter<Lent<'t>>>,
}

impl<'t, 'm, F: FnMut(Wanted) -> Lent<'t>> LendOnTurn<'t, 'm, F> {
    pub(super) const fn new(wanted: &'m [Wanted], lend: F) -> Self {
        Self { wanted, lend, lent: None }
    }

    /// Finds the rows to visit, which takes all parts at once.
    pub(super) fn select(&mut self, matches: &[TableMatch]) -> Selection {
        let mut tables = Tables::Lent(self.wanted.iter().copied().map(&mut self.lend).collect());
        let selection = Selection::new(&tables, matches, Epoch::START);
        tables.mark_visits(matches, Some(&selection));
        self.lent = tables.walk().lent;
        selection
    }
}

impl<'t, F: FnMut(Wanted) -> Lent<'t>> TableSource<'t> for LendOnTurn<'t, '_, F> {
    #[inline(always)]
    fn next<R>(
        &mut self,
        found: &TableMatch,
        take: impl FnOnce(TableColumns<'t, '_>) -> R,
    ) -> Option<(&'t Rows, R)> {
        if let Some(lent) = &mut self.lent {
            return Some(next_lent(lent, found, take));
        }
        let (rows, columns) = self.wanted[found.lent.clone()].split_first()?;
        let rows = (self.lend)(*rows).into_rows();
        if rows.used() == 0 {
            return None;
        }
        let mut columns = columns.iter().zip(1..).map(|(wanted, position)| {
            let mut lent = (self.lend)(*wanted);
            lent.mark_visits(found, position, rows);
            lent.into_column()
        });
        Some((rows, take(TableColumns::of_lent(&mut columns, rows, found))))
    }
}

enum Columns<'t, 'm> {
    Shared(&'t [Column]),
    Exclusive(&'t mut [Column]),
    /// The picked columns only.
    Lent(&'m mut dyn Iterator<Item = ColumnBorrow<'t>>),
}

/// The columns of one table that matches a view.
pub struct TableColumns<'t, 'm> {
    columns: Columns<'t, 'm>,
    rows: &'t Rows,
    schema: SchemaId,
    picks: &'m [Pick],
}

impl fmt::Debug for TableColumns<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableColumns").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// A column, borrowed as the view was.
#[derive(Debug)]
pub struct ColumnBorrow<'t>(Borrow<'t>);

#[derive(Debug)]
enum Borrow<'t> {
    Shared(&'t Column),
    Exclusive(&'t mut Column),
}

/// The parts of a table that a view's fields need besides its columns.
#[derive(Clone, Copy, Debug)]
pub struct TableRows<'t> {
    pub(super) schema: SchemaId,
    pub(super) generations: &'t [u16],
}

impl TableRows<'_> {
    /// Returns the marks of a column's blocks. None for a column that does not track its changes.
    #[inline(always)]
    pub(super) fn marks_of<'t>(&self, marks: &'t mut Option<Box<Marks>>) -> MarksMut<'t> {
        match marks {
            Some(marks) => marks.blocks_mut(self.generations.len().div_ceil(BLOCK_ROWS)),
            None => MarksMut::default(),
        }
    }
}

impl<'t, 'm> TableColumns<'t, 'm> {
    /// Returns the lent columns of one match, which come in the order of its picks.
    pub(super) fn of_lent(
        columns: &'m mut dyn Iterator<Item = ColumnBorrow<'t>>,
        rows: &'t Rows,
        found: &'m TableMatch,
    ) -> Self {
        let (schema, picks) = (found.schema(), &*found.picks);
        Self { columns: Columns::Lent(columns), rows, schema, picks }
    }

    pub(super) const fn rows(&self) -> &'t Rows {
        self.rows
    }

    /// Returns the column of each field of the view, and the rows that all fields share.
    #[inline(always)]
    #[must_use]
    pub fn pick<const FIELDS: usize>(self) -> ([Option<ColumnBorrow<'t>>; FIELDS], TableRows<'t>) {
        let mut picked = [const { None }; FIELDS];
        let (mut columns, mut passed) = (self.columns, 0);
        // The number of picks equals the number of fields, so the compiler can unroll this loop.
        for pick in self.picks.first_chunk::<FIELDS>().expect("a pick for each field") {
            let Pick::Column { column, field, lent, .. } = *pick else { break };
            let (column, field) = (usize::from(column), usize::from(field));
            picked[field] = Some(match &mut columns {
                Columns::Shared(columns) => ColumnBorrow::of_shared(&columns[column]),
                Columns::Exclusive(rest) => {
                    let skip = column - passed;
                    passed = column + 1;
                    ColumnBorrow::of_exclusive(take_nth(rest, skip))
                }
                Columns::Lent(columns) => {
                    // The view only tests the columns in between. The rows have position 0.
                    let skip = usize::from(lent) - 1 - passed;
                    passed = usize::from(lent);
                    columns.nth(skip).expect(LENT)
                }
            });
        }
        (picked, TableRows { schema: self.schema, generations: self.rows.generations() })
    }
}

/// Takes one element and drops those before it. An iterator's `nth` would be slower: it divides to compute its length.
#[inline(always)]
fn take_nth<'t, T>(rest: &mut &'t mut [T], skip: usize) -> &'t mut T {
    let (passed, left) = std::mem::take(rest).split_at_mut(skip + 1);
    *rest = left;
    passed.last_mut().expect("there is one")
}

impl<'t> ColumnBorrow<'t> {
    #[inline(always)]
    pub(super) const fn of_shared(column: &'t Column) -> Self {
        Self(Borrow::Shared(column))
    }

    #[inline(always)]
    pub(super) const fn of_exclusive(column: &'t mut Column) -> Self {
        Self(Borrow::Exclusive(column))
    }

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
