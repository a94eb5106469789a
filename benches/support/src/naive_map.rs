//! The attribute map of a first prototype: a `HashMap<String, Value>` for each object.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::Arc;

use slotted::error::{Despawned, Rejection};
use slotted::schema::{Problem, ProblemKind, Suggestion, nearest_name};
use slotted::{AccessError, ByName, LimitError, ObjectId, Record, SpawnError, Value};

type Attributes = HashMap<String, Value>;

/// One row: free if the generation is even.
#[derive(Clone, Debug)]
struct Row {
    attributes: Attributes,
    schema: u16,
    generation: u16,
}

/// Objects that take any attribute at any time, each with a hash map of its own.
///
/// It behaves like [`MapStore`](slotted::MapStore) with one exception: a hash map does not keep its
/// attributes in order, so [`get_record`](ByName::get_record) sorts them by name.
///
/// ```
/// use bench_support::NaiveMapStore;
/// use slotted::{ByName, record};
/// let mut store = NaiveMapStore::new();
/// let ada = store.spawn_record("person", record! { name: "Ada" })?;
/// assert_eq!(store.get(ada, "name"), Some(&"Ada".into()));
/// # Ok::<(), slotted::SpawnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NaiveMapStore {
    schemas: Vec<Arc<str>>,
    schema_numbers: HashMap<Arc<str>, u16>,
    rows: Vec<Row>,
    free: Vec<u32>,
    living: usize,
    /// The limit on the number of rows.
    most_rows: u32,
}

impl Default for NaiveMapStore {
    fn default() -> Self {
        Self::new()
    }
}

impl NaiveMapStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schemas: Vec::new(),
            schema_numbers: HashMap::new(),
            rows: Vec::new(),
            free: Vec::new(),
            living: 0,
            most_rows: u32::MAX,
        }
    }

    /// Returns an attribute's value, or `None` if the object is not alive or has no such attribute.
    #[must_use]
    #[inline]
    pub fn get(&self, id: ObjectId, name: &str) -> Option<&Value> {
        self.attributes(id)?.get(name).filter(|value| !value.is_unset())
    }

    /// Returns a mutable reference to an attribute's value, or `None` if the object is not alive or has
    /// no such attribute.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, id: ObjectId, name: &str) -> Option<&mut Value> {
        self.attributes_mut(id)?.get_mut(name).filter(|value| !value.is_unset())
    }

    /// Returns an iterator over all objects and their attributes, in the order of their rows.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, &HashMap<String, Value>)> {
        let living = (0..).zip(&self.rows).filter(|(_, row)| is_alive(row));
        living.map(|(number, row)| (id_of(number, row), &row.attributes))
    }

    /// Like [`iter`](Self::iter), to change the attributes.
    #[inline]
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ObjectId, &mut HashMap<String, Value>)> {
        let living = (0..).zip(&mut self.rows).filter(|(_, row)| is_alive(row));
        living.map(|(number, row)| (id_of(number, row), &mut row.attributes))
    }

    /// Removes all objects. Their ids stay stale.
    pub fn clear(&mut self) {
        // Backwards, so that the lowest rows are reused first.
        for number in (0..self.rows.len() as u32).rev() {
            if is_alive(&self.rows[number as usize]) {
                self.remove_row(number);
            }
        }
    }

    /// Returns how many bytes of heap memory the store takes, as
    /// [`MapStore::heap_bytes`](slotted::MapStore::heap_bytes) does.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let maps = self.iter().map(|(_, attributes)| {
            map_bytes(attributes) + attributes.keys().map(String::capacity).sum::<usize>()
        });
        // One record of all values, so that memory which several of them share counts once.
        let values = self.iter().flat_map(|(_, attributes)| attributes.values());
        let values: Record = values.map(|value| ("", value.clone())).collect();
        let unset: Record = values.iter().map(|_| ("", Value::Unset)).collect();
        let counters = 2 * size_of::<usize>();
        let name_bytes =
            |name: &Arc<str>| (counters + name.len()).next_multiple_of(align_of::<usize>());
        maps.sum::<usize>()
            + (values.heap_bytes() - unset.heap_bytes())
            + self.rows.capacity() * size_of::<Row>()
            + self.free.capacity() * size_of::<u32>()
            + self.schemas.capacity() * size_of::<Arc<str>>()
            + self.schemas.iter().map(name_bytes).sum::<usize>()
            + map_bytes(&self.schema_numbers)
    }

    #[inline]
    fn attributes(&self, id: ObjectId) -> Option<&Attributes> {
        let row = self.rows.get(id.row() as usize)?;
        is(row, id).then_some(&row.attributes)
    }

    #[inline]
    fn attributes_mut(&mut self, id: ObjectId) -> Option<&mut Attributes> {
        let row = self.rows.get_mut(id.row() as usize)?;
        is(row, id).then_some(&mut row.attributes)
    }

    fn has_room(&self) -> bool {
        !self.free.is_empty() || self.rows.len() < self.most_rows as usize
    }

    /// Inserts an object in the row that was freed last, or in a new one.
    fn insert(&mut self, schema: u16, attributes: Attributes) -> ObjectId {
        assert!(self.has_room(), "the caller checks for room");
        self.living += 1;
        if let Some(number) = self.free.pop() {
            let row = &mut self.rows[number as usize];
            *row = Row { attributes, schema, generation: row.generation + 1 };
            return id_of(number, row);
        }
        let row = Row { attributes, schema, generation: 1 };
        let id = id_of(self.rows.len() as u32, &row);
        self.rows.push(row);
        id
    }

    fn remove_row(&mut self, number: u32) {
        let row = &mut self.rows[number as usize];
        drop(mem::take(&mut row.attributes));
        self.living -= 1;
        // A row whose generations are used up is retired: free, but never reused.
        match row.generation.checked_add(1) {
            Some(generation) => {
                row.generation = generation;
                self.free.push(number);
            }
            None => row.generation = 0,
        }
    }

    fn schema_of(&self, id: ObjectId) -> Result<&Arc<str>, Despawned> {
        let schema = self.schemas.get(id.schema().index()).filter(|_| self.contains(id));
        schema.ok_or(Despawned { id })
    }

    #[cold]
    fn absent(&self, id: ObjectId, name: &str) -> AccessError {
        let (schema, record) = match (self.schema_of(id), self.get_record(id)) {
            (Ok(schema), Ok(record)) => (schema, record),
            (Err(error), _) | (_, Err(error)) => return error.into(),
        };
        let own: Vec<Arc<str>> = record.iter().map(|(own, _)| own.into()).collect();
        let misspelt: Arc<str> = name.into();
        let suggestion = Suggestion::search(move || nearest_name(&misspelt, &own));
        let kind = ProblemKind::Undeclared { suggestion };
        Problem { record: None, schema: Arc::clone(schema), slot: name.into(), kind }.into()
    }
}

