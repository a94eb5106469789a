//! A slot whose values must stay on their thread.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    health: &'static std::cell::Cell<f32>,
}

fn main() {}
