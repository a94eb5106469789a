//! Marks: the epoch of the last write to each row of a column that tracks its changes.

use std::collections::HashSet;
use std::slice;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::storage::{BLOCK_ROWS, Span, offsets};

/// The epochs of the last writes to a column's rows.
///
/// A row's mark takes two bytes: it is a position in its block's list of epochs. A block has fewer rows than there are
/// positions, so no epoch is ever lost. A block whose rows were all written in one epoch needs no marks at all.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    blocks: Vec<BlockMarks>,
    /// The current epoch.
    epoch: Epoch,
    /// Schemas that extend this one later track the slot too.
    pub(crate) is_inherited: bool,
}

/// The marks of one block. Those of dead rows mean nothing: a spawn writes its row.
#[derive(Clone, Debug)]
struct BlockMarks {
    /// The epochs of the last writes, in ascending order. The first is that of all rows without a mark.
    epochs: Arc<Vec<Epoch>>,
    /// The marks when the last epoch ended, shared with snapshots.
    past: Option<Arc<Vec<u16>>>,
    /// The marks, once a row was marked in this epoch. Empty otherwise.
    open: Vec<u16>,
    /// The position of the current epoch, if the marks are open.
    now: u16,
    /// The number of epochs at which those that no row needs are dropped.
    most_epochs: u16,
}

/// The rows of a block that were written since an epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written<'m> {
    Nothing,
    All,
    /// The rows whose mark is at least `first`. Rows without a mark were not written.
    Rows {
        marks: &'m [u16],
        first: u16,
    },
}

/// Each list of epochs holds this many before it is searched for useless ones.
const FEW_EPOCHS: u16 = 32;

impl Marks {
    /// Returns marks for blocks that were last written in these epochs.
    pub(crate) fn new(
        written: impl Iterator<Item = Epoch>,
        epoch: Epoch,
        is_inherited: bool,
    ) -> Self {
        Self { blocks: written.map(BlockMarks::new).collect(), epoch, is_inherited }
    }

    /// Marks a row as written in this epoch.
    #[inline]
    pub(crate) fn mark(&mut self, row: u32) {
        let (number, offset) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        if let Some(block) = self.blocks.get_mut(number)
            && let Some(mark) = block.open.get_mut(offset)
        {
            *mark = block.now;
        } else {
            self.mark_in_new_room(number, offset);
        }
    }

    #[cold]
    #[inline(never)]
    fn mark_in_new_room(&mut self, number: usize, offset: usize) {
        let epoch = self.epoch;
        let block = self.block_mut(number);
        if !block.is_whole(epoch) {
            block.open(epoch, offset + 1);
            block.open[offset] = block.now;
        }
    }

    /// Marks the rows of a span.
    pub(crate) fn mark_span(&mut self, span: Span<'_>) {
        let epoch = self.epoch;
        let block = self.block_mut(span.block());
        if block.is_whole(epoch) {
            return;
        }
        match span {
            Span::Run { first: 0, .. } if span.len() == BLOCK_ROWS => block.mark_all(epoch),
            Span::Run { first, .. } => {
                block.open(epoch, span.end());
                block.open[usize::from(first)..span.end()].fill(block.now);
            }
            Span::Scattered { offsets, .. } => {
                block.open(epoch, span.end());
                offsets.iter().for_each(|offset| block.open[usize::from(*offset)] = block.now);
            }
        }
    }

    /// Marks the rows of a block that are given as bits.
    pub(crate) fn mark_words(&mut self, number: usize, words: &[u64]) {
        let epoch = self.epoch;
        let block = self.block_mut(number);
        let Some(last) = words.iter().rposition(|word| *word != 0) else { return };
        if !block.is_whole(epoch) {
            block.open(epoch, (last + 1) * 64);
            offsets(words).for_each(|offset| block.open[offset] = block.now);
        }
    }

    /// Marks all rows of a block.
    pub(crate) fn mark_block(&mut self, number: usize) {
        let epoch = self.epoch;
        self.block_mut(number).mark_all(epoch);
    }

    /// Marks all rows.
    pub(crate) fn mark_all(&mut self) {
        let epoch = self.epoch;
        self.blocks.iter_mut().for_each(|block| block.mark_all(epoch));
    }

