//! Slots that track which of their rows were written.

use crate::error::AccessError;
use crate::id::SchemaId;
use crate::schema::SchemaSelector;
use crate::storage::Table;
use crate::store::Store;

impl Store {
    /// Tracks the changes of a slot, object by object: [`changed_since`](crate::view::ViewMut::changed_since) then
    /// visits exactly the objects whose value was written, however small the store is, and
    /// [`changes`](crate::snapshot::changes) and [deltas](crate::Delta) read no other values.
    ///
    /// Without it a view visits all objects of a block in which one was written. Tracking applies to the schema and to
    /// all that [extend it](Self#schemas-that-extend-others), also to those registered later. It lasts until
    /// [`stop_tracking`](Self::stop_tracking): clones, transactions, snapshots and migrations keep it.
    ///
    /// These writes are tracked, for all past epochs:
    ///
    /// * [`set`](Self::set), [`get_mut`](Self::get_mut), [`set_value`](Self::set_value) and their like: the object, even
    ///   if it had the same value before;
    /// * a spawn: the new object;
    /// * a view with a field [`Mut<'a, T>`](crate::view::Mut) or [`OptionMut<'a, T>`](crate::view::OptionMut): the objects
    ///   that are written through it;
    /// * a view with another mutable field, or [`for_each_run`](crate::view::SlotColumnMut::for_each_run) of a column: all
    ///   objects that it would visit, as soon as the visit begins: ending a loop early makes no difference;
    /// * [`restore`](Self::restore): the objects that were written since the snapshot, and those that come back to life;
    /// * [`migrate`](Self::migrate), if it changes the schema: all objects.
    ///
    /// Earlier writes are known block by block. Costs 2 bytes for each object of a block, once some of the block's
    /// objects were written and others not; also 8 bytes for each epoch that wrote to the block, as long as it was the
    /// last to write to some object. A tracked write takes about a nanosecond more. Snapshots share these bytes, and the
    /// first tracked write to a block afterwards copies them. Slots that are not tracked cost nothing.
    ///
    /// Computes in **O(blocks)** time.
    ///
    /// # Errors
    /// Returns an error if no such schema is registered, or if it has no such slot.
    ///
    /// # Example
    /// ```
    /// use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healths<'a> { health: &'a f32 }
    ///
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.track_changes("unit", "health")?;
    /// let units: Vec<_> = store.spawn_batch([Unit { health: 80.0 }; 502])?.collect();
    /// let health = store.key::<f32>("unit", "health")?;
    ///
    /// let epoch = store.advance_epoch();
    /// store.set(units[7], health, 5.0)?;
    /// for unit in store.view_ref::<Healths>()?.changed_since(epoch) {
    ///     assert_eq!(*unit.health, 5.0);
    /// }
    /// assert_eq!(store.view_ref::<Healths>()?.changed_since(epoch).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "change_detection")]
    pub fn track_changes<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: &str,
    ) -> Result<(), AccessError> {
        let selector = schema.into();
        let (schemas, slot) = self.tracked_slot(selector, slot)?;
        for schema in schemas {
            let Table { columns, rows, is_tracked, .. } = &mut self.tables[schema.index()];
            columns[slot].track(rows, self.epoch, !selector.is_exact());
            *is_tracked = true;
        }
        self.is_tracked = true;
        Ok(())
    }

    /// Ends [`track_changes`](Self::track_changes) and frees its memory.
    ///
    /// # Errors
    /// Returns an error if no such schema is registered, or if it has no such slot.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.track_changes("unit", "health")?;
    /// assert!(store.tracks_changes("unit", "health")?);
    /// store.stop_tracking("unit", "health")?;
    /// assert!(!store.tracks_changes("unit", "health")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stop_tracking<'n>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: &str,
    ) -> Result<(), AccessError> {
        let (schemas, slot) = self.tracked_slot(schema.into(), slot)?;
        for schema in schemas {
            let table = &mut self.tables[schema.index()];
            table.columns[slot].marks = None;
            table.update_tracked();
        }
        self.is_tracked = self.tables.iter().any(|table| table.is_tracked);
        Ok(())
    }

    /// Returns `true` if the slot tracks its changes in the schema and in all that
    /// [extend it](Self#schemas-that-extend-others).
    ///
    /// [`stop_tracking`](Self::stop_tracking) has an example.
    ///
    /// # Errors
    /// Returns an error if no such schema is registered, or if it has no such slot.
    pub fn tracks_changes<'n>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: &str,
    ) -> Result<bool, AccessError> {
        let (schemas, slot) = self.tracked_slot(schema.into(), slot)?;
        let tracks = |schema: &SchemaId| self.tables[schema.index()].columns[slot].marks.is_some();
        Ok(schemas.iter().all(tracks))
    }

    /// Returns the selected schemas and the position of their slot.
    fn tracked_slot(
        &self,
        selector: SchemaSelector<'_>,
        slot: &str,
    ) -> Result<(Vec<SchemaId>, usize), AccessError> {
        let schema = self.find_schema(selector.name())?;
        let Some(index) = schema.slot_index(slot) else {
            let (name, suggestion) = (schema.shared_name(), schema.suggest(slot));
            return Err(AccessError::undeclared(name, slot, suggestion));
        };
        Ok((self.registry.selected(schema, selector.is_exact()).into_owned(), index))
    }

    /// Adds the empty table of a schema that was registered.
    pub(super) fn add_table(&mut self, schema: SchemaId) {
        self.tables.push(self.empty_table(schema));
        self.inherit_tracking(schema);
    }

    /// Replaces the table of a schema by an empty one.
    pub(super) fn replace_table(&mut self, schema: SchemaId) {
        let empty = self.empty_table(schema);
        let before = std::mem::replace(&mut self.tables[schema.index()], empty);
        let Table { columns, rows, is_tracked, .. } = &mut self.tables[schema.index()];
        for (column, before) in columns.iter_mut().zip(&before.columns) {
            if let Some(marks) = &before.marks {
                column.track(rows, self.epoch, marks.is_inherited);
            }
        }
        *is_tracked = before.is_tracked;
    }

    /// Tracks the slots of a schema that its bases track.
    pub(super) fn inherit_tracking(&mut self, schema: SchemaId) {
        let base = self.registry.get(schema).and_then(|schema| schema.base());
        let Some(base) = base.filter(|_| self.is_tracked) else { return };
        self.inherit_tracking(base);
        let inherited = self.tables[base.index()]
            .columns
            .iter()
            .map(|column| column.marks.as_ref().is_some_and(|marks| marks.is_inherited));
        let inherited: Vec<_> = inherited.collect();
        let Table { columns, rows, is_tracked, .. } = &mut self.tables[schema.index()];
        for (column, _) in columns.iter_mut().zip(inherited).filter(|(_, inherits)| *inherits) {
            column.track(rows, self.epoch, true);
            *is_tracked = true;
        }
    }
}
