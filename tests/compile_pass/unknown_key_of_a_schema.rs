//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
#[slotted(name = "npc")]
struct Unit {
    health: f32,
}

#[test]
fn an_attribute_that_there_is_applies() {
    assert!(Unit::schema().is_ok());
}
