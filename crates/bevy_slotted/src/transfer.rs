//! Converts many entities to objects, and back.
//!
//! Nothing is spawned on an error, or if the converting closure panics. The functions copy: the entities or objects
//! that were converted stay alive. The returned pairs say which entity became which object, so that a program can link
//! them with an [`ObjectLink`](crate::ObjectLink) or despawn one side. To move instead of copying, use
//!
//! * [`import_entities`] and [`despawn_entities`], or
//! * [`export_objects`] and [`Store::clear_of`].
//!
//! All work is done in bulk: one query, one batch of objects, one batch of entities. The converted values are collected
//! before they are spawned, which takes their size in memory a second time until then.

use bevy_ecs::bundle::{Bundle, NoBundleEffect};
use bevy_ecs::entity::Entity;
use bevy_ecs::query::{QueryFilter, ReadOnlyQueryData, Without};
use bevy_ecs::resource::IsResource;
use bevy_ecs::world::World;
use slotted::schema::SchemaSelector;
use slotted::{AccessError, ObjectId, Record, Slotted, SpawnError, Store};

use crate::error_debug::debug_as_display;
use crate::plugin::{NoStore, SlottedWorld};

/// The error of an import or export. Nothing was spawned.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The world has no store.
    #[error(transparent)]
    NoStore(#[from] NoStore),
    /// The store rejected the objects.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The store does not have the schema.
    #[error(transparent)]
    Access(#[from] AccessError),
}

debug_as_display!(TransferError);

/// Spawns an object for each entity that the query matches, all or none.
///
/// The pairs and the ids come in the query's order. Entities that hold resources are left out. For schemas with texts or
/// lists use [`import_records`], because the closure cannot intern them.
///
/// # Errors
/// If the world has no store, if the type is not registered, if a value violates its slot's constraints (the error has
/// the object's position in the query), or if the rows are used up. Nothing is imported then.
///
/// # Panics
/// Only if the closure panics. Nothing is imported then.
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

/// Spawns an object of a schema, by its name, for each entity that the query matches, all or none.
///
/// Like [`import_entities`], for run-time schemas and for texts and lists. Each record costs an allocation and
/// a look-up of each of its names.
///
/// # Errors
/// If the world has no store, if the schema is not registered, if a record is invalid (the error lists all problems with
/// the objects' positions in the query), or if the rows are used up. Nothing is imported then.
///
/// # Panics
/// Only if the closure panics. Nothing is imported then.
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
    // Checked first, so that nothing is converted in vain.
    world.get_store().ok_or(NoStore)?.len_of(schema).map_err(AccessError::from)?;
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

/// Despawns the entities, for example those that were imported, and returns their number.
///
/// Entities that are despawned already, such as the children of a despawned parent, do not count.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::transfer::despawn_entities;
///
/// let mut world = World::new();
/// let (first, second) = (world.spawn_empty().id(), world.spawn_empty().id());
/// world.despawn(second);
/// assert_eq!(despawn_entities(&mut world, [first, second]), 1);
/// ```
pub fn despawn_entities(world: &mut World, entities: impl IntoIterator<Item = Entity>) -> usize {
    entities.into_iter().filter(|entity| world.try_despawn(*entity).is_ok()).count()
}

/// Spawns an entity for each object of the type's schema and of those that
/// [extend it](Store#schemas-that-extend-others).
///
/// The closure can read the store: texts, lists, referenced objects, and the slots that an extending schema adds. The
/// pairs come in the order of schemas and rows. [`export_records`] with [`exactly`](slotted::exactly) exports one schema
/// alone.
///
/// # Errors
/// Returns an error if the world has no store, or the type is not registered.
///
/// # Panics
/// Only if the closure panics. Nothing is exported then.
///
/// # Example
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::{Store, Text};
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
/// let name = world.store_mut().intern_text("grunt")?;
/// world.store_mut().spawn_batch([Unit { name, health: 80.0 }; 1000])?;
///
/// let pairs = export_objects(&mut world, |store, _, unit: Unit| {
///     (Name::new(store.resolve(unit.name).unwrap_or_default().to_owned()), Health(unit.health))
/// })?;
/// world.store_mut().clear_of("unit")?; // removes the objects that are entities now
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
    let objects = store.objects::<T>().map_err(AccessError::from)?;
    let converted = objects.map(|(id, object)| (id, convert(store, id, object))).unzip();
    Ok(spawn(world, converted))
}

/// Spawns an entity for each object of the named schema and of those that
/// [extend it](Store#schemas-that-extend-others).
///
/// Like [`export_objects`], for run-time schemas. Each record and each text in it is a copy.
///
/// # Errors
/// If the world has no store, or the schema is not registered.
///
/// # Panics
/// Only if the closure panics. Nothing is exported then.
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
    for id in store.ids_of(schema).map_err(AccessError::from)? {
        bundles.push(convert(store, id, store.get_record(id).map_err(AccessError::from)?));
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
