use bevy_slotted::prelude::*;

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: f32,
}

fn of_a_schema(_: Slots<Unit>) {}

fn of_a_tuple(_: Slots<(&mut f32, &f32)>) {}

fn main() {}
