//! The index from objects to entities, and the system that removes links to dead objects.

use std::collections::HashMap;

use bevy_ecs::change_detection::{DetectChanges, Res};
use bevy_ecs::entity::{Entity, EntityHash, EntityHashMap};
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Commands, SystemParam};
use bevy_ecs::world::{FromWorld, World};
use slotted::{ObjectId, Store, StoreIdentity};

use crate::lending::{StoreCell, store_of};
use crate::link::{Fate, ObjectLink};

/// All links of the world. The hooks of [`ObjectLink`] update it.
///
/// Each of these components is in one of the two maps, or a command that removes it is queued.
#[derive(Debug, Resource)]
pub(crate) struct LinkIndex {
    /// The links to objects of `store`, alive or not.
    entities: HashMap<ObjectId, Entity, EntityHash>,
    store: Option<StoreIdentity>,
    /// The links to objects of earlier stores; `None` is an unknown store.
    former: EntityHashMap<(ObjectId, Option<StoreIdentity>)>,
}

/// Collects links that outlived an index which was cleared with all resources.
impl FromWorld for LinkIndex {
    fn from_world(world: &mut World) -> Self {
        let mut links = world.query::<(Entity, &ObjectLink)>();
        let former = links.iter(world).map(|(entity, link)| (entity, (link.object(), None)));
        Self { former: former.collect(), entities: HashMap::default(), store: None }
    }
}

impl LinkIndex {
    pub(crate) fn entity_of(&self, object: ObjectId) -> Option<Entity> {
        self.entities.get(&object).copied()
    }

    pub(crate) const fn store(&self) -> Option<&StoreIdentity> {
        self.store.as_ref()
    }

    /// Makes this store the current one: sets links to other stores aside and restores those to this store.
    ///
    /// Does nothing if the store is the current one already.
    pub(crate) fn belong_to(&mut self, store: StoreIdentity) {
        if self.store.as_ref() == Some(&store) {
            return;
        }
        let before = self.store.replace(store);
        let back = self.former.extract_if(|_, (_, former)| *former == self.store);
        let back = back.map(|(entity, (object, _))| (object, entity)).collect();
        let aside = std::mem::replace(&mut self.entities, back);
        let aside = aside.into_iter().map(|(object, entity)| (entity, (object, before.clone())));
        self.former.extend(aside);
    }

    /// Links the object to the entity and returns another entity that it was linked to.
    pub(crate) fn insert(&mut self, object: ObjectId, entity: Entity) -> Option<Entity> {
        self.entities.insert(object, entity).filter(|other| *other != entity)
    }

    pub(crate) fn remove(&mut self, object: ObjectId, entity: Entity) {
        if self.entity_of(object) == Some(entity) {
            self.entities.remove(&object);
        } else {
            self.former.remove(&entity);
        }
    }

    fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.former.is_empty()
    }

    /// Returns `true` if the entity is linked to this object and the object is alive.
    fn is_good(&self, store: &Store, object: ObjectId, entity: Entity) -> bool {
        self.entity_of(object) == Some(entity) && store.contains(object)
    }

    /// Returns the links to dead objects and to objects of other stores, in the order of the objects' ids.
    fn gone(&self, store: &Store) -> Vec<(ObjectId, Entity)> {
        let dead = self.entities.iter().filter(|(object, _)| !store.contains(**object));
        let dead = dead.map(|(object, entity)| (*object, *entity));
        let former = self.former.iter().map(|(entity, (object, _))| (*object, *entity));
        let mut gone: Vec<_> = dead.chain(former).collect();
        gone.sort_unstable();
        gone
    }
}

/// A system parameter that finds the entity of an object.
///
/// It only reads, and conflicts with no other parameter of this crate.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// # use bevy_slotted::slotted::Store;
/// # use bevy_ecs::system::RunSystemOnce;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Health<'a> { id: ObjectId, health: &'a f32 }
///
/// #[derive(Component)]
/// struct Wounded;
///
/// fn mark_wounded(units: SlotsRef<Health>, links: ObjectLinks, mut commands: Commands) {
///     for unit in units.iter().filter(|unit| *unit.health < 10.0) {
///         if let Some(entity) = links.entity_of(unit.id) {
///             commands.entity(entity).insert(Wounded);
///         }
///     }
/// }
/// # let mut world = World::new();
/// # world.insert_store(Store::new());
/// # world.store_mut().register::<Unit>()?;
/// # let unit = world.store_mut().spawn(Unit { health: 8.0 })?;
/// # let entity = world.spawn(ObjectLink::new(unit)).id();
/// # world.run_system_once(mark_wounded).expect("it runs");
/// # assert!(world.entity(entity).contains::<Wounded>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, SystemParam)]
pub struct ObjectLinks<'w> {
    index: Option<Res<'w, LinkIndex>>,
}

impl ObjectLinks<'_> {
    /// Returns the entity that is linked to the object.
    ///
    /// A despawned object keeps its entity until [`sync_links`] runs. Ids of an earlier store return `None`. If
    /// a program replaced the store by assignment (`*store = other`), they do so after the next link or run of
    /// [`sync_links`].
    ///
    /// Computes in **O(1)** time.
    #[must_use]
    pub fn entity_of(&self, object: ObjectId) -> Option<Entity> {
        self.index.as_ref()?.entity_of(object)
    }

    /// Returns the number of objects with an entity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.as_ref().map_or(0, |index| index.entities.len())
    }

    /// Returns `true` if no object has an entity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an iterator over all linked objects and their entities, in arbitrary order.
    ///
    /// ```
    /// use bevy_slotted::prelude::*;
    ///
    /// fn print_links(links: ObjectLinks) {
    ///     for (object, entity) in links.iter() {
    ///         println!("object {object} has entity {entity}");
    ///     }
    /// }
    /// # bevy_ecs::system::assert_is_read_only_system(print_links);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, Entity)> {
        let entities = self.index.iter().flat_map(|index| &index.entities);
        entities.map(|(object, entity)| (*object, *entity))
    }
}

