//! A value of another type than the key's.

use slotted::{Slotted, SlotKey, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let id = store.spawn(Unit { health: 1.0 })?;
    let health: SlotKey<f32> = store.key("unit", "health")?;
    store.set(id, health, 5_u32)?;
    Ok(())
}
