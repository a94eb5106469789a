//! The closed set of kinds that a slot's value can have.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use crate::suggest::{Suggestion, nearest_name};

/// The kind of a slot's value.
///
/// ```
/// use slotted::Kind;
/// assert_eq!(Kind::Vec3.to_string(), "vec3");
/// assert_eq!(Kind::enumeration(["farmer", "soldier"]).to_string(), "enum(farmer, soldier)");
/// assert_eq!(Kind::list(Kind::Text).to_string(), "list(text)");
/// assert_eq!(Kind::from_name("vec3"), Some(Kind::Vec3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `bool`
    Bool,
    /// A single number.
    Number(NumberKind),
    /// A vector, quaternion or matrix of `glam`; `Kind::Vec3` and its like are constants.
    Vector(VectorKind),
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
    /// A value of whatever kind, interned in the store: [`Any`](crate::Any).
    Any,
}

macro_rules! number_kinds {
    ($($name:ident $type:ident, $word:literal;)*) => {
        /// The kind of a number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum NumberKind {
            $(#[doc = concat!("`", $word, "`")] $name,)*
        }

        impl NumberKind {
            /// All kinds of numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the name of the Rust type, which is the name in definition files too.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Returns the least and the greatest integer of the kind; `None` for floats.
            ///
            /// ```
            /// use slotted::schema::NumberKind;
            /// assert_eq!(NumberKind::I8.integer_range(), Some((-128, 127)));
            /// assert_eq!(NumberKind::F32.integer_range(), None);
            /// ```
            #[must_use]
            pub const fn integer_range(self) -> Option<(i128, i128)> {
                match self {
                    Self::F32 | Self::F64 => None,
                    $(#[allow(unreachable_patterns)]
                    Self::$name => Some(($type::MIN as i128, $type::MAX as i128)),)*
                }
            }
        }

        #[allow(non_upper_case_globals)]
        impl Kind {
            $(#[doc = concat!("`", $word, "`")]
            pub const $name: Kind = Kind::Number(NumberKind::$name);)*
        }

        /// Runs the body with `$T` standing for the Rust type of a number's kind.
        macro_rules! with_number {
            ($kind:expr, $T:ident => $body:expr) => {
                match $kind {
                    $($crate::kind::NumberKind::$name => {
                        type $T = $type;
                        $body
                    })*
                }
            };
        }
    };
}
number_kinds! {
    I8 i8, "i8"; I16 i16, "i16"; I32 i32, "i32"; I64 i64, "i64";
    U8 u8, "u8"; U16 u16, "u16"; U32 u32, "u32"; U64 u64, "u64";
    F32 f32, "f32"; F64 f64, "f64";
}
// Gives the macro a path.
#[allow(clippy::single_component_path_imports)]
pub(crate) use with_number;

macro_rules! vector_kinds {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        /// The kind of a vector, quaternion or matrix of `glam`.
        ///
        /// ```
        /// use slotted::schema::{NumberKind, VectorKind};
        /// let kind = VectorKind::Vec3;
        /// assert_eq!((kind.name(), kind.type_name()), ("vec3", "Vec3"));
        /// assert_eq!((kind.component(), kind.components()), (NumberKind::F32, 3));
        /// assert!(VectorKind::ALL.contains(&kind));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum VectorKind {
            $(#[doc = concat!("`glam::", stringify!($name), "`")] $name,)*
        }

        impl VectorKind {
            /// All kinds of vectors, quaternions and matrices.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the name in definition files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Returns the position in [`ALL`](Self::ALL).
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// Returns the name of the type in `glam`.
            #[must_use]
            pub const fn type_name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Returns the kind of the numbers that a value is made of.
            #[must_use]
            pub const fn component(self) -> NumberKind {
                match self { $(Self::$name => NumberKind::$component,)* }
            }

            /// Returns how many numbers a value is made of.
            #[must_use]
            pub const fn components(self) -> usize {
                match self { $(Self::$name => $length,)* }
            }
        }

        #[allow(non_upper_case_globals)]
        impl Kind {
            $(#[doc = concat!("`glam::", stringify!($name), "`")]
            pub const $name: Kind = Kind::Vector(VectorKind::$name);)*
        }

        /// Runs the body with `$T` standing for the `glam` type of a vector's kind.
        macro_rules! with_vector {
            ($kind:expr, $T:ident => $body:expr) => {
                match $kind {
                    $($crate::kind::VectorKind::$name => {
                        type $T = glam::$name;
                        $body
                    })*
                }
            };
        }
    };
}
crate::for_each_vector!(vector_kinds);
// Gives the macro a path.
#[allow(clippy::single_component_path_imports)]
pub(crate) use with_vector;

