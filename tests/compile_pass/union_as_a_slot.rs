//! The twin of the case that does not compile.

use slotted::{SlotUnion, Slotted, Store};

#[derive(SlotUnion, Clone, Copy)]
enum Effect {
    Heal { amount: f32 },
    Rest,
}

#[derive(Slotted, Clone, Copy)]
struct Spell {
    #[slot(nested)]
    effect: Effect,
}

#[test]
fn a_union_is_a_nested_value() {
    let mut store = Store::new();
    store.register::<Spell>().unwrap();
    for effect in [Effect::Heal { amount: 5.0 }, Effect::Rest] {
        store.spawn(Spell { effect }).unwrap();
    }
    assert_eq!(store.len(), 2);
}
