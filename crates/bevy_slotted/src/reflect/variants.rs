//! Enums with data: unions, whose variants have slots of their own.

use std::collections::HashSet;
use std::sync::Arc;

use bevy_reflect::enums::{DynamicEnum, DynamicVariant, Enum, EnumInfo, VariantInfo, VariantType};
use bevy_reflect::tuple::DynamicTuple;
use bevy_reflect::{PartialReflect, Type};
use slotted::schema::{SchemaBuilder, Slot, is_part_name};
use slotted::{Kind, Schema, SchemaError, Value};

use super::composed::add_slot;
use super::error::{FieldIssue, NotASlot};
use super::issues::Issues;
use super::parts::{Parts, Within, check_depth};
use super::shape::{Shape, refuse, variant_name};

/// The variants of an enum that has data.
pub(super) struct Variants {
    variants: Vec<Variant>,
}

struct Variant {
    /// The name in slots and values.
    name: Arc<str>,
    /// The name in reflection.
    own_name: &'static str,
    data: Data,
}

enum Data {
    None,
    /// A tuple variant with one field.
    One(Shape),
    Tuple(Vec<Shape>),
    Record(Parts),
}

impl Variants {
    /// Returns the variants of an enum in structs of these types.
    pub(super) fn of(
        ty: &Type,
        info: &'static EnumInfo,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        if within.contains(&ty.id()) {
            return Err(refuse(ty, NotASlot::Recursive));
        }
        check_depth(ty, within.len())?;
        within.push(ty.id());
        let mut issues = Issues::default();
        let mut variants = Vec::with_capacity(info.variant_len());
        for variant in info.iter() {
            let (name, own_name) = (variant_name(variant), variant.name());
            if !is_part_name(&name) {
                let what = FieldIssue::PartName { slot: Arc::clone(&name) };
                issues.add_part(own_name, what.into());
            }
            match Data::of(ty, variant, within) {
                Ok(data) => variants.push(Variant { name, own_name, data }),
                Err(found) => issues.add_part(own_name, found),
            }
        }
        within.pop();
        issues.or(Self { variants })
    }

    pub(super) fn is_writable(&self) -> bool {
        self.variants.iter().all(|variant| match &variant.data {
            Data::None => true,
            Data::One(shape) => shape.is_writable(),
            Data::Tuple(shapes) => shapes.iter().all(Shape::is_writable),
            Data::Record(parts) => parts.fields().iter().all(|part| part.shape.is_writable()),
        })
    }

    /// Adds the slot that says the variant, and the slots of all variants.
    pub(super) fn declare(
        &self,
        builder: SchemaBuilder,
        union: &str,
    ) -> Result<SchemaBuilder, SchemaError> {
        let names = self.variants.iter().map(|variant| Arc::clone(&variant.name));
        let mut builder = builder.slot(format!("{union}@"), Kind::enumeration(names));
        for variant in &self.variants {
            let own = Schema::builder("variant");
            let slot = format!("{union}@{}", variant.name);
            let own = match &variant.data {
                Data::None => continue,
                Data::One(shape) => shape.declare(own, &slot)?,
                Data::Tuple(shapes) => declare_tuple(shapes, own, &slot)?,
                Data::Record(parts) => own.nested(slot.as_str(), &parts.schema(&slot)?),
            };
            builder = add_variant(builder, &slot, own.build()?.slots());
        }
        Ok(builder)
    }

    /// Converts an enum to the text or the map with one entry that stands for its variant.
    pub(super) fn read(&self, value: &dyn Enum) -> Option<Result<Value, Issues>> {
        let variant = self.variants.iter().find(|own| own.own_name == value.variant_name())?;
        let read = match &variant.data {
            Data::None => return Some(Ok(Value::Text(Arc::clone(&variant.name)))),
            Data::One(shape) => shape.read(value.field_at(0)?),
            Data::Tuple(shapes) => {
                let fields = (0..value.field_len()).filter_map(|at| value.field_at(at));
                read_tuple(shapes, fields, value.field_len())?
            }
            Data::Record(parts) if parts.are_in(value) => parts.read(value),
            Data::Record(_) => return None,
        };
        Some(match read {
            Ok(value) => Ok(Value::Map([(Arc::clone(&variant.name), value)].into())),
            Err(found) => Err(found.in_part(variant.own_name)),
        })
    }

    /// Converts the text or the map of a variant to an enum that `FromReflect` takes.
    pub(super) fn make(&self, value: &Value) -> Result<Option<DynamicEnum>, Issues> {
        let Some((index, variant, value)) = self.find(value) else { return Ok(None) };
        let made = match &variant.data {
            Data::None => Ok(DynamicVariant::Unit),
            Data::One(shape) => shape.make_part(&value).map(|made| {
                let mut tuple = DynamicTuple::default();
                tuple.insert_boxed(made);
                DynamicVariant::Tuple(tuple)
            }),
            Data::Tuple(shapes) => make_tuple(shapes, &value).map(DynamicVariant::Tuple),
            Data::Record(parts) => parts.make(&value).map(DynamicVariant::Struct),
        };
        let made = made.map_err(|found| found.in_part(variant.own_name))?;
        Ok(Some(DynamicEnum::new_with_index(index, variant.own_name, made)))
    }

    /// Writes the fields of an enum that already has the value's variant. Returns `false` if it has another one.
    pub(super) fn write(&self, target: &mut dyn Enum, value: &Value) -> Result<bool, Issues> {
        let Some((_, variant, value)) = self.find(value) else { return Ok(false) };
        if target.variant_name() != variant.own_name {
            return Ok(false);
        }
        let written = match &variant.data {
            Data::None => Ok(()),
            Data::One(shape) => match target.field_at_mut(0) {
                Some(field) => shape.write(field, &value),
                None => Ok(()),
            },
            Data::Tuple(shapes) => write_tuple(shapes, &value, |at, shape, value| {
                target.field_at_mut(at).map_or(Ok(()), |field| shape.write(field, value))
            }),
            Data::Record(parts) => parts.write(target, &value),
        };
        written.map(|()| true).map_err(|found| found.in_part(variant.own_name))
    }

    /// Returns the variant of a value, its position, and the value of its data.
    fn find(&self, value: &Value) -> Option<(usize, &Variant, Value)> {
        let (name, data) = match value {
            Value::Text(name) => (name, Value::Unset),
            Value::Map(map) => match &**map {
                [(name, data)] => (name, data.clone()),
                _ => return None,
            },
            _ => return None,
        };
        let index = self.variants.iter().position(|variant| variant.name == *name)?;
        Some((index, &self.variants[index], data))
    }
}

