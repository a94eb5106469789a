//! Nested records that are values or lists.

use slotted::{List, Slotted};

#[derive(Slotted, Clone, Copy)]
struct Drop {
    chance: f32,
}

#[derive(Slotted, Clone, Copy)]
struct Beast {
    #[slot(nested)]
    health: Option<f32>,
    #[slot(nested)]
    trophy: Option<Option<Drop>>,
    #[slot(nested, name = "drops[]")]
    drops: Option<List<Drop>>,
}

fn main() {}
