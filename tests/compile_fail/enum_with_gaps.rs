//! An enum with gaps between its discriminants.

use slotted::SlotValue;
use slotted::bytemuck::{CheckedBitPattern, NoUninit};

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[repr(u8)]
enum Job {
    Farmer = 0,
    Guard = 2,
}

fn main() {}
