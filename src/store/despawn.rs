//! Removing objects.

use crate::error::AccessError;
use crate::id::ObjectId;
use crate::schema::SchemaSelector;
use crate::store::{Store, find_schema};

impl Store {
    /// Removes one object. Touches no column: its values are overwritten by the row's next object.
    ///
    /// # Errors
    /// If the object is not alive.
    #[doc(alias = "remove")]
    #[doc(alias = "delete")]
    #[doc(alias = "destroy")]
    #[inline]
    pub fn despawn(&mut self, id: ObjectId) -> Result<(), AccessError> {
        if !self.contains(id) {
            return Err(AccessError::Despawned { id });
        }
        self.tables[id.schema().index()].rows.vacate(id.row());
        Ok(())
    }

    /// Removes many objects, all or none.
    ///
    /// # Errors
    /// If one of them is not alive or is named twice; all of them live on then.
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
    pub fn despawn_batch(&mut self, ids: &[ObjectId]) -> Result<(), AccessError> {
        for (position, id) in ids.iter().enumerate() {
            if let Err(error) = self.despawn(*id) {
                let done = &ids[..position];
                for id in done.iter().rev() {
                    self.tables[id.schema().index()].rows.revive(id.row(), id.generation());
                }
                return Err(if done.contains(id) {
                    AccessError::Repeated { id: *id }
                } else {
                    error
                });
            }
        }
        Ok(())
    }

    /// Removes all objects; schemas, texts and memory stay.
    pub fn clear(&mut self) {
        self.tables.iter_mut().for_each(|table| table.rows.clear());
    }

    /// Removes all objects of the schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered.
    pub fn clear_of<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<(), AccessError> {
        let selector = schema.into();
        let schema = find_schema(&self.registry, selector.name())?;
        for schema in self.registry.selected(schema, selector.is_exact()) {
            self.tables[schema.index()].rows.clear();
        }
        Ok(())
    }

    /// Gives back the memory of blocks in which no object lives, and what is reserved for growth.
    pub fn release_memory(&mut self) {
        self.tables.iter_mut().for_each(|table| table.release_memory());
    }
}
