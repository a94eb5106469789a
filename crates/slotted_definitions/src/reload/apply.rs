//! Applies the changes of records to living objects.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::loaded::{Definitions, RecordView};
use crate::nested::filtered;
use crate::objects::{Objects, limit, with_ids, write};
use crate::records::RecordDefinition;
use crate::reload::compare::changes;
use crate::reload::{
    DeadTarget, Origins, RecordChange, RecordName, Reload, ReloadError, record_names,
};
use slotted::migration::Overwrites;
use slotted::schema::Slot;
use slotted::{AccessError, Kind, MigrationError, ObjectId, SchemaError, SpawnError, Store, Value};

impl Reload {
    /// Plans the change from records to the next definitions; `ids` are the objects of the records.
    pub(crate) fn plan(
        before: &impl Origins,
        ids: &HashMap<RecordName, ObjectId>,
        store: &Store,
        next: &Definitions,
    ) -> Result<Self, SchemaError> {
        let changes = changes(before, next);
        let overwrites = overwrites(&changes, ids, next);
        let migration = store.plan_migration_with(next.schemas().cloned(), overwrites)?;
        let dead_targets = dead_targets(&changes, ids, store, next);
        Ok(Self { before: None, next: next.clone(), migration, changes, dead_targets })
    }

    /// Applies the plan, all of it or nothing; `ids` are the objects of the records before.
    pub(crate) fn apply(
        &self,
        store: &mut Store,
        ids: HashMap<RecordName, ObjectId>,
    ) -> Result<Objects, ReloadError> {
        if let Some(target) = self.dead_targets.first() {
            return Err(ReloadError::DeadTarget(target.clone()));
        }
        store.transaction(|store| {
            store.migrate(&self.migration)?;
            // The schemas of the program must not have changed.
            self.next.register(store).map_err(MigrationError::Schema)?;
            self.replace(store, ids)
        })
    }

    /// Updates the objects; the schemas are migrated already.
    fn replace(
        &self,
        store: &mut Store,
        mut ids: HashMap<RecordName, ObjectId>,
    ) -> Result<Objects, ReloadError> {
        for change in &self.changes {
            if let RecordChange::Removed { record } = change
                && let Some(id) = ids.remove(record)
                && store.contains(id)
            {
                store.despawn(id).map_err(AccessError::from)?;
            }
        }
        let next_names = record_names(&self.next);
        let records = &self.next.loaded.records.list;
        let is_new =
            |(name, record): &(&RecordName, &_)| is_concrete(record) && !ids.contains_key(*name);
        let new: Vec<_> = next_names.iter().zip(records).filter(is_new).collect();
        let schemas = new.iter().map(|(name, _)| &*name.schema);
        let mut reserved = store.reserve_ids(schemas).map_err(limit)?;
        let named = new.iter().zip(reserved.ids()).map(|((name, _), id)| ((*name).clone(), *id));
        ids.extend(named);
        let of_record = |(name, record): (&RecordName, &_)| {
            ids.get(name).copied().filter(|_| is_concrete(record))
        };
        let all: Vec<Option<ObjectId>> = next_names.iter().zip(records).map(of_record).collect();
        // An optional reference to an object that the game has despawned is unset.
        let new_ids: HashSet<ObjectId> = reserved.ids().iter().copied().collect();
        let is_there = |id: &ObjectId| reserved.store().contains(*id) || new_ids.contains(id);
        let there: Vec<_> = all.iter().map(|id| id.filter(is_there)).collect();
        let targets = |slot: &Slot| match slot.is_optional() && *slot.kind() == Kind::Object {
            true => &*there,
            false => &*all,
        };
        for (number, (_, record)) in new.iter().enumerate() {
            write(&mut reserved, number, record, targets).map_err(refusal)?;
        }
        reserved.spawn().map_err(limit)?;
        let positions: HashMap<&RecordName, usize> =
            next_names.iter().enumerate().map(|(at, name)| (name, at)).collect();
        for change in &self.changes {
            if let RecordChange::Changed { record, slot, .. } = change
                && let Some(number) = positions.get(record)
                && let Some(id) = all[*number].filter(|id| store.contains(*id))
            {
                let record = self.next.numbered(*number as u32).expect("the record is listed");
                let Some(declared) = record.schema().slot(slot) else {
                    replace_whole(store, id, (&record, slot), &all)?;
                    continue;
                };
                let value = with_ids(&record.local(slot), targets(declared));
                let value = without_new_dead(store, &value, &store.get_value(id, slot)?);
                store.set_value(id, slot, value)?;
            }
        }
        Ok(Objects::new(self.next.clone(), all))
    }
}

