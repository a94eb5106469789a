//! Changes to the store, deferred through Bevy's [`Commands`].
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
/// * [`change_objects`](Self::change_objects) makes several changes, all or none, through the core's
///   [`slotted::Commands`]. Ids of new objects are known in its closure.
/// * The methods for one object, such as [`spawn_object`](Self::spawn_object), are commands of one change. Each takes
///   **O(1)** time.
/// * [`change_store`](Self::change_store) gives access to the whole store.
///
/// Each command is applied as a whole or, on an error, not at all. The error goes to Bevy's error handler unchanged; only
/// that of [`despawn_object`](Self::despawn_object) becomes a warning. A handler finds the error of the core, such as [`SpawnError`](slotted::SpawnError) or
/// [`CommandsError`](slotted::commands::CommandsError), or [`NoStore`], with [`BevyError::downcast_ref`]. If the handler
/// returns, the later commands are still applied. Bevy's default handler panics.
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
///     commands.spawn_object(Shot { energy: 0.5 });
///     commands.spawn_record("shot", record! { energy: 5.0 });
/// }
///
/// fn fade(mut shots: Slots<Energy>, mut commands: Commands) {
///     for shot in &mut shots {
///         *shot.energy -= 1.0;
///         if *shot.energy <= 0.0 {
///             commands.despawn_object(shot.id);
///         }
///     }
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default()).register_slotted::<Shot>();
/// app.add_systems(Update, (fire, fade).chain()); // Bevy adds a sync point between them
/// app.update();
/// assert_eq!(app.world().store().len(), 1);
/// ```
///
/// # Ids of new objects
///
/// Ids are known at the sync point, not before: the commands of other systems, applied earlier, may take the same
/// rows. So the closure of [`change_objects`](Self::change_objects) refers to new objects, and a system does not.
///
/// # Order
///
/// Commands of one system are applied in the order in which it queued them, those of several systems in the order of
/// the schedule. Neither depends on threads, so the same systems make the same world on every run.
///
/// Bevy's [`ParallelCommands`](bevy_ecs::system::ParallelCommands) are the exception. They apply the commands of each
/// thread together, in an order that differs between runs; so the ids of new objects differ, too. The core's
/// [`ParallelCommands`](slotted::commands::ParallelCommands) sort what threads record by an order number, such as the id
/// of the visited object:
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
/// use bevy_slotted::slotted::commands::ParallelCommands;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Gun { heat: f32 }
/// #[derive(Slotted, Clone, Copy)]
/// struct Shot { by: ObjectId }
/// #[derive(View)]
/// struct Guns<'a> { id: ObjectId, heat: &'a mut f32 }
///
/// fn fire(mut guns: Slots<Guns>, mut commands: Commands) {
///     let recorded = ParallelCommands::new();
///     guns.par_for_each(|gun| {
///         *gun.heat -= 1.0;
///         if *gun.heat <= 0.0 {
///             let by = gun.id;
///             recorded.at(by, move |commands| commands.spawn(Shot { by }).map(drop));
///         }
///     });
///     commands.change_objects(|commands| recorded.record(commands));
/// }
///
/// let mut app = App::new();
/// app.add_plugins((TaskPoolPlugin::default(), SlottedPlugin::default()));
/// app.register_slotted::<Gun>().register_slotted::<Shot>().add_systems(Update, fire);
/// app.world_mut().store_mut().spawn_batch((0..100).map(|n| Gun { heat: (n % 4) as f32 }))?;
/// app.update();
/// assert_eq!(app.world().store().len_of("shot")?, 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SlottedCommands {
    /// Records changes in the closure and makes all of them, or none: [`Store::commands`] and
    /// [`apply`](slotted::Commands::apply).
    ///
    /// Computes in **O(changes)** time, plus that of [`Store::commands`] for schemas and free rows. So a system queues its changes together, not one
    /// `change_objects` for each object.
    ///
    /// # Errors
    /// If the closure returns an error, nothing is changed, and Bevy's error handler gets the error. If changes are
    /// refused, it gets a [`CommandsError`](slotted::commands::CommandsError) that names every problem.
    ///
    /// ```
    /// # use bevy_app::prelude::*;
    /// # use bevy_ecs::prelude::*;
    /// # use bevy_slotted::prelude::*;
    /// # use bevy_slotted::slotted::SpawnError;
    /// #[derive(Slotted, Clone, Copy)]
    /// struct Orc { health: f32, leader: ObjectId }
    ///
    /// #[derive(View)]
    /// struct Dying<'a> { id: ObjectId, health: &'a f32 }
    ///
    /// fn raid(mut commands: Commands) {
    ///     commands.change_objects(|commands| -> Result<(), SpawnError> {
    ///         let leader = commands.spawn_with(|own| Orc { health: 200.0, leader: own })?;
    ///         (1..=3).try_for_each(|n| commands.spawn(Orc { health: n as f32, leader }).map(drop))
    ///     });
    /// }
    ///
    /// fn bury(orcs: SlotsRef<Dying>, mut commands: Commands) {
    ///     let dead: Vec<_> = orcs.iter().filter(|orc| *orc.health < 2.0).map(|orc| orc.id).collect();
    ///     // Another system may have despawned some of them: `despawn` would refuse, `try_despawn` skips them.
    ///     commands.change_objects(|commands| dead.into_iter().for_each(|id| commands.try_despawn(id)));
    /// }
    ///
    /// # let mut app = App::new();
    /// # app.add_plugins(SlottedPlugin::default()).register_slotted::<Orc>();
    /// # app.add_systems(Update, (raid, bury).chain());
    /// # app.update();
    /// # assert_eq!(app.world().store().len(), 3);
    /// ```
    fn change_objects<O: CommandOutput>(
        &mut self,
        record: impl FnOnce(&mut slotted::Commands) -> O + Send + 'static,
    );

    /// Spawns one object: [`Store::spawn`].
    fn spawn_object<T: Slotted>(&mut self, object: T);

    /// Spawns one object of a schema by its name: [`Store::spawn_record`].
    fn spawn_record(&mut self, schema: impl Into<Cow<'static, str>>, record: Record);

    /// Despawns one object: [`Store::despawn`]. An object that is dead by then is a warning, as for
    /// [`EntityCommands::despawn`](bevy_ecs::system::EntityCommands::despawn).
    fn despawn_object(&mut self, id: ObjectId);

    /// Despawns one object, unless it is dead at the sync point.
    ///
    /// Several systems may despawn the same object this way.
    fn try_despawn_object(&mut self, id: ObjectId);

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
    /// [`change_objects`](Self::change_objects), or [`Store::transaction`] in the closure.
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
    fn change_objects<O: CommandOutput>(
        &mut self,
        record: impl FnOnce(&mut slotted::Commands) -> O + Send + 'static,
    ) {
        self.queue(change_objects(record));
    }

    fn spawn_object<T: Slotted>(&mut self, object: T) {
        self.queue(spawn_object(object));
    }

    fn spawn_record(&mut self, schema: impl Into<Cow<'static, str>>, record: Record) {
        self.queue(spawn_record(schema, record));
    }

    fn despawn_object(&mut self, id: ObjectId) {
        self.queue_handled(despawn_object(id), warn);
    }

    fn try_despawn_object(&mut self, id: ObjectId) {
        self.queue(try_despawn_object(id));
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

/// Returns a command that makes several changes, all or none: see [`SlottedCommands::change_objects`].
pub fn change_objects<O: CommandOutput>(
    record: impl FnOnce(&mut slotted::Commands) -> O + Send + 'static,
) -> impl Command {
    move |world: &mut World| -> Outcome {
        let store = store_of(world)?;
        let mut commands = store.commands();
        record(&mut commands).to_err().map_or(Ok(()), Err)?;
        Ok(commands.apply(store)?)
    }
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

/// Returns a command that spawns one object of a schema by its name: see [`SlottedCommands::spawn_record`].
pub fn spawn_record(schema: impl Into<Cow<'static, str>>, record: Record) -> impl Command {
    let schema = schema.into();
    move |world: &mut World| -> Outcome {
        store_of(world)?.spawn_record(&schema, record)?;
        Ok(())
    }
}

/// Returns a command that despawns one object: see [`SlottedCommands::despawn_object`].
pub fn despawn_object(id: ObjectId) -> impl Command {
    move |world: &mut World| -> Outcome { Ok(store_of(world)?.despawn(id)?) }
}

/// Returns a command that despawns one object if it is still alive: see [`SlottedCommands::try_despawn_object`].
pub fn try_despawn_object(id: ObjectId) -> impl Command {
    move |world: &mut World| -> Outcome {
        store_of(world)?.try_despawn_batch(&[id]);
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
