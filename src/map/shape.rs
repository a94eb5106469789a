//! Lists of attribute names that objects share.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::map::AttributeKey;
use crate::map::names::Names;
use crate::record::Record;

/// Longer lists of keys get a hash map; up to this length scanning one cache line is faster.
const SCANNED: usize = 16;

/// The weight of a shape without its keys, in keys.
const SHAPE_WEIGHT: usize = 16;

/// Unused shapes up to this total weight are always kept.
const SPARE_WEIGHT: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShapeId(u32);

impl ShapeId {
    /// The shape of objects without attributes.
    pub(super) const EMPTY: Self = Self(0);
}

/// The attributes of an object, in the order of their insertion.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    keys: Box<[AttributeKey]>,
    positions: Option<Box<HashMap<AttributeKey, usize, RandomState>>>,
    objects: u32,
}

impl Shape {
    fn new(keys: &[AttributeKey]) -> Self {
        let positions = keys.iter().copied().zip(0..);
        let positions = (keys.len() > SCANNED).then(|| Box::new(positions.collect()));
        Self { keys: keys.into(), positions, objects: 0 }
    }

    pub(super) const fn keys(&self) -> &[AttributeKey] {
        &self.keys
    }

    /// Returns the position of the attribute's value among the object's values.
    #[inline]
    pub(super) fn position(&self, key: AttributeKey) -> Option<usize> {
        match &self.positions {
            None => self.keys.iter().position(|own| *own == key),
            Some(positions) => positions.get(&key).copied(),
        }
    }

    /// Returns whether the record names and sets exactly these attributes, in this order.
    fn matches(&self, names: &Names, record: &Record) -> bool {
        self.keys.len() == record.len()
            && self.keys.iter().zip(record.iter()).all(|(key, (name, value))| {
                names.get(key.0).is_some_and(|own| **own == *name) && !value.is_unset()
            })
    }

    fn heap_bytes(&self) -> usize {
        let positions = self
            .positions
            .as_ref()
            .map_or(0, |positions| size_of_val(&**positions) + positions.allocation_size());
        size_of_val(&*self.keys) + positions
    }

    fn weight(&self) -> usize {
        self.keys.len() + SHAPE_WEIGHT
    }
}

/// All shapes, each once. Unused shapes are removed from time to time.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    free: Vec<ShapeId>,
    by_keys: HashTable<ShapeId>,
    hasher: RandomState,
    weight: usize,
    sweep_above: usize,
    scratch: Vec<AttributeKey>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            shapes: vec![Shape::default()],
            free: Vec::new(),
            by_keys: HashTable::new(),
            hasher: RandomState::default(),
            weight: 0,
            sweep_above: SPARE_WEIGHT,
            scratch: Vec::new(),
        }
    }
}

impl Shapes {
    pub(super) fn heap_bytes(&self) -> usize {
        self.shapes.capacity() * size_of::<Shape>()
            + self.shapes.iter().map(Shape::heap_bytes).sum::<usize>()
            + self.free.capacity() * size_of::<ShapeId>()
            + self.by_keys.allocation_size()
            + self.scratch.capacity() * size_of::<AttributeKey>()
    }

