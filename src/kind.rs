//! The closed set of kinds that a slot's value can have.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use crate::suggest::nearest_name;

/// The kind of a slot's value.
///
/// ```
/// use slotted::Kind;
/// assert_eq!(Kind::Vec3.to_string(), "vec3");
/// assert_eq!(Kind::enumeration(["farmer", "soldier"]).to_string(), "enum(farmer, soldier)");
/// assert_eq!(Kind::list(Kind::Text).to_string(), "list(text)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `bool`
    Bool,
    /// A single number.
    Number(NumberKind),
    /// `glam::Vec2`
    Vec2,
    /// `glam::Vec3`
    Vec3,
    /// `glam::Vec4`
    Vec4,
    /// `glam::Quat`
    Quat,
    /// `glam::Mat4`
    Mat4,
    /// `glam::IVec2`
    IVec2,
    /// `glam::IVec3`
    IVec3,
    /// `glam::UVec2`
    UVec2,
    /// A string, interned in the store: [`Text`](crate::Text).
    Text,
    /// A reference to an object: [`ObjectId`](crate::ObjectId).
    Object,
    /// One of a list of named variants.
    Enum(EnumKind),
    /// This many numbers.
    Array(NumberKind, u32),
    /// A plain-memory type of the embedding program.
    Pod(PodKind),
    /// Any number of values of one kind, interned in the store: [`List`](crate::List).
    List(ListKind),
}

macro_rules! number_kinds {
    ($($name:ident $type:ty, $word:literal;)*) => {
        /// The kind of a number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum NumberKind {
            $(#[doc = concat!("`", $word, "`")] $name,)*
        }

        impl NumberKind {
            /// The name of the Rust type.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        #[allow(non_upper_case_globals)]
        impl Kind {
            $(#[doc = concat!("`", $word, "`")]
            pub const $name: Kind = Kind::Number(NumberKind::$name);)*
        }
    };
}
number_kinds! {
    I8 i8, "i8"; I16 i16, "i16"; I32 i32, "i32"; I64 i64, "i64";
    U8 u8, "u8"; U16 u16, "u16"; U32 u32, "u32"; U64 u64, "u64";
    F32 f32, "f32"; F64 f64, "f64";
}

impl Kind {
    /// An enum of these variants, in this order.
    ///
    /// The names are checked when a schema is built with them.
    pub fn enumeration<N: Into<Arc<str>>>(variants: impl IntoIterator<Item = N>) -> Self {
        Self::Enum(EnumKind { variants: variants.into_iter().map(Into::into).collect() })
    }

    /// The kind of a user's plain-memory type, which `#[derive(SlotValue)]` makes a slot value.
    #[must_use]
    pub fn pod<T: bytemuck::Pod>() -> Self {
        Self::Pod(PodKind {
            name: std::any::type_name::<T>(),
            type_id: TypeId::of::<T>(),
            size: size_of::<T>(),
            align: align_of::<T>(),
        })
    }

    /// A list of values of this kind, which must not be a list itself.
    ///
    /// A slot's range, finiteness and schema of references hold for each element. What the elements
    /// are is checked when a schema is built.
    ///
    /// ```
    /// use slotted::{Kind, Schema};
    /// let drops = Kind::list(Kind::U16);
    /// assert_eq!(drops.to_string(), "list(u16)");
    /// assert!(Schema::builder("item").slot("drops", drops.clone()).range(1..=999).build().is_ok());
    /// assert_eq!(
    ///     Schema::builder("item").slot("drops", Kind::list(drops)).build().unwrap_err().to_string(),
    ///     "slot 'drops' of schema 'item' cannot be stored: the elements of a list cannot be lists",
    /// );
    /// ```
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(ListKind { element: Box::new(element) })
    }

    /// Returns the kind of a list's elements; for any other kind, the kind itself.
    #[must_use]
    pub const fn element(&self) -> &Self {
        match self {
            Self::List(list) => list.element(),
            _ => self,
        }
    }

    /// The numbers that a value of this kind is made of, if it is made of numbers; those of a list
    /// are those of its elements.
    #[must_use]
    pub const fn component(&self) -> Option<NumberKind> {
        match self {
            Self::Number(kind) | Self::Array(kind, _) => Some(*kind),
            Self::Vec2 | Self::Vec3 | Self::Vec4 | Self::Quat | Self::Mat4 => Some(NumberKind::F32),
            Self::IVec2 | Self::IVec3 => Some(NumberKind::I32),
            Self::UVec2 => Some(NumberKind::U32),
            Self::List(list) => list.element.component(),
            Self::Bool | Self::Text | Self::Object | Self::Enum(_) | Self::Pod(_) => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Bool => "bool",
            Self::Number(number) => number.name(),
            Self::Vec2 => "vec2",
            Self::Vec3 => "vec3",
            Self::Vec4 => "vec4",
            Self::Quat => "quat",
            Self::Mat4 => "mat4",
            Self::IVec2 => "ivec2",
            Self::IVec3 => "ivec3",
            Self::UVec2 => "uvec2",
            Self::Text => "text",
            Self::Object => "object",
            Self::Enum(kind) => return write!(f, "enum({})", kind.variants.join(", ")),
            Self::Array(number, length) => return write!(f, "[{}; {length}]", number.name()),
            Self::Pod(kind) => return write!(f, "pod {}", kind.name),
            Self::List(kind) => return write!(f, "list({})", kind.element),
        };
        f.write_str(word)
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The named variants of an enum, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnumKind {
    variants: Arc<[Arc<str>]>,
}

impl EnumKind {
    /// The names, in the order of their numbers.
    #[must_use]
    pub fn variants(&self) -> &[Arc<str>] {
        &self.variants
    }

    /// The number of a variant.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u8> {
        let position = self.variants.iter().position(|variant| &**variant == name)?;
        u8::try_from(position).ok()
    }

    /// The variant whose name is nearest to a misspelt one.
    pub(crate) fn suggest(&self, name: &str) -> Option<Arc<str>> {
        nearest_name(name, self.variants.iter())
    }
}

/// A plain-memory type of the embedding program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodKind {
    name: &'static str,
    type_id: TypeId,
    size: usize,
    align: usize,
}

