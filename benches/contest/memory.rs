//! Heap bytes, counted, and memory that really goes back to the operating system.
#![allow(unsafe_code, reason = "glibc's settings are foreign functions")]

#[path = "../../examples/compare/allocator.rs"]
mod allocator;

pub(crate) use allocator::added_bytes;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    pub(super) const TRIM_THRESHOLD: c_int = -1;
    pub(super) const MMAP_THRESHOLD: c_int = -3;
    /// glibc's value at the start of a process, for both.
    pub(super) const DEFAULT_THRESHOLD: c_int = 128 * 1024;

    // SAFETY: the declarations are those of glibc's malloc.h, and neither function has preconditions.
    unsafe extern "C" {
        pub(super) safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        pub(super) safe fn malloc_trim(pad: usize) -> c_int;
    }
}

/// Keeps the allocator as it is at the start of a process. Call it before the first measurement.
///
/// glibc raises both thresholds up to 32 MB once a large block was freed. From then on a growing `Vec`
/// would be copied inside the heap where it was remapped before, and freed memory would stay with
/// the process: the order of the workloads would decide the figures.
pub(crate) fn keep_start_settings() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use glibc::{DEFAULT_THRESHOLD, MMAP_THRESHOLD, TRIM_THRESHOLD, mallopt};
        mallopt(MMAP_THRESHOLD, DEFAULT_THRESHOLD);
        mallopt(TRIM_THRESHOLD, DEFAULT_THRESHOLD);
    }
}

/// Gives free memory back, also pages between blocks that live on: what comes next pays page faults,
/// whether it asks for a few large blocks or for many small ones. Does nothing without glibc.
pub(crate) fn return_to_system() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::malloc_trim(0);
}
