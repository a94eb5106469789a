//! A value that is aligned to more than a column.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C, align(32))]
struct Lane {
    words: [u64; 4],
}

fn main() {}
