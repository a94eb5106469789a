//! A field of a slot that must be set.
use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    poison: Option<f32>,
}

#[derive(View)]
struct Poisoned<'a> {
    #[slot(set, name = "poison")]
    strength: &'a f32,
}

#[test]
fn the_field_is_the_value_itself() {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    store.spawn_batch([Unit { poison: None }, Unit { poison: Some(2.0) }]).unwrap();
    let view = store.view_ref::<Poisoned>().unwrap();
    assert_eq!(view.iter().map(|unit| *unit.strength).collect::<Vec<_>>(), [2.0]);
}
