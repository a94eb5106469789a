//! An item of a view that is used after the store has changed.

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
    let id = store.spawn(Unit { health: 1.0 })?;
    let kept = store.view::<Healthy>()?.iter().next();
    store.despawn(id)?;
    assert!(kept.is_some_and(|unit| *unit.health == 1.0));
    Ok(())
}
