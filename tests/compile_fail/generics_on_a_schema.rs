//! A generic schema.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit<T> {
    health: T,
}

fn main() {}
