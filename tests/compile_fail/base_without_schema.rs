//! A base that is not a schema.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(base)]
    health: f32,
}

fn main() {}
