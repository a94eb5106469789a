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
    /// Stands for all slots of which a system has spoken after one that reads the whole store, which can
    /// not have declared them. `None` as long as no system reads the whole store.
    late: Option<ComponentId>,
}

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
    pub(crate) late: Option<ComponentId>,
}

impl ColumnIds {
    pub(crate) fn numbering(world: &mut World) -> Numbering {
        world.get_resource_or_init::<Self>().numbering.clone()
    }

    /// Sees to it that there is a component for each of the slots.
    pub(crate) fn register(world: &mut World, slots: &[ViewSlot]) {
        for slot in slots {
            let ids = world.get_resource_or_init::<Self>();
            if ids.get(slot).is_some() {
                continue;
            }
            let late = ids.late;
            let name = format!("slot '{}' ({})", slot.name, slot.kind);
            let column = register_virtual_component(world, name);
            let mut ids = world.resource_mut::<Self>();
            let named = ids.slots.entry(slot.name).or_default();
            named.push((slot.kind.clone(), ColumnId { column, late }));
        }
    }

    /// What stands for the slots, which must have been registered.
    pub(crate) fn of(world: &World, slots: &[ViewSlot]) -> Vec<ColumnId> {
        let ids = world.resource::<Self>();
        slots.iter().map(|slot| ids.get(slot).expect("the slot was registered")).collect()
    }

    /// All that who reads the whole store declares to read.
    pub(crate) fn all(world: &mut World) -> Vec<ComponentId> {
        let late = world.get_resource_or_init::<Self>().late.unwrap_or_else(|| {
            register_virtual_component(world, "slots that came after `StoreRef`".to_owned())
        });
        let mut ids = world.resource_mut::<Self>();
        ids.late = Some(late);
        let columns = ids.slots.values().flatten().map(|(_, id)| id.column);
        std::iter::once(late).chain(columns).collect()
    }

    fn get(&self, slot: &ViewSlot) -> Option<ColumnId> {
        let named = self.slots.get(slot.name)?;
        named.iter().find(|(kind, _)| *kind == slot.kind).map(|(_, id)| *id)
    }
}
