//! Entities into objects and back, many at once.
//!
//! Nothing is transferred on an error, or if the closure that converts panics. What was converted stays as it is: the
//! pairs that are given back say which became which, for those who tie them with an
//! [`ObjectLink`](crate::ObjectLink), despawn one side or strip it of components. So a program moves by
//!
//! * [`import_entities`] and [`despawn_entities`], or
//! * [`export_objects`] and [`Store::clear_of`].
//!
//! Everything is done in bulk: one query, one batch of objects, one batch of entities. What was converted is collected
//! before any of it is spawned, which for a while takes its size in memory once more.

use bevy_ecs::bundle::{Bundle, NoBundleEffect};
use bevy_ecs::entity::Entity;
use bevy_ecs::query::{QueryFilter, ReadOnlyQueryData, Without};
use bevy_ecs::resource::IsResource;
use bevy_ecs::world::World;
use slotted::schema::SchemaSelector;
use slotted::{AccessError, ObjectId, Record, Slotted, SpawnError, Store};

use crate::plugin::{NoStore, SlottedWorld};

/// Why nothing was transferred.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The world has no store.
    #[error(transparent)]
    NoStore(#[from] NoStore),
    /// The store does not take the objects.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The store does not have the schema.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Makes an object of each entity that the query has, all or none.
///
/// The pairs come in the query's order, and the ids in that order too. Entities that hold resources
/// are left out. For objects with texts or lists, which the closure cannot put into the store, see
/// [`import_records`].
///
/// # Errors
/// If the world has no store, the type is not registered, a value violates its slot's constraints (with the
/// object's position in the query), or the rows are used up; nothing is imported then.
///
/// # Panics
/// Only if the closure does; nothing is imported then.
///
/// # Example
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::{Store, glam::Vec3};
/// use bevy_slotted::transfer::{despawn_entities, import_entities};
///
/// #[derive(Component)]
/// struct Position(Vec3);
/// #[derive(Component)]
/// struct Velocity(Vec3);
/// #[derive(Component)]
/// struct Selected;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { position: Vec3, velocity: Vec3 }
///
/// let mut world = World::new();
/// world.insert_store(Store::new());
/// world.store_mut().register::<Unit>()?;
/// world.spawn_batch((0..1000).map(|n| (Position(Vec3::splat(n as f32)), Velocity(Vec3::X))));
/// world.spawn((Position(Vec3::ZERO), Velocity(Vec3::ZERO), Selected));
///
/// let pairs = import_entities::<(&Position, &Velocity), Without<Selected>, _>(
///     &mut world,
///     |(position, velocity)| Unit { position: position.0, velocity: velocity.0 },
/// )?;
/// assert_eq!(world.store().len(), 1000);
/// despawn_entities(&mut world, pairs.iter().map(|(entity, _)| *entity));
/// assert_eq!(world.query::<&Position>().iter(&world).count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn import_entities<D, F, T>(
    world: &mut World,
    convert: impl FnMut(D::Item<'_, '_>) -> T,
) -> Result<Vec<(Entity, ObjectId)>, TransferError>
where
    D: ReadOnlyQueryData,
    F: QueryFilter,
    T: Slotted,
{
    world.get_store().ok_or(NoStore)?;
    let (entities, objects) = converted::<D, F, T>(world, convert);
    let ids = world.store_mut().spawn_batch(objects)?;
    Ok(entities.into_iter().zip(ids).collect())
}

/// Makes an object of a schema, by its name, of each entity that the query has, all or none.
///
/// Like [`import_entities`], for schemas from run time and for texts and lists; a record costs an allocation and
/// a look-up of each of its names.
///
/// # Errors
/// If the world has no store, there is no such schema, the schema does not accept a record (all that is wrong, with
/// the objects' positions in the query), or the rows are used up; nothing is imported then.
///
/// # Panics
/// Only if the closure does; nothing is imported then.
///
/// # Example
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::{Kind, Schema, Store, record};
/// use bevy_slotted::transfer::import_records;
///
/// let mut world = World::new();
/// world.insert_store(Store::new());
/// let person = Schema::builder("person").slot("name", Kind::Text);
/// world.store_mut().register_schema(person.build()?)?;
/// world.spawn(Name::new("Ada"));
///
/// let pairs = import_records::<&Name, ()>(&mut world, "person", |name| {
///     record! { name: name.as_str() }
/// })?;
/// assert_eq!(world.store().get_value(pairs[0].1, "name")?, "Ada".into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn import_records<D, F>(
    world: &mut World,
    schema: &str,
    convert: impl FnMut(D::Item<'_, '_>) -> Record,
) -> Result<Vec<(Entity, ObjectId)>, TransferError>
where
    D: ReadOnlyQueryData,
    F: QueryFilter,
{
    // Before anything is converted in vain.
    world.get_store().ok_or(NoStore)?.len_of(schema)?;
    let (entities, records) = converted::<D, F, Record>(world, convert);
    let ids = world.store_mut().spawn_records(schema, records)?;
    Ok(entities.into_iter().zip(ids).collect())
}

