//! The corrected twins of the programs in `compile_fail`.

use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;

#[derive(View)]
struct Moving<'a> {
    position: &'a mut f32,
}

#[derive(View)]
struct Placed<'a> {
    position: &'a f32,
}

fn of_the_whole_store(_: StoreRef) {}

fn of_a_view(_: Slots<Moving>) {}

fn that_only_reads(_: SlotsRef<Placed>) {}

fn that_drops_an_object_before_the_next_borrow(id: In<ObjectId>, mut units: Slots<Moving>) {
    if let Some(unit) = units.get_mut(*id) {
        *unit.position = 1.0;
    }
    units.for_each(|unit| *unit.position = 2.0);
}

fn main() {
    let mut schedule = Schedule::default();
    schedule.add_systems((of_the_whole_store, of_a_view, that_only_reads));
    let _: Box<dyn System<In = In<ObjectId>, Out = ()>> =
        Box::new(IntoSystem::into_system(that_drops_an_object_before_the_next_borrow));
}
