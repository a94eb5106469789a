//! Bevy messages about changes in the store since the last frame.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use bevy_app::{App, Last};
use bevy_ecs::change_detection::Mut;
use bevy_ecs::error::{BevyError, Severity};
use bevy_ecs::message::{Message, Messages};
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::IntoScheduleConfigs;
use bevy_ecs::world::World;
use slotted::{
    AccessError, ObjectId, Snapshot, SnapshotError, Store, exactly, schema::RegisteredSchema,
    schema::SchemaSelector, slot_value::SlotField, snapshot::Changes, snapshot::SlotChanges,
    snapshot::changes_of, view::SlotColumn,
};

use crate::error_debug::debug_as_display;
use crate::plugin::{SlottedSystems, SlottedWorld, without_a_change};

/// A message that one slot of one object has another value than in the last frame.
///
/// See [`SlottedMessages::add_slot_messages`].
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// fn print_damage(mut changes: MessageReader<SlotChanged<f32>>) {
///     for change in changes.read().filter(|change| change.after < change.before) {
///         println!("{} {}: {} -> {}", change.id, change.slot, change.before, change.after);
///     }
/// }
/// # bevy_ecs::system::assert_is_system(print_damage);
/// ```
#[derive(Message, Clone, Debug, PartialEq)]
pub struct SlotChanged<F: SlotField> {
    /// The object, which is alive in both frames.
    pub id: ObjectId,
    /// The slot's name.
    pub slot: Arc<str>,
    /// The slot's value in the last frame.
    pub before: F,
    /// The slot's value now.
    pub after: F,
}

/// A message that an object was spawned since the last frame.
///
/// See [`SlottedMessages::add_object_messages`].
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectSpawned {
    /// The object's id.
    pub id: ObjectId,
}

/// A message that an object was despawned since the last frame.
///
/// See [`SlottedMessages::add_object_messages`].
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectDespawned {
    /// The id that the object had.
    pub id: ObjectId,
}

/// A message that the changes since the last frame are unknown: the world has another store, or the store's schemas
/// have [migrated](Store::migrate).
///
/// Apps that requested other messages get this one instead of them. A system that mirrors objects with the
/// help of messages must then read all objects again.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::ChangesLost;
///
/// fn warn_of_lost_changes(mut lost: MessageReader<ChangesLost>) {
///     for message in lost.read() {
///         println!("all objects must be read again: {}", message.reason);
///     }
/// }
/// # bevy_ecs::system::assert_is_system(warn_of_lost_changes);
/// ```
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesLost {
    /// The reason why the two frames cannot be compared.
    pub reason: SnapshotError,
}

