//! Tests migrations of many objects: ids and memory afterwards, and atomicity.

use slotted::{
    Kind, LimitError, Limits, MigrationError, ObjectId, Record, Schema, Store, Value, View, record,
    schema::SchemaBuilder,
};

use crate::{Outcome, migrate, objects, plan};

const MANY: u32 = 100_000;

fn unit() -> SchemaBuilder {
    Schema::builder("unit")
        .slot("x", Kind::U32)
        .slot("name", Kind::Text)
        .slot("target", Kind::Object)
        .optional()
        .slot("gone", Kind::F64)
}

fn orc() -> SchemaBuilder {
    Schema::builder("orc").extends("unit").slot("rage", Kind::F32)
}

fn next_unit() -> SchemaBuilder {
    Schema::builder("unit")
        .slot("mana", Kind::F32)
        .default(0.5)
        .slot("target", Kind::Object)
        .optional()
        .slot("place", Kind::I64)
        .renamed_from("x")
        .slot("name", Kind::Text)
        .slot("shield", Kind::U16)
        .optional()
}

fn next_orc() -> SchemaBuilder {
    Schema::builder("orc").extends("unit").slot("rage", Kind::F64).optional()
}

/// Creates a store with these schemas, where every third object is dead.
fn filled(
    schemas: [SchemaBuilder; 2],
    record: impl Fn(&str, u32) -> Record,
) -> Result<(Store, Vec<ObjectId>), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    for schema in schemas {
        store.register_schema(schema.build()?)?;
    }
    let mut ids = Vec::new();
    for schema in ["unit", "orc"] {
        ids.extend(store.spawn_records(schema, (0..MANY).map(|x| record(schema, x)))?);
    }
    let dead: Vec<_> = ids.iter().copied().skip(1).step_by(3).collect();
    store.despawn_batch(&dead)?;
    ids.retain(|id| store.contains(*id));
    Ok((store, ids))
}

fn name(x: u32) -> String {
    format!("name {}", x % 100)
}

fn record(schema: &str, x: u32) -> Record {
    let mut record = record! { x, name: name(x), gone: 1.0 };
    if schema == "orc" {
        record.push("rage", x as f32);
    }
    record
}

fn next_record(schema: &str, x: u32) -> Record {
    let mut record = record! { mana: 0.5_f32, place: x, name: name(x) };
    if schema == "orc" {
        record.push("rage", f64::from(x));
    }
    record
}

#[derive(View)]
struct Sums<'a> {
    mana: &'a f32,
    place: &'a i64,
}

#[test]
fn a_migrated_store_equals_one_filled_with_the_new_schemas() -> Outcome {
    let (mut store, ids) = filled([unit(), orc()], record)?;
    migrate(&mut store, [next_orc(), next_unit()])?;
    let (mut fresh, fresh_ids) = filled([next_unit(), next_orc()], next_record)?;
    assert_eq!(ids, fresh_ids);
    assert_eq!(objects(&store), objects(&fresh));
    assert_eq!(store.memory_report(), fresh.memory_report());
    let sum = |store: &mut Store| -> Result<(f64, i64), slotted::ViewError> {
        let mut sum = (0.0, 0);
        store.view::<Sums>()?.for_each(|unit| {
            sum = (sum.0 + f64::from(*unit.mana), sum.1 + *unit.place);
        });
        Ok(sum)
    };
    assert_eq!(sum(&mut store)?, sum(&mut fresh)?);
    assert_eq!(store.state_hash(), fresh.state_hash());
    // Both stores hand out the same ids next.
    for record in [(); 5].map(|()| next_record("orc", 1)) {
        assert_eq!(store.spawn_record("orc", record.clone())?, fresh.spawn_record("orc", record)?);
    }
    Ok(())
}

#[test]
fn references_stay_unchanged() -> Outcome {
    let (mut store, ids) = filled([unit(), orc()], record)?;
    store.set_value(ids[0], "target", ids[70_000])?;
    migrate(&mut store, [next_unit().slot("count", Kind::U8).default(0)])?;
    let Value::Object(target) = store.get_value(ids[0], "target")? else { panic!("a reference") };
    assert_eq!(target, ids[70_000]);
    assert_eq!(store.get_value(target, "place")?, target.row().into());
    Ok(())
}

