//! Two slots with the same name.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    #[slot(name = "health")]
    shield: f32,
}

fn main() {}
