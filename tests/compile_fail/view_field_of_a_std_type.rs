//! Fields of a view that borrow unsupported std types.

use slotted::View;

#[derive(View)]
struct Named<'a> {
    name: &'a String,
    scores: Option<&'a Vec<u16>>,
}

fn main() {}
