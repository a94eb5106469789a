//! Which entity is whose, and what becomes of those whose object is gone.

use std::collections::HashMap;

use bevy_ecs::change_detection::{DetectChanges, Res};
use bevy_ecs::entity::{Entity, EntityHash, EntityHashMap};
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Commands, SystemParam};
use bevy_ecs::world::{FromWorld, World};
use slotted::{ObjectId, Store, StoreIdentity};

use crate::lending::{StoreCell, store_of};
use crate::link::{Fate, ObjectLink};

/// All links of the world, as the hooks of [`ObjectLink`] have told of them.
///
/// Each of these components is in one of the two maps, or a command that removes it is on its way.
#[derive(Debug, Resource)]
pub(crate) struct LinkIndex {
    /// The links to objects of `store`, which may have been despawned since.
    entities: HashMap<ObjectId, Entity, EntityHash>,
    store: Option<StoreIdentity>,
    /// The links to objects of stores that were here before; `None` is one that is not known any more.
    former: EntityHashMap<(ObjectId, Option<StoreIdentity>)>,
}

/// Where the index was cleared away with the store, links may be left.
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

    /// Puts the links to objects of another store aside, and takes back those to objects of this one.
    ///
    /// Costs nothing as long as the store is the same.
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

    /// Gives the object the entity and tells which other one had it.
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

    /// Whether the entity has an object of this store that is alive.
    fn is_good(&self, store: &Store, object: ObjectId, entity: Entity) -> bool {
        self.entity_of(object) == Some(entity) && store.contains(object)
    }

    /// The links to objects that are not there any more, in the order of the objects' ids.
    fn gone(&self, store: &Store) -> Vec<(ObjectId, Entity)> {
        let dead = self.entities.iter().filter(|(object, _)| !store.contains(**object));
        let dead = dead.map(|(object, entity)| (*object, *entity));
        let former = self.former.iter().map(|(entity, (object, _))| (*object, *entity));
        let mut gone: Vec<_> = dead.chain(former).collect();
        gone.sort_unstable();
        gone
    }
}

/// Which entity an object has: a parameter of systems that only reads, beside all others of this crate.
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
    /// The entity that is linked to the object.
    ///
    /// It is told also of an object that was despawned, until [`sync_links`] has run. Of ids of a store that
    /// was here before none is told; but where another store was assigned to the one in the world, only from
    /// the next run of [`sync_links`] or the next link on.
    #[must_use]
    pub fn entity_of(&self, object: ObjectId) -> Option<Entity> {
        self.index.as_ref()?.entity_of(object)
    }

    /// How many objects have an entity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.as_ref().map_or(0, |index| index.entities.len())
    }

    /// Whether no object has an entity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All objects that have an entity, with the entity, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, Entity)> {
        let entities = self.index.iter().flat_map(|index| &index.entities);
        entities.map(|(object, entity)| (*object, *entity))
    }
}

/// What [`sync_links`] looks at to know whether it has something to do.
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

/// Despawns or frees the entities whose objects are not alive any more: the system that
/// [`SlottedPlugin`](crate::SlottedPlugin) adds to `Last`, in [`SlottedSystems::SyncLinks`](crate::SlottedSystems::SyncLinks).
///
/// It works by a command. Only where a system has had [`StoreMut`](crate::StoreMut), or the store was to be
/// changed through the world, since the last run are the links looked at, at the cost of a look at a
/// generation for each. Otherwise, however many links there are, it costs a look at the store's change tick:
/// [`Slots`](crate::Slots) despawn nothing.
///
/// An object that a rollback takes away and that is back under its id when this runs is the same object:
/// simulating again gives the same ids. One that comes back after its entity was despawned has none. While
/// the world has no store, links wait for it; those to objects of another store are untied.
pub fn sync_links(store: LinkedStore<'_>, mut commands: Commands<'_, '_>) {
    if store.may_have_lost_objects() {
        commands.queue(|world: &mut World| relink(world, |_| None));
    }
}

/// Gives links whose objects are gone other objects, or unties them where there are none.
pub(crate) fn relink(world: &mut World, mut map: impl FnMut(ObjectId) -> Option<ObjectId>) {
    let Some(identity) = store_of(world).map(Store::identity) else { return };
    let Some(mut index) = world.get_resource_mut::<LinkIndex>() else { return };
    index.belong_to(identity);
    for (object, entity) in gone(world) {
        // Hooks and observers may have changed anything meanwhile.
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

/// The entity of an object of the store that is in the world now.
pub(crate) fn entity_of(world: &World, object: ObjectId) -> Option<Entity> {
    let index = world.get_resource::<LinkIndex>()?;
    let is_same = store_of(world).is_some_and(|store| index.store() == Some(&store.identity()));
    index.entity_of(object).filter(|_| is_same)
}

/// Tells the links which store the world has now.
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

    /// An object that dies behind the back of Bevy's change detection is not missed.
    #[test]
    fn links_are_looked_at_only_when_the_store_was_to_be_changed() {
        let mut world = World::new();
        let mut store = Store::new();
        let tile = Schema::builder("tile").slot("height", Kind::F32).build().expect("no mistake");
        store.register_schema(tile).expect("no mistake");
        let object = store.spawn_record("tile", record! { height: 1.0 }).expect("no mistake");
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
