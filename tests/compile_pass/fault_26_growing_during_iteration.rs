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
fn a_store_grows_after_a_view_of_it_was_walked() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn(Unit { health: 1.0 })?;
    let mut healths = Vec::new();
    for unit in store.view::<Healthy>()?.iter() {
        healths.push(*unit.health);
    }
    for health in healths {
        store.spawn(Unit { health })?;
    }
    assert_eq!(store.len(), 2);
    Ok(())
}
