//! The parts of a nested record have constraints, the record has none.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Damage {
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested, range = 0..=9)]
    damage: Damage,
}

fn main() {}
