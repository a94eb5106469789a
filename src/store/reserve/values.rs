//! The values of one slot on their way from memory to a column.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use super::columns::ColumnCells;
use crate::id::{ObjectId, SchemaId};
use crate::kind::{Kind, with_number, with_numeric};
use crate::list::ListCell;
use crate::number::Numbers;
use crate::schema::{Checker, Slot, SlotCheck};
use crate::storage::{BLOCK_ROWS, Cell, CellVec, CellVecVisitor, Column, Interner};
use crate::store::dynamic::with_pod_cell;
use crate::store::fill::variants_of;
use crate::store::shape_of_elements;
use crate::text::Text;
use crate::value::Value;

/// The rows of the objects of several columns.
pub(super) struct Target {
    pub(super) schema: SchemaId,
    pub(super) count: usize,
    pub(super) runs: Vec<Run>,
}

/// Objects in consecutive rows of one block.
pub(super) struct Run {
    row: u32,
    /// The objects, counted from the first one of the columns.
    objects: Range<usize>,
}

/// The values of one slot.
pub(super) struct Values<'a> {
    /// `None` if no object has a value.
    pub(super) given: Option<ColumnCells<'a>>,
    /// A column whose first row is the value of objects without one.
    pub(super) absent: Option<Column>,
    pub(super) count: usize,
}

/// A slot, and all that its values may refer to.
pub(super) struct Judge<'a> {
    pub(super) slot: &'a Slot,
    pub(super) checker: Checker<'a>,
    pub(super) interner: &'a Interner,
}

/// Values that were read and checked.
pub(super) struct Judged {
    cells: CellVec,
    /// A bit for each value that the slot refuses. Empty if it refuses none.
    refused: Vec<u64>,
}

impl Target {
    /// Returns the rows of objects, or `None` if there are none.
    ///
    /// # Panics
    /// Panics if the objects have several schemas.
    pub(super) fn new(ids: &[ObjectId]) -> Option<Self> {
        let schema = ids.first()?.schema();
        assert!(ids.iter().all(|id| id.schema() == schema), "the objects have one schema");
        let mut runs: Vec<Run> = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.is_continued_by(id.row()) => run.objects.end += 1,
                _ => runs.push(Run { row: id.row(), objects: number..number + 1 }),
            }
        }
        Some(Self { schema, count: ids.len(), runs })
    }
}

impl Run {
    fn is_continued_by(&self, row: u32) -> bool {
        self.row as usize + self.objects.len() == row as usize
            && !(row as usize).is_multiple_of(BLOCK_ROWS)
    }
}

impl Values<'_> {
    /// Returns `true` if the object has a value.
    #[inline]
    fn is_given(&self, number: usize) -> bool {
        self.given.is_some_and(|given| {
            given.given.is_none_or(|bits| {
                bits.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
            })
        })
    }

    /// Returns `true` for each object whose optional slot is set.
    pub(super) fn are_set(&self) -> Vec<bool> {
        let absent = self.absent.as_ref().is_some_and(|absent| absent.is_set(0));
        (0..self.count).map(|number| absent || self.is_given(number)).collect()
    }

    /// Reads cells from their memory. `bad` gets the bits of objects whose memory is not valid, and of those without a value
    /// that need one.
    fn read<C: Cell>(&self, width: usize, bad: &mut Bad) -> Vec<C> {
        let mut cells = Vec::with_capacity(self.count * width);
        let bytes = self.given.map_or(&[][..], |given| given.cells);
        if !C::extend_from_bytes(&mut cells, bytes, 0) {
            for (at, cell) in bytes.chunks_exact(C::BYTES).enumerate() {
                cells.push(C::take(cell).unwrap_or_else(|| {
                    if self.is_given(at / width) {
                        bad.add(at / width);
                    }
                    C::FILLER
                }));
            }
        }
        cells.resize(self.count * width, C::FILLER);
        if self.given.is_some_and(|given| given.given.is_none()) {
            return cells;
        }
        let absent = self.absent.as_ref().and_then(|absent| C::blocks(&absent.cells)?.row(0));
        for number in (0..self.count).filter(|number| !self.is_given(*number)) {
            match absent {
                Some(absent) => cells[number * width..][..width].copy_from_slice(absent),
                None => bad.add(number),
            }
        }
        cells
    }
}

/// Collects the objects whose values are refused.
struct Bad {
    bits: Vec<u64>,
    count: usize,
}

impl Bad {
    #[cold]
    fn add(&mut self, number: usize) {
        self.bits.resize(self.count.div_ceil(64), 0);
        self.bits[number / 64] |= 1 << (number % 64);
    }
}

