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
    slots: HashMap<&'static str, NamedSlots>,
    /// `None` until a system reads the whole store.
    for_later: Option<ForLater>,
}

/// The slots of one name.
#[derive(Debug, Default)]
struct NamedSlots {
    kinds: Vec<(Kind, ColumnId)>,
    /// Ids for kinds that come later. Systems that read all kinds have read access to them. The last id is never used
    /// up, so the kinds that share it conflict. Empty until a system reads all kinds.
    later: Vec<ColumnId>,
}

/// The number of kinds of one name that may come later and do not conflict with each other.
const LATER_KINDS: usize = 4;

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

    /// Returns the ids of the slot, and assigns them if it has none yet. A slot of all kinds has several.
    pub(crate) fn of(world: &mut World, slot: &ViewSlot) -> Vec<ColumnId> {
        match &slot.kind {
            Some(kind) => vec![Self::of_kind(world, slot.name, kind)],
            None => Self::of_all_kinds(world, slot.name),
        }
    }

    fn of_kind(world: &mut World, name: &'static str, kind: &Kind) -> ColumnId {
        let mut ids = world.get_resource_or_init::<Self>();
        let named = ids.slots.entry(name).or_default();
        if let Some((_, id)) = named.kinds.iter().find(|(known, _)| known == kind) {
            return *id;
        }
        let id = match &mut named.later {
            later if later.len() > 1 => later.swap_remove(0),
            later if later.len() == 1 => later[0],
            _ => Self::register(world, format!("slot '{name}' ({kind})")),
        };
        let mut ids = world.resource_mut::<Self>();
        ids.slots.entry(name).or_default().kinds.push((kind.clone(), id));
        id
    }

    fn of_all_kinds(world: &mut World, name: &'static str) -> Vec<ColumnId> {
        let mut ids = world.get_resource_or_init::<Self>();
        if ids.slots.entry(name).or_default().later.is_empty() {
            let label = || format!("slot '{name}' of a kind first accessed later");
            let later = (0..LATER_KINDS).map(|_| Self::register(world, label())).collect();
            world.resource_mut::<Self>().slots.entry(name).or_default().later = later;
        }
        let named = &world.resource::<Self>().slots[name];
        named.kinds.iter().map(|(_, id)| *id).chain(named.later.iter().copied()).collect()
    }

    /// Returns new ids for a slot.
    fn register(world: &mut World, label: String) -> ColumnId {
        let mut ids = world.get_resource_or_init::<Self>();
        let spare = ids.for_later.as_mut().and_then(|later| later.spare.pop());
        let shared = ids.for_later.as_ref().map(|later| later.shared);
        match spare {
            Some(column) => ColumnId { column, shared: None },
            None => ColumnId { column: register_virtual_component(world, label), shared },
        }
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
        let columns = ids.slots.values().flat_map(|named| {
            named.kinds.iter().map(|(_, id)| id).chain(&named.later).map(|id| id.column)
        });
        let later = ids.for_later.iter();
        let later = later.flat_map(|later| later.spare.iter().chain([&later.shared]).copied());
        columns.chain(later).collect()
    }
}

#[cfg(test)]
mod tests {
    use bevy_ecs::system::{IntoSystem, System, SystemAccess};
    use slotted::lend::ViewColumns;
    use slotted::{ObjectId, View};

    use super::*;
    use crate::{Slots, SlotsRef, StoreRef};

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
            assert!(ColumnIds::of(world, &slot).iter().all(|id| id.shared.is_none()));
        }
        let moving = access(world, |_: Slots<Moving>| {});
        let healing = access(world, |_: Slots<Healing>| {});
        assert!(!whole.is_compatible(&moving));
        assert!(!moving.is_compatible(&healing), "both write the shared id");
        access(world, |_: Slots<Moving>, _: Slots<Healing>| {});
    }

    #[derive(View)]
    #[view(set = "position")]
    struct Placed {
        id: ObjectId,
    }

    #[test]
    fn a_filter_reads_the_slots_of_all_kinds() {
        let world = &mut World::new();
        let before = access(world, |_: Slots<Moving>| {});
        let placed = access(world, |_: SlotsRef<Placed>| {});
        let healing = access(world, |_: Slots<Healing>| {});
        assert!(!placed.is_compatible(&before) && placed.is_compatible(&healing));
        let write = |world: &mut World, kind: Kind| {
            let [mut slot] = <[ViewSlot; 1]>::try_from(ViewColumns::<Moving>::default().slots())
                .expect("one slot");
            slot.kind = Some(kind);
            ColumnIds::of(world, &slot)
        };
        let read = ColumnIds::of_all_kinds(world, "position");
        let kinds = [Kind::F64, Kind::U8, Kind::I8, Kind::U16, Kind::I16, Kind::U32, Kind::I32];
        for kind in kinds {
            let written = write(world, kind);
            assert!(written.iter().all(|id| read.iter().any(|read| read.column == id.column)));
        }
        assert_ne!(write(world, Kind::F64)[0].column, write(world, Kind::U8)[0].column);
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
