//! A field of a view that is neither borrowed nor an id.

use slotted::View;
use slotted::glam::Vec3;

#[derive(View)]
struct Placed {
    position: Vec3,
}

fn main() {}