/// Requests messages about changes in an app's store.
///
/// Each frame, a system in [`Last`] compares the store with its state of the last frame, bit for bit, as
/// [`slotted::snapshot::changes`] does. Writing an equal value is not a change, nor is a value that was changed and
/// changed back within a frame. The cause of a change makes no difference: views, keys and
/// [`restore`](Store::restore) are all seen.
///
/// The first comparison reports all living objects as spawned. Requests after that take effect one comparison later.
///
/// # Cost
/// An app without requests pays nothing. Otherwise the system takes one snapshot each frame for all requests. The
/// first write to each block of 8,192 rows in the next frame then copies that block and keeps both in memory.
/// A comparison reads the blocks of the requested slots that were written. In a frame with such changes it also copies
/// 2 bytes for each row of the store. A slot message holds a counted reference to the slot's name. If most objects
/// change every frame, a system that reads all objects is cheaper.
///
/// # Errors
/// The first comparison resolves the requested names; it does so again after schemas were registered. A slot that its
/// schema does not have, or has with another type, goes to Bevy's error handler as a [`MessageRequestError`], once.
/// A schema that is not registered does too, but as a [warning](Severity::Warning), because it may be registered later.
///
/// # Observers
/// Changes do not trigger observers: a comparison finds all of them at once, after the fact. A system that reads the
/// messages can trigger events.
///
/// ```
/// use bevy_app::prelude::*;
/// use bevy_ecs::prelude::*;
/// use bevy_slotted::prelude::*;
///
/// #[derive(Slotted, Clone, Copy)]
/// struct Unit { health: f32 }
///
/// #[derive(View)]
/// struct Health<'a> { health: &'a mut f32 }
///
/// fn damage(mut units: Slots<Health>) {
///     units.for_each(|unit| *unit.health = (*unit.health - 60.0).max(0.0));
/// }
///
/// #[derive(Resource, Default)]
/// struct Deaths(Vec<ObjectId>);
///
/// fn notice(mut changes: MessageReader<SlotChanged<f32>>, mut deaths: ResMut<Deaths>) {
///     let dead = changes.read().filter(|change| change.after == 0.0);
///     deaths.0.extend(dead.map(|change| change.id));
/// }
///
/// let mut app = App::new();
/// app.add_plugins(SlottedPlugin::default())
///     .register_slotted::<Unit>()
///     .add_slot_messages::<f32>("unit", "health")
///     .init_resource::<Deaths>()
///     .add_systems(Update, damage)
///     .add_systems(Last, notice.after(SlottedSystems::WriteMessages));
/// let unit = app.world_mut().store_mut().spawn(Unit { health: 100.0 })?;
/// app.update(); // the first frame: the unit is new, so its slots have not changed
/// assert!(app.world().resource::<Deaths>().0.is_empty());
/// app.update();
/// app.update(); // 0.0 stays 0.0
/// assert_eq!(app.world().resource::<Deaths>().0, [unit]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SlottedMessages {
    /// Requests a [`SlotChanged`] message for each object of the schema, or of one that extends it, whose value of the
    /// slot changed since the last frame.
    ///
    /// `F` is the slot's type, an `Option` for an optional slot. The messages of all slots of one type come in one
    /// queue, in the order of schema, slot and row. A repeated request has no effect.
    fn add_slot_messages<'n, F: SlotField>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: impl Into<Arc<str>>,
    ) -> &mut Self;

    /// Requests an [`ObjectSpawned`] or [`ObjectDespawned`] message for each object of the schema, or of one that extends
    /// it, that was spawned or despawned since the last frame.
    ///
    /// An object that reuses the row of a despawned one has another id, so both get a message.
    fn add_object_messages<'n>(&mut self, schema: impl Into<SchemaSelector<'n>>) -> &mut Self;
}

impl SlottedMessages for App {
    fn add_slot_messages<'n, F: SlotField>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: impl Into<Arc<str>>,
    ) -> &mut Self {
        self.add_message::<SlotChanged<F>>();
        requests(self).add_slot(SlotRequest {
            schema: schema.into().into(),
            slot: slot.into(),
            field: TypeId::of::<F>(),
            check: |store, schema, slot| store.key::<F>(schema.selector(), slot).map(drop),
            write: write_changes::<F>,
            told: None,
        });
        self
    }

    fn add_object_messages<'n>(&mut self, schema: impl Into<SchemaSelector<'n>>) -> &mut Self {
        self.add_message::<ObjectSpawned>().add_message::<ObjectDespawned>();
        requests(self).add_schema(SchemaRequest { schema: schema.into().into(), told: None });
        self
    }
}

/// The error of [requested messages](SlottedMessages) about slots or schemas that the store does not have.
#[derive(Clone, PartialEq)]
pub struct MessageRequestError {
    problems: Vec<AccessError>,
}

debug_as_display!(MessageRequestError);

impl MessageRequestError {
    /// Returns the problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[AccessError] {
        &self.problems
    }

    /// Returns the error with its severity: a schema may be registered later, but a slot cannot be added.
    fn into_bevy(self) -> BevyError {
        let may_come = |problem: &AccessError| matches!(problem, AccessError::UnknownSchema { .. });
        let is_warning = self.problems.iter().all(may_come);
        let error = BevyError::from(self);
        if is_warning { error.with_severity(Severity::Warning) } else { error }
    }
}

impl fmt::Display for MessageRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("requested change messages are impossible:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for MessageRequestError {}

/// The requests of an app, and the store's state in the last frame.
#[derive(Default, Resource)]
struct Requests {
    slots: Vec<SlotRequest>,
    schemas: Vec<SchemaRequest>,
    plan: Plan,
    last: Option<Snapshot>,
}

struct SlotRequest {
    schema: RequestedSchema,
    slot: Arc<str>,
    field: TypeId,
    check: fn(&Store, &RequestedSchema, &str) -> Result<(), AccessError>,
    write: fn(&mut World, &Snapshot, &SlotChanges, &Arc<str>),
    /// The problem that was last reported.
    told: Option<AccessError>,
}

struct SchemaRequest {
    schema: RequestedSchema,
    told: Option<AccessError>,
}

/// A [`SchemaSelector`] with its own name.
#[derive(Clone, PartialEq)]
struct RequestedSchema {
    name: Arc<str>,
    is_exact: bool,
}

impl RequestedSchema {
    fn selector(&self) -> SchemaSelector<'_> {
        if self.is_exact { exactly(&self.name) } else { (&self.name).into() }
    }

    /// Returns the indices of the schemas.
    fn numbers(&self, store: &Store) -> Result<Vec<usize>, AccessError> {
        Ok(store.schemas_of(self.selector())?.map(|schema| schema.id().index()).collect())
    }
}

