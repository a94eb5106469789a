//! Objects by row, with generations and free rows.

use std::mem;

use crate::id::{ObjectId, SchemaId};
use crate::map::shape::ShapeId;
use crate::value::Value;

/// One row: free if the generation is even.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) values: Box<[Value]>,
    pub(super) shape: ShapeId,
    generation: u16,
    schema: SchemaId,
}

const _: () = assert!(size_of::<Row>() == 24);

impl Row {
    #[inline]
    const fn is_alive(&self) -> bool {
        self.generation & 1 == 1
    }

    /// Returns whether the row holds this object. The row's next object may have another schema, and
    /// an id may be forged.
    #[inline]
    fn is(&self, id: ObjectId) -> bool {
        self.generation == id.generation() && self.schema == id.schema()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Rows {
    rows: Vec<Row>,
    free: Vec<u32>,
    living: usize,
    /// The limit on the number of rows.
    pub(super) most: u32,
}

impl Default for Rows {
    fn default() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), living: 0, most: u32::MAX }
    }
}

impl Rows {
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.living
    }

    /// Returns the heap memory of the rows, without their values.
    pub(super) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.free.capacity() * size_of::<u32>()
    }

    /// Returns whether one more object can be inserted.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.rows.len() < self.most as usize
    }

    /// Inserts an object in the row that was freed last, or in a new one.
    #[inline]
    pub(super) fn insert(
        &mut self,
        schema: SchemaId,
        values: Box<[Value]>,
        shape: ShapeId,
    ) -> ObjectId {
        assert!(self.has_room(), "the caller checks for room");
        self.living += 1;
        if let Some(number) = self.free.pop() {
            let row = &mut self.rows[number as usize];
            assert!(!row.is_alive(), "a free row has no object");
            let generation = row.generation + 1;
            *row = Row { values, shape, generation, schema };
            return ObjectId::new(schema, number, generation);
        }
        let number = self.rows.len() as u32;
        self.rows.push(Row { values, shape, generation: 1, schema });
        ObjectId::new(schema, number, 1)
    }

    /// Removes an object and returns its shape, or `None` if it is not alive.
    pub(super) fn remove(&mut self, id: ObjectId) -> Option<ShapeId> {
        self.get(id)?;
        Some(self.remove_row(id.row()))
    }

    fn remove_row(&mut self, number: u32) -> ShapeId {
        let row = &mut self.rows[number as usize];
        drop(mem::take(&mut row.values));
        self.living -= 1;
        // A row whose generations are used up is retired: free, but never reused.
        match row.generation.checked_add(1) {
            Some(generation) => {
                row.generation = generation;
                self.free.push(number);
            }
            None => row.generation = 0,
        }
        row.shape
    }

    /// Removes all objects and passes the shape of each to `removed`.
    pub(super) fn clear(&mut self, mut removed: impl FnMut(ShapeId)) {
        // Backwards, so that the lowest rows are reused first.
        for number in (0..self.rows.len() as u32).rev() {
            if self.rows[number as usize].is_alive() {
                removed(self.remove_row(number));
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, id: ObjectId) -> Option<&Row> {
        self.rows.get(id.row() as usize).filter(|row| row.is(id))
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Row> {
        self.rows.get_mut(id.row() as usize).filter(|row| row.is(id))
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (ObjectId, &Row)> {
        let living = (0..).zip(&self.rows).filter(|(_, row)| row.is_alive());
        living.map(|(number, row)| (ObjectId::new(row.schema, number, row.generation), row))
    }

    #[inline]
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ObjectId, &mut Row)> {
        let living = (0..).zip(&mut self.rows).filter(|(_, row)| row.is_alive());
        living.map(|(number, row)| (ObjectId::new(row.schema, number, row.generation), row))
    }
}
