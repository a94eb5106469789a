//! Registers the access of systems.

use std::alloc::Layout;

use bevy_ecs::component::{ComponentCloneBehavior, ComponentDescriptor, ComponentId, StorageType};
use bevy_ecs::query::FilteredAccess;
use bevy_ecs::resource::IS_RESOURCE;
use bevy_ecs::system::SystemAccess;
use bevy_ecs::world::World;

/// Registers a component that no entity has. Its id represents a slot in the access sets of systems.
pub(crate) fn register_virtual_component(world: &mut World, name: String) -> ComponentId {
    // SAFETY: the component's values are zero-sized and have nothing to drop, so any thread may hold them, and the
    // component is not a relationship.
    let descriptor = unsafe {
        ComponentDescriptor::new_with_layout(
            name,
            StorageType::SparseSet,
            Layout::new::<()>(),
            None,
            false,
            false,
            ComponentCloneBehavior::Ignore,
            None,
        )
    };
    world.register_component_with_descriptor(descriptor)
}

/// Registers an access and returns `true`, or returns `false` if it conflicts with an earlier one.
pub(super) fn declare(access: &mut SystemAccess, id: ComponentId, is_written: bool) -> bool {
    let mut filter = FilteredAccess::default();
    if is_written {
        filter.add_write(id);
    } else {
        filter.add_read(id);
    }
    // As for Bevy's own resources: a query over all entities without resources does not conflict.
    filter.and_with(IS_RESOURCE);
    access.try_add(filter).is_ok()
}
