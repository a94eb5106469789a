//! The twin of the case that does not compile.

use slotted::SlotValue;
use slotted::bytemuck::{Pod, Zeroable};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
#[repr(C, align(16))]
struct Lane {
    words: [u64; 4],
}

#[test]
fn a_value_aligned_to_sixteen_bytes_is_a_slots_value() {
    assert_eq!(Lane::kind(), slotted::Kind::pod::<Lane>());
    assert_eq!(Lane { words: [7; 4] }.words[3], 7);
}
