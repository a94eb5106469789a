//! The CPU's vector units in a default build.

/// Runs the work as code that uses the vector units this CPU has, which a default build otherwise
/// leaves idle.
///
/// On x86-64 the work is compiled for AVX-512, AVX2 and the baseline, and the best that the CPU has
/// is picked when it runs, which costs a nanosecond or two; on other CPUs the baseline has the
/// vector units. What the work calls must be inlined into it to be compiled along: small functions
/// and closures are, larger ones need `#[inline(always)]`.
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
    // Elsewhere the vector units are part of what every build may use. The levels between are left
    // out: each is one more copy of the work, and none makes the loops of a default build faster.
    #[cfg(target_arch = "x86_64")]
    {
        use fearless_simd::{Level, Simd};
        match Level::new() {
            Level::Avx512(simd) => simd.vectorize(work),
            Level::Avx2(simd) => simd.vectorize(work),
            _ => work(),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    work()
}
