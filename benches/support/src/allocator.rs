//! An allocator that counts heap bytes while a piece of work runs.
//!
//! A program that counts declares it:
//!
//! ```
//! use bench_support::allocator::{CountingAllocator, added_bytes};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator;
//!
//! let mut kept = Vec::<u64>::new();
//! assert_eq!(added_bytes(|| kept.reserve_exact(10)), 80);
//! ```
#![allow(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// Off while time is measured: an allocation then costs one extra load and branch.
static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, which counts the requested bytes that are still allocated.
#[derive(Clone, Copy, Debug)]
pub struct CountingAllocator;

fn count(bytes: isize) {
    if COUNTING.load(Relaxed) {
        LIVE_BYTES.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: each method passes its arguments to `System` and returns the result; counting allocates
// nothing and cannot unwind.
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

/// Returns the bytes that `work` leaves allocated on all threads, without the allocator's own overhead.
///
/// # Panics
/// Panics if [`CountingAllocator`] is not the program's global allocator.
pub fn added_bytes(work: impl FnOnce()) -> usize {
    let mut probe = None;
    let probed = counted(|| probe = Some(black_box(Box::new(0_u8))));
    assert!(probe.is_some() && probed > 0, "declare `CountingAllocator` with #[global_allocator]");
    counted(work)
}

fn counted(work: impl FnOnce()) -> usize {
    LIVE_BYTES.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    work();
    COUNTING.store(false, Relaxed);
    usize::try_from(LIVE_BYTES.load(Relaxed)).unwrap_or(0)
}
