//! A store that changes its structure while threads iterate over a view.

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
    let first = store.spawn(Unit { health: 1.0 })?;
    store.view::<Healthy>()?.par_for_each(|unit| {
        *unit.health += 1.0;
        let _ = store.despawn(first);
    });
    Ok(())
}
