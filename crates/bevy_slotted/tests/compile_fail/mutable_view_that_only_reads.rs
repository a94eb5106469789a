use bevy_slotted::prelude::*;

#[derive(View)]
struct Moving<'a> {
    position: &'a mut f32,
}

fn that_only_reads(_: SlotsRef<Moving>) {}

fn main() {}
