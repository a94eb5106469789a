//! `MapStore`: objects that take any attribute at any time.

mod heap;
mod names;
mod object;
mod rows;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use heap::HeapCount;
use names::Names;
pub use object::{MapObject, MapObjectMut};
use rows::{Row, Rows};
use shape::{ShapeId, Shapes};

use crate::by_name::ByName;
use crate::error::{AccessError, Despawned, LimitError, Rejection, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::record::Record;
use crate::schema::{Problem, ProblemKind};
use crate::side_table::Living;
use crate::suggest::{Suggestion, nearest_name};
use crate::value::Value;

/// An attribute's name, resolved once by [`MapStore::key`].
///
/// A key belongs to the store that made it and to that store's clones.
///
/// ```
/// use slotted::{ByName, MapStore, map::AttributeKey, record};
/// let mut store = MapStore::new();
/// let age: AttributeKey = store.key("age");
/// let ada = store.spawn_record("person", record! { age: 41 })?;
/// assert_eq!(store.get(ada, age), Some(&41.into()));
/// # Ok::<(), slotted::SpawnError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AttributeKey(u32);

/// Objects that take any attribute at any time: the store to prototype with.
///
/// No schema is declared. The only check is that a record names each attribute once. Use a
/// [`Store`](crate::Store) for many objects of fixed structure: it takes a fifth of the memory and a
/// tenth of the time.
///
/// Attributes are reached by name through [`ByName`], or faster by a [`key`](Self::key). Setting an
/// attribute to [`Value::Unset`] removes it. The store remembers every name, even after the last
/// object with it is gone.
///
/// ```
/// use slotted::{ByName, MapStore, record};
/// let mut store = MapStore::new();
/// let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
/// store.set_value(ada, "height", 170.into())?;
/// assert_eq!(store.get_value(ada, "height")?, 170.into());
///
/// let error = store.get_value(ada, "weight").unwrap_err();
/// assert!(error.to_string().starts_with("'person' object has no slot 'weight'"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Attribute names are numbers, objects with the same attributes share one list of them (their shape),
// and an object holds only its values. CPython's key-sharing dictionaries and V8's hidden classes do
// the same. Measured at 1M objects of seven attributes against a box of (key, value) pairs per object:
// 193 instead of 249 bytes, a movement frame 14 instead of 19 ns, random access the same. Values in
// blocks of one shape take 181 bytes but are no faster, and adding an attribute moves the object.
#[derive(Clone, Debug, Default)]
pub struct MapStore {
    schemas: Names,
    keys: Names,
    rows: Rows,
    shapes: Shapes,
    /// The shape of each schema's latest record, which most next records share.
    latest: Vec<ShapeId>,
}

impl MapStore {
    /// Creates an empty store.
    ///
    /// ```
    /// use slotted::{ByName, MapStore};
    /// assert!(MapStore::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the key of the attributes with this name; no object needs to have one yet.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// let ada = store.spawn_record("person", record! { name: "Ada" })?;
    /// assert_eq!(store.get(ada, age), None);
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    pub fn key(&mut self, name: &str) -> AttributeKey {
        AttributeKey(self.keys.intern(name))
    }

    /// Returns the key of the attributes with this name, or `None` if the store does not know the name.
    ///
    /// ```
    /// use slotted::MapStore;
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// assert_eq!(store.find_key("age"), Some(age));
    /// assert_eq!(store.find_key("height"), None);
    /// ```
    #[must_use]
    pub fn find_key(&self, name: &str) -> Option<AttributeKey> {
        self.keys.find(name).map(AttributeKey)
    }

    /// Returns an attribute's value, or `None` if the object is not alive or has no such attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let (age, height) = (store.key("age"), store.key("height"));
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// assert_eq!(store.get(ada, age), Some(&41.into()));
    /// assert_eq!(store.get(ada, height), None);
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, id: ObjectId, key: AttributeKey) -> Option<&Value> {
        let object = self.rows.get(id)?;
        let value = object.values.get(self.shapes.get(object.shape).position(key)?)?;
        (!value.is_unset()).then_some(value)
    }

    /// Returns a mutable reference to an attribute's value, or `None` if the object is not alive or has
    /// no such attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// *store.get_mut(ada, age).unwrap() = 42.into();
    /// assert_eq!(store.get(ada, age), Some(&42.into()));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, id: ObjectId, key: AttributeKey) -> Option<&mut Value> {
        let object = self.rows.get_mut(id)?;
        let value = object.values.get_mut(self.shapes.get(object.shape).position(key)?)?;
        (!value.is_unset()).then_some(value)
    }

    /// Changes, adds or removes one attribute.
    ///
    /// Adding or removing one takes **O(n)** time for an object of n attributes.
    ///
    /// # Errors
    /// Returns an error if the object is not alive, or if the key belongs to another store.
    ///
    /// # Example
    /// ```
    /// use slotted::{ByName, MapStore, Value, record};
    /// let mut store = MapStore::new();
    /// let (age, height) = (store.key("age"), store.key("height"));
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// store.set(ada, height, 170)?;
    /// store.set(ada, age, Value::Unset)?;
    /// assert_eq!(store.get_record(ada)?, record! { height: 170 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn set(
        &mut self,
        id: ObjectId,
        key: AttributeKey,
        value: impl Into<Value>,
    ) -> Result<(), AccessError> {
        if self.keys.get(key.0).is_none() {
            let (schema, name) = (self.schema_of(id)?, format!("#{}", key.0));
            return Err(AccessError::undeclared(schema, &name, Suggestion::default()));
        }
        self.set_known(id, key, value.into())
    }

    /// Returns an iterator over all objects, in the order of their rows.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// store.spawn_record("orc", record! { health: 80 })?;
    /// store.spawn_record("wall", record! {})?;
    /// let health = store.key("health");
    /// assert_eq!(store.iter().filter(|object| object.get(health).is_some()).count(), 1);
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = MapObject<'_>> {
        let objects = self.rows.iter();
        objects.map(|(id, row)| MapObject::new(id, self.shapes.get(row.shape), &row.values))
    }

    /// Returns an iterator over all objects that can change their values, in the order of their rows.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, Value, glam::Vec3, record};
    /// let mut store = MapStore::new();
    /// let at_rest = record! { position: Vec3::ZERO, velocity: Vec3::NEG_Y };
    /// let stone = store.spawn_record("stone", at_rest)?;
    /// let (position, velocity) = (store.key("position"), store.key("velocity"));
    /// for mut object in store.iter_mut() {
    ///     let Some(&Value::Vec3(velocity)) = object.get(velocity) else { continue };
    ///     let Some(Value::Vec3(position)) = object.get_mut(position) else { continue };
    ///     *position += velocity * 0.5;
    /// }
    /// assert_eq!(store.get(stone, position), Some(&Vec3::new(0.0, -0.5, 0.0).into()));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> impl Iterator<Item = MapObjectMut<'_>> {
        let (shapes, objects) = (&self.shapes, self.rows.iter_mut());
        objects.map(|(id, row)| MapObjectMut::new(id, shapes.get(row.shape), &mut row.values))
    }

    /// Removes all objects. Their ids stay stale, keys stay valid.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let ada = store.spawn_record("person", record! { name: "Ada" })?;
    /// store.clear();
    /// assert!(store.is_empty() && !store.contains(ada));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    pub fn clear(&mut self) {
        self.rows.clear(|shape| self.shapes.release(shape));
    }

    /// Returns how many bytes of heap memory the store takes for its objects, their values and names.
    ///
    /// Memory that several values share counts once, even if something outside of the store shares it
    /// too. Computes in **O(n)** time for n values.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// assert!(store.heap_bytes() < 100);
    /// store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    /// assert!(store.heap_bytes() > 100);
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let mut values = HeapCount::default();
        let objects = self.rows.iter().map(|(_, row)| {
            row.values.iter().for_each(|value| values.value(value));
            size_of_val(&*row.values)
        });
        objects.sum::<usize>()
            + values.bytes
            + self.rows.heap_bytes()
            + self.shapes.heap_bytes()
            + self.latest.capacity() * size_of::<ShapeId>()
            + self.schemas.heap_bytes()
            + self.keys.heap_bytes()
    }

    /// Returns the name of the object's schema, which can be cloned without copying the text.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    ///
    /// # Example
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let ada = store.spawn_record("person", record! { name: "Ada" })?;
    /// assert_eq!(&**store.schema_of(ada)?, "person");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schema_of(&self, id: ObjectId) -> Result<&Arc<str>, Despawned> {
        let name = self.schemas.get(u32::from(id.schema().0));
        name.filter(|_| self.contains(id)).ok_or(Despawned { id })
    }

    /// Like [`set`](Self::set), for a key of this store.
    #[inline]
    fn set_known(
        &mut self,
        id: ObjectId,
        key: AttributeKey,
        value: Value,
    ) -> Result<(), AccessError> {
        let object = self.rows.get_mut(id).ok_or(Despawned { id })?;
        let position = self.shapes.get(object.shape).position(key);
        match (position, value.is_unset()) {
            (Some(position), false) => object.values[position] = value,
            (None, true) => {}
            (Some(position), true) => remove_attribute(object, &mut self.shapes, position),
            (None, false) => add_attribute(object, &mut self.shapes, key, value),
        }
        Ok(())
    }

    /// Splits the record into its values and its shape, which counts one more object.
    fn split(
        &mut self,
        schema: SchemaId,
        record: Record,
    ) -> Result<(ShapeId, Box<[Value]>), Vec<String>> {
        // Collecting would reuse and shrink the record's allocation, which costs more.
        let mut values = Vec::with_capacity(record.len());
        let latest = self.latest.get(schema.index()).copied().unwrap_or(ShapeId::EMPTY);
        if self.shapes.acquire_matching(latest, &self.keys, &record) {
            values.extend(record.into_iter().map(|(_, value)| value));
            return Ok((latest, values.into_boxed_slice()));
        }
        let duplicates = duplicates(&record);
        if !duplicates.is_empty() {
            return Err(duplicates);
        }
        let mut own = Vec::with_capacity(record.len());
        for (name, value) in record.into_iter().filter(|(_, value)| !value.is_unset()) {
            own.push(AttributeKey(self.keys.intern(&name)));
            values.push(value);
        }
        let shape = self.shapes.acquire(&own);
        if self.latest.len() <= schema.index() {
            self.latest.resize(schema.index() + 1, ShapeId::EMPTY);
        }
        self.latest[schema.index()] = shape;
        Ok((shape, values.into_boxed_slice()))
    }

    #[cold]
    fn absent(&self, id: ObjectId, name: &str) -> AccessError {
        let (schema, record) = match (self.schema_of(id), self.get_record(id)) {
            (Ok(schema), Ok(record)) => (schema, record),
            (Err(error), _) | (_, Err(error)) => return error.into(),
        };
        let own: Vec<Arc<str>> = record.iter().map(|(own, _)| own.into()).collect();
        let misspelt = Arc::<str>::from(name);
        let suggestion = Suggestion::search(move || nearest_name(&misspelt, &own));
        AccessError::undeclared(schema, name, suggestion)
    }
}

