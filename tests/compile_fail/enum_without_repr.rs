//! An enum whose size is not said.

use slotted::SlotValue;

#[derive(SlotValue, Clone, Copy)]
enum Job {
    Farmer,
    Guard,
}

fn main() {}
