//! A base that is a value.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(base)]
    health: f32,
}

fn main() {}
