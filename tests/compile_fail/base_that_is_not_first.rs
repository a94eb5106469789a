//! A base that is not the first field.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Body {
    mass: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: f32,
    #[slot(base)]
    body: Body,
}

fn main() {}
