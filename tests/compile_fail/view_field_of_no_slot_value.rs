//! A field of a view that borrows what no slot holds.

use slotted::View;

#[derive(View)]
struct Named<'a> {
    name: &'a String,
}

fn main() {}
