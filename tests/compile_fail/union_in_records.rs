//! A union in the elements of a list of records.

use slotted::{Records, SlotUnion, Slotted};

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

#[derive(Slotted, Clone, Copy)]
struct Book {
    #[slot(nested)]
    spells: Records<Spell>,
}

fn main() {}
