//! A slot whose values own memory elsewhere.

use slotted::SlotValue;

#[derive(SlotValue, Clone, Copy)]
#[repr(C)]
struct Label {
    text: &'static str,
}

fn main() {}
