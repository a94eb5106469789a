//! Several views and columns in use at the same time.

use std::fmt;
use std::sync::Arc;

use crate::any::Any;
use crate::debug_as_display::debug_as_display;
use crate::error::ForeignKey;
use crate::id::{ObjectId, SchemaId};
use crate::list::List;
use crate::schema::{Registry, SchemaSelector};
use crate::side_table::Living;
use crate::slot_value::{ListElement, SlotField, element_shape};
use crate::storage::{Column, Interner, KindTag, Rows};
use crate::store::columns::{SlotColumn, SlotColumnMut, served};
use crate::store::dynamic;
use crate::store::lend::{Lent, Wanted};
use crate::store::view::ViewCache;
use crate::store::view::lend::OwnMatches;
use crate::store::{SharedView, SlotKey, Store, View, ViewError, ViewMut, ViewRef};
use crate::text::Text;
use crate::value::Value;

/// A store whose columns are borrowed one by one, for several views and columns at the same time.
///
/// They can run on two threads, or one inside the other, unless they conflict: one writes a slot of a schema, and the
/// other reads or writes the same slot of the same schema. A conflict is an error that names both.
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
/// let mut split = store.split();
/// let (moving, tiring) = (split.view::<Moving>()?, split.view::<Tiring>()?);
/// std::thread::scope(|scope| {
///     scope.spawn(|| moving.for_each(|unit| *unit.position += *unit.velocity));
///     scope.spawn(|| tiring.for_each(|unit| *unit.health -= unit.velocity.length() * 0.1));
/// });
///
/// let error = split.view::<Moving>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "view 'Moving' cannot write slot 'position' of 'unit': view 'Moving' writes it",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Other objects of another schema
///
/// Schemas have columns of their own, so the same slot of another schema is another column. A view that writes the
/// positions of bullets and a column that reads the positions of units do not conflict. Neither copies anything:
///
/// ```
/// # use slotted::{ObjectId, Slotted, Store, View, glam::Vec3};
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3 }
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Bullet { position: Vec3, target: Option<ObjectId> }
///
/// #[derive(View)]
/// struct Homing<'a> { position: &'a mut Vec3, target: Option<&'a ObjectId> }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.register::<Bullet>()?;
/// let target = store.spawn(Unit { position: Vec3::X * 8.0 })?;
/// let bullet = store.spawn(Bullet { position: Vec3::ZERO, target: Some(target) })?;
/// let positions = store.key::<Vec3>("unit", "position")?;
///
/// let mut split = store.split();
/// let (bullets, units) = (split.view_of::<Homing>("bullet")?, split.column(positions)?);
/// bullets.for_each(|bullet| {
///     let target = bullet.target.and_then(|target| units.get(*target));
///     if let Some(target) = target {
///         *bullet.position += (target - *bullet.position) * 0.5;
///     }
/// });
/// assert_eq!(store.get_object::<Bullet>(bullet)?.position, Vec3::X * 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If another schema extends `bullet`, both borrow its column too: a name means the schema and all that
/// [extend it](Store#schemas-that-extend-others), and [`exactly`](crate::exactly) the one.
///
/// # Other objects of the same schema
///
/// A column cannot be read while it is written: objects would see values of this frame or of the last one, depending
/// on the order. Read the values from before from a [`Snapshot`](crate::Snapshot), whose
/// [`column`](Store::column) does not borrow the store:
///
/// ```
/// # use slotted::{ObjectId, Slotted, Store, View, glam::Vec3};
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3, leader: Option<ObjectId> }
///
/// #[derive(View)]
/// struct Following<'a> { position: &'a mut Vec3, leader: Option<&'a ObjectId> }
///
/// # let mut store = Store::new();
/// # store.register::<Unit>()?;
/// let leader = store.spawn(Unit { position: Vec3::X, leader: None })?;
/// let unit = store.spawn(Unit { position: Vec3::ZERO, leader: Some(leader) })?;
/// let positions = store.key::<Vec3>("unit", "position")?;
///
/// let before = store.snapshot();
/// let positions = before.column(positions)?;
/// store.view::<Following>()?.for_each(|unit| {
///     if let Some(leader) = unit.leader.and_then(|leader| positions.get(*leader)) {
///         *unit.position = leader;
///     }
/// });
/// assert_eq!(store.get_object::<Unit>(unit)?.position, Vec3::X);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The snapshot itself copies nothing. The first write to each block afterwards copies the block.
/// [`Store::reuse_memory_of`] keeps the memory for the next frame.
#[derive(Debug)]
pub struct SplitStore<'s> {
    registry: &'s Arc<Registry>,
    interner: &'s Interner,
    views: &'s mut ViewCache,
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
    Read(&'s Column, SplitUser),
    Written(KindTag, SplitUser),
}

