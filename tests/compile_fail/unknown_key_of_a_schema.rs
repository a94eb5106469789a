//! An unknown attribute of a schema.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
#[slotted(rename = "npc")]
struct Unit {
    health: f32,
}

fn main() {}
