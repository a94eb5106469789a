//! A schema whose slots have no names.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Tile(f32, bool);

fn main() {}
