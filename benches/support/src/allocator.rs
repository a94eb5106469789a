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
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    /// The requested bytes that are still allocated, or `None` while the thread does not count: an allocation then
    /// costs one extra load and branch.
    static LIVE_BYTES: Cell<Option<isize>> = const { Cell::new(None) };
    /// The most that they were since the thread began to count.
    static PEAK_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, which counts the requested bytes that are still allocated.
#[derive(Clone, Copy, Debug)]
pub struct CountingAllocator;

fn count(bytes: isize) {
    // Has neither a destructor nor a lazy start, so it works in each allocation of a thread.
    LIVE_BYTES.with(|live| {
        if let Some(before) = live.get() {
            let now = before.wrapping_add(bytes);
            live.set(Some(now));
            PEAK_BYTES.with(|peak| peak.set(peak.get().max(now)));
        }
    });
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

/// Returns the bytes that `work` leaves allocated on this thread, without the allocator's own overhead.
///
/// # Panics
/// Panics if [`CountingAllocator`] is not the program's global allocator.
pub fn added_bytes(work: impl FnOnce()) -> usize {
    let mut probe = None;
    let probed = counted(|| probe = Some(black_box(Box::new(0_u8))));
    assert!(probe.is_some() && probed > 0, "declare `CountingAllocator` with #[global_allocator]");
    counted(work)
}

/// Returns the most bytes that `work` had allocated on this thread at one moment.
///
/// # Panics
/// Panics if [`CountingAllocator`] is not the program's global allocator.
pub fn peak_bytes(work: impl FnOnce()) -> usize {
    PEAK_BYTES.set(0);
    added_bytes(work);
    PEAK_BYTES.get().max(0).cast_unsigned()
}

fn counted(work: impl FnOnce()) -> usize {
    LIVE_BYTES.set(Some(0));
    work();
    usize::try_from(LIVE_BYTES.take().unwrap_or(0)).unwrap_or(0)
}
