//! The twin of the case that does not compile.

use slotted::{Slotted, Store, Value, record};

#[derive(Slotted, Clone, Copy)]
struct Damage {
    #[slot(range = 0..=9)]
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested)]
    damage: Damage,
}

#[test]
fn a_part_has_constraints() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Weapon>()?;
    let damage = |min: i32| Value::from_iter([("min", min)]);
    let weapon = store.spawn_record("weapon", record! { damage: damage(9) })?;
    assert_eq!(store.get_object::<Weapon>(weapon)?.damage.min, 9);
    assert!(store.set_value(weapon, "damage", damage(10)).is_err());
    Ok(())
}
