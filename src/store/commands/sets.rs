//! Recorded changes of values.

use std::any::Any;
use std::borrow::Cow;

use crate::error::AccessError;
use crate::id::ObjectId;
use crate::slot_value::SlotField;
use crate::store::commands::apply::Check;
use crate::store::dynamic::Unwritten;
use crate::store::{SlotKey, Slotted, Store};
use crate::value::Value;

/// A recorded change of an object's values.
pub(super) trait Set: Send + Sync + 'static {
    fn id(&self) -> ObjectId;
    /// Checks the change of an object that is alive, or is spawned before.
    fn check(&self, check: &Check<'_>) -> Result<(), AccessError>;
    /// Stores the texts and lists of a change that was checked.
    fn intern(&self, _: &mut Store) -> Result<(), Unwritten> {
        Ok(())
    }
    /// Makes a change that was checked and whose texts and lists are stored.
    fn write(&self, store: &mut Store);
}

/// Recorded changes of one type.
pub(super) trait SetQueue: Send + Sync {
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn get(&self, number: u32) -> &dyn Set;
}

impl<S: Set> SetQueue for Vec<S> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn get(&self, number: u32) -> &dyn Set {
        &self[number as usize]
    }
}

/// A change of one value through a key.
pub(super) struct ByKey<F> {
    pub(super) id: ObjectId,
    pub(super) key: SlotKey<F>,
    pub(super) value: F,
}

impl<F: SlotField> Set for ByKey<F> {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn check(&self, check: &Check<'_>) -> Result<(), AccessError> {
        let Self { id, key, value } = *self;
        let store = check.store;
        let table = &store.tables[id.schema().index()];
        if !store.serves(&key, id.schema()) || !key.is_of(table) {
            return Err(store.key_error(id, key));
        }
        store.check_field(id, key, value, check.value_check())
    }

    fn write(&self, store: &mut Store) {
        store.write_field(self.id, self.key, self.value);
    }
}

/// A change of one value by name.
pub(super) struct ByName {
    pub(super) id: ObjectId,
    pub(super) slot: Cow<'static, str>,
    pub(super) value: Value,
}

impl Set for ByName {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn check(&self, check: &Check<'_>) -> Result<(), AccessError> {
        let Self { id, slot, value } = self;
        check.store.check_named(id.schema(), slot, value, check.checker())
    }

    fn intern(&self, store: &mut Store) -> Result<(), Unwritten> {
        store.intern_named(self.id.schema(), &self.slot, &self.value)
    }

    fn write(&self, store: &mut Store) {
        store.write_named(self.id, &self.slot, &self.value);
    }
}

/// A change of all slots of a type's schema.
pub(super) struct Whole<T> {
    pub(super) id: ObjectId,
    pub(super) object: T,
}

impl<T: Slotted> Set for Whole<T> {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn check(&self, check: &Check<'_>) -> Result<(), AccessError> {
        check.store.check_type::<T>(self.id)?;
        Ok(check.store.check_fields(self.id.schema(), &self.object, check.value_check())?)
    }

    fn write(&self, store: &mut Store) {
        store.write_fields(self.id, &self.object);
    }
}
