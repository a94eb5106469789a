//! The naive layout.

use std::collections::HashMap;

use crate::id::{EntityId, SchemaId};
use crate::map_store::AttributeKey;
use crate::map_store::layout::{MOST_ROWS, Operations, Refused, duplicates};
use crate::map_store::names::Names;
use crate::record::Record;
use crate::value::Value;

type Attributes = HashMap<String, Value>;

/// The naive layout, as a first prototype has it: a hash map of names for each object.
///
/// Rows are counted up and used again only when all of them were, with the next generation.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    objects: HashMap<EntityId, Attributes>,
    pub(super) spawned: u64,
}

impl Naive {
    fn next_id(&self, schema: SchemaId) -> Option<EntityId> {
        let rows = u64::from(MOST_ROWS);
        let row = u32::try_from(self.spawned % rows).ok()?;
        let generation = u16::try_from(self.spawned / rows * 2 + 1).ok()?;
        Some(EntityId::new(schema, row, generation))
    }
}

impl Operations for Naive {
    type View<'a> = (&'a Names, &'a Attributes);
    type ViewMut<'a> = (&'a Names, &'a mut Attributes);

    fn insert(
        &mut self,
        _: &mut Names,
        schema: SchemaId,
        record: Record,
    ) -> Result<EntityId, Refused> {
        let duplicates = duplicates(&record);
        if !duplicates.is_empty() {
            return Err(Refused::Duplicates(duplicates));
        }
        let Some(id) = self.next_id(schema) else { return Err(Refused::Rows) };
        let set = record.into_iter().filter(|(_, value)| !value.is_unset());
        self.objects.insert(id, set.map(|(name, value)| (name.into_owned(), value)).collect());
        self.spawned += 1;
        Ok(id)
    }

    fn remove(&mut self, id: EntityId) -> bool {
        self.objects.remove(&id).is_some()
    }

    fn clear(&mut self) {
        self.objects.clear();
    }

    fn contains(&self, id: EntityId) -> bool {
        self.objects.contains_key(&id)
    }

    fn len(&self) -> usize {
        self.objects.len()
    }

    fn ids(&self) -> impl Iterator<Item = EntityId> {
        self.objects.keys().copied()
    }

    fn get(&self, keys: &Names, id: EntityId, key: AttributeKey) -> Option<&Value> {
        self.objects.get(&id)?.get(&**keys.get(key.0)?)
    }

    fn get_named(&self, _: &Names, id: EntityId, name: &str) -> Option<&Value> {
        self.objects.get(&id)?.get(name)
    }

    fn get_mut(&mut self, keys: &Names, id: EntityId, key: AttributeKey) -> Option<&mut Value> {
        self.objects.get_mut(&id)?.get_mut(&**keys.get(key.0)?)
    }

    fn set(&mut self, keys: &Names, id: EntityId, key: AttributeKey, value: Value) -> bool {
        let name = keys.get(key.0).expect("the store has checked the key");
        self.objects.get_mut(&id).map(|object| set(object, name, value)).is_some()
    }

    fn set_named(&mut self, _: &mut Names, id: EntityId, name: &str, value: Value) -> bool {
        self.objects.get_mut(&id).map(|object| set(object, name, value)).is_some()
    }

    fn record(&self, _: &Names, id: EntityId) -> Option<Record> {
        let set = self.objects.get(&id)?.iter().filter(|(_, value)| !value.is_unset());
        let mut values: Vec<_> = set.collect();
        values.sort_unstable_by_key(|(name, _)| *name);
        Some(values.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn iter<'a>(&'a self, keys: &'a Names) -> impl Iterator<Item = (EntityId, Self::View<'a>)> {
        self.objects.iter().map(move |(id, object)| (*id, (keys, object)))
    }

    fn iter_mut<'a>(
        &'a mut self,
        keys: &'a Names,
    ) -> impl Iterator<Item = (EntityId, Self::ViewMut<'a>)> {
        self.objects.iter_mut().map(move |(id, object)| (*id, (keys, object)))
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