    /// Marks the rows again that were written since the epoch: the column goes back to its values of that time.
    pub(crate) fn mark_since(&mut self, since: Epoch) {
        let epoch = self.epoch;
        for block in &mut self.blocks {
            match block.written_since(since) {
                Written::Nothing => {}
                Written::All => block.mark_all(epoch),
                Written::Rows { .. } => {
                    // New room may give epochs other positions.
                    block.open(epoch, 1);
                    if let Written::Rows { first, .. } = block.written_since(since) {
                        let now = block.now;
                        let written = block.open.iter_mut().filter(|mark| **mark >= first);
                        written.for_each(|mark| *mark = now);
                    }
                }
            }
        }
    }

    /// Returns the rows of a block that were written in this epoch or later.
    pub(crate) fn written_since(&self, block: usize, epoch: Epoch) -> Written<'_> {
        self.blocks.get(block).map_or(Written::All, |block| block.written_since(epoch))
    }

    /// Returns `true` if a row of a block was written in this epoch or later.
    pub(super) fn has_written_since(&self, block: usize, epoch: Epoch) -> bool {
        match self.written_since(block, epoch) {
            Written::Nothing => false,
            Written::All => true,
            Written::Rows { marks, first } => marks.iter().any(|mark| *mark >= first),
        }
    }

    /// Returns the marks of all blocks, of which there are this many, to write to.
    pub(crate) fn blocks_mut(&mut self, blocks: usize) -> MarksMut<'_> {
        if let Some(last) = blocks.checked_sub(1) {
            self.block_mut(last);
        }
        MarksMut { blocks: &mut self.blocks, epoch: self.epoch }
    }

    /// Returns the marks of a block. A new block counts as written in this epoch.
    fn block_mut(&mut self, number: usize) -> &mut BlockMarks {
        if number >= self.blocks.len() {
            let epoch = self.epoch;
            self.blocks.resize_with(number + 1, || BlockMarks::new(epoch));
        }
        &mut self.blocks[number]
    }

    /// Ends an epoch.
    pub(super) fn end_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch.next();
        self.blocks.iter_mut().for_each(BlockMarks::share);
    }

    /// Forgets the marks of a block without living rows.
    pub(super) fn release(&mut self, block: usize) {
        let epoch = self.epoch;
        if let Some(block) = self.blocks.get_mut(block) {
            *block = BlockMarks::new(epoch);
        }
    }

    /// Forgets all blocks after the first `blocks`.
    pub(super) fn shrink(&mut self, blocks: usize) {
        self.blocks.truncate(blocks);
        self.blocks.shrink_to_fit();
        self.blocks.iter_mut().for_each(|block| block.open.shrink_to_fit());
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(BlockMarks::heap_bytes).sum();
        blocks + self.blocks.capacity() * size_of::<BlockMarks>() + size_of::<Self>()
    }

    /// Returns the bytes of the shared marks that are not in `seen` yet, and adds them to it.
    pub(super) fn count_new_blocks(&self, seen: &mut HashSet<usize>) -> usize {
        let past = self.blocks.iter().filter_map(|block| block.past.as_ref());
        let new = past.filter(|past| seen.insert(Arc::as_ptr(past).addr()));
        new.map(|past| past.capacity() * size_of::<u16>()).sum()
    }

    /// Adds the marks that are shared with snapshots to `seen`.
    pub(super) fn list_shared_blocks(&self, seen: &mut HashSet<usize>) {
        let past = self.blocks.iter().filter_map(|block| block.past.as_ref());
        seen.extend(past.map(|past| Arc::as_ptr(past).addr()));
    }
}

impl BlockMarks {
    /// Returns the marks of a block whose rows were all written in this epoch.
    fn new(epoch: Epoch) -> Self {
        let epochs = Arc::new(vec![epoch]);
        Self { epochs, past: None, open: Vec::new(), now: 0, most_epochs: FEW_EPOCHS }
    }

    /// Returns `true` if all rows count as written in this epoch.
    #[inline]
    fn is_whole(&self, epoch: Epoch) -> bool {
        self.open.is_empty() && self.past.is_none() && self.epochs.first() == Some(&epoch)
    }

