//! A base that is optional.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Orc {
    #[slot(base)]
    unit: Option<Unit>,
}

fn main() {}
