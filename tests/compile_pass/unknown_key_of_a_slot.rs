//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(default = 100.0)]
    health: f32,
}

#[test]
fn a_constraint_that_there_is_applies() {
    assert!(Unit::schema().is_ok());
}
