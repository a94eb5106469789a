//! An optional nested record in a variant.

use slotted::{SlotUnion, Slotted};

#[derive(Slotted, Clone, Copy)]
struct Bonus {
    strength: i8,
}

#[derive(SlotUnion, Clone, Copy)]
enum Effect {
    Buff {
        #[slot(nested)]
        bonus: Option<Bonus>,
    },
    Rest,
}

fn main() {}
