//! The twin of the case that does not compile.

use slotted::{Records, Slotted, Store};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Burn {
    time: Option<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Loot {
    chance: f32,
    #[slot(nested)]
    burn: Burn,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Beast {
    #[slot(nested)]
    drops: Records<Loot>,
}

#[test]
fn optional_fields_of_nested_records_are_parts() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Beast>()?;
    let loot = |time| Loot { chance: 0.5, burn: Burn { time } };
    let drops = store.intern_records(&[loot(None), loot(Some(2.0))])?;
    let beast = store.spawn(Beast { drops })?;
    let beast = store.get_object::<Beast>(beast)?;
    let drops = store.resolve_records(beast.drops).ok_or("of another store")?;
    assert_eq!(drops.map(|drop| drop.burn.time).collect::<Vec<_>>(), [None, Some(2.0)]);
    Ok(())
}
