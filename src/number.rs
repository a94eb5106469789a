//! Numbers of any width, ranges of numbers, and the numbers of a value.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::vectors::VectorNumbers;

/// A number of any width, held exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
}

impl Number {
    fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a < b,
            (a, b) => a.to_f64() < b.to_f64(),
        }
    }

    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    pub(crate) fn is_nan(self) -> bool {
        matches!(self, Self::Float(number) if number.is_nan())
    }

    fn is_finite(self) -> bool {
        matches!(self, Self::Int(_)) || self.to_f64().is_finite()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => write!(f, "{number:?}"),
        }
    }
}

/// The numbers that a slot's value may hold; for vectors and arrays, each of their numbers.
///
/// ```
/// use slotted::schema::NumberRange;
/// assert_eq!(NumberRange::new(0.0..=500.0).to_string(), "0.0 to 500.0");
/// assert_eq!(NumberRange::new(1..10).to_string(), "1 to below 10");
/// assert_eq!(NumberRange::new(1..).to_string(), "at least 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    min: Bound<Number>,
    max: Bound<Number>,
}

impl NumberRange {
    /// Creates the range of these bounds.
    pub fn new<N: Into<Number> + Clone>(range: impl RangeBounds<N>) -> Self {
        let number = |bound: Bound<&N>| bound.map(|number| number.clone().into());
        Self { min: number(range.start_bound()), max: number(range.end_bound()) }
    }

    pub(crate) const fn from_bounds(min: Bound<Number>, max: Bound<Number>) -> Self {
        Self { min, max }
    }

    /// Returns the lower end.
    #[must_use]
    pub const fn min(&self) -> Bound<Number> {
        self.min
    }

    /// Returns the upper end.
    #[must_use]
    pub const fn max(&self) -> Bound<Number> {
        self.max
    }

    /// Returns whether the range contains the number. No range contains NaN.
    #[must_use]
    pub fn contains(&self, number: Number) -> bool {
        let above = match self.min {
            Bound::Included(min) => !number.is_below(min),
            Bound::Excluded(min) => min.is_below(number),
            Bound::Unbounded => true,
        };
        let below = match self.max {
            Bound::Included(max) => !max.is_below(number),
            Bound::Excluded(max) => number.is_below(max),
            Bound::Unbounded => true,
        };
        above && below && !number.is_nan()
    }

    /// Returns whether the range contains no number.
    pub(crate) fn is_empty(&self) -> bool {
        match (self.min, self.max) {
            (Bound::Included(min), Bound::Included(max)) => max.is_below(min),
            (Bound::Included(min) | Bound::Excluded(min), Bound::Excluded(max))
            | (Bound::Excluded(min), Bound::Included(max)) => !min.is_below(max),
            _ => false,
        }
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.min {
            Bound::Included(min) if self.max == Bound::Unbounded => {
                return write!(f, "at least {min}");
            }
            Bound::Excluded(min) if self.max == Bound::Unbounded => {
                return write!(f, "above {min}");
            }
            Bound::Included(min) => write!(f, "{min} to ")?,
            Bound::Excluded(min) => write!(f, "above {min} to ")?,
            Bound::Unbounded => {}
        }
        match (self.min, self.max) {
            (_, Bound::Included(max)) if self.min == Bound::Unbounded => write!(f, "up to {max}"),
            (_, Bound::Included(max)) => write!(f, "{max}"),
            (_, Bound::Excluded(max)) => write!(f, "below {max}"),
            (_, Bound::Unbounded) => f.write_str("any"),
        }
    }
}

/// Values made of numbers.
pub(crate) trait Numbers {
    /// Returns whether every number of the value satisfies the condition.
    fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool;

    fn within(&self, range: &NumberRange) -> bool {
        self.all(&mut |number| range.contains(number))
    }

    fn are_finite(&self) -> bool {
        self.all(&mut Number::is_finite)
    }
}

macro_rules! number_types {
    ($($type:ty => $variant:ident,)*) => {$(
        impl From<$type> for Number {
            fn from(number: $type) -> Self {
                Self::$variant(number.into())
            }
        }

        impl Numbers for $type {
            fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
                condition((*self).into())
            }
        }
    )*};
}
number_types! {
    i8 => Int, i16 => Int, i32 => Int, i64 => Int, u8 => Int, u16 => Int, u32 => Int, u64 => Int,
    f32 => Float, f64 => Float,
}

impl<E: Numbers> Numbers for [E] {
    fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
        self.iter().all(|number| number.all(condition))
    }
}

impl<E: Numbers, const N: usize> Numbers for [E; N] {
    fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
        self.as_slice().all(condition)
    }
}

macro_rules! vector_types {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        $(impl Numbers for glam::$name {
            fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
                self.to_numbers().all(condition)
            }
        })*
    };
}
crate::for_each_vector!(vector_types);

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    #[test]
    fn fault_16_nan_lies_in_no_range() {
        assert!(!NumberRange::new::<f32>(..).contains(f32::NAN.into()));
        assert!(NumberRange::new::<f32>(..).contains(f32::INFINITY.into()));
        assert!(!Vec3::new(0.0, f32::NAN, 0.0).are_finite());
    }

    #[test]
    fn bounds_are_exact_at_the_ends_of_the_widest_integers() {
        let range = NumberRange::new(i64::MIN..=i64::MAX);
        assert!(range.contains(i64::MAX.into()) && range.contains(i64::MIN.into()));
        assert!(!range.contains((i64::MAX as u64 + 1).into()));
    }

    #[test]
    fn an_empty_range_is_seen() {
        assert!(NumberRange::new(1..1).is_empty());
        assert!(!NumberRange::new(1..=1).is_empty());
        #[allow(clippy::reversed_empty_ranges)]
        let reversed = NumberRange::new(2.0..=1.0);
        assert!(reversed.is_empty());
    }
}
