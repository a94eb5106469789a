//! Reserved ids: known before the values, for data in which objects refer to one another.

mod columns;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Rejection, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::record::Record;
use crate::schema::{Checker, Problem, ProblemKind, Slot, World};
use crate::storage::Interned;
use crate::store::Store;
use crate::store::dynamic::{self, Pools, Unwritten};
use crate::store::plan::Plan;
use crate::value::Value;

pub use columns::{ColumnCells, RefusedValues, WriteColumnsError};

/// Objects with ids that are not alive yet, created by [`Store::reserve_ids`].
///
/// Give each object its values with [`write_record`](Self::write_record), [`write`](Self::write) or
/// [`write_columns`](Self::write_columns), then insert all of them with [`spawn`](Self::spawn). Dropping it leaves the store
/// unchanged.
///
/// # Example
/// See [`Store::reserve_ids`].
#[derive(Debug)]
pub struct ReservedIds<'s> {
    store: &'s mut Store,
    rows: BTreeMap<SchemaId, ReservedRows>,
    ids: Vec<ObjectId>,
    is_written: Vec<bool>,
    /// The texts and lists from before, which are kept if the objects are dropped.
    interned: Interned,
}

#[derive(Debug, Default)]
struct ReservedRows {
    plan: Plan,
    /// In ascending order, because the lowest free rows are taken first.
    rows: Vec<u32>,
}

impl Store {
    /// Reserves an id for one object of each of these schemas, in this order.
    ///
    /// The ids are known before any value is written, so objects can refer to one another in cycles.
    ///
    /// Computes in **O(n)** time for n objects.
    ///
    /// # Errors
    /// Returns an error if a schema is not registered or the limit of rows is exceeded. Nothing is reserved
    /// then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, record};
    /// let mut store = Store::new();
    /// let orc = Schema::builder("orc").slot("rival", Kind::Object).references("orc");
    /// store.register_schema(orc.build()?)?;
    ///
    /// let mut reserved = store.reserve_ids(["orc", "orc"])?;
    /// let (grom, zog) = (reserved.ids()[0], reserved.ids()[1]);
    /// reserved.write_record(0, &record! { rival: zog })?;
    /// reserved.write_record(1, &record! { rival: grom })?;
    /// reserved.spawn()?;
    /// assert_eq!(store.get_value(grom, "rival")?, zog.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve_ids<N: AsRef<str>>(
        &mut self,
        schemas: impl IntoIterator<Item = N>,
    ) -> Result<ReservedIds<'_>, SpawnError> {
        let mut reserved: BTreeMap<SchemaId, ReservedRows> = BTreeMap::new();
        let mut ids = Vec::new();
        let mut last: Option<(N, SchemaId)> = None;
        for name in schemas {
            // Most objects have the schema of the one before, which saves a look-up.
            let known = last.as_ref().filter(|(last, _)| last.as_ref() == name.as_ref());
            let found = || self.registry.find(name.as_ref()).map(|schema| schema.id());
            let Some(schema) = known.map(|(_, schema)| *schema).or_else(found) else {
                return Err(self.unknown_schema(name.as_ref()));
            };
            last = Some((name, schema));
            let rows = &self.tables[schema.index()].rows;
            let own = reserved.entry(schema).or_default();
            let row = own.plan.take_one(rows).ok_or_else(|| self.no_rows(schema))?;
            own.rows.push(row);
            let generation = rows.generations().get(row as usize).map_or(1, |free| free + 1);
            ids.push(ObjectId::new(schema, row, generation));
        }
        let (is_written, interned) = (vec![false; ids.len()], self.interner.now());
        Ok(ReservedIds { store: self, rows: reserved, ids, is_written, interned })
    }
}

