//! Brings the objects of a save to the schemas of a program.

use std::collections::HashSet;

use slotted::migration::{MigrationRejection, MigrationStep, Overwrites};
use slotted::schema::{RegisteredSchema, Slot};
use slotted::{Migration, ObjectId, Schema, SchemaId, Snapshot, Store, Value, exactly};

use crate::aside::{Aside, AsideSlot, Content, is_placeholder};
use crate::definition::{Definition, PodTypes};
use crate::load::{LoadError, LoadOptions, definition_error};
use crate::load_report::LoadReport;
use crate::load_step::LoadStep;
use crate::manifest::MANIFEST;

/// A value that a step of the migration computed: the object, the slot, the value.
type Computed = (ObjectId, String, Value);

/// Gives a loaded store the schemas and Rust types of the program's store.
///
/// Objects of schemas that the program lacks, and values of slots that it lacks, go to the report.
pub(crate) fn to_schemas_of(
    program: &Store,
    loaded: &mut Store,
    options: &LoadOptions,
    report: &mut LoadReport,
) -> Result<(), LoadError> {
    let before = loaded.snapshot();
    let missing: HashSet<SchemaId> = report.missing.iter().map(|schema| schema.id).collect();
    let mut declarations = options.migrations.declarations(program, loaded)?;
    let flat = flat(loaded, &missing)?;
    declarations.extend(flat.iter().cloned());
    let (mut values, mut steps) = computed(loaded, options, &missing);
    let mut plan = plan(loaded, &declarations, &values)?;
    if options.allows_loss && !plan.is_possible() {
        steps.extend(loosen(loaded, program, &declarations, &plan, &mut values));
        plan = self::plan(loaded, &declarations, &values)?;
    }
    let (slots, dropped) = missing_slots(loaded, &plan, options);
    if !plan.is_empty() {
        loaded.migrate(&plan)?;
    }
    for (id, slot, value) in values {
        loaded.set_value(id, &slot, value)?;
    }
    for schema in &flat {
        let ids: Vec<ObjectId> =
            loaded.ids_of(exactly(schema.name())).into_iter().flatten().collect();
        loaded.try_despawn_batch(&ids);
    }
    let (schemas, store) = (std::mem::take(&mut report.missing), loaded.identity());
    let snapshot = with_flat(before, flat);
    report.aside = Aside::new(Content { snapshot, schemas, slots, store });
    // Placeholders are kept aside.
    let schemas = plan.schemas().iter().filter(|schema| !is_placeholder(schema.name()));
    report.steps.extend(schemas.cloned().map(LoadStep::Schema));
    report.steps.extend(steps.into_iter().chain(dropped));
    report.migration = (!plan.is_empty()).then_some(plan);
    loaded.register_types_of(program);
    Ok(())
}

/// Returns schemas without a base, so that neither a missing base nor a new slot of the base is in the way.
fn flat(loaded: &Store, schemas: &HashSet<SchemaId>) -> Result<Vec<Schema>, LoadError> {
    let types = PodTypes::of(loaded).accept_others(true);
    let schemas = loaded.schemas().filter(|schema| schemas.contains(&schema.id()));
    let flat = schemas.map(|schema| {
        let flat = Definition::flat(schema.name(), schema.slots()).to_schema(&types);
        flat.map_err(|error| definition_error(MANIFEST, schema.name().to_owned(), error))
    });
    flat.collect()
}

/// Returns the snapshot with the flat schemas, or as it is if that is not possible.
fn with_flat(before: Snapshot, flat: Vec<Schema>) -> Snapshot {
    let mut store = before.to_store();
    match store.plan_migration(flat) {
        Ok(plan) if store.migrate(&plan).is_ok() => store.snapshot(),
        _ => before,
    }
}

