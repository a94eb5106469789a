//! The twin of the case that does not compile.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[test]
fn values_that_may_cross_threads_are_held() {
    assert_eq!(Unit::schema().map(|schema| schema.slots().len()), Ok(1));
    assert_eq!(Unit { health: 1.0 }.health, 1.0);
}
