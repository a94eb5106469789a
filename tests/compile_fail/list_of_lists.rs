//! A list whose elements are lists.

use slotted::{List, Slotted};

#[derive(Slotted, Clone, Copy)]
struct Item {
    drops: List<List<u8>>,
}

fn main() {}
