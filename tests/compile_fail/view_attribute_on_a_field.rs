//! Leniency for one field: it is the view's.

use slotted::View;

#[derive(View)]
struct Moving<'a> {
    #[view(lenient)]
    position: &'a mut f32,
}

fn main() {}
