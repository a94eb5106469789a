//! Views that are used at the same time.

use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::schema::Registry;
use crate::storage::{Column, Rows};
use crate::store::lend::{Lent, ViewColumns, Wanted};
use crate::store::{Identity, Store, View, ViewError, ViewMut};

/// A store whose columns are borrowed one by one, so that views which write different slots can be used at
/// the same time: by two threads, or one within the other.
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

/// Why a view of a [`SplitStore`] cannot be had.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A view that was had before reads or writes a slot that this one wants to write, or writes one that
    /// this one wants to read.
    #[error("slot '{slot}' of '{schema}' is borrowed by another view")]
    Borrowed {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The view cannot be had of this store at all.
    #[error(transparent)]
    View(#[from] ViewError),
}

debug_as_display!(SplitError);

impl Store {
    /// The columns, to be borrowed one by one: see [`SplitStore`].
    ///
    /// Costs a few nanoseconds for each column of each schema.
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
    /// The objects of all schemas that have the view's slots. The slots that it writes are the view's alone
    /// from now on; those that it reads can be read by others.
    ///
    /// # Errors
    /// If a view that was had before has a slot that only one can have, or as
    /// [`Store::view`]. Nothing is borrowed then.
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'s, V>, SplitError> {
        let mut columns = ViewColumns::<V>::default();
        columns.look(self.identity, self.registry)?;
        for wanted in columns.wanted() {
            self.check(*wanted)?;
        }
        Ok(columns.view_of_its_own(|wanted| self.lend(wanted)))
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
        const CHECKED: &str = "what is lent has been checked";
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
