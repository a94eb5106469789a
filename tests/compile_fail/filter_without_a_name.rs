//! A filter needs the name of a slot.
use slotted::View;

#[derive(View)]
#[view(set)]
struct Poisoned<'a> {
    poison: &'a f32,
}

fn main() {}