/// Computes the values of the migration's steps.
fn computed(
    loaded: &Store,
    options: &LoadOptions,
    missing: &HashSet<SchemaId>,
) -> (Vec<Computed>, Vec<LoadStep>) {
    let (mut values, mut steps) = (Vec::new(), Vec::new());
    for (schema, slot, map) in options.migrations.mapped() {
        // A save that was written after the step has the slot.
        let is_done = loaded.schema(schema).is_none_or(|schema| schema.slot(slot).is_some());
        let ids = loaded.ids_of(schema).into_iter().flatten().filter(|_| !is_done);
        let before = values.len();
        for id in ids.filter(|id| !missing.contains(&id.schema())) {
            if let Ok(record) = loaded.get_record(id) {
                values.push((id, slot.to_owned(), map(&record)));
            }
        }
        let objects = values.len() - before;
        if objects > 0 {
            let (schema, slot) = (schema.to_owned(), slot.to_owned());
            steps.push(LoadStep::Computed { schema, slot, objects });
        }
    }
    (values, steps)
}

fn plan(
    loaded: &Store,
    declarations: &[Schema],
    values: &[Computed],
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
    declarations: &[Schema],
    plan: &Migration,
    values: &mut Vec<Computed>,
) -> Vec<LoadStep> {
    let mut steps = Vec::new();
    let given: HashSet<(ObjectId, String)> =
        values.iter().map(|(id, slot, _)| (*id, slot.clone())).collect();
    for rejection in plan.rejections() {
        let MigrationRejection::BadValue { problem, objects, .. } = rejection else { continue };
        let new = program.schema(&problem.schema).and_then(|schema| schema.slot(&problem.slot));
        let old = loaded.schema(&problem.schema);
        let (Some(new), Some(old)) = (new, old) else { continue };
        let Some(former) = former_name(old, new, declarations) else { continue };
        let Ok(ids) = loaded.ids_of(exactly(old.name())) else { continue };
        let other = new.default().cloned().or_else(|| new.is_optional().then_some(Value::Unset));
        let mut replaced = 0;
        for id in ids {
            let Ok(value) = loaded.get_value(id, former) else { continue };
            if value.is_unset() || given.contains(&(id, new.name().to_owned())) {
                continue;
            }
            let value = match program.check_value(new, &value) {
                Ok(()) => Some(value),
                Err(_) => {
                    replaced += 1;
                    other.clone()
                }
            };
            if let Some(value) = value {
                values.push((id, new.name().to_owned(), value));
            }
        }
        steps.push(LoadStep::Loss {
            schema: problem.schema.to_string(),
            slot: new.name().to_owned(),
            rounded: objects.saturating_sub(replaced),
            replaced,
            by: other.unwrap_or_default(),
        });
    }
    steps
}

/// Returns the slot or nested value of a schema of the save whose values a slot of the program gets.
fn former_name<'n>(
    old: &RegisteredSchema,
    new: &'n Slot,
    declarations: &'n [Schema],
) -> Option<&'n str> {
    if old.slot(new.name()).is_some() || old.is_nested(new.name()) {
        return Some(new.name());
    }
    let slots = declarations.iter().flat_map(|schema| schema.slots());
    let former = slots.filter(|slot| slot.name() == new.name()).filter_map(Slot::renamed_from);
    former.into_iter().find(|former| old.slot(former).is_some())
}

/// Returns the slots that have values and no place in the new schemas, as positions before the migration: those that are kept
/// aside, and the steps that drop the others.
fn missing_slots(
    loaded: &Store,
    plan: &Migration,
    options: &LoadOptions,
) -> (Vec<AsideSlot>, Vec<LoadStep>) {
    let (mut slots, mut dropped) = (Vec::new(), Vec::new());
    for migration in plan.schemas() {
        let Some(schema) = loaded.schema(migration.name()) else { continue };
        for step in migration.steps() {
            let MigrationStep::Removed { slot, values: values @ 1.. } = step else { continue };
            let mut family = loaded.schema_and_bases(schema.id());
            let is_dropped = family.any(|schema| options.migrations.removes(schema.name(), slot));
            if is_dropped {
                let (schema, slot) = (schema.name().to_owned(), slot.to_string());
                dropped.push(LoadStep::Dropped { schema, slot, values: *values });
            } else if let Some(slot) = schema.slot_index(slot) {
                slots.push(AsideSlot { schema: schema.id(), slot });
            }
        }
    }
    (slots, dropped)
}
