//! The dynamic-attribute store: any attribute at any time.

mod heap;
mod layout;
mod naive;
mod names;
mod rows;
mod shape;
mod shaped;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use heap::HeapCount;
use layout::{Operations, Refused};
pub use naive::Naive;
use names::Names;
pub use shaped::Shaped;

use crate::by_name::ByName;
use crate::error::{AccessError, LimitError, Rejection, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::record::Record;
use crate::schema::{Problem, ProblemKind};
use crate::suggest::nearest_name;
use crate::value::Value;

/// Objects that take any attribute at any time, in the tuned form: the store to prototype with.
///
/// No schema is declared, and nothing is checked but that a record names each attribute once. Where
/// objects are many and their structure is fixed, a [`Store`](crate::Store) takes a fifth of the memory
/// and a tenth of the time.
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
pub type MapStore = AttributeStore<Shaped>;

/// The same as [`MapStore`] in the naive form: a `HashMap<String, Value>` for each object.
///
/// It is there to be compared with: what a first prototype looks like. A hash map does not keep its
/// attributes in order, so [`get_record`](ByName::get_record) sorts them by name.
///
/// ```
/// use slotted::{ByName, map::NaiveMapStore, record};
/// let mut store = NaiveMapStore::new();
/// let ada = store.spawn_record("person", record! { name: "Ada" })?;
/// assert_eq!(store.get_value(ada, "name")?, "Ada".into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type NaiveMapStore = AttributeStore<Naive>;

/// How an [`AttributeStore`] lays out the attributes of its objects: [`Shaped`] or [`Naive`].
pub trait AttributeLayout: Operations {}

impl AttributeLayout for Shaped {}
impl AttributeLayout for Naive {}

/// The name of an attribute, resolved once by [`AttributeStore::key`].
///
/// It belongs to the store that made it, and to that store's clones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AttributeKey(u32);

/// Objects that take any attribute at any time: what [`MapStore`] and [`NaiveMapStore`] have in
/// common, so that one workload runs on both.
///
/// Attributes are reached by name through [`ByName`], or faster by a [`key`](Self::key). To set an
/// attribute to [`Value::Unset`] removes it. A name stays known when the last object with it is gone.
///
/// # Panics
/// As with a `Vec`, no method returns when there is no memory left.
///
/// # Example
/// ```
/// use slotted::{map::AttributeLayout, map::AttributeStore, ByName, MapStore, map::NaiveMapStore, Value, record};
/// use slotted::glam::Vec3;
///
/// fn fall<L: AttributeLayout>(mut store: AttributeStore<L>) -> Result<Value, slotted::AccessError> {
///     let at_rest = record! { position: Vec3::ZERO, velocity: Vec3::NEG_Y };
///     let stone = store.spawn_record("stone", at_rest).expect("no attribute is named twice");
///     let (position, velocity) = (store.key("position"), store.key("velocity"));
///     for mut object in store.iter_mut() {
///         let Some(&Value::Vec3(velocity)) = object.get(velocity) else { continue };
///         let Some(Value::Vec3(position)) = object.get_mut(position) else { continue };
///         *position += velocity * 0.5;
///     }
///     store.get_value(stone, "position")
/// }
/// assert_eq!(fall(MapStore::new())?, Vec3::new(0.0, -0.5, 0.0).into());
/// assert_eq!(fall(NaiveMapStore::new())?, Vec3::new(0.0, -0.5, 0.0).into());
/// # Ok::<(), slotted::AccessError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AttributeStore<L> {
    schemas: Names,
    keys: Names,
    layout: L,
}

impl<L: AttributeLayout> AttributeStore<L> {
    /// A store without objects.
    #[must_use]
    pub fn new() -> Self {
        Self { schemas: Names::default(), keys: Names::default(), layout: L::default() }
    }

    /// The key of the attributes of this name, whether an object has one or not.
    pub fn key(&mut self, name: &str) -> AttributeKey {
        AttributeKey(self.keys.intern(name))
    }

    /// The key of the attributes of this name, if the store knows the name.
    #[must_use]
    pub fn find_key(&self, name: &str) -> Option<AttributeKey> {
        self.keys.find(name).map(AttributeKey)
    }

