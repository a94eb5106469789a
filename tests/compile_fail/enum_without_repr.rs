//! An enum without a representation.

use slotted::SlotValue;

#[derive(SlotValue, Clone, Copy)]
enum Job {
    Farmer,
    Guard,
}

fn main() {}
