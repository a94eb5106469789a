//! A field of a slot that must be set is the value itself.
use slotted::View;

#[derive(View)]
struct Poisoned<'a> {
    #[slot(set)]
    poison: Option<&'a f32>,
}

fn main() {}