#[test]
fn snapshots_keep_the_values_that_a_migration_overwrites() -> Outcome {
    let (mut store, _) = filled([unit(), orc()], record)?;
    let before = store.snapshot();
    let seen = objects(&store);
    migrate(&mut store, [next_unit()])?;
    let after = store.snapshot();
    let seen_after = objects(&store);
    let ids: Vec<_> = store.ids().collect();
    for id in &ids {
        store.set_value(*id, "name", "")?;
        store.set_value(*id, "shield", 3)?;
    }
    assert_eq!(objects(&before), seen);
    store.restore(&after)?;
    assert_eq!(objects(&store), seen_after);
    Ok(())
}

/// A pool without threads.
struct Serial;

impl slotted::ThreadPool for Serial {
    fn threads(&self) -> usize {
        3
    }

    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        items.into_iter().map(work).collect()
    }
}

#[test]
fn every_loop_over_a_migrated_store_ends_at_the_last_living_row() -> Outcome {
    // The converted column has no values for dead rows at its end.
    for (objects, kept) in [(200, 1), (200, 2), (200, 3), (500, 64), (10_000, 2), (10_000, 100)] {
        let mut store = Store::new();
        store.register_schema(unit().build()?)?;
        let ids: Vec<_> =
            store.spawn_records("unit", (0..objects).map(|x| record("unit", x)))?.collect();
        let last = ids.len() / 2 - 7;
        for (row, id) in ids.iter().enumerate() {
            if row > last || row % kept == 1 {
                store.despawn(*id)?;
            }
        }
        migrate(&mut store, [next_unit()])?;
        let expected: Vec<i64> = store.view_ref::<Sums>()?.iter().map(|unit| *unit.place).collect();
        assert_eq!(expected.len(), store.len());
        let visited = std::sync::Mutex::new(Vec::new());
        let add = |unit: Sums<'_>| visited.lock().unwrap().push(*unit.place);
        store.view_ref::<Sums>()?.for_each(add);
        assert_eq!(visited.lock().unwrap().split_off(0), expected, "{objects}, {kept}");
        store.view_ref::<Sums>()?.batch_size(64).par_for_each_on(&Serial, add);
        assert_eq!(visited.lock().unwrap().split_off(0), expected, "{objects}, {kept}, parallel");
        store.view_ref::<Sums>()?.batch_size(100).batches().into_iter().flatten().for_each(add);
        assert_eq!(visited.lock().unwrap().split_off(0), expected, "{objects}, {kept}, batches");
        store.view_ref::<Sums>()?.for_each_run(|run| {
            visited.lock().unwrap().extend_from_slice(run.place);
        });
        assert_eq!(visited.into_inner()?, expected, "{objects}, {kept}, runs");
    }
    Ok(())
}

#[test]
fn a_text_limit_reached_in_the_last_table_changes_nothing() -> Outcome {
    let mut limits = Limits::default();
    limits.text_bytes = 12 + 3 * 32;
    let mut store = Store::with_limits(limits);
    let jobs = || Kind::enumeration(["smith", "farmer"]);
    let schemas = ["a", "b", "c"].map(|name| Schema::builder(name).slot("x", jobs()));
    for schema in schemas {
        store.register_schema(schema.build()?)?;
    }
    let a = store.spawn_record("a", record! { x: "smith" })?;
    store.spawn_record("b", record! { x: "farmer" })?;
    let text = |name: &str| Schema::builder(name).slot("x", Kind::Text);
    let c = text("c").slot("y", Kind::Text).default("two!");
    store.spawn_record("c", record! { x: "farmer" })?;
    let plan = plan(&store, [text("a"), text("b"), c.clone()])?;
    let (before, report, snapshot) = (objects(&store), store.memory_report(), store.snapshot());
    let full = LimitError::Text { limit: 108 };
    assert_eq!(store.migrate(&plan), Err(MigrationError::Limit(full)));
    assert_eq!((objects(&store), store.find_text("smith")), (before, None));
    assert_eq!(store.memory_report().schemas.len(), report.schemas.len());
    assert!(store.schemas().all(|schema| schema.slots()[0].kind() == &jobs()));
    store.restore(&snapshot)?;
    let key = store.key::<slotted::Text>("a", "x");
    assert!(key.is_err(), "it is still an enum");
    // It fits with one text less.
    let x = store.ids().nth(1).ok_or("two are left")?;
    store.set_value(x, "x", "smith")?;
    let c_id = store.ids().nth(2).ok_or("three are left")?;
    store.set_value(c_id, "x", "smith")?;
    store.migrate(&plan)?;
    assert_eq!(store.get_record(c_id)?, record! { x: "smith", y: "two!" });
    assert_eq!(store.get_record(a)?, record! { x: "smith" });
    Ok(())
}
