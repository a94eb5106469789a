//! An attribute of a schema that there is not.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
#[slotted(rename = "npc")]
struct Unit {
    health: f32,
}

fn main() {}
