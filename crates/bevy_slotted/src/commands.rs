//! Structural changes to the store, deferred through Bevy's [`Commands`].
//!
//! A system that spawns and despawns with [`StoreMut`](crate::StoreMut) conflicts with all systems that access slots.
//! A system that uses `Commands` does not: its changes are applied at Bevy's next sync point, in the order of all
//! commands.
//!
//! The functions of this module are the commands themselves, for
//! [`queue_handled`](Commands::queue_handled) and [`queue_silenced`](Commands::queue_silenced), as Bevy's are
//! in [`bevy_ecs::system::command`]; [`SlottedCommands`] queues them.

use std::borrow::Cow;

use bevy_ecs::error::{BevyError, CommandOutput, warn};
use bevy_ecs::system::{Command, Commands};
use bevy_ecs::world::World;
use slotted::{ObjectId, Record, Schema, Slotted, Store, Value};

use crate::plugin::{NoStore, SlottedWorld};

/// Queues changes to the store, which are applied at the next sync point.
///
/// Each command is applied as a whole or, on an error, not at all. The error goes to Bevy's error handler unchanged. A
/// handler finds the error of the store's method, such as [`SpawnError`](slotted::SpawnError) or
/// [`Despawned`](slotted::error::Despawned), or [`NoStore`], with [`BevyError::downcast_ref`]. If the handler returns, the
/// later commands are still applied. Bevy's default handler panics.
///
/// # Order
///
/// Commands of one system are applied in the order in which it queued them. Bevy's
/// [`ParallelCommands`](bevy_ecs::system::ParallelCommands) apply those of each thread together, in an order that
/// differs between runs; so the ids of new objects differ, too. For the same world on every run, record
/// [`slotted::commands::ParallelCommands`] and apply them in [`change_store`](Self::change_store).
///
/// The ids of new objects are unknown before the sync point. A system that needs them spawns in
/// [`change_store`](Self::change_store), or with [`StoreMut`](crate::StoreMut).
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::record;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Shot { #[slot(default = 1.0)] energy: f32 }
///
/// #[derive(View)]
/// struct Energy<'a> { id: ObjectId, energy: &'a mut f32 }
///
/// fn fire(mut commands: Commands) {
///     commands.spawn_objects((0..3).map(|n| Shot { energy: n as f32 }));
///     commands.spawn_record("shot", record! { energy: 5.0 });
/// }
///
/// fn fade(mut shots: Slots<Energy>, mut commands: Commands) {
///     shots.for_each(|shot| {
///         *shot.energy -= 1.0;
///         if *shot.energy <= 0.0 {
///             commands.despawn_object(shot.id);
///         }
///     });
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Shot>();
/// app.add_systems(Update, (fire, fade).chain()); // Bevy adds a sync point between them
/// app.update();
/// assert_eq!(app.world().store().len(), 2); // two of four had energy left
/// ```
pub trait SlottedCommands {
    /// Spawns one object: [`Store::spawn`].
    fn spawn_object<T: Slotted>(&mut self, object: T);

    /// Spawns many objects, all or none: [`Store::spawn_batch`]. The iterator runs at the sync point.
    fn spawn_objects<I>(&mut self, objects: I)
    where
        I: IntoIterator<Item: Slotted> + Send + 'static;

    /// Spawns one object of a schema by its name: [`Store::spawn_record`].
    fn spawn_record(&mut self, schema: impl Into<Cow<'static, str>>, record: Record);

    /// Spawns many objects of a schema by its name, all or none: [`Store::spawn_records`]. The iterator runs at the
    /// sync point.
    fn spawn_records<I>(&mut self, schema: impl Into<Cow<'static, str>>, records: I)
    where
        I: IntoIterator<Item = Record> + Send + 'static;

    /// Despawns one object: [`Store::despawn`]. An object that is dead by then is a warning, as for
    /// [`EntityCommands::despawn`](bevy_ecs::system::EntityCommands::despawn).
    fn despawn_object(&mut self, id: ObjectId);

    /// Despawns many objects, all or none: [`Store::despawn_batch`].
    fn despawn_objects(&mut self, ids: impl Into<Vec<ObjectId>>);

    /// Despawns those of the objects that are still alive at the sync point.
    ///
    /// Several systems may despawn the same object this way.
    fn try_despawn_objects(&mut self, ids: impl Into<Vec<ObjectId>>);

    /// Sets one value by the slot's name: [`Store::set_value`].
    fn set_value(
        &mut self,
        id: ObjectId,
        slot: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    );

    /// Registers the schema of a Rust type: [`Store::register`]. If the schema is invalid, a base that it extends
    /// stays registered.
    fn register_slotted<T: Slotted>(&mut self);

    /// Registers a schema that was built at run time: [`Store::register_schema`].
    fn register_schema(&mut self, schema: Schema);

    /// Calls the closure with the store. An error that it returns goes to Bevy's error handler.
    ///
    /// Changes that the closure made before an error remain. For all or nothing, use
    /// [`Store::transaction`] in the closure.
    ///
    /// ```
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # use bevy_slotted::slotted::{AccessError, Store};
    /// # #[derive(Slotted, Clone, Copy)]
    /// # struct Unit { #[slot(range = 0.0..=500.0)] health: f32 }
    /// fn heal(mut commands: Commands) {
    ///     commands.change_store(|store: &mut Store| -> Result<(), AccessError> {
    ///         let health = store.key::<f32>("unit", "health")?;
    ///         let ids: Vec<ObjectId> = store.ids_of("unit")?.collect();
    ///         ids.into_iter().try_for_each(|id| store.set(id, health, 500.0))
    ///     });
    /// }
    /// # let mut world = World::new();
    /// # world.insert_store(Store::new());
    /// # world.store_mut().register::<Unit>()?;
    /// # let id = world.store_mut().spawn(Unit { health: 1.0 })?;
    /// # let mut schedule = Schedule::default();
    /// # schedule.add_systems(heal).run(&mut world);
    /// # assert_eq!(world.store().get_value(id, "health")?, 500.0_f32.into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn change_store<O: CommandOutput>(
        &mut self,
        change: impl FnOnce(&mut Store) -> O + Send + 'static,
    );
}

impl SlottedCommands for Commands<'_, '_> {
    fn spawn_object<T: Slotted>(&mut self, object: T) {
        self.queue(spawn_object(object));
    }

    fn spawn_objects<I>(&mut self, objects: I)
    where
        I: IntoIterator<Item: Slotted> + Send + 'static,
    {
        self.queue(spawn_objects(objects));
    }

    fn spawn_record(&mut self, schema: impl Into<Cow<'static, str>>, record: Record) {
        self.queue(spawn_record(schema, record));
    }

    fn spawn_records<I>(&mut self, schema: impl Into<Cow<'static, str>>, records: I)
    where
        I: IntoIterator<Item = Record> + Send + 'static,
    {
        self.queue(spawn_records(schema, records));
    }

    fn despawn_object(&mut self, id: ObjectId) {
        self.queue_handled(despawn_object(id), warn);
    }

    fn despawn_objects(&mut self, ids: impl Into<Vec<ObjectId>>) {
        self.queue(despawn_objects(ids));
    }

    fn try_despawn_objects(&mut self, ids: impl Into<Vec<ObjectId>>) {
        self.queue(try_despawn_objects(ids));
    }

    fn set_value(
        &mut self,
        id: ObjectId,
        slot: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    ) {
        self.queue(set_value(id, slot, value));
    }

    fn register_slotted<T: Slotted>(&mut self) {
        self.queue(register_slotted::<T>());
    }

    fn register_schema(&mut self, schema: Schema) {
        self.queue(register_schema(schema));
    }

    fn change_store<O: CommandOutput>(
        &mut self,
        change: impl FnOnce(&mut Store) -> O + Send + 'static,
    ) {
        self.queue(change_store(change));
    }
}

type Outcome = Result<(), BevyError>;

fn store_of(world: &mut World) -> Result<&mut Store, NoStore> {
    world.get_store_mut().ok_or(NoStore)
}

/// Returns a command that spawns one object: see [`SlottedCommands::spawn_object`].
///
/// ```
/// use bevy_ecs::error::warn;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::commands::spawn_object;
/// # use bevy_slotted::prelude::*;
/// # #[derive(Slotted, Clone, Copy)]
/// # struct Unit { health: f32 }
/// fn reinforce(mut commands: Commands) {
///     // A full store is only worth a warning.
///     commands.queue_handled(spawn_object(Unit { health: 80.0 }), warn);
/// }
/// # bevy_ecs::system::assert_is_system(reinforce);
/// ```
pub fn spawn_object<T: Slotted>(object: T) -> impl Command {
    move |world: &mut World| -> Outcome {
        store_of(world)?.spawn(object)?;
        Ok(())
    }
}

/// Returns a command that spawns many objects, all or none: see [`SlottedCommands::spawn_objects`].
pub fn spawn_objects<I>(objects: I) -> impl Command
where
    I: IntoIterator<Item: Slotted> + Send + 'static,
{
    move |world: &mut World| -> Outcome {
        store_of(world)?.spawn_batch(objects)?;
        Ok(())
    }
}

/// Returns a command that spawns one object of a schema by its name: see [`SlottedCommands::spawn_record`].
pub fn spawn_record(schema: impl Into<Cow<'static, str>>, record: Record) -> impl Command {
    let schema = schema.into();
    move |world: &mut World| -> Outcome {
        store_of(world)?.spawn_record(&schema, record)?;
        Ok(())
    }
}

/// Returns a command that spawns many objects of a schema by its name, all or none: see
/// [`SlottedCommands::spawn_records`].
pub fn spawn_records<I>(schema: impl Into<Cow<'static, str>>, records: I) -> impl Command
where
    I: IntoIterator<Item = Record> + Send + 'static,
{
    let schema = schema.into();
    move |world: &mut World| -> Outcome {
        store_of(world)?.spawn_records(&schema, records)?;
        Ok(())
    }
}

/// Returns a command that despawns one object: see [`SlottedCommands::despawn_object`].
pub fn despawn_object(id: ObjectId) -> impl Command {
    move |world: &mut World| -> Outcome { Ok(store_of(world)?.despawn(id)?) }
}

/// Returns a command that despawns many objects, all or none: see [`SlottedCommands::despawn_objects`].
pub fn despawn_objects(ids: impl Into<Vec<ObjectId>>) -> impl Command {
    let ids = ids.into();
    move |world: &mut World| -> Outcome { Ok(store_of(world)?.despawn_batch(&ids)?) }
}

/// Returns a command that despawns the objects that are still alive: see [`SlottedCommands::try_despawn_objects`].
pub fn try_despawn_objects(ids: impl Into<Vec<ObjectId>>) -> impl Command {
    let ids = ids.into();
    move |world: &mut World| -> Outcome {
        let store = store_of(world)?;
        for id in ids {
            if store.contains(id) {
                store.despawn(id)?;
            }
        }
        Ok(())
    }
}

/// Returns a command that sets one value by the slot's name: see [`SlottedCommands::set_value`].
pub fn set_value(
    id: ObjectId,
    slot: impl Into<Cow<'static, str>>,
    value: impl Into<Value>,
) -> impl Command {
    let (slot, value) = (slot.into(), value.into());
    move |world: &mut World| -> Outcome { Ok(store_of(world)?.set_value(id, &slot, value)?) }
}

/// Returns a command that registers the schema of a Rust type: see [`SlottedCommands::register_slotted`].
pub fn register_slotted<T: Slotted>() -> impl Command {
    move |world: &mut World| -> Outcome {
        store_of(world)?.register::<T>()?;
        Ok(())
    }
}

/// Returns a command that registers a schema that was built at run time: see [`SlottedCommands::register_schema`].
pub fn register_schema(schema: Schema) -> impl Command {
    move |world: &mut World| -> Outcome {
        store_of(world)?.register_schema(schema)?;
        Ok(())
    }
}

/// Returns a command that calls the closure with the store: see [`SlottedCommands::change_store`].
pub fn change_store<O: CommandOutput>(
    change: impl FnOnce(&mut Store) -> O + Send + 'static,
) -> impl Command {
    move |world: &mut World| -> Outcome { change(store_of(world)?).to_err().map_or(Ok(()), Err) }
}
