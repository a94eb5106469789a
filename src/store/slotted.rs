//! Rust structs as schemas.

use std::{fmt, iter, mem, slice};

use crate::error::RecordsError;
use crate::schema::{
    Problem, RegisteredSchema, Schema, SchemaBuilder, SchemaError, Slot, SlotCheck,
};
use crate::slot_value::{SlotField, SlotValue, ValueCheck};
use crate::storage::{CellColumn, Column, Span};
use crate::store::{ListMaker, Part, PartList, SlotKey, Store};

/// A Rust struct that is a schema. Implement it with `#[derive(Slotted)]`.
///
/// | attribute | on | means |
/// |---|---|---|
/// | `#[slotted(name = "orc")]` | the struct | the schema's name; by default the struct's in snake case |
/// | `#[slotted(keys = "OrcSlots")]` | the struct | the name of the struct of [keys](Store::keys); by default the struct's with `Keys` at its end |
/// | `#[slotted(crate = "path")]` | the struct | the path of this crate, if it is not `slotted` |
/// | `#[slot(base)]` | the first field | extends the field's schema: its slots come first |
/// | `#[slot(base, default(health = 150.0))]` | the first field | another default for a slot of the base, as [`inherited_default`](SchemaBuilder::inherited_default); names such as `"damage.min"` in quotes |
/// | `#[slot(nested)]` | a field | the slots of the field's schema, under their names with the field's and a dot before; for an `Option` of it see [below](#optional-nested-records), for lists [`Records`](crate::Records), for enums [`SlotUnion`](crate::SlotUnion) |
/// | `#[slot(name = "hp")]` | a field | the slot's name; by default the field's |
/// | `#[slot(renamed_from = "hp")]` | a field | the slot's former name, for [migrations](Store::plan_migration) |
/// | `#[slot(default = 100.0)]` | a field | the value in records that leave it out; `[]` or `[1, 2]` for lists and arrays |
/// | `#[slot(range = 0.0..=500.0)]` | a field | the numbers that the slot accepts |
/// | `#[slot(step = 5)]` | a field | rejects all but multiples of the number |
/// | `#[slot(finite)]` | a field | rejects infinities and NaN |
/// | `#[slot(references = "unit")]` | a field | the schema that a referenced object has or extends |
///
/// A field's type is any [`SlotValue`], or an `Option` of one for an optional slot. `range`, `step`, `finite`
/// and `references` of a [`List`](crate::List) apply to each element.
///
/// A crate that re-exports slotted tells its users the path: with
/// `#[slotted(crate = "bevy_slotted::slotted")]` a package needs no dependency on slotted itself. The
/// attribute works for all derives.
///
/// ```
/// use slotted::{ObjectId, Slotted, Store, record};
///
/// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
/// struct Unit {
///     #[slot(default = 100.0, range = 0.0..=500.0)]
///     health: f32,
///     #[slot(references = "unit")]
///     target: Option<ObjectId>,
/// }
///
/// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
/// struct Orc {
///     #[slot(base)]
///     unit: Unit,
///     rage: f32,
/// }
///
/// let mut store = Store::new();
/// store.register::<Unit>()?;
/// store.register::<Orc>()?;
/// let orc = store.spawn_record("orc", record! { rage: 0.5 })?;
/// let unit = Unit { health: 100.0, target: None };
/// assert_eq!(store.get_object::<Orc>(orc)?, Orc { unit, rage: 0.5 });
/// assert_eq!(store.get_object::<Unit>(orc)?, unit);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Optional nested records
///
/// `#[slot(nested)] damage: Option<Damage>` makes all slots of `Damage` optional and removes their
/// defaults, as [`optional`](SchemaBuilder::optional) does. Their constraints stay. `None` unsets all
/// of them. Their [keys](Store::keys) are those of optional slots.
///
/// Records, keys and views can set some of the slots alone. The field is read as `None` as long as a
/// slot is unset that `Damage` does not declare as an `Option`. It is also read as `None` if all slots
/// are unset, so `Some` of a `Damage` whose fields are all `None` becomes `None`.
///
/// ```
/// use slotted::{Slotted, Store, Value};
///
/// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
/// struct Damage {
///     min: u16,
///     max: u16,
/// }
///
/// #[derive(Slotted, Clone, Copy, Debug, PartialEq)]
/// struct Weapon {
///     #[slot(nested)]
///     damage: Option<Damage>,
/// }
///
/// let mut store = Store::new();
/// store.register::<Weapon>()?;
/// let torch = store.spawn(Weapon { damage: None })?;
/// assert_eq!(store.get_value(torch, "damage")?, Value::Unset);
///
/// let keys = store.keys::<Weapon>()?;
/// store.set(torch, keys.damage.min, Some(1))?;
/// assert_eq!(store.get_object::<Weapon>(torch)?.damage, None);
/// store.set(torch, keys.damage.max, Some(2))?;
/// assert_eq!(store.get_object::<Weapon>(torch)?.damage, Some(Damage { min: 1, max: 2 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schema",
    label = "not a schema",
    note = "add `#[derive(Slotted)]` to the struct"
)]
pub trait Slotted: Copy + Send + Sync + 'static {
    /// The schema's name: a string for methods that take one, which cannot be misspelt.
    ///
    /// ```
    /// use slotted::{Slotted, Store};
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Unit { health: f32 }
    /// let mut store = Store::new();
    /// store.register::<Unit>()?;
    /// store.spawn_batch([Unit { health: 80.0 }; 3])?;
    /// assert_eq!(store.len_of(Unit::SCHEMA_NAME)?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    const SCHEMA_NAME: &'static str;

    /// The typed keys of the struct's slots: a struct with the same fields, from [`Store::keys`].
    type Keys: Copy + fmt::Debug + Send + Sync + 'static;

    /// Returns the schema that the struct declares.
    ///
    /// # Errors
    /// Returns an error if a name, a constraint or a default is invalid.
    fn schema() -> Result<Schema, SchemaError>;

    #[doc(hidden)]
    fn register(store: &mut Store) -> Result<(), SchemaError> {
        store.register::<Self>().map(|_| ())
    }

    #[doc(hidden)]
    fn register_base(store: &mut Store) -> Result<(), SchemaError>;

    /// Checks objects, one slot of all of them after the other, until a slot refuses a value.
    #[doc(hidden)]
    fn accepts<'a>(objects: impl Iterator<Item = &'a Self> + Clone, check: &mut BatchCheck<'_>);

    /// Lists the problems of an object.
    #[doc(hidden)]
    fn check(&self, check: &mut ObjectCheck<'_>);

    #[doc(hidden)]
    fn write<'a>(objects: impl Iterator<Item = &'a Self> + Clone, batch: &mut Batch<'_>);

    #[doc(hidden)]
    fn write_one(&self, writer: &mut ObjectWriter<'_>);

    #[doc(hidden)]
    fn read(reader: &mut ObjectReader<'_>) -> Self;

    #[doc(hidden)]
    fn keys(slots: &mut KeyReader<'_>) -> Self::Keys;

    /// `true` if a field is an optional nested record, or has one.
    #[doc(hidden)]
    const HAS_OPTIONAL_RECORDS: bool;

    /// The keys of the slots of an optional nested record: each is that of an optional slot.
    #[doc(hidden)]
    type OptionKeys: ReadKeys;

    /// Like `check`, for an optional nested record.
    #[doc(hidden)]
    fn check_option(object: Option<&Self>, check: &mut ObjectCheck<'_>);

    /// Like `write`, for optional nested records. `None` writes unset to all slots.
    #[doc(hidden)]
    fn write_options<'a>(
        objects: impl Iterator<Item = Option<&'a Self>> + Clone,
        batch: &mut Batch<'_>,
    );

    #[doc(hidden)]
    fn write_one_option(object: Option<&Self>, writer: &mut ObjectWriter<'_>);

    /// Like `read`, for an optional nested record. Returns `None` if a field that is no `Option` is
    /// unset.
    #[doc(hidden)]
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self>;

    /// The lists of the parts of many objects, in a list of [`Records`](crate::Records).
    #[doc(hidden)]
    type Lists: Copy + fmt::Debug + Send + Sync + 'static;

    /// Makes the lists of the parts of many objects.
    ///
    /// # Errors
    /// Returns an error if a part is a list of another store, or if the store's limit of lists is reached.
    #[doc(hidden)]
    fn lists<'a>(
        objects: impl Iterator<Item = &'a Self> + Clone,
        maker: &mut ListMaker<'_>,
    ) -> Result<Self::Lists, RecordsError>;
}

/// A field of a struct that derives [`Slotted`], in each of the derived functions.
///
/// Each derived function reaches a field through this trait alone, so that the compiler reports a type
/// that no slot holds once.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "no slot holds `{Self}`",
    label = "neither a slot value nor an `Option` of one",
    note = "slots hold bool, numbers, glam vectors, `Text`, `ObjectId`, arrays of numbers, `List`s, \
            and types with `#[derive(SlotValue)]`; or an `Option` of one of these",
    note = "if `{Self}` derives `Slotted` or `SlotUnion`: `#[slot(nested)]` makes its slots parts of this schema; \
            `#[slot(base)]` on the first field extends it; to refer to another object use `ObjectId`; \
            to hold its values use `#[derive(SlotValue)]`"
)]
pub trait ObjectField: Sized {
    /// Adds the field's slot to a schema.
    fn declare(schema: SchemaBuilder, name: &'static str) -> SchemaBuilder;

    /// Checks the field of many objects against the next slot.
    fn accepts(fields: impl Iterator<Item = Self> + Clone, check: &mut BatchCheck<'_>);

    /// Checks the value against its slot, which is the next one.
    fn check(self, check: &mut ObjectCheck<'_>);

    /// Writes the field of many objects to the next slot.
    fn write(fields: impl Iterator<Item = Self> + Clone, batch: &mut Batch<'_>);

    /// Writes the field of one object to the next slot.
    fn write_one(self, writer: &mut ObjectWriter<'_>);

    /// Reads the field of one object from the next slot.
    fn read(reader: &mut ObjectReader<'_>) -> Self;

    /// Returns the key of the next slot.
    fn key(slots: &mut KeyReader<'_>) -> SlotKey<Self>;

    /// Like `check`, in an optional nested record.
    fn check_option(field: Option<Self>, check: &mut ObjectCheck<'_>);

    /// Like `write`, in optional nested records.
    fn write_options(fields: impl Iterator<Item = Option<Self>> + Clone, batch: &mut Batch<'_>);

    /// Like `write_one`, in an optional nested record.
    fn write_one_option(field: Option<Self>, writer: &mut ObjectWriter<'_>);

    /// Like `read`, in an optional nested record. Returns `None` if the field needs a value and has
    /// none.
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self>;

    /// Makes the lists of the field of many objects.
    ///
    /// # Errors
    /// Returns an error if the field is a list of another store, or if the store's limit of lists is reached.
    fn lists(
        fields: impl Iterator<Item = Self> + Clone,
        maker: &mut ListMaker<'_>,
    ) -> Result<PartList<Self>, RecordsError>;
}

#[diagnostic::do_not_recommend]
impl<T: Part> ObjectField for T {
    fn declare(schema: SchemaBuilder, name: &'static str) -> SchemaBuilder {
        let schema = schema.slot(name, T::Value::kind());
        if T::OPTIONAL { schema.optional() } else { schema }
    }

    #[inline(always)]
    fn accepts(fields: impl Iterator<Item = Self> + Clone, check: &mut BatchCheck<'_>) {
        check.values(fields);
        if T::OPTIONAL && check.in_variant {
            check.values(iter::empty::<bool>());
        }
    }

    #[cold]
    fn check(self, check: &mut ObjectCheck<'_>) {
        check.value(self);
    }

    #[inline(always)]
    fn write(fields: impl Iterator<Item = Self> + Clone, batch: &mut Batch<'_>) {
        batch.write(fields);
    }

    #[inline(always)]
    fn write_one(self, writer: &mut ObjectWriter<'_>) {
        writer.value(self);
    }

    #[inline(always)]
    fn read(reader: &mut ObjectReader<'_>) -> Self {
        let value = reader.value();
        if T::OPTIONAL && reader.in_variant {
            let _: bool = reader.value();
        }
        value
    }

    fn key(slots: &mut KeyReader<'_>) -> SlotKey<Self> {
        slots.key()
    }

    #[cold]
    fn check_option(field: Option<Self>, check: &mut ObjectCheck<'_>) {
        check.value(field.and_then(T::into_value));
        if T::OPTIONAL && check.in_variant {
            check.value(field.map(|field| field.into_value().is_some()));
        }
    }

    #[inline(always)]
    fn write_options(fields: impl Iterator<Item = Option<Self>> + Clone, batch: &mut Batch<'_>) {
        batch.write(fields.clone().map(|field| field.and_then(T::into_value)));
        if T::OPTIONAL && batch.in_variant {
            batch.write(fields.map(|field| field.map(|field| field.into_value().is_some())));
        }
    }

    #[inline(always)]
    fn write_one_option(field: Option<Self>, writer: &mut ObjectWriter<'_>) {
        writer.value(field.and_then(T::into_value));
        if T::OPTIONAL && writer.in_variant {
            writer.value(field.map(|field| field.into_value().is_some()));
        }
    }

    #[inline(always)]
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self> {
        let value: Option<T::Value> = reader.value();
        if T::OPTIONAL && reader.in_variant {
            let _: bool = reader.value();
        }
        let is_set = value.is_some();
        reader.set_values += usize::from(is_set);
        let is_whole = is_set || T::OPTIONAL;
        is_whole.then(|| T::from_value(value.unwrap_or_else(T::Value::filler), is_set))
    }

    fn lists(
        fields: impl Iterator<Item = Self> + Clone,
        maker: &mut ListMaker<'_>,
    ) -> Result<PartList<Self>, RecordsError> {
        maker.part(fields)
    }
}

/// Checks the fields of many objects, slot after slot. Says only if all are right.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct BatchCheck<'a> {
    schema: &'a RegisteredSchema,
    checks: slice::Iter<'a, SlotCheck>,
    context: ValueCheck<'a>,
    are_right: bool,
    in_variant: bool,
}

impl<'a> BatchCheck<'a> {
    #[inline(always)]
    pub(super) fn new(schema: &'a RegisteredSchema, context: ValueCheck<'a>) -> Self {
        let checks = schema.checks().iter();
        Self { schema, checks, context, are_right: true, in_variant: false }
    }

    /// Returns `true` if the slots accept all values.
    #[inline(always)]
    pub(super) const fn are_right(&self) -> bool {
        self.are_right
    }

    /// Checks the next slot's values.
    #[inline(always)]
    pub fn values<F: SlotField>(&mut self, fields: impl Iterator<Item = F> + Clone) {
        let check = self.checks.next().expect("a schema has a slot for each field");
        let mut values = fields.filter_map(SlotField::into_value);
        self.are_right &= match *check {
            SlotCheck::Free => true,
            SlotCheck::Within(ends) => {
                values.fold(true, |are_within, value| are_within & value.is_within(ends))
            }
            SlotCheck::Other => {
                let slot = self.schema.checks().len() - self.checks.len() - 1;
                let slot = &self.schema.slots()[slot];
                values.all(|value| SlotValue::check(value, slot, self.context).is_ok())
            }
        };
    }
}

/// Checks the fields of an object, slot after slot.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct ObjectCheck<'a> {
    schema: &'a RegisteredSchema,
    context: ValueCheck<'a>,
    record: Option<usize>,
    problems: &'a mut Vec<Problem>,
    next: usize,
    in_variant: bool,
}

impl<'a> ObjectCheck<'a> {
    pub(super) const fn new(
        schema: &'a RegisteredSchema,
        context: ValueCheck<'a>,
        record: Option<usize>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self { schema, context, record, problems, next: 0, in_variant: false }
    }

    /// Checks the next slot's value.
    pub fn value<F: SlotField>(&mut self, field: F) {
        let slot = &self.schema.slots()[self.next];
        self.next += 1;
        if slot.is_constrained()
            && let Some(value) = field.into_value()
            && let Err(kind) = SlotValue::check(value, slot, self.context)
        {
            let problem = self.schema.problem(slot.name(), kind);
            self.problems.push(Problem { record: self.record, ..problem });
        }
    }
}

/// Writes the fields of objects to free rows, slot after slot.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct Batch<'b> {
    columns: slice::IterMut<'b, Column>,
    span: Span<'b>,
    in_variant: bool,
}

impl<'b> Batch<'b> {
    pub(super) fn new(columns: &'b mut [Column], span: Span<'b>) -> Self {
        Self { columns: columns.iter_mut(), span, in_variant: false }
    }

    /// Writes the next slot's values.
    #[inline(always)]
    pub fn write<F: SlotField>(&mut self, fields: impl Iterator<Item = F> + Clone) {
        let column = self.columns.next().expect("a table has a column for each slot");
        let blocks = <F::Value as SlotValue>::Cell::blocks_mut(&mut column.cells);
        let blocks = blocks.expect("a column has the cells of its slot's kind");
        if F::OPTIONAL
            && let Some(set) = &mut column.set
        {
            let is_set = fields.clone().map(|field| field.into_value().is_some());
            set.write(self.span, is_set);
        }
        let value = |field: F| field.into_value().unwrap_or_else(F::Value::filler);
        blocks.write(self.span, fields.map(value));
    }
}

/// Writes the fields of one object, slot after slot.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct ObjectWriter<'b> {
    pub(super) columns: slice::IterMut<'b, Column>,
    row: u32,
    in_variant: bool,
}

impl<'b> ObjectWriter<'b> {
    pub(super) fn new(columns: &'b mut [Column], row: u32) -> Self {
        Self { columns: columns.iter_mut(), row, in_variant: false }
    }

    /// Writes the next slot's value.
    #[inline(always)]
    pub fn value<F: SlotField>(&mut self, field: F) {
        let column = self.columns.next().expect("a table has a column for each slot");
        write_field(column, self.row, field);
    }
}

/// Writes one field's value to a row of a column.
#[inline(always)]
pub(super) fn write_field<F: SlotField>(column: &mut Column, row: u32, field: F) {
    let blocks = <F::Value as SlotValue>::Cell::blocks_mut(&mut column.cells);
    let blocks = blocks.expect("a column has the cells of its slot's kind");
    let value = field.into_value();
    if F::OPTIONAL
        && let Some(set) = &mut column.set
    {
        set.put(row, &[value.is_some()]);
    }
    let value = value.unwrap_or_else(F::Value::filler);
    blocks.put(row, F::Value::as_cells(slice::from_ref(&value)));
}

/// Overwrites one field's value in a row. Returns `None` if the row was never written, or if the
/// column's cells have another type.
#[inline(always)]
pub(super) fn overwrite_field<F: SlotField>(column: &mut Column, row: u32, field: F) -> Option<()> {
    let blocks = <F::Value as SlotValue>::Cell::blocks_mut(&mut column.cells)?;
    let cells = blocks.row_of_width_mut(row, F::Value::WIDTH)?;
    let place = F::Value::from_cells_mut(cells).first_mut()?;
    let value = field.into_value();
    if F::OPTIONAL {
        *column.set.as_mut()?.row_of_width_mut(row, 1)?.first_mut()? = value.is_some();
    }
    *place = value.unwrap_or_else(F::Value::filler);
    column.mark(row);
    Some(())
}

/// Reads the fields of one object, slot after slot.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct ObjectReader<'a> {
    columns: slice::Iter<'a, Column>,
    row: u32,
    /// The number of slots in optional nested records that were set.
    pub(super) set_values: usize,
    in_variant: bool,
}

impl<'a> ObjectReader<'a> {
    #[inline(always)]
    pub(super) fn new(columns: &'a [Column], row: u32) -> Self {
        Self { columns: columns.iter(), row, set_values: 0, in_variant: false }
    }

    /// Reads the next slot's value.
    #[inline(always)]
    pub fn value<F: SlotField>(&mut self) -> F {
        let column = self.columns.next().expect("a table has a column for each slot");
        read_field(column, self.row).expect("a living row has values")
    }
}

/// The keys of slots: one key, or those of a nested record.
#[doc(hidden)]
pub trait ReadKeys: Copy + fmt::Debug + Send + Sync + 'static {
    /// Returns the keys of the next slots.
    fn read(slots: &mut KeyReader<'_>) -> Self;
}

/// Any type is accepted, so that a type that no slot holds is reported once, by `ObjectField`.
impl<F: 'static> ReadKeys for SlotKey<F> {
    fn read(slots: &mut KeyReader<'_>) -> Self {
        slots.key()
    }
}

/// The keys of a struct with an error.
impl ReadKeys for () {
    fn read(_: &mut KeyReader<'_>) {}
}

/// Makes the keys of a schema's slots, slot after slot.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct KeyReader<'a> {
    schema: &'a RegisteredSchema,
    columns: iter::Enumerate<slice::Iter<'a, Column>>,
    in_variant: bool,
}

impl<'a> KeyReader<'a> {
    pub(super) fn new(schema: &'a RegisteredSchema, columns: &'a [Column]) -> Self {
        Self { schema, columns: columns.iter().enumerate(), in_variant: false }
    }

    /// Returns the key of the next slot.
    pub fn key<F>(&mut self) -> SlotKey<F> {
        let (slot, column) = self.columns.next().expect("a table has a column for each slot");
        let names = |slot: usize| self.schema.slots().get(slot).map(Slot::name);
        // The keys of lists of records know their slots themselves.
        let own = names(slot).filter(|name| !name.contains(['[', '{']));
        let says_if_set = |name: &str| own.is_some() && name.strip_suffix('?') == own;
        if self.in_variant && names(slot + 1).is_some_and(says_if_set) {
            self.columns.next();
        }
        SlotKey::new(self.schema.id(), slot as u16, column.tag, false)
    }
}

/// Visits the slots of a schema one by one.
///
/// Inside a variant of a union, an optional field has two: the value, and a `bool` that says whether the variant has it.
#[doc(hidden)]
pub trait Cursor {
    fn in_variant(&mut self) -> &mut bool;
}

macro_rules! cursors {
    ($($Cursor:ident)*) => {$(
        impl Cursor for $Cursor<'_> {
            #[inline(always)]
            fn in_variant(&mut self) -> &mut bool {
                &mut self.in_variant
            }
        }
    )*};
}

cursors!(BatchCheck ObjectCheck Batch ObjectWriter ObjectReader KeyReader);

/// Visits the slots of a union's variants.
#[doc(hidden)]
#[inline(always)]
pub fn within_variants<C: Cursor, R>(cursor: &mut C, visit: impl FnOnce(&mut C) -> R) -> R {
    let outer = mem::replace(cursor.in_variant(), true);
    let visited = visit(cursor);
    *cursor.in_variant() = outer;
    visited
}

/// Returns the field's value in a row, or `None` if the row was never written or the column's cells
/// have another type.
#[inline(always)]
pub(super) fn read_field<F: SlotField>(column: &Column, row: u32) -> Option<F> {
    let blocks = <F::Value as SlotValue>::Cell::blocks(&column.cells)?;
    let cells = blocks.row_of_width(row, F::Value::WIDTH)?;
    let value = *F::Value::from_cells(cells).first()?;
    let is_set = match &column.set {
        Some(set) if F::OPTIONAL => *set.row_of_width(row, 1)?.first()?,
        _ => true,
    };
    Some(F::from_value(value, is_set))
}
