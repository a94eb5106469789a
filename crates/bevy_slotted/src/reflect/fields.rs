//! The fields of a reflected struct as slots.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bevy_reflect::structs::{Struct, StructInfo};
use bevy_reflect::{NamedField, PartialReflect, ReflectRef, TypeInfo};
use slotted::{Schema, SchemaBuilder};

use super::attributes::{SchemaName, SlotDefault, SlotFinite, SlotName, SlotRange, SlotReferences};
use super::error::{FieldIssue, FieldProblem, NotASlot, ReflectError};
use super::name::{snake_case, unraw};
use super::shape::Shape;

/// A field that can be a slot.
pub(super) struct SlotField<'a> {
    /// As reflection names it.
    pub(super) name: Cow<'a, str>,
    /// The name of the slot.
    pub(super) slot: Cow<'a, str>,
    pub(super) shape: Shape,
    /// `None` where no type declares the field.
    pub(super) declared: Option<&'a NamedField>,
}

impl SlotField<'_> {
    /// The slot with what attributes say of it.
    pub(super) fn declare(&self, builder: SchemaBuilder) -> SchemaBuilder {
        let mut builder = builder.slot(&*self.slot, self.shape.kind());
        if self.shape.is_optional() {
            builder = builder.optional();
        }
        let Some(declared) = self.declared else { return builder };
        if let Some(default) = declared.get_attribute::<SlotDefault>() {
            builder = builder.default(default.0.clone());
        }
        if let Some(range) = declared.get_attribute::<SlotRange>() {
            builder = builder.range(range.bounds);
        }
        if declared.has_attribute::<SlotFinite>() {
            builder = builder.finite();
        }
        if let Some(references) = declared.get_attribute::<SlotReferences>() {
            builder = builder.references(references.0);
        }
        builder
    }

    pub(super) fn problem(&self, what: FieldIssue) -> FieldProblem {
        problem(&self.name, what)
    }
}

pub(super) fn problem(field: &str, what: FieldIssue) -> FieldProblem {
    FieldProblem { field: field.to_owned().into(), what }
}

/// An error if there are problems.
pub(super) fn all_well(type_name: &str, problems: Vec<FieldProblem>) -> Result<(), ReflectError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(ReflectError::Fields { type_name: type_name.into(), problems })
}

/// The name of the schema that the struct is.
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

/// The info of what must be a struct with named fields.
pub(super) fn struct_info(info: &TypeInfo) -> Result<&StructInfo, ReflectError> {
    let name = info.type_path_table().short_path();
    info.as_struct().map_err(|_| ReflectError::NotAStruct { type_name: name.into() })
}

/// The struct's fields, or all that can be no slots.
pub(super) fn fields_of_type(info: &StructInfo) -> Result<Vec<SlotField<'_>>, ReflectError> {
    let mut fields = Vec::with_capacity(info.field_len());
    let mut problems = Vec::new();
    let mut slots: HashMap<&str, &str> = HashMap::with_capacity(info.field_len());
    for declared in info.iter() {
        let own = declared.get_attribute::<SlotName>().map(|name| name.0);
        let slot = own.unwrap_or_else(|| unraw(declared.name()));
        if let Some(other) = slots.insert(slot, declared.name()) {
            let what = FieldIssue::SameSlot { slot: slot.into(), other: other.into() };
            problems.push(problem(declared.name(), what));
        }
        match Shape::of(declared.ty(), declared.type_info()) {
            Ok(shape) => fields.push(SlotField {
                name: declared.name().into(),
                slot: slot.into(),
                shape,
                declared: Some(declared),
            }),
            Err(what) => problems.push(problem(declared.name(), what)),
        }
    }
    all_well(info.type_path_table().short_path(), problems)?;
    Ok(fields)
}

/// The fields that the value has: those of its type, or where it does not tell that, each by what
/// is in it.
pub(super) fn fields_of_value(value: &dyn Struct) -> Result<Vec<SlotField<'_>>, ReflectError> {
    let Some(info) = value.get_represented_struct_info() else { return fields_of_dynamic(value) };
    let mut fields = fields_of_type(info)?;
    if value.is_dynamic() {
        let unknown = value.iter_fields().filter(|(name, _)| info.field(name).is_none());
        let unknown = unknown.map(|(name, _)| problem(name, FieldIssue::Unknown)).collect();
        all_well(info.type_path_table().short_path(), unknown)?;
        fields.retain(|field| value.field(&field.name).is_some());
    }
    Ok(fields)
}

fn fields_of_dynamic(value: &dyn Struct) -> Result<Vec<SlotField<'_>>, ReflectError> {
    let mut fields = Vec::with_capacity(value.field_len());
    let mut problems = Vec::new();
    for (name, field) in value.iter_fields() {
        let shape = match field.get_represented_type_info() {
            Some(info) => Shape::of(info.ty(), Some(info)),
            None => Err(FieldIssue::NotASlot {
                type_name: field.reflect_short_type_path().into(),
                reason: NotASlot::Untyped,
            }),
        };
        match shape {
            Ok(shape) => fields.push(SlotField {
                name: name.into(),
                slot: unraw(name).into(),
                shape,
                declared: None,
            }),
            Err(what) => problems.push(problem(name, what)),
        }
    }
    all_well(value.reflect_short_type_path(), problems)?;
    Ok(fields)
}

/// What must be the value of a struct with named fields.
pub(super) fn struct_ref(value: &dyn PartialReflect) -> Result<&dyn Struct, ReflectError> {
    match value.reflect_ref() {
        ReflectRef::Struct(value) => Ok(value),
        _ => Err(ReflectError::NotAStruct { type_name: value.reflect_short_type_path().into() }),
    }
}

/// The short name of the value's type, or of the dynamic one.
pub(super) fn type_name(value: &dyn PartialReflect) -> &str {
    match value.get_represented_type_info() {
        Some(info) => info.type_path_table().short_path(),
        None => value.reflect_short_type_path(),
    }
}

/// The schema of these fields, or all that is wrong with their slots.
pub(super) fn build(
    type_name: &str,
    name: &Arc<str>,
    fields: &[SlotField<'_>],
    declare: impl Fn(&SlotField<'_>, SchemaBuilder) -> SchemaBuilder,
) -> Result<Schema, ReflectError> {
    // What is wrong with the name would otherwise be wrong with each field.
    let empty = || Schema::builder(Arc::clone(name));
    empty().build()?;
    let problem = |field: &SlotField<'_>| {
        let error = declare(field, empty()).build().err()?;
        Some(field.problem(FieldIssue::Schema(error)))
    };
    all_well(type_name, fields.iter().filter_map(problem).collect())?;
    let declared = fields.iter().fold(empty(), |builder, field| declare(field, builder));
    Ok(declared.build()?)
}
