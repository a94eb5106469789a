//! A mutable view of a shared store.

use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
struct Healthy<'a> {
    health: &'a mut f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    store.view_ref::<Healthy>()?.for_each(|unit| *unit.health += 1.0);
    Ok(())
}
