//! The twin of the case that does not compile.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[test]
fn an_object_of_a_schema_is_spawned() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    store.spawn(Unit { health: 1.0 })?;
    Ok(())
}
