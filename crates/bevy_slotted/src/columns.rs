//! Component ids that represent columns in the access sets of systems.

use std::collections::HashMap;
use std::sync::Arc;

use bevy_ecs::component::ComponentId;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use slotted::Kind;
use slotted::lend::ViewSlot;

use crate::lending::register_virtual_component;

/// Holds a component id for each slot, by name and kind, that a system accesses.
///
/// One id covers the columns of all schemas with that slot. A schema may be registered after a system was
/// initialised, so an id for each column would come too late.
#[derive(Debug, Default, Resource)]
pub(crate) struct ColumnIds {
    numbering: Numbering,
    slots: HashMap<&'static str, Vec<(Kind, ColumnId)>>,
    /// `None` until a system reads the whole store.
    for_later: Option<ForLater>,
}

/// Ids for slots that a system accesses first after another system registered read access to the whole store.
///
/// The system that reads the whole store has read access to all of these ids.
#[derive(Debug)]
struct ForLater {
    /// Ids for one slot each.
    spare: Vec<ComponentId>,
    /// The common id of all slots that come when `spare` is empty.
    shared: ComponentId,
}

/// The number of such slots that do not conflict with each other.
const SPARE: usize = 512;

/// Identifies one assignment of ids to slots.
///
/// Clearing a world of all resources removes [`ColumnIds`], and a new one assigns other ids. The access of systems
/// that were initialised before would then protect nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering(Arc<()>);

impl PartialEq for Numbering {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The component ids of one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnId {
    pub(crate) column: ComponentId,
    /// A second id that a system which writes the slot must have write access to.
    pub(crate) shared: Option<ComponentId>,
}

impl ColumnIds {
    pub(crate) fn numbering(world: &mut World) -> Numbering {
        world.get_resource_or_init::<Self>().numbering.clone()
    }

    /// Returns the ids of the slot, and assigns them if it has none yet.
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

    /// Returns all ids that a system which reads the whole store needs read access to.
    pub(crate) fn all(world: &mut World) -> Vec<ComponentId> {
        if world.get_resource_or_init::<Self>().for_later.is_none() {
            let mut register = |name: &str| register_virtual_component(world, name.to_owned());
            let spare = (0..SPARE).map(|_| register("a slot first accessed after `StoreRef`"));
            let spare = spare.collect();
            let shared = register("slots first accessed after `StoreRef`");
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
    fn slots_without_a_spare_id_conflict_with_reads_of_the_whole_store() {
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
        assert!(!moving.is_compatible(&healing), "both write the shared id");
        access(world, |_: Slots<Moving>, _: Slots<Healing>| {});
    }

    #[test]
    #[should_panic(expected = "conflicts with an earlier parameter")]
    fn one_system_cannot_write_such_a_slot_and_read_the_whole_store() {
        let world = &mut World::new();
        access(world, |_: StoreRef| {});
        world
            .resource_mut::<ColumnIds>()
            .for_later
            .as_mut()
            .expect("`StoreRef` was used")
            .spare
            .clear();
        access(world, |_: StoreRef, _: Slots<Moving>| {});
    }
}
