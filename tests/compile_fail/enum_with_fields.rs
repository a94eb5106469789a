//! An enum whose variants hold values.

use slotted::SlotValue;

#[derive(SlotValue, Clone, Copy)]
#[repr(u8)]
enum Job {
    Farmer,
    Guard { rank: u8 },
}

fn main() {}
