//! Filters of different slots.
use slotted::{Kind, Schema, Store, View, record};

#[derive(View)]
#[view(set = "poison", unset = "stun", without = "shield")]
struct Poisoned<'a> {
    health: &'a f32,
}

#[test]
fn filters_of_different_slots_hold_together() {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::F32).slot("poison", Kind::F32);
    let unit = unit.optional().slot("stun", Kind::F32).optional().build().unwrap();
    store.register_schema(unit).unwrap();
    let tower = Schema::builder("tower").extends("unit").slot("shield", Kind::F32);
    store.register_schema(tower.default(1.0).build().unwrap()).unwrap();
    for schema in ["unit", "tower"] {
        store.spawn_record(schema, record! { health: 3.0, poison: 1.0 }).unwrap();
        store.spawn_record(schema, record! { health: 5.0, poison: 1.0, stun: 1.0 }).unwrap();
    }
    let healths = store.view_ref::<Poisoned>().unwrap().into_iter().map(|unit| *unit.health);
    assert_eq!(healths.sum::<f32>(), 3.0);
}
