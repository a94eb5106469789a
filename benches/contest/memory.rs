//! Heap bytes, counted, and memory that really goes back to the operating system.
#![allow(
    unsafe_code,
    reason = "`GlobalAlloc` is an unsafe trait and glibc's settings are foreign functions"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Off while time is measured: then an allocation costs one load and one branch more than without.
static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, counting the bytes that were asked for and are alive.
struct CountingAllocator;

fn count(bytes: isize) {
    if COUNTING.load(Relaxed) {
        LIVE_BYTES.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: every method hands its arguments to `System` and returns its answer; counting allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the pointer came from `System` with this layout, as all of ours do.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as in `dealloc`; the caller vouches for `size`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The requested bytes that `work` leaves alive, on any thread.
pub(crate) fn added_bytes(work: impl FnOnce()) -> usize {
    LIVE_BYTES.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    work();
    COUNTING.store(false, Relaxed);
    usize::try_from(LIVE_BYTES.load(Relaxed)).unwrap_or(0)
}

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
