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

/// The ends of a range, in the type of the numbers that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends {
    lowest: u64,
    highest: u64,
}

impl Ends {
    /// Returns the ends for numbers of a type that can hold the range's bounds.
    pub(crate) fn of<T: Scalar>(range: &NumberRange, finite: bool) -> Self {
        let (lowest, highest) = T::ends(range, finite);
        Self { lowest: lowest.to_word(), highest: highest.to_word() }
    }

    /// Returns `true` if the number lies between the ends. NaN never does.
    #[inline(always)]
    fn contain<T: Scalar>(self, number: T) -> bool {
        // Both comparisons are made, so that the compiler can vectorize a loop over numbers.
        (T::from_word(self.lowest) <= number) & (number <= T::from_word(self.highest))
    }
}

/// The type of a single number.
pub(crate) trait Scalar: Copy + PartialOrd {
    fn to_word(self) -> u64;
    fn from_word(word: u64) -> Self;
    /// Returns the lowest and the highest number in a range, the lowest first unless there is none.
    fn ends(range: &NumberRange, finite: bool) -> (Self, Self);
}

macro_rules! scalar_integers {
    ($($type:ty)*) => {$(
        impl Scalar for $type {
            #[inline(always)]
            fn to_word(self) -> u64 {
                self as u64
            }

            #[inline(always)]
            fn from_word(word: u64) -> Self {
                word as Self
            }

            fn ends(range: &NumberRange, _: bool) -> (Self, Self) {
                let whole = |number: Number| match number {
                    Number::Int(number) => number,
                    Number::Float(number) => number as i128,
                };
                let lowest = match range.min {
                    Bound::Included(min) => whole(min),
                    Bound::Excluded(min) => whole(min).saturating_add(1),
                    Bound::Unbounded => Self::MIN.into(),
                };
                let highest = match range.max {
                    Bound::Included(max) => whole(max),
                    Bound::Excluded(max) => whole(max).saturating_sub(1),
                    Bound::Unbounded => Self::MAX.into(),
                };
                match (Self::try_from(lowest), Self::try_from(highest)) {
                    (Ok(lowest), Ok(highest)) => (lowest, highest),
                    _ => (Self::MAX, Self::MIN),
                }
            }
        }
    )*};
}
scalar_integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

macro_rules! scalar_floats {
    ($($type:ty, $bits:ty;)*) => {$(
        impl Scalar for $type {
            #[inline(always)]
            fn to_word(self) -> u64 {
                self.to_bits().into()
            }

            #[inline(always)]
            fn from_word(word: u64) -> Self {
                Self::from_bits(word as $bits)
            }

            fn ends(range: &NumberRange, finite: bool) -> (Self, Self) {
                let none = (Self::INFINITY, Self::NEG_INFINITY);
                let lowest = match range.min.map(|min| min.to_f64() as Self) {
                    Bound::Included(min) => min,
                    Bound::Excluded(min) if min == Self::INFINITY => return none,
                    Bound::Excluded(min) => min.next_up(),
                    Bound::Unbounded => Self::NEG_INFINITY,
                };
                let highest = match range.max.map(|max| max.to_f64() as Self) {
                    Bound::Included(max) => max,
                    Bound::Excluded(max) if max == Self::NEG_INFINITY => return none,
                    Bound::Excluded(max) => max.next_down(),
                    Bound::Unbounded => Self::INFINITY,
                };
                match finite {
                    true => (lowest.max(Self::MIN), highest.min(Self::MAX)),
                    false => (lowest, highest),
                }
            }
        }
    )*};
}
scalar_floats! { f32, u32; f64, u64; }

/// Values made of numbers.
pub(crate) trait Numbers {
    /// Returns `true` if every number of the value lies between the ends.
    fn are_within(&self, ends: Ends) -> bool;

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
            #[inline(always)]
            fn are_within(&self, ends: Ends) -> bool {
                ends.contain(*self)
            }

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
    #[inline(always)]
    fn are_within(&self, ends: Ends) -> bool {
        self.iter().all(|number| number.are_within(ends))
    }

    fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
        self.iter().all(|number| number.all(condition))
    }
}

