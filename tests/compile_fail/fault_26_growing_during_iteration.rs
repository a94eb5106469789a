//! A store that grows while a view iterates.

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
    let mut store = Store::new();
    store.register::<Unit>()?;
    for unit in store.view::<Healthy>()?.iter() {
        store.spawn(Unit { health: *unit.health })?;
    }
    Ok(())
}