    /// One attribute, or `None` if the object is not alive or has no such attribute.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let age = store.key("age");
    /// let ada = store.spawn_record("person", record! { age: 41 })?;
    /// assert_eq!((store.find_key("age"), store.find_key("height")), (Some(age), None));
    /// store.set(ada, age, 42)?;
    /// assert_eq!(store.get(ada, age), Some(&42.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, id: ObjectId, key: AttributeKey) -> Option<&Value> {
        self.layout.get(&self.keys, id, key).filter(|value| !value.is_unset())
    }

    /// The same, to be changed in place.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, id: ObjectId, key: AttributeKey) -> Option<&mut Value> {
        self.layout.get_mut(&self.keys, id, key).filter(|value| !value.is_unset())
    }

    /// Changes, adds or removes one attribute.
    ///
    /// To add or remove one takes time in proportion to the attributes of the object.
    ///
    /// # Errors
    /// If the object is not alive, or the key is of another store.
    #[inline]
    pub fn set(
        &mut self,
        id: ObjectId,
        key: AttributeKey,
        value: impl Into<Value>,
    ) -> Result<(), AccessError> {
        if self.keys.get(key.0).is_none() {
            return Err(AccessError::undeclared(self.schema_of(id)?, &format!("#{}", key.0), None));
        }
        alive(id, self.layout.set(&self.keys, id, key, value.into()))
    }

    /// All objects, in the order of their rows.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, Value, record};
    /// let mut store = MapStore::new();
    /// store.spawn_record("orc", record! { health: 80 })?;
    /// store.spawn_record("wall", record! {})?;
    /// let health = store.key("health");
    /// assert_eq!(store.iter().filter(|object| object.get(health).is_some()).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = MapObject<'_, L>> {
        self.layout.iter(&self.keys).map(|(id, view)| MapObject { id, view })
    }

    /// All objects, to be changed in place; the example is [above](Self#example).
    #[inline]
    pub fn iter_mut(&mut self) -> impl Iterator<Item = MapObjectMut<'_, L>> {
        self.layout.iter_mut(&self.keys).map(|(id, view)| MapObjectMut { id, view })
    }

    /// Removes all objects. Their ids stay stale, keys stay valid.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// let ada = store.spawn_record("person", record! { name: "Ada" })?;
    /// store.clear();
    /// assert!(store.is_empty() && !store.contains(ada));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        self.layout.clear();
    }

    /// How much heap memory the store takes: all that it has allocated for its objects, their values and
    /// their names. What several values share is counted once, and also where something outside of the
    /// store shares it.
    ///
    /// Costs a look at each value.
    ///
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// let mut store = MapStore::new();
    /// assert!(store.heap_bytes() < 100);
    /// store.spawn_record("person", record! { name: "Ada", age: 41 })?;
    /// assert!(store.heap_bytes() > 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let mut values = HeapCount::default();
        let objects = self.layout.heap_bytes(&mut values);
        objects + values.bytes + self.schemas.heap_bytes() + self.keys.heap_bytes()
    }

    /// Returns the name of the object's schema, to be cloned without a copy of the text.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    pub fn schema_of(&self, id: ObjectId) -> Result<&Arc<str>, AccessError> {
        let name = self.schemas.get(u32::from(id.schema().0));
        name.filter(|_| self.layout.contains(id)).ok_or(AccessError::Despawned { id })
    }

    #[cold]
    fn absent(&self, id: ObjectId, name: &str) -> AccessError {
        let schema = match self.schema_of(id) {
            Ok(schema) => schema,
            Err(error) => return error,
        };
        let record = self.layout.record(&self.keys, id).unwrap_or_default();
        let own: Vec<Arc<str>> = record.iter().map(|(own, _)| own.into()).collect();
        AccessError::undeclared(schema, name, nearest_name(name, &own))
    }
}

