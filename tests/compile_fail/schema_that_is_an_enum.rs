//! An enum as a schema.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
enum Unit {
    Orc { rage: f32 },
    Elf,
}

fn main() {}
