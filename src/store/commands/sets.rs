//! Recorded changes of values.

use std::any::Any;
use std::borrow::Cow;

use crate::error::{AccessError, Rejection};
use crate::id::ObjectId;
use crate::slot_value::{SlotField, SlotValue};
use crate::store::commands::apply::Check;
use crate::store::dynamic::Unwritten;
use crate::store::slotted::overwrite_field;
use crate::store::{ObjectCheck, ObjectWriter, SlotKey, Slotted, Store};
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

const CHECKED: &str = "the change was checked";

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
        if !store.serves(&key, id.schema()) {
            return Err(store.wrong_schema(id, key.schema));
        }
        let column = store.tables[id.schema().index()].columns.get(usize::from(key.slot));
        if column.is_none_or(|column| column.tag != key.tag) {
            return Err(key.foreign().into());
        }
        let Some(schema) = store.registry.get(id.schema()) else { return Ok(()) };
        let position = usize::from(key.slot);
        let slot = &schema.slots()[position];
        match value.into_value() {
            Some(value) if slot.is_constrained() => check
                .overwriting(id, position, |context| value.check(slot, context))
                .map_err(|kind| schema.problem(slot.name(), kind).into()),
            _ => Ok(()),
        }
    }

    fn write(&self, store: &mut Store) {
        let Self { id, key, value } = *self;
        let column = &mut store.tables[id.schema().index()].columns[usize::from(key.slot)];
        overwrite_field(column, id.row(), value).expect(CHECKED);
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
        let Some(schema) = check.store.registry.get(self.id.schema()) else { return Ok(()) };
        let Some(position) = schema.slot_index(&self.slot) else {
            let suggestion = schema.suggest(&self.slot);
            return Err(AccessError::undeclared(schema.shared_name(), &self.slot, suggestion));
        };
        let slot = &schema.slots()[position];
        check
            .overwriting(self.id, position, |context| context.checker.value(slot, &self.value))
            .map_err(|kind| schema.problem(slot.name(), kind).into())
    }

    fn intern(&self, store: &mut Store) -> Result<(), Unwritten> {
        store.intern_value(self.id.schema(), &self.slot, &self.value)
    }

    fn write(&self, store: &mut Store) {
        store.write_value(self.id, &self.slot, &self.value).expect(CHECKED);
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
        let Some(schema) = check.store.registry.get(self.id.schema()) else { return Ok(()) };
        let (context, mut problems) = (check.value_check(), Vec::new());
        let own = &mut problems;
        self.object.check(&mut ObjectCheck {
            schema,
            context,
            record: None,
            problems: own,
            next: 0,
            overwritten: check.overwritten(self.id),
        });
        if problems.is_empty() { Ok(()) } else { Err(Rejection::new(problems).into()) }
    }

    fn write(&self, store: &mut Store) {
        let columns = store.tables[self.id.schema().index()].columns.iter_mut();
        self.object.write_one(&mut ObjectWriter { columns, row: self.id.row() });
    }
}
