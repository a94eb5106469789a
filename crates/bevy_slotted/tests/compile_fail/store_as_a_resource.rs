use bevy_ecs::prelude::*;

fn as_the_cell_that_holds_it(_: Res<bevy_slotted::lending::StoreCell>) {}

fn main() {}
