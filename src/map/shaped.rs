//! The tuned layout.

use std::mem;

use crate::id::{ObjectId, SchemaId};
use crate::map::AttributeKey;
use crate::map::heap::HeapCount;
use crate::map::layout::{Operations, Refused, duplicates};
use crate::map::names::Names;
use crate::map::rows::{self, Rows};
use crate::map::shape::{Shape, ShapeId, Shapes};
use crate::record::Record;
use crate::value::Value;

type Row = rows::Row<Box<[Value]>, ShapeId>;

const _: () = assert!(size_of::<Row>() == 24);

/// The tuned layout: attribute names are numbers, objects that have the same attributes share one
/// list of them, and an object holds just its values.
///
/// This is what CPython's key-sharing dictionaries and V8's hidden classes do.
// Measured at 1M objects of seven attributes against a box of (key, value) pairs per object: 193
// instead of 249 bytes, a movement frame 14 instead of 19 ns, random access the same. Values in blocks
// of one shape take 181 bytes, but are no faster, and adding an attribute moves the object.
#[derive(Clone, Debug, Default)]
pub struct Shaped {
    pub(super) rows: Rows<Box<[Value]>, ShapeId>,
    shapes: Shapes,
    /// The shape of each schema's latest record: the next one's too, most of the time.
    latest: Vec<ShapeId>,
}

impl Shaped {
    /// The record's shape, with one more object, and its values.
    fn take_apart(
        &mut self,
        keys: &mut Names,
        schema: SchemaId,
        record: Record,
    ) -> Result<(ShapeId, Box<[Value]>), Refused> {
        // Collecting would keep the record's allocation and shrink it, which costs more.
        let mut values = Vec::with_capacity(record.len());
        let latest = self.latest.get(schema.index()).copied().unwrap_or(ShapeId::EMPTY);
        if self.shapes.acquire_matching(latest, keys, &record) {
            values.extend(record.into_iter().map(|(_, value)| value));
            return Ok((latest, values.into_boxed_slice()));
        }
        let duplicates = duplicates(&record);
        if !duplicates.is_empty() {
            return Err(Refused::Duplicates(duplicates));
        }
        let mut own = Vec::with_capacity(record.len());
        for (name, value) in record.into_iter().filter(|(_, value)| !value.is_unset()) {
            own.push(AttributeKey(keys.intern(&name)));
            values.push(value);
        }
        let shape = self.shapes.acquire(&own);
        if self.latest.len() <= schema.index() {
            self.latest.resize(schema.index() + 1, ShapeId::EMPTY);
        }
        self.latest[schema.index()] = shape;
        Ok((shape, values.into_boxed_slice()))
    }
}

impl Operations for Shaped {
    type View<'a> = (&'a Shape, &'a [Value]);
    type ViewMut<'a> = (&'a Shape, &'a mut [Value]);

    fn insert(
        &mut self,
        keys: &mut Names,
        schema: SchemaId,
        record: Record,
    ) -> Result<ObjectId, Refused> {
        if !self.rows.has_room() {
            return Err(Refused::Rows(self.rows.most));
        }
        let (shape, values) = self.take_apart(keys, schema, record)?;
        Ok(self.rows.insert(schema, values, shape))
    }

    fn remove(&mut self, id: ObjectId) -> bool {
        let shape = self.rows.remove(id);
        shape.map(|shape| self.shapes.release(shape)).is_some()
    }

    fn clear(&mut self) {
        self.rows.clear(|shape| self.shapes.release(shape));
    }

    fn contains(&self, id: ObjectId) -> bool {
        self.rows.get(id).is_some()
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.rows.iter().map(|(id, _)| id)
    }

    fn heap_bytes(&self, values: &mut HeapCount) -> usize {
        let objects = self.rows.iter().map(|(_, row)| {
            row.values.iter().for_each(|value| values.value(value));
            size_of_val(&*row.values)
        });
        objects.sum::<usize>()
            + self.rows.heap_bytes()
            + self.shapes.heap_bytes()
            + self.latest.capacity() * size_of::<ShapeId>()
    }

