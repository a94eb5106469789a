//! The twin of the case that does not compile.

use slotted::Slotted;

#[derive(Slotted, Clone, Copy)]
struct Tile {
    height: f32,
    wet: bool,
}

#[test]
fn a_struct_of_named_fields_is_a_schema() {
    assert_eq!(Tile::schema().map(|schema| schema.slots().len()), Ok(2));
    assert!(Tile { height: 1.0, wet: true }.wet);
}
