//! The twin of the case that does not compile.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Something {
    byte: u8,
}

#[test]
fn a_value_of_one_byte_is_a_slots_value() {
    assert_eq!(Something::kind(), slotted::Kind::pod::<Something>());
    assert_eq!(Something { byte: 7 }.byte, 7);
}
