//! A schema as the type of a slot.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    damage: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    weapon: Weapon,
}

fn main() {
    let mut store = Store::new();
    let _ = store.register::<Unit>();
}
