//! An element of a list of records that has an optional nested record.

use slotted::{Records, Slotted};

#[derive(Slotted, Clone, Copy)]
struct Burn {
    time: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Loot {
    chance: f32,
    #[slot(nested)]
    burn: Option<Burn>,
}

#[derive(Slotted, Clone, Copy)]
struct Beast {
    #[slot(nested)]
    drops: Records<Loot>,
}

fn main() {}
