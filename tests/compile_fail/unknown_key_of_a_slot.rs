//! A constraint that there is not.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    #[slot(defualt = 100.0)]
    health: f32,
}

fn main() {}
