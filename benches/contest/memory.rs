//! Counted heap bytes, and memory that really returns to the operating system.
#![allow(unsafe_code, reason = "glibc's settings are foreign functions")]

use bench_support::allocator::CountingAllocator;
pub(crate) use bench_support::allocator::added_bytes;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    pub(super) const TRIM_THRESHOLD: c_int = -1;
    pub(super) const MMAP_THRESHOLD: c_int = -3;
    /// glibc's value at the start of a process, for both.
    pub(super) const DEFAULT_THRESHOLD: c_int = 128 * 1024;

    // SAFETY: these declarations match glibc's malloc.h, and neither function has preconditions.
    unsafe extern "C" {
        pub(super) safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        pub(super) safe fn malloc_trim(pad: usize) -> c_int;
    }
}

/// Keeps the allocator as it is at the start of a process. Call it before the first measurement.
///
/// glibc raises both thresholds up to 32 MB once a large block is freed. From then on it would copy a
/// growing `Vec` instead of remapping it, and would not return freed memory. Then the order of the
/// workloads would decide the figures.
pub(crate) fn keep_start_settings() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use glibc::{DEFAULT_THRESHOLD, MMAP_THRESHOLD, TRIM_THRESHOLD, mallopt};
        mallopt(MMAP_THRESHOLD, DEFAULT_THRESHOLD);
        mallopt(TRIM_THRESHOLD, DEFAULT_THRESHOLD);
    }
}

/// Returns free memory to the operating system, also pages between living blocks.
///
/// The next work pays page faults for large and small blocks alike. Does nothing without glibc.
pub(crate) fn return_to_system() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::malloc_trim(0);
}
