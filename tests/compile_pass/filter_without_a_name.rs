//! A filter with the name of a slot.
use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    poison: Option<f32>,
}

#[derive(View)]
#[view(set = "poison")]
struct Poisoned<'a> {
    health: &'a f32,
}

#[test]
fn the_filter_names_its_slot() {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    store.spawn(Unit { health: 1.0, poison: None }).unwrap();
    store.spawn(Unit { health: 2.0, poison: Some(2.0) }).unwrap();
    let view = store.view_ref::<Poisoned>().unwrap();
    assert_eq!(view.iter().map(|unit| *unit.health).collect::<Vec<_>>(), [2.0]);
}