    #[inline]
    pub(super) fn get(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// Counts one more object of the shape if the record matches it.
    pub(super) fn acquire_matching(&mut self, id: ShapeId, names: &Names, record: &Record) -> bool {
        // A removed shape has no keys either, but is not the empty shape.
        let matches = !record.is_empty() && self.get(id).matches(names, record);
        self.shapes[id.0 as usize].objects += u32::from(matches);
        matches
    }

    /// Returns the shape of these keys and counts one more object.
    pub(super) fn acquire(&mut self, keys: &[AttributeKey]) -> ShapeId {
        let id = if keys.is_empty() { ShapeId::EMPTY } else { self.find_or_insert(keys) };
        self.shapes[id.0 as usize].objects += 1;
        id
    }

    /// Returns the shape with `key` appended and counts one more object.
    pub(super) fn acquire_with(&mut self, id: ShapeId, key: AttributeKey) -> ShapeId {
        self.acquire_changed(id, |keys| keys.push(key))
    }

    /// Returns the shape without the key at `position` and counts one more object.
    pub(super) fn acquire_without(&mut self, id: ShapeId, position: usize) -> ShapeId {
        self.acquire_changed(id, |keys| {
            keys.remove(position);
        })
    }

    fn acquire_changed(
        &mut self,
        id: ShapeId,
        change: impl FnOnce(&mut Vec<AttributeKey>),
    ) -> ShapeId {
        let mut keys = std::mem::take(&mut self.scratch);
        keys.clear();
        keys.extend_from_slice(self.get(id).keys());
        change(&mut keys);
        let changed = self.acquire(&keys);
        self.scratch = keys;
        changed
    }

    pub(super) fn release(&mut self, id: ShapeId) {
        let objects = &mut self.shapes[id.0 as usize].objects;
        assert!(*objects > 0, "each object of a shape is counted");
        *objects -= 1;
    }

    fn find_or_insert(&mut self, keys: &[AttributeKey]) -> ShapeId {
        let hash = self.hasher.hash_one(keys);
        if let Some(id) = self.by_keys.find(hash, |id| self.get(*id).keys() == keys) {
            return *id;
        }
        if self.weight > self.sweep_above {
            self.sweep();
        }
        let shape = Shape::new(keys);
        self.weight += shape.weight();
        let id = self.free.pop().unwrap_or_else(|| {
            let id = u32::try_from(self.shapes.len()).expect("2^32 shapes do not fit in memory");
            self.shapes.push(Shape::default());
            ShapeId(id)
        });
        self.shapes[id.0 as usize] = shape;
        let Self { by_keys, shapes, hasher, .. } = self;
        by_keys.insert_unique(hash, id, |id| hasher.hash_one(shapes[id.0 as usize].keys()));
        id
    }

    /// Removes unused shapes.
    ///
    /// Runs each time the weight has doubled: objects that change shape all the time then need bounded
    /// memory and little time.
    fn sweep(&mut self) {
        let Self { by_keys, shapes, free, .. } = self;
        by_keys.retain(|id| {
            let shape = &mut shapes[id.0 as usize];
            let used = shape.objects > 0;
            if !used {
                *shape = Shape::default();
                free.push(*id);
            }
            used
        });
        self.weight = by_keys.iter().map(|id| shapes[id.0 as usize].weight()).sum();
        self.sweep_above = self.weight * 2 + SPARE_WEIGHT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(numbers: std::ops::Range<u32>) -> Vec<AttributeKey> {
        numbers.map(AttributeKey).collect()
    }

    #[test]
    fn equal_lists_of_keys_are_one_shape() {
        let mut shapes = Shapes::default();
        let whole = shapes.acquire(&keys(0..3));
        let part = shapes.acquire(&keys(0..2));
        assert_eq!(shapes.acquire_with(part, AttributeKey(2)), whole);
        assert_eq!(shapes.acquire_without(whole, 2), part);
        assert_eq!(shapes.acquire(&[]), ShapeId::EMPTY);
    }

    #[test]
    fn short_and_long_shapes_find_all_their_keys_and_no_other() {
        for length in [1, SCANNED as u32, SCANNED as u32 + 1, 1000] {
            let shape = Shape::new(&keys(5..5 + length));
            for (position, key) in keys(5..5 + length).into_iter().enumerate() {
                assert_eq!(shape.position(key), Some(position));
            }
            assert_eq!(shape.position(AttributeKey(4)), None);
            assert_eq!(shape.position(AttributeKey(5 + length)), None);
        }
    }

    #[test]
    fn unused_shapes_are_removed_and_used_ones_stay() {
        let mut shapes = Shapes::default();
        let kept = shapes.acquire(&keys(0..3));
        for first in 0..100_000 {
            let id = shapes.acquire(&keys(first..first + 2));
            assert_eq!(shapes.get(id).keys(), keys(first..first + 2));
            shapes.release(id);
        }
        assert!(shapes.shapes.len() < 1000, "{} shapes", shapes.shapes.len());
        assert_eq!(shapes.acquire(&keys(0..3)), kept);
    }
}
