//! Moves the objects of a map store to a store with inferred schemas.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::infer::observed::has_references;
use crate::infer::{Inference, InferenceOptions, Proposal};
use slotted::ByName;
use slotted::MapStore;
use slotted::ObjectId;
use slotted::Record;
use slotted::SchemaError;
use slotted::Store;
use slotted::Value;
use slotted::error::Despawned;
use slotted::{AccessError, SpawnError};

/// The result of [`into_store`]: the new store, and the data that slots cannot hold.
#[derive(Debug)]
#[non_exhaustive]
pub struct MovedObjects {
    /// The new store, with the proposed schemas.
    pub store: Store,
    /// The old and new id of each object, sorted by the old one.
    pub ids: Vec<(ObjectId, ObjectId)>,
    /// The attributes without a slot, by new id. References in them are translated.
    pub leftovers: Vec<(ObjectId, Record)>,
    /// References to dead objects, which are unset now.
    pub dead_references: Vec<DeadReference>,
    /// The proposal for each schema.
    pub proposals: Vec<Proposal>,
    /// The counts, and the memory before and after.
    pub report: MoveReport,
}

impl MovedObjects {
    /// Returns the new id of an object.
    ///
    /// Computes in **O(log n)** time.
    ///
    /// # Example
    /// ```
    /// use slotted::{ByName, MapStore, record};
    /// use slotted_definitions::infer::{InferenceOptions, into_store};
    ///
    /// let mut map = MapStore::new();
    /// let grom = map.spawn_record("orc", record! { name: "Grom" })?;
    /// let moved = into_store(map, &InferenceOptions::default())?;
    /// assert!(moved.store.contains(moved.new_id(grom).unwrap()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new_id(&self, old: ObjectId) -> Option<ObjectId> {
        new_id(&self.ids, old)
    }
}

/// A reference to a dead object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadReference {
    /// The new id of the object with the reference.
    pub object: ObjectId,
    /// The name of the attribute. Parts of a map follow a dot, as in `orders.kill`.
    pub attribute: Arc<str>,
    /// The dead id, of the old store.
    pub found: ObjectId,
}

/// Counts of [`into_store`], and the memory before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveReport {
    /// The number of objects.
    pub objects: usize,
    /// The number of values that are [left over](MovedObjects::leftovers).
    pub leftovers: usize,
    /// The number of dead references.
    pub dead_references: usize,
    /// The [heap memory](MapStore::heap_bytes) of the old store.
    pub bytes_before: usize,
    /// The [heap memory](Store::memory_report) of the new one.
    pub bytes_after: usize,
    /// The approximate memory of the leftovers.
    pub bytes_left_over: usize,
}

impl fmt::Display for MoveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { objects, leftovers, dead_references, .. } = self;
        let (before, after) = (self.bytes_before, self.bytes_after);
        write!(f, "{objects} objects: {before} bytes before, {after} after")?;
        if *leftovers > 0 {
            write!(f, "; {leftovers} values left over, {} bytes", self.bytes_left_over)?;
        }
        if *dead_references > 0 {
            write!(f, "; {dead_references} dead references")?;
        }
        Ok(())
    }
}

/// The reason of an [`IntoStoreError`].
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// A schema name is invalid, or there are too many schemas.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The new store reaches a limit on spawning.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The new store reaches a limit on writing.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<Despawned> for MoveError {
    fn from(error: Despawned) -> Self {
        Self::Access(error.into())
    }
}

/// An error of [`into_store`], with the unchanged map store.
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct IntoStoreError {
    /// The map store, with all its objects.
    pub store: MapStore,
    /// The reason.
    pub error: MoveError,
}

crate::error::debug_as_display!(MoveError);

