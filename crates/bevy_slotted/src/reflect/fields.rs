//! Converts the fields of a reflected struct to slots.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bevy_reflect::structs::{Struct, StructInfo};
use bevy_reflect::{NamedField, PartialReflect, ReflectRef, TypeInfo};
use slotted::schema::{Constraint, SchemaBuilder};
use slotted::{Schema, SchemaError, Value};

use super::attributes::{self, SchemaName, SlotDefault, SlotName};
use super::error::{FieldIssue, ReflectError};
use super::issues::Issues;
use super::name::{snake_case, unraw};
use super::parts::Within;
use super::shape::{Layout, Shape};

/// A field that can be a slot or a nested record.
pub(super) struct SlotField {
    /// The field's name in reflection.
    pub(super) name: Cow<'static, str>,
    /// The name of the slot.
    pub(super) slot: Cow<'static, str>,
    pub(super) shape: Shape,
    /// The value in records that omit the slot.
    pub(super) default: Option<Value>,
    constraints: Vec<Constraint>,
}

impl SlotField {
    /// Adds the slot with its attributes to the builder, under this name.
    pub(super) fn declare(
        &self,
        builder: SchemaBuilder,
        slot: &str,
    ) -> Result<SchemaBuilder, SchemaError> {
        let mut builder = self.shape.declare(builder, slot)?;
        if matches!(self.shape.layout(), Layout::Composed) {
            return match (&self.default, &*self.constraints) {
                (None, []) => Ok(builder),
                (default, _) => Err(SchemaError::ConstraintOnNested {
                    schema: slot.into(),
                    record: slot.into(),
                    constraint: if default.is_some() { "default" } else { "constraint" },
                }),
            };
        }
        if let Some(default) = &self.default {
            builder = builder.default(default.clone());
        }
        Ok(self.constraints.iter().cloned().fold(builder, SchemaBuilder::constraint))
    }

    /// Returns the problems of the slot and of its parts in a schema of this name.
    fn check(&self, schema: &Arc<str>, slot: &str) -> Result<(), Issues> {
        let mut issues = Issues::default();
        let (parts, bracket) = match self.shape.layout() {
            Layout::Slot(_) | Layout::Composed => (&[][..], ""),
            Layout::Record(parts) => (parts.fields(), ""),
            Layout::List(parts) => (parts.fields(), "[]"),
        };
        for part in parts {
            if let Err(found) = part.check(schema, &format!("{slot}{bracket}.{}", part.slot)) {
                issues.add_part(&part.name, found);
            }
        }
        issues.or(()).map_err(|issues| issues.in_element(bracket))?;
        let slot = self.declare(Schema::builder(Arc::clone(schema)), slot);
        slot.and_then(SchemaBuilder::build).map_err(FieldIssue::Schema)?;
        Ok(())
    }
}

/// Returns an error if fields have problems.
pub(super) fn all_well(type_name: &str, issues: Issues) -> Result<(), ReflectError> {
    if issues.are_none() {
        return Ok(());
    }
    let problems = issues.into_problems().collect();
    Err(ReflectError::Fields { type_name: type_name.into(), problems })
}

/// Returns the name of the struct's schema.
pub(super) fn schema_name(info: &StructInfo) -> Result<Arc<str>, ReflectError> {
    if let Some(name) = info.get_attribute::<SchemaName>() {
        return Ok(name.0.into());
    }
    let path = info.type_path_table();
    match path.ident() {
        Some(ident) if info.generics().is_empty() => Ok(snake_case(ident).into()),
        _ => Err(ReflectError::Generic { type_name: path.short_path().into() }),
    }
}

/// Returns the struct's info, or an error if the type is not a struct with named fields.
pub(super) fn struct_info(info: &TypeInfo) -> Result<&StructInfo, ReflectError> {
    let name = info.type_path_table().short_path();
    info.as_struct().map_err(|_| ReflectError::NotAStruct { type_name: name.into() })
}

/// Returns the struct's fields that can be slots, and adds the problems of the others to `issues`.
pub(super) fn fields_of_type(
    info: &StructInfo,
    issues: &mut Issues,
) -> Result<Vec<SlotField>, ReflectError> {
    if let Some(attribute) = attributes::of_a_field(info.custom_attributes()) {
        let type_name = info.type_path_table().short_path().into();
        return Err(ReflectError::Misplaced { type_name, attribute });
    }
    Ok(declared_fields(info.iter(), &mut vec![info.type_id()], issues))
}