impl ReservedIds<'_> {
    /// Returns the ids that the objects will have, in the order of the request.
    #[must_use]
    pub fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    /// Returns the store, which does not have the objects yet.
    #[must_use]
    pub const fn store(&self) -> &Store {
        self.store
    }

    /// Writes an object's values, given by name. Slots without a value get their defaults.
    ///
    /// `number` counts the objects from 0, in the order of the request. References may lead to reserved ids.
    ///
    /// # Errors
    /// Returns all problems of the record, or the limit that is exceeded. The object can be written again.
    ///
    /// # Panics
    /// Panics if `number` is out of bounds.
    pub fn write_record(&mut self, number: usize, record: &Record) -> Result<(), SpawnError> {
        let id = self.ids[number];
        let schema = &self.store.registry.get(id.schema()).expect(REGISTERED);
        let given = record;
        let record = &*schema.spread_whole(given);
        let mut positions = Vec::new();
        if !schema.place(record, &mut positions) || !schema.fits(given, record) {
            let (mut problems, world) = (Vec::new(), self.world());
            let checker = Checker { registry: &self.store.registry, world: &world };
            checker.record(schema, given, &mut problems);
            let problems = problems.into_iter();
            let numbered = problems.map(|problem| Problem { record: Some(number), ..problem });
            return Err(Rejection::new(numbered.collect()).into());
        }
        self.write(number, |index, _| {
            positions[index].map(|position| Cow::Borrowed(record.value(position)))
        })
    }

    /// Writes an object's values, slot by slot.
    ///
    /// Calls `value` once for each slot, in ascending order of the index. Slots for which it returns `None` get
    /// their defaults.
    ///
    /// `number` counts the objects from 0, in the order of the request. References may lead to reserved ids.
    ///
    /// # Errors
    /// Returns all problems of the values, or the limit that is exceeded. The object can be written again.
    ///
    /// # Panics
    /// Panics if `number` is out of bounds.
    ///
    /// # Example
    /// ```
    /// use std::borrow::Cow;
    /// use slotted::{Kind, Schema, Store, Value};
    /// let mut store = Store::new();
    /// let tile = Schema::builder("tile").slot("height", Kind::F32).slot("wet", Kind::Bool).default(false);
    /// store.register_schema(tile.build()?)?;
    ///
    /// let heights = [Value::F32(0.5), Value::F32(2.0)];
    /// let mut reserved = store.reserve_ids(["tile"; 2])?;
    /// for (number, height) in heights.iter().enumerate() {
    ///     reserved.write(number, |_, slot| (slot.name() == "height").then_some(Cow::Borrowed(height)))?;
    /// }
    /// assert_eq!(reserved.spawn()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write<'v>(
        &mut self,
        number: usize,
        mut value: impl FnMut(usize, &Slot) -> Option<Cow<'v, Value>>,
    ) -> Result<(), SpawnError> {
        let id = self.ids[number];
        // Until all values are accepted: an earlier write may be half overwritten.
        self.is_written[number] = false;
        let mut problems = Vec::new();
        let (table, registry) = (id.schema().index(), std::sync::Arc::clone(&self.store.registry));
        let schema = registry.get(id.schema()).expect(REGISTERED);
        for (index, slot) in schema.slots().iter().enumerate() {
            let given = value(index, slot);
            if let Some(given) = &given
                && slot.is_confined()
            {
                let world = self.world();
                let checker = Checker { registry: &registry, world: &world };
                if let Err(kind) = checker.value(slot, given) {
                    problems.push(schema.problem(slot.name(), kind));
                    continue;
                }
            }
            let given = given.as_deref();
            let written = given.or(slot.default()).unwrap_or(&Value::Unset);
            let column = &mut self.store.tables[table].columns[index];
            let limits = &self.store.limits;
            let mut pools = Pools { interner: &mut self.store.interner, limits };
            match dynamic::write(column, slot, id.row(), written, &mut pools) {
                Ok(()) => {}
                Err(Unwritten::Refused) => problems.push(
                    schema.problem(
                        slot.name(),
                        self.refusal(slot, given)
                            .unwrap_or(ProblemKind::Missing { expected: slot.kind().clone() }),
                    ),
                ),
                Err(full) => {
                    return Err(full.limit(limits).expect("a pool is full").into());
                }
            }
        }
        if problems.is_empty() {
            self.is_written[number] = true;
            return Ok(());
        }
        let problems = problems.into_iter();
        let problems = problems.map(|problem| Problem { record: Some(number), ..problem });
        Err(Rejection::new(problems.collect()).into())
    }

    /// Inserts all objects and returns their ids, in the order of the request.
    ///
    /// Objects that were not written, or whose last write failed, get their defaults.
    ///
    /// # Errors
    /// Returns the problems of the first such object whose slots lack defaults. Nothing is inserted then.
    pub fn spawn(mut self) -> Result<Vec<ObjectId>, SpawnError> {
        for number in 0..self.ids.len() {
            if !self.is_written[number] {
                self.write(number, |_, _| None)?;
            }
        }
        for (schema, own) in std::mem::take(&mut self.rows) {
            own.plan.commit(&mut self.store.tables[schema.index()].rows, schema);
        }
        self.interned = self.store.interner.now();
        Ok(std::mem::take(&mut self.ids))
    }

    fn world(&self) -> WithReserved<'_> {
        WithReserved { store: self.store, rows: &self.rows }
    }

    #[cold]
    fn refusal(&self, slot: &Slot, given: Option<&Value>) -> Option<ProblemKind> {
        let world = self.world();
        Checker { registry: &self.store.registry, world: &world }.value(slot, given?).err()
    }
}

impl Drop for ReservedIds<'_> {
    fn drop(&mut self) {
        self.store.interner.forget_since(self.interned);
    }
}

const REGISTERED: &str = "ids are reserved for registered schemas";

/// The store after the insertion: reserved ids count as alive.
struct WithReserved<'a> {
    store: &'a Store,
    rows: &'a BTreeMap<SchemaId, ReservedRows>,
}

impl World for WithReserved<'_> {
    fn is_alive(&self, id: ObjectId) -> bool {
        let is_reserved = || {
            let own = self.rows.get(&id.schema())?;
            own.rows.binary_search(&id.row()).ok()?;
            let rows = &self.store.tables[id.schema().index()].rows;
            let next = rows.generations().get(id.row() as usize).map_or(1, |free| free + 1);
            Some(next == id.generation())
        };
        self.store.contains(id) || is_reserved() == Some(true)
    }

    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind> {
        self.store.admit_dead(id)
    }
}
