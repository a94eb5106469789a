//! An object of a type without a schema.

use slotted::Store;

#[derive(Clone, Copy)]
struct Unit {
    health: f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.spawn(Unit { health: 1.0 })?;
    Ok(())
}
