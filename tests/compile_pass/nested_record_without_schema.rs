//! The twin of the case that does not compile.

use slotted::{Slotted, Store};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Damage {
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested)]
    damage: Option<Damage>,
}

#[test]
fn a_nested_record_has_a_schema() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    let axe = store.spawn(Weapon { damage: Some(Damage { min: 3 }) })?;
    assert_eq!(store.get_object::<Weapon>(axe)?.damage, Some(Damage { min: 3 }));
    Ok(())
}
