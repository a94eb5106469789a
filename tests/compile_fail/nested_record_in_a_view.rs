//! A nested record as one field of a view.

use slotted::View;

#[derive(Clone, Copy)]
struct Damage {
    min: u16,
}

#[derive(View)]
struct Strength<'a> {
    #[slot(nested)]
    damage: Option<&'a Damage>,
}

fn main() {}
