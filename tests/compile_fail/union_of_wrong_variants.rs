//! Variants that no union can have, all of which are named at once.

use slotted::SlotUnion;

#[derive(SlotUnion, Clone, Copy)]
#[slotted(tag = "type")]
enum Effect {
    Heal(f32),
    Buff(u8, u8),
    Summon { r#type: u8 },
    Move { #[slot(base)] to: u8 },
    Empty {},
    #[slot(range = 0..=1)]
    Rest,
}

#[derive(SlotUnion, Clone, Copy)]
#[slotted(untagged)]
enum Cost {
    Number(f64),
    Free,
}

fn main() {}
