//! The rows of a layout: objects, generations, free rows.

use std::mem;

use crate::id::{ObjectId, SchemaId};

/// One row: free when the generation is even.
#[derive(Clone, Debug)]
pub(super) struct Row<V, S> {
    pub(super) values: V,
    /// Apart from the values, because it fits beside the generation.
    pub(super) shape: S,
    generation: u16,
    schema: SchemaId,
}

impl<V, S> Row<V, S> {
    const fn is_alive(&self) -> bool {
        self.generation & 1 == 1
    }

    /// The schema is compared too: it may have changed hands with the row, or be forged.
    fn is(&self, id: ObjectId) -> bool {
        self.generation == id.generation() && self.schema == id.schema()
    }
}

/// Objects by row. Which rows are free and which ids are alive is the same in both layouts, so that
/// they differ in what an object costs and in nothing else.
#[derive(Clone, Debug)]
pub(super) struct Rows<V, S = ()> {
    rows: Vec<Row<V, S>>,
    free: Vec<u32>,
    living: usize,
    /// How many rows there may be.
    pub(super) most: u32,
}

impl<V, S> Default for Rows<V, S> {
    fn default() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), living: 0, most: u32::MAX }
    }
}

impl<V: Default, S: Copy> Rows<V, S> {
    pub(super) const fn len(&self) -> usize {
        self.living
    }

    /// Without the memory of what the objects hold.
    pub(super) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row<V, S>>() + self.free.capacity() * size_of::<u32>()
    }

    /// Whether one more object can be inserted.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.rows.len() < self.most as usize
    }

    /// Inserts an object in the latest of the free rows, or in a new one.
    #[inline]
    pub(super) fn insert(&mut self, schema: SchemaId, values: V, shape: S) -> ObjectId {
        assert!(self.has_room(), "the layout has asked");
        if let Some(number) = self.free.pop() {
            let row = &mut self.rows[number as usize];
            assert!(!row.is_alive(), "a free row is nobody's");
            let generation = row.generation + 1;
            *row = Row { values, shape, generation, schema };
            self.living += 1;
            return ObjectId::new(schema, number, generation);
        }
        let number = self.rows.len() as u32;
        self.rows.push(Row { values, shape, generation: 1, schema });
        self.living += 1;
        ObjectId::new(schema, number, 1)
    }

    /// The shape of the object that was removed, if it was alive.
    pub(super) fn remove(&mut self, id: ObjectId) -> Option<S> {
        self.get(id)?;
        Some(self.remove_row(id.row()))
    }

    fn remove_row(&mut self, number: u32) -> S {
        let row = &mut self.rows[number as usize];
        drop(mem::take(&mut row.values));
        self.living -= 1;
        // A used-up generation retires the row: it is free and nobody's.
        match row.generation.checked_add(1) {
            Some(generation) => {
                row.generation = generation;
                self.free.push(number);
            }
            None => row.generation = 0,
        }
        row.shape
    }

    /// Removes all objects and tells the shape of each.
    pub(super) fn clear(&mut self, mut removed: impl FnMut(S)) {
        // Backwards, so that the lowest rows are the first to be used again.
        for number in (0..self.rows.len() as u32).rev() {
            if self.rows[number as usize].is_alive() {
                removed(self.remove_row(number));
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, id: ObjectId) -> Option<&Row<V, S>> {
        self.rows.get(id.row() as usize).filter(|row| row.is(id))
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Row<V, S>> {
        self.rows.get_mut(id.row() as usize).filter(|row| row.is(id))
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (ObjectId, &Row<V, S>)> {
        let living = (0..).zip(&self.rows).filter(|(_, row)| row.is_alive());
        living.map(|(number, row)| (ObjectId::new(row.schema, number, row.generation), row))
    }

    #[inline]
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ObjectId, &mut Row<V, S>)> {
        let living = (0..).zip(&mut self.rows).filter(|(_, row)| row.is_alive());
        living.map(|(number, row)| (ObjectId::new(row.schema, number, row.generation), row))
    }
}
