//! The calls that `MapStore` and `NaiveMapStore` have in common.

use std::collections::HashMap;

use slotted::map::{AttributeKey, MapObject, MapObjectMut};
use slotted::{ByName, MapStore, ObjectId, Value};

use crate::naive_map::NaiveMapStore;

/// An attribute map, for workloads that run on either. Each call is the map's fastest.
pub trait AttributeMap: ByName + Clone + Default + 'static {
    /// A name, resolved as far as the map can.
    type Key: Copy;
    /// One object.
    type Object<'a>: Attributes<Self::Key>;
    /// One object that can be changed.
    type ObjectMut<'a>: AttributesMut<Self::Key>;

    /// Resolves a name.
    fn key(&mut self, name: &'static str) -> Self::Key;
    /// Returns an attribute's value, or `None` if the object is not alive or has no such attribute.
    fn get(&self, id: ObjectId, key: Self::Key) -> Option<&Value>;
    /// Returns an attribute's value to be changed, or `None` like [`get`](Self::get).
    fn get_mut(&mut self, id: ObjectId, key: Self::Key) -> Option<&mut Value>;
    /// Returns an iterator over all objects, in the order of their rows.
    fn iter(&self) -> impl Iterator<Item = Self::Object<'_>>;
    /// Returns an iterator over all objects that can change them, in the order of their rows.
    fn iter_mut(&mut self) -> impl Iterator<Item = Self::ObjectMut<'_>>;
    /// Returns how many bytes of heap memory the map takes.
    fn heap_bytes(&self) -> usize;
}

/// An object's attributes.
pub trait Attributes<K> {
    /// Returns an attribute's value, or `None` if the object does not have the attribute.
    fn attribute(&self, key: K) -> Option<&Value>;
}

/// An object's attributes, which can be changed.
pub trait AttributesMut<K>: Attributes<K> {
    /// Returns an attribute's value to be changed, or `None` if the object does not have the attribute.
    fn attribute_mut(&mut self, key: K) -> Option<&mut Value>;
}

impl AttributeMap for MapStore {
    type Key = AttributeKey;
    type Object<'a> = MapObject<'a>;
    type ObjectMut<'a> = MapObjectMut<'a>;

    fn key(&mut self, name: &'static str) -> AttributeKey {
        self.key(name)
    }

    #[inline]
    fn get(&self, id: ObjectId, key: AttributeKey) -> Option<&Value> {
        self.get(id, key)
    }

    #[inline]
    fn get_mut(&mut self, id: ObjectId, key: AttributeKey) -> Option<&mut Value> {
        self.get_mut(id, key)
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = MapObject<'_>> {
        self.iter()
    }

    #[inline]
    fn iter_mut(&mut self) -> impl Iterator<Item = MapObjectMut<'_>> {
        self.iter_mut()
    }

    fn heap_bytes(&self) -> usize {
        self.heap_bytes()
    }
}

impl Attributes<AttributeKey> for MapObject<'_> {
    #[inline]
    fn attribute(&self, key: AttributeKey) -> Option<&Value> {
        self.get(key)
    }
}

impl Attributes<AttributeKey> for MapObjectMut<'_> {
    #[inline]
    fn attribute(&self, key: AttributeKey) -> Option<&Value> {
        self.get(key)
    }
}

impl AttributesMut<AttributeKey> for MapObjectMut<'_> {
    #[inline]
    fn attribute_mut(&mut self, key: AttributeKey) -> Option<&mut Value> {
        self.get_mut(key)
    }
}

impl AttributeMap for NaiveMapStore {
    type Key = &'static str;
    type Object<'a> = &'a HashMap<String, Value>;
    type ObjectMut<'a> = &'a mut HashMap<String, Value>;

    fn key(&mut self, name: &'static str) -> &'static str {
        name
    }

    #[inline]
    fn get(&self, id: ObjectId, key: &'static str) -> Option<&Value> {
        self.get(id, key)
    }

    #[inline]
    fn get_mut(&mut self, id: ObjectId, key: &'static str) -> Option<&mut Value> {
        self.get_mut(id, key)
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = &HashMap<String, Value>> {
        self.iter().map(|(_, attributes)| attributes)
    }

    #[inline]
    fn iter_mut(&mut self) -> impl Iterator<Item = &mut HashMap<String, Value>> {
        self.iter_mut().map(|(_, attributes)| attributes)
    }

    fn heap_bytes(&self) -> usize {
        self.heap_bytes()
    }
}

impl Attributes<&'static str> for &HashMap<String, Value> {
    #[inline]
    fn attribute(&self, key: &'static str) -> Option<&Value> {
        self.get(key).filter(|value| !value.is_unset())
    }
}

impl Attributes<&'static str> for &mut HashMap<String, Value> {
    #[inline]
    fn attribute(&self, key: &'static str) -> Option<&Value> {
        self.get(key).filter(|value| !value.is_unset())
    }
}

impl AttributesMut<&'static str> for &mut HashMap<String, Value> {
    #[inline]
    fn attribute_mut(&mut self, key: &'static str) -> Option<&mut Value> {
        self.get_mut(key).filter(|value| !value.is_unset())
    }
}
