use bevy_slotted::prelude::*;

#[derive(View)]
struct Moving<'a> {
    position: &'a mut f32,
}

fn twice(mut units: Slots<Moving>, id: ObjectId) {
    let unit = units.get_mut(id);
    units.for_each(|unit| *unit.position = 2.0);
    drop(unit);
}

fn two_views(mut units: Slots<Moving>) {
    let (first, second) = (units.view(), units.view());
    first.for_each(|_| ());
    second.for_each(|_| ());
}

fn kept_from_a_closure(mut units: Slots<Moving>) {
    let mut kept = None;
    units.for_each(|unit| kept = Some(unit.position));
    drop(kept);
}

fn main() {}
