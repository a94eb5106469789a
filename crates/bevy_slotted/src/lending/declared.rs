//! What systems declare.

use std::alloc::Layout;

use bevy_ecs::component::{ComponentCloneBehavior, ComponentDescriptor, ComponentId, StorageType};
use bevy_ecs::query::FilteredAccess;
use bevy_ecs::resource::IS_RESOURCE;
use bevy_ecs::system::SystemAccess;
use bevy_ecs::world::World;

/// Registers a component that nobody has: its id stands for something in what systems declare.
pub(crate) fn register_virtual_component(world: &mut World, name: String) -> ComponentId {
    // SAFETY: the component's values have no size and nothing to drop, so that all threads may have them,
    // and it is no relationship.
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

/// Declares an access, unless it conflicts with one that was declared before.
pub(super) fn declare(access: &mut SystemAccess, id: ComponentId, is_written: bool) -> bool {
    let mut filter = FilteredAccess::default();
    if is_written {
        filter.add_write(id);
    } else {
        filter.add_read(id);
    }
    // As Bevy's own resources: who asks for all entities without resources asks for none of this.
    filter.and_with(IS_RESOURCE);
    access.try_add(filter).is_ok()
}