    fn mark_all(&mut self, epoch: Epoch) {
        if !self.is_whole(epoch) {
            *self = Self::new(epoch);
        }
    }

    /// Makes room in `open` for the marks of at least the first `rows` rows, and sets `now`.
    #[inline]
    fn open(&mut self, epoch: Epoch, rows: usize) {
        if self.open.len() < rows.max(1) {
            self.open_more(epoch, rows.max(1));
        }
    }

    #[cold]
    #[inline(never)]
    fn open_more(&mut self, epoch: Epoch, rows: usize) {
        if self.open.is_empty() {
            let past = self
                .past
                .take()
                .map(|past| Arc::try_unwrap(past).unwrap_or_else(|past| past.to_vec()));
            self.open = past.unwrap_or_default();
            self.begin(epoch);
        }
        let (len, rows) = (self.open.len(), rows.next_multiple_of(64));
        if rows > len {
            if rows > self.open.capacity() {
                self.open.reserve_exact(rows.max((len + len / 4).min(BLOCK_ROWS)) - len);
            }
            self.open.resize(rows, 0);
        }
    }

    /// Adds the epoch to the list.
    fn begin(&mut self, epoch: Epoch) {
        let epochs = Arc::make_mut(&mut self.epochs);
        if epochs.len() >= usize::from(self.most_epochs) {
            drop_useless(epochs, &mut self.open);
            self.most_epochs = FEW_EPOCHS.max(2 * epochs.len() as u16);
        }
        if epochs.last() != Some(&epoch) {
            epochs.push(epoch);
        }
        self.now = epochs.len() as u16 - 1;
    }

    /// Closes the marks at the end of an epoch.
    fn share(&mut self) {
        if !self.open.is_empty() {
            self.past = Some(Arc::new(std::mem::take(&mut self.open)));
        }
    }

    fn written_since(&self, epoch: Epoch) -> Written<'_> {
        let first = self.epochs.partition_point(|written| *written < epoch);
        if first == 0 {
            return Written::All;
        }
        if first == self.epochs.len() {
            return Written::Nothing;
        }
        let past = self.past.as_deref().map_or(&[][..], Vec::as_slice);
        let marks = if self.open.is_empty() { past } else { &self.open };
        Written::Rows { marks, first: first as u16 }
    }

    fn heap_bytes(&self) -> usize {
        let past = self.past.as_ref().map_or(0, |past| past.capacity());
        (past + self.open.capacity()) * size_of::<u16>()
            + self.epochs.capacity() * size_of::<Epoch>()
    }
}

/// Drops the epochs that no mark refers to, except the first.
fn drop_useless(epochs: &mut Vec<Epoch>, marks: &mut [u16]) {
    let mut positions = vec![u16::MAX; epochs.len()];
    positions[0] = 0;
    marks.iter().for_each(|mark| positions[usize::from(*mark)] = 0);
    let (mut kept, mut at) = (0, 0);
    epochs.retain(|_| {
        let position = &mut positions[at];
        at += 1;
        let is_kept = *position == 0;
        *position = kept;
        kept += u16::from(is_kept);
        is_kept
    });
    marks.iter_mut().for_each(|mark| *mark = positions[usize::from(*mark)]);
}

/// Mutable access to the marks of a column's blocks, one after another or by number. Without blocks for a column that
/// does not track its changes.
#[derive(Debug, Default)]
pub(crate) struct MarksMut<'t> {
    blocks: &'t mut [BlockMarks],
    epoch: Epoch,
}

/// The marks of adjacent rows. Without rows if nothing is to be marked.
#[derive(Debug, Default)]
pub(crate) struct RowMarks<'t> {
    pub(crate) rows: &'t mut [u16],
    /// The mark of a row that is written now.
    pub(crate) now: u16,
}

/// The mark of one row, if it is to be marked.
#[derive(Debug)]
pub(crate) struct RowMark<'t> {
    pub(crate) row: Option<&'t mut u16>,
    pub(crate) now: u16,
}

/// An endless iterator over the marks of adjacent rows.
#[derive(Debug)]
pub(crate) struct RowMarksIter<'t> {
    rows: slice::IterMut<'t, u16>,
    now: u16,
}

