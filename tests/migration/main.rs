//! Tests migrations of living objects: each change, rejected changes, and stale keys and snapshots.

mod model;
mod nested;
mod rejections;
mod slots;
mod stale;
mod whole;

use std::error::Error;

use slotted::{Migration, ObjectId, Record, Schema, Store, schema::SchemaBuilder};

type Outcome = Result<(), Box<dyn Error>>;

/// Migrates the objects and returns the plan's description.
fn migrate(
    store: &mut Store,
    schemas: impl IntoIterator<Item = SchemaBuilder>,
) -> Result<Migration, Box<dyn Error>> {
    let plan = plan(store, schemas)?;
    store.migrate(&plan)?;
    store.validate().map_err(|problems| format!("{problems:?}"))?;
    Ok(plan)
}

fn plan(
    store: &Store,
    schemas: impl IntoIterator<Item = SchemaBuilder>,
) -> Result<Migration, Box<dyn Error>> {
    let schemas = schemas.into_iter().map(SchemaBuilder::build);
    Ok(store.plan_migration(schemas.collect::<Result<Vec<Schema>, _>>()?)?)
}

/// Creates a store with one schema and its objects.
fn store_of(
    schema: SchemaBuilder,
    records: impl IntoIterator<Item = Record>,
) -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let (mut store, schema) = (Store::new(), schema.build()?);
    store.register_schema(schema.clone())?;
    let ids = store.spawn_records(schema.name(), records)?.collect();
    Ok((store, ids))
}

/// Returns all objects with their values.
fn objects(store: &Store) -> Vec<(ObjectId, Record)> {
    store.ids().map(|id| (id, store.get_record(id).expect("the id is alive"))).collect()
}

/// Checks that the migration is rejected and changes nothing. Returns the message.
fn refused(store: &mut Store, schemas: impl IntoIterator<Item = SchemaBuilder>) -> String {
    let plan = plan(store, schemas).expect("the schemas make sense together");
    assert!(!plan.is_possible() && !plan.is_empty());
    let (before, texts) = (objects(store), store.memory_report());
    let schemas: Vec<_> = store.schemas().map(|schema| schema.slots().to_vec()).collect();
    let error = store.migrate(&plan).expect_err("the plan has rejections").to_string();
    assert_eq!((objects(store), store.memory_report()), (before, texts));
    assert!(store.schemas().map(|schema| schema.slots()).eq(schemas.iter().map(|slots| &**slots)));
    error
}
