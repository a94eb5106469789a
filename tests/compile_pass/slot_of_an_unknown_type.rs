//! The twin of the case that does not compile.

use slotted::bytemuck::{Pod, Zeroable};
use slotted::{List, SlotValue, Slotted, Store};

#[derive(SlotValue, Pod, Zeroable, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Color(u8);

#[derive(Slotted, Clone, Copy)]
struct Tile {
    color: Color,
    border: Option<Color>,
    palette: List<Color>,
}

#[test]
fn a_struct_of_plain_memory_is_a_slots_value() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Tile>()?;
    let palette = store.intern_list(&[Color(1), Color(2)])?;
    let tile = store.spawn(Tile { color: Color(7), border: None, palette })?;
    let tile = store.get_object::<Tile>(tile)?;
    assert_eq!((tile.color, tile.border), (Color(7), None));
    assert_eq!(store.resolve_list(tile.palette), Some(&[Color(1), Color(2)][..]));
    Ok(())
}
