//! What stands for the columns in what systems declare to access.

use std::collections::HashMap;
use std::sync::Arc;

use bevy_ecs::component::ComponentId;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use slotted::Kind;
use slotted::lend::ViewSlot;

use crate::lending::register_virtual_component;

/// A component for each slot that systems have spoken of, told apart by name and kind: the columns of all
/// schemas that have it.
///
/// Slots rather than columns, because a view has the columns of schemas that are registered later, when
/// systems have long declared what they access.
#[derive(Debug, Default, Resource)]
pub(crate) struct ColumnIds {
    numbering: Numbering,
    slots: HashMap<&'static str, Vec<(Kind, ColumnId)>>,
    /// `None` as long as no system reads the whole store.
    for_later: Option<ForLater>,
}

/// What stands for slots of which systems speak only after one that reads the whole store: that one declares
/// to read all of this.
#[derive(Debug)]
struct ForLater {
    /// For one slot each.
    spare: Vec<ComponentId>,
    /// For all slots together that find no spare one.
    shared: ComponentId,
}

/// Slots that come later than a system that reads the whole store and still get on with one another.
const SPARE: usize = 512;

/// Tells numberings of columns apart: who clears a world of all resources, this one among them, gets
/// another one, under which systems that were initialised before would be safe from nobody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering(Arc<()>);

impl PartialEq for Numbering {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What stands for one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnId {
    pub(crate) column: ComponentId,
    /// What who writes to it declares to write besides.
    pub(crate) shared: Option<ComponentId>,
}

impl ColumnIds {
    pub(crate) fn numbering(world: &mut World) -> Numbering {
        world.get_resource_or_init::<Self>().numbering.clone()
    }

    /// What stands for the slot, from now on if nothing has before.
    pub(crate) fn of(world: &mut World, slot: &ViewSlot) -> ColumnId {
        let mut ids = world.get_resource_or_init::<Self>();
        if let Some(id) = ids.get(slot) {
            return id;
        }
        let spare = ids.for_later.as_mut().and_then(|later| later.spare.pop());
        let shared = ids.for_later.as_ref().map(|later| later.shared);
        let id = match spare {
            Some(column) => ColumnId { column, shared: None },
            None => {
                let name = format!("slot '{}' ({})", slot.name, slot.kind);
                ColumnId { column: register_virtual_component(world, name), shared }
            }
        };
        let mut ids = world.resource_mut::<Self>();
        ids.slots.entry(slot.name).or_default().push((slot.kind.clone(), id));
        id
    }

    /// All that who reads the whole store declares to read.
    pub(crate) fn all(world: &mut World) -> Vec<ComponentId> {
        if world.get_resource_or_init::<Self>().for_later.is_none() {
            let mut register = |name: &str| register_virtual_component(world, name.to_owned());
            let spare = (0..SPARE).map(|_| register("a slot that came after `StoreRef`"));
            let spare = spare.collect();
            let shared = register("slots that came after `StoreRef`");
            world.resource_mut::<Self>().for_later = Some(ForLater { spare, shared });
        }
        let ids = world.resource::<Self>();
        let columns = ids.slots.values().flatten().map(|(_, id)| id.column);
        let later = ids.for_later.iter();
        let later = later.flat_map(|later| later.spare.iter().chain([&later.shared]).copied());
        columns.chain(later).collect()
    }

    fn get(&self, slot: &ViewSlot) -> Option<ColumnId> {
        let named = self.slots.get(slot.name)?;
        named.iter().find(|(kind, _)| *kind == slot.kind).map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use bevy_ecs::system::{IntoSystem, System, SystemAccess};
    use slotted::View;
    use slotted::lend::ViewColumns;

    use super::*;
    use crate::{Slots, StoreRef};

    #[derive(View)]
    struct Moving<'a> {
        position: &'a mut f32,
    }

    #[derive(View)]
    struct Healing<'a> {
        health: &'a mut f32,
    }

    fn access<M>(world: &mut World, system: impl IntoSystem<(), (), M>) -> SystemAccess {
        IntoSystem::into_system(system).initialize(world)
    }

    #[test]
    fn slots_that_find_no_spare_component_are_kept_from_who_reads_the_whole_store() {
        let world = &mut World::new();
        let whole = access(world, |_: StoreRef| {});
        let [slot] = &ViewColumns::<Moving>::default().slots()[..] else { panic!("one slot") };
        for number in 0..SPARE {
            let mut slot = slot.clone();
            slot.name = Box::leak(format!("slot_{number}").into_boxed_str());
            assert_eq!(ColumnIds::of(world, &slot).shared, None);
        }
        let moving = access(world, |_: Slots<Moving>| {});
        let healing = access(world, |_: Slots<Healing>| {});
        assert!(!whole.is_compatible(&moving));
        assert!(!moving.is_compatible(&healing), "both have the shared component");
        access(world, |_: Slots<Moving>, _: Slots<Healing>| {});
    }

    #[test]
    #[should_panic(expected = "conflicts with a parameter before it")]
    fn nor_are_they_had_beside_it_in_one_system() {
        let world = &mut World::new();
        access(world, |_: StoreRef| {});
        world.resource_mut::<ColumnIds>().for_later.as_mut().expect("all are read").spare.clear();
        access(world, |_: StoreRef, _: Slots<Moving>| {});
    }
}
