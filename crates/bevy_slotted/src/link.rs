//! The component that links an entity to an object.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::world::{DeferredWorld, World};
use log::warn;
use slotted::{ObjectId, StoreIdentity};

use crate::lending::{StoreCell, store_of};
use crate::links::LinkIndex;

/// The fate of a linked entity or object when its partner is despawned.
///
/// ```
/// use bevy_slotted::Fate;
///
/// assert_eq!(Fate::default(), Fate::Despawn);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is despawned too.
    #[default]
    Despawn,
    /// It stays alive without a link, and can be linked again.
    Free,
}

/// A component that links its entity to an object of the world's store.
///
/// Both are despawned together unless a [`Fate`] says otherwise:
///
/// * If the entity is despawned, its object is despawned when commands are applied. Observers of the entity's despawn
///   can still read the object.
/// * If the object is despawned, or removed by a rollback, [`sync_links`](crate::sync_links) despawns the entity in
///   `Last`. The store has no hooks; [`World::sync_links`](crate::SlottedWorld::sync_links) does the same immediately.
///
/// A rollback that restores an object does not restore its entity: link the object to a new one.
///
/// Removing the component, or replacing it with a link to another object, despawns neither of the two.
///
/// An object has at most one entity. A second link to the same object removes the component of the first entity. A link
/// to a dead object is removed with a warning in the log, as Bevy does for relationships to missing entities. Clones
/// of an entity have no link.
///
/// [`ObjectLinks`](crate::ObjectLinks) finds the entity of an object. Linking costs one insertion into a hash map.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Unit>();
/// let world = app.world_mut();
/// let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
/// let hero = world.spawn((Name::new("Hero"), ObjectLink::new(unit))).id();
/// assert_eq!(world.entity_of(unit), Some(hero));
///
/// world.store_mut().despawn(unit)?;
/// app.update();
/// assert!(app.world().get_entity(hero).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(immutable, clone_behavior = Ignore)]
#[component(on_insert = tie, on_discard = untie, on_despawn = despawn_object)]
pub struct ObjectLink {
    object: ObjectId,
    object_fate: Fate,
    entity_fate: Fate,
}

impl ObjectLink {
    /// Returns a link to the object; entity and object are despawned together.
    #[must_use]
    pub const fn new(object: ObjectId) -> Self {
        Self { object, object_fate: Fate::Despawn, entity_fate: Fate::Despawn }
    }

    /// Returns the link with this fate of the object for when the entity is despawned.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// use bevy_slotted::Fate;
    /// # use bevy_slotted::slotted::Store;
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut world = World::new();
    /// # world.insert_store(Store::new());
    /// # world.store_mut().register::<Unit>()?;
    /// # let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
    /// // This entity draws the unit while it is on the screen.
    /// let sprite = world.spawn(ObjectLink::new(unit).with_object_fate(Fate::Free)).id();
    /// world.despawn(sprite);
    /// assert!(world.store().contains(unit));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_object_fate(self, object_fate: Fate) -> Self {
        Self { object_fate, ..self }
    }

    /// Returns the link with this fate of the entity for when the object is despawned.
    ///
    /// A freed entity loses this component and keeps all others.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// use bevy_slotted::Fate;
    /// # use bevy_slotted::slotted::Store;
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut world = World::new();
    /// # world.insert_store(Store::new());
    /// # world.store_mut().register::<Unit>()?;
    /// # let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
    /// let corpse = world.spawn(ObjectLink::new(unit).with_entity_fate(Fate::Free)).id();
    /// world.store_mut().despawn(unit)?;
    /// world.sync_links();
    /// assert!(!world.entity(corpse).contains::<ObjectLink>());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_entity_fate(self, entity_fate: Fate) -> Self {
        Self { entity_fate, ..self }
    }

    /// Returns the link with another object and the same fates.
    #[must_use]
    pub const fn with_object(self, object: ObjectId) -> Self {
        Self { object, ..self }
    }

    /// Returns the object, alive or not.
    #[must_use]
    pub const fn object(&self) -> ObjectId {
        self.object
    }

    /// Returns the object's fate when the entity is despawned.
    #[must_use]
    pub const fn object_fate(&self) -> Fate {
        self.object_fate
    }

    /// Returns the entity's fate when the object is despawned.
    #[must_use]
    pub const fn entity_fate(&self) -> Fate {
        self.entity_fate
    }
}

fn tie(mut world: DeferredWorld<'_>, context: HookContext) {
    let entity = context.entity;
    let Some(object) = world.get::<ObjectLink>(entity).map(ObjectLink::object) else { return };
    let store = store_of(&world).filter(|store| store.contains(object));
    let Some(identity) = store.map(|store| store.identity()) else {
        let caller = context.caller.map(|place| format!("{place}: "));
        let problem = if store_of(&world).is_some() {
            "which is not alive"
        } else {
            "but the world has no store"
        };
        warn!(
            "{}The ObjectLink on entity {entity:?} relates to object {object}, {problem}. The invalid \
             ObjectLink has been removed.",
            caller.into_option().unwrap_or_default(),
        );
        world.commands().queue(move |world: &mut World| remove_unknown(world, entity, object));
        return;
    };
    let Some(mut index) = world.get_resource_mut::<LinkIndex>() else {
        // The index is missing only while the world's resources are being cleared.
        world.commands().queue(move |world: &mut World| remove_unknown(world, entity, object));
        return;
    };
    index.belong_to(identity);
    if let Some(other) = index.insert(object, entity) {
        world.commands().queue(move |world: &mut World| remove_unknown(world, other, object));
    }
}

fn untie(mut world: DeferredWorld<'_>, context: HookContext) {
    let Some(object) = world.get::<ObjectLink>(context.entity).map(ObjectLink::object) else {
        return;
    };
    if let Some(mut index) = world.get_resource_mut::<LinkIndex>() {
        index.remove(object, context.entity);
    }
}

fn despawn_object(mut world: DeferredWorld<'_>, context: HookContext) {
    let entity = context.entity;
    let Some(link) = world.get::<ObjectLink>(entity).copied() else { return };
    if link.object_fate == Fate::Free {
        return;
    }
    // Another entity may own the object already, or the object's store may have been replaced.
    let index = world.get_resource::<LinkIndex>();
    let identity = index
        .filter(|index| index.entity_of(link.object) == Some(entity))
        .and_then(|index| index.store().cloned());
    if let Some(identity) = identity {
        world.commands().queue(move |world: &mut World| {
            despawn_unlinked(world, link.object, &identity);
        });
    }
}

/// Removes the entity's link to the object if the index does not contain it.
fn remove_unknown(world: &mut World, entity: Entity, object: ObjectId) {
    let is_known = world
        .get_resource::<LinkIndex>()
        .is_some_and(|index| index.entity_of(object) == Some(entity));
    if !is_known
        && let Ok(mut entity) = world.get_entity_mut(entity)
        && entity.get::<ObjectLink>().is_some_and(|link| link.object == object)
    {
        entity.remove::<ObjectLink>();
    }
}

/// Despawns an object whose entity was despawned, unless another entity is linked to it by now.
fn despawn_unlinked(world: &mut World, object: ObjectId, identity: &StoreIdentity) {
    let is_linked =
        world.get_resource::<LinkIndex>().is_some_and(|index| index.entity_of(object).is_some());
    let is_alive = store_of(world)
        .is_some_and(|store| store.identity() == *identity && store.contains(object));
    if is_alive
        && !is_linked
        && let Some(mut cell) = world.get_resource_mut::<StoreCell>()
    {
        cell.get_mut().despawn(object).expect("the object is alive");
    }
}