impl Data {
    fn of(ty: &Type, info: &'static VariantInfo, within: &mut Within) -> Result<Self, Issues> {
        Ok(match (info, info.variant_type()) {
            (VariantInfo::Struct(fields), VariantType::Struct) if fields.field_len() > 0 => {
                Self::Record(Parts::of_variant(ty, fields.iter(), within)?)
            }
            (VariantInfo::Tuple(fields), _) if fields.field_len() > 0 => {
                let types = fields.iter().map(|field| (field.ty(), field.type_info()));
                let mut shapes = Shape::of_all(types, within)?;
                match shapes.len() {
                    1 => Self::One(shapes.remove(0)),
                    _ => Self::Tuple(shapes),
                }
            }
            _ => Self::None,
        })
    }
}

/// Adds the slots of a variant, which are unset in others. Further slots say which parts a value of the variant has.
fn add_variant(mut builder: SchemaBuilder, variant: &str, slots: &[Slot]) -> SchemaBuilder {
    let mut said = HashSet::new();
    for slot in slots {
        builder = add_slot(builder, slot, slot.name().to_owned(), Some(variant));
        // Only parts outside of inner lists have a default of their own here.
        let inner = &slot.name()[variant.len()..];
        let is_plain = !inner.contains(['[', '{', '@', '|']);
        match slot.default() {
            Some(default) if is_plain && !slot.is_optional() => {
                builder = builder.part_default(default.clone());
            }
            _ => {}
        }
        let of_whole = match (inner.find('@'), inner.find(['[', '{'])) {
            _ if !slot.is_optional() => None,
            // The tag of an inner union says whether there is one; the parts of its variants do not.
            (Some(at), bracket) if bracket.is_none_or(|bracket| at < bracket) => {
                inner.ends_with('@').then_some(at)
            }
            (_, Some(bracket)) => Some(bracket),
            _ => Some(inner.len()),
        };
        if let Some(end) = of_whole
            && said.insert(&inner[..end])
        {
            builder = builder.slot(format!("{variant}{}?", &inner[..end]), Kind::Bool).optional();
        }
    }
    builder
}

/// Adds the slots of a tuple.
pub(super) fn declare_tuple(
    shapes: &[Shape],
    builder: SchemaBuilder,
    slot: &str,
) -> Result<SchemaBuilder, SchemaError> {
    let mut parts = shapes.iter().enumerate();
    parts.try_fold(builder, |builder, (at, shape)| shape.declare(builder, &format!("{slot}.{at}")))
}

/// Converts the fields of a tuple to a list. Returns `None` if it has another number of fields.
pub(super) fn read_tuple<'v>(
    shapes: &[Shape],
    fields: impl Iterator<Item = &'v dyn PartialReflect>,
    count: usize,
) -> Option<Result<Value, Issues>> {
    if count != shapes.len() {
        return None;
    }
    let mut issues = Issues::default();
    let mut values = Vec::with_capacity(count);
    for (at, (shape, field)) in shapes.iter().zip(fields).enumerate() {
        match shape.read(field) {
            Ok(value) => values.push(value),
            Err(found) => issues.add_part(&at.to_string(), found),
        }
    }
    Some(issues.or(Value::List(values.into())))
}

/// Converts a list to a tuple that `FromReflect` takes.
pub(super) fn make_tuple(shapes: &[Shape], value: &Value) -> Result<DynamicTuple, Issues> {
    let mut made = DynamicTuple::default();
    write_tuple(shapes, value, |_, shape, value| {
        made.insert_boxed(shape.make(value)?);
        Ok(())
    })?;
    Ok(made)
}

/// Calls the function with each part of a tuple and its value. A list without unset values at its end is shorter.
pub(super) fn write_tuple(
    shapes: &[Shape],
    value: &Value,
    mut call: impl FnMut(usize, &Shape, &Value) -> Result<(), Issues>,
) -> Result<(), Issues> {
    let values: &[Value] = match value {
        Value::List(values) => values,
        _ => &[],
    };
    let mut issues = Issues::default();
    for (at, shape) in shapes.iter().enumerate() {
        let value = values.get(at).unwrap_or(&Value::Unset);
        if let Err(found) = shape.check_set(value).and_then(|()| call(at, shape, value)) {
            issues.add_part(&at.to_string(), found);
        }
    }
    issues.or(())
}
