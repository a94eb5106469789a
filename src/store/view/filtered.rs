//! The filters of a view as methods.

use std::borrow::Cow;
use std::sync::Arc;

use crate::schema::{Registry, SchemaSelector};
use crate::store::view::cache::TableMatch;
use crate::store::view::filter::Filter;
use crate::store::view::tables::Tables;
use crate::store::view::{View, ViewError, ViewMut, ViewRef};

macro_rules! filters {
    ($name:ident) => {
        impl<V: View> $name<'_, V> {
            /// Narrows the view to the objects of the schema and of those that
            /// [extend it](crate::Store#schemas-that-extend-others).
            ///
            /// The same as `#[view(of = "..")]`: see [filters](View#filters).
            ///
            /// # Errors
            /// Returns an error if no schema of this name is registered, unless the view is lenient.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Schema, Slotted, Store, View, exactly, record};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
            /// store.spawn(Unit { health: 80.0 })?;
            /// store.spawn_record("orc", record! { health: 120.0 })?;
            /// assert_eq!(store.view::<Healths>()?.of("orc")?.count(), 1);
            /// assert_eq!(store.view::<Healths>()?.of("unit")?.count(), 2);
            /// assert_eq!(store.view_ref::<Healths>()?.of(exactly("unit"))?.count(), 1);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn of<'n>(self, schema: impl Into<SchemaSelector<'n>>) -> Result<Self, ViewError> {
                self.filter(Filter::Of(schema.into()))
            }

            /// Narrows the view to schemas with the slot, of any kind.
            ///
            /// The same as `#[view(with = "..")]`: see [filters](View#filters).
            ///
            /// # Errors
            /// Returns an error if no schema declares the slot, unless the view is lenient.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Kind, Schema, Slotted, Store, View, record};
            /// # #[derive(Slotted, Clone, Copy)]
            /// # struct Unit { health: f32 }
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// # let mut store = Store::new();
            /// # store.register::<Unit>()?;
            /// let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).build()?;
            /// store.register_schema(orc)?;
            /// store.spawn(Unit { health: 80.0 })?;
            /// store.spawn_record("orc", record! { health: 120.0, rage: 0.5 })?;
            /// let calm = store.view_ref::<Healths>()?.without("rage")?;
            /// assert_eq!(calm.iter().map(|unit| *unit.health).sum::<f32>(), 80.0);
            /// let raging = store.view_ref::<Healths>()?.with("rage")?;
            /// assert_eq!(raging.iter().map(|unit| *unit.health).sum::<f32>(), 120.0);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn with(self, slot: &str) -> Result<Self, ViewError> {
                self.filter(Filter::With(slot))
            }

            /// Narrows the view to schemas without the slot.
            ///
            /// The same as `#[view(without = "..")]`: see [filters](View#filters). [`with`](Self::with) has an example.
            ///
            /// # Errors
            /// Returns an error if no schema declares the slot, unless the view is lenient.
            pub fn without(self, slot: &str) -> Result<Self, ViewError> {
                self.filter(Filter::Without(slot))
            }

            /// Narrows the view to objects that have a value in the slot.
            ///
            /// The same as `#[view(set = "..")]`: see [filters](View#filters).
            ///
            /// # Errors
            /// Returns an error if no schema declares the slot, unless the view is lenient. Also returns an error if the
            /// view borrows single columns, as those of a [`SplitStore`](crate::view::SplitStore) and of Bevy's systems
            /// do, and neither a field nor an attribute names the slot.
            ///
            /// # Example
            /// ```
            /// # use slotted::{Slotted, Store, View};
            /// # #[derive(View)]
            /// # struct Healths<'a> { health: &'a f32 }
            /// #[derive(Slotted, Clone, Copy)]
            /// struct Unit { health: f32, shield: Option<f32> }
            ///
            /// let mut store = Store::new();
            /// store.register::<Unit>()?;
            /// store.spawn(Unit { health: 80.0, shield: Some(5.0) })?;
            /// store.spawn_batch([Unit { health: 50.0, shield: None }; 2])?;
            /// assert_eq!(store.view_ref::<Healths>()?.where_set("shield")?.count(), 1);
            /// assert_eq!(store.view_ref::<Healths>()?.where_unset("shield")?.count(), 2);
            ///
            /// let error = store.view_ref::<Healths>()?.where_set("shild").unwrap_err();
            /// assert_eq!(
            ///     error.to_string(),
            ///     "view 'Healths' is filtered by slot 'shild', which no schema declares; did you mean 'shield'?",
            /// );
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn where_set(self, slot: &str) -> Result<Self, ViewError> {
                self.filter(Filter::Set(slot))
            }

            /// Narrows the view to objects that have no value in the slot: it is unset, or their schema lacks it.
            ///
            /// The same as `#[view(unset = "..")]`: see [filters](View#filters). [`where_set`](Self::where_set) has an
            /// example.
            ///
            /// # Errors
            /// Returns an error if [`where_set`](Self::where_set) would.
            pub fn where_unset(self, slot: &str) -> Result<Self, ViewError> {
                self.filter(Filter::Unset(slot))
            }

            fn filter(self, filter: Filter<'_>) -> Result<Self, ViewError> {
                let Self { mut tables, matches, registry, since, .. } = self;
                if !V::IS_LENIENT {
                    filter.check(V::NAME, registry)?;
                }
                if let Some(slot) = filter.tested()
                    && tables.are_lent()
                    && !reads::<V>(slot)
                {
                    return Err(ViewError::NotBorrowed { view: V::NAME, slot: slot.into() });
                }
                let matches = filter_matches(&mut tables, &matches, registry, filter);
                let mut view = Self::new(tables, Cow::Owned(matches), registry);
                view.since = since;
                Ok(view)
            }
        }
    };
}
filters!(ViewMut);
filters!(ViewRef);

/// Returns `true` if a view reads the slot in all schemas that have it and match.
fn reads<V: View>(slot: &str) -> bool {
    let mut fields = V::requests().into_iter();
    fields.any(|(name, request)| name == slot && request.is_some())
        || V::FILTERS.iter().any(|filter| filter.tested() == Some(slot))
}

/// Keeps the matches whose objects may pass the filter.
fn filter_matches(
    tables: &mut Tables<'_>,
    matches: &[TableMatch],
    registry: &Arc<Registry>,
    filter: Filter<'_>,
) -> Vec<TableMatch> {
    let kept = matches.iter().filter_map(|found| {
        let schema = registry.get(found.schema()).expect("it was examined");
        let (test, mut found) = (filter.test(registry, schema)?, found.clone());
        if let Some(test) = test {
            found.add_test(test);
        }
        Some(found)
    });
    let mut kept = kept.collect::<Vec<_>>();
    tables.keep(&mut kept);
    kept
}
