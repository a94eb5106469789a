//! Records in records: structs with named fields whose parts are slots.

use std::any::TypeId;
use std::sync::Arc;

use bevy_reflect::enums::Enum;
use bevy_reflect::structs::{DynamicStruct, Struct, StructInfo};
use bevy_reflect::{NamedField, PartialReflect, Type, TypeInfo};
use slotted::{Schema, SchemaError, Value, schema};

use super::attributes;
use super::error::{FieldIssue, NotASlot};
use super::fields::{SlotField, declared_fields, dynamic_fields};
use super::issues::Issues;
use super::shape::refuse;

/// The limit of structs inside structs. A longer chain has names that are too long for slots.
pub(super) const DEEPEST: usize = 16;

/// The types of the structs that contain a field, from the outermost to the innermost.
pub(super) type Within = Vec<TypeId>;

/// A struct, or an enum whose variant has named fields.
pub(super) trait Named {
    fn get(&self, field: &str) -> Option<&dyn PartialReflect>;
    fn get_mut(&mut self, field: &str) -> Option<&mut dyn PartialReflect>;

    /// Iterates over the names of the fields of a dynamic value, which may be any.
    fn dynamic_names(&self) -> Box<dyn Iterator<Item = &str> + '_>;
}

impl Named for dyn Struct + '_ {
    fn get(&self, field: &str) -> Option<&dyn PartialReflect> {
        self.field(field)
    }

    fn get_mut(&mut self, field: &str) -> Option<&mut dyn PartialReflect> {
        self.field_mut(field)
    }

    fn dynamic_names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.iter_fields().filter(|_| self.is_dynamic()).map(|(name, _)| name))
    }
}

impl Named for dyn Enum + '_ {
    fn get(&self, field: &str) -> Option<&dyn PartialReflect> {
        self.field(field)
    }

    fn get_mut(&mut self, field: &str) -> Option<&mut dyn PartialReflect> {
        self.field_mut(field)
    }

    fn dynamic_names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let fields = self.iter_fields().filter(|_| self.is_dynamic());
        Box::new(fields.filter_map(|field| field.name()))
    }
}

/// The fields of a struct that is a nested record.
pub(super) struct Parts {
    /// `None` for a dynamic struct without a represented type.
    info: Option<&'static TypeInfo>,
    fields: Vec<SlotField>,
}

impl Parts {
    /// Returns the parts of a struct's type.
    pub(super) fn of(
        ty: &Type,
        info: &'static TypeInfo,
        fields: &StructInfo,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        if within.contains(&ty.id()) {
            return Err(refuse(ty, NotASlot::Recursive));
        }
        check_depth(ty, within.len())?;
        if let Some(attribute) = attributes::of_a_field(fields.custom_attributes()) {
            return Err(refuse(ty, NotASlot::Misplaced { attribute }));
        }
        let mut issues = Issues::default();
        within.push(ty.id());
        let fields = declared_fields(fields.iter(), within, &mut issues);
        within.pop();
        Self::checked(ty, Some(info), issues.or(fields)?)
    }

