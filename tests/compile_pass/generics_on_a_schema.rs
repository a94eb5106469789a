//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[test]
fn a_schema_of_fixed_types_is_one() {
    assert!(Unit::schema().is_ok());
}
