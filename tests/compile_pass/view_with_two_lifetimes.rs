//! The twin of the case that does not compile.

use slotted::View;

#[derive(View)]
struct Pair<'a> {
    health: &'a mut f32,
    shield: &'a f32,
}

#[test]
fn one_lifetime_serves_all_fields() {
    let (mut health, shield) = (1.0, 2.0);
    let pair = Pair { health: &mut health, shield: &shield };
    *pair.health += *pair.shield;
    assert_eq!(health, 3.0);
}
