//! The tables of a store, and which of them may have changed.

use std::ops::{Deref, Index, IndexMut};
use std::slice;

use crate::storage::{Table, ones};

/// The tables of a store, one for each schema.
///
/// A table whose rows were never used *rests* once the store's last snapshot has it, until it is borrowed mutably. So a
/// snapshot takes time for the tables in use, not for each of many schemas.
#[derive(Debug, Default)]
pub(super) struct TableList {
    tables: Vec<Table>,
    /// A bit for each table: 0 if it rests.
    awake: Vec<u64>,
}

impl TableList {
    pub(super) fn push(&mut self, table: Table) {
        self.tables.push(table);
        self.wake(self.tables.len() - 1);
    }

    #[inline(always)]
    fn wake(&mut self, number: usize) {
        if number / 64 >= self.awake.len() {
            self.awake.resize(number / 64 + 1, 0);
        }
        self.awake[number / 64] |= 1 << (number % 64);
    }

    /// Wakes all tables from this number on.
    pub(super) fn wake_from(&mut self, first: usize) {
        (first..self.tables.len()).for_each(|number| self.wake(number));
    }

    /// Visits the tables that are awake, then lets those rest whose rows were never used and whose snapshot is known.
    pub(super) fn visit_awake(&mut self, mut visit: impl FnMut(usize, &mut Table)) {
        for (word, awake) in self.awake.iter_mut().enumerate() {
            for bit in ones(*awake) {
                let number = word * 64 + bit;
                visit(number, &mut self.tables[number]);
                if self.tables[number].is_unused() {
                    *awake &= !(1 << bit);
                }
            }
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Table> {
        if number >= self.tables.len() {
            return None;
        }
        Some(&mut self[number])
    }

    /// Returns all tables, to change values of rows that are in use. Wakes none.
    #[inline(always)]
    pub(super) fn for_values(&mut self) -> &mut [Table] {
        &mut self.tables
    }

    /// Wakes all tables.
    pub(super) fn iter_mut(&mut self) -> slice::IterMut<'_, Table> {
        self.wake_from(0);
        self.tables.iter_mut()
    }
}

/// All tables of a clone are awake: its first snapshot has none of them.
impl Clone for TableList {
    fn clone(&self) -> Self {
        self.tables.iter().cloned().collect()
    }
}

impl FromIterator<Table> for TableList {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        let mut list = Self { tables: tables.into_iter().collect(), awake: Vec::new() };
        list.wake_from(0);
        list
    }
}

impl Deref for TableList {
    type Target = [Table];

    #[inline(always)]
    fn deref(&self) -> &[Table] {
        &self.tables
    }
}

impl Index<usize> for TableList {
    type Output = Table;

    #[inline(always)]
    fn index(&self, number: usize) -> &Table {
        &self.tables[number]
    }
}

/// Wakes the table.
impl IndexMut<usize> for TableList {
    #[inline(always)]
    fn index_mut(&mut self, number: usize) -> &mut Table {
        self.wake(number);
        &mut self.tables[number]
    }
}

impl<'t> IntoIterator for &'t TableList {
    type Item = &'t Table;
    type IntoIter = slice::Iter<'t, Table>;

    fn into_iter(self) -> Self::IntoIter {
        self.tables.iter()
    }
}

/// Wakes all tables.
impl<'t> IntoIterator for &'t mut TableList {
    type Item = &'t mut Table;
    type IntoIter = slice::IterMut<'t, Table>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::Epoch;
    use crate::storage::RowLimits;

    fn table() -> Table {
        Table::new(Vec::new(), RowLimits { rows: 10, last_generation: 1 })
    }

    /// Takes snapshots of the tables that are awake and returns their numbers.
    fn visited(list: &mut TableList) -> Vec<usize> {
        let mut visited = Vec::new();
        list.visit_awake(|number, table| {
            table.end_epoch(Epoch::default());
            table.snapshot();
            visited.push(number);
        });
        visited
    }

    #[test]
    fn unused_tables_rest_until_they_are_borrowed() {
        let mut list: TableList = (0..130).map(|_| table()).collect();
        assert_eq!(visited(&mut list).len(), 130);
        assert_eq!(visited(&mut list), []);
        list[70].rows.occupy_fresh(1);
        assert!(list.get_mut(129).is_some() && list.get_mut(130).is_none());
        assert_eq!(list[3].rows.used() + list.for_values()[4].rows.used(), 0);
        assert_eq!(visited(&mut list), [70, 129]);
        list.push(table());
        assert_eq!(visited(&mut list), [70, 130], "a table with objects does not rest");
        assert_eq!(visited(&mut list.clone()).len(), 131);
        list.wake_from(128);
        assert_eq!(visited(&mut list), [70, 128, 129, 130]);
        list.iter_mut().for_each(drop);
        assert_eq!(visited(&mut list).len(), 131);
    }
}
