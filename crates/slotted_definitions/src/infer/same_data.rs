//! Compares values as data files write them.

use std::borrow::Cow;
use std::sync::Arc;

use slotted::Record;
use slotted::Value;

/// Compares values as data files write them.
///
/// Slots convert values to their own kind. A float slot returns `1.0` for `1`, an `f32` slot returns
/// [`Value::F32`] for `0.35`, and a vector slot returns a vector for a list of numbers. `==` finds such
/// conversions; `is_same_data` finds lost data only.
///
/// * Numbers are the same if they are exactly equal or have the same shortest decimal, so that `0.35_f32` is
///   the same as `0.35`. Any NaN is the same as any other; `0.0` and `-0.0` differ.
/// * Vectors and matrices are the same as lists of their numbers.
/// * Records and nested maps are the same if the same names have the same values, in any order.
///   [`Value::Unset`] is the same as a missing value.
///
/// # Example
/// ```
/// use slotted::{Value, glam::Vec2, record};
/// use slotted_definitions::infer::SameData;
/// assert!(Value::from(0.35_f32).is_same_data(&0.35.into()));
/// assert!(Value::from(Vec2::new(1.0, 0.35)).is_same_data(&[Value::from(1), 0.35.into()].into()));
/// assert!(!Value::from(0.35_f32).is_same_data(&0.350000001.into()));
///
/// let written = record! { name: "Ada", height: 1.7, shield: Value::Unset };
/// assert!(written.is_same_data(&record! { height: 1.7_f32, name: "Ada" }));
/// ```
pub trait SameData {
    /// Returns `true` if both mean the same in a data file.
    fn is_same_data(&self, other: &Self) -> bool;
}

impl SameData for Value {
    fn is_same_data(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        if let (Self::Map(a), Self::Map(b)) = (self, other) {
            return are_same_named(named(a), named(b));
        }
        match (elements(self), elements(other)) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.iter().zip(&*b).all(|(a, b)| a.is_same_data(b))
            }
            (None, None) => are_same_numbers(self, other),
            _ => false,
        }
    }
}

impl SameData for Record {
    fn is_same_data(&self, other: &Self) -> bool {
        are_same_named(self.iter().collect(), other.iter().collect())
    }
}

fn named(map: &[(Arc<str>, Value)]) -> Vec<(&str, &Value)> {
    map.iter().map(|(name, value)| (&**name, value)).collect()
}

fn are_same_named<'a>(mut a: Vec<(&'a str, &'a Value)>, mut b: Vec<(&'a str, &'a Value)>) -> bool {
    for values in [&mut a, &mut b] {
        values.retain(|(_, value)| !value.is_unset());
        // A stable sort keeps repeated names in their order.
        values.sort_by_key(|(name, _)| *name);
    }
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && a.1.is_same_data(b.1))
}

/// Returns the elements of a list, or the numbers of a vector or matrix.
fn elements(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::List(list) => Some(Cow::Borrowed(list)),
        other => other.numbers().map(Cow::Owned),
    }
}

fn are_same_numbers(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::F32(a), Value::F32(b)) => a.is_nan() && b.is_nan(),
        (Value::F64(a), Value::F64(b)) => a.is_nan() && b.is_nan(),
        (Value::F32(narrow), Value::F64(wide)) | (Value::F64(wide), Value::F32(narrow)) => {
            is_same_float(*narrow, *wide)
        }
        _ => match (integer(a), float(b), integer(b), float(a)) {
            (Some(a), _, Some(b), _) => a == b,
            (Some(integer), Some(float), ..) | (.., Some(integer), Some(float)) => {
                is_exactly(float, integer)
            }
            _ => false,
        },
    }
}