/// Returns the fields that can be slots of a struct within others, and adds the problems of the others to `issues`.
pub(super) fn declared_fields<'i>(
    info: impl ExactSizeIterator<Item = &'i NamedField>,
    within: &mut Within,
    issues: &mut Issues,
) -> Vec<SlotField> {
    let mut fields = Vec::with_capacity(info.len());
    let mut slots: HashMap<&str, &str> = HashMap::with_capacity(info.len());
    for declared in info {
        let name = declared.name();
        let slot = declared.get_attribute::<SlotName>().map_or(unraw(name), |name| name.0);
        if declared.has_attribute::<SchemaName>() {
            issues.add_part(name, FieldIssue::Misplaced { attribute: "SchemaName" }.into());
        }
        if let Some(other) = slots.insert(slot, name) {
            let (slot, other) = (slot.into(), other.into());
            issues.add_part(name, FieldIssue::SameSlot { slot, other }.into());
        }
        match Shape::of(declared.ty(), declared.type_info(), within) {
            Ok(shape) => fields.push(SlotField {
                name: name.into(),
                slot: slot.into(),
                shape,
                default: declared.get_attribute().map(|SlotDefault(value)| value.clone()),
                constraints: attributes::constraints(declared.custom_attributes()),
            }),
            Err(found) => issues.add_part(name, found),
        }
    }
    fields
}

/// Returns the fields of the value that can be slots, and adds the problems of the others to `issues`.
///
/// The fields' types are those of the represented type or, without one, those of the fields' values.
pub(super) fn fields_of_value(
    value: &dyn Struct,
    issues: &mut Issues,
) -> Result<Vec<SlotField>, ReflectError> {
    let Some(info) = value.get_represented_struct_info() else {
        return Ok(dynamic_fields(value, 1, issues));
    };
    let mut fields = fields_of_type(info, issues)?;
    if value.is_dynamic() {
        for (name, _) in value.iter_fields().filter(|(name, _)| info.field(name).is_none()) {
            issues.add_part(name, FieldIssue::Unknown.into());
        }
        fields.retain(|field| value.field(&field.name).is_some());
    }
    Ok(fields)
}

/// Returns the fields that can be slots of a struct without a type, and adds the problems of the others to `issues`.
pub(super) fn dynamic_fields(
    value: &dyn Struct,
    depth: usize,
    issues: &mut Issues,
) -> Vec<SlotField> {
    let mut fields = Vec::with_capacity(value.field_len());
    for (name, field) in value.iter_fields() {
        match Shape::of_dynamic(field, depth) {
            Ok(shape) => {
                let (slot, default) = (unraw(name).to_owned().into(), None);
                let (name, constraints) = (name.to_owned().into(), Vec::new());
                fields.push(SlotField { name, slot, shape, default, constraints });
            }
            Err(found) => issues.add_part(name, found),
        }
    }
    fields
}

/// Returns the value as a struct, or an error if it is not a struct with named fields.
pub(super) fn struct_ref(value: &dyn PartialReflect) -> Result<&dyn Struct, ReflectError> {
    match value.reflect_ref() {
        ReflectRef::Struct(value) => Ok(value),
        _ => Err(ReflectError::NotAStruct { type_name: value.reflect_short_type_path().into() }),
    }
}

/// Returns the short name of the value's represented type or, without one, of its dynamic type.
pub(super) fn type_name(value: &dyn PartialReflect) -> &str {
    match value.get_represented_type_info() {
        Some(info) => info.type_path_table().short_path(),
        None => value.reflect_short_type_path(),
    }
}

/// Returns the schema of these fields, or an error with `issues` and those of the fields' slots.
pub(super) fn build(
    info: &StructInfo,
    fields: &[SlotField],
    mut issues: Issues,
) -> Result<Schema, ReflectError> {
    let name = schema_name(info)?;
    // Checked first: an invalid name would otherwise be a problem of each field.
    Schema::builder(Arc::clone(&name)).build()?;
    for field in fields {
        if let Err(found) = field.check(&name, &field.slot) {
            issues.add_part(&field.name, found);
        }
    }
    issues.sort_by_field(info);
    all_well(info.type_path_table().short_path(), issues)?;
    let mut builder = Schema::builder(name);
    for field in fields {
        builder = field.declare(builder, &field.slot)?;
    }
    Ok(builder.build()?)
}
