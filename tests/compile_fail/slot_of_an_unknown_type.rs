//! A field of a type without derives, alone and in other types.

use slotted::{List, Slotted, Store};

#[derive(Clone, Copy)]
struct Color(u8);

#[derive(Slotted, Clone, Copy)]
struct Tile {
    color: Color,
    border: Option<Color>,
    palette: List<Color>,
}

fn main() {
    let mut store = Store::new();
    let _ = store.register::<Tile>();
}
