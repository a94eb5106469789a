//! Two fields of a view that borrow the same slot.

use slotted::View;

#[derive(View)]
struct Twice<'a> {
    health: &'a mut f32,
    #[slot(name = "health")]
    also_health: &'a f32,
}

fn main() {}
