//! Nested records in Rust structs.

use std::fmt;

use crate::error::RecordsError;
use crate::schema::{SchemaBuilder, SchemaError};
use crate::store::{
    Batch, BatchCheck, KeyReader, ListMaker, Lists, NotInElements, ObjectCheck, ObjectReader,
    ObjectWriter, ReadKeys, Records, Slotted,
};

/// A field with `#[slot(nested)]`, in each of the functions that [`Slotted`]'s derive makes.
///
/// The functions with `option` in their names serve the fields of optional nested records, as those
/// of [`ObjectField`](crate::store::ObjectField) do.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a nested record",
    label = "not a schema, a union, or an `Option` or `Records` of one",
    note = "`#[slot(nested)]` takes a struct with `#[derive(Slotted)]`, `Records` of one, an enum with \
            `#[derive(SlotUnion)]`, or an `Option` of these",
    note = "a record in `Records` has no optional nested records, no unions and no lists of records: declare such a \
            list by name, with `SchemaBuilder::nested_list`"
)]
pub trait NestedField: Copy + Send + Sync + 'static {
    type Keys: Copy + fmt::Debug + Send + Sync + 'static;
    type OptionKeys: ReadKeys;

    /// `true` if this is an optional nested record, or has one.
    const HAS_OPTIONAL_RECORDS: bool;

    /// Adds the field's slots to a schema.
    ///
    /// # Errors
    /// Returns an error if the record's own schema is invalid.
    fn declare(schema: SchemaBuilder, name: &'static str) -> Result<SchemaBuilder, SchemaError>;

    fn accepts<'a>(fields: impl Iterator<Item = &'a Self> + Clone, check: &mut BatchCheck<'_>);
    fn check(&self, check: &mut ObjectCheck<'_>);
    fn write<'a>(fields: impl Iterator<Item = &'a Self> + Clone, batch: &mut Batch<'_>);
    fn write_one(&self, writer: &mut ObjectWriter<'_>);
    fn read(reader: &mut ObjectReader<'_>) -> Self;
    fn keys(slots: &mut KeyReader<'_>) -> Self::Keys;

    fn check_option(field: Option<&Self>, check: &mut ObjectCheck<'_>);
    fn write_options<'a>(
        fields: impl Iterator<Item = Option<&'a Self>> + Clone,
        batch: &mut Batch<'_>,
    );
    fn write_one_option(field: Option<&Self>, writer: &mut ObjectWriter<'_>);
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self>;

    /// The lists of the field's parts, if it is in the elements of a list.
    type Lists: Copy + fmt::Debug + Send + Sync + 'static;

    /// Makes the lists of the field of many objects.
    ///
    /// # Errors
    /// Returns an error if a part is a list of another store, or if the store's limit of lists is reached.
    fn lists<'a>(
        fields: impl Iterator<Item = &'a Self> + Clone,
        maker: &mut ListMaker<'_>,
    ) -> Result<Self::Lists, RecordsError>;
}

/// A nested value that an `Option` makes optional.
#[doc(hidden)]
pub trait Whole: NestedField {}

impl<T: Slotted> Whole for T {}

impl<T: Slotted<Lists: Lists>> Whole for Records<T> {}

#[diagnostic::do_not_recommend]
impl<T: Slotted> NestedField for T {
    type Keys = T::Keys;
    type OptionKeys = T::OptionKeys;
    const HAS_OPTIONAL_RECORDS: bool = T::HAS_OPTIONAL_RECORDS;

    fn declare(schema: SchemaBuilder, name: &'static str) -> Result<SchemaBuilder, SchemaError> {
        Ok(schema.nested(name, &T::schema()?))
    }

    #[inline(always)]
    fn accepts<'a>(fields: impl Iterator<Item = &'a Self> + Clone, check: &mut BatchCheck<'_>) {
        T::accepts(fields, check);
    }

    fn check(&self, check: &mut ObjectCheck<'_>) {
        T::check(self, check);
    }

    #[inline(always)]
    fn write<'a>(fields: impl Iterator<Item = &'a Self> + Clone, batch: &mut Batch<'_>) {
        T::write(fields, batch);
    }

    #[inline(always)]
    fn write_one(&self, writer: &mut ObjectWriter<'_>) {
        T::write_one(self, writer);
    }

    #[inline(always)]
    fn read(reader: &mut ObjectReader<'_>) -> Self {
        T::read(reader)
    }

    fn keys(slots: &mut KeyReader<'_>) -> Self::Keys {
        T::keys(slots)
    }

    fn check_option(field: Option<&Self>, check: &mut ObjectCheck<'_>) {
        T::check_option(field, check);
    }

    #[inline(always)]
    fn write_options<'a>(
        fields: impl Iterator<Item = Option<&'a Self>> + Clone,
        batch: &mut Batch<'_>,
    ) {
        T::write_options(fields, batch);
    }

    #[inline(always)]
    fn write_one_option(field: Option<&Self>, writer: &mut ObjectWriter<'_>) {
        T::write_one_option(field, writer);
    }

    #[inline(always)]
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self> {
        T::read_option(reader)
    }

    type Lists = T::Lists;

    fn lists<'a>(
        fields: impl Iterator<Item = &'a Self> + Clone,
        maker: &mut ListMaker<'_>,
    ) -> Result<T::Lists, RecordsError> {
        T::lists(fields, maker)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Slotted<Lists: Lists>> NestedField for Records<T> {
    type Keys = <T::Lists as Lists>::Keys;
    type OptionKeys = <T::Lists as Lists>::OptionKeys;
    const HAS_OPTIONAL_RECORDS: bool = false;

    fn declare(schema: SchemaBuilder, name: &'static str) -> Result<SchemaBuilder, SchemaError> {
        Ok(schema.nested_records(name, &T::schema()?))
    }

    fn accepts<'a>(fields: impl Iterator<Item = &'a Self> + Clone, check: &mut BatchCheck<'_>) {
        Self::visit(fields.map(Some), check);
    }

    fn check(&self, check: &mut ObjectCheck<'_>) {
        Self::visit_one(Some(self), check);
    }

    fn write<'a>(fields: impl Iterator<Item = &'a Self> + Clone, batch: &mut Batch<'_>) {
        Self::visit(fields.map(Some), batch);
    }

    fn write_one(&self, writer: &mut ObjectWriter<'_>) {
        Self::visit_one(Some(self), writer);
    }

    fn read(reader: &mut ObjectReader<'_>) -> Self {
        // The lists of other variants of a union are unset.
        Self::read_lists(reader).unwrap_or_default()
    }

    fn keys(slots: &mut KeyReader<'_>) -> Self::Keys {
        ReadKeys::read(slots)
    }

    fn check_option(field: Option<&Self>, check: &mut ObjectCheck<'_>) {
        Self::visit_one(field, check);
    }

    fn write_options<'a>(
        fields: impl Iterator<Item = Option<&'a Self>> + Clone,
        batch: &mut Batch<'_>,
    ) {
        Self::visit(fields, batch);
    }

    fn write_one_option(field: Option<&Self>, writer: &mut ObjectWriter<'_>) {
        Self::visit_one(field, writer);
    }

    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self> {
        Self::read_lists(reader)
    }

    type Lists = NotInElements<Self>;

    fn lists<'a>(
        _: impl Iterator<Item = &'a Self> + Clone,
        _: &mut ListMaker<'_>,
    ) -> Result<Self::Lists, RecordsError> {
        Ok(NotInElements::default())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Whole> NestedField for Option<T> {
    type Keys = T::OptionKeys;
    type OptionKeys = T::OptionKeys;
    const HAS_OPTIONAL_RECORDS: bool = true;

    fn declare(schema: SchemaBuilder, name: &'static str) -> Result<SchemaBuilder, SchemaError> {
        Ok(T::declare(schema, name)?.optional())
    }

    #[inline(always)]
    fn accepts<'a>(fields: impl Iterator<Item = &'a Self> + Clone, check: &mut BatchCheck<'_>) {
        T::accepts(fields.filter_map(Option::as_ref), check);
    }

    fn check(&self, check: &mut ObjectCheck<'_>) {
        T::check_option(self.as_ref(), check);
    }

    #[inline(always)]
    fn write<'a>(fields: impl Iterator<Item = &'a Self> + Clone, batch: &mut Batch<'_>) {
        T::write_options(fields.map(Option::as_ref), batch);
    }

    #[inline(always)]
    fn write_one(&self, writer: &mut ObjectWriter<'_>) {
        T::write_one_option(self.as_ref(), writer);
    }

    #[inline(always)]
    fn read(reader: &mut ObjectReader<'_>) -> Self {
        let before = reader.set_values;
        let whole = T::read_option(reader);
        // A struct whose fields are all optional is whole even if all are unset.
        whole.filter(|_| reader.set_values > before)
    }

    fn keys(slots: &mut KeyReader<'_>) -> Self::Keys {
        ReadKeys::read(slots)
    }

    fn check_option(field: Option<&Self>, check: &mut ObjectCheck<'_>) {
        T::check_option(field.and_then(Self::as_ref), check);
    }

    #[inline(always)]
    fn write_options<'a>(
        fields: impl Iterator<Item = Option<&'a Self>> + Clone,
        batch: &mut Batch<'_>,
    ) {
        T::write_options(fields.map(|field| field.and_then(Self::as_ref)), batch);
    }

    #[inline(always)]
    fn write_one_option(field: Option<&Self>, writer: &mut ObjectWriter<'_>) {
        T::write_one_option(field.and_then(Self::as_ref), writer);
    }

    #[inline(always)]
    fn read_option(reader: &mut ObjectReader<'_>) -> Option<Self> {
        Some(Self::read(reader))
    }

    type Lists = NotInElements<Self>;

    fn lists<'a>(
        _: impl Iterator<Item = &'a Self> + Clone,
        _: &mut ListMaker<'_>,
    ) -> Result<Self::Lists, RecordsError> {
        Ok(NotInElements::default())
    }
}
