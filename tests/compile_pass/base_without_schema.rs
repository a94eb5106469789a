//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Body {
    mass: f32,
}

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(base)]
    body: Body,
}

#[test]
fn a_base_that_is_a_schema_is_extended() {
    assert!(Unit::schema().is_ok());
}
