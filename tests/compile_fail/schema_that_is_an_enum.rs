//! A schema whose slots are there or not.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
enum Unit {
    Orc { rage: f32 },
    Elf,
}

fn main() {}