impl<E: Numbers, const N: usize> Numbers for [E; N] {
    #[inline(always)]
    fn are_within(&self, ends: Ends) -> bool {
        self.iter().fold(true, |are_within, number| are_within & number.are_within(ends))
    }

    fn all(&self, condition: &mut dyn FnMut(Number) -> bool) -> bool {
        self.as_slice().all(condition)
    }
}

macro_rules! vector_types {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        $(impl Numbers for glam::$name {
            #[inline(always)]
            fn are_within(&self, ends: Ends) -> bool {
                self.to_numbers().are_within(ends)
            }

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
    use proptest::prelude::*;

    use super::*;

    /// Checks that the ends of a type accept what the range does.
    fn assert_same<T>(range: NumberRange, numbers: &[T])
    where
        T: Scalar + Numbers + Into<Number> + std::fmt::Debug,
    {
        for finite in [false, true] {
            let ends = Ends::of::<T>(&range, finite);
            for number in numbers {
                let wide: Number = (*number).into();
                let expected = range.contains(wide) && (!finite || wide.is_finite());
                assert_eq!(number.are_within(ends), expected, "{number:?} in {range} {finite}");
            }
        }
    }

    macro_rules! ends_of_type {
        ($name:ident $type:ident: $($special:expr)*) => {
            proptest! {
                #[test]
                fn $name(min in any::<$type>(), max in any::<$type>(), number in any::<$type>(), near in 0..4_i8) {
                    let mut all = vec![number, min, max, $($special),*];
                    // Neighbours of the ends.
                    all.extend([min, max].map(|end| end + near as $type).map(|end| end as $type));
                    let ends = all.clone();
                    for end in &ends {
                        for range in [
                            NumberRange::new(*end..),
                            NumberRange::new(..*end),
                            NumberRange::new(..=*end),
                            NumberRange::new((Bound::Excluded(*end), Bound::Unbounded)),
                            NumberRange::new(*end..max),
                            NumberRange::new(min..=*end),
                            NumberRange::new((Bound::Excluded(min), Bound::Excluded(*end))),
                            NumberRange::new::<$type>(..),
                        ] {
                            assert_same(range, &all);
                        }
                    }
                }
            }
        };
    }
    ends_of_type! { ends_accept_what_a_range_of_f32_does f32:
    0.0 -0.0 1.0 f32::MIN f32::MAX f32::INFINITY f32::NEG_INFINITY f32::MIN_POSITIVE 1e-45 }
    ends_of_type! { ends_accept_what_a_range_of_f64_does f64:
    0.0 -0.0 1.0 f64::MIN f64::MAX f64::INFINITY f64::NEG_INFINITY f64::MIN_POSITIVE }

    macro_rules! ends_of_integers {
        ($($name:ident $type:ident)*) => {$(
            #[test]
            fn $name() {
                let (low, high) = ($type::MIN, $type::MAX);
                let all = [low, low + 1, high / 2, 0, 1, 7, high - 1, high];
                for min in all {
                    for max in all {
                        use Bound::{Excluded, Included, Unbounded};
                        for min in [Included(min), Excluded(min), Unbounded] {
                            for max in [Included(max), Excluded(max), Unbounded] {
                                assert_same(NumberRange::new((min, max)), &all);
                            }
                        }
                    }
                }
            }
        )*};
    }
    ends_of_integers! {
        ends_accept_what_a_range_of_i8_does i8
        ends_accept_what_a_range_of_u8_does u8
        ends_accept_what_a_range_of_i32_does i32
        ends_accept_what_a_range_of_u16_does u16
        ends_accept_what_a_range_of_i64_does i64
        ends_accept_what_a_range_of_u64_does u64
    }

    #[test]
    fn nan_lies_between_no_ends() {
        let ends = Ends::of::<f32>(&NumberRange::new::<f32>(..), false);
        assert!(!f32::NAN.are_within(ends) && f32::INFINITY.are_within(ends));
        assert!(!Vec3::new(0.0, f32::NAN, 0.0).are_within(ends) && Vec3::ONE.are_within(ends));
        assert!(![1.0_f32, f32::NAN].are_within(ends));
    }

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
