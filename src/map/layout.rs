//! What a layout of attributes does for the store that is built on it.

use std::collections::HashSet;

use crate::id::{ObjectId, SchemaId};
use crate::map::AttributeKey;
use crate::map::heap::HeapCount;
use crate::map::names::Names;
use crate::record::Record;
use crate::value::Value;

/// Why a record was not inserted.
#[derive(Debug)]
pub enum Refused {
    /// Names that stand in the record a second time.
    Duplicates(Vec<String>),
    /// No row is left of this many.
    Rows(u32),
}

/// The operations behind [`AttributeLayout`](super::AttributeLayout): out of reach for users, which
/// seals that trait.
pub trait Operations: Default {
    type View<'a>: Copy
    where
        Self: 'a;
    type ViewMut<'a>
    where
        Self: 'a;

    fn insert(
        &mut self,
        keys: &mut Names,
        schema: SchemaId,
        record: Record,
    ) -> Result<ObjectId, Refused>;
    /// Whether the object was alive; likewise what `set` and `set_named` return.
    fn remove(&mut self, id: ObjectId) -> bool;
    fn clear(&mut self);
    fn contains(&self, id: ObjectId) -> bool;
    fn len(&self) -> usize;
    fn ids(&self) -> impl Iterator<Item = ObjectId>;
    /// The memory of all objects; that of their values is added to the count.
    fn heap_bytes(&self, values: &mut HeapCount) -> usize;

    fn get(&self, keys: &Names, id: ObjectId, key: AttributeKey) -> Option<&Value>;
    fn get_named(&self, keys: &Names, id: ObjectId, name: &str) -> Option<&Value>;
    fn get_mut(&mut self, keys: &Names, id: ObjectId, key: AttributeKey) -> Option<&mut Value>;
    fn set(&mut self, keys: &Names, id: ObjectId, key: AttributeKey, value: Value) -> bool;
    fn set_named(&mut self, keys: &mut Names, id: ObjectId, name: &str, value: Value) -> bool;
    fn record(&self, keys: &Names, id: ObjectId) -> Option<Record>;

    fn iter<'a>(&'a self, keys: &'a Names) -> impl Iterator<Item = (ObjectId, Self::View<'a>)>;
    fn iter_mut<'a>(
        &'a mut self,
        keys: &'a Names,
    ) -> impl Iterator<Item = (ObjectId, Self::ViewMut<'a>)>;

    fn view_get(view: Self::View<'_>, key: AttributeKey) -> Option<&Value>;
    fn view_mut_get<'v>(view: &'v Self::ViewMut<'_>, key: AttributeKey) -> Option<&'v Value>;
    fn view_mut_get_mut<'v>(
        view: &'v mut Self::ViewMut<'_>,
        key: AttributeKey,
    ) -> Option<&'v mut Value>;
}

/// The names that stand in the record a second time, as often as they do.
pub(super) fn duplicates(record: &Record) -> Vec<String> {
    // Below this, comparing all pairs is faster than a hash set, and needs no memory.
    const FEW: usize = 16;
    let again =
        |position: usize, name: &str| record.iter().take(position).any(|(own, _)| own == name);
    let mut seen = HashSet::new();
    let names = record.iter().enumerate();
    if record.len() <= FEW {
        names
            .filter(|(position, (name, _))| again(*position, name))
            .map(|(_, (name, _))| name.into())
            .collect()
    } else {
        names
            .filter(|(_, (name, _))| !seen.insert(*name))
            .map(|(_, (name, _))| name.into())
            .collect()
    }
}