impl SplitColumn<'_> {
    const fn tag(&self) -> KindTag {
        match self {
            Self::Free(column) => column.tag,
            Self::Read(column, _) => column.tag,
            Self::Written(tag, _) => *tag,
        }
    }
}

/// A user of a slot in a [`SplitStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitUser {
    /// The view of this name.
    View(&'static str),
    /// A column, from [`SplitStore::column`] or [`SplitStore::column_mut`].
    Column,
}

impl fmt::Display for SplitUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::View(name) => write!(f, "view '{name}'"),
            Self::Column => f.write_str("a column"),
        }
    }
}

/// The use of a slot in a [`SplitStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitUse {
    /// The user.
    pub user: SplitUser,
    /// `true` if it writes the slot.
    pub is_written: bool,
}

/// The error of a view or column that a [`SplitStore`] refuses.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The view or column conflicts with an earlier one: one of them writes a slot that the other reads or writes.
    #[error(
        "{} cannot {} slot '{slot}' of '{schema}': {} {} it",
        wanted.user, if wanted.is_written { "write" } else { "read" },
        held.user, if held.is_written { "writes" } else { "reads" }
    )]
    Borrowed {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The refused use.
        wanted: SplitUse,
        /// The earlier use.
        held: SplitUse,
    },
    /// The store refuses the view.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The store refuses the key.
    #[error(transparent)]
    Key(#[from] ForeignKey),
}

debug_as_display!(SplitError);

impl Store {
    /// Returns the columns, to be borrowed one by one for several views and columns at the same time.
    ///
    /// Computes in **O(columns)** time, a few nanoseconds for each. [`SplitStore`] has an example. It also
    /// says how to read [a column that a view writes](SplitStore#other-objects-of-the-same-schema).
    #[must_use]
    pub fn split(&mut self) -> SplitStore<'_> {
        let tables = self.tables.for_values().iter_mut().map(|table| SplitTable {
            rows: &table.rows,
            columns: table.columns.iter_mut().map(SplitColumn::Free).collect(),
        });
        SplitStore {
            registry: &self.registry,
            interner: &self.interner,
            views: &mut self.views,
            tables: tables.collect(),
        }
    }
}

