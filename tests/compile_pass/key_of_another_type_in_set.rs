//! The twin of the case that does not compile.

use slotted::{SlotKey, Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[test]
fn a_value_of_the_keys_type_is_set() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let id = store.spawn(Unit { health: 1.0 })?;
    let health: SlotKey<f32> = store.key("unit", "health")?;
    store.set(id, health, 5.0)?;
    assert_eq!(store.get(id, health), Some(5.0));
    Ok(())
}
