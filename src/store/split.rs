//! Several views in use at the same time.

use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::schema::Registry;
use crate::storage::{Column, Rows};
use crate::store::lend::{Lent, ViewColumns, Wanted};
use crate::store::{Identity, Store, View, ViewError, ViewMut};

/// A store whose columns are borrowed one by one, for several views at the same time.
///
/// Views that do not conflict can run on two threads, or one inside the other. Two views conflict if one writes a
/// slot that the other reads or writes.
///
/// ```
/// use slotted::{Slotted, Store, View, glam::Vec3};
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3, velocity: Vec3, health: f32 }
///
/// #[derive(View)]
/// struct Moving<'a> { position: &'a mut Vec3, velocity: &'a Vec3 }
///
/// #[derive(View)]
/// struct Tiring<'a> { velocity: &'a Vec3, health: &'a mut f32 }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.spawn(Unit { position: Vec3::ZERO, velocity: Vec3::X, health: 1.0 })?;
///
/// let mut columns = store.split();
/// let (moving, tiring) = (columns.view::<Moving>()?, columns.view::<Tiring>()?);
/// std::thread::scope(|scope| {
///     scope.spawn(|| moving.for_each(|unit| *unit.position += *unit.velocity));
///     scope.spawn(|| tiring.for_each(|unit| *unit.health -= unit.velocity.length() * 0.1));
/// });
///
/// let error = columns.view::<Moving>().unwrap_err();
/// assert_eq!(error.to_string(), "slot 'position' of 'unit' is borrowed by another view");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SplitStore<'s> {
    identity: &'s Identity,
    registry: &'s Registry,
    tables: Vec<SplitTable<'s>>,
}

#[derive(Debug)]
struct SplitTable<'s> {
    rows: &'s Rows,
    columns: Vec<SplitColumn<'s>>,
}

#[derive(Debug)]
enum SplitColumn<'s> {
    Free(&'s mut Column),
    Read(&'s Column),
    Written,
}

/// The error of a view that a [`SplitStore`] refuses.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The view conflicts with an earlier one: one of them writes a slot that the other reads or writes.
    #[error("slot '{slot}' of '{schema}' is borrowed by another view")]
    Borrowed {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The store refuses the view.
    #[error(transparent)]
    View(#[from] ViewError),
}

debug_as_display!(SplitError);

impl Store {
    /// Returns the columns, to be borrowed one by one for several views at the same time.
    ///
    /// Computes in **O(columns)** time, a few nanoseconds for each. [`SplitStore`] has an example.
    #[must_use]
    pub fn split(&mut self) -> SplitStore<'_> {
        let tables = self.tables.iter_mut().map(|table| SplitTable {
            rows: &table.rows,
            columns: table.columns.iter_mut().map(SplitColumn::Free).collect(),
        });
        SplitStore { identity: &self.identity, registry: &self.registry, tables: tables.collect() }
    }
}

impl<'s> SplitStore<'s> {
    /// Returns the objects of all schemas that have the view's slots.
    ///
    /// Slots that the view writes stay borrowed by it until the `SplitStore` is dropped. Slots that it reads can be
    /// read by later views.
    ///
    /// [`SplitStore`] has an example.
    ///
    /// # Errors
    /// Returns an error if the view conflicts with an earlier one, or if [`Store::view`] refuses it. Nothing is
    /// borrowed then.
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'s, V>, SplitError> {
        let mut columns = ViewColumns::<V>::default();
        columns.look(self.identity, self.registry)?;
        for wanted in columns.wanted() {
            self.check(*wanted)?;
        }
        Ok(columns.view_of_its_own(self.registry, |wanted| self.lend(wanted)))
    }

    fn check(&self, wanted: Wanted) -> Result<(), SplitError> {
        let (schema, column, is_written) = match wanted {
            Wanted::Rows(_) => return Ok(()),
            Wanted::Read(schema, column) => (schema, column, false),
            Wanted::Written(schema, column) => (schema, column, true),
        };
        match &self.tables[schema.index()].columns[column] {
            SplitColumn::Free(_) => Ok(()),
            SplitColumn::Read(_) if !is_written => Ok(()),
            SplitColumn::Read(_) | SplitColumn::Written => {
                let schema = self.registry.get(schema).expect("a table has a schema");
                let slot = Arc::clone(schema.slots()[column].shared_name());
                Err(SplitError::Borrowed { schema: Arc::clone(schema.shared_name()), slot })
            }
        }
    }

    fn lend(&mut self, wanted: Wanted) -> Lent<'s> {
        const CHECKED: &str = "lent columns were checked";
        let (schema, number, is_written) = match wanted {
            Wanted::Rows(schema) => return Lent::Rows(self.tables[schema.index()].rows),
            Wanted::Read(schema, number) => (schema, number, false),
            Wanted::Written(schema, number) => (schema, number, true),
        };
        let place = &mut self.tables[schema.index()].columns[number];
        match std::mem::replace(place, SplitColumn::Written) {
            SplitColumn::Free(column) if is_written => Lent::Written(column),
            SplitColumn::Free(column) => {
                *place = SplitColumn::Read(column);
                Lent::Read(column)
            }
            SplitColumn::Read(column) => {
                assert!(!is_written, "{CHECKED}");
                *place = SplitColumn::Read(column);
                Lent::Read(column)
            }
            SplitColumn::Written => unreachable!("{CHECKED}"),
        }
    }
}