impl<'t> MarksMut<'t> {
    /// Returns the marks of the next block, which has this many rows.
    #[inline]
    pub(crate) fn next(&mut self, rows: usize) -> RowMarks<'t> {
        match std::mem::take(&mut self.blocks).split_first_mut() {
            Some((block, rest)) => {
                self.blocks = rest;
                block.of_rows(self.epoch, rows)
            }
            None => RowMarks::default(),
        }
    }

    /// Skips the next blocks.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: usize) {
        self.blocks = std::mem::take(&mut self.blocks).get_mut(count..).unwrap_or_default();
    }

    /// Takes the next block without writing to it.
    pub(crate) fn take_block(&mut self) -> Self {
        let blocks = std::mem::take(&mut self.blocks);
        let (blocks, rest) = blocks.split_at_mut(blocks.len().min(1));
        self.blocks = rest;
        Self { blocks, epoch: self.epoch }
    }

    /// Returns the marks of some rows of one block, in ascending order.
    #[inline]
    pub(crate) fn of_rows(
        self,
        rows: impl Iterator<Item = u32> + Clone,
    ) -> impl Iterator<Item = RowMark<'t>> {
        let last = rows.clone().last().unwrap_or_default() as usize;
        let mut marks = match self.blocks.get_mut(last / BLOCK_ROWS) {
            Some(block) => block.of_rows(self.epoch, last % BLOCK_ROWS + 1),
            None => RowMarks::default(),
        };
        let mut next = 0;
        rows.map(move |row| {
            let offset = row as usize % BLOCK_ROWS;
            let skip = std::mem::replace(&mut next, offset + 1);
            marks.split(offset - skip, 1).into_iter().next()
        })
    }
}

impl<'t> RowMarks<'t> {
    /// Skips the first rows and takes the next ones.
    #[inline(always)]
    pub(crate) fn split(&mut self, skip: usize, rows: usize) -> Self {
        if self.rows.is_empty() {
            return Self::default();
        }
        let (taken, rest) = std::mem::take(&mut self.rows)[skip..].split_at_mut(rows);
        self.rows = rest;
        Self { rows: taken, now: self.now }
    }

    #[inline(always)]
    pub(crate) fn at(&mut self, row: usize) -> RowMark<'_> {
        RowMark { row: self.rows.get_mut(row), now: self.now }
    }

    #[inline(always)]
    pub(crate) fn reborrow(&mut self) -> RowMarks<'_> {
        RowMarks { rows: self.rows, now: self.now }
    }

    #[inline(always)]
    pub(crate) fn into_iter(self) -> RowMarksIter<'t> {
        RowMarksIter { rows: self.rows.iter_mut(), now: self.now }
    }
}

impl<'t> RowMarksIter<'t> {
    /// Returns the mark of the next row.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> RowMark<'t> {
        RowMark { row: self.rows.next(), now: self.now }
    }
}

impl RowMark<'_> {
    /// Marks the row as written.
    #[inline(always)]
    pub(crate) fn set(&mut self) {
        if let Some(row) = &mut self.row {
            **row = self.now;
        }
    }
}

