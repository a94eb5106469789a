//! Imports that are refused: each problem is named, and nothing changes.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampSecondArray, UInt64Array,
};
use arrow_schema::ArrowError;
use proptest::prelude::*;
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::import::{Import, ImportError, ImportLimits, ImportProblemKind, import_batches};

use crate::worlds::Outcome;

fn store() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .slot("health", Kind::U8)
        .range(0..=200)
        .slot("born", Kind::I64)
        .optional();
    store.register_schema(unit.build()?)?;
    store.spawn_record("unit", record! { name: "first", health: 1 })?;
    Ok(store)
}

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

fn numbers(numbers: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(numbers.to_vec()))
}

#[test]
fn all_problems_of_columns_and_rows_are_listed() -> Outcome {
    let mut store = store()?;
    let before = store.state_hash();
    let good = RecordBatch::try_from_iter([
        ("name", texts(&["Ada", "Bob"])),
        ("health", numbers(&[1, 201])),
    ])?;
    let bad = RecordBatch::try_from_iter([
        ("helth", numbers(&[1, 2])),
        ("health", numbers(&[300, 5])),
        ("born", Arc::new(TimestampSecondArray::from(vec![0, 0])) as ArrayRef),
    ])?;
    let error = import_batches(&mut store, "unit", [Ok(good), Ok(bad)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "5 problems:\
         \n  'unit' object has no slot 'helth'; did you mean 'health'?\
         \n  column 'born' of 'unit' has the Arrow type Timestamp(s), which no slot accepts\
         \n  'unit' object needs a value for slot 'name' (text)\
         \n  row 1: slot 'health' of 'unit' expects 0 to 200, found 201\
         \n  row 2: slot 'health' of 'unit' expects u8, which cannot hold 300"
    );
    let ImportError::Rejected(rejection) = error else { return Err("another error".into()) };
    assert_eq!(rejection.count(), 5);
    let ImportProblemKind::Record(last) = &rejection.problems()[4].kind else {
        return Err("another problem".into());
    };
    assert_eq!((last.record, &*last.slot), (Some(2), "health"));
    assert_eq!((store.state_hash(), store.len()), (before, 1));
    Ok(())
}

#[test]
fn problems_beyond_the_limit_are_counted() -> Outcome {
    let mut store = store()?;
    let before = store.state_hash();
    let names: Vec<String> = (0..1000).map(|name| format!("name {name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let batch =
        RecordBatch::try_from_iter([("name", texts(&names)), ("health", numbers(&[999; 1000]))])?;
    let limits = ImportLimits { problems: 3, ..ImportLimits::default() };
    let import = Import::new().batches("unit", [Ok(batch)]).limits(limits);
    let ImportError::Rejected(rejection) = import.run(&mut store).unwrap_err() else {
        return Err("another error".into());
    };
    assert_eq!((rejection.problems().len(), rejection.count()), (3, 1000));
    assert!(rejection.to_string().ends_with("cannot hold 999\n  and 997 more"));
    assert_eq!(store.state_hash(), before);
    Ok(())
}

#[test]
fn errors_of_a_source_and_unknown_schemas_change_nothing() -> Outcome {
    let mut store = store()?;
    let before = store.state_hash();
    let good =
        || RecordBatch::try_from_iter([("name", texts(&["Ada"])), ("health", numbers(&[1]))]);
    let broken = || Err(ArrowError::ComputeError("the network is down".to_owned()));
    let error = import_batches(&mut store, "unit", [good(), broken()]).unwrap_err();
    assert_eq!(error.to_string(), "cannot read rows of 'unit': Compute error: the network is down");
    let error = import_batches(&mut store, "unti", [good()]).unwrap_err();
    assert_eq!(error.to_string(), "no schema 'unti' is registered; did you mean 'unit'?");
    let limits = ImportLimits { rows: 2, ..ImportLimits::default() };
    let import = Import::new().batches("unit", [good(), good()]).batches("unit", [good()]);
    let error = import.limits(limits).run(&mut store).unwrap_err();
    assert_eq!(error.to_string(), "3 rows exceed the limit of 2; raise 'ImportLimits::rows'");
    assert_eq!(store.state_hash(), before);
    Ok(())
}

#[test]
fn two_columns_of_one_slot_and_two_rows_of_one_id_are_problems() -> Outcome {
    let mut store = store()?;
    let schema = arrow_schema::Schema::new(vec![
        arrow_schema::Field::new("name", arrow_schema::DataType::Utf8, false),
        arrow_schema::Field::new("name", arrow_schema::DataType::Utf8, false),
        arrow_schema::Field::new("health", arrow_schema::DataType::Int64, false),
        arrow_schema::Field::new("id", arrow_schema::DataType::UInt64, false),
    ]);
    let ids = Arc::new(UInt64Array::from(vec![9, 9])) as ArrayRef;
    let names = texts(&["Ada", "Bob"]);
    let columns = vec![names.clone(), names, numbers(&[1, 2]), ids];
    let batch = RecordBatch::try_new(Arc::new(schema), columns)?;
    let error = import_batches(&mut store, "unit", [Ok(batch.clone())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 problems:\
         \n  row 1: another row of the import has the id 9 too, in 'unit'\
         \n  'unit' object has two values for slot 'name'"
    );
    let import = Import::new().batches("unit", [Ok(batch)]).ignore_ids();
    assert_eq!(
        import.run(&mut store).unwrap_err().to_string(),
        "'unit' object has two values for slot 'name'"
    );
    assert_eq!(store.len(), 1);
    Ok(())
}

proptest! {
    #[test]
    fn an_import_accepts_the_rows_that_records_accept(
        rows in prop::collection::vec((prop::option::weighted(0.95, "[a-z]{0,5}"), prop::option::weighted(0.95, -5_i64..260)), 0..40),
    ) {
        let (mut by_rows, mut by_columns) = (store().unwrap(), store().unwrap());
        let before = by_columns.state_hash();
        let records = rows.iter().map(|(name, health)| {
            let mut record = slotted::Record::new();
            if let Some(name) = name {
                record.push("name", name.clone());
            }
            if let Some(health) = health {
                record.push("health", *health);
            }
            record
        });
        let names = rows.iter().map(|(name, _)| name.as_deref()).collect::<StringArray>();
        let health = rows.iter().map(|(_, health)| *health).collect::<Int64Array>();
        let columns = [("name", Arc::new(names) as ArrayRef), ("health", Arc::new(health))];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, column)| (name, column, true)),
        ).unwrap();
        // In parts, as a reader returns them.
        let parts = (0..rows.len()).step_by(7);
        let parts = parts.map(|start| Ok(batch.slice(start, 7.min(rows.len() - start))));
        let expected = by_rows.spawn_records("unit", records).map(|ids| ids.collect::<Vec<_>>());
        match (expected, import_batches(&mut by_columns, "unit", parts)) {
            (Ok(expected), Ok(found)) => {
                prop_assert_eq!(found, expected);
                prop_assert_eq!(by_columns.state_hash(), by_rows.state_hash());
            }
            (Err(slotted::SpawnError::Rejected(expected)), Err(ImportError::Rejected(found))) => {
                let found = found.problems().iter().filter_map(|problem| match &problem.kind {
                    ImportProblemKind::Record(problem) => Some(problem.to_string()),
                    _ => None,
                });
                let mut found: Vec<String> = found.collect();
                let mut expected: Vec<String> =
                    expected.problems().iter().map(ToString::to_string).collect();
                found.sort();
                expected.sort();
                prop_assert_eq!(found, expected);
                prop_assert_eq!(by_columns.state_hash(), before);
            }
            (expected, found) => prop_assert!(false, "{:?} {:?}", expected, found),
        }
    }
}
