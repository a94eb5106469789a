//! Removes objects.

use crate::error::{AccessError, DespawnBatchError, Despawned, NotRegistered, UnknownSchema};
use crate::id::ObjectId;
use crate::schema::SchemaSelector;
use crate::store::{Slotted, Store, View, ViewError, find_schema};

impl Store {
    /// Removes one object. Its values stay in the columns, unreachable, until its row is reused.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Errors
    /// Returns an error if the object is not alive.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let unit = store.spawn_record("unit", record! { health: 1.0 })?;
    /// store.despawn(unit)?;
    /// assert!(!store.contains(unit));
    /// assert!(store.despawn(unit).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "remove")]
    #[doc(alias = "delete")]
    #[doc(alias = "destroy")]
    #[inline]
    pub fn despawn(&mut self, id: ObjectId) -> Result<(), Despawned> {
        if !self.contains(id) {
            return Err(Despawned { id });
        }
        self.tables[id.schema().index()].rows.vacate(id.row());
        Ok(())
    }

    /// Removes many objects, all or none.
    ///
    /// # Errors
    /// Returns an error if an id is not alive or appears twice. No object is removed then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{ObjectId, Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Tile { height: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Tile>()?;
    /// let tile = Tile { height: 0.0 };
    /// let ids: Vec<ObjectId> = store.spawn_batch([tile; 10])?.collect();
    /// assert!(store.despawn_batch(&[ids[0], ids[1], ids[0]]).is_err());
    /// store.despawn_batch(&ids[..2])?;
    /// assert_eq!(store.len(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn despawn_batch(&mut self, ids: &[ObjectId]) -> Result<(), DespawnBatchError> {
        for (position, id) in ids.iter().enumerate() {
            if let Err(error) = self.despawn(*id) {
                let done = &ids[..position];
                for id in done.iter().rev() {
                    self.tables[id.schema().index()].rows.revive(id.row(), id.generation());
                }
                return Err(if done.contains(id) {
                    DespawnBatchError::Repeated { id: *id }
                } else {
                    error.into()
                });
            }
        }
        Ok(())
    }

    /// Removes the objects that are alive, and returns their number. Skips dead and repeated ids.
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
    /// assert_eq!(store.try_despawn_batch(&[unit, unit]), 1);
    /// assert_eq!(store.try_despawn_batch(&[unit]), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_despawn_batch(&mut self, ids: &[ObjectId]) -> usize {
        ids.iter().filter(|id| self.despawn(**id).is_ok()).count()
    }

    /// Removes one object and returns it as a Rust value.
    ///
    /// The object is of the type's schema or of one that [extends it](Self#schemas-that-extend-others). The values of
    /// slots that only the extending schema has are lost.
    ///
    /// Computes in **O(slots)** time.
    ///
    /// # Errors
    /// Returns an error if the object is not alive or of another schema. Nothing is removed then.
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
    /// assert_eq!(store.remove::<Unit>(unit)?, Unit { health: 80.0 });
    /// assert!(store.remove::<Unit>(unit).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove<T: Slotted>(&mut self, id: ObjectId) -> Result<T, AccessError> {
        let object = self.get_object(id)?;
        self.despawn(id)?;
        Ok(object)
    }

    /// Removes all objects of the type's schema and of those that [extend it](Self#schemas-that-extend-others), and
    /// returns them with their former ids, by schema and row.
    ///
    /// All objects are removed at once, even if the iterator is dropped.
    ///
    /// # Errors
    /// Returns an error if the type is not registered.
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
    /// let units: Vec<_> = store.drain::<Unit>()?.collect();
    /// assert_eq!(units, [(unit, Unit { health: 80.0 })]);
    /// assert!(store.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drain<T: Slotted>(
        &mut self,
    ) -> Result<impl ExactSizeIterator<Item = (ObjectId, T)> + use<T>, NotRegistered> {
        let objects: Vec<(ObjectId, T)> = self.objects::<T>()?.collect();
        for (id, _) in &objects {
            self.tables[id.schema().index()].rows.vacate(id.row());
        }
        Ok(objects.into_iter())
    }

    /// Visits the objects that match the view, removes those for which the closure returns `false`, and returns
    /// their number.
    ///
    /// The closure sees each object once, by schema and row. Objects are removed after the last visit; if the closure
    /// panics, none is removed.
    ///
    /// # Errors
    /// Returns the error of [`view`](Self::view). Nothing is removed then.
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
    /// let units = [80.0, 0.0].map(|health| Unit { health });
    /// store.spawn_batch(units)?;
    /// assert_eq!(store.retain::<Healths>(|unit| *unit.health > 0.0)?, 1);
    /// assert_eq!(store.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain<V: View>(
        &mut self,
        mut keep: impl for<'x> FnMut(V::Item<'x>) -> bool,
    ) -> Result<usize, ViewError> {
        let mut removed = Vec::new();
        self.view::<V>()?.for_each_with_id(|id, item| {
            if !keep(item) {
                removed.push(id);
            }
        });
        for id in &removed {
            self.tables[id.schema().index()].rows.vacate(id.row());
        }
        Ok(removed.len())
    }

    /// Removes all objects. Schemas, texts, lists and reserved memory stay.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let unit = store.spawn_record("unit", record! { health: 1.0 })?;
    /// store.clear();
    /// assert!(store.is_empty() && !store.contains(unit));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        self.tables.iter_mut().for_each(|table| table.rows.clear());
    }

    /// Removes all objects of the schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Kind, Schema, Store, exactly, record};
    /// # let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// let unit = store.spawn_record("unit", record! { health: 1.0 })?;
    /// let orc = store.spawn_record("orc", record! { health: 2.0 })?;
    /// store.clear_of(exactly("unit"))?;
    /// assert!(store.contains(orc) && !store.contains(unit));
    /// store.clear_of("unit")?; // orcs are units, too
    /// assert!(store.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear_of<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<(), UnknownSchema> {
        let selector = schema.into();
        let schema = find_schema(&self.registry, selector.name())?;
        for schema in self.registry.selected(schema, selector.is_exact()).iter() {
            self.tables[schema.index()].rows.clear();
        }
        Ok(())
    }
}