impl Living for MapStore {
    fn is_alive(&self, id: ObjectId) -> bool {
        ByName::contains(self, id)
    }
}

impl ByName for MapStore {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        let known = self.schemas.find(schema);
        let number = known.map_or(self.schemas.len(), |number| number as usize);
        // The last number stays unused: 65,535 schemas, as in a `Store`.
        let id = u16::try_from(number).ok().filter(|number| *number < u16::MAX).map(SchemaId);
        let id = id.ok_or_else(|| {
            let (schema, limit) = (schema.into(), usize::from(u16::MAX));
            LimitError::Schemas { schema, limit }
        })?;
        if !self.rows.has_room() {
            return Err(LimitError::Rows { schema: schema.into(), limit: self.rows.most }.into());
        }
        let split = self.split(id, record);
        let (shape, values) = split.map_err(|names| duplicate_names(schema, names))?;
        // Only now: a rejected record leaves the store as it was.
        if known.is_none() {
            self.schemas.intern(schema);
        }
        Ok(self.rows.insert(id, values, shape))
    }

    fn despawn(&mut self, id: ObjectId) -> Result<(), Despawned> {
        let shape = self.rows.remove(id).ok_or(Despawned { id })?;
        self.shapes.release(shape);
        Ok(())
    }

    #[inline]
    fn contains(&self, id: ObjectId) -> bool {
        self.rows.get(id).is_some()
    }

    #[inline]
    fn len(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.rows.iter().map(|(id, _)| id)
    }

    fn schema_name(&self, id: ObjectId) -> Result<&str, Despawned> {
        self.schema_of(id).map(|name| &**name)
    }

    #[inline]
    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError> {
        let find = || {
            // In this order, the object is on its way from memory while the name is looked up.
            let object = self.rows.get(id)?;
            let key = AttributeKey(self.keys.find(name)?);
            object.values.get(self.shapes.get(object.shape).position(key)?)
        };
        let value = find().filter(|value| !value.is_unset());
        value.cloned().ok_or_else(|| self.absent(id, name))
    }

    #[inline]
    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError> {
        if !self.contains(id) {
            return Err(Despawned { id }.into());
        }
        let key = match self.keys.find(name) {
            Some(key) => key,
            None if value.is_unset() => return Ok(()),
            None => self.keys.intern(name),
        };
        self.set_known(id, AttributeKey(key), value)
    }

    fn get_record(&self, id: ObjectId) -> Result<Record, Despawned> {
        let object = self.rows.get(id).ok_or(Despawned { id })?;
        let mut record = Record::with_capacity(object.values.len());
        for (key, value) in self.shapes.get(object.shape).keys().iter().zip(&object.values) {
            let name = self.keys.get(key.0).expect("a shape's keys are this store's");
            if !value.is_unset() {
                record.push(String::from(&**name), value.clone());
            }
        }
        Ok(record)
    }
}

