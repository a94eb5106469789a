//! The rows of a batch.

use std::iter::FusedIterator;
use std::ops::Range;

use crate::id::{ObjectId, SchemaId};
use crate::storage::{BLOCK_ROWS, Rows, Span};

/// A source of free rows.
pub(super) trait FreeRows {
    /// Returns the lowest word of 64 rows with holes at or after `from`, and the holes as bits.
    fn holes(&self, from: usize) -> Option<(usize, u64)>;
    /// Returns the rows that were never used.
    fn fresh(&self) -> Range<u32>;
}

impl FreeRows for Rows {
    #[inline]
    fn holes(&self, from: usize) -> Option<(usize, u64)> {
        self.holes(from)
    }

    #[inline]
    fn fresh(&self) -> Range<u32> {
        self.fresh()
    }
}

/// The rows that a batch writes to before any of them becomes alive: the lowest free ones.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Words of 64 rows with the holes taken from each, in ascending order.
    holes: Vec<(usize, u64)>,
    /// The word after the current one, and the holes left in the current one.
    next_word: usize,
    left: u64,
    /// The number of taken rows that were never used.
    fresh: usize,
    offsets: Vec<u16>,
}

impl Plan {
    /// Takes the lowest free rows of one block, at most this many. Returns `None` if the table has no
    /// more rows.
    pub(super) fn take(&mut self, rows: &impl FreeRows, most: usize) -> Option<Span<'_>> {
        let block = match self.current_word(rows) {
            Some(word) => word * 64 / BLOCK_ROWS,
            None => return self.take_fresh(rows, most),
        };
        self.offsets.clear();
        while self.offsets.len() < most
            && let Some(word) = self.current_word(rows)
            && word * 64 / BLOCK_ROWS == block
        {
            let bit = self.take_bit();
            self.offsets.push((word * 64 % BLOCK_ROWS + bit) as u16);
        }
        Some(Span::of_offsets(block, &self.offsets))
    }

    /// Takes the lowest free row.
    pub(super) fn take_one(&mut self, rows: &impl FreeRows) -> Option<u32> {
        if let Some(word) = self.current_word(rows) {
            return Some((word * 64 + self.take_bit()) as u32);
        }
        let row = rows.fresh().nth(self.fresh)?;
        self.fresh += 1;
        Some(row)
    }

    /// Returns the number of words with holes that were begun, the current one included.
    #[inline]
    pub(super) fn begun_words(&self) -> usize {
        self.holes.len()
    }

    /// Returns the lowest word with holes left.
    #[inline]
    fn current_word(&mut self, rows: &impl FreeRows) -> Option<usize> {
        if self.left == 0 {
            let (word, bits) = rows.holes(self.next_word)?;
            self.next_word = word + 1;
            self.left = bits;
            self.holes.push((word, 0));
        }
        Some(self.next_word - 1)
    }

    /// Takes the lowest hole of the current word.
    #[inline]
    fn take_bit(&mut self) -> usize {
        let bit = self.left & self.left.wrapping_neg();
        self.left ^= bit;
        let (_, taken) = self.holes.last_mut().expect("there is a current word");
        *taken |= bit;
        bit.trailing_zeros() as usize
    }

    fn take_fresh(&mut self, rows: &impl FreeRows, most: usize) -> Option<Span<'_>> {
        let mut fresh = rows.fresh();
        let row = fresh.nth(self.fresh)? as usize;
        let (block, first) = (row / BLOCK_ROWS, row % BLOCK_ROWS);
        let count = most.min(BLOCK_ROWS - first).min(fresh.len() + 1);
        self.fresh += count;
        Some(Span::Run { block, first: first as u16, count: count as u16 })
    }

    /// Makes the rows alive.
    pub(super) fn commit(self, rows: &mut Rows, schema: SchemaId) -> Spawned<'_> {
        for &(word, bits) in &self.holes {
            rows.occupy_holes(word, bits);
        }
        let first = rows.fresh().start;
        rows.occupy_fresh(self.fresh);
        let fresh = first..rows.fresh().start;
        Spawned { rows, schema, holes: self.holes.into_iter(), word: 0, left: 0, fresh }
    }
}

/// The ids of a batch, in the order of its objects. [`Store::spawn_batch`](crate::Store::spawn_batch)
/// returns it, and has an example.
#[derive(Debug)]
pub struct Spawned<'s> {
    rows: &'s Rows,
    schema: SchemaId,
    /// The reused rows, which are the lower ones: the remaining words, and the rest of the current word.
    holes: std::vec::IntoIter<(usize, u64)>,
    word: usize,
    left: u64,
    fresh: Range<u32>,
}

impl Iterator for Spawned<'_> {
    type Item = ObjectId;

    #[inline]
    fn next(&mut self) -> Option<ObjectId> {
        while self.left == 0 {
            let Some((word, bits)) = self.holes.next() else {
                return self.fresh.next().map(|row| ObjectId::new(self.schema, row, 1));
            };
            (self.word, self.left) = (word, bits);
        }
        let row = self.word * 64 + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(ObjectId::new(self.schema, row as u32, self.rows.generations()[row]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let holes = self.holes.as_slice().iter().map(|(_, bits)| bits.count_ones() as usize);
        let left = holes.sum::<usize>() + self.left.count_ones() as usize + self.fresh.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Spawned<'_> {}
impl FusedIterator for Spawned<'_> {}
