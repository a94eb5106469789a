//! What has changed in the store since the last frame, as Bevy messages.

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

use crate::plugin::{SlottedSystems, SlottedWorld, without_a_change};

/// The value of one slot of one object is another one than a frame ago.
///
/// See [`SlottedMessages::add_slot_messages`].
#[derive(Message, Clone, Debug, PartialEq)]
pub struct SlotChanged<F: SlotField> {
    /// The object, which was alive then and is now.
    pub id: ObjectId,
    /// The slot's name.
    pub slot: Arc<str>,
    /// Its value a frame ago.
    pub before: F,
    /// Its value now.
    pub after: F,
}

/// An object is alive that was not a frame ago.
///
/// See [`SlottedMessages::add_object_messages`].
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectSpawned {
    /// The object.
    pub id: ObjectId,
}

/// An object that was alive a frame ago is not any more.
///
/// See [`SlottedMessages::add_object_messages`].
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectDespawned {
    /// What was the object's id.
    pub id: ObjectId,
}

/// What has changed since the last frame is not known: the world has another store, or the store's schemas
/// have [migrated](Store::migrate).
///
/// Written wherever one of the other messages was asked for, in place of all of them. Who follows the objects
/// with messages looks at all of them anew.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesLost {
    /// Why the two cannot be compared.
    pub reason: SnapshotError,
}

/// Messages of what has changed in an app's store.
///
/// Frames are compared by what the store has in [`Last`], value by value and bit for bit, as
/// [`slotted::snapshot::changes`] does: writing an equal value is no change, nor is what came and went in between, and it
/// makes no difference by which way a value came, a view or a [`restore`](Store::restore). Before the first
/// comparison there was nothing, so that objects spawned at startup are reported by it. What is asked for later is
/// reported from the comparison after the next on.
///
/// # Cost
/// Nothing in an app that asks for none. Otherwise a snapshot each frame, one for all that was asked for: the first
/// write to each block of 8,192 rows in the next frame copies that block, and so much memory is taken besides.
/// Comparing looks at the blocks that were written to, of the slots that were asked for; a frame in which one of
/// these changed copies two bytes for each row of the store. A message of a slot holds a counted reference to its
/// name. Slots that change in most objects every frame are better followed by a system that looks at all of them.
///
/// # Errors
/// What was asked for is looked up when the store is compared for the first time, and again when there are other
/// schemas. A slot that its schema does not have, or has with another type, goes to Bevy's error handling as
/// a [`MessageRequestError`], once. So does a schema that is not registered yet, but as a
/// [warning](Severity::Warning), because it may come later.
///
/// # Observers
/// There are none: differences are found all at once, when what made them is past, and an observer would be run for
/// each without knowing any sooner. A system that reads the messages can trigger what events it likes.
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
/// app.update(); // the first frame: the unit is new, its slots have not changed
/// assert!(app.world().resource::<Deaths>().0.is_empty());
/// app.update();
/// app.update(); // 0.0 remains 0.0
/// assert_eq!(app.world().resource::<Deaths>().0, [unit]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SlottedMessages {
    /// Asks for a [`SlotChanged`] message for each object of the schema, or of one that
    /// [extends it](Store#schemas-that-extend-others), that has another value of the slot than a frame ago.
    ///
    /// `F` is the slot's type, an `Option` for an optional slot. Messages of all slots of one type come together,
    /// by schema, slot and row. Asking twice is asking once.
    fn add_slot_messages<'n, F: SlotField>(
        &mut self,
        schema: impl Into<SchemaSelector<'n>>,
        slot: impl Into<Arc<str>>,
    ) -> &mut Self;

    /// Asks for an [`ObjectSpawned`] and an [`ObjectDespawned`] message for each object of the schema, or of one that
    /// [extends it](Store#schemas-that-extend-others), that came or went since the last frame.
    ///
    /// An object that went and another one that came in its row are two, with two ids.
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

/// Slots or schemas of which messages were asked for, and which the store does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRequestError {
    problems: Vec<AccessError>,
}

