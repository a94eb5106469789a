//! A misspelt key in a view's attribute.

use slotted::View;

#[derive(View)]
#[view(leniant)]
struct Moving<'a> {
    position: &'a mut f32,
}

fn main() {}
