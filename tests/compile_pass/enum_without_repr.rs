//! The twin of the case that does not compile.

use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::{Kind, SlotValue};

#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]
#[repr(u8)]
enum Job {
    Farmer,
    Guard,
}

#[test]
fn an_enum_of_bytes_is_a_slots_value() {
    assert_eq!(Job::kind(), Kind::enumeration(["farmer", "guard"]));
    assert_eq!([Job::Farmer, Job::Guard].map(|job| job as u8), [0, 1]);
}
