//! A view with a field that marks its changes, of a shared store.

use slotted::{Slotted, Store, View, view::Mut};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
struct Healthy<'a> {
    health: Mut<'a, f32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    store.view_ref::<Healthy>()?.for_each(|mut unit| *unit.health += 1.0);
    Ok(())
}