/// Slots stay borrowed until the `SplitStore` is dropped. Slots that are read can be read by later views and columns.
impl<'s> SplitStore<'s> {
    /// Returns the objects of all schemas that have the view's slots.
    ///
    /// [`SplitStore`] has an example.
    ///
    /// # Errors
    /// Returns an error if the view conflicts with an earlier one or with a column, or if [`Store::view`] refuses it.
    /// Nothing is borrowed then.
    pub fn view<V: View>(&mut self) -> Result<ViewMut<'s, V>, SplitError> {
        let matches = OwnMatches::all(self.views, self.registry)?;
        self.lend_view(matches)
    }

    /// Returns the objects of the schema and of those that [extend it](Store#schemas-that-extend-others).
    ///
    /// Borrows the columns of these schemas only. [`SplitStore`] has an example.
    ///
    /// # Errors
    /// Returns an error if the view conflicts with an earlier one or with a column, or if [`Store::view_of`] refuses
    /// it. Nothing is borrowed then.
    pub fn view_of<'n, V: View>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewMut<'s, V>, SplitError> {
        let matches = OwnMatches::selected(self.views, self.registry, schema.into())?;
        self.lend_view(matches)
    }

    /// Returns the objects of all schemas that have the view's slots, for reading only.
    ///
    /// # Errors
    /// Returns an error if [`view`](Self::view) would.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, View, exactly};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32, shield: f32 }
    /// #[derive(View)]
    /// struct Healths<'a> { health: &'a f32 }
    ///
    /// #[derive(View)]
    /// struct Shields<'a> { health: &'a f32, shield: &'a mut f32 }
    ///
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// store.spawn_batch([Unit { health: 80.0, shield: 0.0 }; 3])?;
    /// let mut split = store.split();
    /// let healths = split.view_ref::<Healths>()?;
    /// let shields = split.view::<Shields>()?;
    /// assert_eq!(split.view_ref_of::<Healths>(exactly("unit"))?.count(), 3);
    /// let total: f32 = healths.iter().map(|unit| *unit.health).sum();
    /// shields.for_each(|unit| *unit.shield = *unit.health / total);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view_ref<V: SharedView>(&mut self) -> Result<ViewRef<'s, V>, SplitError> {
        let matches = OwnMatches::all(self.views, self.registry)?;
        self.lend_view_ref(matches)
    }

    /// Returns the objects of the schema and of those that [extend it](Store#schemas-that-extend-others), for reading
    /// only.
    ///
    /// [`view_ref`](Self::view_ref) has an example.
    ///
    /// # Errors
    /// Returns an error if [`view_of`](Self::view_of) would.
    pub fn view_ref_of<'n, V: SharedView>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
    ) -> Result<ViewRef<'s, V>, SplitError> {
        let matches = OwnMatches::selected(self.views, self.registry, schema.into())?;
        self.lend_view_ref(matches)
    }

    /// Returns a column for many reads, on several threads too.
    ///
    /// The column contains all objects that the key serves, as that of [`Store::column`] does.
    ///
    /// # Errors
    /// Returns an error if an earlier view or column writes the slot, if the key belongs to another store, or if a
    /// migration invalidated the key. Nothing is borrowed then.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, exactly};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32, shield: f32 }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let unit = store.spawn(Unit { health: 80.0, shield: 0.0 })?;
    /// let health = store.key::<f32>("unit", "health")?;
    /// let shield = store.key::<f32>("unit", "shield")?;
    /// let mut split = store.split();
    /// let (healths, mut shields) = (split.column(health)?, split.column_mut(shield)?);
    /// shields.set(unit, healths.get(unit).unwrap() * 0.5);
    ///
    /// let error = split.column(shield).unwrap_err();
    /// assert_eq!(error.to_string(), "a column cannot read slot 'shield' of 'unit': a column writes it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column<F: SlotField>(
        &mut self,
        key: SlotKey<F>,
    ) -> Result<SlotColumn<'s, F>, SplitError> {
        let family = self.check_key(key, false)?;
        let column = |schema: SchemaId| {
            let lent = self.lend(Wanted::Read(schema, usize::from(key.slot)), SplitUser::Column);
            let Lent::Read(column) = lent else { return None };
            Some((self.tables[schema.index()].rows, column))
        };
        Ok(SlotColumn::of_family(key, &family, column)?)
    }

    /// Returns a column for many reads and writes.
    ///
    /// Writes skip constraint checks, as in views. [`column`](Self::column) has an example.
    ///
    /// Values from before the writes come from a [snapshot's](crate::Snapshot) column. The first write to each block
    /// after the snapshot copies the block.
    ///
    /// # Errors
    /// Returns an error if an earlier view or column reads or writes the slot, if the key belongs to another store,
    /// or if a migration invalidated the key. Nothing is borrowed then.
    pub fn column_mut<F: SlotField>(
        &mut self,
        key: SlotKey<F>,
    ) -> Result<SlotColumnMut<'s, F>, SplitError> {
        let family = self.check_key(key, true)?;
        let column = |schema: SchemaId| {
            let lent = self.lend(Wanted::Written(schema, usize::from(key.slot)), SplitUser::Column);
            let Lent::Written(column) = lent else { return None };
            Some((self.tables[schema.index()].rows, column))
        };
        Ok(SlotColumnMut::of_family(key, &family, column)?)
    }

    /// Returns `true` if the object is alive.
    ///
    /// Computes in **O(1)** time.
    ///
    /// # Example
    /// ```
    /// # use slotted::{Slotted, Store, Text};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { name: Text }
    /// # let mut store = Store::new();
    /// # store.register::<Unit>()?;
    /// let name = store.intern_text("Ada")?;
    /// let costs = store.intern_list(&[3_u16, 5])?;
    /// let unit = store.spawn(Unit { name })?;
    /// let split = store.split();
    /// assert!(split.contains(unit));
    /// assert_eq!((split.resolve(name), split.find_text("Ada")), (Some("Ada"), Some(name)));
    /// assert_eq!(split.resolve_list(costs), Some(&[3, 5][..]));
    /// assert_eq!(split.resolve_any(slotted::Any::UNSET), Some(slotted::Value::Unset));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn contains(&self, id: ObjectId) -> bool {
        let table = self.tables.get(id.schema().index());
        table.is_some_and(|table| table.rows.is_alive(id.row(), id.generation()))
    }

    /// Returns the text of a handle. A handle of another store gives `None` or another text.
    ///
    /// Computes in **O(1)** time. [`contains`](Self::contains) has an example.
    #[must_use]
    pub fn resolve(&self, text: Text) -> Option<&'s str> {
        self.interner.texts.resolve(text)
    }

    /// Returns the handle of a stored text.
    ///
    /// [`contains`](Self::contains) has an example.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<Text> {
        self.interner.texts.find(text)
    }

    /// Returns the elements of a list. A handle of another store gives `None` or another list.
    ///
    /// Computes in **O(1)** time; lists of enums in **O(elements)**. [`contains`](Self::contains) has an example.
    #[must_use]
    pub fn resolve_list<T: ListElement>(&self, list: List<T>) -> Option<&'s [T]> {
        self.interner.lists.resolve(element_shape::<T>(), list.cell()).map(T::from_cells)
    }

    /// Returns the value of a handle. A handle of another store gives `None` or another value.
    ///
    /// Computes in **O(n)** time. [`contains`](Self::contains) has an example.
    #[must_use]
    pub fn resolve_any(&self, any: Any) -> Option<Value> {
        dynamic::resolve_any(any.text(), self.interner)
    }

    fn lend_view<V: View>(&mut self, matches: OwnMatches<V>) -> Result<ViewMut<'s, V>, SplitError> {
        self.check_view(&matches)?;
        Ok(matches.view(self.registry, |wanted| self.lend(wanted, SplitUser::View(V::NAME))))
    }

    fn lend_view_ref<V: View>(
        &mut self,
        matches: OwnMatches<V>,
    ) -> Result<ViewRef<'s, V>, SplitError> {
        self.check_view(&matches)?;
        Ok(matches.view_ref(self.registry, |wanted| self.lend(wanted, SplitUser::View(V::NAME))))
    }

    fn check_view<V: View>(&self, matches: &OwnMatches<V>) -> Result<(), SplitError> {
        matches.wanted().try_for_each(|wanted| self.check(wanted, SplitUser::View(V::NAME)))
    }

    /// Returns the schemas that the key serves, if their columns can be borrowed.
    fn check_key<F: SlotField>(
        &self,
        key: SlotKey<F>,
        is_written: bool,
    ) -> Result<Vec<SchemaId>, SplitError> {
        let family = served(key, self.registry).into_owned();
        let number = usize::from(key.slot);
        for schema in &family {
            let table = self.tables.get(schema.index());
            let column = table.and_then(|table| table.columns.get(number));
            if column.is_none_or(|column| column.tag() != key.tag) {
                return Err(key.foreign().into());
            }
        }
        let wanted = if is_written { Wanted::Written } else { Wanted::Read };
        let check = |schema: &SchemaId| self.check(wanted(*schema, number), SplitUser::Column);
        family.iter().try_for_each(check)?;
        Ok(family)
    }

    fn check(&self, wanted: Wanted, user: SplitUser) -> Result<(), SplitError> {
        let (schema, number, is_written) = match wanted {
            Wanted::Rows(_) => return Ok(()),
            Wanted::Read(schema, column) => (schema, column, false),
            Wanted::Written(schema, column) => (schema, column, true),
        };
        let held = match self.tables[schema.index()].columns[number] {
            SplitColumn::Free(_) => return Ok(()),
            SplitColumn::Read(..) if !is_written => return Ok(()),
            SplitColumn::Read(_, user) => SplitUse { user, is_written: false },
            SplitColumn::Written(_, user) => SplitUse { user, is_written: true },
        };
        let schema = self.registry.get(schema).expect("a table has a schema");
        Err(SplitError::Borrowed {
            schema: Arc::clone(schema.shared_name()),
            slot: Arc::clone(schema.slots()[number].shared_name()),
            wanted: SplitUse { user, is_written },
            held,
        })
    }

    /// Lends a part that was checked.
    fn lend(&mut self, wanted: Wanted, user: SplitUser) -> Lent<'s> {
        const CHECKED: &str = "lent columns were checked";
        let (schema, number, is_written) = match wanted {
            Wanted::Rows(schema) => return Lent::Rows(self.tables[schema.index()].rows),
            Wanted::Read(schema, number) => (schema, number, false),
            Wanted::Written(schema, number) => (schema, number, true),
        };
        let place = &mut self.tables[schema.index()].columns[number];
        let written = SplitColumn::Written(place.tag(), user);
        match std::mem::replace(place, written) {
            SplitColumn::Free(column) if is_written => Lent::Written(column),
            SplitColumn::Free(column) => {
                *place = SplitColumn::Read(column, user);
                Lent::Read(column)
            }
            SplitColumn::Read(column, first) => {
                assert!(!is_written, "{CHECKED}");
                *place = SplitColumn::Read(column, first);
                Lent::Read(column)
            }
            SplitColumn::Written(..) => unreachable!("{CHECKED}"),
        }
    }
}

impl Living for SplitStore<'_> {
    #[inline]
    fn is_alive(&self, id: ObjectId) -> bool {
        self.contains(id)
    }
}