#[cold]
fn remove_attribute(object: &mut Row, shapes: &mut Shapes, position: usize) {
    let shape = shapes.acquire_without(object.shape, position);
    shapes.release(mem::replace(&mut object.shape, shape));
    let mut values = mem::take(&mut object.values).into_vec();
    values.remove(position);
    object.values = values.into_boxed_slice();
}

#[cold]
fn add_attribute(object: &mut Row, shapes: &mut Shapes, key: AttributeKey, value: Value) {
    let shape = shapes.acquire_with(object.shape, key);
    shapes.release(mem::replace(&mut object.shape, shape));
    let mut values = mem::take(&mut object.values).into_vec();
    values.reserve_exact(1);
    values.push(value);
    object.values = values.into_boxed_slice();
}

/// Every repetition of a name in the record.
fn duplicates(record: &Record) -> Vec<String> {
    // Up to this length, comparing all pairs is faster than a hash set and needs no memory.
    const FEW: usize = 16;
    let repeats =
        |position: usize, name: &str| record.iter().take(position).any(|(own, _)| own == name);
    let mut seen = HashSet::new();
    let names = record.iter().map(|(name, _)| name).enumerate();
    let repeated = names.filter(|(position, name)| match record.len() {
        ..=FEW => repeats(*position, name),
        _ => !seen.insert(*name),
    });
    repeated.map(|(_, name)| name.into()).collect()
}

#[cold]
fn duplicate_names(schema: &str, names: Vec<String>) -> SpawnError {
    let schema = Arc::<str>::from(schema);
    let problem = |name: String| Problem {
        record: None,
        schema: Arc::clone(&schema),
        slot: name.into(),
        kind: ProblemKind::Duplicate,
    };
    Rejection::new(names.into_iter().map(problem).collect()).into()
}