fn integer(value: &Value) -> Option<i128> {
    match *value {
        Value::Int(number) => Some(number.into()),
        Value::UInt(number) => Some(number.into()),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match *value {
        Value::F32(number) => Some(number.into()),
        Value::F64(number) => Some(number),
        _ => None,
    }
}

fn is_exactly(float: f64, integer: i128) -> bool {
    let is_minus_zero = float == 0.0 && float.is_sign_negative();
    float.fract() == 0.0 && float as i128 == integer && !is_minus_zero
}

fn is_same_float(narrow: f32, wide: f64) -> bool {
    let is = |number: f64| number.to_bits() == wide.to_bits();
    (narrow.is_nan() && wide.is_nan()) || is(narrow.into()) || shortest(narrow).is_some_and(is)
}

/// Parses the number's shortest decimal.
fn shortest(narrow: f32) -> Option<f64> {
    format!("{narrow:e}").parse().ok().filter(|_| narrow.is_finite())
}

/// Returns the number to write for an `f32`: its shortest decimal, if that is read as the same `f32`.
pub(crate) fn as_written(narrow: f32) -> f64 {
    let is_exact = |wide: &f64| (*wide as f32).to_bits() == narrow.to_bits();
    shortest(narrow).filter(is_exact).unwrap_or(narrow.into())
}

/// Returns `true` if an `f32` keeps the [same](SameData::is_same_data) number.
pub(super) fn survives_f32(wide: f64) -> bool {
    has_few_digits(wide) || is_same_float(wide as f32, wide)
}

/// Returns `true` if the number is a decimal of at most six digits.
///
/// An `f32` keeps all of these, and most numbers in data files are among them. The check needs no printing.
fn has_few_digits(number: f64) -> bool {
    const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    POWERS.iter().any(|power| {
        let digits = (number * power).round();
        digits.abs() < 1e6 && (digits / power).to_bits() == number.to_bits()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_survive_f32_if_it_prints_them_again() {
        for number in [0.0, -0.0, 0.35, 7.2000003, 3_600_000.8, 14.400001, 1e30, f64::INFINITY] {
            assert!(survives_f32(number), "{number}");
        }
        for number in [0.1234567891, 16_777_217.0, 1e300, -1e-50, f64::from(f32::MAX) * 1.000_01] {
            assert!(!survives_f32(number), "{number}");
        }
        assert!(survives_f32(f64::NAN));
    }

    #[test]
    fn signs_and_types_are_compared() {
        let same = |a: Value, b: Value| a.is_same_data(&b);
        assert!(same(1.into(), 1.0_f32.into()) && same(1.0.into(), 1.into()));
        assert!(!same(0.into(), Value::from(-0.0)) && !same(0.0.into(), Value::from(-0.0)));
        assert!(same(u64::MAX.into(), u64::MAX.into()) && !same(u64::MAX.into(), 2e19.into()));
        assert!(!same(i64::MAX.into(), (i64::MAX as f64).into()), "the float is rounded");
        assert!(same(f64::NAN.into(), f32::NAN.into()));
        assert!(!same(Value::Unset, 0.into()) && !same(true.into(), 1.into()));
        assert!(!same([1].into(), 1.into()) && !same([1].into(), [1, 1].into()));
        let nested = |number: Value| Value::from_iter([("a", number), ("b", Value::Unset)]);
        assert!(same(nested(0.5.into()), Value::from_iter([("a", 0.5_f32)])));
        assert!(!same(nested(0.5.into()), Value::from_iter([("a", 0.25_f32)])));
    }

    proptest! {
        #[test]
        fn the_digit_check_agrees_with_printing(digits in -1_000_000_i32..=1_000_000, power in 0..9) {
            let number = f64::from(digits) / 10_f64.powi(power);
            prop_assert!(!has_few_digits(number) || is_same_float(number as f32, number));
        }

        #[test]
        fn every_f32_survives_as_it_is_written(number in any::<f32>()) {
            let written: f64 = number.to_string().parse().expect("a number");
            prop_assert!(survives_f32(written) && survives_f32(number.into()));
        }
    }
}
