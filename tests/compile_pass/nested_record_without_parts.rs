//! The twin of the case that does not compile.

use slotted::{List, Slotted, Store};

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Drop {
    chance: f32,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Drops {
    chance: List<f32>,
}

#[derive(Slotted, Clone, Copy, Debug, PartialEq)]
struct Beast {
    health: Option<f32>,
    #[slot(nested)]
    trophy: Option<Drop>,
    #[slot(nested, name = "drops[]")]
    drops: Option<Drops>,
}

#[test]
fn structs_are_nested_records() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Beast>()?;
    let chance = store.intern_list(&[0.5_f32])?;
    let (trophy, drops) = (Some(Drop { chance: 1.0 }), Some(Drops { chance }));
    let beast = Beast { health: None, trophy, drops };
    let wolf = store.spawn(beast)?;
    assert_eq!(store.get_object::<Beast>(wolf)?, beast);
    Ok(())
}
