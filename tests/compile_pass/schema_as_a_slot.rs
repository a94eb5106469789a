//! The twin of the case that does not compile.

use slotted::{ObjectId, Slotted, Store};

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    damage: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    #[slot(references = "weapon")]
    weapon: ObjectId,
}

#[test]
fn an_object_refers_to_another_one() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    store.register::<Unit>()?;
    let weapon = store.spawn(Weapon { damage: 2.0 })?;
    let unit = store.spawn(Unit { health: 1.0, weapon })?;
    let held = store.get_object::<Unit>(unit)?.weapon;
    assert_eq!(store.get_object::<Weapon>(held)?.damage, 2.0);
    Ok(())
}
