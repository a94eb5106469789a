//! A field of a view that borrows what no slot holds.

use slotted::View;

struct Name;

#[derive(View)]
struct Named<'a> {
    name: &'a Name,
}

fn main() {}
