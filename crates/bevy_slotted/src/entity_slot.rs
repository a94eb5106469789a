//! Bevy entities as values of slots.

use std::fmt;

use bevy_ecs::entity::{Entities, Entity, EntityMapper, MapEntities};
use slotted::bytemuck::{Pod, Zeroable};
use slotted::{LimitError, List, ObjectId, SlotValue, Store, exactly, slot_value::SlotField};

/// A slot value that holds a Bevy entity, or none.
///
/// [`resolve`](Self::resolve) checks that the entity still exists. After entities were spawned again with other ids,
/// [`map_entity_slots`] updates all slots.
///
/// An entity's bits are valid in this run of the program only, so they make [`Store::state_hash`] differ between
/// machines. For an object with an entity of its own, use an [`ObjectLink`](crate::ObjectLink), which costs the store
/// nothing.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Bullet { shooter: EntitySlot, target: Option<EntitySlot> }
///
/// let mut world = World::new();
/// let (shooter, target) = (world.spawn_empty().id(), world.spawn_empty().id());
/// let mut store = Store::new();
/// store.register::<Bullet>()?;
/// let bullet = store.spawn(Bullet { shooter: shooter.into(), target: Some(target.into()) })?;
///
/// world.despawn(target);
/// let bullet = store.get_object::<Bullet>(bullet)?;
/// assert_eq!(bullet.shooter.resolve(world.entities()), Some(shooter));
/// assert_eq!(bullet.target.and_then(|target| target.resolve(world.entities())), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(SlotValue, Pod, Zeroable, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(transparent)]
pub struct EntitySlot(u64);

impl EntitySlot {
    /// No entity: all bits are zero.
    pub const NONE: Self = Self(0);

    /// Returns the entity, alive or not, or `None` for [`NONE`](Self::NONE), [`Entity::PLACEHOLDER`] and invalid bits.
    ///
    /// ```
    /// use bevy_ecs::prelude::*;
    /// use bevy_slotted::prelude::*;
    ///
    /// let entity = World::new().spawn_empty().id();
    /// assert_eq!(EntitySlot::from(entity).entity(), Some(entity));
    /// assert_eq!(EntitySlot::NONE.entity(), None);
    /// ```
    #[must_use]
    pub fn entity(self) -> Option<Entity> {
        Entity::try_from_bits(self.0).filter(|entity| *entity != Entity::PLACEHOLDER)
    }

    /// Returns the entity if it is alive.
    ///
    /// Systems get the `Entities` as a parameter `&Entities`, other code from
    /// [`World::entities`](bevy_ecs::world::World::entities).
    ///
    /// ```
    /// use bevy_ecs::entity::Entities;
    /// use bevy_slotted::prelude::*;
    ///
    /// #[derive(View)]
    /// struct Aiming<'a> { target: &'a EntitySlot }
    ///
    /// fn count_targets(units: SlotsRef<Aiming>, entities: &Entities) {
    ///     let targets = units.iter().filter_map(|unit| unit.target.resolve(entities));
    ///     println!("{} targets are alive", targets.count());
    /// }
    /// # bevy_ecs::system::assert_is_system(count_targets);
    /// ```
    #[must_use]
    pub fn resolve(self, entities: &Entities) -> Option<Entity> {
        self.entity().filter(|entity| entities.contains_spawned(*entity))
    }
}

impl fmt::Debug for EntitySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EntitySlot").field(&self.entity()).finish()
    }
}

impl From<Entity> for EntitySlot {
    fn from(entity: Entity) -> Self {
        Self(entity.to_bits())
    }
}

/// Converts `None` to [`EntitySlot::NONE`].
impl From<Option<Entity>> for EntitySlot {
    fn from(entity: Option<Entity>) -> Self {
        entity.map_or(Self::NONE, Self::from)
    }
}

/// Same as [`EntitySlot::entity`].
impl From<EntitySlot> for Option<Entity> {
    fn from(slot: EntitySlot) -> Self {
        slot.entity()
    }
}

/// Leaves a slot without an entity unchanged.
impl MapEntities for EntitySlot {
    fn map_entities<M: EntityMapper>(&mut self, mapper: &mut M) {
        if let Some(entity) = self.entity() {
            *self = mapper.get_mapped(entity).into();
        }
    }
}

