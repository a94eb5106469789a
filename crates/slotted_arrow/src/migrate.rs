//! Brings the objects of a save to the schemas of a program.

use std::collections::HashSet;

use slotted::migration::{MigrationRejection, MigrationStep, Overwrites};
use slotted::{Migration, ObjectId, Schema, SchemaId, Store, Value};

use crate::aside::{Aside, AsideSlot};
use crate::definition::{Definition, PodTypes};
use crate::load::{LoadError, LoadOptions, LoadReport, definition_error};
use crate::save::MANIFEST;

/// Gives a loaded store the schemas and Rust types of the program's store.
///
/// Objects of schemas that the program lacks, and values of slots that it lacks, go to the report.
pub(crate) fn to_schemas_of(
    program: &Store,
    loaded: &mut Store,
    options: &LoadOptions,
    report: &mut LoadReport,
) -> Result<(), LoadError> {
    let migrations = &options.migrations;
    let before = loaded.snapshot();
    let missing: Vec<SchemaId> = loaded
        .schemas()
        .filter(|schema| program.schema(schema.name()).is_none())
        .map(|schema| schema.id())
        .collect();
    let mut declarations = migrations.declarations(program)?;
    // On its own, so that neither a missing base nor a new slot of the base is in the way.
    let types = PodTypes::of(program);
    let types = if missing.is_empty() { types } else { PodTypes::of(loaded) };
    for schema in missing.iter().filter_map(|id| loaded.schema_by_id(*id)) {
        let flat = Definition::flat(schema.name(), schema.slots()).to_schema(&types);
        declarations.push(
            flat.map_err(|error| definition_error(MANIFEST, schema.name().to_owned(), error))?,
        );
    }
    let mut values: Vec<(ObjectId, String, Value)> = Vec::new();
    for (schema, slot, map) in migrations.mapped() {
        let ids: Vec<ObjectId> = match loaded.ids_of(schema) {
            Ok(ids) => ids.collect(),
            Err(_) => continue,
        };
        for id in ids {
            if let Ok(record) = loaded.get_record(id) {
                values.push((id, slot.to_owned(), map(&record)));
            }
        }
    }
    let mut plan = plan(loaded, &declarations, &values)?;
    if options.allows_loss && !plan.is_possible() {
        loosen(loaded, program, &plan, &mut values);
        plan = self::plan(loaded, &declarations, &values)?;
    }
    let slots = missing_slots(loaded, &plan, options);
    if !plan.is_empty() {
        loaded.migrate(&plan)?;
    }
    for (id, slot, value) in values {
        loaded.set_value(id, &slot, value)?;
    }
    // The snapshot from before has all objects, and the slots that are gone.
    let with_objects: Vec<SchemaId> = missing
        .into_iter()
        .filter(|id| before.raw().table(*id).is_some_and(|table| table.used_rows() > 0))
        .collect();
    for schema in &with_objects {
        let ids: Vec<ObjectId> =
            before.raw().table(*schema).into_iter().flat_map(crate::load::ids).collect();
        loaded.try_despawn_batch(&ids);
    }
    let flat = loaded_aside(&before, &with_objects, loaded);
    report.aside = Aside::new(flat, with_objects, slots);
    report.migration = (!plan.is_empty()).then_some(plan);
    loaded.register_types_of(program);
    Ok(())
}

/// Returns a snapshot in which the missing schemas extend nothing.
fn loaded_aside(
    before: &slotted::Snapshot,
    missing: &[SchemaId],
    loaded: &Store,
) -> slotted::Snapshot {
    let flat = missing.iter().filter_map(|id| loaded.schema_by_id(*id));
    let flat: Vec<Schema> = flat.map(|schema| schema.to_schema()).collect();
    let mut store = before.to_store();
    if let Ok(plan) = store.plan_migration(flat)
        && store.migrate(&plan).is_ok()
    {
        return store.snapshot();
    }
    before.clone()
}

fn plan(
    loaded: &Store,
    declarations: &[Schema],
    values: &[(ObjectId, String, Value)],
) -> Result<Migration, LoadError> {
    let mut overwrites = Overwrites::default();
    for (id, slot, _) in values {
        overwrites.set(*id, &**slot);
    }
    Ok(loaded.plan_migration_with(declarations.iter().cloned(), overwrites)?)
}

/// Adds the values of slots that refuse them: rounded if that is enough, otherwise the default.
fn loosen(
    loaded: &Store,
    program: &Store,
    plan: &Migration,
    values: &mut Vec<(ObjectId, String, Value)>,
) {
    let given: HashSet<(ObjectId, String)> =
        values.iter().map(|(id, slot, _)| (*id, slot.clone())).collect();
    for rejection in plan.rejections() {
        let MigrationRejection::BadValue { problem, .. } = rejection else { continue };
        let new = program.schema(&problem.schema).and_then(|schema| schema.slot(&problem.slot));
        let old = loaded.schema(&problem.schema);
        let (Some(new), Some(old)) = (new, old) else { continue };
        let former = old.slot(new.name()).map(|_| new.name()).or_else(|| new.renamed_from());
        let Some(former) = former else { continue };
        let Ok(ids) = loaded.ids_of(slotted::exactly(old.name())) else { continue };
        for id in ids {
            let Ok(value) = loaded.get_value(id, former) else { continue };
            if value.is_unset() || given.contains(&(id, new.name().to_owned())) {
                continue;
            }
            let value = match program.check_value(new, &value) {
                Ok(()) => Some(value),
                Err(_) => {
                    new.default().cloned().or_else(|| new.is_optional().then_some(Value::Unset))
                }
            };
            if let Some(value) = value {
                values.push((id, new.name().to_owned(), value));
            }
        }
    }
}

/// Returns the slots that have values and no place in the new schemas, as positions before the migration.
fn missing_slots(loaded: &Store, plan: &Migration, options: &LoadOptions) -> Vec<AsideSlot> {
    let mut slots = Vec::new();
    for migration in plan.schemas() {
        let Some(schema) = loaded.schema(migration.name()) else { continue };
        for step in migration.steps() {
            if let MigrationStep::Removed { slot, values: 1.. } = step
                && !options.migrations.removes(schema.name(), slot)
                && let Some(slot) = schema.slot_index(slot)
            {
                slots.push(AsideSlot { schema: schema.id(), slot });
            }
        }
    }
    slots
}
