//! Applies the changes of records to living objects.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::loaded::Definitions;
use crate::objects::{Objects, limit, with_ids, write};
use crate::records::RecordDefinition;
use crate::reload::compare::changes;
use crate::reload::{Origins, RecordChange, RecordName, Reload, ReloadError, record_names};
use slotted::migration::Overwrites;
use slotted::schema::Slot;
use slotted::{AccessError, Kind, MigrationError, ObjectId, SchemaError, SpawnError, Store};

impl Reload {
    /// Plans the change from records to the next definitions; `ids` are the objects of the records.
    pub(crate) fn plan(
        before: &impl Origins,
        ids: &HashMap<RecordName, ObjectId>,
        store: &Store,
        next: &Definitions,
    ) -> Result<Self, SchemaError> {
        let changes = changes(before, next);
        let overwrites = overwrites(&changes, ids);
        let migration = store.plan_migration_with(next.schemas().cloned(), overwrites)?;
        Ok(Self { before: None, next: next.clone(), migration, changes })
    }

    /// Applies the plan, all of it or nothing; `ids` are the objects of the records before.
    pub(crate) fn apply(
        &self,
        store: &mut Store,
        ids: HashMap<RecordName, ObjectId>,
    ) -> Result<Objects, ReloadError> {
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
                let declared = record.schema().slot(slot).expect("the plan names slots");
                store.set_value(id, slot, with_ids(&record.local(slot), targets(declared)))?;
            }
        }
        Ok(Objects::new(self.next.clone(), all))
    }
}

/// Returns the overwritten values, which cannot prevent a migration.
fn overwrites(changes: &[RecordChange], ids: &HashMap<RecordName, ObjectId>) -> Overwrites {
    let mut overwrites = Overwrites::default();
    for change in changes {
        match change {
            RecordChange::Added { .. } => {}
            RecordChange::Removed { record } => {
                ids.get(record).into_iter().for_each(|id| overwrites.despawn(*id));
            }
            RecordChange::Changed { record, slot, .. } => {
                ids.get(record).into_iter().for_each(|id| overwrites.set(*id, Arc::clone(slot)));
            }
        }
    }
    overwrites
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
