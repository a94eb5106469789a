//! Vectors, quaternions and matrices as dynamic values.

use crate::kind::{VectorKind, with_vector};
use crate::value::{ConversionError, FromValue, Value};
use crate::vectors::VectorNumbers;

/// A vector, quaternion or matrix of `glam` that slots hold: one type for each [`VectorKind`].
///
/// The trait is sealed; [`Value::vector`] uses it.
pub trait Vector: Copy + Send + Sync + Into<Value> + private::Sealed + 'static {
    /// The kind of these values.
    const KIND: VectorKind;

    #[doc(hidden)]
    fn in_value(value: &Value) -> Option<Self>;
}

mod private {
    pub trait Sealed {}
}

impl Value {
    /// Returns the vector, quaternion or matrix if the value is one of that type. Lists are not converted.
    ///
    /// ```
    /// use slotted::{Value, glam::{Quat, Vec4}};
    /// let value = Value::from(Vec4::W);
    /// assert_eq!(value.vector(), Some(Vec4::W));
    /// assert_eq!(value.vector::<Quat>(), None);
    /// ```
    #[must_use]
    pub fn vector<V: Vector>(&self) -> Option<V> {
        V::in_value(self)
    }

    /// Converts a list of numbers to a vector, quaternion or matrix. Returns `None` if it has another length,
    /// or if a number does not fit.
    ///
    /// A value that is one of that kind already is returned as it is.
    ///
    /// ```
    /// use slotted::{Value, glam::IVec2, schema::VectorKind};
    /// let list = Value::from([7, -1]);
    /// assert_eq!(list.to_vector(VectorKind::IVec2), Some(IVec2::new(7, -1).into()));
    /// assert_eq!(list.to_vector(VectorKind::UVec2), None);
    /// ```
    #[must_use]
    pub fn to_vector(&self, kind: VectorKind) -> Option<Self> {
        with_vector!(kind, T => T::from_value(self).ok().map(Self::from))
    }
}

/// The vector in a variant of `Value`.
macro_rules! unheld {
    (inline $type:ty, $held:expr) => {
        *$held
    };
    (array $type:ty, $held:expr) => {
        <$type>::from_numbers(*$held)
    };
    (boxed $type:ty, $held:expr) => {
        **$held
    };
}

/// The vector as a variant of `Value` holds it.
macro_rules! held {
    (inline $vector:expr) => {
        $vector
    };
    (array $vector:expr) => {
        $vector.to_numbers()
    };
    (boxed $vector:expr) => {
        Box::new($vector)
    };
}

macro_rules! vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        $(impl private::Sealed for glam::$name {}

        impl Vector for glam::$name {
            const KIND: VectorKind = VectorKind::$name;

            #[inline]
            fn in_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$name(held) => Some(unheld!($held Self, held)),
                    _ => None,
                }
            }
        }

        impl FromValue for glam::$name {
            #[inline]
            fn from_value(value: &Value) -> Result<Self, ConversionError> {
                match value {
                    Value::$name(held) => Ok(unheld!($held Self, held)),
                    _ => <[$number; $length]>::from_value(value).map(Self::from_numbers),
                }
            }
        }

        impl From<glam::$name> for Value {
            fn from(vector: glam::$name) -> Self {
                Self::$name(held!($held vector))
            }
        }

        #[cfg(feature = "mint")]
        impl From<mint::$mint<$number>> for Value {
            fn from(vector: mint::$mint<$number>) -> Self {
                glam::$name::from(vector).into()
            }
        })*

        impl Value {
            /// Returns the kind of the vector, quaternion or matrix; `None` for other values.
            ///
            /// ```
            /// use slotted::{Value, glam::Vec3, schema::VectorKind};
            /// assert_eq!(Value::from(Vec3::X).vector_kind(), Some(VectorKind::Vec3));
            /// assert_eq!(Value::from([1.0, 0.0, 0.0]).vector_kind(), None);
            /// ```
            #[must_use]
            pub const fn vector_kind(&self) -> Option<VectorKind> {
                match self {
                    $(Self::$name(_) => Some(VectorKind::$name),)*
                    _ => None,
                }
            }

            /// Returns the numbers of a vector, quaternion or matrix, a matrix's column by column; `None` for
            /// other values.
            ///
            /// ```
            /// use slotted::{Value, glam::IVec2};
            /// assert_eq!(Value::from(IVec2::new(7, -1)).numbers(), Some(vec![7.into(), (-1).into()]));
            /// assert_eq!(Value::from(7).numbers(), None);
            /// ```
            #[must_use]
            pub fn numbers(&self) -> Option<Vec<Self>> {
                match self {
                    $(Self::$name(held) => {
                        let vector: glam::$name = unheld!($held glam::$name, held);
                        Some(vector.to_numbers().into_iter().map(Self::from).collect())
                    })*
                    _ => None,
                }
            }

            /// Returns the bytes of a vector, quaternion or matrix.
            pub(super) fn vector_bytes(&self) -> Option<&[u8]> {
                match self {
                    $(Self::$name(held) => Some(vector_bytes!($held held)),)*
                    _ => None,
                }
            }

            /// Returns the bytes of heap memory that the value holds for itself alone.
            pub(crate) const fn boxed_bytes(&self) -> usize {
                match self {
                    $(Self::$name(_) => boxed_bytes!($held glam::$name),)*
                    _ => 0,
                }
            }
        }
    };
}

macro_rules! vector_bytes {
    (boxed $held:expr) => {
        bytemuck::bytes_of(&**$held)
    };
    ($word:ident $held:expr) => {
        bytemuck::bytes_of($held)
    };
}

macro_rules! boxed_bytes {
    (boxed $type:ty) => {
        size_of::<$type>()
    };
    ($word:ident $type:ty) => {
        0
    };
}

crate::for_each_vector!(vectors);