/// Returns the overwritten values, which cannot prevent a migration.
fn overwrites(
    changes: &[RecordChange],
    ids: &HashMap<RecordName, ObjectId>,
    next: &Definitions,
) -> Overwrites {
    let mut overwrites = Overwrites::default();
    for change in changes {
        match change {
            RecordChange::Added { .. } => {}
            RecordChange::Removed { record } => {
                ids.get(record).into_iter().for_each(|id| overwrites.despawn(*id));
            }
            RecordChange::Changed { record, slot, .. } => {
                let (Some(id), Some(schema)) = (ids.get(record), next.schema(&record.schema))
                else {
                    continue;
                };
                match schema.is_nested(slot) {
                    true => schema.parts(slot).for_each(|(part, _)| {
                        overwrites.set(*id, Arc::clone(schema.slots()[part].shared_name()));
                    }),
                    false => overwrites.set(*id, Arc::clone(slot)),
                }
            }
        }
    }
    overwrites
}

/// Returns whether the slot cannot do without the object that it refers to.
fn needs_target(slot: &Slot) -> bool {
    *slot.kind() == Kind::Object && !slot.is_optional()
}

/// Replaces a list or a union, without the elements that refer to dead objects and are new.
fn replace_whole(
    store: &mut Store,
    id: ObjectId,
    (record, whole): (&RecordView<'_>, &str),
    all: &[Option<ObjectId>],
) -> Result<(), AccessError> {
    let schema = record.schema();
    let read = |slot: usize| with_ids(&record.local(schema.slots()[slot].name()), all);
    let value = schema.whole(whole, read).unwrap_or_default();
    let held = store.get_value(id, whole)?;
    let is_there = |one: &Value| match one {
        Value::Object(found) => store.contains(*found) || contains(&held, one),
        _ => true,
    };
    let value = schema.shape(whole).and_then(|shape| filtered((schema, shape), &value, &is_there));
    store.set_value(id, whole, value.unwrap_or_default())
}

fn contains(value: &Value, wanted: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().any(|one| contains(one, wanted)),
        Value::Map(map) => map.iter().any(|(_, one)| contains(one, wanted)),
        single => single == wanted,
    }
}

/// Leaves out the elements of a list that refer to dead objects, unless the slot refers to them already.
fn without_new_dead(store: &Store, value: &Value, held: &Value) -> Value {
    let Value::List(list) = value else { return value.clone() };
    let is_held = |id: &ObjectId| match held {
        Value::List(held) => held.contains(&Value::Object(*id)),
        _ => false,
    };
    let stays = |one: &&Value| match one {
        Value::Object(id) => store.contains(*id) || is_held(id),
        _ => true,
    };
    Value::List(list.iter().filter(stays).cloned().collect())
}

/// Returns the changed values that would refer to dead objects, in slots that need an object.
///
/// A slot that refers to the dead object already keeps it.
fn dead_targets(
    changes: &[RecordChange],
    ids: &HashMap<RecordName, ObjectId>,
    store: &Store,
    next: &Definitions,
) -> Vec<DeadTarget> {
    let next_names = record_names(next);
    let positions: HashMap<&RecordName, usize> =
        next_names.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let dead_target = |change: &RecordChange| {
        let RecordChange::Changed { record, slot, .. } = change else { return None };
        let object = ids.get(record).copied().filter(|id| store.contains(*id))?;
        let view = next.numbered(*positions.get(record)? as u32)?;
        let declared = view.schema().slot(slot).filter(|slot| needs_target(slot))?;
        let Value::Object(local) = view.local(slot) else { return None };
        let target = next_names.get(local.row() as usize)?;
        let dead = ids.get(target).copied().filter(|id| !store.contains(*id))?;
        let names = std::iter::once(&**slot).chain(declared.renamed_from());
        let held = names.filter_map(|name| store.get_value(object, name).ok()).next();
        let (record, target) = (record.clone(), target.clone());
        (held != Some(dead.into())).then(|| DeadTarget { record, slot: Arc::clone(slot), target })
    };
    changes.iter().filter_map(dead_target).collect()
}

const fn is_concrete(record: &RecordDefinition) -> bool {
    !record.is_abstract
}

fn refusal(error: SpawnError) -> ReloadError {
    match error {
        SpawnError::Rejected(rejection) => AccessError::from(rejection).into(),
        other => limit(other).into(),
    }
}