    #[inline]
    fn get(&self, _: &Names, id: ObjectId, key: AttributeKey) -> Option<&Value> {
        let object = self.rows.get(id)?;
        object.values.get(self.shapes.get(object.shape).position(key)?)
    }

    #[inline]
    fn get_named(&self, keys: &Names, id: ObjectId, name: &str) -> Option<&Value> {
        // In this order, the object is on its way from memory while the name is looked up.
        let object = self.rows.get(id)?;
        let key = AttributeKey(keys.find(name)?);
        object.values.get(self.shapes.get(object.shape).position(key)?)
    }

    #[inline]
    fn get_mut(&mut self, _: &Names, id: ObjectId, key: AttributeKey) -> Option<&mut Value> {
        let object = self.rows.get_mut(id)?;
        object.values.get_mut(self.shapes.get(object.shape).position(key)?)
    }

    #[inline]
    fn set(&mut self, _: &Names, id: ObjectId, key: AttributeKey, value: Value) -> bool {
        let Some(object) = self.rows.get_mut(id) else { return false };
        let position = self.shapes.get(object.shape).position(key);
        match (position, value.is_unset()) {
            (Some(position), false) => object.values[position] = value,
            (None, true) => {}
            (position, _) => change_shape(object, &mut self.shapes, position, key, value),
        }
        true
    }

    #[inline]
    fn set_named(&mut self, keys: &mut Names, id: ObjectId, name: &str, value: Value) -> bool {
        if !self.contains(id) {
            return false;
        }
        let key = match keys.find(name) {
            Some(key) => key,
            None if value.is_unset() => return true,
            None => keys.intern(name),
        };
        self.set(keys, id, AttributeKey(key), value)
    }

    fn record(&self, keys: &Names, id: ObjectId) -> Option<Record> {
        let object = self.rows.get(id)?;
        let mut record = Record::with_capacity(object.values.len());
        for (key, value) in self.shapes.get(object.shape).keys().iter().zip(&object.values) {
            let name = keys.get(key.0).expect("the name of a key of this store");
            if !value.is_unset() {
                record.push(String::from(&**name), value.clone());
            }
        }
        Some(record)
    }

    fn iter<'a>(&'a self, _: &'a Names) -> impl Iterator<Item = (ObjectId, Self::View<'a>)> {
        self.rows.iter().map(|(id, object)| (id, (self.shapes.get(object.shape), &*object.values)))
    }

    fn iter_mut<'a>(
        &'a mut self,
        _: &'a Names,
    ) -> impl Iterator<Item = (ObjectId, Self::ViewMut<'a>)> {
        let shapes = &self.shapes;
        let rows = self.rows.iter_mut();
        rows.map(|(id, object)| (id, (shapes.get(object.shape), &mut *object.values)))
    }

    #[inline]
    fn view_get(view: Self::View<'_>, key: AttributeKey) -> Option<&Value> {
        view.1.get(view.0.position(key)?)
    }

    #[inline]
    fn view_mut_get<'v>(view: &'v Self::ViewMut<'_>, key: AttributeKey) -> Option<&'v Value> {
        view.1.get(view.0.position(key)?)
    }

    #[inline]
    fn view_mut_get_mut<'v>(
        view: &'v mut Self::ViewMut<'_>,
        key: AttributeKey,
    ) -> Option<&'v mut Value> {
        view.1.get_mut(view.0.position(key)?)
    }
}

/// Removes the attribute at the position, or adds one where there is none.
#[cold]
fn change_shape(
    object: &mut Row,
    shapes: &mut Shapes,
    position: Option<usize>,
    key: AttributeKey,
    value: Value,
) {
    let shape = match position {
        Some(position) => shapes.acquire_without(object.shape, position),
        None => shapes.acquire_with(object.shape, key),
    };
    shapes.release(mem::replace(&mut object.shape, shape));
    let mut values = mem::take(&mut object.values).into_vec();
    match position {
        Some(position) => drop(values.remove(position)),
        None => {
            values.reserve_exact(1);
            values.push(value);
        }
    }
    object.values = values.into_boxed_slice();
}
