//! Maps Rust types without parts, such as `f32` and `String`, to kinds.

use std::any::TypeId;
use std::borrow::Cow;

use bevy_reflect::{FromReflect, PartialReflect, ReflectRef, TypeInfo, Typed};
use slotted::{Kind, ObjectId, SlotValue, Value, for_each_vector, glam};

use super::attributes::{AnyValue, Reference};

/// A Rust type that a slot can hold and that is not a list, enum or option.
#[allow(missing_debug_implementations)]
pub(super) struct Leaf {
    type_id: TypeId,
    pub(super) kind: fn() -> Kind,
    /// Converts a value that is complete and of the type.
    pub(super) read: fn(&dyn PartialReflect) -> Option<Value>,
    /// Converts a slot's value back; `None` also for types that are not writable.
    pub(super) make: fn(&Value) -> Option<Box<dyn PartialReflect>>,
    /// `true` if `make` can produce values of the type.
    pub(super) is_writable: bool,
}

impl Leaf {
    const fn of<T: LeafType>() -> Self {
        Self {
            type_id: TypeId::of::<T>(),
            kind: T::kind,
            read: read::<T>,
            make: make::<T>,
            is_writable: T::IS_WRITABLE,
        }
    }

    /// Returns the leaf of this type, if there is one.
    pub(super) fn find(type_id: TypeId) -> Option<&'static Self> {
        LEAVES.iter().find(|leaf| leaf.type_id == type_id)
    }
}

macro_rules! leaves_with_vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        static LEAVES: &[Leaf] = &[
            Leaf::of::<f32>(),
            Leaf::of::<bool>(),
            Leaf::of::<i8>(),
            Leaf::of::<i16>(),
            Leaf::of::<i32>(),
            Leaf::of::<i64>(),
            Leaf::of::<u8>(),
            Leaf::of::<u16>(),
            Leaf::of::<u32>(),
            Leaf::of::<u64>(),
            Leaf::of::<f64>(),
            $(Leaf::of::<glam::$name>(),)*
            Leaf::of::<String>(),
            Leaf::of::<Cow<'static, str>>(),
            Leaf::of::<&'static str>(),
            Leaf::of::<Reference>(),
            Leaf::of::<AnyValue>(),
        ];

        $(impl LeafType for glam::$name {
            fn kind() -> Kind {
                Kind::$name
            }

            fn into_value(self) -> Value {
                self.into()
            }

            fn from_value(value: &Value) -> Option<Self> {
                value.vector()
            }
        })*
    };
}
for_each_vector!(leaves_with_vectors);

trait LeafType: Typed + FromReflect + Clone {
    const IS_WRITABLE: bool = true;

    fn kind() -> Kind;

    fn into_value(self) -> Value;

    fn from_value(value: &Value) -> Option<Self>;
}

fn read<T: LeafType>(value: &dyn PartialReflect) -> Option<Value> {
    if let Some(value) = value.try_downcast_ref::<T>() {
        return Some(value.clone().into_value());
    }
    let value = is_complete(T::type_info(), value).then(|| T::from_reflect(value));
    value.flatten().map(T::into_value)
}

/// Returns `true` if a dynamic value has all fields of the type. `FromReflect` would fill in missing ones.
fn is_complete(info: &TypeInfo, value: &dyn PartialReflect) -> bool {
    let (TypeInfo::Struct(info), ReflectRef::Struct(value)) = (info, value.reflect_ref()) else {
        return value
            .get_represented_type_info()
            .is_some_and(|own| own.type_id() == info.type_id());
    };
    let is_own =
        value.get_represented_type_info().is_none_or(|own| own.type_id() == info.type_id());
    is_own
        && value.field_len() == info.field_len()
        && info.iter().all(|field| match (field.type_info(), value.field(field.name())) {
            (Some(info), Some(value)) => is_complete(info, value),
            _ => false,
        })
}

fn make<T: LeafType>(value: &Value) -> Option<Box<dyn PartialReflect>> {
    Some(Box::new(T::from_value(value)?))
}

macro_rules! leaf_types {
    ($($type:ty: $pattern:pat => $value:expr;)*) => {$(
        impl LeafType for $type {
            fn kind() -> Kind {
                <$type as SlotValue>::kind()
            }

            fn into_value(self) -> Value {
                self.into()
            }

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => Some($value),
                    _ => None,
                }
            }
        }
    )*};
}
leaf_types! {
    bool: Value::Bool(truth) => *truth;
    f32: Value::F32(number) => *number;
    f64: Value::F64(number) => *number;
}

macro_rules! integer_types {
    ($($type:ty)*) => {$(
        impl LeafType for $type {
            fn kind() -> Kind {
                <$type as SlotValue>::kind()
            }

            fn into_value(self) -> Value {
                self.into()
            }

            fn from_value(value: &Value) -> Option<Self> {
                match *value {
                    Value::Int(number) => Self::try_from(number).ok(),
                    Value::UInt(number) => Self::try_from(number).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
integer_types!(i8 i16 i32 i64 u8 u16 u32 u64);

impl LeafType for Reference {
    fn kind() -> Kind {
        ObjectId::kind()
    }

    fn into_value(self) -> Value {
        self.0.into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Object(id) = value { Some(Self(*id)) } else { None }
    }
}

impl LeafType for AnyValue {
    fn kind() -> Kind {
        Kind::Any
    }

    fn into_value(self) -> Value {
        self.0
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(Self(value.clone()))
    }
}

impl LeafType for String {
    fn kind() -> Kind {
        Kind::Text
    }

    fn into_value(self) -> Value {
        self.into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some((**text).to_owned()) } else { None }
    }
}

impl LeafType for Cow<'static, str> {
    fn kind() -> Kind {
        Kind::Text
    }

    fn into_value(self) -> Value {
        Value::from(&*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        String::from_value(value).map(Self::Owned)
    }
}

impl LeafType for &'static str {
    /// A store's text does not live for `'static`.
    const IS_WRITABLE: bool = false;

    fn kind() -> Kind {
        Kind::Text
    }

    fn into_value(self) -> Value {
        self.into()
    }

    fn from_value(_: &Value) -> Option<Self> {
        None
    }
}
