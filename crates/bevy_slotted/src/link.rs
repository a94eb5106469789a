//! The component that ties an entity to an object.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::world::{DeferredWorld, World};
use log::warn;
use slotted::{ObjectId, StoreIdentity};

use crate::lending::{StoreCell, store_of};
use crate::links::LinkIndex;

/// What becomes of one of two that are linked when the other is despawned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is despawned too.
    #[default]
    Despawn,
    /// It lives on, free to be linked again.
    Free,
}

/// Ties an entity to an object of the world's store, which it names in all of Bevy.
///
/// Both die together unless a [`Fate`] says otherwise:
///
/// * The entity is despawned: its object is despawned with it, as soon as commands are applied, so that
///   observers still find the object's values.
/// * The object is despawned, or a rollback takes it away: the store calls nobody, so
///   [`sync_links`](crate::sync_links) despawns the entity in `Last`, and
///   [`World::sync_links`](crate::SlottedWorld::sync_links) right away.
///
/// A rollback that brings an object back does not bring back its entity: it has none until it is given one.
///
/// Removing the component, or inserting another one in its place, unties the two and despawns neither.
///
/// An object has one entity: who is linked to it last has it, and the component of the one before is removed.
/// A link to an object that is not alive is removed again with a warning in the log, as Bevy does with
/// relationships to entities that do not exist. Clones of an entity have no link.
///
/// [`ObjectLinks`](crate::ObjectLinks) tells the entity of an object. Linking costs an insertion into its
/// hash map.
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
    /// A link to the object; the two die together.
    #[must_use]
    pub const fn new(object: ObjectId) -> Self {
        Self { object, object_fate: Fate::Despawn, entity_fate: Fate::Despawn }
    }

    /// The same link, with another fate of the object when the entity is despawned.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # use bevy_slotted::slotted::Store;
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { health: f32 }
    /// # let mut world = World::new();
    /// # world.insert_store(Store::new());
    /// # world.store_mut().register::<Unit>()?;
    /// # let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
    /// // An entity that shows the unit as long as it is on the screen.
    /// let sprite = world.spawn(ObjectLink::new(unit).with_object_fate(Fate::Free)).id();
    /// world.despawn(sprite);
    /// assert!(world.store().contains(unit));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_object_fate(self, object_fate: Fate) -> Self {
        Self { object_fate, ..self }
    }

    /// The same link, with another fate of the entity when the object is despawned: an entity that is freed
    /// loses this component and keeps all others.
    #[must_use]
    pub const fn with_entity_fate(self, entity_fate: Fate) -> Self {
        Self { entity_fate, ..self }
    }

    /// The same link to another object.
    #[must_use]
    pub const fn with_object(self, object: ObjectId) -> Self {
        Self { object, ..self }
    }

    /// The object, alive or not.
    #[must_use]
    pub const fn object(&self) -> ObjectId {
        self.object
    }

    /// What becomes of the object when the entity is despawned.
    #[must_use]
    pub const fn object_fate(&self) -> Fate {
        self.object_fate
    }

    /// What becomes of the entity when the object is despawned.
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
        let missing = if store_of(&world).is_some() {
            "is not alive"
        } else {
            "is of no store: there is none"
        };
        warn!(
            "{}The ObjectLink on entity {entity:?} relates to object {object}, which {missing}. The \
             invalid ObjectLink has been removed.",
            caller.into_option().unwrap_or_default(),
        );
        world.commands().queue(move |world: &mut World| remove_unknown(world, entity, object));
        return;
    };
    let Some(mut index) = world.get_resource_mut::<LinkIndex>() else {
        // Only where resources are being cleared.
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
    // Another entity may have taken over already, or the object is of a store that is here no more.
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

/// Removes a link that the index does not have, if the entity still has it.
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

/// Despawns an object whose entity is despawned, unless another entity has it by now.
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
