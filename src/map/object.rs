//! The objects that a `MapStore`'s iterators return.

use crate::id::ObjectId;
use crate::map::AttributeKey;
use crate::map::shape::Shape;
use crate::value::Value;

/// One object of a [`MapStore`](crate::MapStore), from its [`iter`](crate::MapStore::iter).
#[derive(Clone, Copy, Debug)]
pub struct MapObject<'a> {
    id: ObjectId,
    shape: &'a Shape,
    values: &'a [Value],
}

impl<'a> MapObject<'a> {
    #[inline]
    pub(super) const fn new(id: ObjectId, shape: &'a Shape, values: &'a [Value]) -> Self {
        Self { id, shape, values }
    }

    /// Returns the object's id.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let ada = store.spawn_record("person", record! {})?;
    /// assert!(store.iter().all(|object| object.id() == ada));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns an attribute's value, or `None` if the object does not have the attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// store.spawn_record("person", record! { age: 41 })?;
    /// assert!(store.iter().all(|object| object.get(age) == Some(&41.into())));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, key: AttributeKey) -> Option<&'a Value> {
        self.values.get(self.shape.position(key)?).filter(|value| !value.is_unset())
    }
}

/// One object of a [`MapStore`](crate::MapStore), from its [`iter_mut`](crate::MapStore::iter_mut).
#[derive(Debug)]
pub struct MapObjectMut<'a> {
    id: ObjectId,
    shape: &'a Shape,
    values: &'a mut [Value],
}

impl<'a> MapObjectMut<'a> {
    #[inline]
    pub(super) const fn new(id: ObjectId, shape: &'a Shape, values: &'a mut [Value]) -> Self {
        Self { id, shape, values }
    }

    /// Returns the object's id.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let ada = store.spawn_record("person", record! {})?;
    /// assert!(store.iter_mut().all(|object| object.id() == ada));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns an attribute's value, or `None` if the object does not have the attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// store.spawn_record("person", record! { age: 41 })?;
    /// assert!(store.iter_mut().all(|object| object.get(age) == Some(&41.into())));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, key: AttributeKey) -> Option<&Value> {
        self.values.get(self.shape.position(key)?).filter(|value| !value.is_unset())
    }

    /// Returns a mutable reference to an attribute's value, or `None` if the object does not have the
    /// attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// for mut object in store.iter_mut() {
    ///     if let Some(value) = object.get_mut(age) {
    ///         *value = 42.into();
    ///     }
    /// }
    /// assert_eq!(store.get(ada, age), Some(&42.into()));
    /// # Ok::<(), slotted::SpawnError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, key: AttributeKey) -> Option<&mut Value> {
        self.values.get_mut(self.shape.position(key)?).filter(|value| !value.is_unset())
    }
}
