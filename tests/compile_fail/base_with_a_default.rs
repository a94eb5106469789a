//! A constraint on a base, which is not a slot.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base, default = 100.0)]
    unit: Unit,
}

fn main() {}
