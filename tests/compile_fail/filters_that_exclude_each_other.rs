//! No object has a slot both set and unset.
use slotted::View;

#[derive(View)]
#[view(set = "poison", unset = "poison")]
struct Impossible<'a> {
    health: &'a f32,
}

#[derive(View)]
#[view(with = "poison", without = "poison")]
struct AlsoImpossible<'a> {
    health: &'a f32,
}

fn main() {}
