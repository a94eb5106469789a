//! The twin of the case that does not compile.

use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(View)]
struct Healthy<'a> {
    health: &'a mut f32,
}

#[test]
fn an_item_is_used_before_the_store_changes() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let id = store.spawn(Unit { health: 1.0 })?;
    let kept = store.view::<Healthy>()?.into_iter().next();
    assert!(kept.is_some_and(|unit| *unit.health == 1.0));
    store.despawn(id)?;
    Ok(())
}
