//! A value with a larger alignment than columns.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C, align(32))]
struct Lane {
    words: [u64; 4],
}

fn main() {}
