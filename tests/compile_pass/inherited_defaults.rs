//! The twin of the case that does not compile.

use slotted::{Slotted, Store, record};

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(default = 100.0)]
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base, default(health = 150.0))]
    unit: Unit,
}

#[test]
fn the_base_takes_other_defaults() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Orc>()?;
    let orc = store.spawn_record("orc", record! {})?;
    assert_eq!(store.get_object::<Orc>(orc)?.unit.health, 150.0);
    Ok(())
}