/// The parameter by which [`sync_links`] decides if there may be dead objects.
#[doc(hidden)]
#[derive(Debug, SystemParam)]
pub struct LinkedStore<'w> {
    cell: Option<Res<'w, StoreCell>>,
    index: Option<Res<'w, LinkIndex>>,
}

impl LinkedStore<'_> {
    fn may_have_lost_objects(&self) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.is_changed())
            && self.index.as_ref().is_some_and(|index| !index.is_empty())
    }
}

/// A system that despawns or unlinks the entities of dead objects.
///
/// [`SlottedPlugin`](crate::SlottedPlugin) adds it to `Last`, in [`SlottedSystems::SyncLinks`](crate::SlottedSystems::SyncLinks).
/// It queues a command that does the work.
///
/// The command checks the generation of each linked object, in **O(links)** time. It is queued only if the store was
/// taken for changes since the last run, by [`StoreMut`](crate::StoreMut) or through the world. Otherwise the
/// system only compares a change tick: [`Slots`](crate::Slots) cannot despawn.
///
/// An object that a rollback removed and the simulation spawned again has the same id, so it keeps its entity if it is
/// back when this system runs. An object that comes back later has no entity. Links are on hold while the world
/// has no store. Links to objects of another store are removed.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::Store;
/// use bevy_slotted::sync_links;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// // Without the plugin, a program runs the system itself.
/// let mut world = World::new();
/// let mut schedule = Schedule::default();
/// schedule.add_systems(sync_links);
///
/// world.insert_store(Store::new());
/// world.store_mut().register::<Unit>()?;
/// let unit = world.store_mut().spawn(Unit { health: 80.0 })?;
/// let entity = world.spawn(ObjectLink::new(unit)).id();
/// world.store_mut().despawn(unit)?;
/// schedule.run(&mut world);
/// assert!(world.get_entity(entity).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sync_links(store: LinkedStore<'_>, mut commands: Commands<'_, '_>) {
    if store.may_have_lost_objects() {
        commands.queue(|world: &mut World| relink(world, |_| None));
    }
}

/// Moves links of missing objects to the objects that `map` returns, or applies the link's fate for `None`.
pub(crate) fn relink(world: &mut World, mut map: impl FnMut(ObjectId) -> Option<ObjectId>) {
    let Some(identity) = store_of(world).map(Store::identity) else { return };
    let Some(mut index) = world.get_resource_mut::<LinkIndex>() else { return };
    index.belong_to(identity);
    for (object, entity) in gone(world) {
        // Hooks and observers of earlier iterations may have changed anything.
        let link = world.get::<ObjectLink>(entity).copied();
        let Some(link) = link.filter(|link| link.object() == object) else { continue };
        if is_good(world, object, entity) {
            continue;
        }
        let Ok(mut entity) = world.get_entity_mut(entity) else { continue };
        match (map(object), link.entity_fate()) {
            (Some(object), _) => drop(entity.insert(link.with_object(object))),
            (None, Fate::Despawn) => entity.despawn(),
            (None, Fate::Free) => drop(entity.remove::<ObjectLink>()),
        }
    }
}

fn gone(world: &World) -> Vec<(ObjectId, Entity)> {
    let index = world.get_resource::<LinkIndex>();
    index.zip(store_of(world)).map_or_else(Vec::new, |(index, store)| index.gone(store))
}

fn is_good(world: &World, object: ObjectId, entity: Entity) -> bool {
    let index = world.get_resource::<LinkIndex>();
    index.zip(store_of(world)).is_some_and(|(index, store)| index.is_good(store, object, entity))
}

/// Returns the entity of an object of the world's current store.
pub(crate) fn entity_of(world: &World, object: ObjectId) -> Option<Entity> {
    let index = world.get_resource::<LinkIndex>()?;
    let is_same = store_of(world).is_some_and(|store| index.store() == Some(&store.identity()));
    index.entity_of(object).filter(|_| is_same)
}

/// Updates the index after the world got this store.
pub(crate) fn store_was_inserted(world: &mut World, store: StoreIdentity) {
    world.get_resource_or_init::<LinkIndex>().belong_to(store);
}

#[cfg(test)]
mod tests {
    use bevy_ecs::change_detection::DetectChangesMut;
    use bevy_ecs::schedule::Schedule;
    use slotted::{Kind, Schema, record};

    use super::*;
    use crate::SlottedWorld;

    /// Despawns an object without Bevy's change detection, so that the system has no reason to check.
    #[test]
    fn links_are_checked_only_after_the_store_was_taken_for_changes() {
        let mut world = World::new();
        let mut store = Store::new();
        let tile = Schema::builder("tile").slot("height", Kind::F32).build().expect("valid schema");
        store.register_schema(tile).expect("valid schema");
        let object = store.spawn_record("tile", record! { height: 1.0 }).expect("valid record");
        world.insert_store(store);
        let entity = world.spawn(ObjectLink::new(object)).id();
        let mut schedule = Schedule::default();
        schedule.add_systems(sync_links);
        schedule.run(&mut world);

        let mut cell = world.resource_mut::<StoreCell>();
        cell.bypass_change_detection().get_mut().despawn(object).expect("it is alive");
        schedule.run(&mut world);
        assert!(world.get_entity(entity).is_ok());
        world.store_mut();
        schedule.run(&mut world);
        assert!(world.get_entity(entity).is_err());
    }
}
