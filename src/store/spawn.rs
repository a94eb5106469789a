//! Inserts objects from Rust values.

use std::any::TypeId;

use crate::error::{AccessError, LimitError, MOST_PROBLEMS, NotRegistered, Rejection, SpawnError};
use crate::id::{ObjectId, SchemaId};
use crate::schema::Problem;
use crate::storage::{Table, mark_span};
use crate::store::plan::{Plan, Spawned};
use crate::store::{Batch, BatchCheck, ObjectCheck, ObjectWriter, Slotted, Store};

/// Objects that are written together: few enough to stay in the first-level cache.
const CHUNK: usize = 128;

impl Store {
    /// Inserts one object. Its type's schema must be registered.
    ///
    /// Computes in **O(slots)** time.
    ///
    /// # Errors
    /// Returns an error if a value violates its slot's constraints, or no row is left. Nothing is
    /// inserted then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Person { #[slot(range = 0..=150)] age: u8 }
    /// let mut store = Store::new();
    /// store.register::<Person>()?;
    /// let ada = store.spawn(Person { age: 41 })?;
    /// assert!(store.contains(ada));
    /// assert!(store.spawn(Person { age: 200 }).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "insert")]
    #[doc(alias = "create")]
    pub fn spawn<T: Slotted>(&mut self, object: T) -> Result<ObjectId, SpawnError> {
        let schema = self.schema_to_spawn::<T>()?;
        self.check_object(schema, &object)?;
        let rows = &self.tables[schema.index()].rows;
        let Some(row) = rows.lowest_free() else {
            return Err(self.no_rows(schema).into());
        };
        let table = &mut self.tables[schema.index()];
        if table.is_tracked {
            table.mark_row(row);
        }
        object.write_one(&mut ObjectWriter::new(&mut table.columns, row));
        Ok(ObjectId::new(schema, row, table.rows.occupy(row)))
    }

