//! A tuple struct as a schema.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Tile(f32, bool);

fn main() {}
