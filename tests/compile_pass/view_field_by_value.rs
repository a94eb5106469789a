//! The twin of the case that does not compile.

use slotted::View;
use slotted::glam::Vec3;

#[derive(View)]
struct Placed<'a> {
    position: &'a Vec3,
}

#[test]
fn a_borrowed_field_is_a_view() {
    assert_eq!(*Placed { position: &Vec3::ONE }.position, Vec3::ONE);
}
