//! The methods of a store that make views.

use std::borrow::Cow;

use crate::schema::SchemaSelector;
use crate::store::Store;
use crate::store::view::cache::Wants;
use crate::store::view::tables::Tables;
use crate::store::view::{SharedView, View, ViewError, ViewMut, ViewRef, ViewReport};

impl Store {
    /// Returns the objects of all schemas that have the view's slots.
    ///
    /// The first use of a view looks up its names; later uses examine new schemas only. Then a view takes a few
    /// nanoseconds, plus 1 to 2 ns for each schema.
    ///
    /// # Errors
    /// Returns an error if no schema declares one of the view's slots: see [misspelt fields](View#misspelt-fields).
    /// Also returns an error if the view matches no schema, but one has its names with
    /// [other kinds](View#slots-of-another-kind).
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0 })?;
    /// store.view::<Healing>()?.for_each(|unit| *unit.health += 5.0);
    /// assert_eq!(store.get_object::<Unit>(unit)?.health, 85.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query")]
    #[inline]
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = self.views.update::<V>(&self.registry);
        matches.check()?;
        Ok(ViewMut::new(
            Tables::Exclusive { tables: self.tables.for_values(), is_tracked: self.is_tracked },
            Cow::Borrowed(matches.tables()),
            &self.registry,
        ))
    }

    /// Returns the objects of the schema and of those that [extend it](Self#schemas-that-extend-others).
    ///
    /// # Errors
    /// Returns an error if no schema of this name is registered, if it does not have the view's slots with their
    /// kinds, or if [`view`](Self::view) refuses the view.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Slotted, Store, View, exactly, record};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// let orc = store.spawn_record("orc", record! { health: 120.0 })?;
    /// store.view_of::<Healing>("orc")?.for_each(|orc| *orc.health += 5.0);
    /// assert_eq!(store.get_object::<Unit>(orc)?.health, 125.0);
    /// assert_eq!(store.view_of::<Healing>("unit")?.count(), 2);
    /// assert_eq!(store.view_of::<Healing>(exactly("unit"))?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view_of<'n, V: View>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewMut<'_, V>, ViewError> {
        let matches = self.views.update::<V>(&self.registry);
        let selected = matches.selected(&self.registry, schema.into(), Wants::of::<V>)?;
        Ok(ViewMut::new(
            Tables::Exclusive { tables: self.tables.for_values(), is_tracked: self.is_tracked },
            Cow::Owned(selected),
            &self.registry,
        ))
    }

    /// Returns the objects of all schemas that have the view's slots, for reading only.
    ///
    /// The first use of a view looks up its names, unless [`view`](Self::view) has done so. Later uses find the result,
    /// in snapshots too. Registering a schema makes the next use the first one again.
    ///
    /// # Errors
    /// Returns an error if [`view`](Self::view) would.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Schema, Slotted, Store, View, record};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healths<'a> { health: &'a f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    /// store.spawn(Unit { health: 80.0 })?;
    /// store.spawn_record("orc", record! { health: 120.0 })?;
    /// assert_eq!(store.view_ref::<Healths>()?.iter().map(|unit| *unit.health).sum::<f32>(), 200.0);
    /// assert_eq!(store.view_ref_of::<Healths>("orc")?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query")]
    pub fn view_ref<V: SharedView>(&self) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = self.views.get::<V>(&self.registry);
        matches.check()?;
        let matches = Cow::Borrowed(matches.tables());
        Ok(ViewRef::new(Tables::Shared(&self.tables), matches, &self.registry))
    }

    /// Returns the objects of the schema and of those that [extend it](Self#schemas-that-extend-others), for reading
    /// only.
    ///
    /// [`view_ref`](Self::view_ref) has an example.
    ///
    /// # Errors
    /// Returns an error if [`view_of`](Self::view_of) would.
    pub fn view_ref_of<'n, V: SharedView>(
        &self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewRef<'_, V>, ViewError> {
        let matches = self.views.get::<V>(&self.registry);
        let selected = matches.selected(&self.registry, schema.into(), Wants::of::<V>)?;
        Ok(ViewRef::new(Tables::Shared(&self.tables), Cow::Owned(selected), &self.registry))
    }

    /// Returns the schemas that a view matches, and those that it skips because a slot is of another kind.
    ///
    /// Use it to find out why a view does not visit some objects.
    ///
    /// ```
    /// # use slotted::{Kind, Schema, Slotted, Store, View};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// #[derive(View)]
    /// struct Healing<'a> { health: &'a mut f32 }
    ///
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.register_schema(Schema::builder("tree").slot("health", Kind::U8).build()?)?;
    /// let report = store.view_report::<Healing>();
    /// assert_eq!(report.schemas().collect::<Vec<_>>(), ["unit"]);
    /// assert_eq!(report.skipped()[0].to_string(), "slot 'health' of 'tree' is u8, not f32");
    /// assert_eq!(report.error(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn view_report<V: View>(&self) -> ViewReport {
        self.views.get::<V>(&self.registry).report(&self.registry)
    }
}