/// Maps the entities in all [`EntitySlot`] slots of all living objects, including lists and optional slots.
///
/// Use it after a rollback or a scene spawned entities again with other ids. An `EntitySlot` inside a plain-memory type
/// of your own is not found.
///
/// Computes in **O(n)** time for the n objects with such a slot. Blocks without a change stay shared with
/// snapshots. New lists are interned; the old ones stay in the store.
///
/// # Errors
/// If the store has no room for new lists. No slot is changed then.
///
/// # Example
/// ```
/// use bevy_ecs::entity::EntityHashMap;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::map_entity_slots;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::Store;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Bullet { shooter: EntitySlot }
///
/// let mut world = World::new();
/// let (before, after) = (world.spawn_empty().id(), world.spawn_empty().id());
/// world.insert_store(Store::new());
/// world.store_mut().register::<Bullet>()?;
/// let bullet = world.store_mut().spawn(Bullet { shooter: before.into() })?;
///
/// let mut map = EntityHashMap::from_iter([(before, after)]);
/// map_entity_slots(world.store_mut(), &mut map)?;
/// assert_eq!(world.store().get_object::<Bullet>(bullet)?.shooter, after.into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map_entity_slots<M: EntityMapper>(
    store: &mut Store,
    mapper: &mut M,
) -> Result<(), LimitError> {
    let (single, list) = (EntitySlot::kind(), List::<EntitySlot>::kind());
    let mut slots = Vec::new();
    for schema in store.schemas() {
        let with_entities =
            schema.slots().iter().filter(|slot| [&single, &list].contains(&slot.kind()));
        slots.extend(with_entities.map(|slot| SlotPlace {
            schema: schema.name().to_owned(),
            slot: slot.name().to_owned(),
            is_list: *slot.kind() == list,
            is_optional: slot.is_optional(),
        }));
    }
    let mut writes = Vec::new();
    for place in &slots {
        writes.push(match (place.is_list, place.is_optional) {
            (false, false) => map_slot::<EntitySlot, M>(store, place, mapper)?,
            (false, true) => map_slot::<Option<EntitySlot>, M>(store, place, mapper)?,
            (true, false) => map_slot::<List<EntitySlot>, M>(store, place, mapper)?,
            (true, true) => map_slot::<Option<List<EntitySlot>>, M>(store, place, mapper)?,
        });
    }
    writes.into_iter().for_each(|write| write(store));
    Ok(())
}

struct SlotPlace {
    schema: String,
    slot: String,
    is_list: bool,
    is_optional: bool,
}

/// Writes the mapped values.
type Write = Box<dyn FnOnce(&mut Store)>;

const THERE: &str = "the slot was found in this store";

/// Maps the values of one schema's slot and returns the function that writes them.
fn map_slot<F: MappedField, M: EntityMapper>(
    store: &mut Store,
    SlotPlace { schema, slot, .. }: &SlotPlace,
    mapper: &mut M,
) -> Result<Write, LimitError> {
    // Exactly: schemas that extend this one have the slot too, and are mapped on their own.
    let key = store.key::<F>(exactly(schema), slot).expect(THERE);
    let column = store.column(key).expect(THERE);
    let ids = store.ids_of(exactly(schema)).expect(THERE);
    let before: Vec<(ObjectId, F)> = ids
        .filter_map(|id| column.get(id).filter(|value| value.may_change()).map(|value| (id, value)))
        .collect();
    let mut changed = Vec::new();
    for (id, value) in before {
        let mapped = value.mapped(store, mapper)?;
        if mapped != value {
            changed.push((id, mapped));
        }
    }
    Ok(Box::new(move |store| {
        if changed.is_empty() {
            return;
        }
        let mut column = store.column_mut(key).expect(THERE);
        for (id, value) in changed {
            let is_written = column.set(id, value);
            assert!(is_written, "the object is alive");
        }
    }))
}

/// A type of slots with entities.
trait MappedField: SlotField + PartialEq {
    fn may_change(&self) -> bool;

    fn mapped<M: EntityMapper>(self, store: &mut Store, mapper: &mut M)
    -> Result<Self, LimitError>;
}

impl MappedField for EntitySlot {
    fn may_change(&self) -> bool {
        self.entity().is_some()
    }

    fn mapped<M: EntityMapper>(
        mut self,
        _: &mut Store,
        mapper: &mut M,
    ) -> Result<Self, LimitError> {
        self.map_entities(mapper);
        Ok(self)
    }
}

impl MappedField for List<EntitySlot> {
    fn may_change(&self) -> bool {
        *self != Self::EMPTY
    }

    fn mapped<M: EntityMapper>(
        self,
        store: &mut Store,
        mapper: &mut M,
    ) -> Result<Self, LimitError> {
        // Views do not check handles, so the list may be of another store and resolve to nothing.
        let Some(before) = store.resolve_list(self) else { return Ok(self) };
        let mut mapped = before.to_vec();
        mapped.map_entities(mapper);
        if mapped == before { Ok(self) } else { store.intern_list(&mapped) }
    }
}

impl<T: MappedField + SlotValue> MappedField for Option<T> {
    fn may_change(&self) -> bool {
        self.as_ref().is_some_and(MappedField::may_change)
    }

    fn mapped<M: EntityMapper>(
        self,
        store: &mut Store,
        mapper: &mut M,
    ) -> Result<Self, LimitError> {
        self.map(|value| value.mapped(store, mapper)).transpose()
    }
}