impl Kind {
    /// Returns the kind of enums with these variants, in this order.
    ///
    /// The names are checked when a schema is built with them.
    pub fn enumeration<N: Into<Arc<str>>>(variants: impl IntoIterator<Item = N>) -> Self {
        Self::Enum(EnumKind { variants: variants.into_iter().map(Into::into).collect() })
    }

    /// Returns the kind of a user's plain-memory type, which `#[derive(SlotValue)]` makes a slot value.
    #[must_use]
    pub fn pod<T: bytemuck::Pod>() -> Self {
        Self::Pod(PodKind {
            source: PodSource::Program(TypeId::of::<T>(), std::any::type_name::<T>()),
            size: size_of::<T>(),
            align: align_of::<T>(),
        })
    }

    /// Returns the kind of a plain-memory type that another program has.
    ///
    /// Its values are bytes, which only calls by name reach. Tools read files of a program without its types in this way. The
    /// size and the alignment are checked when a schema is built.
    ///
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let color = Kind::opaque_pod("game::Color", 3, 1);
    /// assert_eq!(color.to_string(), "pod game::Color");
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("tile").slot("color", color).build()?)?;
    /// let tile = store.spawn_record("tile", record! { color: Value::Bytes([0, 128, 255].into()) })?;
    /// assert_eq!(store.get_value(tile, "color")?, Value::Bytes([0, 128, 255].into()));
    ///
    /// let odd = Schema::builder("tile").slot("color", Kind::opaque_pod("game::Color", 3, 2));
    /// assert_eq!(
    ///     odd.build().unwrap_err().to_string(),
    ///     "slot 'color' of schema 'tile' cannot be stored: a user type of 3 bytes is not aligned to 2 bytes",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn opaque_pod(name: impl Into<Arc<str>>, size: usize, align: usize) -> Self {
        Self::Pod(PodKind { source: PodSource::Elsewhere(name.into()), size, align })
    }

    /// Returns the kind of lists of this kind, which must not be a list itself: a [`Shape`](crate::schema::Shape) says how two slots
    /// hold lists of lists.
    ///
    /// A slot's constraints apply to each element. The element's kind is checked when a schema is built.
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

    /// Returns the kind of the numbers that values are made of, if they are made of numbers; for lists,
    /// that of their elements.
    #[must_use]
    pub const fn component(&self) -> Option<NumberKind> {
        match self.element().components() {
            Some((number, _)) => Some(number),
            None => None,
        }
    }

    /// Returns the numbers that one value is made of: their kind and how many. `None` for lists and for
    /// values that are not made of numbers.
    ///
    /// ```
    /// use slotted::{Kind, schema::NumberKind};
    /// assert_eq!(Kind::U8.components(), Some((NumberKind::U8, 1)));
    /// assert_eq!(Kind::Mat4.components(), Some((NumberKind::F32, 16)));
    /// assert_eq!(Kind::list(Kind::U8).components(), None);
    /// ```
    #[must_use]
    pub const fn components(&self) -> Option<(NumberKind, usize)> {
        match self {
            Self::Number(kind) => Some((*kind, 1)),
            Self::Vector(kind) => Some((kind.component(), kind.components())),
            Self::Array(kind, length) => Some((*kind, *length as usize)),
            Self::Bool
            | Self::Text
            | Self::Object
            | Self::Enum(_)
            | Self::Pod(_)
            | Self::List(_)
            | Self::Any => None,
        }
    }

    /// Iterates over the kinds that a name alone declares, those that [`name`](Self::name) has one for.
    pub fn named() -> impl Iterator<Item = Self> + Clone {
        let vectors = VectorKind::ALL.iter().map(|kind| Self::Vector(*kind));
        let numbers = NumberKind::ALL.iter().map(|kind| Self::Number(*kind));
        [Self::Bool]
            .into_iter()
            .chain(vectors)
            .chain([Self::Text, Self::Object, Self::Any])
            .chain(numbers)
    }

    /// Returns the name in definition files; `None` for kinds that need more than a name: enums, arrays,
    /// plain-memory types and lists.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("bool"),
            Self::Number(kind) => Some(kind.name()),
            Self::Vector(kind) => Some(kind.name()),
            Self::Text => Some("text"),
            Self::Object => Some("object"),
            Self::Any => Some("any"),
            Self::Enum(_) | Self::Array(..) | Self::Pod(_) | Self::List(_) => None,
        }
    }

    /// Returns the kind of this [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::named().find(|kind| kind.name() == Some(name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool
            | Self::Number(_)
            | Self::Vector(_)
            | Self::Text
            | Self::Object
            | Self::Any => f.write_str(self.name().unwrap_or_default()),
            Self::Enum(kind) => write!(f, "enum({})", kind.variants.join(", ")),
            Self::Array(number, length) => write!(f, "[{}; {length}]", number.name()),
            Self::Pod(kind) => write!(f, "pod {}", kind.name()),
            Self::List(kind) => write!(f, "list({})", kind.element),
        }
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
    /// Returns the names, in the order of their numbers.
    #[must_use]
    pub fn variants(&self) -> &[Arc<str>] {
        &self.variants
    }

    /// Returns the number of a variant.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u8> {
        let position = self.variants.iter().position(|variant| &**variant == name)?;
        u8::try_from(position).ok()
    }

    /// Returns the variant whose name is nearest to a misspelt one.
    pub(crate) fn suggest(&self, name: &Arc<str>) -> Suggestion {
        let (name, variants) = (Arc::clone(name), Arc::clone(&self.variants));
        Suggestion::search(move || nearest_name(&name, variants.iter()))
    }
}

