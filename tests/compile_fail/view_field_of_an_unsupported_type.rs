//! A field of a view that borrows an unsupported type.

use slotted::View;

struct Name;

#[derive(View)]
struct Named<'a> {
    name: &'a Name,
}

fn main() {}