impl BlockMarks {
    fn of_rows(&mut self, epoch: Epoch, rows: usize) -> RowMarks<'_> {
        if self.is_whole(epoch) {
            return RowMarks::default();
        }
        self.open(epoch, rows);
        RowMarks { rows: &mut self.open[..rows], now: self.now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the written rows among the first `rows` rows.
    fn written(marks: &Marks, rows: usize, since: Epoch) -> Vec<usize> {
        let is_written = |row: &usize| match marks.written_since(row / BLOCK_ROWS, since) {
            Written::Nothing => false,
            Written::All => true,
            Written::Rows { marks, first } => {
                marks.get(row % BLOCK_ROWS).is_some_and(|mark| *mark >= first)
            }
        };
        (0..rows).filter(is_written).collect()
    }

    #[test]
    fn each_epoch_finds_its_rows() {
        let mut marks = Marks::new([Epoch::START].into_iter(), Epoch::START, true);
        let mut epochs = vec![Epoch::START];
        for row in 0..2000 {
            let epoch = epochs[row];
            marks.end_epoch(epoch);
            epochs.push(epoch.next());
            marks.mark(row as u32);
        }
        assert_eq!(written(&marks, 2000, Epoch::START).len(), 2000);
        for (row, epoch) in epochs.iter().enumerate().skip(1).step_by(37) {
            assert_eq!(written(&marks, 2000, *epoch), (row - 1..2000).collect::<Vec<_>>(), "{row}");
        }
    }

    #[test]
    fn epochs_without_rows_are_dropped() {
        let mut marks = Marks::new([Epoch::START].into_iter(), Epoch::START, true);
        let mut epoch = Epoch::START;
        for _ in 0..100_000 {
            marks.end_epoch(epoch);
            epoch = epoch.next();
            marks.mark(5);
        }
        assert_eq!(written(&marks, 10, epoch), [5]);
        assert!(marks.blocks[0].epochs.len() <= usize::from(FEW_EPOCHS));
    }

    #[test]
    fn a_block_written_as_a_whole_needs_no_marks() {
        let mut marks = Marks::new(std::iter::empty(), Epoch::START, true);
        marks.mark_span(Span::Run { block: 0, first: 0, count: 100 });
        marks.mark(7);
        assert!(marks.blocks[0].open.is_empty());
        marks.end_epoch(Epoch::START);
        let now = Epoch::START.next();
        assert!(written(&marks, 100, now).is_empty());
        marks.mark_span(Span::Scattered { block: 0, offsets: &[3, 70] });
        marks.mark_words(0, &[0b1_0000, 1]);
        assert_eq!(written(&marks, 100, now), [3, 4, 64, 70]);
        marks.mark_block(0);
        assert_eq!(written(&marks, 100, now).len(), 100);
        assert!(marks.blocks[0].open.is_empty());
    }

    #[test]
    fn going_back_marks_the_rows_written_since() {
        let mut marks = Marks::new([Epoch::START; 2].into_iter(), Epoch::START, true);
        marks.end_epoch(Epoch::START);
        let since = Epoch::START.next();
        marks.mark(1);
        marks.end_epoch(since);
        marks.mark(2);
        marks.end_epoch(since.next());
        let now = since.next().next();
        marks.mark_since(since);
        assert_eq!(written(&marks, BLOCK_ROWS + 1, now), [1, 2]);
        assert_eq!(written(&marks, BLOCK_ROWS + 1, now.next()), [0; 0]);
    }

    /// Returns marks of these blocks, all written at the start, and the next epoch.
    fn next_epoch(blocks: usize) -> (Marks, Epoch) {
        let written = std::iter::repeat_n(Epoch::START, blocks);
        let mut marks = Marks::new(written, Epoch::START, true);
        marks.end_epoch(Epoch::START);
        (marks, Epoch::START.next())
    }

    #[test]
    fn marks_take_room_for_their_rows_and_grow_by_a_quarter() {
        let (mut marks, _) = next_epoch(1);
        marks.mark(100);
        assert_eq!((marks.blocks[0].open.len(), marks.blocks[0].open.capacity()), (128, 128));
        marks.mark(128);
        assert_eq!(marks.blocks[0].open.len(), 192);
        (192..4096).for_each(|row| marks.mark(row));
        marks.mark(4096);
        let (len, capacity) = (marks.blocks[0].open.len(), marks.blocks[0].open.capacity());
        assert_eq!(len, 4160);
        assert!((len..=len + len / 4).contains(&capacity), "{capacity}");
        marks.mark(BLOCK_ROWS as u32 - 1);
        assert_eq!(marks.blocks[0].open.capacity(), BLOCK_ROWS);
    }

    #[test]
    fn released_and_later_blocks_count_as_written() {
        let (mut marks, now) = next_epoch(3);
        for block in 0..3 {
            marks.mark(block * BLOCK_ROWS as u32 + 5);
        }
        assert!([0, 1, 2].iter().all(|block| marks.has_written_since(*block, now)));
        marks.end_epoch(now);
        let later = now.next();
        assert!(![0, 1, 2].iter().any(|block| marks.has_written_since(*block, later)));
        marks.release(1);
        marks.release(7);
        assert!(matches!(marks.written_since(1, later), Written::All));
        assert!(matches!(marks.written_since(2, later), Written::Nothing));
        marks.shrink(2);
        assert_eq!(marks.blocks.len(), 2);
        assert!(matches!(marks.written_since(2, later), Written::All), "it is unknown");
        marks.mark_all();
        assert!(matches!(marks.written_since(0, later), Written::All));
    }

    #[test]
    fn rows_with_a_mark_of_an_earlier_epoch_are_no_writes() {
        let (mut marks, now) = next_epoch(1);
        marks.mark(5);
        marks.end_epoch(now);
        marks.mark_since(now.next());
        assert_eq!(written(&marks, 100, now.next()), [0; 0]);
        marks.mark(6);
        assert_eq!(written(&marks, 100, now.next()), [6]);
        assert_eq!(written(&marks, 100, now), [5, 6]);
        marks.mark_words(0, &[0, 0]);
        assert_eq!(marks.blocks[0].open.len(), 64, "no bits, no room");
        marks.mark_words(0, &[0, 1 << 63, 0]);
        assert_eq!(marks.blocks[0].open.len(), 128);
        assert_eq!(written(&marks, 200, now.next()), [6, 127]);
    }

    #[test]
    fn shared_marks_are_counted_once() {
        let (mut marks, now) = next_epoch(2);
        let few = marks.heap_bytes();
        marks.mark(63);
        assert_eq!(marks.heap_bytes() - few, 64 * 2 + 4 * size_of::<Epoch>() - size_of::<Epoch>());
        marks.end_epoch(now);
        let bytes = marks.heap_bytes();
        let snapshot = marks.clone();
        let (mut seen, mut listed) = (HashSet::new(), HashSet::new());
        assert_eq!(snapshot.count_new_blocks(&mut seen), 64 * 2);
        assert_eq!(marks.count_new_blocks(&mut seen), 0);
        marks.list_shared_blocks(&mut listed);
        assert_eq!(listed, seen);
        marks.mark(63);
        assert_eq!(marks.heap_bytes(), bytes, "the copy is open, the past is the snapshot's");
        assert_eq!(written(&snapshot, 64, now.next()), [0; 0]);
        assert_eq!(written(&marks, 64, now.next()), [63]);
    }

    #[test]
    fn lent_marks_are_those_of_their_rows() {
        let (mut marks, now) = next_epoch(4);
        let mut lent = marks.blocks_mut(5);
        lent.skip(1);
        let mut rows = lent.next(200);
        rows.at(3).set();
        let mut part = rows.split(10, 20);
        part.at(0).set();
        part.at(20).set();
        let mut iter = part.into_iter();
        iter.next();
        iter.next().set();
        let mut rest = rows.split(2, 100);
        let mut iter = rest.reborrow().into_iter();
        iter.next().set();
        let later = 2 * BLOCK_ROWS as u32;
        let mark = lent.take_block().of_rows([later].into_iter()).next();
        assert!(mark.is_some_and(|mark| mark.row.is_none()), "it has one block");
        let mut block = lent.take_block();
        block.next(10).at(9).set();
        assert!(block.next(10).rows.is_empty() && block.take_block().blocks.is_empty());
        let mut whole = lent.next(50);
        assert!(whole.split(0, 10).rows.is_empty(), "a new block counts as written");
        whole.at(0).set();
        lent.skip(1);
        assert!(lent.next(1).rows.is_empty());
        let offset = BLOCK_ROWS;
        let expected = [offset + 3, offset + 10, offset + 11, offset + 32, 3 * offset + 9];
        assert_eq!(written(&marks, 4 * offset, now), expected);
        let rows = [5, 7, 400].map(|row| later + row);
        marks.blocks_mut(5).of_rows(rows.into_iter()).for_each(|mut mark| mark.set());
        let rows = [9 * BLOCK_ROWS as u32].into_iter();
        marks.blocks_mut(0).of_rows(rows).for_each(|mut mark| mark.set());
        let expected = [2 * offset + 5, 2 * offset + 7, 2 * offset + 400];
        assert_eq!(written(&marks, 3 * offset, now).split_off(4), expected);
    }
}
