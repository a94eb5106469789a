//! Objects that refer to one another before any of them is alive.

use std::collections::BTreeMap;

use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::store::Store;
use crate::store::dynamic::{self, Pools, Unwritten};
use crate::store::plan::Plan;
use crate::value::Value;

/// Rows of several schemas that are to come to life together.
#[derive(Debug, Default)]
pub(crate) struct Reserved {
    plans: BTreeMap<SchemaId, Plan>,
    /// The ids that the objects will have, in the order of the request.
    pub(crate) ids: Vec<ObjectId>,
}

impl Store {
    /// A store with the same schemas and limits, without objects.
    pub(crate) fn without_objects(&self) -> Self {
        let mut store = Self::with_limits(self.limits);
        store.registry = std::sync::Arc::clone(&self.registry);
        let schemas = 0..self.tables.len();
        store.tables = schemas.map(|schema| self.empty_table(SchemaId(schema as u16))).collect();
        store
    }

    /// The lowest free rows for objects of these schemas, and the ids that these will have.
    pub(crate) fn reserve_linked(
        &self,
        schemas: impl Iterator<Item = SchemaId>,
    ) -> Result<Reserved, LimitError> {
        let mut reserved = Reserved::default();
        for schema in schemas {
            let rows = &self.tables[schema.index()].rows;
            let plan = reserved.plans.entry(schema).or_default();
            let row = plan.take_one(rows).ok_or_else(|| self.no_rows(schema))?;
            let generation = rows.generations().get(row as usize).map_or(1, |free| free + 1);
            reserved.ids.push(ObjectId::new(schema, row, generation));
        }
        Ok(reserved)
    }

    /// Writes an object that is not alive yet. `value` tells the value of each slot that is given
    /// one; constraints and references are the caller's matter.
    pub(crate) fn write_linked<'v>(
        &mut self,
        id: ObjectId,
        mut value: impl FnMut(usize) -> Option<&'v Value>,
    ) -> Result<(), Unwritten> {
        let Some(schema) = self.registry.get(id.schema()) else { return Err(Unwritten::Refused) };
        let columns = self.tables[id.schema().index()].columns.iter_mut();
        let mut pools = Pools { interner: &mut self.interner, limits: &self.limits };
        for (index, (slot, column)) in schema.slots().iter().zip(columns).enumerate() {
            let value = value(index).or(slot.default()).unwrap_or(&Value::Unset);
            dynamic::write(column, slot, id.row(), value, &mut pools)?;
        }
        Ok(())
    }

    /// Brings all of the objects to life.
    pub(crate) fn commit_linked(&mut self, reserved: Reserved) -> Vec<ObjectId> {
        for (schema, plan) in reserved.plans {
            plan.commit(&mut self.tables[schema.index()].rows, schema);
        }
        reserved.ids
    }
}
