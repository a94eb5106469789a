//! The naive layout.

use std::collections::HashMap;

use crate::id::{ObjectId, SchemaId};
use crate::map::AttributeKey;
use crate::map::heap::{HeapCount, map_bytes};
use crate::map::layout::{Operations, Refused, duplicates};
use crate::map::names::Names;
use crate::map::rows::Rows;
use crate::record::Record;
use crate::value::Value;

type Attributes = HashMap<String, Value>;

/// The naive layout, as a first prototype has it: a hash map of names for each object.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    pub(super) rows: Rows<Attributes>,
}

impl Operations for Naive {
    type View<'a> = (&'a Names, &'a Attributes);
    type ViewMut<'a> = (&'a Names, &'a mut Attributes);

    fn insert(
        &mut self,
        _: &mut Names,
        schema: SchemaId,
        record: Record,
    ) -> Result<ObjectId, Refused> {
        if !self.rows.has_room() {
            return Err(Refused::Rows(self.rows.most));
        }
        let duplicates = duplicates(&record);
        if !duplicates.is_empty() {
            return Err(Refused::Duplicates(duplicates));
        }
        let set = record.into_iter().filter(|(_, value)| !value.is_unset());
        let values = set.map(|(name, value)| (name.into_owned(), value)).collect();
        Ok(self.rows.insert(schema, values, ()))
    }

    fn remove(&mut self, id: ObjectId) -> bool {
        self.rows.remove(id).is_some()
    }

    fn clear(&mut self) {
        self.rows.clear(|()| ());
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
            row.values.values().for_each(|value| values.value(value));
            map_bytes(&row.values) + row.values.keys().map(String::capacity).sum::<usize>()
        });
        objects.sum::<usize>() + self.rows.heap_bytes()
    }

    fn get(&self, keys: &Names, id: ObjectId, key: AttributeKey) -> Option<&Value> {
        self.rows.get(id)?.values.get(&**keys.get(key.0)?)
    }

    fn get_named(&self, _: &Names, id: ObjectId, name: &str) -> Option<&Value> {
        self.rows.get(id)?.values.get(name)
    }

    fn get_mut(&mut self, keys: &Names, id: ObjectId, key: AttributeKey) -> Option<&mut Value> {
        self.rows.get_mut(id)?.values.get_mut(&**keys.get(key.0)?)
    }

    fn set(&mut self, keys: &Names, id: ObjectId, key: AttributeKey, value: Value) -> bool {
        let name = keys.get(key.0).expect("the store has checked the key");
        self.rows.get_mut(id).map(|row| set(&mut row.values, name, value)).is_some()
    }

    fn set_named(&mut self, _: &mut Names, id: ObjectId, name: &str, value: Value) -> bool {
        self.rows.get_mut(id).map(|row| set(&mut row.values, name, value)).is_some()
    }

    fn record(&self, _: &Names, id: ObjectId) -> Option<Record> {
        let set = self.rows.get(id)?.values.iter().filter(|(_, value)| !value.is_unset());
        let mut values: Vec<_> = set.collect();
        values.sort_unstable_by_key(|(name, _)| *name);
        Some(values.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn iter<'a>(&'a self, keys: &'a Names) -> impl Iterator<Item = (ObjectId, Self::View<'a>)> {
        self.rows.iter().map(move |(id, row)| (id, (keys, &row.values)))
    }

    fn iter_mut<'a>(
        &'a mut self,
        keys: &'a Names,
    ) -> impl Iterator<Item = (ObjectId, Self::ViewMut<'a>)> {
        self.rows.iter_mut().map(move |(id, row)| (id, (keys, &mut row.values)))
    }

    fn view_get((keys, object): Self::View<'_>, key: AttributeKey) -> Option<&Value> {
        object.get(&**keys.get(key.0)?)
    }

    fn view_mut_get<'v>(
        (keys, object): &'v Self::ViewMut<'_>,
        key: AttributeKey,
    ) -> Option<&'v Value> {
        object.get(&**keys.get(key.0)?)
    }

    fn view_mut_get_mut<'v>(
        (keys, object): &'v mut Self::ViewMut<'_>,
        key: AttributeKey,
    ) -> Option<&'v mut Value> {
        object.get_mut(&**keys.get(key.0)?)
    }
}

fn set(object: &mut Attributes, name: &str, value: Value) {
    if value.is_unset() {
        object.remove(name);
    } else if let Some(own) = object.get_mut(name) {
        *own = value;
    } else {
        object.insert(name.into(), value);
    }
}
