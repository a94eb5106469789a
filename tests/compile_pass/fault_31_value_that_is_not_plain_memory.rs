//! The twin of the case that does not compile.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C)]
struct Label {
    letters: [u8; 8],
}

#[test]
fn plain_memory_is_a_slots_value() {
    assert_eq!(Label::kind(), slotted::Kind::pod::<Label>());
    assert_eq!(Label { letters: *b"slotted!" }.letters[0], b's');
}
