//! A value for a part of an optional nested record, whose slot may be unset.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Damage {
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested)]
    damage: Option<Damage>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    let axe = store.spawn(Weapon { damage: None })?;
    let keys = store.keys::<Weapon>()?;
    store.set(axe, keys.damage.min, 3)?;
    Ok(())
}
