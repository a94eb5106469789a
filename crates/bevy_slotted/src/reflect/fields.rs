//! Converts the fields of a reflected struct to slots.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bevy_reflect::structs::{Struct, StructInfo};
use bevy_reflect::{NamedField, PartialReflect, ReflectRef, TypeInfo};
use slotted::{Schema, Value, schema::SchemaBuilder};

use super::attributes::{self, SchemaName, SlotDefault, SlotName};
use super::error::{FieldIssue, FieldProblem, NotASlot, ReflectError};
use super::name::{snake_case, unraw};
use super::shape::Shape;

/// A field that can be a slot.
pub(super) struct SlotField<'a> {
    /// The field's name in reflection.
    pub(super) name: Cow<'a, str>,
    /// The name of the slot.
    pub(super) slot: Cow<'a, str>,
    pub(super) shape: Shape,
    /// The value in records that omit the slot.
    pub(super) default: Option<Value>,
    /// `None` if no type declares the field.
    declared: Option<&'a NamedField>,
}

impl SlotField<'_> {
    /// Adds the slot with its attributes to the builder.
    fn declare(&self, builder: SchemaBuilder) -> SchemaBuilder {
        let mut builder = builder.slot(&*self.slot, self.shape.kind());
        if self.shape.is_optional() {
            builder = builder.optional();
        }
        if let Some(default) = &self.default {
            builder = builder.default(default.clone());
        }
        let Some(declared) = self.declared else { return builder };
        let constraints = attributes::constraints(declared.custom_attributes());
        constraints.into_iter().fold(builder, SchemaBuilder::constraint)
    }

    pub(super) fn problem(&self, what: FieldIssue) -> FieldProblem {
        problem(&self.name, what)
    }
}

pub(super) fn problem(field: &str, what: FieldIssue) -> FieldProblem {
    FieldProblem { field: field.to_owned().into(), what }
}

/// Returns an error if there are problems.
pub(super) fn all_well(type_name: &str, problems: Vec<FieldProblem>) -> Result<(), ReflectError> {
    if problems.is_empty() {
        return Ok(());
    }
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

/// Returns the struct's fields that can be slots, and adds the problems of the others to `problems`.
pub(super) fn fields_of_type<'a>(
    info: &'a StructInfo,
    problems: &mut Vec<FieldProblem>,
) -> Result<Vec<SlotField<'a>>, ReflectError> {
    refuse_misplaced(info)?;
    let mut fields = Vec::with_capacity(info.field_len());
    let mut slots: HashMap<&str, &str> = HashMap::with_capacity(info.field_len());
    for declared in info.iter() {
        let own = declared.get_attribute::<SlotName>().map(|name| name.0);
        let slot = own.unwrap_or_else(|| unraw(declared.name()));
        if declared.has_attribute::<SchemaName>() {
            let attribute = "SchemaName";
            problems.push(problem(declared.name(), FieldIssue::Misplaced { attribute }));
        }
        if let Some(other) = slots.insert(slot, declared.name()) {
            let what = FieldIssue::SameSlot { slot: slot.into(), other: other.into() };
            problems.push(problem(declared.name(), what));
        }
        match Shape::of(declared.ty(), declared.type_info()) {
            Ok(shape) => fields.push(SlotField {
                name: declared.name().into(),
                slot: slot.into(),
                shape,
                default: declared.get_attribute().map(|SlotDefault(value)| value.clone()),
                declared: Some(declared),
            }),
            Err(what) => problems.push(problem(declared.name(), what)),
        }
    }
    Ok(fields)
}

/// Rejects field attributes on the struct, which would have no effect there.
fn refuse_misplaced(info: &StructInfo) -> Result<(), ReflectError> {
    match attributes::of_a_field(info.custom_attributes()) {
        Some(attribute) => {
            let type_name = info.type_path_table().short_path().into();
            Err(ReflectError::Misplaced { type_name, attribute })
        }
        None => Ok(()),
    }
}

/// Returns the fields of the value that can be slots, and adds the problems of the others to `problems`.
///
/// The fields' types are those of the represented type or, without one, those of the fields' values.
pub(super) fn fields_of_value<'a>(
    value: &'a dyn Struct,
    problems: &mut Vec<FieldProblem>,
) -> Result<Vec<SlotField<'a>>, ReflectError> {
    let Some(info) = value.get_represented_struct_info() else {
        return Ok(fields_of_dynamic(value, problems));
    };
    let mut fields = fields_of_type(info, problems)?;
    if value.is_dynamic() {
        let unknown = value.iter_fields().filter(|(name, _)| info.field(name).is_none());
        problems.extend(unknown.map(|(name, _)| problem(name, FieldIssue::Unknown)));
        fields.retain(|field| value.field(&field.name).is_some());
    }
    Ok(fields)
}

fn fields_of_dynamic<'a>(
    value: &'a dyn Struct,
    problems: &mut Vec<FieldProblem>,
) -> Vec<SlotField<'a>> {
    let mut fields = Vec::with_capacity(value.field_len());
    for (name, field) in value.iter_fields() {
        let shape = match field.get_represented_type_info() {
            Some(info) => Shape::of(info.ty(), Some(info)),
            None => Err(FieldIssue::NotASlot {
                type_name: field.reflect_short_type_path().into(),
                reason: NotASlot::Untyped,
            }),
        };
        match shape {
            Ok(shape) => {
                let (slot, default, declared) = (unraw(name).into(), None, None);
                fields.push(SlotField { name: name.into(), slot, shape, default, declared });
            }
            Err(what) => problems.push(problem(name, what)),
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

/// Returns the schema of these fields, or an error with `problems` and those of the fields' slots.
pub(super) fn build(
    info: &StructInfo,
    fields: &[SlotField<'_>],
    mut problems: Vec<FieldProblem>,
) -> Result<Schema, ReflectError> {
    let name = schema_name(info)?;
    let empty = || Schema::builder(Arc::clone(&name));
    // Checked first: an invalid name would otherwise be a problem of each field.
    empty().build()?;
    problems.extend(fields.iter().filter_map(|field| {
        let error = field.declare(empty()).build().err()?;
        Some(field.problem(FieldIssue::Schema(error)))
    }));
    problems.sort_by_key(|problem| info.index_of(&problem.field));
    all_well(info.type_path_table().short_path(), problems)?;
    let declared = fields.iter().fold(empty(), |builder, field| field.declare(builder));
    Ok(declared.build()?)
}
