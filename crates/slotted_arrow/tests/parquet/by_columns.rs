//! An import by columns equals rows that are written one by one: the same objects, or the same problems.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::types::{Int8Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray,
    FixedSizeListArray, Float32Array, Float64Array, Int64Array, LargeListArray, LargeStringArray,
    ListArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray, UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use slotted::schema::Problem;
use slotted::{Kind, ObjectId, Schema, SpawnError, Store, Value, record};
use slotted_arrow::import::{Import, ImportError, ImportLimits, ImportProblemKind};

use crate::worlds::{Outcome, single_kinds, value};

/// Returns the declaration of `unit`: every kind and a list of each, with constraints, defaults, and optional slots.
fn schema(random: &mut StdRng) -> Result<Schema, Box<dyn std::error::Error>> {
    let kinds = single_kinds();
    let lists: Vec<Kind> = kinds.iter().cloned().map(Kind::list).collect();
    let mut unit = Schema::builder("unit");
    for (number, kind) in kinds.into_iter().chain(lists).enumerate() {
        unit = unit.slot(format!("slot {number}"), kind.clone());
        let is_number = kind.component().is_some();
        match random.random_range(0..6) {
            0 if is_number => unit = unit.range(..=100),
            1 if is_number => unit = unit.finite(),
            2 if is_number => unit = unit.step(2),
            0 | 1 if *kind.element() == Kind::Object => unit = unit.references("unit"),
            _ => {}
        }
        match (random.random_range(0..4), &kind) {
            (0, _) => unit = unit.optional(),
            (1, Kind::Text) => unit = unit.default("nobody"),
            (1, Kind::Number(_)) => unit = unit.default(2),
            (1, Kind::Bool) => unit = unit.default(true),
            (1, Kind::List(_)) => unit = unit.default(Vec::<Value>::new()),
            _ => {}
        }
    }
    Ok(unit.build()?)
}

/// Returns a value that an import may find for a slot: a right one, or one with a flaw.
fn found(kind: &Kind, ids: &[ObjectId], random: &mut StdRng) -> Option<Value> {
    let is_bad = random.random_ratio(1, 40);
    match kind {
        _ if random.random_ratio(1, 15) => None,
        // An array has values of one type, and a text of JSON would be the value that it says.
        Kind::Any => Some(format!("text {}", random.random_range(0..9)).into()),
        Kind::Enum(_) if is_bad => Some("violet".into()),
        Kind::Number(number) if number.integer_range().is_some() => Some(
            if is_bad {
                1_i64 << random.random_range(0..63)
            } else {
                random.random_range(0..50) * 2
            }
            .into(),
        ),
        Kind::Number(_) => Some(float(is_bad, random).into()),
        Kind::Vector(_) | Kind::Array(..) => {
            let (number, count) = kind.components()?;
            let count = if is_bad && random.random_bool(0.5) { count + 1 } else { count };
            let numbers = (0..count).map(|_| match number.integer_range() {
                Some(_) => Value::from(random.random_range(0..50_i64) * 2),
                None => float(random.random_ratio(1, 200), random).into(),
            });
            Some(Value::List(numbers.collect()))
        }
        Kind::List(list) => {
            let count = random.random_range(0..4);
            let elements =
                (0..count).map(|_| found(list.element(), ids, random).unwrap_or_default());
            let mut elements: Vec<Value> = elements.collect();
            // Most lists have no element without a value.
            if random.random_ratio(19, 20) {
                elements.retain(|element| !element.is_unset());
            }
            Some(Value::List(elements.into()))
        }
        kind => value(kind, ids, random),
    }
}

fn float(is_bad: bool, random: &mut StdRng) -> f64 {
    match random.random_range(0..4) {
        0 if is_bad => f64::NAN,
        1 if is_bad => f64::INFINITY,
        2 if is_bad => 1e300,
        3 if is_bad => 101.5,
        _ => f64::from(random.random_range(-50..50)) * 2.0,
    }
}

