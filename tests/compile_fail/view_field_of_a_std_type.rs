//! Fields of a view that borrow types that no slot holds.

use slotted::View;

#[derive(View)]
struct Named<'a> {
    name: &'a String,
    scores: Option<&'a Vec<u16>>,
}

fn main() {}
