//! The twin of the case that does not compile.

use slotted::View;

#[derive(View)]
struct Once<'a> {
    health: &'a mut f32,
    #[slot(name = "shield")]
    also_health: &'a f32,
}

#[test]
fn two_slots_may_be_viewed_at_once() {
    let (mut health, also_health) = (1.0, 2.0);
    let once = Once { health: &mut health, also_health: &also_health };
    *once.health += *once.also_health;
    assert_eq!(health, 3.0);
}
