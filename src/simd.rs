//! Use of the CPU's vector units in a default build.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u16x32};

/// Runs a closure with all vector units of the CPU, which a default build otherwise leaves unused.
///
/// On x86-64 the closure is compiled for AVX-512, AVX2 and the baseline. Each call selects the best version for
/// the CPU, which takes one or two nanoseconds. On other CPUs the baseline includes the vector units. Functions
/// that the closure calls must be inlined: small functions and closures are, larger ones need
/// `#[inline(always)]`.
///
/// The `for_each` and `for_each_run` methods of views do this already.
///
/// # Example
/// ```
/// let (mut heights, rain) = (vec![1.0_f32; 1000], vec![0.5_f32; 1000]);
/// slotted::vectorize(|| {
///     for (height, rain) in heights.iter_mut().zip(&rain) {
///         *height += rain;
///     }
/// });
/// assert_eq!(heights[999], 1.5);
/// ```
#[inline(always)]
pub fn vectorize<R>(work: impl FnOnce() -> R) -> R {
    // The other levels are left out: each adds a copy of the code, and none is faster than the baseline.
    #[cfg(target_arch = "x86_64")]
    {
        match Level::new() {
            Level::Avx512(simd) => simd.vectorize(work),
            Level::Avx2(simd) => simd.vectorize(work),
            _ => work(),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    work()
}

/// Sets the bit of each number that is at least `least`, in words of 64 numbers.
pub(crate) fn add_bits_at_least(words: &mut [u64], numbers: &[u16], least: u16) {
    dispatch!(Level::new(), simd => add_bits(simd, words, numbers, least));
}

#[inline(always)]
fn add_bits<S: Simd>(simd: S, words: &mut [u64], numbers: &[u16], least: u16) {
    let (numbers, rest) = numbers.as_chunks::<64>();
    debug_assert!(rest.is_empty(), "the numbers fill words");
    let least = u16x32::splat(simd, least);
    for (word, numbers) in words.iter_mut().zip(numbers) {
        let (low, high) = numbers.split_at(32);
        let low = u16x32::from_slice(simd, low).simd_ge(least).to_bitmask();
        let high = u16x32::from_slice(simd, high).simd_ge(least).to_bitmask();
        *word |= low | high << 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_bits_in_order() {
        let mut numbers = [3; 128];
        (numbers[1], numbers[64], numbers[127]) = (4, 5, u16::MAX);
        let mut words = [1, 0, 7];
        add_bits_at_least(&mut words, &numbers, 4);
        assert_eq!(words, [0b11, 1 | 1 << 63, 7]);
        add_bits_at_least(&mut words[..1], &numbers, 0);
        assert_eq!(words, [u64::MAX, 1 | 1 << 63, 7]);
    }
}
