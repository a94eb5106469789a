//! `lenient` on a field instead of the view.

use slotted::View;

#[derive(View)]
struct Moving<'a> {
    #[view(lenient)]
    position: &'a mut f32,
}

fn main() {}