    /// Inserts many objects, all or none.
    ///
    /// Returns their ids in the order of the objects. The ids are computed when the iterator is used:
    /// dropping it costs nothing. A store has no `Extend` and no `FromIterator`, because spawning can fail.
    ///
    /// # Errors
    /// Returns an error if a value violates its slot's constraints, with the object's position in the
    /// batch, or no row is left. Nothing is inserted then.
    ///
    /// # Panics
    /// Panics if the iterator does. Nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// let tiles = (0..10_000).map(|tile| Tile { height: tile as f32 });
    /// let ids: Vec<ObjectId> = store.spawn_batch(tiles)?.collect();
    /// assert_eq!(ids.len(), 10_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_batch<T: Slotted>(
        &mut self,
        objects: impl IntoIterator<Item = T>,
    ) -> Result<Spawned<'_>, SpawnError> {
        let schema = self.schema_of_type::<T>()?;
        let constrained = self.registry.is_constrained(schema);
        let mut problems = Vec::new();
        let mut objects = objects.into_iter().fuse();
        let mut plan = Plan::default();
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut position = 0;
        loop {
            self.tables[schema.index()].reserve_for_batch(position, objects.size_hint().0);
            chunk.clear();
            chunk.extend(objects.by_ref().take(CHUNK));
            if chunk.is_empty() || problems.len() > MOST_PROBLEMS {
                break;
            }
            if constrained && !self.are_right(schema, &chunk) {
                self.find_problems(schema, &chunk, position, &mut problems);
            }
            position += chunk.len();
            let Table { columns, rows, is_tracked, .. } = &mut self.tables[schema.index()];
            let mut rest = &*chunk;
            while !rest.is_empty() {
                let Some(span) = plan.take(rows, rest.len()) else {
                    return Err(self.no_rows(schema).into());
                };
                if *is_tracked {
                    mark_span(columns, span);
                }
                let (taken, left) = rest.split_at(span.len());
                T::write(taken.iter(), &mut Batch::new(columns, span));
                rest = left;
            }
        }
        if !problems.is_empty() {
            problems.truncate(MOST_PROBLEMS);
            return Err(Rejection::new(problems).into());
        }
        Ok(plan.commit(&mut self.tables[schema.index()].rows, schema))
    }

    /// Returns the type's schema. Most objects have the type of the one before, which saves a look-up.
    #[inline(always)]
    fn schema_to_spawn<T: Slotted>(&mut self) -> Result<SchemaId, NotRegistered> {
        let rust = TypeId::of::<T>();
        if let Some((last, schema)) = self.last_spawned
            && last == rust
        {
            return Ok(schema);
        }
        let schema = self.schema_of_type::<T>()?;
        self.last_spawned = Some((rust, schema));
        Ok(schema)
    }

    #[inline(always)]
    fn check_object<T: Slotted>(&self, schema: SchemaId, object: &T) -> Result<(), SpawnError> {
        if self.registry.is_constrained(schema) {
            self.check_fields(schema, object, self.value_check())?;
        }
        Ok(())
    }

    /// Returns `true` if the slots accept all values.
    fn are_right<T: Slotted>(&self, schema: SchemaId, objects: &[T]) -> bool {
        self.registry.get(schema).is_none_or(|schema| {
            let mut check = BatchCheck::new(schema, self.value_check());
            T::accepts(objects.iter(), &mut check);
            check.are_right()
        })
    }

    /// Lists the problems of objects, the first of which has this position in its batch.
    #[cold]
    fn find_problems<T: Slotted>(
        &self,
        schema: SchemaId,
        objects: &[T],
        position: usize,
        problems: &mut Vec<Problem>,
    ) {
        let Some(schema) = self.registry.get(schema) else { return };
        for (object, position) in objects.iter().zip(position..) {
            let (context, record) = (self.value_check(), Some(position));
            object.check(&mut ObjectCheck::new(schema, context, record, problems));
        }
    }

    #[cold]
    pub(crate) fn no_rows(&self, schema: SchemaId) -> LimitError {
        let limit = self.limits.rows_per_schema;
        LimitError::Rows { schema: self.schema_name_of(schema), limit }
    }

    /// Reserves memory for `additional` more objects of a schema, so that spawning them allocates
    /// nothing.
    ///
    /// If the allocator fails, this call returns an error. The calls that spawn abort the program, as
    /// Rust's collections do.
    ///
    /// # Errors
    /// Returns an error if the schema is not registered, has too few rows left, or memory is out.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// store.try_reserve("tile", 10_000)?;
    /// assert!(store.try_reserve("tile", usize::MAX).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_reserve(&mut self, schema: &str, additional: usize) -> Result<(), SpawnError> {
        let id = self.find_schema(schema)?.id();
        self.reserve_rows(id, additional)
    }

    fn reserve_rows(&mut self, id: SchemaId, additional: usize) -> Result<(), SpawnError> {
        if additional > self.tables[id.index()].rows.room() {
            return Err(self.no_rows(id).into());
        }
        self.tables[id.index()].try_reserve(additional).map_err(|_| {
            LimitError::Memory { schema: self.schema_name_of(id), rows: additional }.into()
        })
    }

    /// Reserves memory for `additional` more objects of a Rust type. [`try_reserve`](Self::try_reserve) does so by
    /// the schema's name.
    ///
    /// # Errors
    /// Returns an error if the type is not registered, its schema has too few rows left, or memory is out.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Tile { height: f32 }
    /// let mut store = Store::new();
    /// store.register::<Tile>()?;
    /// store.reserve::<Tile>(10_000)?;
    /// assert!(store.reserve::<Tile>(usize::MAX).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve<T: Slotted>(&mut self, additional: usize) -> Result<(), SpawnError> {
        let schema = self.schema_of_type::<T>()?;
        self.reserve_rows(schema, additional)
    }

    /// Inserts a copy of a living object: another object of the same schema with the same values.
    ///
    /// Computes in **O(slots)** time.
    ///
    /// # Errors
    /// Returns an error if the object is not alive, or no row is left. Nothing is inserted then.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store, View};
    /// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
    /// struct Unit { health: f32 }
    /// # #[derive(View)]
    /// # struct Healths<'a> { health: &'a f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// let copy = store.duplicate(unit)?;
    /// assert_ne!(copy, unit);
    /// assert_eq!(store.get_object::<Unit>(copy)?, Unit { health: 80.0 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn duplicate(&mut self, id: ObjectId) -> Result<ObjectId, AccessError> {
        let (_, table) = self.locate(id)?;
        let Some(row) = table.rows.lowest_free() else {
            return Err(self.no_rows(id.schema()).into());
        };
        let table = &mut self.tables[id.schema().index()];
        table.copy_row(id.row(), row);
        Ok(ObjectId::new(id.schema(), row, table.rows.occupy(row)))
    }

    #[cold]
    pub(super) fn unknown_schema(&self, name: &str) -> SpawnError {
        let suggestion = self.registry.suggest(name);
        SpawnError::UnknownSchema { schema: name.into(), suggestion }
    }
}
