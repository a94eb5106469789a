//! The CPU's vector units in a default build.

use fearless_simd::{Level, dispatch};

/// Runs the work as code that uses the vector units this CPU has, which a default build otherwise
/// leaves idle.
///
/// The work is compiled once for each level of instructions, and the best one is picked when it
/// runs; that costs a nanosecond or two. What the work calls must be inlined into it (small
/// functions are; others need `#[inline(always)]`) to be compiled along.
///
/// Closures given to a view's `for_each` and `for_each_run` run this way already.
///
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
    let level = Level::new();
    dispatch!(level, _simd => work())
}
