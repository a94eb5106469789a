//! What both stores can do with names.

use crate::error::{AccessError, SpawnError};
use crate::id::ObjectId;
use crate::record::Record;
use crate::value::Value;

/// Objects with named values: what a [`Store`](crate::Store) and a
/// [`MapStore`](crate::MapStore) have in common, so that one workload runs on either.
///
/// ```
/// use slotted::{ByName, Kind, MapStore, Schema, Store, record};
///
/// fn birthday(store: &mut impl ByName) -> Result<(), Box<dyn std::error::Error>> {
///     let ada = store.spawn_record("person", record! { name: "Ada", age: 41 })?;
///     store.set_value(ada, "age", 42.into())?;
///     assert_eq!(store.get_value(ada, "age")?, 42.into());
///     Ok(())
/// }
///
/// let mut map = MapStore::new();
/// birthday(&mut map)?;
///
/// let mut store = Store::new();
/// let person = Schema::builder("person").slot("name", Kind::Text).slot("age", Kind::U8);
/// store.register_schema(person.build()?)?;
/// birthday(&mut store)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ByName {
    /// Inserts one object.
    ///
    /// # Errors
    /// All that is wrong with the record, or the limit that is reached; nothing is inserted then.
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError>;

    /// Removes one object.
    ///
    /// # Errors
    /// If it is not alive.
    fn despawn(&mut self, id: ObjectId) -> Result<(), AccessError>;

    /// Whether the object is alive.
    fn contains(&self, id: ObjectId) -> bool;

    /// How many objects are alive.
    fn len(&self) -> usize;

    /// Whether none is.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of all living objects.
    fn ids(&self) -> impl Iterator<Item = ObjectId>;

    /// The name of the object's schema.
    ///
    /// # Errors
    /// If the object is not alive.
    fn schema_name(&self, id: ObjectId) -> Result<&str, AccessError>;

    /// One value.
    ///
    /// # Errors
    /// If the object is not alive or has nothing of that name.
    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError>;

    /// Changes one value. [`Value::Unset`] unsets it.
    ///
    /// # Errors
    /// If the object is not alive or does not accept the value under that name.
    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError>;

    /// All values that are set, with their names.
    ///
    /// # Errors
    /// If the object is not alive.
    fn get_record(&self, id: ObjectId) -> Result<Record, AccessError>;
}
