//! The twin of the case that does not compile.

use slotted::Slotted;

#[allow(dead_code, reason = "its schema is what counts")]
#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    #[slot(name = "shield")]
    armour: f32,
}

#[test]
fn two_slots_of_two_names_are_a_schema() {
    assert!(Unit::schema().is_ok());
}
