//! The twin of the case that does not compile, with the lines that its message names.

use slotted::{Kind, SlotValue};

#[derive(
    SlotValue, slotted::bytemuck::NoUninit, slotted::bytemuck::CheckedBitPattern, Clone, Copy,
)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

#[test]
fn an_enum_with_the_named_lines_is_a_slots_value() {
    assert_eq!(Job::kind(), Kind::enumeration(["farmer", "guard"]));
    assert_eq!([Job::Farmer, Job::Guard].map(|job| job as u8), [0, 1]);
}
