//! The twin of the case that does not compile.

use slotted::{Slotted, Store, View};

#[derive(Slotted, Clone, Copy)]
struct Damage {
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested)]
    damage: Option<Damage>,
}

#[derive(View)]
struct Strength<'a> {
    #[slot(name = "damage.min")]
    min: Option<&'a u16>,
}

#[test]
fn a_view_names_the_parts() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    store.spawn_batch([Weapon { damage: None }, Weapon { damage: Some(Damage { min: 3 }) }])?;
    let view = store.view_ref::<Strength<'_>>()?;
    assert_eq!(view.iter().map(|weapon| weapon.min.copied()).collect::<Vec<_>>(), [None, Some(3)]);
    Ok(())
}