impl fmt::Debug for IntoStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Moves all objects to a [`Store`] with schemas that are [inferred](Inference) from them.
///
/// Objects get new ids, and references are translated, cycles and lists included. If all references of an
/// attribute lead to objects of one schema, its slot [names it](slotted::schema::Slot::references). No data
/// is lost: attributes without a slot are [left over](MovedObjects::leftovers), and references to dead
/// objects are [listed](MovedObjects::dead_references).
///
/// Both stores are in memory at the same time.
///
/// # Errors
/// Returns an error if a schema name is invalid, or the new store reaches a limit. The error contains the
/// unchanged map store.
///
/// # Example
/// ```
/// use slotted::{ByName, MapStore, record};
/// use slotted_definitions::infer::{InferenceOptions, into_store};
/// let mut map = MapStore::new();
/// let grom = map.spawn_record("orc", record! { name: "Grom", health: 80 })?;
/// let zog = map.spawn_record("orc", record! { name: "Zog", health: 65.5, leader: grom })?;
/// map.set_value(grom, "drops", [["axe", "gold"], ["hide", "bone"]].into())?;
/// map.set_value(zog, "mood", "grim".into())?;
/// map.set_value(grom, "mood", 3.into())?;
///
/// let moved = into_store(map, &InferenceOptions::default())?;
/// let slots: Vec<String> =
///     moved.store.schema("orc").unwrap().slots().iter().map(ToString::to_string).collect();
/// let (drops, lengths) = ("drops[]: list(text), optional", "drops[]#: list(u32), optional");
/// let leader = "leader: object, optional, references 'orc'";
/// assert_eq!(slots[..4], ["name: text", "health: f32", drops, lengths]);
/// assert_eq!(slots[4..6], ["mood|: enum(number, text)", leader]);
///
/// let (grom, zog) = (moved.new_id(grom).unwrap(), moved.new_id(zog).unwrap());
/// assert_eq!(moved.store.get_value(zog, "leader")?, grom.into());
/// assert_eq!(moved.store.get_value(zog, "mood")?, "grim".into());
/// assert!(moved.leftovers.is_empty());
/// println!("{}\n{}", moved.proposals[0], moved.report);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn into_store(
    map: MapStore,
    options: &InferenceOptions,
) -> Result<MovedObjects, Box<IntoStoreError>> {
    match move_objects(&map, options) {
        Ok(moved) => Ok(moved),
        Err(error) => Err(Box::new(IntoStoreError { store: map, error })),
    }
}

fn move_objects(old: &MapStore, options: &InferenceOptions) -> Result<MovedObjects, MoveError> {
    let mut store = Store::new();
    let proposals = propose(old, options)?;
    for proposal in proposals.iter().flatten() {
        store.register_schema(proposal.schema().clone())?;
    }
    let proposal_of = |id: ObjectId| proposals.get(id.schema().index())?.as_ref();
    let objects: Vec<(ObjectId, &Proposal)> =
        old.ids().filter_map(|id| Some((id, proposal_of(id)?))).collect();
    let names = objects.iter().map(|(_, proposal)| proposal.schema().name());
    let mut reserved = store.reserve_ids(names)?;
    let new: Vec<ObjectId> = reserved.ids().to_vec();
    let mut ids: Vec<_> = objects.iter().map(|(id, _)| *id).zip(new.iter().copied()).collect();
    ids.sort_unstable();
    let (mut leftovers, mut dead_references) = (Vec::new(), Vec::new());
    let mut translator = Translator { ids: &ids, dead: &mut dead_references };
    for (number, ((id, proposal), new)) in objects.into_iter().zip(new).enumerate() {
        let (slots, mut rest) = proposal.split(old.get_record(id)?);
        let mut record = Record::with_capacity(slots.len());
        for (name, value) in slots {
            match living(&value, old) {
                Some(_) => {
                    let value = translator.value(new, &name, &value);
                    record.push(name, value);
                }
                None => rest.push(name, value),
            }
        }
        reserved.write_record(number, &record)?;
        if !rest.is_empty() {
            leftovers.push((new, rest));
        }
    }
    reserved.spawn()?;
    leftovers.sort_by_key(|(object, _)| *object);
    let mut bytes_left_over = 0;
    for (object, rest) in &mut leftovers {
        let translated = rest
            .iter()
            .map(|(name, value)| (name.to_owned(), translator.value(*object, name, value)));
        *rest = translated.collect();
        bytes_left_over += rest.heap_bytes();
    }
    let report = MoveReport {
        objects: ids.len(),
        leftovers: leftovers.iter().map(|(_, rest)| rest.len()).sum(),
        dead_references: dead_references.len(),
        bytes_before: old.heap_bytes(),
        bytes_after: store.memory_report().total(),
        bytes_left_over,
    };
    let proposals = proposals.into_iter().flatten().collect();
    Ok(MovedObjects { store, ids, leftovers, dead_references, proposals, report })
}