impl<L: AttributeLayout> ByName for AttributeStore<L> {
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError> {
        let known = self.schemas.find(schema);
        let number = known.map_or(self.schemas.len(), |number| number as usize);
        let id = match schema_id(number) {
            Some(id) => self.layout.insert(&mut self.keys, id, record),
            None => {
                let (schema, limit) = (schema.into(), usize::from(u16::MAX));
                return Err(LimitError::Schemas { schema, limit }.into());
            }
        };
        let id = id.map_err(|refused| match refused {
            Refused::Rows(limit) => no_rows(schema, limit),
            Refused::Duplicates(names) => duplicate(schema, names),
        })?;
        // Only now, so that a refused record leaves the store as it was.
        if known.is_none() {
            self.schemas.intern(schema);
        }
        Ok(id)
    }

    fn despawn(&mut self, id: ObjectId) -> Result<(), AccessError> {
        alive(id, self.layout.remove(id))
    }

    fn contains(&self, id: ObjectId) -> bool {
        self.layout.contains(id)
    }

    fn len(&self) -> usize {
        self.layout.len()
    }

    fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.layout.ids()
    }

    fn schema_name(&self, id: ObjectId) -> Result<&str, AccessError> {
        self.schema_of(id).map(|name| &**name)
    }

    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError> {
        let value = self.layout.get_named(&self.keys, id, name).filter(|value| !value.is_unset());
        value.cloned().ok_or_else(|| self.absent(id, name))
    }

    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError> {
        alive(id, self.layout.set_named(&mut self.keys, id, name, value))
    }

    fn get_record(&self, id: ObjectId) -> Result<Record, AccessError> {
        self.layout.record(&self.keys, id).ok_or(AccessError::Despawned { id })
    }
}

const fn alive(id: ObjectId, alive: bool) -> Result<(), AccessError> {
    if alive { Ok(()) } else { Err(AccessError::Despawned { id }) }
}

/// The last number is left out, for 65,535 schemas, as in a `Store`.
fn schema_id(number: usize) -> Option<SchemaId> {
    u16::try_from(number).ok().filter(|number| *number < u16::MAX).map(SchemaId)
}

#[cold]
fn no_rows(schema: &str, limit: u32) -> SpawnError {
    LimitError::Rows { schema: schema.into(), limit }.into()
}

#[cold]
fn duplicate(schema: &str, names: Vec<String>) -> SpawnError {
    let schema = Arc::<str>::from(schema);
    let problem = |name: String| Problem {
        record: None,
        schema: Arc::clone(&schema),
        slot: name.into(),
        kind: ProblemKind::Duplicate,
    };
    Rejection::new(names.into_iter().map(problem).collect()).into()
}

/// One object of an [`AttributeStore`], from its [`iter`](AttributeStore::iter).
pub struct MapObject<'a, L: AttributeLayout + 'a> {
    id: ObjectId,
    view: L::View<'a>,
}

impl<'a, L: AttributeLayout> MapObject<'a, L> {
    /// The object's id.
    #[must_use]
    #[inline]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// One attribute, if the object has it.
    #[must_use]
    #[inline]
    pub fn get(&self, key: AttributeKey) -> Option<&'a Value> {
        L::view_get(self.view, key).filter(|value| !value.is_unset())
    }
}

/// One object of an [`AttributeStore`], from its [`iter_mut`](AttributeStore::iter_mut).
pub struct MapObjectMut<'a, L: AttributeLayout + 'a> {
    id: ObjectId,
    view: L::ViewMut<'a>,
}

impl<L: AttributeLayout> MapObjectMut<'_, L> {
    /// The object's id.
    #[must_use]
    #[inline]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// One attribute, if the object has it.
    #[must_use]
    #[inline]
    pub fn get(&self, key: AttributeKey) -> Option<&Value> {
        L::view_mut_get(&self.view, key).filter(|value| !value.is_unset())
    }

    /// One attribute, if the object has it, to be changed in place.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, key: AttributeKey) -> Option<&mut Value> {
        L::view_mut_get_mut(&mut self.view, key).filter(|value| !value.is_unset())
    }
}

impl<L: AttributeLayout> fmt::Debug for MapObject<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapObject").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<L: AttributeLayout> fmt::Debug for MapObjectMut<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapObjectMut").field("id", &self.id).finish_non_exhaustive()
    }
}
