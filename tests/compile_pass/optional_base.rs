//! The twin of the case that does not compile.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base)]
    unit: Unit,
}

#[test]
fn an_object_has_all_slots_of_its_base() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Orc>()?;
    let orc = store.spawn(Orc { unit: Unit { health: 3.0 } })?;
    assert_eq!(store.get_object::<Orc>(orc)?.unit.health, 3.0);
    Ok(())
}
