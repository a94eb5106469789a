//! A union without `#[slot(nested)]`, and one as a schema.

use slotted::{SlotUnion, Slotted, Store};

#[derive(SlotUnion, Clone, Copy)]
enum Effect {
    Heal { amount: f32 },
    Rest,
}

#[derive(Slotted, Clone, Copy)]
struct Spell {
    effect: Effect,
}

fn main() {
    let mut store = Store::new();
    store.register::<Spell>().unwrap();
    store.register::<Effect>().unwrap();
}
