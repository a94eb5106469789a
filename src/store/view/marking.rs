//! Marks of the rows that views with mutable fields visit, in slots that track their changes.

use crate::id::ObjectId;
use crate::storage::{Column, Marks, Rows};
use crate::store::view::cache::{Pick, TableMatch};
use crate::store::view::lend::Lent;
use crate::store::view::selection::{Selection, Visits};
use crate::store::view::tables::Tables;

impl Tables<'_> {
    /// Marks the rows that a view is about to visit, except for fields that mark what they change.
    #[inline]
    pub(super) fn mark_visits(&mut self, matches: &[TableMatch], selection: Option<&Selection>) {
        if self.may_be_tracked() {
            self.for_each_counted(matches, |position, rows, marks| {
                Visits::new(rows, selection, position).mark(marks);
            });
        }
    }

    /// Marks one object that a view is about to lend.
    #[inline]
    pub(super) fn mark_visit(&mut self, found: &TableMatch, id: ObjectId) {
        if self.may_be_tracked() {
            self.for_each_counted(std::slice::from_ref(found), |_, rows, marks| {
                if rows.is_alive(id.row(), id.generation()) {
                    marks.mark(id.row());
                }
            });
        }
    }

    /// Returns `true` if the view has mutable fields that mark each visited object.
    pub(super) fn marks_visits(&mut self, matches: &[TableMatch]) -> bool {
        let mut any = false;
        if self.may_be_tracked() {
            self.for_each_counted(matches, |_, _, _| any = true);
        }
        any
    }

    #[inline]
    fn may_be_tracked(&self) -> bool {
        match self {
            Self::Shared(_) => false,
            Self::Exclusive { is_tracked, .. } => *is_tracked,
            Self::Lent(lent) => {
                let is_tracked = |lent: &Lent<'_>| matches!(lent, Lent::Written(column) if column.marks.is_some());
                lent.iter().any(is_tracked)
            }
        }
    }

    /// Calls the closure with the marks of each column for which a visit counts as a write, and the table's rows.
    #[cold]
    #[inline(never)]
    fn for_each_counted(
        &mut self,
        matches: &[TableMatch],
        mut visit: impl FnMut(usize, &Rows, &mut Marks),
    ) {
        self.for_each_written(matches, |position, pick, rows, column| {
            if !pick.marks_itself()
                && let Some(marks) = &mut column.marks
            {
                visit(position, rows, marks);
            }
        });
    }
}

impl Lent<'_> {
    /// Marks all rows of a column that is lent to a match for a visit of all objects.
    #[inline]
    pub(super) fn mark_visits(&mut self, found: &TableMatch, position: usize, rows: &Rows) {
        if let Some(marks) = self.marks() {
            mark(found, position, marks, |marks| Visits::new(rows, None, 0).mark(marks));
        }
    }

    /// Marks a row of a column that is lent to a match.
    #[inline]
    pub(super) fn mark_visit(&mut self, found: &TableMatch, position: usize, row: u32) {
        if let Some(marks) = self.marks() {
            mark(found, position, marks, |marks| marks.mark(row));
        }
    }

    #[inline]
    fn marks(&mut self) -> Option<&mut Marks> {
        match self {
            Self::Written(Column { marks, .. }) => marks.as_deref_mut(),
            Self::Rows(_) | Self::Read(_) => None,
        }
    }
}

/// Marks the column at this position among the lent parts of the match, if a visit of it counts as a write.
#[cold]
#[inline(never)]
fn mark(found: &TableMatch, position: usize, marks: &mut Marks, mark: impl FnOnce(&mut Marks)) {
    let is_itself = |pick: &&Pick| pick.lent() == Some(position);
    if found.picks.iter().find(is_itself).is_some_and(|pick| !pick.marks_itself()) {
        mark(marks);
    }
}