/// Returns the proposals, indexed by the schemas of the map store.
fn propose(old: &MapStore, options: &InferenceOptions) -> Result<Vec<Option<Proposal>>, MoveError> {
    let mut inferences: Vec<Option<(Arc<str>, Inference)>> = Vec::new();
    let schema_of = |id| old.schema_of(id).ok().cloned();
    for id in old.ids() {
        let schema = id.schema().index();
        if inferences.len() <= schema {
            inferences.resize_with(schema + 1, || None);
        }
        if inferences[schema].is_none() {
            inferences[schema] = Some((Arc::clone(old.schema_of(id)?), Inference::new(*options)));
        }
        let Some((_, inference)) = &mut inferences[schema] else { continue };
        let record = old.get_record(id)?;
        let values: Vec<_> = record
            .iter()
            .map(|(name, value)| (name, living(value, old).unwrap_or_default()))
            .collect();
        inference
            .observe_in_store(values.iter().map(|(name, value)| (*name, &**value)), &schema_of);
    }
    let finish = |inference: Option<(Arc<str>, Inference)>| match inference {
        Some((schema, inference)) => inference.finish(schema).map(Some),
        None => Ok(None),
    };
    Ok(inferences.into_iter().map(finish).collect::<Result<_, SchemaError>>()?)
}

/// Returns the value without references to dead objects. Returns `None` if a list has one: its elements cannot be unset.
fn living<'v>(value: &'v Value, old: &MapStore) -> Option<Cow<'v, Value>> {
    if !has_references(value) {
        return Some(Cow::Borrowed(value));
    }
    Some(match value {
        Value::Object(id) if !old.contains(*id) => Cow::Owned(Value::Unset),
        Value::Map(map) => {
            let part = |(name, value): &(Arc<str>, Value)| {
                Some((Arc::clone(name), living(value, old)?.into_owned()))
            };
            Cow::Owned(Value::Map(map.iter().map(part).collect::<Option<_>>()?))
        }
        Value::List(list) => {
            let is_same = |value: &Value| living(value, old).is_some_and(|own| *own == *value);
            return list.iter().all(is_same).then_some(Cow::Borrowed(value));
        }
        value => Cow::Borrowed(value),
    })
}

fn new_id(ids: &[(ObjectId, ObjectId)], old: ObjectId) -> Option<ObjectId> {
    let position = ids.binary_search_by_key(&old, |(old, _)| *old).ok()?;
    Some(ids[position].1)
}

/// Translates references to new ids, and unsets dead ones.
struct Translator<'a> {
    ids: &'a [(ObjectId, ObjectId)],
    dead: &'a mut Vec<DeadReference>,
}

impl Translator<'_> {
    fn value(&mut self, object: ObjectId, attribute: &str, value: &Value) -> Value {
        match value {
            value if !has_references(value) => value.clone(),
            Value::Object(found) => match new_id(self.ids, *found) {
                Some(id) => id.into(),
                None => {
                    let (attribute, found) = (attribute.into(), *found);
                    self.dead.push(DeadReference { object, attribute, found });
                    Value::Unset
                }
            },
            Value::List(list) => {
                Value::List(list.iter().map(|value| self.value(object, attribute, value)).collect())
            }
            Value::Map(map) => {
                let values = map.iter().map(|(name, value)| {
                    let part = format!("{attribute}.{name}");
                    (Arc::clone(name), self.value(object, &part, value))
                });
                Value::Map(values.collect())
            }
            value => value.clone(),
        }
    }
}
