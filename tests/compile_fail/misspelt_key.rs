//! A misspelt slot among the keys of a type.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

fn main() {
    let mut store = Store::new();
    store.register::<Unit>().unwrap();
    let keys = store.keys::<Unit>().unwrap();
    let unit = store.spawn(Unit { health: 80.0 }).unwrap();
    let _ = store.get(unit, keys.healht);
}