impl From<SchemaSelector<'_>> for RequestedSchema {
    fn from(selector: SchemaSelector<'_>) -> Self {
        Self { name: selector.name().into(), is_exact: selector.is_exact() }
    }
}

/// The requests for each schema, as of the number of schemas at that time.
#[derive(Default)]
struct Plan {
    schemas: Vec<SchemaPlan>,
}

#[derive(Clone, Default)]
struct SchemaPlan {
    /// Indices into [`Requests::slots`].
    slots: Vec<usize>,
    is_followed: bool,
}

fn requests(app: &mut App) -> Mut<'_, Requests> {
    if !app.world().contains_resource::<Requests>() {
        app.init_resource::<Requests>().add_message::<ChangesLost>();
        let system = write_messages.in_set(SlottedSystems::WriteMessages);
        // Objects that despawn with their entities are reported in the same frame.
        app.add_systems(Last, system.after(SlottedSystems::SyncLinks));
    }
    app.world_mut().resource_mut::<Requests>()
}

impl Requests {
    fn add_slot(&mut self, new: SlotRequest) {
        let is_same = |old: &SlotRequest| {
            (&old.schema, &old.slot, old.field) == (&new.schema, &new.slot, new.field)
        };
        if !self.slots.iter().any(is_same) {
            self.slots.push(new);
            self.plan = Plan::default();
        }
    }

    fn add_schema(&mut self, new: SchemaRequest) {
        if !self.schemas.iter().any(|old| old.schema == new.schema) {
            self.schemas.push(new);
            self.plan = Plan::default();
        }
    }

    /// Resolves the requests and returns the problems that were not reported before.
    fn make_plan(&mut self, store: &Store) -> Vec<AccessError> {
        let mut problems = Vec::new();
        let mut plan = vec![SchemaPlan::default(); store.schemas().len()];
        for number in 0..self.slots.len() {
            let request = &mut self.slots[number];
            let checked = (request.check)(store, &request.schema, &request.slot);
            if !note(checked, &mut request.told, &mut problems) {
                continue;
            }
            let request = &self.slots[number];
            for schema in request.schema.numbers(store).unwrap_or_default() {
                let SchemaPlan { slots, .. } = &mut plan[schema];
                // Requests for a schema and for its base may match the same object: one message is enough.
                let is_same = |other: &usize| {
                    let other = &self.slots[*other];
                    (&other.slot, other.field) == (&request.slot, request.field)
                };
                if !slots.iter().any(is_same) {
                    slots.push(number);
                }
            }
        }
        for request in &mut self.schemas {
            let found = request.schema.numbers(store);
            if note(
                found.as_ref().map(drop).map_err(Clone::clone),
                &mut request.told,
                &mut problems,
            ) {
                for schema in found.unwrap_or_default() {
                    plan[schema].is_followed = true;
                }
            }
        }
        self.plan = Plan { schemas: plan };
        problems
    }

    fn is_wanted(&self, schema: &RegisteredSchema, slot: &str) -> bool {
        let plan = self.plan.schemas.get(schema.id().index());
        plan.is_some_and(|plan| plan.slots.iter().any(|number| &*self.slots[*number].slot == slot))
    }

    fn is_followed(&self, id: ObjectId) -> bool {
        self.plan.schemas.get(id.schema().index()).is_some_and(|plan| plan.is_followed)
    }

    fn write(&self, world: &mut World, before: &Snapshot, changes: &Changes) {
        for slot in changes.slots() {
            let schema = world.store().schema(slot.schema()).map(RegisteredSchema::id);
            let plan = schema.and_then(|schema| self.plan.schemas.get(schema.index()));
            let requests = plan.into_iter().flat_map(|plan| &plan.slots);
            for request in requests.map(|number| &self.slots[*number]) {
                if &*request.slot == slot.slot() {
                    (request.write)(world, before, slot, &request.slot);
                }
            }
        }
        let followed = |ids: &[ObjectId]| -> Vec<ObjectId> {
            ids.iter().copied().filter(|id| self.is_followed(*id)).collect()
        };
        let despawned = followed(changes.despawned()).into_iter();
        write_batch(world, despawned.map(|id| ObjectDespawned { id }));
        let spawned = followed(changes.spawned()).into_iter();
        write_batch(world, spawned.map(|id| ObjectSpawned { id }));
    }
}