fn converted<D, F, T>(
    world: &mut World,
    mut convert: impl FnMut(D::Item<'_, '_>) -> T,
) -> (Vec<Entity>, Vec<T>)
where
    D: ReadOnlyQueryData,
    F: QueryFilter,
{
    let mut query = world.query_filtered::<(Entity, D), (F, Without<IsResource>)>();
    query.iter(world).map(|(entity, item)| (entity, convert(item))).unzip()
}

/// Despawns entities, as those that were imported, and tells how many.
///
/// Those that are gone already, as children go with their parents, do not count.
pub fn despawn_entities(world: &mut World, entities: impl IntoIterator<Item = Entity>) -> usize {
    entities.into_iter().filter(|entity| world.try_despawn(*entity).is_ok()).count()
}

/// Spawns an entity for each object of the type's schema and of those that
/// [extend it](Store#schemas-that-extend-others).
///
/// The closure can read the store: texts, lists, referenced objects, and the slots that an extending schema adds. The
/// pairs come by schema and row. [`export_records`] with [`exactly`](slotted::exactly) exports one schema alone.
///
/// # Errors
/// Returns an error if the world has no store, or the type is not registered.
///
/// # Panics
/// Panics only if the closure does; nothing is exported then.
///
/// # Example
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::Store;
/// use bevy_slotted::transfer::export_objects;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { name: Text, health: f32 }
///
/// #[derive(Component)]
/// struct Health(f32);
///
/// let mut world = World::new();
/// world.insert_store(Store::new());
/// world.store_mut().register::<Unit>()?;
/// let name = world.store_mut().text("grunt")?;
/// world.store_mut().spawn_batch([Unit { name, health: 80.0 }; 1000])?;
///
/// let pairs = export_objects(&mut world, |store, _, unit: Unit| {
///     (Name::new(store.resolve(unit.name).unwrap_or_default().to_owned()), Health(unit.health))
/// })?;
/// world.store_mut().clear_of("unit")?; // they are entities now
/// assert_eq!(world.get::<Health>(pairs[999].1).map(|health| health.0), Some(80.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export_objects<T, B>(
    world: &mut World,
    mut convert: impl FnMut(&Store, ObjectId, T) -> B,
) -> Result<Vec<(ObjectId, Entity)>, TransferError>
where
    T: Slotted,
    B: Bundle<Effect: NoBundleEffect>,
{
    let store = world.get_store().ok_or(NoStore)?;
    let objects = store.objects::<T>()?;
    let converted = objects.map(|(id, object)| (id, convert(store, id, object))).unzip();
    Ok(spawn(world, converted))
}

/// Spawns an entity for each object of the named schema and of those that
/// [extend it](Store#schemas-that-extend-others).
///
/// Like [`export_objects`], for schemas from run time; each record and each text in it is a copy.
///
/// # Errors
/// Returns an error if the world has no store, or there is no such schema.
///
/// # Panics
/// Panics only if the closure does; nothing is exported then.
///
/// # Example
/// ```
/// # use bevy_ecs::prelude::*;
/// # use bevy_slotted::prelude::*;
/// # use bevy_slotted::slotted::{Kind, Schema, Store, Value, record};
/// use bevy_slotted::transfer::export_records;
/// # let mut world = World::new();
/// # world.insert_store(Store::new());
/// # let person = Schema::builder("person").slot("name", Kind::Text);
/// # world.store_mut().register_schema(person.build()?)?;
/// world.store_mut().spawn_record("person", record! { name: "Ada" })?;
/// let pairs = export_records(&mut world, "person", |_, _, record| {
///     match record.get("name") {
///         Some(Value::Text(name)) => Name::new(name.to_string()),
///         _ => Name::new("nobody"),
///     }
/// })?;
/// assert_eq!(world.get::<Name>(pairs[0].1), Some(&Name::new("Ada")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export_records<'n, B>(
    world: &mut World,
    schema: impl Into<SchemaSelector<'n>>,
    mut convert: impl FnMut(&Store, ObjectId, Record) -> B,
) -> Result<Vec<(ObjectId, Entity)>, TransferError>
where
    B: Bundle<Effect: NoBundleEffect>,
{
    let store = world.get_store().ok_or(NoStore)?;
    let (mut ids, mut bundles) = (Vec::new(), Vec::new());
    for id in store.ids_of(schema)? {
        bundles.push(convert(store, id, store.get_record(id)?));
        ids.push(id);
    }
    Ok(spawn(world, (ids, bundles)))
}

fn spawn<B: Bundle<Effect: NoBundleEffect>>(
    world: &mut World,
    (ids, bundles): (Vec<ObjectId>, Vec<B>),
) -> Vec<(ObjectId, Entity)> {
    ids.into_iter().zip(world.spawn_batch(bundles)).collect()
}