impl PodKind {
    /// The Rust type's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of one value.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Alignment in bytes.
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }
}

/// What the elements of a list are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListKind {
    element: Box<Kind>,
}

impl ListKind {
    /// The kind of each element.
    #[must_use]
    pub const fn element(&self) -> &Kind {
        &self.element
    }
}

/// Runs the body with `$T` standing for the Rust type of a number's kind.
macro_rules! with_number {
    ($kind:expr, $T:ident => $body:expr) => {{
        use $crate::kind::NumberKind;
        match $kind {
            NumberKind::I8 => {
                type $T = i8;
                $body
            }
            NumberKind::I16 => {
                type $T = i16;
                $body
            }
            NumberKind::I32 => {
                type $T = i32;
                $body
            }
            NumberKind::I64 => {
                type $T = i64;
                $body
            }
            NumberKind::U8 => {
                type $T = u8;
                $body
            }
            NumberKind::U16 => {
                type $T = u16;
                $body
            }
            NumberKind::U32 => {
                type $T = u32;
                $body
            }
            NumberKind::U64 => {
                type $T = u64;
                $body
            }
            NumberKind::F32 => {
                type $T = f32;
                $body
            }
            NumberKind::F64 => {
                type $T = f64;
                $body
            }
        }
    }};
}
pub(crate) use with_number;

/// Runs the body with `$T` standing for the Rust type of a kind that is made of numbers, and the
/// other arms for the kinds that are not.
macro_rules! with_numeric {
    ($kind:expr, $T:ident => $body:expr, $($pattern:pat => $other:expr,)*) => {{
        use $crate::kind::Kind;
        match $kind {
            Kind::Number(number) => $crate::kind::with_number!(number, $T => $body),
            Kind::Vec2 => { type $T = glam::Vec2; $body }
            Kind::Vec3 => { type $T = glam::Vec3; $body }
            Kind::Vec4 => { type $T = glam::Vec4; $body }
            Kind::Quat => { type $T = glam::Quat; $body }
            Kind::Mat4 => { type $T = glam::Mat4; $body }
            Kind::IVec2 => { type $T = glam::IVec2; $body }
            Kind::IVec3 => { type $T = glam::IVec3; $body }
            Kind::UVec2 => { type $T = glam::UVec2; $body }
            $($pattern => $other,)*
        }
    }};
}
pub(crate) use with_numeric;
