//! A nested record whose type has no schema.

use slotted::Slotted;

#[derive(Clone, Copy)]
struct Damage {
    min: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Weapon {
    #[slot(nested)]
    damage: Option<Damage>,
}

fn main() {}
