//! A view with two lifetimes.

use slotted::View;

#[derive(View)]
struct Pair<'a, 'b> {
    health: &'a mut f32,
    shield: &'b f32,
}

fn main() {}
