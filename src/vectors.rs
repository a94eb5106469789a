//! The one table of glam's vectors, quaternions and matrices that slots hold.

/// Calls a macro with one row for each glam type that is a kind of its own.
///
/// A new kind needs one row and no other code. The columns:
///
/// | column | meaning |
/// |---|---|
/// | `Vec3` | the type in `glam`, and the name of the variants for it |
/// | `"vec3"` | the name in definition files |
/// | `[f32; 3] F32` | its numbers and their `NumberKind` |
/// | `ZERO` | the constant for values that were never set |
/// | `vector` | `vector` converts by `to_array`, `matrix` by `to_cols_array` |
/// | `inline` | its form in the 24 bytes of a `Value`: `inline` up to 16 bytes with an alignment up to 8, `array` for 16 bytes aligned to 16, `boxed` for larger ones; `tests/kinds.rs` checks the size |
/// | `Vector3` | the equivalent type in `mint` |
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_vector {
    ($callback:ident) => {
        $callback! {
            Vec2 "vec2" [f32; 2] F32 ZERO vector inline Vector2;
            Vec3 "vec3" [f32; 3] F32 ZERO vector inline Vector3;
            Vec4 "vec4" [f32; 4] F32 ZERO vector array Vector4;
            Quat "quat" [f32; 4] F32 IDENTITY vector array Quaternion;
            Mat4 "mat4" [f32; 16] F32 IDENTITY matrix boxed ColumnMatrix4;
            IVec2 "ivec2" [i32; 2] I32 ZERO vector inline Vector2;
            IVec3 "ivec3" [i32; 3] I32 ZERO vector inline Vector3;
            UVec2 "uvec2" [u32; 2] U32 ZERO vector inline Vector2;
            DVec2 "dvec2" [f64; 2] F64 ZERO vector inline Vector2;
            DVec3 "dvec3" [f64; 3] F64 ZERO vector boxed Vector3;
            DQuat "dquat" [f64; 4] F64 IDENTITY vector boxed Quaternion;
            I64Vec2 "i64vec2" [i64; 2] I64 ZERO vector inline Vector2;
            I64Vec3 "i64vec3" [i64; 3] I64 ZERO vector boxed Vector3;
        }
    };
}

/// Conversion between a vector and an array of its numbers. Matrices are column by column.
pub(crate) trait VectorNumbers: Copy {
    /// The array of numbers.
    type Numbers;

    /// Returns the numbers.
    fn to_numbers(self) -> Self::Numbers;

    /// Returns the vector of these numbers.
    fn from_numbers(numbers: Self::Numbers) -> Self;
}

macro_rules! vector_numbers {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        $(vector_numbers! { @$form $name [$number; $length] })*
    };
    (@vector $name:ident $numbers:ty) => {
        impl VectorNumbers for glam::$name {
            type Numbers = $numbers;

            #[inline(always)]
            fn to_numbers(self) -> $numbers {
                self.to_array()
            }

            #[inline(always)]
            fn from_numbers(numbers: $numbers) -> Self {
                Self::from_array(numbers)
            }
        }
    };
    (@matrix $name:ident $numbers:ty) => {
        impl VectorNumbers for glam::$name {
            type Numbers = $numbers;

            #[inline(always)]
            fn to_numbers(self) -> $numbers {
                self.to_cols_array()
            }

            #[inline(always)]
            fn from_numbers(numbers: $numbers) -> Self {
                Self::from_cols_array(&numbers)
            }
        }
    };
}
for_each_vector!(vector_numbers);
