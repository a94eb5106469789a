//! The ids of all living objects.

use std::iter::FusedIterator;

use crate::id::{ObjectId, SchemaId};
use crate::storage::Table;
use crate::store::Store;

/// An iterator over the ids of all living objects, in the order of schemas and rows.
///
/// Returned by [`Store::ids`]; a `for` loop over `&store` uses it.
///
/// ```
/// use slotted::{Slotted, Store};
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// let unit = store.spawn(Unit { health: 80.0 })?;
/// for id in &store {
///     assert_eq!(id, unit);
/// }
/// assert_eq!(store.ids().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ObjectIds<'s> {
    /// The tables from the current one on.
    tables: &'s [Table],
    schema: SchemaId,
    /// The next word of the current table's living rows, and the bits that are left of the one before it.
    word: usize,
    bits: u64,
    left: usize,
}

impl Iterator for ObjectIds<'_> {
    type Item = ObjectId;

    #[inline]
    fn next(&mut self) -> Option<ObjectId> {
        while self.bits == 0 {
            let (table, later) = self.tables.split_first()?;
            match table.rows.occupied().get(self.word) {
                Some(bits) => {
                    self.bits = *bits;
                    self.word += 1;
                }
                None => {
                    self.tables = later;
                    self.schema.0 += 1;
                    self.word = 0;
                }
            }
        }
        let row = (self.word - 1) * 64 + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        self.left -= 1;
        let generation = self.tables.first()?.rows.generations()[row];
        Some(ObjectId::new(self.schema, row as u32, generation))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for ObjectIds<'_> {}
impl FusedIterator for ObjectIds<'_> {}

impl Store {
    /// Returns the ids of all living objects, in the order of schemas and rows.
    ///
    /// [`len`](Self::len) has an example.
    pub fn ids(&self) -> ObjectIds<'_> {
        let (tables, schema) = (&*self.tables, SchemaId(0));
        ObjectIds { tables, schema, word: 0, bits: 0, left: self.len() }
    }
}

impl<'s> IntoIterator for &'s Store {
    type Item = ObjectId;
    type IntoIter = ObjectIds<'s>;

    fn into_iter(self) -> ObjectIds<'s> {
        self.ids()
    }
}
