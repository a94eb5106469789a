//! Maps a field's type to a slot's kind, and converts its values to slot values and back.

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_reflect::array::DynamicArray;
use bevy_reflect::enums::{DynamicEnum, DynamicVariant, Enum, EnumInfo, VariantInfo, VariantType};
use bevy_reflect::list::DynamicList;
use bevy_reflect::tuple::DynamicTuple;
use bevy_reflect::{
    ApplyError, PartialReflect, ReflectMut, ReflectOwned, ReflectRef, Type, TypeInfo,
};
use slotted::{Kind, Value};

use super::attributes::SlotName;
use super::error::{FieldIssue, NotASlot};
use super::leaf::Leaf;
use super::name::snake_case;

/// A type whose values a slot can hold.
pub(super) struct Shape {
    ty: Type,
    form: Form,
}

enum Form {
    Leaf(&'static Leaf),
    /// An enum without data.
    Enum(&'static EnumInfo),
    /// The inner shape is never an option.
    Option(Box<Shape>),
    List(Box<Shape>),
    Array(Box<Shape>, usize),
}

impl Shape {
    /// Returns the shape of a field of this type.
    pub(super) fn of(ty: &Type, info: Option<&'static TypeInfo>) -> Result<Self, FieldIssue> {
        let Some(TypeInfo::Enum(option)) = info else { return Self::of_value(ty, info) };
        let Some((inner, info)) = inside_of_option(option) else { return Self::of_value(ty, info) };
        if let Some(TypeInfo::Enum(info)) = info
            && inside_of_option(info).is_some()
        {
            return Err(refuse(ty, NotASlot::NestedOption));
        }
        let form = Form::Option(Box::new(Self::of_value(&inner, info)?));
        Ok(Self { ty: *ty, form })
    }

    fn of_value(ty: &Type, info: Option<&'static TypeInfo>) -> Result<Self, FieldIssue> {
        let form = match info {
            Some(TypeInfo::List(list)) => {
                Form::List(Box::new(Self::of_element(ty, &list.item_ty(), list.item_info())?))
            }
            Some(TypeInfo::Array(array)) => {
                let element = Self::of_element(ty, &array.item_ty(), array.item_info())?;
                Form::Array(Box::new(element), array.capacity())
            }
            _ => return Self::of_single(ty, info),
        };
        Ok(Self { ty: *ty, form })
    }

    fn of_element(
        list: &Type,
        ty: &Type,
        info: Option<&'static TypeInfo>,
    ) -> Result<Self, FieldIssue> {
        let shape = match info {
            Some(TypeInfo::Enum(info)) if inside_of_option(info).is_some() => {
                return Err(refuse(ty, NotASlot::OptionalElement));
            }
            Some(TypeInfo::List(_)) => return Err(refuse(list, NotASlot::NestedList)),
            // An array of numbers is one value, so it can be an element.
            Some(TypeInfo::Array(array)) => {
                let number = Self::of_single(&array.item_ty(), array.item_info());
                let number = number.map_err(|_| refuse(list, NotASlot::NestedList))?;
                Self { ty: *ty, form: Form::Array(Box::new(number), array.capacity()) }
            }
            _ => return Self::of_single(ty, info),
        };
        match shape.kind() {
            Kind::List(_) => Err(refuse(list, NotASlot::NestedList)),
            _ => Ok(shape),
        }
    }

    fn of_single(ty: &Type, info: Option<&'static TypeInfo>) -> Result<Self, FieldIssue> {
        if let Some(leaf) = Leaf::find(ty.id()) {
            return Ok(Self { ty: *ty, form: Form::Leaf(leaf) });
        }
        match info {
            Some(TypeInfo::Enum(info)) => match info.iter().find(|variant| !is_unit(variant)) {
                None => Ok(Self { ty: *ty, form: Form::Enum(info) }),
                Some(variant) => {
                    Err(refuse(ty, NotASlot::EnumWithData { variant: variant.name() }))
                }
            },
            _ => Err(refuse(ty, reason(ty, info))),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.ty.short_path()
    }

    pub(super) fn is_optional(&self) -> bool {
        matches!(self.form, Form::Option(_))
    }

    /// Returns the slot's kind. Computes the names of an enum's variants on each call.
    pub(super) fn kind(&self) -> Kind {
        match &self.form {
            Form::Leaf(leaf) => (leaf.kind)(),
            Form::Enum(info) => Kind::enumeration(info.iter().map(variant_name)),
            Form::Option(inner) => inner.kind(),
            Form::List(element) => Kind::list(element.kind()),
            Form::Array(element, length) => match element.kind() {
                Kind::Number(number) => {
                    Kind::Array(number, u32::try_from(*length).unwrap_or(u32::MAX))
                }
                kind => Kind::list(kind),
            },
        }
    }

    /// Returns `true` if values of the type can be made.
    pub(super) fn is_writable(&self) -> bool {
        match &self.form {
            Form::Leaf(leaf) => leaf.is_writable,
            Form::Enum(_) => true,
            Form::Option(inner) | Form::List(inner) | Form::Array(inner, _) => inner.is_writable(),
        }
    }

    /// Converts a field's value to the slot's.
    pub(super) fn read(&self, value: &dyn PartialReflect) -> Result<Value, FieldIssue> {
        let wrong = || FieldIssue::WrongType {
            expected: self.name().into(),
            found: value.reflect_type_path().into(),
        };
        if let Form::Leaf(leaf) = self.form {
            return (leaf.read)(value).ok_or_else(wrong);
        }
        let own = value.get_represented_type_info().map(TypeInfo::type_id);
        if own.is_some_and(|own| own != self.ty.id()) {
            return Err(wrong());
        }
        match (&self.form, value.reflect_ref()) {
            (Form::Enum(info), ReflectRef::Enum(value)) => read_variant(info, value),
            (Form::Option(inner), ReflectRef::Enum(value)) => {
                match (value.variant_name(), value.field_at(0)) {
                    ("None", _) => Some(Ok(Value::Unset)),
                    ("Some", Some(value)) => Some(inner.read(value)),
                    _ => None,
                }
            }
            (Form::List(element), ReflectRef::List(list)) => {
                Some(list.iter().map(|value| element.read(value)).collect())
                    .map(|values: Result<Vec<_>, _>| values.map(Value::from))
            }
            (Form::Array(element, length), ReflectRef::Array(array)) => (array.len() == *length)
                .then(|| {
                    let values = array.iter().map(|value| element.read(value));
                    values.collect::<Result<Vec<_>, _>>().map(Value::from)
                }),
            _ => None,
        }
        .unwrap_or_else(|| Err(wrong()))
    }

    /// Converts a value of the slot's kind to a reflected value that [`put`](Self::put) writes to the field.
    pub(super) fn make(&self, value: &Value) -> Result<Box<dyn PartialReflect>, FieldIssue> {
        // Values of other kinds; the caller has rejected them already.
        let wrong = || FieldIssue::WrongType {
            expected: self.name().into(),
            found: value.to_string().into(),
        };
        let made: Option<Box<dyn PartialReflect>> = match (&self.form, value) {
            (Form::Leaf(leaf), _) => (leaf.make)(value),
            (Form::Enum(info), Value::Text(name)) => {
                let index = info.iter().position(|variant| *variant_name(variant) == **name);
                index.and_then(|index| {
                    let name = info.variant_at(index)?.name();
                    Some(boxed(DynamicEnum::new_with_index(index, name, DynamicVariant::Unit)))
                })
            }
            (Form::Option(_), Value::Unset) => Some(boxed(none())),
            (Form::Option(inner), _) => {
                let mut some = DynamicTuple::default();
                some.insert_boxed(inner.make(value)?);
                Some(boxed(DynamicEnum::new_with_index(1, "Some", DynamicVariant::Tuple(some))))
            }
            (Form::List(element), Value::List(values)) => {
                let made: Result<DynamicList, _> =
                    values.iter().map(|value| element.make(value)).collect();
                Some(boxed(made?))
            }
            (Form::Array(_, expected), Value::List(values)) if values.len() != *expected => {
                return Err(FieldIssue::WrongLength { expected: *expected, found: values.len() });
            }
            (Form::Array(element, _), Value::List(values)) => {
                let made: Result<DynamicArray, _> =
                    values.iter().map(|value| element.make(value)).collect();
                Some(boxed(made?))
            }
            _ => None,
        };
        made.ok_or_else(wrong)
    }

    /// Writes a value from [`make`](Self::make) to a field that [`read`](Self::read) can read.
    pub(super) fn put(
        &self,
        field: &mut dyn PartialReflect,
        made: Box<dyn PartialReflect>,
    ) -> Result<(), ApplyError> {
        match (&self.form, field.reflect_mut()) {
            // `try_apply` on a longer list would keep its last elements.
            (Form::List(_), ReflectMut::List(list)) => {
                list.drain();
                let ReflectOwned::List(mut made) = made.reflect_owned() else { return Ok(()) };
                made.drain().into_iter().for_each(|element| list.push(element));
                Ok(())
            }
            // The same holds for a list in an option, so the option is cleared first.
            (Form::Option(_), _) => {
                field.try_apply(&none())?;
                field.try_apply(&*made)
            }
            _ => field.try_apply(&*made),
        }
    }
}

fn boxed(value: impl PartialReflect) -> Box<dyn PartialReflect> {
    Box::new(value)
}

fn none() -> DynamicEnum {
    DynamicEnum::new_with_index(0, "None", DynamicVariant::Unit)
}

fn read_variant(info: &EnumInfo, value: &dyn Enum) -> Option<Result<Value, FieldIssue>> {
    let variant = info.variant(value.variant_name())?;
    let is_unit = value.variant_type() == VariantType::Unit;
    is_unit.then(|| Ok(Value::Text(variant_name(variant))))
}

fn is_unit(variant: &VariantInfo) -> bool {
    matches!(variant, VariantInfo::Unit(_))
}

fn variant_name(variant: &VariantInfo) -> Arc<str> {
    match variant.get_attribute::<SlotName>() {
        Some(name) => name.0.into(),
        None => snake_case(variant.name()).into(),
    }
}

/// Returns the type inside an `Option`, or `None` for other types.
fn inside_of_option(info: &EnumInfo) -> Option<(Type, Option<&'static TypeInfo>)> {
    let path = info.type_path_table();
    if (path.module_path(), path.ident()) != (Some("core::option"), Some("Option")) {
        return None;
    }
    let VariantInfo::Tuple(some) = info.variant("Some")? else { return None };
    let field = some.field_at(0)?;
    Some((*field.ty(), field.type_info()))
}

fn refuse(ty: &Type, reason: NotASlot) -> FieldIssue {
    FieldIssue::NotASlot { type_name: ty.short_path().into(), reason }
}

/// Returns the reason why a slot cannot hold the type, which is not a leaf, enum, option, list or array.
fn reason(ty: &Type, info: Option<&TypeInfo>) -> NotASlot {
    if ty.is::<Entity>() {
        return NotASlot::BevyEntity;
    }
    if ty.is::<usize>() || ty.is::<isize>() {
        return NotASlot::PointerSized { instead: if ty.is::<usize>() { 'u' } else { 'i' } };
    }
    if ty.is::<u128>() || ty.is::<i128>() {
        return NotASlot::TooWide { instead: if ty.is::<u128>() { 'u' } else { 'i' } };
    }
    if ty.crate_name() == Some("glam") {
        return NotASlot::Vector;
    }
    match info {
        None => NotASlot::Untyped,
        Some(TypeInfo::Struct(_)) => NotASlot::Struct,
        Some(TypeInfo::TupleStruct(_)) => NotASlot::TupleStruct,
        Some(TypeInfo::Tuple(_)) => NotASlot::Tuple,
        Some(TypeInfo::Map(_)) => NotASlot::Map,
        Some(TypeInfo::Set(_)) => NotASlot::Set,
        Some(TypeInfo::List(_) | TypeInfo::Array(_)) => NotASlot::NestedList,
        Some(TypeInfo::Enum(_) | TypeInfo::Opaque(_)) => NotASlot::Opaque,
    }
}
