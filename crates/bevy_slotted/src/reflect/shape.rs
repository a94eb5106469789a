//! Maps a field's type to a slot's kind, and converts its values to slot values and back.

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_reflect::array::DynamicArray;
use bevy_reflect::enums::{DynamicEnum, DynamicVariant, Enum, EnumInfo, VariantInfo, VariantType};
use bevy_reflect::list::DynamicList;
use bevy_reflect::structs::DynamicStruct;
use bevy_reflect::tuple::DynamicTuple;
use bevy_reflect::{
    ApplyError, PartialReflect, ReflectMut, ReflectOwned, ReflectRef, Type, TypeInfo,
};
use slotted::schema::SchemaBuilder;
use slotted::{Kind, Schema, SchemaError, Value};

use super::attributes::SlotName;
use super::composed::{Entries, add_slots, declare_list};
use super::error::{FieldIssue, NotASlot};
use super::issues::Issues;
use super::leaf::Leaf;
use super::name::snake_case;
use super::parts::{Parts, Within, check_depth, without_unset};
use super::variants::{Variants, declare_tuple, make_tuple, read_tuple, write_tuple};

/// A type whose values a slot or a nested record can hold.
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
    /// A struct with named fields.
    Record(Parts),
    Tuple(Vec<Shape>),
    Map(Entries),
    /// An enum with data.
    Union(Variants),
}

/// The slots of a shape. An option has those of its inner shape.
pub(super) enum Layout<'s> {
    /// One slot of this kind.
    Slot(Kind),
    /// A slot for each part.
    Record(&'s Parts),
    /// A slot for each part of the elements.
    List(&'s Parts),
    /// Slots of a tuple, a map, a union, or a list of these or of lists.
    Composed,
}

impl Layout<'_> {
    fn into_list(self) -> Self {
        match self {
            Self::Slot(Kind::List(_)) | Self::List(_) | Self::Composed => Self::Composed,
            Self::Slot(kind) => Self::Slot(Kind::list(kind)),
            Self::Record(parts) => Self::List(parts),
        }
    }
}

impl Shape {
    /// Returns the shape of a field of this type in structs of these types.
    pub(super) fn of(
        ty: &Type,
        info: Option<&'static TypeInfo>,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        let Some(TypeInfo::Enum(option)) = info else { return Self::of_value(ty, info, within) };
        let Some((inner, info)) = inside_of_option(option) else {
            return Self::of_value(ty, info, within);
        };
        if let Some(TypeInfo::Enum(info)) = info
            && inside_of_option(info).is_some()
        {
            return Err(refuse(ty, NotASlot::NestedOption));
        }
        let form = Form::Option(Box::new(Self::of_value(&inner, info, within)?));
        Ok(Self { ty: *ty, form })
    }

    /// Returns the shape of a field that no type declares.
    pub(super) fn of_dynamic(value: &dyn PartialReflect, depth: usize) -> Result<Self, Issues> {
        if let Some(info) = value.get_represented_type_info() {
            return Self::of(info.ty(), Some(info), &mut Within::new());
        }
        if let ReflectRef::Struct(value) = value.reflect_ref() {
            let form = Form::Record(Parts::of_dynamic(value, depth)?);
            return Ok(Self { ty: Type::of::<DynamicStruct>(), form });
        }
        if let ReflectRef::Tuple(value) = value.reflect_ref() {
            let ty = Type::of::<DynamicTuple>();
            check_depth(&ty, depth)?;
            let fields = value.iter_fields();
            let shapes = collect(fields.map(|field| Self::of_dynamic(field, depth + 1)))?;
            return Self::of_tuple(ty, shapes);
        }
        let type_name = value.reflect_short_type_path().into();
        Err(FieldIssue::NotASlot { type_name, reason: NotASlot::Untyped }.into())
    }

