//! A misspelt key of a slot.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(defualt = 100.0)]
    health: f32,
}

fn main() {}