/// A plain-memory type of the embedding program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodKind {
    source: PodSource,
    size: usize,
    align: usize,
}

/// The program that has a plain-memory type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum PodSource {
    /// This one, with the type's name.
    Program(TypeId, &'static str),
    /// Another one: only the name is known.
    Elsewhere(Arc<str>),
}

impl PodKind {
    /// Returns the Rust type's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.source {
            PodSource::Program(_, name) => name,
            PodSource::Elsewhere(name) => name,
        }
    }

    /// Returns the bytes of one value.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the alignment in bytes.
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }
}

/// The kind of a list's elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListKind {
    element: Box<Kind>,
}

impl ListKind {
    /// Returns the kind of each element.
    #[must_use]
    pub const fn element(&self) -> &Kind {
        &self.element
    }
}

/// Runs the body with `$T` standing for the Rust type of a kind that is made of numbers, and the
/// other arms for the kinds that are not.
macro_rules! with_numeric {
    ($kind:expr, $T:ident => $body:expr, $($pattern:pat => $other:expr,)*) => {{
        use $crate::kind::Kind;
        match $kind {
            Kind::Number(number) => $crate::kind::with_number!(number, $T => $body),
            Kind::Vector(vector) => $crate::kind::with_vector!(vector, $T => $body),
            $($pattern => $other,)*
        }
    }};
}
pub(crate) use with_numeric;