/// Returns `true` if the look-up succeeded, and records its error if that was not reported before.
fn note(
    checked: Result<(), AccessError>,
    told: &mut Option<AccessError>,
    problems: &mut Vec<AccessError>,
) -> bool {
    let problem = checked.err();
    if *told != problem {
        problems.extend(problem.clone());
        *told = problem;
    }
    told.is_none()
}

/// Compares the store with its last state and writes the requested messages.
fn write_messages(world: &mut World) -> Result<(), BevyError> {
    // The resource is missing if the world's resources were cleared.
    world
        .try_resource_scope(|world, mut requests: Mut<Requests>| compare(world, &mut requests))
        .unwrap_or(Ok(()))
}

fn compare(world: &mut World, requests: &mut Requests) -> Result<(), BevyError> {
    // A removed store is compared when the world has it again.
    let Some(now) = without_a_change(world, Store::snapshot) else { return Ok(()) };
    let store = world.store();
    let mut problems = Vec::new();
    if requests.plan.schemas.len() != store.schemas().len() || requests.last.is_none() {
        problems = requests.make_plan(store);
    }
    if let Some(before) = requests.last.take() {
        let changes =
            changes_of(&before, &now, |schema, slot| requests.is_wanted(schema, slot.name()));
        match changes {
            Ok(changes) => requests.write(world, &before, &changes),
            Err(reason) => {
                // The schemas may have changed, so the plan is outdated.
                problems.extend(requests.make_plan(world.store()));
                write_batch(world, [ChangesLost { reason }]);
            }
        }
        without_a_change(world, |store| store.reuse_memory_of(before));
    } else {
        let spawned: Vec<_> = world.store().ids().filter(|id| requests.is_followed(*id)).collect();
        write_batch(world, spawned.into_iter().map(|id| ObjectSpawned { id }));
    }
    requests.last = Some(now);
    if problems.is_empty() { Ok(()) } else { Err(MessageRequestError { problems }.into_bevy()) }
}

fn write_changes<F: SlotField>(
    world: &mut World,
    before: &Snapshot,
    changes: &SlotChanges,
    slot: &Arc<str>,
) {
    fn column<'s, F: SlotField>(
        store: &'s Store,
        changes: &SlotChanges,
    ) -> Result<SlotColumn<'s, F>, AccessError> {
        Ok(store.column(store.key::<F>(exactly(changes.schema()), changes.slot())?)?)
    }
    world.try_resource_scope(|world, mut messages: Mut<Messages<SlotChanged<F>>>| {
        let columns = (column::<F>(before, changes), column::<F>(world.store(), changes));
        let (Ok(was), Ok(is)) = columns else { return };
        let message = |id: &ObjectId| {
            let (before, after) = (was.get(*id)?, is.get(*id)?);
            Some(SlotChanged { id: *id, slot: Arc::clone(slot), before, after })
        };
        messages.write_batch(changes.ids().iter().filter_map(message));
    });
}

/// Writes the messages, unless the world's resources were cleared.
fn write_batch<M: Message>(world: &mut World, batch: impl IntoIterator<Item = M>) {
    let mut batch = batch.into_iter().peekable();
    if batch.peek().is_some()
        && let Some(mut messages) = world.get_resource_mut::<Messages<M>>()
    {
        messages.write_batch(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lending::StoreCell;
    use crate::plugin::SlottedPlugin;

    #[test]
    fn comparing_does_not_mark_the_store_as_changed() {
        let mut app = App::new();
        app.add_plugins(SlottedPlugin::default()).add_object_messages("unit");
        // The schema is not registered, which is an error.
        app.insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
        let changed = |app: &mut App| {
            app.update();
            let ticks = app.world().get_resource_change_ticks::<StoreCell>();
            ticks.expect("there is a store").changed
        };
        let before = changed(&mut app);
        assert_eq!(changed(&mut app), before);
        app.world_mut().store_mut();
        assert_ne!(changed(&mut app), before);
    }
}
