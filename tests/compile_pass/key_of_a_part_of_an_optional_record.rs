//! The twin of the case that does not compile.

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

#[test]
fn a_part_is_set_to_some_value() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    let axe = store.spawn(Weapon { damage: None })?;
    let keys = store.keys::<Weapon>()?;
    store.set(axe, keys.damage.min, Some(3))?;
    assert_eq!(store.get_object::<Weapon>(axe)?.damage.map(|damage| damage.min), Some(3));
    Ok(())
}