/// Returns values as an array, in one of the forms that Arrow has for them.
fn array(values: &[Option<Value>], random: &mut StdRng) -> ArrayRef {
    let values: Vec<Option<&Value>> =
        values.iter().map(|value| value.as_ref().filter(|value| !value.is_unset())).collect();
    let form = random.random_range(0..4);
    let first = values.iter().flatten().next();
    let integer = |value: &Option<&Value>| match value {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    match first {
        Some(Value::Bool(_)) => {
            let truth = |value: &Option<&Value>| value.map(|value| *value == Value::Bool(true));
            Arc::new(values.iter().map(truth).collect::<BooleanArray>())
        }
        Some(Value::Int(_)) if form == 0 && values.len() < 100 => {
            let words = values.iter().map(integer).collect::<Int64Array>();
            let keys = (0..values.len()).map(|row| Some(row as i8));
            let keys = keys.collect::<PrimitiveArray<Int8Type>>();
            Arc::new(DictionaryArray::new(keys, Arc::new(words)))
        }
        Some(Value::Int(_)) => Arc::new(values.iter().map(integer).collect::<Int64Array>()),
        Some(Value::F64(_)) => {
            let floats = values.iter().map(|value| match value {
                Some(Value::F64(number)) => Some(*number),
                _ => None,
            });
            let is_exact = |float: f64| f64::from(float as f32).to_bits() == float.to_bits();
            match form {
                0 if floats.clone().flatten().all(is_exact) => Arc::new(
                    floats.map(|float| float.map(|float| float as f32)).collect::<Float32Array>(),
                ),
                _ => Arc::new(floats.collect::<Float64Array>()),
            }
        }
        Some(Value::Text(_)) => {
            let texts = values.iter().map(|value| match value {
                Some(Value::Text(text)) => Some(&**text),
                _ => None,
            });
            match form {
                0 => Arc::new(texts.collect::<StringArray>()),
                1 => Arc::new(texts.collect::<LargeStringArray>()),
                2 => Arc::new(texts.collect::<StringViewArray>()),
                _ => Arc::new(texts.collect::<DictionaryArray<UInt32Type>>()),
            }
        }
        Some(Value::Bytes(_)) => {
            let bytes = values.iter().map(|value| match value {
                Some(Value::Bytes(bytes)) => Some(&**bytes),
                _ => None,
            });
            match form {
                0 => Arc::new(bytes.collect::<BinaryViewArray>()),
                _ => Arc::new(bytes.collect::<BinaryArray>()),
            }
        }
        Some(Value::Object(_)) => {
            let bits = values.iter().map(|value| match value {
                Some(Value::Object(id)) => Some(id.to_bits()),
                _ => None,
            });
            Arc::new(bits.collect::<UInt64Array>())
        }
        Some(Value::List(_)) => list_array(&values, form, random),
        _ => arrow_array::new_null_array(&arrow_schema::DataType::Null, values.len()),
    }
}

fn list_array(values: &[Option<&Value>], form: u32, random: &mut StdRng) -> ArrayRef {
    let list = |value: &Option<&Value>| match value {
        Some(Value::List(list)) => list.to_vec(),
        _ => Vec::new(),
    };
    let lists: Vec<Vec<Value>> = values.iter().map(list).collect();
    let nulls = NullBuffer::from_iter(values.iter().map(Option::is_some));
    let length = lists.iter().map(Vec::len).max().unwrap_or(0);
    let is_fixed = form == 0
        && length > 0
        && lists.iter().zip(&nulls).all(|(list, valid)| !valid || list.len() == length);
    let mut elements: Vec<Option<Value>> = Vec::new();
    for list in &lists {
        elements.extend(list.iter().cloned().map(Some));
        if is_fixed && list.is_empty() {
            // A null list of a fixed size has elements, which nobody may see.
            let hidden = lists.iter().find(|list| !list.is_empty()).cloned().unwrap_or_default();
            elements.extend(hidden.into_iter().map(Some));
        }
    }
    let elements = array(&elements, random);
    let field = Arc::new(Field::new("item", elements.data_type().clone(), true));
    let lengths = lists.iter().map(Vec::len);
    if is_fixed && elements.len() == length * lists.len() {
        return Arc::new(FixedSizeListArray::new(field, length as i32, elements, Some(nulls)));
    }
    match form {
        1 => Arc::new(LargeListArray::new(
            field,
            OffsetBuffer::from_lengths(lengths),
            elements,
            Some(nulls),
        )),
        _ => Arc::new(ListArray::new(
            field,
            OffsetBuffer::from_lengths(lengths),
            elements,
            Some(nulls),
        )),
    }
}

/// The values of each slot.
type Rows = Vec<Vec<Option<Value>>>;

/// Writes rows one by one, and returns the ids or all problems.
fn by_rows(store: &mut Store, rows: &Rows) -> Result<Vec<ObjectId>, Vec<String>> {
    let count = rows.first().map_or(0, Vec::len);
    let mut problems = Vec::new();
    let mut reserved = store.reserve_ids(vec!["unit"; count]).expect("few rows");
    for row in 0..count {
        let of_row = rows.iter().map(|column| column[row].as_ref());
        let values: Vec<Option<&Value>> = of_row.collect();
        let written = reserved.write(row, |slot, declared| match values[slot] {
            None if declared.is_optional() => Some(Cow::Owned(Value::Unset)),
            None => None,
            Some(value) => Some(Cow::Borrowed(value)),
        });
        match written {
            Ok(()) => {}
            Err(SpawnError::Rejected(rejection)) => {
                problems.extend(rejection.problems().iter().map(Problem::to_string));
            }
            Err(error) => panic!("{error}"),
        }
    }
    if problems.is_empty() { Ok(reserved.spawn().expect("all are written")) } else { Err(problems) }
}

/// Imports columns, and returns the ids or all problems.
fn by_columns(store: &mut Store, batches: Vec<RecordBatch>) -> Result<Vec<ObjectId>, Vec<String>> {
    let limits = ImportLimits { problems: usize::MAX, ..ImportLimits::default() };
    let import = Import::new().batches("unit", batches.into_iter().map(Ok)).limits(limits);
    import.run(store).map_err(|error| match error {
        ImportError::Rejected(rejection) => {
            assert_eq!(rejection.count(), rejection.problems().len() as u64);
            let problems = rejection.problems().iter().map(|problem| match &problem.kind {
                ImportProblemKind::Record(problem) => problem.to_string(),
                other => panic!("{other:?}"),
            });
            problems.collect()
        }
        error => panic!("{error}"),
    })
}

/// Returns a store with units that others can refer to, some of them dead, and holes between them.
fn store(schema: &Schema, random: &mut StdRng) -> (Store, Vec<ObjectId>) {
    let mut store = Store::new();
    store.register_schema(schema.clone()).expect("new");
    store.register_schema(Schema::builder("tile").build().expect("valid")).expect("new");
    let mut ids: Vec<ObjectId> =
        store.spawn_records("tile", vec![record! {}; 3]).expect("no slots").collect();
    for number in 0..40 {
        let record = schema.slots().iter().filter(|slot| slot.is_required()).filter_map(|slot| {
            let value = match slot.kind().component() {
                Some(_) if matches!(slot.kind(), Kind::Number(_)) => Value::from(2),
                Some(_) => match slot.kind().components() {
                    Some((_, count)) => Value::List(vec![Value::from(2); count].into()),
                    None => Value::List(Vec::new().into()),
                },
                None => match slot.kind() {
                    Kind::Object => {
                        ids.last().copied().filter(|_| slot.references().is_none())?.into()
                    }
                    kind => value(kind, &[], random)?,
                },
            };
            Some((slot.name().to_owned(), value))
        });
        if let Ok(id) = store.spawn_record("unit", record.collect::<slotted::Record>()) {
            ids.push(id);
        }
        if number % 3 == 0
            && let Some(id) = ids.get(number / 2)
        {
            let _ = store.despawn(*id);
        }
    }
    (store, ids)
}

/// Inserts the same rows in both ways, and compares the outcomes. Returns `true` if the rows are accepted.
fn compare(seed: u64, count: usize, part: usize) -> bool {
    let random = &mut StdRng::seed_from_u64(seed);
    let schema = schema(random).expect("valid");
    let (store, mut ids) = store(&schema, random);
    ids.push(ObjectId::from_bits(1 << 32 | 5_000_000).expect("an odd generation"));
    let (mut rows, mut columns) = (Rows::new(), Vec::new());
    let are_clean = random.random_bool(0.5);
    for slot in schema.slots() {
        let values = (0..count).map(|_| found(slot.kind(), &ids, random));
        let mut column: Vec<Option<Value>> = values.collect();
        // Some columns have many flaws, others none.
        if are_clean || random.random_ratio(9, 10) {
            let is_right = |value: &Option<Value>| match value {
                Some(value) => accepts(&store, slot.name(), value),
                None => !slot.is_required(),
            };
            let good = column.iter().find(|value| value.is_some() && is_right(value)).cloned();
            for value in column.iter_mut().filter(|value| !is_right(value)) {
                value.clone_from(good.as_ref().unwrap_or(&None));
            }
        }
        columns.push((slot.name().to_owned(), array(&column, random), true));
        rows.push(column);
    }
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths");
    let parts = (0..count).step_by(part);
    let parts = parts.map(|start| batch.slice(start, part.min(count - start)));
    let (mut one, mut other) = (store.clone(), store);
    let before = one.state_hash();
    let expected = by_rows(&mut one, &rows);
    assert_eq!(by_columns(&mut other, parts.collect()), expected);
    assert_eq!(other.state_hash(), one.state_hash());
    assert!(expected.is_ok() || other.state_hash() == before);
    expected.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_import_by_columns_equals_rows_one_by_one(
        seed in any::<u64>(),
        count in 0_usize..60,
        part in 1_usize..70,
    ) {
        compare(seed, count, part);
    }
}

#[test]
fn both_outcomes_are_compared() {
    let accepted = (0..24).filter(|seed| compare(*seed, 20, 9)).count();
    assert!((4..=20).contains(&accepted), "{accepted} of 24");
}

/// Returns `true` if a slot of `unit` accepts the value.
fn accepts(store: &Store, slot: &str, value: &Value) -> bool {
    let mut store = store.clone();
    let Some(slot) = store.schema("unit").and_then(|schema| schema.slot_index(slot)) else {
        return false;
    };
    store.reserve_ids(["unit"]).is_ok_and(|reserved| reserved.problem(0, slot, value).is_none())
}

/// Returns columns for two slots, with these rows out of range.
fn batch(rows: usize, bad: &[usize]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let health = (0..rows).map(|row| if bad.contains(&row) { 1000 } else { row as i64 % 100 });
    let names = (0..rows).map(|row| (row % 3 > 0).then(|| format!("name {}", row % 7)));
    RecordBatch::try_from_iter_with_nullable([
        ("health", Arc::new(health.collect::<Int64Array>()) as ArrayRef, true),
        ("name", Arc::new(names.collect::<LargeStringArray>()), true),
    ])
}

#[test]
fn rows_of_several_blocks_and_holes_are_filled_and_problems_kept_in_order() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("health", Kind::U8).range(..=100);
    store.register_schema(unit.slot("name", Kind::Text).default("nobody").build()?)?;
    store.track_changes("unit", "health")?;
    let ids: Vec<_> = store.spawn_records("unit", vec![record! { health: 100 }; 9000])?.collect();
    ids.iter().step_by(5).try_for_each(|id| store.despawn(*id))?;
    let before = store.state_hash();

    let limits = ImportLimits { problems: 3, ..ImportLimits::default() };
    let bad = batch(20_000, &[19_999, 16_384, 8192, 8191]);
    let error = Import::new().batches("unit", [bad]).limits(limits).run(&mut store).unwrap_err();
    let problem = "slot 'health' of 'unit' expects u8, which cannot hold 1000";
    assert_eq!(
        error.to_string(),
        format!(
            "4 problems:\n  row 8191: {problem}\n  row 8192: {problem}\n  row 16384: {problem}\n  and 1 more"
        )
    );
    assert_eq!(store.state_hash(), before);
    assert_eq!(store.find_text("name 1"), None, "texts of a refused import are forgotten");

    let mut one_by_one = store.clone();
    let found = Import::new().batches("unit", [batch(20_000, &[])]).run(&mut store)?;
    let records = (0..20_000_usize).map(|row| {
        let mut record = record! { health: row as i64 % 100 };
        if row % 3 > 0 {
            record.push("name", format!("name {}", row % 7));
        }
        record
    });
    let expected: Vec<_> = one_by_one.spawn_records("unit", records)?.collect();
    assert_eq!(found, expected, "the lowest free rows, in order");
    assert_eq!(store.state_hash(), one_by_one.state_hash());
    Ok(())
}
