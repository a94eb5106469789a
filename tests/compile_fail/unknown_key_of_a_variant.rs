//! Keys that variants and containers do not accept.

use slotted::{SlotValue, View};

#[derive(SlotValue, Clone, Copy)]
#[repr(u8)]
enum Job {
    #[slot(rename = "royal guard")]
    Guard,
}

#[derive(View)]
#[slotted(crat = "slotted")]
struct Named<'a> {
    name: &'a slotted::Text,
}

fn main() {}