    /// Returns the parts of a variant of the enum, which is in `within`.
    pub(super) fn of_variant<'i>(
        ty: &Type,
        fields: impl ExactSizeIterator<Item = &'i NamedField>,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        let mut issues = Issues::default();
        let fields = declared_fields(fields, within, &mut issues);
        Self::checked(ty, None, issues.or(fields)?)
    }

    /// Returns the parts of a dynamic struct without a represented type.
    pub(super) fn of_dynamic(value: &dyn Struct, depth: usize) -> Result<Self, Issues> {
        let ty = Type::of::<DynamicStruct>();
        check_depth(&ty, depth)?;
        let mut issues = Issues::default();
        let fields = dynamic_fields(value, depth + 1, &mut issues);
        Self::checked(&ty, None, issues.or(fields)?)
    }

    fn checked(
        ty: &Type,
        info: Option<&'static TypeInfo>,
        fields: Vec<SlotField>,
    ) -> Result<Self, Issues> {
        if fields.is_empty() {
            return Err(refuse(ty, NotASlot::NoFields));
        }
        let mut issues = Issues::default();
        for field in fields.iter().filter(|field| !is_field_name(&field.slot)) {
            let slot = field.slot.as_ref().into();
            issues.add_part(&field.name, FieldIssue::PartName { slot }.into());
        }
        issues.or(Self { info, fields })
    }

    pub(super) fn fields(&self) -> &[SlotField] {
        &self.fields
    }

    pub(super) fn fields_mut(&mut self) -> &mut [SlotField] {
        &mut self.fields
    }

    /// Returns the parts as a schema, for [`nested`](slotted::schema::SchemaBuilder::nested).
    pub(super) fn schema(&self, name: &str) -> Result<Schema, SchemaError> {
        let mut builder = Schema::builder(name);
        for field in &self.fields {
            builder = field.declare(builder, &field.slot)?;
        }
        builder.build()
    }

    /// Returns `true` if the value has all parts that must be set.
    pub(super) fn are_in(&self, value: &(impl Named + ?Sized)) -> bool {
        self.fields.iter().all(|part| match value.get(&part.name) {
            Some(value) => part.shape.is_complete(value),
            None => part.shape.is_optional(),
        })
    }

    /// Converts a struct to a map. Fields that a dynamic struct lacks are not in the map.
    pub(super) fn read(&self, value: &(impl Named + ?Sized)) -> Result<Value, Issues> {
        let mut issues = Issues::default();
        let mut map: Vec<(Arc<str>, Value)> = Vec::with_capacity(self.fields.len());
        let is_known = |name: &str| self.fields.iter().any(|part| part.name == name);
        for name in value.dynamic_names().filter(|name| !is_known(name)) {
            issues.add_part(name, FieldIssue::Unknown.into());
        }
        for part in &self.fields {
            let Some(value) = value.get(&part.name) else { continue };
            match part.shape.read(value) {
                Ok(value) => map.push((part.slot.as_ref().into(), value)),
                Err(found) => issues.add_part(&part.name, found),
            }
        }
        issues.or(Value::Map(map.into()))
    }

    /// Converts a map to a struct that `FromReflect` takes.
    pub(super) fn make(&self, value: &Value) -> Result<DynamicStruct, Issues> {
        let mut made = DynamicStruct::default();
        made.set_represented_type(self.info);
        let issues = self.for_each(value, |part, value| {
            made.insert_boxed(part.name.clone(), part.shape.make(value)?);
            Ok(())
        });
        issues.or(made)
    }

    /// Returns an error if [`write`](Self::write) would fail.
    pub(super) fn fit(&self, current: &dyn Struct, value: &Value) -> Result<(), Issues> {
        let issues = self.for_each(value, |part, value| match current.field(&part.name) {
            Some(current) => part.shape.fit(current, value),
            None => Ok(()),
        });
        issues.or(())
    }

    /// Writes the parts of a map to the fields of a struct.
    pub(super) fn write(
        &self,
        target: &mut (impl Named + ?Sized),
        value: &Value,
    ) -> Result<(), Issues> {
        let issues = self.for_each(value, |part, value| match target.get_mut(&part.name) {
            Some(field) => part.shape.write(field, value),
            None => Ok(()),
        });
        issues.or(())
    }

    /// Calls the function with each part and its value, and returns the problems.
    fn for_each(
        &self,
        value: &Value,
        mut call: impl FnMut(&SlotField, &Value) -> Result<(), Issues>,
    ) -> Issues {
        let mut issues = Issues::default();
        for part in &self.fields {
            let value = part_of(value, &part.slot);
            let result = part.shape.check_set(&value).and_then(|()| call(part, &value));
            if let Err(found) = result {
                issues.add_part(&part.name, found);
            }
        }
        issues
    }
}

pub(super) fn check_depth(ty: &Type, depth: usize) -> Result<(), Issues> {
    if depth > DEEPEST {
        return Err(refuse(ty, NotASlot::TooDeep { limit: DEEPEST }));
    }
    Ok(())
}

/// Returns `false` for names that would change the form of the nested record: numbers are those of tuples.
fn is_field_name(name: &str) -> bool {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && schema::is_part_name(name)
}

/// Returns the part of a map. A record without set parts is unset.
fn part_of(map: &Value, name: &str) -> Value {
    let Value::Map(map) = map else { return Value::Unset };
    let part = map.iter().find(|(own, _)| **own == *name);
    part.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Returns the value without unset parts, as a store returns nested values.
pub(super) fn without_unset(value: &Value) -> Value {
    match value {
        Value::List(values) => Value::List(values.iter().map(without_unset).collect()),
        Value::Map(map) => {
            let parts = map.iter().map(|(name, value)| (Arc::clone(name), without_unset(value)));
            let is_set = |value: &Value| match value {
                Value::Map(map) => !map.is_empty(),
                value => !value.is_unset(),
            };
            Value::Map(parts.filter(|(_, value)| is_set(value)).collect())
        }
        value => value.clone(),
    }
}