    fn of_value(
        ty: &Type,
        info: Option<&'static TypeInfo>,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        let form = match info {
            Some(TypeInfo::List(list)) => {
                let (item, info) = (list.item_ty(), list.item_info());
                Form::List(Box::new(Self::of_element(&item, info, within)?))
            }
            Some(TypeInfo::Array(array)) => {
                let (item, info) = (array.item_ty(), array.item_info());
                let element = Self::of_element(&item, info, within)?;
                Form::Array(Box::new(element), array.capacity())
            }
            _ => return Self::of_single(ty, info, within),
        };
        Ok(Self { ty: *ty, form })
    }

    fn of_element(
        ty: &Type,
        info: Option<&'static TypeInfo>,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        if let Some(TypeInfo::Enum(info)) = info
            && inside_of_option(info).is_some()
        {
            return Err(refuse(ty, NotASlot::OptionalElement));
        }
        Self::of_value(ty, info, within).map_err(|issues| issues.in_element("[]"))
    }

    /// Returns the shapes of fields without names, in structs of these types.
    pub(super) fn of_all<'t>(
        types: impl Iterator<Item = (&'t Type, Option<&'static TypeInfo>)>,
        within: &mut Within,
    ) -> Result<Vec<Self>, Issues> {
        collect(types.map(|(ty, info)| Self::of(ty, info, within)))
    }

    fn of_tuple(ty: Type, shapes: Vec<Self>) -> Result<Self, Issues> {
        match shapes.is_empty() {
            true => Err(refuse(&ty, NotASlot::NoParts)),
            false => Ok(Self { ty, form: Form::Tuple(shapes) }),
        }
    }

    fn of_single(
        ty: &Type,
        info: Option<&'static TypeInfo>,
        within: &mut Within,
    ) -> Result<Self, Issues> {
        if let Some(leaf) = Leaf::find(ty.id()) {
            return Ok(Self { ty: *ty, form: Form::Leaf(leaf) });
        }
        if let Some(reason) = refused(ty, info) {
            return Err(refuse(ty, reason));
        }
        let form = match info {
            Some(TypeInfo::Enum(info)) if info.iter().all(is_unit) => Form::Enum(info),
            Some(TypeInfo::Enum(info)) => Form::Union(Variants::of(ty, info, within)?),
            Some(TypeInfo::Tuple(tuple)) => {
                let fields = tuple.iter().map(|field| (field.ty(), field.type_info()));
                return Self::of_tuple(*ty, Self::of_all(fields, within)?);
            }
            Some(TypeInfo::Map(map)) => {
                let (key, value) = (map.key_ty(), map.value_ty());
                let (key, value) = ((key, map.key_info()), (value, map.value_info()));
                Form::Map(Entries::of(ty, key, value, within)?)
            }
            Some(whole @ TypeInfo::Struct(info)) => {
                Form::Record(Parts::of(ty, whole, info, within)?)
            }
            _ => return Err(refuse(ty, NotASlot::Opaque)),
        };
        Ok(Self { ty: *ty, form })
    }

    pub(super) fn name(&self) -> &'static str {
        self.ty.short_path()
    }

    pub(super) fn is_optional(&self) -> bool {
        matches!(self.form, Form::Option(_))
    }

    /// Returns `true` for options, and for records and tuples, whose parts may all be optional.
    pub(super) fn may_be_unset(&self) -> bool {
        matches!(self.form, Form::Option(_) | Form::Record(_) | Form::Tuple(_))
    }

    /// Returns an error if the value is unset and may not be.
    pub(super) fn check_set(&self, value: &Value) -> Result<(), Issues> {
        match value.is_unset() && !self.may_be_unset() {
            true => Err(FieldIssue::Unset { type_name: self.name().into() }.into()),
            false => Ok(()),
        }
    }

    /// Like [`make`](Self::make), for a part of a nested value, which may lack it.
    pub(super) fn make_part(&self, value: &Value) -> Result<Box<dyn PartialReflect>, Issues> {
        self.check_set(value)?;
        self.make(value)
    }

    /// Returns the slots of the shape. Computes the names of an enum's variants on each call.
    pub(super) fn layout(&self) -> Layout<'_> {
        match &self.form {
            Form::Leaf(leaf) => Layout::Slot((leaf.kind)()),
            Form::Enum(info) => Layout::Slot(Kind::enumeration(info.iter().map(variant_name))),
            Form::Option(inner) => inner.layout(),
            Form::List(element) => element.layout().into_list(),
            Form::Array(element, length) => match element.layout() {
                Layout::Slot(Kind::Number(number)) => {
                    Layout::Slot(Kind::Array(number, u32::try_from(*length).unwrap_or(u32::MAX)))
                }
                layout => layout.into_list(),
            },
            Form::Record(parts) => Layout::Record(parts),
            Form::Tuple(_) | Form::Map(_) | Form::Union(_) => Layout::Composed,
        }
    }

    /// Returns the parts of a record that is not optional.
    pub(super) fn record_mut(&mut self) -> Option<&mut Parts> {
        match &mut self.form {
            Form::Record(parts) => Some(parts),
            _ => None,
        }
    }

    /// Adds the slots of the shape to the builder, without attributes of the field itself.
    pub(super) fn declare(
        &self,
        builder: SchemaBuilder,
        slot: &str,
    ) -> Result<SchemaBuilder, SchemaError> {
        let builder = match self.layout() {
            Layout::Slot(kind) => builder.slot(slot, kind),
            Layout::Record(parts) => builder.nested(slot, &parts.schema(slot)?),
            Layout::List(parts) => builder.nested_list(slot, &parts.schema(slot)?),
            Layout::Composed => {
                let composed = self.compose(Schema::builder("composed"), slot)?.build()?;
                return Ok(add_slots(builder, &composed, self.is_optional().then_some(slot)));
            }
        };
        Ok(if self.is_optional() { builder.optional() } else { builder })
    }

    /// Adds the slots of a composed layout, as those of a value that is not optional.
    fn compose(&self, builder: SchemaBuilder, slot: &str) -> Result<SchemaBuilder, SchemaError> {
        match &self.form {
            Form::Option(inner) => inner.compose(builder, slot),
            Form::List(element) | Form::Array(element, _) => declare_list(element, builder, slot),
            Form::Tuple(shapes) => declare_tuple(shapes, builder, slot),
            Form::Map(entries) => entries.declare(builder, slot),
            Form::Union(variants) => variants.declare(builder, slot),
            Form::Leaf(_) | Form::Enum(_) | Form::Record(_) => self.declare(builder, slot),
        }
    }

    /// Returns `true` if values of the type can be made.
    pub(super) fn is_writable(&self) -> bool {
        match &self.form {
            Form::Leaf(leaf) => leaf.is_writable,
            Form::Enum(_) => true,
            Form::Option(inner) | Form::List(inner) | Form::Array(inner, _) => inner.is_writable(),
            Form::Record(parts) => parts.fields().iter().all(|part| part.shape.is_writable()),
            Form::Tuple(shapes) => shapes.iter().all(Self::is_writable),
            Form::Map(entries) => entries.is_writable(),
            Form::Union(variants) => variants.is_writable(),
        }
    }

    /// Returns `true` unless the value is a dynamic struct that lacks parts.
    pub(super) fn is_complete(&self, value: &dyn PartialReflect) -> bool {
        match (&self.form, value.reflect_ref()) {
            (Form::Record(parts), ReflectRef::Struct(value)) => parts.are_in(value),
            _ => true,
        }
    }

    /// Converts a field's value to the slot's.
    pub(super) fn read(&self, value: &dyn PartialReflect) -> Result<Value, Issues> {
        let wrong = || self.wrong(value);
        if let Form::Leaf(leaf) = self.form {
            return (leaf.read)(value).ok_or_else(wrong);
        }
        let own = value.get_represented_type_info().map(TypeInfo::type_id);
        if own.is_some_and(|own| own != self.ty.id()) {
            return Err(wrong());
        }
        match (&self.form, value.reflect_ref()) {
            (Form::Enum(info), ReflectRef::Enum(value)) => {
                read_variant(info, value).ok_or_else(wrong)
            }
            (Form::Option(inner), ReflectRef::Enum(value)) => {
                match (value.variant_name(), value.field_at(0)) {
                    ("None", _) => Ok(Value::Unset),
                    // The parts that are left out would be unset.
                    ("Some", Some(value)) if inner.is_complete(value) => inner.read(value),
                    ("Some", Some(value)) => Err(inner.wrong(value)),
                    _ => Err(wrong()),
                }
            }
            (Form::List(element), ReflectRef::List(list)) => element.read_all(list.iter()),
            (Form::Array(element, length), ReflectRef::Array(array)) if array.len() == *length => {
                element.read_all(array.iter())
            }
            (Form::Record(parts), ReflectRef::Struct(value)) => parts.read(value),
            (Form::Tuple(shapes), ReflectRef::Tuple(value)) => {
                let read = read_tuple(shapes, value.iter_fields(), value.field_len());
                read.unwrap_or_else(|| Err(wrong()))
            }
            (Form::Map(entries), ReflectRef::Map(map)) => entries.read(map),
            (Form::Union(variants), ReflectRef::Enum(value)) => {
                variants.read(value).unwrap_or_else(|| Err(wrong()))
            }
            _ => Err(wrong()),
        }
    }

    /// Returns the problem of a value of another type.
    fn wrong(&self, value: &dyn PartialReflect) -> Issues {
        let (expected, found) = (self.name().into(), value.reflect_type_path().into());
        FieldIssue::WrongType { expected, found }.into()
    }

    /// Converts the elements of a list up to the first with a problem.
    fn read_all<'v>(
        &self,
        values: impl Iterator<Item = &'v dyn PartialReflect>,
    ) -> Result<Value, Issues> {
        let values = values.enumerate().map(|(position, value)| {
            self.read(value).map_err(|issues| issues.in_element(&format!("[{position}]")))
        });
        values.collect::<Result<Vec<_>, _>>().map(Value::from)
    }

    /// Converts a value of the slot's kind to a reflected value that [`put`](Self::put) writes to the field.
    pub(super) fn make(&self, value: &Value) -> Result<Box<dyn PartialReflect>, Issues> {
        // Values of other kinds; the caller has rejected them already.
        let wrong = || {
            let (expected, found) = (self.name().into(), value.to_string().into());
            Issues::from(FieldIssue::WrongType { expected, found })
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
                let made: DynamicList = element.make_all(values)?.into_iter().collect();
                Some(boxed(made))
            }
            (Form::Array(_, expected), Value::List(values)) if values.len() != *expected => {
                let (expected, found) = (*expected, values.len());
                return Err(FieldIssue::WrongLength { expected, found }.into());
            }
            (Form::Array(element, _), Value::List(values)) => {
                let made: DynamicArray = element.make_all(values)?.into_iter().collect();
                Some(boxed(made))
            }
            (Form::Record(parts), Value::Map(_) | Value::Unset) => Some(boxed(parts.make(value)?)),
            (Form::Tuple(shapes), Value::List(_) | Value::Unset) => {
                Some(boxed(make_tuple(shapes, value)?))
            }
            (Form::Map(entries), _) => entries.make(value)?.map(boxed),
            (Form::Union(variants), _) => variants.make(value)?.map(boxed),
            _ => None,
        };
        made.ok_or_else(wrong)
    }

    fn make_all(&self, values: &[Value]) -> Result<Vec<Box<dyn PartialReflect>>, Issues> {
        let values = values.iter().enumerate().map(|(position, value)| {
            self.make(value).map_err(|issues| issues.in_element(&format!("[{position}]")))
        });
        values.collect()
    }

    /// Returns `true` for records, and for options and lists of them.
    pub(super) fn has_parts(&self) -> bool {
        match &self.form {
            Form::Leaf(_) | Form::Enum(_) => false,
            Form::Option(inner) | Form::List(inner) | Form::Array(inner, _) => inner.has_parts(),
            Form::Record(_) | Form::Tuple(_) | Form::Map(_) | Form::Union(_) => true,
        }
    }

    /// Returns an error if [`write`](Self::write) would fail.
    pub(super) fn fit(&self, current: &dyn PartialReflect, value: &Value) -> Result<(), Issues> {
        match (&self.form, current.reflect_ref()) {
            (Form::Record(parts), ReflectRef::Struct(current)) => parts.fit(current, value),
            _ if self.is_writable() || value.is_unset() => self.make(value).map(drop),
            _ if without_unset(&self.read(current)?) == without_unset(value) => Ok(()),
            _ => Err(FieldIssue::StaticText.into()),
        }
    }

    /// Writes a value that [`fit`](Self::fit) accepts to a field, part by part, so that ignored fields stay unchanged.
    pub(super) fn write(
        &self,
        field: &mut dyn PartialReflect,
        value: &Value,
    ) -> Result<(), Issues> {
        let is_record = matches!(self.form, Form::Record(_));
        if !is_record && !self.is_writable() && !value.is_unset() {
            // The field has the value already.
            return Ok(());
        }
        if let (Form::Union(variants), ReflectMut::Enum(target)) = (&self.form, field.reflect_mut())
            && variants.write(target, value)?
        {
            return Ok(());
        }
        match (&self.form, field.reflect_mut(), value) {
            (Form::Record(parts), ReflectMut::Struct(target), _) => {
                return parts.write(target, value);
            }
            (Form::Tuple(shapes), ReflectMut::Tuple(target), _) => {
                return write_tuple(shapes, value, |at, shape, value| {
                    target.field_mut(at).map_or(Ok(()), |field| shape.write(field, value))
                });
            }
            (Form::Option(inner), ReflectMut::Enum(option), value)
                if !value.is_unset() && inner.has_parts() =>
            {
                // `None` has no field.
                if let Some(field) = option.field_at_mut(0) {
                    return inner.write(field, value);
                }
            }
            (Form::Array(element, _), ReflectMut::Array(array), Value::List(values))
                if element.has_parts() =>
            {
                return values.iter().enumerate().try_for_each(|(position, value)| {
                    let Some(field) = array.get_mut(position) else { return Ok(()) };
                    element.write(field, value)
                });
            }
            _ => {}
        }
        let made = self.make(value)?;
        self.put(field, made)
    }

    /// Writes a value from [`make`](Self::make) to a field that [`read`](Self::read) can read.
    pub(super) fn put(
        &self,
        field: &mut dyn PartialReflect,
        made: Box<dyn PartialReflect>,
    ) -> Result<(), Issues> {
        self.try_put(field, made)
            .map_err(|error| FieldIssue::NotApplied { reason: error.to_string().into() }.into())
    }

    fn try_put(
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
            (Form::Map(_), ReflectMut::Map(map)) => {
                map.drain();
                let ReflectOwned::Map(mut made) = made.reflect_owned() else { return Ok(()) };
                for (key, value) in made.drain() {
                    map.insert_boxed(key, value);
                }
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

/// Returns the shapes, or the problems of all of them by their positions.
fn collect(shapes: impl Iterator<Item = Result<Shape, Issues>>) -> Result<Vec<Shape>, Issues> {
    let (mut found, mut issues) = (Vec::new(), Issues::default());
    for (at, shape) in shapes.enumerate() {
        match shape {
            Ok(shape) => found.push(shape),
            Err(problems) => issues.add_part(&at.to_string(), problems),
        }
    }
    issues.or(found)
}

fn boxed(value: impl PartialReflect) -> Box<dyn PartialReflect> {
    Box::new(value)
}

fn none() -> DynamicEnum {
    DynamicEnum::new_with_index(0, "None", DynamicVariant::Unit)
}

fn read_variant(info: &EnumInfo, value: &dyn Enum) -> Option<Value> {
    let variant = info.variant(value.variant_name())?;
    let is_unit = value.variant_type() == VariantType::Unit;
    is_unit.then(|| Value::Text(variant_name(variant)))
}

fn is_unit(variant: &VariantInfo) -> bool {
    matches!(variant, VariantInfo::Unit(_))
}

pub(super) fn variant_name(variant: &VariantInfo) -> Arc<str> {
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

pub(super) fn refuse(ty: &Type, reason: NotASlot) -> Issues {
    FieldIssue::NotASlot { type_name: ty.short_path().into(), reason }.into()
}

/// Returns the reason why neither a slot nor a record can hold the type, which is not a leaf, option, list or array.
fn refused(ty: &Type, info: Option<&TypeInfo>) -> Option<NotASlot> {
    Some(match info {
        _ if ty.is::<Entity>() => NotASlot::BevyEntity,
        _ if ty.is::<usize>() => NotASlot::PointerSized { instead: 'u' },
        _ if ty.is::<isize>() => NotASlot::PointerSized { instead: 'i' },
        _ if ty.is::<u128>() => NotASlot::TooWide { instead: 'u' },
        _ if ty.is::<i128>() => NotASlot::TooWide { instead: 'i' },
        _ if ty.crate_name() == Some("glam") => NotASlot::Vector,
        None => NotASlot::Untyped,
        Some(TypeInfo::TupleStruct(_)) => NotASlot::TupleStruct,
        Some(TypeInfo::Set(_)) => NotASlot::Set,
        Some(TypeInfo::Opaque(_)) => NotASlot::Opaque,
        Some(_) => return None,
    })
}
