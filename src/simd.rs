//! Use of the CPU's vector units in a default build.

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