impl Judge<'_> {
    /// Reads the values, and finds those that the slot refuses.
    pub(super) fn judge(&self, values: &Values<'_>, check: SlotCheck) -> Judged {
        let slot = self.slot;
        with_numeric!(slot.kind(), T => self.numbers::<T>(values, 1, check),
            Kind::Bool => Self::each::<bool>(values, 1, |_| true),
            Kind::Text => Self::each(values, 1, |text: Text| self.knows_text(text)),
            Kind::Any => {
                // A column has few texts that are different.
                let values_of = RefCell::new(HashSet::new());
                Self::each(values, 1, |text: Text| {
                    text != Text::EMPTY
                        && self.knows_text(text)
                        && self.is_value(text, &mut values_of.borrow_mut())
                })
            },
            Kind::Object => {
                Self::each(values, 1, |id| self.checker.reference(slot, id).is_ok())
            },
            Kind::Enum(_) => {
                let variants = variants_of(slot.kind()).unwrap_or(0);
                Self::each(values, 1, |number: u8| usize::from(number) < variants)
            },
            Kind::Array(number, length) => with_number!(number, T => {
                self.numbers::<T>(values, *length as usize, check)
            }),
            Kind::Pod(pod) => with_pod_cell!(pod, C => {
                Self::each::<C>(values, pod.size() / pod.align(), |_| true)
            }),
            Kind::List(list) => {
                Self::each(values, 1, |cell| self.accepts_list(list.element(), cell))
            },
        )
    }

    /// Judges numbers: all of them in one pass, which finds no single one.
    fn numbers<T: Cell + Numbers>(
        &self,
        values: &Values<'_>,
        width: usize,
        check: SlotCheck,
    ) -> Judged {
        let mut bad = Bad { bits: Vec::new(), count: values.count };
        let cells: Vec<T> = values.read(width, &mut bad);
        let are_right = match check {
            SlotCheck::Free => true,
            SlotCheck::Within(ends) => {
                cells.iter().fold(true, |are_within, cell| are_within & cell.are_within(ends))
            }
            SlotCheck::Other => false,
        };
        if !are_right {
            for (at, number) in cells.iter().enumerate() {
                if !self.accepts_numbers(number) && values.is_given(at / width) {
                    bad.add(at / width);
                }
            }
        }
        Judged::new(cells, bad)
    }

    /// Judges values one by one. Those of objects without a value are right.
    fn each<C: Cell>(values: &Values<'_>, width: usize, is_right: impl Fn(C) -> bool) -> Judged {
        let mut bad = Bad { bits: Vec::new(), count: values.count };
        let cells: Vec<C> = values.read(width, &mut bad);
        for (at, cell) in cells.iter().enumerate() {
            if values.is_given(at / width) && !is_right(*cell) {
                bad.add(at / width);
            }
        }
        Judged::new(cells, bad)
    }

    fn accepts_numbers(&self, numbers: &impl Numbers) -> bool {
        Checker::numbers(self.slot, numbers, Default::default).is_ok()
    }

    fn accepts_all(&self, numbers: &[impl Numbers]) -> bool {
        numbers.iter().all(|number| self.accepts_numbers(number))
    }

    fn knows_text(&self, text: Text) -> bool {
        self.interner.mark_text(text);
        self.interner.texts.resolve(text).is_some()
    }

    /// Returns `true` if the text is that of a value.
    fn is_value(&self, text: Text, known: &mut HashSet<Text>) -> bool {
        known.contains(&text)
            || self.interner.texts.resolve(text).and_then(Value::from_json).is_some()
                && known.insert(text)
    }

    fn accepts_list(&self, element: &Kind, list: ListCell) -> bool {
        let (shape, lists) = (shape_of_elements(element), &self.interner.lists);
        self.interner.mark_list(list);
        if !self.slot.is_confined() {
            return lists.contains(shape, list);
        }
        let accepts = |id: &ObjectId| self.checker.reference(self.slot, *id).is_ok();
        with_numeric!(element, T => {
            lists.resolve::<T>(shape, list).is_some_and(|all| self.accepts_all(all))
        },
            Kind::Array(number, _) => with_number!(number, T => {
                lists.resolve::<T>(shape, list).is_some_and(|all| self.accepts_all(all))
            }),
            Kind::Object => lists.resolve(shape, list).is_some_and(|ids| ids.iter().all(accepts)),
            Kind::Bool | Kind::Text | Kind::Any | Kind::Enum(_) | Kind::Pod(_) | Kind::List(_) => {
                lists.contains(shape, list)
            },
        )
    }
}

impl Judged {
    fn new<C: Cell>(cells: Vec<C>, bad: Bad) -> Self {
        let mut all = CellVec::new(C::TYPE);
        *C::vec_mut(&mut all) = cells;
        Self { cells: all, refused: bad.bits }
    }

    /// Writes the values to rows of a column, and returns the refused ones.
    pub(super) fn write(
        self,
        column: &mut Column,
        runs: &[Run],
        is_set: Option<&[bool]>,
    ) -> Vec<u64> {
        self.cells.visit(WriteRuns { column, runs });
        for Run { row, objects } in runs {
            if let (Some(set), Some(is_set)) = (&mut column.set, is_set) {
                set.put_rows(*row, &is_set[objects.clone()]);
            }
            if column.marks.is_some() {
                (*row..).take(objects.len()).for_each(|row| column.mark(row));
            }
        }
        self.refused
    }
}

struct WriteRuns<'a> {
    column: &'a mut Column,
    runs: &'a [Run],
}

impl CellVecVisitor for WriteRuns<'_> {
    type Output = ();

    fn visit<C: Cell>(self, cells: &[C]) {
        let blocks = C::blocks_mut(&mut self.column.cells);
        let blocks = blocks.expect("a column has the cells of its slot's kind");
        let width = blocks.width();
        for Run { row, objects } in self.runs {
            blocks.put_rows(*row, &cells[objects.start * width..objects.end * width]);
        }
    }
}