impl MessageRequestError {
    /// What is wrong; at least one.
    #[must_use]
    pub fn problems(&self) -> &[AccessError] {
        &self.problems
    }

    /// The error with its severity: a schema may be registered later, a slot cannot be added.
    fn into_bevy(self) -> BevyError {
        let may_come = |problem: &AccessError| matches!(problem, AccessError::UnknownSchema { .. });
        let is_warning = self.problems.iter().all(may_come);
        let error = BevyError::from(self);
        if is_warning { error.with_severity(Severity::Warning) } else { error }
    }
}

impl fmt::Display for MessageRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages were asked for that there cannot be:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for MessageRequestError {}

/// What messages an app has asked for, and what the store was a frame ago.
#[derive(Default, Resource)]
struct Requests {
    slots: Vec<SlotRequest>,
    schemas: Vec<SchemaRequest>,
    plan: Plan,
    last: Option<Snapshot>,
}

struct SlotRequest {
    schema: AskedSchema,
    slot: Arc<str>,
    field: TypeId,
    check: fn(&Store, &AskedSchema, &str) -> Result<(), AccessError>,
    write: fn(&mut World, &Snapshot, &SlotChanges, &Arc<str>),
    /// What was reported to be wrong with it.
    told: Option<AccessError>,
}

struct SchemaRequest {
    schema: AskedSchema,
    told: Option<AccessError>,
}

/// A [`SchemaSelector`] that owns its name.
#[derive(Clone, PartialEq)]
struct AskedSchema {
    name: Arc<str>,
    is_exact: bool,
}

impl AskedSchema {
    fn selector(&self) -> SchemaSelector<'_> {
        if self.is_exact { exactly(&self.name) } else { (&self.name).into() }
    }

    /// The numbers of the schemas.
    fn numbers(&self, store: &Store) -> Result<Vec<usize>, AccessError> {
        Ok(store.schemas_of(self.selector())?.map(|schema| schema.id().index()).collect())
    }
}

impl From<SchemaSelector<'_>> for AskedSchema {
    fn from(selector: SchemaSelector<'_>) -> Self {
        Self { name: selector.name().into(), is_exact: selector.is_exact() }
    }
}

/// What is to be looked at of each schema; made for so many schemas.
#[derive(Default)]
struct Plan {
    schemas: Vec<SchemaPlan>,
}

#[derive(Clone, Default)]
struct SchemaPlan {
    /// By their numbers.
    slots: Vec<usize>,
    is_followed: bool,
}

fn requests(app: &mut App) -> Mut<'_, Requests> {
    if !app.world().contains_resource::<Requests>() {
        app.init_resource::<Requests>().add_message::<ChangesLost>();
        let system = write_messages.in_set(SlottedSystems::WriteMessages);
        // Objects that go with their entities are told of in the same frame.
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

    /// Looks up what was asked for, and tells what was not told before.
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
                // An object is of its own schema and of those that it extends: one message is enough.
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

/// Whether the look-up went well; keeps its error if that was not told before.
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

/// Compares the store with what it was, and writes what was asked for.
fn write_messages(world: &mut World) -> Result<(), BevyError> {
    // Not there where a world was cleared of its resources.
    world
        .try_resource_scope(|world, mut requests: Mut<Requests>| compare(world, &mut requests))
        .unwrap_or(Ok(()))
}

fn compare(world: &mut World, requests: &mut Requests) -> Result<(), BevyError> {
    // A store that is away is compared when it is back.
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
                // Other schemas: what the plan says of slots may be wrong.
                problems.extend(requests.make_plan(world.store()));
                write_batch(world, [ChangesLost { reason }]);
            }
        }
        without_a_change(world, |store| store.recycle(before));
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
        store.column(store.key::<F>(exactly(changes.schema()), changes.slot())?)
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

/// Writes messages that are still asked for: a world can be cleared of its resources.
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
    fn comparing_is_no_change_of_the_store() {
        let mut app = App::new();
        app.add_plugins(SlottedPlugin::default()).add_object_messages("unit");
        // The schema is missed by then.
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
