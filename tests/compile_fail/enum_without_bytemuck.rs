//! An enum without the derives of bytemuck.

use slotted::SlotValue;

#[derive(SlotValue, Clone, Copy)]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

fn main() {}
