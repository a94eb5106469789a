//! Access to objects by name, which both stores offer.

use crate::error::{AccessError, Despawned, SpawnError};
use crate::id::ObjectId;
use crate::record::Record;
use crate::value::Value;

/// Access to objects by name, common to [`Store`](crate::Store) and [`MapStore`](crate::MapStore).
///
/// # Example
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
    /// Returns all problems of the record, or the limit that is reached. Nothing is inserted then.
    fn spawn_record(&mut self, schema: &str, record: Record) -> Result<ObjectId, SpawnError>;

    /// Removes one object.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    fn despawn(&mut self, id: ObjectId) -> Result<(), Despawned>;

    /// Returns `true` if the object is alive.
    fn contains(&self, id: ObjectId) -> bool;

    /// Returns the number of living objects.
    fn len(&self) -> usize;

    /// Returns `true` if no object is alive.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the ids of all living objects.
    fn ids(&self) -> impl Iterator<Item = ObjectId>;

    /// Returns the name of the object's schema.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    fn schema_name(&self, id: ObjectId) -> Result<&str, Despawned>;

    /// Returns one value.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or has no value of that name.
    fn get_value(&self, id: ObjectId, name: &str) -> Result<Value, AccessError>;

    /// Changes one value. [`Value::Unset`] unsets it.
    ///
    /// # Errors
    /// Returns an error if the object is not alive, or if the slot does not exist or refuses the value.
    fn set_value(&mut self, id: ObjectId, name: &str, value: Value) -> Result<(), AccessError>;

    /// Returns all values that are set, with their names.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    fn get_record(&self, id: ObjectId) -> Result<Record, Despawned>;
}
