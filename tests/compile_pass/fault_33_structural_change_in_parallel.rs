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
fn a_store_changes_its_structure_after_threads_walked_a_view_of_it()
-> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let first = store.spawn(Unit { health: 1.0 })?;
    store.view::<Healthy>()?.par_for_each(|unit| {
        *unit.health += 1.0;
    });
    store.despawn(first)?;
    Ok(())
}