impl ByName for NaiveMapStore {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        let known = self.schema_numbers.get(schema).copied();
        let number = known.map_or(self.schemas.len(), usize::from);
        let number = u16::try_from(number).ok().filter(|number| *number < u16::MAX);
        let number = number.ok_or_else(|| {
            let (schema, limit) = (schema.into(), usize::from(u16::MAX));
            LimitError::Schemas { schema, limit }
        })?;
        if !self.has_room() {
            return Err(LimitError::Rows { schema: schema.into(), limit: self.most_rows }.into());
        }
        let attributes = attributes(schema, record)?;
        if known.is_none() {
            let name = Arc::<str>::from(schema);
            self.schemas.push(Arc::clone(&name));
            self.schema_numbers.insert(name, number);
        }
        Ok(self.insert(number, attributes))
    }

    fn despawn(&mut self, id: ObjectId) -> Result<(), Despawned> {
        self.schema_of(id)?;
        self.remove_row(id.row());
        Ok(())
    }

    fn contains(&self, id: ObjectId) -> bool {
        self.attributes(id).is_some()
    }

    fn len(&self) -> usize {
        self.living
    }

    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.iter().map(|(id, _)| id)
    }

    fn schema_name(&self, id: ObjectId) -> Result<&str, Despawned> {
        self.schema_of(id).map(|name| &**name)
    }

    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError> {
        self.get(id, name).cloned().ok_or_else(|| self.absent(id, name))
    }

    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError> {
        let attributes = self.attributes_mut(id).ok_or(Despawned { id })?;
        if value.is_unset() {
            attributes.remove(name);
        } else if let Some(own) = attributes.get_mut(name) {
            *own = value;
        } else {
            attributes.insert(name.into(), value);
        }
        Ok(())
    }

    fn get_record(&self, id: ObjectId) -> Result<Record, Despawned> {
        let attributes = self.attributes(id).ok_or(Despawned { id })?;
        let mut set: Vec<_> = attributes.iter().filter(|(_, value)| !value.is_unset()).collect();
        set.sort_unstable_by_key(|(name, _)| *name);
        Ok(set.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// The record's attributes that are set, or an error for names that it repeats.
fn attributes(schema: &str, record: Record) -> Result<Attributes, SpawnError> {
    let mut attributes = HashMap::with_capacity(record.len());
    let (mut repeated, mut any_unset) = (Vec::new(), false);
    for (name, value) in record {
        any_unset |= value.is_unset();
        match attributes.entry(name.into_owned()) {
            Entry::Occupied(entry) => repeated.push(Arc::<str>::from(&**entry.key())),
            Entry::Vacant(entry) => drop(entry.insert(value)),
        }
    }
    if let Some(rejection) = rejection(schema, repeated) {
        return Err(rejection.into());
    }
    if any_unset {
        attributes.retain(|_, value| !value.is_unset());
    }
    Ok(attributes)
}

fn rejection(schema: &str, repeated: Vec<Arc<str>>) -> Option<Rejection> {
    if repeated.is_empty() {
        return None;
    }
    let schema = Arc::<str>::from(schema);
    let problem = |slot| {
        let (schema, kind) = (Arc::clone(&schema), ProblemKind::Duplicate);
        Problem { record: None, schema, slot, kind }
    };
    Rejection::from_problems(repeated.into_iter().map(problem).collect())
}

#[inline]
const fn is_alive(row: &Row) -> bool {
    row.generation & 1 == 1
}

/// Returns whether the row holds this object. The row's next object may have another schema, and an id
/// may be forged.
#[inline]
fn is(row: &Row, id: ObjectId) -> bool {
    row.generation == id.generation() && usize::from(row.schema) == id.schema().index()
}

#[inline]
fn id_of(number: u32, row: &Row) -> ObjectId {
    let bits = u64::from(row.schema) << 48 | u64::from(row.generation) << 32 | u64::from(number);
    ObjectId::from_bits(bits).expect("living rows have odd generations")
}

/// The memory of a standard hash map, which does not report it.
///
/// Its buckets are a power of two; one eighth stays free, and each has a control byte.
fn map_bytes<K, V>(map: &HashMap<K, V>) -> usize {
    const GROUP: usize = 16;
    let buckets = match map.capacity() {
        0 => return 0,
        few @ 1..=7 => few + 1,
        many => (many * 8 / 7).next_power_of_two(),
    };
    (buckets * size_of::<(K, V)>()).next_multiple_of(GROUP) + buckets + GROUP
}

#[cfg(test)]
mod tests {
    use slotted::record;

    use super::*;

    #[test]
    fn fault_02_a_used_up_generation_retires_the_row() {
        let mut store = NaiveMapStore::new();
        let first = store.spawn_record("unit", record! {}).unwrap();
        let mut last = first;
        while last.generation() < u16::MAX {
            store.despawn(last).unwrap();
            last = store.spawn_record("unit", record! {}).unwrap();
            assert_eq!(last.row(), first.row());
        }
        store.despawn(last).unwrap();
        let next = store.spawn_record("unit", record! {}).unwrap();
        assert_eq!((next.row(), next.generation()), (1, 1));
        assert!(!store.contains(first) && !store.contains(last));
        store.clear();
        assert_eq!(store.spawn_record("unit", record! {}).unwrap().row(), 1);
    }

    #[test]
    fn fault_15_the_rows_past_the_limit_are_refused() {
        let mut store = NaiveMapStore::new();
        store.most_rows = 2;
        let first = store.spawn_record("unit", record! { a: 1 }).unwrap();
        store.spawn_record("unit", record! { a: 2 }).unwrap();
        let error = store.spawn_record("unit", record! { a: 3 }).unwrap_err();
        assert_eq!(error, LimitError::Rows { schema: "unit".into(), limit: 2 }.into());
        store.despawn(first).unwrap();
        assert_eq!(store.spawn_record("unit", record! { a: 3 }).unwrap().row(), 0);
    }

    #[test]
    fn records_are_sorted_by_name() {
        let mut store = NaiveMapStore::new();
        let id = store.spawn_record("unit", record! { c: 1, a: 2, b: Value::Unset }).unwrap();
        let record = store.get_record(id).unwrap();
        assert!(record.iter().map(|(name, _)| name).eq(["a", "c"]));
    }
}
