//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Unit {
    rage: Option<f32>,
}

#[test]
fn an_optional_slot_is_there_or_not() {
    assert!(Unit::schema().is_ok());
}
